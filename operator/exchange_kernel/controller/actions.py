"""Carrying out what the core decided: each action is one method, none has an opinion.

A read that fails leaves `Unknown` behind and the pass ends; whatever the venue or the API server said is translated by
their packages before it gets here. Writes to the API server raise `KubeError`: the pass ends and the object is judged
anew.
"""

import asyncio
import logging
from collections.abc import Callable

from exchange_kernel.controller.account_port import Account, exchange_of
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.list_desk import ListDesk, Part
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.controller.venue_reads import VenueReads
from exchange_kernel.core import amend
from exchange_kernel.core.decision import (
    Action,
    AddFinalizer,
    AmendOrder,
    Cancel,
    DeleteIntent,
    FetchOrder,
    FetchTrades,
    LookUp,
    ReadAdoption,
    ReadClaimant,
    ReadFormer,
    ReadPrice,
    ReadReceipt,
    RemoveFinalizer,
    Send,
)
from exchange_kernel.core.gates import first_stop
from exchange_kernel.core.order_lists import ticket_of
from exchange_kernel.core.outcomes import AmendOutcome, AmendUnknown, CreateOutcome, OutcomeUnknown
from exchange_kernel.core.requests import AmendRequest
from exchange_kernel.core.view import Permit
from exchange_kernel.exchange.port import Exchange, ExchangeError, SendGate
from exchange_kernel.kube.errors import Conflict, NotFound
from exchange_kernel.kube.resources import INTENTS

_log = logging.getLogger(__name__)


class Actions:
    """Carries out actions for any intent. One per process."""

    def __init__(self, context: Context, wake: Callable[[str], None]) -> None:
        self._context = context
        self._wake = wake
        self._sends: set[asyncio.Task[None]] = set()
        self._lists = ListDesk()
        self._reads = VenueReads(context)

    @property
    def in_flight(self) -> int:
        """Creates that have no outcome yet."""
        return len(self._sends)

    def lead_waits(self, memo: IntentMemo) -> bool:
        """Whether an order may go on as far as its list is concerned; True for one that goes alone."""
        ticket = ticket_of(memo.meta)
        return ticket is None or self._lists.has_lead(ticket)

    async def perform(self, memo: IntentMemo, account: Account, action: Action) -> None:  # noqa: C901, PLR0912 - one arm per action
        """Carry out one action. Raises KubeError, VenueAway."""
        match action:
            case ReadReceipt():
                await self._read_receipt(memo)
            case ReadClaimant(namespace, name, uid):
                await self._read_claimant(memo, namespace, name, uid)
            case AddFinalizer():
                await self._add_finalizer(memo)
            case RemoveFinalizer():
                await self._remove_finalizer(memo)
            case DeleteIntent():
                await self._delete(memo)
            case LookUp():
                await self._reads.look_up(memo, account, action)
            case FetchOrder():
                await self._reads.fetch_order(memo, account, action)
            case ReadAdoption():
                await self._reads.read_adoption(memo, account, action)
            case ReadPrice(symbol):
                await account.read_price(symbol, exchange_of(account))
            case ReadFormer():
                await self._reads.read_former(memo, account, action)
            case AmendOrder(request):
                await self._amend(memo, account, request)
            case FetchTrades():
                await self._reads.fetch_trades(memo, account, action)
            case Cancel():
                await self._cancel(memo, account, action)
            case Send():
                await self._start_send(memo, account, action)

    async def drain(self, seconds: float) -> bool:
        """Wait for creates under way; False when some have not ended in time."""
        self._lists.close()
        if self._sends:
            await asyncio.wait(self._sends, timeout=seconds)
        return not self._sends

    # --- the API server -----------------------------------------------------------------------------------------

    async def _read_receipt(self, memo: IntentMemo) -> None:
        receipt = await self._context.stores.receipts.get(memo.identity.receipt_name)
        memo.read_receipt(receipt, self._context.holder, self._context.monotonic())

    async def _read_claimant(self, memo: IntentMemo, namespace: str, name: str, uid: str) -> None:
        try:
            other = await self._context.stores.intents.get(namespace, name)
        except NotFound:
            memo.claimant_is_gone(gone=True)
        else:
            memo.claimant_is_gone(gone=other.metadata.uid != uid)

    async def _add_finalizer(self, memo: IntentMemo) -> None:
        try:
            memo.take(await self._context.stores.intents.add_finalizer(memo.meta))
        except Conflict:
            # The object is not what was seen. The core finds it without our finalizer and gives the attempt up.
            await self.refresh(memo)
        except NotFound:
            memo.vanish()

    async def _remove_finalizer(self, memo: IntentMemo) -> None:
        try:
            stored = await self._context.stores.intents.remove_finalizer(memo.meta)
        except Conflict:
            await self.refresh(memo)
            return
        if stored is None:
            memo.vanish()
        else:
            memo.take(stored)

    async def refresh(self, memo: IntentMemo) -> None:
        """Read the object anew; mark the memory when the object is gone or is another one."""
        try:
            fresh = await self._context.stores.client.get(INTENTS, memo.meta.namespace, memo.meta.name)
        except NotFound:
            memo.vanish()
            return
        if fresh["metadata"]["uid"] != memo.meta.uid:
            memo.vanish()
        else:
            memo.take_object(fresh)

    async def _delete(self, memo: IntentMemo) -> None:
        meta = memo.meta
        try:
            await self._context.stores.client.delete(
                INTENTS, meta.namespace, meta.name, uid=meta.uid, resource_version=meta.resource_version
            )
        except (Conflict, NotFound):
            _log.debug("%s/%s is not what was to be deleted; it is read anew", meta.namespace, meta.name)
        await self.refresh(memo)

    # --- writes to the venue ------------------------------------------------------------------------------------

    async def _cancel(self, memo: IntentMemo, account: Account, action: Cancel) -> None:
        """Ask for the cancel; what it did is read back by the action that follows."""
        memo.canceled = memo.asked(memo.canceled, self._context.monotonic())
        exchange = exchange_of(account)
        try:
            await exchange.cancel_order(action.symbol, action.exchange_order_id, action.client_order_id)
        except ExchangeError as error:
            account.failed(error)

    async def _amend(self, memo: IntentMemo, account: Account, request: AmendRequest) -> None:
        """Ask for a change in place; what it did is read back by the action that follows."""
        exchange = exchange_of(account)
        outcome: AmendOutcome = AmendUnknown("the request was given up before it was answered")
        try:
            outcome = await exchange.amend_order(request, lambda: self._amend_gate(memo, account, request))
        except Exception:  # noqa: BLE001 - whatever it is, the request may have been sent
            _log.exception("the adapter failed while amending %s", request.client_order_id)
        finally:
            memo.tried_to_amend(request, outcome, self._context.monotonic())

    def _amend_gate(self, memo: IntentMemo, account: Account, request: AmendRequest) -> str | None:
        if memo.gone:
            return "the object is gone"
        view = memo.view(account.facts(memo.meta.namespace, memo.intent), self._context.now(), self._context.holder)
        return amend.gate(view, request)

    async def _start_send(self, memo: IntentMemo, account: Account, action: Send) -> None:
        """Start the one request of the permit. It runs on its own: no cancellation of the worker reaches it."""
        permit = memo.permit
        if permit is None or permit.client_order_id != action.request.client_order_id:
            raise AssertionError("Send without a permit: the core must not decide that")
        exchange = exchange_of(account)
        memo.permit, memo.unsure, memo.sending = None, None, True
        task = asyncio.create_task(self._send(memo, account, exchange, action, permit))
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)
        await asyncio.wait({task}, timeout=self._context.settings.submitting_after)

    async def _send(self, memo: IntentMemo, account: Account, exchange: Exchange, action: Send, permit: Permit) -> None:
        request = action.request
        try:
            outcome = await self._sent(exchange, action, permit, lambda: self._gate(memo, account, permit))
        except Exception:  # noqa: BLE001 - whatever it is, the request may have been sent
            _log.exception("the adapter failed while sending %s", request.client_order_id)
            outcome = OutcomeUnknown("the adapter failed while the order was sent; see the operator's log")
        memo.ended_sending(request.client_order_id, outcome, self._context.monotonic())
        account.sent(outcome)
        self._wake(memo.meta.uid)

    async def _sent(self, exchange: Exchange, action: Send, permit: Permit, gate: SendGate) -> CreateOutcome:
        """Alone, or together with the other order of its list."""
        if action.ticket is None:
            return await exchange.create_order(action.request, gate)
        left = permit.noted_at + permit.window - self._context.monotonic()
        return await self._lists.send(exchange, Part(action.ticket, action.request, gate), left)

    def _gate(self, memo: IntentMemo, account: Account, permit: Permit) -> str | None:
        """Asked when the request leaves the queue and right before the socket write."""
        now = self._context.now()
        if not permit.is_open(now.monotonic):
            return f"SendWindowMissed: the send window of {permit.window:g} s has closed"
        if memo.gone:
            return "the object is gone"
        view = memo.view(account.facts(memo.meta.namespace, memo.intent), now, self._context.holder)
        stop = first_stop(view)
        return None if stop is None else stop.message
