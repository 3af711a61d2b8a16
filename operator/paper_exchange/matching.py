"""Execution: orders meet, money moves.

The desk is the only place that changes orders, book and ledger together, so their invariants are its own: an open
order's reservation always covers what is left of it (`settlement`).
"""

from heapq import heappush

from paper_exchange import liquidity, ties
from paper_exchange.book import Level
from paper_exchange.events import ExecutionType
from paper_exchange.list_model import ListOrderStatus, ListStatusType, OrderList
from paper_exchange.model import (
    STOP_TYPES,
    Order,
    OrderStatus,
    OrderType,
    SelfTradePrevention,
    Side,
    TimeInForce,
    Trade,
)
from paper_exchange.reports import Reports
from paper_exchange.rows import PublicTrade
from paper_exchange.settlement import reservation, settle, with_fee
from paper_exchange.state import Market, State, reserved_asset
from paper_exchange.units import mul_down


class Desk:
    """Executes orders of one venue; `reports` collects what the command at hand leads to."""

    __slots__ = ("_state", "reports")

    def __init__(self, state: State) -> None:
        self._state = state
        self.reports = Reports(state)

    # --- the life of an order

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
        if not order.is_working:
            market.triggers.add(order)
        self.reports.order(market, order, ExecutionType.NEW)

    def execute(self, market: Market, order: Order) -> list[Trade]:
        """Match a working order, then let it rest or expire, as its type and time in force say."""
        fills: list[Trade] = []
        if order.time_in_force is TimeInForce.FOK and not self._all_fillable(market, order):
            self.close(market, order, OrderStatus.EXPIRED, ExecutionType.EXPIRED)
            return fills
        if order.quote_quantity:
            self._match_quote(market, order, fills)
        else:
            self._match(market, order, fills)
        if not order.is_open:
            return fills
        if not order.price or order.time_in_force is not TimeInForce.GTC:
            self.close(market, order, OrderStatus.EXPIRED, ExecutionType.EXPIRED)
        else:
            market.book.side(order.side).add(order)
        return fills

    def cancel(self, market: Market, order: Order, cancel_client_id: str) -> None:
        """Cancel an open order on its owner's behalf."""
        self._leave_book(market, order)
        self.close(market, order, OrderStatus.CANCELED, ExecutionType.CANCELED, cancel_client_id)

    def expire(self, market: Market, order: Order) -> None:
        """End an open order whose time is over."""
        self._leave_book(market, order)
        self.close(market, order, OrderStatus.EXPIRED, ExecutionType.EXPIRED)

    def amend(self, market: Market, order: Order, *, quantity: int, price: int, stop_price: int) -> list[Trade]:
        """Change a checked order; returns what it executes at once. Only a smaller quantity keeps its place."""
        if order.is_working and price == order.price and quantity <= order.quantity:
            market.book.side(order.side).reduce(order, order.quantity - quantity)
            self._change(market, order, quantity, price, order.stop_price)
            self.reports.order(market, order, ExecutionType.REPLACED)
            return []
        self._leave_book(market, order)
        self._change(market, order, quantity, price, stop_price)
        self.reports.order(market, order, ExecutionType.REPLACED)
        if order.is_working:
            return self.execute(market, order)
        market.triggers.add(order)
        return []

    def reduce(self, market: Market, order: Order, quantity: int, client_order_id: str) -> int:
        """Take a checked order's quantity down in its place and name it anew; returns the execution id."""
        before = order.client_order_id
        if order.is_working:
            market.book.side(order.side).reduce(order, order.quantity - quantity)
        self._state.rename(order, client_order_id)
        execution_id = market.next_execution_id
        self._change(market, order, quantity, order.price, order.stop_price)
        self.reports.order(market, order, ExecutionType.REPLACED, ids=(client_order_id, before))
        return execution_id

    def _change(self, market: Market, order: Order, quantity: int, price: int, stop_price: int) -> None:
        state = self._state
        if order.side is Side.BUY:
            state.holding(order.account, order.symbol).buying += quantity - order.quantity
        order.quantity, order.price, order.stop_price, order.update_time = quantity, price, stop_price, state.now
        asset = reserved_asset(market.symbol, order.side)
        more = reservation(order) - order.reserved
        order.reserved += more
        state.ledger.lock(order.account, asset, more)

    def close(
        self,
        market: Market,
        order: Order,
        status: OrderStatus,
        execution: ExecutionType | None,
        cancel_client_id: str | None = None,
    ) -> None:
        """End an order that is not (or no longer) on the book: release what is locked, report it.

        `execution` None leaves the report to the caller: the last trade of a filled order tells its end.
        """
        state = self._state
        order.status, order.update_time = status, state.now
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
        if execution:
            ids = None if cancel_client_id is None else (cancel_client_id, order.client_order_id)
            self.reports.order(market, order, execution, ids=ids)
        self._end_list(market, order, status, execution or ExecutionType.EXPIRED, cancel_client_id)

    def _end_list(
        self, market: Market, order: Order, status: OrderStatus, execution: ExecutionType, cancel_client_id: str | None
    ) -> None:
        """An order that ended without having worked takes the other one of its list along."""
        found = ties.list_of(self._state, order)
        if found is None:
            return
        other = ties.partner(self._state, order)
        ties.untie(self._state, order)
        if other is not None:
            self._leave_book(market, other)
            self.close(market, other, status, execution, cancel_client_id)
        elif not ties.open_orders(self._state, found):
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
        self._leave_book(market, other)
        self.close(market, other, OrderStatus.EXPIRED, ExecutionType.EXPIRED)

    def _leave_book(self, market: Market, order: Order) -> None:
        if order.is_working:
            market.book.side(order.side).remove(order)
        elif order in market.triggers:
            market.triggers.remove(order)

    # --- orders that wait for a price

    def run_triggers(self, market: Market) -> None:
        """Fire the orders that the trades of this command have reached, and those that their trades reach in turn.

        Each trade is shown to them in turn, because a trailing order fires on the way from one to the next. Every order
        fires at most once, so this ends.
        """
        seen = 0
        while len(market.triggers) and seen < len(self.reports.prints):
            prices = [print_.trade.price for print_ in self.reports.prints[seen:]]
            seen = len(self.reports.prints)
            fired = [order for price in prices for order in market.triggers.fire(price, self._state.now)]
            for order in fired:
                self._activate(market, order)

    def _activate(self, market: Market, order: Order) -> None:
        """Put a waiting order to work. One without a limit pays from the free balance, or is refused for lack of it."""
        state = self._state
        if not order.is_open:
            # The other order of its list was reached in the same command, and was first.
            return
        self._begin_work(market, order)
        if not order.price:
            asset = reserved_asset(market.symbol, order.side)
            state.ledger.spend(order.account, asset, released=order.reserved, paid=0)
            order.reserved = 0
            if not self._is_affordable(market, order):
                self.close(market, order, OrderStatus.EXPIRED, ExecutionType.EXPIRED)
                return
        order.is_working, order.working_time, order.update_time = True, state.now, state.now
        self.reports.order(market, order, ExecutionType.NEW)
        self.execute(market, order)

    def _is_affordable(self, market: Market, order: Order) -> bool:
        if order.side is Side.SELL:
            return True
        found = liquidity.offers(market.book.asks, order.account, order.prevention)
        cost = with_fee(liquidity.cost(found, order.remaining), order.fee_rate)
        return cost <= self._state.ledger.free(order.account, market.symbol.quote)

    # --- matching

    def _all_fillable(self, market: Market, order: Order) -> bool:
        worst = (order.side, order.price) if order.price else None
        found = liquidity.offers(market.book.opposite(order.side), order.account, order.prevention, worst)
        return liquidity.fillable(found, order.remaining)

    def _match(self, market: Market, order: Order, fills: list[Trade]) -> None:
        opposite = market.book.opposite(order.side)
        limit = order.price
        while order.is_open and order.remaining:
            level = opposite.best()
            if level is None or (limit and not liquidity.within(order.side, limit, level.price)):
                return
            resting = level.oldest
            if not self._prevented(market, order, resting):
                fills.append(self._trade(market, order, resting, min(order.remaining, resting.remaining)))

    def _match_quote(self, market: Market, order: Order, fills: list[Trade]) -> None:
        """Execute a quote amount: the order's quantity grows with what it gets."""
        opposite = market.book.opposite(order.side)
        step = market.symbol.step_size
        level: Level | None
        while order.is_open and (level := opposite.best()):
            resting = level.oldest
            if self._prevented(market, order, resting):
                continue
            left = order.quote_quantity - order.executed_quote
            wanted = liquidity.affordable(left, level.price, step)
            if not wanted:
                if order.executed:
                    self.close(market, order, OrderStatus.FILLED, None)
                return
            quantity = min(wanted, resting.remaining)
            self._resize(order, order.executed + quantity)
            left -= mul_down(level.price, quantity)
            goes_on = bool(liquidity.affordable(left, level.price, step))
            fills.append(self._trade(market, order, resting, quantity, goes_on=goes_on))

    def _resize(self, order: Order, quantity: int) -> None:
        if order.side is Side.BUY:
            self._state.holding(order.account, order.symbol).buying += quantity - order.quantity
        order.quantity = quantity

    def _prevented(self, market: Market, taker: Order, maker: Order) -> bool:
        """Keep an account from trading with itself, as the taker's mode says."""
        mode = taker.prevention
        if taker.account != maker.account or mode is SelfTradePrevention.NONE:
            return False
        prevented = min(taker.remaining, maker.remaining)
        if mode is not SelfTradePrevention.EXPIRE_TAKER:
            maker.prevented += prevented
            self._leave_book(market, maker)
            self.close(market, maker, OrderStatus.EXPIRED_IN_MATCH, ExecutionType.TRADE_PREVENTION)
        if mode is not SelfTradePrevention.EXPIRE_MAKER:
            taker.prevented += prevented
            self.close(market, taker, OrderStatus.EXPIRED_IN_MATCH, ExecutionType.TRADE_PREVENTION)
        return True

    def _trade(self, market: Market, taker: Order, maker: Order, quantity: int, *, goes_on: bool = False) -> Trade:
        """Execute a quantity between two orders; `goes_on` says that the taker wants more than its quantity shows."""
        price = maker.price
        public = PublicTrade(
            market.next_trade_id,
            price,
            quantity,
            mul_down(price, quantity),
            self._state.now,
            maker.side is Side.BUY,
            taker.order_id,
        )
        market.next_trade_id += 1
        self.reports.trade(market, public)
        self._begin_work(market, maker)
        market.book.side(maker.side).reduce(maker, quantity)
        taken = settle(self._state, market.symbol, taker, public, is_maker=False)
        made = settle(self._state, market.symbol, maker, public, is_maker=True)
        self._advance(market, taker, taken, goes_on=goes_on)
        self._advance(market, maker, made, goes_on=False)
        return taken

    def _advance(self, market: Market, order: Order, trade: Trade, *, goes_on: bool) -> None:
        """Move an order on after a trade and report it."""
        order.update_time = self._state.now
        if order.remaining or goes_on:
            order.status = OrderStatus.PARTIALLY_FILLED
        else:
            if trade.is_maker:
                self._leave_book(market, order)
            self.close(market, order, OrderStatus.FILLED, None)
        if not self._state.accounts[order.account].house:
            self._state.holding(order.account, order.symbol).trades.append(trade)
            self.reports.order(market, order, ExecutionType.TRADE, trade)
