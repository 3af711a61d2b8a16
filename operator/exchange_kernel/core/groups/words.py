"""What is said of a group: its state, the reason, and the sentence for the user."""

from dataclasses import replace

from exchange_kernel.api.enums import DesiredState, GroupState, GroupType, OnProtectionFailure
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.group_reasons import GroupReason
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import conditions
from exchange_kernel.core.conditions import CURRENT, FAILED, IN_PROGRESS, Kstatus
from exchange_kernel.core.groups import report
from exchange_kernel.core.groups.amounts import Amounts
from exchange_kernel.core.groups.ending import Mode, cannot_form, is_exposed, withdrawn
from exchange_kernel.core.groups.facts import Facts
from exchange_kernel.core.groups.plan import Plan, is_something
from exchange_kernel.core.groups.report import Words
from exchange_kernel.core.market_rules import shown

_HELD_BACK = Kstatus(conditions.FALSE, reconciling=False, stalled=False)


def live(plan: Plan, facts: Facts, sums: Amounts) -> Words:
    """Of a group that is wanted, by what its legs do and what is planned for them."""
    if facts.open or plan.begins:
        return _at_work(plan, facts, sums)
    if is_something(sums.left) and not sums.dust and (plan.wait is not None or facts.stop is not None):
        return _unprotected(plan, facts, sums)
    return _ended(facts, sums)


def _at_work(plan: Plan, facts: Facts, sums: Amounts) -> Words:
    entry = facts.entry
    if entry is not None and not is_something(sums.target):
        return _entering(facts)
    refused = next((leg for leg in facts.exits if leg.denied), None)
    if refused is not None and facts.entry is None:
        words = refused.child.status.message if refused.child is not None else None
        return Words(GroupState.WORKING, refused.reason, f"leg {refused.name}: {words}", FAILED)
    if is_exposed(facts, sums):
        return _unprotected(plan, facts, sums)
    return Words(GroupState.WORKING, GroupReason.WORKING)


def _entering(facts: Facts) -> Words:
    entry = facts.entry
    if entry is None or entry.child is None or entry.state is None:
        return Words(GroupState.PENDING, GroupReason.BEGINNING, shows=IN_PROGRESS)
    status = entry.child.status
    if entry.state is State.DENIED:
        return Words(GroupState.DENIED, entry.reason, status.message or "", FAILED, denied=True)
    shows = conditions.kstatus(entry.state, entry.reason)
    if status.exchange_order_id is None:
        return Words(GroupState.PENDING, entry.reason or GroupReason.BEGINNING, status.message or "", shows)
    return Words(GroupState.ENTERING, GroupReason.ENTERING, status.message or "", shows)


def _unprotected(plan: Plan, facts: Facts, sums: Amounts) -> Words:
    reason, message = report.why_exposed(facts, sums, plan)
    stalled = reason is GroupReason.STOP_FAILED
    shows = FAILED if stalled else _HELD_BACK if reason is GroupReason.HELD_BACK else IN_PROGRESS
    return Words(GroupState.WORKING, reason, message, shows)


_BY_ENTRY = {
    State.CANCELED: GroupState.CANCELED,
    State.EXPIRED: GroupState.EXPIRED,
    State.REJECTED: GroupState.REJECTED,
}


def _ended(facts: Facts, sums: Amounts) -> Words:
    """All legs have ended by themselves."""
    if is_something(sums.excess):
        return _overfilled(sums, GroupState.COMPLETED)
    entry = facts.entry
    if entry is not None and not is_something(entry.filled):
        state = _BY_ENTRY.get(entry.state, GroupState.CANCELED) if entry.state is not None else GroupState.CANCELED
        said = entry.child.status.message if entry.child is not None else None
        shows = conditions.kstatus(entry.state, entry.reason) if entry.state is not None else FAILED
        return Words(state, entry.reason or GroupReason.LEGS_ENDED, said or "", shows)
    if not is_something(sums.left):
        return Words(GroupState.COMPLETED, GroupReason.LEGS_FILLED)
    if sums.dust:
        message = f"{shown(sums.left)} is left, which is less than the market takes as an order"
        return Words(GroupState.COMPLETED, GroupReason.DUST, message)
    return _short(facts, sums)


def _short(facts: Facts, sums: Amounts) -> Words:
    """Ended before all was exited (or, for plain legs, traded)."""
    states = {leg.state for leg in facts.exits if leg.begun}
    done = is_something(sums.filled)
    state = GroupState.CANCELED
    if done and facts.view.group.spec.type is GroupType.OCO:
        return Words(GroupState.COMPLETED, GroupReason.LEGS_FILLED, f"{shown(sums.filled)} of it filled")
    if not done and len(states) == 1:
        state = next((_BY_ENTRY[each] for each in states if each in _BY_ENTRY), state)
    left = f"{shown(sums.filled)} filled, {shown(sums.left)} not"
    messages = "; ".join(
        f"{leg.name}: {leg.child.status.message}"
        for leg in facts.exits
        if leg.child is not None and leg.child.status.message
    )
    return Words(state, GroupReason.LEGS_ENDED, f"{left}; {messages}" if messages else left, FAILED)


def _overfilled(sums: Amounts, state: GroupState) -> Words:
    message = f"the exits have filled {shown(sums.excess)} more than there was to exit from"
    shows = FAILED if state.is_final else IN_PROGRESS
    return Words(state, GroupReason.OVERFILLED, message, shows)


def ending(facts: Facts, sums: Amounts, mode: Mode, failure: OnProtectionFailure | None, *, done: bool) -> Words:
    """Of a group that is being ended, or has been: `done`."""
    group = facts.view.group
    if is_something(sums.excess) or facts.flatten.begun:
        words = _overfilled(sums, GroupState.COMPLETED if done else GroupState.CLOSING)
        return words if is_something(sums.excess) else replace(words, message="the excess was traded back")
    if not done:
        message = "the legs are being ended: the entry first, the stop last"
        return Words(GroupState.CLOSING, GroupReason.ENDING, message, IN_PROGRESS, failure=_carried(mode, failure))
    if _carried(mode, failure) is not None:
        return _after_failure(sums, failure)
    if cannot_form(facts) and not group.metadata.deleting:
        refused = next(leg for leg in facts.exits if leg.refused)
        said = refused.child.status.message if refused.child is not None else None
        return Words(GroupState.REJECTED, GroupReason.LEG_REFUSED, f"leg {refused.name}: {said}", FAILED)
    held = (
        f"; {shown(sums.left)} is held, without a stop" if facts.entry is not None and is_something(sums.left) else ""
    )
    if not is_something(sums.left) and is_something(sums.filled):
        return Words(GroupState.COMPLETED, GroupReason.LEGS_FILLED)
    by_owner = withdrawn(facts) and group.spec.desired_state is not DesiredState.CANCELED
    reason = Reason.CANCEL_ALL if by_owner else GroupReason.GROUP_CANCELED
    return Words(GroupState.CANCELED, reason, f"all legs have ended{held}", FAILED if by_owner else CURRENT)


def _carried(mode: Mode, failure: OnProtectionFailure | None) -> OnProtectionFailure | None:
    return failure if mode in {Mode.CLOSE, Mode.END} else None


def _after_failure(sums: Amounts, failure: OnProtectionFailure | None) -> Words:
    if failure is OnProtectionFailure.CLOSE_POSITION:
        message = "it had no stop for too long, so what was held was closed at the market"
        return Words(GroupState.COMPLETED, GroupReason.PROTECTION_FAILED, message, FAILED, failure=failure)
    message = f"it had no stop for too long, so the group was canceled; {shown(sums.left)} is held, without a stop"
    return Words(GroupState.CANCELED, GroupReason.PROTECTION_FAILED, message, FAILED, failure=failure)
