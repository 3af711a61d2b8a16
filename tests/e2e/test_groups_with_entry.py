"""An entry that the venue takes together with its exits: one request for three orders, and nobody has to follow up.

The market is at 60000. A bracket sells at once or not at all, and buys back; the venue's own books are the truth.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from paper_exchange.config import Config
from support.group_books import attempts_of, live, lose_answers, orders, traded
from support.killing import MOMENTS, Point, killer_of
from support.stack import HUMAN_SECONDS, Stack, eventually

Json = Any
BTC = "BTCUSDT"
QUANTITY = Decimal("0.01")
ENTRY = {
    "name": "entry",
    "role": "Entry",
    "side": "Sell",
    "type": "Limit",
    "timeInForce": "FOK",
    "price": "59000",
    "quantity": "0.01",
}
TARGET = {"name": "target", "role": "TakeProfit", "side": "Buy", "type": "Limit", "price": "54000"}
STOP = {"name": "stop", "role": "StopLoss", "side": "Buy", "type": "StopMarket", "triggerPrice": "66000"}
SHORT = [ENTRY, TARGET, STOP]
EXAMPLE = Path(__file__).parents[2] / "examples" / "34-sell-and-buy-back.yaml"
OTOCO_PATH = "/api/v3/orderList/otoco"
PATIENT = {"placement": {"startingDeadlineSeconds": 900}, "maxUnprotectedSeconds": 900}
# S + R + M + 1 of this set-up is 22 s; the rest is for a machine that has much to do.
WAIT = 120.0
POINTS = (
    Point("record-all", "api", "PATCH", "/ordergroups/record-all/status", "record-all-entry"),
    Point("create-target", "api", "POST", "/orderintents", "create-target-target"),
    Point("record-entry", "api", "POST", "/orderreceipts", "record-entry-entry"),
    Point("send-list", "venue", "POST", OTOCO_PATH),
    Point("placed", "api", "PUT", "/orderreceipts/", "placed-entry"),
)


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0)


def states(group: Json) -> dict[str, str]:
    return {leg["name"]: leg.get("state", "") for leg in group["status"]["legs"]}


async def until_held(stack: Stack, name: str = "trade", account: str = "main", seconds: float = 0) -> Json:
    """The entry is sold, and both exits rest for all of it."""
    held = await stack.until_protected(name, seconds=seconds)
    assert held["status"]["execution"] == "Native"
    assert await traded(stack, "SELL", account) == QUANTITY

    async def rest() -> bool:
        return await live(stack, account) == {"LIMIT_MAKER": QUANTITY, "STOP_LOSS": QUANTITY}

    await eventually(rest, what=f"both exits of {name} rest", seconds=seconds or HUMAN_SECONDS)
    return held


async def test_the_entry_and_its_exits_go_out_in_one_request_and_the_target_ends_the_stop(shared: Stack) -> None:
    await shared.group("trade", SHORT)
    await until_held(shared)
    assert len({order["orderListId"] for order in await orders(shared)}) == 1
    assert len(await orders(shared)) == len(SHORT)
    await shared.control.move_price(BTC, "54000")
    done = await shared.until_group_state("trade", "Completed")
    assert states(done) == {"entry": "Filled", "target": "Filled", "stop": "Expired"}
    assert (await traded(shared, "BUY"), await live(shared)) == (QUANTITY, {})


async def test_the_example_is_run_as_it_is_written(shared: Stack) -> None:
    spec = yaml.safe_load(EXAMPLE.read_text())["spec"]
    await shared.group("example", spec["legs"], type=spec["type"], deletionPolicy=spec["deletionPolicy"])
    held = await shared.until_protected("example")
    assert held["status"]["execution"] == "Native"
    assert await live(shared) == {"LIMIT_MAKER": Decimal("0.005"), "STOP_LOSS": Decimal("0.005")}
    await shared.patch_group("example", {"spec": {"desiredState": "Canceled"}})
    await shared.until_group_state("example", "Canceled")


async def test_a_stop_that_is_hit_buys_back(shared: Stack) -> None:
    await shared.group("trade", SHORT)
    await until_held(shared)
    await shared.control.move_price(BTC, "66000")
    done = await shared.until_group_state("trade", "Completed")
    assert states(done) == {"entry": "Filled", "target": "Expired", "stop": "Filled"}
    assert (await traded(shared, "BUY"), await live(shared)) == (QUANTITY, {})


async def test_an_entry_that_finds_nobody_ends_with_its_exits(shared: Stack) -> None:
    await shared.group("trade", [{**ENTRY, "price": "61000"}, TARGET, STOP])
    done = await shared.until_group_state("trade", "Expired")
    assert states(done)["entry"] == "Expired"
    assert [order["status"] for order in await orders(shared)] == ["EXPIRED"] * len(SHORT)
    assert await traded(shared, "SELL") == 0


async def test_the_venue_buys_back_while_no_operator_runs(stack: Stack) -> None:
    operator = await stack.start_operator()
    await stack.open_account()
    await stack.account_ready()
    await stack.group("trade", SHORT)
    await until_held(stack)
    operator.kill()
    await operator.ended(30)
    await stack.control.move_price(BTC, "54000")
    assert (await traded(stack, "BUY"), await live(stack)) == (QUANTITY, {})
    await operator.start()
    await stack.until_group_state("trade", "Completed")


async def test_another_stop_price_is_a_list_of_two(shared: Stack) -> None:
    await shared.group("trade", SHORT)
    await until_held(shared)
    await shared.patch_group("trade", {"spec": {"legs": [ENTRY, TARGET, {**STOP, "triggerPrice": "67000"}]}})

    async def moved() -> bool:
        working = [order for order in await orders(shared) if order["status"] == "NEW"]
        return sorted(Decimal(order["stopPrice"]) for order in working) == [Decimal(0), Decimal(67000)]

    await eventually(moved, what="a list with its stop at 67000")
    await until_held(shared)
    await shared.patch_group("trade", {"spec": {"desiredState": "Canceled"}})
    await shared.until_group_state("trade", "Canceled")
    assert (await traded(shared, "BUY"), await live(shared)) == (Decimal(0), {})


async def test_exits_that_the_venue_does_not_begin_are_sent_again(shared: Stack) -> None:
    """The stop needs more than the sale brings in: the venue judges the funds when the entry is filled."""
    await shared.open_account("poor", funds={"BTC": "10"})
    await shared.account_ready("poor")
    await shared.group("trade", SHORT, account="poor", maxUnprotectedSeconds=900)
    held = await shared.until_protected("trade", "False")
    assert states(held)["entry"] == "Filled"
    assert await traded(shared, "SELL", "poor") == QUANTITY
    await shared.control.deposit(shared.named("poor"), "USDT", "1000")
    await shared.until_protected("trade")
    assert "STOP_LOSS" in await live(shared, "poor")


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_at_any_request_gives_each_of_the_three_one_order(stack: Stack, moment: str) -> None:
    killer = await killer_of(stack, POINTS, moment)
    for point in POINTS:
        killer.arm(point)
        await stack.group(point.name, SHORT, account=point.name, **PATIENT)
        await killer.killed_and_restarted()
    for point in POINTS:
        await until_held(stack, point.name, point.name, seconds=WAIT)
        assert len(await orders(stack, point.name)) == len(SHORT), point.name
    await stack.control.move_price(BTC, "54000")
    for point in POINTS:
        await stack.until_group_state(point.name, "Completed", seconds=WAIT)
        assert (await traded(stack, "BUY", point.name), await live(stack, point.name)) == (QUANTITY, {})


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_lost_answer_leaves_one_list(stack: Stack) -> None:
    held = await lose_answers(
        stack, OTOCO_PATH, SHORT, lambda name: until_held(stack, name, name, seconds=WAIT), **PATIENT
    )
    for name, attempts in held:
        assert len(await orders(stack, name)) == len(SHORT), name
        assert await attempts_of(stack, f"{name}-entry") == attempts, name


@pytest.mark.slow
@pytest.mark.timeout(500)
async def test_two_active_operators_give_each_of_the_three_one_order(stack: Stack) -> None:
    first, second = stack.operator(), stack.operator()
    for each in (first, second):
        each.launch()
    for each in (first, second):
        await each.until_ready()
    names = [f"g{number}" for number in range(6)]
    for name in names:
        await stack.open_account(name)
    for name in names:
        await stack.account_ready(name)
    for name in names:
        await stack.group(name, SHORT, account=name, **PATIENT)
    for name in names:
        await until_held(stack, name, name, seconds=WAIT)
        assert len(await orders(stack, name)) == len(SHORT), name
