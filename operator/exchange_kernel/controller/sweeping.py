"""Sweeps: the caches are compared with the API server, because a watch can be blind without failing."""

import asyncio
import logging
from collections.abc import Callable

from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.controller.caches import Caches
from exchange_kernel.controller.journal_load import load_journal, open_questions
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.controller.retention import is_claimant_gone
from exchange_kernel.core.left_behind import stand_in
from exchange_kernel.kube.errors import KubeError, NotFound
from exchange_kernel.kube.resources import ACCOUNTS, GROUPS, INTENTS, Resource
from exchange_kernel.kube.sweep import Seen, differences, list_seen

_log = logging.getLogger(__name__)

# Up to so many differences a sweep reads the objects one by one; beyond, the collection in pages is cheaper.
READ_ONE_BY_ONE = 20


class Sweep:
    """Finds what the informer has missed, and what was left behind without an object."""

    def __init__(self, caches: Caches) -> None:
        self._caches, self._context = caches, caches.context
        self.on_missed: Callable[[], None] = _nobody

    async def run(self) -> None:
        """Compare the cache with the API server: a watch can be blind without failing."""
        while True:
            try:
                await self._once()
            except KubeError as error:
                _log.warning("the sweep failed: %s", error)
                await asyncio.sleep(min(5.0, self._context.settings.sweep_interval))
                continue
            except Exception:  # noqa: BLE001 - logged with its trace
                # Without sweeps a blind watch would stay unnoticed; one bad answer must not end them.
                _log.exception("the sweep failed")
                await asyncio.sleep(min(5.0, self._context.settings.sweep_interval))
                continue
            if not self._caches.swept.is_set():
                await load_journal(self._context, self._caches.memos.values())
            self._caches.swept.set()
            await asyncio.sleep(self._context.settings.sweep_interval)

    async def _once(self) -> None:
        await self._sweep_kind(ACCOUNTS)
        # Groups before orders: the deletion of a leg waits for its group.
        await self._sweep_kind(GROUPS)
        await self._sweep_kind(INTENTS)
        if self._caches.swept.is_set():
            questions = await open_questions(self._context, self._caches.memos.values())
            for uid in questions.known:
                self._caches.queue.add(uid)
            for receipt in questions.left_behind:
                await self._look_after(receipt)

    async def _look_after(self, receipt: OrderReceipt) -> None:
        """Bring to its end what was begun for an object that is gone."""
        intent = stand_in(receipt)
        runtime = self._caches.accounts.get(intent.account_key) if intent is not None else None
        if intent is None or runtime is None or not runtime.acts or not await is_claimant_gone(self._context, receipt):
            return
        memo = IntentMemo.of(intent)
        memo.read_receipt(receipt, self._context.holder, self._context.monotonic())
        memo.vanish()
        self._caches.keep(memo)

    async def _sweep_kind(self, resource: Resource) -> None:
        namespace = self._context.settings.watch_namespace or None
        before = self._caches.versions(resource)
        server = await list_seen(self._context.stores.client, resource, namespace)
        found = differences(before, server, self._caches.versions(resource))
        if len(found.stale) > READ_ONE_BY_ONE:
            await self._load(resource, namespace)
        else:
            for seen in found.stale:
                await self._fetch(resource, seen)
        for uid in found.gone:
            self._caches.gone(resource, uid)
        if found and self._caches.swept.is_set():
            self.on_missed()

    async def _load(self, resource: Resource, namespace: str | None) -> None:
        """Read the whole collection, page by page: at the start, and after a long blindness."""
        async for page in self._context.stores.client.pages(resource, namespace):
            for obj in page["items"]:
                self._caches.offer(resource, None, obj)

    async def _fetch(self, resource: Resource, seen: Seen) -> None:
        try:
            obj = await self._context.stores.client.get(resource, seen.namespace, seen.name)
        except NotFound:
            return
        self._caches.offer(resource, None, obj)


def _nobody() -> None:
    """Nobody wants to know that a sweep has found what the watch had missed."""
