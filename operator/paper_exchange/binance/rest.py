"""The REST transport: HTTP requests in, answers out, and every way in which an answer can fail to arrive."""

import asyncio
import socket
import struct
from typing import Final
from urllib.parse import unquote

import orjson
from aiohttp import web

from paper_exchange.binance import auth
from paper_exchange.binance.endpoint import Json
from paper_exchange.binance.endpoints import PATHS, REST
from paper_exchange.binance.errors import VenueError
from paper_exchange.binance.gateway import Answer, Delivery, Gateway, Incoming
from paper_exchange.binance.params import Params, merge

JSON_TYPE: Final = "application/json;charset=UTF-8"
MAX_BODY: Final = 64 * 1024

_STALL_CHECK_S: Final = 0.25
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


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


async def deliver(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Sends an answer, or as much of it as a fault lets through."""
    body = body_of(answer)
    if answer.delivery is Delivery.WHOLE and not answer.pause_s:
        headers = {"Content-Type": JSON_TYPE, **answer.headers}
        return web.Response(body=body, status=answer.status, headers=headers)
    if answer.delivery is Delivery.STALL:
        return await _stall(request)
    if answer.delivery in {Delivery.RST, Delivery.FIN, Delivery.CLOSE}:
        return _end(request, reset=answer.delivery is Delivery.RST)
    return await _in_halves(request, answer, body)


def body_of(answer: Answer) -> bytes:
    """The bytes of an answer."""
    if answer.raw is not None:
        return answer.raw
    return orjson.dumps(answer.error.body() if answer.error else answer.result)


async def _in_halves(request: web.BaseRequest, answer: Answer, body: bytes) -> web.StreamResponse:
    """Announces the whole body and sends the first half; the second follows only if nothing else is wrong."""
    response = web.StreamResponse(status=answer.status, headers={"Content-Type": JSON_TYPE, **answer.headers})
    response.content_length = len(body)
    await response.prepare(request)
    middle = len(body) // 2
    await response.write(body[:middle])
    await asyncio.sleep(answer.pause_s)
    if answer.delivery is Delivery.WHOLE:
        await response.write(body[middle:])
        await response.write_eof()
    else:
        end_connection(request, reset=answer.delivery is Delivery.HALF_THEN_RST)
    return response


async def _stall(request: web.BaseRequest) -> web.Response:
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - no event tells it
        await asyncio.sleep(_STALL_CHECK_S)
    return web.Response()


def _end(request: web.BaseRequest, *, reset: bool) -> web.Response:
    end_connection(request, reset=reset)
    return web.Response()


def end_connection(request: web.BaseRequest, *, reset: bool) -> None:
    """Ends the TCP connection under a request: with a reset, or regularly after what was written."""
    transport = request.transport
    if transport is None:
        return
    if not reset:
        transport.close()
        return
    raw: socket.socket | None = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
