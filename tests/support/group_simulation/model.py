"""The other side of a group: an API server with versions, and orders that live as orders live.

An order's life is played without the placing protocol, which has a simulation of its own: what matters to a group is
what its OrderIntents say, in which order they may say it, and how late.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from exchange_kernel.api.conditions import Condition, ConditionStatus
from exchange_kernel.api.enums import DesiredState, OrderType, Side, TimeInForce
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.group_status import OrderGroupStatus
from exchange_kernel.api.meta import ANNOTATION_ORDER_LIST
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_status import Fee, OrderIntentStatus, Trade
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.order_lists import is_listed
from support.builders import CREATED

START = CREATED
STEP = Decimal("0.00001")
FEE = Decimal("0.001")
ZERO = Decimal(0)


class ConflictError(Exception):
    """Another version is stored, or the name is taken."""


def floor(value: Decimal) -> Decimal:
    return (value / STEP).to_integral_value(rounding=ROUND_FLOOR) * STEP


@dataclass
class Api:
    """The objects with their versions."""

    group: OrderGroup | None
    children: dict[str, OrderIntent] = field(default_factory=dict)
    version: int = 1
    writes: int = 0

    def next_version(self) -> str:
        self.version += 1
        return str(self.version)

    def put_group(self, before: OrderGroup, **changes: Any) -> OrderGroup:  # noqa: ANN401 - any field
        """Compare and set."""
        stored = self.group
        if stored is None or stored.metadata.resource_version != before.metadata.resource_version:
            raise ConflictError
        self.writes += 1
        meta = changes.pop("metadata", stored.metadata)
        changes["metadata"] = meta.model_copy(update={"resource_version": self.next_version()})
        self.group = stored.model_copy(update=changes)
        return self.group

    def say(self, before: OrderGroup, status: OrderGroupStatus) -> OrderGroup:
        return self.put_group(before, status=status)

    def create(self, child: OrderIntent, now: datetime) -> OrderIntent:
        if child.metadata.name in self.children:
            raise ConflictError
        self.writes += 1
        meta = child.metadata.model_copy(
            update={
                "uid": f"uid-{child.metadata.name}",
                "resource_version": self.next_version(),
                "generation": 1,
                "creation_timestamp": now,
            }
        )
        self.children[child.metadata.name] = child.model_copy(update={"metadata": meta})
        return self.children[child.metadata.name]

    def change(self, child: OrderIntent, fields: Mapping[str, Any]) -> OrderIntent:
        stored = self.children.get(child.metadata.name)
        if stored is None or stored.metadata.resource_version != child.metadata.resource_version:
            raise ConflictError
        self.writes += 1
        return self.store(stored.model_copy(update={"spec": stored.spec.model_copy(update=dict(fields))}))

    def store(self, child: OrderIntent) -> OrderIntent:
        meta = child.metadata.model_copy(update={"resource_version": self.next_version()})
        self.children[meta.name] = child.model_copy(update={"metadata": meta})
        return self.children[meta.name]


@dataclass
class Market:
    """The orders' lives, a second at a time.

    Attributes:
        late: What was filled after an end had been read back: the only thing that may explain an overfill.
        odd: How likely it is that something unusual happens to an order.
    """

    api: Api
    rng: random.Random
    price: Decimal = Decimal(60000)
    second: int = 0
    odd: float = 0.05
    late: Decimal = ZERO
    halted: bool = False
    # Orders that the venue has ended together with the other one of their list; their objects learn it later.
    taken_along: dict[str, tuple[State, Reason]] = field(default_factory=dict)
    # Entries that were sent with their exits: filled or not at once; their objects learn it later than the exits may.
    entered: dict[str, bool] = field(default_factory=dict)
    exit_side: Side = Side.SELL

    @property
    def wall(self) -> datetime:
        return START + timedelta(seconds=self.second)

    def tick(self) -> None:
        """A second passes: the price moves and each order may go on."""
        self.second += 1
        for name in sorted(self.api.children):
            child = self.api.children[name]
            if self.rng.random() < 0.7:
                self._live(child)

    def _live(self, child: OrderIntent) -> None:
        status = child.status
        if status.state is not None and status.state.is_final:
            self._settle(child)
        elif child.metadata.name in self.taken_along and is_live(child):
            self._end(child, *self.taken_along[child.metadata.name])
        elif child.metadata.name in self.entered:
            self._tell_entry(child)
        elif child.spec.desired_state is DesiredState.CANCELED:
            self._end(child, State.CANCELED, Reason.CANCELED)
        elif status.state in {None, State.PENDING, State.DENIED}:
            self._place(child)
        elif self._is_odd():
            self._odd_end(child)
        else:
            self._trade(child)

    def _is_odd(self) -> bool:
        return self.rng.random() < self.odd

    def _place(self, child: OrderIntent) -> None:
        if child.status.state is State.DENIED or self.api.group is None:
            # A leg that is created after its group has gone is never sent.
            return
        if child.spec.suspend or self.halted:
            self._say(child, State.PENDING, Reason.SUSPENDED)
        elif self._is_odd():
            self._say(child, State.REJECTED, Reason.REJECTED, finished_at=self.wall)
        elif child.spec.trigger_price is not None and self._reached(child):
            self._say(child, State.DENIED, Reason.TRIGGER_ALREADY_CROSSED, accepted=False)
        elif is_listed(child):
            self._place_list(child)
        else:
            state = State.UNTRIGGERED if child.spec.trigger_price is not None else State.OPEN
            self._say(child, state, Reason.WORKING, exchange_order_id=f"v-{child.metadata.name}")

    def _place_list(self, child: OrderIntent) -> None:
        """All orders at once, when all may be sent; refused whole where the target would trade at once."""
        names = _list_of(child)
        orders = [self.api.children[name] for name in names if name in self.api.children]
        free = {None, State.PENDING}
        if len(orders) < len(names) or any(
            each.spec.suspend or each.spec.desired_state is DesiredState.CANCELED or each.status.state not in free
            for each in orders
        ):
            return
        exits = orders[-2:]
        refused = any(self._reached(each) for each in exits) or self._is_odd()
        for each in orders:
            if refused:
                self._say(each, State.REJECTED, Reason.REJECTED, finished_at=self.wall)
            else:
                waits = each.spec.trigger_price is not None or (len(orders) > len(exits) and each in exits)
                state = State.UNTRIGGERED if waits else State.OPEN
                self._say(each, state, Reason.WORKING, exchange_order_id=f"v-{each.metadata.name}")
        if len(orders) > len(exits) and not refused:
            self._enter(orders[0], exits)

    def _enter(self, entry: OrderIntent, exits: list[OrderIntent]) -> None:
        """The entry is filled or not, at once; with it its exits begin, are refused at that moment, or end."""
        done = self.entered[entry.metadata.name] = self._reached(entry)
        if not done or self._is_odd():
            self.taken_along |= {each.metadata.name: (State.EXPIRED, Reason.EXPIRED) for each in exits}

    def _tell_entry(self, entry: OrderIntent) -> None:
        done = self.entered.pop(entry.metadata.name)
        if done:
            self._filled(entry, entry.spec.quantity or ZERO, State.FILLED, Reason.FILLED)
        else:
            self._say(entry, State.EXPIRED, Reason.EXPIRED, finished_at=self.wall)

    def _partner(self, child: OrderIntent) -> OrderIntent | None:
        names = _list_of(child)[-2:]
        return self.api.children.get(next((name for name in names if name != child.metadata.name), ""))

    def _take_along(self, child: OrderIntent, state: State, reason: Reason) -> None:
        """What ends, or begins to trade, ends the other order of its list at that moment."""
        other = self._partner(child)
        if other is not None and is_live(other) and child.metadata.name not in self.taken_along:
            self.taken_along[other.metadata.name] = (state, reason)

    def _reached(self, child: OrderIntent) -> bool:
        """Whether the market is where the order acts; a stop that sells waits for a fall."""
        spec = child.spec
        wanted = spec.trigger_price if spec.trigger_price is not None else spec.price
        if wanted is None:
            return True
        falls = (spec.side is Side.SELL) == (spec.type in {OrderType.STOP_MARKET, OrderType.STOP_LIMIT})
        return self.price <= wanted if falls else self.price >= wanted

    def _trade(self, child: OrderIntent) -> None:
        at_once = child.spec.type is OrderType.MARKET or child.spec.time_in_force is TimeInForce.IOC
        if child.status.state is State.UNTRIGGERED and not self._reached(child):
            return
        if child.spec.type is OrderType.LIMIT and not self._reached(child):
            if at_once:
                self._end(child, State.EXPIRED, Reason.IMMEDIATE_PART_DONE)
            return
        self._fill(child, at_once=at_once)

    def _fill(self, child: OrderIntent, *, at_once: bool) -> None:
        total = child.spec.quantity or ZERO
        done = child.status.filled_quantity or ZERO
        left = max(ZERO, total - done)
        part = left if self.rng.random() < 0.5 else floor(left * Decimal(self.rng.randint(1, 9)) / 10)
        filled = done + part
        if part > ZERO:
            self._take_along(child, State.EXPIRED, Reason.EXPIRED)
        if filled >= total:
            self._filled(child, filled, State.FILLED, Reason.FILLED)
        elif at_once:
            self._filled(child, filled, State.EXPIRED, Reason.IMMEDIATE_PART_DONE)
        else:
            self._filled(child, filled, State.PARTIALLY_FILLED, Reason.WORKING)

    def _filled(self, child: OrderIntent, filled: Decimal, state: State, reason: Reason) -> None:
        fee = filled * FEE if child.spec.side is Side.BUY else ZERO
        trades = (Trade(id="t", price=self.price, quantity=filled, fee_currency="BTC", fee_amount=fee),)
        known = self.rng.random() < 0.7
        self._say(
            child,
            state,
            reason,
            filled_quantity=filled,
            fees=(Fee(currency="BTC", amount=fee),) if known else child.status.fees,
            recent_trades=trades if known else child.status.recent_trades,
            finished_at=self.wall if state.is_final else None,
        )

    def _odd_end(self, child: OrderIntent) -> None:
        kind = self.rng.choice(("by hand", "expired", "halted"))
        match kind:
            case "by hand":
                self._end(child, State.CANCELED, Reason.CANCELED_EXTERNALLY)
            case "expired":
                self._end(child, State.EXPIRED, Reason.EXPIRED)
            case _:
                self._end(child, State.CANCELED, Reason.HALTED)

    def _end(self, child: OrderIntent, state: State, reason: Reason) -> None:
        if is_live(child):
            self._take_along(child, State.CANCELED, Reason.CANCELED_EXTERNALLY)
        self._say(child, state, reason, finished_at=self.wall)

    def _settle(self, child: OrderIntent) -> None:
        status = child.status
        if status.settled:
            return
        late = status.state in {State.CANCELED, State.EXPIRED} and status.exchange_order_id is not None
        late = late and child.metadata.name not in self.taken_along and child.spec.time_in_force is not TimeInForce.FOK
        if late and self.rng.random() < self.odd / 2:
            before = status.filled_quantity or ZERO
            total = child.spec.quantity or ZERO
            more = floor(max(ZERO, total - before) / 2)
            if child.spec.side is self.exit_side:
                self.late += more
            self._filled(child, before + more, status.state or State.CANCELED, Reason.CANCELED)
        elif self.rng.random() < 0.3:
            self._fully_known(child)

    def _fully_known(self, child: OrderIntent) -> None:
        filled = child.status.filled_quantity or ZERO
        fee = filled * FEE if child.spec.side is Side.BUY else ZERO
        status = child.status.model_copy(
            update={"settled": True, "fees": (Fee(currency="BTC", amount=fee),) if fee else ()}
        )
        self.api.store(child.model_copy(update={"status": status}))

    def _say(self, child: OrderIntent, state: State, reason: Reason, *, accepted: bool = True, **more: Any) -> None:  # noqa: ANN401 - fields of the status
        before = child.status
        conditions: tuple[Condition, ...] = (
            _condition("Ready", ConditionStatus.FALSE, reason, self.wall),
            _condition(
                "Accepted",
                ConditionStatus.TRUE if accepted else ConditionStatus.FALSE,
                Reason.ACCEPTED if accepted else reason,
                self.wall,
            ),
        )
        if state is State.CANCELED and before.conditions:
            # As the operator does: what was denied stays denied when it is canceled.
            conditions = (conditions[0], *before.conditions[1:])
        update = {"state": state, "conditions": conditions, "message": reason.meaning, **more}
        self.api.store(child.model_copy(update={"status": before.model_copy(update=update)}))


def _condition(kind: str, status: ConditionStatus, reason: Reason, at: datetime) -> Condition:
    return Condition(type=kind, status=status, reason=reason.value, last_transition_time=at)


def _list_of(child: OrderIntent) -> list[str]:
    """Of an order that is sent in a list: an entry, where there is one, then the exits."""
    return child.metadata.annotations.get(ANNOTATION_ORDER_LIST, "").split(",")


def is_live(child: OrderIntent) -> bool:
    return child.status.state is not None and child.status.state.is_live


def sold(children: Mapping[str, OrderIntent]) -> Decimal:
    return sum((c.status.filled_quantity or ZERO for c in children.values() if c.spec.side is Side.SELL), ZERO)


def bought(children: Mapping[str, OrderIntent]) -> Decimal:
    """Net of fees."""
    return bought_gross(children) * (1 - FEE)


def bought_gross(children: Mapping[str, OrderIntent]) -> Decimal:
    return sum((c.status.filled_quantity or ZERO for c in children.values() if c.spec.side is Side.BUY), ZERO)


__all__ = ["Api", "ConflictError", "Market", "OrderIntentStatus", "bought", "bought_gross", "floor", "is_live", "sold"]
