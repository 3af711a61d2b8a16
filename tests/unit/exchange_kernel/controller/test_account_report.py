"""How the operator keeps up with an account: what is measured, what is shown of it, and how seldom it is written."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.controller.account_report import _lag
from exchange_kernel.controller.publishing import HEARTBEAT_SECONDS
from exchange_kernel.controller.recent import WINDOW_SECONDS, RecentLags
from exchange_kernel.core.venue import VenueStatus
from exchange_kernel.exchange.memory_setup import Raises
from exchange_kernel.exchange.port import VenueUnavailable
from exchange_kernel.settings import Settings
from support.virtual_time import in_virtual_time
from support.world import DESK, World

SLOW_POLLS = Settings(poll_interval=20.0, idle_interval=60.0, lease_duration=0)


def shown(world: World, part: str, field: str) -> Any:  # noqa: ANN401 - a field of the AccountState
    """What the AccountState says; None where it says nothing."""
    return world.api.get("accountstates", DESK, "main")[part].get(field)


def lags(world: World) -> tuple[float, ...]:
    """What was measured, to the millisecond."""
    return tuple(round(lag, 3) for lag in world.account.counters.lags.within(world.monotonic()))


def state_writes(world: World) -> int:
    return sum(plural == "accountstates" for _, plural in world.api.writes)


async def placed(world: World, name: str = "dip") -> None:
    """An order that rests, and an AccountState that has taken it in."""
    world.apply(name)
    await world.until_state("Open", name)
    await world.pass_time(5)


async def streaming() -> World:
    """A world whose venue has a stream, with an order that works, and no poll about to come."""
    world = World(settings=SLOW_POLLS)
    world.venue.streams = True
    await world.ready()
    await placed(world)
    await world.until(lambda: world.account.following.state == "Live")
    await world.pass_time(5)
    world.account.counters.lags = RecentLags()  # only what follows is looked at
    return world


# --- what is measured -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measured", "p50", "p99"),
    [
        ((0.0124,), "0.012", "0.012"),
        ((2.0, 1.0), "1", "2"),
        (tuple(float(each) for each in range(1, 101)), "50", "99"),
        ((0.0,), "0", "0"),
    ],
)
def test_lags_are_shown_as_percentiles_to_the_millisecond(measured: tuple[float, ...], p50: str, p99: str) -> None:
    lag = _lag(measured)
    assert lag is not None
    assert (lag.p50, lag.p99) == (Decimal(p50), Decimal(p99))


def test_without_lags_none_is_shown() -> None:
    assert _lag(()) is None


@in_virtual_time
async def test_the_lag_of_a_new_order_is_the_time_until_its_status_is_written() -> None:
    world = World()
    world.venue.slow["create_order"] = 0.5
    await world.ready()
    await placed(world)
    assert shown(world, "metrics", "lagSeconds") == {"p50": "0.5", "p99": "0.5"}


@in_virtual_time
async def test_what_the_operator_writes_itself_and_what_polls_show_is_no_change() -> None:
    world = World()
    await world.ready()
    await placed(world)
    world.venue.fill("1", Decimal("0.5"))
    await world.until(lambda: bool(world.status().get("settled")))
    await world.pass_time(5)
    assert len(lags(world)) == 1


@in_virtual_time
async def test_a_change_is_not_handled_before_a_pass_has_succeeded() -> None:
    world = World()
    await world.ready()
    await placed(world)
    world.api.fail("PATCH", "orderintents/status", times=3)
    changed = world.monotonic()
    world.spec(desiredState="Canceled")
    await world.until_state("Canceled")
    await world.pass_time(1)
    waited = lags(world)[-1]
    # Three pauses after failures, doubled each time.
    assert len(lags(world)) == 2
    assert 0.25 + 0.5 + 1.0 <= waited <= world.monotonic() - changed


@in_virtual_time
async def test_orders_that_were_handled_before_a_restart_are_no_changes() -> None:
    world = World()
    await world.ready()
    await placed(world)
    await world.restart()
    await world.until(lambda: (DESK, "main") in world.engine.accounts and world.account.ready)
    await world.pass_time(10)
    assert lags(world) == ()
    assert shown(world, "metrics", "lagSeconds") is None


@in_virtual_time
async def test_what_comes_in_during_a_pass_is_for_the_next_one() -> None:
    world = World()
    await world.ready()
    await placed(world)
    memo = world.memo()
    memo.changed(7.0)
    memo.changed(8.0)
    assert memo.take_change() == 7.0
    memo.changed(9.0)
    assert (memo.take_change(), memo.take_change()) == (9.0, None)


# --- fills that the stream tells ------------------------------------------------------------------------------------


@in_virtual_time
async def test_the_lag_of_a_fill_begins_when_the_stream_tells_and_ends_when_the_status_does() -> None:
    world = await streaming()
    world.venue.tell(replace(world.orders[0], status=VenueStatus.FILLED, filled=Decimal("0.5")))
    told = world.monotonic()
    await world.pass_time(1.5)
    assert lags(world) == ()  # asked, and not confirmed by the venue's answers
    world.venue.fill("1", Decimal("0.5"))
    await world.until_state("Filled", seconds=5)
    took = world.monotonic() - told
    await world.pass_time(3)
    (lag,) = lags(world)
    assert 1.5 <= lag <= took + 0.001


@in_virtual_time
async def test_a_fill_whose_status_cannot_be_written_at_first_is_handled_when_it_is() -> None:
    world = await streaming()
    world.api.fail("PATCH", "orderintents/status", times=3)
    world.venue.tell(world.venue.fill("1", Decimal("0.5")))
    await world.until_state("Filled", seconds=10)
    await world.pass_time(3)
    (lag,) = lags(world)
    assert lag >= 0.25 + 0.5 + 1.0


@in_virtual_time
async def test_events_that_are_repeated_or_never_come_true_are_not_measured() -> None:
    world = await streaming()
    partly = world.venue.fill("1", Decimal("0.1"))
    world.venue.tell(partly)
    await world.until(lambda: world.status().get("filledQuantity") == "0.1", seconds=2)
    await world.pass_time(3)
    assert len(lags(world)) == 1
    world.venue.tell(partly)
    world.venue.tell(replace(partly, filled=Decimal("0.3")))
    await world.pass_time(60)
    world.spec(desiredState="Canceled")
    await world.until_state("Canceled", seconds=5)
    await world.pass_time(5)
    assert len(lags(world)) == 2
    assert max(lags(world)) < 1.0


# --- errors ---------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_errors_of_the_last_minutes_are_shown_beside_those_since_the_start() -> None:
    world = World()
    await world.ready()
    await placed(world)
    world.venue.fail_next("fetch_open_orders", Raises(VenueUnavailable("away")))
    await world.until(lambda: shown(world, "health", "errors") == {"VenueUnavailable": 1}, seconds=10)
    await world.pass_time(WINDOW_SECONDS + HEARTBEAT_SECONDS)
    assert not shown(world, "health", "errors")
    assert shown(world, "metrics", "errors") == {"VenueUnavailable": 1}


# --- how often it is written ----------------------------------------------------------------------------------------


@in_virtual_time
async def test_while_nothing_changes_it_is_a_sign_of_life_with_what_has_grown_old() -> None:
    world = World()
    await world.ready()
    await placed(world)
    before = state_writes(world)
    assert shown(world, "metrics", "lagSeconds") is not None
    await world.pass_time(WINDOW_SECONDS + HEARTBEAT_SECONDS)
    assert shown(world, "metrics", "lagSeconds") is None
    assert 10 <= state_writes(world) - before <= 11
    seen = datetime.fromisoformat(str(shown(world, "health", "operatorSeenAt")))
    assert world.wall() - seen <= timedelta(seconds=HEARTBEAT_SECONDS + 1)


@in_virtual_time
async def test_without_an_operator_the_sign_of_life_grows_old() -> None:
    world = World()
    await world.ready()
    await placed(world)
    await world.crash()
    seen = shown(world, "health", "operatorSeenAt")
    await world.pass_time(300)
    assert shown(world, "health", "operatorSeenAt") == seen


@in_virtual_time
async def test_a_lag_that_changes_all_the_time_is_written_every_thirty_seconds_at_most() -> None:
    world = World()
    await world.ready()
    await placed(world)
    before = state_writes(world)
    for number in range(120):
        world.account.counters.lags.add(float(number), world.monotonic())
        await world.pass_time(1)
    assert 2 <= state_writes(world) - before <= 4
