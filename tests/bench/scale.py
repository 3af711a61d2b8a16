"""Ten thousand working orders: how long a start takes until each was seen again, and what they cost afterwards.

Then a burst of two thousand orders against the raw program, and two thousand receipts whose retention has passed.
"""

import asyncio
import re
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import burst, working
from bench.processes import CpuMeter, memory_mib
from bench.stack import JOURNAL, Operator, Stack
from bench.table import Row
from exchange_kernel.kube.resources import RECEIPTS

Json = Any
WORKING, IDLE_SECONDS, STARTS_WITHIN = 10_000, 60.0, 180.0
BURST = 2000
RETIRED, SWEEP_SECONDS, PROBES = 500, 5.0, 40
MEGABYTE = 1.048576
_GAUGE = re.compile(r"^exchange_kernel_unconfirmed_orders (\S+)$", re.MULTILINE)
_DELETES = re.compile(
    r'^exchange_kernel_api_calls_total\{[^}]*resource="orderreceipts",verb="delete"\} (\S+)$', re.MULTILINE
)


async def measure_start(stack: Stack, say: Callable[[str], None], count: int = WORKING) -> list[Row]:
    """Start an operator beside orders that work already."""
    desk = await stack.desk()
    await working.rest(stack, desk, count, say)
    say(f"  {count} orders work; the operator is started")
    started = time.monotonic()
    async with stack.operator(desk) as operator:
        await _until_confirmed(operator, count + 1, started)
        ready = time.monotonic() - started
        say(f"  every order was seen after {ready:.1f} s")
        await asyncio.sleep(10.0)
        before = await operator.writes()
        meter, idle_from = CpuMeter.start(operator=operator.pid), time.monotonic()
        await asyncio.sleep(IDLE_SECONDS)
        share = meter.used()["operator"] / (time.monotonic() - idle_from)
        writes = (await operator.writes()).since(before)
        memory, highest = (memory_mib(operator.pid, name) * MEGABYTE for name in ("VmRSS", "VmHWM"))
    return [
        Row(f"start until each of {count} working orders was seen", "< 30 s", f"{ready:.1f} s", ready < 30),
        Row(f"RSS, {count} working orders", "≤ 512 MB", f"{memory:.0f} MB", memory <= 512, f"at most {highest:.0f} MB"),
        Row(f"CPU, {count} working orders", "≤ 5 % of a core", f"{share:.1%}", share <= 0.05),
        Row(
            f"writes in {IDLE_SECONDS:.0f} s, {count} working orders",
            "0",
            str(writes.orders),
            writes.orders == 0,
            f"of accounts {writes.accounts}",
        ),
    ]


async def _until_confirmed(operator: Operator, count: int, started: float) -> None:
    while time.monotonic() - started < STARTS_WITHIN:
        operator.child.check()
        text = await operator.metrics()
        states = sum(
            float(value) for value in re.findall(r"^exchange_kernel_orders\{[^}]*\} (\S+)$", text, re.MULTILINE)
        )
        found = _GAUGE.search(text)
        if found is not None and float(found[1]) == 0 and states >= count:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"not every order was seen within {STARTS_WITHIN:.0f} s")


async def measure_burst(stack: Stack, sample: dict[str, object], say: Callable[[str], None]) -> list[Row]:
    """CreateOnly on both sides: with a look-up each, two thousand orders are more than a venue lets anybody ask."""
    spec = {"placement": {"policy": "CreateOnly", "submitBefore": _in(3600)}}
    ours, theirs = [], []
    for _ in range(2):
        ours.append((await burst.operator_burst(stack, BURST, **spec)).rate)
        theirs.append((await burst.raw_burst(stack, sample, 16, BURST, look_up=False, **spec)).rate)
        say(f"  operator {ours[-1]:.0f} orders/s, raw {theirs[-1]:.0f} orders/s")
    shares = [a / b for a, b in zip(ours, theirs, strict=True)]
    share = statistics.median(shares)
    detail = f"{statistics.median(ours):.0f}/s against {statistics.median(theirs):.0f}/s; " + " ".join(
        f"{each:.2f}" for each in shares
    )
    return [Row(f"burst of {BURST} (CreateOnly)", "≥ 70 %", f"{share:.0%}", share >= 0.7, detail)]


def _in(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")


async def measure_retention(stack: Stack, say: Callable[[str], None]) -> list[Row]:
    """Receipts that are to go, and orders that are placed meanwhile."""
    desk = await stack.desk()
    async with stack.operator(desk), desk.side(stack.api) as side:
        await side.burst(10, 1)
        calm = await _latencies(side)
        sample = await stack.receipt_of((await side.finished(await side.order())).obj)
    await _retire(stack, sample)
    say(f"  {RETIRED} receipts are to go")
    async with (
        stack.operator(desk, "--journal-sweep-interval", SWEEP_SECONDS) as operator,
        desk.side(stack.api) as side,
    ):
        await side.burst(10, 1)
        await asyncio.sleep(SWEEP_SECONDS)
        started, before = time.monotonic(), await _deleted(operator)
        busy = await _latencies(side)
        rate = (await _deleted(operator) - before) / (time.monotonic() - started)
        await _until_gone(stack)
    ratio = statistics.median(busy) / statistics.median(calm)
    return [
        Row("receipts retired per second", "≤ 25", f"{rate:.0f}", 0 < rate <= 25, f"of {RETIRED} at once"),
        Row("order latency meanwhile, p50", "≤ 1.5 x", f"{ratio:.2f} x", ratio <= 1.5, "of the same without them"),
    ]


async def _latencies(side: Json) -> list[float]:
    found = []
    for _ in range(PROBES):
        order = await side.finished(await side.order())
        found.append(order.done_at - order.created_at)
    return found


async def _retire(stack: Stack, sample: Json) -> None:
    """Receipts of orders that ended, and whose objects went, more than thirty days ago."""
    long_ago = (datetime.now(UTC) - timedelta(days=40)).isoformat(timespec="seconds").replace("+00:00", "Z")
    final = {"state": "Filled", "filledQuantity": "0.0001", "at": long_ago, "settled": True}
    body = {**sample, "outcome": "Final", "final": final, "intentDeletedAt": long_ago}
    gate = asyncio.Semaphore(16)

    async def one(number: int) -> None:
        identity = {**sample["identity"], "key": f"retired-{number}"}
        meta = {"name": f"or-retired-{number:05}", "finalizers": sample["metadata"]["finalizers"]}
        async with gate:
            await stack.api.create(RECEIPTS, JOURNAL, {**body, "metadata": meta, "identity": identity})

    await asyncio.gather(*(one(number) for number in range(RETIRED)))


async def _deleted(operator: Operator) -> float:
    return sum(float(value) for value in _DELETES.findall(await operator.metrics()))


async def _until_gone(stack: Stack) -> None:
    for _ in range(600):
        found = await stack.api.send("GET", RECEIPTS.path(JOURNAL))
        if not any("retired" in item["metadata"]["name"] for item in found["items"]):
            return
        await asyncio.sleep(0.5)
    raise TimeoutError("receipts that are to go are still there")
