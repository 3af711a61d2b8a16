"""The websockets that are open now, and what can be done to them on demand.

Fault rules strike when an event is sent or a request arrives; these strike at once, also while nothing happens: that
is how streams really end, most often in the middle of a quiet hour.
"""

from enum import StrEnum
from typing import Protocol

from paper_exchange.binance.connection import Connection


class StreamAction(StrEnum):
    """What happens to open websockets."""

    CLOSE = "close"
    """A close frame with a code."""
    RESET = "reset"
    """A TCP reset."""
    STALL = "stall"
    """Half-open: nothing is sent, read or answered any more, pings neither, but the connection stays up."""
    EXPIRE = "expire"
    """What the venue does to a connection that is 24 hours old."""
    SERVER_SHUTDOWN = "server_shutdown"
    """The `serverShutdown` event; the connection stays until it is ended by another action."""
    TERMINATE = "terminate"
    """The `eventStreamTerminated` event of user data subscriptions, which end; the connection stays."""


class StreamKind(StrEnum):
    """Which websockets are meant."""

    USER = "user"
    """The WS-API, with its user data streams."""
    MARKET = "market"
    """The public market streams."""


class Session(Protocol):
    """An open websocket, as a transport knows it."""

    kind: StreamKind
    connection: Connection

    def follows(self, account: str) -> bool:
        """Whether it is subscribed to the events of an account."""

    def announce_shutdown(self, now_ms: int) -> None:
        """Sends `serverShutdown` in the form of this transport."""

    def terminate(self, now_ms: int) -> None:
        """Ends its user data subscriptions with `eventStreamTerminated`."""


class Sessions:
    """All open websockets."""

    def __init__(self) -> None:
        self._open: dict[Session, None] = {}

    def add(self, session: Session) -> None:
        """A websocket has been opened."""
        self._open[session] = None

    def discard(self, session: Session) -> None:
        """A websocket has ended."""
        self._open.pop(session, None)

    def act(self, action: StreamAction, now_ms: int, *, kind: StreamKind | None, account: str | None, code: int) -> int:
        """Does something to open websockets.

        Args:
            action: What.
            now_ms: The venue's time.
            kind: Which ones; None for all.
            account: Only those that are subscribed to the events of this account.
            code: For CLOSE.

        Returns:
            To how many.
        """
        chosen = [
            session
            for session in self._open
            if kind in {None, session.kind} and (account is None or session.follows(account))
        ]
        for session in chosen:
            _do(session, action, now_ms, code)
        return len(chosen)


def _do(session: Session, action: StreamAction, now_ms: int, code: int) -> None:
    match action:
        case StreamAction.CLOSE:
            session.connection.close(code)
        case StreamAction.RESET:
            session.connection.reset()
        case StreamAction.STALL:
            session.connection.stall()
        case StreamAction.EXPIRE:
            session.connection.expire()
        case StreamAction.SERVER_SHUTDOWN:
            session.announce_shutdown(now_ms)
        case StreamAction.TERMINATE:
            session.terminate(now_ms)
