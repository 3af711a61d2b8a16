"""Five hundred OrderIntents at once: how many orders per second, against the same writes over raw HTTP."""

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.client import Side
from bench.processes import CpuMeter
from bench.stack import Stack, Writes
from bench.table import Row, spread

ORDERS = 500
CREATORS = 16
ROUNDS = 3
CONCURRENCIES = (8, 16, 32)
CALIBRATION = 200
WARM_UP = 20


@dataclass(frozen=True)
class Burst:
    """One burst: orders per second from the first POST to the last final status, CPU milliseconds per order."""

    rate: float
    cpu: dict[str, float]
    writes: Writes | None = None


async def measure(
    stack: Stack, sample: dict[str, object], say: Callable[[str], None]
) -> tuple[int, list[Burst], list[Burst]]:
    """The raw program's best concurrency, and the bursts of operator and raw program, taken in turns."""
    tried: dict[int, float] = {}
    for each in CONCURRENCIES:
        tried[each] = (await raw_burst(stack, sample, each, CALIBRATION)).rate
        say(f"  raw, concurrency {each}: {tried[each]:.0f} orders/s")
    best = max(tried, key=lambda each: tried[each])
    ours: list[Burst] = []
    theirs: list[Burst] = []
    for _ in range(ROUNDS):
        ours.append(await operator_burst(stack))
        theirs.append(await raw_burst(stack, sample, best, ORDERS))
        say(f"  operator {ours[-1].rate:.0f} orders/s, raw {theirs[-1].rate:.0f} orders/s")
    return best, ours, theirs


async def operator_burst(stack: Stack, orders: int = ORDERS, **spec: object) -> Burst:
    """A process of its own for each burst: its budget of request weight at the venue is one minute's."""
    desk = await stack.desk()
    async with stack.operator(desk) as operator, desk.side(stack.api) as side:
        await side.burst(WARM_UP, 1)
        await asyncio.sleep(1.0)
        before = await operator.writes()
        burst = await _burst(stack, side, operator.pid, orders, spec)
        await asyncio.sleep(1.0)
        return Burst(burst.rate, burst.cpu, (await operator.writes()).since(before))


async def raw_burst(
    stack: Stack, sample: dict[str, object], concurrency: int, orders: int, *, look_up: bool = True, **spec: object
) -> Burst:
    """The same with the raw program; without `look_up` it does not ask the venue before it sends."""
    desk = await stack.desk()
    async with stack.raw(desk, sample, concurrency, look_up=look_up) as raw, desk.side(stack.api) as side:
        await side.burst(WARM_UP, 1)
        await asyncio.sleep(1.0)
        return await _burst(stack, side, raw.pid, orders, spec)


async def _burst(stack: Stack, side: Side, pid: int, orders: int, spec: dict[str, object]) -> Burst:
    meter = CpuMeter.start(actor=pid, api=stack.api_server_pid, venue=stack.venue_pid)
    own, started = time.process_time(), time.monotonic()
    await side.burst(orders, CREATORS, **spec)
    seconds = time.monotonic() - started
    cpu = {**meter.used(), "client": time.process_time() - own}
    return Burst(orders / seconds, {name: used / orders * 1000 for name, used in cpu.items()})


def rows(best: int, ours: list[Burst], theirs: list[Burst]) -> list[Row]:
    shares = [a.rate / b.rate for a, b in zip(ours, theirs, strict=True)]
    share = statistics.median(shares)
    rates = f"{_rate(ours):.0f}/s against {_rate(theirs):.0f}/s (raw at concurrency {best}); {spread(shares)}"
    counted = [burst.writes for burst in ours if burst.writes is not None]
    own = statistics.median(each.orders / ORDERS for each in counted)
    others = statistics.median((each.accounts + each.events) / ORDERS for each in counted)
    by_cpu = statistics.median(sum(b.cpu.values()) / sum(a.cpu.values()) for a, b in zip(ours, theirs, strict=True))
    return [
        Row(f"burst of {ORDERS}, orders per second", "≥ 70 %", f"{share:.0%}", share >= 0.7, rates),
        Row("the same by the CPU time of all processes", "", f"{by_cpu:.0%}", None, "less sensitive to other load"),
        Row("CPU per order of a burst, operator", "", f"{_cpu(ours, 'actor'):.1f} ms", None, _others(ours)),
        Row("CPU per order of a burst, raw", "", f"{_cpu(theirs, 'actor'):.1f} ms", None, _others(theirs)),
        Row(
            "writes per placed and filled order",
            "≤ 4",
            f"{own:.2f}",
            own <= 4.0,
            f"for accounts and Events {others:.2f} more",
        ),
    ]


def _rate(bursts: list[Burst]) -> float:
    return statistics.median(burst.rate for burst in bursts)


def _cpu(bursts: list[Burst], name: str) -> float:
    return statistics.median(burst.cpu[name] for burst in bursts)


def _others(bursts: list[Burst]) -> str:
    names = {"api": "API server", "venue": "venue", "client": "client"}
    return ", ".join(f"{text} {_cpu(bursts, name):.1f} ms" for name, text in names.items())
