from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exchange_kernel.kube.event_aggregation import (
    EventAggregator,
    EventLimits,
    EventTarget,
    EventType,
    PendingEvent,
    pattern_of,
)

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def target(uid: str = "u1") -> EventTarget:
    return EventTarget("exchangekernel.dev/v1alpha1", "OrderIntent", "desk", "entry", uid)


def offer(
    events: EventAggregator, message: str = "refused", *, at: float = 0.0, uid: str = "u1", reason: str = "Refused"
) -> bool:
    return events.offer(target(uid), EventType.WARNING, reason, message, START + timedelta(seconds=at), at)


def take(events: EventAggregator) -> PendingEvent:
    event = events.take()
    assert event is not None
    return event


def test_what_repeats_before_it_is_written_is_one_event_with_a_count() -> None:
    events = EventAggregator()
    for at in range(5):
        offer(events, f"price {at}.5 is below 7", at=at)

    event = take(events)

    assert (event.count, event.message) == (5, "price 4.5 is below 7")
    assert event.last - event.first == timedelta(seconds=4)
    assert events.take() is None


def test_what_repeats_after_it_was_written_updates_the_same_object() -> None:
    events = EventAggregator()
    offer(events)
    first = take(events)
    events.written(first, 0.0)
    offer(events, at=60.0)

    second = take(events)

    assert second.exists
    assert (second.name, second.count, second.first) == (first.name, 2, first.first)


def test_what_repeats_while_it_is_written_updates_the_same_object() -> None:
    events = EventAggregator()
    offer(events)
    first = take(events)
    offer(events, at=0.5)
    events.written(first, 0.6)

    second = take(events)

    assert (second.name, second.count) == (first.name, 2)


def test_what_repeats_much_later_is_a_new_event() -> None:
    events = EventAggregator(EventLimits(repeat_seconds=600))
    offer(events)
    first = take(events)
    events.written(first, 0.0)
    offer(events, at=601.0)

    second = take(events)

    assert not second.exists
    assert second.count == 1
    assert second.name != first.name


def test_an_event_that_was_not_written_is_created_when_it_repeats() -> None:
    events = EventAggregator()
    offer(events)
    take(events)
    offer(events, at=1.0)

    assert not take(events).exists


@pytest.mark.parametrize("other", [{"uid": "u2"}, {"reason": "Denied"}, {"message": "accepted"}])
def test_another_object_reason_or_sentence_is_another_event(other: dict[str, Any]) -> None:
    events = EventAggregator()
    offer(events)
    offer(events, **other)

    assert len(events) == 2


def test_numbers_and_ids_do_not_make_another_sentence() -> None:
    one, two = "order 8f3a9c01d2 at 1.50 refused (-2010)", "order 77aa00bb11 at 3 refused (-2011)"

    assert pattern_of(one) == pattern_of(two)


def test_one_noisy_object_is_cut_off_and_others_are_not() -> None:
    events = EventAggregator(EventLimits(burst=3, refill_seconds=30))
    taken = [offer(events, reason=f"Reason{chr(65 + n)}") for n in range(5)]

    assert taken == [True, True, True, False, False]
    assert events.dropped == {"too many": 2}
    assert offer(events, uid="u2")


def test_a_noisy_object_is_heard_again_after_a_while() -> None:
    events = EventAggregator(EventLimits(burst=1, refill_seconds=30))
    offer(events, reason="A")

    assert not offer(events, reason="B", at=29.0)
    assert offer(events, reason="B", at=31.0)


def test_the_queue_is_bounded() -> None:
    events = EventAggregator(EventLimits(queue=2))
    taken = [offer(events, uid=f"u{n}") for n in range(3)]

    assert taken == [True, True, False]
    assert events.dropped == {"queue full": 1}


def test_what_is_remembered_is_bounded() -> None:
    events = EventAggregator(EventLimits(remembered=10, queue=1))
    for n in range(50):
        offer(events, uid=f"u{n}")
        events.written(take(events), 0.0)

    assert len(events._written) == 10
    assert len(events._buckets) == 10
