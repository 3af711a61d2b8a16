"""What a group is judged by: its object, the OrderIntents of its legs, the account, the market and the time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exchange_kernel.api.enums import LegRole, OrderType, Side
from exchange_kernel.api.group_status import LegStatus
from exchange_kernel.api.order_group import GroupLeg, OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.account_facts import AccountFacts, ReferencePrice
from exchange_kernel.core.groups.leg import Leg, child_name, filled_of
from exchange_kernel.core.market_rules import ZERO
from exchange_kernel.core.venue_rules import Market
from exchange_kernel.core.view import Now

CLOSE, FLATTEN = "close", "flatten"


@dataclass(frozen=True, slots=True)
class GroupView:
    """One group, whole.

    Attributes:
        children: The OrderIntents of its legs that exist, by name; whatever the status has recorded was asked for by
            name where it is not among them.
        taken: Names of its legs that OrderIntents of somebody else have.
        price: What was last read of the market's price; None when nothing was.
        exposed_for: Seconds for which this process has seen something held without a stop, while it could act.
    """

    group: OrderGroup
    children: Mapping[str, OrderIntent]
    account: AccountFacts
    now: Now
    taken: frozenset[str] = frozenset()
    price: ReferencePrice | None = None
    exposed_for: float = 0.0

    @property
    def market(self) -> Market | None:
        """The market's rules, once they are known."""
        return self.account.markets.get(self.group.spec.symbol)

    @property
    def name(self) -> str:
        """The group's name."""
        return self.group.metadata.name


@dataclass(frozen=True, slots=True)
class Pair:
    """A stop that rests, and the target that is watched meanwhile."""

    stop: Leg
    target: Leg


@dataclass(frozen=True, slots=True)
class Facts:
    """The legs of a group by what they are for."""

    view: GroupView
    legs: tuple[Leg, ...]
    close: Leg
    flatten: Leg

    def __iter__(self) -> Iterator[Leg]:
        yield from self.legs
        yield self.close
        yield self.flatten

    def role(self, role: LegRole) -> Leg | None:
        """The leg of a role that occurs once."""
        return next((leg for leg in self.legs if leg.spec.role is role), None)

    @property
    def entry(self) -> Leg | None:
        """The leg that the others wait for."""
        return self.role(LegRole.ENTRY)

    @property
    def stop(self) -> Leg | None:
        """The leg that protects."""
        return self.role(LegRole.STOP_LOSS)

    @property
    def target(self) -> Leg | None:
        """The leg that takes the profit."""
        return self.role(LegRole.TAKE_PROFIT)

    @property
    def pair(self) -> "Pair | None":
        """The two exits that share what they sell, where the group has both."""
        return Pair(self.stop, self.target) if self.stop is not None and self.target is not None else None

    @property
    def exits(self) -> tuple[Leg, ...]:
        """All legs but the entry."""
        return tuple(leg for leg in self.legs if leg.spec.role is not LegRole.ENTRY)

    @property
    def watches_target(self) -> bool:
        """Whether the target is watched by its price: two exits at once would lock what they sell twice."""
        return self.pair is not None

    @property
    def exit_side(self) -> Side:
        """The side that ends what is held."""
        return (self.stop or self.target or self.exits[0]).spec.side

    @property
    def begun(self) -> bool:
        """Whether any OrderIntent was recorded."""
        return any(leg.begun for leg in self)

    @property
    def open(self) -> tuple[Leg, ...]:
        """The legs that may have an order."""
        return tuple(leg for leg in self if leg.open)


def gather(view: GroupView) -> Facts:
    """The legs with their records and their OrderIntents."""
    group = view.group
    recorded = {each.name: each for each in group.status.legs}
    legs = tuple(_leg(view, spec, recorded.get(spec.name)) for spec in group.spec.legs)
    side = next((leg.side for leg in group.spec.legs if leg.role is not LegRole.ENTRY), Side.SELL)
    back = Side.BUY if side is Side.SELL else Side.SELL
    close, flatten = (
        _leg(view, _at_market(name, of), recorded.get(name)) for name, of in ((CLOSE, side), (FLATTEN, back))
    )
    return Facts(view, legs, close, flatten)


def _at_market(name: str, side: Side) -> GroupLeg:
    # The operator's own legs have names that a user's leg cannot have, so the rules of legs do not apply.
    return GroupLeg.model_construct(name=name, role=LegRole.LEG, side=side, type=OrderType.MARKET)


def _leg(view: GroupView, spec: GroupLeg, recorded: LegStatus | None) -> Leg:
    number = max(recorded.round if recorded is not None else 0, _rounds_of(view, spec.name))
    earlier = [view.children.get(child_name(view.name, spec.name, n)) for n in range(1, number)]
    there = tuple(child for child in earlier if child is not None)
    known = sum((filled_of(child) for child in there), ZERO)
    before = recorded.former_quantity if recorded is not None and recorded.round == number else None
    return Leg(
        spec=spec,
        round=number,
        planned=recorded.planned_quantity if recorded is not None and recorded.round == number else None,
        child=view.children.get(child_name(view.name, spec.name, number)) if number else None,
        earlier=there,
        former=max(known, before or ZERO),
        recorded=recorded if recorded is not None and recorded.round == number else None,
    )


def _rounds_of(view: GroupView, leg: str) -> int:
    """How many OrderIntents of a leg exist, whatever the status says: a restore may bring them back without it."""
    number = 0
    while child_name(view.name, leg, number + 1) in view.children:
        number += 1
    return number
