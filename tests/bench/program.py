"""The benchmark as a whole. It reports; a missed target is no failure of the program."""

import argparse
import asyncio
import sys
import time

from bench import burst, cancel, fill, groups, idle, latency, scale
from bench.processes import machine
from bench.stack import Stack, running
from bench.table import Row, render

PARTS = ("latency", "fill", "groups", "cancel", "burst", "idle", "start", "large", "retention")


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


async def run(parts: tuple[str, ...], operator_module: str) -> list[Row]:
    rows: list[Row] = []
    async with running(operator_module) as stack:
        if "latency" in parts:
            say("one order at a time, the operator and the floor in turns …")
            rows += latency.rows(await latency.measure(stack))
        if "fill" in parts:
            say("fills, the operator and the floor in turns …")
            rows += await fill.measure(stack)
        if "groups" in parts:
            say("groups that act on a fill, the operator and the floor in turns …")
            rows += await groups.measure(stack)
        if "cancel" in parts:
            say("cancels beside a thousand open orders …")
            rows += await cancel.measure(stack)
        if "burst" in parts:
            say("bursts, the operator and the raw program in turns …")
            rows += burst.rows(*await burst.measure(stack, await _sample(stack), say))
        if "idle" in parts:
            say("orders that work while nothing happens …")
            rows += await idle.measure(stack)
        if "start" in parts:
            say("a start beside orders that work already …")
            rows += await scale.measure_start(stack, say)
        if "large" in parts:
            say("large bursts, the operator and the raw program in turns …")
            rows += await scale.measure_burst(stack, await _sample(stack), say)
        if "retention" in parts:
            say("receipts whose retention has passed …")
            rows += await scale.measure_retention(stack, say)
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
