"""What a group is judged by: its object, the OrderIntents of its legs, the account, the market and the time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from exchange_kernel.api.conditions import ConditionType, find_condition
from exchange_kernel.api.enums import DesiredState, LegRole, OrderType, Side
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.group_status import LegStatus
from exchange_kernel.api.order_group import GroupLeg, OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.market_rules import ZERO
from exchange_kernel.core.venue import Market
from exchange_kernel.core.view import AccountFacts, Now, ReferencePrice

CLOSE, FLATTEN = "close", "flatten"


def child_name(group: str, leg: str, number: int) -> str:
    """The name of a leg's OrderIntent: <group>-<leg> for the first, <group>-<leg>-2 for the second."""
    return f"{group}-{leg}" if number < 2 else f"{group}-{leg}-{number}"


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
class Leg:
    """One leg with everything that it has had.

    Attributes:
        spec: What is wanted; for `close` and `flatten` what the operator wants.
        round: The OrderIntents that it was given by the record; 0 for none yet.
        planned: The quantity with which the one of this round is created.
        child: The OrderIntent of this round; None while it is not created.
        earlier: Those of earlier rounds that still exist.
        former: What earlier rounds have filled.
    """

    spec: GroupLeg
    round: int = 0
    planned: Decimal | None = None
    child: OrderIntent | None = None
    earlier: tuple[OrderIntent, ...] = ()
    former: Decimal = ZERO
    recorded: LegStatus | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The leg's name."""
        return self.spec.name

    @property
    def begun(self) -> bool:
        """Whether an OrderIntent was recorded for it."""
        return self.round > 0

    @property
    def missing(self) -> bool:
        """Whether it was given an OrderIntent that does not exist yet."""
        return self.begun and self.child is None and not self._recorded_as_final

    @property
    def _recorded_as_final(self) -> bool:
        """Whether the OrderIntent of this round is gone after its end was written down here."""
        return self.recorded is not None and self.recorded.state is not None and self.recorded.state.is_final

    @property
    def state(self) -> State | None:
        """What the OrderIntent of this round says; None where there is none, or nobody has judged it."""
        return self.child.status.state if self.child is not None else None

    @property
    def ended(self) -> bool:
        """Whether the end of this round's order was read back (or it was never sent and never will be).

        A fill that was on its way then can still show up: it counts, and may make an overfill.
        """
        return is_over(self.child) if self.child is not None else self.begun and self._recorded_as_final

    @property
    def open(self) -> bool:
        """Whether an order of it may work or be sent: recorded, and not proven to be at its end."""
        return self.begun and not self.ended

    @property
    def live(self) -> bool:
        """Whether the venue has the order and works it."""
        return self.state is not None and self.state.is_live

    @property
    def filled_now(self) -> Decimal:
        """What the OrderIntent of this round has filled."""
        return filled_of(self.child) if self.child is not None else ZERO

    @property
    def filled(self) -> Decimal:
        """What all OrderIntents of the leg have filled; never falls."""
        known = self.former + self.filled_now
        before = self.recorded.filled_quantity if self.recorded is not None else None
        return max(known, before or ZERO)

    @property
    def reason(self) -> str:
        """The reason that its OrderIntent gives for being (or not being) ready; empty for none."""
        return reason_of(self.child) if self.child is not None else ""

    @property
    def denied(self) -> bool:
        """Whether its OrderIntent was refused before anything was sent; it stays so until it is edited."""
        return self.state is State.DENIED

    @property
    def asked_to_end(self) -> bool:
        """Whether its OrderIntent was asked to be canceled."""
        return self.child is not None and self.child.spec.desired_state is DesiredState.CANCELED

    @property
    def quantity(self) -> Decimal | None:
        """The total that its OrderIntent of this round asks for."""
        return self.child.spec.quantity if self.child is not None else self.planned


def is_over(child: OrderIntent) -> bool:
    """Whether an order is final: its end was read back, with what it had filled."""
    return child.status.state is not None and child.status.state.is_final


def is_settled(child: OrderIntent) -> bool:
    """Whether nothing more can become known of an order; one that never reached the venue has nothing to settle."""
    return is_over(child) and (child.status.settled or child.status.exchange_order_id is None)


def knows_fees(child: OrderIntent) -> bool:
    """Whether the fees of all that an order has filled are known."""
    status = child.status
    listed = sum((trade.quantity for trade in status.recent_trades), ZERO)
    return is_settled(child) or listed == filled_of(child)


def filled_of(child: OrderIntent) -> Decimal:
    """What an order has filled, in the base currency."""
    return child.status.filled_quantity or ZERO


def reason_of(child: OrderIntent) -> str:
    """The reason of Ready; empty before anybody has judged the object."""
    ready = find_condition(child.status.conditions, ConditionType.READY)
    return ready.reason if ready is not None else ""


def fires_late(child: OrderIntent) -> bool:
    """Whether a stop was refused because the market has passed its trigger already: it would have to trade at once.

    The denial stays in Accepted when the refused object is canceled.
    """
    accepted = find_condition(child.status.conditions, ConditionType.ACCEPTED)
    return accepted is not None and accepted.reason == Reason.TRIGGER_ALREADY_CROSSED.value


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
