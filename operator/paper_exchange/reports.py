"""What the command at hand has led to, in the order in which it happened: reports on orders, and public trades."""

from paper_exchange.events import NOT_REJECTED, ExecutionType, ListUpdate, OrderUpdate, TradePrint
from paper_exchange.list_model import ListStatusType, OrderList
from paper_exchange.model import Order, Trade
from paper_exchange.rows import PublicTrade
from paper_exchange.state import Market, State
from paper_exchange.units import mul_down


class Reports:
    """Collects until the engine takes them away. The house trades silently."""

    __slots__ = ("_state", "prints", "updates")

    def __init__(self, state: State) -> None:
        self._state = state
        self.updates: list[OrderUpdate | ListUpdate] = []
        self.prints: list[TradePrint] = []

    def order(
        self,
        order: Order,
        execution: ExecutionType,
        trade: Trade | None = None,
        ids: tuple[str, str] | None = None,
        reject_reason: str = NOT_REJECTED,
    ) -> None:
        """Reports a step in the life of an order.

        Args:
            order: The order as it stands after the step.
            execution: The step.
            trade: The order's half of a trade, for TRADE.
            ids: `c` and `C` of the report; None for the order's own id and none.
            reject_reason: `r` of the report: why an order that was to come on the book did not.
        """
        if self._state.accounts[order.account].house:
            return
        market = self._state.markets[order.symbol]
        execution_id = market.next_execution_id
        market.next_execution_id += 1
        client_order_id, orig_client_order_id = ids or (order.client_order_id, "")
        self.updates.append(
            OrderUpdate(
                order.account,
                execution,
                order.copy(),
                order.status,
                client_order_id,
                orig_client_order_id,
                trade,
                execution_id,
                order.is_working and order.is_open and bool(order.price or not order.executed),
                self._state.now,
                reject_reason,
            )
        )

    def order_list(self, found: OrderList, told_as: ListStatusType | None = None) -> None:
        """Reports how a list stands; `told_as` names what only the report is about, a change of an order's id."""
        told = found.copy()
        told.status_type = told_as or found.status_type
        self.updates.append(ListUpdate(found.account, told, self._state.now))

    def trade(self, market: Market, trade: PublicTrade) -> None:
        """Prints a trade."""
        market.tape.add(trade)
        self.prints.append(TradePrint(market.symbol.name, trade))

    def price(self, market: Market, price: int, quantity: int) -> None:
        """Prints a trade of the house with itself: the last price moves, no balance does."""
        trade_id = market.next_trade_id
        market.next_trade_id += 1
        falls = price < market.tape.last_price
        quote = mul_down(price, quantity)
        self.trade(market, PublicTrade(trade_id, price, quantity, quote, self._state.now, falls, -1))
