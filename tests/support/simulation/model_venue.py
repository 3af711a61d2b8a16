"""The venue: it dedupes only among open orders, is slow, forgets answers, and shows orders late.

A request that was signed at some moment is taken until R later by the venue's clock; the signer's clock may run up to
one second ahead. What was taken works, and is visible, M later at the latest.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from exchange_kernel.core.venue import (
    Absent,
    DuplicateId,
    Found,
    NotPlaced,
    OpenOrders,
    OrderRequest,
    Placed,
    Refused,
    Trade,
    VenueOrder,
    VenueStatus,
)
from support import builders
from support.simulation.scheduler import Scheduler


@dataclass(slots=True)
class _Entry:
    order: VenueOrder
    visible_at: float


@dataclass(slots=True)
class ModelVenue:
    """One account at one venue.

    Attributes:
        lags: How long taking an order, and showing it, may last together; at most M.
        remembers: Whether a look-up by client id finds orders that have ended; the whole set always does.
        on_accept: Called with every order that is accepted.
    """

    scheduler: Scheduler
    lags: tuple[float, ...] = (0.0,)
    remembers: bool = True
    fills: tuple[float | None, ...] = (None,)
    on_accept: Callable[[VenueOrder], None] = lambda order: None
    refuse: float = 0.0
    limited: float = 0.0
    deaf: float = 0.0
    failing: float = 0.0
    entries: list[_Entry] = field(default_factory=list)
    accepted: int = 0

    # --- creates ------------------------------------------------------------------------------------------------

    def create(self, request: OrderRequest, signed_until: float, answer: Callable[[object], None]) -> None:
        """A create request arrives. `signed_until`: true time after which it is refused."""
        if self.scheduler.chance(self.limited):
            answer(NotPlaced("RateLimited", "too many requests", 1.0))
        elif self.scheduler.now > signed_until:
            answer(NotPlaced("ClockSkew", "timestamp outside of the recvWindow"))
        elif self.scheduler.chance(self.refuse):
            answer(Refused("-2010", "insufficient balance"))
        else:
            total = self.scheduler.rng.choice(self.lags)
            engine = total * self.scheduler.rng.choice((0.0, 0.5, 1.0))
            self.scheduler.after(engine, lambda: answer(self._accept(request, total - engine)))

    def _accept(self, request: OrderRequest, lag: float) -> object:
        if any(
            entry.order.client_order_id == request.client_order_id and not entry.order.status.is_final
            for entry in self.entries
        ):
            return DuplicateId("duplicate order sent")
        self.accepted += 1
        order = VenueOrder(
            exchange_order_id=str(1000 + self.accepted),
            client_order_id=request.client_order_id,
            symbol=request.symbol,
            side=request.side,
            status=VenueStatus.OPEN,
            raw_status="NEW",
            filled=Decimal(0),
            quantity=request.quantity,
            price=request.price,
            cost=Decimal(0),
            trades=(),
        )
        entry = _Entry(order, self.scheduler.now + lag)
        self.entries.append(entry)
        self.on_accept(order)
        delay = self.scheduler.rng.choice(self.fills)
        if delay is not None:
            share = self.scheduler.rng.choice((Decimal("0.4"), Decimal(1)))
            self.scheduler.after(delay, lambda: self._fill(entry, share))
        return Placed(entry.order)

    def _fill(self, entry: _Entry, share: Decimal) -> None:
        order = entry.order
        if order.status.is_final or order.quantity is None:
            return
        done = order.quantity * share
        trade = Trade("t1", done, Decimal(50000), done * 50000, Decimal(1), "USDT", builders.WALL)
        status = VenueStatus.FILLED if done == order.quantity else VenueStatus.OPEN
        entry.order = replace(
            order, status=status, raw_status=status.upper(), filled=done, cost=done * 50000, trades=(trade,)
        )

    # --- the rest -----------------------------------------------------------------------------------------------

    @property
    def live(self) -> list[VenueOrder]:
        """The orders that work, in truth."""
        return [entry.order for entry in self.entries if not entry.order.status.is_final]

    def cancel(self, exchange_order_id: str) -> None:
        """Cancel; a venue may acknowledge a cancel and not carry it out."""
        if self.scheduler.chance(self.deaf):
            return
        for entry in self.entries:
            if entry.order.exchange_order_id == exchange_order_id and not entry.order.status.is_final:
                entry.order = replace(entry.order, status=VenueStatus.CANCELED, raw_status="CANCELED")

    def _visible(self) -> list[VenueOrder]:
        return [entry.order for entry in self.entries if entry.visible_at <= self.scheduler.now]

    def look_up(self, client_order_id: str, *, complete: bool, started_at: float) -> Found | Absent | None:
        """The latest order under a client id; None where a query failed."""
        if self.scheduler.chance(self.failing):
            return None
        orders = [
            order
            for order in self._visible()
            if order.client_order_id == client_order_id and (complete or self.remembers or not order.status.is_final)
        ]
        return Found(self._told(orders[-1])) if orders else Absent(started_at, complete)

    def fetch(self, exchange_order_id: str) -> VenueOrder | bool | None:
        """One order; None where it is not known, False where the query failed."""
        if self.scheduler.chance(self.failing):
            return False
        known = [order for order in self._visible() if order.exchange_order_id == exchange_order_id]
        return self._told(known[0]) if known else None

    def open_orders(self, started_at: float) -> OpenOrders | None:
        """The bulk read; None where it failed."""
        if self.scheduler.chance(self.failing):
            return None
        return OpenOrders(started_at, tuple(order for order in self._visible() if not order.status.is_final))

    def trades(self, exchange_order_id: str) -> tuple[Trade, ...]:
        """All fills of an order."""
        for entry in self.entries:
            if entry.order.exchange_order_id == exchange_order_id:
                return entry.order.trades or ()
        return ()

    def _told(self, order: VenueOrder) -> VenueOrder:
        """A read of one order does not list its fills."""
        return replace(order, trades=None) if order.filled else order
