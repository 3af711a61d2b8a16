"""What must hold of the market's price: triggers lie ahead of it, and it is fresh enough to judge by.

A trigger that the market has crossed would fire at once. Nobody who writes a stop means that, so the order is denied,
with the price; its direction is never turned round to make it fit.

The price is the last trade's, which is what venues trigger on. It is read only for orders that need it, and judged by
its age on this process' monotonic clock: one that is too old is read again, never used. Recording an order asks for a
younger one than sending it, so that what is recorded can be sent.
"""

from decimal import Decimal

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.decision import ReadPrice
from exchange_kernel.core.gates.market import terms_of
from exchange_kernel.core.gates.stop import Stop, deny, wait
from exchange_kernel.core.market_rules import Denial, shown
from exchange_kernel.core.timing import PRICE_READS, PRICE_TO_RECORD, PRICE_TO_SEND
from exchange_kernel.core.view import View


def reference(view: View) -> Decimal | Stop:
    """The last trade's price, or what has to happen before it is known."""
    symbol, now = view.intent.spec.symbol, view.now.monotonic
    known = view.account.prices.get(symbol)
    if known is not None and known.value is not None and now - known.at < _oldest(view):
        return known.value
    if known is None or known.value is not None:
        return _read(symbol, "the market's price is read")
    if known.answered:
        return deny(
            Reason.NO_REFERENCE_PRICE,
            f"the venue gives no price for {symbol} ({known.problem}), and without one the order cannot be judged; "
            "nothing was sent",
        )
    due = known.at + PRICE_READS.after(known.failures) - now
    message = f"the market's price could not be read ({known.problem}); nothing is sent without it"
    return _read(symbol, message) if due <= 0 else wait(Reason.NO_REFERENCE_PRICE, message, due)


def _oldest(view: View) -> float:
    """Seconds; an order that is recorded, or under way, was judged by a younger price already."""
    return PRICE_TO_SEND if view.sending or view.permit is not None else PRICE_TO_RECORD


def _read(symbol: str, message: str) -> Stop:
    return Stop(State.PENDING, Reason.NO_REFERENCE_PRICE, message, PRICE_READS.first, ReadPrice(symbol))


def waits_for_rise(side: str, order_type: str) -> bool:
    """Whether a trigger lies above the market: a buy stop's and a sell take-profit's do."""
    return (side == "Buy") == order_type.startswith("Stop")


def is_crossed(side: str, order_type: str, trigger: Decimal, price: Decimal) -> bool:
    """Whether the market has reached a trigger already; venues fire on equality too."""
    return price >= trigger if waits_for_rise(side, order_type) else price <= trigger


def not_crossed(view: View) -> Stop | None:
    """A trigger lies ahead of the market."""
    terms, spec = terms_of(view), view.intent.spec
    if isinstance(terms, Denial) or terms.trigger_price is None:
        return None
    price = reference(view)
    if isinstance(price, Stop):
        return price
    trigger = terms.trigger_price
    if not is_crossed(spec.side, spec.type, trigger, price):
        return None
    rise = waits_for_rise(spec.side, spec.type)
    return deny(
        Reason.TRIGGER_ALREADY_CROSSED,
        f"the last trade of {spec.symbol} was at {shown(price)}, and a {spec.side} {spec.type} waits for the market to "
        f"{'rise' if rise else 'fall'} to its triggerPrice, {shown(trigger)}: it would fire at once. Write a "
        f"triggerPrice {'above' if rise else 'below'} {shown(price)}, or a new order that acts now",
    )


def trailing_fits(view: View) -> Stop | None:
    """A trailing stop starts ahead of the market, and its trigger stays above zero."""
    terms, spec = terms_of(view), view.intent.spec
    if isinstance(terms, Denial) or terms.trailing is None:
        return None
    start, offset = terms.trailing.activation_price, terms.trailing.offset
    by_amount = terms.trailing.offset_type == "Amount"
    if start is None and not by_amount:
        return None
    price = reference(view)
    if isinstance(price, Stop):
        return price
    if start is not None and (price >= start if spec.side == "Sell" else price <= start):
        return deny(
            Reason.TRIGGER_ALREADY_CROSSED,
            f"the last trade of {spec.symbol} was at {shown(price)}, beyond trailing.activationPrice {shown(start)}; "
            f"a {spec.side} starts to trail {'above' if spec.side == 'Sell' else 'below'} the market: create an order "
            "with another activationPrice, or without one to trail at once",
        )
    if by_amount and spec.side == "Sell" and offset >= (start or price):
        return deny(
            Reason.ABOVE_MAXIMUM,
            f"trailing.offset {shown(offset)} is not below the price it trails ({shown(start or price)}): the trigger "
            "would never be reached; create an order with a smaller one",
        )
    return None
