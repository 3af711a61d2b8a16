"""The journal's root object: the one thing that says which journal this is.

All receipts of an installation lie in the operator's namespace, beside one ConfigMap. Its uid is the journal's
identity: an account's status names it, and an operator that finds itself with another one (reinstalled, restored
without it, in another namespace) has lost its memory and must not place anything by it. That is why `find` and
`create` are separate: whether a missing root may be created is decided by what the accounts say, never here.
"""

from dataclasses import dataclass
from typing import Final

from exchange_kernel.api.meta import FINALIZER_JOURNAL
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import AlreadyExists, NotFound
from exchange_kernel.kube.resources import CONFIG_MAPS, Json

ROOT_NAME: Final = "exchange-kernel-journal"
_PURPOSE: Final = (
    "The identity of the order journal (the OrderReceipts of this namespace). Do not delete it: without it the "
    "operator cannot know which orders it has placed, and will place none."
)


@dataclass(frozen=True, slots=True)
class JournalRoot:
    """Which journal this is. `terminating`: somebody has asked to delete it; the finalizer holds it."""

    namespace: str
    uid: str
    terminating: bool = False


class JournalStore:
    """Finds and creates the root object in the operator's namespace."""

    def __init__(self, client: ApiClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def find(self) -> JournalRoot | None:
        """The root object, or None where there is none. Raises Unavailable, Forbidden."""
        try:
            return _root(await self._client.get(CONFIG_MAPS, self._namespace, ROOT_NAME))
        except NotFound:
            return None

    async def create(self) -> JournalRoot:
        """Create the root object; when another instance was faster, theirs is the journal.

        Raises:
            NotFound: The operator's namespace does not exist.
            Unavailable: It may have been created; `find` tells.
        """
        body = {
            "apiVersion": "v1",
            "kind": CONFIG_MAPS.kind,
            "metadata": {"name": ROOT_NAME, "finalizers": [FINALIZER_JOURNAL]},
            "data": {"purpose": _PURPOSE},
        }
        try:
            return _root(await self._client.create(CONFIG_MAPS, self._namespace, body))
        except AlreadyExists:
            return _root(await self._client.get(CONFIG_MAPS, self._namespace, ROOT_NAME))


def _root(obj: Json) -> JournalRoot:
    meta = obj["metadata"]
    return JournalRoot(meta["namespace"], meta["uid"], terminating="deletionTimestamp" in meta)
