"""The one way to a venue for an account: every call waits its turn here, by urgency and by the venue's weight budget.

A session is an `Exchange` in front of another one. Beside the order of calls it adds three things:

* **Creates are never cut off.** Once a create has left the queue it runs in a task of its own, which no caller's
  cancellation reaches. A caller that is canceled does not learn the outcome and has to treat it as unknown; `drain`
  waits for what is under way.
* **The gate is asked twice**: when the create leaves the queue, which saves a request that is too late already, and at
  the socket, which is the one that counts.
* **Waiting has an end.** While the venue wants a pause, or where the budget is spent for longer than a call's patience,
  the call is answered at once (`RateLimited`) in place of piling up.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from exchange_kernel.core.venue import (
    Absent,
    Balance,
    CancelOutcome,
    CreateOutcome,
    Found,
    Market,
    NotPlaced,
    OpenOrders,
    OrderRequest,
    OutcomeUnknown,
    Trade,
    VenueOrder,
    VenueRules,
)
from exchange_kernel.exchange.admission import Admission, Lane, Priority, Ticket
from exchange_kernel.exchange.budget import WeightBudget
from exchange_kernel.exchange.classify import gate_closed
from exchange_kernel.exchange.port import AccountIdentity, ClockReading, Exchange, ExchangeError, RateLimited, SendGate
from exchange_kernel.exchange.profiles.base import Weights

_T = TypeVar("_T")

# Seconds that a call waits for weight. A create's send window would be over; a cancel waits as long as it takes.
_PATIENCE = {Priority.CREATE: 2.0, Priority.PROTECTIVE_CREATE: 2.0, Priority.RESOLVE: 10.0, Priority.POLL: 30.0}
_DRAINING = "the operator is shutting down and sends no new orders"


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


class AccountSession:
    """An `Exchange` with a priority queue in front. See the module.

    Args:
        exchange: Where the calls go.
        weights: What they cost.
        budget: What the venue allows, shared with other sessions.
        monotonic: The clock of the budget, in seconds.
    """

    def __init__(
        self,
        exchange: Exchange,
        weights: Weights,
        budget: WeightBudget,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exchange, self._weights, self._budget, self._now = exchange, weights, budget, monotonic
        self._admission = Admission(budget)
        self._turns: dict[Ticket, asyncio.Future[None]] = {}
        self._creates: set[asyncio.Task[CreateOutcome]] = set()
        self._creates_paused_until = 0.0
        self._wake: asyncio.TimerHandle | None = None
        self._draining = False
        self.metrics = SessionMetrics()

    @property
    def rules(self) -> VenueRules:
        """What the venue profile guarantees."""
        return self._exchange.rules

    @property
    def queue_depth(self) -> int:
        """How many calls wait for their turn."""
        return self._admission.depth

    @property
    def creates_in_flight(self) -> int:
        """How many creates have left the queue and have no outcome yet."""
        return len(self._creates)

    # --- writes -------------------------------------------------------------------------------------------------

    async def create_order(self, request: OrderRequest, gate: SendGate) -> CreateOutcome:
        """Send one order, once. A canceled caller has to treat the outcome as unknown."""
        pause = self._creates_paused_until - self._now()
        if pause > 0:
            return NotPlaced("RateLimited", "the venue wants a pause before this account's next order", pause)
        try:
            ticket = await self._turn("create_order", priority_of(request), Lane.ORDERS)
        except RateLimited as error:
            return NotPlaced("RateLimited", str(error), error.retry_after)
        closed = _DRAINING if self._draining else gate()
        if closed is not None:
            self._end(ticket)
            return self._counted(gate_closed(closed))
        task = asyncio.create_task(self._exchange.create_order(request, gate))
        self._creates.add(task)
        task.add_done_callback(lambda done: self._created(done, ticket))
        return self._counted(await asyncio.shield(task))

    def _created(self, task: asyncio.Task[CreateOutcome], ticket: Ticket) -> None:
        self._creates.discard(task)
        self._end(ticket)
        if task.cancelled() or task.exception() is not None:
            return
        outcome = task.result()
        if isinstance(outcome, NotPlaced) and outcome.reason == "RateLimited" and outcome.retry_after is not None:
            self._creates_paused_until = self._now() + outcome.retry_after

    def _counted(self, outcome: CreateOutcome) -> CreateOutcome:
        if isinstance(outcome, NotPlaced):
            self.metrics.errors[outcome.reason] += 1
        elif isinstance(outcome, OutcomeUnknown):
            self.metrics.errors["OutcomeUnknown"] += 1
        return outcome

    async def cancel_order(self, symbol: str, exchange_order_id: str | None, client_order_id: str) -> CancelOutcome:
        """Ask for a cancel, ahead of everything else."""
        call = self._exchange.cancel_order
        return await self._orders(
            "cancel_order", Priority.CANCEL, lambda: call(symbol, exchange_order_id, client_order_id)
        )

    # --- reads on which a decision waits ------------------------------------------------------------------------

    async def look_up(self, symbol: str, client_order_id: str) -> Found | Absent:
        """Quick look-up by client order id."""
        call = self._exchange.look_up
        return await self._orders("look_up", Priority.RESOLVE, lambda: call(symbol, client_order_id))

    async def prove_absence(self, symbol: str, client_order_id: str, since: datetime) -> Found | Absent:
        """Ask the whole set of queries."""
        call = self._exchange.prove_absence
        return await self._orders("prove_absence", Priority.RESOLVE, lambda: call(symbol, client_order_id, since))

    async def fetch_order(self, symbol: str, exchange_order_id: str) -> VenueOrder | None:
        """Read one order by the venue's id."""
        call = self._exchange.fetch_order
        return await self._orders("fetch_order", Priority.RESOLVE, lambda: call(symbol, exchange_order_id))

    async def reference_price(self, symbol: str) -> Decimal:
        """The last trade's price."""
        call = self._exchange.reference_price
        return await self._orders("reference_price", Priority.RESOLVE, lambda: call(symbol))

    # --- polls --------------------------------------------------------------------------------------------------

    async def fetch_trades(self, symbol: str, exchange_order_id: str) -> tuple[Trade, ...]:
        """All fills of one order."""
        call = self._exchange.fetch_trades
        return await self._poll("fetch_trades", Lane.SINGLE_READS, lambda: call(symbol, exchange_order_id))

    async def read_clock(self) -> ClockReading:
        """Compare the clocks."""
        return await self._poll("read_clock", Lane.SINGLE_READS, self._exchange.read_clock)

    async def identify(self) -> AccountIdentity:
        """Ask the venue who we are."""
        return await self._poll("identify", Lane.SINGLE_READS, self._exchange.identify)

    async def fetch_open_orders(self) -> OpenOrders:
        """All open orders in one read."""
        return await self._poll("fetch_open_orders", Lane.BULK_READS, self._exchange.fetch_open_orders)

    async def fetch_balances(self) -> tuple[Balance, ...]:
        """All assets with a total above zero."""
        return await self._poll("fetch_balances", Lane.BULK_READS, self._exchange.fetch_balances)

    async def load_markets(self) -> Mapping[str, Market]:
        """Read all markets."""
        return await self._poll("load_markets", Lane.BULK_READS, self._exchange.load_markets)

    # --- the end ------------------------------------------------------------------------------------------------

    async def drain(self, timeout: float) -> bool:  # noqa: ASYNC109 - waits for a set, not for one call
        """Send no new orders, and wait for those under way.

        Args:
            timeout: Seconds to wait at most.

        Returns:
            Whether every create has its outcome.
        """
        self._draining = True
        if self._creates:
            await asyncio.wait(set(self._creates), timeout=timeout)
        return not self._creates

    async def close(self) -> None:
        """Close connections. Idempotent. Call `drain` first."""
        if self._wake is not None:
            self._wake.cancel()
        await self._exchange.close()

    # --- the queue ----------------------------------------------------------------------------------------------

    async def _orders(self, operation: str, priority: Priority, call: Callable[[], Awaitable[_T]]) -> _T:
        async with self._admitted(operation, priority, Lane.ORDERS):
            return await call()

    async def _poll(self, operation: str, lane: Lane, call: Callable[[], Awaitable[_T]]) -> _T:
        async with self._admitted(operation, Priority.POLL, lane):
            return await call()

    @asynccontextmanager
    async def _admitted(self, operation: str, priority: Priority, lane: Lane) -> AsyncIterator[None]:
        try:
            ticket = await self._turn(operation, priority, lane)
            try:
                yield
            finally:
                self._end(ticket)
        except ExchangeError as error:
            self.metrics.errors[type(error).__name__] += 1
            raise

    async def _turn(self, operation: str, priority: Priority, lane: Lane) -> Ticket:
        """Wait for our turn. Raises RateLimited where that would take longer than the call's patience."""
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
        wait = self._budget.wait(now, weight, reserve=priority is Priority.CANCEL)
        if wait > _PATIENCE.get(priority, float("inf")):
            raise RateLimited("the request budget of this address is spent", wait)

    def _give_up(self, ticket: Ticket, turn: asyncio.Future[None]) -> None:
        """The caller was canceled: while waiting, or between its turn and its awakening."""
        if turn.done() and not turn.cancelled():
            self._end(ticket)
        else:
            self._turns.pop(ticket, None)
            self._admission.withdraw(ticket)

    def _end(self, ticket: Ticket) -> None:
        self._admission.ended(ticket)
        self._pump()

    def _pump(self) -> None:
        """Let out what may leave, and come back when the budget has room again."""
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


def priority_of(request: OrderRequest) -> Priority:
    """Exits and stops go ahead of entries: without them a position is unprotected."""
    protective = request.reduce_only or request.trigger_price is not None or request.type not in {"Market", "Limit"}
    return Priority.PROTECTIVE_CREATE if protective else Priority.CREATE
