"""The transport of the public market streams: websockets under `/ws`."""

from aiohttp import web

from paper_exchange.binance.connection import Connection
from paper_exchange.binance.streams import MarketStreams


class MarketSockets:
    """Answers `/ws`, `/ws/<n>` (ccxt numbers its connections) and `/ws/<stream>`."""

    def __init__(self, streams: MarketStreams) -> None:
        self._streams = streams

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serves one websocket until it ends."""
        connection = Connection(request)
        self._streams.follow(connection, request.path.removeprefix("/ws").strip("/"))
        try:
            return await connection.run(lambda text: self._streams.serve(connection, text))
        finally:
            self._streams.forget(connection)
