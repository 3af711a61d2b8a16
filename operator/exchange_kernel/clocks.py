"""The clocks of the process: one for fences, windows and intervals, whose times can be compared, and one for people."""

import time
from datetime import UTC, datetime


def wall() -> datetime:
    """The time of day, aware and in UTC. For deadlines that users wrote and for what people read; it may jump."""
    return datetime.fromtimestamp(time.time(), UTC)


def elapsed() -> float:
    """Seconds on a clock that never jumps and, where the system has one, goes on while the machine sleeps.

    A send window that passes during a suspend must be closed afterwards: Linux' monotonic clock would stand still.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
