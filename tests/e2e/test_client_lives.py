"""The interface when its process is killed at each step, and when its watches are cut again and again.

The market is at 60000. Whatever the interface says, the venue's own books are the truth.
"""

import random
from decimal import Decimal

import pytest

from exchange_kernel.api.enums import OrderStateName, OrderType, Side
from exchange_kernel.client.events import BaseEvent, EventType, OrderEvent, OrderFilled
from exchange_kernel.client.kernel import KubernetesExchangeKernel
from exchange_kernel.client.models import StandardOrder
from support.one_call import NEW_PRICE, call
from support.proxy import Action, Drop, Proxy, Request, Response
from support.stack import Stack, eventually
from support.strategy_process import StrategyProcess

WRITES = {"place": "POST", "modify": "PATCH", "cancel": "PATCH"}


def kernel_of(stack: Stack, **changes: object) -> KubernetesExchangeKernel:
    told = {"namespace": stack.namespace, "kubeconfig": stack.plane.kubeconfig, "timeout": 60.0}
    return KubernetesExchangeKernel(stack.named("main"), **told | changes)


@pytest.mark.parametrize("moment", ["before it is stored", "after it was stored", "while it waits"])
@pytest.mark.parametrize("what", ["place", "modify", "cancel"])
async def test_a_call_that_was_killed_is_repeated_and_nothing_happens_twice(
    shared: Stack, what: str, moment: str
) -> None:
    kernel, name = kernel_of(shared), shared.named("one")
    if what != "place":
        await call(kernel, name, "place")
    proxy = await shared.api_proxy()
    killed: list[str] = []

    async def kill(request: Request, response: Response | None = None) -> Action | None:
        del response
        about = name in request.path or name.encode() in request.body
        stores = request.method == WRITES[what] and "/orderintents" in request.path and about
        waits = "watch" in request.query and request.query.get("fieldSelector") == f"metadata.name={name}"
        if (waits if moment == "while it waits" else stores) and not killed:
            killed.append(request.path)
            process.kill()
            return Drop()
        return None

    (proxy.before if moment.startswith("before") else proxy.after)(kill)
    config = proxy.write_kubeconfig(shared.folder / f"{shared.prefix}call.kubeconfig")
    process = StrategyProcess(
        shared.folder / f"{shared.prefix}call.log",
        shared.folder / "left-the-machine.log",
        ("support.one_call", str(config), shared.namespace, shared.named("main"), name, what),
    )
    process.start()
    await eventually(process.ended, what="the kill")
    assert killed, process.log

    await call(kernel, name, what)
    state = await kernel.get_order_state(name)
    await kernel.stop()
    orders = (await shared.truth()).orders
    working = [(order["side"], Decimal(order["price"])) for order in orders if order["status"] == "NEW"]
    assert (state.state, len(orders), working) == {
        "place": (OrderStateName.OPEN, 1, [("BUY", Decimal(50000))]),
        "modify": (OrderStateName.OPEN, 2, [("BUY", Decimal(NEW_PRICE))]),
        "cancel": (OrderStateName.CANCELED, 1, []),
    }[what]


class Lives:
    """Random lives of orders, watched through a proxy that is cut again and again."""

    def __init__(self, stack: Stack, proxy: Proxy, trader: KubernetesExchangeKernel, seed: int) -> None:
        self._stack, self._proxy, self._trader = stack, proxy, trader
        self._chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self.names: list[str] = []
        self.dark = False
        proxy.before(self._refuse)

    async def _refuse(self, request: Request) -> Action | None:
        return Drop() if self.dark and request.path.endswith("/orderintents") else None

    async def step(self) -> None:
        kinds = (self._place, self._place, self._buy, self._move, self._cancel, self._cut, self._darken, self._lighten)
        await self._chance.choice(kinds)()

    async def _place(self) -> None:
        price = self._chance.choice(["59000", "57500", "56000"])
        self.names.append(await self._trader.place_order(_order(OrderType.LIMIT, price)))

    async def _buy(self) -> None:
        self.names.append(await self._trader.place_order(_order(OrderType.MARKET, None)))

    async def _move(self) -> None:
        await self._stack.control.move_price("BTCUSDT", self._chance.choice(["60000", "58500", "57000", "55500"]))

    async def _cancel(self) -> None:
        if self.names:
            await self._trader.cancel_order(self._chance.choice(self.names))

    async def _cut(self) -> None:
        self._proxy.cut()

    async def _darken(self) -> None:
        self.dark = True
        self._proxy.cut()

    async def _lighten(self) -> None:
        self.dark = False


def _order(kind: OrderType, price: str | None) -> StandardOrder:
    return StandardOrder(symbol_id="BTC/USDT", side=Side.BUY, order_type=kind, quantity="0.01", price=price)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_events_add_up_over_random_lives_whatever_is_cut(shared: Stack, seed: int) -> None:
    proxy = await shared.api_proxy()
    config = proxy.write_kubeconfig(shared.folder / f"{shared.prefix}cut.kubeconfig")
    watcher, trader = kernel_of(shared, kubeconfig=config), kernel_of(shared)
    told: list[BaseEvent] = []
    watcher.subscribe_events(told.append)
    await watcher.start()
    lives = Lives(shared, proxy, trader, seed)
    for _ in range(25):
        await lives.step()
    lives.dark = False
    await trader.cancel_all_orders()

    async def all_settled() -> bool:
        return {event.intent_id for event in told if event.event_type is EventType.ORDER_SETTLED} == set(lives.names)

    await eventually(all_settled, what=f"{len(lives.names)} orders are settled")
    states = await trader.get_all_orders()
    assert len(states) == len(lives.names) > 5
    for state in states:
        life = [event for event in told if isinstance(event, OrderEvent) and event.intent_id == state.intent_id]
        fills = [event.fill_quantity for event in life if isinstance(event, OrderFilled)]
        assert sum(fills, Decimal(0)) == state.filled_quantity, state.intent_id
        assert all(fill > 0 for fill in fills)
        assert life[-1].event_type is EventType.ORDER_SETTLED
    assert len({event.event_id for event in told}) == len(told)
    await watcher.stop()
    await trader.stop()
