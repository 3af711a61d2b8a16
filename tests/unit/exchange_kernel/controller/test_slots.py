"""A limit on open orders is never exceeded by one process, and a place that is free again is taken."""

from exchange_kernel.exchange.memory_setup import LostAnswer
from support.virtual_time import in_virtual_time
from support.world import World

PATIENT = {"startingDeadlineSeconds": 600}


async def limited(world: World, most: int) -> None:
    world.add_secret()
    world.add_account(limits={"maxOpenOrders": most})
    world.start()
    await world.until(lambda: world.condition("exchangeaccounts", "main", "Ready") == "True")


def states(world: World, wanted: str) -> int:
    return sum(obj.get("status", {}).get("state") == wanted for obj in world.api.all("orderintents"))


def waiting(world: World) -> int:
    names = [obj["metadata"]["name"] for obj in world.api.all("orderintents")]
    return sum(world.condition("orderintents", name, "Ready", "reason") == "OpenOrdersLimit" for name in names)


@in_virtual_time
async def test_of_many_orders_at_once_only_as_many_as_allowed_are_sent() -> None:
    world = World()
    await limited(world, 3)
    world.venue.slow["create_order"] = 1.0
    for number in range(10):
        world.apply(f"o{number}", placement=PATIENT)
    await world.until(lambda: states(world, "Open") == 3 and waiting(world) == 7)
    await world.pass_time(20)

    assert len(world.orders) == 3


@in_virtual_time
async def test_a_place_that_is_free_again_goes_to_an_order_that_waits() -> None:
    world = World()
    await limited(world, 1)
    world.apply("first")
    await world.until_state("Open", "first")
    world.apply("second", placement=PATIENT)
    await world.until(lambda: waiting(world) == 1)
    world.spec("first", desiredState="Canceled")
    await world.until_state("Open", "second")

    assert [order.status for order in world.orders] == ["Canceled", "Open"]


@in_virtual_time
async def test_an_order_that_finds_no_place_in_time_expires_unsent() -> None:
    world = World()
    await limited(world, 1)
    world.apply("first")
    await world.until_state("Open", "first")
    world.apply("second")
    await world.until_state("Expired", "second")

    assert len(world.orders) == 1


@in_virtual_time
async def test_an_exit_needs_no_place() -> None:
    world = World()
    await limited(world, 1)
    world.apply("first")
    await world.until_state("Open", "first")
    world.apply("exit", side="Sell", price="60000")
    await world.until_state("Open", "exit")


@in_virtual_time
async def test_an_order_whose_outcome_is_unknown_holds_its_place() -> None:
    world = World()
    await limited(world, 1)
    world.venue.fail_next("create_order", LostAnswer())
    world.apply("first")
    world.apply("second", placement=PATIENT)
    await world.until(lambda: states(world, "Open") == 1 and waiting(world) == 1)

    assert len(world.orders) == 1


@in_virtual_time
async def test_after_a_restart_the_places_of_working_orders_are_known_at_once() -> None:
    world = World()
    await limited(world, 1)
    world.apply("first")
    await world.until_state("Open", "first")
    await world.restart()
    world.apply("second", placement=PATIENT)
    await world.until(lambda: waiting(world) == 1)
    await world.pass_time(5)

    assert len(world.orders) == 1
