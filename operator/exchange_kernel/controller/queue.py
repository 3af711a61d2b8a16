"""The work queue: each key is handled by one worker at a time, and never waits twice.

The semantics are client-go's. A key that is added while it waits is the same entry; one that is added while it is
being handled is handled once more afterwards. A delayed key is handled at the earliest of its times. One thing is
added: keys have levels. A cancel waits neither behind a burst of orders nor for workers that a slow venue holds up,
some of which can be kept for cancels alone; and the cancels of a whole account wait behind those that were asked for
one by one.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from enum import IntEnum
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Level(IntEnum):
    """What goes first."""

    URGENT = 0  # a cancel that was asked for
    BULK = 1  # one of many cancels: a halt, cancel-all
    NORMAL = 2


class WorkQueue(Generic[K]):
    """A de-duplicating queue with delays. Belongs to one event loop.

    Args:
        level_of: Asked whenever a key is added. A key that waits rises, and never falls.
    """

    def __init__(self, level_of: Callable[[K], Level] = lambda _: Level.NORMAL) -> None:
        self._level_of = level_of
        # As ordered sets: what waits, oldest first.
        self._waiting: dict[Level, OrderedDict[K, None]] = {level: OrderedDict() for level in Level}
        self._processing: set[K] = set()
        self._again: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._takers: deque[asyncio.Future[None]] = deque()
        self._urgent_takers: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return sum(len(waiting) for waiting in self._waiting.values())

    def add(self, key: K) -> None:
        """Handle the key as soon as a worker is free."""
        self._cancel_timer(key)
        if key in self._processing:
            self._again.add(key)
            return
        level = self._level_of(key)
        if any(key in self._waiting[higher] for higher in Level if higher < level):
            return
        for lower in Level:
            if lower > level:
                self._waiting[lower].pop(key, None)
        self._waiting[level][key] = None
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
        """The next key of the highest level; the caller says `done` when it has been handled.

        Args:
            urgent_only: Leave those of the normal level to others.
        """
        while not (self._has_urgent or (self._waiting[Level.NORMAL] and not urgent_only)):
            await self._wait(self._urgent_takers if urgent_only else self._takers)
        key, _ = next(waiting for waiting in self._waiting.values() if waiting).popitem(last=False)
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
        for waiting in self._waiting.values():
            waiting.pop(key, None)

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
        if self._has_urgent and _wake(self._urgent_takers):
            return
        if len(self):
            _wake(self._takers)

    @property
    def _has_urgent(self) -> bool:
        return bool(self._waiting[Level.URGENT] or self._waiting[Level.BULK])

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
