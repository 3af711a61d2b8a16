"""The venue: it dedupes only among open orders, is slow, forgets answers, and shows orders late.

A request that was signed at some moment is taken until R later by the venue's clock; the signer's clock may run up to
one second ahead. What was taken works, and is visible, M later at the latest.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import ROUND_UP, Decimal

from exchange_kernel.core.outcomes import (
    Amended,
    AmendNotSent,
    AmendOutcome,
    AmendRefused,
    AmendTooLate,
    DuplicateId,
    NotPlaced,
    Placed,
    Refused,
)
from exchange_kernel.core.requests import AmendChange, AmendRequest, OrderRequest
from exchange_kernel.core.venue import Absent, Found, OpenOrders, Trade, VenueOrder, VenueStatus
from support import builders
from support.simulation.scheduler import Scheduler

ZERO, STEP = Decimal(0), Decimal("0.00001")


@dataclass(slots=True)
class Entry:
    """An order in truth.

    Attributes:
        order: What the venue tells of it.
        visible_at: From when it tells anything.
        late: What of `order.filled` became visible after its cancel.
    """

    order: VenueOrder
    visible_at: float
    late: Decimal = Decimal(0)


@dataclass(slots=True)
class ModelVenue:
    """One account at one venue.

    Attributes:
        lags: How long taking an order, and showing it, may last together; at most M.
        remembers: Whether a look-up by client id finds orders that have ended; the whole set always does.
        on_accept: Called with every order that is accepted, before it is there.
        on_amend: Called with every order that was changed in place.
        amends: Which changes of a Limit order the venue makes in place.
        stubborn: How often it refuses a change for good.
        crossing: How often a fill crosses a cancel, to become visible only after it.
    """

    scheduler: Scheduler
    lags: tuple[float, ...] = (0.0,)
    remembers: bool = True
    fills: tuple[float | None, ...] = (None,)
    on_accept: Callable[[VenueOrder], None] = lambda order: None
    on_amend: Callable[[VenueOrder], None] = lambda order: None
    amends: frozenset[AmendChange] = frozenset()
    stubborn: float = 0.0
    crossing: float = 0.0
    refuse: float = 0.0
    limited: float = 0.0
    deaf: float = 0.0
    failing: float = 0.0
    entries: list[Entry] = field(default_factory=list)
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
        entry = Entry(order, self.scheduler.now + lag)
        self.on_accept(order)
        self.entries.append(entry)
        delay = self.scheduler.rng.choice(self.fills)
        if delay is not None:
            share = self.scheduler.rng.choice((Decimal("0.4"), Decimal(1)))
            self.scheduler.after(delay, lambda: self._fill(entry, share))
        return Placed(entry.order)

    def _fill(self, entry: Entry, share: Decimal) -> None:
        order = entry.order
        if order.status.is_final or order.quantity is None:
            return
        self._trade(entry, share)
        status = VenueStatus.FILLED if entry.order.filled == order.quantity else VenueStatus.OPEN
        entry.order = replace(entry.order, status=status, raw_status=status.upper())

    def _trade(self, entry: Entry, share: Decimal) -> Decimal:
        """Fill a share of what is left, on the market's step."""
        order, known = entry.order, entry.order.trades or ()
        done = ((order.quantity or ZERO) - order.filled) * share
        done = done.quantize(STEP, ROUND_UP)
        name = f"{order.exchange_order_id}-{len(known) + 1}"
        trade = Trade(name, done, Decimal(50000), done * 50000, Decimal(1), "USDT", builders.WALL)
        filled = order.filled + done
        entry.order = replace(order, filled=filled, cost=filled * 50000, trades=(*known, trade))
        return done

    # --- changes ------------------------------------------------------------------------------------------------

    def amend(self, request: AmendRequest, signed_until: float) -> AmendOutcome:
        """Change a working order in place; the quantity is its total."""
        if self.scheduler.now > signed_until:
            return AmendNotSent("ClockSkew", "timestamp outside of the recvWindow")
        entry = next((e for e in self.entries if e.order.exchange_order_id == request.exchange_order_id), None)
        if entry is None or entry.order.status.is_final:
            return AmendTooLate("the order is not working")
        order = entry.order
        wanted = (request.quantity or order.quantity, request.price or order.price)
        if self.scheduler.chance(self.stubborn) or wanted == (order.quantity, order.price):
            return AmendRefused("-2038", "the amend changes nothing, or cannot be made")
        if request.quantity is not None and request.quantity <= order.filled:
            return AmendRefused("-2038", "the new quantity is below what was filled")
        entry.order = replace(order, quantity=wanted[0], price=wanted[1])
        self.on_amend(entry.order)
        return Amended(entry.order)

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
                self._end(entry)

    def _end(self, entry: Entry) -> None:
        entry.order = replace(entry.order, status=VenueStatus.CANCELED, raw_status="CANCELED")
        if self.scheduler.chance(self.crossing):
            share = self.scheduler.rng.choice((Decimal("0.4"), Decimal(1)))
            wait = self.scheduler.rng.choice((0.5, 3.0, builders.M - 0.3))
            self.scheduler.after(wait, lambda: self._late_fill(entry, share))

    def _late_fill(self, entry: Entry, share: Decimal) -> None:
        """What the venue's own clock put before the cancel is told after it."""
        entry.late += self._trade(entry, share)

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
