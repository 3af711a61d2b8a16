"""Reads of a venue through ccxt."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from exchange_kernel.core.venue import Absent, Balance, Found, OpenOrders, Trade, VenueOrder
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.exchange.budget import AnswerSeen
from exchange_kernel.exchange.ccxt_caller import UNREADABLE, Caller, unreadable
from exchange_kernel.exchange.ccxt_client import Access
from exchange_kernel.exchange.port import (
    AccountIdentity,
    ClockReading,
    ReadError,
)
from exchange_kernel.exchange.profiles.parts import Call, History, OrderKey, Row
from exchange_kernel.exchange.venue_clock import Clocks

_LOG = logging.getLogger(__name__)

# The receipt's time is told by the clock of whoever wrote it; an order of ours must not be missed for a skewed clock.
_SINCE_MARGIN_MS = 10 * 60 * 1000
# Rows of a bulk answer that are read before other tasks get their turn (about 1 ms).
_CHUNK = 50


class CcxtReads:
    """The reading half of the adapter: the profile's questions, and their answers as values."""

    def __init__(self, access: Access, clocks: Clocks, report: Callable[[AnswerSeen], None]) -> None:
        self._access, self._profile, self._clocks = access, access.profile, clocks
        self._caller = Caller(access, clocks, report)
        self._market_ids: dict[str, str] = {}
        self._symbols: dict[str, str] = {}
        # The last bulk read, row by row: of ten thousand orders nearly all are as they were, and need no reading.
        self._rows_read: dict[bytes, VenueOrder] = {}

    @property
    def rules(self) -> VenueRules:
        """What the venue profile guarantees."""
        return self._profile.rules

    async def load_markets(self) -> Mapping[str, Market]:
        """Read all markets."""
        loaded = await self._caller.asked(Call("load_markets", (True,)))
        markets: dict[str, Market] = {}
        for symbol, raw in loaded.items():
            market = self._market(raw)
            if market is not None:
                markets[symbol] = market
                self._market_ids[symbol] = raw["id"]
                self._symbols.update(dict.fromkeys(self._profile.market_names(raw), symbol))
        return markets

    def _market(self, raw: Mapping[str, Any]) -> Market | None:
        try:
            return self._profile.read_market(raw)
        except UNREADABLE as error:
            _LOG.warning("market %s is left out, its rules cannot be read: %r", raw.get("symbol"), error)
            return None

    async def _market_id(self, symbol: str) -> str:
        if not self._market_ids:
            await self.load_markets()
        if symbol not in self._market_ids:
            raise ReadError(f"{self._profile.name} has no market {symbol}")
        return self._market_ids[symbol]

    async def identify(self) -> AccountIdentity:
        """Ask the venue who we are."""
        identity = await self._caller.parsed(self._profile.identify(self._caller.asked))
        return identity if identity.venue_account_id else replace(identity, venue_account_id=self._caller.fingerprint)

    async def fetch_balances(self) -> tuple[Balance, ...]:
        """All assets with a total above zero."""
        return await self._caller.parsed(self._profile.balances(self._caller.asked))

    async def reference_price(self, symbol: str) -> Decimal:
        """The last trade's price."""
        market_id = await self._market_id(symbol)
        return await self._caller.parsed(self._profile.last_price(self._caller.asked, market_id))

    async def read_clock(self) -> ClockReading:
        """Compare the clocks, and sign later requests by the venue's."""
        return await self._caller.read_clock()

    async def look_up(self, symbol: str, client_order_id: str) -> Found | Absent:
        """Quick look-up by client order id."""
        key = await self._key(symbol, client_order_id)
        started_at = self._clocks.monotonic()
        order = await self._single(self._profile.find_by_client_id(self._caller.asked, key))
        if order is None:
            return Absent(started_at=started_at, complete=False)
        if order.client_order_id != client_order_id:
            raise ReadError("the venue's answer names another order than the one that was asked for")
        return Found(order)

    async def fetch_order(self, symbol: str, exchange_order_id: str) -> VenueOrder | None:
        """Read one order by the venue's id."""
        key = await self._key(symbol, "", exchange_order_id)
        order = await self._single(self._profile.find_by_id(self._caller.asked, key))
        if order is not None and order.exchange_order_id != exchange_order_id:
            raise ReadError("the venue's answer names another order than the one that was asked for")
        return order

    async def prove_absence(
        self, symbol: str, client_order_id: str, since: datetime, list_client_order_id: str | None = None
    ) -> Found | Absent:
        """Ask everything that the profile demands; times told by other clocks get a margin of ten minutes."""
        market_id = await self._market_id(symbol)
        started_at = self._clocks.monotonic()
        since_ms = int(since.timestamp() * 1000) - _SINCE_MARGIN_MS
        now_ms = self._caller.venue_ms() or int(self._clocks.wall() * 1000)
        history = History(market_id, self._profile.encode(client_order_id), since_ms, now_ms)
        try:
            async with aclosing(self._profile.orders_in_doubt(self._caller.asked, history)) as rows:  # type: ignore[type-var]
                async for raw in rows:
                    order, placed_at = self._order(raw), self._profile.placed_at_ms(raw)
                    if order.client_order_id == client_order_id and (placed_at is None or placed_at >= since_ms):
                        return Found(order)
        except UNREADABLE as error:
            raise unreadable(error) from None
        order_in_list = await self._find_in_list(symbol, client_order_id, list_client_order_id)
        return Absent(started_at=started_at, complete=True) if order_in_list is None else Found(order_in_list)

    async def _find_in_list(self, symbol: str, client_order_id: str, list_id: str | None) -> VenueOrder | None:
        """The order, where the venue has the list that it was sent in."""
        if list_id is None:
            return None
        key = await self._key(symbol, list_id)
        for exchange_order_id in await self._caller.parsed(self._profile.orders_of_list(self._caller.asked, key)):
            order = await self.fetch_order(symbol, exchange_order_id)
            if order is None:
                raise ReadError("the venue has the list, and does not tell of an order in it")
            if order.client_order_id == client_order_id:
                return order
        return None

    async def fetch_open_orders(self) -> OpenOrders:
        """All open orders in one read; other tasks get their turn while a long answer is read."""
        if not self._market_ids:
            await self.load_markets()
        started_at = self._clocks.monotonic()
        orders: list[VenueOrder] = []
        rows_read: dict[bytes, VenueOrder] = {}
        try:
            async with aclosing(self._profile.open_orders(self._caller.asked)) as rows:  # type: ignore[type-var]
                async for row in rows:
                    text = orjson.dumps(row)
                    order = self._rows_read.get(text)
                    rows_read[text] = order = self._order(row) if order is None else order
                    orders.append(order)
                    if len(orders) % _CHUNK == 0:
                        await asyncio.sleep(0)
        except UNREADABLE as error:
            raise unreadable(error) from None
        self._rows_read = rows_read
        ours = {o.client_order_id: o for o in orders if self._profile.decode(o.client_order_id) is not None}
        return OpenOrders(started_at=started_at, orders=tuple(orders), by_client_id=ours)

    async def fetch_trades(self, symbol: str, exchange_order_id: str) -> tuple[Trade, ...]:
        """All fills of one order."""
        key = await self._key(symbol, "", exchange_order_id)
        return await self._caller.parsed(self._profile.trades(self._caller.asked, key))

    async def _key(self, symbol: str, client_order_id: str, exchange_order_id: str | None = None) -> OrderKey:
        return OrderKey(symbol, await self._market_id(symbol), client_order_id, exchange_order_id)

    def _order(self, raw: object) -> VenueOrder:
        """A raw order, with our client ids in canonical form. Raises `UNREADABLE`."""
        if not isinstance(raw, Mapping):
            raise TypeError("the answer is no order")
        market_id = self._profile.market_id_of(raw)
        return self._ours(self._profile.read_order(raw, self._symbols.get(market_id, market_id)))

    def _ours(self, order: VenueOrder) -> VenueOrder:
        canonical = self._profile.decode(order.client_order_id)
        return order if canonical in {None, order.client_order_id} else replace(order, client_order_id=canonical or "")

    async def _single(self, question: Awaitable[Row | None]) -> VenueOrder | None:
        raw = await self._caller.parsed(question)
        try:
            return None if raw is None else self._order(raw)
        except UNREADABLE as error:
            raise unreadable(error) from None
