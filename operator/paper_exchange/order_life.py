"""The life of an order: entered, changed, ended, alone or in a list."""

from collections.abc import Sequence
from heapq import heappush

from paper_exchange import ties
from paper_exchange.ending import EXPIRED, OCO_TRIGGER, OTO_PHASE_ONE_EXPIRED, Ending, canceled
from paper_exchange.events import ExecutionType
from paper_exchange.list_model import ListOrderStatus, ListStatusType, OrderList
from paper_exchange.model import (
    STOP_TYPES,
    Order,
    OrderStatus,
    OrderType,
    Side,
)
from paper_exchange.reports import Reports
from paper_exchange.settlement import reservation
from paper_exchange.state import Market, State, reserved_asset


class OrderLife:
    """Changes orders, book and ledger together, so that a reservation always covers what is left of its order."""

    __slots__ = ("_state", "due", "reports")

    def __init__(self, state: State) -> None:
        self._state = state
        self.reports = Reports(state)
        self.due: list[OrderList] = []
        """Lists whose working order the command at hand has filled: their pending orders are to be placed."""

    def accept(self, market: Market, order: Order) -> None:
        """Enter a checked order: lock what it may spend, remember it, report it as NEW."""
        state = self._state
        if order.type is not OrderType.MARKET:
            order.reserved = reservation(order)
            state.ledger.lock(order.account, reserved_asset(market.symbol, order.side), order.reserved)
        self._enter(market, order)

    def accept_list(self, market: Market, found: OrderList, first: Order, second: Order) -> None:
        """Enter two checked orders that end each other: one reservation, then both, then the list."""
        self._state.lists[found.list_id] = found
        ties.lock_together(self._state, market, first, second)
        for order in (first, second):
            self._enter(market, order)
            if order.is_working:
                market.book.side(order.side).add(order)
        self.reports.order_list(found)

    def accept_pending(self, market: Market, found: OrderList, working: Order, pending: Sequence[Order]) -> None:
        """Enter a checked working order, the orders that wait for it to be filled, and the list."""
        self._state.lists[found.list_id] = found
        self.accept(market, working)
        for order in pending:
            self._enter(market, order)
        self.reports.order_list(found)

    def _enter(self, market: Market, order: Order) -> None:
        state = self._state
        holding = state.holding(order.account, order.symbol)
        holding.open[order.order_id] = order
        holding.open_algos += order.type in STOP_TYPES
        if order.expire_at:
            heappush(state.expiries, (order.expire_at, order.account, order.symbol, order.order_id))
        if order.side is Side.BUY:
            holding.buying += order.quantity
        if not state.accounts[order.account].house:
            holding.orders.append(order)
            holding.by_client_id[order.client_order_id] = order
            state.open_client_ids.setdefault(order.account, {})[order.client_order_id] = order
        if not order.is_working and not order.is_pending:
            market.triggers.add(order)
        self.reports.order(order, ExecutionType.NEW)

    def cancel(self, market: Market, order: Order, cancel_client_id: str) -> None:
        """Cancel an open order on its owner's behalf."""
        self._end(market, order, canceled(cancel_client_id))

    def expire(self, market: Market, order: Order) -> None:
        """End an open order whose time is over."""
        self._end(market, order, EXPIRED)

    def _end(self, market: Market, order: Order, ending: Ending) -> None:
        self._leave_book(market, order)
        self.close(market, order, ending)

    def reduce(self, market: Market, order: Order, quantity: int, client_order_id: str) -> int:
        """Take a checked order's quantity down in its place and name it anew; returns the execution id."""
        before = order.client_order_id
        if order.is_working:
            market.book.side(order.side).reduce(order, order.quantity - quantity)
        self._state.rename(order, client_order_id)
        execution_id = market.next_execution_id
        self._change(market, order, quantity, order.price, order.stop_price)
        self.reports.order(order, ExecutionType.REPLACED, ids=(client_order_id, before))
        return execution_id

    def _change(self, market: Market, order: Order, quantity: int, price: int, stop_price: int) -> None:
        state = self._state
        if order.side is Side.BUY:
            state.holding(order.account, order.symbol).buying += quantity - order.quantity
        order.quantity, order.price, order.stop_price, order.update_time = quantity, price, stop_price, state.now
        ties.reserve_again(state, market, order)

    def close(self, market: Market, order: Order, ending: Ending) -> None:
        """End an order that is not (or no longer) on the book: release what is locked, report it."""
        state = self._state
        order.status, order.update_time, order.expiry = ending.status, state.now, ending.expiry
        if order.reserved:
            asset = reserved_asset(market.symbol, order.side)
            state.ledger.spend(order.account, asset, released=order.reserved, paid=0)
            order.reserved = 0
        holding = state.holding(order.account, order.symbol)
        del holding.open[order.order_id]
        holding.open_algos -= order.type in STOP_TYPES
        if order.side is Side.BUY:
            holding.buying -= order.remaining
        taken = state.open_client_ids.get(order.account)
        if taken and taken.get(order.client_order_id) is order:
            del taken[order.client_order_id]
        if ending.execution:
            named = ending.cancel_client_id
            ids = None if named is None else (named, order.client_order_id)
            self.reports.order(order, ending.execution, ids=ids, reject_reason=ending.reject_reason)
            self._end_list(market, order, ending)

    def _end_list(self, market: Market, order: Order, ending: Ending) -> None:
        """An order that ended without having worked takes the others of its list along; a filled one lets them come."""
        found = ties.list_of(self._state, order)
        if found is None:
            return
        others = ties.dependents(self._state, found)
        if others and ending.status is OrderStatus.FILLED:
            self.due.append(found)
            return
        found.tied = False
        expiry = OTO_PHASE_ONE_EXPIRED if order.order_id == found.working else OCO_TRIGGER
        for other in others:
            self._end(market, other, ending.passed_on(expiry))
        if not others and not ties.open_orders(self._state, found):
            found.status_type, found.order_status = ListStatusType.ALL_DONE, ListOrderStatus.ALL_DONE
            found.time = self._state.now
            self.reports.order_list(found)

    def _begin_work(self, market: Market, order: Order) -> None:
        """An order of a list begins to work: the other one expires, and what was set aside for both is its own."""
        other = ties.partner(self._state, order)
        if other is None:
            return
        ties.take_over(self._state, market, order, other)
        ties.untie(self._state, order)
        self._end(market, other, EXPIRED._replace(expiry=OCO_TRIGGER))

    def _leave_book(self, market: Market, order: Order) -> None:
        if order.is_working:
            market.book.side(order.side).remove(order)
        elif order in market.triggers:
            market.triggers.remove(order)
