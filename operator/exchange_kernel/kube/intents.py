"""OrderIntents: what users wish, and where the operator writes what became of it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from exchange_kernel.api.meta import (
    ANNOTATION_ADOPT,
    ANNOTATION_CLAIMED,
    FINALIZER_CANCEL_ORDER,
    LABEL_GROUP,
    ObjectMeta,
    owned_by,
)
from exchange_kernel.api.order_intent import OrderIntent, OrderIntentSpec
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.api.scalars import plain
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

    async def naming(self, exchange_order_id: str, namespace: str | None = None) -> tuple[OrderIntent, ...]:
        """The objects that name an order of the venue: as the one to adopt, or as theirs in the status.

        What cannot be read as an OrderIntent is left out: nothing is ever done for it. Raises Unavailable, Forbidden.
        """
        found = await self._client.list(INTENTS, namespace)
        return read_objects(OrderIntent, [obj for obj in found if _names(obj, exchange_order_id)]).items

    async def create(self, intent: OrderIntent) -> Json:
        """Create the OrderIntent of a group's leg; returns the object as stored.

        Raises:
            AlreadyExists: The name is taken: by the same leg, created before, or by somebody else's object.
            Invalid: The API server refuses it.
            Unavailable: It may have been created.
        """
        body = {key: value for key, value in intent.to_object().items() if key != "status"}
        return await self._client.create(INTENTS, intent.metadata.namespace, body)

    async def change(self, meta: ObjectMeta, fields: Mapping[str, Any]) -> Json:
        """Change fields of the spec of a group's leg: by their Python names, None removes.

        Raises:
            Conflict: The object has changed since `meta` was read.
            Invalid: The API server refuses the change.
            NotFound: It is gone.
            Unavailable: It may have been written.
        """
        spec = {OrderIntentSpec.alias_of(name): _as_json(value) for name, value in fields.items()}
        body = {"metadata": {"resourceVersion": meta.resource_version}, "spec": spec}
        return await self._client.merge_patch(INTENTS, meta.namespace, meta.name, body)

    async def own(self, meta: ObjectMeta, group: ObjectMeta) -> Json:
        """Give a leg its group as controller, in place of a former group of this name.

        Raises:
            Conflict: The object has changed since `meta` was read.
            NotFound: It is gone.
            Unavailable: It may have been written.
        """
        others = [owner.to_object() for owner in meta.owner_references if not owner.controller]
        body = {
            "metadata": {
                "resourceVersion": meta.resource_version,
                "labels": {LABEL_GROUP: group.uid},
                "ownerReferences": [*others, owned_by(group).to_object()],
            }
        }
        return await self._client.merge_patch(INTENTS, meta.namespace, meta.name, body)

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


def _as_json(value: Any) -> Any:  # noqa: ANN401 - a field of the spec in, JSON out
    return plain(value) if isinstance(value, Decimal) else value


def _names(obj: Json, exchange_order_id: str) -> bool:
    wanted = (obj["metadata"].get("annotations") or {}).get(ANNOTATION_ADOPT)
    return exchange_order_id in {wanted, (obj.get("status") or {}).get("exchangeOrderId")}


def _read(obj: Json | None) -> OrderIntent | None:
    return None if obj is None else read_object(OrderIntent, obj)
