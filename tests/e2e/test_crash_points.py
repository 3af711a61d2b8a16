"""The operator is killed (SIGKILL) at each request that it makes while placing and canceling, and started again.

Each request is a crash point twice: before it takes effect (the operator dies, the request is lost) and after (it took
effect, the operator dies without having heard of it). Whatever the point: exactly one order at the venue, ever, and
nothing that the user asked for is lost.

The points of one table follow each other in one stack, an order and a restart each, so that the fences that some of
them need are waited out together. Each order has an account of its own at the venue, whose books are the truth.
"""

from collections.abc import Callable
from typing import Any

import pytest

from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.identity import client_order_id, identity_of
from exchange_kernel.kube.objects import read_object
from paper_exchange.config import Config
from support.dialects import Dialect, on_both_venues
from support.killing import MOMENTS, Point, killer_of
from support.proxy import Request
from support.stack import Stack

# After the last restart: S + R + M + 1 of this set-up is 22 s, the rest is for a machine that has much to do.
WAIT = 100.0
PATIENT = {"placement": {"startingDeadlineSeconds": 900}}
ORDER_POST = "order-post"

Json = Any
pytestmark = on_both_venues


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


def _about(names: set[str]) -> Callable[[Point, Request], bool]:
    """Whether a request is the point's and for this order: it calls it by one of its ids, or is about its object."""

    def is_meant(point: Point, request: Request) -> bool:
        path = request.path.endswith(point.path) or (point.path.endswith("/") and point.path in request.path)
        if request.method != point.method or not path or point.text.encode() not in request.body:
            return False
        said = f"{request.path} {request.query} {request.body.decode()}"
        return "/orderintents/" in request.path or any(name in said for name in names)

    return is_meant


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0)


def _names_of(obj: Json, dialect: Dialect) -> set[str]:
    """What requests for an order may call it: its client order ids, its receipt, the venue's id.

    On a crowded machine the first attempt may miss its send window, and the second one is sent.
    """
    identity = identity_of(read_object(OrderIntent, obj))
    names = {client_order_id(identity, 0, attempt) for attempt in range(1, 6)} | {identity.receipt_name}
    order_id = obj.get("status", {}).get("exchangeOrderId")
    return names | (dialect.mentions(order_id) if order_id else set())


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_at_any_request_while_placing_gives_exactly_one_order(stack: Stack, moment: str) -> None:
    points = _placing(stack.dialect)
    killer = await killer_of(stack, points, moment)
    for point in points:
        # Known before the object exists: an order is its names, not its uid.
        names = _names_of(stack.intent_manifest(point.name, point.name, **PATIENT) | {"status": {}}, stack.dialect)
        killer.arm(point, _about(names))
        await stack.order(point.name, account=point.name, **PATIENT)
        await killer.killed_and_restarted()
    vouched = await stack.until_open([point.name for point in points], seconds=2 * WAIT)
    if not stack.dialect.requests_expire:
        # Who comes after a crash cannot know whether the request went out, and no wait tells: a human does. Whatever
        # the venue has taken is found without one.
        lost = moment == MOMENTS[0]
        assert (ORDER_POST in vouched) == lost
        assert not vouched & {"receipt-put", "status-patch"}
    for point in points:
        obj, order = await stack.intent(point.name), await stack.exactly_one_order(point.name)
        assert obj["status"]["exchangeOrderId"] == stack.dialect.order_id(order), point
    for receipt in await stack.receipts():
        assert [entry["outcome"] for entry in receipt["placements"]].count("Placed") == 1
    # The orders are as much the operator's as those that were placed in peace.
    for point in points:
        await stack.delete(point.name)
    for point in points:
        await stack.until_gone(point.name)
        assert (await stack.exactly_one_order(point.name))["status"] == "CANCELED"


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_at_any_request_while_canceling_still_cancels(stack: Stack, moment: str) -> None:
    points = _canceling(stack.dialect)
    killer = await killer_of(stack, points, moment)
    for point in points:
        await stack.order(point.name, account=point.name, **PATIENT)
    opened = {point.name: await stack.until_state(point.name, "Open") for point in points}
    for point in points:
        killer.arm(point, _about(_names_of(opened[point.name], stack.dialect)))
        await stack.delete(point.name)
        await killer.killed_and_restarted()
    for point in points:
        await stack.until_gone(point.name, seconds=WAIT)
        assert (await stack.exactly_one_order(point.name))["status"] == "CANCELED"
    for receipt in await stack.receipts():
        assert receipt["final"]["state"] == "Canceled"
        assert receipt["intentDeletedAt"]
