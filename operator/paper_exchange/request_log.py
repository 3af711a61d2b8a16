"""Every request the venue has seen, for tests that count them.

A client that claims to have sent an order once can be held to it: the log has each request with its client order id,
whatever the answer was and whether the client ever read it.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

LOG_SIZE: Final = 100_000
"""Entries kept; the oldest are forgotten first."""


class AnsweredRequest(NamedTuple):
    """A request and how it was answered; the fields are those of `LoggedRequest`."""

    time_ms: int
    method: str
    path: str
    account: str
    client_order_id: str
    status: int
    code: int
    reached_engine: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request.

    Attributes:
        sequence: Counts requests from 1.
        time_ms: Venue time of its arrival.
        method: HTTP method, or WS.
        path: Path, or WS-API method.
        account: Whose key signed it, empty before authentication.
        client_order_id: The client order id that it names, if any.
        status: Status of the answer; 0 when the connection was ended instead.
        code: The venue's error code, 0 for none; -1 where the dialect has texts instead.
        reached_engine: How often the engine was asked: 0 when it was refused before, 2 when it was duplicated.
        error: The dialect's text of a refusal, where it has no codes.
    """

    sequence: int
    time_ms: int
    method: str
    path: str
    account: str
    client_order_id: str
    status: int
    code: int
    reached_engine: int
    error: str = ""


class RequestLog:
    """The newest requests, oldest first."""

    def __init__(self, size: int = LOG_SIZE) -> None:
        self._entries: deque[LoggedRequest] = deque(maxlen=size)
        self._sequence = 0

    def add(self, request: AnsweredRequest) -> None:
        """Adds a request when its answer is known."""
        self._sequence += 1
        self._entries.append(LoggedRequest(self._sequence, *request))

    def since(self, sequence: int = 0) -> Iterator[LoggedRequest]:
        """The requests after a sequence number."""
        return (entry for entry in self._entries if entry.sequence > sequence)

    @property
    def last_sequence(self) -> int:
        """Number of the newest request, 0 before the first."""
        return self._sequence
