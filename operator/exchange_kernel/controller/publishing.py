"""Saying what is known of an account: its status, by compare-and-set, and its AccountState, when that has changed."""

import logging
from collections.abc import Callable

from exchange_kernel.api.account_state import AccountState
from exchange_kernel.api.account_status import ExchangeAccountStatus
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.meta import API_VERSION
from exchange_kernel.controller import account_report
from exchange_kernel.controller.account_report import AccountPicture
from exchange_kernel.controller.context import Context
from exchange_kernel.core.account import AccountDecision
from exchange_kernel.kube.errors import Conflict, NotFound
from exchange_kernel.kube.event_aggregation import EventTarget, EventType

_log = logging.getLogger(__name__)

STATE_INTERVAL = 2.0
# A sign of life for those who only read the object, with the figures that change at every moment.
HEARTBEAT_SECONDS = 30.0
# How long another process' words about the account are left standing.
YIELDS_SECONDS = 60.0


class StatusWriter:
    """Writes the status of one account; claiming the journal is part of it.

    Args:
        context: Stores, clocks, events.
        take: Called with a newer version of the account.
    """

    def __init__(self, context: Context, take: Callable[[ExchangeAccount], None]) -> None:
        self._context, self._take = context, take
        self._said: ExchangeAccountStatus | None = None
        self._said_at = 0.0

    async def write(self, account: ExchangeAccount, decision: AccountDecision) -> None:
        """Write what differs from `account`, the object as it is now. Raises KubeError."""
        if decision.status == account.status or self._yields(account, decision):
            return
        store = self._context.stores.accounts
        try:
            stored = await store.patch_status(account.metadata, account.status, decision.status)
        except Conflict:
            fresh = await store.get(*account.key)
            if fresh.metadata.uid == account.metadata.uid:
                self._take(fresh)
            raise
        if stored is not None:
            self._take(stored)
            self._said, self._said_at = stored.status, self._context.monotonic()
            self._tell(account, stored, decision)

    def _yields(self, account: ExchangeAccount, decision: AccountDecision) -> bool:
        """Whether another installation, or process, has just overruled what this one said; else they take turns."""
        if decision.claims or self._said is None or account.status in (self._said, decision.status):
            return False
        return self._context.monotonic() < self._said_at + YIELDS_SECONDS

    def _tell(self, before: ExchangeAccount, after: ExchangeAccount, said: AccountDecision) -> None:
        if before.status.message == after.status.message:
            return
        meta = after.metadata
        target = EventTarget(API_VERSION, "ExchangeAccount", meta.namespace, meta.name, meta.uid)
        problem = said.shown
        kind = EventType.NORMAL if problem is None else EventType.WARNING
        reason, message = (problem.reason, problem.message) if problem else ("Ready", "the account can trade")
        self._context.events.record(target, kind, reason, message)
        _log.info("ExchangeAccount %s/%s: %s: %s", meta.namespace, meta.name, reason, message)


class StateWriter:
    """Writes the AccountState of one account: every few seconds at most, and every 30 s at least."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state: AccountState | None = None
        self._next = self.due_at = 0.0

    @property
    def is_due(self) -> bool:
        """Whether it may be written again."""
        return self._context.monotonic() >= self._next

    async def write(self, picture: AccountPicture) -> None:
        """Write what has changed, and at `due_at` in any case. Raises KubeError."""
        following = account_report.render(picture)
        store = self._context.stores.states
        if self._state is None:
            try:
                self._state = await store.get(*picture.account.key)
            except NotFound:
                self._state = None
        beats = self._context.monotonic() >= self.due_at
        if self._state is not None and not beats and account_report.same_content(self._state, following):
            return
        try:
            self._state = await store.write(self._state, following) or self._state
        except (Conflict, NotFound):
            self._state = None
        now = self._context.monotonic()
        self._next, self.due_at = now + STATE_INTERVAL, now + HEARTBEAT_SECONDS
