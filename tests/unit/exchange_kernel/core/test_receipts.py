"""Changes of a receipt: only those that its kind allows."""

from decimal import Decimal

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.enums import ReceiptOutcome
from exchange_kernel.core import receipts
from exchange_kernel.core.identity import client_order_id, identity_of
from exchange_kernel.core.lineage import place_of
from exchange_kernel.core.market_rules import Terms
from support.builders import WALL, R, S, intent, placement, receipt, view, writer

IDENTITY = identity_of(intent())


def test_a_new_receipt_says_everything_that_a_stranger_needs() -> None:
    made = receipt()
    only = made.placements[0]

    assert made.problems() == ()
    assert (made.outcome, made.claimant.uid) == (ReceiptOutcome.PENDING, "uid-1")
    assert (only.outcome, only.holder, only.attempt) == (Outcome.PENDING, "me", 1)
    assert (only.send_window_seconds, only.request_expiry_seconds) == (Decimal(str(S)), Decimal(str(R)))


def test_the_latest_placement_is_the_last_attempt_of_the_last_revision() -> None:
    made = receipt(placement(Outcome.NOT_PLACED), placement(Outcome.ABSENT, attempt=2))
    newer = placement(attempt=1, revision=1, client_order_id="r1")

    assert receipts.latest(made).attempt == 2
    assert receipts.latest(receipts.with_placement(made, newer)).client_order_id == "r1"


def test_many_failed_attempts_are_folded_and_nothing_else() -> None:
    made = receipt()
    for attempt in range(1, 40):
        proof = receipts.resolved(placement(attempt=attempt), Outcome.NOT_PLACED, WALL)
        closed = receipts.with_placement(made, proof)
        following = receipts.with_placement(closed, placement(attempt=attempt + 1))
        assert made.change_problems(closed) == ()
        assert closed.change_problems(following) == ()
        made = following

    assert receipts.latest(made).attempt == 40
    assert len(made.placements) <= 6
    assert made.folded_placements + len(made.placements) == 40
    assert made.problems() == ()


def test_the_first_end_stays_but_for_a_larger_fill() -> None:
    ended = receipts.with_final(receipt(placement(Outcome.PLACED)), State.CANCELED, Decimal("0.1"), WALL)

    assert ended.outcome is ReceiptOutcome.FINAL
    assert receipts.with_final(ended, State.EXPIRED, Decimal("0.1"), WALL) is ended
    filled = receipts.with_final(ended, State.FILLED, Decimal("0.5"), WALL).final
    assert filled is not None
    assert filled.state is State.FILLED


def test_a_new_claimant_is_not_gone() -> None:
    gone = receipts.with_intent_gone(receipt(), WALL)
    taken = receipts.with_claimant(gone, intent(uid="uid-2"))

    assert (taken.claimant.uid, taken.intent_deleted_at) == ("uid-2", None)


def test_the_claimant_may_have_amended_and_another_object_comes_with_the_first_quantity() -> None:
    made = receipt()

    assert receipts.matches(made, intent(quantity="0.9"))
    assert not receipts.matches(made, intent(uid="uid-2", quantity="0.9"))
    assert receipts.matches(made, intent(uid="uid-2"))
    assert receipts.matches(made, intent(uid="uid-2", quantity="0.50"))
    assert not receipts.matches(made, intent(side="Sell"))


def test_a_guard_takes_the_place_of_the_attempt_that_the_status_speaks_of() -> None:
    third = client_order_id(IDENTITY, 0, 3)
    for known, attempt, name in ((None, 1, None), (third, 3, third), ("somebody-elses", 1, "somebody-elses")):
        made = receipts.guard(IDENTITY, known, Terms(Decimal(1)), writer(), receipts.RECEIPT_LOST)
        assert (made.attempt, made.outcome, made.reason) == (attempt, Outcome.PENDING, "ReceiptLost")
        assert name is None or made.client_order_id == name


def test_only_the_identitys_own_ids_have_a_place() -> None:
    for place in ((0, 1), (0, 256), (1, 1), (7, 5), (63, 64), (1023, 4)):
        assert place_of(IDENTITY, client_order_id(IDENTITY, *place)) == place
    assert place_of(IDENTITY, "ec0d" + 28 * "0") is None
    assert receipts.confirmation(view().identity, 2) == f"{client_order_id(IDENTITY, 0, 2)}/2"
