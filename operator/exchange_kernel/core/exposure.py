"""Whether an order makes the account hold more of a market, or less.

Limits bind what makes it hold more, a ReduceOnly account takes only what makes it hold less, and a halt keeps the
exits at the venue. All of them ask here, so that no two of them can disagree about one order.

On spot the exposure to a market is what the account holds of its base asset; nothing is lent there. So:

* A buy raises it, whatever its type: also a stop that buys.
* A sell that works at the venue lowers it: its base amount is locked.
* A stop, take-profit or trailing stop that sells lowers it: it is the exit of what was bought, and must be able to
  rest before a slow reading of the balances shows that.
* Any other sell lowers it as far as the free base amount covers it. Beyond that there is nothing to exit from: the
  venue will refuse it, or the reading is old (`UNCOVERED`). It cannot raise the exposure either.

A change of an order that works is judged by what it changes (`exposure_of_change`).

On swaps only `reduceOnly`, which the venue enforces, is certain to lower it.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from exchange_kernel.api.order_intent import OrderIntentSpec
from exchange_kernel.core.market_rules import Terms
from exchange_kernel.core.venue import VenueOrder

_AT_ONCE = frozenset({"Market", "Limit"})


class Exposure(StrEnum):
    """What an order does to the exposure when it is filled."""

    RAISES = "Raises"
    LOWERS = "Lowers"
    UNCOVERED = "Uncovered"  # sells more than the account is known to have free; on spot it still raises nothing


@dataclass(frozen=True, slots=True)
class Shape:
    """What matters of an order.

    Attributes:
        symbol: ccxt's unified symbol; a settlement currency after a colon means a contract.
        side: Buy or Sell.
        type: Name of OrderIntent.spec.type.
        quantity: Base quantity that is still to be filled; None for an order by quote quantity.
        reduce_only: Whether the venue is told that the order may only reduce a position.
    """

    symbol: str
    side: str
    type: str
    quantity: Decimal | None
    reduce_only: bool = False


def exposure(order: Shape, free_base: Decimal | None) -> Exposure:
    """What an order that is to be sent does to the exposure.

    Args:
        order: The order.
        free_base: What the account has free of the base asset, as last read; None when that is not known.
    """
    if ":" in order.symbol:
        return Exposure.LOWERS if order.reduce_only else Exposure.RAISES
    if order.side == "Buy":
        return Exposure.RAISES
    if order.type not in _AT_ONCE:
        return Exposure.LOWERS
    covered = free_base is not None and order.quantity is not None and order.quantity <= free_base
    return Exposure.LOWERS if covered else Exposure.UNCOVERED


def exposure_of_change(order: Shape, before: Terms, after: Terms, free_base: Decimal | None) -> Exposure:
    """What a change of an order does that works, or was canceled to be replaced.

    A buy that is made smaller, and is to pay no more, adds less than it would have; any other change of it may add
    what the order as it was would not have bought. A sell has locked what it sells: only what it is to sell beyond
    that must be covered.

    Args:
        order: The order, as it is wanted.
        before: Its values so far; quantities are totals with what was filled.
        after: Its values from now on.
        free_base: What the account has free of the base asset beside it; None when that is not known.
    """
    if ":" in order.symbol or before.quantity is None or after.quantity is None:
        return exposure(order, free_base)
    more = after.quantity - before.quantity
    if order.side == "Buy":
        return Exposure.LOWERS if more < 0 and _pays_no_more(before, after) else Exposure.RAISES
    return Exposure.LOWERS if more <= 0 else exposure(replace(order, quantity=more), free_base)


def _pays_no_more(before: Terms, after: Terms) -> bool:
    if before.trigger_price != after.trigger_price:
        return False
    return before.price == after.price or (before.price or 0) > (after.price or 0) > 0


def working_exposure(order: VenueOrder, *, reduce_only: bool = False) -> Exposure:
    """What an order does that works at the venue already; on spot a sell has locked its base amount."""
    if ":" in order.symbol:
        return Exposure.LOWERS if reduce_only else Exposure.RAISES
    return Exposure.RAISES if order.side == "Buy" else Exposure.LOWERS


def shape_of(spec: OrderIntentSpec) -> Shape:
    """An OrderIntent's spec as far as exposure goes; quantities as written, which rounding only makes smaller."""
    return Shape(spec.symbol, spec.side, spec.type, spec.quantity, reduce_only=spec.reduce_only)
