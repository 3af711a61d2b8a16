"""Commands about order lists: judged (`list_checks`), entered and canceled as a whole."""

from paper_exchange.canceling import cancel_list
from paper_exchange.checks import fee_rate
from paper_exchange.list_checks import check_oco
from paper_exchange.list_model import Contingency, OrderList
from paper_exchange.matching import Desk
from paper_exchange.order_commands import CancelList, PlaceOco
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
        return check_oco(self._state, command) or self._entered(command)

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
