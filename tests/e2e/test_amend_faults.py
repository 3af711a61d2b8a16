"""Amends while answers are lost, a side is away, two operators act, or fills cross the cancel: on the real stack.

Whatever happens, the newest wish works in the end, once, and the status has the fills of all orders.
"""

import asyncio
from decimal import Decimal
from typing import Any

import orjson
import pytest

from paper_exchange.config import Config
from support.amending import LIVE, all_orders, change, one_live, until_synced, working
from support.dialects import BINANCE, Target
from support.proxy import Action, Reply, Request, Response, Switch
from support.stack import Stack, condition, eventually

Json = Any
PATIENT = {"placement": {"startingDeadlineSeconds": 900}}
# S + R + M + 1 of this set-up is 22 s; the rest is for a machine that has much to do.
WAIT = 100.0
RECOVERY = 100.0  # the longest back-off is 30 s, and a sweep comes every minute
AWAY = 12.0  # longer than a request lives


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0, orders_per_10s=0)


# --- lost answers ----------------------------------------------------------------------------------------------------


async def _lose(stack: Stack, target: Target, at: str) -> str:
    match = {**target._asdict(), "account": stack.named("main")}
    return await stack.control.add_fault({"match": match, "at": at, "do": "drop", "count": 1})


async def _struck(stack: Stack, rule: str) -> bool:
    return rule in {entry["rule_id"] for entry in await stack.control.injections()}


async def _outcomes(stack: Stack, name: str = "buy") -> list[str]:
    """What the receipt says of each placement."""
    held = {receipt["identity"]["key"]: receipt for receipt in await stack.receipts()}
    return [entry["outcome"] for entry in held[stack.named(name)]["placements"]]


async def test_an_order_whose_cancel_was_not_answered_is_read_back_and_replaced(shared: Stack) -> None:
    await working(shared)
    rule = await _lose(shared, BINANCE.cancel, "after_engine")
    await change(shared, price="21000")
    await until_synced(shared, "buy", "21000", "0.01", WAIT)
    assert await _struck(shared, rule)
    assert len(await one_live(shared, "21000", "0.01")) == 2


async def test_a_cancel_that_never_arrived_is_sent_again(shared: Stack) -> None:
    await working(shared)
    rule = await _lose(shared, BINANCE.cancel, "before_engine")
    await change(shared, price="21000")
    await until_synced(shared, "buy", "21000", "0.01", WAIT)
    assert await _struck(shared, rule)
    assert len(await one_live(shared, "21000", "0.01")) == 2


async def test_a_replacement_that_was_not_answered_is_found_and_adopted(shared: Stack) -> None:
    await working(shared, **PATIENT)
    rule = await _lose(shared, BINANCE.create, "after_engine")
    await change(shared, price="21000")
    await until_synced(shared, "buy", "21000", "0.01", WAIT)
    assert await _struck(shared, rule)
    assert await _outcomes(shared) == ["Placed", "Placed"]
    assert len(await one_live(shared, "21000", "0.01")) == 2


async def test_a_replacement_that_never_arrived_is_sent_again_behind_the_fence(shared: Stack) -> None:
    await working(shared, **PATIENT)
    rule = await _lose(shared, BINANCE.create, "before_engine")
    await change(shared, price="21000")
    await shared.until_state("buy", "Unknown")
    assert not [order for order in await all_orders(shared) if order["status"] in LIVE]
    await until_synced(shared, "buy", "21000", "0.01", WAIT)
    assert await _struck(shared, rule)
    assert await _outcomes(shared) == ["Placed", "Absent", "Placed"]
    assert len(await one_live(shared, "21000", "0.01")) == 2


# --- outages ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("away", ["venue", "api", "venue and api"])
async def test_an_amend_goes_on_after_a_side_was_away_from_its_cancel_on(stack: Stack, away: str) -> None:
    """The venue has carried the cancel out; its answer, and everything after it, is lost for a while."""
    api, venue = await stack.api_proxy(), await stack.venue_proxy()
    switches = [side for name, side in (("api", Switch(api)), ("venue", Switch(venue))) if name in away]
    config = api.write_kubeconfig(stack.folder / "proxied.kubeconfig")
    await stack.start_operator(kubeconfig=config, allowed_endpoints=venue.url)
    await stack.open_account(endpoint=venue.url)
    await stack.account_ready()
    await working(stack, **PATIENT)
    canceled = asyncio.Event()

    async def cut(request: Request, _: Response) -> None:
        if request.method == "DELETE" and not canceled.is_set():
            canceled.set()
            for switch in switches:
                switch.off = True

    venue.after(cut)
    await change(stack, price="21000")
    await asyncio.wait_for(canceled.wait(), 40)
    await asyncio.sleep(AWAY)
    assert [order["status"] for order in await all_orders(stack)] == ["CANCELED"], "nothing is sent without a record"
    for switch in switches:
        switch.off = False
    await until_synced(stack, "buy", "21000", "0.01", RECOVERY)
    assert len(await one_live(stack, "21000", "0.01")) == 2


# --- two operators ---------------------------------------------------------------------------------------------------

ORDERS, ROUNDS = 6, 4


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_two_active_operators_amend_without_ever_having_two_orders_live(stack: Stack) -> None:
    for operator in (stack.operator(), stack.operator()):
        operator.launch()
        await operator.until_ready()
    await stack.open_account()
    await stack.account_ready()
    names = [f"o{number}" for number in range(ORDERS)]
    await asyncio.gather(*(working(stack, name, **PATIENT) for name in names))
    most, watching = 0, True

    async def watch() -> None:
        nonlocal most
        while watching:
            most = max(most, sum(order["status"] in LIVE for order in (await stack.truth()).orders))
            await asyncio.sleep(0.02)

    watcher = asyncio.create_task(watch())
    for turn in range(1, ROUNDS + 1):
        price = str(20000 + 100 * turn)
        await asyncio.gather(*(change(stack, name, price=price) for name in names))
        if turn % 2 == 0:  # every other wish comes while the one before is being carried out
            await asyncio.gather(*(until_synced(stack, name, price, "0.01", WAIT) for name in names))
    watching = False
    await watcher
    assert most <= ORDERS
    orders = (await stack.truth()).orders
    assert [Decimal(order["price"]) for order in orders if order["status"] in LIVE] == [20000 + 100 * ROUNDS] * ORDERS
    known = {(await stack.intent(name))["status"]["exchangeOrderId"] for name in names}
    assert known == {str(order["orderId"]) for order in orders if order["status"] in LIVE}


# --- fills that cross the cancel -------------------------------------------------------------------------------------


async def _behind_a_proxy(stack: Stack) -> Any:  # noqa: ANN401 - Proxy
    venue = await stack.venue_proxy()
    await stack.start_operator(allowed_endpoints=venue.url)
    await stack.open_account(endpoint=venue.url)
    await stack.account_ready()
    return venue


@pytest.mark.slow
async def test_an_order_that_is_filled_before_its_cancel_arrives_is_too_late_to_be_raised(stack: Stack) -> None:
    venue = await _behind_a_proxy(stack)
    await working(stack)

    async def fall(request: Request) -> None:
        if request.method == "DELETE":
            await stack.control.move_price("BTCUSDT", "19000")

    venue.before(fall)
    await change(stack, quantity="0.02")
    obj = await stack.until_state("buy", "Filled")
    assert condition(obj, "Synced") == ("False", "TooLateToAmend")
    assert Decimal(obj["status"]["filledQuantity"]) == Decimal("0.01")
    assert [order["status"] for order in await all_orders(stack)] == ["FILLED"]


class _LateFills:
    """A venue that tells of the fills of canceled orders only after a while, as some do.

    Between the fill and the cancel it does not tell either: the operator hears of the fill, and may ask in time.
    """

    def __init__(self) -> None:
        self.silent = True
        self.hidden = 0

    async def __call__(self, request: Request, response: Response) -> Action | None:
        asks = request.method == "GET" and request.path in {"/api/v3/order", "/api/v3/openOrders"}
        if not (self.silent and asks and response.status == 200):
            return None
        told = orjson.loads(response.body)
        for row in told if isinstance(told, list) else [told]:
            self._hide(row)
        return Reply(200, orjson.dumps(told), {"Content-Type": "application/json"})

    def _hide(self, row: dict[str, Any]) -> None:
        unfilled = {"PARTIALLY_FILLED": "NEW", "CANCELED": "CANCELED"}
        if row["status"] not in unfilled or Decimal(row["executedQty"]) == 0:
            return
        self.hidden += row["status"] == "CANCELED"
        row |= {
            "status": unfilled[row["status"]],
            "executedQty": "0.00000000",
            "cummulativeQuoteQty": "0.00000000",
        }


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_a_fill_that_shows_after_the_cancel_makes_the_rest_smaller(stack: Stack) -> None:
    """It crossed the cancel, and was told after the new order was placed: the sum stays what was wished."""
    venue = await _behind_a_proxy(stack)
    await stack.open_account("other", endpoint=venue.url)
    await stack.account_ready("other")
    await working(stack, symbol="ETH/USDT", quantity="2", price="3000", **PATIENT)
    crossing = asyncio.Event()

    async def cross(request: Request) -> None:
        if request.method == "DELETE" and not crossing.is_set():
            crossing.set()
            await stack.order("other", account="other", symbol="ETH/USDT", side="Sell", quantity="0.5", price="3000")
            await stack.until_state("other", "Filled")

    late = _LateFills()
    venue.before(cross)
    venue.after(late)
    await change(stack, price="2800")

    async def replaced() -> bool:
        return len(await all_orders(stack)) == 2

    await eventually(replaced, what="the order is replaced")
    old, new = await all_orders(stack)
    filled = Decimal(old["executedQty"])
    assert old["status"] == "CANCELED"
    assert filled == Decimal("0.5")
    assert late.hidden
    assert Decimal(new["origQty"]) == 2, "nobody could know of the fill"
    late.silent = False
    counted = "the late fill is counted"
    await stack.until("buy", lambda obj: Decimal(obj["status"]["filledQuantity"]) == filled, what=counted, seconds=WAIT)
    await until_synced(stack, "buy", "2800", "2", WAIT)
    last = (await all_orders(stack))[-1]
    assert (last["status"], Decimal(last["origQty"])) == ("NEW", 2 - filled)
    assert sum(order["status"] in LIVE for order in await all_orders(stack)) == 1
