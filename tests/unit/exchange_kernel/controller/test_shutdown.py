"""SIGTERM: nothing in flight is abandoned without a record."""

from exchange_kernel.settings import Settings
from support.virtual_time import in_virtual_time
from support.world import World


@in_virtual_time
async def test_a_request_under_way_is_waited_for_and_its_outcome_recorded() -> None:
    world = World()
    await world.ready()
    world.venue.late["create_order"] = 8.0
    world.apply()
    await world.until(lambda: bool(world.orders))
    assert await world.engine.stop()
    assert world.outcomes == ["Placed"]
    assert world.state() == "Open"


@in_virtual_time
async def test_an_order_that_is_recorded_and_not_sent_is_recorded_as_not_placed() -> None:
    world = World()
    await world.ready()
    world.venue.slow["create_order"] = 1.0
    stopping = False

    def stop_at_the_record(verb: str, plural: str) -> None:
        nonlocal stopping
        stopping = stopping or (verb, plural) == ("POST", "orderreceipts")

    world.api.before = stop_at_the_record
    for number in range(50):
        world.apply(f"order-{number}")
    await world.until(lambda: stopping)
    assert await world.engine.stop()
    outcomes = {
        placement["outcome"] for receipt in world.api.all("orderreceipts") for placement in receipt["placements"]
    }
    assert "Pending" not in outcomes
    placed = [r for r in world.api.all("orderreceipts") if r["placements"][-1]["outcome"] == "Placed"]
    assert len(placed) == len(world.orders)


@in_virtual_time
async def test_an_api_server_that_is_away_for_a_while_still_gets_the_outcome() -> None:
    world = World()
    await world.ready()
    world.venue.late["create_order"] = 1.0
    world.apply()
    await world.until(lambda: bool(world.orders))
    world.api.away = True

    def back(verb: str, plural: str) -> None:
        del verb, plural
        world.api.away = world.monotonic() < until

    until = world.monotonic() + 6.0
    world.api.before = back
    assert await world.engine.stop()
    assert world.outcomes == ["Placed"]


@in_virtual_time
async def test_an_api_server_that_stays_away_does_not_hold_the_process_beyond_its_time() -> None:
    world = World(settings=Settings(drain_timeout=10.0))
    await world.ready()
    world.venue.late["create_order"] = 1.0
    world.apply()
    await world.until(lambda: bool(world.orders))
    world.api.away = True
    asked = world.monotonic()
    assert not await world.engine.stop()
    assert world.monotonic() - asked < 10.0 + 2.0
    world.api.away = False
    world.api.watchers.clear()
    world.engine = world.process("next")
    world.start()
    await world.until_state("Open")
    assert len(world.orders) == 1


@in_virtual_time
async def test_a_venue_that_never_answers_leaves_an_open_question_that_the_next_process_resolves() -> None:
    world = World(settings=Settings(drain_timeout=5.0))
    await world.ready()
    world.venue.late["create_order"] = 10_000.0
    world.apply()
    await world.until(lambda: bool(world.orders))
    assert not await world.engine.stop()
    assert world.outcomes == ["Pending"]
    world.api.watchers.clear()
    world.venue.late.clear()
    world.engine = world.process("next")
    world.start()
    await world.until_state("Open")
    assert len(world.orders) == 1


@in_virtual_time
async def test_nothing_new_is_sent_while_the_process_ends() -> None:
    world = World()
    await world.ready()
    await world.engine.stop()
    world.apply()
    await world.pass_time(60)
    assert world.orders == ()


@in_virtual_time
async def test_the_last_events_are_written() -> None:
    world = World()
    await world.ready()
    world.venue.late["create_order"] = 2.0
    world.apply()
    await world.until(lambda: bool(world.orders))
    await world.engine.stop()
    assert ("dip", "OrderPlaced") in world.events()


@in_virtual_time
async def test_after_the_end_nothing_of_the_process_runs() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    session = world.account.exchange
    await world.engine.stop()
    assert session is not None
    assert world.venue.closed
    world.api.writes.clear()
    await world.pass_time(200)
    assert world.api.writes == []
