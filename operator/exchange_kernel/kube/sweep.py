"""The sweep: does the cache show what the API server holds?

A watch can be blind without failing, and then a delete (a cancel!) would not be seen for minutes. So every minute
the collection is listed, metadata only (6,000 objects: 2.9 MB, a quarter of a second), and compared by uid and
resourceVersion; only what differs is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.resources import Json, Resource


@dataclass(frozen=True, slots=True)
class Seen:
    """One object, as a metadata-only list shows it."""

    namespace: str
    name: str
    uid: str
    resource_version: str


@dataclass(frozen=True, slots=True)
class Differences:
    """What the cache has to do: read `stale` (new or changed), forget `gone` (uids)."""

    stale: tuple[Seen, ...]
    gone: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.stale or self.gone)


async def list_seen(client: ApiClient, resource: Resource, namespace: str | None = None) -> dict[str, Seen]:
    """All objects of a collection, by uid. Raises Unavailable, Forbidden."""
    seen: dict[str, Seen] = {}
    async for page in client.pages(resource, namespace, metadata_only=True):
        for item in page["items"]:
            one = _seen(item["metadata"])
            seen[one.uid] = one
    return seen


def differences(before: Mapping[str, str], server: Mapping[str, Seen], after: Mapping[str, str]) -> Differences:
    """Compare the cache with a list.

    The list takes a while, and the watch goes on meanwhile. What the watch has changed since is newer than the list
    and none of the sweep's business, so the cache is given twice and only what stayed the same counts.

    Args:
        before: The cache when the list was asked for, uid to resourceVersion.
        server: The list.
        after: The cache when the list had arrived.
    """
    stale = tuple(one for uid, one in server.items() if before.get(uid) == after.get(uid) != one.resource_version)
    gone = frozenset(uid for uid, version in after.items() if before.get(uid) == version and uid not in server)
    return Differences(stale, gone)


def _seen(meta: Json) -> Seen:
    return Seen(meta.get("namespace", ""), meta["name"], meta["uid"], meta["resourceVersion"])
