"""An order that a look-up has found: whether it is the recorded one, and the record that it is placed."""

from dataclasses import replace

from exchange_kernel.api.enums import PlacementOutcome
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.core import receipts, report
from exchange_kernel.core.decision import Decision, ReplaceReceipt
from exchange_kernel.core.fence import fence
from exchange_kernel.core.lineage import live_among, place_of
from exchange_kernel.core.venue import Found, VenueOrder, VenueStatus
from exchange_kernel.core.view import Held, View


def order_of(view: View, placement: ReceiptPlacement) -> VenueOrder | None:
    """The observed order, where it is this placement's, or a later attempt's that a lost receipt spoke of.

    Not an earlier attempt's: that was proven not to be there before this one was recorded.
    """
    if not isinstance(view.observed, Found):
        return None
    order = view.observed.order
    if order.client_order_id in {"", placement.client_order_id}:
        return order
    place = place_of(view.identity, order.client_order_id)
    return order if place is not None and place > (placement.revision, placement.attempt) else None


def successor(view: View, placement: ReceiptPlacement) -> VenueOrder | None:
    """An order of this identity that works at the venue under a later revision, which no record speaks of.

    The journal of a former life was lost, in which the order was replaced: the bulk read of the open orders shows it.
    """
    live = live_among(view.identity, view.account.unclaimed)
    if live is None:
        return None
    place, order = live
    mine = (order.symbol, order.side) == (view.intent.spec.symbol, view.intent.spec.side)
    return order if mine and place > (placement.revision, placement.attempt) and place[0] > placement.revision else None


def record_found(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
    """Write that the order is there; one that was canceled may have been replaced by one that works."""
    if order.status is not VenueStatus.CANCELED:
        return record_placed(view, receipt, placement, order)
    if view.account.polled_at is None or view.account.polled_at < _shows_all_from(view, placement):
        return Decision("found canceled: wait for the bulk read", view.intent.status, requeue_after=1.0, quiet=True)
    later = successor(view, placement)
    if later is None:
        return record_placed(view, receipt, placement, order)
    first = receipts.closed(_proof(view, placement, order), order)
    return record_successor(view, receipts.with_placement(receipt, first), first, later)


def _shows_all_from(view: View, placement: ReceiptPlacement) -> float:
    """When a bulk read must have begun at the earliest to show a successor as one that nobody has.

    An older one may count it to an object of a former life that was lost meanwhile. Where a record was lost, a request
    that is still in flight may bring one.
    """
    if not isinstance(view.journal, Held):
        return 0.0
    seen_at = view.journal.seen_at
    lost = placement.reason == receipts.RECEIPT_LOST
    return max(seen_at, fence(view, seen_at, placement) or 0.0) if lost else seen_at


def record_successor(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
    """Write that an order of a later revision works; `placement` is the last one that is recorded."""
    revision, attempt = place_of(view.identity, order.client_order_id) or (placement.revision + 1, 1)
    whole = revision == placement.revision + 1 and placement.closed
    adopted = placement.model_copy(
        update={
            "client_order_id": order.client_order_id,
            "revision": revision,
            "attempt": attempt,
            "quantity": order.quantity,
            "price": order.price,
            "trigger_price": order.trigger_price,
            "closed": order.status.is_final,
            "filled": None,
            "message": None,
        }
    )
    reason = "Adopted" if whole else receipts.LINEAGE_LOST
    proof = _proof(view, adopted, order).model_copy(update={"reason": reason})
    record = ReplaceReceipt(receipts.with_amend(receipts.with_placement(receipt, proof), None))
    return Decision("adopt the order that replaced it", view.intent.status, record=record, quiet=True)


def _proof(view: View, placement: ReceiptPlacement, order: VenueOrder) -> ReceiptPlacement:
    return receipts.resolved(
        placement,
        PlacementOutcome.PLACED,
        view.now.wall,
        exchange_order_id=order.exchange_order_id,
        closed=order.status.is_final,
    )


def record_placed(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
    """Write receipt and status at the same time; the status is what it will be with the new receipt.

    But for a cancel: should the record fail, somebody else has canceled the order to replace it, and it is no end.
    """
    proof = _proof(view, placement, order)
    written = receipts.with_amend(receipts.with_placement(receipt, proof), None)
    canceled = order.status is VenueStatus.CANCELED
    after = replace(view, journal=replace(view.journal, receipt=written)) if isinstance(view.journal, Held) else view
    return Decision(
        "record the placement",
        view.intent.status if canceled else report.of_order(after, proof, order),
        record=ReplaceReceipt(written),
        quiet=canceled,
    )
