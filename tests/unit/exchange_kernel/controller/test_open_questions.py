"""An unproven placement of an order whose object has ended, or is gone: the record gets its explanation."""

import copy

from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.identity import client_order_id, fingerprint, identity_of, to_record
from support.memory_api import Obj
from support.virtual_time import in_virtual_time
from support.world import JOURNAL, World


def _left_behind(world: World, sample: Obj, name: str) -> None:
    """The receipt that a process has left which crashed right after writing it."""
    obj = world.api.get("orderintents", "desk", name)
    intent = OrderIntent.from_object(obj)
    identity = identity_of(intent)
    receipt = copy.deepcopy(sample)
    meta = obj["metadata"]
    receipt["metadata"] = {
        "name": identity.receipt_name, "namespace": JOURNAL, "finalizers": sample["metadata"]["finalizers"],
    }  # fmt: skip
    receipt["identity"] = to_record(identity).to_object()
    receipt["claimant"] = {"namespace": meta["namespace"], "name": name, "uid": meta["uid"]}
    receipt["fingerprint"] = fingerprint(intent, "0.5")
    receipt["outcome"] = "Pending"
    placement = receipt["placements"][0]
    placement |= {"clientOrderId": client_order_id(identity, 0, 1), "outcome": "Pending", "holder": "somebody-else"}
    for field in ("exchangeOrderId", "resolvedAt"):
        placement.pop(field, None)
    world.api.put("orderreceipts", receipt)


async def _with_a_canceled_order() -> tuple[World, Obj]:
    world = World()
    await world.ready()
    world.apply("sample")
    await world.until_state("Open", "sample")
    sample = copy.deepcopy(world.receipt)
    world.apply("taken-back", desiredState="Canceled")
    await world.until_state("Canceled", "taken-back")
    return world, sample


def _outcomes(world: World) -> dict[str, str]:
    found = world.api.all("orderreceipts")
    return {receipt["claimant"]["name"]: receipt["placements"][0]["outcome"] for receipt in found}


@in_virtual_time
async def test_a_record_that_nobody_speaks_of_is_found_and_explained() -> None:
    world, sample = await _with_a_canceled_order()
    _left_behind(world, sample, "taken-back")
    await world.until(lambda: _outcomes(world)["taken-back"] == "Absent")
    await world.pass_time(120.0)
    assert world.state("taken-back") == "Canceled"
    assert len(world.orders) == 1


@in_virtual_time
async def test_it_is_found_after_a_restart_too() -> None:
    world, sample = await _with_a_canceled_order()
    await world.crash()
    _left_behind(world, sample, "taken-back")
    world.engine = world.process("again")
    world.start()
    await world.until(lambda: _outcomes(world).get("taken-back") == "Absent")
    assert world.state("taken-back") == "Canceled"
    assert len(world.orders) == 1


async def _with_a_record_of_an_object_that_is_gone(**changes: object) -> World:
    world, sample = await _with_a_canceled_order()
    await world.crash()
    _left_behind(world, sample | changes, "taken-back")
    world.delete("taken-back")
    assert not world.exists("orderintents", "taken-back")
    world.engine = world.process("again")
    world.start()
    return world


@in_virtual_time
async def test_a_record_whose_object_is_gone_is_looked_up_by_what_it_says_itself() -> None:
    world = await _with_a_record_of_an_object_that_is_gone()
    await world.until(lambda: _outcomes(world)["taken-back"] == "Absent")
    await world.pass_time(120.0)  # the bound of an operator's sweeps
    gone = next(each for each in world.api.all("orderreceipts") if each["claimant"]["name"] == "taken-back")
    assert gone["final"]["state"] == "Canceled"
    assert "intentDeletedAt" in gone
    assert len(world.orders) == 1
    assert [memo.meta.name for memo in world.engine.memos.values()] == ["sample"]


@in_virtual_time
async def test_a_record_without_a_market_is_left_alone() -> None:
    world = await _with_a_record_of_an_object_that_is_gone(symbol=None)
    await world.pass_time(300.0)
    assert _outcomes(world)["taken-back"] == "Pending"
    assert len(world.orders) == 1
