"""The numbers with which an intent's order was sent, in the terms of the spec: what a changed wish is compared with.

A spec's quantity is the total over all orders of the intent; a placement's, and a venue's, is that of one order.

Where the venue changes an order in place, what it shows counts as sent: a request of a process that has crashed may
have taken hold, or take hold later.
"""

from dataclasses import replace
from decimal import Decimal

from exchange_kernel.api.enums import PlacementOutcome
from exchange_kernel.api.order_receipt import ReceiptPlacement
from exchange_kernel.core import lineage, receipts
from exchange_kernel.core.market_rules import Terms
from exchange_kernel.core.requests import AmendChange
from exchange_kernel.core.venue import Found, VenueOrder
from exchange_kernel.core.view import Held, View


def sent_terms(view: View, placement: ReceiptPlacement, order: VenueOrder | None = None) -> Terms:
    """The order's present values, its quantity as the total over all orders of the intent."""
    present = shown_terms(view, placement, order)
    quantity = None if present.quantity is None else lineage.done(view, placement) + present.quantity
    return replace(present, quantity=quantity)


def shown_terms(view: View, placement: ReceiptPlacement, order: VenueOrder | None) -> Terms:
    """The venue order's own values: as it shows them where it can be changed in place, else as they were sent."""
    sent = Terms(placement.quantity, placement.quote_quantity, placement.price, placement.trigger_price)
    if order is None or order.status.is_final:
        return sent
    able = in_place(view)
    sized = able & {AmendChange.QUANTITY_UP, AmendChange.QUANTITY_DOWN}
    return Terms(
        _either(order.quantity if sized else None, sent.quantity),
        sent.quote_quantity,
        _either(order.price if AmendChange.PRICE in able else None, sent.price),
        _either(order.trigger_price if AmendChange.TRIGGER_PRICE in able else None, sent.trigger_price),
    )


def in_place(view: View) -> frozenset[AmendChange]:
    """What the venue can change about an order of this type without another order."""
    rules = view.account.rules
    return frozenset() if rules is None else rules.amends.get(view.intent.spec.type, frozenset())


def terms_before(view: View) -> Terms | None:
    """The values that a change starts from: of the order that works, or that was canceled to be replaced.

    None when there is no such order, so that whatever is sent is a first order and no change of one.
    """
    if not isinstance(view.journal, Held):
        return None
    receipt = view.journal.receipt
    latest = receipts.latest(receipt)
    if latest.outcome is PlacementOutcome.PLACED:
        return sent_terms(view, latest, view.observed.order if isinstance(view.observed, Found) else None)
    replaced = [each for each in lineage.former(receipt, latest) if each.revision == latest.revision - 1]
    return sent_terms(view, replaced[-1]) if replaced else None


def terms_recorded(view: View) -> Terms | None:
    """The values of a request that is recorded and may be about to be sent; None when there is none.

    They go on the wire as recorded, whatever the spec asks for by now.
    """
    if not isinstance(view.journal, Held):
        return None
    latest = receipts.latest(view.journal.receipt)
    return sent_terms(view, latest) if latest.outcome is PlacementOutcome.PENDING else None


def _either(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    return second if first is None else first
