"""From apply to accepted at the venue, one order at a time, the operator and the floor in turns."""

import asyncio
import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.client import Order, Side
from bench.stack import Stack
from bench.table import Row, quantile, ratio_row

WARM_UP = 15
ROUNDS = 4
ORDERS_PER_ROUND = 50
PAUSE_SECONDS = 0.03


@dataclass(frozen=True)
class Latencies:
    """Milliseconds from just before the POST of the OrderIntent to the order's arrival at the venue, by round."""

    operator: list[list[float]]
    floor: list[list[float]]


async def measure(stack: Stack) -> Latencies:
    """Both sides are up all the time, idle while the other has its turn; after each order everything comes to rest."""
    ours, theirs = await stack.desk(), await stack.desk()
    async with stack.operator(ours), ours.side(stack.api) as operator:
        sample = (await _one(operator)).obj
        async with stack.raw(theirs, sample, concurrency=1), theirs.side(stack.api) as floor:
            for _ in range(WARM_UP):
                await _one(operator)
                await _one(floor)
            rounds = [await _round(operator, floor) for _ in range(ROUNDS)]
            await asyncio.sleep(0.5)
            arrivals = await _arrivals(stack)
    return Latencies(
        [_milliseconds(orders, arrivals) for orders, _ in rounds],
        [_milliseconds(orders, arrivals) for _, orders in rounds],
    )


async def _round(operator: Side, floor: Side) -> tuple[list[Order], list[Order]]:
    ours: list[Order] = []
    theirs: list[Order] = []
    for _ in range(ORDERS_PER_ROUND):
        ours.append(await _one(operator))
        theirs.append(await _one(floor))
    return ours, theirs


async def _one(side: Side) -> Order:
    order = await side.finished(await side.order())
    await asyncio.sleep(PAUSE_SECONDS)
    return order


async def _arrivals(stack: Stack) -> dict[str, float]:
    """When each order arrived at the venue, by our client order id: its log has whole milliseconds, cut off."""
    seen = (await stack.control.requests()).to("POST", "/api/v3/order")
    return {entry["client_order_id"]: (entry["time_ms"] + 0.5) / 1000 for entry in seen}


def _milliseconds(orders: Sequence[Order], arrivals: dict[str, float]) -> list[float]:
    return [(arrivals[order.obj["status"]["clientOrderId"]] - order.created_at) * 1000 for order in orders]


def rows(found: Latencies) -> list[Row]:
    """p50: the median of the rounds' ratios. p99: of all orders together, a round has too few for it."""
    middle = [statistics.median(a) / statistics.median(b) for a, b in zip(found.operator, found.floor, strict=True)]
    ours, theirs = list(itertools.chain(*found.operator)), list(itertools.chain(*found.floor))
    return [
        ratio_row("apply → at the venue, p50", statistics.median(middle), 1.5, _shown(ours, theirs, 0.5), middle),
        ratio_row(
            "apply → at the venue, p99", quantile(ours, 0.99) / quantile(theirs, 0.99), 3.0, _shown(ours, theirs, 0.99)
        ),
    ]


def _shown(ours: list[float], theirs: list[float], share: float) -> str:
    return f"{quantile(ours, share):.1f} ms against {quantile(theirs, share):.1f} ms"
