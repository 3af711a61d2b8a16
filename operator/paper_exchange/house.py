"""The venue's own trading: how the market is moved and kept liquid.

The house trades through the same book and ledger as everybody, so that conservation holds for it too. Its account is
topped up when it runs short; such deposits are part of the supply like any other.

Moving the market has a fixed order: withdraw the quotes, execute the customers' orders that are in the way, quote
around the new price, print a trade there. Whatever reacts to the print then finds a book.
"""

from paper_exchange.commands import MakerConfig
from paper_exchange.market.maker import Quote, ladder, walk
from paper_exchange.matching import Desk
from paper_exchange.model import Order, OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.settlement import reservation
from paper_exchange.state import HOUSE, Market, State, reserved_asset
from paper_exchange.units import SCALE

_TOP_UP = 1_000_000 * SCALE
"""Deposited on top of what is missing, so that top-ups are rare."""


def next_price(market: Market, maker: MakerConfig) -> int:
    """Where the maker's next step leads."""
    return walk(maker, market.symbol, market.maker_step, market.maker_mid)


def move_to(state: State, desk: Desk, market: Market, price: int, quantity: int | None = None) -> None:
    """Trade the market to a price and print a trade of the quantity there (None: the smallest one)."""
    withdraw_quotes(state, desk, market)
    for side in Side:
        _take(state, desk, market, side, price)
    if market.maker:
        market.maker_mid = price
        for quote in ladder(market.maker, market.symbol, market.maker_step, price):
            _send(state, desk, market, quote, TimeInForce.GTC)
    desk.reports.price(market, price, quantity or market.symbol.min_quantity or market.symbol.step_size or 1)


def withdraw_quotes(state: State, desk: Desk, market: Market) -> None:
    """Cancel what the house has in the book."""
    for order in list(state.holding(HOUSE, market.symbol.name).open.values()):
        desk.cancel(market, order, "")


def _take(state: State, desk: Desk, market: Market, side: Side, price: int) -> None:
    """Execute every order that would be executed by an order of this side at the price."""
    quantity = 0
    for level in market.book.opposite(side):
        if level.price > price if side is Side.BUY else level.price < price:
            break
        quantity += level.quantity
    if quantity:
        _send(state, desk, market, Quote(side, price, quantity), TimeInForce.IOC)


def _send(state: State, desk: Desk, market: Market, quote: Quote, time_in_force: TimeInForce) -> None:
    order_id = market.next_order_id
    market.next_order_id += 1
    order = Order(
        order_id,
        HOUSE,
        market.symbol.name,
        "",
        quote.side,
        OrderType.LIMIT,
        time_in_force,
        quote.price,
        quote.quantity,
        0,
        0,
        0,
        0,
        -1,
        SelfTradePrevention.NONE,
        None,
        None,
        state.now,
        state.now,
        state.now,
        OrderStatus.NEW,
        is_working=True,
    )
    asset = reserved_asset(market.symbol, quote.side)
    missing = reservation(order) - state.ledger.free(HOUSE, asset)
    if missing > 0:
        state.ledger.deposit(HOUSE, asset, missing + _TOP_UP)
    desk.accept(market, order)
    desk.execute(market, order)
