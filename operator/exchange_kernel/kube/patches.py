"""Patches as values: the smallest change, and the tests that make it conditional. Pure.

Why two kinds of patch: a finalizer has to be added without touching those of others, which a merge patch cannot (it
replaces lists whole), so that is a JSON patch with `test` operations. A status is a tree in which only some leaves
change, so that is a merge patch; it carries the resourceVersion, which makes the API server answer 409 when anybody
has changed the object meanwhile.
"""

from collections.abc import Mapping
from typing import Any

from exchange_kernel.api.meta import ObjectMeta
from exchange_kernel.kube.resources import Json


def merge_diff(previous: Mapping[str, Any], following: Mapping[str, Any]) -> Json:
    """The merge patch (RFC 7396) that turns `previous` into `following`; empty when they are equal.

    Objects are compared field by field, everything else (lists too) as a whole. A field that is gone becomes null.
    """
    patch: Json = {key: None for key in previous if key not in following}
    for key, new in following.items():
        old = previous.get(key)
        if key in previous and old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            patch[key] = merge_diff(old, new)
        else:
            patch[key] = new
    return patch


def finalizer_added(meta: ObjectMeta, finalizer: str) -> list[Json] | None:
    """The JSON patch that adds a finalizer to exactly the object that was seen; None when it is there already."""
    if finalizer in meta.finalizers:
        return None
    if meta.finalizers:
        change: Json = {"op": "add", "path": "/metadata/finalizers/-", "value": finalizer}
    else:
        change = {"op": "add", "path": "/metadata/finalizers", "value": [finalizer]}
    return [*unchanged_since(meta), change]


def claimed(meta: ObjectMeta, finalizer: str, annotation: str) -> list[Json] | None:
    """The JSON patch that adds a finalizer and notes beside it which object (by uid) it was added to.

    A backup restores finalizers and annotations, but never the uid: a restored copy gives itself away.
    """
    operations = finalizer_added(meta, finalizer)
    if operations is None:
        return None
    if meta.annotations:
        path, value = f"/metadata/annotations/{annotation.replace('~', '~0').replace('/', '~1')}", meta.uid
        return [*operations, {"op": "add", "path": path, "value": value}]
    return [*operations, {"op": "add", "path": "/metadata/annotations", "value": {annotation: meta.uid}}]


def finalizer_removed(meta: ObjectMeta, finalizer: str) -> list[Json] | None:
    """The JSON patch that removes a finalizer from exactly the object that was seen; None when it is not there."""
    if finalizer not in meta.finalizers:
        return None
    path = f"/metadata/finalizers/{meta.finalizers.index(finalizer)}"
    return [
        *unchanged_since(meta),
        {"op": "test", "path": path, "value": finalizer},
        {"op": "remove", "path": path},
    ]


def unchanged_since(meta: ObjectMeta) -> list[Json]:
    """The tests that fail unless this very object (uid) is still in the state that was seen (resourceVersion)."""
    return [
        {"op": "test", "path": "/metadata/uid", "value": meta.uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": meta.resource_version},
    ]


def status_patch(meta: ObjectMeta, previous: Mapping[str, Any], following: Mapping[str, Any]) -> Json | None:
    """The merge patch of a status, conditional on the resourceVersion; None when nothing changes."""
    changes = merge_diff(previous, following)
    if not changes:
        return None
    return {"metadata": {"resourceVersion": meta.resource_version}, "status": changes}
