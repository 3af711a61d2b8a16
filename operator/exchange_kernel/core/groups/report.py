"""What is said about a group: the whole status, from the legs, the quantities and what is being done."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from exchange_kernel.api.conditions import ConditionType as Type
from exchange_kernel.api.conditions import find_condition
from exchange_kernel.api.enums import GroupState, LegRole, OnProtectionFailure, OrderStateName
from exchange_kernel.api.group_reasons import GroupReason
from exchange_kernel.api.group_status import LegStatus, OrderGroupStatus
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import conditions
from exchange_kernel.core.conditions import CURRENT, FAILED, FALSE, IN_PROGRESS, TRUE, UNKNOWN, Aspect, Kstatus
from exchange_kernel.core.groups.amounts import Amounts
from exchange_kernel.core.groups.ending import is_exposed, needs_stop
from exchange_kernel.core.groups.facts import Facts
from exchange_kernel.core.groups.leg import Leg, child_name, is_settled
from exchange_kernel.core.groups.native import execution_of
from exchange_kernel.core.groups.plan import Plan, is_something
from exchange_kernel.core.groups.tie import may_begin
from exchange_kernel.core.market_rules import ZERO, shown
from exchange_kernel.core.order_lists import is_listed
from exchange_kernel.core.status import tidy

_LONGEST_BRIEF = 128


@dataclass(frozen=True, slots=True)
class Words:
    """What is the case.

    Attributes:
        state: The group's state.
        reason: Of Ready.
        message: For the user.
        shows: What tools see.
        accepted: False with the reason and message: denied before anything was sent.
        failure: The policy that is being, or was, carried out.
    """

    state: GroupState
    reason: str
    message: str = ""
    shows: Kstatus = CURRENT
    denied: bool = False
    failure: OnProtectionFailure | None = None


def build(facts: Facts, sums: Amounts, plan: Plan, words: Words) -> OrderGroupStatus:
    """The whole status."""
    before, group, now = facts.view.group.status, facts.view.group, facts.view.now.wall
    exposed = is_exposed(facts, sums)
    legs = tuple(_legs(facts, plan))
    return before.model_copy(
        update={
            "observed_generation": group.metadata.generation,
            "state": words.state,
            "execution": execution_of(facts) if facts.begun or plan.begins else before.execution,
            "legs": legs,
            "legs_in_brief": _brief(legs),
            "target_quantity": _shown(sums.target, facts.begun),
            "filled_quantity": _shown(max(ZERO, sums.filled), facts.begun),
            "protected_quantity": _shown(sums.covered, facts.stop is not None and facts.begun),
            "overfill_quantity": _shown(sums.excess, is_something(sums.excess)),
            "unprotected_since": (before.unprotected_since or now) if exposed else None,
            "protection_failure": words.failure or before.protection_failure,
            "finished_at": _finished_at(before.finished_at, words.state, now),
            "message": words.message[:1024] or None,
            "conditions": conditions.render(
                _aspects(facts, sums, plan, words), before.conditions, group.metadata.generation, now
            ),
        }
    )


def _shown(value: Decimal, applies: bool) -> Decimal | None:  # noqa: FBT001 - whether there is something to say
    return tidy(value) if applies else None


def _finished_at(before: datetime | None, state: GroupState, now: datetime) -> datetime | None:
    return (before or now) if state.is_final else None


def _legs(facts: Facts, plan: Plan) -> Iterator[LegStatus]:
    begins = {begin.leg: begin for begin in plan.begins}
    for leg in facts:
        begin = begins.get(leg.name)
        if not leg.begun and begin is None and leg in (facts.close, facts.flatten):
            continue
        if begin is not None and begin.number > leg.round:
            yield LegStatus(
                name=leg.name,
                role=leg.spec.role,
                round=begin.number,
                planned_quantity=begin.planned,
                intent=child_name(facts.view.name, leg.name, begin.number),
                former_quantity=tidy(leg.filled),
                filled_quantity=tidy(leg.filled),
            )
            continue
        yield _leg(facts, leg, begin.planned if begin is not None else leg.planned)


def _leg(facts: Facts, leg: Leg, planned: Decimal | None) -> LegStatus:
    if not leg.begun:
        return LegStatus(name=leg.name, role=leg.spec.role)
    child, before = leg.child, leg.recorded
    if child is None and before is not None:
        return before.model_copy(update={"planned_quantity": planned})
    status = child.status if child is not None else None
    return LegStatus(
        name=leg.name,
        role=leg.spec.role,
        round=leg.round,
        planned_quantity=planned if planned is not None else leg.quantity,
        intent=child_name(facts.view.name, leg.name, leg.round),
        uid=child.metadata.uid if child is not None else None,
        state=status.state if status is not None else None,
        client_order_id=status.client_order_id if status is not None else None,
        exchange_order_id=status.exchange_order_id if status is not None else None,
        former_quantity=tidy(leg.former),
        filled_quantity=tidy(leg.filled),
        message=status.message if status is not None else None,
    )


def _brief(legs: tuple[LegStatus, ...]) -> str:
    """`entry=Filled stop=Untriggered target=-`."""
    text = " ".join(f"{leg.name}={leg.state.value if leg.state is not None else '-'}" for leg in legs)
    return text if len(text) <= _LONGEST_BRIEF else text[: _LONGEST_BRIEF - 1] + "…"


# --- conditions ------------------------------------------------------------------------------------------------------


def _aspects(facts: Facts, sums: Amounts, plan: Plan, words: Words) -> Iterator[Aspect]:
    shows = words.shows
    yield Aspect(Type.READY, shows.ready, words.reason, words.message)
    if shows.reconciling:
        yield Aspect(Type.RECONCILING, TRUE, words.reason, words.message)
    if shows.stalled:
        yield Aspect(Type.STALLED, TRUE, words.reason, words.message)
    yield from _accepted(facts, plan, words)
    yield _placed(facts)
    yield _completed(facts, words)
    yield from _protected(facts, sums, plan)


def _accepted(facts: Facts, plan: Plan, words: Words) -> Iterator[Aspect]:
    if words.denied:
        yield Aspect(Type.ACCEPTED, FALSE, words.reason, words.message)
    elif facts.begun or plan.begins:
        yield Aspect(Type.ACCEPTED, TRUE, Reason.ACCEPTED)
    elif (before := find_condition(facts.view.group.status.conditions, Type.ACCEPTED)) is not None:
        yield Aspect(Type.ACCEPTED, before.status, before.reason, before.message)


def _placed(facts: Facts) -> Aspect:
    """Whether the venue has (or had) the order of each leg that was begun."""
    begun = [leg for leg in facts if leg.begun]
    if any(leg.state is OrderStateName.UNKNOWN for leg in begun):
        return Aspect(Type.PLACED, UNKNOWN, Reason.OUTCOME_UNKNOWN)
    has = [leg.child is not None and leg.child.status.exchange_order_id is not None for leg in begun]
    return (
        Aspect(Type.PLACED, TRUE, Reason.PLACED) if has and all(has) else Aspect(Type.PLACED, FALSE, Reason.NOT_PLACED)
    )


def _completed(facts: Facts, words: Words) -> Aspect:
    if not words.state.is_final:
        return Aspect(Type.COMPLETED, FALSE, Reason.NOT_ENDED)
    settled = not facts.open and all(leg.child is None or is_settled(leg.child) for leg in facts)
    return Aspect(Type.COMPLETED, TRUE if settled else FALSE, Reason.SETTLED if settled else Reason.SETTLING)


def _protected(facts: Facts, sums: Amounts, plan: Plan) -> Iterator[Aspect]:
    """Only while something is held that the group has a stop for."""
    if not needs_stop(facts, sums):
        if facts.stop is not None and facts.begun and sums.dust and is_something(sums.left):
            message = f"{shown(sums.left)} is less than the market takes as an order"
            yield Aspect(Type.PROTECTED, FALSE, GroupReason.DUST, message)
        return
    if not is_exposed(facts, sums):
        yield Aspect(Type.PROTECTED, TRUE, GroupReason.COVERED)
        return
    reason, message = why_exposed(facts, sums, plan)
    yield Aspect(Type.PROTECTED, FALSE, reason, message)


def why_exposed(facts: Facts, sums: Amounts, plan: Plan) -> tuple[GroupReason, str]:
    """Why no stop covers what is held."""
    held = f"{shown(sums.left - sums.covered)} is held without a stop"
    stop, target = facts.stop, facts.target
    if target is not None and target.open and not (is_listed(target.child) and stop is not None and stop.open):
        return GroupReason.SWITCHING, f"{held}: the target is being traded"
    if stop is not None and stop.live and stop.asked_to_end:
        return GroupReason.ENDING, f"{held}: the stop is being canceled"
    if not may_begin(facts.view):
        return GroupReason.HELD_BACK, f"{held}, and {_held_back_by(facts)}"
    if plan.stuck:
        return GroupReason.STOP_FAILED, f"{held}: {plan.stuck}"
    said = stop.child.status.message if stop is not None and stop.child is not None else None
    return GroupReason.ARMING, f"{held}: it is on its way{f' ({said})' if said else ''}"


def _held_back_by(facts: Facts) -> str:
    account, group = facts.view.account, facts.view.group
    if group.spec.suspend:
        return "spec.suspend is true"
    if account.problem is not None:
        return f"the account is not ready ({account.problem.reason}): {account.problem.message}"
    if not account.exists:
        return "the account does not exist"
    return "the account is halted, being deleted, or the operator is paused"


__all__ = ["CURRENT", "FAILED", "IN_PROGRESS", "LegRole", "Words", "build", "why_exposed"]
