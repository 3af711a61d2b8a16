import asyncio
from contextlib import suppress

from exchange_kernel.api.meta import API_VERSION
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.event_aggregation import EventTarget, EventType
from exchange_kernel.kube.events import EventRecorder
from exchange_kernel.kube.resources import EVENTS, INTENTS
from local_cluster import ControlPlane
from support.kube_fakes import intent_object


def about(intent: OrderIntent) -> EventTarget:
    meta = intent.metadata
    return EventTarget(API_VERSION, "OrderIntent", meta.namespace, meta.name, meta.uid)


async def test_kubectl_describe_shows_what_happened_and_how_often(
    kinds: ControlPlane, client: ApiClient, namespace: str
) -> None:
    intent = OrderIntent.from_object(await client.create(INTENTS, namespace, intent_object("entry", namespace)))
    recorder = EventRecorder(client, instance="host/1")
    writing = asyncio.create_task(recorder.run())

    for price in range(3):
        recorder.record(about(intent), EventType.WARNING, "Refused", f"The venue refused price {price}.")
        assert await recorder.drain(30)
    recorder.record(about(intent), EventType.NORMAL, "OrderPlaced", "The order is at the venue.")
    assert await recorder.drain(30)
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing

    described = kinds.run_kubectl("describe", "orderintent", "entry", "--namespace", namespace)
    lines = [line.split() for line in described[described.index("Events:") :].splitlines()]
    refused = next(words for words in lines if "Refused" in words)
    placed = next(words for words in lines if "OrderPlaced" in words)
    assert refused[0] == "Warning"
    assert "(x3" in refused
    assert "exchange-kernel" in refused
    assert refused[-5:] == ["The", "venue", "refused", "price", "2."]
    assert placed[0] == "Normal"
    assert len(await client.list(EVENTS, namespace)) == 2
