"""Taking the quantity of an open order down in its place: Binance's `order/amend/keepPriority`.

The order keeps its number and its place in the queue, and gets a new client order id, unless the present one is sent
again: a client that forgets to send it does not find its order by the old id any more.

The orders of a list are amended one by one, except those of a pair: both keep the same quantity.

Source: `faqs/order_amend_keep_priority.md` and `errors.md` (-2038, -2039) of Binance's documentation.
"""

from paper_exchange import ties
from paper_exchange.checks import check_amend
from paper_exchange.list_model import ListStatusType
from paper_exchange.matching import Desk
from paper_exchange.model import Amendment, Order, OrderType
from paper_exchange.order_commands import PlaceOrder, ReduceOrder
from paper_exchange.reads import find_order
from paper_exchange.refusals import (
    AMEND_BELOW_EXECUTED,
    AMEND_DUPLICATE,
    AMEND_INCREASE,
    AMEND_NO_CHANGE,
    AMEND_PENDING_OPO,
    AMEND_TOO_OFTEN,
    AMEND_UNKNOWN_ORDER,
    AMEND_UNSUPPORTED,
    CLIENT_ORDER_ID_MISMATCH,
    INVALID_SYMBOL,
    Refusal,
)
from paper_exchange.replies import OrderReduced
from paper_exchange.state import Holding, State


def reduce(state: State, desk: Desk, command: ReduceOrder) -> OrderReduced | Refusal:
    """Judge and carry out; a refusal leaves the order as it was.

    Args:
        state: The venue.
        desk: Where orders are changed.
        command: What is wanted.
    """
    market = state.markets.get(command.symbol)
    if market is None:
        return INVALID_SYMBOL
    holding = state.peek(command.account, command.symbol)
    order = _find(holding, command)
    if isinstance(order, Refusal):
        return order
    refusal = _refusal(state, holding, order, command)
    if refusal:
        return refusal
    before = order.client_order_id
    chosen = command.new_client_order_id or f"amend{market.next_execution_id:017d}"
    execution_id = _reduced(state, desk, order, command.quantity, chosen)
    for other in ties.same_size(state, order):
        _reduced(state, desk, other, command.quantity, other.client_order_id)
    found = ties.list_of(state, order)
    if found is not None and chosen != before:
        found.rename(order.order_id, chosen)
        desk.reports.order_list(found, ListStatusType.UPDATED)
    return OrderReduced(order.copy(), before, execution_id, state.now, found and found.copy())


def _reduced(state: State, desk: Desk, order: Order, quantity: int, name: str) -> int:
    """Carry out and note an amendment; returns its execution id."""
    before, former = order.client_order_id, order.quantity
    execution_id = desk.reduce(state.markets[order.symbol], order, quantity, name)
    row = Amendment(order.order_id, execution_id, before, name, former, quantity, state.now)
    holding = state.holding(order.account, order.symbol)
    holding.amendments.setdefault(order.order_id, []).append(row)
    return execution_id


def _find(holding: Holding, command: ReduceOrder) -> Order | Refusal:
    order = find_order(holding, command.order_id, command.client_order_id)
    if order is None and command.order_id is not None and find_order(holding, command.order_id, None):
        return CLIENT_ORDER_ID_MISMATCH
    return order if order is not None and order.is_open else AMEND_UNKNOWN_ORDER


def _refusal(state: State, holding: Holding, order: Order, command: ReduceOrder) -> Refusal | None:
    symbol = state.markets[order.symbol].symbol
    if not symbol.allow_amend:
        return AMEND_UNSUPPORTED
    if order.is_pending and not order.quantity:
        return AMEND_PENDING_OPO
    refusal = _wrong_quantity(order, command.quantity)
    if refusal:
        return refusal
    if symbol.max_amends and len(holding.amendments.get(order.order_id, ())) >= symbol.max_amends:
        return AMEND_TOO_OFTEN
    holder = state.open_client_ids[order.account].get(command.new_client_order_id or "")
    if holder is not None and holder is not order:
        return AMEND_DUPLICATE
    each = (order, *ties.same_size(state, order))
    return next(filter(None, (check_amend(state, _wanted(one, command.quantity)) for one in each)), None)


def _wrong_quantity(order: Order, quantity: int) -> Refusal | None:
    if quantity == order.quantity:
        return AMEND_NO_CHANGE
    if quantity > order.quantity:
        return AMEND_INCREASE
    return AMEND_BELOW_EXECUTED if quantity <= order.executed else None


def _wanted(order: Order, quantity: int) -> PlaceOrder:
    """The order as it would stand. Its prices have been judged when it was placed."""
    return PlaceOrder(
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        type=OrderType.LIMIT if order.type is OrderType.LIMIT_MAKER else order.type,
        time_in_force=order.time_in_force,
        quantity=quantity,
        price=order.price or None,
        prevention=order.prevention,
    )
