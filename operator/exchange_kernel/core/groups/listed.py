"""Two exits that the venue ties together: both rest, and the venue ends one when the other acts.

What is left for the operator:

* Both orders of a list have one quantity: when T - F, a price or a trigger changes, the list is canceled, its end read
  back, and the next list takes its place.
* The first part that a target fills ends the stop. Except in type OCO, which means just that, the rest of the target is
  canceled, and the next list covers T - F.
* A stop that the market has passed already trades at once, alone; so does what a stop that fired has left.

An order that was sent alone is followed as if the operator tied it (`tie`).
"""

from decimal import Decimal

from exchange_kernel.api.enums import AmendPolicy, GroupType, LegRole, OrderType
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.core.groups.again import Again, Verdict, again
from exchange_kernel.core.groups.amounts import Amounts, is_worth_resizing
from exchange_kernel.core.groups.facts import Facts, Pair
from exchange_kernel.core.groups.leg import Leg, child_name
from exchange_kernel.core.groups.manifest import Form
from exchange_kernel.core.groups.native import ended_by_partner, sent_with_entry
from exchange_kernel.core.groups.plan import Plan, is_something
from exchange_kernel.core.groups.tie import may_begin, tied
from exchange_kernel.core.order_lists import is_listed

_FIRED = frozenset({State.OPEN, State.PARTIALLY_FILLED})


def begin(plan: Plan, facts: Facts, two: Pair, quantity: Decimal) -> None:
    """Give both legs their next order, to be sent in one request."""
    names = tuple(child_name(facts.view.name, leg.name, leg.round + 1) for leg in (two.stop, two.target))
    for leg in (two.stop, two.target):
        plan.advance(leg, quantity, Form.WRITTEN, together=names)


def follow(plan: Plan, facts: Facts, two: Pair, sums: Amounts, *, may_switch: bool = True) -> None:
    """Bring both legs where they have to be."""
    legs = (two.stop, two.target)
    begun = [leg for leg in legs if leg.open]
    if _were_sent_alone(two, begun) or _goes_on_alone(facts, sums, legs):
        tied(plan, facts, sums, may_switch=may_switch)
    elif facts.view.group.spec.type is GroupType.OCO and is_something(sums.filled):
        _first_fill(plan, facts, legs, sums)
    elif any(leg.missing for leg in legs):
        _complete(plan, facts, two, sums)
    elif len(begun) == len(legs):
        _resting(plan, facts, legs, sums)
    elif begun:
        _left_alone(plan, two, begun[0])
    elif is_something(sums.left) and not sums.dust and may_begin(facts.view):
        _next(plan, facts, two, sums)


def _were_sent_alone(two: Pair, begun: list[Leg]) -> bool:
    """Whether the orders are followed as if the operator tied them: they are in no list.

    A target that is missing beside a stop that was in none is no half of a list: it was promised the stop's place.
    """
    taking = two.target.missing and two.stop.child is not None and not is_listed(two.stop.child)
    return taking or any(leg.child is not None and not is_listed(leg.child) for leg in begun)


def _goes_on_alone(facts: Facts, sums: Amounts, legs: tuple[Leg, Leg]) -> bool:
    """Whether an OCO's first fill has ended the list, and what is left of the order that filled is to be placed."""
    oco = facts.view.group.spec.type is GroupType.OCO
    return oco and is_something(sums.filled) and not any(leg.open and not leg.missing for leg in legs)


def _first_fill(plan: Plan, facts: Facts, legs: tuple[Leg, Leg], sums: Amounts) -> None:
    """The leg that was filled works on with what is left of it; the venue has ended the other, and so do we."""
    for leg in legs:
        if leg.open and (is_something(sums.filled - leg.filled) or leg.missing or _is_rewritten(facts, leg)):
            plan.end(leg)


def _complete(plan: Plan, facts: Facts, two: Pair, sums: Amounts) -> None:
    """Create what was recorded and is not there, for the quantity that its partner has; or take the names away."""
    legs = (two.stop, two.target)
    wanted = is_something(sums.left) and not sums.dust and all(leg.open and not leg.asked_to_end for leg in legs)
    names = tuple(child_name(facts.view.name, leg.name, leg.round) for leg in legs)
    there = next((leg.child.spec.quantity for leg in legs if leg.child is not None), None)
    for leg in legs:
        if not wanted and leg.open:
            plan.end(leg)
        elif wanted and leg.missing:
            plan.ensure(leg, there or sums.left, Form.WRITTEN, together=names)


def _resting(plan: Plan, facts: Facts, legs: tuple[Leg, Leg], sums: Amounts) -> None:
    ends = any(leg.denied or leg.asked_to_end or is_something(leg.filled_now) for leg in legs)
    if _has_fired(legs[0]):
        return
    if ends or _is_resized(facts, legs[0], sums) or any(_is_rewritten(facts, leg) for leg in legs):
        for leg in legs:
            plan.end(leg)
        return
    for leg in legs:
        plan.set(leg, suspend=facts.view.group.spec.suspend)


def _left_alone(plan: Plan, two: Pair, leg: Leg) -> None:
    """The other one has ended.

    An order that trades at this moment is let go on. One that was filled in part, or whose partner ended because we
    asked for it or was never placed, ends, too. Else the venue has ended it as well, or fills it at this moment: what
    it was is read before anything is asked for, so that a cancel by hand is not taken for one of ours.
    """
    other = two.target if leg is two.stop else two.stop
    placed = other.child is not None and other.child.status.exchange_order_id is not None
    if not _has_fired(leg) and (is_something(leg.filled_now) or other.asked_to_end or not placed):
        plan.end(leg)


def _has_fired(leg: Leg) -> bool:
    return leg.state in _FIRED and leg.spec.type is not OrderType.LIMIT and not leg.asked_to_end


def _is_resized(facts: Facts, leg: Leg, sums: Amounts) -> bool:
    if leg.quantity is None or leg.quantity == sums.left:
        return False
    return sums.left < leg.quantity or is_worth_resizing(facts, sums.left - leg.quantity)


def _is_rewritten(facts: Facts, leg: Leg) -> bool:
    """Whether the group's spec has other prices now, and lets its legs be replaced."""
    if leg.child is None or (leg.child.spec.price, leg.child.spec.trigger_price) == (
        leg.spec.price,
        leg.spec.trigger_price,
    ):
        return False
    policy = leg.spec.amend_policy or facts.view.account.defaults.amend_policy
    return policy is AmendPolicy.CANCEL_REPLACE


def _next(plan: Plan, facts: Facts, two: Pair, sums: Amounts) -> None:
    """The next list; the stop alone where it has to trade at once, or where only it can be had."""
    stop, target = _verdict(facts, two.stop, two.target), _verdict(facts, two.target, two.stop)
    both = stop.verdict is target.verdict is Verdict.NOW
    plain = two.stop.spec.role is LegRole.LEG
    if both and stop.form is Form.WRITTEN:
        begin(plan, facts, two, sums.left)
    elif stop.verdict is Verdict.NOW and not plain:
        plan.advance(two.stop, sums.left, stop.form)
    elif stop.verdict is Verdict.LATER:
        plan.look_again(max(0.05, stop.wait))
        plan.stuck = stop.why
    elif not plain:
        plan.stuck = f"{two.stop.name} is not placed again: {stop.why}"


def _verdict(facts: Facts, leg: Leg, partner: Leg) -> Again:
    if ended_by_partner(leg, partner) or _never_began(facts, leg, partner):
        return Again(Verdict.NOW)
    return again(facts.view, leg)


def _never_began(facts: Facts, leg: Leg, partner: Leg) -> bool:
    """Whether the venue has refused to begin the exits that were sent with an entry, which was filled.

    It judges them anew at that moment, by the market and the balances, and lets both expire. Stops that have fired are
    not among them: the next list's stop that the market has passed is denied, and trades at once.
    """
    both = (leg, partner)
    ended = all(each.state is State.EXPIRED and not each.asked_to_end and not each.filled for each in both)
    return ended and sent_with_entry(facts) is not None
