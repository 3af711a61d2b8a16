"""The places that a group's exits need at once, so that they can be kept before the entry is sent."""

from exchange_kernel.api.enums import Execution, LegRole
from exchange_kernel.core.groups.facts import Facts
from exchange_kernel.core.groups.leg import child_name
from exchange_kernel.core.groups.native import execution_of
from exchange_kernel.core.places import WAITING, Need


def exits_need(facts: Facts) -> Need:
    """The venue's list rests both exits of a pair; tied by the operator a stop rests, or its target, never both."""
    pair = facts.pair
    resting = (pair.stop,) if pair is not None and execution_of(facts) is not Execution.NATIVE else facts.exits
    return Need(len(resting), sum(leg.spec.type in WAITING for leg in resting))


def is_entry(facts: Facts, name: str) -> bool:
    """Whether an OrderIntent of this name is the group's entry, which has one order ever."""
    entry = facts.role(LegRole.ENTRY)
    return entry is not None and name == child_name(facts.view.name, entry.name, 1)
