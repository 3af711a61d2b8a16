"""What is to be done for a group: records first, then changes of OrderIntents, then new ones.

A round is recorded in the group's status before its OrderIntent is created, and the status is written against the
version that was judged: of two operators only one can give a leg its next round. The name follows from the round, so
that creating it twice is creating it once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from exchange_kernel.api.enums import DeletionPolicy, DesiredState
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.groups.leg import Leg
from exchange_kernel.core.groups.manifest import Form, manifest
from exchange_kernel.core.market_rules import ZERO


@dataclass(frozen=True, slots=True)
class Begin:
    """Record a round of a leg, with the quantity that its OrderIntent is created with."""

    leg: str
    number: int
    planned: Decimal | None


@dataclass(frozen=True, slots=True)
class Change:
    """Change fields of an OrderIntent's spec; `fields` in Python names, None removes."""

    child: OrderIntent
    fields: Mapping[str, Any]


@dataclass(slots=True)
class Plan:
    """The steps, gathered while the rules are gone through.

    Attributes:
        deadline: The account's default for placement.startingDeadlineSeconds.
        why: The rule that decided, for logs and tests.
        wait: Seconds after which it is worth looking again, whatever happens.
        read_price: The market's price has to be read first.
        stuck: Why a stop that is missing is not placed again; for the user.
    """

    group: OrderGroup
    deadline: int | None = None
    why: list[str] = field(default_factory=list)
    begins: list[Begin] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    creates: list[OrderIntent] = field(default_factory=list)
    wait: float | None = None
    read_price: bool = False
    stuck: str = ""

    @property
    def acts(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.begins or self.changes or self.creates)

    def look_again(self, seconds: float) -> None:
        """Look again after so many seconds at the latest."""
        self.wait = seconds if self.wait is None else min(self.wait, seconds)

    def advance(self, leg: Leg, quantity: Decimal | None, form: Form, together: tuple[str, ...] = ()) -> None:
        """Give a leg its next round and create its OrderIntent; `together`: the OrderIntents of its list."""
        self.begins.append(Begin(leg.name, leg.round + 1, quantity))
        self._create(leg, leg.round + 1, quantity, form, together)
        self.why.append(f"{leg.name}: round {leg.round + 1}")

    def promise(self, leg: Leg, quantity: Decimal) -> None:
        """Give a leg its next round, whose OrderIntent is created once its siblings have ended."""
        self.begins.append(Begin(leg.name, leg.round + 1, quantity))
        self.why.append(f"{leg.name}: promised")

    def ensure(self, leg: Leg, quantity: Decimal | None, form: Form, together: tuple[str, ...] = ()) -> None:
        """Create the OrderIntent that was recorded and is not there; with what is right now."""
        if leg.planned != quantity:
            self.begins.append(Begin(leg.name, leg.round, quantity))
        self._create(leg, leg.round, quantity, form, together)
        self.why.append(f"{leg.name}: created")

    def _create(self, leg: Leg, number: int, quantity: Decimal | None, form: Form, together: tuple[str, ...]) -> None:
        made = manifest(self.group, leg, number, quantity, form, together=together, deadline=self.deadline)
        self.creates.append(made)

    def end(self, leg: Leg) -> None:
        """End a leg: cancel what it has, and take the name that was given away for what it does not have yet."""
        if leg.child is None:
            quantity = leg.planned or leg.spec.quantity
            if quantity is None and leg.spec.quote_quantity is None:
                quantity = Decimal(1)
            self.creates.append(manifest(self.group, leg, leg.round, quantity, Form.WRITTEN, canceled=True))
            self.why.append(f"{leg.name}: never to be sent")
        elif not leg.asked_to_end:
            self.changes.append(Change(leg.child, {"desired_state": DesiredState.CANCELED}))
            self.why.append(f"{leg.name}: canceled")

    def let_go(self, leg: Leg) -> bool:
        """Have a leg's order stay at the venue when its object goes; True once that is written."""
        if leg.child is None:
            self.end(leg)
            return False
        if leg.child.spec.deletion_policy is DeletionPolicy.ORPHAN:
            return True
        self.changes.append(Change(leg.child, {"deletion_policy": DeletionPolicy.ORPHAN}))
        self.why.append(f"{leg.name}: stays at the venue")
        return False

    def set(self, leg: Leg, **fields: Any) -> None:  # noqa: ANN401 - values of the spec's fields
        """Change what differs of a leg's OrderIntent."""
        child = leg.child
        if child is None:
            return
        differing = {name: value for name, value in fields.items() if getattr(child.spec, name) != value}
        if differing:
            self.changes.append(Change(child, differing))
            self.why.append(f"{leg.name}: {', '.join(sorted(differing))}")


def is_something(quantity: Decimal) -> bool:
    """Whether a quantity is more than nothing."""
    return quantity > ZERO
