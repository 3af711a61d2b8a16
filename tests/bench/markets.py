"""2,500 markets published beside a burst of orders: how long it takes, and what it costs the orders."""

import asyncio
import statistics
import time
from collections.abc import Callable

from bench.burst import CREATORS
from bench.client import ApiServer
from bench.stack import ACCOUNT, Desk, Stack
from bench.stack import BASES as OTHERS
from bench.table import Row, spread
from exchange_kernel.kube.resources import ACCOUNTS, MARKETS

BASES, QUOTES = 50, 50
COUNT = BASES * QUOTES + len(OTHERS) + 2
"""With those of the other parts."""
ORDERS, ROUNDS = 300, 3
LONGEST_SECONDS = 180.0
SETTLE_SECONDS = 5.0
_MERGE = "application/merge-patch+json"


async def measure(stack: Stack, say: Callable[[str], None]) -> list[Row]:
    names = ",".join(f"A{base:02}/Q{quote:02}=100" for base in range(BASES) for quote in range(QUOTES))
    await stack.control.list_symbols(names)
    took, ratios, rates, again = [], [], [], 0
    for _ in range(ROUNDS):
        alone, _, _ = await _round(stack, publishes=False)
        beside, seconds, writes = await _round(stack, publishes=True)
        took.append(seconds)
        ratios.append(beside / alone)
        rates.append((beside, alone))
        again += writes
        say(f"  {beside:.0f} orders/s beside, {alone:.0f} alone; complete after {seconds:.0f} s")
    ratio = statistics.median(ratios)
    shown = "; ".join(f"{beside:.0f}/s against {alone:.0f}/s" for beside, alone in rates)
    return [
        Row(f"{COUNT} markets complete after Ready", "≤ 60 s", f"{max(took):.0f} s", max(took) <= 60, spread(took)),
        Row("burst meanwhile, orders per second", "≥ 90 %", f"{ratio:.0%}", ratio >= 0.9, f"{shown}; {spread(ratios)}"),
        Row("writes of markets on a restart", "0", str(again), again == 0),
    ]


async def _round(stack: Stack, *, publishes: bool) -> tuple[float, float, int]:
    """Orders per second, seconds until all markets are there, writes for markets on a restart."""
    desk = await stack.desk()
    if publishes:
        body = {"spec": {"markets": {"mode": "All"}}}
        await stack.api.send("PATCH", ACCOUNTS.path(desk.namespace, ACCOUNT), body, _MERGE)
    async with stack.operator(desk), desk.side(stack.api) as side:
        complete = asyncio.create_task(_complete(stack.api, desk)) if publishes else None
        started = time.monotonic()
        await side.burst(ORDERS, CREATORS)
        rate = ORDERS / (time.monotonic() - started)
        seconds = await complete if complete is not None else 0.0
    if not publishes:
        return rate, seconds, 0
    before = await stack.api.version_of(MARKETS, desk.namespace)
    async with stack.operator(desk):
        await asyncio.sleep(SETTLE_SECONDS)
        return rate, seconds, await _changed_since(stack.api, desk, before)


async def _complete(api: ApiServer, desk: Desk) -> float:
    started, there = time.monotonic(), 0
    while time.monotonic() - started < LONGEST_SECONDS:
        page = await api.send("GET", MARKETS.path(desk.namespace) + "?limit=1")
        there = len(page["items"]) + page["metadata"].get("remainingItemCount", 0)
        if there >= COUNT:
            return time.monotonic() - started
        await asyncio.sleep(0.5)
    raise TimeoutError(f"{there} of {COUNT} markets after {LONGEST_SECONDS:.0f} s")


async def _changed_since(api: ApiServer, desk: Desk, version: str) -> int:
    listed = await api.send("GET", MARKETS.path(desk.namespace))
    return sum(int(obj["metadata"]["resourceVersion"]) > int(version) for obj in listed["items"])
