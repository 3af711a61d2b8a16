"""Who goes next: the priority queue in front of a venue, as a pure structure.

ccxt's throttle is first-in-first-out, so that a cancel waits behind every poll. Here calls wait in five classes, first
come first served within a class. A class that has to wait for weight holds back the classes below it (else small polls
would starve a create for ever); a lane that is full holds back only its own calls, so that a bulk read never delays a
cancel.
"""

import heapq
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from exchange_kernel.exchange.budget import WeightBudget


class Priority(IntEnum):
    """Classes, most urgent first."""

    CANCEL = 0
    PROTECTIVE_CREATE = 1  # an exit or a stop: without it a position is unprotected
    RESOLVE = 2  # look-ups on which a decision waits
    CREATE = 3
    POLL = 4


class Lane(StrEnum):
    """What calls compete for besides weight."""

    ORDERS = "orders"
    SINGLE_READS = "single reads"
    BULK_READS = "bulk reads"


# At once per lane. Bulk reads go one at a time: each blocks the loop while its answer is read.
_CAPACITY = {Lane.ORDERS: 8, Lane.SINGLE_READS: 4, Lane.BULK_READS: 1}
_EXTRA_FOR_CANCELS = 4


@dataclass(frozen=True, slots=True)
class Ticket:
    """One waiting call.

    Attributes:
        priority: Its class.
        lane: Its lane.
        weight: What it costs.
        number: Its place among all calls.
    """

    priority: Priority
    lane: Lane
    weight: int
    number: int


class Ready(NamedTuple):
    """What may leave now, and when to ask again (None: when something ends or arrives)."""

    tickets: list[Ticket]
    wake_in: float | None


@dataclass(slots=True)
class Admission:
    """The queue. Times are seconds of the budget's clock."""

    budget: WeightBudget
    _waiting: list[tuple[int, int, Ticket]] = field(default_factory=list)
    _running: dict[Lane, int] = field(default_factory=lambda: dict.fromkeys(Lane, 0))
    _count: int = 0

    @property
    def depth(self) -> int:
        """How many calls wait."""
        return len(self._waiting)

    def enter(self, priority: Priority, lane: Lane, weight: int) -> Ticket:
        """Queue a call."""
        self._count += 1
        ticket = Ticket(priority, lane, weight, self._count)
        heapq.heappush(self._waiting, (ticket.priority, ticket.number, ticket))
        return ticket

    def withdraw(self, ticket: Ticket) -> None:
        """Take a waiting call out; its caller has gone."""
        self._waiting = [entry for entry in self._waiting if entry[2] is not ticket]
        heapq.heapify(self._waiting)

    def ended(self, ticket: Ticket) -> None:
        """A call that was let out has ended."""
        self._running[ticket.lane] -= 1

    def pop_ready(self, now: float) -> Ready:
        """Let out everything that may leave now, in order."""
        leaving: list[Ticket] = []
        kept: list[tuple[int, int, Ticket]] = []
        wake_in: float | None = None
        while self._waiting and wake_in is None:
            entry = heapq.heappop(self._waiting)
            ticket = entry[2]
            if not self._has_room(ticket):
                kept.append(entry)
                continue
            wait = self.budget.wait(now, ticket.weight, reserve=ticket.priority is Priority.CANCEL)
            if wait > 0:
                kept.append(entry)
                wake_in = wait
            else:
                self._let_out(ticket, now)
                leaving.append(ticket)
        for entry in kept:
            heapq.heappush(self._waiting, entry)
        return Ready(leaving, wake_in)

    def _has_room(self, ticket: Ticket) -> bool:
        extra = _EXTRA_FOR_CANCELS if ticket.priority is Priority.CANCEL else 0
        return self._running[ticket.lane] < _CAPACITY[ticket.lane] + extra

    def _let_out(self, ticket: Ticket, now: float) -> None:
        self._running[ticket.lane] += 1
        self.budget.spend(now, ticket.weight)
