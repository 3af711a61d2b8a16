"""What happened between two versions of an object, as events. Pure.

Versions in between may have been missed: states coalesce then, fills do not, because the filled quantity is a sum.
Fills come before the event that ends an order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from exchange_kernel.api.conditions import ConditionType, find_condition
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.client import states
from exchange_kernel.client.events import BaseEvent, EventType, GroupChanged, OrderEvent, OrderFilled

_TRIGGERED = frozenset({State.OPEN, State.PARTIALLY_FILLED, State.FILLED})
_AT_WORK = frozenset({State.OPEN, State.PARTIALLY_FILLED})
_ENDS = {
    State.CANCELED: EventType.ORDER_CANCELED,
    State.EXPIRED: EventType.ORDER_EXPIRED,
    State.REJECTED: EventType.ORDER_REJECTED,
}
_NOT_AMENDED = frozenset({Reason.AMEND_FAILED.value, Reason.TOO_LATE_TO_AMEND.value})


@dataclass(frozen=True, slots=True)
class Seen:
    """How a version was seen.

    Attributes:
        at: When this process saw it.
        replayed: As part of the snapshot at the start.
    """

    at: datetime
    replayed: bool = False


def of_order(before: OrderIntent | None, after: OrderIntent, seen: Seen) -> list[BaseEvent]:
    """What happened to an order since it was last seen; None: it was never seen."""
    kinds = [kind for kind in _kinds(before, after) if kind is not EventType.ORDER_FILLED]
    ends = [kind for kind in kinds if kind in _ENDS.values() or kind is EventType.ORDER_SETTLED]
    events: list[BaseEvent] = [_event(after, kind, seen) for kind in kinds if kind not in ends]
    grown = states.filled_of(after) - (states.filled_of(before) if before is not None else Decimal(0))
    if grown > 0:
        events.append(_fill(before, after, grown, seen))
    return events + [_event(after, kind, seen) for kind in ends]


def _kinds(before: OrderIntent | None, after: OrderIntent) -> Iterator[EventType]:
    was, now = before.status.state if before is not None else None, after.status.state
    if _turned(before, after, ConditionType.ACCEPTED):
        yield EventType.ORDER_ACCEPTED
    if now is State.DENIED and was is not State.DENIED:
        yield EventType.ORDER_DENIED
    if after.status.client_order_id is not None and (before is None or before.status.client_order_id is None):
        yield EventType.ORDER_SUBMITTED
    if now is State.UNKNOWN and was is not State.UNKNOWN:
        yield EventType.ORDER_UNKNOWN
    if was is State.UNTRIGGERED and now in _TRIGGERED:
        yield EventType.ORDER_TRIGGERED
    elif now in {*_AT_WORK, State.UNTRIGGERED} and was not in {*_AT_WORK, State.UNTRIGGERED}:
        yield EventType.ORDER_OPEN
    yield from _amends(before, after)
    if now in _ENDS and was is not now:
        yield _ENDS[now]
    if after.status.settled and (before is None or not before.status.settled):
        yield EventType.ORDER_SETTLED


def _turned(before: OrderIntent | None, after: OrderIntent, kind: ConditionType) -> bool:
    held = before is not None and states.is_true(states.condition(before, kind))
    return states.is_true(states.condition(after, kind)) and not held


def _amends(before: OrderIntent | None, after: OrderIntent) -> Iterator[EventType]:
    if before is None:
        return
    known, now = before.status.normalized, after.status.normalized
    if known is not None and now is not None and known != now:
        yield EventType.ORDER_AMENDED
    failed = [_amend_failure(each) for each in (before, after)]
    if failed[1] and failed[1] != failed[0]:
        yield EventType.ORDER_AMEND_FAILED


def _amend_failure(found: OrderIntent) -> tuple[str, int] | None:
    """Why a change has failed, and which; None for none."""
    for kind in (ConditionType.SYNCED, ConditionType.READY):
        said = states.condition(found, kind)
        if said is not None and said.reason in _NOT_AMENDED:
            return said.reason, said.observed_generation
    return None


def _event(after: OrderIntent, kind: EventType, seen: Seen) -> OrderEvent:
    return OrderEvent(
        event_id=_id(after, kind),
        event_type=kind,
        occurred_at=after.status.acknowledged_at if kind is EventType.ORDER_OPEN else None,
        observed_at=seen.at,
        intent_id=after.metadata.name,
        group_id=group_of(after),
        symbol_id=after.spec.symbol,
        replayed=seen.replayed,
        state=states.state_of(after),
    )


def _fill(before: OrderIntent | None, after: OrderIntent, grown: Decimal, seen: Seen) -> OrderFilled:
    paid = before.status.cost if before is not None else None
    return OrderFilled(
        event_id=_id(after, EventType.ORDER_FILLED),
        event_type=EventType.ORDER_FILLED,
        occurred_at=after.status.last_trade_at,
        observed_at=seen.at,
        intent_id=after.metadata.name,
        group_id=group_of(after),
        symbol_id=after.spec.symbol,
        replayed=seen.replayed,
        state=states.state_of(after),
        fill_quantity=grown,
        fill_cost=(after.status.cost or Decimal(0)) - (paid or Decimal(0)),
        filled_quantity=states.filled_of(after),
        average_price=after.status.average_price,
        fees={fee.currency: fee.amount for fee in after.status.fees},
        is_final=states.is_final(after),
    )


def _id(after: OrderIntent, kind: EventType) -> str:
    return f"{after.metadata.uid}/{after.metadata.resource_version}/{kind.value}"


def group_of(found: OrderIntent) -> str | None:
    """The group that an order belongs to."""
    return next((each.name for each in found.metadata.owner_references if each.kind == "OrderGroup"), None)


def of_deletion(last: OrderIntent, seen: Seen) -> BaseEvent:
    """An object is gone."""
    return BaseEvent(
        event_id=_id(last, EventType.INTENT_DELETED),
        event_type=EventType.INTENT_DELETED,
        observed_at=seen.at,
        intent_id=last.metadata.name,
        group_id=group_of(last),
        symbol_id=last.spec.symbol,
        replayed=seen.replayed,
    )


def of_group(before: OrderGroup | None, after: OrderGroup, seen: Seen) -> list[BaseEvent]:
    """A change of a group's state, protection or overfill."""
    if before is not None and _said(before) == _said(after):
        return []
    state, protected, overfill = _said(after)
    if state is None:
        return []
    return [
        GroupChanged(
            event_id=f"{after.metadata.uid}/{after.metadata.resource_version}/{EventType.GROUP_CHANGED.value}",
            event_type=EventType.GROUP_CHANGED,
            observed_at=seen.at,
            group_id=after.metadata.name,
            symbol_id=after.spec.symbol,
            replayed=seen.replayed,
            state=state,
            protected=protected,
            overfill=overfill,
        )
    ]


def _said(found: OrderGroup) -> tuple[str | None, bool | None, Decimal | None]:
    status = found.status
    protected = find_condition(status.conditions, ConditionType.PROTECTED)
    held = None if protected is None else states.is_true(protected)
    return status.state.value if status.state is not None else None, held, status.overfill_quantity
