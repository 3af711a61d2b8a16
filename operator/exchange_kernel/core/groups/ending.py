"""How a group is ended: canceled, deleted, closed because its protection failed, halted because it was overfilled.

The entry ends first, then what takes profit, the stop last: at no moment of an ending is more exposed than before it.
"""

from decimal import Decimal
from enum import Enum, auto

from exchange_kernel.api.enums import (
    DesiredState,
    GroupDeletionPolicy,
    GroupType,
    LegRole,
    OnOverfill,
    OnProtectionFailure,
)
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.groups.again import Verdict, again
from exchange_kernel.core.groups.amounts import Amounts, too_small
from exchange_kernel.core.groups.facts import Facts
from exchange_kernel.core.groups.follow import exits
from exchange_kernel.core.groups.leg import Leg
from exchange_kernel.core.groups.manifest import Form
from exchange_kernel.core.groups.native import sent_with_entry
from exchange_kernel.core.groups.plan import Plan, is_something
from exchange_kernel.core.groups.tie import may_begin
from exchange_kernel.core.order_lists import is_listed


class Mode(Enum):
    """What the group is brought to."""

    LIVE = auto()  # as it is written
    END = auto()  # no leg works any more
    CLOSE = auto()  # and what is held is sold, or bought back
    FLATTEN = auto()  # and what was exited too much is traded back
    KEEP = auto()  # the stop of what is held stays at the venue, everything else ends
    ORPHAN = auto()  # everything stays at the venue


def mode_of(facts: Facts, sums: Amounts, failure: OnProtectionFailure | None) -> Mode:
    """What is asked for, by the first that asks: the spec, the deletion, an overfill, a failure of protection.

    Args:
        facts: The legs.
        sums: The quantities.
        failure: The policy that protection's failure calls for, recorded before or due now.
    """
    group = facts.view.group
    if group.metadata.deleting:
        return _of_deletion(group.spec.deletion_policy)
    if group.spec.desired_state is DesiredState.CANCELED or withdrawn(facts):
        return Mode.END
    if is_something(sums.excess) or facts.flatten.begun:
        return Mode.FLATTEN if group.spec.on_overfill is OnOverfill.FLATTEN else Mode.END
    match failure:
        case OnProtectionFailure.CLOSE_POSITION:
            return Mode.CLOSE
        case OnProtectionFailure.CANCEL_GROUP:
            return Mode.END
        case _:
            return Mode.END if cannot_form(facts) else Mode.LIVE


def _of_deletion(policy: GroupDeletionPolicy) -> Mode:
    match policy:
        case GroupDeletionPolicy.CANCEL:
            return Mode.END
        case GroupDeletionPolicy.ORPHAN:
            return Mode.ORPHAN
        case GroupDeletionPolicy.KEEP_PROTECTION:
            return Mode.KEEP


def withdrawn(facts: Facts) -> bool:
    """Whether the account's owner has canceled the orders for good, with all of the account (cancelAllToken)."""
    return any(leg.reason == Reason.CANCEL_ALL.value for leg in facts)


def cannot_form(facts: Facts) -> bool:
    """Whether a leg was refused before any was filled: the others alone are not what was asked for.

    Of plain legs, and of exits that are sent together with their entry, which does not go without them.
    """
    together = facts.entry is not None and sent_with_entry(facts) is not None and not facts.entry.filled
    if not together and (facts.entry is not None or facts.stop is not None):
        return False
    refused = any(leg.refused for leg in facts.exits)
    return refused and not any(is_something(leg.filled) for leg in facts.exits)


def failure_due(facts: Facts, sums: Amounts) -> OnProtectionFailure | None:
    """The policy that has to be carried out: one that was begun, or one whose time has come."""
    view, before = facts.view, facts.view.group.status
    if before.protection_failure is not None:
        return before.protection_failure
    policy = view.group.spec.on_protection_failure
    if policy is OnProtectionFailure.HOLD or not is_exposed(facts, sums) or not may_begin(view):
        return None
    return policy if view.exposed_for >= view.group.spec.max_unprotected_seconds else None


def is_exposed(facts: Facts, sums: Amounts) -> bool:
    """Whether something is held that a stop should cover, and none does."""
    return needs_stop(facts, sums) and sums.covered < sums.left


def needs_stop(facts: Facts, sums: Amounts) -> bool:
    """Whether something is held, and the group has a stop for it.

    The first fill of an OCO cancels the stop: that is what the type means.
    """
    if facts.stop is None or not is_something(sums.left) or sums.dust:
        return False
    oco = facts.view.group.spec.type is GroupType.OCO
    given_up = oco and facts.target is not None and is_something(facts.target.filled)
    return facts.begun and not given_up


def carry_out(plan: Plan, facts: Facts, sums: Amounts, mode: Mode) -> bool:
    """Plan the next steps of an ending; True when there are none, and the object may go."""
    match mode:
        case Mode.END:
            return end_all(plan, facts)
        case Mode.CLOSE:
            return end_all(plan, facts, spare=facts.close) and _repair(plan, facts, facts.close, sums.left)
        case Mode.FLATTEN:
            return end_all(plan, facts, spare=facts.flatten) and _repair(plan, facts, facts.flatten, sums.excess)
        case Mode.KEEP:
            return _keep(plan, facts, sums)
        case Mode.ORPHAN:
            return _let_go(plan, facts)
        case Mode.LIVE:
            raise AssertionError("a group that is wanted is not ended")


def end_all(plan: Plan, facts: Facts, spare: Leg | None = None) -> bool:
    """End the legs, one kind after the other; True when all have ended.

    Args:
        plan: Takes the steps.
        facts: The legs.
        spare: One that goes on.
    """
    rest = [leg for leg in facts if leg.spec.role in (LegRole.LEG, LegRole.TAKE_PROFIT) and leg is not spare]
    stages = ([facts.entry], rest, [facts.stop])
    for stage in stages:
        still = [leg for leg in stage if leg is not None and leg.open]
        for leg in still:
            plan.end(leg)
        if still:
            return False
    return True


def _repair(plan: Plan, facts: Facts, leg: Leg, quantity: Decimal) -> bool:
    """Trade what is left, or what was too much, at the market; True when nothing more can be done."""
    if leg.missing:
        if is_something(quantity):
            plan.ensure(leg, quantity, Form.WRITTEN)
        else:
            plan.end(leg)
        return False
    if leg.open:
        if leg.denied:
            plan.end(leg)
        elif not leg.live:
            plan.set(leg, suspend=facts.view.group.spec.suspend)
        return False
    if not is_something(quantity) or too_small(facts, quantity):
        return True
    verdict = again(facts.view, leg)
    if verdict.verdict is Verdict.LATER or not may_begin(facts.view):
        plan.look_again(max(0.05, verdict.wait))
    elif verdict.verdict is Verdict.NOW:
        plan.advance(leg, quantity, Form.WRITTEN)
    return verdict.verdict is Verdict.NEVER


def _keep(plan: Plan, facts: Facts, sums: Amounts) -> bool:
    """Leave at the venue what protects what is held."""
    if facts.entry is not None and facts.entry.open:
        plan.end(facts.entry)
        return False
    if not is_something(sums.left) or sums.dust or (facts.entry is None and facts.stop is None):
        return end_all(plan, facts)
    exits(plan, facts, sums, may_switch=False)
    if facts.pair is not None:
        stop, target = facts.pair.stop, facts.pair.target
        trading = target.open and not (is_listed(target.child) and target.live)
        arming = trading or (stop.open and sums.covered < sums.left and not stop.asked_to_end)
    else:
        arming = any(leg.open and not leg.live for leg in facts.exits)
    if plan.acts or (arming and may_begin(facts.view)) or plan.wait is not None:
        return False
    return _let_go(plan, facts)


def _let_go(plan: Plan, facts: Facts) -> bool:
    stays = [plan.let_go(leg) for leg in facts.open]
    return all(stays)
