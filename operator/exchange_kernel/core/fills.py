"""How observations of one order are put together, and how the orders of an intent are summed.

REST answers, bulk reads and stream events arrive late, twice and in any order. Per venue order id the merge is
monotone: filled never falls, a final status stays final, and only a larger fill may still change it (Canceled with a
late fill that completes it becomes Filled: it happens at real venues).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal

from exchange_kernel.core.venue import Trade, VenueOrder, VenueStatus

ZERO = Decimal(0)
# Sums are exact, and an average has twelve decimals, whatever the size: the default context of 28 digits would raise.
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


def merge_trades(old: tuple[Trade, ...] | None, new: tuple[Trade, ...] | None) -> tuple[Trade, ...] | None:
    """Unite two sets of fills by trade id, oldest first; a fill that was seen once is never lost."""
    if old is None or new is None:
        return new if old is None else old
    known = {trade.trade_id for trade in old}
    return old + tuple(trade for trade in new if trade.trade_id not in known)


def traded(trades: tuple[Trade, ...] | None) -> Decimal:
    """The base quantity that the known fills account for."""
    return sum((trade.quantity for trade in trades or ()), ZERO)


def merge(old: VenueOrder | None, new: VenueOrder) -> VenueOrder:
    """Merge a newer observation of the same venue order into an older one."""
    if old is None:
        return new
    trades = merge_trades(old.trades, new.trades)
    filled = max(old.filled, new.filled)
    later = old if _is_newer(old, new) else new
    status = later.status
    if status.is_final and later.quantity is not None and filled >= later.quantity:
        status = VenueStatus.FILLED
    cost = _larger_cost(old, new)
    return replace(
        later,
        status=status,
        filled=filled,
        cost=cost,
        trades=trades,
        client_order_id=later.client_order_id or old.client_order_id,
        quantity=later.quantity if later.quantity is not None else old.quantity,
    )


def _is_newer(old: VenueOrder, new: VenueOrder) -> bool:
    """Whether the older observation tells more: it is final and the new one is not, or it has seen more fills."""
    if old.status.is_final != new.status.is_final:
        return old.status.is_final
    return old.filled > new.filled


def _larger_cost(old: VenueOrder, new: VenueOrder) -> Decimal | None:
    if old.filled == new.filled:
        return new.cost if new.cost is not None else old.cost
    return old.cost if old.filled > new.filled else new.cost


@dataclass(frozen=True, slots=True)
class Totals:
    """What an intent has traded over all its venue orders.

    Attributes:
        filled: Base quantity.
        cost: Quote amount; None while some fill's cost is not known.
        fees: Amount by currency; None while some fill is not accounted for by a trade.
        trades: All known fills, oldest first.
        unlisted: Number of fills that are in the sums and not among `trades`.
    """

    filled: Decimal = ZERO
    cost: Decimal | None = ZERO
    fees: Mapping[str, Decimal] | None = field(default_factory=dict)
    trades: tuple[Trade, ...] = ()
    unlisted: int = 0

    @property
    def count(self) -> int:
        """Number of fills."""
        return self.unlisted + len(self.trades)

    @property
    def average_price(self) -> Decimal | None:
        """Quote per base over all fills, None without fills or without their cost."""
        if self.cost is None or self.filled == ZERO:
            return None
        exact = _WIDE.divide(self.cost, self.filled)
        return _WIDE.normalize(_WIDE.quantize(exact, Decimal("1e-12")))


def total(orders: Iterable[VenueOrder]) -> Totals:
    """Sum the fills of all venue orders of one intent."""
    filled, cost = ZERO, ZERO
    trades: tuple[Trade, ...] = ()
    known_cost = complete = True
    for order in orders:
        filled = _WIDE.add(filled, order.filled)
        trades += order.trades or ()
        complete = complete and accounted(order)
        order_cost = _cost(order)
        known_cost = known_cost and order_cost is not None
        cost = _WIDE.add(cost, order_cost or ZERO)
    return Totals(filled, cost if known_cost else None, _fees(trades) if complete else None, trades)


def add(parts: Iterable[Totals]) -> Totals:
    """Sum sums; what is not known of one of them is not known of the sum."""
    filled, unlisted = ZERO, 0
    cost: Decimal | None = ZERO
    fees: dict[str, Decimal] | None = {}
    trades: tuple[Trade, ...] = ()
    for part in parts:
        filled, unlisted = _WIDE.add(filled, part.filled), unlisted + part.unlisted
        cost = None if cost is None or part.cost is None else _WIDE.add(cost, part.cost)
        fees = None if fees is None or part.fees is None else _merged(fees, part.fees)
        trades += part.trades
    return Totals(filled, cost, fees, trades, unlisted)


def _merged(fees: Mapping[str, Decimal], more: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {currency: _WIDE.add(fees.get(currency, ZERO), more.get(currency, ZERO)) for currency in {**fees, **more}}


def accounted(order: VenueOrder) -> bool:
    """Whether the known fills explain the whole filled quantity, so that the fees are known."""
    return traded(order.trades) >= order.filled


def _cost(order: VenueOrder) -> Decimal | None:
    if order.cost is not None:
        return order.cost
    if order.filled == ZERO:
        return ZERO
    return sum((trade.cost for trade in order.trades or ()), ZERO) if accounted(order) else None


def _fees(trades: tuple[Trade, ...]) -> dict[str, Decimal]:
    fees: dict[str, Decimal] = {}
    for trade in trades:
        if trade.fee:
            fees[trade.fee_currency] = fees.get(trade.fee_currency, ZERO) + trade.fee
    return fees
