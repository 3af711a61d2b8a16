"""The engine: caches, the queue and its workers, and everything that feeds them.

The informer, the bulk reads and the sweeps only say *that* something is to be looked at; what is done is decided from
the newest state when a worker takes the key. One worker handles an object at a time.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.controller.account import AccountRuntime, MissingAccount
from exchange_kernel.controller.actions import Account, Actions
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.groups import Groups
from exchange_kernel.controller.journal_load import load_journal, open_questions
from exchange_kernel.controller.memo import IntentMemo, spec_changed_at
from exchange_kernel.controller.queue import Level, WorkQueue
from exchange_kernel.controller.reconciler import Reconciler
from exchange_kernel.controller.retention import JournalSweep, is_claimant_gone
from exchange_kernel.core.left_behind import stand_in
from exchange_kernel.kube.errors import KubeError, Malformed, NotFound
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.resources import ACCOUNTS, GROUPS, INTENTS, Json, Resource
from exchange_kernel.kube.sweep import Seen, differences, list_seen

_log = logging.getLogger(__name__)

AccountKey = tuple[str, str]

# Up to so many differences a sweep reads the objects one by one; beyond, the collection in pages is cheaper.
READ_ONE_BY_ONE = 20
# Beside the workers of the settings, for cancels alone: a slow venue may hold up all others.
URGENT_WORKERS = 4
# How long a shutdown waits for Kubernetes Events; they are a courtesy.
EVENTS_SECONDS = 1.0
# And for leases: whoever waits for one waits for it to run out, at worst.
LEASES_SECONDS = 2.0


class Engine:
    """Everything that one operator process does with its objects."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.queue: WorkQueue[str] = WorkQueue(self._level_of)
        self.actions = Actions(context, self.queue.add)
        self.groups = Groups(context, self.queue.add, self._learn)
        self.memos: dict[str, IntentMemo] = {}
        self.accounts: dict[AccountKey, AccountRuntime] = {}
        self.swept = asyncio.Event()
        self.on_missed: Callable[[], None] = _nobody
        self.passes = 0
        self.busy_seconds = 0.0
        self.journal_sweep = JournalSweep(context)
        self._reconciler = Reconciler(context, self.actions)
        self._missing = MissingAccount(context.root)
        self._by_account: dict[AccountKey, dict[str, IntentMemo]] = {}
        self._loops: dict[AccountKey, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._workers: list[asyncio.Task[None]] = []
        self._busy: set[str] = set()
        self._pass_ended = asyncio.Event()
        self._stopping = False

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the workers and the sweeps."""
        self._spawn(self.context.events.run(), "events")
        self._spawn(self._sweep_forever(), "sweep")
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

    # --- what comes in ------------------------------------------------------------------------------------------

    def offer(self, resource: Resource, kind: str | None, obj: Json) -> None:
        """An object was seen by the informer or a sweep; `kind` is DELETED for one that is gone."""
        try:
            if resource is INTENTS:
                self._offer_intent(kind, obj)
            elif resource is GROUPS:
                self.groups.offer(kind, obj)
            else:
                self._offer_account(kind, obj)
        except Malformed as error:
            _log.error("%s; it is left alone", error)

    def _learn(self, obj: Json) -> None:
        """An OrderIntent was read or written for its group."""
        self.offer(INTENTS, None, obj)

    def _offer_intent(self, kind: str | None, obj: Json) -> None:
        uid = obj["metadata"]["uid"]
        memo = self.memos.get(uid)
        if kind == "DELETED":
            self._vanished(uid)
            return
        if memo is not None and memo.meta.resource_version == obj["metadata"]["resourceVersion"]:
            return
        if memo is None:
            memo = self.memos[uid] = IntentMemo.of(read_object(OrderIntent, obj))
            memo.spec_changed_at = spec_changed_at(obj)
            self._by_account.setdefault(memo.account_key, {})[uid] = memo
        elif not memo.take_object(obj):
            return
        self.groups.seen(memo)
        self.queue.add(uid)

    def _vanished(self, uid: str) -> None:
        """The object is gone; one more pass brings to its end what was begun for it."""
        memo = self.memos.get(uid)
        if memo is None:
            return
        memo.vanish()
        self.queue.add(uid)
        runtime = self.accounts.get(memo.account_key)
        if runtime is not None and runtime.account.metadata.deleting:
            runtime.wake()

    def _forget(self, memo: IntentMemo) -> None:
        uid = memo.meta.uid
        self.memos.pop(uid, None)
        self.queue.forget(uid)
        self._by_account.get(memo.account_key, {}).pop(uid, None)
        self.groups.forget(memo)

    def _offer_account(self, kind: str | None, obj: Json) -> None:
        key = (obj["metadata"]["namespace"], obj["metadata"]["name"])
        if kind == "DELETED":
            self._drop_account(key, obj["metadata"]["uid"])
            return
        account = read_object(ExchangeAccount, obj)
        runtime = self.accounts.get(key)
        if runtime is not None and runtime.account.metadata.uid != account.metadata.uid:
            self._drop_account(key, runtime.account.metadata.uid)
            runtime = None
        if runtime is not None:
            runtime.take(account)
            return
        intents = self._by_account.setdefault(key, {})
        known = self.swept.is_set
        runtime = self.accounts[key] = AccountRuntime(self.context, account, intents.values, self.queue.add, known)
        runtime.on_change = lambda: self.groups.wake_account(key)
        self._loops[key] = asyncio.create_task(self._run_account(runtime), name=f"account {'/'.join(key)}")
        self._wake(key)

    async def _run_account(self, runtime: AccountRuntime) -> None:
        """A bulk read before all intents are known would say nothing of those that follow: each would be read alone."""
        await self.swept.wait()
        await runtime.run()

    def _drop_account(self, key: AccountKey, uid: str) -> None:
        runtime = self.accounts.get(key)
        if runtime is None or runtime.account.metadata.uid != uid:
            return
        del self.accounts[key]
        self._loops.pop(key).cancel()
        self._wake(key)

    def _wake(self, key: AccountKey) -> None:
        for uid in self._by_account.get(key, {}):
            self.queue.add(uid)
        self.groups.wake_account(key)

    def _level_of(self, uid: str) -> Level:
        memo = self.memos.get(uid)
        if memo is None:
            return Level.URGENT if self.groups.urgent(uid) else Level.NORMAL
        if memo.urgent:
            return Level.URGENT
        runtime = self.accounts.get(memo.account_key)
        return Level.BULK if runtime is not None and runtime.withdraws(memo) else Level.NORMAL

    def account_of(self, memo: IntentMemo) -> Account:
        """The runtime of an intent's account, or what stands for a missing one."""
        return self._account(memo.account_key)

    def _account(self, key: AccountKey) -> Account:
        return self.accounts.get(key) or self._missing

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
        if not account.acts and not memo.has_open_end:
            # Another operator works on the account; taking over from it wakes every intent.
            if memo.gone and not memo.sending:
                self._forget(memo)
            return
        due = await self._reconciler.reconcile(memo, account)
        account.ended_pass()
        self.groups.seen(memo)
        if memo.gone and not memo.sending and (due is None or account is self._missing):
            self._forget(memo)
        elif due is not None:
            self.queue.add_after(memo.meta.uid, due)

    # --- sweeps -------------------------------------------------------------------------------------------------

    async def _sweep_forever(self) -> None:
        """Compare the cache with the API server: a watch can be blind without failing."""
        while True:
            try:
                await self._sweep()
            except KubeError as error:
                _log.warning("the sweep failed: %s", error)
                await asyncio.sleep(min(5.0, self.context.settings.sweep_interval))
                continue
            except Exception:  # noqa: BLE001 - logged with its trace
                # Without sweeps a blind watch would stay unnoticed; one bad answer must not end them.
                _log.exception("the sweep failed")
                await asyncio.sleep(min(5.0, self.context.settings.sweep_interval))
                continue
            if not self.swept.is_set():
                await load_journal(self.context, self.memos.values())
            self.swept.set()
            await asyncio.sleep(self.context.settings.sweep_interval)

    async def _sweep(self) -> None:
        await self._sweep_kind(ACCOUNTS)
        # Groups before orders: the deletion of a leg waits for its group.
        await self._sweep_kind(GROUPS)
        await self._sweep_kind(INTENTS)
        if self.swept.is_set():
            questions = await open_questions(self.context, self.memos.values())
            for uid in questions.known:
                self.queue.add(uid)
            for receipt in questions.left_behind:
                await self._look_after(receipt)

    async def _look_after(self, receipt: OrderReceipt) -> None:
        """Bring to its end what was begun for an object that is gone."""
        intent = stand_in(receipt)
        runtime = self.accounts.get(intent.account_key) if intent is not None else None
        if intent is None or runtime is None or not runtime.acts or not await is_claimant_gone(self.context, receipt):
            return
        memo = IntentMemo.of(intent)
        memo.read_receipt(receipt, self.context.holder, self.context.monotonic())
        memo.vanish()
        self.memos[intent.metadata.uid] = memo
        self._by_account.setdefault(memo.account_key, {})[intent.metadata.uid] = memo
        self.queue.add(intent.metadata.uid)

    async def _sweep_kind(self, resource: Resource) -> None:
        namespace = self.context.settings.watch_namespace or None
        before = self._versions(resource)
        server = await list_seen(self.context.stores.client, resource, namespace)
        found = differences(before, server, self._versions(resource))
        if len(found.stale) > READ_ONE_BY_ONE:
            await self._load(resource, namespace)
        else:
            for seen in found.stale:
                await self._fetch(resource, seen)
        for uid in found.gone:
            self._gone(resource, uid)
        if found and self.swept.is_set():
            self.on_missed()

    async def _load(self, resource: Resource, namespace: str | None) -> None:
        """Read the whole collection, page by page: at the start, and after a long blindness."""
        async for page in self.context.stores.client.pages(resource, namespace):
            for obj in page["items"]:
                self.offer(resource, None, obj)

    def _versions(self, resource: Resource) -> Mapping[str, str]:
        if resource is INTENTS:
            return {uid: memo.meta.resource_version for uid, memo in self.memos.items()}
        if resource is GROUPS:
            return self.groups.versions
        metas = [runtime.account.metadata for runtime in self.accounts.values()]
        return {meta.uid: meta.resource_version for meta in metas}

    async def _fetch(self, resource: Resource, seen: Seen) -> None:
        try:
            obj = await self.context.stores.client.get(resource, seen.namespace, seen.name)
        except NotFound:
            return
        self.offer(resource, None, obj)

    def _gone(self, resource: Resource, uid: str) -> None:
        if resource is INTENTS:
            self._vanished(uid)
            return
        if resource is GROUPS:
            self.groups.vanished(uid)
            return
        for key, runtime in list(self.accounts.items()):
            if runtime.account.metadata.uid == uid:
                self._drop_account(key, uid)


def _nobody() -> None:
    """Nobody wants to know that a sweep has found what the watch had missed."""
