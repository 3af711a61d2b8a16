"""The CustomResourceDefinition of a kind, from its model."""

from typing import Any

from exchange_kernel.api.meta import GROUP, VERSION, Column, KindInfo, KubeObject
from exchange_kernel.api.structural import Schema, structural

UNSEEN_STATUS = {"observedGeneration": -1}
"""Default of status: an object that the operator has not seen must not look finished to GitOps tools."""

_AGE = Column("Age", ".metadata.creationTimestamp", "date")


def crd(kind: type[KubeObject]) -> dict[str, Any]:
    """The whole CustomResourceDefinition as JSON."""
    info = kind.INFO
    version: dict[str, Any] = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": [_column(column) for column in (*info.columns, _AGE)],
        "schema": {"openAPIV3Schema": open_api_schema(kind)},
    }
    if info.status_subresource:
        version["subresources"] = {"status": {}}
    if info.selectable_fields:
        version["selectableFields"] = [{"jsonPath": path} for path in info.selectable_fields]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{info.plural}.{GROUP}"},
        "spec": {"group": GROUP, "names": _names(info), "scope": "Namespaced", "versions": [version]},
    }


def open_api_schema(kind: type[KubeObject]) -> Schema:
    """The structural schema of a kind."""
    raw = kind.model_json_schema(by_alias=True)
    written = structural(raw, defaults=True)
    recorded = structural(raw, defaults=False)
    # metadata is the API server's own: a CRD may only name its type.
    properties: dict[str, Any] = {
        "apiVersion": {"type": "string", "description": "Version of the schema of this object."},
        "kind": {"type": "string", "description": "The kind of this object."},
        "metadata": {"type": "object"},
    }
    for name in recorded["properties"]:
        if name == "spec":
            properties[name] = written["properties"][name]
        elif name != "metadata":
            properties[name] = recorded["properties"][name]
    if kind.INFO.status_subresource:
        properties["status"] = {**properties["status"], "default": UNSEEN_STATUS}
    return {**recorded, "properties": properties}


def _names(info: KindInfo) -> dict[str, Any]:
    names: dict[str, Any] = {
        "kind": info.kind,
        "listKind": f"{info.kind}List",
        "plural": info.plural,
        "singular": info.kind.lower(),
        "shortNames": list(info.short_names),
    }
    if info.categories:
        names["categories"] = list(info.categories)
    return names


def _column(column: Column) -> dict[str, Any]:
    out: dict[str, Any] = {"name": column.name, "type": column.type, "jsonPath": column.path}
    if column.wide:
        out["priority"] = 1
    return out
