"""What comes late or from outside: cancels that meet a fill, force-deleted objects, more filled than was ordered."""

from decimal import Decimal

from exchange_kernel.core.venue import VenueStatus
from exchange_kernel.exchange.memory_setup import LostRequest, Raises
from exchange_kernel.exchange.port import VenueUnavailable
from support.virtual_time import in_virtual_time
from support.world import DESK, World


async def _working() -> World:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    return world


@in_virtual_time
async def test_a_cancel_that_meets_a_fill_ends_as_filled() -> None:
    world = await _working()
    world.venue.fill("1", Decimal("0.5"))
    world.spec(desiredState="Canceled")
    await world.until_state("Filled")
    await world.until(lambda: bool(world.status().get("settled")))
    assert world.status()["filledQuantity"] == "0.5"
    assert world.status().get("pendingCommand", "None") == "None"
    assert world.condition("orderintents", "dip", "Ready", "reason") == "Filled"


@in_virtual_time
async def test_a_fill_that_comes_after_the_cancel_is_counted() -> None:
    world = await _working()
    world.spec(desiredState="Canceled")
    await world.until_state("Canceled")
    late = world.venue.fill("1", Decimal("0.2"))
    assert late.status is VenueStatus.CANCELED
    await world.until(lambda: world.status().get("filledQuantity") == "0.2")
    await world.until(lambda: bool(world.status().get("settled")))
    assert world.state() == "Canceled"


@in_virtual_time
async def test_a_cancel_without_an_answer_is_repeated_and_no_end_is_made_up() -> None:
    world = await _working()
    for _ in range(4):
        world.venue.fail_next("cancel_order", LostRequest())
    world.spec(desiredState="Canceled")
    await world.until(lambda: world.venue.calls.count("cancel_order") == 3)
    assert (world.state(), world.status()["pendingCommand"]) == ("Open", "Cancel")
    await world.until_state("Canceled")
    assert world.venue.calls.count("cancel_order") == 5
    assert [order.status for order in world.orders] == ["Canceled"]


@in_virtual_time
async def test_a_cancel_that_finds_no_order_is_no_proof_of_its_end() -> None:
    """The venue has ended the order and says so to the cancel, but no read is answered: nothing is concluded."""
    world = await _working()
    world.venue.fill("1", Decimal("0.2"))
    world.venue.end("1", VenueStatus.EXPIRED)
    for question in ("fetch_order", "fetch_open_orders", "look_up", "prove_absence"):
        for _ in range(1000):
            world.venue.fail_next(question, Raises(VenueUnavailable("no answer")))
    world.spec(desiredState="Canceled")
    await world.until(lambda: world.venue.calls.count("cancel_order") >= 3)
    await world.pass_time(60)
    assert (world.state(), world.status()["pendingCommand"]) == ("Open", "Cancel")
    world.venue._faults.clear()
    await world.until_state("Expired")
    assert world.status()["filledQuantity"] == "0.2"


@in_virtual_time
async def test_an_order_whose_object_was_removed_by_force_is_listed_as_nobodys_and_left_alone() -> None:
    world = await _working()
    world.api.edit("orderintents", DESK, "dip", lambda obj: obj["metadata"].pop("finalizers"))
    world.delete()
    await world.until(lambda: not world.engine.memos)

    def listed() -> bool:
        if not world.exists("accountstates", "main"):
            return False
        unmanaged = world.api.get("accountstates", DESK, "main").get("unmanagedOrders", {})
        return [order["exchangeOrderId"] for order in unmanaged.get("orders", ())] == ["1"]

    await world.until(listed)
    assert world.orders[0].status is VenueStatus.OPEN
    world.apply()
    await world.until_state("Open")
    assert len(world.orders) == 1


@in_virtual_time
async def test_more_filled_than_ordered_is_told_as_it_is() -> None:
    world = await _working()
    world.venue.fill("1", Decimal("0.6"))
    await world.until_state("Filled")
    await world.until(lambda: bool(world.status().get("settled")))
    status = world.status()
    assert (status["filledQuantity"], status["remainingQuantity"], status["cost"]) == ("0.6", "0", "24000")
