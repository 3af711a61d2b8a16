"""Two operators and one Lease per account: one works, the other stands by and takes over."""

from dataclasses import replace
from decimal import Decimal

from exchange_kernel.controller.engine import Engine
from exchange_kernel.core.timing import HOLDER_GRACE
from exchange_kernel.settings import Settings
from support.memory_api import Obj, Trouble
from support.virtual_time import in_virtual_time
from support.world import DESK, JOURNAL, World

LEASED = Settings(lease_duration=15.0, poll_interval=2.0)


async def two(world: World) -> Engine:
    """The world's own process, and another one that has come second."""
    await world.ready()
    second = world.process("second")
    world.start(second)
    await world.until(lambda: (DESK, "main") in second.accounts)
    await world.pass_time(1.0)
    return second


def holder(world: World) -> str:
    (lease,) = world.api.all("leases")
    name: str = lease["spec"]["holderIdentity"]
    return name


def works(engine: Engine) -> bool:
    return engine.accounts[DESK, "main"].acts


@in_virtual_time
async def test_one_works_and_the_other_keeps_no_session_and_says_nothing() -> None:
    world = World(settings=LEASED)
    second = await two(world)
    assert (works(world.engine), works(second), holder(world)) == (True, False, "me")
    assert len(world.opened) == 1
    world.apply()
    await world.until_state("Open")
    await world.pass_time(60.0)
    assert len(world.opened) == 1
    assert second.accounts[DESK, "main"].exchange is None
    assert len(world.orders) == 1


@in_virtual_time
async def test_what_changed_while_another_one_worked_is_no_lag_of_the_one_that_takes_over() -> None:
    world = World(settings=LEASED)
    second = await two(world)
    world.apply()
    await world.until_state("Open")
    await world.pass_time(120.0)
    assert await world.engine.stop()
    world.venue.closed = False
    await world.until(lambda: works(second) and second.accounts[DESK, "main"].ready, seconds=20.0)
    await world.pass_time(10.0)
    assert max(second.accounts[DESK, "main"].counters.lags.within(world.monotonic()), default=0.0) < 1.0


@in_virtual_time
async def test_an_operator_that_stops_hands_its_accounts_over_at_once() -> None:
    world = World(settings=LEASED)
    second = await two(world)
    world.apply()
    await world.until_state("Open")
    assert await world.engine.stop()
    assert holder(world) == ""
    world.venue.closed = False
    await world.until(lambda: works(second), seconds=6.0)
    world.venue.fill(world.orders[0].exchange_order_id, Decimal("0.5"))
    await world.until_state("Filled", seconds=10.0)
    assert len(world.orders) == 1


@in_virtual_time
async def test_an_operator_that_dies_is_replaced_when_its_lease_has_run_out() -> None:
    world = World(settings=LEASED)
    await world.ready()
    world.apply()
    await world.until_state("Open")
    await world.restart("second")
    began = world.monotonic()
    await world.until(lambda: (DESK, "main") in world.engine.accounts)
    await world.until(lambda: works(world.engine), seconds=30.0)
    assert 10.0 <= world.monotonic() - began <= 16.0
    world.venue.fill(world.orders[0].exchange_order_id, Decimal("0.5"))
    await world.until_state("Filled", seconds=5.0)
    assert len(world.orders) == 1


@in_virtual_time
async def test_a_process_takes_over_at_once_what_was_held_under_its_own_name() -> None:
    world = World(settings=replace(LEASED, lease_identity="pod-0"))
    await world.ready()
    await world.restart("another-process")
    await world.until(lambda: (DESK, "main") in world.engine.accounts and works(world.engine), seconds=1.0)


@in_virtual_time
async def test_a_holder_goes_on_while_the_api_server_is_away() -> None:
    world = World(settings=LEASED)
    await world.ready()
    world.api.away = True
    await world.pass_time(60.0)
    world.api.away = False
    assert works(world.engine)
    assert len(world.opened) == 1
    await world.pass_time(10.0)
    world.apply()
    await world.until_state("Open")


@in_virtual_time
async def test_a_holder_that_was_replaced_stands_by() -> None:
    world = World(settings=LEASED)
    await world.ready()
    (lease,) = world.api.all("leases")
    name = lease["metadata"]["name"]
    world.api.edit("leases", JOURNAL, name, lambda obj: obj["spec"].update(holderIdentity="somebody else"))
    await world.until(lambda: not works(world.engine), seconds=6.0)
    await world.until(lambda: world.account.exchange is None, seconds=2.0)
    await world.until(lambda: works(world.engine), seconds=25.0)
    world.apply()
    await world.until_state("Open", seconds=10.0)


@in_virtual_time
async def test_without_the_right_to_leases_every_operator_works() -> None:
    world = World(settings=LEASED)
    world.api.troubles.append(Trouble("GET", "leases", status=403, times=1000))
    second = await two(world)
    assert works(world.engine)
    assert works(second)


@in_virtual_time
async def test_two_that_both_work_do_not_overwrite_each_others_words_about_a_request_under_way() -> None:
    world = World(settings=LEASED)
    world.api.troubles.append(Trouble("GET", "leases", status=403, times=1000))
    await two(world)
    # The sender says Submitting, the one that only watches Unknown: for three seconds both are right.
    world.venue.slow["create_order"] = HOLDER_GRACE + 1.5
    said: list[str] = []
    world.api.watchers.append(lambda plural, _, obj: said.append(state_of(obj)) if plural == "orderintents" else None)
    world.apply()
    await world.until_state("Open", seconds=10.0)
    assert len(world.orders) == 1
    assert 1 <= said.count("Unknown") <= 2, said
    assert said.count("Submitting") <= 2, said


def state_of(obj: Obj) -> str:
    state: str = obj.get("status", {}).get("state", "")
    return state
