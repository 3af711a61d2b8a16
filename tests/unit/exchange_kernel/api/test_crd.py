"""The rendered CRDs: in step with the models, structural, bounded, and explained field by field."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from exchange_kernel.api import KINDS, ExchangeAccount, KubeObject, OrderIntent
from exchange_kernel.api.crd import crd, open_api_schema
from exchange_kernel.api.order_intent import IMMUTABLE_ORDER_FIELDS, OrderIntentSpec
from exchange_kernel.api.render import HEADER, main, render, stale, write
from exchange_kernel.api.structural import NotStructuralError, structural

ROOT = Path(__file__).parents[4]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.INFO.kind)


def fields(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field of a schema, with its path; entries of lists and maps too."""
    for name, child in node.get("properties", {}).items():
        yield f"{path}.{name}", child
        yield from fields(child, f"{path}.{name}")
    for name in ("items", "additionalProperties"):
        if name in node:
            yield f"{path}[]", node[name]
            yield from fields(node[name], f"{path}[]")


def test_the_rendered_crds_match_the_models() -> None:
    assert stale(ROOT / "crds") == [], "the models have changed: run make crds"


@every_kind
def test_each_field_is_explained(kind: type[KubeObject]) -> None:
    silent = [
        path
        for path, node in fields(open_api_schema(kind))
        if not path.endswith("[]") and path != ".metadata" and len(node.get("description", "")) < 12
    ]

    assert silent == []


@every_kind
def test_each_string_list_and_map_is_bounded(kind: type[KubeObject]) -> None:
    limits = {"string": "maxLength", "array": "maxItems"}
    unbounded = [
        path
        for path, node in fields(open_api_schema(kind))
        if path not in (".apiVersion", ".kind")
        and (
            (node["type"] in limits and "enum" not in node and limits[node["type"]] not in node)
            or ("additionalProperties" in node and "maxProperties" not in node)
        )
    ]

    assert unbounded == []


@every_kind
def test_no_number_has_a_fraction(kind: type[KubeObject]) -> None:
    assert [path for path, node in fields(open_api_schema(kind)) if node["type"] == "number"] == []


def test_the_root_of_an_order_carries_the_freeze_rule_alone() -> None:
    rules = open_api_schema(OrderIntent)["x-kubernetes-validations"]

    assert len(rules) == 1
    assert "oldSelf" in rules[0]["rule"]
    assert "x-kubernetes-validations" not in open_api_schema(ExchangeAccount)


def test_an_unseen_object_does_not_look_current() -> None:
    for kind in (OrderIntent, ExchangeAccount):
        assert open_api_schema(kind)["properties"]["status"]["default"] == {"observedGeneration": -1}


def test_the_operator_writes_its_own_defaults() -> None:
    """A default under status would appear in objects that nobody has written it into."""
    for kind in KINDS:
        schema = open_api_schema(kind)
        recorded = {k: v for k, v in schema["properties"].items() if k != "spec"}
        found = [path for path, node in fields({"properties": recorded}) if "default" in node]
        assert found == ([".status"] if kind.INFO.status_subresource else [])


def test_field_selectors_of_users_kinds_are_on_immutable_fields() -> None:
    for path in OrderIntent.INFO.selectable_fields:
        top = path.split(".")[2]
        assert top in {OrderIntentSpec.alias_of(name) for name in IMMUTABLE_ORDER_FIELDS}


def test_what_cannot_change_says_so() -> None:
    spec = open_api_schema(OrderIntent)["properties"]["spec"]["properties"]
    for name in IMMUTABLE_ORDER_FIELDS:
        assert spec[OrderIntentSpec.alias_of(name)]["description"].endswith("Cannot be changed after creation.")
    assert "Default: GTC." in spec["timeInForce"]["description"]


def test_defaults_of_immutable_fields_stay_as_they_were_released() -> None:
    """Another default would make the next update of every stored object fail with "is immutable"."""
    spec = open_api_schema(OrderIntent)["properties"]["spec"]["properties"]
    found = {name: spec[OrderIntentSpec.alias_of(name)].get("default") for name in IMMUTABLE_ORDER_FIELDS}

    assert {name: value for name, value in found.items() if value is not None} == {
        "time_in_force": "GTC",
        "post_only": False,
        "reduce_only": False,
        "placement": {"policy": "CreateOrAdopt"},
    }


@every_kind
def test_a_kind_has_the_names_of_the_design(kind: type[KubeObject]) -> None:
    names = crd(kind)["spec"]["names"]

    assert names.get("shortNames", []) == {
        "OrderIntent": ["oi"],
        "OrderGroup": ["og"],
        "ExchangeAccount": ["xa"],
        "AccountState": ["xas"],
        "ExchangeMarket": ["xm"],
        "OrderReceipt": ["orec"],
    }.get(names["kind"], [])
    assert ("categories" in names) == kind.INFO.status_subresource


def test_a_union_is_refused_when_rendering() -> None:
    class Ambiguous(BaseModel):
        value: int | str

    with pytest.raises(NotStructuralError, match="value: a CRD cannot express a union"):
        structural(Ambiguous.model_json_schema(), defaults=True)


def test_a_keyword_that_the_api_server_does_not_know_is_refused_when_rendering() -> None:
    with pytest.raises(NotStructuralError, match="propertyNames"):
        structural({"type": "object", "propertyNames": {"maxLength": 3}}, defaults=True)


def test_make_crds_heals_a_folder_and_check_only_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    (tmp_path / "exchangekernel.dev_orderintents.yaml").write_text("changed", encoding="utf-8")
    (tmp_path / "left-over.yaml").write_text("", encoding="utf-8")

    assert main(["--check", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("run make crds") == 2
    assert main([str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == render()
    assert all(text.startswith(HEADER) for text in render().values())
