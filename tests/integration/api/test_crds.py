"""What only a real API server can show: CRDs that establish, explain, print, select, and never block a cancel."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml

from exchange_kernel.api import KINDS, ExchangeAccount, KubeObject, OrderIntent
from exchange_kernel.api.crd import crd, open_api_schema
from exchange_kernel.api.meta import GROUP
from integration.api.server import ROOT, Refused, Server

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.INFO.kind)


def order(name: str, **spec: object) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {
            "accountRef": {"name": "paper"},
            "symbol": "BTC/USDT",
            "side": "Buy",
            "type": "Limit",
            "quantity": "0.010",
            "price": "20000",
            **spec,
        },
    }


def paths(node: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """(path, first words of the description) of each field that has fields of its own or none."""
    for name, child in node.get("properties", {}).items():
        here = f"{path}.{name}"
        yield here, child.get("description", "")
        yield from paths(child, here)
        yield from paths(child.get("items", {}), here)


@every_kind
def test_a_crd_is_established_and_structural(server: Server, kind: type[KubeObject]) -> None:
    found = json.loads(server.kubectl("get", "crd", f"{kind.INFO.plural}.{GROUP}", "-o", "json"))
    conditions = {item["type"]: item["status"] for item in found["status"]["conditions"]}

    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert found["status"]["storedVersions"] == ["v1alpha1"]


@every_kind
def test_kubectl_explain_shows_each_field(server: Server, kind: type[KubeObject]) -> None:
    shown = server.kubectl("explain", kind.INFO.plural, "--recursive", "-o", "plaintext")
    fields = [path for path, _ in paths(open_api_schema(kind), "") if not path.startswith(".metadata")]

    assert [path for path in fields if f"{path.rsplit('.', 1)[1]}\t<" not in shown] == []


@pytest.mark.parametrize("path", ["spec.timeInForce", "spec.placement.policy", "status.state", "spec.trailing.offset"])
def test_kubectl_explain_is_the_manual(server: Server, path: str) -> None:
    described = {found.removeprefix("."): words for found, words in paths(open_api_schema(OrderIntent), "")}

    shown = " ".join(server.kubectl("explain", f"orderintents.{path}").split())

    assert described[path] in shown


def test_each_example_applies(server: Server) -> None:
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        applied = server.plane.run_kubectl("apply", "--validate=strict", "-f", str(path))
        assert "created" in applied or "configured" in applied or "unchanged" in applied
    kinds = {doc["kind"] for path in (ROOT / "examples").glob("*.yaml") for doc in yaml.safe_load_all(path.read_text())}

    assert kinds >= {"Namespace", "Secret", "ExchangeAccount", "OrderIntent"}


def test_kubectl_get_prints_the_columns(server: Server) -> None:
    stored = server.create("OrderIntent", order("columns"))
    stored["status"] = {
        "state": "PartiallyFilled",
        "filledQuantity": "0.004",
        "message": "working",
        "averagePrice": "7",
    }
    server.replace("OrderIntent", stored, subresource="status")

    header, row = server.kubectl("get", "oi", "columns").splitlines()
    wide = server.kubectl("get", "oi", "columns", "-o", "wide")

    assert header.split() == ["NAME", "ACCOUNT", "SYMBOL", "SIDE", "TYPE", "QTY", "PRICE", "FILLED", "STATE", "AGE"]
    assert row.split()[:9] == [
        *("columns", "paper", "BTC/USDT", "Buy", "Limit", "0.010", "20000", "0.004", "PartiallyFilled")
    ]
    assert "MESSAGE" in wide
    assert "working" in wide
    assert "columns" in server.kubectl("get", "trading", "-o", "name")


def test_a_new_object_is_not_current_before_somebody_has_seen_it(server: Server) -> None:
    stored = server.create("OrderIntent", order("unseen"))

    assert stored["status"] == {"observedGeneration": -1}
    assert stored["metadata"]["generation"] == 1


def test_the_models_fill_in_the_same_defaults_as_the_api_server(server: Server) -> None:
    stored = server.create("OrderIntent", order("defaults"))

    assert OrderIntent.from_manifest(order("defaults")).to_object()["spec"] == stored["spec"]

    account = {"metadata": {"name": "defaults"}, "spec": {"exchange": "kraken", "credentialsSecretRef": {"name": "k"}}}
    stored = server.create("ExchangeAccount", account)

    assert ExchangeAccount.from_manifest(account).to_object()["spec"] == stored["spec"]


def test_orders_are_listed_by_account_and_symbol(server: Server) -> None:
    server.create("OrderIntent", order("chosen", accountRef={"namespace": "desk", "name": "sel"}, symbol="ETH/BTC"))
    server.create("OrderIntent", order("other", accountRef={"namespace": "desk", "name": "sel"}))

    chosen = "spec.accountRef.namespace=desk,spec.accountRef.name=sel,spec.symbol=ETH/BTC"

    assert server.select("OrderIntent", chosen) == ["chosen"]


def test_open_receipts_are_listed_by_their_outcome(server: Server) -> None:
    table = yaml.safe_load((ROOT / "tests/cases/receipts.yaml").read_text(encoding="utf-8"))
    base = {**table["base"], "identity": {**table["base"]["identity"], "accountName": "listed"}}
    placed = [{**base["placements"][0], "outcome": "Placed"}]
    server.create("OrderReceipt", {**base, "metadata": {"name": "open"}})
    server.create("OrderReceipt", {**base, "metadata": {"name": "done"}, "outcome": "Resolved", "placements": placed})

    assert server.select("OrderReceipt", "outcome=Pending,identity.accountName=listed") == ["open"]


def test_a_receipt_is_created_whole_in_one_request(server: Server) -> None:
    """The write-ahead record must hold what is about to be sent, from its first version on."""
    table = yaml.safe_load((ROOT / "tests/cases/receipts.yaml").read_text(encoding="utf-8"))

    stored = server.create("OrderReceipt", {**table["base"], "metadata": {"name": "whole"}})

    assert stored["outcome"] == "Pending"
    assert stored["placements"] == table["base"]["placements"]


# A group of its own: the rules come and go here, while other tests rely on those of the real one.
OLDER = "ratchet.exchangekernel.dev"


def install(server: Server, *, rules: bool) -> None:
    """The CRD of OrderIntent in another group, with the rules of today or as it was before any existed."""
    definition = crd(OrderIntent)
    definition["metadata"]["name"] = f"orderintents.{OLDER}"
    definition["spec"]["group"] = OLDER
    spec = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert spec["x-kubernetes-validations"]
    if not rules:
        del spec["x-kubernetes-validations"]
    server.apply("-f", "-", stdin=yaml.safe_dump(definition))
    server.kubectl("wait", "--for=condition=Established", "--timeout=30s", f"crd/orderintents.{OLDER}")


def wait_until(server: Server, manifest: dict[str, Any], *, refused: bool) -> None:
    """The API server takes a changed CRD into use a moment later."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            server.create("OrderIntent", manifest, dry_run=True)
        except (Refused, json.JSONDecodeError):  # not JSON: the group is not served yet
            if refused:
                return
        else:
            if not refused:
                return
        time.sleep(0.05)
    pytest.fail("the API server did not take the CRD into use within 30 s")


def test_an_old_object_that_breaks_a_newer_rule_can_still_be_canceled(server: Server) -> None:
    """Status and finalizer are how an order is canceled; a rule that came later must not block these writes."""
    older = replace(server, group=OLDER)
    old = order("ratcheted", postOnly=True, timeInForce="IOC")
    install(server, rules=False)
    wait_until(older, old, refused=False)
    stored = older.create("OrderIntent", old)
    install(server, rules=True)
    wait_until(older, {**old, "metadata": {"name": "newer"}}, refused=True)

    stored["status"] = {"observedGeneration": 1, "state": "Open"}
    stored = older.replace("OrderIntent", stored, subresource="status")
    stored["metadata"]["finalizers"] = [f"{GROUP}/cancel-order"]
    stored = older.replace("OrderIntent", stored)
    stored["metadata"]["finalizers"] = []
    stored = older.replace("OrderIntent", stored)

    assert stored["status"]["state"] == "Open"
    assert OrderIntent.from_object(stored).spec.problems() != ()
