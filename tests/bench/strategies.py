"""The interface for strategies against raw HTTP: placing, hearing of a fill, and watching a thousand orders."""

import asyncio
import contextlib
import secrets
import statistics
import time
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

from bench import working
from bench.client import Side
from bench.fill import HIGH, LOW, MARKET, PRICE, Events, Place, events, raw_orders, target_of
from bench.processes import Child, CpuMeter, memory_mib
from bench.stack import ACCOUNT, Desk, Stack
from bench.table import Row, quantile, ratio_row
from exchange_kernel.api.enums import OrderStateName, OrderType
from exchange_kernel.api.enums import Side as Direction
from exchange_kernel.client.events import BaseEvent, OrderFilled
from exchange_kernel.client.kernel import KubernetesExchangeKernel
from exchange_kernel.client.models import StandardOrder
from exchange_kernel.kube.resources import INTENTS

Json = Any
ROUNDS, ORDERS_PER_ROUND, FILLS_PER_ROUND = 4, 40, 12
WATCHED, IDLE_SECONDS = 1000, 30.0
PAUSE_SECONDS = 0.1
MEGABYTE = 1.048576
_MERGE = "application/merge-patch+json"


async def measure(stack: Stack, say: Callable[[str], None]) -> list[Row]:
    rows = await _placing(stack)
    rows.append(await _filling(stack))
    return rows + await _watching(stack, say)


# --- placing ---------------------------------------------------------------------------------------------------------


async def _placing(stack: Stack) -> list[Row]:
    """Both through the same operator, order by order in turns: what the interface adds to a raw apply and a watch."""
    desk = await stack.desk()
    async with stack.operator(desk), desk.side(stack.api) as raw, _kernel(stack, desk) as kernel:
        await _raw_place(raw)
        await _place(kernel, 1)
        rounds: list[tuple[list[float], list[float]]] = []
        for _ in range(ROUNDS):
            mine, floor = [], []
            for number in range(ORDERS_PER_ROUND):
                mine.append(await _place(kernel, number))
                floor.append(await _raw_place(raw))
            rounds.append((mine, floor))
    return [_row("place_order → accepted, p50", 1.3, rounds)]


async def _place(kernel: KubernetesExchangeKernel, number: int) -> float:
    side = Direction.BUY if number % 2 else Direction.SELL
    order = StandardOrder(symbol_id="BTC/USDT", side=side, order_type=OrderType.MARKET, quantity="0.0001")
    began = time.time()
    await kernel.place_order(order)
    took = (time.time() - began) * 1000
    await asyncio.sleep(PAUSE_SECONDS)
    return took


async def _raw_place(side: Side) -> float:
    order = await side.finished(await side.order())
    await asyncio.sleep(PAUSE_SECONDS)
    return (order.done_at - order.created_at) * 1000


# --- fills -----------------------------------------------------------------------------------------------------------


async def _filling(stack: Stack) -> Row:
    """From the venue's event to the callback; the floor: to a raw PATCH of a status, seen by a raw watch."""
    ours, theirs = await stack.desk(), await stack.desk()
    async with (
        stack.operator(ours),
        ours.side(stack.api) as side,
        _kernel(stack, ours) as kernel,
        events(stack, ours) as told,
        events(stack, theirs) as raw_told,
        raw_orders(stack, theirs) as place,
    ):
        sample = (await side.finished(await side.order())).obj
        target = await target_of(stack, theirs)
        heard = _Heard(kernel)
        await kernel.start()
        async with _seen(stack, theirs) as seen:
            rounds: list[tuple[list[float], list[float]]] = []
            for turn in range(ROUNDS + 1):
                mine, floor = [], []
                for _ in range(FILLS_PER_ROUND):
                    mine.append(await _fill(stack, kernel, told, heard))
                    floor.append(await _raw_fill(stack, raw_told, place, (target, sample["status"]), seen))
                if turn:  # the first round warms up
                    rounds.append((mine, floor))
    await stack.control.move_price(MARKET, HIGH)
    return _row("fill at the venue → callback, p50", 2.0, rounds)


class _Heard:
    """When the callback was told of the fill of each order."""

    def __init__(self, kernel: KubernetesExchangeKernel) -> None:
        self._futures: dict[str, asyncio.Future[float]] = {}
        kernel.subscribe_events(self._hear, {"event_type": "OrderFilled", "include_snapshot": False})

    def _hear(self, event: BaseEvent) -> None:
        if isinstance(event, OrderFilled) and event.is_final and event.intent_id is not None:
            self.of(event.intent_id).set_result(time.time())

    def of(self, name: str) -> asyncio.Future[float]:
        return self._futures.setdefault(name, asyncio.get_running_loop().create_future())


async def _fill(stack: Stack, kernel: KubernetesExchangeKernel, told: Events, heard: _Heard) -> float:
    await stack.control.move_price(MARKET, HIGH)
    order = StandardOrder(
        symbol_id="BTC/USDT", side=Direction.BUY, order_type=OrderType.LIMIT, quantity="0.001", price=Decimal(PRICE)
    )
    name = await kernel.place_order(order)
    while (await kernel.get_order_state(name)).state is not OrderStateName.OPEN:  # noqa: ASYNC110 - not measured
        await asyncio.sleep(0.02)
    await asyncio.sleep(PAUSE_SECONDS)
    venue = asyncio.create_task(told.filled())
    await stack.control.move_price(MARKET, LOW)
    began = await venue
    took = (await asyncio.wait_for(heard.of(name), 30) - began) * 1000
    await asyncio.sleep(PAUSE_SECONDS)
    return took


async def _raw_fill(
    stack: Stack, told: Events, place: Place, write: tuple[str, Json], seen: Callable[[str], "asyncio.Future[float]"]
) -> float:
    await stack.control.move_price(MARKET, HIGH)
    await place()
    word, (path, sample) = secrets.token_hex(8), write
    await asyncio.sleep(PAUSE_SECONDS)
    venue = asyncio.create_task(told.filled())
    await stack.control.move_price(MARKET, LOW)
    began = await venue
    await stack.api.send("PATCH", path, {"status": {**sample, "message": word}}, _MERGE)
    took = (await asyncio.wait_for(seen(word), 30) - began) * 1000
    await asyncio.sleep(PAUSE_SECONDS)
    return took


@contextlib.asynccontextmanager
async def _seen(stack: Stack, desk: Desk) -> AsyncIterator[Callable[[str], "asyncio.Future[float]"]]:
    """When a raw watch shows a status with this message."""
    futures: dict[str, asyncio.Future[float]] = {}

    def of(word: str) -> asyncio.Future[float]:
        return futures.setdefault(word, asyncio.get_running_loop().create_future())

    async def look() -> None:
        since = await stack.api.version_of(INTENTS, desk.namespace)
        async for event in stack.api.watch(INTENTS, desk.namespace, since):
            word = event["object"].get("status", {}).get("message", "")
            if word and not of(word).done():
                of(word).set_result(time.time())

    task = asyncio.create_task(look())
    try:
        yield of
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


# --- a thousand orders -----------------------------------------------------------------------------------------------


async def _watching(stack: Stack, say: Callable[[str], None]) -> list[Row]:
    desk = await stack.desk()
    await working.rest(stack, desk, WATCHED, say)
    ready = stack.folder / "watcher.ready"
    async with stack.operator(desk):
        child = Child(
            "bench.watcher", stack.cluster.kubeconfig, desk.namespace, ACCOUNT, ready, log=stack.folder / "watcher.log"
        )
        try:
            while not ready.exists():
                child.check()
                await asyncio.sleep(0.1)
            await asyncio.sleep(10.0)
            meter, began = CpuMeter.start(watcher=child.pid), time.monotonic()
            await asyncio.sleep(IDLE_SECONDS)
            share = meter.used()["watcher"] / (time.monotonic() - began)
            memory, highest = (memory_mib(child.pid, name) * MEGABYTE for name in ("VmRSS", "VmHWM"))
        finally:
            child.stop()
    return [
        Row(f"CPU of the client, {WATCHED} watched orders", "≤ 3 % of a core", f"{share:.1%}", share <= 0.03),
        Row(
            f"RSS of the client, {WATCHED} watched orders",
            "≤ 60 MB",
            f"{memory:.0f} MB",
            memory <= 60,
            f"at most {highest:.0f} MB",
        ),
    ]


@contextlib.asynccontextmanager
async def _kernel(stack: Stack, desk: Desk) -> AsyncIterator[KubernetesExchangeKernel]:
    kernel = KubernetesExchangeKernel(ACCOUNT, namespace=desk.namespace, kubeconfig=stack.cluster.kubeconfig)
    try:
        yield kernel
    finally:
        await kernel.stop()


def _row(title: str, most: float, rounds: list[tuple[list[float], list[float]]]) -> Row:
    middle = [statistics.median(mine) / statistics.median(floor) for mine, floor in rounds]
    mine = [value for found, _ in rounds for value in found]
    floor = [value for _, found in rounds for value in found]
    shown = f"{quantile(mine, 0.5):.1f} ms against {quantile(floor, 0.5):.1f} ms"
    return ratio_row(title, statistics.median(middle), most, shown, middle)
