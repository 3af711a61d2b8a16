"""The slow sweep of the journal: receipts whose time is over are deleted.

It runs once an hour by default, one receipt after the other; nothing waits for it. A receipt is deleted only in the
state in which it was judged (uid and resourceVersion), so that an object which claims it at that moment keeps it.
"""

import asyncio
import logging

from exchange_kernel.api.enums import ReceiptOutcome
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.controller.context import Context
from exchange_kernel.core import receipts
from exchange_kernel.core.retention import Retention, judge
from exchange_kernel.kube.errors import Conflict, KubeError, NotFound

_log = logging.getLogger(__name__)

# A journal of many thousand receipts must not compete with orders for the API server.
PAUSE_SECONDS = 0.05


class JournalSweep:
    """Deletes receipts that are not needed any more. `deleted` counts them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.deleted = 0

    async def run(self) -> None:
        """Sweep for ever, for the first time after an interval: a start has better things to do."""
        while True:
            await asyncio.sleep(self._context.settings.journal_sweep_interval)
            try:
                await self.sweep()
            except KubeError as error:
                _log.warning("the journal's sweep failed: %s; again later", error)
            except Exception:  # noqa: BLE001 - logged with its trace; the next sweep may do better
                _log.exception("the journal's sweep failed")

    async def sweep(self) -> None:
        """Look at every receipt of an ended order once. Raises KubeError when they cannot be listed."""
        found = await self._context.stores.receipts.list(outcome=ReceiptOutcome.FINAL)
        for receipt in found.items:
            verdict = judge(receipt, self._context.wall())
            if verdict is Retention.KEEP:
                continue
            try:
                await self._carry_out(receipt, verdict)
            except Conflict:
                # Somebody has just claimed or changed it: there is a reason to keep it.
                _log.debug("receipt %s has changed and is kept", receipt.metadata.name)
            except KubeError as error:
                _log.warning("receipt %s: %s", receipt.metadata.name, error)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _carry_out(self, receipt: OrderReceipt, verdict: Retention) -> None:
        store = self._context.stores.receipts
        if verdict is Retention.DELETE:
            await store.delete(receipt.metadata)
            self.deleted += 1
            _log.info("receipt %s is deleted: its order and its object ended long ago", receipt.metadata.name)
        elif await is_claimant_gone(self._context, receipt):
            # The 30 days count from here, because nobody knows since when.
            await store.replace(receipts.with_intent_gone(receipt, self._context.wall()))


async def is_claimant_gone(context: Context, receipt: OrderReceipt) -> bool:
    """Whether the object that a receipt names is not there any more. Raises KubeError."""
    claimant = receipt.claimant
    try:
        there = await context.stores.intents.get(claimant.namespace, claimant.name)
    except NotFound:
        return True
    return there.metadata.uid != claimant.uid
