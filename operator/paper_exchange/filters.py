"""The filters of a symbol: rules of exchangeInfo that an order must pass (-1013 "Filter failure: ...").

Source: `filters.md` of Binance's documentation. Each rule is a function from the question to a refusal or None.
"""

from paper_exchange import liquidity
from paper_exchange.model import STOP_TYPES, OrderType, Side
from paper_exchange.question import Question, Rule
from paper_exchange.refusals import Refusal, filter_failure
from paper_exchange.symbols import NotionalFilter, Symbol
from paper_exchange.triggers import waits_for_rise
from paper_exchange.units import SCALE, is_multiple


def price_filter(question: Question) -> Refusal | None:
    """Limit and stop price lie on the grid."""
    for price in (question.order.price, question.order.stop_price):
        if price is not None and not is_on_grid(question.symbol, price):
            return filter_failure("PRICE_FILTER")
    return None


def is_on_grid(symbol: Symbol, price: int) -> bool:
    """Whether the symbol's PRICE_FILTER admits the price."""
    in_range = _in_range(price, symbol.min_price, symbol.max_price)
    return price > 0 and in_range and is_multiple(price, symbol.tick_size)


def lot_size(question: Question) -> Refusal | None:
    """The quantity lies on the grid."""
    symbol, quantity = question.symbol, question.order.quantity
    if quantity is None:
        return None
    good = _in_range(quantity, symbol.min_quantity, symbol.max_quantity) and is_multiple(quantity, symbol.step_size)
    return None if good and quantity > 0 else filter_failure("LOT_SIZE")


def market_lot_size(question: Question) -> Refusal | None:
    """The quantity of a MARKET order lies on the grid for these."""
    symbol, quantity = question.symbol, question.order.quantity
    if quantity is None or question.order.type is not OrderType.MARKET:
        return None
    good = _in_range(quantity, symbol.market_min_quantity, symbol.market_max_quantity)
    good = good and is_multiple(quantity, symbol.market_step_size)
    return None if good else filter_failure("MARKET_LOT_SIZE")


def trailing_delta(question: Question) -> Refusal | None:
    """The distance of a trailing order is neither too small nor too large."""
    symbol, order = question.symbol, question.order
    if order.trailing_amount is not None:
        good = is_on_grid(symbol, order.trailing_amount) and order.trailing_amount < question.market.tape.last_price
        return None if good else filter_failure("TRAILING_DELTA")
    if order.trailing_delta is None:
        return None
    if waits_for_rise(order.type, order.side):
        lowest, highest = symbol.min_trailing_above, symbol.max_trailing_above
    else:
        lowest, highest = symbol.min_trailing_below, symbol.max_trailing_below
    return None if lowest <= order.trailing_delta <= highest else filter_failure("TRAILING_DELTA")


def percent_price(question: Question) -> Refusal | None:
    """The limit price is not too far from the average one."""
    symbol, price, reference = question.symbol, question.order.price, question.reference
    if price is None or not reference:
        return None
    if question.order.side is Side.BUY:
        up, down = symbol.bid_multiplier_up, symbol.bid_multiplier_down
    else:
        up, down = symbol.ask_multiplier_up, symbol.ask_multiplier_down
    good = not up or reference * down <= price * SCALE <= reference * up
    return None if good else filter_failure("PERCENT_PRICE_BY_SIDE")


def notional(question: Question) -> Refusal | None:
    """The order is worth enough, and not too much."""
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


def max_num_orders(question: Question) -> Refusal | None:
    """The account has not too many open orders in the symbol."""
    if question.order.type is OrderType.MARKET:
        return None
    full = question.symbol.max_orders and len(question.holding.open) >= question.symbol.max_orders
    return filter_failure("MAX_NUM_ORDERS") if full else None


def max_num_algo_orders(question: Question) -> Refusal | None:
    """The account has not too many orders in the symbol that wait for a price."""
    if question.order.type not in STOP_TYPES:
        return None
    full = question.symbol.max_algo_orders and question.holding.open_algos >= question.symbol.max_algo_orders
    return filter_failure("MAX_NUM_ALGO_ORDERS") if full else None


def max_position(question: Question) -> Refusal | None:
    """The account would not hold too much of the base asset."""
    symbol, order = question.symbol, question.order
    if not symbol.max_position or order.side is not Side.BUY:
        return None
    balance = question.state.ledger.balance(order.account, symbol.base)
    position = balance.free + balance.locked + question.holding.buying + base_wanted(question)
    return filter_failure("MAX_POSITION") if position > symbol.max_position else None


def base_wanted(question: Question) -> int:
    """What the order would buy or sell, in the base asset."""
    order = question.order
    if order.quantity is not None:
        return order.quantity
    return liquidity.quantity_for(question.offers, order.quote_quantity or 0, question.symbol.step_size)


def _in_range(amount: int, lowest: int, highest: int) -> bool:
    return amount >= lowest and (not highest or amount <= highest)


FILTERS: tuple[Rule, ...] = (
    price_filter,
    lot_size,
    market_lot_size,
    trailing_delta,
    percent_price,
    notional,
    max_num_orders,
    max_num_algo_orders,
    max_position,
)
"""In the order of exchangeInfo."""
