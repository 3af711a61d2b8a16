"""The transport of the public market streams: websockets under `/ws` (raw) and `/stream` (combined)."""

from aiohttp import web

from paper_exchange.binance import market_requests
from paper_exchange.binance.connection import Connection
from paper_exchange.binance.market_streams import MarketStreams
from paper_exchange.binance.sessions import Sessions, StreamKind


class MarketSockets:
    """Answers `/ws`, `/ws/<n>` (ccxt numbers its connections), `/ws/<stream>` and `/stream?streams=<a>/<b>`.

    An address that names no stream, or one that does not exist, listens to nothing until a message asks for it.
    """

    def __init__(self, streams: MarketStreams, sessions: Sessions) -> None:
        self._streams = streams
        self._sessions = sessions

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serves one websocket until it ends."""
        session = _Session(Connection(request), self._streams)
        if request.path.startswith("/stream"):
            self._streams.combined.add(session.connection)
            names = request.query.get("streams", "").split("/")
        else:
            names = request.path.removeprefix("/ws").strip("/").split("/")
        for name in names:
            self._streams.subscribe(session.connection, [name])
        self._sessions.add(session)
        try:
            return await session.connection.run(session.on_text)
        finally:
            self._sessions.discard(session)
            self._streams.forget(session.connection)


class _Session:
    """A market stream connection."""

    kind = StreamKind.MARKET

    def __init__(self, connection: Connection, streams: MarketStreams) -> None:
        self.connection = connection
        self._streams = streams

    def on_text(self, text: str) -> None:
        self.connection.send(market_requests.answer(self._streams, self.connection, text))

    def follows(self, account: str) -> bool:  # noqa: ARG002 - market data belongs to no account
        return False

    def announce_shutdown(self, now_ms: int) -> None:
        self._streams.announce_shutdown(self.connection, now_ms)

    def terminate(self, now_ms: int) -> None:
        """Market streams are not terminated: they have no subscription that could expire."""
