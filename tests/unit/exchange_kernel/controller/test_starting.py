"""What a start costs, and when every order has been seen again."""

import pytest

from support.virtual_time import in_virtual_time
from support.world import World

MANY = 60


async def _restarted_with(orders: int) -> World:
    world = World()
    await world.ready()
    names = [f"o{number}" for number in range(orders)]
    for name in names:
        world.apply(name)
    for name in names:
        await world.until_state("Open", name)
    await world.restart()
    await world.until(lambda: len(world.engine.memos) == orders)
    await world.until(lambda: not any(memo.unconfirmed for memo in world.engine.memos.values()))
    await world.pass_time(5.0)
    return world


def _calls(world: World, verb: str) -> int:
    calls = world.engine.context.stores.client.counters.calls
    return sum(count for call, count in calls.items() if (call.verb, call.resource) == (verb, "orderreceipts"))


@pytest.mark.parametrize(("orders", "gets", "lists"), [(MANY, 0, 2), (3, 3, 0)])
@in_virtual_time
async def test_many_receipts_are_read_in_pages_and_few_one_by_one(orders: int, gets: int, lists: int) -> None:
    world = await _restarted_with(orders)
    assert (_calls(world, "get"), _calls(world, "list")) == (gets, lists)
    assert len(world.orders) == orders
    assert {obj["status"]["state"] for obj in world.api.all("orderintents")} == {"Open"}


@in_virtual_time
async def test_pages_that_cannot_be_read_are_no_loss() -> None:
    world = World()
    await world.ready()
    names = [f"o{number}" for number in range(MANY)]
    for name in names:
        world.apply(name)
    for name in names:
        await world.until_state("Open", name)
    await world.crash()
    world.api.fail("GET", "orderreceipts")
    world.engine = world.process("again")
    world.start()
    await world.until(lambda: len(world.engine.memos) == MANY)
    await world.until(lambda: not any(memo.unconfirmed for memo in world.engine.memos.values()))
    for name in names:
        world.spec(name, desiredState="Canceled")
    for name in names:
        await world.until_state("Canceled", name)
    assert len(world.orders) == MANY
    assert _calls(world, "get") == MANY


@in_virtual_time
async def test_bulk_reads_of_many_orders_are_rarer() -> None:
    """A bulk read costs in proportion to the orders; its share of a core does not grow with them."""
    world = await _restarted_with(3)
    polling = world.account.polling
    first = polling.due_at
    polling.snapshot = world.orders[:1] * 10_000
    assert polling._next_poll() - (polling._last_poll or 0.0) == pytest.approx(20.0)
    assert first <= polling._next_poll()
