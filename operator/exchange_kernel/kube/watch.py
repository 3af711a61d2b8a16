"""Following a collection: one watch of the API server, as its events."""

from collections.abc import AsyncGenerator
from typing import Final, Protocol

import orjson

from exchange_kernel.kube.errors import Unavailable, from_response
from exchange_kernel.kube.resources import Json, Resource
from exchange_kernel.kube.transport import Request

WATCH_SECONDS: Final = 300
SILENCE_SECONDS: Final = 90.0  # bookmarks come every minute


class Stream(Protocol):
    """Sends a request whose answer goes on."""

    def lines(self, request: Request, *, silence: float) -> AsyncGenerator[bytes, None]:
        """The lines as they come. Raises KubeError."""
        ...


async def watch(
    stream: Stream, resource: Resource, namespace: str | None, version: str, *, field_selector: str | None = None
) -> AsyncGenerator[tuple[str, Json], None]:
    """Follow a collection from a resourceVersion on: (ADDED, MODIFIED, DELETED or BOOKMARK, object).

    Ends when the API server ends it, which it does after some minutes.

    Raises:
        Gone: The version is too old: list again.
        Unavailable: The connection broke, or stayed silent.
    """
    query = {"watch": "1", "resourceVersion": version, "allowWatchBookmarks": "true"}
    query |= {"timeoutSeconds": str(WATCH_SECONDS)} | ({"fieldSelector": field_selector} if field_selector else {})
    what = f"watch {resource.plural}" + (f"/{namespace}" if namespace else "")
    request = Request("GET", resource.path(namespace), what, query)
    async for line in stream.lines(request, silence=SILENCE_SECONDS):
        kind, obj = _event(line, what)
        if kind == "ERROR":
            raise from_response(what, int(obj.get("code", 500)), orjson.dumps(obj))
        yield kind, obj


def _event(line: bytes, what: str) -> tuple[str, Json]:
    try:
        event = orjson.loads(line)
        return event["type"], event["object"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Unavailable(f"cannot {what}: the answer broke off") from error
