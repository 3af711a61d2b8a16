"""Whether the venue takes an order: the rules, in the order in which the venue applies them.

1. Parameters: what the order type needs (-1102) and what it forbids (-1106).
2. The symbol: listed (-1121), trading (-1013 "Market is closed."), offering this kind of order (-2010).
3. Filters, in the order of exchangeInfo (-1013 "Filter failure: ..."); `filters.md` of Binance's documentation.
4. The account: allowed to trade, client order id free, limits not reached, balance sufficient (-2010).

A rule is a function from the question to a refusal or None; nothing here changes anything.
"""

from paper_exchange import liquidity, trailing
from paper_exchange.filters import (
    FILTERS,
    base_wanted,
    lot_size,
    market_lot_size,
    notional,
    percent_price,
    price_filter,
)
from paper_exchange.model import STOP_TYPES, OrderType, Side, TimeInForce
from paper_exchange.order_commands import PlaceOrder
from paper_exchange.question import Question, Rule
from paper_exchange.refusals import (
    ACTION_DISABLED,
    DUPLICATE_ORDER,
    INSUFFICIENT_BALANCE,
    INVALID_SYMBOL,
    MARKET_CLOSED,
    NO_QUOTE_LIQUIDITY,
    NO_SUCH_ACCOUNT,
    UNSUPPORTED_COMBINATION,
    WOULD_TAKE,
    WOULD_TRIGGER,
    Refusal,
    either_missing,
    missing,
    not_required,
    unsupported,
)
from paper_exchange.settlement import with_fee
from paper_exchange.state import Market, State
from paper_exchange.triggers import would_fire
from paper_exchange.units import mul_up

_LIMITED = frozenset({OrderType.LIMIT, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT})
_ALL_OF: dict[OrderType, tuple[str, ...]] = {
    OrderType.LIMIT: ("time_in_force", "quantity", "price"),
    OrderType.LIMIT_MAKER: ("quantity", "price"),
    OrderType.MARKET: (),
    OrderType.STOP_LOSS: ("quantity",),
    OrderType.STOP_LOSS_LIMIT: ("time_in_force", "quantity", "price"),
    OrderType.TAKE_PROFIT: ("quantity",),
    OrderType.TAKE_PROFIT_LIMIT: ("time_in_force", "quantity", "price"),
}
_NONE_OF: dict[OrderType, tuple[str, ...]] = {
    OrderType.LIMIT: ("quote_quantity", "stop_price", "trailing_delta"),
    OrderType.LIMIT_MAKER: ("time_in_force", "quote_quantity", "stop_price", "trailing_delta"),
    OrderType.MARKET: ("time_in_force", "price", "stop_price", "trailing_delta", "iceberg_quantity"),
    OrderType.STOP_LOSS: ("time_in_force", "price", "quote_quantity", "iceberg_quantity"),
    OrderType.STOP_LOSS_LIMIT: ("quote_quantity",),
    OrderType.TAKE_PROFIT: ("time_in_force", "price", "quote_quantity", "iceberg_quantity"),
    OrderType.TAKE_PROFIT_LIMIT: ("quote_quantity",),
}
_PARAMETERS = {
    "time_in_force": "timeInForce",
    "quantity": "quantity",
    "quote_quantity": "quoteOrderQty",
    "price": "price",
    "stop_price": "stopPrice",
    "trailing_delta": "trailingDelta",
    "iceberg_quantity": "icebergQty",
}
_PLURALS = {
    OrderType.MARKET: "Market orders",
    OrderType.STOP_LOSS: "Stop loss orders",
    OrderType.STOP_LOSS_LIMIT: "Stop loss limit orders",
    OrderType.TAKE_PROFIT: "Take profit orders",
    OrderType.TAKE_PROFIT_LIMIT: "Take profit limit orders",
}


def check_order(state: State, order: PlaceOrder, reference: int | None = None) -> Refusal | None:
    """Judge an order.

    Args:
        state: The venue.
        order: What is asked.
        reference: Average price to measure by; None takes the symbol's own, as of the latest command.

    Returns:
        The first refusal in the venue's order, None when the order is taken.
    """
    return check_admission(state, order, reference) or check_entry(state, order)


def check_admission(
    state: State, order: PlaceOrder, reference: int | None = None, place: str = "", *, sized: bool = True
) -> Refusal | None:
    """Judge what is asked by the rules of the venue: parameters, symbol, filters.

    A cancel-replace is judged by these before anything is canceled. `place` (above, below, working ...) stands before
    the names of the parameters of an order in a list. The quantity of an order that is not `sized` is a stand-in.
    """
    market = state.markets.get(order.symbol)
    if market is None:
        return INVALID_SYMBOL
    if order.account not in state.accounts:
        return NO_SUCH_ACCOUNT
    refusal = _parameters(order, place)
    if refusal:
        return refusal
    if reference is None:
        reference = market.tape.reference_price()
    return _first_refusal(
        _ADMISSION if sized else _UNSIZED,
        Question(state, market, order, state.peek(order.account, order.symbol), reference),
    )


def check_entry(state: State, order: PlaceOrder) -> Refusal | None:
    """Judge an admitted order by the account and the book as they are now: what the matching engine does."""
    market, holding = state.markets[order.symbol], state.peek(order.account, order.symbol)
    return _first_refusal(_ENTRY, Question(state, market, order, holding, 0))


def check_release(state: State, order: PlaceOrder, *, paid: bool) -> Refusal | None:
    """Judge an order that has waited for the working order of its list, as it is to come on the book now.

    Args:
        state: The venue.
        order: The order.
        paid: Whether the working order has paid for it: its quantity is judged only now, its funds are there.
    """
    market, holding = state.markets[order.symbol], state.peek(order.account, order.symbol)
    rules = _PAID if paid else _RELEASED
    return _first_refusal(rules, Question(state, market, order, holding, market.tape.reference_price()))


def check_amend(state: State, wanted: PlaceOrder) -> Refusal | None:
    """Judge what an open order would become, apart from what it locks.

    Args:
        state: The venue.
        wanted: The order as it would stand: its total quantity and its prices; without a stop price once it works.
    """
    market, holding = state.markets[wanted.symbol], state.peek(wanted.account, wanted.symbol)
    return _first_refusal(_AMENDED, Question(state, market, wanted, holding, market.tape.reference_price()))


def _first_refusal(rules: tuple[Rule, ...], question: Question) -> Refusal | None:
    for rule in rules:
        refusal = rule(question)
        if refusal:
            return refusal
    return None


def _named(place: str, field: str) -> str:
    name = _PARAMETERS[field]
    return f"{place}{name[0].upper()}{name[1:]}" if place and field != "quantity" else name


def _parameters(order: PlaceOrder, place: str) -> Refusal | None:
    for name in _ALL_OF[order.type]:
        if getattr(order, name) is None:
            return missing(_named(place, name))
    for name in _NONE_OF[order.type]:
        if getattr(order, name) is not None:
            return not_required(_named(place, name))
    if order.type is OrderType.MARKET:
        if order.quantity is None and order.quote_quantity is None:
            return either_missing("quantity", "quoteOrderQty")
        if order.quantity is not None and order.quote_quantity is not None:
            return not_required("quoteOrderQty")
    if order.type in STOP_TYPES and order.stop_price is order.trailing_delta is order.trailing_amount is None:
        return either_missing(_named(place, "stop_price"), _named(place, "trailing_delta"))
    return None


# --- the symbol


def _trading(question: Question) -> Refusal | None:
    return None if question.market.status == "TRADING" else MARKET_CLOSED


def _offered(question: Question) -> Refusal | None:
    order, symbol = question.order, question.symbol
    if order.type not in symbol.order_types:
        return unsupported(_PLURALS[order.type]) if order.type in _PLURALS else UNSUPPORTED_COMBINATION
    if order.iceberg_quantity:
        if order.type in _LIMITED and order.time_in_force is not TimeInForce.GTC:
            return UNSUPPORTED_COMBINATION
        return unsupported("Iceberg orders")
    if order.trailing_delta is not None and not symbol.allow_trailing_stop:
        return unsupported("Trailing stop orders")
    if question.prevention not in symbol.allowed_preventions:
        return UNSUPPORTED_COMBINATION
    return None


# --- the account


def _allowed(question: Question) -> Refusal | None:
    return None if question.state.accounts[question.order.account].can_trade else ACTION_DISABLED


def _not_duplicate(question: Question) -> Refusal | None:
    taken = question.state.open_client_ids.get(question.order.account)
    return DUPLICATE_ORDER if taken and question.order.client_order_id in taken else None


def _only_makes(question: Question) -> Refusal | None:
    order = question.order
    if order.type is not OrderType.LIMIT_MAKER or order.price is None:
        return None
    return WOULD_TAKE if question.market.book.crosses(order.side, order.price) else None


def _waits(question: Question) -> Refusal | None:
    order, last = question.order, question.market.tape.last_price
    if order.stop_price is None or not last:
        return None
    return WOULD_TRIGGER if would_fire(order.type, order.side, order.stop_price, last) else None


def _has_liquidity(question: Question) -> Refusal | None:
    """A MARKET order by quote amount needs a book; one by quantity is accepted and expires."""
    if question.order.quote_quantity is None:
        return None
    return None if question.market.book.opposite(question.order.side).best() else NO_QUOTE_LIQUIDITY


def _has_balance(question: Question) -> Refusal | None:
    order, symbol = question.order, question.symbol
    asset = symbol.quote if order.side is Side.BUY else symbol.base
    free = question.state.ledger.free(order.account, asset)
    return None if _needed(question) <= free else INSUFFICIENT_BALANCE


def _needed(question: Question) -> int:
    """What the order takes at most of the asset it spends."""
    if question.order.side is Side.SELL:
        return base_wanted(question)
    return with_fee(_cost(question), fee_rate(question.state, question.order))


def _cost(question: Question) -> int:
    order = question.order
    if order.quote_quantity is not None:
        return order.quote_quantity
    quantity = order.quantity or 0
    price = order.price or order.stop_price or lock_price(question.market, order)
    if price or order.type in STOP_TYPES:
        return mul_up(price, quantity)
    return liquidity.cost(question.offers, quantity)


def lock_price(market: Market, order: PlaceOrder) -> int:
    """What a unit is locked at of a trailing BUY that names no price: where it would fire if the price turned now.

    It never fires higher. 0 for all other orders, and in a market that was never traded.
    """
    distance, amount = order.trailing_delta or 0, order.trailing_amount or 0
    if not (distance or amount) or order.price or order.stop_price or order.side is Side.SELL:
        return 0
    return trailing.firing_price(order.side, market.tape.last_price, distance, amount)


def fee_rate(state: State, order: PlaceOrder) -> int:
    """What a BUY sets aside for a commission that comes on top of its price, in 1e-8; 0 when none does."""
    if not order.fee_in_quote or order.side is Side.SELL:
        return 0
    fees = state.fees(order.account, order.symbol)
    return max(fees.maker, fees.taker)


_ADMISSION: tuple[Rule, ...] = (_trading, _offered, *FILTERS)  # -1013, -2010, -1014
_ENTRY: tuple[Rule, ...] = (_allowed, _not_duplicate, _only_makes, _waits, _has_liquidity, _has_balance)  # -2010
_SIZE = (lot_size, market_lot_size, notional)
_UNSIZED: tuple[Rule, ...] = tuple(rule for rule in _ADMISSION if rule not in _SIZE)
_RELEASED: tuple[Rule, ...] = (_trading, _allowed, _only_makes, _waits, _has_balance)
_PAID: tuple[Rule, ...] = (_trading, *_SIZE, _allowed, _only_makes, _waits)
_AMENDED: tuple[Rule, ...] = (
    _trading,
    price_filter,
    lot_size,
    percent_price,
    notional,
    _allowed,
    _only_makes,
    _waits,
)
