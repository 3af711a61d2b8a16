"""One ExchangeAccount at run time: the loop that joins its parts.

Each turn it keeps the contact with the venue (`contact`), reads what is due for all orders at once (`polling`), and
says what became of it (`publishing`). Intents ask for `facts`, and are woken when those change.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable

from exchange_kernel.api.enums import TradingState
from exchange_kernel.api.exchange_account import ExchangeAccount, JournalRef
from exchange_kernel.api.meta import FINALIZER_CANCEL_ORDER
from exchange_kernel.api.reasons import Reason
from exchange_kernel.controller import account_report
from exchange_kernel.controller.account_report import AccountCounters, AccountPicture
from exchange_kernel.controller.connecting import NO_MARKETS
from exchange_kernel.controller.contact import RECONNECT, Contact
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.controls import Draining, NamespaceLabels
from exchange_kernel.controller.following import Following
from exchange_kernel.controller.leasing import AccountLease
from exchange_kernel.controller.market_publishing import MarketPublisher
from exchange_kernel.controller.memo import IntentMemo, newer
from exchange_kernel.controller.polling import Polling
from exchange_kernel.controller.prices import PriceBoard
from exchange_kernel.controller.publishing import StateWriter, StatusWriter
from exchange_kernel.controller.releasing import release_account
from exchange_kernel.controller.slots import Slots
from exchange_kernel.core import account as core
from exchange_kernel.core import controls, draining, requested
from exchange_kernel.core.account import AccountDecision, AccountView
from exchange_kernel.core.gates import is_paused
from exchange_kernel.core.venue import CreateOutcome, NotPlaced, Placed, VenueWait
from exchange_kernel.core.view import AccountFacts, Problem
from exchange_kernel.exchange.port import CredentialsRefused, Exchange, ExchangeError
from exchange_kernel.kube.errors import KubeError

_log = logging.getLogger(__name__)

# Standing by ends with a call of the lease; this is only so that nothing waits for ever.
STANDBY_SECONDS = 60.0
# What is under way when a lease is lost gets so long for its answer.
REQUEST_SECONDS = 10.0
# From the end of a create to the account's next turn.
KICK_DELAY = 0.25

_OPENING = Problem(Reason.CONNECTING, "the account is being opened")
_CLAIMING = Problem(Reason.CONNECTING, "the account's journal is being claimed")


class AccountRuntime:
    """The runtime of one account. Implements `actions.Account`.

    Args:
        context: Stores, clocks, settings.
        account: The object, as first seen.
        memos: The intents of this account.
        wake: Has an intent judged again, by uid.
        complete: Whether `memos` gives all intents of the account; not so before the first sweep.
    """

    def __init__(
        self,
        context: Context,
        account: ExchangeAccount,
        memos: Callable[[], Iterable[IntentMemo]],
        wake: Callable[[str], None],
        complete: Callable[[], bool] = lambda: True,
    ) -> None:
        self._context = context
        self.account = account
        self._memos = memos
        self._wake = wake
        self._kick = asyncio.Event()
        self._kick_planned = False
        self._decision: AccountDecision | None = None
        self._unsaid = 0
        self.counters = AccountCounters()
        self._contact = Contact(context, self._name, self.counters, self.take)
        self._polling = Polling(context, self._contact, memos, wake)
        self.following = Following(context, self._name, memos, wake, self._poll_soon)
        self.following.on_failure = self.failed
        self._polling.on_news = lambda memo, before, left: self.following.polled(memo, before=before, final=left)
        self._lease = AccountLease(context, account.key, self._lease_changed)
        self._status = StatusWriter(context, self.take)
        self._state = StateWriter(context)
        self._markets = MarketPublisher(
            context, lambda: self.account, lambda: self._contact.opened, lambda: self._lease.held
        )
        self._prices = PriceBoard(context.monotonic, self.failed)
        self._slots = Slots(memos, context.monotonic)
        self._draining = Draining(context, memos, complete)
        self._labels = NamespaceLabels(context)
        self._handled: str | None = None
        self.on_change: Callable[[], None] = _nobody
        self._polling.be_eager(eager=account.spec.trading_state is TradingState.REDUCE_ONLY)

    # --- what others need ---------------------------------------------------------------------------------------

    @property
    def exchange(self) -> Exchange | None:
        """The session, once it is open."""
        return self._contact.opened.session if self._contact.opened else None

    @property
    def queue_depth(self) -> int:
        """Calls that wait for their turn at the venue."""
        return self._contact.opened.session.queue_depth if self._contact.opened else 0

    def facts(self, namespace: str, uid: str = "") -> AccountFacts:
        """What is known of the account, for an intent of this namespace; `uid` is the intent's own."""
        decision, opened, spec = self._decision, self._contact.opened, self.account.spec
        problem: Problem | None = _OPENING
        if decision is not None:
            problem = decision.problem or (_CLAIMING if decision.claims else None)
        return AccountFacts(
            problem=problem,
            journal_problem=decision.journal_problem if decision else _OPENING,
            venue_account_id=self._contact.facts.venue_account_id if opened else "",
            journal_uid=self._context.root.uid,
            contact=not self._contact.lost,
            terminating=self.account.metadata.deleting,
            allowed=self._allows(namespace),
            paused=is_paused(self.account.metadata),
            trading_state=spec.trading_state,
            halt_scope=spec.halt_scope,
            cancel_all=self.account.status.cancel_all,
            holdings=self._polling.holdings,
            markets=opened.markets if opened else NO_MARKETS,
            rules=opened.session.rules if opened else None,
            defaults=spec.defaults,
            polled_at=self._polling.polled_at,
            unclaimed=self._polling.unclaimed,
            send_window=self._context.settings.send_window,
            venue_wait=opened.session.venue_wait() if opened else VenueWait(),
            limits=spec.limits,
            prices=self._prices.known,
            open_others=self._slots.others(uid) if spec.limits.max_open_orders is not None else 0,
        )

    def reserve(self, uid: str, client_order_id: str, *, look_up: bool) -> None:
        """An intent is about to record a placement: its place and its requests count from now on."""
        self._slots.take(uid)
        if self._contact.opened is not None:
            window = self._context.settings.send_window
            self._contact.opened.session.announce(client_order_id, look_up=look_up, seconds=window)

    async def read_price(self, symbol: str, exchange: Exchange) -> None:
        """Read the market's price, for orders that are judged by it. A failure is noted, not raised."""
        await self._prices.read(symbol, exchange)

    def _allows(self, namespace: str) -> bool | None:
        if self.account.spec.allowed_namespaces.selector is None or namespace == self.account.metadata.namespace:
            return core.allows(self.account, namespace)
        if not self._labels.knows(namespace):
            self._kick.set()
        return core.allows(self.account, namespace, self._labels.of(namespace))

    @property
    def ready(self) -> bool:
        """Whether orders can be placed."""
        return self._decision is not None and self._decision.shown is None and not self._decision.claims

    def withdraws(self, memo: IntentMemo) -> bool:
        """Whether the account's owner ends an order that may work."""
        noted, halted = self.account.status.cancel_all, self.account.spec.trading_state is TradingState.HALTED
        if not halted and (noted is None or noted.baseline):
            return False
        return memo.may_work and controls.withdrawn(memo.intent, self.facts(memo.meta.namespace)) is not None

    def ended_pass(self) -> None:
        """An intent was judged; what is waited for may have come."""
        if self._draining.is_under_way:
            self._kick_soon()

    @property
    def acts(self) -> bool:
        """Whether this process works on the account; else another one does, and this one stands by."""
        return self._lease.held

    def _lease_changed(self) -> None:
        """Taking over begins as a start does: with a look at everything."""
        self._polling.forget()
        self._wake_all()
        self._kick.set()

    async def give_back(self) -> None:
        """Leave the account to another operator. Raises KubeError."""
        await self._lease.give_back()

    def wake(self) -> None:
        """Look at the account again at once."""
        self._kick.set()

    async def drain(self) -> None:
        """Send no new orders; what is under way goes on."""
        if self._contact.opened is not None:
            await self._contact.opened.session.drain(timeout=0.0)

    def take(self, account: ExchangeAccount) -> None:
        """A newer version of the object has arrived."""
        before = self.account
        if not newer(account.metadata.resource_version, before.metadata.resource_version):
            return
        self.account = account
        if (before.spec, before.metadata.annotations, before.metadata.deleting) != (
            account.spec,
            account.metadata.annotations,
            account.metadata.deleting,
        ):
            self._polling.be_eager(eager=account.spec.trading_state is TradingState.REDUCE_ONLY)
            self._contact.try_at_once()
            self._decide()
            self._wake_all()
            self._kick.set()
        elif draining.line(before) != draining.line(account):
            self._wake_all()

    def failed(self, error: ExchangeError) -> None:
        """A call to the venue failed; the account is told apart from the order."""
        if not self._contact.failing:
            self._kick.set()
        self._contact.note(error)
        if isinstance(error, CredentialsRefused):
            self._contact.blame(error)
            self._decide()
            self._kick.set()

    def sent(self, outcome: CreateOutcome) -> None:
        """A create has ended."""
        self._polling.balances_soon()
        if isinstance(outcome, Placed):
            self.counters.placements += 1
        else:
            self.counters.error(getattr(outcome, "reason", type(outcome).__name__))
        if isinstance(outcome, NotPlaced):
            self.counters.retries += 1
            if outcome.reason == Reason.AUTHENTICATION_FAILED:
                self.failed(CredentialsRefused(outcome.message))
        self._kick_soon()

    def _poll_soon(self) -> None:
        self._polling.soon()
        self._kick.set()

    def _kick_soon(self) -> None:
        """A burst of orders is one reason to look, not one for each order."""
        if not self._kick_planned:
            self._kick_planned = True
            asyncio.get_running_loop().call_later(KICK_DELAY, self._kick_now)

    def _kick_now(self) -> None:
        self._kick_planned = False
        self._kick.set()

    # --- the loop -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until canceled, or until the account is gone and released."""
        await self._lease.look()
        leasing = asyncio.create_task(self._lease.run(), name=f"lease of {self._name}")
        publishing = asyncio.create_task(self._markets.run(), name=f"markets of {self._name}")
        try:
            while True:
                # Cleared before the turn, so that what comes in during it leads to another one.
                self._kick.clear()
                if await self._safe_turn():
                    return
                try:
                    await asyncio.wait_for(self._kick.wait(), self._pause())
                except TimeoutError:
                    continue
        finally:
            leasing.cancel()
            publishing.cancel()
            await self._hang_up()

    async def _safe_turn(self) -> bool:
        try:
            return await self._turn()
        except Exception:  # noqa: BLE001 - logged with its trace
            # A bug, or an answer that nobody thought of, must not leave the account without its loop.
            _log.exception("%s: the turn failed", self._name)
            self._contact.retry_later()
            return False

    async def _hang_up(self) -> None:
        await self.following.stop()
        await self._contact.close()

    async def _stand_by(self) -> None:
        """Another operator works on the account: keep no session, send nothing, say nothing."""
        opened = self._contact.opened
        if opened is not None:
            await opened.session.drain(timeout=REQUEST_SECONDS)
            await self._hang_up()

    async def _turn(self) -> bool:
        if not self.acts:
            await self._stand_by()
            return False
        if self._contact.adapt(self.account):
            self._wake_all()
        if self._contact.may_try:
            await self._ask_venue()
        if await self._labels.refresh():
            self._wake_all()
        await self._say()
        return self.account.metadata.deleting and await self._release()

    async def _ask_venue(self) -> None:
        contact, asked = self._contact, self._asked
        try:
            if not contact.works:
                await self.following.stop()
                if await contact.open(self.account) and contact.opened is not None:
                    self._polling.opened()
                    self.following.start(contact.opened.session)
            elif await contact.renew(self.account):
                await self._renewed()
            elif contact.opened is not None and not self._is_another:
                if asked:
                    self._polling.everything_now()
                await self._polling.read(contact.opened)
                self._handled = asked or self._handled
                self.following.judge()
        except ExchangeError as error:
            contact.failed(error)

    async def _renewed(self) -> None:
        """The session is another one now, or none where the venue refuses the new key."""
        await self.following.stop()
        if self._contact.opened is not None:
            self._polling.opened()
            self.following.start(self._contact.opened.session)

    @property
    def _asked(self) -> str | None:
        """The value of `reconcile-requested-at` that is not handled yet."""
        asked = requested.value_of(self.account.metadata)
        done = {"", self._handled, self.account.status.last_handled_reconcile_at}
        return None if asked in done else asked

    @property
    def _is_another(self) -> bool:
        """Whether the key belongs to another account of the venue: what that one has is none of our business."""
        known, now = self.account.status.venue_account_id, self._contact.facts.venue_account_id
        return bool(known and now and known != now)

    def _pause(self) -> float:
        now, retry_at = self._context.monotonic(), self._contact.retry_at
        if not self.acts:
            return STANDBY_SECONDS
        if retry_at is not None:
            due = retry_at
        else:
            due = self._contact.look_at if self._is_another else min(self._polling.due_at, self._contact.look_at)
        due = min(due, self._labels.due_at)
        if self._unsaid:
            due = min(due, now + RECONNECT.after(self._unsaid))
        return max(0.05, due - now)

    async def _release(self) -> bool:
        """Let a deleted account go when no intent holds an order on it, by the API server's word: the cache may lag."""
        if any(FINALIZER_CANCEL_ORDER in memo.meta.finalizers for memo in self._memos()):
            return False
        try:
            return await release_account(self._context, self.account)
        except KubeError as error:
            _log.warning("%s cannot be released: %s", self._name, error)
            return False

    # --- say ----------------------------------------------------------------------------------------------------

    def _decide(self) -> AccountDecision:
        drain = self._draining.measure(self.account, self.facts(self.account.metadata.namespace))
        view = AccountView(
            self.account, self._context.root, self._contact.facts, self._context.now(), drain, self._handled
        )
        before, self._decision = self._decision, core.decide(view)
        after = self._decision
        if before is None or (before.problem, before.journal_problem) != (after.problem, after.journal_problem):
            self._wake_all()
        return after

    async def _say(self) -> None:
        if self._contact.watch():
            self._wake_all()
        decision = self._decide()
        try:
            await self._draining.read_token(self.account)
            decision = self._decide()
            await self._status.write(self.account, decision)
            if self._state.is_due and self._polling.balances is not None:
                await self._state.write(self._picture(decision))
        except KubeError as error:
            _log.warning("%s: %s", self._name, error)
            self._unsaid += 1
        else:
            self._unsaid = 0
        if decision.claims and not self._decide().claims:
            self._wake_all()

    def _picture(self, decision: AccountDecision) -> AccountPicture:
        memos = tuple(self._memos())
        unknown = [memo for memo in memos if memo.unknown]
        ages = [self._context.monotonic() - memo.receipt_seen_at for memo in unknown]
        return AccountPicture(
            account=self.account,
            session=self._contact.facts,
            problem=decision.shown,
            balances=self._polling.balances,
            open_orders=sum(memo.works for memo in memos),
            unmanaged=account_report.unmanaged(self._polling.snapshot, memos),
            unknown=len(unknown),
            oldest_unknown_seconds=max(ages, default=None),
            counters=self.counters,
            stream=self.following.said,
            at=self._context.wall(),
        )

    def _wake_all(self) -> None:
        for memo in self._memos():
            self._wake(memo.meta.uid)
        self.on_change()

    @property
    def _name(self) -> str:
        return "ExchangeAccount " + "/".join(self.account.key)


def _nobody() -> None:
    """Nobody else wants to know that the account has changed."""


class MissingAccount:
    """Stands for an account that does not exist."""

    exchange: Exchange | None = None
    acts = True

    def __init__(self, root: JournalRef) -> None:
        self._facts = AccountFacts(exists=False, journal_uid=root.uid, contact=False)

    def facts(self, namespace: str, uid: str = "") -> AccountFacts:
        """That it does not exist."""
        del namespace, uid
        return self._facts

    def reserve(self, uid: str, client_order_id: str, *, look_up: bool) -> None:
        """Nothing is placed on it."""

    async def read_price(self, symbol: str, exchange: Exchange) -> None:
        """Nothing is asked of it."""

    def failed(self, error: ExchangeError) -> None:
        """Nothing is asked of it."""

    def sent(self, outcome: CreateOutcome) -> None:
        """Nothing is sent on it."""

    def ended_pass(self) -> None:
        """Nothing is waited for."""
