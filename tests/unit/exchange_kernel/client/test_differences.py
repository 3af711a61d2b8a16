"""Events are differences of what was seen: whatever is missed in between, no fill is lost and nothing is told twice."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.client import differences
from exchange_kernel.client.differences import Seen
from exchange_kernel.client.events import BaseEvent, EventType, GroupChanged, OrderFilled
from exchange_kernel.client.known import KnownGroup, KnownOrder
from support.group_builders import bracket

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SEEN = Seen(NOW)
ENDS = {EventType.ORDER_CANCELED, EventType.ORDER_EXPIRED, EventType.ORDER_REJECTED}


def order(version: int, state: State | None = None, filled: str = "0", **status: Any) -> OrderIntent:  # noqa: ANN401
    """A limit buy of 10 as the API server has it at some version."""
    conditions = [
        {"type": kind, "status": value, "reason": reason, "lastTransitionTime": "2030-01-01T00:00:00Z"}
        for kind, value, reason in status.pop("conditions", [("Accepted", "True", "Accepted")])
    ]
    said = {"observedGeneration": 1, "filledQuantity": filled, "conditions": conditions, **status}
    if state is not None:
        said["state"] = state.value
    return OrderIntent.from_object(
        {
            "metadata": {
                "name": "dip", "namespace": "trading", "uid": "u1", "resourceVersion": str(version), "generation": 1,
            },
            "spec": {
                "accountRef": {"name": "main"}, "symbol": "BTC/USDT", "side": "Buy", "type": "Limit",
                "quantity": "10", "price": "50000",
            },
            "status": said,
        }
    )  # fmt: skip


def told(*versions: OrderIntent | None) -> list[BaseEvent]:
    """The events of a watch that sees just these versions; None: a gap, after which it is listed again."""
    events: list[BaseEvent] = []
    before: KnownOrder | None = None
    for version in versions:
        if version is not None:
            events += differences.of_order(before, version, SEEN)
            before = KnownOrder.of(version)
    return events


def kinds(events: list[BaseEvent]) -> list[EventType]:
    return [event.event_type for event in events]


def test_a_life_is_told_in_order() -> None:
    sent = {"clientOrderId": "ec0d"}
    events = told(
        order(1, State.PENDING, conditions=[]),
        order(2, State.SUBMITTING, **sent),
        order(3, State.OPEN, **sent),
        order(4, State.PARTIALLY_FILLED, "4", cost="200000", **sent),
        order(5, State.FILLED, "10", cost="500000", **sent),
        order(6, State.FILLED, "10", cost="500000", settled=True, **sent),
    )
    assert kinds(events) == [
        EventType.ORDER_ACCEPTED,
        EventType.ORDER_SUBMITTED,
        EventType.ORDER_OPEN,
        EventType.ORDER_FILLED,
        EventType.ORDER_FILLED,
        EventType.ORDER_SETTLED,
    ]
    fills = [event for event in events if isinstance(event, OrderFilled)]
    assert [(fill.fill_quantity, fill.fill_cost, fill.is_final) for fill in fills] == [
        (Decimal(4), Decimal(200000), False),
        (Decimal(6), Decimal(300000), True),
    ]


def test_what_was_missed_coalesces_and_the_fill_comes_before_the_end() -> None:
    events = told(order(1, State.PENDING), order(9, State.CANCELED, "4", clientOrderId="ec0d", settled=True))
    assert kinds(events)[-3:] == [EventType.ORDER_FILLED, EventType.ORDER_CANCELED, EventType.ORDER_SETTLED]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (order(1, State.PENDING), order(2, State.DENIED, conditions=[]), EventType.ORDER_DENIED),
        (order(1, State.SUBMITTING), order(2, State.UNKNOWN), EventType.ORDER_UNKNOWN),
        (order(1, State.UNTRIGGERED), order(2, State.OPEN), EventType.ORDER_TRIGGERED),
        (order(1, State.SUBMITTING), order(2, State.UNTRIGGERED), EventType.ORDER_OPEN),
        (order(1, State.OPEN), order(2, State.EXPIRED), EventType.ORDER_EXPIRED),
        (order(1, State.SUBMITTING), order(2, State.REJECTED), EventType.ORDER_REJECTED),
        (
            order(1, State.OPEN, normalized={"price": "50000"}),
            order(2, State.OPEN, normalized={"price": "51000"}),
            EventType.ORDER_AMENDED,
        ),
        (
            order(1, State.OPEN),
            order(2, State.OPEN, conditions=[("Accepted", "True", "Accepted"), ("Synced", "False", "TooLateToAmend")]),
            EventType.ORDER_AMEND_FAILED,
        ),
    ],
)
def test_each_turn_has_its_event(before: OrderIntent, after: OrderIntent, kind: EventType) -> None:
    assert kinds(differences.of_order(KnownOrder.of(before), after, SEEN)) == [kind]
    assert differences.of_order(KnownOrder.of(after), after, SEEN) == []


def test_a_late_fill_after_the_end_is_told() -> None:
    events = differences.of_order(KnownOrder.of(order(1, State.CANCELED, "1")), order(2, State.CANCELED, "3"), SEEN)
    (fill,) = events
    assert isinstance(fill, OrderFilled)
    assert (fill.fill_quantity, fill.is_final) == (Decimal(2), True)


# --- any life, seen with any gaps ------------------------------------------------------------------------------------


@st.composite
def lives(draw: st.DrawFn) -> list[OrderIntent]:
    """Fills that grow, states as they may follow, an end; the versions count up."""
    version, filled = 1, Decimal(0)
    life = [order(version, State.PENDING, conditions=[])]
    sent: dict[str, Any] = {"clientOrderId": "ec0d"}
    for state in draw(st.sampled_from([(State.SUBMITTING,), (State.SUBMITTING, State.UNKNOWN), ()])):
        version += 1
        life.append(order(version, state, **sent))
    for grown in draw(st.lists(st.integers(0, 3), max_size=4)):
        version, filled = version + 1, min(Decimal(9), filled + grown)
        state = State.PARTIALLY_FILLED if filled else State.OPEN
        life.append(order(version, state, str(filled), cost=str(filled * 50000), **sent))
    end = draw(st.sampled_from([State.FILLED, State.CANCELED, State.EXPIRED]))
    total = Decimal(10) if end is State.FILLED else filled + draw(st.integers(0, 1))
    for settled in (False, True):
        version += 1
        life.append(order(version, end, str(total), cost=str(total * 50000), settled=settled, **sent))
    return life


@settings(max_examples=200, derandomize=True, deadline=None)
@given(lives(), st.data())
def test_whatever_is_missed_the_fills_add_up_the_end_is_last_and_nothing_is_told_twice(
    life: list[OrderIntent], data: st.DataObject
) -> None:
    kept = [version for version in life[:-1] if data.draw(st.booleans())]
    repeated = [version for version in [*kept, life[-1]] for _ in range(data.draw(st.integers(1, 2)))]
    events = told(*repeated)

    fills = [event for event in events if isinstance(event, OrderFilled)]
    assert sum((fill.fill_quantity for fill in fills), Decimal(0)) == life[-1].status.filled_quantity
    assert sum((fill.fill_cost for fill in fills), Decimal(0)) == (life[-1].status.cost or Decimal(0))
    assert len({event.event_id for event in events}) == len(events)
    ends = [number for number, event in enumerate(events) if event.event_type in ENDS]
    assert len(ends) <= 1
    assert all(event.event_type is EventType.ORDER_SETTLED for event in events[ends[0] + 1 :]) if ends else True
    assert events[-1].event_type is EventType.ORDER_SETTLED


# --- groups and deletions --------------------------------------------------------------------------------------------


def test_a_groups_state_and_protection_are_told_when_they_change() -> None:
    def group(state: str, protected: str | None, version: str) -> OrderGroup:
        found = bracket()
        condition = {"type": "Protected", "reason": "Covered", "lastTransitionTime": "2030-01-01T00:00:00Z"}
        status = {"state": state, "conditions": [] if protected is None else [{**condition, "status": protected}]}
        obj = {**found.to_object(), "status": status}
        obj["metadata"]["resourceVersion"] = version
        return OrderGroup.from_object(obj)

    entering, held, same = group("Entering", None, "1"), group("Working", "True", "2"), group("Working", "True", "3")
    (first,) = differences.of_group(None, entering, SEEN)
    (second,) = differences.of_group(KnownGroup.of(entering), held, SEEN)
    assert isinstance(first, GroupChanged)
    assert isinstance(second, GroupChanged)
    assert (first.state, first.protected, second.state, second.protected) == ("Entering", None, "Working", True)
    assert differences.of_group(KnownGroup.of(held), same, SEEN) == []


def test_a_deletion_names_what_is_gone() -> None:
    event = differences.of_deletion(KnownOrder.of(order(7, State.FILLED)), SEEN)
    assert (event.event_type, event.intent_id, event.event_id) == (
        EventType.INTENT_DELETED,
        "dip",
        "u1/7/IntentDeleted",
    )
