"""What is said about an ExchangeAccount, and whether this installation may place orders on it.

An account belongs to one journal. The first installation that sees it claims it, by compare-and-set in the account's
status; any other (a second installation, a reinstall, a restore that lost the journal's root) may observe and adopt,
and creates nothing until a human hands the journal over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exchange_kernel.api.account_status import Capabilities, ExchangeAccountStatus, JournalRef
from exchange_kernel.api.conditions import Condition, ConditionStatus
from exchange_kernel.api.conditions import ConditionType as Type
from exchange_kernel.api.enums import HaltScope, NamespacesFrom, OrderType, TimeInForce, TradingState
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.meta import ANNOTATION_TAKE_OVER
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import conditions, draining
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.conditions import FALSE, TRUE, UNKNOWN, Aspect
from exchange_kernel.core.draining import NOTHING_DRAINS, Drain
from exchange_kernel.core.venue_rules import VenueRules
from exchange_kernel.core.view import Now

Labels = Mapping[str, str]

# A skew is said in steps: a status is written when something changes, and clocks always differ a little.
SKEW_STEP_MILLISECONDS = 100
SKEW_LIMIT_MILLISECONDS = 1000
# Requests are signed by the venue's clock, so that a skew does no harm to them. But the times in receipts bound the
# search for an order whose outcome is unknown, with a margin of ten minutes: beyond half of it nothing is sent.
SKEW_REFUSED_MILLISECONDS = 300_000


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What the session with the venue has found out; None: not tried yet.

    Attributes:
        problem: Why the session cannot be used at present (Secret, profile, endpoint, key, network).
        skew_milliseconds: Operator's clock minus venue's clock.
        round_trip_milliseconds: How long the venue took to tell its time, there and back.
    """

    connected: bool | None = None
    authenticated: bool | None = None
    problem: Problem | None = None
    venue_account_id: str = ""
    can_trade: bool = True
    skew_milliseconds: int | None = None
    round_trip_milliseconds: int | None = None
    rules: VenueRules | None = None
    markets: int = 0


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account, whole.

    Attributes:
        root: This installation's journal.
        session: What the session has found out.
        drain: How far halt and cancel-all are.
        handled: The last `reconcile-requested-at` after which everything was read from the venue, by this process.
    """

    account: ExchangeAccount
    root: JournalRef
    session: SessionFacts
    now: Now
    drain: Drain = NOTHING_DRAINS
    handled: str | None = None


@dataclass(frozen=True, slots=True)
class AccountDecision:
    """What to say, and what follows for orders.

    Attributes:
        status: The whole status; writing it is what claims the journal.
        problem: Why nothing can be sent, but for a halt, which orders ask `controls` for; None when there is nothing.
        journal_problem: Why nothing may be created here, while orders can still be watched, adopted and canceled.
        claims: Whether the status claims the journal; until it is written nothing is sent.
        shown: Why the account is not Ready, as the status says it; None when it is.
    """

    status: ExchangeAccountStatus
    problem: Problem | None
    journal_problem: Problem | None
    claims: bool
    shown: Problem | None


def decide(view: AccountView) -> AccountDecision:
    """Judge an account. Pure."""
    journal, journal_problem = _journal(view)
    claims = journal != view.account.status.journal
    problem = _problem(view)
    shown = problem or _halted(view) or journal_problem
    return AccountDecision(_status(view, shown, journal), problem, journal_problem, claims, shown)


def allows(account: ExchangeAccount, namespace: str, labels: Labels | None = None) -> bool | None:
    """Whether OrderIntents of a namespace may use the account.

    Args:
        account: The account.
        namespace: The namespace of an OrderIntent.
        labels: The namespace's labels; None while they are not known.

    Returns:
        None where the labels decide and are not known.
    """
    allowed = account.spec.allowed_namespaces
    if account.metadata.namespace == namespace:
        return True
    if allowed.selector is not None:
        wanted = allowed.selector.match_labels.items()
        return None if labels is None else all(labels.get(key) == value for key, value in wanted)
    return allowed.from_ is NamespacesFrom.NAMES and namespace in allowed.names


def _journal(view: AccountView) -> tuple[JournalRef, Problem | None]:
    held = view.account.status.journal
    handed_over = view.account.metadata.annotations.get(ANNOTATION_TAKE_OVER, "")
    if held is None or held.uid in {view.root.uid, handed_over}:
        return view.root, None
    message = (
        f"the orders of this account are recorded in another journal (namespace {held.namespace}, uid {held.uid}), "
        f"this installation's is in {view.root.namespace}. Orders are observed and canceled, none is created. "
        f"If that installation is gone for good, set the annotation {ANNOTATION_TAKE_OVER}={held.uid}"
    )
    return held, Problem(Reason.JOURNAL_FOREIGN, message)


def _problem(view: AccountView) -> Problem | None:
    if view.account.metadata.deleting:
        return Problem(Reason.TERMINATING, "the account is being deleted: its orders are only canceled")
    session = view.session
    if session.problem is not None:
        return session.problem
    if not session.venue_account_id or session.rules is None or not session.markets:
        return Problem(Reason.CONNECTING, "the session with the venue is being opened")
    return _identity_problem(view) or _right_to_trade(view) or _clock_problem(session)


def _identity_problem(view: AccountView) -> Problem | None:
    known, now = view.account.status.venue_account_id, view.session.venue_account_id
    if not known or known == now:
        return None
    return Problem(
        Reason.ACCOUNT_CHANGED,
        f"the key belongs to the venue's account {now}, orders were placed on {known}: put the former account's key "
        "back, or create a new ExchangeAccount for the other one",
    )


def _right_to_trade(view: AccountView) -> Problem | None:
    if view.session.can_trade:
        return None
    return Problem(Reason.PERMISSION_MISSING, "the API key may not trade: give it that right, or use another key")


def _halted(view: AccountView) -> Problem | None:
    spec = view.account.spec
    if spec.trading_state is not TradingState.HALTED:
        return None
    scope = "all orders are" if spec.halt_scope is HaltScope.ALL else "orders that increase exposure are"
    message = f"no order is sent, and {scope} canceled; status.halt says how far that is. Enabled ends the halt"
    return Problem(Reason.HALTED, message)


def _clock_problem(session: SessionFacts) -> Problem | None:
    skew = session.skew_milliseconds
    if skew is None or abs(skew) <= SKEW_REFUSED_MILLISECONDS:
        return None
    ahead = "ahead of" if skew > 0 else "behind"
    return Problem(
        Reason.CLOCK_SKEW,
        f"the operator's clock is {abs(skew) // 1000} s {ahead} the venue's: synchronise the clock of its node; "
        "nothing is sent until then",
    )


def _status(view: AccountView, problem: Problem | None, journal: JournalRef) -> ExchangeAccountStatus:
    before, session, spec = view.account.status, view.session, view.account.spec
    changes: dict[str, object] = {
        "observed_generation": view.account.metadata.generation,
        "venue_account_id": before.venue_account_id or session.venue_account_id or None,
        "journal": journal,
        "message": problem.message[:1024] if problem else None,
        "conditions": _conditions(view, problem),
        "halt": draining.halt(spec, before.halt, view.drain, view.now.wall),
        "cancel_all": draining.cancel_all(view.account, view.drain, view.now.wall),
        "last_handled_reconcile_at": view.handled or before.last_handled_reconcile_at,
    }
    if session.skew_milliseconds is not None:
        changes["clock_skew_milliseconds"] = _steady_skew(before.clock_skew_milliseconds, session.skew_milliseconds)
    if session.rules is not None:
        changes["capabilities"] = _capabilities(session.rules)
    return before.model_copy(update=changes)


def _steady_skew(before: int | None, now: int) -> int:
    """The skew in steps; a change of less than a step is no change."""
    if before is not None and abs(before - now) < SKEW_STEP_MILLISECONDS:
        return before
    return round(now / SKEW_STEP_MILLISECONDS) * SKEW_STEP_MILLISECONDS


def _capabilities(rules: VenueRules) -> Capabilities:
    kinds = {row[0] for row in rules.supported}
    tifs = {row[1] for row in rules.supported}
    return Capabilities(
        order_types=tuple(kind for kind in OrderType if kind.value in kinds),
        time_in_force=tuple(tif for tif in TimeInForce if tif.value in tifs),
        post_only=any(row[2] for row in rules.supported),
        reduce_only=any(row[3] for row in rules.supported),
        quote_quantity=rules.quote_market_buy,
        look_up_by_client_order_id=rules.look_up,
        request_expiry=rules.request_expiry is not None,
    )


# What only time or somebody else's repair can end: tools go on waiting. Anything else needs a human.
_PASSING = frozenset({Reason.CONNECTING, Reason.VENUE_UNREACHABLE, Reason.RATE_LIMITED, Reason.CLOCK_SKEW})


def _conditions(view: AccountView, problem: Problem | None) -> tuple[Condition, ...]:
    return conditions.render(
        _aspects(view, problem),
        view.account.status.conditions,
        view.account.metadata.generation,
        view.now.wall,
    )


def _aspects(view: AccountView, problem: Problem | None) -> Iterator[Aspect]:
    if problem is None:
        yield Aspect(Type.READY, TRUE, Reason.TRADING)
    else:
        yield Aspect(Type.READY, FALSE, problem.reason, problem.message)
        passing = problem.reason in _PASSING
        yield Aspect(Type.RECONCILING if passing else Type.STALLED, TRUE, problem.reason, problem.message)
    yield _contact(Type.CONNECTED, view.session.connected, Reason.CONNECTED, view.session)
    yield _contact(Type.AUTHENTICATED, view.session.authenticated, Reason.AUTHENTICATED, view.session)


def _contact(kind: Type, holds: bool | None, reason: Reason, session: SessionFacts) -> Aspect:  # noqa: FBT001 - a fact
    if holds:
        return Aspect(kind, TRUE, reason)
    why = session.problem or Problem(Reason.CONNECTING, "the session with the venue is being opened")
    status: ConditionStatus = UNKNOWN if holds is None else FALSE
    return Aspect(kind, status, why.reason, why.message)
