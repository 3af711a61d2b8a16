"""OrderGroups: what users wish, and where the operator writes what became of it."""

from exchange_kernel.api.group_status import OrderGroupStatus
from exchange_kernel.api.meta import FINALIZER_CLOSE_GROUP, ObjectMeta
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.objects import add_finalizer, patch_status, read_object, remove_finalizer
from exchange_kernel.kube.resources import GROUPS, Json


class GroupStore:
    """The operator's operations on OrderGroups. Every write returns the newest object, for the cache."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    async def get(self, namespace: str, name: str) -> OrderGroup:
        """Read one. Raises NotFound, Malformed, Unavailable."""
        return read_object(OrderGroup, await self._client.get(GROUPS, namespace, name))

    async def add_finalizer(self, meta: ObjectMeta) -> OrderGroup | None:
        """Hold the object back from going before its legs have ended; None when the finalizer was there already.

        Raises:
            Conflict: It is not, or no longer, the object that was seen.
            NotFound: It is gone.
            Unavailable: It may have been added.
        """
        return _read(await add_finalizer(self._client, GROUPS, meta, FINALIZER_CLOSE_GROUP))

    async def remove_finalizer(self, meta: ObjectMeta) -> OrderGroup | None:
        """Let the object go. None when there is nothing (left) to do. Raises Conflict, Unavailable."""
        return _read(await remove_finalizer(self._client, GROUPS, meta, FINALIZER_CLOSE_GROUP))

    async def patch_status(
        self, meta: ObjectMeta, previous: OrderGroupStatus, following: OrderGroupStatus
    ) -> OrderGroup | None:
        """Write what changed in the status; None when nothing did, and then nothing is sent.

        Raises:
            Conflict: The object has changed since `meta` was read.
            NotFound: It is gone.
            Unavailable: It may have been written.
        """
        before = previous.to_object()
        return _read(await patch_status(self._client, GROUPS, meta, before, following.to_object()))


def _read(obj: Json | None) -> OrderGroup | None:
    return None if obj is None else read_object(OrderGroup, obj)
