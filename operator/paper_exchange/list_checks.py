"""Whether the venue takes an order list: the rules of a single order for each of its orders, and those of lists.

Source: `rest-api.md` ("New Order list"), `filters.md` and `errors.md` (-1158 to -1199, -2010) of Binance's
documentation. Nothing here changes anything.
"""

from collections.abc import Sequence
from dataclasses import replace

from paper_exchange.checks import check_admission, check_entry
from paper_exchange.model import STOP_TYPES, OrderType, Side
from paper_exchange.order_commands import PlaceOco, PlaceOrder, PlacePending
from paper_exchange.refusals import (
    BUY_OCO_LIMIT_BELOW,
    BUY_OCO_PROFIT_BELOW,
    BUY_OCO_STOP_ABOVE,
    DUPLICATE_ORDER,
    OCO_BOTH_LIMIT,
    OCO_PRICES,
    OCO_TYPE,
    OPO_PENDING_SELLS,
    OPO_WORKING_BUYS,
    SELL_OCO_LIMIT_ABOVE,
    SELL_OCO_PROFIT_ABOVE,
    SELL_OCO_STOP_BELOW,
    WORKING_TYPE,
    Refusal,
    filter_failure,
)
from paper_exchange.state import Holding, State

_STOP_LOSSES = frozenset({OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT})
_PROFITS = frozenset({OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT})
_LIMITS = frozenset({OrderType.LIMIT_MAKER})
_WORKING = frozenset({OrderType.LIMIT, OrderType.LIMIT_MAKER})
_PLACES = {1: ("pending",), 2: ("pendingAbove", "pendingBelow")}
# By side: what may not stand above, and what may not stand below.
_NOT_ABOVE = {
    Side.BUY: ((_LIMITS, BUY_OCO_LIMIT_BELOW), (_PROFITS, BUY_OCO_PROFIT_BELOW)),
    Side.SELL: ((_STOP_LOSSES, SELL_OCO_STOP_BELOW),),
}
_NOT_BELOW = {
    Side.BUY: ((_STOP_LOSSES, BUY_OCO_STOP_ABOVE),),
    Side.SELL: ((_LIMITS, SELL_OCO_LIMIT_ABOVE), (_PROFITS, SELL_OCO_PROFIT_ABOVE)),
}


def check_oco(state: State, command: PlaceOco) -> Refusal | None:
    """Judge two orders that the venue is to tie together; the first refusal of either, None when the list is taken.

    Each is judged as if it came alone: one reservation serves both.
    """
    above, below = command.above, command.below
    refusal = geometry(above, below)
    refusal = refusal or check_admission(state, below, place="below") or check_admission(state, above, place="above")
    refusal = refusal or _room(state, (below, above)) or _ids(state, (below, above), command.list_client_order_id)
    refusal = refusal or misplaced(state, below, is_above=False) or misplaced(state, above, is_above=True)
    return refusal or check_entry(state, below) or check_entry(state, above)


def check_pending(state: State, command: PlacePending) -> Refusal | None:
    """Judge an order and those that are to wait for it.

    The account has to have what the working order needs; funds, triggers and the relation of the prices of the pending
    ones are judged when they are to come on the book (`releasing`), and their quantity where the working order pays.
    """
    working, pending = command.working, command.pending
    refusal = None if working.type in _WORKING else WORKING_TYPE
    refusal = refusal or (_sides(command) if command.pays else None)
    if len(pending) > 1:
        refusal = refusal or geometry(*pending)
    refusal = refusal or check_admission(state, working, place="working")
    for order, place in zip(pending, _PLACES[len(pending)], strict=True):
        refusal = refusal or _admission(state, command, order, place)
    orders = (working, *pending)
    refusal = refusal or _room(state, orders) or _ids(state, orders, command.list_client_order_id)
    return refusal or check_entry(state, working)


def _sides(command: PlacePending) -> Refusal | None:
    if command.working.side is not Side.BUY:
        return OPO_WORKING_BUYS
    return None if all(order.side is Side.SELL for order in command.pending) else OPO_PENDING_SELLS


def _admission(state: State, command: PlacePending, order: PlaceOrder, place: str) -> Refusal | None:
    if not command.pays:
        return check_admission(state, order, place=place)
    return check_admission(state, replace(order, quantity=command.working.quantity), place=place, sized=False)


def geometry(above: PlaceOrder, below: PlaceOrder) -> Refusal | None:
    """Which types may be tied together, and which of them stands above the market."""
    kinds = (above.type, below.type)
    if any(kind not in _LIMITS | _STOP_LOSSES | _PROFITS for kind in kinds):
        return OCO_TYPE
    if all(kind in _LIMITS for kind in kinds):
        return OCO_BOTH_LIMIT
    wrong = [refusal for types, refusal in _NOT_ABOVE[above.side] if above.type in types]
    wrong += [refusal for types, refusal in _NOT_BELOW[above.side] if below.type in types]
    return wrong[0] if wrong else None


def misplaced(state: State, order: PlaceOrder, *, is_above: bool) -> Refusal | None:
    """The last trade lies between the prices at which the two orders of a pair begin to work."""
    last, price = state.markets[order.symbol].tape.last_price, _turning_point(order)
    if not last or price is None:
        return None
    return None if (price > last if is_above else price < last) else OCO_PRICES


def _turning_point(order: PlaceOrder) -> int | None:
    """The price at which an order of a pair begins to work; None for one that trails from the start."""
    limited = order.type in {OrderType.LIMIT_MAKER, OrderType.TAKE_PROFIT_LIMIT}
    return order.price if limited else order.stop_price


def _room(state: State, orders: Sequence[PlaceOrder]) -> Refusal | None:
    """All orders of a list count from the start, those that wait for another one included."""
    symbol, holding = state.markets[orders[0].symbol].symbol, state.peek(orders[0].account, orders[0].symbol)
    if symbol.max_orders and len(holding.open) + len(orders) > symbol.max_orders:
        return filter_failure("MAX_NUM_ORDERS")
    algos = sum(order.type in STOP_TYPES for order in orders)
    if algos and symbol.max_algo_orders and holding.open_algos + algos > symbol.max_algo_orders:
        return filter_failure("MAX_NUM_ALGO_ORDERS")
    full = symbol.max_order_lists and len(_open_lists(state, holding)) >= symbol.max_order_lists
    return filter_failure("MAX_NUM_ORDER_LISTS") if full else None


def _ids(state: State, orders: Sequence[PlaceOrder], list_client_order_id: str | None) -> Refusal | None:
    account = orders[0].account
    named = [order.client_order_id for order in orders if order.client_order_id is not None]
    open_ids = state.open_client_ids.get(account, {})
    if len(set(named)) < len(named) or any(name in open_ids for name in named):
        return DUPLICATE_ORDER
    open_lists = (each for holding in state.holdings.get(account, {}).values() for each in _open_lists(state, holding))
    taken = any(state.lists[list_id].client_order_id == list_client_order_id for list_id in open_lists)
    return DUPLICATE_ORDER if taken else None


def _open_lists(state: State, holding: Holding) -> set[int]:
    """The lists of which an order is open: a list ends with the last of them."""
    return {order.order_list_id for order in holding.open.values() if order.order_list_id in state.lists}
