"""The heart for groups: one pure function from the group, its legs and the market to what is done next.

`decide` is a ladder; the first rung that applies decides:

0. Nothing was begun: it is being deleted, was canceled, may not begin yet, or begins.
1. An ending was asked for, by the spec, the deletion, an overfill or a failure of protection: `ending`.
2. The legs follow each other: `tie`.
3. Whatever was planned, the status says the whole of it (`report`), and records each new round before its OrderIntent
   is created.

Invariants, tested as properties and in a simulation with crashes, lost answers and two operators:

* An OrderIntent is created only for a round that is recorded, and each round once.
* The exits' open quantity never exceeds T - F.
* The same view gives the same decision; deciding again on unchanged facts converges to rest.
"""

from dataclasses import dataclass

from exchange_kernel.api.enums import DesiredState, GroupState
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.group_reasons import GroupReason
from exchange_kernel.api.group_status import OrderGroupStatus
from exchange_kernel.api.meta import FINALIZER_CLOSE_GROUP
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core import conditions
from exchange_kernel.core.conditions import IN_PROGRESS
from exchange_kernel.core.groups import checks, listed, report, tie, together
from exchange_kernel.core.groups import words as said
from exchange_kernel.core.groups.amounts import Amounts, measure
from exchange_kernel.core.groups.ending import (
    Mode,
    carry_out,
    failure_due,
    is_exposed,
    mode_of,
)
from exchange_kernel.core.groups.facts import Facts, GroupView, gather
from exchange_kernel.core.groups.follow import follow, tied_by_venue
from exchange_kernel.core.groups.manifest import Form
from exchange_kernel.core.groups.native import begins_with_entry
from exchange_kernel.core.groups.plan import Change, Plan
from exchange_kernel.core.groups.report import Words


@dataclass(frozen=True, slots=True)
class GroupDecision:
    """What is to be done, in this order: hold, status, changes, creates, release.

    Attributes:
        why: The rule that decided, for logs and tests.
        status: The whole status; written before anything is created.
        hold: Our finalizer has to be on the object before anything else.
        read_price: The market's price has to be read first.
        release: The object may go; `leftovers` are deleted after it.
        exposed: Something is held without a stop, and the operator could act.
    """

    why: str
    status: OrderGroupStatus
    hold: bool = False
    read_price: bool = False
    changes: tuple[Change, ...] = ()
    creates: tuple[OrderIntent, ...] = ()
    release: bool = False
    exposed: bool = False
    requeue_after: float | None = None


def decide(view: GroupView) -> GroupDecision:
    """Decide what is to be done for one group. Pure: no I/O, no clock, no randomness, no memory."""
    facts = gather(view)
    sums = measure(facts)
    plan = Plan(view.group, view.account.defaults.starting_deadline_seconds)
    if not facts.begun:
        return _fresh(plan, facts, sums)
    if FINALIZER_CLOSE_GROUP not in view.group.metadata.finalizers and not view.group.metadata.deleting:
        return GroupDecision("hold what was begun", view.group.status, hold=True)
    failure = failure_due(facts, sums)
    mode = mode_of(facts, sums, failure)
    if mode is Mode.LIVE and view.market is None:
        # After a restart the account's markets are read first; nothing is sized by half of what has to be known.
        return GroupDecision("the market's rules are not known", view.group.status)
    done = False
    if mode is Mode.LIVE:
        follow(plan, facts, sums)
        words = said.live(plan, facts, sums)
    else:
        done = carry_out(plan, facts, sums, mode)
        words = said.ending(facts, sums, mode, failure, done=done)
    return _decision(plan, facts, sums, words, release=done and view.group.metadata.deleting)


def _decision(plan: Plan, facts: Facts, sums: Amounts, words: Words, *, release: bool = False) -> GroupDecision:
    return GroupDecision(
        why="; ".join(plan.why) or words.reason,
        status=report.build(facts, sums, plan, words),
        read_price=plan.read_price,
        changes=tuple(plan.changes),
        creates=tuple(plan.creates),
        release=release,
        exposed=is_exposed(facts, sums) and tie.may_begin(facts.view),
        requeue_after=_wait(plan, facts, sums),
    )


def _wait(plan: Plan, facts: Facts, sums: Amounts) -> float | None:
    """Looking again when a policy is due is never forgotten."""
    if is_exposed(facts, sums):
        left = facts.view.group.spec.max_unprotected_seconds - facts.view.exposed_for
        plan.look_again(max(0.05, left) if left > 0 else 1.0)
    return plan.wait


# --- before the first order ------------------------------------------------------------------------------------------


def _fresh(plan: Plan, facts: Facts, sums: Amounts) -> GroupDecision:
    view = facts.view
    over = _over_before_it_began(view)
    if over is not None:
        return over
    if view.group.spec.desired_state is DesiredState.CANCELED:
        words = Words(GroupState.CANCELED, GroupReason.GROUP_CANCELED, "canceled before anything was sent")
        return _decision(plan, facts, sums, words)
    objection = checks.objection(facts)
    if objection is not None:
        return _objected(plan, facts, sums, objection)
    if FINALIZER_CLOSE_GROUP not in view.group.metadata.finalizers:
        return GroupDecision("hold", view.group.status, hold=True)
    _begin(plan, facts, sums)
    return _decision(plan, facts, sums, Words(GroupState.PENDING, GroupReason.BEGINNING, shows=IN_PROGRESS))


def _over_before_it_began(view: GroupView) -> GroupDecision | None:
    before = view.group.status
    if view.group.metadata.deleting:
        return GroupDecision("deleted before it began", before, release=True)
    if before.state is not None and before.state.is_final:
        return GroupDecision("ended before it began", _seen(view))
    if before.state is GroupState.DENIED and before.observed_generation == view.group.metadata.generation:
        # A denial stays until the spec is edited: it does not turn into orders because a market changed.
        return GroupDecision("denied before", before)
    return None


def _seen(view: GroupView) -> OrderGroupStatus:
    return view.group.status.model_copy(update={"observed_generation": view.group.metadata.generation})


def _objected(plan: Plan, facts: Facts, sums: Amounts, objection: checks.Objection) -> GroupDecision:
    stop, view = objection.stop, facts.view
    if objection.read_price:
        return GroupDecision("read the price", view.group.status, read_price=True, requeue_after=stop.wait)
    plan.why.append(f"stopped: {stop.reason}")
    waits = [wait for wait in (stop.wait, checks.seconds_to_deadline(view)) if wait is not None]
    if stop.state is State.PENDING and waits:
        plan.look_again(max(0.05, min(waits)))
    state = {State.DENIED: GroupState.DENIED, State.EXPIRED: GroupState.EXPIRED, State.CANCELED: GroupState.CANCELED}
    words = Words(
        state.get(stop.state, GroupState.PENDING),
        stop.reason,
        stop.message,
        shows=conditions.kstatus(stop.state, stop.reason),
        denied=stop.state is State.DENIED,
    )
    return _decision(plan, facts, sums, words)


def _begin(plan: Plan, facts: Facts, sums: Amounts) -> None:
    """The first orders: the entry, alone or with its exits; else the list, the stop of a pair, or all plain legs."""
    if facts.entry is not None and (two := begins_with_entry(facts)) is not None:
        together.begin(plan, facts, facts.entry, two)
    elif facts.entry is not None:
        plan.advance(facts.entry, facts.entry.spec.quantity, Form.WRITTEN)
    elif (two := tied_by_venue(facts)) is not None:
        listed.begin(plan, facts, two, sums.target)
    elif facts.stop is not None:
        plan.advance(facts.stop, sums.target, Form.WRITTEN)
    else:
        for leg in facts.exits:
            plan.advance(leg, sums.target, Form.WRITTEN)
