"""From a fill at the venue to the status, one order at a time, the operator and the floor in turns.

Both begin when the event of the venue's order stream arrives in this process. The floor ends when a raw PATCH of a
status of the same size is acknowledged; the operator's side when a watch shows the status Filled, which is later.
"""

import asyncio
import contextlib
import secrets
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any

import aiohttp
import orjson

from bench.client import Side
from bench.stack import Desk, Stack
from bench.table import Row, quantile, ratio_row
from exchange_kernel.core.requests import OrderRequest
from exchange_kernel.exchange.account import Credentials, Venue
from exchange_kernel.exchange.connect import open_exchange
from exchange_kernel.kube.resources import INTENTS
from paper_exchange.binance import auth
from support import manifests

Json = Any
Place = Callable[[], Awaitable[None]]
ROUNDS, ORDERS_PER_ROUND = 4, 15
SYMBOL, MARKET, HIGH, LOW, PRICE = "BTC/USDT", "BTCUSDT", "60000", "57000", "58000"
PAUSE_SECONDS = 0.1
_MERGE = "application/merge-patch+json"


class Events:
    """The order stream of one account, raw; `filled` is set to the wall clock when an order is filled."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def filled(self) -> float:
        """The wall clock at the arrival of the next fill that ends an order."""
        while (await self.next())["X"] != "FILLED":
            continue
        return time.time()

    async def next(self) -> Json:
        """The next event of an order."""
        while True:
            event = (await self._socket.receive_json(timeout=30)).get("event", {})
            if event.get("e") == "executionReport":
                return event


@contextlib.asynccontextmanager
async def events(stack: Stack, desk: Desk) -> AsyncIterator[Events]:
    url = "ws" + stack.venue["url"].removeprefix("http") + "/ws-api/v3"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        sent: dict[str, Any] = {"apiKey": desk.key, "timestamp": int(time.time() * 1000)}
        sent["signature"] = auth.signature_of(desk.secret, auth.wsapi_payload(sent))
        request = {"id": "1", "method": "userDataStream.subscribe.signature", "params": sent}
        await socket.send_str(orjson.dumps(request).decode())
        answer = await socket.receive_json(timeout=10)
        if answer.get("status") != 200:
            raise RuntimeError(f"no stream: {answer}")
        yield Events(socket)


async def measure(stack: Stack) -> list[Row]:
    ours, theirs = await stack.desk(), await stack.desk()
    async with (
        stack.operator(ours),
        ours.side(stack.api) as side,
        events(stack, ours) as told,
        events(stack, theirs) as raw_told,
        raw_orders(stack, theirs) as place,
    ):
        sample = (await _operator_fills(stack, side, told))[1]
        target = await target_of(stack, theirs)
        await _floor_fills(stack, raw_told, place, target, sample)
        rounds: list[tuple[list[float], list[float]]] = []
        for _ in range(ROUNDS):
            mine, floor = [], []
            for _ in range(ORDERS_PER_ROUND):
                mine.append((await _operator_fills(stack, side, told))[0])
                floor.append(await _floor_fills(stack, raw_told, place, target, sample))
            rounds.append((mine, floor))
    await stack.control.move_price(MARKET, HIGH)
    return _rows(rounds)


def _rows(rounds: list[tuple[list[float], list[float]]]) -> list[Row]:
    middle = [statistics.median(mine) / statistics.median(floor) for mine, floor in rounds]
    mine = [value for found, _ in rounds for value in found]
    floor = [value for _, found in rounds for value in found]
    shown = f"{quantile(mine, 0.5):.1f} ms against {quantile(floor, 0.5):.1f} ms"
    return [ratio_row("fill → status, with a stream, p50", statistics.median(middle), 1.5, shown, middle)]


async def _operator_fills(stack: Stack, side: Side, told: Events) -> tuple[float, Json]:
    """Milliseconds from the event to the status, and the object."""
    await stack.control.move_price(MARKET, HIGH)
    order = await side.order(type="Limit", quantity="0.001", price=PRICE)
    path = INTENTS.path(side.namespace, order.name)
    while (await stack.api.send("GET", path)).get("status", {}).get("state") != "Open":  # noqa: ASYNC110 - not measured
        await asyncio.sleep(0.02)
    await asyncio.sleep(PAUSE_SECONDS)
    heard = asyncio.create_task(told.filled())
    await stack.control.move_price(MARKET, LOW)
    began = await heard
    await side.finished(order)
    await asyncio.sleep(PAUSE_SECONDS)
    return (order.done_at - began) * 1000, order.obj


@contextlib.asynccontextmanager
async def raw_orders(stack: Stack, desk: Desk) -> AsyncIterator[Place]:
    session = open_exchange(Venue("binance", endpoint=stack.venue["url"]), Credentials(desk.key, desk.secret))
    await session.load_markets()

    async def place() -> None:
        told = OrderRequest(
            secrets.token_hex(16), SYMBOL, "Buy", "Limit", quantity=Decimal("0.001"), price=Decimal(PRICE)
        )
        await session.create_order(told, lambda: None)

    try:
        yield place
    finally:
        await session.close()


async def target_of(stack: Stack, desk: Desk) -> str:
    """An OrderIntent that no operator watches, to write to."""
    body = manifests.intent(desk.namespace, "target", "main", type="Limit", quantity="0.001", price=PRICE)
    await stack.api.create(INTENTS, desk.namespace, body)
    return INTENTS.path(desk.namespace, "target", "status")


async def _floor_fills(stack: Stack, told: Events, place: Place, path: str, sample: Json) -> float:
    """Milliseconds from the event to the acknowledged PATCH."""
    await stack.control.move_price(MARKET, HIGH)
    await place()
    status = {**sample["status"], "message": secrets.token_hex(8)}
    await asyncio.sleep(PAUSE_SECONDS)
    heard = asyncio.create_task(told.filled())
    await stack.control.move_price(MARKET, LOW)
    began = await heard
    await stack.api.send("PATCH", path, {"status": status}, _MERGE)
    took = (time.time() - began) * 1000
    await asyncio.sleep(PAUSE_SECONDS)
    return took
