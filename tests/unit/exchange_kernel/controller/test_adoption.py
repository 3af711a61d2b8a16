"""Orders that were placed by hand and are taken over, through the real engine."""

from decimal import Decimal

from exchange_kernel.api.meta import ANNOTATION_ADOPT
from exchange_kernel.core.requests import OrderRequest
from exchange_kernel.exchange.memory_setup import Raises
from exchange_kernel.exchange.port import VenueUnavailable
from support.virtual_time import in_virtual_time
from support.world import DESK, World

BY_HAND = OrderRequest("by-hand", "BTC/USDT", "Buy", "Limit", quantity=Decimal("0.5"), price=Decimal(40000))
NAMED = {ANNOTATION_ADOPT: "1"}


async def with_order_by_hand() -> World:
    """A world in which somebody has placed an order without the operator."""
    world = World()
    await world.ready()
    await world.venue.create_order(BY_HAND, lambda: None)
    world.venue.calls.clear()
    return world


def reason(world: World, name: str = "dip") -> str | None:
    return world.condition("orderintents", name, "Ready", "reason")


def finalizers(world: World, name: str = "dip") -> list[str]:
    found: list[str] = world.api.get("orderintents", DESK, name)["metadata"].get("finalizers", [])
    return found


@in_virtual_time
async def test_an_order_by_hand_is_taken_over_followed_and_canceled_by_delete() -> None:
    world = await with_order_by_hand()
    world.apply(annotations=NAMED)
    await world.until_state("Open")
    assert world.status()["exchangeOrderId"] == "1"
    assert world.status()["clientOrderId"] == "by-hand"
    assert finalizers(world)
    world.venue.fill("1", Decimal("0.2"))
    await world.until_state("PartiallyFilled")
    world.delete()
    await world.until(lambda: not world.exists("orderintents", "dip"))
    assert [order.status for order in world.orders] == ["Canceled"]
    assert world.receipt["final"] == world.receipt["final"] | {"state": "Canceled", "filledQuantity": "0.2"}
    assert "create_order" not in world.venue.calls


@in_virtual_time
async def test_after_a_restart_the_order_is_still_followed_without_the_annotation() -> None:
    world = await with_order_by_hand()
    world.apply(annotations=NAMED)
    await world.until_state("Open")
    world.api.edit("orderintents", DESK, "dip", lambda obj: obj["metadata"]["annotations"].pop(ANNOTATION_ADOPT))
    await world.restart()
    world.venue.fill("1", Decimal("0.5"))
    await world.until_state("Filled")
    assert "create_order" not in world.venue.calls


@in_virtual_time
async def test_an_adopted_order_whose_receipt_is_lost_is_recorded_and_canceled() -> None:
    world = await with_order_by_hand()
    world.apply(annotations=NAMED)
    await world.until_state("Open")
    await world.crash()
    world.api.objects = {key: obj for key, obj in world.api.objects.items() if key[0] != "orderreceipts"}
    world.delete()
    await world.restart()
    await world.until(lambda: not world.exists("orderintents", "dip"))
    assert [order.status for order in world.orders] == ["Canceled"]
    assert world.receipt["final"]["state"] == "Canceled"


@in_virtual_time
async def test_an_order_of_another_object_is_refused_with_its_name() -> None:
    world = await with_order_by_hand()
    world.apply("first", annotations=NAMED)
    await world.until_state("Open", "first")
    world.apply(annotations=NAMED)
    await world.until_state("Denied")
    assert reason(world) == "AdoptionRefused"
    assert f"{DESK}/first" in world.status()["message"]
    assert not finalizers(world)
    world.delete()
    await world.until(lambda: not world.exists("orderintents", "dip"))
    assert [order.status for order in world.orders] == ["Open"]


@in_virtual_time
async def test_of_two_objects_that_name_one_order_at_the_same_moment_one_at_most_gets_it() -> None:
    world = await with_order_by_hand()
    other = world.process("other")
    world.start(other)
    await world.pass_time(5)
    world.apply("first", annotations=NAMED)
    world.apply("second", annotations=NAMED)
    await world.until_state("Denied", "first")
    await world.until_state("Denied", "second")
    assert world.api.all("orderreceipts") == []
    world.api.edit("orderintents", DESK, "second", lambda obj: obj["metadata"].pop("annotations"))
    await world.until_state("Open", "first")
    assert world.receipt["claimant"]["name"] == "first"
    assert world.state("second") == "Denied"
    assert "create_order" not in world.venue.calls


@in_virtual_time
async def test_a_corrected_annotation_is_enough() -> None:
    world = await with_order_by_hand()
    world.apply(annotations={ANNOTATION_ADOPT: "7"})
    await world.until_state("Denied")
    assert "no BTC/USDT order 7" in world.status()["message"]
    world.api.edit("orderintents", DESK, "dip", lambda obj: obj["metadata"]["annotations"].update(NAMED))
    await world.until_state("Open", seconds=5)


@in_virtual_time
async def test_a_venue_that_does_not_answer_is_asked_again() -> None:
    world = await with_order_by_hand()
    world.venue.fail_next("fetch_order", Raises(VenueUnavailable("no route")))
    world.apply(annotations=NAMED)
    await world.until_state("Open")
    assert world.venue.calls.count("fetch_order") >= 2


@in_virtual_time
async def test_a_record_whose_answer_was_lost_is_found_and_not_made_again() -> None:
    world = await with_order_by_hand()
    world.api.fail("POST", "orderreceipts", after=True)
    world.apply(annotations=NAMED)
    await world.until_state("Open")
    assert world.outcomes == ["Placed"]


@in_virtual_time
async def test_a_record_that_was_lost_leaves_nothing_to_place() -> None:
    world = await with_order_by_hand()
    world.api.fail("POST", "orderreceipts", times=3)
    world.apply(annotations=NAMED)
    await world.until_state("Open")
    assert world.outcomes == ["Placed"]
    assert "create_order" not in world.venue.calls


@in_virtual_time
async def test_with_a_receipt_that_cannot_be_read_nobody_knows_who_has_the_order() -> None:
    world = await with_order_by_hand()
    identity = {"accountNamespace": DESK, "accountName": "main"}
    world.api.put("orderreceipts", {"metadata": {"namespace": "exchange-kernel", "name": "x"}, "identity": identity})
    world.apply(annotations=NAMED)
    await world.pass_time(20)
    assert len(world.api.all("orderreceipts")) == 1
    assert not finalizers(world)
