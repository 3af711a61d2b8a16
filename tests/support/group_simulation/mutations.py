"""Rules of groups, each broken in one way: the worlds (or the tables) must turn red."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from exchange_kernel.core.groups import (
    again,
    amounts,
    decide,
    ending,
    facts,
    follow,
    listed,
    plan,
    report,
    tie,
    together,
    words,
)
from exchange_kernel.core.groups import leg as leg_of
from exchange_kernel.core.groups.again import Again, Verdict
from exchange_kernel.core.groups.manifest import Form, manifest
from exchange_kernel.core.groups.plan import Begin

Patch = tuple[Any, str, Any]


def _never(*_: object, **__: object) -> bool:
    return False


def _always(*_: object, **__: object) -> bool:
    return True


def _no_fees(*_: object) -> Decimal:
    return Decimal(0)


def _nothing(*_: object, **__: object) -> None:
    return None


def _advance_unrecorded(self: plan.Plan, leg: leg_of.Leg, quantity: Decimal | None, form: Form, **_: Any) -> None:  # noqa: ANN401
    self.creates.append(manifest(self.group, leg, leg.round + 1, quantity, form))


def _ensure_too_much(self: plan.Plan, leg: leg_of.Leg, quantity: Decimal | None, form: Form, **_: Any) -> None:  # noqa: ANN401
    twice = None if quantity is None else quantity * 2
    self.begins.append(Begin(leg.name, leg.round, twice))
    self.creates.append(manifest(self.group, leg, leg.round, twice, form))


def _skip_a_round(self: plan.Plan, leg: leg_of.Leg, quantity: Decimal | None, form: Form, **_: Any) -> None:  # noqa: ANN401
    self.begins.append(Begin(leg.name, leg.round + 2, quantity))
    self.creates.append(manifest(self.group, leg, leg.round + 2, quantity, form))


def _do_not_wait_for_the_stop(plan_: plan.Plan, facts_: Any, pair: facts.Pair, sums: Any, *, may_switch: bool) -> None:  # noqa: ANN401
    """The target is created while the stop still rests."""
    if pair.target.missing and may_switch:
        plan_.ensure(pair.target, sums.left, Form.TOUCHED)
        return
    _RESTING(plan_, facts_, pair, sums, may_switch=may_switch)


def _give_the_whole(plan_: plan.Plan, facts_: Any, leg: leg_of.Leg, quantity: Decimal) -> None:  # noqa: ANN401
    """What was exited already is forgotten when a leg is given its next order."""
    del quantity
    target = amounts.target_of(facts_)
    _GIVE(plan_, facts_, leg, target)


def _grow_blindly(plan_: plan.Plan, facts_: Any, leg: leg_of.Leg, sums: Any) -> None:  # noqa: ANN401
    if leg.quantity is not None and not leg.asked_to_end:
        plan_.set(leg, quantity=leg.filled_now + sums.target)


def _end_without_stop(plan_: plan.Plan, facts_: Any, spare: leg_of.Leg | None = None) -> bool:  # noqa: ANN401
    """An ending that forgets the stop."""
    still = [leg for leg in facts_ if leg.open and leg is not spare and leg.spec.role.value != "StopLoss"]
    for leg in still:
        plan_.end(leg)
    return not still


def _never_again(view: Any, leg: leg_of.Leg) -> Again:  # noqa: ANN401
    return Again(Verdict.NOW) if not leg.begun else Again(Verdict.LATER, wait=1e9)


def _ended_when_denied_or_open(child: Any) -> bool:  # noqa: ANN401
    return child.status.state is not None


def _covered_is_everything(facts_: Any, sums: Any) -> bool:  # noqa: ANN401
    del facts_, sums
    return False


def _list_the_whole(plan_: plan.Plan, facts_: Any, two: facts.Pair, quantity: Decimal) -> None:  # noqa: ANN401
    """What was exited already is forgotten in the next list."""
    del quantity
    _BEGIN(plan_, facts_, two, amounts.target_of(facts_))


def _list_again_at_once(plan_: plan.Plan, facts_: Any, legs: Any, sums: Any) -> None:  # noqa: ANN401
    """The next list does not wait for the end of the last one."""
    if listed._is_resized(facts_, legs[0], sums) or any(listed._is_rewritten(facts_, leg) for leg in legs):
        _BEGIN(plan_, facts_, facts.Pair(*legs), sums.left)


def _begin_apart(plan_: plan.Plan, facts_: Any, entry: leg_of.Leg, two: facts.Pair) -> None:  # noqa: ANN401
    del facts_
    for leg in (entry, two.stop, two.target):
        plan_.advance(leg, entry.spec.quantity, Form.WRITTEN)


_BEGIN = listed.begin
_RESTING, _GIVE, _FILLED = tie._resting, tie._give, leg_of.Leg.filled

MUTATIONS: dict[str, tuple[Patch, ...]] = {
    "fees are not taken off": ((amounts, "_fees", _no_fees),),
    "a round is created without a record": ((plan.Plan, "advance", _advance_unrecorded),),
    "a missing order is created twice as large": ((plan.Plan, "ensure", _ensure_too_much),),
    "a round is skipped": ((plan.Plan, "advance", _skip_a_round),),
    "the target does not wait for the stop's end": ((tie, "_resting", _do_not_wait_for_the_stop),),
    "a leg's next order asks for all again": ((tie, "_give", _give_the_whole),),
    "a resting exit grows without regard to fills": ((tie, "_size", _grow_blindly),),
    "an ending forgets the stop": ((ending, "end_all", _end_without_stop),),
    "an order that works counts as ended": ((leg_of, "is_over", _ended_when_denied_or_open),),
    "nobody says that the stop is missing": (
        (ending, "is_exposed", _covered_is_everything),
        (decide, "is_exposed", _covered_is_everything),
        (report, "is_exposed", _covered_is_everything),
        (words, "is_exposed", _covered_is_everything),
    ),
    "an order that ended is never followed by another": ((tie, "again", _never_again), (ending, "again", _never_again)),
    "a stop that is too late is placed as it is written": ((again, "fires_late", _never),),
    "earlier rounds are forgotten": ((leg_of.Leg, "filled", property(lambda leg: leg.filled_now)),),
    "the end of a leg is not asked for": ((plan.Plan, "end", _nothing),),
    "an overfill is not noticed": ((amounts, "max", lambda *_: Decimal(0)),),
    "nothing is ever too small": ((amounts, "too_small", _never),),
    "everything is too small": ((amounts, "too_small", _always),),
}

# Of lists: shown by the worlds in which the venue ties orders together.
LIST_MUTATIONS: dict[str, tuple[Patch, ...]] = {
    "the next list asks for all again": ((listed, "begin", _list_the_whole),),
    "the next list does not wait for the end of the last": ((listed, "_resting", _list_again_at_once),),
    "what the venue has ended counts as canceled by hand": ((listed, "ended_by_partner", _never),),
}


# Of entries that are sent with their exits.
TOGETHER_MUTATIONS: dict[str, tuple[Patch, ...]] = {
    "a fill of an exit does not prove the entry's": ((amounts, "_proven_by_exits", _no_fees),),
    "the exits are judged before their entry has ended": ((follow, "sent_with_entry", _nothing),),
    "exits that the venue did not begin count as fired": ((listed, "_never_began", _never),),
    "the three are not sent together": ((together, "begin", _begin_apart),),
    "what is missing of the three is not created": ((together, "enter", _nothing),),
    "an entry goes without an exit that was refused": ((ending, "sent_with_entry", _nothing),),
}


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """The rules with one of them broken."""
    patches: list[Any] = [
        patch.object(where, attribute, value, create=attribute == "max")
        for where, attribute, value in (MUTATIONS | LIST_MUTATIONS | TOGETHER_MUTATIONS)[name]
    ]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


Check = Callable[[], None]
