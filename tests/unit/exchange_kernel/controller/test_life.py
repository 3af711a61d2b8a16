"""An order's whole life, through the real engine, against an API server and a venue in memory."""

from decimal import Decimal

from support.virtual_time import in_virtual_time
from support.world import DESK, World


@in_virtual_time
async def test_a_resting_order_is_placed_once_and_followed_until_it_is_filled() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    world.venue.fill("1", Decimal("0.2"))
    await world.until_state("PartiallyFilled")
    world.venue.fill("1", Decimal("0.3"))
    await world.until_state("Filled")
    await world.until(lambda: bool(world.status().get("settled")))
    assert len(world.orders) == 1
    assert world.outcomes == ["Placed"]
    assert world.status()["filledQuantity"] == "0.5"


@in_virtual_time
async def test_deleting_a_working_order_cancels_it_before_the_object_goes() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    world.delete()
    await world.until(lambda: not world.exists("orderintents", "dip"))
    assert [order.status for order in world.orders] == ["Canceled"]
    assert world.receipt["final"]["state"] == "Canceled"
    assert "intentDeletedAt" in world.receipt
    await world.until(lambda: not world.engine.memos)
    assert DESK in world.receipt["claimant"]["namespace"]
