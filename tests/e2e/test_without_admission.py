"""Everything stays safe without the admission policy: what users can do who may patch OrderIntents, and no more.

None of them may write a status or a receipt. With a patch they strip finalizers, forge approvals, rub out the marks of
the operator and change what is wanted, all of it while the receipts are there and again when these were lost. The venue
says what came of it: no intent has two orders.
"""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from exchange_kernel.api.meta import ANNOTATION_CLAIMED, ANNOTATION_CONFIRM, FINALIZER_CANCEL_ORDER
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.identity import client_order_id, identity_of
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import Forbidden
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.resources import INTENTS, RECEIPTS, Resource
from support.stack import Stack, client_of, eventually

Json = Any
PATIENT = {"placement": {"startingDeadlineSeconds": 600}}
ROLES = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
STRIPPED = {"finalizers": None}
UNCLAIMED = {"annotations": {ANNOTATION_CLAIMED: None}}
LIVE = {"NEW", "PARTIALLY_FILLED"}


def _approval(obj: Json, attempt: int) -> Json:
    """An approval as a human would write it for this attempt."""
    identity = identity_of(read_object(OrderIntent, obj))
    return {ANNOTATION_CONFIRM: f"{client_order_id(identity, 0, attempt)}/{attempt}"}


# What the user does to an order: a patch, made of the object as it is. `repriced` alone asks for another order.
ATTACKS: dict[str, Callable[[Json], Json]] = {
    "stripped": lambda obj: {"metadata": STRIPPED},
    "unclaimed": lambda obj: {"metadata": UNCLAIMED},
    "approved-again": lambda obj: {"metadata": {"annotations": _approval(obj, 1)}},
    "approved-ahead": lambda obj: {"metadata": {"annotations": _approval(obj, 2)}},
    "anonymous": lambda obj: {
        "metadata": {"finalizers": None, "annotations": {ANNOTATION_CLAIMED: None, **_approval(obj, 2)}}
    },
    "repriced": lambda obj: {"metadata": STRIPPED, "spec": {"price": str(Decimal(obj["spec"]["price"]) + 100)}},
}


@pytest_asyncio.fixture(loop_scope="session")
async def trader(alone: Stack) -> AsyncIterator[ApiClient]:
    """Somebody who may read and patch the OrderIntents of the test's namespace, and nothing else."""
    stack = alone
    name = f"{stack.namespace}-trader"
    rules = [{"apiGroups": ["exchangekernel.dev"], "resources": ["orderintents"], "verbs": ["get", "list", "patch"]}]
    await stack.api.create(ROLES, stack.namespace, {"metadata": {"name": "trader"}, "rules": rules})
    group = "rbac.authorization.k8s.io"
    binding = {
        "metadata": {"name": "trader"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "trader"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": name}],
    }
    await stack.api.create(BINDINGS, stack.namespace, binding)
    async with client_of(stack.plane.kubeconfig_for(name)) as client:

        async def may() -> bool:
            return await client.may("patch", INTENTS, stack.namespace)

        await eventually(may, what="the rights are known to the API server")
        yield client


async def _attack(stack: Stack, trader: ApiClient) -> None:
    for name, attack in ATTACKS.items():
        obj = await trader.get(INTENTS, stack.namespace, name)
        await trader.merge_patch(INTENTS, stack.namespace, name, attack(obj))


def _is_marked(obj: Json) -> bool:
    """Whether the operator has put its marks back."""
    meta = obj["metadata"]
    return FINALIZER_CANCEL_ORDER in meta.get("finalizers", ()) and ANNOTATION_CLAIMED in meta.get("annotations", {})


def _is_held(obj: Json) -> bool:
    """Whether it is marked, and the order works as it is wanted."""
    status = obj.get("status", {})
    price = status.get("normalized", {}).get("price", 0)
    return _is_marked(obj) and status.get("state") == "Open" and Decimal(price) == Decimal(obj["spec"]["price"])


async def _orders_of(stack: Stack) -> dict[str, list[str]]:
    """The statuses of the venue's orders, by the intent whose first or later client order ids they bear."""
    found: dict[str, list[str]] = {}
    orders = (await stack.truth()).orders
    for name in ATTACKS:
        identity = identity_of(read_object(OrderIntent, await stack.intent(name)))
        ids = {client_order_id(identity, revision, attempt) for revision in range(4) for attempt in range(1, 4)}
        found[name] = [order["status"] for order in orders if order["clientOrderId"] in ids]
    assert sum(map(len, found.values())) == len(orders)
    return found


async def _one_works_for_each(stack: Stack) -> dict[str, int]:
    """Assert that each intent has one working order; returns how many it has had."""
    found = await _orders_of(stack)
    working = {name: sum(status in LIVE for status in statuses) for name, statuses in found.items()}
    assert working == dict.fromkeys(ATTACKS, 1)
    return {name: len(statuses) for name, statuses in found.items()}


@pytest.mark.timeout(240)
async def test_no_patch_leads_to_a_second_order(alone: Stack, trader: ApiClient) -> None:
    stack = alone
    operator = await stack.start_operator()
    await stack.open_account()
    await stack.account_ready()
    for name in ATTACKS:
        await stack.order(name, **PATIENT)
    for name in ATTACKS:
        await stack.until_state(name, "Open")
    # What they may not do is not what keeps it safe here.
    with pytest.raises(Forbidden):
        await trader.list(RECEIPTS, stack.journal)

    await _attack(stack, trader)
    for name in ("stripped", "anonymous", "repriced"):
        await stack.until(name, _is_held, what="held again")
    had = dict.fromkeys(ATTACKS, 1) | {"repriced": 2}
    assert await _one_works_for_each(stack) == had

    # The same when the records are lost, and nobody watches while the marks are rubbed out.
    assert await operator.stop() == 0
    for receipt in await stack.receipts():
        await stack.vanish(RECEIPTS, stack.journal, receipt["metadata"]["name"])
    await _attack(stack, trader)
    await operator.start()
    await stack.account_ready()
    # The order of a lost lineage keeps its values: of its former orders nothing is known any more.
    await stack.until_condition("repriced", "Synced", "False", "AmendNotAllowed")
    for name in ("stripped", "anonymous", "repriced"):
        await stack.until(name, _is_marked, what="held again")
    assert await _one_works_for_each(stack) == had
    await _ends_with_its_object(stack, trader)


async def _ends_with_its_object(stack: Stack, trader: ApiClient) -> None:
    """Deleted, and stripped as soon as it is being deleted: the order that is left has its name, and no successor."""
    before = await stack.intent("stripped")
    await stack.api.delete(INTENTS, stack.namespace, "stripped", uid=before["metadata"]["uid"])
    with_none = await trader.merge_patch(INTENTS, stack.namespace, "stripped", {"metadata": STRIPPED})
    assert not with_none["metadata"].get("finalizers")
    await stack.until_gone("stripped")
    await stack.recreate(before)
    await stack.until("stripped", lambda obj: obj.get("status", {}).get("state"), what="judged")
    assert len((await _orders_of(stack))["stripped"]) == 1
