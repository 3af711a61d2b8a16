"""Canceling a list, which is to cancel any order of it."""

from paper_exchange import ties
from paper_exchange.list_model import OrderList
from paper_exchange.matching import Desk
from paper_exchange.replies import ListCanceled, OrderCanceled
from paper_exchange.state import State


def cancel_list(state: State, desk: Desk, found: OrderList, cancel_client_id: str | None) -> ListCanceled | None:
    """Cancel what of a list is open; None when nothing is.

    Args:
        state: The venue.
        desk: Where orders are canceled.
        found: The list.
        cancel_client_id: The id of the cancel itself; None chooses one.
    """
    opened = ties.open_orders(state, found)
    if not opened:
        return None
    market = state.markets[found.symbol]
    chosen = cancel_client_id or f"cancel{market.next_execution_id:016d}"
    desk.cancel(market, opened[0], chosen)
    canceled = tuple(OrderCanceled(order.copy(), chosen, state.now) for order in opened)
    return ListCanceled(found.copy(), canceled, state.now)
