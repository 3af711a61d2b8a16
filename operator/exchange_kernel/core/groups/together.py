"""An entry that the venue takes together with its exits, in one request; it begins them when the entry is filled.

Until the entry has ended nothing of the exits is judged by what there is to exit from: they are there before it. A fill
of an exit proves that the entry was filled, whatever is known of it. Once the entry has ended the exits are a list like
any other (`listed`), and what becomes of them is decided there: filled, they rest; not filled, they end.
"""

from decimal import Decimal

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.core.groups.facts import Facts, Pair
from exchange_kernel.core.groups.leg import Leg, child_name
from exchange_kernel.core.groups.manifest import Form
from exchange_kernel.core.groups.plan import Plan

_NOT_SENT = frozenset({None, State.PENDING, State.DENIED})


def begin(plan: Plan, facts: Facts, entry: Leg, two: Pair) -> None:
    """Give all three legs their first order; the entry's record names the list."""
    legs = (entry, two.stop, two.target)
    for leg in legs:
        plan.advance(leg, entry.spec.quantity, Form.WRITTEN, together=_names(facts, legs))


def enter(plan: Plan, facts: Facts, entry: Leg, two: Pair) -> None:
    """Complete the three while the entry works; what is not sent yet is kept as the group is written now."""
    legs = (entry, two.stop, two.target)
    quantity = _quantity(legs)
    for leg in legs:
        if leg.missing and entry.asked_to_end:
            plan.end(leg)
        elif leg.missing:
            plan.ensure(leg, quantity, Form.WRITTEN, together=_names(facts, legs))
    if all(leg.state in _NOT_SENT for leg in legs) and not any(leg.missing or leg.asked_to_end for leg in legs):
        for leg in legs:
            price, trigger = leg.spec.price, leg.spec.trigger_price
            suspend, wanted = facts.view.group.spec.suspend, entry.spec.quantity
            plan.set(leg, suspend=suspend, quantity=wanted, price=price, trigger_price=trigger)


def _names(facts: Facts, legs: tuple[Leg, ...]) -> tuple[str, ...]:
    return tuple(child_name(facts.view.name, leg.name, 1) for leg in legs)


def _quantity(legs: tuple[Leg, ...]) -> Decimal | None:
    """All three have one: that of those that are there."""
    there = next((leg.child for leg in legs if leg.child is not None), None)
    return there.spec.quantity if there is not None else legs[0].spec.quantity
