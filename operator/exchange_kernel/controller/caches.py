"""What this process knows of its objects: intents, accounts, groups, each as last seen.

The informer and the sweeps only say *that* something is to be looked at; what is done is decided from the newest state
when a worker takes the key.
"""

import asyncio
import logging
from collections.abc import Mapping

from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.controller.account import AccountRuntime
from exchange_kernel.controller.account_port import Account
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.groups import Groups
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.controller.memo_object import differs, spec_changed_at
from exchange_kernel.controller.missing_account import MissingAccount
from exchange_kernel.controller.queue import Level, WorkQueue
from exchange_kernel.kube.errors import Malformed
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.resources import GROUPS, INTENTS, Json, Resource

_log = logging.getLogger(__name__)

AccountKey = tuple[str, str]


class Caches:
    """The objects of one process, and the queue of those that are to be looked at."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.queue: WorkQueue[str] = WorkQueue(self._level_of)
        self.groups = Groups(context, self.queue.add, self._learn)
        self.memos: dict[str, IntentMemo] = {}
        self.accounts: dict[AccountKey, AccountRuntime] = {}
        self.swept = asyncio.Event()
        self._missing = MissingAccount(context.root)
        self._by_account: dict[AccountKey, dict[str, IntentMemo]] = {}
        self._loops: dict[AccountKey, asyncio.Task[None]] = {}

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
            asks = memo.intent.status.observed_generation != memo.meta.generation
            self._by_account.setdefault(memo.account_key, {})[uid] = memo
        else:
            before = memo.intent
            if not memo.take_object(obj):
                return
            asks = differs(before, memo.intent)
        if asks:
            memo.changed(self.context.monotonic())
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
        runtime = self.accounts[key] = AccountRuntime(
            self.context, account, intents.values, self.queue.add, complete=known, groups=self.groups
        )
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

    def versions(self, resource: Resource) -> Mapping[str, str]:
        """The resourceVersion of each object of a kind, by uid."""
        if resource is INTENTS:
            return {uid: memo.meta.resource_version for uid, memo in self.memos.items()}
        if resource is GROUPS:
            return self.groups.versions
        metas = [runtime.account.metadata for runtime in self.accounts.values()]
        return {meta.uid: meta.resource_version for meta in metas}

    def gone(self, resource: Resource, uid: str) -> None:
        """An object of which only the uid is known does not exist any more."""
        if resource is INTENTS:
            self._vanished(uid)
            return
        if resource is GROUPS:
            self.groups.vanished(uid)
            return
        for key, runtime in list(self.accounts.items()):
            if runtime.account.metadata.uid == uid:
                self._drop_account(key, uid)

    def keep(self, memo: IntentMemo) -> None:
        """Look after an intent that no object stands for."""
        self.memos[memo.meta.uid] = memo
        self._by_account.setdefault(memo.account_key, {})[memo.meta.uid] = memo
        self.queue.add(memo.meta.uid)
