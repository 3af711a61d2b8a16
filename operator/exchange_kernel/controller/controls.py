"""The controls of one account at run time: how many orders a halt or cancel-all still waits for, and who may trade.

The core decides which orders are withdrawn (`core.controls`); here they are counted, the time of a new token is read,
and the labels of namespaces are kept at hand.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from exchange_kernel.api.enums import OrderStateName, TradingState
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.controller.memo_object import spec_changed_at
from exchange_kernel.core import controls, draining
from exchange_kernel.core.account_facts import AccountFacts
from exchange_kernel.core.draining import NOTHING_DRAINS, Drain
from exchange_kernel.kube.errors import KubeError, NotFound
from exchange_kernel.kube.resources import ACCOUNTS, NAMESPACES

_log = logging.getLogger(__name__)

# Labels of a namespace change rarely, and a change is no emergency.
LABELS_INTERVAL = 30.0


class Draining:
    """Counts the orders that are withdrawn and have not ended.

    Args:
        context: The API server, for a token's time.
        memos: The intents of the account.
        complete: Whether all intents are known.
        is_exit: Whether an order is an exit of a group, which a halt may leave at the venue.
    """

    def __init__(
        self,
        context: Context,
        memos: Callable[[], Iterable[IntentMemo]],
        complete: Callable[[], bool],
        is_exit: Callable[[OrderIntent], bool] = lambda _: False,
    ) -> None:
        self._context, self._memos, self._complete = context, memos, complete
        self._is_exit = is_exit
        self._drain = NOTHING_DRAINS
        self._cleared = ""  # the token that nothing waits for any more

    async def read_token(self, account: ExchangeAccount) -> None:
        """Learn when a new cancelAllToken was set; its orders are those that were created before. Raises KubeError."""
        if not draining.is_new_token(account) or draining.is_baseline(account):
            return
        obj = await self._context.stores.client.get(ACCOUNTS, *account.key)
        token, at = obj["spec"].get("cancelAllToken"), spec_changed_at(obj) or self._context.wall()
        self._drain = replace(self._drain, token=token, token_at=at)

    def measure(self, account: ExchangeAccount, facts: AccountFacts) -> Drain:
        """The counts as of now; nothing is counted where nothing is withdrawn."""
        noted, complete = account.status.cancel_all, self._complete()
        counts_halt = account.spec.trading_state is TradingState.HALTED
        counts_token = noted is not None and not noted.baseline and noted.token != self._cleared
        memos = tuple(self._memos()) if counts_halt or counts_token else ()
        halting = sum(memo.may_work and self._is_halted(memo, facts) for memo in memos) if counts_halt else 0
        canceling = sum(_is_open(memo) and _is_canceled(memo, facts) for memo in memos) if counts_token else 0
        self._drain = replace(self._drain, halting=halting, canceling=canceling, complete=complete)
        if noted is not None and complete and not canceling and not noted.pending:
            self._cleared = noted.token
        return self._drain

    def _is_halted(self, memo: IntentMemo, facts: AccountFacts) -> bool:
        places = replace(facts.places, is_exit=self._is_exit(memo.intent))
        return controls.halted(memo.intent, replace(facts, places=places)) is not None

    @property
    def is_under_way(self) -> bool:
        """Whether orders are being waited for."""
        return bool(self._drain.halting or self._drain.canceling)


def _is_canceled(memo: IntentMemo, facts: AccountFacts) -> bool:
    return controls.canceled_by_token(memo.intent, facts) is not None


def _is_open(memo: IntentMemo) -> bool:
    """Whether the wish has not ended, sent or not."""
    state = memo.intent.status.state
    ended = memo.gone or state is OrderStateName.DENIED or (state is not None and state.is_final)
    return memo.may_work or not ended


class NamespaceLabels:
    """The labels of the namespaces that orders come from, read by name when they are needed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._labels: dict[str, dict[str, str] | None] = {}
        self._read_at: dict[str, float] = {}

    def knows(self, namespace: str) -> bool:
        """Whether somebody has asked for them before."""
        return namespace in self._labels

    def of(self, namespace: str) -> dict[str, str] | None:
        """The labels; None while they are not known, which is remedied by the next `refresh`."""
        return self._labels.setdefault(namespace, None)

    @property
    def due_at(self) -> float:
        """Monotonic time of the next read; infinite when nobody has asked for labels."""
        times = [self._read_at.get(namespace, -LABELS_INTERVAL) for namespace in self._labels]
        return min(times, default=float("inf")) + LABELS_INTERVAL

    async def refresh(self) -> bool:
        """Read what is due; True when something has changed."""
        now = self._context.monotonic()
        due = [name for name in self._labels if now >= self._read_at.get(name, -LABELS_INTERVAL) + LABELS_INTERVAL]
        changed = False
        for namespace in due:
            self._read_at[namespace] = now
            changed |= await self._read(namespace)
        return changed

    async def _read(self, namespace: str) -> bool:
        before = self._labels[namespace]
        try:
            obj = await self._context.stores.client.get(NAMESPACES, None, namespace)
            self._labels[namespace] = dict(obj["metadata"].get("labels") or {})
        except NotFound:
            self._labels[namespace] = {}
        except KubeError as error:
            # What was read before still holds; what was never read allows nothing.
            _log.warning("the labels of namespace %s cannot be read: %s", namespace, error)
        return self._labels[namespace] != before
