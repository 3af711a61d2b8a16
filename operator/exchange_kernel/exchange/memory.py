"""An exchange in memory, for the tests of everything above the port.

It keeps to the same contract as the real adapter (`tests/contract/exchange`) and matches just enough: market orders and
crossing limits fill at the reference price, others rest until `fill` is called. Deterministic: ids count up, time is
the caller's clock. Faults are queued per operation and happen once each, in order.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from exchange_kernel.core.outcomes import (
    AmendOutcome,
    AmendRefused,
    AmendUnknown,
    CancelOutcome,
    CreateOutcome,
    OutcomeUnknown,
    Refused,
)
from exchange_kernel.core.requests import AmendRequest, ListRequest, OrderRequest
from exchange_kernel.core.venue import Absent, Balance, Found, OpenOrders, Trade, VenueOrder, VenueStatus
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.exchange.classify import amend_not_sent, gate_closed
from exchange_kernel.exchange.hints import Hint
from exchange_kernel.exchange.memory_book import MemoryBook
from exchange_kernel.exchange.memory_setup import BTC_USDT, MEMORY_RULES, Fault, LostAnswer, LostRequest, Raises
from exchange_kernel.exchange.port import (
    AccountIdentity,
    ClockReading,
    ListOutcome,
    ReadError,
    SendGate,
    StreamEnded,
    of_each,
)


class MemoryExchange:
    """Implements `Exchange` without a network.

    Args:
        markets: The markets that it has.
        price: The last price of every symbol.
        rules: What it pretends to be.
        monotonic: Clock of `started_at`, in seconds.
        now: Wall clock of the venue.
    """

    def __init__(
        self,
        markets: Mapping[str, Market] | None = None,
        *,
        price: Decimal = Decimal(50000),
        rules: VenueRules = MEMORY_RULES,
        monotonic: Callable[[], float] = lambda: 0.0,
        now: Callable[[], datetime] = lambda: datetime(2026, 1, 1, tzinfo=UTC),
    ) -> None:
        self._markets = dict(markets) if markets is not None else {BTC_USDT.symbol: BTC_USDT}
        self._rules, self._monotonic = rules, monotonic
        self.book = MemoryBook(self._markets, price, rules, now)
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.balances: tuple[Balance, ...] = ()
        self.identity = AccountIdentity(venue_account_id="memory-1", can_trade=True)
        self.calls: list[str] = []
        self.closed = False
        self.streams = False
        self._listeners: dict[asyncio.Future[str], Callable[[Hint], None]] = {}

    # --- what a test says ---------------------------------------------------------------------------------------

    def fail_next(self, operation: str, fault: Fault) -> None:
        """Queue a fault for the next call of an operation (a method's name)."""
        self._faults[operation].append(fault)

    def fill(self, exchange_order_id: str, quantity: Decimal) -> VenueOrder:
        """Fill a working order, at its price or the last one."""
        return self.book.fill(exchange_order_id, quantity)

    def end(self, exchange_order_id: str, status: VenueStatus) -> VenueOrder:
        """End an order from the venue's side (canceled by hand, expired)."""
        return self.book.end(exchange_order_id, status)

    def tell(self, order: VenueOrder) -> None:
        """Send an event of the order stream to whoever listens."""
        hint = Hint(
            order.symbol, order.exchange_order_id, order.client_order_id, order.filled, final=order.status.is_final
        )
        for heard in tuple(self._listeners.values()):
            heard(hint)

    def end_streams(self, why: str) -> None:
        """End every order stream."""
        for ended in tuple(self._listeners):
            ended.set_result(why)

    @property
    def price(self) -> Decimal:
        """The last price of every symbol."""
        return self.book.price

    @price.setter
    def price(self, price: Decimal) -> None:
        self.book.price = price

    @property
    def orders(self) -> tuple[VenueOrder, ...]:
        """Every order that ever reached the venue, oldest first."""
        return tuple(entry.order for entry in self.book.entries.values())

    # --- the stream ---------------------------------------------------------------------------------------------

    async def listen(self, heard: Callable[[Hint], None], live: Callable[[], None]) -> None:
        """Until `end_streams`."""
        self._begin("listen")
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._listeners[ended] = heard
        live()
        try:
            raise StreamEnded(await ended)
        finally:
            del self._listeners[ended]

    # --- the port -----------------------------------------------------------------------------------------------

    @property
    def rules(self) -> VenueRules:
        """What the venue profile guarantees."""
        return self._rules

    async def load_markets(self) -> Mapping[str, Market]:
        """All markets."""
        self._begin("load_markets")
        return dict(self._markets)

    async def identify(self) -> AccountIdentity:
        """Who we are."""
        self._begin("identify")
        return self.identity

    async def read_clock(self) -> ClockReading:
        """No skew."""
        self._begin("read_clock")
        return ClockReading(skew_seconds=0.0, round_trip_seconds=0.0)

    async def fetch_balances(self) -> tuple[Balance, ...]:
        """What the test set."""
        self._begin("fetch_balances")
        return tuple(balance for balance in self.balances if balance.total > 0)

    async def create_order(self, request: OrderRequest, gate: SendGate) -> CreateOutcome:
        """Match one order, once."""
        fault = self._next_fault("create_order")
        answer = gate()
        if answer is not None:
            return gate_closed(answer)
        if isinstance(fault, LostRequest):
            return OutcomeUnknown("the request was lost")
        if isinstance(fault, Refused):
            return fault
        outcome = self.book.place(request)
        return OutcomeUnknown("the answer was lost") if isinstance(fault, LostAnswer) else outcome

    async def create_list(self, request: ListRequest, gate: SendGate) -> ListOutcome:
        """Place orders that are tied together, once."""
        fault = self._next_fault("create_list")
        return of_each(request, self._place_list(request, gate, fault))

    def _place_list(self, request: ListRequest, gate: SendGate, fault: Fault | None) -> CreateOutcome | ListOutcome:
        oco, entry = self._rules.oco, request.entry
        known = oco is not None and request.stop.type in oco.stops and request.target.type in oco.targets
        if oco is not None and entry is not None:
            known = known and (entry.side, entry.type, entry.time_in_force) in oco.entries
        if not known:
            return Refused("InvalidRequest", "no such list is among the rules")
        answer = gate()
        if answer is not None:
            return gate_closed(answer)
        if isinstance(fault, LostRequest):
            return OutcomeUnknown("the request was lost")
        if isinstance(fault, Refused):
            return fault
        outcomes = self.book.place_list(request)
        return OutcomeUnknown("the answer was lost") if isinstance(fault, LostAnswer) else outcomes

    async def amend_order(self, request: AmendRequest, gate: SendGate) -> AmendOutcome:
        """Change a working order in place, once."""
        fault = self._next_fault("amend_order")
        entry = self.book.entries.get(request.exchange_order_id)
        unlisted = self.book.unlisted(request, entry)
        if unlisted:
            return AmendRefused("InvalidRequest", f"{request.type} orders are not amended like this: {unlisted}")
        answer = gate()
        if answer is not None:
            return amend_not_sent(gate_closed(answer))
        if isinstance(fault, LostRequest):
            return AmendUnknown("the request was lost")
        if isinstance(fault, Refused):
            return AmendRefused(fault.code, fault.message)
        outcome = self.book.amend(request, entry)
        return AmendUnknown("the answer was lost") if isinstance(fault, LostAnswer) else outcome

    async def cancel_order(self, symbol: str, exchange_order_id: str | None, client_order_id: str) -> CancelOutcome:
        """Cancel a working order."""
        fault = self._begin("cancel_order")
        if isinstance(fault, LostRequest):
            return CancelOutcome.UNKNOWN
        entry = self.book.entries.get(exchange_order_id or "") or self.book.latest(symbol, client_order_id)
        if entry is None or entry.order.symbol != symbol or entry.order.status.is_final:
            return CancelOutcome.NOT_FOUND
        self.end(entry.order.exchange_order_id, VenueStatus.CANCELED)
        return CancelOutcome.UNKNOWN if isinstance(fault, LostAnswer) else CancelOutcome.ACCEPTED

    async def look_up(self, symbol: str, client_order_id: str) -> Found | Absent:
        """The latest order under a client id."""
        self._begin("look_up")
        entry = self.book.latest(symbol, client_order_id)
        return Absent(self._monotonic(), complete=False) if entry is None else Found(_bare(entry.order))

    async def prove_absence(
        self, symbol: str, client_order_id: str, since: datetime, list_client_order_id: str | None = None
    ) -> Found | Absent:
        """The latest order under a client id that was placed since."""
        del list_client_order_id  # the book is asked for the order itself, and never lags
        self._begin("prove_absence")
        entry = self.book.latest(symbol, client_order_id)
        if entry is None or entry.placed_at < since:
            return Absent(self._monotonic(), complete=True)
        return Found(_bare(entry.order))

    async def fetch_order(self, symbol: str, exchange_order_id: str) -> VenueOrder | None:
        """One order by the venue's id."""
        self._begin("fetch_order")
        entry = self.book.entries.get(exchange_order_id)
        return _bare(entry.order) if entry is not None and entry.order.symbol == symbol else None

    async def fetch_open_orders(self) -> OpenOrders:
        """All working orders."""
        self._begin("fetch_open_orders")
        working = tuple(_bare(order) for order in self.orders if not order.status.is_final)
        return OpenOrders(self._monotonic(), working, {order.client_order_id: order for order in working})

    async def fetch_trades(self, symbol: str, exchange_order_id: str) -> tuple[Trade, ...]:
        """All fills of one order."""
        self._begin("fetch_trades")
        entry = self.book.entries.get(exchange_order_id)
        return entry.order.trades or () if entry is not None and entry.order.symbol == symbol else ()

    async def reference_price(self, symbol: str) -> Decimal:
        """The last price."""
        self._begin("reference_price")
        if symbol not in self._markets:
            raise ReadError(f"there is no market {symbol}")
        return self.price

    async def close(self) -> None:
        """Nothing to close."""
        self.closed = True

    # --- the engine ---------------------------------------------------------------------------------------------

    def _next_fault(self, operation: str) -> Fault | None:
        self.calls.append(operation)
        queue = self._faults[operation]
        return queue.popleft() if queue else None

    def _begin(self, operation: str) -> Fault | None:
        fault = self._next_fault(operation)
        if isinstance(fault, Raises):
            raise fault.error
        return fault


def _bare(order: VenueOrder) -> VenueOrder:
    """An order as a read shows it: the fills are another question."""
    return replace(order, trades=None)
