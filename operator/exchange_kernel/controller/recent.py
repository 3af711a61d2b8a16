"""What happened lately: lags and errors of the last minutes, in bounded memory.

Pure: times are arguments, seconds of one monotonic clock.
"""

from collections import Counter, deque
from collections.abc import Mapping

WINDOW_SECONDS = 300.0
MAX_LAGS = 1024
# Errors grow old by slices: a venue that fails a thousand times a second is counted in full, in as little memory.
SLICE_SECONDS = 10.0


class RecentLags:
    """How long the last changes took from arriving to being handled."""

    def __init__(self) -> None:
        self._lags: deque[tuple[float, float]] = deque(maxlen=MAX_LAGS)

    def add(self, seconds: float, now: float) -> None:
        """A change was handled."""
        self._lags.append((now, seconds))

    def within(self, now: float) -> tuple[float, ...]:
        """Those of the window, in seconds; the newest 1024 of them where there are more."""
        while self._lags and self._lags[0][0] <= now - WINDOW_SECONDS:
            self._lags.popleft()
        return tuple(seconds for _, seconds in self._lags)


class RecentErrors:
    """How often each error has happened."""

    def __init__(self) -> None:
        self._slices: deque[tuple[float, Counter[str]]] = deque()

    def add(self, reason: str, now: float) -> None:
        """One more."""
        if not self._slices or now >= self._slices[-1][0] + SLICE_SECONDS:
            self._slices.append((now, Counter()))
            self._forget(now)
        self._slices[-1][1][reason] += 1

    def within(self, now: float) -> Mapping[str, int]:
        """Those of the window, by reason."""
        self._forget(now)
        return sum((counted for _, counted in self._slices), Counter[str]())

    def _forget(self, now: float) -> None:
        """A slice goes when its first error is too old."""
        while self._slices and self._slices[0][0] <= now - WINDOW_SECONDS:
            self._slices.popleft()
