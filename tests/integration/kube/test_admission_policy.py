"""Who may approve and who may release, on a real API server, for users who hold nothing but patch and update."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from exchange_kernel.api.meta import (
    ANNOTATION_ADOPT,
    ANNOTATION_CLAIMED,
    ANNOTATION_CONFIRM,
    ANNOTATION_PAUSED,
    ANNOTATION_TAKE_OVER,
    FINALIZER_CANCEL_ORDER,
    FINALIZER_IN_USE,
)
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import Forbidden
from exchange_kernel.kube.resources import ACCOUNTS, INTENTS, SECRETS, Json, Resource
from integration.kube.conftest import CRDS, client_of
from local_cluster import ControlPlane
from support.kube_fakes import intent_object
from support.stack import eventually

POLICY = CRDS.parent / "examples" / "rbac" / "admission-policy.yaml"
ROLES = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
OF_ORDERS = {"apiGroups": ["exchangekernel.dev"], "resources": ["orderintents", "exchangeaccounts"]}
OF_SECRETS = {"apiGroups": [""], "resources": ["secrets"]}
WRITES = ["get", "create", "patch", "update"]

Makes = Callable[..., Awaitable[ApiClient]]


@pytest.fixture
async def user(kinds: ControlPlane, client: ApiClient, namespace: str) -> AsyncIterator[Makes]:
    """Makes a user who may write orders, accounts and Secrets of the namespace, and holds these further verbs."""
    opened: list[ApiClient] = []

    async def make(name: str, *further: str) -> ApiClient:
        rules = [{**each, "verbs": [*WRITES, *further]} for each in (OF_ORDERS, OF_SECRETS)]
        await client.create(ROLES, namespace, {"metadata": {"name": name}, "rules": rules})
        subject = {"kind": "User", "name": f"{namespace}-{name}", "apiGroup": "rbac.authorization.k8s.io"}
        ref = {"kind": "Role", "name": name, "apiGroup": "rbac.authorization.k8s.io"}
        await client.create(BINDINGS, namespace, {"metadata": {"name": name}, "roleRef": ref, "subjects": [subject]})
        api = client_of(kinds.kubeconfig_for(f"{namespace}-{name}"))
        opened.append(api)

        async def may() -> bool:
            return await api.may("patch", SECRETS, namespace)

        await eventually(may, what="the rights are known to the API server")
        return api

    yield make
    for api in opened:
        await api.close()


@pytest.fixture
async def policy(kinds: ControlPlane, client: ApiClient, namespace: str, user: Makes) -> ControlPlane:
    """The policy, in force: the API server takes a moment to compile it."""
    kinds.run_kubectl("apply", "-f", str(POLICY))
    probe = await user("probe")
    await client.create(INTENTS, namespace, intent_object("probe", namespace))

    async def refuses() -> bool:
        try:
            await annotate(probe, INTENTS, namespace, "probe", {ANNOTATION_ADOPT: "dry"})
        except Forbidden:
            return True
        await annotate(client, INTENTS, namespace, "probe", {ANNOTATION_ADOPT: None})
        return False

    await eventually(refuses, what="the policy is in force", every=0.3)
    return kinds


async def annotate(api: ApiClient, resource: Resource, namespace: str, name: str, said: Json) -> Json:
    return await api.merge_patch(resource, namespace, name, {"metadata": {"annotations": said}})


def account_object(name: str) -> Json:
    spec = {"exchange": "binance", "credentialsSecretRef": {"name": "keys"}}
    return {
        "apiVersion": "exchangekernel.dev/v1alpha1",
        "kind": "ExchangeAccount",
        "metadata": {"name": name, "finalizers": [FINALIZER_IN_USE]},
        "spec": spec,
    }


def held_intent(name: str, namespace: str) -> Json:
    obj = intent_object(name, namespace)
    obj["metadata"]["finalizers"] = [FINALIZER_CANCEL_ORDER]
    return obj


@pytest.mark.parametrize("annotation", [ANNOTATION_CONFIRM, ANNOTATION_ADOPT, ANNOTATION_CLAIMED])
async def test_who_may_only_patch_cannot_approve_an_order(
    policy: ControlPlane, client: ApiClient, user: Makes, namespace: str, annotation: str
) -> None:
    del policy
    await client.create(INTENTS, namespace, intent_object("dip", namespace))
    pipeline, approver = await user("pipeline"), await user("approver", "confirm")
    with pytest.raises(Forbidden, match="needs the verb confirm"):
        await annotate(pipeline, INTENTS, namespace, "dip", {annotation: "x/1"})
    await annotate(approver, INTENTS, namespace, "dip", {annotation: "x/1"})
    # What an approver has set may be carried along, and taken back, but not changed.
    await annotate(pipeline, INTENTS, namespace, "dip", {ANNOTATION_PAUSED: "true"})
    with pytest.raises(Forbidden, match=annotation):
        await annotate(pipeline, INTENTS, namespace, "dip", {annotation: "x/2"})
    await annotate(pipeline, INTENTS, namespace, "dip", {annotation: None})


async def test_who_may_only_create_cannot_bring_an_approval_along(
    policy: ControlPlane, user: Makes, namespace: str
) -> None:
    del policy
    pipeline = await user("pipeline")
    obj = intent_object("dip", namespace)
    await pipeline.create(INTENTS, namespace, obj)
    approved = intent_object("other", namespace)
    approved["metadata"]["annotations"] = {ANNOTATION_CONFIRM: "x/1"}
    with pytest.raises(Forbidden, match="confirm-placement"):
        await pipeline.create(INTENTS, namespace, approved)


async def test_who_may_only_patch_cannot_hand_a_journal_over(
    policy: ControlPlane, client: ApiClient, user: Makes, namespace: str
) -> None:
    del policy
    await client.create(ACCOUNTS, namespace, account_object("main"))
    pipeline, approver = await user("pipeline"), await user("approver", "confirm")
    with pytest.raises(Forbidden, match="take-over-journal"):
        await annotate(pipeline, ACCOUNTS, namespace, "main", {ANNOTATION_TAKE_OVER: "uid-1"})
    await annotate(approver, ACCOUNTS, namespace, "main", {ANNOTATION_TAKE_OVER: "uid-1"})


async def test_who_may_only_patch_cannot_strip_a_finalizer(
    policy: ControlPlane, client: ApiClient, user: Makes, namespace: str
) -> None:
    del policy
    await client.create(INTENTS, namespace, held_intent("dip", namespace))
    await client.create(ACCOUNTS, namespace, account_object("main"))
    pipeline, cleaner = await user("pipeline"), await user("cleaner", "release")
    stripped: Json = {"metadata": {"finalizers": None}}
    for resource, name in ((INTENTS, "dip"), (ACCOUNTS, "main")):
        with pytest.raises(Forbidden, match="needs the verb release"):
            await pipeline.merge_patch(resource, namespace, name, stripped)
        await cleaner.merge_patch(resource, namespace, name, stripped)


async def test_a_replace_that_drops_finalizers_is_refused_as_a_whole(
    policy: ControlPlane, client: ApiClient, user: Makes, namespace: str
) -> None:
    """As Argo CD's Replace=true does it: the object as it is in Git, without what was added later."""
    del policy
    await client.create(INTENTS, namespace, held_intent("dip", namespace))
    pipeline = await user("pipeline")
    stored = await client.get(INTENTS, namespace, "dip")
    bare = intent_object("dip", namespace)
    bare["metadata"]["resourceVersion"] = stored["metadata"]["resourceVersion"]
    with pytest.raises(Forbidden, match="cancel-order"):
        await pipeline.replace(INTENTS, namespace, bare)
    assert (await client.get(INTENTS, namespace, "dip"))["metadata"]["finalizers"] == [FINALIZER_CANCEL_ORDER]


async def test_a_key_that_is_in_use_is_not_released_by_who_may_only_patch(
    policy: ControlPlane, client: ApiClient, user: Makes, namespace: str
) -> None:
    del policy
    data = {"apiKey": base64.b64encode(b"x").decode()}
    meta = {"name": "keys", "finalizers": [FINALIZER_IN_USE]}
    await client.create(SECRETS, namespace, {"metadata": meta, "data": data})
    pipeline, cleaner = await user("pipeline"), await user("cleaner", "release")
    await pipeline.merge_patch(SECRETS, namespace, "keys", {"stringData": {"apiKey": "y"}})
    with pytest.raises(Forbidden, match="needs the verb release"):
        await pipeline.merge_patch(SECRETS, namespace, "keys", {"metadata": {"finalizers": None}})
    await cleaner.merge_patch(SECRETS, namespace, "keys", {"metadata": {"finalizers": None}})


def leg_object(name: str, namespace: str, group: str) -> Json:
    obj = intent_object(name, namespace)
    owner = {"apiVersion": "exchangekernel.dev/v1alpha1", "kind": "OrderGroup", "name": group, "uid": "uid-of-group"}
    obj["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
    return obj


async def test_who_may_only_patch_cannot_edit_the_leg_of_a_group(
    policy: ControlPlane, client: ApiClient, user: Makes, namespace: str
) -> None:
    del policy
    await client.create(INTENTS, namespace, leg_object("trade-stop", namespace, "trade"))
    pipeline, operator = await user("pipeline"), await user("operator", "manage-legs")
    change = {"spec": {"desiredState": "Canceled"}}
    with pytest.raises(Forbidden, match="a leg of OrderGroup trade: change the group instead"):
        await pipeline.merge_patch(INTENTS, namespace, "trade-stop", change)
    with pytest.raises(Forbidden, match="a leg of OrderGroup trade"):
        await pipeline.merge_patch(INTENTS, namespace, "trade-stop", {"metadata": {"ownerReferences": None}})
    with pytest.raises(Forbidden, match="a leg of OrderGroup other"):
        await pipeline.create(INTENTS, namespace, leg_object("other-stop", namespace, "other"))
    await pipeline.merge_patch(INTENTS, namespace, "trade-stop", {"metadata": {"labels": {"note": "kept"}}})
    await operator.merge_patch(INTENTS, namespace, "trade-stop", change)
