"""Letting a deleted ExchangeAccount go, with everything that was kept for it.

The cache of a process that has just started is empty, and must not be taken for "no order needs the account": without
the account nothing could be canceled any more. So the API server is asked, once the cache knows of no order.
"""

import logging

from exchange_kernel.api.enums import FINAL_GROUP_STATES
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.meta import FINALIZER_CANCEL_ORDER, FINALIZER_CLOSE_GROUP, ObjectMeta
from exchange_kernel.controller.context import Context
from exchange_kernel.kube.errors import Forbidden, NotFound
from exchange_kernel.kube.resources import ACCOUNT_STATES, GROUPS, INTENTS, SECRETS, Json, Resource

_log = logging.getLogger(__name__)


async def release_account(context: Context, account: ExchangeAccount) -> bool:
    """Remove our finalizers from the account and its Secret, and its AccountState; False while orders need it.

    Raises KubeError; it can be repeated.
    """
    if await _is_needed(context, account):
        return False
    await _drop_state(context, account)
    await _release_secret(context, account)
    await context.stores.accounts.remove_finalizer(account.metadata)
    return True


async def _is_needed(context: Context, account: ExchangeAccount) -> bool:
    """Whether we hold an intent or a group, read as it is stored: one that this version cannot read counts, too."""
    for resource, finalizer in ((INTENTS, FINALIZER_CANCEL_ORDER), (GROUPS, FINALIZER_CLOSE_GROUP)):
        if await _holds_any(context, account, resource, finalizer):
            return True
    return False


async def _holds_any(context: Context, account: ExchangeAccount, resource: Resource, finalizer: str) -> bool:
    namespace = context.settings.watch_namespace or None
    pages = context.stores.client.pages(resource, namespace, field_selector=f"spec.accountRef.name={account.key[1]}")
    async for page in pages:
        if any(_holds(item, account, finalizer) for item in page["items"] or ()):
            return True
    return False


def _holds(item: Json, account: ExchangeAccount, finalizer: str) -> bool:
    meta = item["metadata"]
    namespace = item["spec"]["accountRef"].get("namespace") or meta["namespace"]
    return namespace == account.key[0] and finalizer in meta.get("finalizers", ()) and not _has_ended(item, finalizer)


def _has_ended(item: Json, finalizer: str) -> bool:
    """A group that has ended needs nothing any more; an order keeps its finalizer only while it needs something."""
    ended = item.get("status", {}).get("state") in {state.value for state in FINAL_GROUP_STATES}
    return finalizer == FINALIZER_CLOSE_GROUP and ended


async def _drop_state(context: Context, account: ExchangeAccount) -> None:
    namespace, name = account.key
    client = context.stores.client
    try:
        state = await client.get(ACCOUNT_STATES, namespace, name)
        await client.delete(ACCOUNT_STATES, namespace, name, uid=state["metadata"]["uid"])
    except NotFound:
        return
    except Forbidden as error:
        _log.info("the AccountState %s/%s stays: %s", namespace, name, error)


async def _release_secret(context: Context, account: ExchangeAccount) -> None:
    """Let the Secret go, unless another account uses it."""
    namespace, name = account.metadata.namespace, account.spec.credentials_secret_ref.name
    others = (await context.stores.accounts.list(namespace)).items
    if any(
        other.metadata.uid != account.metadata.uid and other.spec.credentials_secret_ref.name == name
        for other in others
    ):
        return
    try:
        secret = await context.stores.client.get(SECRETS, namespace, name)
        await context.stores.secrets.remove_finalizer(ObjectMeta.model_validate(secret["metadata"]))
    except NotFound:
        return
    except Forbidden as error:
        _log.info("Secret %s/%s: %s", namespace, name, error)
