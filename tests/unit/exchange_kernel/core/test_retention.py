"""How long receipts are kept."""

from datetime import timedelta

import pytest

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.api.receipt_parts import FinalRecord
from exchange_kernel.core import receipts
from exchange_kernel.core.fills import ZERO
from exchange_kernel.core.retention import KEPT, Retention, judge
from support import builders
from support.builders import WALL

INSTANT = timedelta(microseconds=1)


def ended(ago: timedelta, gone_ago: timedelta | None) -> OrderReceipt:
    """The receipt of an order that ended, and whose object went, so long ago."""
    made = builders.receipt(builders.placement(PlacementOutcome.PLACED))
    made = receipts.with_final(made, State.CANCELED, ZERO, WALL - ago)
    return made if gone_ago is None else receipts.with_intent_gone(made, WALL - gone_ago)


@pytest.mark.parametrize(
    ("ended_ago", "gone_ago", "verdict"),
    [
        (KEPT, KEPT, Retention.DELETE),
        (KEPT * 2, KEPT, Retention.DELETE),
        (KEPT, KEPT - INSTANT, Retention.KEEP),
        (KEPT - INSTANT, KEPT, Retention.KEEP),
        (KEPT, None, Retention.ASK_CLAIMANT),
        (KEPT - INSTANT, None, Retention.KEEP),
    ],
)
def test_both_the_order_and_its_object_have_ended_thirty_days_ago(
    ended_ago: timedelta, gone_ago: timedelta | None, verdict: Retention
) -> None:
    assert judge(ended(ended_ago, gone_ago), WALL) is verdict


@pytest.mark.parametrize("outcome", [PlacementOutcome.PENDING, PlacementOutcome.PLACED])
def test_what_is_not_ended_is_kept_for_ever(outcome: PlacementOutcome) -> None:
    receipt = receipts.with_intent_gone(builders.receipt(builders.placement(outcome)), WALL - KEPT * 10)
    assert judge(receipt, WALL) is Retention.KEEP


def test_an_open_question_keeps_a_receipt_whatever_its_end_says() -> None:
    final = FinalRecord(state=State.CANCELED, filled_quantity=ZERO, at=WALL - KEPT * 2)
    receipt = builders.receipt(final=final, intent_deleted_at=WALL - KEPT * 2)
    assert judge(receipt, WALL) is Retention.KEEP


def test_a_clock_that_was_set_back_deletes_nothing() -> None:
    assert judge(ended(KEPT, KEPT), WALL - KEPT) is Retention.KEEP
