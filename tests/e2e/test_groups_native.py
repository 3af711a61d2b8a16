"""Exits that the venue ties together: both rest, the venue ends one when the other acts, the operator does the rest.

The market is at 60000. The venue's own books are the truth: one list at a time, and never more sold than was bought.
"""

from decimal import Decimal
from typing import Any

import pytest

from paper_exchange.config import Config
from support.group_books import attempts_of, live, lose_answers, orders, traded
from support.stack import HUMAN_SECONDS, Stack, condition, eventually

Json = Any
BTC, ETH = "BTCUSDT", "ETHUSDT"
ENTRY = {"name": "entry", "role": "Entry", "side": "Buy", "type": "Market", "quantity": "0.01"}
TARGET = {"name": "target", "role": "TakeProfit", "side": "Sell", "type": "Limit", "price": "66000"}
STOP = {"name": "stop", "role": "StopLoss", "side": "Sell", "type": "StopMarket", "triggerPrice": "54000"}
TRADE = [ENTRY, TARGET, STOP]
DIP = {"name": "dip", "side": "Buy", "type": "Limit", "price": "50000"}
BREAKOUT = {"name": "breakout", "side": "Buy", "type": "StopMarket", "triggerPrice": "70000"}
NET = Decimal("0.00999")
OCO_PATH = "/api/v3/orderList/oco"
PATIENT = {"placement": {"startingDeadlineSeconds": 900}, "maxUnprotectedSeconds": 900}


def leg(group: Json, name: str) -> Json:
    found: Json = next(each for each in group["status"]["legs"] if each["name"] == name)
    return found


async def until_listed(stack: Stack, name: str = "trade", account: str = "main", seconds: float = 0) -> Json:
    """Both exits rest, for all that is held."""
    held = await stack.until_protected(name, seconds=seconds)
    assert held["status"]["execution"] == "Native"

    async def rest() -> bool:
        return set(await live(stack, account)) == {"LIMIT_MAKER", "STOP_LOSS"}

    await eventually(rest, what=f"both exits of {name} rest", seconds=seconds or HUMAN_SECONDS)
    return await stack.until_group(name, lambda obj: "exchangeOrderId" in leg(obj, "target"), what="it says so")


async def test_a_bracket_rests_both_exits_and_its_filled_target_ends_the_stop(shared: Stack) -> None:
    await shared.group("trade", TRADE)
    await until_listed(shared)
    assert await live(shared) == {"LIMIT_MAKER": NET, "STOP_LOSS": NET}
    listed = {order["orderListId"] for order in await orders(shared) if order["side"] == "SELL"}
    assert len(listed) == 1
    await shared.control.move_price(BTC, "66000")
    done = await shared.until_group_state("trade", "Completed")
    assert (leg(done, "target")["state"], leg(done, "stop")["state"]) == ("Filled", "Expired")
    assert (await traded(shared, "SELL"), await live(shared)) == (NET, {})


async def test_a_stop_that_is_hit_ends_the_target(shared: Stack) -> None:
    await shared.group("trade", TRADE)
    await until_listed(shared)
    await shared.control.move_price(BTC, "54000")
    done = await shared.until_group_state("trade", "Completed")
    assert (leg(done, "target")["state"], leg(done, "stop")["state"]) == ("Expired", "Filled")
    assert (await traded(shared, "SELL"), await live(shared)) == (NET, {})


async def test_the_venue_takes_the_profit_while_no_operator_runs(stack: Stack) -> None:
    operator = await stack.start_operator()
    await stack.open_account()
    await stack.account_ready()
    await stack.group("trade", TRADE)
    await until_listed(stack)
    operator.kill()
    await operator.ended(30)
    await stack.control.move_price(BTC, "66000")
    assert (await traded(stack, "SELL"), await live(stack)) == (NET, {})
    await operator.start()
    await stack.until_group_state("trade", "Completed")


async def test_a_target_that_is_filled_in_part_leaves_a_stop_for_the_rest(shared: Stack) -> None:
    """Beside a target for as much, if the market has left the target's price by then: else the venue takes no list."""
    exits = [{**TARGET, "price": "3010"}, {**STOP, "triggerPrice": "2500"}]
    await shared.group("trade", [{**ENTRY, "quantity": "2"}, *exits], symbol="ETH/USDT")
    await until_listed(shared)
    # The market's own offers below 3010 are less than 2 ETH.
    await shared.open_account("other")
    await shared.account_ready("other")
    await shared.order("buyer", account="other", symbol="ETH/USDT", type="Market", quantity="2.3", price=None)
    await shared.until_group("trade", lambda obj: Decimal(obj["status"]["filledQuantity"]) > 0, what="a part is sold")
    await shared.control.move_price(ETH, "3000")

    async def covered() -> bool:
        status = (await shared.og("trade"))["status"]
        left = Decimal(status["targetQuantity"]) - Decimal(status["filledQuantity"])
        resting = await live(shared)
        return resting.get("STOP_LOSS") == left and set(resting.values()) == {left}

    await eventually(covered, what="a stop for the rest")
    held = await shared.until_protected("trade")
    assert await traded(shared, "SELL") == Decimal(held["status"]["filledQuantity"]) > 0
    await shared.patch_group("trade", {"spec": {"desiredState": "Canceled"}})
    await shared.until_group_state("trade", "Canceled")
    assert await live(shared) == {}


async def test_of_two_plain_orders_the_first_fill_ends_the_other(shared: Stack) -> None:
    await shared.group("either", [DIP, BREAKOUT], type="OCO", quantity="0.01", execution="Native")
    await shared.until_group("either", lambda obj: condition(obj, "Placed")[0] == "True", what="both are placed")
    assert await live(shared) == {"LIMIT_MAKER": Decimal("0.01"), "STOP_LOSS": Decimal("0.01")}
    await shared.control.move_price(BTC, "70000")
    done = await shared.until_group_state("either", "Completed")
    assert (leg(done, "dip")["state"], leg(done, "breakout")["state"]) == ("Expired", "Filled")
    assert await live(shared) == {}


async def test_an_order_of_a_list_that_is_canceled_by_hand_ends_both_and_the_position_is_closed(shared: Stack) -> None:
    await shared.group("trade", TRADE, maxUnprotectedSeconds=3)
    held = await until_listed(shared)
    await shared.control.cancel(shared.named("main"), BTC, order_id=int(leg(held, "target")["exchangeOrderId"]))
    await shared.until_protected("trade", "False", "StopFailed")
    done = await shared.until_group_state("trade", "Completed")
    assert (leg(done, "target")["state"], leg(done, "stop")["state"]) == ("Canceled", "Canceled")
    assert done["status"]["protectionFailure"] == "ClosePosition"
    assert (await traded(shared, "SELL"), await live(shared)) == (NET, {})


async def test_another_stop_price_is_another_list(shared: Stack) -> None:
    await shared.group("trade", TRADE)
    await until_listed(shared)
    await shared.patch_group("trade", {"spec": {"legs": [ENTRY, TARGET, {**STOP, "triggerPrice": "55000"}]}})

    async def moved() -> bool:
        working = [order for order in await orders(shared) if order["status"] == "NEW"]
        return sorted(Decimal(order["stopPrice"]) for order in working) == [Decimal(0), Decimal(55000)]

    await eventually(moved, what="a list with its stop at 55000")
    await until_listed(shared)
    await shared.patch_group("trade", {"spec": {"desiredState": "Canceled"}})
    await shared.until_group_state("trade", "Canceled")
    assert (await traded(shared, "SELL"), await live(shared)) == (Decimal(0), {})


async def test_a_deleted_group_leaves_its_list_at_the_venue(shared: Stack) -> None:
    await shared.group("trade", TRADE)
    await until_listed(shared)
    await shared.delete_group("trade")
    for name in ("trade-entry", "trade-stop", "trade-target"):
        await shared.until_gone(name)
    assert await live(shared) == {"LIMIT_MAKER": NET, "STOP_LOSS": NET}


async def test_a_list_that_the_venue_refuses_is_emulated(shared: Stack) -> None:
    words = '{"code":-2010,"msg":"The relationship of the prices for the orders is not correct."}'
    match = {"method": "POST", "path": OCO_PATH, "account": shared.named("main")}
    rule = {"match": match, "at": "before_engine", "do": "respond", "status": 400, "body": words, "count": 1}
    await shared.control.add_fault(rule, "refused")
    await shared.group("trade", TRADE)
    held = await shared.until_protected("trade")
    assert held["status"]["execution"] == "Emulated"
    assert await live(shared) == {"STOP_LOSS": NET}


async def test_what_the_venue_cannot_tie_together_is_denied_as_native(shared: Stack) -> None:
    await shared.group("once", [ENTRY, STOP], type="OTO", execution="Native")
    denied = await shared.until_group_state("once", "Denied")
    assert condition(denied, "Accepted") == ("False", "NotSupported")
    assert "execution Auto or Emulated" in denied["status"]["message"]
    await shared.no_order()


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_lost_answer_to_a_list_leaves_one_list(stack: Stack) -> None:
    held = await lose_answers(
        stack, OCO_PATH, TRADE, lambda name: until_listed(stack, name, account=name, seconds=120), **PATIENT
    )
    for name, attempts in held:
        assert len([order for order in await orders(stack, name) if order["side"] == "SELL"]) == 2, name
        assert await attempts_of(stack, f"{name}-stop") == attempts, name
    await stack.control.move_price(BTC, "66000")
    for name, _ in held:
        await stack.until_group_state(name, "Completed", seconds=60)
        assert await traded(stack, "SELL", name) == NET
