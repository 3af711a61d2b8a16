"""The supervisor of an account's order stream: whatever happens to it, it is taken up again.

A stream may end with an error, without one, or go on in silence. The supervisor follows it (`Exchange.listen`), and
when it ends begins anew after a growing, jittered pause; somebody who knows better, because REST has shown what the
stream should have told, may end it (`renew`). Nothing depends on it but latency: the polls go on at their own pace.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from exchange_kernel.core.view import Backoff
from exchange_kernel.exchange.hints import Hint
from exchange_kernel.exchange.port import ExchangeError, RateLimited

_log = logging.getLogger(__name__)

RECONNECT = Backoff(first=0.5, ceiling=30.0)
STEADY_SECONDS = 30.0
"""A stream that has lived so long has not failed in a row when it ends."""

SAID_AFTER = 10.0
"""Seconds that a change must last before it is said in a status."""

Listen = Callable[[Callable[[Hint], None], Callable[[], None]], Awaitable[None]]


class StreamState(StrEnum):
    """Whether the order stream lives."""

    OFF = "Off"  # the profile has none, or the settings say so
    CONNECTING = "Connecting"
    LIVE = "Live"
    DOWN = "Down"  # it has ended, the next try is due after a pause


@dataclass(slots=True)
class StreamCounters:
    """Counted since the supervisor was made.

    Attributes:
        connected: Subscriptions that the venue has acknowledged.
        ended: Streams that have ended, or could not be had.
        last_end: Why the last one did.
    """

    connected: int = 0
    ended: int = 0
    last_end: str = ""


def pause(failures: int, chance: float) -> float:
    """Seconds before the next try: half of the back-off, and up to the whole of it by chance (0 to 1)."""
    return RECONNECT.after(max(1, failures)) * (0.5 + chance / 2)


@dataclass(slots=True, eq=False)
class StreamSupervisor:
    """Follows one stream for as long as it runs.

    Attributes:
        name: For the log.
        listen: Follows the stream until it ends; `Exchange.listen`.
        heard: Told of each hint.
        live: Told whenever a subscription has been acknowledged.
        monotonic: Seconds.
        chance: A number from 0 to 1, for the jitter.
        state: Whether the stream lives.
        since: Monotonic time of the last change of `state`.
    """

    name: str
    listen: Listen
    heard: Callable[[Hint], None]
    live: Callable[[], None]
    monotonic: Callable[[], float]
    chance: Callable[[], float]
    counters: StreamCounters = field(default_factory=StreamCounters)
    state: StreamState = StreamState.CONNECTING
    since: float = 0.0
    _task: asyncio.Task[None] | None = None
    _inner: asyncio.Task[tuple[str, float]] | None = None
    _renewed: str = ""

    def start(self) -> None:
        """Begin."""
        self.since = self.monotonic()
        self._task = asyncio.create_task(self._run(), name=f"stream of {self.name}")

    async def stop(self) -> None:
        """End for good."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @property
    def live_since(self) -> float | None:
        """Monotonic time since when the stream is subscribed; None while it is not."""
        return self.since if self.state is StreamState.LIVE else None

    def renew(self, why: str) -> None:
        """End the stream, which is no good, and take it up again."""
        if self._inner is not None and self.state is StreamState.LIVE:
            self._renewed = why
            self._inner.cancel()

    def _change(self, state: StreamState) -> None:
        if state is not self.state:
            self.state, self.since = state, self.monotonic()

    def _started(self) -> None:
        self.counters.connected += 1
        self._change(StreamState.LIVE)
        _log.info("%s: the order stream lives", self.name)
        self.live()

    async def _run(self) -> None:
        failures = 0
        while True:
            self._change(StreamState.CONNECTING)
            why, wish = await self._follow()
            lived = 0.0 if self.live_since is None else self.monotonic() - self.live_since
            failures = 1 if lived >= STEADY_SECONDS else failures + 1
            self._change(StreamState.DOWN)
            self.counters.ended += 1
            self.counters.last_end = why
            seconds = max(pause(failures, self.chance()), wish)
            _log.info("%s: the order stream has ended (%s); again in %.1f s", self.name, why, seconds)
            await asyncio.sleep(seconds)

    async def _follow(self) -> tuple[str, float]:
        """Follow one stream to its end; why it ended, and how long the venue wants to be left alone."""
        self._renewed = ""
        inner = self._inner = asyncio.create_task(self._one())
        try:
            await asyncio.wait({inner})
        finally:
            self._inner = None
            if not inner.done():
                inner.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await inner
        if inner.cancelled():
            return self._renewed or "it was ended", 0.0
        return inner.result()

    async def _one(self) -> tuple[str, float]:
        try:
            await self.listen(self.heard, self._started)
        except ExchangeError as error:
            wish = error.retry_after if isinstance(error, RateLimited) else None
            return str(error), wish or 0.0
        except Exception as error:  # noqa: BLE001 - a bug in a stream costs latency, never the account
            _log.warning("%s: the order stream failed: %s", self.name, type(error).__name__)
            return type(error).__name__, 0.0
        return "the venue has ended it", 0.0


def shown(before: StreamState, state: StreamState, lasts: float) -> StreamState:
    """What a status says: a change that has lasted, so that a stream that comes and goes causes no writes.

    Args:
        before: What the status says now.
        state: What is.
        lasts: For how many seconds.
    """
    if before is state or state is StreamState.OFF:
        return state
    up = state is StreamState.LIVE
    first = before is StreamState.OFF or (before is StreamState.CONNECTING and up)
    if first or lasts >= SAID_AFTER:
        # Trying and pausing take turns while a stream is away; to a reader they are one thing.
        return state if up or first else StreamState.DOWN
    return before
