import orjson
import pytest

from exchange_kernel.kube.client import METADATA_ONLY, ApiClient
from exchange_kernel.kube.counters import Call
from exchange_kernel.kube.errors import Conflict, Invalid, TooManyRequests, Unauthorized, Unavailable
from exchange_kernel.kube.resources import CONFIG_MAPS, INTENTS
from exchange_kernel.kube.transport import Answer
from support.kube_fakes import FakeTime, ScriptedTransport, answer, intent_object, meta, refusal, stored


def client(transport: ScriptedTransport, time: FakeTime | None = None) -> ApiClient:
    time = time or FakeTime()
    return ApiClient(transport, monotonic=time.monotonic, sleep=time.sleep, jitter=lambda: 1.0)


async def test_a_read_comes_back_after_two_lost_answers() -> None:
    time, wire = FakeTime(), ScriptedTransport(Unavailable("1"), Unavailable("2"), answer(200, {"a": 1}))

    found = await client(wire, time).get(INTENTS, "desk", "entry")

    assert found == {"a": 1}
    assert time.naps == [0.1, 0.2]


async def test_a_read_gives_up_when_patience_ends() -> None:
    time, wire = FakeTime(), ScriptedTransport(*[Unavailable("away")] * 50)

    with pytest.raises(Unavailable, match="away"):
        await client(wire, time).get(INTENTS, "desk", "entry")

    assert sum(time.naps) <= 10.0


async def test_a_create_without_an_answer_is_sent_once() -> None:
    wire = ScriptedTransport(Unavailable("lost"), answer(201, {}))

    with pytest.raises(Unavailable):
        await client(wire).create(INTENTS, "desk", intent_object())

    assert len(wire.requests) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"kind": "Ord'])
async def test_a_write_whose_answer_cannot_be_read_is_unproven_and_sent_once(body: bytes) -> None:
    wire = ScriptedTransport(Answer(201, body), answer(201, {}))

    with pytest.raises(Unavailable) as caught:
        await client(wire).create(INTENTS, "desk", intent_object())

    assert caught.value.maybe_done
    assert len(wire.requests) == 1


async def test_a_create_that_the_server_turned_away_is_sent_again_after_the_pause_it_asks_for() -> None:
    time, wire = FakeTime(), ScriptedTransport(refusal(429, "TooManyRequests", retry_after="2"), answer(201, {"a": 1}))

    assert await client(wire, time).create(INTENTS, "desk", intent_object()) == {"a": 1}
    assert time.naps == [2.0]


async def test_a_write_that_is_turned_away_for_ever_fails_as_not_done() -> None:
    wire = ScriptedTransport(*[refusal(429, "TooManyRequests", retry_after="4")] * 9)

    with pytest.raises(TooManyRequests) as caught:
        await client(wire).create(INTENTS, "desk", intent_object())

    assert caught.value.retry_after == 4.0
    assert len(wire.requests) == 3


async def test_a_refused_login_is_renewed_once() -> None:
    wire = ScriptedTransport(refusal(401, "Unauthorized"), answer(201, {}))

    await client(wire).create(INTENTS, "desk", intent_object())

    assert wire.renewals == 1


async def test_a_login_that_stays_refused_is_an_error() -> None:
    wire = ScriptedTransport(refusal(401, "Unauthorized"), refusal(401, "Unauthorized"))

    with pytest.raises(Unauthorized):
        await client(wire).create(INTENTS, "desk", intent_object())


async def test_a_list_follows_the_pages() -> None:
    first = {"items": [{"n": 1}, {"n": 2}], "metadata": {"continue": "token"}}
    wire = ScriptedTransport(answer(200, first), answer(200, {"items": [{"n": 3}], "metadata": {}}))

    items = await client(wire).list(INTENTS, field_selector="spec.symbol=BTC/USDT")

    assert items == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert [dict(request.query) for request in wire.requests] == [
        {"limit": "500", "fieldSelector": "spec.symbol=BTC/USDT"},
        {"limit": "500", "fieldSelector": "spec.symbol=BTC/USDT", "continue": "token"},
    ]


async def test_a_metadata_only_list_asks_for_nothing_else() -> None:
    wire = ScriptedTransport(answer(200, {"items": [], "metadata": {}}))

    assert [page async for page in client(wire).pages(INTENTS, metadata_only=True)]
    assert wire.requests[0].accept == METADATA_ONLY
    assert wire.requests[0].path == "/apis/exchangekernel.dev/v1alpha1/orderintents"


async def test_our_kinds_are_written_with_strict_validation_and_others_are_not() -> None:
    wire = ScriptedTransport(answer(201, {}), answer(201, {}))
    api = client(wire)

    await api.create(INTENTS, "desk", intent_object())
    await api.create(CONFIG_MAPS, "desk", {"metadata": {"name": "x"}})

    assert dict(wire.requests[0].query) == {"fieldManager": "exchange-kernel", "fieldValidation": "Strict"}
    assert dict(wire.requests[1].query) == {"fieldManager": "exchange-kernel"}


async def test_a_delete_names_the_very_object_and_state() -> None:
    wire = ScriptedTransport(answer(200, {}))

    await client(wire).delete(INTENTS, "desk", "entry", uid="uid-1", resource_version="7")

    assert wire.requests[0].body is not None
    assert orjson.loads(wire.requests[0].body)["preconditions"] == {"uid": "uid-1", "resourceVersion": "7"}


async def test_calls_are_counted_by_verb_resource_and_code() -> None:
    wire = ScriptedTransport(Unavailable("x"), answer(200, stored(intent_object())), refusal(409, "Conflict"))
    api = client(wire)

    await api.get(INTENTS, "desk", "entry")
    with pytest.raises(Conflict):
        await api.replace(INTENTS, "desk", intent_object())

    assert api.counters.calls == {
        Call("get", "orderintents", 0): 1,
        Call("get", "orderintents", 200): 1,
        Call("replace", "orderintents", 409): 1,
    }
    assert api.counters.writes() == 1
    assert api.counters.writes("orderreceipts") == 0


async def test_errors_name_what_was_attempted() -> None:
    wire = ScriptedTransport(refusal(422, "Invalid", "spec.price: write a decimal"))

    with pytest.raises(Invalid, match=r"cannot patch orderintents/desk/entry: spec\.price: write a decimal"):
        await client(wire).merge_patch(INTENTS, meta().namespace, meta().name, {}, "status")
