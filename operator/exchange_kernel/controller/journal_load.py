"""The journal at a start: the receipts of all orders that have not ended, in a few pages in place of a read for each.

Ten thousand single reads take the better part of a minute; the pages take seconds. Nothing depends on it: a receipt
that is not among them, or a page that fails, is read by name when its order is judged.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from exchange_kernel.api.enums import ReceiptOutcome
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.core.view import Held, NotRead
from exchange_kernel.kube.errors import KubeError

_log = logging.getLogger(__name__)

# Fewer orders than this are read one by one: a journal may hold many receipts of other installations' accounts.
LOADS_FROM = 50


async def load_journal(context: Context, memos: Iterable[IntentMemo]) -> int:
    """Read the receipts of orders that have not ended; returns how many were found."""
    wanted = {memo.identity.receipt_name: memo for memo in memos if _may_have_receipt(memo)}
    if len(wanted) < LOADS_FROM:
        return 0
    before = len(wanted)
    try:
        for outcome in (ReceiptOutcome.PENDING, ReceiptOutcome.RESOLVED):
            await _load(context, outcome, wanted)
    except KubeError as error:
        _log.warning("the journal cannot be read in pages (%s); its receipts are read one by one", error)
    _log.info("%d of %d receipts read in pages", before - len(wanted), before)
    return before - len(wanted)


@dataclass(frozen=True, slots=True)
class OpenQuestions:
    """Unproven placements that no pass is looking after.

    Attributes:
        known: The uids of intents that are there, and do not speak of the placement.
        left_behind: Receipts of which this process knows no object.
    """

    known: list[str]
    left_behind: list[OrderReceipt]


async def open_questions(context: Context, memos: Iterable[IntentMemo]) -> OpenQuestions:
    """The unproven placements of the journal that this process does not know of.

    A process that crashed between its record and the finalizer, on an order that somebody took back at that moment,
    leaves such a record, and the object itself, if there still is one, does not speak of it. Raises KubeError.
    """
    every = {memo.identity.receipt_name: memo for memo in memos}
    wanted = {name: memo for name, memo in every.items() if not isinstance(memo.journal, Held)}
    before = dict(wanted)
    found = await _load(context, ReceiptOutcome.PENDING, wanted)
    known = [memo.meta.uid for name, memo in before.items() if name not in wanted]
    return OpenQuestions(known, [receipt for receipt in found if receipt.metadata.name not in every])


async def _load(context: Context, outcome: ReceiptOutcome, wanted: dict[str, IntentMemo]) -> list[OrderReceipt]:
    """Give the receipts to those who want them; returns the others."""
    others: list[OrderReceipt] = []
    async for page in context.stores.receipts.pages(outcome):
        # The fence of an unproven placement counts from here, after the answer.
        seen_at = context.monotonic()
        for receipt in page.items:
            memo = wanted.pop(receipt.metadata.name, None)
            if memo is not None:
                memo.read_receipt(receipt, context.holder, seen_at)
            else:
                others.append(receipt)
        await asyncio.sleep(0)
    return others


def _may_have_receipt(memo: IntentMemo) -> bool:
    """Whether the object speaks of an order that has not ended, and nobody has read its receipt yet."""
    status = memo.intent.status
    ended = status.state is not None and status.state.is_final
    return isinstance(memo.journal, NotRead) and status.client_order_id is not None and not ended
