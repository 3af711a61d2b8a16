"""The clock of fences, windows and intervals: one for the whole process, so that its times can be compared."""

import time


def elapsed() -> float:
    """Seconds on a clock that never jumps and, where the system has one, goes on while the machine sleeps.

    A send window that passes during a suspend must be closed afterwards: Linux' monotonic clock would stand still.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
