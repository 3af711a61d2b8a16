"""The slow sweep of the journal."""

from datetime import timedelta

from support.virtual_time import in_virtual_time
from support.world import DESK, JOURNAL, World

MONTH = timedelta(days=30).total_seconds()


async def with_an_ended_order() -> World:
    """One order that is canceled by deleting its object."""
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    world.delete()
    await world.until(lambda: not world.exists("orderintents", "dip"))
    return world


@in_virtual_time
async def test_a_receipt_goes_thirty_days_after_its_order_and_its_object() -> None:
    world = await with_an_ended_order()
    sweep = world.engine.journal_sweep
    world.jump = MONTH - 60
    await sweep.sweep()
    assert len(world.api.all("orderreceipts")) == 1
    world.jump = MONTH + 60
    await sweep.sweep()
    assert world.api.all("orderreceipts") == []
    assert sweep.deleted == 1


@in_virtual_time
async def test_a_receipt_whose_object_lives_is_kept() -> None:
    world = World()
    await world.ready()
    world.apply(type="Market", price=None)
    await world.until(lambda: bool(world.status().get("settled")))
    world.jump = MONTH * 3
    await world.engine.journal_sweep.sweep()
    assert len(world.api.all("orderreceipts")) == 1


@in_virtual_time
async def test_an_object_that_went_without_a_trace_is_noted_and_the_days_count_from_there() -> None:
    world = World()
    await world.ready()
    world.apply(type="Market", price=None)
    await world.until(lambda: bool(world.status().get("settled")))
    await world.crash()
    final = {"state": "Filled", "filledQuantity": "0.5", "at": world.wall().isoformat()}
    name = world.receipt["metadata"]["name"]
    world.api.edit("orderreceipts", JOURNAL, name, lambda obj: obj.update(final=final, outcome="Final"))
    world.api.edit("orderintents", DESK, "dip", lambda obj: obj["metadata"].pop("finalizers"))
    world.delete()
    world.engine = world.process("again")
    sweep = world.engine.journal_sweep
    world.jump = MONTH + 60
    await sweep.sweep()
    assert "intentDeletedAt" in world.receipt
    world.jump = MONTH * 2
    await sweep.sweep()
    assert len(world.api.all("orderreceipts")) == 1
    world.jump = MONTH * 2 + 120
    await sweep.sweep()
    assert world.api.all("orderreceipts") == []


@in_virtual_time
async def test_a_receipt_that_is_claimed_at_that_moment_is_kept() -> None:
    world = await with_an_ended_order()
    name = world.receipt["metadata"]["name"]
    claimed = False

    def claim_first(verb: str, plural: str) -> None:
        nonlocal claimed
        if (verb, plural) == ("PATCH", "orderreceipts") and not claimed:
            claimed = True
            world.api.edit("orderreceipts", JOURNAL, name, lambda obj: obj.pop("intentDeletedAt"))

    world.api.before = claim_first
    world.jump = MONTH + 60
    await world.engine.journal_sweep.sweep()
    assert claimed
    assert len(world.api.all("orderreceipts")) == 1


@in_virtual_time
async def test_the_sweep_runs_by_itself_and_survives_an_api_server_that_is_away() -> None:
    world = await with_an_ended_order()
    world.jump = MONTH + 60
    # The comparison of the cache with the API server, every minute, looks at receipts as well.
    await world.pass_time(world.settings.journal_sweep_interval - 30)
    world.api.fail("GET", "orderreceipts", status=500, times=2)
    await world.pass_time(60)
    assert len(world.api.all("orderreceipts")) == 1
    await world.pass_time(world.settings.journal_sweep_interval + 10)
    assert world.api.all("orderreceipts") == []
