"""kopf in a thread and a loop of its own, restarted whenever it ends.

kopf cancels every task of its event loop when it stops, and it stops on some watch errors. In a loop of its own there
is nothing else to cancel; requests to the venue live in ours.
"""

import asyncio
import logging
import threading
from collections.abc import Callable

from exchange_kernel.controller import handlers
from exchange_kernel.kube.connection import LoginValues
from exchange_kernel.kube.resources import Json, Resource

_log = logging.getLogger(__name__)

RESTART_AFTER_SECONDS = 2.0
JOIN_SECONDS = 10.0


class Informer:
    """Feeds `offer`, in the main loop, with every object that kopf sees.

    Args:
        offer: Called in the loop that `start` runs in.
        login: How kopf logs in; asked again whenever it must log in anew.
        namespace: Only this one; empty for all.
    """

    def __init__(
        self,
        offer: Callable[[Resource, str | None, Json], None],
        login: Callable[[], LoginValues],
        namespace: str = "",
    ) -> None:
        self._offer = offer
        self._login = login
        self._namespace = namespace
        self._run = threading.Event()  # set: the present run is over
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._seen_at_suspicion = -1
        self.restarts = 0
        self.seen = 0

    def start(self) -> None:
        """Start watching. Call it in the main loop."""
        self._loop = asyncio.get_running_loop()
        self._run = threading.Event()
        self._thread = threading.Thread(target=self._supervise, args=(self._loop, self._run), name="kopf", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Stop watching."""
        self._run.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, JOIN_SECONDS)

    def suspect(self) -> None:
        """A sweep has found what the watch had missed.

        Once may be a matter of milliseconds. Twice, with not a single event in between, and the watch is blind: it is
        left to itself (it may hang where no stop flag is looked at) and another one takes its place.
        """
        if self.seen == self._seen_at_suspicion:
            _log.warning("the watch is blind; it is started anew")
            self._run.set()
            self.restarts += 1
            self.start()
        self._seen_at_suspicion = self.seen

    @property
    def alive(self) -> bool:
        """Whether the supervisor runs; it restarts kopf for ever."""
        return self._thread is not None and self._thread.is_alive()

    def _supervise(self, loop: asyncio.AbstractEventLoop, run: threading.Event) -> None:
        def offer(resource: Resource, kind: str | None, obj: Json) -> None:
            if not run.is_set():
                self.seen += 1
                loop.call_soon_threadsafe(self._offer, resource, kind, obj)

        while not run.is_set():
            registry = handlers.build_registry(offer, self._login)
            try:
                asyncio.run(handlers.watch(registry, run, self._ready, self._namespace))
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - whatever ends kopf, it is started again
                _log.warning("the watch ended: %s: %s; it is started again", type(error).__name__, error)
            if not run.is_set():
                self.restarts += 1
                run.wait(RESTART_AFTER_SECONDS)
