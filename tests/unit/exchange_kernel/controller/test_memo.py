"""What one process remembers of an intent between two looks."""

from dataclasses import replace
from decimal import Decimal

import pytest

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.order_receipt import ReceiptPlacement
from exchange_kernel.api.receipt_parts import Claimant
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.controller.memo_object import newer, spec_changed_at
from exchange_kernel.core.outcomes import AmendUnknown, NotPlaced, Placed
from exchange_kernel.core.requests import AmendRequest
from exchange_kernel.core.venue import Absent, Found, Trade, Unknown, VenueStatus
from exchange_kernel.core.view import AmendTry, Asked, Held, NoReceipt, NotRead
from exchange_kernel.kube.client import FIELD_MANAGER
from support import builders
from support.builders import ME, OTHER


def memo(**changes: object) -> IntentMemo:
    """A memory of the default intent."""
    made = IntentMemo.of(builders.intent(held=True))
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("candidate", "than", "is_newer"),
    [("10", "9", True), ("9", "10", False), ("9", "9", False), ("1", "", True), ("b", "a", True), ("a", "a", False)],
)
def test_resource_versions_are_compared_as_numbers(candidate: str, than: str, is_newer: bool) -> None:
    assert newer(candidate, than) is is_newer


def test_an_older_version_of_the_object_is_not_taken() -> None:
    made = memo()
    assert not made.take(builders.intent(resource_version="9", suspend=True))
    assert made.take(builders.intent(resource_version="11", suspend=True))
    assert made.intent.spec.suspend


# --- the permit ------------------------------------------------------------------------------------------------------


def test_a_record_whose_answer_was_lost_gives_its_permit_from_the_first_try() -> None:
    first = builders.permit(age=3.0)
    made = memo(unsure=first)
    made.read_receipt(builders.receipt(builders.placement(holder=ME)), ME, 1000.0)
    assert made.permit == first


@pytest.mark.parametrize(
    "placement",
    [
        builders.placement(holder=OTHER),
        builders.placement(holder=ME, attempt=2),
        builders.placement(Outcome.NOT_PLACED, holder=ME),
        builders.placement(Outcome.PLACED, holder=ME),
    ],
)
def test_no_other_record_gives_a_permit(placement: object) -> None:
    made = memo(unsure=builders.permit())
    made.read_receipt(builders.receipt(placement), ME, 1000.0)  # type: ignore[arg-type]
    assert made.permit is None


def test_a_record_that_is_repeated_counts_from_the_first_try() -> None:
    first, second = builders.permit(age=3.0), builders.permit(age=0.0)
    assert memo(unsure=first).start_attempt(second) == first
    assert memo().start_attempt(second) == second
    assert memo(unsure=builders.permit(attempt=2)).start_attempt(second) == second


def test_a_record_that_permits_nothing_ends_all_permits() -> None:
    made = memo(unsure=builders.permit(), permit=builders.permit())
    guard = builders.receipt(builders.placement(holder=ME), version="2")
    made.recorded(guard, None, 1000.0)
    assert (made.permit, made.unsure) == (None, None)
    made.read_receipt(guard, ME, 1001.0)
    assert made.permit is None


# --- the journal -----------------------------------------------------------------------------------------------------


def test_the_fence_counts_from_when_a_version_was_first_seen() -> None:
    made = memo()
    made.read_receipt(builders.receipt(version="5"), ME, 1000.0)
    made.read_receipt(builders.receipt(version="5"), ME, 1020.0)
    assert made.receipt_seen_at == 1000.0
    made.read_receipt(builders.receipt(version="6"), ME, 1040.0)
    assert made.receipt_seen_at == 1040.0


def test_that_there_is_no_receipt_is_remembered() -> None:
    made = memo()
    made.read_receipt(None, ME, 1010.0)
    assert isinstance(made.journal, NoReceipt)


def test_what_is_known_of_a_claimant_is_not_said_of_another_one() -> None:
    made = memo()
    made.read_receipt(builders.receipt(version="5"), ME, 1000.0)
    made.claimant_is_gone(gone=True)
    made.read_receipt(builders.receipt(version="6"), ME, 1001.0)
    assert isinstance(made.journal, Held)
    assert made.journal.claimant_gone is True
    other = Claimant(namespace="trading", name="dip", uid="uid-9")
    made.read_receipt(builders.receipt(version="7", claimant=other), ME, 1002.0)
    assert isinstance(made.journal, Held)
    assert made.journal.claimant_gone is None


def test_a_proof_that_nothing_was_placed_asks_for_a_pause_as_long_as_the_venue_says() -> None:
    made = memo(outcome=NotPlaced("RateLimited", "slow down", retry_after=7.0))
    made.recorded(builders.receipt(builders.placement(Outcome.NOT_PLACED)), None, 1000.0)
    assert made.hold_until == 1007.0
    assert made.outcome is None


# --- a replaced order ------------------------------------------------------------------------------------------------

OLD = builders.placement(Outcome.PLACED)
NEW = builders.placement(Outcome.PLACED, revision=1, exchange_order_id="1002")


def _knows_the_old_order() -> IntentMemo:
    made = memo(canceled=Asked(999.0, 3), traded=Asked(999.0, 2))
    made.read_receipt(builders.receipt(OLD, version="5"), ME, 990.0)
    made.see(builders.order(VenueStatus.CANCELED, "0.2"), 1000.0, 1000.1)
    made.recheck, made.looked = True, Asked(1000.0, 4)
    return made


@pytest.mark.parametrize("latest", [NEW, builders.placement(revision=1, holder=OTHER)])
def test_what_is_known_of_a_replaced_order_is_not_known_of_the_next(latest: ReceiptPlacement) -> None:
    made = _knows_the_old_order()
    made.read_receipt(builders.receipt(OLD, latest, version="6"), ME, 1001.0)
    assert made.observed == Unknown()
    assert (made.recheck, made.final_at, made.observed_at) == (False, None, 0.0)
    assert (made.looked, made.canceled, made.traded) == (Asked(), Asked(), Asked())


@pytest.mark.parametrize(
    "latest",
    [OLD.model_copy(update={"closed": True}), builders.placement(Outcome.PLACED, attempt=2, exchange_order_id="1001")],
    ids=["its end is recorded", "another attempt"],
)
def test_another_record_of_the_same_order_forgets_nothing(latest: ReceiptPlacement) -> None:
    made = _knows_the_old_order()
    made.read_receipt(builders.receipt(latest, version="6"), ME, 1001.0)
    assert made.order is not None
    assert (made.final_at, made.canceled.times) == (1000.1, 3)


@pytest.mark.parametrize("same", [{"exchange_order_id": "1002"}, {"client_order_id": NEW.client_order_id}])
def test_an_order_that_was_seen_before_its_record_is_kept(same: dict[str, str]) -> None:
    made = memo()
    made.read_receipt(builders.receipt(OLD, version="5"), ME, 990.0)
    made.see(builders.order(**same), 1000.0, 1000.1)
    made.read_receipt(builders.receipt(OLD, NEW, version="6"), ME, 1001.0)
    assert made.order is not None
    assert made.observed_at == 1000.0


def test_a_read_of_a_replaced_order_that_comes_late_says_nothing_of_the_next() -> None:
    made = _knows_the_old_order()
    made.read_receipt(builders.receipt(OLD, NEW, version="6"), ME, 1001.0)
    assert not made.see(builders.order(VenueStatus.CANCELED, "0.2"), 1001.5, 1001.6)
    assert made.observed == Unknown()
    new = builders.order(exchange_order_id="1002", client_order_id=NEW.client_order_id)
    assert made.see(new, 1002.0, 1002.1)
    assert made.order == new


def test_two_orders_are_never_merged() -> None:
    made = _knows_the_old_order()
    new = builders.order(exchange_order_id="1002", client_order_id=NEW.client_order_id)
    assert made.see(new, 1001.0, 1001.1)
    assert (made.order, made.final_at) == (new, None)


def test_a_request_that_is_repeated_is_counted_and_another_one_begins_anew() -> None:
    first = AmendRequest("1001", OLD.client_order_id, builders.SYMBOL, "Buy", "Limit", quantity=Decimal("0.4"))
    made = memo()
    for ended_at in (1000.0, 1001.0):
        made.tried_to_amend(first, AmendUnknown("no answer"), ended_at)
    assert made.amended == AmendTry(first, AmendUnknown("no answer"), 1001.0, 2)
    other = replace(first, quantity=Decimal("0.3"))
    made.tried_to_amend(other, AmendUnknown("no answer"), 1002.0)
    assert made.amended == AmendTry(other, AmendUnknown("no answer"), 1002.0, 1)


# --- the venue -------------------------------------------------------------------------------------------------------


def test_what_was_filled_once_stays_filled() -> None:
    made = memo()
    assert made.see(builders.order(filled="0.3"), 1000.0, 1000.1)
    assert not made.see(builders.order(filled="0.1"), 1001.0, 1001.1)
    assert made.order is not None
    assert made.order.filled == Decimal("0.3")


def test_an_order_that_was_found_is_not_forgotten_for_a_look_up_that_misses_it() -> None:
    made = memo()
    made.see_absent(Absent(999.0, complete=False))
    assert made.observed == Absent(999.0, complete=False)
    made.see(builders.order(), 1000.0, 1000.1)
    made.see_absent(Absent(1001.0, complete=True))
    assert isinstance(made.observed, Found)
    assert made.observed_at == 1000.0


def test_the_end_is_seen_once() -> None:
    made = memo()
    made.see(builders.order(VenueStatus.CANCELED), 1000.0, 1000.1)
    made.see(builders.order(VenueStatus.CANCELED), 1010.0, 1010.1)
    assert made.final_at == 1000.1


def test_reading_an_order_again_settles_that_it_was_missing() -> None:
    made = memo()
    made.see(builders.order(), 1000.0, 1000.1)
    made.recheck = True
    assert made.see(builders.order(), 1001.0, 1001.1)
    assert not made.recheck


def test_trades_are_added_to_the_order_that_is_known() -> None:
    made = memo()
    made.see_trades((Trade("t9", Decimal(1), Decimal(1), Decimal(1)),))
    assert made.order is None
    made.see(replace(builders.order(filled="0.2"), trades=None), 1000.0, 1000.1)
    made.see_trades((Trade("t9", Decimal("0.2"), Decimal(50000), Decimal(10000)),))
    assert made.order is not None
    assert [trade.trade_id for trade in made.order.trades or ()] == ["t9"]


def test_an_acknowledgement_is_an_observation() -> None:
    made = memo(sending=True)
    made.ended_sending("id", Placed(builders.order()), 1000.0)
    assert not made.sending
    assert (made.order, made.observed_at) == (builders.order(), 1000.0)
    assert made.has_open_end


# --- the end ---------------------------------------------------------------------------------------------------------


def test_an_object_that_is_gone_is_judged_like_one_that_is_let_go() -> None:
    made = memo()
    made.vanish()
    assert made.gone
    assert made.meta.deleting
    assert made.meta.finalizers == ()
    assert made.intent.spec.deletion_policy == "Orphan"
    assert not made.take(builders.intent(resource_version="99"))


def test_at_rest_an_ended_order_is_only_its_object() -> None:
    said = builders.said(State.FILLED, settled=True)
    made = IntentMemo.of(builders.intent(held=True, status=said))
    made.read_receipt(builders.receipt(builders.placement(Outcome.PLACED)), ME, 1000.0)
    made.see(builders.order(VenueStatus.FILLED, "0.5"), 1000.0, 1000.1)
    made.rest()
    assert isinstance(made.journal, NotRead)
    assert made.order is None
    assert not made.works


@pytest.mark.parametrize("state", [State.OPEN, State.UNKNOWN, State.PENDING])
def test_at_rest_an_order_that_has_not_ended_is_remembered(state: State) -> None:
    made = IntentMemo.of(builders.intent(held=True, status=builders.said(state)))
    made.read_receipt(builders.receipt(builders.placement(Outcome.PLACED)), ME, 1000.0)
    made.rest()
    assert made.receipt is not None


def test_cancels_are_urgent() -> None:
    assert IntentMemo.of(builders.intent(deleting=True)).urgent
    assert IntentMemo.of(builders.intent(desiredState="Canceled")).urgent
    assert not IntentMemo.of(builders.intent()).urgent


def test_our_own_writes_and_statuses_are_no_change_of_the_spec() -> None:
    fields = [
        {"manager": "kubectl", "time": "2030-01-01T12:00:00Z"},
        {"manager": "somebody", "time": "2030-01-01T13:00:00Z", "subresource": "status"},
        {"manager": FIELD_MANAGER, "time": "2030-01-01T14:00:00Z"},
        {"manager": "helm"},
    ]
    assert spec_changed_at({"metadata": {"managedFields": fields}}) == builders.CREATED
    assert spec_changed_at({"metadata": {}}) is None
