"""The venue's clock, carried on by our monotonic clock.

A signed request is refused when its time stamp lies more than a second ahead of the venue's clock, or further back than
the request's expiry. Signing with the local wall clock would tie both to a clock that may be wrong, and may jump. So
the venue's time is read once, and carried on by the monotonic clock, which never jumps.

Of the two ends of a reading's uncertainty (the request's round trip) the earlier one is used: a stamp that lags makes a
request expire earlier, which is safe; one that runs ahead would make it live longer than the fence assumes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from exchange_kernel.exchange.port import ClockReading


@dataclass(frozen=True, slots=True)
class Clocks:
    """Our own clocks, in seconds."""

    wall: Callable[[], float]
    monotonic: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading: the venue's milliseconds, and our clocks around it, in seconds."""

    venue_ms: int
    sent_monotonic: float
    received_monotonic: float
    received_wall: float

    @property
    def round_trip(self) -> float:
        """Seconds from the request to the answer."""
        return self.received_monotonic - self.sent_monotonic

    def venue_ms_at(self, monotonic: float) -> int:
        """The earliest that the venue's clock can show at a moment of our monotonic clock."""
        return self.venue_ms + int((monotonic - self.received_monotonic) * 1000)

    def reading(self) -> ClockReading:
        """The comparison with our wall clock, corrected by half the round trip."""
        skew = self.venue_ms / 1000 - (self.received_wall - self.round_trip / 2)
        return ClockReading(skew_seconds=skew, round_trip_seconds=self.round_trip)
