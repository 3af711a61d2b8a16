"""The API server as the tests of the kinds use it, with its verdicts."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from exchange_kernel.api import KINDS
from exchange_kernel.api.meta import GROUP, VERSION
from local_cluster.control_plane import ControlPlane

ROOT = Path(__file__).parents[3]
PLURALS = {kind.INFO.kind: kind.INFO.plural for kind in KINDS}


class Refused(Exception):
    """The API server's words: `causes` are (field, message), `message` is all of it."""

    def __init__(self, answer: ApiException) -> None:
        body = json.loads(answer.body or "{}")
        self.message: str = body["message"]
        self.causes: list[tuple[str, str]] = [
            (cause.get("field", ""), cause["message"]) for cause in (body.get("details") or {}).get("causes", [])
        ]
        super().__init__(self.message)


@dataclass(frozen=True)
class Server:
    """The API server, as one namespace of it is used by a test."""

    plane: ControlPlane
    objects: client.CustomObjectsApi
    namespace: str
    group: str = GROUP

    def create(self, kind: str, manifest: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """POST with strict field validation, as kubectl does."""
        body = {"apiVersion": f"{self.group}/{VERSION}", "kind": kind, **manifest}
        more = {"dry_run": "All"} if dry_run else {}
        return self._call("create", PLURALS[kind], body=body, field_validation="Strict", **more)

    def replace(self, kind: str, manifest: dict[str, Any], *, subresource: str = "") -> dict[str, Any]:
        """PUT of the object, or of its status."""
        body = {"apiVersion": f"{self.group}/{VERSION}", "kind": kind, **manifest}
        name = manifest["metadata"]["name"]
        verb = "replace"
        return self._call(verb, PLURALS[kind], subresource, name=name, body=body, field_validation="Strict")

    def select(self, kind: str, selector: str) -> list[str]:
        """Names of the objects that a LIST with this field selector returns."""
        answer = self._call("list", PLURALS[kind], field_selector=selector)
        return [item["metadata"]["name"] for item in answer["items"]]

    def kubectl(self, *arguments: str) -> str:
        """Runs kubectl in the test's namespace."""
        return self.plane.run_kubectl("-n", self.namespace, *arguments)

    def apply(self, *arguments: str, stdin: str = "") -> str:
        """Applies manifests as Flux does: server-side, taking over fields."""
        return self.plane.run_kubectl("apply", "--server-side", "--force-conflicts", *arguments, stdin=stdin)

    def _call(self, verb: str, plural: str, subresource: str = "", **arguments: object) -> Any:  # noqa: ANN401 - JSON
        call = getattr(self.objects, f"{verb}_namespaced_custom_object{'_' + subresource if subresource else ''}")
        try:
            return call(group=self.group, version=VERSION, namespace=self.namespace, plural=plural, **arguments)
        except ApiException as error:
            raise Refused(error) from None
