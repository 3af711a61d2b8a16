"""Commands about orders: judged by the checks, carried out by the matching."""

from paper_exchange import amending, reducing, ties, trailing
from paper_exchange.canceling import cancel_list
from paper_exchange.checks import check_admission, check_entry, check_order, fee_rate, lock_price
from paper_exchange.matching import Desk
from paper_exchange.model import STOP_TYPES, Order, OrderStatus, TimeInForce
from paper_exchange.order_commands import (
    AmendOrder,
    CancelOpenOrders,
    CancelOrder,
    CancelRestriction,
    PlaceOrder,
    ReduceOrder,
    ReplaceMode,
    ReplaceOrder,
)
from paper_exchange.reads import find_order
from paper_exchange.refusals import (
    AMEND_IN_LIST,
    CANCEL_REPLACE_UNSUPPORTED,
    CANCEL_RESTRICTED,
    CANCEL_WITHOUT_ID,
    INVALID_SYMBOL,
    UNKNOWN_ORDER,
    Refusal,
)
from paper_exchange.replies import (
    ListCanceled,
    OrderAmended,
    OrderCanceled,
    OrderPlaced,
    OrderReduced,
    OrderReplaced,
    OrdersCanceled,
)
from paper_exchange.state import Market, State

_RESTRICTIONS = {
    CancelRestriction.ONLY_NEW: OrderStatus.NEW,
    CancelRestriction.ONLY_PARTIALLY_FILLED: OrderStatus.PARTIALLY_FILLED,
}


NO_LIST = -1


class OrderDesk:
    """Places, changes and cancels orders."""

    def __init__(self, state: State, desk: Desk) -> None:
        self.state = state
        self._desk = desk

    def place(self, command: PlaceOrder) -> OrderPlaced | Refusal:
        """Place an order."""
        return check_order(self.state, command) or self._accept(command)

    def _accept(self, command: PlaceOrder) -> OrderPlaced:
        market = self.state.markets[command.symbol]
        order = new_order(market, command, self.state.now, fee_rate(self.state, command))
        self._desk.accept(market, order)
        fills = self._desk.execute(market, order) if order.is_working else []
        return OrderPlaced(order.copy(), tuple(fills), self.state.now)

    def replace(self, command: ReplaceOrder) -> OrderReplaced | Refusal:
        """Cancel an order and place another one."""
        refusal = check_admission(self.state, command.order)
        if refusal:
            return refusal
        if not self.state.markets[command.symbol].symbol.allow_cancel_replace:
            return CANCEL_REPLACE_UNSUPPORTED
        canceled = self.cancel(command.cancel)
        if isinstance(canceled, Refusal) and command.mode is ReplaceMode.STOP_ON_FAILURE:
            return OrderReplaced(canceled, None)
        return OrderReplaced(canceled, check_entry(self.state, command.order) or self._accept(command.order))

    def reduce(self, command: ReduceOrder) -> OrderReduced | Refusal:
        """Take an order's quantity down in its place."""
        return reducing.reduce(self.state, self._desk, command)

    def amend(self, command: AmendOrder) -> OrderAmended | Refusal:
        """Change an order, as Kraken does."""
        if command.symbol not in self.state.markets:
            return INVALID_SYMBOL
        holding = self.state.peek(command.account, command.symbol)
        order = find_order(holding, command.order_id, command.client_order_id)
        if order is None or not order.is_open:
            return UNKNOWN_ORDER
        if ties.is_tied(self.state, order):
            return AMEND_IN_LIST
        return amending.amend(self.state, self._desk, order, command)

    def cancel(self, command: CancelOrder) -> OrderCanceled | Refusal:
        """Cancel an order."""
        if command.symbol not in self.state.markets:
            return INVALID_SYMBOL
        if command.order_id is None and command.client_order_id is None:
            return CANCEL_WITHOUT_ID
        holding = self.state.peek(command.account, command.symbol)
        order = find_order(holding, command.order_id, command.client_order_id)
        if order is None or not order.is_open:
            return UNKNOWN_ORDER
        if command.restriction and order.status is not _RESTRICTIONS[command.restriction]:
            return CANCEL_RESTRICTED
        return self._canceled(order, command.cancel_client_id)

    def cancel_open(self, command: CancelOpenOrders) -> OrdersCanceled | Refusal:
        """Cancel all open orders of an account in a symbol."""
        if command.symbol not in self.state.markets:
            return INVALID_SYMBOL
        orders = list(self.state.peek(command.account, command.symbol).open.values())
        # The cancel of one order of a list ends the other, too.
        canceled = tuple(self._canceled_whole(order) for order in orders if order.is_open)
        return OrdersCanceled(canceled) if canceled else UNKNOWN_ORDER

    def _canceled_whole(self, order: Order) -> OrderCanceled | ListCanceled:
        found = ties.list_of(self.state, order)
        whole = None if found is None else cancel_list(self.state, self._desk, found, None)
        return whole or self._canceled(order, None)

    def _canceled(self, order: Order, cancel_client_id: str | None) -> OrderCanceled:
        market = self.state.markets[order.symbol]
        chosen = cancel_client_id or f"cancel{market.next_execution_id:016d}"
        self._desk.cancel(market, order, chosen)
        return OrderCanceled(order.copy(), chosen, self.state.now)


def new_order(market: Market, command: PlaceOrder, now: int, fee: int, order_list_id: int = NO_LIST) -> Order:
    """The order that a checked command describes."""
    order_id = market.next_order_id
    market.next_order_id += 1
    waits = command.type in STOP_TYPES
    order = Order(
        order_id,
        command.account,
        command.symbol,
        command.client_order_id if command.client_order_id is not None else f"paper{order_id:017d}",
        command.side,
        command.type,
        command.time_in_force or TimeInForce.GTC,
        command.price or 0,
        command.quantity or 0,
        command.quote_quantity or 0,
        command.stop_price or 0,
        command.trailing_delta or 0,
        command.iceberg_quantity or 0,
        order_list_id,
        command.prevention or market.symbol.default_prevention,
        command.strategy_id,
        command.strategy_type,
        now,
        now,
        -1 if waits else now,
        OrderStatus.NEW,
        is_working=not waits,
        lock_price=lock_price(market, command),
        expire_at=command.expire_at or 0,
        trailing_amount=command.trailing_amount or 0,
        fee_rate=fee,
    )
    trailing.begin(order, market.tape.last_price, now)
    return order
