"""One ExchangeAccount at run time: its session, its place in the journal, and one bulk read for all its orders.

The loop opens the session, keeps it in contact, and reads the open orders while some work: one read per account and
interval, never one per order. What the reads show is put into the memories of the intents concerned, and only those
that something new was seen of are judged again.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from exchange_kernel.api.account_state import AccountState
from exchange_kernel.api.exchange_account import ExchangeAccount, ExchangeAccountStatus, JournalRef
from exchange_kernel.api.meta import API_VERSION, FINALIZER_CANCEL_ORDER
from exchange_kernel.api.reasons import Reason
from exchange_kernel.controller import account_report
from exchange_kernel.controller.account_report import AccountCounters, AccountPicture
from exchange_kernel.controller.connecting import NO_MARKETS, NotOpened, Opened, open_session, problem_of, with_clock
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.memo import IntentMemo, newer
from exchange_kernel.controller.releasing import release_account
from exchange_kernel.core import account as core
from exchange_kernel.core.account import AccountDecision, AccountView, SessionFacts
from exchange_kernel.core.venue import Balance, CreateOutcome, NotPlaced, OpenOrders, Placed, VenueOrder
from exchange_kernel.core.view import AccountFacts, Backoff, Problem
from exchange_kernel.exchange.port import CredentialsRefused, Exchange, ExchangeError, RateLimited
from exchange_kernel.kube.errors import Conflict, Forbidden, KubeError, NotFound
from exchange_kernel.kube.event_aggregation import EventTarget, EventType

_log = logging.getLogger(__name__)

RECONNECT = Backoff(first=0.5, ceiling=15.0)
# Failures for less than this are no loss of contact: one lost answer is not worth a status write of every order.
CONTACT_GRACE = 10.0
CLOCK_INTERVAL = 60.0
# Steps, minima and listings change while a session lasts for weeks.
MARKETS_INTERVAL = 600.0
STATE_INTERVAL = 2.0
# From the end of a create to the account's next turn.
KICK_DELAY = 0.25
# How long another process' words about the account are left standing.
YIELDS_SECONDS = 60.0

# Symbol and id: venues count their orders per symbol.
OrderKey = tuple[str, str]


class AccountRuntime:
    """The runtime of one account. Implements `actions.Account`.

    Args:
        context: Stores, clocks, settings.
        account: The object, as first seen.
        memos: The intents of this account.
        wake: Has an intent judged again, by uid.
    """

    def __init__(
        self,
        context: Context,
        account: ExchangeAccount,
        memos: Callable[[], Iterable[IntentMemo]],
        wake: Callable[[str], None],
    ) -> None:
        self._context = context
        self.account = account
        self._memos = memos
        self._wake = wake
        self._kick = asyncio.Event()
        self._kick_planned = False
        self._opened: Opened | None = None
        self._session = SessionFacts()
        self._decision: AccountDecision | None = None
        self._failures = self._unsaid = 0
        self._retry_at = 0.0
        self._failing_since: float | None = None
        self._polled_at: float | None = None
        self._last_poll: float | None = None
        self._next_markets = self._next_clock = self._next_balances = self._next_state = self._balances_at = 0.0
        self._balances: tuple[Balance, ...] | None = None
        self._snapshot: tuple[VenueOrder, ...] = ()
        self._state: AccountState | None = None
        self._lost_contact = False
        self._said: ExchangeAccountStatus | None = None
        self._said_at = 0.0
        self.counters = AccountCounters()

    # --- what others need ---------------------------------------------------------------------------------------

    @property
    def exchange(self) -> Exchange | None:
        """The session, once it is open."""
        return self._opened.session if self._opened else None

    @property
    def queue_depth(self) -> int:
        """Calls that wait for their turn at the venue."""
        return self._opened.session.queue_depth if self._opened else 0

    def facts(self, namespace: str) -> AccountFacts:
        """What is known of the account, for an intent of this namespace."""
        decision, opened = self._decision, self._opened
        problem = Problem(Reason.CONNECTING, "the account is being opened")
        if decision is not None:
            claiming = Problem(Reason.CONNECTING, "the account's journal is being claimed") if decision.claims else None
            problem_now = decision.problem or claiming
        else:
            problem_now = problem
        return AccountFacts(
            problem=problem_now,
            journal_problem=decision.journal_problem if decision else problem,
            venue_account_id=self._session.venue_account_id if opened else "",
            journal_uid=self._context.root.uid,
            contact=not self._lost_contact,
            terminating=self.account.metadata.deleting,
            allowed=core.allows(self.account, namespace),
            trading_state=self.account.spec.trading_state,
            markets=opened.markets if opened else NO_MARKETS,
            rules=opened.session.rules if opened else None,
            defaults=self.account.spec.defaults,
            polled_at=self._polled_at,
            send_window=self._context.settings.send_window,
        )

    def wake(self) -> None:
        """Look at the account again at once."""
        self._kick.set()

    async def drain(self) -> None:
        """Send no new orders; what is under way goes on."""
        if self._opened is not None:
            await self._opened.session.drain(timeout=0.0)

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
            if before.spec.credentials_secret_ref != account.spec.credentials_secret_ref:
                self._session = replace(self._session, authenticated=False)
            self._retry_at = 0.0
            self._decide()
            self._wake_all()
            self._kick.set()

    def failed(self, error: ExchangeError) -> None:
        """A call to the venue failed; the account is told apart from the order."""
        if self._failing_since is None:
            self._kick.set()
        self._note(error)
        if isinstance(error, CredentialsRefused):
            self._session = problem_of(self._session, error)
            self._decide()
            self._kick.set()

    def _note(self, error: ExchangeError) -> None:
        self.counters.error(type(error).__name__)
        if self._failing_since is None and not isinstance(error, CredentialsRefused):
            self._failing_since = self._context.monotonic()

    def sent(self, outcome: CreateOutcome) -> None:
        """A create has ended."""
        self._next_balances = min(self._next_balances, self._balances_at + STATE_INTERVAL)
        if isinstance(outcome, Placed):
            self.counters.placements += 1
        else:
            self.counters.error(getattr(outcome, "reason", type(outcome).__name__))
        if isinstance(outcome, NotPlaced):
            self.counters.retries += 1
            if outcome.reason == Reason.AUTHENTICATION_FAILED:
                self.failed(CredentialsRefused(outcome.message))
        self._kick_soon()

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
            await self._close()

    async def _safe_turn(self) -> bool:
        try:
            return await self._turn()
        except Exception:  # noqa: BLE001 - logged with its trace
            # A bug, or an answer that nobody thought of, must not leave the account without its loop.
            _log.exception("%s: the turn failed", self._name)
            self._retry_later()
            return False

    async def _turn(self) -> bool:
        if self._context.monotonic() >= self._retry_at:
            await self._contact()
        await self._say()
        return self.account.metadata.deleting and await self._release()

    async def _contact(self) -> None:
        try:
            if self._opened is None or not self._session.authenticated:
                await self._open()
            else:
                await self._keep_contact()
        except ExchangeError as error:
            self._session = problem_of(self._session, error)
            self._note(error)
            self._retry_later(error.retry_after if isinstance(error, RateLimited) else None)

    def _retry_later(self, pause: float | None = None) -> None:
        """The venue is left alone for a while, whatever kicks the loop meanwhile."""
        self._failures += 1
        self._retry_at = self._context.monotonic() + max(RECONNECT.after(self._failures), pause or 0.0)

    def _pause(self) -> float:
        now = self._context.monotonic()
        due = self._retry_at if self._failures else min(self._next_poll(), self._next_balances)
        if self._unsaid:
            due = min(due, now + RECONNECT.after(self._unsaid))
        return max(0.05, due - now)

    def _next_poll(self) -> float:
        """When the open orders are read next: often while some work, else only to see that the venue is there."""
        if self._last_poll is None or self._polled_at is None:
            return 0.0
        settings = self._context.settings
        soon = self._failing_since is not None or any(memo.works for memo in self._memos())
        return self._last_poll + (settings.poll_interval if soon else settings.idle_interval)

    async def _open(self) -> None:
        await self._close()
        try:
            self._opened = await open_session(self._context, self.account)
        except NotOpened as refused:
            self._session = refused.facts
            self._retry_later()
            return
        self._session = self._opened.facts
        self._succeeded()
        await self._hold()
        self._next_clock = self._context.monotonic() + CLOCK_INTERVAL
        self._next_markets = self._context.monotonic() + MARKETS_INTERVAL

    async def _close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.session.close()

    def _succeeded(self) -> None:
        self._failures, self._failing_since, self._retry_at = 0, None, 0.0
        if self._session.problem is not None:
            self._session = replace(self._session, problem=None, connected=True, authenticated=True)

    async def _hold(self) -> None:
        """Keep account and Secret as long as orders need them."""
        try:
            held = await self._context.stores.accounts.add_finalizer(self.account.metadata)
            if held is not None:
                self.take(held)
            if self._opened is not None:
                await self._context.stores.secrets.add_finalizer(self._opened.secret.meta)
        except Forbidden:
            _log.info("%s: the operator may not protect the Secret from deletion", self._name)
        except KubeError as error:
            _log.warning("%s: cannot protect account and Secret from deletion: %s", self._name, error)

    async def _release(self) -> bool:
        """Let a deleted account go when no intent holds an order on it, by the API server's word: the cache may lag."""
        if any(FINALIZER_CANCEL_ORDER in memo.meta.finalizers for memo in self._memos()):
            return False
        try:
            return await release_account(self._context, self.account)
        except KubeError as error:
            _log.warning("%s cannot be released: %s", self._name, error)
            return False

    # --- contact ------------------------------------------------------------------------------------------------

    async def _keep_contact(self) -> None:
        opened = self._opened
        if opened is None:
            return
        now = self._context.monotonic()
        # After a failure something must be asked: a turn in which nothing is due proves no contact.
        polls = bool(self._failures) or now >= self._next_poll()
        if polls:
            self._last_poll = now
            self._apply(await opened.session.fetch_open_orders())
        if now >= self._next_clock:
            self._session = with_clock(self._session, await opened.session.read_clock())
            self._next_clock = now + CLOCK_INTERVAL
        if now >= self._next_balances:
            self._next_balances = now + self._context.settings.balance_interval
            self._balances = await opened.session.fetch_balances()
            self._balances_at = now
        if now >= self._next_markets:
            self._next_markets = now + MARKETS_INTERVAL
            markets = await opened.session.load_markets()
            self._opened = replace(opened, markets=markets)
        if polls:
            self._succeeded()

    def _apply(self, snapshot: OpenOrders) -> None:
        """Put a bulk read into the memories of the intents that it says something about."""
        first = self._polled_at is None
        self._polled_at = snapshot.started_at
        self._snapshot = snapshot.orders
        by_id = {(order.symbol, order.exchange_order_id): order for order in snapshot.orders}
        now = self._context.monotonic()
        for memo in self._memos():
            news = memo.works and self._compare(memo, by_id, snapshot, now)
            if news or first:
                self._wake(memo.meta.uid)

    @staticmethod
    def _compare(memo: IntentMemo, by_id: Mapping[OrderKey, VenueOrder], snapshot: OpenOrders, now: float) -> bool:
        found = by_id.get((memo.intent.spec.symbol, memo.exchange_order_id))
        if found is not None:
            return memo.see(found, snapshot.started_at, now)
        if memo.order is not None and memo.observed_at >= snapshot.started_at:
            # Acknowledged, or read, after the bulk read began: it says nothing about this order.
            return False
        memo.recheck = memo.order is not None
        return True

    # --- say ----------------------------------------------------------------------------------------------------

    def _decide(self) -> AccountDecision:
        view = AccountView(self.account, self._context.root, self._session, self._context.now())
        before, self._decision = self._decision, core.decide(view)
        after = self._decision
        if before is None or (before.problem, before.journal_problem) != (after.problem, after.journal_problem):
            self._wake_all()
        return after

    async def _say(self) -> None:
        """Write what changed; claiming the journal is part of it."""
        self._watch_contact()
        decision = self._decide()
        try:
            if decision.status != self.account.status and not self._yields(decision):
                await self._write_status(decision)
            await self._write_state(decision)
        except KubeError as error:
            _log.warning("%s: %s", self._name, error)
            self._unsaid += 1
        else:
            self._unsaid = 0
        if decision.claims and not self._decide().claims:
            self._wake_all()

    def _yields(self, decision: AccountDecision) -> bool:
        """Whether another installation, or process, has just overruled what this one said; else they take turns."""
        if decision.claims or self._said is None or self.account.status in (self._said, decision.status):
            return False
        return self._context.monotonic() < self._said_at + YIELDS_SECONDS

    async def _write_status(self, decision: AccountDecision) -> None:
        store = self._context.stores.accounts
        before = self.account  # as it is now: the watch may be faster than the answer
        try:
            stored = await store.patch_status(before.metadata, before.status, decision.status)
        except Conflict:
            fresh = await store.get(*self.account.key)
            if fresh.metadata.uid == self.account.metadata.uid:
                self.take(fresh)
            raise
        if stored is not None:
            self.take(stored)
            self._said, self._said_at = stored.status, self._context.monotonic()
            self._decide()
            self._tell(before, stored, decision)

    def _tell(self, before: ExchangeAccount, after: ExchangeAccount, said: AccountDecision) -> None:
        if before.status.message == after.status.message:
            return
        meta = after.metadata
        target = EventTarget(API_VERSION, "ExchangeAccount", meta.namespace, meta.name, meta.uid)
        problem = said.problem or said.journal_problem
        kind = EventType.NORMAL if problem is None else EventType.WARNING
        reason, message = (problem.reason, problem.message) if problem else ("Ready", "the account can trade")
        self._context.events.record(target, kind, reason, message)
        _log.info("%s: %s: %s", self._name, reason, message)

    def _watch_contact(self) -> None:
        since = self._failing_since
        lost = since is not None and self._context.monotonic() - since >= CONTACT_GRACE
        if lost is not self._lost_contact:
            self._lost_contact = lost
            self._wake_all()

    async def _write_state(self, decision: AccountDecision) -> None:
        now = self._context.monotonic()
        if now < self._next_state or self._balances is None:
            return
        following = account_report.render(self._picture(decision))
        store = self._context.stores.states
        if self._state is None:
            try:
                self._state = await store.get(*self.account.key)
            except NotFound:
                self._state = None
        if self._state is not None and account_report.same_content(self._state, following):
            return
        try:
            self._state = await store.write(self._state, following) or self._state
        except (Conflict, NotFound):
            self._state = None
        self._next_state = now + STATE_INTERVAL

    def _picture(self, decision: AccountDecision) -> AccountPicture:
        memos = tuple(self._memos())
        ids = {(memo.intent.spec.symbol, memo.exchange_order_id) for memo in memos}
        names = {memo.client_order_id for memo in memos} - {""}
        now = self._context.monotonic()
        unknown = [memo for memo in memos if memo.unknown]
        ages = [now - memo.receipt_seen_at for memo in unknown]
        return AccountPicture(
            account=self.account,
            session=self._session,
            problem=decision.problem or decision.journal_problem,
            balances=self._balances,
            open_orders=sum(memo.works for memo in memos),
            unmanaged=tuple(
                order
                for order in self._snapshot
                if (order.symbol, order.exchange_order_id) not in ids and order.client_order_id not in names
            ),
            unknown=len(unknown),
            oldest_unknown_seconds=max(ages, default=None),
            counters=self.counters,
            at=self._context.wall(),
        )

    def _wake_all(self) -> None:
        for memo in self._memos():
            self._wake(memo.meta.uid)

    @property
    def _name(self) -> str:
        return "ExchangeAccount " + "/".join(self.account.key)


class MissingAccount:
    """Stands for an account that does not exist."""

    exchange: Exchange | None = None

    def __init__(self, root: JournalRef) -> None:
        self._facts = AccountFacts(exists=False, journal_uid=root.uid, contact=False)

    def facts(self, namespace: str) -> AccountFacts:
        """That it does not exist."""
        del namespace
        return self._facts

    def failed(self, error: ExchangeError) -> None:
        """Nothing is asked of it."""

    def sent(self, outcome: CreateOutcome) -> None:
        """Nothing is sent on it."""
