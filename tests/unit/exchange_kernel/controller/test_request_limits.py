"""Orders on an account whose request limit is used up: none is recorded in vain, and all are placed in the end."""

from types import MappingProxyType

from exchange_kernel.exchange.budget import Use
from exchange_kernel.exchange.profiles.parts import LimitScope, Weights
from support.virtual_time import in_virtual_time
from support.world import DESK, World

PATIENT = {"startingDeadlineSeconds": 600}
FREE = ("load_markets", "read_clock", "create_order", "cancel_order", "fetch_open_orders", "fetch_balances", "identify")
# Kraken's counter in the lowest tier, but for the account's own reads: they are not what this is about.
TIGHT = Weights(15, MappingProxyType({"look_up": 2} | dict.fromkeys(FREE, 0)), 1, LimitScope.ACCOUNT, 45.0)


def reason(world: World, name: str) -> str | None:
    return world.condition("orderintents", name, "Ready", "reason")


def attempts(world: World) -> list[str]:
    """The outcomes of all placements of all receipts."""
    return [each["outcome"] for receipt in world.api.all("orderreceipts") for each in receipt["placements"]]


def writes(world: World, name: str) -> int:
    return int(world.api.get("orderintents", DESK, name)["metadata"]["resourceVersion"])


async def spent(world: World) -> None:
    """All that orders may use is used."""
    await world.ready()
    await world.pass_time(1.0)
    world.budget.spend(world.monotonic(), 15, Use.ORDERS)


@in_virtual_time
async def test_an_order_that_cannot_be_sent_in_time_is_not_recorded_and_placed_at_its_first_attempt_later() -> None:
    world = World(weights=TIGHT)
    await spent(world)
    world.apply(placement=PATIENT)
    await world.until(lambda: reason(world, "dip") == "RateLimited")
    version = writes(world, "dip")
    await world.pass_time(30)

    assert world.api.all("orderreceipts") == []
    assert writes(world, "dip") == version
    await world.until_state("Open")
    assert attempts(world) == ["Placed"]


@in_virtual_time
async def test_of_many_orders_at_once_each_is_recorded_once_and_when_its_turn_comes() -> None:
    world = World(weights=TIGHT)
    await world.ready()
    for number in range(12):
        world.apply(f"o{number}", placement=PATIENT)
    await world.until(lambda: len(world.orders) == 12, seconds=400)
    await world.until(lambda: attempts(world) == ["Placed"] * 12)


@in_virtual_time
async def test_a_higher_tier_counts_at_once() -> None:
    world = World(weights=TIGHT)
    await spent(world)
    world.apply(placement=PATIENT)
    await world.until(lambda: reason(world, "dip") == "RateLimited")
    before = world.monotonic()
    world.account_spec(rateLimitFactor="20")
    await world.until_state("Open")

    assert world.monotonic() - before < 5.0
    assert attempts(world) == ["Placed"]


@in_virtual_time
async def test_an_order_whose_limit_is_spent_is_canceled_without_a_record() -> None:
    world = World(weights=TIGHT)
    await spent(world)
    world.apply(placement=PATIENT)
    await world.until(lambda: reason(world, "dip") == "RateLimited")
    world.spec(desiredState="Canceled")
    await world.until_state("Canceled")

    assert world.api.all("orderreceipts") == []


@in_virtual_time
async def test_an_order_is_not_canceled_for_an_amend_while_nothing_could_replace_it() -> None:
    world = World(weights=TIGHT)
    await world.ready()
    world.apply()
    await world.until_state("Open")
    world.budget.spend(world.monotonic(), 15, Use.ORDERS)
    world.spec(price="41000")
    await world.pass_time(20)

    assert [order.status for order in world.orders] == ["Open"]
    await world.until(lambda: [order.status for order in world.orders] == ["Canceled", "Open"], seconds=120)
