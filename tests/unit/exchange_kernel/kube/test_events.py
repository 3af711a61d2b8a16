import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import orjson

from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import Unavailable
from exchange_kernel.kube.event_aggregation import EventTarget, EventType
from exchange_kernel.kube.events import EventRecorder
from support.kube_fakes import ScriptedTransport, answer, refusal

TARGET = EventTarget("exchangekernel.dev/v1alpha1", "OrderIntent", "desk", "entry", "u1")


@asynccontextmanager
async def recording(wire: ScriptedTransport) -> AsyncIterator[EventRecorder]:
    recorder = EventRecorder(ApiClient(wire), instance="host/1")
    task = asyncio.create_task(recorder.run())
    yield recorder
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_an_event_is_written_about_its_object() -> None:
    wire = ScriptedTransport(answer(201))
    async with recording(wire) as recorder:
        recorder.record(TARGET, EventType.NORMAL, "OrderPlaced", "The order is at the venue.")
        assert await recorder.drain(5)

    assert wire.requests[0].path == "/api/v1/namespaces/desk/events"
    body = orjson.loads(wire.requests[0].body or b"")
    assert body["involvedObject"]["uid"] == "u1"
    assert (body["type"], body["reason"], body["count"]) == ("Normal", "OrderPlaced", 1)


async def test_a_repetition_patches_the_event_that_was_written() -> None:
    wire = ScriptedTransport(answer(201), answer(200))
    async with recording(wire) as recorder:
        for _ in range(2):
            recorder.record(TARGET, EventType.WARNING, "Refused", "no")
            assert await recorder.drain(5)

    assert [request.method for request in wire.requests] == ["POST", "PATCH"]
    assert orjson.loads(wire.requests[1].body or b"")["count"] == 2


async def test_an_event_that_the_server_has_forgotten_is_created_again() -> None:
    wire = ScriptedTransport(answer(201), refusal(404, "NotFound"), answer(201))
    async with recording(wire) as recorder:
        for _ in range(2):
            recorder.record(TARGET, EventType.WARNING, "Refused", "no")
            assert await recorder.drain(5)

    assert [request.method for request in wire.requests] == ["POST", "PATCH", "POST"]


async def test_a_lost_answer_to_the_creation_becomes_an_update_later() -> None:
    wire = ScriptedTransport(Unavailable("lost"), refusal(409, "AlreadyExists"), answer(200))
    async with recording(wire) as recorder:
        recorder.record(TARGET, EventType.WARNING, "Refused", "no")
        assert await recorder.drain(5)
        recorder.record(TARGET, EventType.WARNING, "Refused", "no")
        assert await recorder.drain(5)

    assert [request.method for request in wire.requests] == ["POST", "POST", "PATCH"]


async def test_what_cannot_be_written_is_dropped_and_counted_and_the_recorder_goes_on() -> None:
    wire = ScriptedTransport(Unavailable("away"), refusal(403, "Forbidden"), answer(201))
    async with recording(wire) as recorder:
        for reason in ("A", "B", "C"):
            recorder.record(TARGET, EventType.NORMAL, reason, "x")
        assert await recorder.drain(5)

    assert recorder.dropped == {"Unavailable": 1, "Forbidden": 1}
    assert len(wire.requests) == 3


async def test_many_events_are_written_at_a_pace_and_a_drain_writes_the_rest_at_once() -> None:
    wire = ScriptedTransport(*(answer(201) for _ in range(60)))
    async with recording(wire) as recorder:
        for number in range(60):
            target = EventTarget("exchangekernel.dev/v1alpha1", "OrderIntent", "desk", f"o{number}", f"u{number}")
            recorder.record(target, EventType.NORMAL, "OrderFilled", "x")
        for _ in range(500):
            await asyncio.sleep(0)
        at_once = len(wire.requests)
        assert await recorder.drain(5)

    assert 20 <= at_once < 60
    assert len(wire.requests) == 60


async def test_draining_ends_in_time_when_nobody_writes() -> None:
    recorder = EventRecorder(ApiClient(ScriptedTransport()), instance="host/1")
    recorder.record(TARGET, EventType.NORMAL, "A", "x")

    assert not await recorder.drain(0)
