"""The operator is killed (SIGKILL) at each request that it makes for a group, and started again.

Each request is a crash point twice: before it takes effect, and after. Whatever the point: each leg has one order, what
was bought is protected and then sold, once, and nothing is left behind. The points of one table follow each other in
one stack, a group and a restart each; each group has an account of its own at the venue, whose books are the truth.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.kube.resources import GROUPS
from paper_exchange.config import Config
from support.operator_process import OperatorProcess
from support.proxy import Action, Drop, Proxy, Request, Response
from support.stack import Stack, eventually

Json = Any
BTC = "BTCUSDT"
# S + R + M + 1 of this set-up is 22 s; the rest is for a machine that has much to do.
WAIT = 120.0
MOMENTS = ("before it takes effect", "after it took effect")
NET = Decimal("0.00999")
LEGS = (
    {"name": "entry", "role": "Entry", "side": "Buy", "type": "Market", "quantity": "0.01"},
    {"name": "target", "role": "TakeProfit", "side": "Sell", "type": "Limit", "price": "66000"},
    {"name": "stop", "role": "StopLoss", "side": "Sell", "type": "StopMarket", "triggerPrice": "54000"},
)
PATIENT = {"placement": {"startingDeadlineSeconds": 900}, "maxUnprotectedSeconds": 900}


@dataclass(frozen=True)
class Point:
    """One request of the operator for one group: the side that sees it, its method, a part of its path, of its body."""

    group: str
    at: str
    method: str
    path: str
    text: str = ""


PLACING = (
    Point("hold", "api", "PATCH", "/ordergroups/hold", "close-group"),
    Point("record-entry", "api", "PATCH", "/ordergroups/record-entry/status", "record-entry-entry"),
    Point("create-entry", "api", "POST", "/orderintents", "create-entry-entry"),
    Point("send-entry", "venue", "POST", "/api/v3/order", "side=BUY"),
    Point("record-stop", "api", "PATCH", "/ordergroups/record-stop/status", "record-stop-stop"),
    Point("create-stop", "api", "POST", "/orderintents", "create-stop-stop"),
    Point("send-stop", "venue", "POST", "/api/v3/order", "STOP_LOSS"),
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


@dataclass
class Killer:
    """Kills the operator at the first request that is the armed point's."""

    operator: OperatorProcess
    proxies: Mapping[str, Proxy]
    moment: str
    point: Point | None = None

    def __post_init__(self) -> None:
        for side, proxy in self.proxies.items():
            proxy.before(self._hook(side, MOMENTS[0]))
            proxy.after(self._hook(side, MOMENTS[1]))

    def _hook(self, side: str, moment: str) -> Callable[..., Awaitable[Action | None]]:
        async def hook(request: Request, _: Response | None = None) -> Action | None:
            point = self.point
            if point is None or (side, moment) != (point.at, self.moment) or not _is_meant(point, request):
                return None
            self.point = None
            self.operator.kill()
            return Drop()

        return hook

    async def killed_and_restarted(self) -> None:
        assert await self.operator.ended(90) == -9
        assert self.point is None
        await self.operator.start()


def _is_meant(point: Point, request: Request) -> bool:
    said = f"{request.query} {request.body.decode()}"
    return request.method == point.method and point.path in request.path and point.text in said


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0)


async def _set_up(stack: Stack, points: tuple[Point, ...], moment: str) -> Killer:
    api, venue = await stack.api_proxy(), await stack.venue_proxy()
    config = api.write_kubeconfig(stack.folder / "proxied.kubeconfig")
    operator = await stack.start_operator(kubeconfig=config, allowed_endpoints=venue.url, poll_interval=10)
    for point in points:
        await stack.open_account(point.group, endpoint=venue.url)
    for point in points:
        await stack.account_ready(point.group)
    return Killer(operator, {"api": api, "venue": venue}, moment)


async def _until_protected(stack: Stack, name: str) -> None:
    await stack.until_protected(name, seconds=WAIT)


async def _live(stack: Stack, account: str) -> list[Mapping[str, Json]]:
    return [order for order in (await stack.truth(account)).orders if order["status"] in {"NEW", "PARTIALLY_FILLED"}]


async def _holds_once(stack: Stack, account: str) -> None:
    """The entry was bought once, and one stop rests for what it brought in."""
    bought = [order for order in (await stack.truth(account)).orders if order["side"] == "BUY"]
    assert [Decimal(order["executedQty"]) for order in bought] == [Decimal("0.01")], account

    async def rests() -> bool:
        resting = await _live(stack, account)
        return [(order["type"], Decimal(order["origQty"])) for order in resting] == [("STOP_LOSS", NET)]

    await eventually(rests, what=f"one stop of {account} rests: {(await stack.truth(account)).orders}")


async def _sold_once(stack: Stack, account: str) -> None:
    sold = [Decimal(order["executedQty"]) for order in (await stack.truth(account)).orders if order["side"] == "SELL"]
    assert sum(sold) == NET, account
    assert await _live(stack, account) == []


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_at_any_request_of_a_group_gives_each_leg_one_order(stack: Stack, moment: str) -> None:
    killer = await _set_up(stack, PLACING, moment)
    for point in PLACING:
        killer.point = point
        await stack.group(point.group, LEGS, account=point.group, **PATIENT)
        await killer.killed_and_restarted()
    for point in PLACING:
        await _until_protected(stack, point.group)
        await _holds_once(stack, point.group)
    await stack.control.move_price(BTC, "66100")
    for point in PLACING:
        await stack.until_group_state(point.group, "Completed", seconds=WAIT)
        await _sold_once(stack, point.group)


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_while_the_target_takes_the_stops_place_sells_once(stack: Stack, moment: str) -> None:
    killer = await _set_up(stack, TOUCHING, moment)
    for point in TOUCHING:
        await stack.group(point.group, LEGS, account=point.group, **PATIENT)
        await _until_protected(stack, point.group)
        killer.point = point
        await stack.control.move_price(BTC, "66100")
        await killer.killed_and_restarted()
        await stack.until_group_state(point.group, "Completed", seconds=WAIT)
        await _sold_once(stack, point.group)
        await stack.control.move_price(BTC, "60000")


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_while_a_group_is_deleted_leaves_its_stop_at_the_venue(stack: Stack, moment: str) -> None:
    killer = await _set_up(stack, DELETING, moment)
    for point in DELETING:
        await stack.group(point.group, LEGS, account=point.group, **PATIENT)
        await _until_protected(stack, point.group)
        killer.point = point
        await stack.delete_group(point.group)
        await killer.killed_and_restarted()
        await stack.until_gone(point.group, GROUPS, seconds=WAIT)
        await _holds_once(stack, point.group)


@pytest.mark.slow
async def test_two_active_operators_give_each_leg_of_a_group_one_order(stack: Stack) -> None:
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
    await asyncio.gather(*(stack.group(name, LEGS, account=name, **PATIENT) for name in names))
    for name in names:
        await _until_protected(stack, name)
        await _holds_once(stack, name)
    await stack.control.move_price(BTC, "66100")
    for name in names:
        await stack.until_group_state(name, "Completed", seconds=WAIT)
        await _sold_once(stack, name)
