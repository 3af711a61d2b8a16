from exchange_kernel.api.meta import ObjectMeta
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.resources import INTENTS
from exchange_kernel.kube.sweep import differences, list_seen
from support.kube_fakes import intent_object


async def test_a_sweep_finds_what_a_blind_watch_has_missed(client: ApiClient, namespace: str) -> None:
    metas = {}
    for name in ("same", "changed", "deleted"):
        created = await client.create(INTENTS, namespace, intent_object(name, namespace))
        metas[name] = ObjectMeta.model_validate(created["metadata"])
    cache = {meta.uid: meta.resource_version for meta in metas.values()}
    await client.merge_patch(INTENTS, namespace, "changed", {"spec": {"price": "19000"}})
    await client.delete(INTENTS, namespace, "deleted", uid=metas["deleted"].uid)
    await client.create(INTENTS, namespace, intent_object("new", namespace))

    found = differences(cache, await list_seen(client, INTENTS, namespace), cache)

    assert sorted(one.name for one in found.stale) == ["changed", "new"]
    assert found.gone == {metas["deleted"].uid}


async def test_a_sweep_of_all_namespaces_tells_them_apart(client: ApiClient, namespace: str) -> None:
    created = await client.create(INTENTS, namespace, intent_object("entry", namespace))

    seen = (await list_seen(client, INTENTS))[created["metadata"]["uid"]]

    assert (seen.namespace, seen.name) == (namespace, "entry")
