"""Changing an open order where it stands, as Kraken's AmendOrder does.

The quantity is the new total, what is filled included; a total that is filled already takes the rest of the order
away. A refused amend leaves the order as it was.
"""

from paper_exchange.checks import check_amend
from paper_exchange.matching import Desk
from paper_exchange.model import Order, OrderType
from paper_exchange.order_commands import AmendOrder, PlaceOrder
from paper_exchange.refusals import INSUFFICIENT_BALANCE, NOTHING_TO_AMEND, Refusal
from paper_exchange.replies import OrderAmended
from paper_exchange.settlement import reserve
from paper_exchange.state import State, reserved_asset


def amend(state: State, desk: Desk, order: Order, command: AmendOrder) -> OrderAmended | Refusal:
    """Change an order that is open.

    Args:
        state: The venue.
        desk: Where orders are changed.
        order: The order that the command names.
        command: What is wanted.

    Returns:
        The order as it stands now, or why nothing was changed.
    """
    market = state.markets[order.symbol]
    if not _is_applicable(order, command):
        return NOTHING_TO_AMEND
    if command.quantity is not None and command.quantity <= order.executed:
        desk.cancel(market, order, "")
        return OrderAmended(order.copy(), (), state.now)
    wanted = _wanted(order, command)
    refusal = check_amend(state, wanted) or _unaffordable(state, order, wanted)
    if refusal:
        return refusal
    fills = desk.amend(
        market,
        order,
        quantity=wanted.quantity or 0,
        price=wanted.price or 0,
        stop_price=wanted.stop_price or order.stop_price,
    )
    return OrderAmended(order.copy(), tuple(fills), state.now)


def _is_applicable(order: Order, command: AmendOrder) -> bool:
    """Whether the order has what is to be changed: a limit, or a stop price that it still waits for."""
    waits = order.stop_price and not order.is_working
    prices = (command.price is None or order.price) and (command.stop_price is None or waits)
    return bool(prices) and not all(value is None for value in (command.quantity, command.price, command.stop_price))


def _unaffordable(state: State, order: Order, wanted: PlaceOrder) -> Refusal | None:
    remaining = (wanted.quantity or 0) - order.executed
    price = wanted.price or wanted.stop_price or order.lock_price
    more = reserve(order.side, price, remaining, order.fee_rate) - order.reserved
    free = state.ledger.free(order.account, reserved_asset(state.markets[order.symbol].symbol, order.side))
    return None if more <= free else INSUFFICIENT_BALANCE


def _wanted(order: Order, command: AmendOrder) -> PlaceOrder:
    price = order.price if command.price is None else command.price
    stop_price = order.stop_price if command.stop_price is None else command.stop_price
    return PlaceOrder(
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        type=OrderType.LIMIT_MAKER if command.post_only and order.is_working else order.type,
        time_in_force=order.time_in_force,
        quantity=order.quantity if command.quantity is None else command.quantity,
        price=price or None,
        stop_price=None if order.is_working else stop_price or None,
        prevention=order.prevention,
    )
