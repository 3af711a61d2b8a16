"""What is said: conditions, states, and the status as a whole."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest

from exchange_kernel.api.conditions import ConditionStatus, ConditionType, find_condition
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import report, status
from exchange_kernel.core.conditions import BY_REASON, BY_STATE, TRUE, Aspect, kstatus, render
from exchange_kernel.core.fence import fence
from exchange_kernel.core.states import FOLLOWS, may_follow
from exchange_kernel.core.status import Situation
from exchange_kernel.core.venue import VenueStatus
from exchange_kernel.core.view import Asked, Backoff, Permit
from support.builders import WALL, intent, order, placement, said, view

PLACED = placement(Outcome.PLACED)


def test_every_state_shows_to_tools_and_none_both_stalled_and_reconciling() -> None:
    assert set(BY_STATE) == set(State)
    for shown in (*BY_STATE.values(), *BY_REASON.values()):
        assert not (shown.stalled and shown.reconciling)
        assert not (shown.ready is TRUE and (shown.stalled or shown.reconciling))


@pytest.mark.parametrize(
    ("state", "reason", "stalled"),
    [
        (State.REJECTED, Reason.REJECTED, True),
        (State.EXPIRED, Reason.EXPIRED, True),
        (State.EXPIRED, Reason.IMMEDIATE_PART_DONE, False),
        (State.CANCELED, Reason.CANCELED, False),
        (State.CANCELED, Reason.CANCELED_EXTERNALLY, True),
        (State.PENDING, Reason.CONFIRMATION_REQUIRED, True),
        (State.PENDING, Reason.SUSPENDED, False),
        (State.OPEN, "a venue's word", False),
    ],
)
def test_what_needs_a_human_is_stalled(state: State, reason: str, stalled: bool) -> None:
    assert kstatus(state, reason).stalled is stalled


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    later = WALL + timedelta(seconds=9)
    first = render([Aspect(ConditionType.READY, TRUE, "Working")], (), 1, WALL)
    same = render([Aspect(ConditionType.READY, TRUE, "Filled", "x" * 2000)], first, 2, later)
    other = render([Aspect(ConditionType.READY, ConditionStatus.FALSE, "Expired")], same, 2, later)

    assert [c.last_transition_time for c in (*first, *same, *other)] == [WALL, WALL, later]
    assert len(same[0].message) == 1024


def test_nothing_follows_the_ends_but_late_fills() -> None:
    assert set(FOLLOWS) == set(State)
    ends = {(a, b) for a, b in product(State, State) if a.is_final and a is not b and may_follow(a, b)}

    assert ends == {(State.CANCELED, State.FILLED), (State.EXPIRED, State.FILLED)}


def test_a_proof_leads_back_to_waiting_or_to_a_denial() -> None:
    for unproven, after in product((State.SUBMITTING, State.UNKNOWN), (State.PENDING, State.DENIED)):
        assert may_follow(unproven, after)
    assert not may_follow(State.OPEN, State.SUBMITTING)


def test_an_order_that_works_becomes_pending_or_unknown_only_while_it_is_replaced() -> None:
    live = view(intent(status=said(State.OPEN)))
    for state in (State.PENDING, State.UNKNOWN):
        assert status.build(live, Situation(state, Reason.AMENDING)).state is State.OPEN
        assert status.build(live, Situation(state, Reason.AMENDING, replacing=True)).state is state


@pytest.mark.parametrize(
    ("venue", "filled", "state"),
    [
        (VenueStatus.OPEN, "0", State.OPEN),
        (VenueStatus.OPEN, "0.1", State.PARTIALLY_FILLED),
        (VenueStatus.UNTRIGGERED, "0", State.UNTRIGGERED),
        (VenueStatus.FILLED, "0.5", State.FILLED),
        (VenueStatus.CANCELED, "0.1", State.CANCELED),
        (VenueStatus.EXPIRED, "0", State.EXPIRED),
        (VenueStatus.REJECTED, "0", State.REJECTED),
    ],
)
def test_a_venues_order_stands_for_a_state(venue: VenueStatus, filled: str, state: State) -> None:
    assert status.state_of(order(venue, filled)) is state


def test_a_status_sums_up_the_order() -> None:
    said_now = report.of_order(view(intent(held=True)), PLACED, order(filled="0.2"))

    assert (said_now.state, said_now.filled_quantity) == (State.PARTIALLY_FILLED, Decimal("0.2"))
    assert (said_now.remaining_quantity, said_now.cost) == (Decimal("0.3"), Decimal(10000))
    assert (said_now.average_price, said_now.trade_count) == (Decimal(50000), 1)
    assert (said_now.exchange_order_id, said_now.last_trade_id) == ("1001", "t1")
    assert said_now.finished_at is None


def test_what_was_said_about_money_is_not_taken_back() -> None:
    before = said(State.PARTIALLY_FILLED, filled_quantity=Decimal("0.3"), cost=Decimal(15000))
    after = report.of_order(view(intent(held=True, status=before)), PLACED, order(filled="0.2"))

    assert (after.filled_quantity, after.cost) == (Decimal("0.3"), Decimal(15000))


def test_an_end_has_a_time_and_nothing_remains() -> None:
    ended = report.of_order(view(intent(held=True)), PLACED, order(VenueStatus.FILLED, "0.5"))

    assert (ended.finished_at, ended.remaining_quantity, ended.settled) == (WALL, Decimal(0), True)
    completed = find_condition(ended.conditions, ConditionType.COMPLETED)
    assert completed is not None
    assert completed.status is TRUE


@pytest.mark.parametrize(
    ("final_at", "observed_at", "settled"), [(None, 1000.0, False), (0.0, 14.9, False), (0.0, 15.0, True)]
)
def test_a_canceled_order_settles_when_it_was_read_m_after_its_end(
    final_at: float | None, observed_at: float, settled: bool
) -> None:
    one = view(intent(held=True), final_at=final_at, observed_at=observed_at)

    assert report.is_settled(one, PLACED, order(VenueStatus.CANCELED)) is settled


def test_fills_without_their_trades_are_not_settled() -> None:
    assert not report.is_settled(view(), PLACED, order(VenueStatus.FILLED, "0.5", trades=()))


def test_stalled_can_be_said_of_any_state() -> None:
    built = status.build(view(), Situation(State.UNKNOWN, Reason.OUTCOME_UNKNOWN, stalled=True))
    stalled = find_condition(built.conditions, ConditionType.STALLED)

    assert stalled is not None
    assert find_condition(built.conditions, ConditionType.RECONCILING) is None


def test_the_fence_is_the_records_own_s_and_r_with_m_and_a_margin() -> None:
    slow = placement(send_window_seconds=Decimal(7))

    assert fence(view(), 100.0, placement()) == 126.0
    assert fence(view(), 100.0, slow) == 128.0
    assert fence(view(), 100.0, placement(expiry=None)) is None
    assert fence(replace(view(), account=replace(view().account, rules=None)), 100.0, placement()) is None


def test_a_permit_closes_exactly_at_its_window() -> None:
    held = Permit("id", noted_at=10.0, window=5.0)

    assert held.is_open(14.999)
    assert not held.is_open(15.0)


def test_intervals_grow_to_their_ceiling() -> None:
    pace = Backoff(first=0.5, ceiling=10.0)

    assert [pace.after(n) for n in (0, 1, 2, 3, 5, 6, 500)] == [0.0, 0.5, 1.0, 2.0, 8.0, 10.0, 10.0]
    assert Asked().due_at(pace) == 0.0
    assert Asked(100.0, 2).due_at(pace) == 101.0
