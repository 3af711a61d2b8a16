"""The operator and a strategy, with the rights that `examples/rbac` gives them and no others."""

import asyncio
import base64
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from exchange_kernel.api.account_state import AccountState
from exchange_kernel.api.enums import GroupState, OrderStateName
from exchange_kernel.api.meta import API_VERSION, ObjectMeta
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.kube.accounts import AccountStateStore, AccountStore, SecretStore
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.crds import check_kinds
from exchange_kernel.kube.errors import Forbidden
from exchange_kernel.kube.event_aggregation import EventTarget, EventType
from exchange_kernel.kube.events import EventRecorder
from exchange_kernel.kube.groups import GroupStore
from exchange_kernel.kube.intents import IntentStore
from exchange_kernel.kube.journal import JournalStore
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.receipts import ReceiptStore
from exchange_kernel.kube.resources import (
    ACCOUNT_STATES,
    ACCOUNTS,
    ASSETS,
    CONFIG_MAPS,
    GROUPS,
    INTENTS,
    MARKETS,
    RECEIPTS,
    SECRETS,
    Resource,
)
from exchange_kernel.kube.sweep import list_seen
from integration.kube.conftest import CRDS, NAMESPACES, client_of
from local_cluster import ControlPlane
from support.kube_fakes import intent_object, receipt
from support.manifests import group

RBAC = CRDS.parent / "examples" / "rbac"
HOME, ACCOUNTS_NAMESPACE, DESK = "exchange-kernel", "trading-accounts", "strategy-demo"
_numbers = itertools.count(1)


def unique(prefix: str) -> str:
    return f"{prefix}-{os.getpid()}-{next(_numbers)}"


@pytest.fixture(scope="session")
def guarded(kinds: ControlPlane) -> ControlPlane:
    kinds.run_kubectl("apply", "-f", str(RBAC))
    return kinds


def logged_in(plane: ControlPlane, path: Path, namespace: str, account: str) -> ApiClient:
    """A client that has nothing but a service account's token, as in a pod."""
    token = plane.run_kubectl("create", "token", account, "--namespace", namespace).strip()
    ca = base64.b64encode(plane.ca_path.read_bytes()).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "clusters": [{"name": "it", "cluster": {"server": plane.server, "certificate-authority-data": ca}}],
        "users": [{"name": "it", "user": {"token": token}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it", "namespace": namespace}}],
    }
    path.write_text(yaml.safe_dump(config))
    return client_of(path)


@pytest.fixture
async def operator(guarded: ControlPlane, tmp_path: Path) -> AsyncIterator[ApiClient]:
    async with logged_in(guarded, tmp_path / "operator", HOME, "exchange-kernel") as api:
        yield api


@pytest.fixture
async def strategy(guarded: ControlPlane, tmp_path: Path) -> AsyncIterator[ApiClient]:
    async with logged_in(guarded, tmp_path / "strategy", DESK, "strategy") as api:
        yield api


async def test_the_operator_can_do_all_that_it_does_to_orders(operator: ApiClient, strategy: ApiClient) -> None:
    name, store = unique("entry"), IntentStore(operator)
    await strategy.create(INTENTS, DESK, intent_object(name, DESK))
    seen = await store.get(DESK, name)

    held = await store.add_finalizer(seen.metadata)
    assert held is not None
    opened = held.status.model_copy(update={"state": OrderStateName.OPEN})
    newest = await store.patch_status(held.metadata, held.status, opened)
    assert newest is not None
    assert newest.metadata.uid in await list_seen(operator, INTENTS)
    assert name in {intent.metadata.name for intent in (await store.list()).items}
    await store.remove_finalizer(newest.metadata)
    await strategy.delete(INTENTS, DESK, name, uid=seen.metadata.uid)


async def test_the_operator_can_do_all_that_it_does_to_groups_and_their_legs(
    operator: ApiClient, strategy: ApiClient
) -> None:
    name, groups, intents = unique("trade"), GroupStore(operator), IntentStore(operator)
    legs = [{"name": leg, "side": "Buy", "type": "Limit", "price": "20000"} for leg in ("low", "high")]
    manifest = group(DESK, name, "main", legs, type="OCO", quantity="0.01")
    created = await strategy.create(GROUPS, DESK, manifest)

    held = await groups.add_finalizer((await groups.get(DESK, name)).metadata)
    assert held is not None
    working = held.status.model_copy(update={"state": GroupState.WORKING})
    newest = await groups.patch_status(held.metadata, held.status, working)
    assert newest is not None
    assert newest.metadata.uid in await list_seen(operator, GROUPS)
    stored = await intents.create(read_object(OrderIntent, intent_object(f"{name}-low", DESK)))
    changed = await intents.change(ObjectMeta.model_validate(stored["metadata"]), {"price": Decimal(19000)})
    await operator.delete(INTENTS, DESK, f"{name}-low", uid=changed["metadata"]["uid"])
    await groups.remove_finalizer(newest.metadata)
    await strategy.delete(GROUPS, DESK, name, uid=created["metadata"]["uid"])


async def test_the_operator_can_do_all_that_it_does_to_its_journal(operator: ApiClient) -> None:
    journal, receipts = JournalStore(operator, HOME), ReceiptStore(operator, HOME)

    root = await journal.create()
    created = await receipts.create(receipt(unique("receipt")))
    replaced = await receipts.replace(created.model_copy(update={"journal_uid": root.uid}))
    await receipts.delete(replaced.metadata)

    assert await journal.find() == root
    assert await receipts.get(created.metadata.name) is None


async def test_the_operator_can_do_all_that_it_does_to_accounts(operator: ApiClient, client: ApiClient) -> None:
    name, keys = unique("paper"), unique("keys")
    spec = {"exchange": "binance", "credentialsSecretRef": {"name": keys}}
    data = {key: base64.b64encode(b"x").decode() for key in ("apiKey", "secret")}
    secret_type = "exchangekernel.dev/credentials"
    await client.create(
        SECRETS,
        ACCOUNTS_NAMESPACE,
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": keys}, "type": secret_type, "data": data},
    )
    await client.create(
        ACCOUNTS,
        ACCOUNTS_NAMESPACE,
        {"apiVersion": API_VERSION, "kind": "ExchangeAccount", "metadata": {"name": name}, "spec": spec},
    )

    accounts, secrets = AccountStore(operator), SecretStore(operator)
    seen = await accounts.get(ACCOUNTS_NAMESPACE, name)
    held = await accounts.add_finalizer(seen.metadata)
    assert held is not None
    known = await accounts.patch_status(
        held.metadata, held.status, held.status.model_copy(update={"venue_account_id": "v1"})
    )
    assert known is not None
    await accounts.remove_finalizer(known.metadata)
    await secrets.add_finalizer((await secrets.get(ACCOUNTS_NAMESPACE, keys)).meta)
    await secrets.remove_finalizer((await secrets.get(ACCOUNTS_NAMESPACE, keys)).meta)
    state = AccountState.from_object({"metadata": {"namespace": ACCOUNTS_NAMESPACE, "name": name}, "openOrders": 1})
    written = await AccountStateStore(operator).write(None, state)
    assert await AccountStateStore(operator).write(written, state.model_copy(update={"open_orders": 2})) is not None


async def test_the_operator_can_tell_users_what_happened(operator: ApiClient) -> None:
    recorder = EventRecorder(operator, instance="host/1")
    writing = asyncio.create_task(recorder.run())
    target = EventTarget(API_VERSION, "OrderIntent", DESK, unique("entry"), "u1")
    for _ in range(2):
        recorder.record(target, EventType.NORMAL, "OrderPlaced", "The order is at the venue.")
        assert await recorder.drain(30)
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing

    assert recorder.dropped == {}


async def test_the_operator_can_see_that_its_kinds_are_installed(operator: ApiClient) -> None:
    await check_kinds(operator, [INTENTS, ACCOUNTS, ACCOUNT_STATES, MARKETS, ASSETS, RECEIPTS])


LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")


@pytest.mark.parametrize(
    ("verb", "resource", "namespace"),
    [
        ("get", LEASES, HOME),
        ("create", LEASES, HOME),
        ("update", LEASES, HOME),
        ("watch", INTENTS, None),
        ("watch", ACCOUNTS, None),
        ("get", NAMESPACES, None),
    ],
)
async def test_the_operator_may(operator: ApiClient, verb: str, resource: Resource, namespace: str | None) -> None:
    assert await operator.may(verb, resource, namespace)


@pytest.mark.parametrize(
    ("verb", "resource", "namespace"),
    [
        ("list", SECRETS, ACCOUNTS_NAMESPACE),
        ("watch", SECRETS, ACCOUNTS_NAMESPACE),
        ("get", SECRETS, HOME),
        ("get", SECRETS, DESK),
        ("create", GROUPS, DESK),
        ("delete", GROUPS, DESK),
        ("update", INTENTS, DESK),
        ("update", ACCOUNTS, ACCOUNTS_NAMESPACE),
        ("create", RECEIPTS, DESK),
        ("delete", CONFIG_MAPS, HOME),
        ("get", CONFIG_MAPS, ACCOUNTS_NAMESPACE),
    ],
)
async def test_the_operator_may_not(operator: ApiClient, verb: str, resource: Resource, namespace: str) -> None:
    assert not await operator.may(verb, resource, namespace)


@pytest.mark.parametrize(
    ("verb", "resource", "namespace"),
    [
        ("get", ACCOUNTS, ACCOUNTS_NAMESPACE),
        ("patch", ACCOUNTS, ACCOUNTS_NAMESPACE),
        ("patch", ACCOUNT_STATES, ACCOUNTS_NAMESPACE),
        ("create", MARKETS, ACCOUNTS_NAMESPACE),
        ("update", MARKETS, ACCOUNTS_NAMESPACE),
        ("patch", ASSETS, ACCOUNTS_NAMESPACE),
        ("delete", ASSETS, ACCOUNTS_NAMESPACE),
        ("get", SECRETS, ACCOUNTS_NAMESPACE),
        ("get", RECEIPTS, HOME),
        ("create", INTENTS, ACCOUNTS_NAMESPACE),
    ],
)
async def test_a_strategy_may_not(strategy: ApiClient, verb: str, resource: Resource, namespace: str) -> None:
    assert not await strategy.may(verb, resource, namespace)


async def test_a_strategy_cannot_write_what_the_operator_reports(strategy: ApiClient) -> None:
    name = unique("entry")
    created = await strategy.create(INTENTS, DESK, intent_object(name, DESK))

    with pytest.raises(Forbidden, match="orderintents/status"):
        await strategy.merge_patch(INTENTS, DESK, name, {"status": {"state": "Filled"}}, "status")
    await strategy.delete(INTENTS, DESK, name, uid=created["metadata"]["uid"])


async def test_a_strategy_can_read_the_state_of_its_account(strategy: ApiClient) -> None:
    assert await strategy.may("watch", ACCOUNT_STATES, ACCOUNTS_NAMESPACE)


@pytest.mark.parametrize("resource", [MARKETS, ASSETS])
async def test_the_operator_writes_markets_and_a_strategy_reads_them(
    operator: ApiClient, strategy: ApiClient, resource: Resource
) -> None:
    for verb in ("list", "create", "update", "delete"):
        assert await operator.may(verb, resource, ACCOUNTS_NAMESPACE)
    for verb in ("get", "list", "watch"):
        assert await strategy.may(verb, resource, ACCOUNTS_NAMESPACE)
