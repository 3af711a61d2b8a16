"""What a look-up sees when the venue's read side lags behind its engine.

A real venue places orders in one system and answers queries from another, so a query can miss an order that was
acknowledged a moment ago, or show it as it was. With a lag set, the order queries answer as of `now - lag`. Without
one (the default) they are the engine's own and this module costs nothing.

Balances and public market data do not lag.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

from paper_exchange.events import Event, ListUpdate, OrderUpdate
from paper_exchange.list_model import OrderList
from paper_exchange.model import Order, Trade
from paper_exchange.reads import Reads
from paper_exchange.refusals import NO_SUCH_LIST, NO_SUCH_ORDER, Refusal
from paper_exchange.rows import LATEST, Page

_KEPT_ORDERS = 20_000
"""Orders whose history is kept while a lag is set; a lag is seconds, so this is ample."""

_Key = tuple[str, str, int]
_Versions = list[tuple[int, Order]]


class Lookups:
    """The order queries, as of `lag_ms` ago."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._lag_ms = 0
        self._versions: OrderedDict[_Key, _Versions] = OrderedDict()
        self._born: set[_Key] = set()
        self._lists: OrderedDict[int, list[tuple[int, OrderList]]] = OrderedDict()

    @property
    def lag_ms(self) -> int:
        """How far the queries are behind, in milliseconds."""
        return self._lag_ms

    @lag_ms.setter
    def lag_ms(self, value: int) -> None:
        """Orders that changed before a lag is set are seen as they are."""
        self._lag_ms = value
        if value == 0:
            self._versions.clear()
            self._born.clear()
            self._lists.clear()

    def record(self, events: Iterable[Event]) -> None:
        """Remembers how orders looked, for as long as a lag is set."""
        if self._lag_ms == 0:
            return
        for event in events:
            if isinstance(event, OrderUpdate):
                self._remember(event)
            elif isinstance(event, ListUpdate):
                self._lists.setdefault(event.order_list.list_id, []).append((event.transact_time, event.order_list))
                if len(self._lists) > _KEPT_ORDERS:
                    self._lists.popitem(last=False)

    def _remember(self, update: OrderUpdate) -> None:
        order = update.order
        key = (order.account, order.symbol, order.order_id)
        if key not in self._versions and order.time == update.transact_time:
            self._born.add(key)
        self._versions.setdefault(key, []).append((update.transact_time, order))
        while len(self._versions) > _KEPT_ORDERS:
            forgotten, _ = self._versions.popitem(last=False)
            self._born.discard(forgotten)

    def order(
        self, account: str, symbol: str, *, order_id: int | None, client_order_id: str | None, now: int
    ) -> Order | Refusal:
        """`GET order`."""
        found = self._reads.order(account, symbol, order_id=order_id, client_order_id=client_order_id, now=now)
        if self._lag_ms == 0 or isinstance(found, Refusal):
            return found
        return self._as_of(found, now) or NO_SUCH_ORDER

    def order_list(
        self, account: str, list_id: int | None, client_order_id: str | None, *, now: int
    ) -> OrderList | Refusal:
        """`GET orderList`."""
        found = self._reads.order_list(account, list_id, client_order_id)
        if isinstance(found, Refusal) or self._lag_ms == 0:
            return found
        return self._list_as_of(found, now) or NO_SUCH_LIST

    def order_lists(self, account: str, *, now: int) -> list[OrderList]:
        """All lists of an account, oldest first."""
        live = self._reads.order_lists(account)
        if self._lag_ms == 0:
            return live
        return [found for found in (self._list_as_of(each, now) for each in live) if found is not None]

    def all_lists(self, account: str, page: Page, *, now: int) -> list[OrderList]:
        """`GET allOrderList`: the times of a page are those of the lists' latest changes."""
        found = [
            each
            for each in self.order_lists(account, now=now)
            if (page.from_id is None or each.list_id >= page.from_id)
            and (page.start is None or each.time >= page.start)
            and (page.end is None or each.time <= page.end)
        ]
        return found[: page.limit] if page.is_forward else found[-page.limit :]

    def _list_as_of(self, found: OrderList, now: int) -> OrderList | None:
        """A list is born with its first order."""
        horizon = now - self._lag_ms
        versions = self._lists.get(found.list_id, [])
        seen = [version for time, version in versions if time <= horizon]
        if seen:
            return seen[-1]
        born = (found.account, found.symbol, found.orders[0][0]) in self._born
        return None if versions and born else found

    def open_orders(self, account: str, symbol: str | None, *, now: int) -> list[Order]:
        """`GET openOrders`."""
        live = self._reads.open_orders(account, symbol)
        if self._lag_ms == 0:
            return live
        candidates = {(order.symbol, order.order_id): order for order in live}
        for (owner, name, order_id), versions in self._versions.items():
            if owner == account and symbol in {None, name}:
                candidates.setdefault((name, order_id), versions[-1][1])
        seen = (self._as_of(candidates[key], now) for key in sorted(candidates))
        return [order for order in seen if order is not None and order.is_open]

    def all_orders(self, account: str, symbol: str, page: Page, *, now: int) -> list[Order]:
        """`GET allOrders`."""
        if self._lag_ms == 0:
            return self._reads.all_orders(account, symbol, page, now=now)
        wide = self._reads.all_orders(account, symbol, _wider(page, len(self._born)), now=now)
        seen = [order for order in (self._as_of(order, now) for order in wide) if order is not None]
        return seen[: page.limit] if page.is_forward else seen[-page.limit :]

    def trades(self, account: str, symbol: str, page: Page = LATEST, *, order_id: int | None, now: int) -> list[Trade]:
        """`GET myTrades`."""
        if self._lag_ms == 0:
            return self._reads.trades(account, symbol, page, order_id=order_id)
        horizon = now - self._lag_ms
        end = horizon if page.end is None else min(page.end, horizon)
        return self._reads.trades(account, symbol, replace(page, end=end), order_id=order_id)

    def _as_of(self, order: Order, now: int) -> Order | None:
        key = (order.account, order.symbol, order.order_id)
        versions = self._versions.get(key)
        if versions is None:
            return order
        horizon = now - self._lag_ms
        seen = [version for time, version in versions if time <= horizon]
        if seen:
            return seen[-1]
        return None if key in self._born else order


def _wider(page: Page, extra: int) -> Page:
    """A page with room for the rows that a lag will take out again."""
    return replace(page, limit=page.limit + extra)
