"""Reads the tables of manifests: each case is one manifest, or one change of a manifest, with the expected verdict."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Refusal:
    """Why a manifest is refused: messages of rules, or a field of the schema and what is wrong with it."""

    says: frozenset[str] = frozenset()
    field: str = ""
    because: str = ""


@dataclass(frozen=True)
class Case:
    """One row: `first` is created; for a change, `status` is written by the operator and `then` applied."""

    name: str
    kind: str
    first: dict[str, Any]
    status: dict[str, Any] | None
    then: dict[str, Any] | None
    refused: Refusal | None

    @property
    def judged(self) -> dict[str, Any]:
        """The manifest that the verdict is about."""
        return self.first if self.then is None else self.then


def merged(base: object, change: object) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """`change` laid over `base` as a JSON merge patch: null removes."""
    if not isinstance(base, Mapping) or not isinstance(change, Mapping):
        return deepcopy(change)
    out = {**base, **{key: merged(base.get(key), value) for key, value in change.items()}}
    return {key: deepcopy(value) for key, value in out.items() if value is not None}


def cases() -> list[Case]:
    """All cases of all tables."""
    return [case for path in sorted(FOLDER.glob("*.yaml")) for case in _read(path)]


def _read(path: Path) -> list[Case]:
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [_case(table["kind"], table["base"], row) for row in table["cases"]]


def _case(kind: str, base: dict[str, Any], row: dict[str, Any]) -> Case:
    first = merged(base, row.get("set", {}))
    return Case(
        name=row["name"],
        kind=kind,
        first=first,
        status=row.get("status"),
        then=merged(first, row["then"]) if "then" in row else None,
        refused=_refusal(row["refused"]) if "refused" in row else None,
    )


def _refusal(row: dict[str, Any]) -> Refusal:
    says = row.get("says", [])
    return Refusal(
        says=frozenset([says] if isinstance(says, str) else says),
        field=row.get("field", ""),
        because=row.get("because", ""),
    )
