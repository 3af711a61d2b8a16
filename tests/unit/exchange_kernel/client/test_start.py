"""A start tells all of the snapshot once, or nothing; starts and stops come one after the other."""

import asyncio
import tracemalloc
from decimal import Decimal

import pytest

from exchange_kernel.client.errors import ExchangeError
from exchange_kernel.client.events import BaseEvent, EventType, OrderFilled
from exchange_kernel.kube.resources import ACCOUNT_STATES, GROUPS, INTENTS, Resource
from exchange_kernel.kube.transport import Answer
from support.client_wire import LISTED, Wire, account, group, order, page
from support.kube_fakes import refusal

SILENT, EXPIRED = refusal(503, "ServiceUnavailable"), refusal(410, "Expired")
FIRST_PAGE, ORDERS = page(order("a", 1), more="x"), page(order("a", 1), order("b", 2))
FAILURES: dict[str, dict[Resource, list[Answer]]] = {
    "after the first page": {INTENTS: [FIRST_PAGE, SILENT]},
    "because the list became too old between two pages": {INTENTS: [FIRST_PAGE, EXPIRED]},
    "after the orders": {INTENTS: [ORDERS], GROUPS: [SILENT]},
    "after the groups": {INTENTS: [ORDERS], GROUPS: [page(group("g"))], ACCOUNT_STATES: [SILENT]},
}
ALL: dict[Resource, list[Answer]] = {
    INTENTS: [FIRST_PAGE, page(order("b", 2))],
    GROUPS: [page(group("g"))],
    ACCOUNT_STATES: [page(account())],
}
SNAPSHOT = [
    f"{EventType.ORDER_SUBMITTED}/a",
    f"{EventType.ORDER_OPEN}/a",
    f"{EventType.ORDER_SUBMITTED}/b",
    f"{EventType.ORDER_OPEN}/b",
    f"{EventType.GROUP_CHANGED}/g",
    f"{EventType.ACCOUNT_CHANGED}/paper",
    f"{EventType.SNAPSHOT_COMPLETE}/trading-accounts",
]


def wire_of(first: dict[Resource, list[Answer]], then: dict[Resource, list[Answer]]) -> Wire:
    return Wire({resource: [*first.get(resource, ()), *then.get(resource, ())] for resource in LISTED})


def others() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


@pytest.mark.parametrize("when", FAILURES)
async def test_a_start_that_fails_has_told_nothing_and_the_next_tells_everything_once(when: str) -> None:
    wire = wire_of(FAILURES[when], ALL)
    kernel = wire.kernel()
    with pytest.raises(ExchangeError):
        await kernel.start()
    assert wire.told == []

    await kernel.start()
    assert wire.told == SNAPSHOT
    await kernel.stop()


async def test_a_start_that_is_canceled_has_told_nothing_and_the_next_tells_everything_once() -> None:
    wire = wire_of({INTENTS: [ORDERS]}, ALL)
    wire.gates[GROUPS] = asyncio.Event()
    kernel = wire.kernel()
    starting = asyncio.create_task(kernel.start())
    await wire.held.wait()
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    assert (wire.told, others()) == ([], set())

    wire.gates.clear()
    await kernel.start()
    assert wire.told == SNAPSHOT
    await kernel.stop()


async def test_an_order_that_was_deleted_before_the_repeated_start_is_never_told() -> None:
    wire = wire_of({INTENTS: [FIRST_PAGE, EXPIRED]}, {INTENTS: [page(order("b", 2))]})
    kernel = wire.kernel()
    with pytest.raises(ExchangeError):
        await kernel.start()
    await kernel.start()
    assert {said.partition("/")[2] for said in wire.told} == {"b", "trading-accounts"}
    await kernel.stop()


@pytest.mark.parametrize("failure", [{INTENTS: [SILENT]}, {GROUPS: [SILENT]}], ids=["a page", "a kind"])
async def test_fills_add_up_although_a_start_was_repeated(failure: dict[Resource, list[Answer]]) -> None:
    part, more = (order("a", version, filledQuantity=filled) for version, filled in ((1, "0.03"), (9, "0.07")))
    seen = page(part, more="x" if INTENTS in failure else "")
    wire = wire_of(
        {INTENTS: [seen, *failure.get(INTENTS, ())], GROUPS: failure.get(GROUPS, [])}, {INTENTS: [page(more)]}
    )
    kernel, fills = wire.kernel(), list[OrderFilled]()

    def hear(event: BaseEvent) -> None:
        if isinstance(event, OrderFilled):
            fills.append(event)

    kernel.subscribe_events(hear)
    with pytest.raises(ExchangeError):
        await kernel.start()
    await kernel.start()
    assert sum(fill.fill_quantity for fill in fills) == fills[-1].filled_quantity == Decimal("0.07")
    await kernel.stop()


async def test_two_starts_at_once_are_one() -> None:
    wire = wire_of(ALL, ALL)
    kernel = wire.kernel()
    await asyncio.gather(kernel.start(), kernel.start())
    assert wire.told == SNAPSHOT
    assert len(others()) == len(LISTED)
    await kernel.stop()
    assert others() == set()


async def test_of_two_starts_at_once_the_second_does_what_the_first_could_not() -> None:
    wire = wire_of(FAILURES["after the orders"], ALL)
    kernel = wire.kernel()
    first, second = await asyncio.gather(kernel.start(), kernel.start(), return_exceptions=True)
    assert isinstance(first, ExchangeError)
    assert second is None
    assert wire.told == SNAPSHOT
    await kernel.stop()


async def test_a_stop_during_a_start_leaves_nothing_running() -> None:
    wire = wire_of(ALL, {})
    wire.gates[GROUPS] = asyncio.Event()
    kernel = wire.kernel()
    starting = asyncio.create_task(kernel.start())
    await wire.held.wait()
    stopping = asyncio.create_task(kernel.stop())
    await asyncio.sleep(0)
    wire.gates[GROUPS].set()
    await asyncio.gather(starting, stopping)
    assert others() == set()
    assert wire.log[-1] == "close"
    assert wire.log.count("close") == 1


async def test_a_thousand_orders_that_wait_for_the_last_list_take_a_fraction_of_their_json() -> None:
    notes = {f"note-{number}": "what the API server stores of each object" for number in range(60)}
    orders = [order(f"o{number}", number, notes=notes) for number in range(1000)]
    pages = [page(*orders[at : at + 50], more="x" if at < 950 else "") for at in range(0, 1000, 50)]
    as_json = sum(len(each.body) for each in pages)
    wire = wire_of({INTENTS: pages}, {})
    wire.gates[GROUPS] = asyncio.Event()
    kernel = wire.kernel()
    tracemalloc.start()
    try:
        starting = asyncio.create_task(kernel.start())
        await wire.held.wait()
        waiting, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    wire.gates[GROUPS].set()
    await starting
    await kernel.stop()
    assert waiting < as_json / 4
    assert len([said for said in wire.told if said.startswith(EventType.ORDER_OPEN)]) == len(orders)
