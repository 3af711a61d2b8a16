"""The parts of an account at run time: what is known from them, and what comes in."""

import asyncio
from collections.abc import Callable, Iterable

from exchange_kernel.api.enums import TradingState
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.controller.account_report import AccountCounters
from exchange_kernel.controller.account_saying import AccountSaying
from exchange_kernel.controller.connecting import NO_MARKETS
from exchange_kernel.controller.contact import Contact
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.controls import Draining, NamespaceLabels
from exchange_kernel.controller.following import Following
from exchange_kernel.controller.leasing import AccountLease
from exchange_kernel.controller.market_publishing import MarketPublisher
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.controller.memo_object import newer
from exchange_kernel.controller.polling import Polling
from exchange_kernel.controller.prices import PriceBoard
from exchange_kernel.controller.slots import NO_GROUPS, GroupPlace, GroupPlaces, Slots
from exchange_kernel.core import account as core
from exchange_kernel.core import controls, draining
from exchange_kernel.core.account import AccountDecision
from exchange_kernel.core.account_facts import AccountFacts, Problem
from exchange_kernel.core.gates import is_paused
from exchange_kernel.core.outcomes import CreateOutcome, NotPlaced, Placed
from exchange_kernel.core.places import Places
from exchange_kernel.core.venue_rules import VenueWait
from exchange_kernel.exchange.port import CredentialsRefused, Exchange, ExchangeError

# From the end of a create to the account's next turn.
KICK_DELAY = 0.25

_OPENING = Problem(Reason.CONNECTING, "the account is being opened")
_CLAIMING = Problem(Reason.CONNECTING, "the account's journal is being claimed")


class AccountParts:
    """What an account consists of. Implements `account_port.Account`.

    Args:
        context: Stores, clocks, settings.
        account: The object, as first seen.
        memos: The intents of this account.
        wake: Has an intent judged again, by uid.
        complete: Whether `memos` gives all intents of the account; not so before the first sweep.
        groups: Tells which orders are legs.
    """

    def __init__(  # noqa: PLR0913 - what the account depends on, by name
        self,
        context: Context,
        account: ExchangeAccount,
        memos: Callable[[], Iterable[IntentMemo]],
        wake: Callable[[str], None],
        *,
        complete: Callable[[], bool] = lambda: True,
        groups: GroupPlaces = NO_GROUPS,
    ) -> None:
        self._context = context
        self.account = account
        self.memos = memos
        self._wake = wake
        self._kick = asyncio.Event()
        self._kick_planned = False
        self._decision: AccountDecision | None = None
        self.counters = AccountCounters()
        self.contact = Contact(context, self.name, self.counters, self.take)
        self.polling = Polling(context, self.contact, memos, wake)
        self.following = Following(context, self.name, memos, wake, self._poll_soon)
        self.following.on_failure = self.failed
        self.polling.on_news = lambda memo, before, left: self.following.polled(memo, before=before, final=left)
        self._lease = AccountLease(context, account.key, self._lease_changed)
        self._saying = AccountSaying(context, self)
        self._markets = MarketPublisher(
            context, lambda: self.account, lambda: self.contact.opened, lambda: self._lease.held
        )
        self._prices = PriceBoard(context.monotonic, self.failed)
        self._groups = groups
        self._slots = Slots(memos, context.monotonic, self._place_of, lambda: self.polling.snapshot)
        self.draining = Draining(context, memos, complete, lambda intent: self._places(intent).is_exit)
        self._labels = NamespaceLabels(context)
        self.handled: str | None = None
        self.on_change: Callable[[], None] = _nobody
        self.polling.be_eager(eager=account.spec.trading_state is TradingState.REDUCE_ONLY)

    @property
    def exchange(self) -> Exchange | None:
        """The session, once it is open."""
        return self.contact.opened.session if self.contact.opened else None

    @property
    def queue_depth(self) -> int:
        """Calls that wait for their turn at the venue."""
        return self.contact.opened.session.queue_depth if self.contact.opened else 0

    def facts(self, namespace: str, intent: OrderIntent | None = None) -> AccountFacts:
        """What is known of the account, for objects of this namespace; `intent`: for this one, its places included."""
        decision, opened, spec = self._decision, self.contact.opened, self.account.spec
        problem: Problem | None = _OPENING
        if decision is not None:
            problem = decision.problem or (_CLAIMING if decision.claims else None)
        return AccountFacts(
            problem=problem,
            journal_problem=decision.journal_problem if decision else _OPENING,
            venue_account_id=self.contact.facts.venue_account_id if opened else "",
            journal_uid=self._context.root.uid,
            contact=not self.contact.lost,
            terminating=self.account.metadata.deleting,
            allowed=self._allows(namespace),
            paused=is_paused(self.account.metadata),
            trading_state=spec.trading_state,
            halt_scope=spec.halt_scope,
            cancel_all=self.account.status.cancel_all,
            holdings=self.polling.holdings,
            markets=opened.markets if opened else NO_MARKETS,
            rules=opened.session.rules if opened else None,
            defaults=spec.defaults,
            polled_at=self.polling.polled_at,
            unclaimed=self.polling.unclaimed,
            send_window=self._context.settings.send_window,
            venue_wait=opened.session.venue_wait() if opened else VenueWait(),
            limits=spec.limits,
            prices=self._prices.known,
            places=self._places(intent),
            groupless=intent is not None and self._groups.lacks(intent),
        )

    def _places(self, intent: OrderIntent | None) -> Places:
        """Counted where somebody asks: all orders have to be looked at for it."""
        counts = self.account.spec.limits.max_open_orders is not None or self._groups.any
        return self._slots.found_by(intent) if intent is not None and counts else Places()

    def _place_of(self, intent: OrderIntent) -> GroupPlace | None:
        return self._groups.place_of(intent, self.contact.opened.session.rules if self.contact.opened else None)

    def reserve(self, intent: OrderIntent, client_order_id: str, *, look_up: bool) -> None:
        """An intent is about to record a placement: its place and its requests count from now on."""
        self._slots.take(intent)
        if self.contact.opened is not None:
            window = self._context.settings.send_window
            self.contact.opened.session.announce(client_order_id, look_up=look_up, seconds=window)

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
        return (
            memo.may_work and controls.withdrawn(memo.intent, self.facts(memo.meta.namespace, memo.intent)) is not None
        )

    @property
    def acts(self) -> bool:
        """Whether this process works on the account; else another one does, and this one stands by."""
        return self._lease.held

    def decide(self) -> AccountDecision:
        """Judge the account; its intents are woken when that changes what they may do."""
        before, self._decision = self._decision, self._saying.decide()
        after = self._decision
        if before is None or (before.problem, before.journal_problem) != (after.problem, after.journal_problem):
            self._wake_all()
        return after

    def _wake_all(self) -> None:
        for memo in self.memos():
            self._wake(memo.meta.uid)
        self.on_change()

    @property
    def name(self) -> str:
        """For messages."""
        return "ExchangeAccount " + "/".join(self.account.key)

    # --- what comes in ------------------------------------------------------------------------------------------

    def ended_pass(self, memo: IntentMemo, changed_at: float | None) -> None:
        """An intent was judged; what is waited for may have come."""
        if memo.failures:
            memo.changed(changed_at)
        else:
            self._measure(changed_at, self.following.handled(memo))
        if self.draining.is_under_way:
            self._kick_soon()

    def _measure(self, *since: float | None) -> None:
        now = self._context.monotonic()
        for began in since:
            if began is not None:
                self.counters.lags.add(now - began, now)

    def _lease_changed(self) -> None:
        """Taking over begins as a start does: with a look at everything."""
        self.polling.forget()
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
        if self.contact.opened is not None:
            await self.contact.opened.session.drain(timeout=0.0)

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
            self.polling.be_eager(eager=account.spec.trading_state is TradingState.REDUCE_ONLY)
            self.contact.try_at_once()
            self.decide()
            self._wake_all()
            self._kick.set()
        elif draining.line(before) != draining.line(account):
            self._wake_all()

    def failed(self, error: ExchangeError) -> None:
        """A call to the venue failed; the account is told apart from the order."""
        if not self.contact.failing:
            self._kick.set()
        self.contact.note(error)
        if isinstance(error, CredentialsRefused):
            self.contact.blame(error)
            self.decide()
            self._kick.set()

    def sent(self, outcome: CreateOutcome) -> None:
        """A create has ended."""
        self.polling.balances_soon()
        if isinstance(outcome, Placed):
            self.counters.placements += 1
        else:
            self.counters.error(getattr(outcome, "reason", type(outcome).__name__), self._context.monotonic())
        if isinstance(outcome, NotPlaced):
            self.counters.retries += 1
            if outcome.reason == Reason.AUTHENTICATION_FAILED:
                self.failed(CredentialsRefused(outcome.message))
        self._kick_soon()

    def _poll_soon(self) -> None:
        self.polling.soon()
        self._kick.set()

    def _kick_soon(self) -> None:
        """A burst of orders is one reason to look, not one for each order."""
        if not self._kick_planned:
            self._kick_planned = True
            asyncio.get_running_loop().call_later(KICK_DELAY, self._kick_now)

    def _kick_now(self) -> None:
        self._kick_planned = False
        self._kick.set()


def _nobody() -> None:
    """Nobody else wants to know that the account has changed."""
