"""ExchangeMarkets and ExchangeAssets: read once, all of one account, and written one by one."""

from typing import Generic

from exchange_kernel.core.markets import Published
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import NotFound
from exchange_kernel.kube.objects import Listed, read_object, read_objects
from exchange_kernel.kube.resources import Resource


class PublishedStore(Generic[Published]):
    """The operator's operations on the objects of one of both kinds.

    Args:
        client: Of the API server.
        resource: MARKETS or ASSETS.
        kind: The model that belongs to it.
    """

    def __init__(self, client: ApiClient, resource: Resource, kind: type[Published]) -> None:
        self._client, self._resource = client, resource
        self._kind: type[Published] = kind

    async def list(self, namespace: str, account: str) -> Listed[Published]:
        """Read all objects of an account; its name never changes in them. Raises Unavailable, Forbidden, Gone."""
        found = await self._client.list(self._resource, namespace, field_selector=f"account={account}")
        return read_objects(self._kind, found)

    async def create(self, wanted: Published) -> Published:
        """Create one object, with its owner.

        Raises:
            AlreadyExists: There is one of this name: read all of the account again.
            Unavailable: It may have been created.
        """
        meta, body = wanted.metadata, wanted.to_object()
        owners = [each.to_object() for each in meta.owner_references]
        body["metadata"] = {"namespace": meta.namespace, "name": meta.name, "ownerReferences": owners}
        return read_object(self._kind, await self._client.create(self._resource, meta.namespace, body))

    async def replace(self, following: Published) -> Published:
        """Replace exactly the version that its metadata names.

        Raises:
            Conflict: It has changed: read it again.
            NotFound: It is gone.
            Unavailable: It may have been written.
        """
        namespace = following.metadata.namespace
        stored = await self._client.replace(self._resource, namespace, following.to_object())
        return read_object(self._kind, stored)

    async def remove(self, current: Published) -> None:
        """Delete exactly this object; one that is gone already is no error. Raises Conflict, Unavailable."""
        meta = current.metadata
        try:
            await self._client.delete(self._resource, meta.namespace, meta.name, uid=meta.uid)
        except NotFound:
            return
