"""The running venue: engine, journal, clock and whoever wants to hear of events, behind `venue.Venue`."""

from collections.abc import Callable, Sequence

from paper_exchange.clock import Clock, ManualClock, RealClock, SkewedClock
from paper_exchange.commands import Command, PassTime
from paper_exchange.events import Event, ExecutionType, OrderUpdate
from paper_exchange.journal import DurableEngine
from paper_exchange.limits import RateLimiter
from paper_exchange.lookups import Lookups
from paper_exchange.model import STOP_TYPES
from paper_exchange.order_commands import PlaceOrder
from paper_exchange.reads import Reads
from paper_exchange.refusals import Refusal
from paper_exchange.replies import Reply

Listener = Callable[[Sequence[Event], int], None]
"""Is told the events of a command and the venue time, in order, before the command is answered."""


class ControlledClock:
    """Venue time that can be shifted, or stopped and moved by hand."""

    def __init__(self, base: Clock | None = None) -> None:
        self._running = SkewedClock(base or RealClock())
        self._stopped: ManualClock | None = None

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC, as the venue sees them."""
        return (self._stopped or self._running).now_ms()

    @property
    def skew_ms(self) -> int:
        """How far the venue's clock is ahead of its base, in milliseconds."""
        return self._running.offset_ms

    @property
    def is_stopped(self) -> bool:
        """Whether time only moves when it is moved."""
        return self._stopped is not None

    def set_skew(self, milliseconds: int) -> None:
        """Lets the clock run, shifted."""
        self._stopped = None
        self._running.offset_ms = milliseconds

    def stop_at(self, time_ms: int) -> None:
        """Stops the clock at a time."""
        self._stopped = ManualClock(time_ms)

    def advance(self, milliseconds: int) -> None:
        """Moves a stopped clock forward, or shifts a running one further ahead.

        Raises:
            ValueError: The step is negative.
        """
        if self._stopped is not None:
            self._stopped.advance(milliseconds)
        elif milliseconds < 0:
            raise ValueError("a clock advances forward; set its skew to move it back")
        else:
            self._running.offset_ms += milliseconds


class LiveVenue:
    """One engine, one writer."""

    def __init__(self, engine: DurableEngine, clock: ControlledClock, limiter: RateLimiter) -> None:
        self._engine = engine
        self.clock = clock
        self.limiter = limiter
        self.lookups = Lookups(engine.read)
        self.listeners: list[Listener] = [self._count_orders]

    @property
    def reads(self) -> Reads:
        """Everything that does not change the state."""
        return self._engine.read

    def now_ms(self) -> int:
        """Venue time in milliseconds since 1970, UTC."""
        return self.clock.now_ms()

    def check(self, order: PlaceOrder) -> Refusal | None:
        """Judges an order without placing it."""
        return self._engine.check(order, self.clock.now_ms())

    def submit(self, command: Command) -> Reply:
        """Records the command, applies it and publishes what follows from it."""
        now = self.clock.now_ms()
        outcome = self._engine.apply(command, now)
        if outcome.events:
            self.lookups.record(outcome.events)
            for listener in self.listeners:
                listener(outcome.events, now)
        return outcome.reply

    def pass_time(self) -> None:
        """Ends the orders whose date has come; does nothing when there is none."""
        due = self.reads.next_expiry
        if due is not None and due <= self.now_ms():
            self.submit(PassTime())

    def _count_orders(self, events: Sequence[Event], now: int) -> None:
        for event in events:
            if isinstance(event, OrderUpdate):
                if _is_placement(event):
                    self.limiter.count_order(event.account, now)
                else:
                    self.limiter.give_back(event, now)


def _is_placement(update: OrderUpdate) -> bool:
    """Whether an order has entered the venue. One that waited, for a price or for another order, is NEW once more."""
    order = update.order
    waited = (order.type in STOP_TYPES and order.is_working) or (order.came_pending and not order.is_pending)
    return update.execution is ExecutionType.NEW and not waited
