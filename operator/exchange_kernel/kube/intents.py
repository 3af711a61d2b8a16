"""OrderIntents: what users wish, and where the operator writes what became of it."""

from exchange_kernel.api.meta import ANNOTATION_CLAIMED, FINALIZER_CANCEL_ORDER, ObjectMeta
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.objects import (
    Listed,
    claim,
    patch_status,
    read_object,
    read_objects,
    remove_finalizer,
)
from exchange_kernel.kube.resources import INTENTS, Json


class IntentStore:
    """The operator's operations on OrderIntents. Every write returns the newest object, for the cache."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    async def get(self, namespace: str, name: str) -> OrderIntent:
        """Read one. Raises NotFound, Malformed, Unavailable."""
        return read_object(OrderIntent, await self._client.get(INTENTS, namespace, name))

    async def list(self, namespace: str | None = None) -> Listed[OrderIntent]:
        """Read all of one namespace, or of all. Raises Unavailable, Forbidden."""
        return read_objects(OrderIntent, await self._client.list(INTENTS, namespace))

    async def add_finalizer(self, meta: ObjectMeta) -> OrderIntent | None:
        """Hold the object back from going before its order has ended, and note its uid beside the finalizer.

        Args:
            meta: The object as it was last seen; the write is tested against its uid and resourceVersion.

        Returns:
            The object as stored now; None when the finalizer was there already.

        Raises:
            Conflict: It is not, or no longer, the object that was seen: not ours.
            NotFound: It is gone.
            Unavailable: It may have been added.
        """
        return _read(await claim(self._client, INTENTS, meta, FINALIZER_CANCEL_ORDER, ANNOTATION_CLAIMED))

    async def remove_finalizer(self, meta: ObjectMeta) -> OrderIntent | None:
        """Let the object go. None when there is nothing (left) to do.

        Raises:
            Conflict: The object has changed: read it again.
            Unavailable: It may have been removed.
        """
        return _read(await remove_finalizer(self._client, INTENTS, meta, FINALIZER_CANCEL_ORDER))

    async def patch_status(
        self, meta: ObjectMeta, previous: OrderIntentStatus, following: OrderIntentStatus
    ) -> OrderIntent | None:
        """Write what changed in the status; None when nothing did, and then nothing is sent.

        Raises:
            Conflict: The object has changed since `meta` was read.
            NotFound: It is gone.
            Unavailable: It may have been written.
        """
        before = previous.to_object()
        return _read(await patch_status(self._client, INTENTS, meta, before, following.to_object()))


def _read(obj: Json | None) -> OrderIntent | None:
    return None if obj is None else read_object(OrderIntent, obj)
