"""The benchmark as a whole. It reports; a missed target is no failure of the program."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial

from bench import burst, cancel, fill, groups, idle, latency, markets, scale, strategies
from bench.processes import machine
from bench.stack import Stack, running
from bench.table import Row, render


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _sample(stack: Stack) -> dict[str, object]:
    """An OrderIntent that the operator has filled: what the raw program writes is taken from it."""
    desk = await stack.desk()
    async with stack.operator(desk), desk.side(stack.api) as side:
        order = await side.finished(await side.order())
        await asyncio.sleep(0.5)
    sample: dict[str, object] = order.obj
    return sample


async def _latency(stack: Stack) -> list[Row]:
    return latency.rows(await latency.measure(stack))


async def _burst(stack: Stack) -> list[Row]:
    return burst.rows(*await burst.measure(stack, await _sample(stack), say))


async def _large(stack: Stack) -> list[Row]:
    return await scale.measure_burst(stack, await _sample(stack), say)


PARTS: Mapping[str, tuple[str, Callable[[Stack], Awaitable[list[Row]]]]] = {
    "latency": ("one order at a time, the operator and the floor in turns", _latency),
    "fill": ("fills, the operator and the floor in turns", fill.measure),
    "groups": ("groups that act on a fill, the operator and the floor in turns", groups.measure),
    "strategies": ("the interface for strategies, in turns with raw HTTP", partial(strategies.measure, say=say)),
    "markets": ("markets that are published beside a burst", partial(markets.measure, say=say)),
    "cancel": ("cancels beside a thousand open orders", cancel.measure),
    "burst": ("bursts, the operator and the raw program in turns", _burst),
    "idle": ("orders that work while nothing happens", idle.measure),
    "start": ("a start beside orders that work already", partial(scale.measure_start, say=say)),
    "large": ("large bursts, the operator and the raw program in turns", _large),
    "retention": ("receipts whose retention has passed", partial(scale.measure_retention, say=say)),
}


async def run(parts: Collection[str], operator_module: str) -> list[Row]:
    rows: list[Row] = []
    async with running(operator_module) as stack:
        for name, (what, measure) in PARTS.items():
            if name in parts:
                say(f"{what} …")
                rows += await measure(stack)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser("bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--operator-module", default="exchange_kernel", help="in place of exchange_kernel")
    told = parser.parse_args()
    unknown = set(told.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; write {', '.join(PARTS)}")
    started = time.monotonic()
    for line in machine():
        say(line)
    rows = asyncio.run(run(tuple(told.parts) or PARTS, told.operator_module))
    say("")
    say(render(rows))
    say(f"\ntook {time.monotonic() - started:.0f} s")
    return 0
