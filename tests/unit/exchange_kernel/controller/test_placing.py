"""The placing protocol, as the shell carries it out: each fault between the wish and the venue's answer."""

from decimal import Decimal

import pytest

from exchange_kernel.core.outcomes import Refused
from exchange_kernel.core.venue import VenueStatus
from exchange_kernel.exchange.memory_setup import LostAnswer, LostRequest, Raises
from exchange_kernel.exchange.port import VenueUnavailable
from exchange_kernel.kube.resources import INTENTS
from support.virtual_time import in_virtual_time
from support.world import DESK, World


@in_virtual_time
async def test_at_most_four_writes_bring_an_order_to_the_venue_and_to_its_end() -> None:
    world = World()
    await world.ready()
    before = len(world.api.writes)
    world.apply(type="Market", price=None)
    await world.until(lambda: bool(world.state() == "Filled" and world.status().get("settled")))
    writes = [write for write in world.api.writes[before:] if write[1].startswith("order")]
    assert len(writes) <= 4, writes


@in_virtual_time
async def test_nothing_but_a_sign_of_life_is_written_while_nothing_changes() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    await world.pass_time(5)
    before = len(world.api.writes)
    await world.pass_time(120)
    written = world.api.writes[before:]
    assert 3 <= len(written) <= 4
    assert {write[1] for write in written} == {"accountstates"}


@in_virtual_time
async def test_the_state_of_an_account_is_written_every_two_seconds_at_most_however_much_is_filled() -> None:
    world = World()
    await world.ready()
    before = len(world.api.writes)
    for number in range(300):  # a hundred fills a second
        world.apply(f"o{number}", type="Market", price=None)
        await world.pass_time(0.01)
    await world.until(lambda: all(world.state(f"o{number}") == "Filled" for number in range(300)))
    await world.pass_time(5)
    states = [write for write in world.api.writes[before:] if write[1].startswith("accountstates")]
    assert 0 < len(states) <= 10


@in_virtual_time
@pytest.mark.parametrize("status", [403, 422, 500])
async def test_without_its_record_nothing_is_sent(status: int) -> None:
    world = World()
    await world.ready()
    world.api.fail("POST", "orderreceipts", status=status, times=1000)
    world.apply()
    await world.pass_time(50)
    assert "create_order" not in world.venue.calls
    assert world.orders == ()


@in_virtual_time
async def test_a_record_whose_answer_was_lost_is_used_once_and_counts_from_the_first_try() -> None:
    world = World()
    await world.ready()
    world.api.fail("POST", "orderreceipts", after=True)
    applied = world.monotonic()
    world.apply()
    await world.until_state("Open")
    assert world.monotonic() - applied < world.settings.send_window
    assert world.outcomes == ["Placed"]
    assert world.venue.calls.count("create_order") == 1


@in_virtual_time
async def test_a_record_that_is_found_after_its_window_is_not_used() -> None:
    world = World()
    await world.ready()
    world.api.fail("POST", "orderreceipts", after=True)
    world.api.fail("GET", "orderreceipts", status=500, times=6)
    world.apply()
    await world.until_state("Open")
    assert world.outcomes == ["NotPlaced", "Placed"]
    assert world.receipt["placements"][0]["reason"] == "SendWindowMissed"
    assert world.venue.calls.count("create_order") == 1


@in_virtual_time
async def test_an_object_that_changes_while_it_is_claimed_gets_another_attempt() -> None:
    world = World()
    await world.ready()
    world.api.fail("PATCH", "orderintents", status=422)
    world.apply()
    await world.until_state("Open")
    assert world.outcomes == ["NotPlaced", "Placed"]
    assert world.receipt["placements"][0]["reason"] == "ObjectChanged"
    assert len(world.orders) == 1


@in_virtual_time
async def test_an_object_that_is_gone_before_it_is_claimed_is_never_sent_and_its_record_is_closed() -> None:
    world = World()
    await world.ready()

    def delete_first(verb: str, plural: str) -> None:
        if (verb, plural) == ("POST", "orderreceipts"):
            world.delete()

    world.api.before = delete_first
    world.apply()
    await world.until(lambda: bool(world.api.all("orderreceipts")) and not world.engine.memos)
    assert world.orders == ()
    assert world.outcomes == ["NotPlaced"]
    assert world.receipt["final"]["state"] == "Canceled"
    assert "intentDeletedAt" in world.receipt


@in_virtual_time
async def test_while_the_look_up_fails_nothing_is_sent() -> None:
    world = World()
    await world.ready()
    for _ in range(100):
        world.venue.fail_next("look_up", Raises(VenueUnavailable("away")))
    world.apply()
    await world.pass_time(20)
    assert "create_order" not in world.venue.calls
    assert set(world.outcomes) <= {"NotPlaced", "Pending"}


@in_virtual_time
async def test_an_answer_that_was_lost_is_looked_up_and_the_order_adopted() -> None:
    world = World()
    await world.ready()
    world.venue.fail_next("create_order", LostAnswer())
    world.apply()
    await world.until_state("Open")
    assert world.outcomes == ["Placed"]
    assert len(world.orders) == 1


@in_virtual_time
async def test_a_request_that_was_lost_is_repeated_only_behind_the_fence() -> None:
    world = World()
    await world.ready()
    world.venue.fail_next("create_order", LostRequest())
    applied = world.monotonic()
    world.apply(placement={"startingDeadlineSeconds": 600})
    await world.until_state("Unknown")
    await world.until_state("Open")
    rules, window = world.venue.rules, world.settings.send_window
    assert world.monotonic() - applied >= window + (rules.request_expiry or 0) + rules.settle_margin + 1
    assert world.outcomes == ["Absent", "Placed"]
    assert len(world.orders) == 1


@in_virtual_time
async def test_a_request_that_takes_long_shows_submitting_and_is_not_repeated() -> None:
    world = World()
    await world.ready()
    world.venue.late["create_order"] = 8.0
    world.apply()
    await world.until_state("Submitting", seconds=world.settings.submitting_after + 0.5)
    await world.until_state("Open")
    assert world.outcomes == ["Placed"]
    assert world.venue.calls.count("create_order") == 1


@in_virtual_time
async def test_a_refusal_is_final() -> None:
    world = World()
    await world.ready()
    world.venue.fail_next("create_order", Refused("InsufficientFunds", "not enough USDT"))
    world.apply()
    await world.until_state("Rejected")
    await world.pass_time(60)
    assert world.outcomes == ["Refused"]
    assert "not enough USDT" in world.status()["message"]
    assert world.condition("orderintents", "dip", "Stalled", "reason") == "InsufficientFunds"
    assert ("dip", "OrderRejected") in world.events()


@in_virtual_time
@pytest.mark.parametrize("halt", ["suspend", "canceled", "deleted", "halted"])
async def test_a_gate_that_closes_while_the_request_waits_for_its_turn_keeps_it_from_the_wire(halt: str) -> None:
    world = World()
    await world.ready()
    # The gate is asked once more at the socket: so long the request is signed and waits.
    world.venue.slow["create_order"] = 2.0
    world.apply()
    await world.until(lambda: bool(world.engine.memos) and world.memo().sending)
    if halt == "suspend":
        world.spec(suspend=True)
    elif halt == "canceled":
        world.spec(desiredState="Canceled")
    elif halt == "deleted":
        world.delete()
    else:
        world.account_spec(tradingState="Halted")
    await world.until(lambda: world.outcomes == ["NotPlaced"])
    await world.pass_time(30)
    assert world.orders == ()
    assert world.receipt["placements"][0]["reason"] == "GateClosed"
    if halt in {"canceled", "deleted"}:
        assert world.receipt["final"]["state"] == "Canceled"
    else:
        assert world.state() == "Pending"


@in_virtual_time
async def test_a_request_that_comes_to_the_socket_after_its_window_is_not_written() -> None:
    world = World()
    await world.ready()
    world.venue.slow["create_order"] = world.settings.send_window + 1.0
    world.apply()
    await world.until(lambda: bool(world.api.all("orderreceipts")) and world.outcomes[0] == "NotPlaced")
    assert world.orders == ()
    world.venue.slow.clear()
    await world.until_state("Open")
    assert len(world.orders) == 1


@in_virtual_time
async def test_a_status_that_meets_a_newer_object_is_judged_anew() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    edited = False

    def edit_first(verb: str, plural: str) -> None:
        nonlocal edited
        if (verb, plural) == ("PATCH", "orderintents/status") and not edited:
            edited = True
            world.api.muted = True
            world.spec(metadata={"strategy": "dips"})
            world.api.muted = False

    world.api.before = edit_first
    world.venue.fill("1", Decimal("0.5"))
    await world.until_state("Filled")
    assert edited
    assert world.status()["observedGeneration"] == 2


@in_virtual_time
async def test_what_a_blind_watch_missed_is_found_by_the_sweep() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    world.api.muted = True
    world.spec(desiredState="Canceled")
    world.apply("another")
    await world.until_state("Canceled", seconds=world.settings.sweep_interval + 5)
    await world.until_state("Open", "another", seconds=5)


@in_virtual_time
async def test_a_bug_that_one_object_meets_does_not_stop_the_others() -> None:
    world = World()
    await world.ready()
    world.apply("odd")
    await world.until_state("Open", "odd")
    memo = world.memo("odd")
    memo.identity = None  # type: ignore[assignment]  # what nobody thought of
    world.engine.queue.add(memo.meta.uid)
    world.spec("odd", desiredState="Canceled")
    for number in range(40):
        world.apply(f"fine-{number}")
    await world.until(lambda: all(world.state(f"fine-{number}") == "Open" for number in range(40)))
    assert world.engine.healthy


@in_virtual_time
async def test_an_object_that_cannot_be_read_is_left_alone() -> None:
    world = World()
    await world.ready()
    world.apply("odd", nonsense="from a newer version")
    world.apply()
    await world.until_state("Open")
    assert world.state("odd") is None
    assert len(world.orders) == 1


@in_virtual_time
async def test_a_process_that_was_killed_leaves_one_order_wherever_it_was() -> None:
    """The process ends before each of its writes and calls in turn; the next one brings the order to the venue once."""
    for step in range(1, 12):
        world = World()
        await world.ready()
        left = step
        before = len(world.venue.calls)

        def count(verb: str, plural: str, world: World = world) -> None:
            nonlocal left
            if verb != "GET" and plural != "events":
                left -= 1
                if left == 0:
                    world.api.away = True

        world.api.before = count
        world.apply(placement={"startingDeadlineSeconds": 600})
        await world.pass_time(0.5)
        world.api.before = lambda verb, plural: None
        world.api.away = False
        await world.restart()
        await world.until_state("Open")
        assert len(world.orders) == 1, step
        assert before < len(world.venue.calls)
        await world.crash()


@in_virtual_time
async def test_two_operators_at_once_place_each_order_once() -> None:
    world = World()
    await world.ready()
    other = world.process("other")
    world.start(other)
    names = [f"order-{number}" for number in range(25)]
    for name in names:
        world.apply(name, placement={"startingDeadlineSeconds": 600})
    await world.until(lambda: all(world.state(name) == "Open" for name in names))
    assert len(world.orders) == len(names)
    assert len({order.client_order_id for order in world.orders}) == len(names)


@in_virtual_time
async def test_a_second_object_of_the_same_identity_is_denied_while_the_first_lives() -> None:
    world = World()
    await world.ready()
    world.apply("first", intentId="the-dip")
    await world.until_state("Open", "first")
    world.apply("second", intentId="the-dip")
    await world.until_state("Denied", "second")
    assert world.condition("orderintents", "second", "Accepted", "reason") == "DuplicateIntentId"
    assert len(world.orders) == 1
    world.delete("second")
    await world.until(lambda: not world.exists("orderintents", "second"))
    assert world.orders[0].status == "Open"


@in_virtual_time
async def test_an_object_re_created_under_its_name_gets_the_same_order_while_the_old_memory_exists() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    world.api.muted = True
    world.api.edit("orderintents", DESK, "dip", lambda obj: obj["metadata"].pop("finalizers"))
    world.delete()
    world.api.muted = False
    world.apply()
    assert len({memo.meta.uid for memo in world.engine.memos.values()}) == 1
    await world.until_state("Open")
    assert len(world.orders) == 1
    assert world.receipt["claimant"]["uid"] == world.api.get("orderintents", DESK, "dip")["metadata"]["uid"]
    await world.until(lambda: len(world.engine.memos) == 1, seconds=world.settings.sweep_interval + 5)
    assert world.orders[0].status == "Open"


@in_virtual_time
async def test_an_order_whose_finalizer_was_taken_away_while_it_was_sent_gets_its_outcome_recorded() -> None:
    world = World()
    await world.ready()
    world.venue.late["create_order"] = 3.0
    world.apply()
    await world.until(lambda: bool(world.orders))
    world.api.edit("orderintents", DESK, "dip", lambda obj: obj["metadata"].pop("finalizers"))
    world.delete()
    await world.until(lambda: not world.engine.memos)
    assert world.outcomes == ["Placed"]
    assert "intentDeletedAt" in world.receipt
    assert world.orders[0].status == "Open"


@in_virtual_time
async def test_a_version_that_arrives_late_does_not_bring_a_deleted_object_back() -> None:
    world = World()
    await world.ready()
    old = world.apply(suspend=True)
    await world.until_state("Pending")
    world.delete()
    await world.until(lambda: not world.engine.memos)
    world.engine.offer(INTENTS, None, {**old, "spec": {**old["spec"], "suspend": False}})
    await world.pass_time(100)
    assert world.orders == ()
    assert world.engine.memos == {}


@in_virtual_time
async def test_a_cancel_overtakes_a_burst_of_orders_at_a_slow_venue() -> None:
    world = World()
    await world.ready()
    world.apply("first")
    await world.until_state("Open", "first")
    world.venue.late["create_order"] = 5.0
    for number in range(300):
        world.apply(f"burst-{number}")
    await world.pass_time(1.0)
    asked = world.monotonic()
    world.delete("first")
    await world.until(lambda: world.orders[0].status == "Canceled")
    assert world.monotonic() - asked < 0.1


@in_virtual_time
async def test_ended_orders_cost_no_read_after_a_restart() -> None:
    world = World()
    await world.ready()
    for number in range(30):
        world.apply(f"done-{number}", type="Market", price=None)
    await world.until(lambda: all(world.status(f"done-{n}").get("settled") for n in range(30)))
    await world.restart()
    await world.until(world.engine.swept.is_set)
    world.api.reads.clear()
    world.api.writes.clear()
    calls = world.venue.calls.count("fetch_order")
    await world.pass_time(30)
    assert ("GET", "orderreceipts") not in world.api.reads
    assert {plural for _, plural in world.api.writes} <= {"accountstates"}
    assert world.venue.calls.count("fetch_order") == calls


@in_virtual_time
async def test_what_is_known_of_ended_orders_is_forgotten_but_for_the_object() -> None:
    world = World()
    await world.ready()
    world.apply(type="Market", price=None)
    await world.until(lambda: bool(world.status().get("settled")))
    await world.pass_time(5)
    memo = world.memo()
    assert memo.receipt is None
    assert memo.order is None


@in_virtual_time
async def test_a_wall_clock_that_jumps_back_neither_holds_nor_repeats_an_order() -> None:
    world = World()
    await world.ready()
    world.jump = -3600.0
    world.apply()
    await world.until_state("Open")
    world.jump = 3600.0
    await world.pass_time(60)
    assert world.state() == "Open"
    assert len(world.orders) == 1


@in_virtual_time
async def test_an_order_that_could_not_be_sent_before_its_deadline_expires() -> None:
    world = World()
    await world.ready()
    world.apply(suspend=True, placement={"startingDeadlineSeconds": 30})
    await world.until_state("Pending")
    await world.pass_time(40)
    world.spec(suspend=False)
    await world.until_state("Expired")
    assert world.orders == ()


@in_virtual_time
async def test_an_order_that_disappears_from_the_open_orders_is_read_and_its_end_told() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    world.venue.end("1", VenueStatus.CANCELED)
    await world.until_state("Canceled")
    assert world.condition("orderintents", "dip", "Ready", "reason") == "CanceledExternally"
    assert len(world.orders) == 1


@in_virtual_time
async def test_an_order_ends_its_object_after_the_time_that_the_spec_sets() -> None:
    world = World()
    await world.ready()
    world.apply(type="Market", price=None, ttlSecondsAfterFinished=20)
    await world.until(lambda: bool(world.status().get("settled")))
    await world.pass_time(10)
    assert world.exists("orderintents", "dip")
    await world.until(lambda: not world.exists("orderintents", "dip"), seconds=20)
    assert world.receipt["final"]["state"] == "Filled"
