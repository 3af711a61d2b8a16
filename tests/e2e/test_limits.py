"""An account's limits on the real stack: what they deny, what they let pass, and how orders share the places."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.kube.errors import NotFound
from exchange_kernel.kube.resources import ACCOUNTS
from support.stack import Stack, condition, eventually

Json = Any
BTC = "BTCUSDT"
PATIENT = {"startingDeadlineSeconds": 600}


async def limited(stack: Stack, **limits: Json) -> None:
    """An account beside the shared one; its orders name it `small`."""
    await stack.control.move_price(BTC, "60000")
    await stack.open_account("small", limits=limits)
    await stack.account_ready("small")


async def denied(stack: Stack, name: str, **spec: Json) -> str:
    await stack.order(name, "small", **spec)
    obj = await stack.until_state(name, "Denied")
    assert condition(obj, "Accepted") == ("False", "LimitExceeded")
    message: str = obj["status"]["message"]
    return message


async def placed(stack: Stack, name: str, state: str, **spec: Json) -> None:
    await stack.order(name, "small", **spec)
    await stack.until_state(name, state)


async def test_an_order_above_the_largest_is_denied_and_an_exit_is_not(shared: Stack) -> None:
    await limited(shared, maxNotional=[{"currency": "USDT", "perOrder": "300"}])
    assert "worth 300.01 USDT" in await denied(shared, "limit", quantity="0.01", price="30001")
    assert "worth 300.01 USDT" in await denied(shared, "by-quote", type="Market", quantity=None, quoteQuantity="300.01")
    assert "worth 600 USDT" in await denied(shared, "market", type="Market")
    assert "worth 620 USDT" in await denied(shared, "stop", type="StopMarket", price=None, triggerPrice="62000")
    await shared.no_order("small")
    await placed(shared, "allowed", "Open", quantity="0.01", price="30000")
    await placed(shared, "by-market", "Filled", type="Market", quantity="0.004")
    await placed(shared, "exit", "Filled", side="Sell", type="Market", quantity="0.05")
    await placed(shared, "protection", "Untriggered", side="Sell", type="StopMarket", price=None, triggerPrice="50000")


async def test_currencies_and_symbols_that_are_not_listed_are_denied(shared: Stack) -> None:
    await limited(
        shared, maxNotional=[{"currency": "USDT", "perOrder": "1000"}], allowedSymbols=["BTC/USDT", "ETH/BTC"]
    )
    assert "none in BTC" in await denied(shared, "cross", symbol="ETH/BTC", quantity="1", price="0.01")
    assert "do not allow ETH/USDT" in await denied(shared, "other", symbol="ETH/USDT", price="1000", quantity="0.1")
    await placed(shared, "exit", "Filled", symbol="ETH/USDT", side="Sell", type="Market", quantity="0.1")
    await placed(shared, "listed", "Open")


async def test_a_limit_price_beyond_the_collar_is_denied(shared: Stack) -> None:
    await limited(shared, priceCollarPercent="1")
    assert "write 60600 or less" in await denied(shared, "far", price="60600.01")
    await placed(shared, "near", "Filled", price="60600")
    await placed(shared, "below", "Open", price="20000")
    await placed(shared, "stop", "Untriggered", type="StopLimit", triggerPrice="65000", price="65650")
    assert "triggerPrice (65000)" in await denied(
        shared, "stop-far", type="StopLimit", triggerPrice="65000", price="65650.01"
    )


async def test_orders_at_once_share_the_places_and_a_free_place_is_taken(shared: Stack) -> None:
    await limited(shared, maxOpenOrders=3)
    names = [f"o{number}" for number in range(8)]
    for name in names:
        await shared.order(name, "small", placement=PATIENT)

    async def waiting() -> list[str]:
        return [name for name in names if condition(await shared.intent(name), "Ready")[1] == "OpenOrdersLimit"]

    async def five_wait() -> bool:
        return len(await waiting()) == 5

    async def three_work() -> bool:
        orders = (await shared.truth("small")).orders
        return sum(order["status"] == "NEW" for order in orders) == 3

    await eventually(five_wait, what="five of eight orders wait")
    await eventually(three_work, what="three orders work")
    assert len((await shared.truth("small")).orders) == 3
    await placed(shared, "exit", "Open", side="Sell", price="90000")
    still = await waiting()
    open_one, second, _ = (name for name in names if name not in still)
    await shared.cancel(open_one)
    await shared.until_state(open_one, "Canceled")

    assert await waiting() == still  # the exit holds a place too, so that none is free yet
    await shared.cancel(second)

    async def four_wait() -> bool:
        return len(await waiting()) == 4

    await eventually(four_wait, what="the place that is free is taken by one")
    await eventually(three_work, what="three orders work again")


async def test_an_order_that_waits_for_a_place_expires_unsent(shared: Stack) -> None:
    await limited(shared, maxOpenOrders=1)
    await placed(shared, "first", "Open")
    await shared.order("second", "small", placement={"startingDeadlineSeconds": 3})
    expired = await shared.until_state("second", "Expired")
    assert condition(expired, "Stalled") == ("True", "DeadlinePassed")
    assert len((await shared.truth("small")).orders) == 1


async def test_a_limit_that_is_lifted_lets_a_corrected_order_pass(shared: Stack) -> None:
    await limited(shared, maxNotional=[{"currency": "USDT", "perOrder": "100"}])
    await denied(shared, "order", quantity="0.01", price="20000")
    lifted = {"maxNotional": [{"currency": "USDT", "perOrder": "200"}]}
    await shared.patch_account({"spec": {"limits": lifted}}, "small")
    await shared.patch_intent("order", {"spec": {"price": "19999"}})
    obj = await shared.until_state("order", "Open")
    assert Decimal(obj["status"]["normalized"]["price"]) == 19999


@pytest.mark.parametrize("limits", [{"maxNotional": [{"currency": "USDT", "perOrder": "100000"}]}])
async def test_an_account_with_limits_is_ready_and_says_nothing_is_missing(shared: Stack, limits: Json) -> None:
    await limited(shared, **limits)
    account = await shared.account_ready("small")
    assert condition(account, "Ready") == ("True", "Trading")


BRACKET = [
    {"name": "entry", "role": "Entry", "side": "Buy", "type": "Limit", "price": "59000", "quantity": "0.01"},
    {"name": "target", "role": "TakeProfit", "side": "Sell", "type": "Limit", "price": "66000"},
    {"name": "stop", "role": "StopLoss", "side": "Sell", "type": "StopMarket", "triggerPrice": "54000"},
]
SHORT = [
    {"name": "entry", "role": "Entry", "side": "Sell", "type": "Limit", "price": "61000", "quantity": "0.01"},
    {"name": "target", "role": "TakeProfit", "side": "Buy", "type": "Limit", "price": "55000"},
    {"name": "stop", "role": "StopLoss", "side": "Buy", "type": "StopMarket", "triggerPrice": "66000"},
]


async def exists(stack: Stack, name: str) -> None:
    """The OrderIntent of a leg is there."""

    async def there() -> bool:
        with suppress(NotFound):
            return bool(await stack.intent(name))
        return False

    await eventually(there, what=f"{name} exists")


async def waits_for_places(stack: Stack, name: str) -> str:
    await exists(stack, name)

    async def waits() -> bool:
        return condition(await stack.intent(name), "Ready")[1] == "OpenOrdersLimit"

    await eventually(waits, what=f"{name} waits for places")
    message: str = (await stack.intent(name))["status"]["message"]
    return message


async def test_an_entry_is_not_sent_while_the_venue_has_no_place_for_its_stop(shared: Stack) -> None:
    await limited(shared)
    stops = {"side": "Sell", "type": "StopMarket", "price": None, "quantity": "0.001"}
    for number in range(5):
        await placed(shared, f"s{number}", "Untriggered", **stops, triggerPrice=f"{50000 + number}")
    await shared.group("trade", BRACKET, "small", placement=PATIENT)
    assert "takes 5 open orders that wait for a price" in await waits_for_places(shared, "trade-entry")
    assert len((await shared.truth("small")).orders) == 5
    await shared.cancel("s0")
    await shared.until_state("trade-entry", "Open")
    # The place is kept from now on: another order that adds exposure does not get it.
    await shared.order("late", "small", type="StopMarket", price=None, triggerPrice="70000", placement=PATIENT)
    await waits_for_places(shared, "late")
    await shared.control.move_price(BTC, "58000")
    await shared.until_protected("trade")


async def test_exits_that_buy_find_the_places_that_were_kept_for_them(shared: Stack) -> None:
    await limited(shared, maxOpenOrders=3)
    await shared.group("trade", SHORT, "small")
    await exists(shared, "trade-entry")
    await shared.until_state("trade-entry", "Open")
    await shared.order("other", "small", placement=PATIENT)
    assert "the order waits until" in await waits_for_places(shared, "other")
    await shared.control.move_price(BTC, "62000")
    await shared.until_protected("trade")
    await shared.patch_group("trade", {"spec": {"desiredState": "Canceled"}})
    await shared.until_group_state("trade", "Canceled")
    await shared.until_state("other", "Open")


async def test_a_group_that_can_never_have_its_places_is_denied(shared: Stack) -> None:
    await limited(shared, maxOpenOrders=2)
    await shared.group("trade", BRACKET, "small", execution="Native")
    refused = await shared.until_group_state("trade", "Denied")
    assert "needs 3 places" in refused["status"]["message"]
    await shared.no_order("small")


SOLD = [
    {"name": "entry", "role": "Entry", "side": "Sell", "type": "Market", "quantity": "0.01"},
    {"name": "target", "role": "TakeProfit", "side": "Buy", "type": "Limit", "price": "54000"},
    {"name": "stop", "role": "StopLoss", "side": "Buy", "type": "StopMarket", "triggerPrice": "66000"},
]


async def test_what_a_bracket_has_sold_is_bought_back_whatever_limits_and_controls_say(shared: Stack) -> None:
    await limited(shared, maxNotional=[{"currency": "USDT", "perOrder": "100"}], priceCollarPercent="0.1")
    await shared.group("short", SOLD, account="small")
    await shared.until_protected("short")
    moved = [*SOLD[:2], {**SOLD[2], "triggerPrice": "67000"}]
    await shared.patch_account({"spec": {"tradingState": "ReduceOnly"}}, "small")
    await shared.until_account("small", "Ready", "True")
    await shared.patch_group("short", {"spec": {"legs": moved}})

    async def stop_moved() -> bool:
        working = [order for order in (await shared.truth("small")).orders if order["status"] == "NEW"]
        return "67000.00000000" in {order["stopPrice"] for order in working}

    await eventually(stop_moved, what="the stop is at 67000, though the account is ReduceOnly")
    await shared.until_protected("short")
    await shared.patch_account({"spec": {"tradingState": "Halted"}}, "small")
    await shared.until_account("small", "Ready", "False", "Halted")

    async def halted() -> bool:
        account = await shared.api.get(ACCOUNTS, shared.namespace, shared.named("small"))
        return bool(account["status"].get("halt", {}).get("phase") == "Complete")

    await eventually(halted, what="the halt is complete")
    assert (await shared.og("short"))["status"]["protectedQuantity"] == "0.01"
    await shared.control.move_price(BTC, "67000")
    await shared.until_group_state("short", "Completed")
    bought = [Decimal(o["executedQty"]) for o in (await shared.truth("small")).orders if o["side"] == "BUY"]
    assert sum(bought) == Decimal("0.01")
