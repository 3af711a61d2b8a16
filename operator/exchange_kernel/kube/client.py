"""The verbs of the API server, on plain JSON objects.

Reads are repeated inside `Patience`; writes are sent once (see `retry`). Every write names the field manager, and
writes of this project's kinds ask for strict field validation: a misspelt field is an error here, not silently gone.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final, Self

import orjson

from exchange_kernel.kube.counters import Call, CallCounters
from exchange_kernel.kube.errors import KubeError
from exchange_kernel.kube.resources import ACCESS_REVIEWS, Json, Resource
from exchange_kernel.kube.retry import Patience, pause_before_retry
from exchange_kernel.kube.transport import JSON_BODY, Answer, Request, Transport, parse

FIELD_MANAGER: Final = "exchange-kernel"
JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
METADATA_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
PAGE_SIZE: Final = 500
LIST_SECONDS: Final = 60.0

_NO_QUERY: Final[Mapping[str, str]] = {}


class ApiClient:
    """One API server. Safe for any number of tasks of one event loop."""

    def __init__(  # noqa: PLR0913 - all but the first have defaults; time and randomness are arguments
        self,
        transport: Transport,
        *,
        counters: CallCounters | None = None,
        field_manager: str = FIELD_MANAGER,
        patience: Patience | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.counters = counters or CallCounters()
        self._transport = transport
        self._manager = field_manager
        self._patience = patience or Patience()
        self._monotonic = monotonic
        self._sleep = sleep
        self._jitter = jitter

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        await self._transport.close()

    async def get(self, resource: Resource, namespace: str | None, name: str) -> Json:
        """Read one object. Raises NotFound and the other KubeErrors."""
        path = resource.path(namespace, name)
        return await self._call("get", resource, Request("GET", path, _what("get", resource, namespace, name), {}))

    async def pages(  # noqa: PLR0913 - the API server's own list options
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        metadata_only: bool = False,
        page_size: int = PAGE_SIZE,
    ) -> AsyncIterator[Json]:
        """Read a collection page by page, each a list object with `items`.

        All pages show one moment of the collection. Raises Gone when the caller took minutes between two pages.
        """
        query = {"limit": str(page_size)}
        query |= {"labelSelector": label_selector} if label_selector else {}
        query |= {"fieldSelector": field_selector} if field_selector else {}
        accept = METADATA_ONLY if metadata_only else JSON_BODY
        path, what = resource.path(namespace), _what("list", resource, namespace)
        while True:
            request = Request("GET", path, what, dict(query), accept=accept, seconds=LIST_SECONDS)
            page = await self._call("list", resource, request)
            # A metadata-only list of nothing has `items: null`.
            page["items"] = page.get("items") or []
            yield page
            if not (token := page.get("metadata", {}).get("continue")):
                return
            query["continue"] = token

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> list[Json]:
        """Read a whole collection. The API server leaves `kind` out of list items; it is not put back."""
        pages = self.pages(resource, namespace, label_selector=label_selector, field_selector=field_selector)
        return [item async for page in pages for item in page["items"]]

    async def create(self, resource: Resource, namespace: str | None, body: Json) -> Json:
        """Create one object; returns it as stored. Raises AlreadyExists, Invalid, Unavailable and others."""
        name = body.get("metadata", {}).get("name")
        request = Request(
            "POST",
            resource.path(namespace),
            _what("create", resource, namespace, name),
            self._write_query(resource),
            orjson.dumps(body),
        )
        return await self._call("create", resource, request)

    async def replace(self, resource: Resource, namespace: str | None, body: Json) -> Json:
        """Replace one object by name. With a resourceVersion in the body it is a compare-and-set."""
        name = body["metadata"]["name"]
        path, what = resource.path(namespace, name), _what("replace", resource, namespace, name)
        request = Request("PUT", path, what, self._write_query(resource), orjson.dumps(body))
        return await self._call("replace", resource, request)

    async def json_patch(
        self, resource: Resource, namespace: str | None, name: str, operations: Sequence[Json]
    ) -> Json:
        """Apply RFC 6902 operations. A failed `test` raises Invalid (the API server answers 422)."""
        return await self._patch(resource, namespace, name, None, JSON_PATCH, orjson.dumps(operations))

    async def merge_patch(
        self, resource: Resource, namespace: str | None, name: str, body: Json, subresource: str | None = None
    ) -> Json:
        """Apply an RFC 7396 patch, to the object or to a subresource such as `status`."""
        return await self._patch(resource, namespace, name, subresource, MERGE_PATCH, orjson.dumps(body))

    async def delete(
        self, resource: Resource, namespace: str | None, name: str, *, uid: str, resource_version: str | None = None
    ) -> Json:
        """Delete exactly this object (and, with a resourceVersion, only in this state).

        Raises:
            NotFound: It is gone already.
            Conflict: Another object has the name now, or it has changed.
        """
        preconditions = {"uid": uid} | ({"resourceVersion": resource_version} if resource_version else {})
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions}
        path, what = resource.path(namespace, name), _what("delete", resource, namespace, name)
        return await self._call("delete", resource, Request("DELETE", path, what, {}, orjson.dumps(options)))

    async def may(self, verb: str, resource: Resource, namespace: str | None = None, subresource: str = "") -> bool:
        """Ask whether these credentials may do something (all namespaces when none is given)."""
        attributes = {"verb": verb, "group": resource.group, "resource": resource.plural, "subresource": subresource}
        attributes |= {"namespace": namespace} if namespace else {}
        review = {
            "apiVersion": ACCESS_REVIEWS.api_version,
            "kind": ACCESS_REVIEWS.kind,
            "spec": {"resourceAttributes": attributes},
        }
        what = f"ask for permission to {verb} {resource.plural}"
        request = Request("POST", ACCESS_REVIEWS.path(), what, _NO_QUERY, orjson.dumps(review))
        # It stores nothing, so that it counts and is repeated as a read.
        answer = await self._call("review", ACCESS_REVIEWS, request)
        return bool(answer.get("status", {}).get("allowed", False))

    async def discover(self, group: str, version: str) -> Json:
        """Which kinds the API server serves in one version of a group. Raises NotFound where it has no such version."""
        request = Request("GET", f"/apis/{group}/{version}", f"discover {group}/{version}", _NO_QUERY)
        return await self._call("get", _VERSION, request)

    async def version(self) -> str:
        """The API server's version, e.g. `v1.36.2`."""
        request = Request("GET", "/version", "read the API server's version", _NO_QUERY)
        return str((await self._call("get", _VERSION, request)).get("gitVersion", "unknown"))

    async def _patch(  # noqa: PLR0913, PLR0917 - private; all of an object's address
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        subresource: str | None,
        content_type: str,
        body: bytes,
    ) -> Json:
        path = resource.path(namespace, name, subresource)
        what = _what("patch", resource, namespace, name)
        return await self._call(
            "patch", resource, Request("PATCH", path, what, self._write_query(resource), body, content_type)
        )

    async def _call(self, verb: str, resource: Resource, request: Request) -> Json:
        started = self._monotonic()
        tries = 0
        while True:
            tries += 1
            try:
                return parse(request, await self._send(verb, resource, request))
            except KubeError as error:
                pause = pause_before_retry(
                    error,
                    is_read=verb in _READS,
                    tries=tries,
                    elapsed=self._monotonic() - started,
                    jitter=self._jitter(),
                    patience=self._patience,
                )
                if pause is None:
                    raise
            await self._sleep(pause)

    def _write_query(self, resource: Resource) -> Mapping[str, str]:
        strict = {"fieldValidation": "Strict"} if resource.is_ours else {}
        return {"fieldManager": self._manager, **strict}

    async def _send(self, verb: str, resource: Resource, request: Request) -> Answer:
        """Send once; after a 401 (nothing was done) once more with renewed credentials."""
        answer = await self._send_counted(verb, resource, request, renew_login=False)
        if answer.status == 401:
            answer = await self._send_counted(verb, resource, request, renew_login=True)
        return answer

    async def _send_counted(self, verb: str, resource: Resource, request: Request, *, renew_login: bool) -> Answer:
        started, code = self._monotonic(), 0
        try:
            answer = await self._transport.send(request, renew_login=renew_login)
            code = answer.status
            return answer
        finally:
            self.counters.add(Call(verb, resource.plural, code), self._monotonic() - started)


_READS: Final = frozenset({"get", "list", "review"})
_VERSION: Final = Resource("", "v1", "version", "Info")  # for the counters: what is asked of the server itself


def _what(verb: str, resource: Resource, namespace: str | None, name: object = None) -> str:
    address = "/".join(str(part) for part in (resource.plural, namespace, name) if part)
    return f"{verb} {address}"
