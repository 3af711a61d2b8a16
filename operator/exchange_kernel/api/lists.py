"""List types: lists that are really maps or sets, for server-side apply and for both judges.

In a map list each entry has its key once, so that two writers can each own their entries; in a set each value occurs
once. The API server refuses duplicates; so do the models.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_ANY_ORDER = "x-kubernetes-list-type"


@dataclass(frozen=True)
class ListType:
    """Marks a list as a map (by these fields of its entries, in Python's spelling) or, without fields, as a set.

    It stands after `Field(max_length=…)`: a bound that follows a validator is not part of the schema any more.
    """

    keys: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - the annotated type
        """The list, checked for duplicates."""
        return core_schema.no_info_after_validator_function(_refuse_duplicates(self.key_of), handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The list, with its Kubernetes list type."""
        json_schema = handler(schema)
        json_schema[_ANY_ORDER] = "map" if self.keys else "set"
        if self.keys:
            entry = handler.resolve_ref_schema(json_schema["items"])
            json_schema["x-kubernetes-list-map-keys"] = [_alias(key, entry) for key in self.keys]
        return json_schema

    def key_of(self, entry: Any) -> Hashable:  # noqa: ANN401 - entries of any type
        """What may occur only once: the entry's keys, or the entry itself."""
        return tuple(getattr(entry, key) for key in self.keys) if self.keys else entry


def map_list(*keys: str) -> ListType:
    """A list with one entry per key; the keys are Python names of the entries' fields."""
    return ListType(keys)


UNIQUE = ListType()
"""A list in which each value occurs once."""

ATOMIC = {_ANY_ORDER: "atomic"}
"""For `json_schema_extra`: a list that has one writer and is replaced as a whole."""


def _refuse_duplicates(key_of: Callable[[Any], Hashable]) -> Callable[[Any], Any]:
    def check(entries: Iterable[Any]) -> Iterable[Any]:
        seen: set[Hashable] = set()
        for entry in entries:
            key = key_of(entry)
            if key in seen:
                raise ValueError(f"{key} occurs twice: remove one")
            seen.add(key)
        return entries

    return check


def _alias(key: str, entry: JsonSchemaValue) -> str:
    wanted = key.replace("_", "").lower()
    names: Iterable[str] = entry["properties"]
    return next(name for name in names if name.lower() == wanted)
