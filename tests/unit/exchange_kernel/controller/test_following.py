"""An order stream in the running operator: hints let it look sooner, and nothing else depends on them."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from exchange_kernel.core.outcomes import CancelOutcome
from exchange_kernel.core.venue import VenueOrder, VenueStatus
from exchange_kernel.exchange.memory_setup import Raises
from exchange_kernel.exchange.port import CredentialsRefused
from exchange_kernel.settings import Settings
from support.virtual_time import in_virtual_time
from support.world import DESK, World

# Polls are far apart, so that whatever is quick is quick for the stream's sake.
POLL = 20.0
SLOW = Settings(poll_interval=POLL, idle_interval=60.0, lease_duration=0)


async def streaming(names: tuple[str, ...] = ("dip",)) -> World:
    """A world whose venue has a stream, with working orders."""
    world = World(settings=SLOW)
    world.venue.streams = True
    await world.ready()
    for name in names:
        world.apply(name)
    for name in names:
        await world.until_state("Open", name)
    await world.until(lambda: world.account.following.state == "Live")
    # The poll that follows every new subscription is through.
    await world.pass_time(POLL / 2)
    return world


def filled(world: World, quantity: str = "0.5", number: int = 0) -> VenueOrder:
    return world.venue.fill(world.orders[number].exchange_order_id, Decimal(quantity))


def reads(world: World, operation: str) -> int:
    return world.venue.calls.count(operation)


@in_virtual_time
async def test_a_fill_is_in_the_status_as_soon_as_the_stream_tells() -> None:
    world = await streaming()
    polls = reads(world, "fetch_open_orders")
    world.venue.tell(filled(world))
    await world.until_state("Filled", seconds=0.5)
    assert reads(world, "fetch_open_orders") == polls
    assert reads(world, "fetch_order") == 1


@in_virtual_time
async def test_without_the_stream_a_fill_takes_one_poll_interval() -> None:
    world = await streaming()
    world.venue.end_streams("killed")
    filled(world)
    await world.until_state("Filled", seconds=POLL + 0.5)


@in_virtual_time
async def test_events_are_never_taken_for_the_truth() -> None:
    world = await streaming()
    world.venue.tell(replace(world.orders[0], status=VenueStatus.FILLED, filled=Decimal("0.5")))
    await world.pass_time(15.0)
    assert world.state() == "Open"
    # Asked again until the hint was given up, and not for ever.
    assert 4 <= reads(world, "fetch_order") <= 10


@in_virtual_time
async def test_rest_that_lags_behind_the_stream_is_asked_until_it_has_caught_up() -> None:
    world = await streaming()
    world.venue.tell(replace(world.orders[0], status=VenueStatus.FILLED, filled=Decimal("0.5")))
    await world.pass_time(3.0)
    assert world.state() == "Open"
    filled(world)
    await world.until_state("Filled", seconds=2.5)


@in_virtual_time
async def test_repeated_and_late_events_cost_no_reads() -> None:
    world = await streaming()
    order = world.orders[0]
    partly, whole = filled(world, "0.2"), filled(world, "0.3")
    world.venue.tell(whole)
    await world.until_state("Filled", seconds=0.5)
    asked = len(world.venue.calls)
    for event in (order, partly, whole, partly, whole):
        world.venue.tell(event)
    await world.pass_time(3.0)
    assert len(world.venue.calls) == asked
    assert world.status()["filledQuantity"] == "0.5"


@in_virtual_time
async def test_orders_of_others_cost_no_reads() -> None:
    world = await streaming()
    asked = len(world.venue.calls)
    world.venue.tell(replace(world.orders[0], exchange_order_id="999", client_order_id="by-hand", filled=Decimal(1)))
    await world.pass_time(5.0)
    assert len(world.venue.calls) == asked


@in_virtual_time
async def test_many_partial_fills_at_once_are_read_with_one_bulk_read() -> None:
    names = tuple(f"o{number}" for number in range(40))
    world = await streaming(names)
    polls = reads(world, "fetch_open_orders")
    for number in range(40):
        world.venue.tell(filled(world, "0.1", number))
    await world.until(
        lambda: all(world.status(name).get("filledQuantity") == "0.1" for name in names), seconds=POLL / 3
    )
    assert reads(world, "fetch_open_orders") == polls + 1
    assert reads(world, "fetch_order") <= 12


@in_virtual_time
async def test_a_stream_that_conceals_what_a_poll_shows_is_taken_up_again() -> None:
    world = await streaming()
    assert reads(world, "listen") == 1
    filled(world, "0.1")
    await world.until(lambda: world.status().get("filledQuantity") == "0.1", seconds=POLL + 1)
    await world.until(lambda: reads(world, "listen") == 2, seconds=POLL + 5)
    assert world.account.following.missed == 1
    world.venue.tell(filled(world, "0.4"))
    await world.until_state("Filled", seconds=0.5)


@in_virtual_time
async def test_a_stream_that_lags_is_left_alone() -> None:
    world = await streaming()
    order = filled(world, "0.1")
    await world.until(lambda: world.status().get("filledQuantity") == "0.1", seconds=POLL + 1)
    await world.pass_time(1.0)
    world.venue.tell(order)
    await world.pass_time(3 * POLL)
    assert reads(world, "listen") == 1
    assert world.account.following.missed == 0


@in_virtual_time
async def test_the_state_of_the_stream_is_shown_and_does_not_flap() -> None:
    world = await streaming()

    def shown() -> str:
        state: str = world.api.get("accountstates", DESK, "main")["health"]["orderStream"]
        return state

    await world.until(lambda: shown() == "Live", seconds=90)
    for _ in range(5):
        world.venue.end_streams("flapping")
        for _ in range(40):
            await world.pass_time(1.0)
            assert shown() == "Live"


@in_virtual_time
@pytest.mark.parametrize("streams", ["off", "on"])
async def test_streams_can_be_switched_off(streams: str) -> None:
    world = World(settings=replace(SLOW, streams=streams))
    world.venue.streams = True
    await world.ready()
    await world.pass_time(5.0)
    assert reads(world, "listen") == (streams == "on")


@in_virtual_time
@pytest.mark.parametrize("read", ["fetch_order", "fetch_trades"])
async def test_a_read_for_the_streams_sake_that_fails_is_the_accounts_matter(read: str) -> None:
    world = await streaming()
    world.venue.fail_next(read, Raises(CredentialsRefused("the key is not valid")))
    world.venue.tell(filled(world))
    await world.until(lambda: world.account.counters.errors.get("CredentialsRefused", 0) == 1, seconds=1)
    await world.until_state("Filled", seconds=POLL)


@in_virtual_time
async def test_a_late_answer_about_a_replaced_order_says_nothing_of_the_new_one() -> None:
    world = await streaming()
    read, cancel = world.venue.fetch_order, world.venue.cancel_order

    async def late_read(symbol: str, exchange_order_id: str) -> VenueOrder | None:
        # The stream's read is the first one; those that follow are quicker.
        first = reads(world, "fetch_order") == 0
        answer = await read(symbol, exchange_order_id)
        await asyncio.sleep(5.0 if first else 0.0)
        return answer

    async def told_cancel(symbol: str, exchange_order_id: str | None, client_order_id: str) -> CancelOutcome:
        outcome = await cancel(symbol, exchange_order_id, client_order_id)
        world.venue.tell(world.orders[0])
        await asyncio.sleep(0.1)
        return outcome

    world.venue.fetch_order = late_read  # type: ignore[method-assign]
    world.venue.cancel_order = told_cancel  # type: ignore[method-assign]
    world.spec(price="41000")
    await world.until(lambda: len(world.orders) == 2)
    assert world.account.following.reads == 1
    await world.pass_time(60.0)
    assert (world.state(), world.status()["exchangeOrderId"]) == ("Open", world.orders[1].exchange_order_id)
