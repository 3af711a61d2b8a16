"""Asking the venue about an order: each question is one method, none has an opinion.

A read that fails leaves `Unknown` behind; a failure concludes nothing.
"""

from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

from exchange_kernel.controller.account_port import Account, exchange_of
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.core.adoption import owner_of, rival_of
from exchange_kernel.core.decision import (
    FetchOrder,
    FetchTrades,
    LookUp,
    ReadAdoption,
    ReadFormer,
)
from exchange_kernel.core.venue import Absent, Found, Unknown
from exchange_kernel.core.view import AdoptionFacts, Asked
from exchange_kernel.exchange.port import ExchangeError
from exchange_kernel.kube.errors import Malformed

_T = TypeVar("_T")


class VenueReads:
    """Asks for any intent. One per process."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def look_up(self, memo: IntentMemo, account: Account, action: LookUp) -> None:
        """Ask by client order id, or with the whole set that proves an absence."""
        exchange = exchange_of(account)
        started = self._context.monotonic()
        asked = (
            exchange.look_up(action.symbol, action.client_order_id)
            if action.prove_since is None
            else exchange.prove_absence(
                action.symbol, action.client_order_id, action.prove_since, action.list_client_order_id
            )
        )
        answer = await self._read(memo, account, asked)
        memo.looked = memo.asked(memo.looked, self._context.monotonic())
        if answer is not None:
            memo.answered_at = started
        if isinstance(answer, Found):
            memo.see(answer.order, started, self._context.monotonic())
        elif answer is not None:
            memo.see_absent(answer)

    async def fetch_order(self, memo: IntentMemo, account: Account, action: FetchOrder) -> None:
        """Read the order by the venue's id."""
        started = self._context.monotonic()
        asked = exchange_of(account).fetch_order(action.symbol, action.exchange_order_id)
        memo.looked = memo.asked(memo.looked, self._context.monotonic())
        order, failed = await self._maybe(memo, account, asked)
        if not failed:
            memo.answered_at = started
        if order is not None:
            memo.see(order, started, self._context.monotonic())
        elif not failed:
            memo.see_absent(Absent(started, complete=False))

    async def read_adoption(self, memo: IntentMemo, account: Account, action: ReadAdoption) -> None:
        """Who names the order is read after this object's annotation was seen, and before who has it."""
        order_id, namespace = action.exchange_order_id, self._context.settings.watch_namespace or None
        memo.looked = memo.asked(memo.looked, self._context.monotonic())
        naming = await self._context.stores.intents.naming(order_id, namespace)
        held = await self._context.stores.receipts.list(account=memo.account_key)
        if held.unreadable:
            first = held.unreadable[0]
            raise Malformed(f"OrderReceipt {first.meta.name} cannot be read, it may have the order: {first.problem}")
        order, failed = await self._maybe(memo, account, exchange_of(account).fetch_order(action.symbol, order_id))
        if failed:
            return
        owner, rival = owner_of(order_id, memo.intent, held.items, naming), rival_of(memo.intent, naming)
        memo.see_adoption(AdoptionFacts(order_id, self._context.monotonic(), order, owner, rival))

    async def read_former(self, memo: IntentMemo, account: Account, action: ReadFormer) -> None:
        """A replaced order with its fills; a read that fails leaves nothing behind."""
        exchange, started = exchange_of(account), self._context.monotonic()
        memo.reread = memo.asked(memo.reread, started)
        order, failed = await self._maybe(memo, account, exchange.fetch_order(action.symbol, action.exchange_order_id))
        if order is not None and order.filled:
            trades = await self._read(memo, account, exchange.fetch_trades(action.symbol, action.exchange_order_id))
            failed, order = trades is None, replace(order, trades=trades)
        if not failed:
            memo.see_former(action.exchange_order_id, order, started)
            memo.reread = Asked()

    async def fetch_trades(self, memo: IntentMemo, account: Account, action: FetchTrades) -> None:
        """Read the order's fills."""
        asked = exchange_of(account).fetch_trades(action.symbol, action.exchange_order_id)
        memo.traded = memo.asked(memo.traded, self._context.monotonic())
        trades = await self._read(memo, account, asked)
        if trades is not None:
            memo.see_trades(trades)

    async def _read(self, memo: IntentMemo, account: Account, asked: Awaitable[_T]) -> _T | None:
        answer, _ = await self._maybe(memo, account, asked)
        return answer

    async def _maybe(self, memo: IntentMemo, account: Account, asked: Awaitable[_T]) -> tuple[_T | None, bool]:
        """The answer, and whether the question failed. A failure concludes nothing."""
        try:
            return await asked, False
        except ExchangeError as error:
            account.failed(error)
            if memo.order is None:
                memo.observed = Unknown(type(error).__name__, str(error))
            return None, True
