"""The operator is killed (SIGKILL) at each request that it makes for a group, and started again.

Each request is a crash point twice: before it takes effect, and after. Whatever the point: each leg has one order, what
was bought is protected and then sold, once, and nothing is left behind. The points of one table follow each other in
one stack, a group and a restart each; each group has an account of its own at the venue, whose books are the truth.
"""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.kube.resources import GROUPS
from paper_exchange.config import Config
from support.killing import MOMENTS, Point, killer_of
from support.stack import Stack, eventually

Json = Any
BTC = "BTCUSDT"
# S + R + M + 1 of this set-up is 22 s; the rest is for a machine that has much to do.
WAIT = 120.0
NET = Decimal("0.00999")
LEGS = (
    {"name": "entry", "role": "Entry", "side": "Buy", "type": "Market", "quantity": "0.01"},
    {"name": "target", "role": "TakeProfit", "side": "Sell", "type": "Limit", "price": "66000"},
    {"name": "stop", "role": "StopLoss", "side": "Sell", "type": "StopMarket", "triggerPrice": "54000"},
)
PATIENT = {"placement": {"startingDeadlineSeconds": 900}, "maxUnprotectedSeconds": 900}
EMULATED, NATIVE = PATIENT | {"execution": "Emulated"}, PATIENT | {"execution": "Native"}
# What rests for what was bought, by who ties the exits together.
RESTS = {"Emulated": {"STOP_LOSS": NET}, "Native": {"LIMIT_MAKER": NET, "STOP_LOSS": NET}}


PLACING = (
    Point("hold", "api", "PATCH", "/ordergroups/hold", "close-group"),
    Point("record-entry", "api", "PATCH", "/ordergroups/record-entry/status", "record-entry-entry"),
    Point("create-entry", "api", "POST", "/orderintents", "create-entry-entry"),
    Point("send-entry", "venue", "POST", "/api/v3/order", "side=BUY"),
    Point("record-stop", "api", "PATCH", "/ordergroups/record-stop/status", "record-stop-stop"),
    Point("create-stop", "api", "POST", "/orderintents", "create-stop-stop"),
    Point("send-stop", "venue", "POST", "/api/v3/order", "STOP_LOSS"),
)
LISTING = (
    Point("record-list", "api", "PATCH", "/ordergroups/record-list/status", "record-list-stop"),
    Point("create-stop", "api", "POST", "/orderintents", "create-stop-stop"),
    Point("create-target", "api", "POST", "/orderintents", "create-target-target"),
    Point("record-order", "api", "POST", "/orderreceipts", "record-order-target"),
    Point("send-list", "venue", "POST", "/api/v3/orderList/oco"),
    Point("placed", "api", "PUT", "/orderreceipts/", "placed-stop"),
)
RELISTING = (
    Point("end-target", "api", "PATCH", "/orderintents/end-target-target", "Canceled"),
    Point("cancel-list", "venue", "DELETE", "/api/v3/order"),
    Point("next-list", "venue", "POST", "/api/v3/orderList/oco"),
)
TOUCHING = (
    Point("promise", "api", "PATCH", "/ordergroups/promise/status", "promise-target"),
    Point("end-stop", "api", "PATCH", "/orderintents/end-stop-stop", "Canceled"),
    Point("cancel-stop", "venue", "DELETE", "/api/v3/order"),
    Point("create-target", "api", "POST", "/orderintents", "create-target-target"),
    Point("send-target", "venue", "POST", "/api/v3/order", "timeInForce=IOC"),
)
DELETING = (
    Point("keep-stop", "api", "PATCH", "/orderintents/keep-stop-stop", "Orphan"),
    Point("release", "api", "PATCH", "/ordergroups/release", "close-group"),
    Point("tidy", "api", "DELETE", "/orderintents/tidy-"),
)


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0)


async def _until_protected(stack: Stack, name: str) -> None:
    await stack.until_protected(name, seconds=WAIT)


async def _live(stack: Stack, account: str) -> list[Mapping[str, Json]]:
    return [order for order in (await stack.truth(account)).orders if order["status"] in {"NEW", "PARTIALLY_FILLED"}]


async def _holds_once(stack: Stack, account: str, execution: str = "Emulated") -> None:
    """The entry was bought once, and what it brought in is covered once."""
    bought = [order for order in (await stack.truth(account)).orders if order["side"] == "BUY"]
    assert [Decimal(order["executedQty"]) for order in bought] == [Decimal("0.01")], account

    async def rests() -> bool:
        resting = await _live(stack, account)
        kinds = {order["type"]: Decimal(order["origQty"]) for order in resting}
        return len(resting) == len(kinds) and kinds == RESTS[execution]

    await eventually(rests, what=f"the exits of {account} rest: {(await stack.truth(account)).orders}", seconds=WAIT)


async def _sold_once(stack: Stack, account: str) -> None:
    sold = [Decimal(order["executedQty"]) for order in (await stack.truth(account)).orders if order["side"] == "SELL"]
    assert sum(sold) == NET, account
    assert await _live(stack, account) == []


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(("execution", "points"), [("Emulated", PLACING), ("Native", LISTING)])
async def test_a_crash_at_any_request_of_a_group_gives_each_leg_one_order(
    stack: Stack, execution: str, points: tuple[Point, ...], moment: str
) -> None:
    killer = await killer_of(stack, points, moment)
    for point in points:
        killer.arm(point)
        await stack.group(point.name, LEGS, account=point.name, execution=execution, **PATIENT)
        await killer.killed_and_restarted()
    for point in points:
        await _until_protected(stack, point.name)
        await _holds_once(stack, point.name, execution)
    await stack.control.move_price(BTC, "66100")
    for point in points:
        await stack.until_group_state(point.name, "Completed", seconds=WAIT)
        await _sold_once(stack, point.name)


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_while_the_target_takes_the_stops_place_sells_once(stack: Stack, moment: str) -> None:
    killer = await killer_of(stack, TOUCHING, moment)
    for point in TOUCHING:
        await stack.group(point.name, LEGS, account=point.name, **EMULATED)
        await _until_protected(stack, point.name)
        killer.arm(point)
        await stack.control.move_price(BTC, "66100")
        await killer.killed_and_restarted()
        await stack.until_group_state(point.name, "Completed", seconds=WAIT)
        await _sold_once(stack, point.name)
        await stack.control.move_price(BTC, "60000")


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_while_a_group_is_deleted_leaves_its_stop_at_the_venue(stack: Stack, moment: str) -> None:
    killer = await killer_of(stack, DELETING, moment)
    for point in DELETING:
        await stack.group(point.name, LEGS, account=point.name, **EMULATED)
        await _until_protected(stack, point.name)
        killer.arm(point)
        await stack.delete_group(point.name)
        await killer.killed_and_restarted()
        await stack.until_gone(point.name, GROUPS, seconds=WAIT)
        await _holds_once(stack, point.name)


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_while_a_list_takes_the_place_of_another_gives_one_list(stack: Stack, moment: str) -> None:
    killer = await killer_of(stack, RELISTING, moment)
    moved = [*LEGS[:2], {**LEGS[2], "triggerPrice": "55000"}]
    for point in RELISTING:
        await stack.group(point.name, LEGS, account=point.name, **NATIVE)
        await _until_protected(stack, point.name)
        killer.arm(point)
        await stack.patch_group(point.name, {"spec": {"legs": moved}})
        await killer.killed_and_restarted()
    for point in RELISTING:
        await stack.until_group(point.name, lambda obj: _round(obj) > 1, what="another list", seconds=WAIT)
        await _until_protected(stack, point.name)
        await _holds_once(stack, point.name, "Native")


def _round(group: Json) -> int:
    return max(leg["round"] for leg in group["status"]["legs"])


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("execution", list(RESTS))
async def test_two_active_operators_give_each_leg_of_a_group_one_order(stack: Stack, execution: str) -> None:
    first, second = stack.operator(), stack.operator()
    first.launch()
    second.launch()
    await first.until_ready()
    await second.until_ready()
    names = [f"g{number}" for number in range(8)]
    for name in names:
        await stack.open_account(name)
    for name in names:
        await stack.account_ready(name)
    await asyncio.gather(*(stack.group(name, LEGS, account=name, **PATIENT, execution=execution) for name in names))
    for name in names:
        await _until_protected(stack, name)
        await _holds_once(stack, name, execution)
    await stack.control.move_price(BTC, "66100")
    for name in names:
        await stack.until_group_state(name, "Completed", seconds=WAIT)
        await _sold_once(stack, name)
