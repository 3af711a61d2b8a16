"""An API server in memory, behind the real client and stores: what they send is done to objects in a dictionary.

It keeps to what the operator relies on, measured on a real one: resourceVersions and compare-and-set, JSON patches
whose failed test is a 422, finalizers that hold a deleted object, preconditions of a delete, field selectors, and a
watch. Any request can be made to fail, before or after its effect.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from exchange_kernel.kube.errors import Unavailable
from exchange_kernel.kube.transport import Answer, Request

Obj = dict[str, Any]
_SERVERS_OWN = ("uid", "generation", "creationTimestamp", "deletionTimestamp")
Key = tuple[str, str, str]  # plural, namespace, name


@dataclass(slots=True)
class Trouble:
    """What happens to the next requests that match.

    Attributes:
        verb: HTTP method.
        plural: Kind, with `/status` for the subresource.
        after: The request has its effect, and the answer is lost.
        status: The answer in place of the effect; 0: no answer at all.
        times: How many requests.
    """

    verb: str
    plural: str
    after: bool = False
    status: int = 0
    maybe_done: bool = True
    times: int = 1


@dataclass(slots=True, repr=False)
class MemoryApi:
    """Implements `Transport`."""

    objects: dict[Key, Obj] = field(default_factory=dict)
    writes: list[tuple[str, str]] = field(default_factory=list)
    reads: list[tuple[str, str]] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    away: bool = False
    before: Callable[[str, str], None] = lambda verb, plural: None
    watchers: list[Callable[[str, str | None, Obj], None]] = field(default_factory=list)
    muted: bool = False
    _version: int = 100
    _uids: int = 0

    # --- what a test says ---------------------------------------------------------------------------------------

    def put(self, plural: str, obj: Obj) -> Obj:
        """Create an object, as a user does."""
        self._uids += 1
        made = copy.deepcopy(obj)
        meta = made["metadata"]
        meta.setdefault("uid", f"{plural}-uid-{self._uids}")
        meta.setdefault("generation", 1)
        meta.setdefault("creationTimestamp", "2030-01-01T12:00:00Z")
        if plural in {"orderintents", "exchangeaccounts"}:
            made.setdefault("status", {"observedGeneration": -1})
        return self._store(plural, made, "ADDED")

    def edit(self, plural: str, namespace: str, name: str, change: Callable[[Obj], None]) -> Obj:
        """Change an object, as a user does; the generation grows when the spec changes."""
        made = copy.deepcopy(self.objects[plural, namespace, name])
        before = copy.deepcopy(made.get("spec"))
        change(made)
        if made.get("spec") != before:
            made["metadata"]["generation"] += 1
        return self._store(plural, made, "MODIFIED")

    def remove(self, plural: str, namespace: str, name: str) -> None:
        """Delete an object, as a user does: finalizers hold it."""
        self._delete((plural, namespace, name))

    def get(self, plural: str, namespace: str, name: str) -> Obj:
        """As it is stored now."""
        return self.objects[plural, namespace, name]

    def all(self, plural: str) -> list[Obj]:
        """All of a kind."""
        return [obj for key, obj in self.objects.items() if key[0] == plural]

    def fail(self, verb: str, plural: str, **how: Any) -> None:  # noqa: ANN401 - fields of Trouble
        """Make the next request of this verb on this kind fail."""
        self.troubles.append(Trouble(verb, plural, **how))

    # --- Transport ----------------------------------------------------------------------------------------------

    async def send(self, request: Request, *, renew_login: bool = False) -> Answer:
        """Do it."""
        del renew_login
        plural, namespace, name, sub = _address(request.path)
        shown = f"{plural}/{sub}" if sub else plural
        (self.reads if request.method == "GET" else self.writes).append((request.method, shown))
        self.before(request.method, shown)
        if self.away:
            raise Unavailable(f"cannot {request.what}: no connection", maybe_done=False)
        trouble = next((t for t in self.troubles if (t.verb, t.plural) == (request.method, shown)), None)
        if trouble is not None:
            trouble.times -= 1
            if trouble.times <= 0:
                self.troubles.remove(trouble)
            if trouble.status:
                return _refused(trouble.status, "made up")
        if trouble is not None and not trouble.after:
            raise Unavailable(f"cannot {request.what}: the request was lost", maybe_done=trouble.maybe_done)
        answer = self._do(request, (plural, namespace, name), sub)
        if trouble is not None:
            raise Unavailable(f"cannot {request.what}: the answer was lost")
        return answer

    async def close(self) -> None:
        """Nothing to close."""

    def _do(self, request: Request, key: Key, sub: str) -> Answer:
        body: Any = orjson.loads(request.body) if request.body else None
        if request.method == "POST":
            return self._post(key, body)
        if request.method == "GET" and not key[2]:
            return self._list(key, request.query, metadata_only="Partial" in request.accept)
        if key not in self.objects:
            return _refused(404, "NotFound")
        return self._do_to(request, key, body, sub)

    def _do_to(self, request: Request, key: Key, body: Any, sub: str) -> Answer:  # noqa: ANN401 - JSON
        match request.method:
            case "GET":
                return _ok(self.objects[key])
            case "DELETE":
                return self._delete(key, body["preconditions"])
            case "PUT":
                return self._put(key, body)
            case _ if "json-patch" in request.content_type:
                return self._json_patch(key, body)
            case _:
                return self._merge_patch(key, body, sub)

    def _post(self, key: Key, body: Obj) -> Answer:
        plural, namespace, _ = key
        name = body["metadata"]["name"]
        if (plural, namespace, name) in self.objects:
            return _refused(409, "AlreadyExists")
        body["metadata"]["namespace"] = namespace
        return _ok(self.put(plural, body), 201)

    def _list(self, key: Key, query: Mapping[str, str], *, metadata_only: bool) -> Answer:
        plural, namespace, _ = key
        found = [
            obj
            for (kind, where, _), obj in self.objects.items()
            if kind == plural and namespace in {"", where} and _selected(obj, query.get("fieldSelector", ""))
        ]
        items = [{"metadata": obj["metadata"]} if metadata_only else obj for obj in found]
        return _ok({"kind": "List", "metadata": {"resourceVersion": str(self._version)}, "items": items})

    def _put(self, key: Key, body: Obj) -> Answer:
        meta, stored = body["metadata"], self.objects[key]["metadata"]
        if meta.get("resourceVersion") not in {None, stored["resourceVersion"]}:
            return _refused(409, "Conflict")
        # The server's own fields are not the client's to change.
        kept = {
            name: stored[name]
            for name in ("uid", "generation", "creationTimestamp", "deletionTimestamp")
            if name in stored
        }
        return _ok(self._store(key[0], {**body, "metadata": {**meta, **kept}}, "MODIFIED"))

    def _json_patch(self, key: Key, operations: list[Obj]) -> Answer:
        made = copy.deepcopy(self.objects[key])
        for operation in operations:
            parent, leaf = _pointer(made, operation["path"])
            if operation["op"] == "test":
                if _at(parent, leaf) != operation["value"]:
                    return _refused(422, "Invalid")
            elif operation["op"] == "add":
                _add(parent, leaf, operation["value"])
            else:
                del parent[int(leaf) if isinstance(parent, list) else leaf]
        return _ok(self._store(key[0], made, "MODIFIED"))

    def _merge_patch(self, key: Key, body: Obj, sub: str) -> Answer:
        stored = self.objects[key]
        wanted = body.get("metadata", {}).pop("resourceVersion", stored["metadata"]["resourceVersion"])
        if wanted != stored["metadata"]["resourceVersion"]:
            return _refused(409, "Conflict")
        made = _merged(stored, {sub: body[sub]} if sub else body)
        return _ok(self._store(key[0], made, "MODIFIED"))

    def _delete(self, key: Key, preconditions: Mapping[str, str] | None = None) -> Answer:
        stored = self.objects[key]
        for name, wanted in (preconditions or {}).items():
            if stored["metadata"][name] != wanted:
                return _refused(409, "Conflict")
        made = copy.deepcopy(stored)
        made["metadata"].setdefault("deletionTimestamp", "2030-01-01T12:30:00Z")
        return _ok(self._store(key[0], made, "MODIFIED"))

    # --- storage ------------------------------------------------------------------------------------------------

    def _store(self, plural: str, obj: Obj, kind: str) -> Obj:
        self._version += 1
        meta = obj["metadata"]
        meta["resourceVersion"] = str(self._version)
        key = (plural, meta.get("namespace", ""), meta["name"])
        if "deletionTimestamp" in meta and not meta.get("finalizers"):
            self.objects.pop(key, None)
            kind = "DELETED"
        else:
            self.objects[key] = obj
        if not self.muted:
            for watcher in self.watchers:
                watcher(plural, kind, copy.deepcopy(obj))
        return copy.deepcopy(obj)


def _address(path: str) -> tuple[str, str, str, str]:
    parts = path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    namespace = ""
    if parts[0] == "namespaces" and parts[2:]:
        namespace, parts = parts[1], parts[2:]
    plural, name, sub = [*parts, "", ""][:3]
    return plural, namespace, name, sub


def _ok(body: Obj, status: int = 200) -> Answer:
    return Answer(status, orjson.dumps(body))


def _refused(status: int, reason: str) -> Answer:
    return Answer(status, orjson.dumps({"kind": "Status", "reason": reason, "message": reason, "code": status}))


def _selected(obj: Obj, selector: str) -> bool:
    for part in filter(None, selector.split(",")):
        path, _, wanted = part.partition("=")
        value: Any = obj
        for step in path.split("."):
            value = value.get(step, {})
        if value != wanted:
            return False
    return True


def _pointer(obj: Any, path: str) -> tuple[Any, str]:  # noqa: ANN401 - JSON
    *steps, leaf = (step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:])
    for step in steps:
        obj = obj[int(step) if isinstance(obj, list) else step]
    return obj, leaf


def _at(parent: Any, leaf: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(parent, list):
        return parent[int(leaf)] if int(leaf) < len(parent) else None
    return parent.get(leaf)


def _add(parent: Any, leaf: str, value: Any) -> None:  # noqa: ANN401 - JSON
    if isinstance(parent, list):
        parent.insert(len(parent) if leaf == "-" else int(leaf), value)
    else:
        parent[leaf] = value


def _merged(old: Any, change: Any) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(change, dict):
        return change
    made = dict(old) if isinstance(old, dict) else {}
    for name, value in change.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = _merged(made.get(name), value)
    return made
