"""Filters, and callbacks that misbehave and harm nobody."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from exchange_kernel.client.errors import ValidationError
from exchange_kernel.client.events import BaseEvent, EventType
from exchange_kernel.client.subscriptions import Subscriptions

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def event(kind: EventType = EventType.ORDER_OPEN, **changes: Any) -> BaseEvent:  # noqa: ANN401 - fields of an event
    fields: dict[str, Any] = {"event_id": f"u/1/{kind.value}", "event_type": kind, "observed_at": NOW, **changes}
    return BaseEvent(**fields)


def heard(event_filter: dict[str, Any] | None, *events: BaseEvent) -> list[BaseEvent]:
    told: list[BaseEvent] = []
    subscriptions = Subscriptions()
    subscriptions.add(told.append, event_filter)
    for each in events:
        subscriptions.tell(each)
    return told


@pytest.mark.parametrize(
    ("event_filter", "wanted"),
    [
        (None, True),
        ({"event_type": "OrderOpen"}, True),
        ({"event_type": {EventType.ORDER_OPEN, EventType.ORDER_FILLED}}, True),
        ({"event_type": "OrderFilled"}, False),
        ({"symbol_id": "BTC/USDT", "intent_id": ["dip", "other"]}, True),
        ({"symbol_id": "BTC/USDT", "intent_id": "other"}, False),
        ({"group_id": "trade"}, False),
        ({"include_snapshot": False}, True),
    ],
)
def test_all_of_a_filter_has_to_hold(event_filter: dict[str, Any] | None, wanted: bool) -> None:
    said = event(symbol_id="BTC/USDT", intent_id="dip")
    assert heard(event_filter, said) == ([said] if wanted else [])


def test_the_snapshot_can_be_left_out() -> None:
    old, new = event(replayed=True), event()
    assert heard({"include_snapshot": False}, old, new) == [new]
    assert heard(None, old, new) == [old, new]


def test_an_unknown_key_is_named_with_those_that_exist() -> None:
    with pytest.raises(ValidationError, match="unknown filter symbol: write event_type, symbol_id") as caught:
        Subscriptions().add(print, {"symbol": "BTC/USDT"})
    assert caught.value.errors[0].field == "symbol"


def test_a_callback_that_raises_is_counted_and_the_others_are_told(caplog: pytest.LogCaptureFixture) -> None:
    subscriptions, told = Subscriptions(), list[BaseEvent]()

    def fails(_: BaseEvent) -> None:
        raise RuntimeError("mine")

    subscriptions.add(fails, None)
    subscriptions.add(told.append, None)
    subscriptions.tell(event())
    assert (subscriptions.failures, len(told)) == (1, 1)
    assert "a callback failed" in caplog.text


def test_nobody_is_told_after_the_end_of_the_subscription() -> None:
    subscriptions, told = Subscriptions(), list[BaseEvent]()
    names: list[str] = []

    def ends_the_other(_: BaseEvent) -> None:
        subscriptions.remove(names[1])

    names.append(subscriptions.add(ends_the_other, None))
    names.append(subscriptions.add(told.append, None))
    subscriptions.tell(event())
    subscriptions.remove("nobody")
    assert told == []


def test_a_coroutine_function_is_refused() -> None:
    async def late(_: BaseEvent) -> None:
        """Never awaited."""

    with pytest.raises(TypeError, match="coroutine function"):
        Subscriptions().add(late, None)  # type: ignore[arg-type]


async def test_another_thread_is_refused() -> None:
    subscriptions = Subscriptions()
    for call in (lambda: subscriptions.add(print, None), lambda: subscriptions.remove("x")):
        with pytest.raises(RuntimeError, match="thread of the event loop"):
            await asyncio.to_thread(call)
