"""How soon a group acts on a fill, one group at a time, the operator and the floor in turns.

Both begin when the fill's event of the venue's order stream arrives in this process. Two cases:

* A bracket's entry is filled: until the stream says that the exit rests. The floor: two raw creates, acknowledged.
* A leg of an OCO is filled: until the stream says that the other has ended. The floor: one raw cancel, acknowledged.

Both are measured with the operator tying the legs together, and with the venue doing so where it can.
"""

import asyncio
import secrets
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from bench.fill import Events, events
from bench.stack import Desk, Stack
from bench.table import Row, quantile, ratio_row
from exchange_kernel.core.outcomes import Placed
from exchange_kernel.core.requests import OrderRequest
from exchange_kernel.exchange.account import Credentials, Venue
from exchange_kernel.exchange.connect import open_exchange
from exchange_kernel.exchange.session import AccountSession
from exchange_kernel.kube.resources import GROUPS
from support import manifests

Json = Any
ROUNDS, GROUPS_PER_ROUND = 4, 8
SYMBOL, MARKET, HIGH, LOW, PRICE = "BTC/USDT", "BTCUSDT", "60000", "57000", "58000"
QUANTITY = Decimal("0.002")
PAUSE_SECONDS = 0.2
ENTRY = {"name": "entry", "role": "Entry", "side": "Buy", "type": "Limit", "quantity": "0.002", "price": PRICE}
TARGET = {"name": "target", "role": "TakeProfit", "side": "Sell", "type": "Limit", "price": "70000"}
STOP = {"name": "stop", "role": "StopLoss", "side": "Sell", "type": "StopMarket", "triggerPrice": "45000"}
NEAR = {"name": "near", "side": "Buy", "type": "Limit", "price": PRICE}
FAR = {"name": "far", "side": "Buy", "type": "Limit", "price": "40000"}
AWAY = {"name": "away", "side": "Buy", "type": "StopMarket", "triggerPrice": "75000"}
_MERGE = "application/merge-patch+json"


async def measure(stack: Stack) -> list[Row]:
    ours, theirs = await stack.desk(), await stack.desk()
    session = open_exchange(Venue("binance", endpoint=stack.venue["url"]), Credentials(theirs.key, theirs.secret))
    rows: list[Row] = []
    try:
        await session.load_markets()
        async with stack.operator(ours), events(stack, ours) as told, events(stack, theirs) as raw_told:
            for title, mine, floor in (
                ("bracket's entry filled → its exit rests, emulated, p50", partial(_bracket, exits=1), _two_creates),
                ("bracket's entry filled → both exits rest, native, p50", partial(_bracket, exits=2), _two_creates),
                ("leg filled → its sibling ended, emulated, p50", partial(_oco, far=FAR), _one_cancel),
                ("leg filled → its sibling ended, native, p50", partial(_oco, far=AWAY), _one_cancel),
            ):
                await mine(stack, ours, told)
                await floor(stack, session, raw_told)
                rounds = [
                    (
                        [await mine(stack, ours, told) for _ in range(GROUPS_PER_ROUND)],
                        [await floor(stack, session, raw_told) for _ in range(GROUPS_PER_ROUND)],
                    )
                    for _ in range(ROUNDS)
                ]
                rows.append(_row(title, rounds))
    finally:
        await session.close()
        await stack.control.move_price(MARKET, HIGH)
    return rows


def _row(title: str, rounds: list[tuple[list[float], list[float]]]) -> Row:
    middle = [statistics.median(mine) / statistics.median(floor) for mine, floor in rounds]
    mine = [value for found, _ in rounds for value in found]
    floor = [value for _, found in rounds for value in found]
    shown = f"{quantile(mine, 0.5):.1f} ms against {quantile(floor, 0.5):.1f} ms"
    return ratio_row(title, statistics.median(middle), 2.0, shown, middle)


async def _until(told: Events, holds: Callable[[Json], bool]) -> float:
    """The wall clock at the arrival of the event."""
    while True:
        event = await told.next()
        if holds(event):
            return time.time()


async def _create(stack: Stack, desk: Desk, *legs: Json, **spec: object) -> str:
    name = f"g{secrets.token_hex(4)}"
    await stack.api.create(GROUPS, desk.namespace, manifests.group(desk.namespace, name, "main", legs, **spec))
    return name


async def _end(stack: Stack, desk: Desk, name: str) -> None:
    path = GROUPS.path(desk.namespace, name)
    await stack.api.send("PATCH", path, {"spec": {"desiredState": "Canceled"}}, _MERGE)
    while (await stack.api.send("GET", path)).get("status", {}).get("state") not in {"Canceled", "Completed"}:  # noqa: ASYNC110 - not measured
        await asyncio.sleep(0.05)


async def _resting(told: Events, orders: int) -> None:
    for _ in range(orders):
        await _until(told, lambda event: event["X"] == "NEW" and event["x"] == "NEW")
    await asyncio.sleep(PAUSE_SECONDS)


async def _bracket(stack: Stack, desk: Desk, told: Events, *, exits: int) -> float:
    """Milliseconds until so many exits rest: one where the operator ties them together, two where the venue does."""
    await stack.control.move_price(MARKET, HIGH)
    name = await _create(stack, desk, ENTRY, TARGET, STOP, execution="Emulated" if exits == 1 else "Native")
    await _resting(told, 1)
    filled = asyncio.create_task(_until(told, lambda event: event["X"] == "FILLED"))
    await stack.control.move_price(MARKET, LOW)
    began = await filled
    ended = began
    for _ in range(exits):
        ended = await _until(told, lambda event: event["X"] == "NEW" and event["S"] == "SELL")
    took = ended - began
    await _end(stack, desk, name)
    return took * 1000


async def _oco(stack: Stack, desk: Desk, told: Events, *, far: Json) -> float:
    """Milliseconds; with a stop as the other leg the venue ties them together."""
    await stack.control.move_price(MARKET, HIGH)
    name = await _create(stack, desk, NEAR, far, type="OCO", quantity="0.002")
    await _resting(told, 2)
    both = asyncio.create_task(_both_ends(told))
    await stack.control.move_price(MARKET, LOW)
    filled, ended = await both
    await _end(stack, desk, name)
    return (ended - filled) * 1000


async def _both_ends(told: Events) -> tuple[float, float]:
    """When the one was filled and when the other ended; the venue may tell of the end first."""
    filled = ended = 0.0
    while not (filled and ended):
        event = await told.next()
        if event["X"] == "FILLED":
            filled = time.time()
        elif event["X"] in {"CANCELED", "EXPIRED"}:
            ended = time.time()
    return filled, max(filled, ended)


# --- the floor --------------------------------------------------------------------------------------------------------


async def _place(session: AccountSession, side: str, kind: str, **prices: str) -> Placed:
    told = OrderRequest(
        secrets.token_hex(16),
        SYMBOL,
        side,
        kind,
        quantity=QUANTITY,
        **{name: Decimal(value) for name, value in prices.items()},
    )
    outcome = await session.create_order(told, lambda: None)
    if not isinstance(outcome, Placed):
        raise RuntimeError(f"the venue did not take an order: {outcome}")  # noqa: TRY004 - an outcome, not a wrong argument
    return outcome


async def _cancel(session: AccountSession, placed: Placed) -> None:
    await session.cancel_order(SYMBOL, placed.order.exchange_order_id, placed.order.client_order_id)


async def _after_fill(stack: Stack, told: Events) -> float:
    filled = asyncio.create_task(_until(told, lambda event: event["X"] == "FILLED"))
    await asyncio.sleep(PAUSE_SECONDS)
    await stack.control.move_price(MARKET, LOW)
    return await filled


async def _two_creates(stack: Stack, session: AccountSession, told: Events) -> float:
    """Milliseconds."""
    await stack.control.move_price(MARKET, HIGH)
    await _place(session, "Buy", "Limit", price=PRICE)
    began = await _after_fill(stack, told)
    first = await _place(session, "Sell", "StopMarket", trigger_price="45000")
    second = await _place(session, "Sell", "Limit", price="70000")
    took = time.time() - began
    await _cancel(session, first)
    await _cancel(session, second)
    return took * 1000


async def _one_cancel(stack: Stack, session: AccountSession, told: Events) -> float:
    """Milliseconds."""
    await stack.control.move_price(MARKET, HIGH)
    far = await _place(session, "Buy", "Limit", price="40000")
    await _place(session, "Buy", "Limit", price=PRICE)
    began = await _after_fill(stack, told)
    await _cancel(session, far)
    return (time.time() - began) * 1000
