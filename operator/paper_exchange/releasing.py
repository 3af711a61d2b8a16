"""What follows from the trades of a command: triggers fire, and pending orders of lists are placed.

A pending order comes on the book when the working order of its list is filled completely. Then it is judged by the
market and the balances as they are; one that is refused expires with the reason REJECTED, and its pair with it.

Source: `rest-api.md` ("New Order list - OTO"), `user-data-stream.md` (expiry and reject reasons) and `faqs/opo.md` of
Binance's documentation.
"""

from paper_exchange import ties, trailing
from paper_exchange.checks import check_release, lock_price
from paper_exchange.ending import EXPIRED
from paper_exchange.events import NOT_REJECTED, ExecutionType
from paper_exchange.list_checks import misplaced
from paper_exchange.list_model import OrderList
from paper_exchange.matching import Desk
from paper_exchange.model import STOP_TYPES, Order, OrderStatus, OrderType
from paper_exchange.order_commands import PlaceOrder
from paper_exchange.refusals import INSUFFICIENT_BALANCE, OCO_PRICES, WOULD_TAKE, WOULD_TRIGGER, Refusal
from paper_exchange.settlement import reservation
from paper_exchange.state import Market, State

_REJECT_REASONS = {
    INSUFFICIENT_BALANCE: "INSUFFICIENT_BALANCES",
    WOULD_TRIGGER: "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY",
    WOULD_TAKE: "WOULD_MATCH_IMMEDIATELY",
    OCO_PRICES: "OCO_BAD_PRICES",
}


def follow_up(state: State, desk: Desk, market: Market) -> None:
    """Fire what the trades have reached and place what they have released, until neither leads to anything more.

    A released order is shown only the trades that come after it.
    """
    seen = desk.run_triggers(market)
    while desk.due:
        _release(state, desk, market, desk.due.pop(0))
        seen = desk.run_triggers(market, seen)


def _release(state: State, desk: Desk, market: Market, found: OrderList) -> None:
    pending = ties.open_orders(state, found)
    if found.pays:
        _size(market, pending)
    asked = [_asked(order) for order in pending]
    for number, (order, wanted) in enumerate(zip(pending, asked, strict=True)):
        refusal = check_release(state, wanted, paid=found.pays)
        if refusal is None and found.pair:
            refusal = misplaced(state, wanted, is_above=number > 0)
        if refusal is not None:
            desk.close(market, order, EXPIRED._replace(reject_reason=_reason(refusal)))
            return
    found.tied, found.time = bool(found.pair), state.now
    for order, wanted in zip(pending, asked, strict=True):
        order.lock_price = lock_price(market, wanted)
        _arrive(state, market, order)
    desk.reports.order_list(found)
    _place(state, desk, market, pending)


def _size(market: Market, pending: list[Order]) -> None:
    """Give the orders the quantity that was bought for them, as far as the filters of lots admit it."""
    symbol, bought = market.symbol, pending[0].reserved
    for order in pending:
        is_market = order.type is OrderType.MARKET
        order.quantity = min(bought, (is_market and symbol.market_max_quantity) or bought)
        for step in filter(None, (symbol.step_size, is_market and symbol.market_step_size)):
            order.quantity -= order.quantity % step


def _asked(order: Order) -> PlaceOrder:
    return PlaceOrder(
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        type=order.type,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        price=order.price or None,
        stop_price=order.stop_price or None,
        trailing_delta=order.trailing_delta or None,
        prevention=order.prevention,
    )


def _reason(refusal: Refusal) -> str:
    return _REJECT_REASONS.get(refusal, NOT_REJECTED)


def _arrive(state: State, market: Market, order: Order) -> None:
    """From now on an order is one of the market's: it works, or waits for its price."""
    order.status, order.update_time = OrderStatus.NEW, state.now
    if order.type not in STOP_TYPES:
        order.is_working, order.working_time = True, state.now
    trailing.begin(order, market.tape.last_price, state.now)


def _place(state: State, desk: Desk, market: Market, pending: list[Order]) -> None:
    """Set aside what the orders need, or release what they do not, and let them meet the book."""
    first = pending[0]
    if len(pending) > 1:
        ties.lock_together(state, market, first, pending[1])
    else:
        ties.keep(state, market, first, reservation(first))
    for order in pending:
        desk.reports.order(order, ExecutionType.NEW)
        if not order.is_working:
            market.triggers.add(order)
        elif order.is_open:
            desk.execute(market, order)
