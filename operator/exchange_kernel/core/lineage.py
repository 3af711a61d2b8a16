"""All the venue orders that one intent has had: an amended order was replaced, and what counts is their sum.

The receipt holds the sums of the former orders. A fill can become visible after the cancel was read back: it counts
once it is recorded, so that all processes tell of the same.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from exchange_kernel.api.enums import PlacementOutcome
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.api.order_status import Fee
from exchange_kernel.api.receipt_parts import FillSum
from exchange_kernel.api.scalars import bounded
from exchange_kernel.core import fills
from exchange_kernel.core.fills import ZERO, Totals
from exchange_kernel.core.identity import Identity, client_order_id
from exchange_kernel.core.market_rules import shown
from exchange_kernel.core.venue import VenueOrder
from exchange_kernel.core.view import Held, View

# Within these bounds an order whose receipt was lost is recognised by its client order id.
_MOST_ATTEMPTS = 256
_MOST_REVISIONS = 1024
_LIKELY_ATTEMPTS = 4
_LIKELY_REVISIONS = 64
_SOME_ATTEMPTS = 64


def former(receipt: OrderReceipt, latest: ReceiptPlacement) -> tuple[ReceiptPlacement, ...]:
    """The placements whose orders were replaced, oldest first."""
    others = (p for p in receipt.placements if p.client_order_id != latest.client_order_id)
    return tuple(sorted((p for p in others if p.outcome is PlacementOutcome.PLACED), key=lambda p: p.revision))


def former_fills(view: View, latest: ReceiptPlacement) -> Totals:
    """What the replaced orders have traded."""
    if not isinstance(view.journal, Held):
        return Totals()
    receipt = view.journal.receipt
    return fills.add((_recorded(receipt.settled), *(_of(view, each) for each in former(receipt, latest))))


def done(view: View, latest: ReceiptPlacement, order: VenueOrder | None = None) -> Decimal:
    """The base quantity that all orders of the intent have filled; without `order` only the replaced ones'."""
    before = former_fills(view, latest).filled
    return before if order is None else before + filled(order)


def filled(order: VenueOrder) -> Decimal:
    """The filled quantity of one order; its trades may be known before its sum."""
    return max(order.filled, fills.traded(order.trades))


def totals(view: View, latest: ReceiptPlacement | None, order: VenueOrder | None) -> Totals | None:
    """The sums over all orders; None where nothing is known."""
    if latest is None:
        return None if order is None else fills.total((order,))
    before = former_fills(view, latest)
    if order is None:
        return before if before.filled > ZERO else None
    return fills.add((before, fills.total((order,))))


def previous_ids(view: View, latest: ReceiptPlacement, said: tuple[str, ...]) -> tuple[str, ...]:
    """The venue's ids of the replaced orders, oldest first, with those that the receipt has folded away."""
    if not isinstance(view.journal, Held):
        return said
    known = [each.exchange_order_id for each in former(view.journal.receipt, latest) if each.exchange_order_id]
    return (*(each for each in said if each not in known), *known)


def fill_sum(order: VenueOrder) -> FillSum:
    """The fills of one order as a receipt holds them."""
    sums = fills.total((order,))
    fees = sums.fees or {}
    return FillSum(
        quantity=_number(filled(order)),
        cost=_number(sums.cost or ZERO),
        fees=tuple(Fee(currency=currency, amount=_number(fees[currency])) for currency in sorted(fees)),
        trades=len(sums.trades),
    )


def _number(value: Decimal) -> Decimal:
    return Decimal(shown(bounded(value)))


def _of(view: View, placement: ReceiptPlacement) -> Totals:
    """What one replaced order has traded, as recorded; its fills are listed where this process has read them."""
    recorded = _recorded(placement.filled)
    again = view.former.get(placement.exchange_order_id or "")
    order = again.order if again is not None else None
    if order is None or not fills.accounted(order) or filled(order) != recorded.filled:
        return recorded
    return fills.total((order,))


def _recorded(sums: FillSum | None) -> Totals:
    if sums is None:
        return Totals()
    return Totals(sums.quantity, sums.cost, {fee.currency: fee.amount for fee in sums.fees}, (), sums.trades)


def folded(sums: FillSum | None, placement: ReceiptPlacement) -> FillSum:
    """The sum of folded orders with one more."""
    both = fills.add((_recorded(sums), _recorded(placement.filled)))
    fees = both.fees or {}
    return FillSum(
        quantity=_number(both.filled),
        cost=_number(both.cost or ZERO),
        fees=tuple(Fee(currency=currency, amount=_number(fees[currency])) for currency in sorted(fees)),
        trades=both.count,
    )


# --- whose order it is ----------------------------------------------------------------------------------------------


def place_of(identity: Identity, wanted: str) -> tuple[int, int] | None:
    """The (revision, attempt) that a client order id belongs to; None for an id that is not of this identity."""
    places = (*_likely(_MOST_REVISIONS), *_unlikely())
    return next((place for place in places if client_order_id(identity, *place) == wanted), None)


def live_among(identity: Identity, orders: Mapping[str, VenueOrder]) -> tuple[tuple[int, int], VenueOrder] | None:
    """This identity's order among those of a bulk read, by client order id, with its (revision, attempt)."""
    if not orders:
        return None
    for place in _likely(_LIKELY_REVISIONS):
        order = orders.get(client_order_id(identity, *place))
        if order is not None:
            return place, order
    return None


def _likely(revisions: int) -> Iterable[tuple[int, int]]:
    for revision in range(revisions):
        yield from ((revision, attempt) for attempt in range(1, _LIKELY_ATTEMPTS + 1))


def _unlikely() -> Iterable[tuple[int, int]]:
    for revision in range(_LIKELY_REVISIONS):
        most = _MOST_ATTEMPTS if revision == 0 else _SOME_ATTEMPTS
        yield from ((revision, attempt) for attempt in range(_LIKELY_ATTEMPTS + 1, most + 1))
