"""The transport: HTTP requests in, answers out."""

from typing import Final

from aiohttp import web

from paper_exchange.delivery import deliver
from paper_exchange.kraken.endpoints import ENDPOINTS
from paper_exchange.kraken.gateway import Gateway, Incoming

_FORM_TYPE: Final = "application/x-www-form-urlencoded"


class RestApi:
    """Answers `/0/...`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers one HTTP request."""
        path, _, query = request.raw_path.partition("?")
        body = (await request.read()).decode("utf-8", "replace") if request.can_read_body else ""
        incoming = Incoming(
            method=request.method,
            path=path,
            endpoint=ENDPOINTS.get(path),
            query=query,
            body=body,
            content_type=request.headers.get("Content-Type", _FORM_TYPE),
            api_key=request.headers.get("API-Key"),
            signature=request.headers.get("API-Sign"),
        )
        return await deliver(request, await self._gateway.serve(incoming))
