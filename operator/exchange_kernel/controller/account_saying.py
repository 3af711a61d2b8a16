"""What is said of an account: it is judged, its status is written, and beside it the AccountState."""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from exchange_kernel.controller import account_report
from exchange_kernel.controller.account_report import AccountPicture
from exchange_kernel.controller.connecting import NO_MARKETS
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.publishing import StateWriter, StatusWriter
from exchange_kernel.core import account as core
from exchange_kernel.core.account import AccountDecision, AccountView
from exchange_kernel.kube.errors import KubeError

if TYPE_CHECKING:
    from exchange_kernel.controller.account_parts import AccountParts

_log = logging.getLogger(__name__)


class AccountSaying:
    """Judges one account and writes what became of it.

    Args:
        context: Stores, clocks, settings.
        runtime: The account, as its runtime has it now.
    """

    def __init__(self, context: Context, runtime: "AccountParts") -> None:
        self._context, self._runtime = context, runtime
        self._status = StatusWriter(context, runtime.take)
        self._state = StateWriter(context)
        self.unsaid = 0

    @property
    def due_at(self) -> float:
        """When the AccountState is written at the latest, on the monotonic clock."""
        return self._state.due_at

    def decide(self) -> AccountDecision:
        """Judge the account by all that is known of it."""
        runtime, account = self._runtime, self._runtime.account
        drain = runtime.draining.measure(account, runtime.facts(account.metadata.namespace))
        return core.decide(
            AccountView(account, self._context.root, runtime.contact.facts, self._context.now(), drain, runtime.handled)
        )

    async def say(self) -> AccountDecision:
        """Write what differs from what was written before; a failure is repeated with the next turn."""
        runtime = self._runtime
        decision = runtime.decide()
        try:
            await runtime.draining.read_token(runtime.account)
            decision = runtime.decide()
            await self._status.write(runtime.account, decision)
            if self._state.is_due and runtime.polling.balances is not None:
                await self._state.write(self._picture(decision))
        except KubeError as error:
            _log.warning("%s: %s", runtime.name, error)
            self.unsaid += 1
        else:
            self.unsaid = 0
        return decision

    def _picture(self, decision: AccountDecision) -> AccountPicture:
        runtime = self._runtime
        opened = runtime.contact.opened
        memos = tuple(runtime.memos())
        unknown = [memo for memo in memos if memo.unknown]
        ages = [self._context.monotonic() - memo.receipt_seen_at for memo in unknown]
        return AccountPicture(
            account=runtime.account,
            session=runtime.contact.facts,
            problem=decision.shown,
            balances=runtime.polling.balances,
            markets=opened.markets if opened is not None else NO_MARKETS,
            open_orders=sum(memo.works for memo in memos),
            unmanaged=account_report.unmanaged(runtime.polling.snapshot, memos),
            unknown=len(unknown),
            oldest_unknown_seconds=max(ages, default=None),
            counters=runtime.counters,
            stream=runtime.following.said,
            in_flight=opened.session.creates_in_flight if opened is not None else 0,
            queue_depth=runtime.queue_depth,
            swept_at=self._swept_at(),
            at=self._context.wall(),
            monotonic=self._context.monotonic(),
        )

    def _swept_at(self) -> datetime | None:
        """When all open orders were last read, by the wall clock."""
        polled_at = self._runtime.polling.polled_at
        if polled_at is None:
            return None
        return self._context.wall() - timedelta(seconds=self._context.monotonic() - polled_at)
