"""An order that a look-up has found: whether it is the recorded one, and the record that it is placed."""

from exchange_kernel.api.enums import PlacementOutcome
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.core import receipts, report
from exchange_kernel.core.decision import Decision, ReplaceReceipt
from exchange_kernel.core.venue import Found, VenueOrder
from exchange_kernel.core.view import View


def order_of(view: View, placement: ReceiptPlacement) -> VenueOrder | None:
    """The observed order, where it is this placement's, or a later attempt's that a lost receipt spoke of.

    Not an earlier attempt's: that was proven not to be there before this one was recorded.
    """
    if not isinstance(view.observed, Found):
        return None
    order = view.observed.order
    if order.client_order_id in {"", placement.client_order_id}:
        return order
    attempt = receipts.attempt_of(view.identity, order.client_order_id)
    return order if attempt is not None and attempt > placement.attempt else None


def record_placed(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
    """Write receipt and status at the same time; the status is what it will be with the new receipt."""
    proof = receipts.resolved(
        placement,
        PlacementOutcome.PLACED,
        view.now.wall,
        exchange_order_id=order.exchange_order_id,
        closed=order.status.is_final,
    )
    return Decision(
        "record the placement",
        report.of_order(view, proof, order),
        record=ReplaceReceipt(receipts.with_placement(receipt, proof)),
    )
