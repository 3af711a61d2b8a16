"""The table of manifests, judged by the models. The API server judges the same table in tests/integration/api."""

from typing import Any

import pytest
from pydantic import ValidationError

from cases.table import Case, cases
from exchange_kernel.api import KINDS, KubeObject, OrderIntent
from exchange_kernel.api.order_intent import OrderIntentSpec

MODELS: dict[str, type[KubeObject]] = {kind.INFO.kind: kind for kind in KINDS}
# What pydantic calls the kinds of violation; decimals and times have validators of their own (value_error).
ERROR_TYPES = {
    "type": {"string_type", "bool_type", "int_type", "value_error"},
    "pattern": {"string_pattern_mismatch", "string_too_short", "value_error"},
    "format": {"value_error"},
    "length": {"string_too_long", "value_error"},
    "enum": {"enum"},
    "required": {"missing"},
    "unknown": {"extra_forbidden"},
    "minimum": {"greater_than_equal"},
    "count": {"too_short"},
    "duplicate": {"value_error"},
}
ALL = cases()


def path_of(location: tuple[str | int, ...]) -> str:
    """`spec.limits[0].perOrder`, as the API server writes it."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")


def schema_errors(error: ValidationError) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for item in error.errors():
        found.setdefault(path_of(item["loc"]), set()).add(item["type"])
    return found


def rule_messages(error: ValidationError) -> set[str]:
    sentences = (item["msg"].removeprefix("Value error, ") for item in error.errors())
    return {message for sentence in sentences for message in sentence.split("; ")}


def assert_refused_as_expected(case: Case, error: ValidationError) -> None:
    assert case.refused is not None, f"{case.name}: should be valid, but {error}"
    if case.refused.says:
        assert rule_messages(error) == set(case.refused.says)
    else:
        assert schema_errors(error).get(case.refused.field, set()) & ERROR_TYPES[case.refused.because], error


def with_status(case: Case, manifest: dict[str, Any]) -> dict[str, Any]:
    return manifest if case.status is None else {**manifest, "status": {"observedGeneration": 1, **case.status}}


@pytest.mark.parametrize("case", [c for c in ALL if c.then is None], ids=lambda c: f"{c.kind}: {c.name}")
def test_the_models_judge_a_manifest_as_the_table_says(case: Case) -> None:
    try:
        MODELS[case.kind].from_manifest(case.first)
    except ValidationError as error:
        assert_refused_as_expected(case, error)
    else:
        assert case.refused is None, f"{case.name}: should be refused"


@pytest.mark.parametrize("case", [c for c in ALL if c.then is not None], ids=lambda c: f"{c.kind}: {c.name}")
def test_the_models_judge_a_change_as_the_table_says(case: Case) -> None:
    assert case.then is not None
    model = MODELS[case.kind]
    old = model.from_manifest(with_status(case, case.first))
    try:
        new = model.from_manifest(with_status(case, case.then))
    except ValidationError as error:
        assert_refused_as_expected(case, error)
        return

    assert set(old.change_problems(new)) == (set(case.refused.says) if case.refused else set())


def test_each_rule_of_an_order_is_broken_by_a_case() -> None:
    said = {message for case in ALL if case.refused for message in case.refused.says}

    assert {rule.message for rule in OrderIntentSpec.RULES} <= said
    assert {rule.message for rule in OrderIntentSpec.all_transitions()} <= said
    assert {rule.message for rule in OrderIntent.all_transitions()} <= said


def test_the_table_is_long_and_its_names_are_unique() -> None:
    names = [(case.kind, case.name) for case in ALL]

    assert len(names) >= 60
    assert len(set(names)) == len(names)
