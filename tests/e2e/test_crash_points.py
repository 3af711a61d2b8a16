"""The operator is killed (SIGKILL) at each request that it makes while placing and canceling, and started again.

Each request is a crash point twice: before it takes effect (the operator dies, the request is lost) and after (it took
effect, the operator dies without having heard of it). Whatever the point: exactly one order at the venue, ever, and
nothing that the user asked for is lost.

The points of one table follow each other in one stack, an order and a restart each, so that the fences that some of
them need are waited out together. Each order has an account of its own at the venue, whose books are the truth.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.identity import client_order_id, identity_of
from exchange_kernel.kube.objects import read_object
from paper_exchange.config import Config
from support.dialects import Dialect, on_both_venues
from support.operator_process import OperatorProcess
from support.proxy import Action, Drop, Proxy, Request, Response
from support.stack import Stack

# After the last restart: S + R + M + 1 of this set-up is 22 s, the rest is for a machine that has much to do.
WAIT = 100.0
MOMENTS = ("before it takes effect", "after it took effect")
PATIENT = {"placement": {"startingDeadlineSeconds": 900}}
ORDER_POST = "order-post"

Json = Any
pytestmark = on_both_venues


@dataclass(frozen=True)
class Point:
    """One request of the operator for one order.

    Attributes:
        order: The name of the order, and of its account.
        at: The side on which the request is seen: api or venue.
        path: The end of its path, or with a trailing slash the start of its last part.
        text: A text in its body that tells it from others.
    """

    order: str
    at: str
    method: str
    path: str
    text: str = ""


def _placing(dialect: Dialect) -> tuple[Point, ...]:
    return (
        Point("receipt-post", "api", "POST", "/orderreceipts"),
        Point("finalizer-patch", "api", "PATCH", "/orderintents/finalizer-patch"),
        Point("look-up", "venue", *dialect.look_up),
        Point(ORDER_POST, "venue", *dialect.create),
        Point("receipt-put", "api", "PUT", "/orderreceipts/", '"Placed"'),
        Point("status-patch", "api", "PATCH", "/orderintents/status-patch/status", '"Open"'),
    )


def _canceling(dialect: Dialect) -> tuple[Point, ...]:
    return (
        Point("cancel", "venue", *dialect.cancel),
        Point("read-back", "venue", *dialect.read_back),
        Point("receipt-put", "api", "PUT", "/orderreceipts/", '"intentDeletedAt"'),
        Point("finalizer-patch", "api", "PATCH", "/orderintents/finalizer-patch"),
    )


@dataclass
class Killer:
    """Kills the operator at the first request that is the armed point's, on either side."""

    operator: OperatorProcess
    proxies: dict[str, Proxy]
    moment: str
    point: Point | None = None
    names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for side, proxy in self.proxies.items():
            proxy.before(self._hook(side, MOMENTS[0]))
            proxy.after(self._hook(side, MOMENTS[1]))

    def arm(self, point: Point, names: set[str]) -> None:
        """`names` are the order's ids at the venue and its receipt: requests for other orders do not count."""
        self.point, self.names = point, names

    def _hook(self, side: str, moment: str) -> Callable[..., Awaitable[Action | None]]:
        async def hook(request: Request, _: Response | None = None) -> Action | None:
            if self.point is None or (side, moment) != (self.point.at, self.moment) or not self._meant(request):
                return None
            self.point = None
            self.operator.kill()
            return Drop()

        return hook

    def _meant(self, request: Request) -> bool:
        point = self.point
        assert point is not None
        path = request.path.endswith(point.path) or (point.path.endswith("/") and point.path in request.path)
        if request.method != point.method or not path or point.text.encode() not in request.body:
            return False
        if "/orderintents/" in request.path:
            return True
        said = f"{request.path} {request.query} {request.body.decode()}"
        return any(name in said for name in self.names)


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0)


async def _set_up(stack: Stack, points: tuple[Point, ...], moment: str) -> Killer:
    """A running operator with both of its sides behind proxies, and a ready account for each point."""
    api, venue = await stack.api_proxy(), await stack.venue_proxy()
    config = api.write_kubeconfig(stack.folder / "proxied.kubeconfig")
    # All accounts share one address' request weight: bulk reads are rare.
    operator = await stack.start_operator(kubeconfig=config, allowed_endpoints=venue.url, poll_interval=10)
    for point in points:
        await stack.open_account(point.order, endpoint=venue.url)
    for point in points:
        await stack.account_ready(point.order)
    return Killer(operator, {"api": api, "venue": venue}, moment)


def _names_of(obj: Json, dialect: Dialect) -> set[str]:
    """What requests for an order may call it: its client order ids, its receipt, the venue's id.

    On a crowded machine the first attempt may miss its send window, and the second one is sent.
    """
    identity = identity_of(read_object(OrderIntent, obj))
    names = {client_order_id(identity, 0, attempt) for attempt in range(1, 6)} | {identity.receipt_name}
    order_id = obj.get("status", {}).get("exchangeOrderId")
    return names | (dialect.mentions(order_id) if order_id else set())


async def _killed_and_restarted(killer: Killer) -> None:
    assert await killer.operator.ended(60) == -9
    assert killer.point is None
    await killer.operator.start()


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_at_any_request_while_placing_gives_exactly_one_order(stack: Stack, moment: str) -> None:
    points = _placing(stack.dialect)
    killer = await _set_up(stack, points, moment)
    for point in points:
        # Known before the object exists: an order is its names, not its uid.
        names = _names_of(stack.intent_manifest(point.order, point.order, **PATIENT) | {"status": {}}, stack.dialect)
        killer.arm(point, names)
        await stack.order(point.order, account=point.order, **PATIENT)
        await _killed_and_restarted(killer)
    vouched = await stack.until_open([point.order for point in points], seconds=2 * WAIT)
    if not stack.dialect.requests_expire:
        # Who comes after a crash cannot know whether the request went out, and no wait tells: a human does. Whatever
        # the venue has taken is found without one.
        lost = moment == MOMENTS[0]
        assert (ORDER_POST in vouched) == lost
        assert not vouched & {"receipt-put", "status-patch"}
    for point in points:
        obj, order = await stack.intent(point.order), await stack.exactly_one_order(point.order)
        assert obj["status"]["exchangeOrderId"] == stack.dialect.order_id(order), point
    for receipt in await stack.receipts():
        assert [entry["outcome"] for entry in receipt["placements"]].count("Placed") == 1
    # The orders are as much the operator's as those that were placed in peace.
    for point in points:
        await stack.delete(point.order)
    for point in points:
        await stack.until_gone(point.order)
        assert (await stack.exactly_one_order(point.order))["status"] == "CANCELED"


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_at_any_request_while_canceling_still_cancels(stack: Stack, moment: str) -> None:
    points = _canceling(stack.dialect)
    killer = await _set_up(stack, points, moment)
    for point in points:
        await stack.order(point.order, account=point.order, **PATIENT)
    opened = {point.order: await stack.until_state(point.order, "Open") for point in points}
    for point in points:
        killer.arm(point, _names_of(opened[point.order], stack.dialect))
        await stack.delete(point.order)
        await _killed_and_restarted(killer)
    for point in points:
        await stack.until_gone(point.order, seconds=WAIT)
        assert (await stack.exactly_one_order(point.order))["status"] == "CANCELED"
    for receipt in await stack.receipts():
        assert receipt["final"]["state"] == "Canceled"
        assert receipt["intentDeletedAt"]
