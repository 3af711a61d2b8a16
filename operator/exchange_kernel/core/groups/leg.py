"""One leg of a group, with everything that it has had."""

from dataclasses import dataclass, field
from decimal import Decimal

from exchange_kernel.api.conditions import ConditionStatus, ConditionType, find_condition
from exchange_kernel.api.enums import DesiredState
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.group_status import LegStatus
from exchange_kernel.api.order_group import GroupLeg
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.market_rules import ZERO


def child_name(group: str, leg: str, number: int) -> str:
    """The name of a leg's OrderIntent: <group>-<leg> for the first, <group>-<leg>-2 for the second."""
    return f"{group}-{leg}" if number < 2 else f"{group}-{leg}-{number}"


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
    def refused(self) -> bool:
        """Whether its OrderIntent was refused, by us or by the venue; also after it was canceled for that."""
        accepted = find_condition(self.child.status.conditions, ConditionType.ACCEPTED) if self.child else None
        denied = accepted is not None and accepted.status is ConditionStatus.FALSE
        return denied or self.denied or self.state is State.REJECTED

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
