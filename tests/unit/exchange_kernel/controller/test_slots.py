"""A limit on open orders is never exceeded by one process, and a place that is free again is taken."""

from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.controller.slots import GroupPlace, Slots
from exchange_kernel.core.places import Need, Places
from exchange_kernel.exchange.memory_setup import LostAnswer
from support.builders import intent
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


def order(uid: str, side: str = "Buy") -> OrderIntent:
    made = intent(side=side, type="StopMarket", price=None, triggerPrice="49000")
    return made.model_copy(update={"metadata": made.metadata.model_copy(update={"uid": uid, "name": uid})})


class Seen:
    """One account's orders, each with its place in a group."""

    def __init__(self) -> None:
        self.places: dict[str, GroupPlace] = {}
        self.slots = Slots(list, lambda: 0.0, lambda intent: self.places.get(intent.metadata.uid))

    def by(self, uid: str, place: GroupPlace | None = None) -> Places:
        if place is not None:
            self.places[uid] = place
        return self.slots.found_by(order(uid))

    def take(self, uid: str) -> None:
        self.slots.take(order(uid))


ENTRY, EXIT = GroupPlace("g", Need(2, 1), is_entry=True), GroupPlace("g", Need(2, 1), is_entry=False)


def test_with_an_entry_the_places_of_its_exits_are_taken() -> None:
    seen = Seen()
    assert seen.by("entry", ENTRY) == Places(exits=ENTRY.need)
    seen.take("entry")
    assert seen.by("other") == Places(others=3, here=3, waiting_here=2)
    # Neither the entry nor what is kept for it is in its own way when it is judged again.
    assert seen.by("entry") == Places(exits=ENTRY.need)


def test_exits_take_the_places_that_are_kept_and_no_more() -> None:
    seen = Seen()
    seen.by("entry", ENTRY)
    seen.take("entry")
    for name in ("stop", "target"):
        assert seen.by(name, EXIT).kept
        seen.take(name)
        assert seen.by(name).kept
    assert seen.by("other") == Places(others=3, here=3, waiting_here=3)
    assert not seen.by("third", EXIT).kept


def test_before_its_entry_is_sent_nothing_is_kept_for_a_group() -> None:
    seen = Seen()
    seen.by("entry", ENTRY)
    assert seen.by("other") == Places()
    assert not seen.by("stop", EXIT).kept


def test_exits_that_are_recorded_before_their_entry_are_not_in_its_way() -> None:
    """They are sent together: whichever record comes first, the three take three places."""
    seen = Seen()
    seen.by("stop", EXIT)
    seen.take("stop")
    assert seen.by("entry", ENTRY) == Places(exits=ENTRY.need)
    seen.take("entry")
    assert seen.by("other") == Places(others=3, here=3, waiting_here=2)
    seen.by("target", EXIT)
    seen.take("target")
    assert seen.by("other") == Places(others=3, here=3, waiting_here=3)
