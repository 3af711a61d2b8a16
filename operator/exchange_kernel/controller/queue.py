"""The work queue: each key is handled by one worker at a time, and never waits twice.

The semantics are client-go's. A key that is added while it waits is the same entry; one that is added while it is
being handled is handled once more afterwards. A delayed key is handled at the earliest of its times. One thing is
added: urgent keys (cancels) go before all others, and some workers can be kept for them alone, so that a cancel waits
neither behind a burst of orders nor for workers that a slow venue holds up.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class WorkQueue(Generic[K]):
    """A de-duplicating queue with delays. Belongs to one event loop.

    Args:
        is_urgent: Asked whenever a key is added.
    """

    def __init__(self, is_urgent: Callable[[K], bool] = lambda _: False) -> None:
        self._is_urgent = is_urgent
        # As ordered sets: what waits, oldest first.
        self._urgent: OrderedDict[K, None] = OrderedDict()
        self._normal: OrderedDict[K, None] = OrderedDict()
        self._processing: set[K] = set()
        self._again: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._takers: deque[asyncio.Future[None]] = deque()
        self._urgent_takers: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return len(self._urgent) + len(self._normal)

    def add(self, key: K) -> None:
        """Handle the key as soon as a worker is free."""
        self._cancel_timer(key)
        if key in self._processing:
            self._again.add(key)
        elif self._is_urgent(key):
            self._normal.pop(key, None)
            self._urgent[key] = None
            self._wake_one()
        elif key not in self._urgent:
            self._normal[key] = None
            self._wake_one()

    def add_after(self, key: K, seconds: float) -> None:
        """Handle the key in so many seconds, unless it is due earlier anyway."""
        if seconds <= 0:
            self.add(key)
            return
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer is not None and timer.when() <= loop.time() + seconds:
            return
        self._cancel_timer(key)
        self._timers[key] = loop.call_later(seconds, self._due, key)

    async def get(self, *, urgent_only: bool = False) -> K:
        """The next key, urgent ones first; the caller says `done` when it has been handled."""
        while not (self._urgent or (self._normal and not urgent_only)):
            await self._wait(self._urgent_takers if urgent_only else self._takers)
        key, _ = (self._urgent or self._normal).popitem(last=False)
        self._processing.add(key)
        # A worker that was awakened for this key finds nothing and waits again; the next key needs its own.
        self._wake_one()
        return key

    def done(self, key: K) -> None:
        """The key has been handled; what came in meanwhile is handled next."""
        self._processing.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def forget(self, key: K) -> None:
        """Nothing wakes the key any more."""
        self._cancel_timer(key)
        self._again.discard(key)
        self._urgent.pop(key, None)
        self._normal.pop(key, None)

    async def _wait(self, takers: deque[asyncio.Future[None]]) -> None:
        taker = asyncio.get_running_loop().create_future()
        takers.append(taker)
        try:
            await taker
        except asyncio.CancelledError:
            if taker in takers:
                takers.remove(taker)
            else:
                # It was awakened and will not come: somebody else has to.
                self._wake_one()
            raise

    def _wake_one(self) -> None:
        """Wake a worker for what waits: one that is kept for urgent keys, if it is urgent and one is free."""
        if self._urgent and _wake(self._urgent_takers):
            return
        if self._urgent or self._normal:
            _wake(self._takers)

    def _due(self, key: K) -> None:
        self._timers.pop(key, None)
        self.add(key)

    def _cancel_timer(self, key: K) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()


def _wake(takers: deque[asyncio.Future[None]]) -> bool:
    while takers:
        taker = takers.popleft()
        if not taker.done():
            taker.set_result(None)
            return True
    return False
