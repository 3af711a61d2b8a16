"""The REST transport: HTTP requests in, answers out."""

from urllib.parse import unquote

import orjson
from aiohttp import web

from paper_exchange.answering import Json
from paper_exchange.binance import auth
from paper_exchange.binance.endpoints import PATHS, REST
from paper_exchange.binance.errors import VenueError
from paper_exchange.binance.gateway import Gateway, Incoming
from paper_exchange.binance.params import Params, merge
from paper_exchange.delivery import JSON_TYPE, deliver


class RestApi:
    """Answers `/api/v3/...`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers one HTTP request."""
        path, _, query = request.raw_path.partition("?")
        endpoint = REST.get((request.method, path))
        if endpoint is None:
            return _not_found(request.method, path, known=path in PATHS)
        body = (await request.read()).decode("utf-8", "replace") if request.can_read_body else ""
        try:
            params = Params(merge(query, body))
        except VenueError as refusal:
            return _json(refusal.body(), refusal.status)
        incoming = Incoming(
            method=request.method,
            path=path,
            endpoint=endpoint,
            params=params,
            api_key=request.headers.get("X-MBX-APIKEY"),
            payload=auth.rest_payload(query, body),
            remote=request.remote or "",
        )
        answer = await self._gateway.serve(incoming)
        if answer.raw is None:
            answer.headers = {**self._gateway.limit_headers(incoming, answer.account), **answer.headers}
        return await deliver(request, answer)


def _not_found(method: str, path: str, *, known: bool) -> web.Response:
    if known:
        return _json({"status": 405, "error": "Method Not Allowed", "path": f"{method} {path}"}, 405)
    return _json({"status": 404, "error": "Not Found", "path": unquote(path)}, 404)


def _json(value: Json, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, headers={"Content-Type": JSON_TYPE})
