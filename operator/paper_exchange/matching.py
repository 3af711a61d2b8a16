"""Execution: orders meet, money moves.

The desk is the only place that changes orders, book and ledger together, so their invariants are its own: an open
order's reservation always covers what is left of it (`settlement`).
"""

from paper_exchange import liquidity, ties
from paper_exchange.book import Level
from paper_exchange.ending import EXPIRED, FILLED, PREVENTED
from paper_exchange.events import ExecutionType
from paper_exchange.model import (
    Order,
    OrderStatus,
    SelfTradePrevention,
    Side,
    TimeInForce,
    Trade,
)
from paper_exchange.order_life import OrderLife
from paper_exchange.rows import PublicTrade
from paper_exchange.settlement import settle, with_fee
from paper_exchange.state import Market, reserved_asset
from paper_exchange.units import mul_down


class Desk(OrderLife):
    """Executes orders of one venue; `reports` collects what the command at hand leads to."""

    __slots__ = ()

    def execute(self, market: Market, order: Order) -> list[Trade]:
        """Match a working order, then let it rest or expire, as its type and time in force say."""
        fills: list[Trade] = []
        if order.time_in_force is TimeInForce.FOK and not self._all_fillable(market, order):
            self.close(market, order, EXPIRED)
            return fills
        if order.quote_quantity:
            self._match_quote(market, order, fills)
        else:
            self._match(market, order, fills)
        if not order.is_open:
            return fills
        if not order.price or order.time_in_force is not TimeInForce.GTC:
            self.close(market, order, EXPIRED)
        else:
            market.book.side(order.side).add(order)
        return fills

    def amend(self, market: Market, order: Order, *, quantity: int, price: int, stop_price: int) -> list[Trade]:
        """Change a checked order; returns what it executes at once. Only a smaller quantity keeps its place."""
        if order.is_working and price == order.price and quantity <= order.quantity:
            market.book.side(order.side).reduce(order, order.quantity - quantity)
            self._change(market, order, quantity, price, order.stop_price)
            self.reports.order(order, ExecutionType.REPLACED)
            return []
        self._leave_book(market, order)
        self._change(market, order, quantity, price, stop_price)
        self.reports.order(order, ExecutionType.REPLACED)
        if order.is_working:
            return self.execute(market, order)
        market.triggers.add(order)
        return []

    # --- orders that wait for a price

    def run_triggers(self, market: Market, seen: int = 0) -> int:
        """Fire the orders that the trades of this command have reached, and those that their trades reach in turn.

        Each trade is shown to them in turn, because a trailing order fires on the way from one to the next. Every order
        fires at most once, so this ends.

        Args:
            market: Where the trades were.
            seen: How many of them have been shown already.

        Returns:
            How many have been shown now: all.
        """
        while len(market.triggers) and seen < len(self.reports.prints):
            prices = [print_.trade.price for print_ in self.reports.prints[seen:]]
            seen = len(self.reports.prints)
            fired = [order for price in prices for order in market.triggers.fire(price, self._state.now)]
            for order in fired:
                self._activate(market, order)
        return len(self.reports.prints)

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
                self.close(market, order, EXPIRED)
                return
        order.is_working, order.working_time, order.update_time = True, state.now, state.now
        self.reports.order(order, ExecutionType.NEW)
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
                    self.close(market, order, FILLED)
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
            self.close(market, maker, PREVENTED)
        if mode is not SelfTradePrevention.EXPIRE_MAKER:
            taker.prevented += prevented
            self.close(market, taker, PREVENTED)
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
        for order, trade in ((taker, taken), (maker, made)):
            ties.set_aside(self._state, market, order, trade)
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
            self.close(market, order, FILLED)
        if not self._state.accounts[order.account].house:
            self._state.holding(order.account, order.symbol).trades.append(trade)
            self.reports.order(order, ExecutionType.TRADE, trade)
        if order.status is OrderStatus.FILLED:
            self._end_list(market, order, FILLED)
