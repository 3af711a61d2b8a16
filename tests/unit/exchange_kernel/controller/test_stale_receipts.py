"""An operator that works beside another one: the receipt in its memory may be older than what the object says."""

import pytest

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.core import receipts
from exchange_kernel.core.view import Held, NotRead
from support import builders
from support.builders import ME, OTHER

FIRST, SECOND = (builders.placement(holder=OTHER, attempt=number) for number in (1, 2))


def told(receipt: OrderReceipt, client_order_id: str, **changes: object) -> IntentMemo:
    """A memory with this receipt, to which the object has just said that the venue has the order under that id."""
    made = IntentMemo.of(builders.intent(held=True))
    made.hold(receipt, 1.0)
    for name, value in changes.items():
        setattr(made, name, value)
    status = builders.said(State.OPEN, client_order_id=client_order_id, exchange_order_id="1001")
    assert made.take(builders.intent(held=True, resource_version="11", status=status))
    return made


@pytest.mark.parametrize("outcome", [Outcome.PENDING, Outcome.NOT_PLACED, Outcome.ABSENT])
def test_a_receipt_without_the_order_that_the_object_speaks_of_is_read_again(outcome: Outcome) -> None:
    stale = builders.receipt(builders.placement(outcome, holder=OTHER))
    assert isinstance(told(stale, FIRST.client_order_id).journal, NotRead)
    assert isinstance(told(stale, SECOND.client_order_id).journal, NotRead), "an attempt that is not in it yet"


def test_a_receipt_that_knows_the_order_is_kept() -> None:
    known = builders.receipt(builders.placement(Outcome.PLACED, holder=OTHER))
    assert isinstance(told(known, FIRST.client_order_id).journal, Held)


def test_a_receipt_with_a_later_attempt_than_the_object_speaks_of_is_kept() -> None:
    later = builders.receipt(builders.placement(Outcome.ABSENT, holder=OTHER), SECOND)
    assert receipts.latest(later).attempt == 2
    assert isinstance(told(later, FIRST.client_order_id).journal, Held)


def test_the_receipt_of_an_own_request_is_kept_while_that_is_under_way() -> None:
    own = builders.receipt(builders.placement(holder=ME))
    assert isinstance(told(own, FIRST.client_order_id, sending=True).journal, Held)
    assert isinstance(told(own, FIRST.client_order_id, permit=builders.permit()).journal, Held)
