"""What must hold before an order is sent: an ordered list of small rules, the first that objects decides.

The same list is asked three times: when a placement is recorded, when the request leaves the queue, and immediately
before the socket write. Rules come in three kinds: some deny the spec for good (`Denied`), some end the order unsent
(`Canceled`, `Expired`), and some only wait (`Pending`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from exchange_kernel.api.conditions import ConditionStatus, ConditionType, find_condition
from exchange_kernel.api.enums import DesiredState, PlacementPolicy, RoundingPolicy, TradingState
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.meta import ANNOTATION_ADOPT, ANNOTATION_PAUSED
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import market_rules, receipts
from exchange_kernel.core.market_rules import Denial, Terms
from exchange_kernel.core.view import Held, View


@dataclass(frozen=True, slots=True)
class Stop:
    """Why an order is not sent now.

    Attributes:
        state: Denied, Canceled, Expired or Pending.
        reason: CamelCase.
        message: For the user; says what to do.
        wait: Seconds after which it is worth asking again, for Pending that ends by itself.
    """

    state: State
    reason: str
    message: str
    wait: float | None = None


Rule = Callable[[View], Stop | None]


def _wait(reason: Reason, message: str, seconds: float | None = None) -> Stop:
    return Stop(State.PENDING, reason, message, seconds)


def _deny(reason: str, message: str) -> Stop:
    return Stop(State.DENIED, reason, message)


def _not_wanted(view: View) -> Stop | None:
    if view.intent.metadata.deleting:
        return Stop(State.CANCELED, Reason.CANCELED, "the object is being deleted; nothing was sent")
    if view.intent.spec.desired_state is DesiredState.CANCELED:
        return Stop(State.CANCELED, Reason.CANCELED, "canceled before anything was sent")
    return None


def _invalid_spec(view: View) -> Stop | None:
    problems = view.intent.spec.problems()
    return _deny(Reason.INVALID_SPEC, "; ".join(problems)) if problems else None


def _submit_deadline(view: View) -> Stop | None:
    before = view.intent.spec.placement.submit_before
    if before is None or view.now.wall < before:
        return None
    return Stop(State.EXPIRED, Reason.DEADLINE_PASSED, f"placement.submitBefore {before.isoformat()} has passed")


def starting_deadline(view: View) -> datetime | None:
    """When the order becomes too old to be sent for the first time.

    Counted from the creation of the object; for a denied spec that was corrected, from the correction, because that is
    a fresh act of somebody who looks at it. (`Accepted` tells of the denial until the order is sent: the state may
    have become Pending again, for an account that was not ready.) A human's confirmation is such an act, too.
    """
    created = view.intent.metadata.creation_timestamp
    if created is None or _confirmed(view):
        return None
    start = created
    if view.spec_changed_at is not None and _was_denied(view):
        start = max(created, view.spec_changed_at)
    seconds = view.intent.spec.placement.starting_deadline_seconds or view.account.defaults.starting_deadline_seconds
    return start + timedelta(seconds=seconds)


def _was_denied(view: View) -> bool:
    accepted = find_condition(view.intent.status.conditions, ConditionType.ACCEPTED)
    return view.intent.status.state is State.DENIED or (
        accepted is not None and accepted.status is ConditionStatus.FALSE
    )


def _confirmed(view: View) -> bool:
    return isinstance(view.journal, Held) and receipts.is_confirmed(view.intent, view.identity, view.journal.receipt)


def _starting_deadline(view: View) -> Stop | None:
    deadline = starting_deadline(view)
    if deadline is None or view.now.wall < deadline:
        return None
    return Stop(
        State.EXPIRED,
        Reason.DEADLINE_PASSED,
        f"the order could not be sent before {deadline.isoformat()} (placement.startingDeadlineSeconds); "
        "it was not sent; for a new order use a new name",
    )


def _account_exists(view: View) -> Stop | None:
    if view.account.exists:
        return None
    namespace, name = view.intent.account_key
    return _wait(Reason.ACCOUNT_NOT_FOUND, f"there is no ExchangeAccount {namespace}/{name}; create it", 10.0)


def _account_terminating(view: View) -> Stop | None:
    if not view.account.terminating:
        return None
    return _wait(Reason.TERMINATING, "the ExchangeAccount is being deleted; its orders are only canceled")


def _namespace_allowed(view: View) -> Stop | None:
    if view.account.allowed:
        return None
    namespace, name = view.intent.account_key
    return _deny(
        Reason.NAMESPACE_NOT_ALLOWED,
        f"ExchangeAccount {namespace}/{name} does not allow namespace {view.intent.metadata.namespace}; "
        "its owner can add it to spec.allowedNamespaces",
    )


def _markets_known(view: View) -> Stop | None:
    """Before the markets were read nothing can be judged; the account says why."""
    if view.account.rules is not None and view.account.markets:
        return None
    problem = view.account.problem
    return _wait(Reason.ACCOUNT_NOT_READY, problem.message if problem else "the account's markets are being read", 5.0)


def _symbol(view: View) -> Stop | None:
    symbol = view.intent.spec.symbol
    if symbol in view.account.markets:
        return None
    base = symbol.split("/", maxsplit=1)[0]
    near = sorted(known for known in view.account.markets if known.startswith(f"{base}/"))[:5]
    hint = f"; with the same base there are {', '.join(near)}" if near else ""
    return _deny(Reason.UNKNOWN_SYMBOL, f"the account has no market {symbol}{hint}")


def _supported(view: View) -> Stop | None:
    rules, spec = view.account.rules, view.intent.spec
    if rules is None or (spec.type, spec.time_in_force, spec.post_only, spec.reduce_only) in rules.supported:
        return None
    wish = f"type {spec.type}, timeInForce {spec.time_in_force}"
    wish += ", postOnly" * spec.post_only + ", reduceOnly" * spec.reduce_only
    known = "; ".join(sorted({_combination(*row) for row in rules.supported}))
    return _deny(Reason.NOT_SUPPORTED, f"{rules.name} does not take {wish}; it takes: {known}")


def _combination(kind: str, tif: str, post_only: bool, reduce_only: bool) -> str:  # noqa: FBT001 - a row of the table
    return f"{kind} {tif}" + " postOnly" * post_only + " reduceOnly" * reduce_only


def _quote_quantity(view: View) -> Stop | None:
    rules = view.account.rules
    if rules is None or view.intent.spec.quote_quantity is None or rules.quote_market_buy:
        return None
    return _deny(Reason.NOT_SUPPORTED, f"{rules.name} does not take quoteQuantity; write quantity")


def _policy(view: View) -> Stop | None:
    rules, placement = view.account.rules, view.intent.spec.placement
    if rules is None or rules.look_up or rules.idempotent_create or placement.policy is PlacementPolicy.CREATE_ONLY:
        return None
    return _deny(
        Reason.NO_SAFE_LOOK_UP,
        f"{rules.name} cannot look an order up by its client order id, so placement.policy must be CreateOnly "
        "with submitBefore",
    )


def terms_of(view: View) -> Terms | Denial:
    """The numbers as they go on the wire, or why the market does not take them."""
    spec = view.intent.spec
    market = view.account.markets[spec.symbol]
    policy = spec.rounding_policy or view.account.defaults.rounding_policy
    wish = Terms(spec.quantity, spec.quote_quantity, spec.price, spec.trigger_price)
    terms = market_rules.normalize(
        wish, spec.side, spec.type, market, conservative=policy is RoundingPolicy.CONSERVATIVE
    )
    if isinstance(terms, Denial):
        return terms
    return market_rules.check(terms, spec.type, market) or terms


def _market_rules(view: View) -> Stop | None:
    terms = terms_of(view)
    return _deny(terms.reason, terms.message) if isinstance(terms, Denial) else None


def adopts(intent: OrderIntent) -> str:
    """The venue's id of the order that the object is to take over; empty when it is to have one of its own."""
    return intent.metadata.annotations.get(ANNOTATION_ADOPT, "")


def _adopts(view: View) -> Stop | None:
    """Whoever names an order does not want another one."""
    if not adopts(view.intent):
        return None
    return _wait(
        Reason.ADOPTION_REFUSED,
        f"the annotation {ANNOTATION_ADOPT} is set, so nothing is placed; an attempt to place under this name is "
        "recorded already: use a new name or intentId to adopt, or remove the annotation to place",
    )


def _suspended(view: View) -> Stop | None:
    return _wait(Reason.SUSPENDED, "spec.suspend is true; nothing is sent") if view.intent.spec.suspend else None


def _paused(view: View) -> Stop | None:
    if view.intent.metadata.annotations.get(ANNOTATION_PAUSED, "false") in {"", "false"}:
        return None
    return _wait(Reason.PAUSED, f"the annotation {ANNOTATION_PAUSED} is set; nothing is sent")


def _account_changed(view: View) -> Stop | None:
    problem = view.account.problem
    if problem is None:
        return None
    reason = Reason.ACCOUNT_CHANGED if problem.reason == Reason.ACCOUNT_CHANGED else Reason.ACCOUNT_NOT_READY
    return _wait(reason, f"the account is not ready ({problem.reason}): {problem.message}", 10.0)


def _halted(view: View) -> Stop | None:
    if view.account.trading_state is TradingState.ENABLED:
        return None
    return _wait(Reason.HALTED, f"the account's tradingState is {view.account.trading_state}; nothing is sent")


def _journal(view: View) -> Stop | None:
    problem = view.account.journal_problem
    return None if problem is None else _wait(Reason.JOURNAL_FOREIGN, problem.message)


def _hold(view: View) -> Stop | None:
    left = view.hold_until - view.now.monotonic
    if left <= 0:
        return None
    return _wait(Reason.NOT_PLACED, "the last attempt did not reach the venue; another follows", left)


# The order matters: what ends or denies an order is said before what only delays it.
GATES: tuple[Rule, ...] = (
    _not_wanted,
    _invalid_spec,
    _submit_deadline,
    _starting_deadline,
    _account_exists,
    _account_terminating,
    _namespace_allowed,
    _markets_known,
    _symbol,
    _supported,
    _quote_quantity,
    _policy,
    _market_rules,
    _adopts,
    _suspended,
    _paused,
    _account_changed,
    _halted,
    _journal,
    _hold,
)


# An order that works at the venue is not sent: deadlines, combinations and the market's rules do not matter to it.
# `Halted` neither; and one whose spec says Canceled is taken over to be canceled.
ADOPTION_GATES: tuple[Rule, ...] = (
    _invalid_spec,
    _account_exists,
    _account_terminating,
    _namespace_allowed,
    _markets_known,
    _symbol,
    _suspended,
    _paused,
    _account_changed,
    _journal,
)
# An order that was the object's before is followed, and canceled, as long as the account can be used.
ADOPTION_AGAIN_GATES: tuple[Rule, ...] = (_account_exists, _markets_known, _symbol, _account_changed)


def first_stop(view: View) -> Stop | None:
    """The first rule that objects to sending, None when the order may be sent."""
    return _first(GATES, view)


def adoption_stop(view: View, *, again: bool) -> Stop | None:
    """The first rule that objects to taking an order over; `again`: its record was lost."""
    return _first(ADOPTION_AGAIN_GATES if again else ADOPTION_GATES, view)


def _first(rules: tuple[Rule, ...], view: View) -> Stop | None:
    for rule in rules:
        stop = rule(view)
        if stop is not None:
            return stop
    return None
