"""One pass over one intent: judge, record, act, until there is nothing to do; then say it and wait.

The order inside a step is the protocol of `core.decision`. A failed write ends the pass with nothing done after it;
the next pass starts from what the API server says then.
"""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import replace

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.meta import API_VERSION
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.controller import yielding
from exchange_kernel.controller.account_port import Account
from exchange_kernel.controller.actions import Actions
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.controller.passes import FAILURES, MAX_STEPS, paced
from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import CreateReceipt, Decision, LookUp, Record
from exchange_kernel.core.notes import note
from exchange_kernel.core.view import Permit
from exchange_kernel.kube.errors import AlreadyExists, Conflict, NotFound, Unavailable
from exchange_kernel.kube.event_aggregation import EventTarget, EventType

_log = logging.getLogger(__name__)

_NOT_PROVEN = frozenset({State.PENDING, State.SUBMITTING, State.UNKNOWN})


class Reconciler:
    """Brings intents where the core wants them. One per process; `reconcile` is never run twice at once for one."""

    def __init__(self, context: Context, actions: Actions) -> None:
        self._context = context
        self._actions = actions

    async def reconcile(self, memo: IntentMemo, account: Account) -> float | None:
        """One pass. Returns in how many seconds the next one is due, None when only an event makes one necessary."""
        return await paced(memo, _name(memo), self._pass(memo, account))

    async def _pass(self, memo: IntentMemo, account: Account) -> float | None:
        why = ""
        for _ in range(MAX_STEPS):
            facts = account.facts(memo.meta.namespace, memo.intent)
            memo.notice_request(self._context.monotonic())
            view = memo.view(facts, self._context.now(), self._context.holder)
            decision = decide(view if self._actions.lead_waits(memo) else replace(view, lead_waits=False))
            why = decision.why
            _log.debug("%s: %s", _name(memo), why)
            if decision.record is not None:
                await self._record(memo, account, decision, decision.record)
            elif decision.actions:
                await self._act(memo, account, decision)
            elif (pause := self._yields(memo, decision.status)) > 0:
                return pause if decision.requeue_after is None else min(pause, decision.requeue_after)
            elif await self._publish(memo, decision.status):
                memo.rest()
                return decision.requeue_after
        _log.error("%s does not come to rest; the last decision was %s", _name(memo), why)
        return FAILURES.ceiling

    # --- record -------------------------------------------------------------------------------------------------

    async def _record(self, memo: IntentMemo, account: Account, decision: Decision, record: Record) -> None:
        """Write the receipt, and beside it what changes nothing at the venue."""
        permit = self._note_permit(memo, account, decision)
        beside: list[Awaitable[object]] = [self._actions.perform(memo, account, action) for action in decision.beside]
        if not decision.quiet:
            beside.append(self._publish(memo, decision.status))
        results = await asyncio.gather(self._write(memo, record, permit), *beside, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _note_permit(self, memo: IntentMemo, account: Account, decision: Decision) -> Permit | None:
        """The clock is read before the record leaves this process: everything after counts against the window."""
        record = decision.record
        if record is None or record.permits is None:
            return None
        asks_first = any(isinstance(action, LookUp) for action in decision.beside)
        account.reserve(memo.intent, record.permits, look_up=asks_first)
        window = account.facts(memo.meta.namespace).send_window
        return memo.start_attempt(Permit(record.permits, self._context.monotonic(), window))

    async def _write(self, memo: IntentMemo, record: Record, permit: Permit | None) -> None:
        receipts = self._context.stores.receipts
        try:
            if isinstance(record, CreateReceipt):
                written = await receipts.create(record.receipt)
            else:
                written = await receipts.replace(record.receipt)
        except AlreadyExists:
            # Creating was the question, and this is the answer. What was permitted was not granted.
            memo.forget_receipt()
            return
        except (Conflict, NotFound):
            # Somebody else owns the next step: read, and observe only.
            memo.forget_receipt()
            raise
        except Unavailable:
            # It may be there. The permit is kept aside: if it is, nothing was sent under it.
            memo.unsure = permit or memo.unsure
            memo.forget_receipt()
            raise
        memo.recorded(written, permit, self._context.monotonic())

    # --- act ----------------------------------------------------------------------------------------------------

    async def _act(self, memo: IntentMemo, account: Account, decision: Decision) -> None:
        if not decision.quiet:
            await self._publish(memo, decision.status)
        for action in decision.actions:
            await self._actions.perform(memo, account, action)

    # --- say ----------------------------------------------------------------------------------------------------

    def _yields(self, memo: IntentMemo, status: OrderIntentStatus) -> float:
        """Seconds to hold back a mere opinion (not a fact about the order) that another process has just overruled."""
        before = memo.intent.status
        seen = before.observed_generation == memo.meta.generation
        if _tells_a_fact(before, status) or not seen or not yielding.is_overruled(memo.said, before, status):
            return 0.0
        return yielding.pause(memo.said_at, self._context.monotonic())

    async def _publish(self, memo: IntentMemo, status: OrderIntentStatus) -> bool:
        """Write the status where it differs; False when the object has changed and must be judged anew."""
        before = memo.intent.status
        if memo.gone or status == before:
            return True
        try:
            stored = await self._context.stores.intents.patch_status(memo.meta, before, status)
        except NotFound:
            memo.vanish()
            return False
        except Conflict:
            await self._actions.refresh(memo)
            return False
        if stored is not None:
            memo.take(stored)
            memo.said, memo.said_at = status, self._context.monotonic()
            self._tell(memo, before, status)
        return True

    def _tell(self, memo: IntentMemo, before: OrderIntentStatus, after: OrderIntentStatus) -> None:
        said = note(before, after)
        if said is None:
            return
        meta = memo.meta
        target = EventTarget(API_VERSION, "OrderIntent", meta.namespace, meta.name, meta.uid)
        kind = EventType.WARNING if said.warning else EventType.NORMAL
        self._context.events.record(target, kind, said.reason, said.message)
        _log.info("%s is %s: %s", _name(memo), after.state, said.message)


def _tells_a_fact(before: OrderIntentStatus, now: OrderIntentStatus) -> bool:
    """Whether a status says something about the order that the one before does not.

    Of a request that is under way, or whose outcome is not proven, each process has its own view: the one that sends
    it says Submitting, one that only watches says Unknown, and neither is a fact about the order.
    """
    in_doubt = before.client_order_id is not None and {before.state, now.state} <= _NOT_PROVEN
    facts = (before.filled_quantity, before.settled) != (now.filled_quantity, now.settled)
    return facts or (before.state is not now.state and not in_doubt)


def _name(memo: IntentMemo) -> str:
    return f"OrderIntent {memo.meta.namespace}/{memo.meta.name}"
