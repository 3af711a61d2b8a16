"""Reads through a session: each waits its turn by urgency and weight."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from exchange_kernel.core.venue import Absent, Balance, Found, OpenOrders, Trade, VenueOrder
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.exchange.admission import Lane, Priority
from exchange_kernel.exchange.announced import Announced
from exchange_kernel.exchange.port import (
    AccountIdentity,
    ClockReading,
    Exchange,
)
from exchange_kernel.exchange.turns import Turns

_T = TypeVar("_T")


class SessionReads:
    """The reading half of a session. What a decision waits for goes ahead of polls, and polls ahead of bulk reads."""

    def __init__(self, exchange: Exchange, turns: Turns) -> None:
        self._exchange, self._turns = exchange, turns
        self._announced = Announced()

    @property
    def rules(self) -> VenueRules:
        """What the venue profile guarantees."""
        return self._exchange.rules

    @property
    def queue_depth(self) -> int:
        """How many calls wait for their turn."""
        return self._turns.depth

    async def look_up(self, symbol: str, client_order_id: str) -> Found | Absent:
        """Quick look-up by client order id."""
        self._announced.begun(client_order_id, "look_up")
        call = self._exchange.look_up
        return await self._resolve("look_up", lambda: call(symbol, client_order_id))

    async def prove_absence(
        self, symbol: str, client_order_id: str, since: datetime, list_client_order_id: str | None = None
    ) -> Found | Absent:
        """Ask the whole set of queries."""
        call = self._exchange.prove_absence
        return await self._resolve("prove_absence", lambda: call(symbol, client_order_id, since, list_client_order_id))

    async def fetch_order(self, symbol: str, exchange_order_id: str) -> VenueOrder | None:
        """Read one order by the venue's id."""
        call = self._exchange.fetch_order
        return await self._resolve("fetch_order", lambda: call(symbol, exchange_order_id))

    async def reference_price(self, symbol: str) -> Decimal:
        """The last trade's price."""
        call = self._exchange.reference_price
        return await self._resolve("reference_price", lambda: call(symbol))

    async def fetch_trades(self, symbol: str, exchange_order_id: str) -> tuple[Trade, ...]:
        """All fills of one order."""
        call = self._exchange.fetch_trades
        return await self._poll("fetch_trades", lambda: call(symbol, exchange_order_id))

    async def read_clock(self) -> ClockReading:
        """Compare the clocks."""
        return await self._poll("read_clock", self._exchange.read_clock)

    async def identify(self) -> AccountIdentity:
        """Ask the venue who we are."""
        return await self._poll("identify", self._exchange.identify)

    async def fetch_open_orders(self) -> OpenOrders:
        """All open orders in one read."""
        return await self._bulk("fetch_open_orders", self._exchange.fetch_open_orders)

    async def fetch_balances(self) -> tuple[Balance, ...]:
        """All assets with a total above zero."""
        return await self._bulk("fetch_balances", self._exchange.fetch_balances)

    async def load_markets(self) -> Mapping[str, Market]:
        """Read all markets."""
        return await self._bulk("load_markets", self._exchange.load_markets)

    def poll_every(self, seconds: float) -> float:
        """The interval between two reads of the open orders, longer where many accounts share the venue's budget."""
        return self._turns.poll_every("fetch_open_orders", seconds)

    @property
    def may_hurry(self) -> bool:
        """Whether the budget has room for a read of the open orders beside those that are due anyway."""
        return self._turns.may_hurry("fetch_open_orders")

    async def _resolve(self, operation: str, call: Callable[[], Awaitable[_T]]) -> _T:
        """What a decision waits for: never behind creates, which wait for a slow engine."""
        async with self._turns.admitted(operation, Priority.RESOLVE, Lane.LOOK_UPS):
            return await call()

    async def _poll(self, operation: str, call: Callable[[], Awaitable[_T]]) -> _T:
        async with self._turns.admitted(operation, Priority.POLL, Lane.SINGLE_READS):
            return await call()

    async def _bulk(self, operation: str, call: Callable[[], Awaitable[_T]]) -> _T:
        async with self._turns.admitted(operation, Priority.BULK, Lane.BULK_READS):
            return await call()
