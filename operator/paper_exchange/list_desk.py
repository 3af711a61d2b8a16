"""Commands about order lists: judged (`list_checks`), entered and canceled as a whole."""

from collections.abc import Sequence

from paper_exchange import trailing
from paper_exchange.canceling import cancel_list
from paper_exchange.checks import fee_rate
from paper_exchange.list_checks import check_oco, check_pending
from paper_exchange.list_model import Contingency, OrderList
from paper_exchange.matching import Desk
from paper_exchange.model import Order, OrderStatus
from paper_exchange.order_commands import CancelList, PlaceOco, PlaceOrder, PlacePending
from paper_exchange.order_desk import new_order
from paper_exchange.reads import find_list
from paper_exchange.refusals import CANCEL_WITHOUT_ID, INVALID_SYMBOL, UNKNOWN_ORDER, Refusal
from paper_exchange.replies import ListCanceled, ListPlaced, OrderPlaced
from paper_exchange.state import State


class ListDesk:
    """Places and cancels lists."""

    def __init__(self, state: State, desk: Desk) -> None:
        self._state, self._desk = state, desk

    def place_oco(self, command: PlaceOco) -> ListPlaced | Refusal:
        """Place two orders that end each other."""
        refusal = check_oco(self._state, command)
        if refusal:
            return refusal
        first, second = self._orders(command.below, command.above)
        found = self._list(Contingency.OCO, (first, second), command.list_client_order_id)
        self._desk.accept_list(self._state.markets[command.symbol], found, first, second)
        placed = tuple(OrderPlaced(order.copy(), (), self._state.now) for order in (first, second))
        return ListPlaced(found.copy(), placed, self._state.now)

    def place_pending(self, command: PlacePending) -> ListPlaced | Refusal:
        """Place an order, and orders that wait for it: the answer shows them waiting, even if it is filled at once."""
        refusal = check_pending(self._state, command)
        if refusal:
            return refusal
        market, now = self._state.markets[command.symbol], self._state.now
        working, *pending = self._orders(command.working, *reversed(command.pending))
        for order in pending:
            _hold_back(order)
        found = self._list(Contingency.OTO, (working, *pending), command.list_client_order_id)
        found.pays = command.pays
        self._desk.accept_pending(market, found, working, pending)
        fills = self._desk.execute(market, working)
        placed = (OrderPlaced(order.copy(), (), now) for order in pending)
        return ListPlaced(found.copy(), (OrderPlaced(working.copy(), tuple(fills), now), *placed), now)

    def _orders(self, *commands: PlaceOrder) -> list[Order]:
        state, list_id = self._state, self._state.next_list_id
        market = state.markets[commands[0].symbol]
        return [new_order(market, order, state.now, fee_rate(state, order), list_id) for order in commands]

    def _list(self, contingency: Contingency, orders: Sequence[Order], client_order_id: str | None) -> OrderList:
        list_id, first = self._state.next_list_id, orders[0]
        self._state.next_list_id += 1
        return OrderList(
            list_id,
            first.account,
            first.symbol,
            client_order_id or f"list{list_id:018d}",
            contingency,
            tuple((order.order_id, order.client_order_id) for order in orders),
            self._state.now,
        )

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


def _hold_back(order: Order) -> None:
    """An order that is to wait for the working one of its list is not one of the market's yet."""
    order.status, order.came_pending = OrderStatus.PENDING_NEW, True
    order.is_working, order.working_time = False, -1
    order.trailing_time, order.trailing_extreme, order.lock_price = trailing.NOT_YET, 0, 0
