"""What all kinds have in common on the API server: reading into the model, finalizers, status."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from exchange_kernel.api.meta import KubeObject, ObjectMeta
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import Conflict, Invalid, Malformed, NotFound, cap
from exchange_kernel.kube.patches import claimed, finalizer_added, finalizer_removed, status_patch
from exchange_kernel.kube.resources import Json, Resource

K = TypeVar("K", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An object of the collection that does not fit its model; the others are not affected by it."""

    meta: ObjectMeta
    problem: str


@dataclass(frozen=True, slots=True)
class Listed(Generic[K]):
    """A whole collection: the objects, and those that could not be read."""

    items: tuple[K, ...]
    unreadable: tuple[Unreadable, ...]


def read_object(kind: type[K], obj: Json) -> K:
    """Turn what the API server sent into the model.

    Raises:
        Malformed: A field is missing, of the wrong type, or unknown in a spec; the message names it, not its value.
    """
    try:
        return kind.from_object(obj)
    except ValidationError as error:
        raise Malformed(f"{kind.INFO.kind} {_key(obj)}: {problems_of(error)}") from None


def read_objects(kind: type[K], objects: list[Json]) -> Listed[K]:
    """Turn a collection into models; what does not fit is set apart."""
    items: list[K] = []
    unreadable: list[Unreadable] = []
    for obj in objects:
        try:
            items.append(read_object(kind, obj))
        except Malformed as error:
            unreadable.append(Unreadable(ObjectMeta.model_validate(obj["metadata"]), str(error)))
    return Listed(tuple(items), tuple(unreadable))


def problems_of(error: ValidationError) -> str:
    """The problems that pydantic found, by field and without the input values."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return cap("; ".join(f"{'.'.join(map(str, each['loc'])) or 'object'}: {each['msg']}" for each in found))


async def add_finalizer(client: ApiClient, resource: Resource, meta: ObjectMeta, finalizer: str) -> Json | None:
    """Add a finalizer to exactly the object that was seen.

    Returns:
        The object as stored now; None when the finalizer was there already and nothing was written.

    Raises:
        Conflict: The object has changed, is being deleted, or is another one of the same name. The API server says
            so with 409 or, for a failed test and for a terminating object, with 422.
        NotFound: It is gone.
        Unavailable: It may have been added.
    """
    operations = finalizer_added(meta, finalizer)
    return None if operations is None else await _tested(client, resource, meta, operations)


async def claim(
    client: ApiClient, resource: Resource, meta: ObjectMeta, finalizer: str, annotation: str
) -> Json | None:
    """Like `add_finalizer`, and note the object's uid in an annotation with the same write."""
    operations = claimed(meta, finalizer, annotation)
    return None if operations is None else await _tested(client, resource, meta, operations)


async def remove_finalizer(client: ApiClient, resource: Resource, meta: ObjectMeta, finalizer: str) -> Json | None:
    """Remove a finalizer from exactly the object that was seen.

    Returns:
        The object as stored now; None when there was nothing to remove, or the object is gone.

    Raises:
        Conflict: The object has changed, or is another one of the same name.
        Unavailable: It may have been removed.
    """
    operations = finalizer_removed(meta, finalizer)
    if operations is None:
        return None
    try:
        return await _tested(client, resource, meta, operations)
    except NotFound:
        return None


async def patch_status(
    client: ApiClient,
    resource: Resource,
    meta: ObjectMeta,
    previous: Mapping[str, Any],
    following: Mapping[str, Any],
) -> Json | None:
    """Write the parts of a status that change.

    Returns:
        The object as stored now; None when nothing changes and nothing was written.

    Raises:
        Conflict: The object has changed since `meta` was read.
        NotFound: It is gone.
        Unavailable: It may have been written.
    """
    body = status_patch(meta, previous, following)
    if body is None:
        return None
    return await client.merge_patch(resource, meta.namespace, meta.name, body, "status")


async def _tested(client: ApiClient, resource: Resource, meta: ObjectMeta, operations: list[Json]) -> Json:
    try:
        return await client.json_patch(resource, meta.namespace or None, meta.name, operations)
    except Invalid as error:
        raise Conflict(str(error)) from error


def _key(obj: Json) -> str:
    meta = obj.get("metadata", {})
    return f"{meta.get('namespace', '')}/{meta.get('name', '')}"
