"""ExchangeAccounts, their Secrets and their AccountStates."""

from dataclasses import dataclass

from exchange_kernel.api.account_state import AccountState
from exchange_kernel.api.account_status import ExchangeAccountStatus
from exchange_kernel.api.credentials import Credentials
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.meta import FINALIZER_IN_USE, ObjectMeta
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.objects import (
    Listed,
    add_finalizer,
    patch_status,
    read_object,
    read_objects,
    remove_finalizer,
)
from exchange_kernel.kube.resources import ACCOUNT_STATES, ACCOUNTS, SECRETS, Json


class AccountStore:
    """The operator's operations on ExchangeAccounts. Every write returns the newest object, for the cache."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    async def get(self, namespace: str, name: str) -> ExchangeAccount:
        """Read one. Raises NotFound, Malformed, Unavailable."""
        return read_object(ExchangeAccount, await self._client.get(ACCOUNTS, namespace, name))

    async def list(self, namespace: str | None = None) -> Listed[ExchangeAccount]:
        """Read all of one namespace, or of all. Raises Unavailable, Forbidden."""
        return read_objects(ExchangeAccount, await self._client.list(ACCOUNTS, namespace))

    async def patch_status(
        self, meta: ObjectMeta, previous: ExchangeAccountStatus, following: ExchangeAccountStatus
    ) -> ExchangeAccount | None:
        """Write what changed in the status, as a compare-and-set: the journal's claim rests on that.

        Returns:
            The object as stored now; None when nothing changes and nothing was written.

        Raises:
            Conflict: The account has changed since `meta` was read: read it and decide anew.
            NotFound: It is gone.
            Unavailable: It may have been written.
        """
        stored = await patch_status(self._client, ACCOUNTS, meta, previous.to_object(), following.to_object())
        return _account(stored)

    async def add_finalizer(self, meta: ObjectMeta) -> ExchangeAccount | None:
        """Keep the account while orders need it. None when it is held already. Raises Conflict, Unavailable."""
        return _account(await add_finalizer(self._client, ACCOUNTS, meta, FINALIZER_IN_USE))

    async def remove_finalizer(self, meta: ObjectMeta) -> ExchangeAccount | None:
        """Let the account go. None when there is nothing (left) to do. Raises Conflict, Unavailable."""
        return _account(await remove_finalizer(self._client, ACCOUNTS, meta, FINALIZER_IN_USE))


@dataclass(frozen=True, slots=True)
class AccountSecret:
    """A Secret with an account's API key. Printing it shows none of its values."""

    meta: ObjectMeta
    credentials: Credentials


class SecretStore:
    """The Secrets with the API keys: read one by one and by name, never listed or watched."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    async def get(self, namespace: str, name: str) -> AccountSecret:
        """Read an account's API key.

        Raises:
            NotFound: There is no such Secret.
            CredentialsError: It has another type, lacks a key, or holds an unusable value; no value is shown.
            Forbidden: The operator may not read it.
            Unavailable: Nothing is known.
        """
        secret = await self._client.get(SECRETS, namespace, name)
        return AccountSecret(ObjectMeta.model_validate(secret["metadata"]), Credentials.from_secret(secret))

    async def add_finalizer(self, meta: ObjectMeta) -> None:
        """Keep the Secret while orders need it: without the key nothing can be canceled. Raises Conflict, Forbidden."""
        await add_finalizer(self._client, SECRETS, meta, FINALIZER_IN_USE)

    async def remove_finalizer(self, meta: ObjectMeta) -> None:
        """Let the Secret go. Raises Conflict, Forbidden, Unavailable."""
        await remove_finalizer(self._client, SECRETS, meta, FINALIZER_IN_USE)


class AccountStateStore:
    """What the operator publishes about an account."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    async def get(self, namespace: str, name: str) -> AccountState:
        """Read one. Raises NotFound, Malformed, Unavailable."""
        return read_object(AccountState, await self._client.get(ACCOUNT_STATES, namespace, name))

    async def write(self, previous: AccountState | None, following: AccountState) -> AccountState | None:
        """Create the state, or replace the previous one by it.

        Args:
            previous: As last read or written; None when there is none yet.
            following: The whole new state; of its metadata only namespace and name count.

        Returns:
            The object as stored now; None when nothing but the metadata differs and nothing was written.

        Raises:
            AlreadyExists: `previous` was None and there is one: read it.
            Conflict: It has changed: read it.
            NotFound: The account's namespace, or the state itself, is gone.
            Unavailable: It may have been written.
        """
        body = following.to_object()
        namespace, name = following.key
        if previous is None:
            body["metadata"] = {"namespace": namespace, "name": name}
            return read_object(AccountState, await self._client.create(ACCOUNT_STATES, namespace, body))
        if _content(previous.to_object()) == _content(body):
            return None
        body["metadata"] = previous.metadata.to_object()
        return read_object(AccountState, await self._client.replace(ACCOUNT_STATES, namespace, body))


def _content(obj: Json) -> Json:
    return {key: value for key, value in obj.items() if key != "metadata"}


def _account(obj: Json | None) -> ExchangeAccount | None:
    return None if obj is None else read_object(ExchangeAccount, obj)
