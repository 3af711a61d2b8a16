"""How long a cancel waits for the venue: on an account with 1,000 open orders while polls run, and on an idle one."""

import asyncio
import itertools
import secrets
import time
from decimal import Decimal

from bench.client import Side
from bench.stack import BASES, Desk, Stack
from bench.table import Row, quantile, ratio_row
from exchange_kernel.core.requests import OrderRequest
from exchange_kernel.exchange.account import Credentials, Venue
from exchange_kernel.exchange.connect import open_exchange
from exchange_kernel.kube.resources import INTENTS

CANCELS, CROWD, PER_SYMBOL = 120, 1000, 190
_MERGE = "application/merge-patch+json"


async def measure(stack: Stack) -> list[Row]:
    """The same operator and the same account: first with nothing but the orders to cancel, then crowded."""
    desk = await stack.desk()
    async with stack.operator(desk), desk.side(stack.api, "Open") as side:
        await _round(stack, side, 10)
        idle = await _round(stack, side, CANCELS)
        await _crowd(stack, desk)
        await asyncio.sleep(4)
        crowded = await _round(stack, side, CANCELS)
    p50, p99 = (f"{quantile(crowded, share):.1f} ms against {quantile(idle, share):.1f} ms" for share in (0.5, 0.99))
    return [
        Row(f"cancel → at the venue, {CROWD} open orders, p50", "", p50, None),
        ratio_row(
            f"cancel → at the venue, {CROWD} open orders, p99", quantile(crowded, 0.99) / quantile(idle, 0.99), 3.0, p99
        ),
    ]


async def _round(stack: Stack, side: Side, count: int) -> list[float]:
    """Milliseconds from just before the PATCH of desiredState to the arrival of each cancel at the venue."""
    moments: list[float] = []
    for _ in range(count):
        order = await side.finished(await side.order(type="Limit", quantity="0.001", price="30000"))
        path = INTENTS.path(side.namespace, order.name)
        moments.append(time.time())
        await stack.api.send("PATCH", path, {"spec": {"desiredState": "Canceled"}}, _MERGE)
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    # The log names no venue id: cancels arrive in the order in which they were asked for, one at a time.
    seen = (await stack.control.requests()).to("DELETE", "/api/v3/order")[-count:]
    return [(entry["time_ms"] + 0.5 - moment * 1000) for entry, moment in zip(seen, moments, strict=True)]


async def _crowd(stack: Stack, desk: Desk) -> None:
    """Orders that no intent owns: every poll reads them."""
    session = open_exchange(Venue("binance", endpoint=stack.venue["url"]), Credentials(desk.key, desk.secret))
    try:
        await session.load_markets()
        symbols = itertools.chain.from_iterable([f"{base}/USDT"] * PER_SYMBOL for base in BASES)
        for symbol in itertools.islice(symbols, CROWD):
            told = OrderRequest(
                secrets.token_hex(16), symbol, "Buy", "Limit", quantity=Decimal("0.1"), price=Decimal(90)
            )
            await session.create_order(told, lambda: None)
    finally:
        await session.close()
