import asyncio
import base64

import pytest

from exchange_kernel.api.account_state import AccountState
from exchange_kernel.api.account_status import JournalRef
from exchange_kernel.api.credentials import CredentialsError
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.meta import API_VERSION, FINALIZER_IN_USE, FINALIZER_JOURNAL
from exchange_kernel.kube.accounts import AccountStateStore, AccountStore, SecretStore
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import AlreadyExists, Conflict, NotFound
from exchange_kernel.kube.journal import ROOT_NAME, JournalStore
from exchange_kernel.kube.resources import ACCOUNT_STATES, ACCOUNTS, CONFIG_MAPS, SECRETS, Json


async def applied(client: ApiClient, namespace: str) -> ExchangeAccount:
    spec = {"exchange": "binance", "credentialsSecretRef": {"name": "keys"}}
    body = {"apiVersion": API_VERSION, "kind": "ExchangeAccount", "metadata": {"name": "paper"}, "spec": spec}
    await client.create(ACCOUNTS, namespace, body)
    return await AccountStore(client).get(namespace, "paper")


def claimed(account: ExchangeAccount, uid: str) -> ExchangeAccount:
    journal = JournalRef(namespace="exchange-kernel", uid=uid)
    return account.model_copy(update={"status": account.status.model_copy(update={"journal": journal})})


async def test_of_two_journals_that_claim_an_account_one_wins(
    client: ApiClient, other_client: ApiClient, namespace: str
) -> None:
    seen = await applied(client, namespace)

    outcomes = await asyncio.gather(
        AccountStore(client).patch_status(seen.metadata, seen.status, claimed(seen, "one").status),
        AccountStore(other_client).patch_status(seen.metadata, seen.status, claimed(seen, "two").status),
        return_exceptions=True,
    )

    winners = [outcome for outcome in outcomes if isinstance(outcome, ExchangeAccount)]
    stored = await AccountStore(client).get(namespace, "paper")
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "ExchangeAccount"]
    assert [winner.status.journal for winner in winners] == [stored.status.journal]


async def test_an_account_in_use_is_held_back(client: ApiClient, namespace: str) -> None:
    store = AccountStore(client)
    held = await store.add_finalizer((await applied(client, namespace)).metadata)
    assert held is not None
    await client.delete(ACCOUNTS, namespace, "paper", uid=held.metadata.uid)

    terminating = await store.get(namespace, "paper")
    assert terminating.metadata.finalizers == (FINALIZER_IN_USE,)
    await store.remove_finalizer(terminating.metadata)

    with pytest.raises(NotFound):
        await store.get(namespace, "paper")


def secret(kind: str = "exchangekernel.dev/credentials", **data: str) -> Json:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "type": kind, "data": encoded}


async def test_an_api_key_is_read_from_its_secret_and_the_secret_can_be_held(client: ApiClient, namespace: str) -> None:
    store = SecretStore(client)
    await client.create(SECRETS, namespace, secret(apiKey="id", secret="hidden"))

    found = await store.get(namespace, "keys")
    await store.add_finalizer(found.meta)
    held = (await store.get(namespace, "keys")).meta
    await store.remove_finalizer(held)

    assert found.credentials.secret.get_secret_value() == "hidden"
    assert held.finalizers == (FINALIZER_IN_USE,)
    assert (await store.get(namespace, "keys")).meta.finalizers == ()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (secret(apiKey="id"), "lacks the key secret"),
        (secret("Opaque", apiKey="id", secret="hidden"), "exchangekernel.dev/credentials"),
        (secret(apiKey="id", secret="hidden", apikey="x"), "unknown key apikey"),
    ],
)
async def test_an_unusable_secret_says_what_to_change_and_not_what_is_in_it(
    client: ApiClient, namespace: str, wrong: Json, says: str
) -> None:
    await client.create(SECRETS, namespace, wrong)

    with pytest.raises(CredentialsError, match=says) as caught:
        await SecretStore(client).get(namespace, "keys")

    assert "hidden" not in str(caught.value)


async def test_an_account_state_is_created_replaced_and_left_alone(client: ApiClient, namespace: str) -> None:
    store = AccountStateStore(client)
    first = AccountState.from_object({"metadata": {"namespace": namespace, "name": "paper"}, "openOrders": 1})

    created = await store.write(None, first)
    assert created is not None
    with pytest.raises(AlreadyExists):
        await store.write(None, first)
    changed = await store.write(created, first.model_copy(update={"open_orders": 2}))
    assert changed is not None
    assert await store.write(changed, first.model_copy(update={"open_orders": 2})) is None
    with pytest.raises(Conflict):
        await store.write(created, first.model_copy(update={"open_orders": 3}))

    assert (await store.get(namespace, "paper")).open_orders == 2
    assert client.counters.writes(ACCOUNT_STATES.plural) == 4


async def test_the_journals_root_is_created_once_and_outlives_a_delete(
    client: ApiClient, other_client: ApiClient, namespace: str
) -> None:
    mine, theirs = JournalStore(client, namespace), JournalStore(other_client, namespace)
    assert await mine.find() is None

    roots = await asyncio.gather(mine.create(), theirs.create())
    await client.delete(CONFIG_MAPS, namespace, ROOT_NAME, uid=roots[0].uid)

    left = await mine.find()
    assert roots[0] == roots[1]
    assert left is not None
    assert (left.uid, left.terminating) == (roots[0].uid, True)
    held = await client.get(CONFIG_MAPS, namespace, ROOT_NAME)
    assert held["metadata"]["finalizers"] == [FINALIZER_JOURNAL]
