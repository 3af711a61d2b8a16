"""An event loop whose clock only waiting moves: minutes of fences and intervals pass at once, in the right order.

Everything that waits by the loop's clock (sleeps, time-outs, timers) ends as soon as nothing else can run. A test that
waits for something that never happens fails at once, instead of hanging; so does one in which things wake each other
for ever while no time passes.
"""

import asyncio
import functools
import inspect
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

START = 1000.0
# Turns of the loop at one moment; the largest test needs a few thousand.
TURNS = 10_000


class _Selector(selectors.SelectSelector):
    """Does not wait: it lets the clock jump to where the wait would have ended."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self._turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; else time passes."""
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("nothing will ever happen: everything waits for something else")
            self.now += timeout
            self._turns = 0 if timeout > 0 else self._turns
        self._turns += 1
        if self._turns > TURNS:
            self._turns = 0  # so that the tasks can be ended
            raise RuntimeError("time does not pass: things wake each other for ever")
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Virtual seconds."""
        return self._virtual.now


def in_virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test in virtual time."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - fixtures
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    # pytest-asyncio must not take it for a coroutine function.
    del run.__wrapped__  # type: ignore[attr-defined]
    run.__signature__ = inspect.signature(test)  # type: ignore[attr-defined]
    return run
