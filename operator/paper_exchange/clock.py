"""Where the venue's time comes from.

The engine takes time as an argument; these are the sources at the edge. A venue whose clock is wrong, or stands still
until a test moves it, is then only another clock.
"""

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """A source of venue time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""


class RealClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000


@dataclass(slots=True)
class SkewedClock:
    """Another clock, shifted. The shift may be changed while it runs."""

    base: Clock
    offset_ms: int = 0
    """Added to the base clock; positive runs ahead."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC, shifted."""
        return self.base.now_ms() + self.offset_ms


@dataclass(slots=True)
class ManualClock:
    """A clock that stands until it is moved."""

    at_ms: int = 0

    def now_ms(self) -> int:
        """The time it was last set to."""
        return self.at_ms

    def advance(self, milliseconds: int) -> None:
        """Move forward.

        Raises:
            ValueError: The step is negative; set `at_ms` to move back on purpose.
        """
        if milliseconds < 0:
            raise ValueError("a clock advances forward; set at_ms to move it back")
        self.at_ms += milliseconds
