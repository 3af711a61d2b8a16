"""Waiting for one's turn: the admission queue with callers that really wait.

`Admission` decides who goes next, as a pure structure; here each waiting call has a future, a timer wakes the queue
when the budget has room again, and callers may be canceled at any moment without leaving a place taken.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from exchange_kernel.exchange.admission import Admission, Lane, Priority, Ticket, use_of
from exchange_kernel.exchange.budget import WeightBudget
from exchange_kernel.exchange.port import ExchangeError, RateLimited, VenueUnavailable
from exchange_kernel.exchange.profiles.parts import Weights

# Seconds that a call waits for weight. A create's send window would be over; a cancel waits as long as it takes.
_PATIENCE = {
    Priority.CREATE: 2.0,
    Priority.PROTECTIVE_CREATE: 2.0,
    Priority.RESOLVE: 10.0,
    Priority.POLL: 30.0,
    Priority.BULK: 30.0,
}


@dataclass(slots=True)
class SessionMetrics:
    """Counters since the session was opened.

    Attributes:
        calls: Calls that were let out, by operation.
        errors: Failures by reason: the class of an error, or the reason of an outcome.
        waits: Calls that waited, by class.
        wait_seconds: Their time in the queue, by class.
    """

    calls: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    wait_seconds: dict[str, float] = field(default_factory=lambda: {p.name: 0.0 for p in Priority})


class Turns:
    """The queue of one account.

    Args:
        weights: What each operation costs.
        budget: What the venue allows, shared with other accounts.
        monotonic: The clock of the budget, in seconds.
    """

    def __init__(self, weights: Weights, budget: WeightBudget, monotonic: Callable[[], float]) -> None:
        self._weights, self._budget, self._now = weights, budget, monotonic
        self._admission = Admission(budget)
        self._turns: dict[Ticket, asyncio.Future[None]] = {}
        self._wake: asyncio.TimerHandle | None = None
        self._closed = False
        self.metrics = SessionMetrics()

    @property
    def depth(self) -> int:
        """How many calls wait."""
        return self._admission.depth

    @asynccontextmanager
    async def admitted(self, operation: str, priority: Priority, lane: Lane) -> AsyncIterator[None]:
        """Wait for our turn and give the place back in the end. Raises as `take`."""
        try:
            ticket = await self.take(operation, priority, lane)
            try:
                yield
            finally:
                self.end(ticket)
        except ExchangeError as error:
            self.metrics.errors[type(error).__name__] += 1
            raise

    async def take(self, operation: str, priority: Priority, lane: Lane) -> Ticket:
        """Wait for our turn.

        Raises:
            RateLimited: That would take longer than the call's patience.
            VenueUnavailable: The session is closed, or was while we waited; nothing was sent.
        """
        if self._closed:
            raise _session_closed()
        weight, started = self._weights.of(operation), self._now()
        self._refuse_long_waits(priority, weight)
        ticket = self._admission.enter(priority, lane, weight)
        turn = self._turns[ticket] = asyncio.get_running_loop().create_future()
        self._pump()
        try:
            await turn
        except asyncio.CancelledError:
            self._give_up(ticket, turn)
            raise
        self.metrics.calls[operation] += 1
        self.metrics.waits[priority.name] += 1
        self.metrics.wait_seconds[priority.name] += self._now() - started
        return ticket

    def _refuse_long_waits(self, priority: Priority, weight: int) -> None:
        now = self._now()
        stopped = self._budget.stopped_for(now)
        if stopped > 0:
            raise RateLimited("the venue wants a pause from this address", stopped)
        wait = self._budget.wait(now, weight, use_of(priority))
        if wait > _PATIENCE.get(priority, float("inf")):
            raise RateLimited("the request budget of this address is spent", wait)

    def _give_up(self, ticket: Ticket, turn: asyncio.Future[None]) -> None:
        """The caller was canceled: while waiting, or between its turn and its awakening."""
        if self._turns.pop(ticket, None) is not None:
            self._admission.withdraw(ticket)
        elif not turn.cancelled() and turn.exception() is None:
            self.end(ticket)
        # Else `_pump` has found it canceled and has given its place back, or `close` has taken it out.

    def wait_for(self, weight: int, announced: int) -> float:
        """Seconds until a new order's requests may leave, behind what waits, or was announced, and goes before them."""
        ahead = self._admission.weight_before(Priority.POLL) + announced
        return self._budget.wait(self._now(), weight, use_of(Priority.CREATE), ahead)

    def limit_to(self, weight: int, window: float) -> bool:
        """The venue allows so much in so many seconds from now on; True when that is something else than before."""
        if not self._budget.limit_to(weight, window):
            return False
        self._pump()
        return True

    def poll_every(self, operation: str, seconds: float) -> float:
        """Announce that an operation is wanted so often; the interval that fits into the polls' share."""
        return seconds * self._budget.claim(self, self._weights.of(operation), seconds)

    def may_hurry(self, operation: str) -> bool:
        """Whether the polls' share has room for one more call than those that were announced."""
        return self._budget.spare(self._now()) >= self._weights.of(operation)

    def end(self, ticket: Ticket) -> None:
        """Give a place back."""
        self._admission.ended(ticket)
        self._pump()

    def _pump(self) -> None:
        """Let out what may leave, and come back when the budget has room again."""
        if self._closed:
            return
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        tickets, wake_in = self._admission.pop_ready(self._now())
        for ticket in tickets:
            turn = self._turns.pop(ticket)
            if turn.cancelled():
                self._admission.ended(ticket)
            else:
                turn.set_result(None)
        if wake_in is not None:
            self._wake = asyncio.get_running_loop().call_later(wake_in, self._pump)

    def close(self) -> None:
        """Answer those who wait that nobody will call them any more, and leave the polls' share to others.

        Without an answer they would wait for ever, and their orders with them: one pass at a time judges an order.
        """
        self._closed = True
        self._budget.waive(self)
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        waiting, self._turns = self._turns, {}
        for ticket, turn in waiting.items():
            self._admission.withdraw(ticket)
            if not turn.done():
                turn.set_exception(_session_closed())


def _session_closed() -> VenueUnavailable:
    return VenueUnavailable("the connection to the venue was closed by the operator")
