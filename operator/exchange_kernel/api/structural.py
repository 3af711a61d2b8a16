"""From pydantic's JSON schema to the structural schema that a CustomResourceDefinition takes.

The API server accepts a subset of JSON schema: no references, no unions, no titles; `additionalProperties` only for
maps. Whatever cannot be expressed raises here, when the CRDs are rendered, and not in somebody's cluster.
"""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

_DROPPED = ("title", "$defs", "additionalProperties", "default", "x-immutable", "uniqueItems")
_KEPT = frozenset(
    (
        "type",
        "description",
        "enum",
        "format",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "items",
        "properties",
        "required",
        "x-kubernetes-validations",
        "x-kubernetes-list-type",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-map-type",
    )
)


class NotStructuralError(Exception):
    """A model uses something that a CRD cannot express."""


def structural(schema: Mapping[str, Any], *, defaults: bool) -> Schema:
    """The structural form of a model's schema.

    Args:
        schema: What `model_json_schema()` returns.
        defaults: Whether the API server fills in defaults: in what users write, not in what the operator writes.
    """
    return _convert(schema, schema.get("$defs", {}), "", defaults=defaults)


def _convert(node: Mapping[str, Any], defs: Mapping[str, Any], path: str, *, defaults: bool) -> Schema:
    node = _inline(node, defs, path)
    out = {key: value for key, value in node.items() if key not in _DROPPED}
    unknown = set(out) - _KEPT
    if unknown:
        raise NotStructuralError(f"{path or 'the root'}: a CRD cannot express {', '.join(sorted(unknown))}")
    if "description" in out:
        out["description"] = _describe(node, defaults=defaults)
    if "properties" in out:
        out["properties"] = {
            name: _convert(child, defs, f"{path}.{name}", defaults=defaults)
            for name, child in node["properties"].items()
        }
    if "items" in out:
        out["items"] = _convert(node["items"], defs, f"{path}[]", defaults=defaults)
    if isinstance(node.get("additionalProperties"), Mapping):
        out["additionalProperties"] = _convert(node["additionalProperties"], defs, f"{path}{{}}", defaults=defaults)
    if defaults and node.get("default") is not None and not _is_empty_collection(node):
        out["default"] = node["default"]
    return dict(sorted(out.items(), key=_reading_order))


def _inline(node: Mapping[str, Any], defs: Mapping[str, Any], path: str) -> Schema:
    """Replaces a reference by what it names and `X | None` by X; the words beside the reference win."""
    out = dict(node)
    if "anyOf" in out:
        options = [option for option in out.pop("anyOf") if option.get("type") != "null"]
        if len(options) != 1:
            raise NotStructuralError(f"{path}: a CRD cannot express a union")
        out = {**options[0], **out}
    if "$ref" in out:
        target = defs[out.pop("$ref").removeprefix("#/$defs/")]
        out = {**target, **out}
    return out


def _reading_order(item: tuple[str, Any]) -> bool:
    """What a field means comes before what it contains; everything else stays in order."""
    return item[0] not in ("description", "type")


def _is_empty_collection(node: Mapping[str, Any]) -> bool:
    """An empty list or map says the same as none, and would only clutter what users read back."""
    return not node["default"] and (node["type"] == "array" or isinstance(node.get("additionalProperties"), Mapping))


def _describe(node: Mapping[str, Any], *, defaults: bool) -> str:
    """The docstring as one paragraph, and the sentences that follow from the schema itself."""
    words = " ".join(str(node["description"]).split())
    default = node.get("default")
    if defaults and default is not None and node.get("type") not in ("object", "array"):
        words += f" Default: {str(default).lower() if isinstance(default, bool) else default}."
    if node.get("x-immutable"):
        words += " Cannot be changed after creation."
    return words
