import asyncio

import pytest

from exchange_kernel.api.enums import OrderStateName
from exchange_kernel.api.meta import ANNOTATION_CLAIMED, FINALIZER_CANCEL_ORDER
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import Conflict, Invalid, NotFound
from exchange_kernel.kube.intents import IntentStore
from exchange_kernel.kube.resources import INTENTS
from support.kube_fakes import intent_object
from support.proxy import Proxy


async def applied(client: ApiClient, namespace: str, name: str = "entry") -> OrderIntent:
    await client.create(INTENTS, namespace, intent_object(name, namespace))
    return await IntentStore(client).get(namespace, name)


async def test_of_two_who_add_the_finalizer_to_the_same_state_one_wins(
    client: ApiClient, other_client: ApiClient, namespace: str
) -> None:
    intent = await applied(client, namespace)

    outcomes = await asyncio.gather(
        IntentStore(client).add_finalizer(intent.metadata),
        IntentStore(other_client).add_finalizer(intent.metadata),
        return_exceptions=True,
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "OrderIntent"]
    assert (await IntentStore(client).get(namespace, "entry")).metadata.finalizers == (FINALIZER_CANCEL_ORDER,)


async def test_a_finalizer_never_lands_on_an_object_that_took_the_name(client: ApiClient, namespace: str) -> None:
    old = await applied(client, namespace)
    await client.delete(INTENTS, namespace, "entry", uid=old.metadata.uid)
    new = await applied(client, namespace)

    with pytest.raises(Conflict):
        await IntentStore(client).add_finalizer(old.metadata)

    assert (await IntentStore(client).get(namespace, "entry")).metadata == new.metadata


async def test_a_terminating_object_takes_no_finalizer(client: ApiClient, namespace: str) -> None:
    obj = intent_object("entry", namespace)
    obj["metadata"]["finalizers"] = ["test.example/hold"]
    created = await client.create(INTENTS, namespace, obj)
    await client.delete(INTENTS, namespace, "entry", uid=created["metadata"]["uid"])
    terminating = await IntentStore(client).get(namespace, "entry")

    assert terminating.metadata.deleting
    with pytest.raises(Conflict):
        await IntentStore(client).add_finalizer(terminating.metadata)
    await client.merge_patch(INTENTS, namespace, "entry", {"metadata": {"finalizers": None}})


async def test_removing_the_last_finalizer_lets_a_deleted_object_go(client: ApiClient, namespace: str) -> None:
    store = IntentStore(client)
    held = await store.add_finalizer((await applied(client, namespace)).metadata)
    assert held is not None
    await client.delete(INTENTS, namespace, "entry", uid=held.metadata.uid)
    doomed = await store.get(namespace, "entry")

    await store.remove_finalizer(doomed.metadata)

    with pytest.raises(NotFound):
        await store.get(namespace, "entry")
    assert await store.remove_finalizer(doomed.metadata) is None


async def test_a_finalizer_of_somebody_else_stays(client: ApiClient, namespace: str) -> None:
    store = IntentStore(client)
    obj = intent_object("entry", namespace)
    obj["metadata"]["finalizers"] = ["test.example/first"]
    await client.create(INTENTS, namespace, obj)
    held = await store.add_finalizer((await store.get(namespace, "entry")).metadata)
    assert held is not None

    released = await store.remove_finalizer(held.metadata)

    assert held.metadata.finalizers == ("test.example/first", FINALIZER_CANCEL_ORDER)
    assert released is not None
    assert released.metadata.finalizers == ("test.example/first",)


async def test_a_status_write_sends_only_what_changes(proxy: Proxy, through_proxy: ApiClient, namespace: str) -> None:
    store = IntentStore(through_proxy)
    intent = await applied(through_proxy, namespace)
    opened = intent.status.model_copy(
        update={"state": OrderStateName.OPEN, "observed_generation": 1, "client_order_id": "c1", "message": "working"}
    )
    newest = await store.patch_status(intent.metadata, intent.status, opened)
    assert newest is not None
    filled = newest.status.model_copy(update={"state": OrderStateName.FILLED, "message": None})

    last = await store.patch_status(newest.metadata, newest.status, filled)

    assert last is not None
    assert (last.status.state, last.status.message, last.status.client_order_id) == (OrderStateName.FILLED, None, "c1")
    first_patch, second_patch = proxy.seen("PATCH", r"/status$")
    assert first_patch.json["status"] == {
        "state": "Open",
        "observedGeneration": 1,
        "clientOrderId": "c1",
        "message": "working",
    }
    assert second_patch.json == {
        "metadata": {"resourceVersion": newest.metadata.resource_version},
        "status": {"state": "Filled", "message": None},
    }


async def test_a_status_that_the_server_already_shows_costs_nothing(
    proxy: Proxy, through_proxy: ApiClient, namespace: str
) -> None:
    store = IntentStore(through_proxy)
    intent = await applied(through_proxy, namespace)
    newest = await store.patch_status(
        intent.metadata, intent.status, intent.status.model_copy(update={"observed_generation": 1})
    )
    assert newest is not None
    proxy.clear()

    assert await store.patch_status(newest.metadata, newest.status, newest.status) is None
    assert not proxy.exchanges


async def test_a_status_is_not_written_over_a_spec_that_has_changed(client: ApiClient, namespace: str) -> None:
    store = IntentStore(client)
    intent = await applied(client, namespace)
    await client.merge_patch(INTENTS, namespace, "entry", {"spec": {"price": "19000"}})

    with pytest.raises(Conflict):
        await store.patch_status(
            intent.metadata, intent.status, intent.status.model_copy(update={"state": OrderStateName.OPEN})
        )


async def test_a_misspelt_field_of_our_kinds_is_an_error(client: ApiClient, namespace: str) -> None:
    with pytest.raises(Invalid, match="prize"):
        await client.create(INTENTS, namespace, intent_object("entry", namespace, prize="1"))


async def test_a_list_pages_through_everything(client: ApiClient, namespace: str) -> None:
    for number in range(7):
        await client.create(INTENTS, namespace, intent_object(f"entry-{number}", namespace))

    pages = [page async for page in client.pages(INTENTS, namespace, page_size=3)]
    listed = await IntentStore(client).list(namespace)

    assert [len(page["items"]) for page in pages] == [3, 3, 1]
    assert [intent.metadata.name for intent in listed.items] == [f"entry-{number}" for number in range(7)]
    assert not listed.unreadable


@pytest.mark.parametrize("annotations", [{}, {"test.example/note": "x"}])
async def test_a_claimed_object_carries_its_own_uid(
    client: ApiClient, namespace: str, annotations: dict[str, str]
) -> None:
    obj = intent_object("entry", namespace)
    obj["metadata"]["annotations"] = annotations
    created = OrderIntent.from_object(await client.create(INTENTS, namespace, obj))

    held = await IntentStore(client).add_finalizer(created.metadata)

    assert held is not None
    assert held.metadata.annotations == {**annotations, ANNOTATION_CLAIMED: created.metadata.uid}
