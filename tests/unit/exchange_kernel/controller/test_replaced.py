"""What arrives late about an order that was replaced is not taken for its successor's fate."""

from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.core.venue import VenueStatus
from support import builders

OLD = builders.placement(Outcome.PLACED)
NEW = builders.placement(revision=1)


def _replaced() -> IntentMemo:
    """The order 1001 was canceled, and its successor is recorded and not acknowledged."""
    status = builders.said(exchange_order_id=OLD.exchange_order_id, client_order_id=OLD.client_order_id)
    made = IntentMemo.of(builders.intent(held=True, status=status))
    made.journal = builders.held(OLD, NEW)
    return made


def test_a_late_read_of_a_replaced_order_says_nothing_of_its_successor() -> None:
    made = _replaced()
    assert not made.see(builders.order(VenueStatus.CANCELED), 1000.0, 1000.1)
    assert (made.order, made.final_at) == (None, None)


def test_the_successor_is_seen_before_and_after_it_is_recorded() -> None:
    made = _replaced()
    successor = builders.order(exchange_order_id="1002", client_order_id=NEW.client_order_id)
    assert made.see(successor, 1000.0, 1000.1)
    made.journal = builders.held(OLD, builders.placement(Outcome.PLACED, revision=1, exchange_order_id="1002"))
    assert not made.see(builders.order(VenueStatus.CANCELED), 1001.0, 1001.1)
    assert made.order == successor


def test_the_present_order_is_not_the_replaced_one_that_the_status_still_names() -> None:
    assert _replaced().exchange_order_id == ""
