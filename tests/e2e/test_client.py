"""The interface for strategies on the real stack: each method, each error, each outcome of a wait.

The market is at 60000. Whatever the interface says, the venue's own books are the truth.
"""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from exchange_kernel.api.enums import GroupType, OrderStateName, OrderType, Side, TimeInForce
from exchange_kernel.client.errors import (
    CancelIncompleteError,
    ExchangeError,
    KernelUnavailableError,
    NotFoundError,
    NotPublishedError,
    Outcome,
    Source,
    ValidationError,
)
from exchange_kernel.client.events import BaseEvent, EventType, OrderFilled
from exchange_kernel.client.kernel import KubernetesExchangeKernel
from exchange_kernel.client.models import StandardOrder, StandardOrderGroup
from support.proxy import Action, Drop, Request, Response
from support.stack import Stack, eventually

Json = Any
BTC = "BTC/USDT"
LIMIT = StandardOrder(symbol_id=BTC, side=Side.BUY, order_type=OrderType.LIMIT, quantity="0.01", price="50000")
MARKET = StandardOrder(symbol_id=BTC, side=Side.BUY, order_type=OrderType.MARKET, quantity="0.01")
STOP = StandardOrder(
    symbol_id=BTC, side=Side.SELL, order_type=OrderType.STOP_MARKET, quantity="0.01", trigger_price="54000"
)
TARGET = StandardOrder(symbol_id=BTC, side=Side.SELL, order_type=OrderType.LIMIT, quantity="0.01", price="66000")


def kernel_of(stack: Stack, account: str = "main", **changes: Any) -> KubernetesExchangeKernel:  # noqa: ANN401
    told: dict[str, Any] = {"namespace": stack.namespace, "kubeconfig": stack.plane.kubeconfig, "timeout": 30.0}
    return KubernetesExchangeKernel(stack.named(account), **told | changes)


@pytest_asyncio.fixture(loop_scope="session")
async def kernel(shared: Stack) -> AsyncIterator[KubernetesExchangeKernel]:
    opened = kernel_of(shared)
    yield opened
    await opened.stop()


def named(stack: Stack, order: StandardOrder, name: str) -> StandardOrder:
    return order.model_copy(update={"intent_id": stack.named(name)})


# --- placing ---------------------------------------------------------------------------------------------------------


async def test_a_placed_order_is_at_the_venue_and_shown(shared: Stack, kernel: KubernetesExchangeKernel) -> None:
    intent_id = await kernel.place_order(LIMIT, {"why": "dip", "level": 3})

    order = await shared.exactly_one_order()
    state, intent = await kernel.get_order_state(intent_id), await kernel.get_order_intent(intent_id)
    assert (state.state, state.exchange_order_id) == (OrderStateName.OPEN, str(order["orderId"]))
    assert (state.quantity, state.price, state.filled_quantity) == (Decimal("0.01"), Decimal(50000), Decimal(0))
    assert intent.order == LIMIT.model_copy(
        update={"intent_id": intent_id, "submit_before": intent.order.submit_before}
    )
    assert intent.metadata == {"why": "dip", "level": "3"}


async def test_a_filled_order_returns_and_says_what_it_cost(kernel: KubernetesExchangeKernel) -> None:
    state = await kernel.get_order_state(await kernel.place_order(MARKET))
    assert (state.state, state.filled_quantity, state.remaining_quantity) == (
        OrderStateName.FILLED,
        Decimal("0.01"),
        Decimal(0),
    )
    assert state.average_price is not None
    assert state.cost == state.average_price * Decimal("0.01")
    assert set(state.fees) == {"BTC"}


async def test_an_order_that_expires_at_once_returns(kernel: KubernetesExchangeKernel) -> None:
    taken = LIMIT.model_copy(update={"time_in_force": TimeInForce.IOC})
    assert (await kernel.get_order_state(await kernel.place_order(taken))).state is OrderStateName.EXPIRED


async def test_the_same_intent_id_is_the_same_order(shared: Stack, kernel: KubernetesExchangeKernel) -> None:
    order = named(shared, LIMIT, "grid-1")
    assert await kernel.place_order(order) == await kernel.place_order(order) == shared.named("grid-1")
    await shared.exactly_one_order()
    with pytest.raises(ValidationError) as caught:
        await kernel.place_order(order.model_copy(update={"price": Decimal(49000)}))
    assert (caught.value.reason, caught.value.intent_id) == ("IdempotencyConflict", shared.named("grid-1"))
    await shared.exactly_one_order()


@pytest.mark.parametrize(
    ("changes", "source", "field"),
    [
        ({"price": None}, Source.ADMISSION, "spec"),
        ({"quantity": "0.0101234"}, Source.OPERATOR, ""),
        ({"symbol_id": "NOPE/USDT"}, Source.OPERATOR, ""),
    ],
)
async def test_a_wrong_order_is_refused_and_nothing_is_sent(
    shared: Stack, kernel: KubernetesExchangeKernel, changes: Json, source: Source, field: str
) -> None:
    wrong = StandardOrder.model_validate({**LIMIT.model_dump(), **changes})
    with pytest.raises(ValidationError) as caught:
        await kernel.place_order(wrong)
    assert (caught.value.source, caught.value.errors[0].field) == (source, field)
    await shared.no_order()


async def test_what_the_venue_refuses_is_an_error_with_its_words(shared: Stack) -> None:
    await shared.open_account("poor", funds={"USDT": "10"})
    await shared.account_ready("poor")
    poor = kernel_of(shared, "poor")
    with pytest.raises(ExchangeError, match="insufficient balance") as caught:
        await poor.place_order(LIMIT)
    assert (caught.value.outcome, caught.value.reason) == (Outcome.REJECTED, "InsufficientFunds")
    await poor.stop()


async def test_an_account_that_does_not_exist_is_told_and_the_order_never_sent(shared: Stack) -> None:
    lost = kernel_of(shared, "nobody")
    with pytest.raises(ValidationError) as caught:
        await lost.place_order(LIMIT)
    assert caught.value.reason == "AccountNotFound"
    assert (await lost.get_order_state(str(caught.value.intent_id))).state is OrderStateName.CANCELED
    await lost.stop()


async def test_an_unknown_outcome_gives_the_id_back_and_raises_nothing(shared: Stack) -> None:
    hasty = kernel_of(shared, timeout=4.0)
    match = {"method": "POST", "path": "/api/v3/order", "account": shared.named("main")}
    await shared.control.add_fault({"match": match, "at": "after_engine", "do": "delay", "delay_ms": 9000, "count": 1})
    intent_id = await hasty.place_order(MARKET)
    assert (await hasty.get_order_state(intent_id)).state in {OrderStateName.UNKNOWN, OrderStateName.SUBMITTING}

    async def found() -> bool:
        return (await hasty.get_order_state(intent_id)).state is OrderStateName.FILLED

    await eventually(found, what="the order is found", seconds=60)
    await shared.exactly_one_order()
    await hasty.stop()


async def test_a_time_out_gives_the_id_back(shared: Stack) -> None:
    await shared.patch_account({"spec": {"tradingState": "Halted"}})
    await shared.until_account("main", "Ready", "False")
    hasty = kernel_of(shared, timeout=1.0)
    intent_id = await hasty.place_order(LIMIT)
    assert (await hasty.get_order_state(intent_id)).state is OrderStateName.PENDING
    await hasty.stop()


async def test_lost_answers_of_the_api_server_change_latency_only(shared: Stack) -> None:
    proxy = await shared.api_proxy()
    lost: list[str] = []

    async def lose(request: Request, response: Response) -> Action | None:
        del response
        if request.method in {"POST", "PATCH"} and "/orderintents" in request.path and lost.count(request.method) < 2:
            lost.append(request.method)
            return Drop()
        return None

    proxy.after(lose)
    config = proxy.write_kubeconfig(shared.folder / f"{shared.prefix}client.kubeconfig")
    patient = kernel_of(shared, kubeconfig=config)
    intent_id = await patient.place_order(LIMIT)
    await patient.cancel_order(intent_id)
    assert (await patient.get_order_state(intent_id)).state is OrderStateName.CANCELED
    assert lost == ["POST", "POST", "PATCH", "PATCH"]
    await shared.exactly_one_order()
    await patient.stop()


async def test_a_silent_api_server_is_told_with_the_id_to_repeat(shared: Stack) -> None:
    proxy = await shared.api_proxy()

    async def drop(request: Request) -> Action | None:
        return Drop() if request.method == "POST" and "/orderintents" in request.path else None

    proxy.before(drop)
    config = proxy.write_kubeconfig(shared.folder / f"{shared.prefix}silent.kubeconfig")
    cut_off = kernel_of(shared, kubeconfig=config, timeout=2.0)
    with pytest.raises(KernelUnavailableError) as caught:
        await cut_off.place_order(LIMIT)
    await cut_off.stop()
    assert caught.value.retryable
    again = kernel_of(shared)
    intent_id = str(caught.value.intent_id)
    assert await again.place_order(LIMIT.model_copy(update={"intent_id": intent_id})) == intent_id
    await shared.exactly_one_order()
    await again.stop()


# --- changing --------------------------------------------------------------------------------------------------------


async def test_a_canceled_order_has_ended_when_the_call_returns(
    shared: Stack, kernel: KubernetesExchangeKernel
) -> None:
    intent_id = await kernel.place_order(LIMIT)
    await kernel.cancel_order(intent_id)
    assert (await kernel.get_order_state(intent_id)).state is OrderStateName.CANCELED
    assert (await shared.exactly_one_order())["status"] == "CANCELED"
    await kernel.cancel_order(intent_id)


async def test_the_cancel_of_a_filled_order_does_nothing(kernel: KubernetesExchangeKernel) -> None:
    intent_id = await kernel.place_order(MARKET)
    await kernel.cancel_order(intent_id)
    assert (await kernel.get_order_intent(intent_id)).desired_state.value == "Working"


async def test_a_modified_order_works_at_the_venue_with_its_new_values(
    shared: Stack, kernel: KubernetesExchangeKernel
) -> None:
    intent_id = await kernel.place_order(LIMIT)
    await kernel.modify_order(
        intent_id, LIMIT.model_copy(update={"price": Decimal(51000), "quantity": Decimal("0.02")})
    )
    working = [order for order in (await shared.truth()).orders if order["status"] == "NEW"]
    assert [(Decimal(order["price"]), Decimal(order["origQty"])) for order in working] == [
        (Decimal(51000), Decimal("0.02"))
    ]
    assert len((await kernel.get_order_state(intent_id)).previous_order_ids) == 1


async def test_a_change_of_something_else_is_refused(kernel: KubernetesExchangeKernel) -> None:
    intent_id = await kernel.place_order(LIMIT)
    with pytest.raises(ValidationError, match="side") as caught:
        await kernel.modify_order(intent_id, LIMIT.model_copy(update={"side": Side.SELL}))
    assert [error.field for error in caught.value.errors] == ["side"]


async def test_values_that_the_market_does_not_take_are_taken_back(
    shared: Stack, kernel: KubernetesExchangeKernel
) -> None:
    intent_id = await kernel.place_order(LIMIT)
    with pytest.raises(ValidationError) as caught:
        await kernel.modify_order(intent_id, LIMIT.model_copy(update={"quantity": Decimal("0.0101234")}))
    assert caught.value.source is Source.OPERATOR
    assert (await kernel.get_order_intent(intent_id)).order.quantity == Decimal("0.01")
    assert (await shared.exactly_one_order())["status"] == "NEW"


async def test_a_change_of_a_filled_order_is_refused(kernel: KubernetesExchangeKernel) -> None:
    intent_id = await kernel.place_order(MARKET)
    with pytest.raises((ValidationError, ExchangeError)):
        await kernel.modify_order(intent_id, MARKET.model_copy(update={"quantity": Decimal("0.02")}))


async def test_all_orders_of_the_account_are_canceled_and_counted(
    shared: Stack, kernel: KubernetesExchangeKernel
) -> None:
    await kernel.place_order(LIMIT)
    await kernel.place_order(LIMIT.model_copy(update={"symbol_id": "ETH/USDT", "price": Decimal(2000)}))
    await kernel.place_order(MARKET)
    bracket = StandardOrderGroup(orders=(MARKET, TARGET, STOP), mode=GroupType.BRACKET)
    await kernel.place_order_group(bracket)
    assert await kernel.cancel_all_orders("ETH/USDT") == 1
    await eventually(lambda: _exits_rest(kernel), what="the exits rest")
    assert await kernel.cancel_all_orders() == 3
    assert await kernel.cancel_all_orders() == 0
    assert [order for order in (await shared.truth()).orders if order["status"] == "NEW"] == []


async def _exits_rest(kernel: KubernetesExchangeKernel) -> bool:
    states = [state for state in await kernel.get_all_orders() if state.side is Side.SELL]
    return [state.exchange_order_id is not None for state in states] == [True, True]


async def test_what_is_not_confirmed_canceled_is_named(shared: Stack) -> None:
    hasty = kernel_of(shared, timeout=2.0)
    intent_id = await hasty.place_order(LIMIT)
    match = {"method": "DELETE", "path": "/api/v3/order", "account": shared.named("main")}
    await shared.control.add_fault({"match": match, "at": "before_engine", "do": "respond", "status": 503})
    with pytest.raises(CancelIncompleteError) as caught:
        await hasty.cancel_all_orders()
    assert (caught.value.canceled, caught.value.pending) == ((), (intent_id,))
    await shared.control.clear_faults()
    await hasty.stop()


# --- groups ----------------------------------------------------------------------------------------------------------


async def test_a_group_gives_its_legs_back_in_order(shared: Stack, kernel: KubernetesExchangeKernel) -> None:
    wanted = StandardOrderGroup(orders=(MARKET, TARGET, STOP), mode=GroupType.BRACKET, group_id=shared.named("trade"))
    ids = await kernel.place_order_group(wanted, {"why": "breakout"})
    name = shared.named("trade")
    assert ids == [f"{name}-entry", f"{name}-target", f"{name}-stop"] == await kernel.place_order_group(wanted)
    assert (await kernel.get_order_intent(ids[0])).group_id == name
    with pytest.raises(ValidationError, match="another group"):
        await kernel.place_order_group(wanted.model_copy(update={"mode": GroupType.OCO, "quantity": Decimal("0.01")}))


async def test_a_wrong_group_is_refused_and_nothing_is_sent(shared: Stack, kernel: KubernetesExchangeKernel) -> None:
    crossed = STOP.model_copy(update={"trigger_price": Decimal(61000)})
    with pytest.raises(ValidationError) as caught:
        await kernel.place_order_group(StandardOrderGroup(orders=(MARKET, TARGET, crossed), mode=GroupType.BRACKET))
    assert (caught.value.source, caught.value.reason) == (Source.OPERATOR, "TriggerAlreadyCrossed")
    other = STOP.model_copy(update={"symbol_id": "ETH/USDT"})
    with pytest.raises(ValidationError, match="one symbol"):
        await kernel.place_order_group(StandardOrderGroup(orders=(MARKET, TARGET, other), mode=GroupType.BRACKET))
    await shared.no_order()


# --- queries ---------------------------------------------------------------------------------------------------------


async def test_what_does_not_exist_is_not_found(kernel: KubernetesExchangeKernel) -> None:
    for call in (kernel.get_order_state, kernel.get_order_intent, kernel.cancel_order, kernel.force_reconciliation):
        with pytest.raises(NotFoundError):
            await call("nothing")
    with pytest.raises(NotPublishedError):
        await kernel.get_symbol_metadata(BTC)


async def test_markets_and_assets_are_told_as_they_are_published(
    shared: Stack, kernel: KubernetesExchangeKernel
) -> None:
    await shared.patch_account({"spec": {"markets": {"mode": "Selected", "symbols": [BTC, "ETH/USDT"]}}})

    async def published() -> bool:
        return await kernel.list_symbols() == [BTC, "ETH/USDT"]

    await eventually(published, what="the markets")
    found = await kernel.get_symbol_metadata(BTC)
    assert (found.base, found.quote, found.active, found.quantity_step) == ("BTC", "USDT", True, Decimal("0.00001"))
    assert OrderType.STOP_MARKET in found.order_types
    assert (await kernel.get_asset_metadata("BTC")).step == Decimal("0.00001")
    with pytest.raises(NotFoundError):
        await kernel.get_symbol_metadata("XRP/USDT")


async def test_the_account_tells_balances_and_positions(shared: Stack, kernel: KubernetesExchangeKernel) -> None:
    await kernel.place_order(MARKET)
    await shared.until_state_of_account()

    async def bought() -> bool:
        held = {position.asset: position.quantity for position in await kernel.get_positions()}
        return held.get("BTC") is not None and set(held).isdisjoint({"USDT"})

    await eventually(bought, what="the position")
    account = await kernel.get_account_state()
    assert (account.exchange_id, account.ready) == (shared.named("main"), True)
    (position,) = await kernel.get_positions(BTC)
    assert position.quantity == account.balances["BTC"].total
    assert position.entry_price is None


async def test_all_orders_and_intents_are_told_by_symbol(kernel: KubernetesExchangeKernel) -> None:
    first = await kernel.place_order(LIMIT)
    second = await kernel.place_order(LIMIT.model_copy(update={"symbol_id": "ETH/USDT", "price": Decimal(2000)}))
    assert {state.intent_id for state in await kernel.get_all_orders()} == {first, second}
    assert [intent.intent_id for intent in await kernel.get_all_intents("ETH/USDT")] == [second]


# --- events, health, control -----------------------------------------------------------------------------------------


async def test_events_tell_a_life_in_order(shared: Stack, kernel: KubernetesExchangeKernel) -> None:
    told: list[BaseEvent] = []
    old = await kernel.place_order(MARKET)
    kernel.subscribe_events(told.append)
    await kernel.start()
    assert told[-1].event_type is EventType.SNAPSHOT_COMPLETE
    assert {event.intent_id for event in told if event.replayed and event.intent_id is not None} == {old}
    told.clear()

    intent_id = await kernel.place_order(LIMIT)
    await shared.control.move_price("BTCUSDT", "49000")

    async def settled() -> bool:
        return any(event.event_type is EventType.ORDER_SETTLED for event in told if event.intent_id == intent_id)

    await eventually(settled, what="the fill")
    life = [event for event in told if event.intent_id == intent_id]
    fills = [event for event in life if isinstance(event, OrderFilled)]
    assert sum((fill.fill_quantity for fill in fills), Decimal(0)) == Decimal("0.01")
    assert life[0].event_type is EventType.ORDER_ACCEPTED
    assert life[-1].event_type is EventType.ORDER_SETTLED
    assert fills[-1].is_final
    assert len({event.event_id for event in told}) == len(told)


async def test_a_restarted_watch_tells_what_it_missed_once(shared: Stack) -> None:
    proxy = await shared.api_proxy()
    config = proxy.write_kubeconfig(shared.folder / f"{shared.prefix}watch.kubeconfig")
    watcher, trader = kernel_of(shared, kubeconfig=config), kernel_of(shared)
    told: list[BaseEvent] = []
    watcher.subscribe_events(told.append, {"event_type": {"OrderFilled"}})
    await watcher.start()
    cut: list[bool] = [True]

    async def refuse(request: Request) -> Action | None:
        return Drop() if cut[0] and request.path.endswith("/orderintents") else None

    proxy.before(refuse)
    proxy.cut()
    intent_id = await trader.place_order(MARKET)
    await asyncio.sleep(0.3)
    cut[0] = False

    async def heard() -> bool:
        return any(event.intent_id == intent_id for event in told)

    await eventually(heard, what="the fill in the gap")
    assert [event.intent_id for event in told] == [intent_id]
    await watcher.stop()
    await trader.stop()


async def test_health_and_metrics_are_told_and_health_never_raises(
    shared: Stack, kernel: KubernetesExchangeKernel
) -> None:
    assert kernel.get_reconciliation_metrics()["as_of"] is None
    await kernel.start()
    await kernel.place_order(MARKET)

    async def counted() -> bool:
        return kernel.get_reconciliation_metrics().get("placements") is not None

    await eventually(counted, what="the metrics")

    async def healthy() -> bool:
        return bool((await kernel.health_check())["status"] == "Healthy")

    await eventually(healthy, what="a healthy account")
    health = await kernel.health_check()
    assert (health["api_server"], health["account"]["ready"], health["account"]["trading_state"]) == (
        True,
        True,
        "Enabled",
    )
    assert health["watch_age_seconds"] is not None
    assert health["exchange_latency_ms"] >= 0
    assert abs(health["clock_skew_ms"]) < 5000, "venue and operator share this machine's clock"
    nowhere = kernel_of(shared, "nobody")
    assert (await nowhere.health_check())["status"] == "Unhealthy"
    lost = KubernetesExchangeKernel("main", kubeconfig=shared.folder / "no-such-file")
    assert (await lost.health_check())["api_server"] is False
    await nowhere.stop()


async def test_reconciliation_on_request_reads_the_venue_now(shared: Stack, kernel: KubernetesExchangeKernel) -> None:
    intent_id = await kernel.place_order(LIMIT)
    order = await shared.exactly_one_order()
    await shared.control.cancel(shared.named("main"), "BTCUSDT", order_id=order["orderId"])
    await kernel.force_reconciliation(intent_id)
    assert (await kernel.get_order_state(intent_id)).state is OrderStateName.CANCELED
    await kernel.force_reconciliation()


def test_an_exchange_id_names_an_account() -> None:
    assert KubernetesExchangeKernel("desk/main").exchange_id == "desk/main"
