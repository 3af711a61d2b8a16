"""Everything that can be asked about the venue without changing it.

Answers are immediate: no read changes the state, so none can disturb a replay. Orders handed out are the engine's own:
render them before the next command, or `copy()` them.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

from paper_exchange.book import BookSide
from paper_exchange.list_model import OrderList
from paper_exchange.model import Account, Amendment, ApiKey, Balance, Fees, Order, OrderStatus, Trade
from paper_exchange.refusals import NO_SUCH_LIST, NO_SUCH_ORDER, ORDER_ARCHIVED, Refusal
from paper_exchange.rows import LATEST, AggregateTrade, AveragePrice, BookTicker, Depth, Kline, Page, PublicTrade, Stats
from paper_exchange.state import Holding, State
from paper_exchange.symbols import Symbol, SymbolStatus

DAY = 24 * 60 * 60 * 1000
ARCHIVE_AFTER = 90 * DAY
"""An order that ended without an execution can be read for this long (-2026)."""

_Row = TypeVar("_Row")


class Reads:
    """The read side of the engine. Unknown symbols raise `KeyError`: ask `symbol` first."""

    def __init__(self, state: State) -> None:
        self._state = state

    # --- the venue

    @property
    def now(self) -> int:
        """Time of the latest command, in milliseconds."""
        return self._state.now

    @property
    def next_expiry(self) -> int | None:
        """When the next order that is good till a date may end, in milliseconds; None when there is none."""
        return self._state.expiries[0][0] if self._state.expiries else None

    def symbols(self) -> tuple[Symbol, ...]:
        """All listed symbols, in the order of listing."""
        return tuple(market.symbol for market in self._state.markets.values())

    def symbol(self, name: str) -> Symbol | None:
        """A symbol's rules, None when it is not listed (-1121)."""
        market = self._state.markets.get(name)
        return market.symbol if market else None

    def status(self, symbol: str) -> SymbolStatus:
        """Whether the symbol trades."""
        return self._state.markets[symbol].status

    # --- accounts

    def accounts(self) -> tuple[Account, ...]:
        """All accounts, the venue's own included."""
        return tuple(self._state.accounts.values())

    def account(self, name: str) -> Account | None:
        """An account's settings."""
        return self._state.accounts.get(name)

    def api_key(self, key: str) -> ApiKey | None:
        """Whose key this is, None when it is unknown or revoked."""
        return self._state.keys.get(key)

    def api_keys(self) -> tuple[ApiKey, ...]:
        """All keys that are valid."""
        return tuple(self._state.keys.values())

    def balances(self, account: str) -> dict[str, Balance]:
        """Free and locked by asset, including assets that are used up."""
        return self._state.ledger.balances(account)

    def fees(self, account: str, symbol: str) -> Fees:
        """The rates that apply to the account in the symbol."""
        return self._state.fees(account, symbol)

    def audit(self) -> tuple[str, ...]:
        """Broken invariants of the books; empty when all is well."""
        return tuple(self._state.ledger.audit())

    # --- orders of an account

    def order(
        self,
        account: str,
        symbol: str,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
        now: int,
    ) -> Order | Refusal:
        """One order (`GET order`).

        By client id the latest order with that id is meant: an id may be used again once its order is closed. With both
        given, both must name the same order.

        Returns:
            The order, or the refusal -2013 (unknown) or -2026 (archived).
        """
        order = find_order(self._holding(account, symbol), order_id, client_order_id)
        if order is None:
            return NO_SUCH_ORDER
        return ORDER_ARCHIVED if _is_archived(order, now) else order

    def open_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """Orders that can still be executed, oldest first within each symbol."""
        holdings = self._state.holdings.get(account, {})
        chosen = holdings.values() if symbol is None else [self._holding(account, symbol)]
        return [order for holding in chosen for order in holding.open.values()]

    def all_orders(
        self,
        account: str,
        symbol: str,
        page: Page = LATEST,
        *,
        now: int,
    ) -> list[Order]:
        """Orders in every state (`allOrders`), ascending by id."""
        orders = self._holding(account, symbol).orders
        if page.from_id is not None:
            orders = orders[bisect_left(orders, page.from_id, key=lambda order: order.order_id) :]
        kept = [order for order in _between(orders, page.start, page.end) if not _is_archived(order, now)]
        return _cut(kept, page)

    def trades(
        self,
        account: str,
        symbol: str,
        page: Page = LATEST,
        *,
        order_id: int | None = None,
    ) -> list[Trade]:
        """The account's trades (`myTrades`), ascending by id, of one order if it is named."""
        holding = self._holding(account, symbol)
        trades = holding.trades
        if order_id is not None:
            order = find_order(holding, order_id, None)
            if order is None:
                return []
            within = _between(trades, order.time, order.update_time)
            trades = [trade for trade in within if trade.order_id == order_id]
        if page.from_id is not None:
            trades = trades[bisect_left(trades, page.from_id, key=lambda trade: trade.trade_id) :]
        return _cut(_between(trades, page.start, page.end), page)

    def order_list(self, account: str, list_id: int | None, client_order_id: str | None) -> OrderList | Refusal:
        """One list (`GET orderList`), by client id the latest with that id; -2018 when there is none."""
        found = find_list(self._state, account, list_id, client_order_id)
        return NO_SUCH_LIST if found is None else found

    def order_lists(self, account: str) -> list[OrderList]:
        """All lists of an account, oldest first (`allOrderList`)."""
        return [found for found in self._state.lists.values() if found.account == account]

    def amendments(self, account: str, symbol: str, order_id: int) -> list[Amendment]:
        """How an order's quantity was changed in its place (`order/amendments`), oldest first."""
        return list(self._holding(account, symbol).amendments.get(order_id, ()))

    def _holding(self, account: str, symbol: str) -> Holding:
        return self._state.peek(account, symbol)

    # --- market data

    def last_price(self, symbol: str) -> int:
        """Price of the last trade, 0 before the first."""
        return self._state.markets[symbol].tape.last_price

    def ticker(self, symbol: str) -> BookTicker:
        """Best bid and ask (`ticker/bookTicker`)."""
        return self._state.markets[symbol].book.ticker()

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """The best levels of both sides."""
        book = self._state.markets[symbol].book
        return Depth(book.update_id, _levels(book.bids, limit), _levels(book.asks, limit))

    def public_trades(self, symbol: str, page: Page = LATEST) -> list[PublicTrade]:
        """Recent trades, ascending by id (`trades`, `historicalTrades`)."""
        rows = self._state.markets[symbol].tape.trades
        return _cut([row for row in rows if _is_on(page, row.trade_id, row.time)], page)

    def aggregate_trades(self, symbol: str, page: Page = LATEST) -> list[AggregateTrade]:
        """Recent trades joined by taker order and price (`aggTrades`), ascending by id."""
        rows = self._state.markets[symbol].tape.aggregates
        return _cut([row for row in rows if _is_on(page, row.aggregate_id, row.time)], page)

    def aggregate_of(self, symbol: str, trade_id: int) -> AggregateTrade | None:
        """The aggregate that contains a recent trade."""
        rows = reversed(self._state.markets[symbol].tape.aggregates)
        return next((row for row in rows if row.first_trade_id <= trade_id <= row.last_trade_id), None)

    def klines(self, symbol: str, interval: str, page: Page = LATEST, *, now: int) -> list[Kline]:
        """Candles, oldest first. `interval` is one of `klines.INTERVALS`."""
        return self._state.markets[symbol].tape.klines(interval, now, page)

    def stats(self, symbol: str, *, now: int, span: int = DAY) -> Stats:
        """Rolling figures over the last `span` milliseconds (`ticker/24hr`)."""
        return self._state.markets[symbol].tape.stats(now, span)

    def average_price(self, symbol: str, *, now: int) -> AveragePrice:
        """What the filters measure prices against (`avgPrice`)."""
        return self._state.markets[symbol].tape.average(now)


def find_list(state: State, account: str, list_id: int | None, client_order_id: str | None) -> OrderList | None:
    """The list that the ids name. With both, the list of `list_id` must carry `client_order_id`."""
    if list_id is not None:
        found = state.lists.get(list_id)
        mine = found is not None and found.account == account and client_order_id in {None, found.client_order_id}
        return found if mine else None
    named = [
        found for found in state.lists.values() if (found.account, found.client_order_id) == (account, client_order_id)
    ]
    return named[-1] if named else None


def find_order(holding: Holding, order_id: int | None, client_order_id: str | None) -> Order | None:
    """The order that the ids name. With both, the order of `order_id` must carry `client_order_id`."""
    if order_id is None:
        return holding.by_client_id.get(client_order_id) if client_order_id is not None else None
    orders = holding.orders
    place = bisect_left(orders, order_id, key=lambda order: order.order_id)
    if place == len(orders) or orders[place].order_id != order_id:
        return None
    order = orders[place]
    return order if client_order_id in {None, order.client_order_id} else None


def _is_archived(order: Order, now: int) -> bool:
    ended = order.status in {OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH}
    return ended and order.executed == 0 and now - order.update_time > ARCHIVE_AFTER


_Timed = TypeVar("_Timed", Order, Trade)


def _between(rows: Sequence[_Timed], start: int | None, end: int | None) -> list[_Timed]:
    """Rows in a span of time; they are in order of time because venue time never runs backwards."""
    first = 0 if start is None else bisect_left(rows, start, key=_time)
    last = len(rows) if end is None else bisect_left(rows, end + 1, key=_time)
    return list(rows[first:last])


def _time(row: Order | Trade) -> int:
    return row.time


def _is_on(page: Page, row_id: int, time: int) -> bool:
    return (
        (page.from_id is None or row_id >= page.from_id)
        and (page.start is None or time >= page.start)
        and (page.end is None or time <= page.end)
    )


def _cut(rows: list[_Row], page: Page) -> list[_Row]:
    return rows[: page.limit] if page.is_forward else rows[-page.limit :]


def _levels(side: BookSide, limit: int) -> tuple[tuple[int, int], ...]:
    return tuple((level.price, level.quantity) for level in islice(side, limit))
