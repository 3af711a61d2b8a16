"""Who goes next: the priority queue in front of a venue, as a pure structure.

ccxt's throttle is first-in-first-out, so that a cancel waits behind every poll. Here calls wait in six classes, first
come first served within a class. A class that has to wait for weight holds back the classes below it (else small polls
would starve a create for ever); a lane that is full holds back only its own calls, so that a bulk read never delays a
cancel.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from exchange_kernel.exchange.budget import Use, WeightBudget


class Priority(IntEnum):
    """Classes, most urgent first."""

    CANCEL = 0
    PROTECTIVE_CREATE = 1  # an exit or a stop: without it a position is unprotected
    RESOLVE = 2  # look-ups on which a decision waits
    CREATE = 3
    POLL = 4
    BULK = 5  # reads of everything: they have a share of the budget of their own, and hold nobody back


class Lane(StrEnum):
    """What calls compete for besides weight."""

    ORDERS = "orders"
    LOOK_UPS = "look-ups"
    SINGLE_READS = "single reads"
    BULK_READS = "bulk reads"


# At once per lane. Bulk reads go one at a time: each blocks the loop while its answer is read.
_CAPACITY = {Lane.ORDERS: 8, Lane.LOOK_UPS: 8, Lane.SINGLE_READS: 4, Lane.BULK_READS: 1}
_EXTRA_FOR_CANCELS = 4


def use_of(priority: Priority) -> Use:
    """The share of the budget that a class lives on."""
    return {Priority.CANCEL: Use.CANCELS, Priority.BULK: Use.POLLS}.get(priority, Use.ORDERS)


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


def _empty_queues() -> dict[tuple[Priority, Lane], deque[Ticket]]:
    return {(priority, lane): deque() for priority in Priority for lane in Lane}


@dataclass(slots=True)
class Admission:
    """The queue. Times are seconds of the budget's clock. A step costs the same however many calls wait."""

    budget: WeightBudget
    _waiting: dict[tuple[Priority, Lane], deque[Ticket]] = field(default_factory=_empty_queues)
    _running: dict[Lane, int] = field(default_factory=lambda: dict.fromkeys(Lane, 0))
    _weights: dict[Priority, int] = field(default_factory=lambda: dict.fromkeys(Priority, 0))
    _count: int = 0

    @property
    def depth(self) -> int:
        """How many calls wait."""
        return sum(len(queue) for queue in self._waiting.values())

    def weight_before(self, priority: Priority) -> int:
        """What the calls that wait in more urgent classes cost."""
        return sum(weight for each, weight in self._weights.items() if each < priority)

    def enter(self, priority: Priority, lane: Lane, weight: int) -> Ticket:
        """Queue a call."""
        self._count += 1
        ticket = Ticket(priority, lane, weight, self._count)
        self._waiting[priority, lane].append(ticket)
        self._weights[priority] += weight
        return ticket

    def withdraw(self, ticket: Ticket) -> None:
        """Take a waiting call out; its caller has gone."""
        self._waiting[ticket.priority, ticket.lane].remove(ticket)
        self._weights[ticket.priority] -= ticket.weight

    def ended(self, ticket: Ticket) -> None:
        """A call that was let out has ended."""
        self._running[ticket.lane] -= 1

    def pop_ready(self, now: float) -> Ready:
        """Let out everything that may leave now, in order."""
        leaving: list[Ticket] = []
        while (ticket := self._first()) is not None:
            wait = self.budget.wait(now, ticket.weight, use_of(ticket.priority))
            if wait > 0:
                return Ready(leaving, wait)
            self._waiting[ticket.priority, ticket.lane].popleft()
            self._weights[ticket.priority] -= ticket.weight
            self._let_out(ticket, now)
            leaving.append(ticket)
        return Ready(leaving, None)

    def _first(self) -> Ticket | None:
        """The first call of the most urgent class whose lane has room."""
        for priority in Priority:
            heads = [queue[0] for lane in Lane if (queue := self._waiting[priority, lane])]
            fitting = [ticket for ticket in heads if self._has_room(ticket)]
            if fitting:
                return min(fitting, key=lambda ticket: ticket.number)
        return None

    def _has_room(self, ticket: Ticket) -> bool:
        extra = _EXTRA_FOR_CANCELS if ticket.priority is Priority.CANCEL else 0
        return self._running[ticket.lane] < _CAPACITY[ticket.lane] + extra

    def _let_out(self, ticket: Ticket, now: float) -> None:
        self._running[ticket.lane] += 1
        self.budget.spend(now, ticket.weight, use_of(ticket.priority))
