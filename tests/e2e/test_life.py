"""The life of orders, from the apply to the end, as users and the venue see it."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.api.meta import ANNOTATION_PAUSED, FINALIZER_CANCEL_ORDER
from exchange_kernel.kube.errors import NotFound
from exchange_kernel.kube.resources import INTENTS
from paper_exchange.model import OrderType, Side, TimeInForce
from paper_exchange.order_commands import CancelOrder, PlaceOrder
from paper_exchange.replies import OrderPlaced
from paper_exchange.units import parse_amount
from support.dialects import on_both_venues
from support.stack import Stack, condition, eventually

Json = Any
pytestmark = on_both_venues


def kstatus(obj: Json) -> str:
    """What Flux, Argo CD and kpt make of an object (sigs.k8s.io/cli-utils, pkg/kstatus, generic rules)."""
    status = obj.get("status", {})
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    if status.get("observedGeneration") != obj["metadata"]["generation"] or condition(obj, "Reconciling")[0] == "True":
        return "InProgress"
    if condition(obj, "Stalled")[0] == "True":
        return "Failed"
    return "Current" if condition(obj, "Ready")[0] == "True" else "InProgress"


async def test_a_limit_order_rests_and_is_filled_when_the_price_gets_there(shared: Stack) -> None:
    await shared.order("buy", symbol="ETH/USDT", quantity="0.5", price="2900")
    resting = await shared.until_state("buy", "Open")
    assert condition(resting, "Ready") == ("True", "Working")
    assert condition(resting, "Placed")[0] == "True"
    assert condition(resting, "Completed") == ("False", "NotEnded")
    await shared.control.move_price("ETHUSDT", "2850")
    status = (await shared.until_condition("buy", "Completed", "True"))["status"]
    assert status["state"] == "Filled"
    assert Decimal(status["filledQuantity"]) == Decimal("0.5")
    assert Decimal(status["averagePrice"]) == 2900
    assert Decimal(status["cost"]) == 1450
    assert Decimal(status["remainingQuantity"]) == 0
    assert status["settled"] is True
    assert status["tradeCount"] == len(status["recentTrades"]) >= 1
    fees = {fee["currency"]: Decimal(fee["amount"]) for fee in status["fees"]}
    # 0.1 % of what was paid, or of what was bought.
    assert fees == ({"USDT": Decimal("1.45")} if shared.dialect.fees_in_quote else {"ETH": Decimal("0.0005")})
    order = await shared.exactly_one_order()
    ids = (shared.dialect.order_id(order), order["clientOrderId"])
    assert ids == (status["exchangeOrderId"], status["clientOrderId"])


async def test_a_market_order_by_quantity_is_filled_at_once(shared: Stack) -> None:
    await shared.order("sell", side="Sell", type="Market", quantity="0.002")
    status = (await shared.until_condition("sell", "Completed", "True"))["status"]
    assert (status["state"], Decimal(status["filledQuantity"])) == ("Filled", Decimal("0.002"))
    assert [fee["currency"] for fee in status["fees"]] == ["USDT"]
    await shared.exactly_one_order()


async def test_a_market_order_by_quote_quantity_spends_no_more_than_that(shared: Stack) -> None:
    await shared.order("buy", type="Market", quoteQuantity="100")
    status = (await shared.until_condition("buy", "Completed", "True"))["status"]
    assert status["state"] == "Filled"
    assert Decimal(99) < Decimal(status["cost"]) <= 100
    assert Decimal((await shared.exactly_one_order())["origQuoteOrderQty"]) == 100


async def test_an_ioc_order_takes_what_is_there_and_ends(shared: Stack) -> None:
    await shared.order("buy", symbol="ETH/USDT", timeInForce="IOC", quantity="2", price="3000.30")
    obj = await shared.until_state("buy", "Expired")
    assert condition(obj, "Ready") == ("True", "ImmediatePartDone")
    assert 0 < Decimal(obj["status"]["filledQuantity"]) < 2
    assert (await shared.exactly_one_order())["status"] == "EXPIRED"


async def test_a_fok_order_that_cannot_be_filled_whole_is_not_filled_at_all(shared: Stack) -> None:
    await shared.order("whole", symbol="ETH/USDT", timeInForce="FOK", quantity="0.1", price="3010")
    if not shared.dialect.has_fok:
        obj = await shared.until_state("whole", "Denied")
        assert condition(obj, "Stalled")[0] == "True"
        await shared.no_order()
        return
    await shared.until_state("whole", "Filled")
    await shared.order("much", symbol="ETH/USDT", timeInForce="FOK", quantity="50", price="3000.30")
    obj = await shared.until_state("much", "Expired")
    assert Decimal(obj["status"]["filledQuantity"]) == 0
    assert condition(obj, "Stalled") == ("True", "Expired")


async def test_a_post_only_order_that_would_take_is_rejected_in_the_venues_words(shared: Stack) -> None:
    await shared.order("buy", postOnly=True, price="61000")
    obj = await shared.until_state("buy", "Rejected")
    assert shared.dialect.would_take in obj["status"]["message"]
    assert kstatus(obj) == "Failed"
    assert (await shared.truth()).orders == ()
    assert len(await shared.order_requests()) == 1


async def test_an_order_without_funds_is_rejected_and_others_go_on(shared: Stack) -> None:
    await shared.order("rich", price="59000", quantity="100")
    await shared.order("poor", price="20000")
    obj = await shared.until_state("rich", "Rejected")
    assert shared.dialect.no_funds in obj["status"]["message"]
    await shared.until_state("poor", "Open")
    assert len((await shared.truth()).orders) == 1


async def test_a_partly_filled_order_that_is_canceled_keeps_its_fill(shared: Stack) -> None:
    await shared.order("buy", symbol="ETH/USDT", quantity="2", price="3000.30")
    obj = await shared.until_state("buy", "PartiallyFilled")
    filled = Decimal(obj["status"]["filledQuantity"])
    assert 0 < filled < 2
    assert Decimal(obj["status"]["remainingQuantity"]) == 2 - filled
    await shared.cancel("buy")
    obj = await shared.until_state("buy", "Canceled")
    assert Decimal(obj["status"]["filledQuantity"]) == filled
    assert Decimal((await shared.exactly_one_order())["executedQty"]) == filled


async def test_desired_state_canceled_cancels_at_the_venue(shared: Stack) -> None:
    await shared.order("buy")
    await shared.until_state("buy", "Open")
    await shared.cancel("buy")
    obj = await shared.until_state("buy", "Canceled")
    assert condition(obj, "Ready") == ("True", "Canceled")
    assert obj["status"].get("pendingCommand", "None") == "None"
    assert (await shared.exactly_one_order())["status"] == "CANCELED"


async def test_delete_waits_until_the_cancel_is_read_back(shared: Stack) -> None:
    await shared.order("buy")
    await shared.until_state("buy", "Open")
    match = {**shared.dialect.cancel._asdict(), "account": shared.named("main")}
    rule = await shared.control.add_fault({"match": match, "at": "before_engine", "do": "drop"})
    await shared.delete("buy")
    await shared.until("buy", lambda obj: obj["status"].get("pendingCommand") == "Cancel", what="a pending cancel")
    obj = await shared.intent("buy")
    assert obj["metadata"]["deletionTimestamp"]
    assert FINALIZER_CANCEL_ORDER in obj["metadata"]["finalizers"]
    assert (await shared.exactly_one_order())["status"] == "NEW"
    await shared.control.remove_fault(rule)
    await shared.until_gone("buy")
    assert (await shared.exactly_one_order())["status"] == "CANCELED"


async def test_an_order_that_somebody_cancels_at_the_venue_is_reported_and_not_placed_again(shared: Stack) -> None:
    await shared.order("buy")
    placed = await shared.until_state("buy", "Open")
    client_id = placed["status"]["clientOrderId"]
    await shared.control.cancel(shared.named("main"), "BTCUSDT", client_order_id=client_id)
    obj = await shared.until_state("buy", "Canceled")
    assert condition(obj, "Stalled") == ("True", "CanceledExternally")
    await shared.annotate(INTENTS, "buy", "exchangekernel.dev/reconcile-requested-at", "now")
    await asyncio.sleep(2)
    await shared.exactly_one_order()


async def test_deleting_a_filled_order_asks_nothing_of_the_venue(shared: Stack) -> None:
    await shared.order("buy", type="Market", quantity="0.001")
    await shared.until_condition("buy", "Completed", "True")
    await shared.delete("buy")
    await shared.until_gone("buy")
    canceled = (await shared.control.requests()).to(*shared.dialect.cancel)
    assert [entry for entry in canceled if entry["account"] == shared.named("main")] == []
    assert (await shared.exactly_one_order())["status"] == "FILLED"


async def test_deletion_policy_orphan_leaves_the_order_at_the_venue(shared: Stack) -> None:
    await shared.order("buy", deletionPolicy="Orphan")
    await shared.until_state("buy", "Open")
    await shared.delete("buy")
    await shared.until_gone("buy")
    assert (await shared.exactly_one_order())["status"] == "NEW"


async def test_kubectl_can_wait_for_the_order_and_for_its_end(shared: Stack) -> None:
    await shared.order("rest")
    await shared.order("now", type="Market", quantity="0.001")
    await shared.kubectl("wait", "--for=condition=Ready", "--timeout=30s", f"oi/{shared.named('rest')}")
    await shared.kubectl("wait", "--for=condition=Completed", "--timeout=30s", f"oi/{shared.named('now')}")
    line = (await shared.kubectl("get", "oi", shared.named("now"), "--no-headers")).split()
    assert line[1:6] == [shared.named("main"), "BTC/USDT", "Buy", "Market", "0.001"]
    assert "Filled" in line


async def test_gitops_tools_see_working_orders_as_current_and_refused_ones_as_failed(shared: Stack) -> None:
    await shared.order("rest")
    await shared.order("taker", postOnly=True, price="61000")
    await shared.order("wrong", quantity="0.0000001")
    await shared.order("later", suspend=True)
    assert kstatus(await shared.until_state("rest", "Open")) == "Current"
    assert kstatus(await shared.until_state("taker", "Rejected")) == "Failed"
    assert kstatus(await shared.until_state("wrong", "Denied")) == "Failed"
    assert kstatus(await shared.until_condition("later", "Ready", "False", "Suspended")) == "InProgress"
    for name in ("rest", "taker", "wrong"):
        obj = await shared.intent(name)
        assert not (condition(obj, "Stalled")[0] == condition(obj, "Reconciling")[0] == "True")
        assert obj["status"]["observedGeneration"] == obj["metadata"]["generation"]


async def test_an_intent_with_a_ttl_goes_after_its_order_has_ended(shared: Stack) -> None:
    await shared.order("buy", type="Market", quantity="0.001", ttlSecondsAfterFinished=1)
    await shared.until_gone("buy")
    assert (await shared.exactly_one_order())["status"] == "FILLED"
    await shared.order("rest", ttlSecondsAfterFinished=0)
    await shared.until_state("rest", "Open")


@pytest.mark.parametrize("how", ["suspend", "annotation"])
async def test_an_order_that_is_held_back_is_sent_when_it_is_let_go(shared: Stack, how: str) -> None:
    body = shared.intent_manifest("buy", suspend=True if how == "suspend" else None)
    if how == "annotation":
        body["metadata"]["annotations"] = {ANNOTATION_PAUSED: "true"}
    await shared.api.create(INTENTS, shared.namespace, body)
    reason = {"suspend": "Suspended", "annotation": "Paused"}[how]
    await shared.until_condition("buy", "Ready", "False", reason)
    await asyncio.sleep(1)
    await shared.no_order()
    if how == "suspend":
        await shared.patch_intent("buy", {"spec": {"suspend": False}})
    else:
        await shared.annotate(INTENTS, "buy", ANNOTATION_PAUSED, None)
    await shared.until_state("buy", "Open")
    await shared.exactly_one_order()


async def test_an_order_that_was_held_back_beyond_its_deadline_expires_unsent(shared: Stack) -> None:
    await shared.order("buy", suspend=True, placement={"startingDeadlineSeconds": 1})
    await shared.until(
        "buy", lambda obj: obj["status"].get("state") in {"Pending", "Expired"}, what="seen by the operator"
    )
    await asyncio.sleep(1.5)
    await shared.patch_intent("buy", {"spec": {"suspend": False}})
    obj = await shared.until_state("buy", "Expired")
    assert condition(obj, "Stalled") == ("True", "DeadlinePassed")
    assert condition(obj, "Completed")[0] == "True"
    await shared.no_order()


async def test_an_order_whose_submit_before_has_passed_expires_unsent(shared: Stack) -> None:
    await shared.order("buy", placement={"policy": "CreateOnly", "submitBefore": "2020-01-01T00:00:00Z"})
    obj = await shared.until_state("buy", "Expired")
    assert "submitBefore" in obj["status"]["message"]
    await shared.no_order()


async def test_create_only_places_without_asking_for_the_order_first(shared: Stack) -> None:
    await shared.order("buy", placement={"policy": "CreateOnly", "submitBefore": "2099-01-01T00:00:00Z"})
    await shared.until_state("buy", "Open")
    await shared.exactly_one_order()


async def test_adopt_only_never_creates(shared: Stack) -> None:
    await shared.order("buy", placement={"policy": "AdoptOnly"})
    obj = await shared.until_condition("buy", "Stalled", "True", "NothingToAdopt")
    assert obj["status"]["state"] == "Pending"
    await shared.no_order()


async def test_a_quantity_off_the_grid_is_rounded_only_when_the_spec_allows_it(shared: Stack) -> None:
    await shared.order("round", quantity="0.0123456", price="20000.017", roundingPolicy="Conservative")
    obj = await shared.until_state("round", "Open")
    normalized = {name: Decimal(value) for name, value in obj["status"]["normalized"].items()}
    assert normalized == {"quantity": Decimal("0.01234"), "price": Decimal("20000.01")}
    await shared.order("strict", quantity="0.0123456")
    obj = await shared.until_state("strict", "Denied")
    assert "0.01234 or 0.01235" in obj["status"]["message"]
    await shared.exactly_one_order()


async def _number(stack: Stack, obj: Json) -> int:
    """The number of an order in its market, by the venue's books."""
    (order,) = (await stack.truth()).named(obj["status"]["clientOrderId"])
    return int(order["orderId"])


async def _count_up(stack: Stack, symbol: str, price: str, quantity: str, orders: int) -> None:
    """Somebody else's orders use up the numbers in between: what other tests have done to the markets lies there."""
    other = stack.named("other")
    await stack.control.create_account(other, {"USDT": "100000000"})
    for _ in range(orders):
        placed = stack.venue.venue.submit(
            PlaceOrder(
                account=other,
                symbol=symbol,
                side=Side.BUY,
                type=OrderType.LIMIT,
                time_in_force=TimeInForce.GTC,
                quantity=parse_amount(quantity),
                price=parse_amount(price),
            )
        )
        assert isinstance(placed, OrderPlaced), placed
        stack.venue.venue.submit(CancelOrder(account=other, symbol=symbol, order_id=placed.order.order_id))


async def test_orders_of_two_markets_with_the_same_number_are_not_mixed_up(shared: Stack) -> None:
    """Venues count per symbol, and where that is what names an order, two may have the same exchange order id."""
    await shared.order("btc", symbol="BTC/USDT", quantity="0.01", price="20000")
    await shared.order("eth", symbol="ETH/USDT", quantity="0.5", price="2000")
    btc, eth = await shared.until_state("btc", "Open"), await shared.until_state("eth", "Open")
    ids = {"BTCUSDT": await _number(shared, btc), "ETHUSDT": await _number(shared, eth)}
    lower, higher = sorted(ids, key=ids.__getitem__)
    names = {"BTCUSDT": ("btc", "BTC/USDT", "20000", "0.01"), "ETHUSDT": ("eth", "ETH/USDT", "2000", "0.5")}
    name, symbol, price, quantity = names[lower]
    await _count_up(shared, lower, price, quantity, ids[higher] - ids[lower] - 1)
    if ids[lower] < ids[higher]:
        name = "more"
        await shared.order(name, symbol=symbol, price=price, quantity=quantity)
    reached = await _number(shared, await shared.until_state(name, "Open"))
    assert reached == ids[higher]
    await shared.cancel(name)
    await shared.until_state(name, "Canceled")
    await asyncio.sleep(2.5)  # two bulk reads
    other = await shared.intent(names[higher][0])
    assert other["status"]["state"] == "Open"
    assert len({order["symbol"] for order in (await shared.truth()).orders}) == 2


async def test_the_account_state_shows_balances_and_orders_that_nobody_manages(shared: Stack) -> None:
    await shared.order("buy", deletionPolicy="Orphan")
    await shared.order("other", quantity="0.020")
    await shared.until_state("buy", "Open")
    await shared.until_state("other", "Open")

    async def counts() -> tuple[int, int]:
        try:
            state = await shared.state_of_account()
        except NotFound:  # it is written a moment after the account is ready
            return -1, -1
        return state["openOrders"], state["unmanagedOrders"]["count"]

    async def managed() -> bool:
        return await counts() == (2, 0)

    async def unmanaged() -> bool:
        return await counts() == (1, 1)

    await eventually(managed, what="two orders, both managed")
    balances = {row["asset"]: row for row in (await shared.state_of_account())["balances"]}
    # A fee that comes on top of the price is set aside with it.
    assert Decimal(balances["USDT"]["locked"]) == (Decimal("600.6") if shared.dialect.fees_in_quote else 600)
    await shared.delete("buy")
    await shared.until_gone("buy")
    await eventually(unmanaged, what="one managed and one unmanaged")
