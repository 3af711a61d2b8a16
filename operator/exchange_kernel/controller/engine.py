"""The engine: the workers that take objects from the queue, and the life of the process around them.

What is done is decided from the newest state when a worker takes the key. One worker handles an object at a time.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterable
from typing import Any

from exchange_kernel.controller.actions import Actions
from exchange_kernel.controller.caches import Caches
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.controller.reconciler import Reconciler
from exchange_kernel.controller.retention import JournalSweep
from exchange_kernel.controller.sweeping import Sweep

_log = logging.getLogger(__name__)

# Beside the workers of the settings, for cancels alone: a slow venue may hold up all others.
URGENT_WORKERS = 4
# How long a shutdown waits for Kubernetes Events; they are a courtesy.
EVENTS_SECONDS = 1.0
# And for leases: whoever waits for one waits for it to run out, at worst.
LEASES_SECONDS = 2.0


class Engine(Caches):
    """Everything that one operator process does with its objects."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.actions = Actions(context, self.queue.add)
        self.passes = 0
        self.busy_seconds = 0.0
        self.journal_sweep = JournalSweep(context)
        self.sweep = Sweep(self)
        self._reconciler = Reconciler(context, self.actions)
        self._tasks: list[asyncio.Task[None]] = []
        self._workers: list[asyncio.Task[None]] = []
        self._busy: set[str] = set()
        self._pass_ended = asyncio.Event()
        self._stopping = False

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the workers and the sweeps."""
        self._spawn(self.context.events.run(), "events")
        self._spawn(self.sweep.run(), "sweep")
        self._spawn(self.journal_sweep.run(), "journal")
        for number in range(self.context.settings.workers + URGENT_WORKERS):
            work = self._work(urgent_only=number < URGENT_WORKERS)
            self._workers.append(self._spawn(work, f"worker-{number}"))

    async def stop(self) -> bool:
        """Stop working; wait for requests under way and record what they proved. False when something was left."""
        now, seconds = self.context.monotonic, self.context.settings.drain_timeout
        deadline = now() + seconds
        for runtime in self.accounts.values():
            await runtime.drain()
        await self._finish_passes(now() + seconds / 2)
        clean = await self.actions.drain(max(0.1, deadline - now()))
        clean = await self._record_outcomes(deadline) and clean
        await self.context.events.drain(EVENTS_SECONDS)
        await self._cancel(self._tasks)
        await self._cancel(list(self._loops.values()))
        await self._give_back()
        return clean

    async def _give_back(self) -> None:
        """Others need not wait until the leases of a process that has ended run out."""
        given = asyncio.gather(*(runtime.give_back() for runtime in self.accounts.values()), return_exceptions=True)
        try:
            for result in await asyncio.wait_for(given, LEASES_SECONDS):
                if isinstance(result, BaseException):
                    _log.warning("a lease is not given back: %s", result)
        except TimeoutError:
            _log.warning("not all leases are given back; they run out")

    async def _finish_passes(self, deadline: float) -> None:
        """Let begun passes end: a record that is cut off on its way leaves a question for the next start."""
        self._stopping = True
        while self._busy and self.context.monotonic() < deadline:
            self._pass_ended.clear()
            try:
                await asyncio.wait_for(self._pass_ended.wait(), deadline - self.context.monotonic())
            except TimeoutError:
                break
        await self._cancel(self._workers)

    async def _record_outcomes(self, deadline: float) -> bool:
        """A known outcome is written down before the process ends; the next one would have to find it out."""
        slots = asyncio.Semaphore(self.context.settings.workers)
        open_ends = [memo for memo in self.memos.values() if memo.has_open_end]
        return all(await asyncio.gather(*(self._record_outcome(memo, slots, deadline) for memo in open_ends)))

    async def _record_outcome(self, memo: IntentMemo, slots: asyncio.Semaphore, deadline: float) -> bool:
        async with slots:
            while memo.has_open_end:
                left = deadline - self.context.monotonic()
                if left <= 0:
                    return False
                try:
                    wait = await asyncio.wait_for(self._reconciler.reconcile(memo, self.account_of(memo)), left)
                except Exception:  # noqa: BLE001 - logged with its trace; the others are still recorded
                    _log.exception("the outcome of %s is not recorded", memo.meta.name)
                    return False
                if not memo.failures:
                    return True
                await asyncio.sleep(min(wait or 0.0, max(0.0, deadline - self.context.monotonic())))
        return True

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.append(task)
        return task

    @staticmethod
    async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
        pending = tuple(tasks)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    @property
    def healthy(self) -> bool:
        """Whether all loops are alive."""
        return all(not task.done() for task in self._tasks)

    # --- workers ------------------------------------------------------------------------------------------------

    async def _work(self, *, urgent_only: bool) -> None:
        # Before the first sweep an account may only seem to be missing; nothing is judged by half a picture.
        await self.swept.wait()
        while not self._stopping:
            uid = await self.queue.get(urgent_only=urgent_only)
            if self._stopping:
                return  # type: ignore[unreachable] # it may have changed while the queue was awaited
            self._busy.add(uid)
            started = time.perf_counter()
            try:
                await self._handle_uid(uid)
            except Exception:  # noqa: BLE001 - logged with its trace
                # A bug in one object's handling must not stop the others; it backs off like any failure.
                _log.exception("handling %s failed", uid)
                self.queue.add_after(uid, 30.0)
            finally:
                self.passes += 1
                self.busy_seconds += time.perf_counter() - started
                self._busy.discard(uid)
                self.queue.done(uid)
                self._pass_ended.set()

    async def _handle_uid(self, uid: str) -> None:
        memo, group = self.memos.get(uid), self.groups.memos.get(uid)
        if memo is not None:
            await self._handle(memo)
        elif group is not None:
            due = await self.groups.handle(group, self._account(group.group.account_key))
            if due is not None:
                self.queue.add_after(uid, due)

    async def _handle(self, memo: IntentMemo) -> None:
        account = self.account_of(memo)
        memo.held = self.groups.holds(memo)
        changed_at = memo.take_change()
        if not account.acts and not memo.has_open_end:
            # Another operator works on the account; taking over from it wakes every intent.
            memo.heard_at = None
            if memo.gone and not memo.sending:
                self._forget(memo)
            return
        due = await self._reconciler.reconcile(memo, account)
        account.ended_pass(memo, changed_at)
        self.groups.seen(memo)
        if memo.gone and not memo.sending and (due is None or account is self._missing):
            self._forget(memo)
        elif due is not None:
            self.queue.add_after(memo.meta.uid, due)
