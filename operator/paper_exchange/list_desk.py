"""Commands about order lists: judged, entered and canceled as a whole.

Source: `rest-api.md` ("New Order list - OCO") and `errors.md` (-1158 to -1199, -2010) of Binance's documentation.
"""

from paper_exchange.canceling import cancel_list
from paper_exchange.checks import check_entry, check_list, fee_rate
from paper_exchange.list_model import Contingency, OrderList
from paper_exchange.matching import Desk
from paper_exchange.model import OrderType, Side
from paper_exchange.order_commands import CancelList, PlaceOco, PlaceOrder
from paper_exchange.order_desk import new_order
from paper_exchange.reads import find_list
from paper_exchange.refusals import (
    BUY_OCO_LIMIT_BELOW,
    BUY_OCO_PROFIT_BELOW,
    BUY_OCO_STOP_ABOVE,
    CANCEL_WITHOUT_ID,
    INVALID_SYMBOL,
    OCO_BOTH_LIMIT,
    OCO_PRICES,
    OCO_TYPE,
    SELL_OCO_LIMIT_ABOVE,
    SELL_OCO_PROFIT_ABOVE,
    SELL_OCO_STOP_BELOW,
    UNKNOWN_ORDER,
    Refusal,
)
from paper_exchange.replies import ListCanceled, ListPlaced, OrderPlaced
from paper_exchange.state import State

_STOP_LOSSES = frozenset({OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT})
_PROFITS = frozenset({OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT})
_LIMITS = frozenset({OrderType.LIMIT_MAKER})
# By side: what may not stand above, and what may not stand below.
_NOT_ABOVE = {
    Side.BUY: ((_LIMITS, BUY_OCO_LIMIT_BELOW), (_PROFITS, BUY_OCO_PROFIT_BELOW)),
    Side.SELL: ((_STOP_LOSSES, SELL_OCO_STOP_BELOW),),
}
_NOT_BELOW = {
    Side.BUY: ((_STOP_LOSSES, BUY_OCO_STOP_ABOVE),),
    Side.SELL: ((_LIMITS, SELL_OCO_LIMIT_ABOVE), (_PROFITS, SELL_OCO_PROFIT_ABOVE)),
}


class ListDesk:
    """Places and cancels lists."""

    def __init__(self, state: State, desk: Desk) -> None:
        self._state, self._desk = state, desk

    def place_oco(self, command: PlaceOco) -> ListPlaced | Refusal:
        """Place two orders that end each other."""
        above, below = command.above, command.below
        refusal = _geometry(above, below) or check_list(self._state, below, above, command.list_client_order_id)
        refusal = refusal or self._prices(above, below)
        refusal = refusal or check_entry(self._state, below) or check_entry(self._state, above)
        return refusal or self._entered(command)

    def _prices(self, above: PlaceOrder, below: PlaceOrder) -> Refusal | None:
        """The last trade lies between the two."""
        last = self._state.markets[above.symbol].tape.last_price
        if not last:
            return None
        high, low = _turning_point(above), _turning_point(below)
        apart = (high is None or high > last) and (low is None or low < last)
        return None if apart else OCO_PRICES

    def _entered(self, command: PlaceOco) -> ListPlaced:
        state = self._state
        market, list_id = state.markets[command.symbol], state.next_list_id
        state.next_list_id += 1
        first, second = (
            new_order(market, order, state.now, fee_rate(state, order), list_id)
            for order in (command.below, command.above)
        )
        found = OrderList(
            list_id,
            first.account,
            command.symbol,
            command.list_client_order_id or f"list{list_id:018d}",
            Contingency.OCO,
            tuple((order.order_id, order.client_order_id) for order in (first, second)),
            state.now,
        )
        self._desk.accept_list(market, found, first, second)
        placed = tuple(OrderPlaced(order.copy(), (), state.now) for order in (first, second))
        return ListPlaced(found.copy(), placed, state.now)

    def cancel(self, command: CancelList) -> ListCanceled | Refusal:
        """Cancel a list, which is to cancel any order of it."""
        state = self._state
        if command.symbol not in state.markets:
            return INVALID_SYMBOL
        if command.list_id is None and command.list_client_order_id is None:
            return CANCEL_WITHOUT_ID
        found = find_list(state, command.account, command.list_id, command.list_client_order_id)
        if found is None or found.symbol != command.symbol:
            return UNKNOWN_ORDER
        return cancel_list(state, self._desk, found, command.cancel_client_id) or UNKNOWN_ORDER


def _geometry(above: PlaceOrder, below: PlaceOrder) -> Refusal | None:
    """Which types may be tied together, and which of them stands above the market."""
    kinds = (above.type, below.type)
    if any(kind not in _LIMITS | _STOP_LOSSES | _PROFITS for kind in kinds):
        return OCO_TYPE
    if all(kind in _LIMITS for kind in kinds):
        return OCO_BOTH_LIMIT
    wrong = [refusal for types, refusal in _NOT_ABOVE[above.side] if above.type in types]
    wrong += [refusal for types, refusal in _NOT_BELOW[above.side] if below.type in types]
    return wrong[0] if wrong else None


def _turning_point(order: PlaceOrder) -> int | None:
    """The price at which an order of a list begins to work; None for one that trails from the start."""
    limited = order.type in {OrderType.LIMIT_MAKER, OrderType.TAKE_PROFIT_LIMIT}
    return order.price if limited else order.stop_price
