"""What follows what: the entry, then its exits, tied together by the venue where it can, else by the operator."""

from exchange_kernel.api.enums import Execution
from exchange_kernel.core.groups import listed, together
from exchange_kernel.core.groups.amounts import Amounts
from exchange_kernel.core.groups.facts import Facts, Pair
from exchange_kernel.core.groups.native import execution_of, sent_with_entry
from exchange_kernel.core.groups.native import listed as listed_legs
from exchange_kernel.core.groups.plan import Plan
from exchange_kernel.core.groups.tie import enter, exits_are_due, tied


def follow(plan: Plan, facts: Facts, sums: Amounts) -> None:
    """Bring the legs where they have to be."""
    two = sent_with_entry(facts)
    if facts.entry is not None and two is not None and facts.entry.open:
        together.enter(plan, facts, facts.entry, two)
        return
    if facts.entry is not None:
        enter(plan, facts, facts.entry, sums)
        if not exits_are_due(plan, facts, facts.entry, sums):
            return
    exits(plan, facts, sums)


def exits(plan: Plan, facts: Facts, sums: Amounts, *, may_switch: bool = True) -> None:
    """Bring the exits where they have to be; `may_switch`: a target may take the place of its stop."""
    two = tied_by_venue(facts)
    if two is not None:
        listed.follow(plan, facts, two, sums, may_switch=may_switch)
    else:
        tied(plan, facts, sums, may_switch=may_switch)


def tied_by_venue(facts: Facts) -> Pair | None:
    """The two legs that the venue ties together in this group; None where the operator does."""
    return listed_legs(facts) if execution_of(facts) is Execution.NATIVE else None
