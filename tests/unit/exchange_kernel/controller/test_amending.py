"""Changing an order that works, by a whole process: requests that get lost, reads that fail, fills that come late."""

from decimal import Decimal

from exchange_kernel.core.outcomes import AmendOutcome, Refused
from exchange_kernel.core.requests import AmendRequest
from exchange_kernel.core.venue import VenueStatus
from exchange_kernel.exchange.memory_setup import LostAnswer, LostRequest, Raises
from exchange_kernel.exchange.port import SendGate, VenueUnavailable
from support.virtual_time import in_virtual_time
from support.world import World

DOWN, UP = Decimal("0.4"), Decimal("0.6")


async def _working() -> World:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    return world


def _synced(world: World, part: str = "status") -> str | None:
    return world.condition("orderintents", "dip", "Synced", part)


async def _until_sent(world: World, quantity: str) -> None:
    """Until the status says that this total is at the venue."""

    def holds() -> bool:
        sent = world.status().get("normalized", {}).get("quantity")
        return (sent, _synced(world)) == (quantity, "True")

    await world.until(holds)


def _live(world: World) -> list[tuple[str, Decimal | None]]:
    return [(order.exchange_order_id, order.quantity) for order in world.orders if not order.status.is_final]


# --- in place --------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_one_request_changes_an_order_in_place() -> None:
    world = await _working()
    world.spec(quantity="0.4")
    await _until_sent(world, "0.4")
    assert _live(world) == [("1", DOWN)]
    assert world.venue.calls.count("amend_order") == 1


@in_virtual_time
async def test_a_change_that_was_not_answered_is_read_back_and_not_repeated() -> None:
    world = await _working()
    world.venue.fail_next("amend_order", LostAnswer())
    world.spec(quantity="0.4")
    await _until_sent(world, "0.4")
    assert world.venue.calls.count("amend_order") == 1


@in_virtual_time
async def test_a_change_that_got_lost_is_asked_for_again_when_it_can_have_no_effect_any_more() -> None:
    world = await _working()
    world.venue.fail_next("amend_order", LostRequest())
    started = world.monotonic()
    world.spec(quantity="0.4")
    await _until_sent(world, "0.4")
    assert world.venue.calls.count("amend_order") == 2
    assert world.monotonic() - started >= 6.0  # the request's life, and what the venue may take to show it


@in_virtual_time
async def test_a_change_that_was_refused_is_asked_for_again_only_when_the_spec_changes() -> None:
    world = await _working()
    world.venue.fail_next("amend_order", Refused("-2038", "not this one"))
    world.spec(quantity="0.4")
    await world.until(lambda: _synced(world, "reason") == "AmendRefused")
    await world.pass_time(120)
    assert world.venue.calls.count("amend_order") == 1
    world.spec(quantity="0.3")
    await _until_sent(world, "0.3")
    assert world.venue.calls.count("amend_order") == 2


@in_virtual_time
async def test_an_adapter_that_fails_leaves_the_outcome_unknown() -> None:
    world = await _working()
    whole, failures = world.venue.amend_order, [RuntimeError("a bug")]

    async def broken(request: AmendRequest, gate: SendGate) -> AmendOutcome:
        outcome = await whole(request, gate)
        if failures:
            raise failures.pop()
        return outcome

    world.venue.amend_order = broken  # type: ignore[method-assign]
    world.spec(quantity="0.4")
    await _until_sent(world, "0.4")
    assert world.venue.calls.count("amend_order") == 1, "it had an effect, and was read back"


# --- replaced --------------------------------------------------------------------------------------------------------


async def _replaced() -> World:
    """The order of 0.5 was canceled, and one of 0.6 works."""
    world = await _working()
    world.spec(quantity="0.6")
    await world.until(lambda: _live(world) == [("2", UP)])
    return world


@in_virtual_time
async def test_a_replaced_order_is_read_again_and_its_late_fill_makes_the_rest_smaller() -> None:
    world = await _replaced()
    assert world.venue.fill("1", Decimal("0.2")).status is VenueStatus.CANCELED
    await world.until(lambda: world.status().get("filledQuantity") == "0.2")
    await _until_sent(world, "0.6")
    assert [quantity for _, quantity in _live(world)] == [DOWN]
    first = world.receipt["placements"][0]
    assert (first["settled"], first["filled"]["quantity"]) == (True, "0.2")


@in_virtual_time
async def test_a_replaced_order_without_a_late_fill_is_read_once() -> None:
    world = await _replaced()
    await world.until(lambda: bool(world.receipt["placements"][0].get("settled")))
    reads = world.venue.calls.count("fetch_order")
    await world.pass_time(120)
    assert world.venue.calls.count("fetch_order") == reads
    assert _live(world) == [("2", UP)]


@in_virtual_time
async def test_a_read_of_a_replaced_order_that_failed_is_repeated() -> None:
    world = await _replaced()
    world.venue.fill("1", Decimal("0.2"))
    for operation in ("fetch_order", "fetch_trades"):
        world.venue.fail_next(operation, Raises(VenueUnavailable("no answer")))
    await world.until(lambda: world.status().get("filledQuantity") == "0.2")
    await _until_sent(world, "0.6")
    assert [quantity for _, quantity in _live(world)] == [DOWN]
