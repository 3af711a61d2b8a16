"""What happened between two versions of an object, as events. Pure.

Versions in between may have been missed: states coalesce then, fills do not, because the filled quantity is a sum.
Fills come before the event that ends an order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.client import states
from exchange_kernel.client.events import BaseEvent, EventType, GroupChanged, OrderEvent, OrderFilled
from exchange_kernel.client.known import KnownGroup, KnownOrder, group_of

_TRIGGERED = frozenset({State.OPEN, State.PARTIALLY_FILLED, State.FILLED})
_AT_WORK = frozenset({State.OPEN, State.PARTIALLY_FILLED})
_ENDS = {
    State.CANCELED: EventType.ORDER_CANCELED,
    State.EXPIRED: EventType.ORDER_EXPIRED,
    State.REJECTED: EventType.ORDER_REJECTED,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """How a version was seen.

    Attributes:
        at: When this process saw it.
        replayed: As part of the snapshot at the start.
    """

    at: datetime
    replayed: bool = False


def of_order(before: KnownOrder | None, after: OrderIntent, seen: Seen) -> list[BaseEvent]:
    """What happened to an order since it was last seen; None: it was never seen."""
    now = KnownOrder.of(after)
    kinds = [kind for kind in _kinds(before, now) if kind is not EventType.ORDER_FILLED]
    ends = [kind for kind in kinds if kind in _ENDS.values() or kind is EventType.ORDER_SETTLED]
    events: list[BaseEvent] = [_event(after, kind, seen) for kind in kinds if kind not in ends]
    grown = now.filled - (before.filled if before is not None else Decimal(0))
    if grown > 0:
        events.append(_fill(before, after, grown, seen))
    return events + [_event(after, kind, seen) for kind in ends]


def _kinds(before: KnownOrder | None, after: KnownOrder) -> Iterator[EventType]:
    was, now = before.state if before is not None else None, after.state
    if after.accepted and (before is None or not before.accepted):
        yield EventType.ORDER_ACCEPTED
    if now is State.DENIED and was is not State.DENIED:
        yield EventType.ORDER_DENIED
    if after.submitted and (before is None or not before.submitted):
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
    if after.settled and (before is None or not before.settled):
        yield EventType.ORDER_SETTLED


def _amends(before: KnownOrder | None, after: KnownOrder) -> Iterator[EventType]:
    if before is None:
        return
    if before.sent is not None and after.sent is not None and before.sent != after.sent:
        yield EventType.ORDER_AMENDED
    if after.amend_failure and after.amend_failure != before.amend_failure:
        yield EventType.ORDER_AMEND_FAILED


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


def _fill(before: KnownOrder | None, after: OrderIntent, grown: Decimal, seen: Seen) -> OrderFilled:
    paid = before.cost if before is not None else Decimal(0)
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
        fill_cost=(after.status.cost or Decimal(0)) - paid,
        filled_quantity=states.filled_of(after),
        average_price=after.status.average_price,
        fees={fee.currency: fee.amount for fee in after.status.fees},
        is_final=states.is_final(after),
    )


def _id(after: OrderIntent, kind: EventType) -> str:
    return f"{after.metadata.uid}/{after.metadata.resource_version}/{kind.value}"


def of_deletion(last: KnownOrder, seen: Seen) -> BaseEvent:
    """An object is gone."""
    return BaseEvent(
        event_id=f"{last.uid}/{last.version}/{EventType.INTENT_DELETED.value}",
        event_type=EventType.INTENT_DELETED,
        observed_at=seen.at,
        intent_id=last.intent_id,
        group_id=last.group_id,
        symbol_id=last.symbol_id,
        replayed=seen.replayed,
    )


def of_group(before: KnownGroup | None, after: OrderGroup, seen: Seen) -> list[BaseEvent]:
    """A change of a group's state, protection or overfill."""
    now = KnownGroup.of(after)
    if now == before or now.state is None:
        return []
    return [
        GroupChanged(
            event_id=f"{after.metadata.uid}/{after.metadata.resource_version}/{EventType.GROUP_CHANGED.value}",
            event_type=EventType.GROUP_CHANGED,
            observed_at=seen.at,
            group_id=after.metadata.name,
            symbol_id=after.spec.symbol,
            replayed=seen.replayed,
            state=now.state,
            protected=now.protected,
            overfill=now.overfill,
        )
    ]
