"""The account's limits. They bind orders that raise the exposure, never exits (`core.exposure`).

The worth of an order is what it spends when it is filled: quoteQuantity, or quantity times the limit price, times the
trigger price where there is no limit, and times the last trade's price where there is neither. The collar compares a
limit price with the market at the moment when it counts: with the last trade, or, for an order that waits for a
trigger, with that trigger. The trigger itself is not bound.
"""

from decimal import Context, Decimal

from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.exposure import Exposure, exposure, shape_of
from exchange_kernel.core.gates.market import terms_of
from exchange_kernel.core.gates.prices import reference
from exchange_kernel.core.gates.stop import Stop, deny, wait
from exchange_kernel.core.market_rules import Denial, Terms, shown
from exchange_kernel.core.places import WAITING, Need
from exchange_kernel.core.timing import SLOTS
from exchange_kernel.core.view import View

_EXACT = Context(prec=80)
_HUNDRED = Decimal(100)
_SHOWN = 10


def _bound(view: View) -> bool:
    if view.account.places.is_exit:
        return False
    return exposure(shape_of(view.intent.spec), None) is Exposure.RAISES


def allowed_symbol(view: View) -> Stop | None:
    """Only listed symbols, where there is a list."""
    allowed, symbol = view.account.limits.allowed_symbols, view.intent.spec.symbol
    if not allowed or symbol in allowed or not _bound(view):
        return None
    return deny(
        Reason.LIMIT_EXCEEDED,
        f"the account's limits do not allow {symbol}, only {', '.join(allowed[:_SHOWN])}"
        f"{' and others' * (len(allowed) > _SHOWN)}; its owner can add it to spec.limits.allowedSymbols",
    )


def notional_currency(view: View) -> Stop | None:
    """Where notional limits are listed, an order in a currency without one is not unlimited but denied."""
    quote = view.account.markets[view.intent.spec.symbol].quote
    if not view.account.limits.max_notional or _largest(view) is not None or not _bound(view):
        return None
    known = ", ".join(limit.currency for limit in view.account.limits.max_notional)
    return deny(
        Reason.LIMIT_EXCEEDED,
        f"the account's limits name a largest order in {known}, and none in {quote}; "
        "its owner can add it to spec.limits.maxNotional",
    )


def _largest(view: View) -> Decimal | None:
    quote = view.account.markets[view.intent.spec.symbol].quote
    return next((limit.per_order for limit in view.account.limits.max_notional if limit.currency == quote), None)


def largest_order(view: View) -> Stop | None:
    """No order is worth more than the limit of its quote currency."""
    most, terms = _largest(view), terms_of(view)
    if most is None or isinstance(terms, Denial) or not _bound(view):
        return None
    worth = _worth(view, terms)
    if isinstance(worth, Stop):
        return worth
    if worth <= most:
        return None
    quote = view.account.markets[view.intent.spec.symbol].quote
    return deny(
        Reason.LIMIT_EXCEEDED,
        f"the order is worth {shown(worth)} {quote}, and the account's limit is {shown(most)} {quote} per order: make "
        "it smaller, or ask the account's owner to change spec.limits.maxNotional",
    )


def _worth(view: View, terms: Terms) -> Decimal | Stop:
    if terms.quote_quantity is not None:
        return terms.quote_quantity
    price = terms.price or terms.trigger_price or _start(view, terms)
    if isinstance(price, Stop):
        return price
    return _EXACT.multiply(terms.quantity or Decimal(0), price)


def _start(view: View, terms: Terms) -> Decimal | Stop:
    """Where a market order trades; a trailing buy at most at its offset above the price where it starts to trail."""
    trailing = terms.trailing
    price = trailing.activation_price if trailing is not None else None
    start = price or reference(view)
    if trailing is None or isinstance(start, Stop):
        return start
    if trailing.offset_type == "Amount":
        return _EXACT.add(start, trailing.offset)
    return _EXACT.multiply(start, _EXACT.add(1, _EXACT.divide(trailing.offset, _HUNDRED)))


def price_collar(view: View) -> Stop | None:
    """No limit price is much worse than the market."""
    collar, terms = view.account.limits.price_collar_percent, terms_of(view)
    if collar is None or isinstance(terms, Denial) or terms.price is None or not _bound(view):
        return None
    market = terms.trigger_price or reference(view)
    if isinstance(market, Stop):
        return market
    buys = view.intent.spec.side == "Buy"
    worst = _EXACT.multiply(market, _EXACT.divide(_EXACT.add(_HUNDRED, collar if buys else -collar), _HUNDRED))
    if terms.price <= worst if buys else terms.price >= worst:
        return None
    what = "triggerPrice" if terms.trigger_price is not None else "the last trade"
    return deny(
        Reason.LIMIT_EXCEEDED,
        f"price {shown(terms.price)} is more than {shown(collar)} % worse than {what} ({shown(market)}): write "
        f"{shown(worst)} or {'less' if buys else 'more'}, or ask the account's owner to change "
        "spec.limits.priceCollarPercent",
    )


def open_orders(view: View) -> Stop | None:
    """An order waits for a free place: others end by themselves, and an order may be meant to replace one of them.

    The entry of a group waits for the places of its exits, too; they are kept from then on, so no exit waits for one.
    """
    most, places = view.account.limits.max_open_orders, view.account.places
    exits, own = places.exits.orders if places.exits is not None else 0, int(_bound(view))
    if most is None or places.kept or not (exits or own) or places.others + own + exits <= most:
        return None
    return wait(
        Reason.OPEN_ORDERS_LIMIT,
        f"{places.others} other orders of the account work, are under way, or have a place kept for them, and its "
        f"limit is {most}: {_waits(exits)}",
        SLOTS,
    )


def places_of_venue(view: View) -> Stop | None:
    """What the venue would refuse of a group's exits is not begun; an order alone it refuses itself, at once.

    Orders that raise the exposure leave the places that are kept for exits.
    """
    market, places = view.account.markets[view.intent.spec.symbol], view.account.places
    if places.kept or (places.exits is None and not _bound(view)):
        return None
    exits, waits = places.exits or Need(), view.intent.spec.type in WAITING
    for most, taken, needed, what in (
        (market.max_waiting_orders, places.waiting_here, exits.waiting + waits, " that wait for a price"),
        (market.max_orders, places.here, exits.orders + 1, ""),
    ):
        if most is not None and needed and taken + needed > most:
            return wait(
                Reason.OPEN_ORDERS_LIMIT,
                f"the venue takes {most} open orders{what} in {market.symbol}, and {taken} others are there, under "
                f"way, or have a place kept for them: {_waits(exits.orders)}",
                SLOTS,
            )
    return None


def _waits(exits: int) -> str:
    what = "the order waits"
    if exits:
        what = f"the entry waits, together with the {'places' if exits > 1 else 'place'} for {exits} of its exits,"
    return f"{what} until one of them ends, as long as placement.startingDeadlineSeconds allows"
