"""How the legs of a group follow each other while it is wanted.

What has to happen next is read off T, F and the legs; nothing is remembered but the rounds. The rules of money:

* A leg's next order is only begun when no order of a sibling that locks the same funds may work: its end was read
  back, with all its fills.
* Of the exits the stop comes first, and it comes back first.
* Nothing is sold (or bought back) beyond T - F.
"""

from decimal import Decimal

from exchange_kernel.api.enums import GroupType, TradingState
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.group_rules import target_price
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.gates.prices import waits_for_rise
from exchange_kernel.core.gates.wish import is_paused
from exchange_kernel.core.groups.again import Verdict, again, form_after
from exchange_kernel.core.groups.amounts import Amounts, is_worth_resizing, too_small
from exchange_kernel.core.groups.facts import Facts, GroupView, Pair
from exchange_kernel.core.groups.leg import Leg, knows_fees
from exchange_kernel.core.groups.manifest import Form
from exchange_kernel.core.groups.plan import Plan, is_something

# How often, in seconds, the price of a watched target is read.
WATCH_SECONDS = 1.0
# How long the fees of an entry that has ended are waited for before the worst is assumed.
SETTLE_SECONDS = 3.0
# After a target that was touched and did not fill, so long per try.
TOUCH_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2.0, 60.0


def may_begin(view: GroupView) -> bool:
    """Whether new orders may be given to the legs: nobody holds the group, its account or the operator back."""
    account, group = view.account, view.group
    if group.spec.suspend or is_paused(group.metadata) or account.paused:
        return False
    able = account.exists and account.problem is None and account.journal_problem is None
    return able and account.trading_state is not TradingState.HALTED and not account.terminating


def tied(plan: Plan, facts: Facts, sums: Amounts, *, may_switch: bool = True) -> None:
    """Bring the exits that the operator ties together where they have to be."""
    if facts.pair is not None:
        rest_or_take(plan, facts, facts.pair, sums, may_switch=may_switch)
    else:
        each(plan, facts, sums)


def enter(plan: Plan, facts: Facts, entry: Leg, sums: Amounts) -> None:
    """The entry works on while nothing has been exited; a part that is exited already is not entered again."""
    if entry.missing:
        plan.ensure(entry, entry.spec.quantity, Form.WRITTEN)
    elif entry.open and is_something(sums.filled):
        plan.end(entry)
    elif entry.open:
        _keep_as_written(plan, facts, entry, entry.spec.quantity)


def exits_are_due(plan: Plan, facts: Facts, entry: Leg, sums: Amounts) -> bool:
    """Whether the entry has brought in what its exits are for."""
    if any(leg.begun for leg in facts.exits):
        return True
    if not is_something(sums.target):
        return False
    follows = facts.view.group.spec.type is GroupType.BRACKET or facts.view.group.spec.partial_trigger
    if not (follows or _is_final(entry)):
        return False
    return not _fees_may_come(plan, facts, entry)


def _is_final(leg: Leg) -> bool:
    return leg.state is not None and leg.state.is_final


def _fees_may_come(plan: Plan, facts: Facts, entry: Leg) -> bool:
    """An exit that is resized right after it was placed leaves a gap: the last fees are worth a short wait."""
    child = entry.child
    if child is None or not _is_final(entry) or knows_fees(child):
        return False
    # Since this process knows of it: after a time without an operator the fees have yet to be asked for.
    left = SETTLE_SECONDS - facts.view.exposed_for
    if left > 0:
        plan.look_again(max(0.05, left))
    return left > 0


# --- a stop that rests and a target that is watched ------------------------------------------------------------------


def rest_or_take(plan: Plan, facts: Facts, pair: Pair, sums: Amounts, *, may_switch: bool = True) -> None:
    """Rest the stop; when the price touches the target, take what is to be had there; then rest the stop again."""
    stop, target = pair.stop, pair.target
    if target.open and not target.missing:
        _taking(plan, facts, pair, sums)
    elif stop.open:
        _resting(plan, facts, pair, sums, may_switch=may_switch)
    elif target.missing and may_switch and is_something(sums.left) and not sums.dust:
        plan.ensure(target, sums.left, _target_form(facts, target))
    elif target.missing:
        plan.end(target)
    elif is_something(sums.left) and not sums.dust and may_begin(facts.view):
        _next_exit(plan, facts, pair, sums)


def _taking(plan: Plan, facts: Facts, pair: Pair, sums: Amounts) -> None:
    stop, target = pair.stop, pair.target
    if stop.open:
        # Two exits at once are one too many; the stop is the one that protects.
        plan.end(target)
    elif target.denied:
        plan.end(target)
    elif _rests_after_part(facts, target):
        _size(plan, facts, target, sums)
    else:
        # It may have been created while the group was suspended.
        _keep_as_written(plan, facts, target, target.quantity)


def _resting(plan: Plan, facts: Facts, pair: Pair, sums: Amounts, *, may_switch: bool) -> None:
    stop, target = pair.stop, pair.target
    if target.missing:
        # The target was promised the next order: the stop ends first.
        plan.end(stop)
    elif stop.missing and is_something(sums.left):
        plan.ensure(stop, sums.left, form_after(stop))
    elif stop.missing or stop.denied:
        plan.end(stop)
    else:
        _size(plan, facts, stop, sums)
        if may_switch and not plan.acts and _is_touched(plan, facts, stop, target):
            plan.promise(target, sums.left)


def _next_exit(plan: Plan, facts: Facts, pair: Pair, sums: Amounts) -> None:
    stop, target = pair.stop, pair.target
    if facts.view.group.spec.type is GroupType.OCO and is_something(target.filled):
        # The first fill has canceled the stop for good; what is left of the target rests at the venue.
        _give(plan, facts, target, sums.left)
    elif not (facts.view.group.spec.type is GroupType.OCO and is_something(sums.filled) and not stop.filled):
        _give(plan, facts, stop, sums.left)


def _rests_after_part(facts: Facts, target: Leg) -> bool:
    """Whether a target of type OCO, filled in part before, rests at the venue as it is written."""
    return facts.view.group.spec.type is GroupType.OCO and is_something(target.former)


def _target_form(facts: Facts, target: Leg) -> Form:
    return Form.AT_ONCE if _rests_after_part(facts, target) else Form.TOUCHED


# --- legs that all rest ---------------------------------------------------------------------------------------------


def each(plan: Plan, facts: Facts, sums: Amounts) -> None:
    """Legs that rest side by side: the one exit of an OTO, or the plain legs of OCO and OUO."""
    for leg in facts.exits:
        others = sums.filled - leg.filled
        if facts.view.group.spec.type is GroupType.OCO and is_something(others):
            # One has been filled: it cancels the others, whatever is left.
            _end_if_open(plan, leg)
        elif leg.missing:
            _create_or_drop(plan, leg, sums)
        elif leg.open:
            _work(plan, facts, leg, sums)
        elif facts.entry is not None and is_something(sums.left) and not sums.dust and may_begin(facts.view):
            _give(plan, facts, leg, sums.left)


def _end_if_open(plan: Plan, leg: Leg) -> None:
    if leg.open:
        plan.end(leg)


def _create_or_drop(plan: Plan, leg: Leg, sums: Amounts) -> None:
    if is_something(sums.left):
        plan.ensure(leg, sums.left, form_after(leg))
    else:
        plan.end(leg)


def _work(plan: Plan, facts: Facts, leg: Leg, sums: Amounts) -> None:
    # A plain leg that is denied waits for an edit of the group; an exit that is denied must be replaced.
    if leg.denied and facts.entry is not None:
        plan.end(leg)
    else:
        _size(plan, facts, leg, sums)


# --- one leg ---------------------------------------------------------------------------------------------------------


def _give(plan: Plan, facts: Facts, leg: Leg, quantity: Decimal) -> None:
    """Give a leg its next order, now or later, or say why it gets none."""
    if not may_begin(facts.view):
        return
    verdict = again(facts.view, leg)
    match verdict.verdict:
        case Verdict.NOW:
            plan.advance(leg, quantity, verdict.form)
        case Verdict.LATER:
            plan.look_again(max(0.05, verdict.wait))
            plan.stuck = verdict.why
        case Verdict.NEVER:
            plan.stuck = f"{leg.name} is not placed again: {verdict.why}"


def _size(plan: Plan, facts: Facts, leg: Leg, sums: Amounts) -> None:
    """Make a working exit as large as what is left, and keep it as it is written."""
    if leg.asked_to_end or leg.quantity is None:
        return
    wanted = leg.filled_now + sums.left
    if wanted < leg.quantity and (not is_something(sums.left) or too_small(facts, sums.left)):
        # It cannot be made so small; what is left is less than the market takes.
        plan.end(leg)
        return
    grows = wanted > leg.quantity and is_worth_resizing(facts, wanted - leg.quantity)
    _keep_as_written(plan, facts, leg, wanted if grows or wanted < leg.quantity else leg.quantity)


def _keep_as_written(plan: Plan, facts: Facts, leg: Leg, quantity: Decimal | None) -> None:
    """Pass on what of a leg may change: what the group's spec says now is what its OrderIntent says."""
    child, spec = leg.child, leg.spec
    if child is None or leg.asked_to_end:
        return
    fields: dict[str, object] = {"suspend": facts.view.group.spec.suspend}
    if child.spec.quote_quantity is None and quantity is not None:
        fields["quantity"] = quantity
    if child.spec.type is spec.type and child.spec.time_in_force is spec.time_in_force:
        fields |= {"price": spec.price, "trigger_price": spec.trigger_price}
        fields |= {"amend_policy": spec.amend_policy, "rounding_policy": spec.rounding_policy}
    if not _is_final(leg):
        plan.set(leg, **fields)


# --- the watch -------------------------------------------------------------------------------------------------------


def _is_touched(plan: Plan, facts: Facts, stop: Leg, target: Leg) -> bool:
    """Whether the target's price was reached while the stop still waits for its own."""
    if not _is_watched(plan, facts, stop, target):
        return False
    known, now = facts.view.price, facts.view.now.monotonic
    plan.look_again(WATCH_SECONDS)
    if known is None or now - known.at >= WATCH_SECONDS:
        plan.read_price = True
        return False
    goal = target_price(target.spec)
    if known.value is None or goal is None:
        return False
    rises = waits_for_rise(target.spec.side, "TakeProfit")
    return known.value >= goal if rises else known.value <= goal


def _is_watched(plan: Plan, facts: Facts, stop: Leg, target: Leg) -> bool:
    waiting = stop.state is State.UNTRIGGERED and not is_something(stop.filled_now)
    amending = stop.reason == Reason.AMENDING.value
    if not waiting or amending or stop.asked_to_end or not may_begin(facts.view):
        return False
    end = target.spec.expire_at
    if end is not None and facts.view.now.wall >= end:
        return False
    return not _has_just_failed(plan, facts, target)


def _has_just_failed(plan: Plan, facts: Facts, target: Leg) -> bool:
    """A target that was touched and found nothing to trade with is left alone for a while."""
    child = target.child
    if child is None or child.status.finished_at is None:
        return False
    pause = min(LONGEST_PAUSE_SECONDS, TOUCH_PAUSE_SECONDS * target.round)
    left = pause - (facts.view.now.wall - child.status.finished_at).total_seconds()
    if 0 < left <= pause:
        plan.look_again(left)
        return True
    return False
