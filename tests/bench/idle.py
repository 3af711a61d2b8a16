"""What the operator uses while orders work and nothing happens."""

import asyncio
import time

from bench.client import Side
from bench.processes import CpuMeter, memory_mib
from bench.stack import Stack
from bench.table import Row

FEW, MANY = 20, 100
QUIET_SECONDS, IDLE_SECONDS = 20.0, 30.0
SETTLE_SECONDS = 5.0


async def measure(stack: Stack) -> list[Row]:
    """Limit orders far below the market, which rest in the book."""
    desk = await stack.desk()
    async with stack.operator(desk) as operator, desk.side(stack.api, "Open") as side:
        await _rest(side, FEW)
        before = await operator.writes()
        await asyncio.sleep(QUIET_SECONDS)
        writes = (await operator.writes()).since(before)
        await _rest(side, MANY - FEW)
        meter, started = CpuMeter.start(operator=operator.pid), time.monotonic()
        await asyncio.sleep(IDLE_SECONDS)
        share = meter.used()["operator"] / (time.monotonic() - started)
        memory, highest = memory_mib(operator.pid), memory_mib(operator.pid, "VmHWM")
    return [
        Row(f"writes in {QUIET_SECONDS:.0f} s, {FEW} working orders", "≤ 1", str(writes.total), writes.total <= 1,
            "a sign of life every 30 s"),
        Row(f"CPU, {MANY} working orders", "≤ 2 % of a core", f"{share:.1%}", share <= 0.02),
        Row(f"RSS, {MANY} working orders", "≤ 200 MB", f"{memory * 1.048576:.0f} MB", memory * 1.048576 <= 200,
            f"at most {highest * 1.048576:.0f} MB"),
    ]  # fmt: skip


async def _rest(side: Side, count: int) -> None:
    await side.burst(count, 8, type="Limit", price="20000", quantity="0.001")
    await asyncio.sleep(SETTLE_SECONDS)
