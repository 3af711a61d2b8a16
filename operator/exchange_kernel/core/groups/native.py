"""Which groups a venue ties together by itself, and which of their legs.

A venue's one-cancels-the-other serves two exits of the same quantity of which the first that acts ends the other. That
is what type OCO means, and what the stop and the target of a Bracket or an OUO do as long as neither is filled in part.
"""

from decimal import ROUND_FLOOR

from exchange_kernel.api.enums import Execution, GroupType, LegRole, OrderType, TimeInForce
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.core.groups.facts import Facts, Pair
from exchange_kernel.core.groups.leg import Leg
from exchange_kernel.core.market_rules import to_step
from exchange_kernel.core.order_lists import is_listed, ticket_of
from exchange_kernel.core.venue_rules import OcoRules

_PAIRED = frozenset({GroupType.OCO, GroupType.OUO, GroupType.BRACKET})


def execution_of(facts: Facts) -> Execution | None:
    """Who ties the legs together from here on; None while the venue's rules are not known.

    Once the operator does, it goes on to. After a list that the venue has refused it has to, whatever the spec says:
    the stop alone may still be taken, and what is held must not be without one.
    """
    group = facts.view.group
    if group.spec.execution is Execution.EMULATED or group.status.execution is Execution.EMULATED:
        return Execution.EMULATED
    if facts.view.account.rules is None:
        return group.status.execution
    two = listed(facts)
    if two is None or _was_refused(two):
        return Execution.EMULATED
    return Execution.NATIVE


def listed(facts: Facts) -> Pair | None:
    """The two legs that the venue ties together; None where it does not."""
    rules = facts.view.account.rules
    two = _two(facts, rules.oco) if rules is not None and rules.oco is not None else None
    return two if two is not None and not _differs(facts, two, rules.oco if rules is not None else None) else None


def objection(facts: Facts) -> str:
    """Why the venue cannot tie this group together; empty where it can."""
    rules = facts.view.account.rules
    if rules is None:
        return ""
    if rules.oco is None:
        return f"{rules.name} ties no orders together in this version"
    two = _two(facts, rules.oco)
    if two is None:
        return (
            f"{rules.name} ties two exits together, a {_or(rules.oco.stops)} and a {_or(rules.oco.targets)}: of a "
            "Bracket, an OCO, or an OUO with the roles StopLoss and TakeProfit"
        )
    return _differs(facts, two, rules.oco)


def begins_with_entry(facts: Facts) -> Pair | None:
    """The two exits that the venue begins with their entry, all in one request; None where the entry goes alone.

    The venue begins them when the entry is filled completely, and with its quantity. That is what a group means only
    where the entry is filled as a whole or not at all, and where nothing comes off what it has brought in: of an entry
    that sells, all is bought back (docs/decisions/0003).
    """
    entry, rules, market = facts.entry, facts.view.account.rules, facts.view.market
    if entry is None or rules is None or rules.oco is None or market is None or entry.spec.quantity is None:
        return None
    spec, quantity = entry.spec, entry.spec.quantity
    sent = (spec.side, spec.type, spec.time_in_force) in rules.oco.entries and not spec.post_only
    whole = to_step(quantity, market.quantity_step, ROUND_FLOOR) == quantity
    opposite = all(leg.spec.side is not spec.side for leg in facts.exits)
    return listed(facts) if sent and whole and opposite and execution_of(facts) is Execution.NATIVE else None


def sent_with_entry(facts: Facts) -> Pair | None:
    """The two exits whose first orders were given out together with the entry's, for one request."""
    entry, two = facts.entry, facts.pair
    if entry is None or two is None or (two.stop.round, two.target.round) != (1, 1):
        return None
    # Exits of an entry that goes alone are begun when it has filled, and so is there.
    return two if entry.missing or _names_three(entry) else None


def _names_three(entry: Leg) -> bool:
    ticket = ticket_of(entry.child.metadata) if entry.child is not None else None
    return ticket is not None and ticket.is_entry


def _two(facts: Facts, oco: OcoRules) -> Pair | None:
    """The two exits of a group that has just these; of plain legs the stop is the one that is a stop by its type."""
    kind = facts.view.group.spec.type
    if facts.pair is not None:
        return facts.pair if kind in _PAIRED else None
    if kind is not GroupType.OCO or [leg.spec.role for leg in facts.exits] != [LegRole.LEG, LegRole.LEG]:
        return None
    stops = [leg for leg in facts.exits if leg.spec.type in oco.stops]
    targets = [leg for leg in facts.exits if leg.spec.type not in oco.stops]
    return Pair(stops[0], targets[0]) if len(stops) == 1 else None


def _differs(facts: Facts, two: Pair, oco: OcoRules | None) -> str:
    """What of the venue's list would not mean the same; empty for nothing."""
    stop, target = two.stop.spec, two.target.spec
    if oco is None or stop.type not in oco.stops or target.type not in oco.targets:
        types = "" if oco is None else f": it takes a {_or(oco.stops)} with a {_or(oco.targets)}"
        return f"the venue does not tie a {stop.type} to a {target.type} so that it means the same{types}"
    if stop.side is not target.side:
        return "the venue ties orders of the same side together"
    if any(spec.time_in_force is not TimeInForce.GTC for spec in (stop, target)):
        return "the orders of a list are GTC"
    if facts.pair is None and stop.type is not OrderType.STOP_MARKET:
        return "a StopLimit that was reached would end the other leg before anything is filled: write a StopMarket"
    return ""


def _was_refused(two: Pair) -> bool:
    return all(is_listed(leg.child) and leg.state is State.REJECTED for leg in (two.stop, two.target))


def _or(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))


def ended_by_partner(leg: Leg, partner: Leg) -> bool:
    """Whether the venue has ended an order because of what happened to the other one of its list.

    Both canceled, and neither by us, was somebody at the venue.
    """
    if (
        not is_listed(leg.child)
        or leg.asked_to_end
        or leg.filled_now
        or leg.state not in {State.CANCELED, State.EXPIRED}
    ):
        return False
    return partner.asked_to_end or partner.filled_now > 0
