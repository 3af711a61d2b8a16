"""Groups in a whole process: the legs' objects come and go, answers are lost, and nothing is placed twice."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from exchange_kernel.api.meta import API_VERSION
from support.memory_api import Obj
from support.virtual_time import in_virtual_time
from support.world import DESK, World

LOW = {"name": "low", "side": "Buy", "type": "Limit", "price": "40000"}
HIGH = {"name": "high", "side": "Buy", "type": "Limit", "price": "45000"}


def apply_group(world: World, *legs: Obj, **spec: Any) -> Obj:  # noqa: ANN401 - fields of the spec
    wish = {"accountRef": {"name": "main"}, "type": "OCO", "symbol": "BTC/USDT", "quantity": "0.5", **spec}
    meta = {"namespace": DESK, "name": "either", "creationTimestamp": world.wall().isoformat()}
    body = {"apiVersion": API_VERSION, "metadata": meta, "spec": {**wish, "legs": list(legs or (LOW, HIGH))}}
    return world.api.put("ordergroups", body)


def group_status(world: World) -> Obj:
    status: Obj = world.api.get("ordergroups", DESK, "either").get("status", {})
    return status


def group_is(world: World, state: str) -> Callable[[], bool]:
    return lambda: group_status(world).get("state") == state


async def working(world: World) -> None:
    """Both legs rest at the venue."""
    await world.ready()
    apply_group(world)
    await world.until_state("Open", "either-low")
    await world.until_state("Open", "either-high")
    await world.until(group_is(world, "Working"))


def order_id(world: World, leg: str) -> str:
    return str(world.status(f"either-{leg}")["exchangeOrderId"])


@in_virtual_time
async def test_the_legs_of_a_group_are_placed_and_the_first_fill_of_one_cancels_the_other() -> None:
    world = World()
    await working(world)
    world.venue.fill(order_id(world, "low"), Decimal("0.5"))
    await world.until(group_is(world, "Completed"))
    assert (world.state("either-low"), world.state("either-high")) == ("Filled", "Canceled")
    assert len(world.orders) == 2
    assert ("either", "GroupCompleted") in world.events()


@in_virtual_time
async def test_deleting_the_legs_waits_for_the_group() -> None:
    world = World()
    await working(world)
    for leg in ("low", "high"):
        world.delete(f"either-{leg}")
    await world.pass_time(30)
    assert [order.status for order in world.orders] == ["Open", "Open"]
    world.api.edit("ordergroups", DESK, "either", lambda obj: obj["spec"].update(desiredState="Canceled"))
    await world.until(lambda: not world.exists("orderintents", "either-low"))
    await world.until(lambda: not world.exists("orderintents", "either-high"))
    assert [order.status for order in world.orders] == ["Canceled", "Canceled"]
    assert group_status(world)["state"] == "Canceled"


@in_virtual_time
async def test_deleting_a_group_ends_its_legs_and_lets_everything_go() -> None:
    world = World()
    await working(world)
    world.api.remove("ordergroups", DESK, "either")
    await world.until(lambda: not world.exists("ordergroups", "either"))
    await world.until(lambda: not world.api.all("orderintents"))
    assert [order.status for order in world.orders] == ["Canceled", "Canceled"]
    await world.until(lambda: not world.engine.memos and not world.engine.groups.memos)


@in_virtual_time
async def test_answers_that_are_lost_while_legs_are_created_change_nothing() -> None:
    world = World()
    await world.ready()
    world.api.fail("POST", "orderintents", after=True)
    world.api.fail("PATCH", "ordergroups", after=True)
    apply_group(world)
    await world.until_state("Open", "either-low")
    await world.until_state("Open", "either-high")
    assert len(world.orders) == 2
    assert {obj["metadata"]["name"] for obj in world.api.all("orderintents")} == {"either-low", "either-high"}


@in_virtual_time
async def test_a_process_that_takes_over_goes_on_with_the_legs_that_are_there() -> None:
    world = World()
    await working(world)
    await world.restart()
    world.venue.fill(order_id(world, "high"), Decimal("0.2"))
    await world.until_state("Canceled", "either-low")
    world.venue.fill(order_id(world, "high"), Decimal("0.3"))
    await world.until(group_is(world, "Completed"))
    assert len(world.orders) == 2


@in_virtual_time
async def test_an_object_in_the_way_denies_the_group_and_is_left_alone() -> None:
    world = World()
    await world.ready()
    world.apply("either-high")
    await world.until_state("Open", "either-high")
    apply_group(world)
    await world.until(group_is(world, "Denied"))
    assert "either-high exists" in group_status(world)["message"]
    assert not world.exists("orderintents", "either-low")
    assert [order.status for order in world.orders] == ["Open"]


@in_virtual_time
async def test_an_account_that_is_deleted_stays_until_the_group_has_ended() -> None:
    world = World()
    await working(world)
    world.api.remove("exchangeaccounts", DESK, "main")
    await world.pass_time(30)
    assert world.exists("exchangeaccounts", "main")
    world.api.edit("ordergroups", DESK, "either", lambda obj: obj["spec"].update(desiredState="Canceled"))
    await world.until(group_is(world, "Canceled"))
    for leg in ("low", "high"):
        world.delete(f"either-{leg}")
    await world.until(lambda: not world.exists("exchangeaccounts", "main"))


@in_virtual_time
async def test_a_group_that_was_restored_with_another_uid_takes_its_legs_over() -> None:
    world = World()
    await working(world)
    await world.crash()
    group = world.api.objects.pop(("ordergroups", DESK, "either"))
    bare = {"namespace": DESK, "name": "either", "creationTimestamp": group["metadata"]["creationTimestamp"]}
    restored = world.api.put("ordergroups", {"apiVersion": API_VERSION, "metadata": bare, "spec": group["spec"]})
    # A cluster collects what belongs to a uid that is gone.
    for leg in ("low", "high"):
        world.delete(f"either-{leg}")
    world.engine = world.process("restored")
    world.start()
    await world.until(group_is(world, "Working"))
    await world.pass_time(30)
    assert [order.status for order in world.orders] == ["Open", "Open"]
    owners = [obj["metadata"]["ownerReferences"][0]["uid"] for obj in world.api.all("orderintents")]
    assert owners == [restored["metadata"]["uid"]] * 2
    world.venue.fill(order_id(world, "high"), Decimal("0.5"))
    await world.until(group_is(world, "Completed"))
    assert len(world.orders) == 2


@in_virtual_time
async def test_legs_whose_owner_was_taken_away_are_still_the_groups() -> None:
    world = World()
    await working(world)
    for leg in ("low", "high"):
        world.api.edit("orderintents", DESK, f"either-{leg}", lambda obj: obj["metadata"].pop("ownerReferences"))
    await world.pass_time(5)
    world.venue.fill(order_id(world, "low"), Decimal("0.5"))
    await world.until(group_is(world, "Completed"))
    assert world.state("either-high") == "Canceled"


async def left_over(world: World) -> None:
    """A leg is seen without its group, as when a process creates it that stood still until that was deleted."""
    await world.ready()
    watchers = world.api.watchers[:]
    world.api.watchers.clear()
    owner = {"apiVersion": API_VERSION, "kind": "OrderGroup", "name": "either", "uid": "gone", "controller": True}
    world.apply("either-low")
    world.api.edit("orderintents", DESK, "either-low", lambda obj: obj["metadata"].update(ownerReferences=[owner]))
    world.api.watchers[:] = watchers
    world.api.edit("orderintents", DESK, "either-low", lambda obj: obj["spec"].update(quantity="0.5"))
    await world.until_state("Pending", "either-low")


@in_virtual_time
async def test_a_leg_whose_group_is_gone_is_not_sent() -> None:
    world = World()
    await left_over(world)
    await world.pass_time(30)
    assert world.condition("orderintents", "either-low", "Ready", "reason") == "GroupMissing"
    assert world.orders == ()


@in_virtual_time
async def test_a_leg_that_comes_before_its_group_is_sent_when_that_has_come() -> None:
    world = World()
    await left_over(world)
    apply_group(world)
    await world.until_state("Open", "either-low")
    assert len(world.orders) == 1
