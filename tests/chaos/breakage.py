"""What can break, as values. `scene` carries it out."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KillOperator:
    """SIGKILL of one of the operators; it is started again after so many seconds."""

    which: int
    seconds: float


@dataclass(frozen=True, slots=True)
class FreezeOperator:
    """SIGSTOP of one of the operators, and SIGCONT after so many seconds."""

    which: int
    seconds: float


@dataclass(frozen=True, slots=True)
class StopOperator:
    """SIGTERM of one of the operators; it is started again once it has ended."""

    which: int


@dataclass(frozen=True, slots=True)
class KillVenue:
    """SIGKILL of the venue; it comes back with its data."""

    seconds: float


@dataclass(frozen=True, slots=True)
class FreezeVenue:
    """SIGSTOP of the venue: connections are accepted, nothing answers."""

    seconds: float


@dataclass(frozen=True, slots=True)
class KillApiServer:
    """SIGKILL of the API server; etcd stays."""

    seconds: float


@dataclass(frozen=True, slots=True)
class FreezeApiServer:
    """SIGSTOP of the API server."""

    seconds: float


@dataclass(frozen=True, slots=True)
class VenueAnswer:
    """The next answers of the venue to one kind of request go wrong.

    Attributes:
        request: A key of `REQUESTS`.
        at: before_engine (nothing has happened) or after_engine (it has).
        do: What happens to the answer: an action of the venue's fault rules.
        status: HTTP status of respond.
        count: How many requests are struck.
        delay_ms: Of delay.
    """

    request: str
    at: str
    do: str
    status: int = 502
    count: int = 1
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """The next write of an operator to the API server is lost, or its answer is.

    Attributes:
        resource: orderreceipts or orderintents.
        after: Whether the write takes effect.
    """

    resource: str
    after: bool


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """Events of the user data streams go wrong: an action of the venue's fault rules at the hook `event`."""

    do: str
    count: int
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class JumpingClock:
    """The wall clock of one of the operators jumps: from now on it is off by so many seconds."""

    which: int
    offset: float


Fault = (
    KillOperator
    | FreezeOperator
    | StopOperator
    | KillVenue
    | FreezeVenue
    | KillApiServer
    | FreezeApiServer
    | VenueAnswer
    | ApiAnswer
    | StreamEvent
    | JumpingClock
)

REQUESTS = ("create", "cancel", "amend", "order", "open_orders", "trades")
"""Kinds of requests; each dialect has paths of its own for them."""

_LOSE = (
    ("drop", 0, 0), ("empty", 0, 0), ("garble", 0, 0), ("truncate", 0, 0), ("respond", 500, 0), ("respond", 502, 0),
    ("respond", 504, 0), ("delay", 0, 12_000), ("delay", 0, 1_500),
)  # fmt: skip
_BEFORE = (("drop", 0, 0), ("respond", 503, 0), ("respond", 502, 0), ("delay", 0, 6_000), ("empty", 0, 0))
_EVENTS = ("drop_event", "duplicate_event", "reorder_event", "malform_event", "close", "stall", "delay")


def any_of(source: random.Random) -> Fault:
    """A fault. Those that stop whole processes are rarer than those that spoil one answer."""
    kinds, weights = zip(*_KINDS, strict=True)
    made: Fault = source.choices(kinds, weights)[0](source)
    return made


def _venue_answer(source: random.Random) -> Fault:
    request = source.choices(REQUESTS, (50, 20, 10, 10, 5, 5))[0]
    happened = source.random() < 0.6
    do, status, delay = source.choice(_LOSE if happened else _BEFORE)
    at = "after_engine" if happened else "before_engine"
    return VenueAnswer(request, at, do, status or 502, source.choice((1, 1, 1, 2, 4)), delay)


def _stream_event(source: random.Random) -> Fault:
    do = source.choice(_EVENTS)
    return StreamEvent(do, source.choice((1, 3, 10)), source.randrange(200, 5000) if do == "delay" else 0)


_KINDS: tuple[tuple[Callable[[random.Random], Fault], int], ...] = (
    (_venue_answer, 50),
    (lambda s: ApiAnswer(s.choice(("orderreceipts", "orderintents")), s.random() < 0.6), 18),
    (_stream_event, 8),
    (lambda s: KillOperator(s.randrange(2), s.uniform(0.0, 3.0)), 10),
    (lambda s: FreezeOperator(s.randrange(2), s.uniform(0.5, 15.0)), 4),
    (lambda s: StopOperator(s.randrange(2)), 1),
    (lambda s: JumpingClock(s.randrange(2), s.choice((-5.0, 5.0, -60.0, 60.0, 0.0))), 2),
    (lambda s: KillVenue(s.uniform(0.0, 4.0)), 3),
    (lambda s: FreezeVenue(s.uniform(0.3, 8.0)), 2),
    (lambda s: KillApiServer(s.uniform(0.0, 3.0)), 1),
    (lambda s: FreezeApiServer(s.uniform(0.3, 6.0)), 1),
)
