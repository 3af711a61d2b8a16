"""Whether a market takes an order, and the exact numbers that go on the wire.

What the market's rules forbid is denied here, before anything is sent, with the nearest values that would pass.
Rounding happens only where the user allowed it (`roundingPolicy: Conservative`), in the direction that never makes the
order larger or its price worse, and never to zero. Numbers are `Decimal`; nothing here is ever a float.
"""

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.requests import TrailingOffset
from exchange_kernel.core.venue_rules import Market

ZERO = Decimal(0)
# Twenty digits before and eighteen after the point, multiplied: the default context of 28 digits would round.
_EXACT = Context(prec=80)


@dataclass(frozen=True, slots=True)
class Terms:
    """The numbers of an order: base quantity or quote quantity, prices in quote per base; how a trigger trails."""

    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    trailing: TrailingOffset | None = None


@dataclass(frozen=True, slots=True)
class Denial:
    """Why an order is not sent: a CamelCase reason and a message that says what to write."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class _Rounding:
    """In which direction a number may be moved."""

    field: str
    step: Decimal
    direction: str  # ROUND_FLOOR or ROUND_CEILING


def shown(value: Decimal) -> str:
    """A decimal as a user writes it: no exponent, no trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def on_step(value: Decimal, step: Decimal) -> bool:
    """Whether `value` is a whole multiple of `step`."""
    return step == ZERO or _EXACT.remainder(value, step) == ZERO


def to_step(value: Decimal, step: Decimal, direction: str) -> Decimal:
    """Move `value` to a multiple of `step`, down or up."""
    if step == ZERO:
        return value
    steps = _EXACT.divide(value, step).to_integral_value(rounding=direction, context=_EXACT)
    return _EXACT.multiply(steps, step)


def normalize(  # noqa: PLR0913 - the order, the market's rules and the venue's
    terms: Terms,
    side: str,
    order_type: str,
    market: Market,
    *,
    conservative: bool,
    percent_step: Decimal | None = None,
) -> Terms | Denial:
    """Put the numbers on the market's steps, or say which are not.

    Args:
        terms: The numbers of the spec.
        side: Buy or Sell.
        order_type: OrderIntent.spec.type.
        market: The market's rules.
        conservative: Whether rounding is allowed.
        percent_step: What a trailing offset in percent must be a multiple of; None for no such rule.

    Returns:
        The terms as they are sent, or the first denial (reason `NotOnGrid`).
    """
    quantity = _fit(terms.quantity, _Rounding("quantity", market.quantity_step, ROUND_FLOOR), conservative)
    price = _fit(terms.price, _Rounding("price", market.price_tick, _price_direction(side, order_type)), conservative)
    trigger = _fit(
        terms.trigger_price,
        _Rounding("triggerPrice", market.price_tick, _trigger_direction(side, order_type)),
        conservative,
    )
    trailing = _fit_trailing(terms.trailing, side, market, percent_step, conservative)
    for value in (quantity, price, trigger, trailing):
        if isinstance(value, Denial):
            return value
    follows = trailing if isinstance(trailing, TrailingOffset) else None
    return Terms(_number(quantity), terms.quote_quantity, _number(price), _number(trigger), follows)


def _fit_trailing(
    trailing: TrailingOffset | None,
    side: str,
    market: Market,
    percent_step: Decimal | None,
    conservative: bool,  # noqa: FBT001 - a policy, passed through
) -> TrailingOffset | Denial | None:
    """Away from the market: a larger distance, and an activation that the market reaches later."""
    if trailing is None:
        return None
    step = market.price_tick if trailing.offset_type == "Amount" else percent_step or ZERO
    offset = _fit(trailing.offset, _Rounding("trailing.offset", step, ROUND_CEILING), conservative)
    later = ROUND_CEILING if side == "Sell" else ROUND_FLOOR
    start = _Rounding("trailing.activationPrice", market.price_tick, later)
    activation = _fit(trailing.activation_price, start, conservative)
    for value in (offset, activation):
        if isinstance(value, Denial):
            return value
    return replace(trailing, offset=_number(offset) or trailing.offset, activation_price=_number(activation))


def _number(value: Decimal | Denial | None) -> Decimal | None:
    return value if isinstance(value, Decimal) else None


def _fit(value: Decimal | None, rounding: _Rounding, conservative: bool) -> Decimal | Denial | None:  # noqa: FBT001 - a policy, passed through
    if value is None or on_step(value, rounding.step):
        return value
    moved = to_step(value, rounding.step, rounding.direction)
    if conservative and moved > ZERO:
        return moved
    below, above = to_step(value, rounding.step, ROUND_FLOOR), to_step(value, rounding.step, ROUND_CEILING)
    nearest = shown(above) if below == ZERO else f"{shown(below)} or {shown(above)}"
    return Denial(
        Reason.NOT_ON_GRID,
        f"{rounding.field} {shown(value)} is not a multiple of the market's step {shown(rounding.step)}; "
        f"write {nearest}, or set roundingPolicy: Conservative",
    )


def _price_direction(side: str, order_type: str) -> str:
    """A limit moves away from execution; a stop-limit's limit towards it, else it triggers and then only rests."""
    towards_execution = order_type == "StopLimit"
    buy_up = towards_execution
    return (ROUND_CEILING if buy_up else ROUND_FLOOR) if side == "Buy" else (ROUND_FLOOR if buy_up else ROUND_CEILING)


def _trigger_direction(side: str, order_type: str) -> str:
    """A trigger moves away from the market: a buy stop lies above it, a sell stop below, a take-profit opposite."""
    above_market = (side == "Buy") == order_type.startswith("Stop")
    return ROUND_CEILING if above_market else ROUND_FLOOR


def check(terms: Terms, order_type: str, market: Market) -> Denial | None:
    """The market's minima and maxima on numbers that are on its steps; None when the market takes them."""
    return (
        _check_market(order_type, market)
        or _check_quantity(terms, order_type, market)
        or _check_price("price", terms.price, market)
        or _check_price("triggerPrice", terms.trigger_price, market)
        or _check_trailing(terms.trailing, market)
        or _check_notional(terms, market)
    )


def _check_market(order_type: str, market: Market) -> Denial | None:
    if not market.active:
        return Denial(Reason.UNKNOWN_SYMBOL, f"the venue does not trade {market.symbol} at present")
    if market.order_types and order_type not in market.order_types:
        known = ", ".join(sorted(market.order_types))
        return Denial(Reason.NOT_SUPPORTED, f"{market.symbol} does not take {order_type} orders; it takes {known}")
    return None


def _check_quantity(terms: Terms, order_type: str, market: Market) -> Denial | None:
    quantity = terms.quantity
    if quantity is None:
        return None
    if market.min_quantity is not None and quantity < market.min_quantity:
        return Denial(
            Reason.BELOW_MINIMUM, f"quantity {shown(quantity)} is below the minimum {shown(market.min_quantity)}"
        )
    for maximum in (market.max_quantity, market.market_max_quantity if order_type == "Market" else None):
        if maximum is not None and quantity > maximum:
            return Denial(Reason.ABOVE_MAXIMUM, f"quantity {shown(quantity)} is above the maximum {shown(maximum)}")
    return None


def _check_price(field: str, price: Decimal | None, market: Market) -> Denial | None:
    if price is None:
        return None
    if market.min_price is not None and price < market.min_price:
        return Denial(Reason.BELOW_MINIMUM, f"{field} {shown(price)} is below the minimum {shown(market.min_price)}")
    if market.max_price is not None and price > market.max_price:
        return Denial(Reason.ABOVE_MAXIMUM, f"{field} {shown(price)} is above the maximum {shown(market.max_price)}")
    return None


def _check_trailing(trailing: TrailingOffset | None, market: Market) -> Denial | None:
    if trailing is None:
        return None
    offset = trailing.offset
    if trailing.offset_type == "Percent":
        low, high = market.min_trailing_percent, market.max_trailing_percent
        if low is not None and offset < low:
            text = f"trailing.offset {shown(offset)} % is below the market's minimum {shown(low)} %"
            return Denial(Reason.BELOW_MINIMUM, text)
        if high is not None and offset > high:
            text = f"trailing.offset {shown(offset)} % is above the market's maximum {shown(high)} %"
            return Denial(Reason.ABOVE_MAXIMUM, text)
    return _check_price("trailing.activationPrice", trailing.activation_price, market)


def _check_notional(terms: Terms, market: Market) -> Denial | None:
    """A market order by base quantity has no price of its own: there the venue judges, and refuses with its reason."""
    notional = terms.quote_quantity
    if notional is None and terms.price is not None and terms.quantity is not None:
        notional = _EXACT.multiply(terms.price, terms.quantity)
    if notional is None:
        return None
    if market.min_notional is not None and notional < market.min_notional:
        return Denial(
            Reason.BELOW_MINIMUM,
            f"the order is worth {shown(notional)} {market.quote}; "
            f"{market.symbol} takes {shown(market.min_notional)} {market.quote} or more",
        )
    if market.max_notional is not None and notional > market.max_notional:
        return Denial(
            Reason.ABOVE_MAXIMUM,
            f"the order is worth {shown(notional)} {market.quote}; "
            f"{market.symbol} takes {shown(market.max_notional)} {market.quote} at most",
        )
    return None
