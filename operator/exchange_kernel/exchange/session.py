"""The one way to a venue for an account: every call waits its turn here, by urgency and by the venue's weight budget.

A session is an `Exchange` in front of another one. Beside the order of calls it adds three things:

* **Creates and amends are never cut off.** Once one has left the queue it runs in a task of its own, which no caller's
  cancellation reaches. A caller that is canceled does not learn the outcome and has to treat it as unknown; `drain`
  waits for what is under way.
* **The gate is asked twice**: when the create leaves the queue, which saves a request that is too late already, and at
  the socket, which is the one that counts.
* **Waiting has an end.** While the venue wants a pause, or where the budget is spent for longer than a call's patience,
  the call is answered at once (`RateLimited`) in place of piling up.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, TypeVar

from exchange_kernel.core.outcomes import (
    AmendNotSent,
    AmendOutcome,
    CancelOutcome,
    CreateOutcome,
    NotPlaced,
    OutcomeUnknown,
)
from exchange_kernel.core.requests import AmendRequest, ListRequest, OrderRequest
from exchange_kernel.core.venue_rules import VenueWait
from exchange_kernel.exchange.admission import Lane, Priority, Ticket
from exchange_kernel.exchange.budget import WeightBudget
from exchange_kernel.exchange.classify import amend_not_sent, gate_closed
from exchange_kernel.exchange.hints import Hint
from exchange_kernel.exchange.port import (
    Exchange,
    ListOutcome,
    RateLimited,
    SendGate,
    VenueUnavailable,
    of_each,
)
from exchange_kernel.exchange.profiles.parts import LimitScope, Weights
from exchange_kernel.exchange.session_reads import SessionReads
from exchange_kernel.exchange.turns import Turns

_T = TypeVar("_T")

_DRAINING = "the operator is shutting down and sends no new orders"


class AccountSession(SessionReads):
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
        super().__init__(exchange, Turns(weights, budget, monotonic))
        self._weights, self._now = weights, monotonic
        self._creates: set[asyncio.Task[Any]] = set()
        self._amends: set[asyncio.Task[AmendOutcome]] = set()
        self._creates_paused_until = 0.0
        self._draining = False
        self.metrics = self._turns.metrics

    def multiply_limit(self, factor: Decimal) -> bool:
        """Take up how many times the profile's limit this account has; True when that is another limit than before.

        More means the same number in less time, which no counter takes amiss: of one that decays, a higher tier falls
        faster and is hardly larger. Less means a smaller number, because others use the rest at any moment. A limit
        that the venue puts on an address is not an account's to change: its neighbours would have to pay.

        Args:
            factor: ExchangeAccount.spec.rateLimitFactor; above 0.
        """
        if self._weights.scope is not LimitScope.ACCOUNT:
            return False
        weight = max(1, int(self._weights.per_minute * min(factor, Decimal(1))))
        return self._turns.limit_to(weight, self._weights.window / max(1.0, float(factor)))

    @property
    def creates_in_flight(self) -> int:
        """How many creates have left the queue and have no outcome yet."""
        return len(self._creates)

    # --- room for another order -----------------------------------------------------------------------------------

    def venue_wait(self) -> VenueWait:
        """How long an order that is recorded now would have to wait for the venue's limits."""
        now = self._now()
        ahead = self._announced.weight(now)
        pause = max(0.0, self._creates_paused_until - now)
        create, look_up = self._weights.of("create_order"), self._weights.of("look_up")
        return VenueWait(
            create=max(pause, self._turns.wait_for(create, ahead)),
            with_look_up=max(pause, self._turns.wait_for(create + look_up, ahead)),
        )

    def announce(self, client_order_id: str, *, look_up: bool, seconds: float) -> None:
        """A placement is about to be recorded: `venue_wait` counts its requests before they are made.

        Args:
            client_order_id: The placement's.
            look_up: Whether the venue is asked for it first.
            seconds: The send window.
        """
        operations = ("look_up", "create_order") if look_up else ("create_order",)
        weights = {operation: self._weights.of(operation) for operation in operations}
        self._announced.add(client_order_id, weights, self._now() + seconds)

    # --- writes -------------------------------------------------------------------------------------------------

    async def create_order(self, request: OrderRequest, gate: SendGate) -> CreateOutcome:
        """Send one order, once. A canceled caller has to treat the outcome as unknown."""
        self._announced.begun(request.client_order_id, "create_order")
        return await self._once(priority_of(request), gate, lambda: self._exchange.create_order(request, gate))

    async def create_list(self, request: ListRequest, gate: SendGate) -> ListOutcome:
        """Send a list in one request, once. A canceled caller has to treat the outcomes as unknown."""
        for order in request.orders:
            self._announced.begun(order.client_order_id, "create_order")
        priority = Priority.PROTECTIVE_CREATE if request.entry is None else priority_of(request.entry)
        sent = await self._once(priority, gate, lambda: self._exchange.create_list(request, gate))
        return of_each(request, sent)

    async def _once(
        self, priority: Priority, gate: SendGate, call: Callable[[], Coroutine[Any, Any, _T]]
    ) -> _T | NotPlaced:
        """One request that creates; what kept it from being sent is the answer."""
        pause = self._creates_paused_until - self._now()
        if pause > 0:
            return NotPlaced("RateLimited", "the venue wants a pause before this account's next order", pause)
        try:
            ticket = await self._turns.take("create_order", priority, Lane.ORDERS)
        except RateLimited as error:
            return NotPlaced("RateLimited", str(error), error.retry_after)
        except VenueUnavailable as error:
            return self._counted(NotPlaced("NotSent", f"nothing was sent: {error}"))
        closed = self._closed(gate)
        if closed is not None:
            self._turns.end(ticket)
            return self._counted(gate_closed(closed))
        task = asyncio.create_task(call())
        self._creates.add(task)
        task.add_done_callback(lambda done: self._created(done, ticket))
        return self._counted(await asyncio.shield(task))

    def _closed(self, gate: SendGate) -> str | None:
        """Why nothing is sent, or None. A gate that fails is closed."""
        if self._draining:
            return _DRAINING
        try:
            return gate()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing was sent
            return f"the gate failed ({type(error).__name__})"

    def _created(self, task: asyncio.Task[Any], ticket: Ticket) -> None:
        self._creates.discard(task)
        self._turns.end(ticket)
        if task.cancelled() or task.exception() is not None:
            return
        outcome = _first(task.result())
        if isinstance(outcome, NotPlaced) and outcome.reason == "RateLimited" and outcome.retry_after is not None:
            self._creates_paused_until = self._now() + outcome.retry_after

    def _counted(self, sent: _T) -> _T:
        match _first(sent):
            case NotPlaced(reason):
                self.metrics.errors[reason] += 1
            case OutcomeUnknown():
                self.metrics.errors["OutcomeUnknown"] += 1
        return sent

    async def amend_order(self, request: AmendRequest, gate: SendGate) -> AmendOutcome:
        """Change one order in place, once. A canceled caller has to treat the outcome as unknown."""
        try:
            ticket = await self._turns.take("amend_order", Priority.CREATE, Lane.ORDERS)
        except RateLimited as error:
            return AmendNotSent("RateLimited", str(error), error.retry_after)
        except VenueUnavailable as error:
            return AmendNotSent("NotSent", f"nothing was sent: {error}")
        closed = self._closed(gate)
        if closed is not None:
            self._turns.end(ticket)
            return amend_not_sent(gate_closed(closed))
        task = asyncio.create_task(self._exchange.amend_order(request, gate))
        self._amends.add(task)
        task.add_done_callback(lambda done: self._amended(done, ticket))
        return await asyncio.shield(task)

    def _amended(self, task: asyncio.Task[AmendOutcome], ticket: Ticket) -> None:
        self._amends.discard(task)
        self._turns.end(ticket)
        if not task.cancelled() and isinstance(outcome := task.result(), AmendNotSent):
            self.metrics.errors[outcome.reason] += 1

    async def cancel_order(self, symbol: str, exchange_order_id: str | None, client_order_id: str) -> CancelOutcome:
        """Ask for a cancel, ahead of everything else."""
        call = self._exchange.cancel_order
        async with self._turns.admitted("cancel_order", Priority.CANCEL, Lane.ORDERS):
            return await call(symbol, exchange_order_id, client_order_id)

    # --- the stream ---------------------------------------------------------------------------------------------

    @property
    def streams(self) -> bool:
        """Whether the venue has an order stream."""
        return self._exchange.streams

    async def listen(self, heard: Callable[[Hint], None], live: Callable[[], None]) -> None:
        """Follow the order stream until it ends. Subscribing waits its turn; the stream then takes nobody's place."""
        async with self._turns.admitted("listen", Priority.POLL, Lane.SINGLE_READS):
            pass
        await self._exchange.listen(heard, live)

    # --- the end ------------------------------------------------------------------------------------------------

    async def drain(self, timeout: float) -> bool:  # noqa: ASYNC109 - waits for a set, not for one call
        """Send no new orders, and wait for those under way.

        Args:
            timeout: Seconds to wait at most.

        Returns:
            Whether every create and amend has its outcome.
        """
        self._draining = True
        under_way: set[asyncio.Task[Any]] = {*self._creates, *self._amends}
        if under_way:
            await asyncio.wait(under_way, timeout=timeout)
        return not self._creates and not self._amends

    async def close(self) -> None:
        """Close connections; calls that wait are answered that they were not made. Idempotent. Call `drain` first."""
        self._turns.close()
        await self._exchange.close()


def _first(sent: object) -> object:
    """What a request has proven: the orders of a list share it."""
    return sent[0] if isinstance(sent, tuple) else sent


def priority_of(request: OrderRequest) -> Priority:
    """Exits and stops go ahead of entries: without them a position is unprotected."""
    protective = request.reduce_only or request.trigger_price is not None or request.type not in {"Market", "Limit"}
    return Priority.PROTECTIVE_CREATE if protective else Priority.CREATE
