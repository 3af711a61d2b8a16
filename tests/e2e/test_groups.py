"""Groups on the real stack: legs follow each other, and what is held has a stop at the venue.

The market is at 60000. The venue's own books are the truth: what was sold never exceeds what was bought.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from exchange_kernel.kube.errors import NotFound
from exchange_kernel.kube.resources import GROUPS
from support.stack import Stack, condition, eventually

Json = Any
BTC = "BTCUSDT"
ENTRY = {"name": "entry", "role": "Entry", "side": "Buy", "type": "Market", "quantity": "0.01"}
TARGET = {"name": "target", "role": "TakeProfit", "side": "Sell", "type": "Limit", "price": "66000"}
STOP = {"name": "stop", "role": "StopLoss", "side": "Sell", "type": "StopMarket", "triggerPrice": "54000"}
DIP = {"name": "dip", "side": "Buy", "type": "Limit", "price": "50000"}
BREAKOUT = {"name": "breakout", "side": "Buy", "type": "StopMarket", "triggerPrice": "70000"}
# How the venue ties legs together is in test_groups_native.py.
EMULATED = {"execution": "Emulated"}
# What a market buy of 0.01 leaves after a fee of a tenth of a percent, on the market's step.
NET = Decimal("0.00999")


async def live(stack: Stack) -> list[Mapping[str, Json]]:
    """The orders that work at the venue."""
    orders = (await stack.truth()).orders
    return [order for order in orders if order["status"] in {"NEW", "PARTIALLY_FILLED", "PENDING_NEW"}]


async def sold(stack: Stack) -> Decimal:
    orders = (await stack.truth()).orders
    return sum((Decimal(order["executedQty"]) for order in orders if order["side"] == "SELL"), Decimal(0))


def leg(group: Json, name: str) -> Json:
    found: Json = next(each for each in group["status"]["legs"] if each["name"] == name)
    return found


async def test_a_bracket_enters_protects_and_takes_its_profit(shared: Stack) -> None:
    await shared.group("trade", [ENTRY, TARGET, STOP], **EMULATED)
    held = await shared.until_protected("trade")
    assert Decimal(held["status"]["targetQuantity"]) == NET
    assert Decimal(held["status"]["protectedQuantity"]) == NET
    assert (held["status"]["state"], held["status"]["execution"]) == ("Working", "Emulated")
    resting = await live(shared)
    assert [(order["type"], Decimal(order["origQty"])) for order in resting] == [("STOP_LOSS", NET)]
    # The best bid lies a little below the last trade: at 66000 itself there is nothing to be had.
    await shared.control.move_price(BTC, "66100")
    done = await shared.until_group_state("trade", "Completed")
    assert Decimal(done["status"]["filledQuantity"]) == NET
    assert await live(shared) == []
    assert await sold(shared) == NET
    assert (leg(done, "entry")["state"], leg(done, "stop")["state"], leg(done, "target")["state"]) == (
        "Filled",
        "Canceled",
        "Filled",
    )


async def test_a_bracket_whose_stop_is_hit_ends_without_its_target(shared: Stack) -> None:
    await shared.group("trade", [ENTRY, TARGET, STOP], **EMULATED)
    await shared.until_protected("trade")
    await shared.control.move_price(BTC, "54000")
    done = await shared.until_group_state("trade", "Completed")
    assert leg(done, "stop")["state"] == "Filled"
    assert "intent" not in leg(done, "target")
    assert await sold(shared) == NET


async def test_an_entry_that_is_filled_in_part_keeps_its_protection_when_the_group_is_deleted(shared: Stack) -> None:
    # The market offers less than 2 ETH up to this price.
    entry = {**ENTRY, "type": "Limit", "quantity": "2", "price": "3000.30"}
    exits = [{**TARGET, "price": "4000"}, {**STOP, "triggerPrice": "2500"}]
    await shared.group("trade", [entry, *exits], symbol="ETH/USDT", **EMULATED)
    held = await shared.until_protected("trade")
    assert held["status"]["state"] == "Working"
    bought = Decimal(leg(held, "entry")["filledQuantity"])
    assert 0 < bought < 2
    await shared.delete_group("trade")
    await shared.until_gone("trade", GROUPS)
    for name in ("trade-entry", "trade-stop"):
        await shared.until_gone(name)
    resting = await live(shared)
    assert [order["type"] for order in resting] == ["STOP_LOSS"]
    covered = Decimal(resting[0]["origQty"])
    assert bought * Decimal("0.998") < covered < bought


async def test_a_fill_of_one_leg_makes_the_other_smaller(shared: Stack) -> None:
    low = {"name": "low", "side": "Buy", "type": "Limit", "price": "3000.30"}
    lower = {"name": "lower", "side": "Buy", "type": "Limit", "price": "2500"}
    await shared.group("both", [low, lower], type="OUO", symbol="ETH/USDT", quantity="2")

    async def shrunk() -> bool:
        orders = {order["price"]: order for order in (await shared.truth()).orders if order["status"] != "CANCELED"}
        first, second = orders.get("3000.30000000"), orders.get("2500.00000000")
        if first is None or second is None:
            return False
        filled = Decimal(first["executedQty"])
        return 0 < filled < 2 and Decimal(second["origQty"]) == 2 - filled

    await eventually(shrunk, what="the second leg asks for what the first has left")
    await shared.patch_group("both", {"spec": {"desiredState": "Canceled"}})
    await shared.until_group_state("both", "Canceled")
    assert await live(shared) == []


async def test_a_target_that_is_touched_and_finds_nothing_gives_the_stop_back(shared: Stack) -> None:
    await shared.group("trade", [ENTRY, TARGET, STOP], **EMULATED)
    await shared.until_protected("trade")
    # The best bid lies a little below the last trade.
    await shared.control.move_price(BTC, "66000")
    await shared.until_group("trade", lambda obj: leg(obj, "stop")["round"] == 2, what="a second stop")
    again = await shared.until_protected("trade")
    assert leg(again, "target")["state"] == "Expired"
    assert [Decimal(order["origQty"]) for order in await live(shared)] == [NET]
    assert await sold(shared) == 0


async def test_a_stop_that_is_canceled_by_hand_is_reported_and_the_position_is_closed(shared: Stack) -> None:
    await shared.group("trade", [ENTRY, TARGET, STOP], **EMULATED, maxUnprotectedSeconds=3)
    held = await shared.until_protected("trade")
    await shared.control.cancel(shared.named("main"), BTC, order_id=int(leg(held, "stop")["exchangeOrderId"]))
    await shared.until_protected("trade", "False", "StopFailed")
    done = await shared.until_group_state("trade", "Completed")
    assert done["status"]["protectionFailure"] == "ClosePosition"
    assert condition(done, "Stalled") == ("True", "ProtectionFailed")
    assert leg(done, "close")["state"] == "Filled"
    assert await sold(shared) == NET
    assert await live(shared) == []


async def test_a_group_that_is_deleted_with_cancel_leaves_nothing_at_the_venue(shared: Stack) -> None:
    await shared.group("trade", [ENTRY, TARGET, STOP], **EMULATED, deletionPolicy="Cancel")
    await shared.until_protected("trade")
    await shared.delete_group("trade")
    await shared.until_gone("trade", GROUPS)
    await shared.until_gone("trade-stop")
    assert await live(shared) == []


async def test_deleting_a_leg_waits_for_its_group(shared: Stack) -> None:
    await shared.group("trade", [ENTRY, TARGET, STOP], **EMULATED)
    await shared.until_protected("trade")
    await shared.delete("trade-stop")
    await shared.control.move_price(BTC, "60001")
    await shared.patch_group("trade", {"spec": {"metadata": {"note": "still there"}}})
    await shared.until_group("trade", lambda obj: obj["status"]["observedGeneration"] == 2, what="generation 2")
    assert [order["type"] for order in await live(shared)] == ["STOP_LOSS"]
    await shared.patch_group("trade", {"spec": {"desiredState": "Canceled"}})
    await shared.until_group_state("trade", "Canceled")
    await shared.until_gone("trade-stop")
    assert await live(shared) == []


async def test_of_two_orders_the_first_fill_cancels_the_other(shared: Stack) -> None:
    await shared.group("either", [DIP, BREAKOUT], type="OCO", quantity="0.01", **EMULATED)
    await shared.until_group("either", lambda obj: condition(obj, "Placed")[0] == "True", what="both are placed")
    assert len(await live(shared)) == 2
    await shared.control.move_price(BTC, "70000")
    done = await shared.until_group_state("either", "Completed")
    assert (leg(done, "dip")["state"], leg(done, "breakout")["state"]) == ("Canceled", "Filled")
    assert await live(shared) == []


async def test_prices_of_a_working_group_are_passed_on_to_its_stop(shared: Stack) -> None:
    await shared.group("trade", [ENTRY, TARGET, STOP], **EMULATED)
    await shared.until_protected("trade")
    await shared.patch_group("trade", {"spec": {"legs": [ENTRY, TARGET, {**STOP, "triggerPrice": "55000"}]}})

    async def moved() -> bool:
        resting = await live(shared)
        return [Decimal(order["stopPrice"]) for order in resting] == [Decimal(55000)]

    await eventually(moved, what="the stop is at 55000")
    await shared.until_protected("trade")


async def test_a_group_that_cannot_work_is_denied_before_anything_is_sent(shared: Stack) -> None:
    await shared.group("trade", [ENTRY, TARGET, {**STOP, "triggerPrice": "61000"}])
    denied = await shared.until_group_state("trade", "Denied")
    assert condition(denied, "Accepted") == ("False", "TriggerAlreadyCrossed")
    assert denied["status"]["message"].startswith("leg stop: the last trade of BTC/USDT was at 60000")
    await shared.no_order()
    try:
        await shared.intent("trade-entry")
    except NotFound:
        return
    raise AssertionError("a denied group has a leg")


async def test_an_object_in_the_way_of_a_leg_denies_the_group(shared: Stack) -> None:
    await shared.order("trade-stop")
    await shared.until_state("trade-stop", "Open")
    await shared.group("trade", [ENTRY, TARGET, STOP], **EMULATED)
    denied = await shared.until_group_state("trade", "Denied")
    assert condition(denied, "Accepted") == ("False", "NameConflict")


async def test_a_group_that_comes_before_its_account_waits_for_it(stack: Stack) -> None:
    await stack.start_operator()
    await stack.group("trade", [ENTRY, TARGET, STOP], **EMULATED, placement={"startingDeadlineSeconds": 900})
    await stack.until_group_state("trade", "Pending")
    await stack.open_account()
    await stack.until_protected("trade")
