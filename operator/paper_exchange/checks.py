"""Whether the venue takes an order: the rules, in the order in which the venue applies them.

1. Parameters: what the order type needs (-1102) and what it forbids (-1106).
2. The symbol: listed (-1121), trading (-1013 "Market is closed."), offering this kind of order (-2010).
3. Filters, in the order of exchangeInfo (-1013 "Filter failure: ..."); `filters.md` of Binance's documentation.
4. The account: allowed to trade, client order id free, limits not reached, balance sufficient (-2010).

A rule is a function from the question to a refusal or None; nothing here changes anything.
"""

from collections.abc import Callable
from dataclasses import dataclass

from paper_exchange import liquidity
from paper_exchange.commands import PlaceOrder
from paper_exchange.model import STOP_TYPES, NotionalFilter, OrderType, SelfTradePrevention, Side, Symbol, TimeInForce
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
    filter_failure,
    missing,
    not_required,
    unsupported,
)
from paper_exchange.state import Holding, Market, State
from paper_exchange.triggers import would_fire
from paper_exchange.units import SCALE, is_multiple, mul_up


@dataclass(slots=True)
class Question:
    """All that a rule may look at."""

    state: State
    market: Market
    order: PlaceOrder
    holding: Holding
    reference: int
    """Average price of the filters; 0 when the symbol was never traded."""

    @property
    def symbol(self) -> Symbol:
        """The symbol's rules."""
        return self.market.symbol

    @property
    def prevention(self) -> SelfTradePrevention:
        """The mode that will apply."""
        return self.order.prevention or self.symbol.default_prevention


Rule = Callable[[Question], Refusal | None]

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
    market = state.markets.get(order.symbol)
    if market is None:
        return INVALID_SYMBOL
    if order.account not in state.accounts:
        return NO_SUCH_ACCOUNT
    refusal = _parameters(order)
    if refusal:
        return refusal
    if reference is None:
        reference = market.tape.reference_price()
    question = Question(state, market, order, state.peek(order.account, order.symbol), reference)
    for rule in _RULES:
        refusal = rule(question)
        if refusal:
            return refusal
    return None


def _parameters(order: PlaceOrder) -> Refusal | None:
    for name in _ALL_OF[order.type]:
        if getattr(order, name) is None:
            return missing(_PARAMETERS[name])
    for name in _NONE_OF[order.type]:
        if getattr(order, name) is not None:
            return not_required(_PARAMETERS[name])
    if order.type is OrderType.MARKET:
        if order.quantity is None and order.quote_quantity is None:
            return either_missing("quantity", "quoteOrderQty")
        if order.quantity is not None and order.quote_quantity is not None:
            return not_required("quoteOrderQty")
    if order.type in STOP_TYPES and order.stop_price is None and order.trailing_delta is None:
        return either_missing("stopPrice", "trailingDelta")
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
    if order.trailing_delta is not None:
        return unsupported("Trailing stop orders")
    if question.prevention not in symbol.allowed_preventions:
        return UNSUPPORTED_COMBINATION
    return None


# --- filters


def _price_filter(question: Question) -> Refusal | None:
    for price in (question.order.price, question.order.stop_price):
        if price is not None and not is_on_grid(question.symbol, price):
            return filter_failure("PRICE_FILTER")
    return None


def is_on_grid(symbol: Symbol, price: int) -> bool:
    """Whether the symbol's PRICE_FILTER admits the price."""
    in_range = _in_range(price, symbol.min_price, symbol.max_price)
    return price > 0 and in_range and is_multiple(price, symbol.tick_size)


def _lot_size(question: Question) -> Refusal | None:
    symbol, quantity = question.symbol, question.order.quantity
    if quantity is None:
        return None
    good = _in_range(quantity, symbol.min_quantity, symbol.max_quantity) and is_multiple(quantity, symbol.step_size)
    return None if good and quantity > 0 else filter_failure("LOT_SIZE")


def _market_lot_size(question: Question) -> Refusal | None:
    symbol, quantity = question.symbol, question.order.quantity
    if quantity is None or question.order.type is not OrderType.MARKET:
        return None
    good = _in_range(quantity, symbol.market_min_quantity, symbol.market_max_quantity)
    good = good and is_multiple(quantity, symbol.market_step_size)
    return None if good else filter_failure("MARKET_LOT_SIZE")


def _percent_price(question: Question) -> Refusal | None:
    symbol, price, reference = question.symbol, question.order.price, question.reference
    if price is None or not reference:
        return None
    if question.order.side is Side.BUY:
        up, down = symbol.bid_multiplier_up, symbol.bid_multiplier_down
    else:
        up, down = symbol.ask_multiplier_up, symbol.ask_multiplier_down
    good = not up or reference * down <= price * SCALE <= reference * up
    return None if good else filter_failure("PERCENT_PRICE_BY_SIDE")


def _notional(question: Question) -> Refusal | None:
    symbol, order = question.symbol, question.order
    is_market = order.price is None
    price = question.reference if order.price is None else order.price
    if order.quote_quantity is not None:
        value = order.quote_quantity * SCALE
    elif not price:
        return None
    else:
        value = price * (order.quantity or 0)
    too_small = value < symbol.min_notional * SCALE and (not is_market or symbol.min_notional_applies_to_market)
    too_large = bool(symbol.max_notional) and value > symbol.max_notional * SCALE
    too_large = too_large and (not is_market or symbol.max_notional_applies_to_market)
    if symbol.notional_filter is NotionalFilter.MIN_NOTIONAL:
        too_large = False
    return filter_failure(symbol.notional_filter) if too_small or too_large else None


def _max_num_orders(question: Question) -> Refusal | None:
    if question.order.type is OrderType.MARKET:
        return None
    full = question.symbol.max_orders and len(question.holding.open) >= question.symbol.max_orders
    return filter_failure("MAX_NUM_ORDERS") if full else None


def _max_num_algo_orders(question: Question) -> Refusal | None:
    if question.order.type not in STOP_TYPES:
        return None
    full = question.symbol.max_algo_orders and question.holding.open_algos >= question.symbol.max_algo_orders
    return filter_failure("MAX_NUM_ALGO_ORDERS") if full else None


def _max_position(question: Question) -> Refusal | None:
    symbol, order = question.symbol, question.order
    if not symbol.max_position or order.side is not Side.BUY:
        return None
    balance = question.state.ledger.balance(order.account, symbol.base)
    position = balance.free + balance.locked + question.holding.buying + _base_wanted(question)
    return filter_failure("MAX_POSITION") if position > symbol.max_position else None


def _base_wanted(question: Question) -> int:
    order = question.order
    if order.quantity is not None:
        return order.quantity
    return liquidity.quantity_for(_offers(question), order.quote_quantity or 0, question.symbol.step_size)


def _in_range(amount: int, lowest: int, highest: int) -> bool:
    return amount >= lowest and (not highest or amount <= highest)


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
    order = question.order
    if order.side is Side.SELL:
        return _base_wanted(question)
    if order.quote_quantity is not None:
        return order.quote_quantity
    quantity = order.quantity or 0
    price = order.price if order.price is not None else order.stop_price
    return mul_up(price, quantity) if price is not None else liquidity.cost(_offers(question), quantity)


def _offers(question: Question) -> liquidity.Offers:
    order = question.order
    return liquidity.offers(question.market.book.opposite(order.side), order.account, question.prevention)


_RULES: tuple[Rule, ...] = (
    _trading,  # -1013
    _offered,  # -2010, -1014
    _price_filter,
    _lot_size,
    _market_lot_size,
    _percent_price,
    _notional,
    _max_num_orders,
    _max_num_algo_orders,
    _max_position,
    _allowed,  # from here on the matching engine answers: -2010
    _not_duplicate,
    _only_makes,
    _waits,
    _has_liquidity,
    _has_balance,
)
