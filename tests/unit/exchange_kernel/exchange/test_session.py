"""The account session: urgency, budget, gates, and creates that are never cut off."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from exchange_kernel.core.outcomes import AmendNotSent, AmendOutcome, CancelOutcome, CreateOutcome, NotPlaced, Placed
from exchange_kernel.core.requests import AmendRequest, OrderRequest
from exchange_kernel.core.venue import OpenOrders
from exchange_kernel.core.venue_rules import VenueWait
from exchange_kernel.exchange.admission import Priority
from exchange_kernel.exchange.budget import AnswerSeen, WeightBudget
from exchange_kernel.exchange.memory import MemoryExchange
from exchange_kernel.exchange.memory_setup import Raises
from exchange_kernel.exchange.port import RateLimited, SendGate, VenueUnavailable
from exchange_kernel.exchange.profiles.parts import LimitScope, Weights
from exchange_kernel.exchange.session import AccountSession, priority_of


@dataclass
class Clock:
    """A monotonic clock that stands still unless it is moved."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class SlowExchange(MemoryExchange):
    """Holds creates and bulk reads back until they are let go, and notes the order of arrivals."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[str] = []
        self.let_go = asyncio.Event()

    async def create_order(self, request: OrderRequest, gate: SendGate) -> CreateOutcome:
        self.arrived.append(f"create {request.client_order_id[-2:]}")
        await self.let_go.wait()
        return await super().create_order(request, gate)

    async def cancel_order(self, symbol: str, exchange_order_id: str | None, client_order_id: str) -> CancelOutcome:
        self.arrived.append("cancel")
        return await super().cancel_order(symbol, exchange_order_id, client_order_id)

    async def fetch_open_orders(self) -> OpenOrders:
        self.arrived.append("bulk")
        await self.let_go.wait()
        return await super().fetch_open_orders()


class PausingExchange(MemoryExchange):
    """Answers every create with the venue's order-count limit."""

    async def create_order(self, request: OrderRequest, gate: SendGate) -> CreateOutcome:
        self.calls.append("create_order")
        return NotPlaced("RateLimited", "too many new orders", 10.0)


@dataclass
class Desk:
    """A session and what is around it."""

    exchange: MemoryExchange
    clock: Clock = field(default_factory=Clock)
    budget: WeightBudget = field(default_factory=lambda: WeightBudget(1000))

    def __post_init__(self) -> None:
        self.session = AccountSession(self.exchange, Weights(1000), self.budget, self.clock)


def order(number: int = 1, **changes: object) -> OrderRequest:
    values = {"quantity": Decimal("0.1"), "price": Decimal(40000)} | changes
    return OrderRequest(f"{number:032x}", "BTC/USDT", "Buy", str(values.pop("type", "Limit")), **values)  # type: ignore[arg-type]


def open_gate() -> None:
    return None


async def settled(condition: Callable[[], bool]) -> None:
    """Let other tasks run until the condition holds."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("the condition never came true")


async def test_calls_reach_the_exchange_and_their_outcomes_come_back() -> None:
    desk = Desk(MemoryExchange())

    outcome = await desk.session.create_order(order(), open_gate)

    assert isinstance(outcome, Placed)
    assert [o.client_order_id for o in desk.exchange.orders] == [order().client_order_id]
    assert desk.session.metrics.calls == {"create_order": 1}


async def test_a_cancel_does_not_wait_behind_creates_and_bulk_reads() -> None:
    exchange = SlowExchange()
    desk = Desk(exchange)
    creates = [asyncio.create_task(desk.session.create_order(order(n), open_gate)) for n in range(1, 21)]
    polls = [asyncio.create_task(desk.session.fetch_open_orders()) for _ in range(5)]
    await settled(lambda: len(exchange.arrived) == 9)
    assert desk.session.queue_depth == 16

    await desk.session.cancel_order("BTC/USDT", "1", order().client_order_id)

    assert exchange.arrived[-1] == "cancel"
    exchange.let_go.set()
    await asyncio.gather(*creates, *polls)
    assert len(exchange.orders) == 20


async def test_a_look_up_does_not_wait_behind_creates_that_a_slow_engine_holds_up() -> None:
    exchange = SlowExchange()
    desk = Desk(exchange)
    creates = [asyncio.create_task(desk.session.create_order(order(n), open_gate)) for n in range(1, 21)]
    await settled(lambda: len(exchange.arrived) == 8)

    async with asyncio.timeout(5):
        await desk.session.fetch_order("BTC/USDT", "1")
        await desk.session.look_up("BTC/USDT", order(99).client_order_id)

    assert len(exchange.arrived) == 8
    exchange.let_go.set()
    await asyncio.gather(*creates)


async def test_bulk_reads_go_one_at_a_time() -> None:
    exchange = SlowExchange()
    desk = Desk(exchange)
    polls = [asyncio.create_task(desk.session.fetch_open_orders()) for _ in range(3)]
    await settled(lambda: desk.session.queue_depth == 2)

    assert exchange.arrived == ["bulk"]
    exchange.let_go.set()
    await asyncio.gather(*polls)


async def test_a_canceled_caller_does_not_cut_off_its_order() -> None:
    exchange = SlowExchange()
    desk = Desk(exchange)
    caller = asyncio.create_task(desk.session.create_order(order(), open_gate))
    await settled(lambda: bool(exchange.arrived))

    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert desk.session.creates_in_flight == 1
    exchange.let_go.set()

    assert await desk.session.drain(timeout=5)
    assert len(exchange.orders) == 1


async def test_a_caller_that_is_canceled_in_the_queue_sends_nothing() -> None:
    exchange = SlowExchange()
    desk = Desk(exchange)
    running = [asyncio.create_task(desk.session.create_order(order(n), open_gate)) for n in range(1, 9)]
    await settled(lambda: len(exchange.arrived) == 8)
    waiting = asyncio.create_task(desk.session.create_order(order(9), open_gate))
    await settled(lambda: desk.session.queue_depth == 1)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    exchange.let_go.set()
    await asyncio.gather(*running)

    assert desk.session.queue_depth == 0
    assert len(exchange.orders) == 8


async def test_the_gate_is_asked_when_the_order_leaves_the_queue() -> None:
    exchange = SlowExchange()
    desk = Desk(exchange)
    running = [asyncio.create_task(desk.session.create_order(order(n), open_gate)) for n in range(1, 9)]
    await settled(lambda: len(exchange.arrived) == 8)
    late: list[str] = []
    waiting = asyncio.create_task(desk.session.create_order(order(9), lambda: late[0] if late else None))
    await settled(lambda: desk.session.queue_depth == 1)

    late.append("SendWindowMissed: it waited too long")
    exchange.let_go.set()

    assert await waiting == NotPlaced("SendWindowMissed", "it waited too long")
    await asyncio.gather(*running)
    assert "create 09" not in exchange.arrived


async def test_a_gate_that_fails_is_closed_and_its_place_is_given_back() -> None:
    desk = Desk(MemoryExchange())

    def broken() -> str | None:
        raise RuntimeError

    for number in range(1, 20):
        outcome = await desk.session.create_order(order(number), broken)
        assert outcome == NotPlaced("GateClosed", "the gate failed (RuntimeError)")
    assert isinstance(await desk.session.create_order(order(), open_gate), Placed)


async def test_draining_sends_no_new_order_and_waits_for_those_under_way() -> None:
    exchange = SlowExchange()
    desk = Desk(exchange)
    under_way = asyncio.create_task(desk.session.create_order(order(1), open_gate))
    await settled(lambda: bool(exchange.arrived))
    drained = asyncio.create_task(desk.session.drain(timeout=5))
    await asyncio.sleep(0)

    refused = await desk.session.create_order(order(2), open_gate)
    assert isinstance(refused, NotPlaced)
    assert refused.reason == "GateClosed"
    assert not drained.done()

    exchange.let_go.set()
    assert await drained
    assert isinstance(await under_way, Placed)


async def test_draining_gives_up_after_its_time() -> None:
    exchange = SlowExchange()
    desk = Desk(exchange)
    under_way = asyncio.create_task(desk.session.create_order(order(), open_gate))
    await settled(lambda: bool(exchange.arrived))

    assert not await desk.session.drain(timeout=0)
    exchange.let_go.set()
    await under_way


async def test_a_pause_of_the_venue_is_answered_at_once_and_sends_nothing() -> None:
    desk = Desk(MemoryExchange())
    desk.budget.answered(desk.clock.now, AnswerSeen(429, retry_after=11.0))

    assert await desk.session.create_order(order(), open_gate) == NotPlaced(
        "RateLimited", "the venue wants a pause from this address", 11.0
    )
    with pytest.raises(RateLimited) as caught:
        await desk.session.cancel_order("BTC/USDT", "1", order().client_order_id)
    assert caught.value.retry_after == 11.0
    assert desk.exchange.calls == []

    desk.clock.now += 11.0
    assert isinstance(await desk.session.create_order(order(), open_gate), Placed)


async def test_a_spent_budget_stops_creates_at_once_but_not_cancels() -> None:
    desk = Desk(MemoryExchange())
    desk.budget.spend(desk.clock.now, 800)

    refused = await desk.session.create_order(order(), open_gate)

    assert refused == NotPlaced("RateLimited", "the request budget of this address is spent", 60.0)
    assert await desk.session.cancel_order("BTC/USDT", "1", order().client_order_id) is CancelOutcome.NOT_FOUND


async def test_calls_that_wait_when_the_session_is_closed_are_answered_and_nothing_is_sent() -> None:
    desk = Desk(SlowExchange())
    creates = [asyncio.create_task(desk.session.create_order(order(n), open_gate)) for n in range(1, 12)]
    await settled(lambda: desk.session.queue_depth == 3)

    await desk.session.close()

    await settled(lambda: sum(create.done() for create in creates) == 3)
    closed = "the connection to the venue was closed by the operator"
    answers = [create.result() for create in creates if create.done()]
    assert answers == [NotPlaced("NotSent", f"nothing was sent: {closed}")] * 3
    late = await desk.session.amend_order(AMEND, open_gate)
    assert late == AmendNotSent("NotSent", f"nothing was sent: {closed}")
    for create in creates:
        create.cancel()


async def test_a_higher_tier_lets_out_at_once_what_waited_for_the_lower_one() -> None:
    clock, exchange = Clock(), MemoryExchange()
    weights = Weights(100, window=60.0, scope=LimitScope.ACCOUNT)
    budget = WeightBudget(100, window=60.0)
    opened = AccountSession(exchange, weights, budget, clock)
    budget.spend(clock.now, 80)
    clock.now += 20.0
    clock.now += 30.0  # ten seconds are left until there is room
    waiting = asyncio.create_task(opened.fetch_trades("BTC/USDT", "1"))
    await settled(lambda: opened.queue_depth == 1)

    assert not opened.multiply_limit(Decimal(1))
    assert opened.multiply_limit(Decimal("1.5"))

    await settled(waiting.done)
    assert waiting.result() == ()
    assert (budget.per_minute, budget.window) == (100, 40.0)


async def test_an_accounts_own_limit_pauses_its_creates_and_no_other_account() -> None:
    limited = Desk(PausingExchange())
    other = Desk(MemoryExchange(), clock=limited.clock, budget=limited.budget)
    await limited.session.create_order(order(1), open_gate)

    again = await limited.session.create_order(order(2), open_gate)

    assert isinstance(again, NotPlaced)
    assert again.retry_after == 10.0
    assert limited.exchange.calls == ["create_order"]
    assert isinstance(await other.session.create_order(order(3), open_gate), Placed)


async def test_failures_are_counted_by_reason_and_give_their_place_back() -> None:
    desk = Desk(MemoryExchange())
    for _ in range(20):
        desk.exchange.fail_next("look_up", Raises(VenueUnavailable("503")))
        with pytest.raises(VenueUnavailable):
            await desk.session.look_up("BTC/USDT", order().client_order_id)

    assert desk.session.metrics.errors == {"VenueUnavailable": 20}
    assert desk.session.metrics.waits["RESOLVE"] == 20


@pytest.mark.parametrize(
    ("request_", "priority"),
    [
        (order(), Priority.CREATE),
        (order(type="Market", price=None), Priority.CREATE),
        (order(reduce_only=True), Priority.PROTECTIVE_CREATE),
        (order(type="StopMarket", price=None, trigger_price=Decimal(1)), Priority.PROTECTIVE_CREATE),
        (order(type="TrailingStopMarket", price=None), Priority.PROTECTIVE_CREATE),
    ],
)
def test_exits_and_stops_go_ahead_of_entries(request_: OrderRequest, priority: Priority) -> None:
    assert priority_of(request_) is priority


AMEND = AmendRequest("1", "f" * 32, "BTC/USDT", "Buy", "Limit", quantity=Decimal("0.1"))


class SlowAmends(MemoryExchange):
    """Holds amends back until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = asyncio.Event()
        self.let_go = asyncio.Event()
        self.done = 0

    async def amend_order(self, request: AmendRequest, gate: SendGate) -> AmendOutcome:
        self.arrived.set()
        await self.let_go.wait()
        self.done += 1
        return await super().amend_order(request, gate)


async def test_an_amend_behind_a_closed_gate_does_not_leave_the_queue() -> None:
    exchange = MemoryExchange()
    opened = AccountSession(exchange, Weights(100), WeightBudget(100), Clock())

    outcome = await opened.amend_order(AMEND, lambda: "GateClosed: halted")

    assert outcome == AmendNotSent("GateClosed", "halted")
    assert exchange.calls == []


async def test_an_amend_is_not_cut_off_with_its_caller_and_a_drain_waits_for_it() -> None:
    exchange = SlowAmends()
    opened = AccountSession(exchange, Weights(100), WeightBudget(100), Clock())
    caller = asyncio.create_task(opened.amend_order(AMEND, lambda: None))
    await exchange.arrived.wait()

    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    assert not await opened.drain(0)
    exchange.let_go.set()

    assert await opened.drain(5)
    assert exchange.done == 1


async def test_while_the_budget_is_spent_an_amend_is_answered_at_once() -> None:
    budget = WeightBudget(100)
    budget.answered(1000.0, AnswerSeen(429, retry_after=30.0))
    opened = AccountSession(MemoryExchange(), Weights(100), budget, Clock())

    outcome = await opened.amend_order(AMEND, lambda: None)

    assert isinstance(outcome, AmendNotSent)
    assert (outcome.reason, outcome.retry_after) == ("RateLimited", 30.0)


# --- room for another order ----------------------------------------------------------------------------------------

DEAR_LOOK_UPS = Weights(100, costs={"look_up": 10, "create_order": 0})


def limited(spent: int) -> tuple[AccountSession, WeightBudget, Clock]:
    """A session whose look-ups cost 10 of the 80 that orders may use, of which so much is spent."""
    clock, budget = Clock(), WeightBudget(100)
    budget.spend(clock.now, spent)
    return AccountSession(MemoryExchange(), DEAR_LOOK_UPS, budget, clock), budget, clock


@pytest.mark.parametrize(
    ("spent", "wait"),
    [(0, VenueWait()), (70, VenueWait()), (71, VenueWait(with_look_up=60.0)), (80, VenueWait(with_look_up=60.0))],
)
async def test_an_order_is_told_how_long_its_requests_would_wait(spent: int, wait: VenueWait) -> None:
    opened, _, _ = limited(spent)

    assert opened.venue_wait() == wait


async def test_the_room_for_one_order_is_told_to_one() -> None:
    opened, _, _ = limited(70)
    opened.announce("1", look_up=True, seconds=5.0)

    assert opened.venue_wait().with_look_up == 60.0


async def test_what_was_announced_fills_an_empty_window_as_well() -> None:
    opened, _, _ = limited(0)
    for number in range(8):
        assert opened.venue_wait() == VenueWait()
        opened.announce(str(number), look_up=True, seconds=5.0)

    assert opened.venue_wait().with_look_up == 60.0


async def test_what_was_announced_is_not_counted_again_once_it_is_asked() -> None:
    opened, budget, clock = limited(60)
    request = order(1)
    opened.announce(request.client_order_id, look_up=True, seconds=5.0)
    await opened.look_up("BTC/USDT", request.client_order_id)

    assert budget.used(clock.now) == 70
    assert opened.venue_wait() == VenueWait()
    await opened.create_order(request, open_gate)
    assert opened.venue_wait() == VenueWait()


async def test_what_was_announced_and_never_asked_is_forgotten_with_its_send_window() -> None:
    opened, _, clock = limited(70)
    opened.announce("1", look_up=True, seconds=5.0)
    clock.now += 5.0

    assert opened.venue_wait() == VenueWait()


async def test_without_a_look_up_only_the_create_is_announced() -> None:
    opened, _, _ = limited(70)
    opened.announce("1", look_up=False, seconds=5.0)

    assert opened.venue_wait() == VenueWait()


async def test_who_waits_already_goes_first() -> None:
    opened, budget, clock = limited(75)
    clock.now += 55.0
    waiting = asyncio.create_task(opened.look_up("BTC/USDT", "1"))
    await settled(lambda: opened.queue_depth == 1)
    budget.spend(clock.now, 0)

    # Five seconds until the first look-up can leave, and this one with it.
    assert opened.venue_wait().with_look_up == pytest.approx(5.0)
    budget.spend(clock.now, 65)
    assert opened.venue_wait().with_look_up == pytest.approx(60.0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert opened.venue_wait().with_look_up == pytest.approx(5.0)


async def test_a_pause_that_the_venue_wants_holds_back_orders_whatever_they_cost() -> None:
    opened, budget, clock = limited(0)
    budget.answered(clock.now, AnswerSeen(429, retry_after=7.0))

    assert opened.venue_wait() == VenueWait(7.0, 7.0)


async def test_a_pause_of_the_accounts_creates_does_too() -> None:
    desk = Desk(PausingExchange())
    await desk.session.create_order(order(1), open_gate)

    assert desk.session.venue_wait() == VenueWait(10.0, 10.0)
