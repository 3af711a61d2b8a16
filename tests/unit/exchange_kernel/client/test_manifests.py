"""Orders as objects, and back; ids, errors of the API server, addresses."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from exchange_kernel.api.enums import GroupType, OffsetType, OrderType, Side, TimeInForce
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.client import faults, manifests
from exchange_kernel.client.cluster import Address
from exchange_kernel.client.errors import (
    ExchangeError,
    KernelUnavailableError,
    NotFoundError,
    Source,
    ValidationError,
)
from exchange_kernel.client.manifests import Desk
from exchange_kernel.client.models import StandardOrder, StandardOrderGroup, TrailingOffset
from exchange_kernel.client.names import uuid7
from exchange_kernel.kube.errors import Conflict, Forbidden, Invalid, KubeError, NotFound, Unavailable

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DESK = Desk("strategies", "desk", "main", "grid")
LIMIT = StandardOrder(symbol_id="BTC/USDT", side=Side.BUY, order_type=OrderType.LIMIT, quantity="0.1", price="50000")
STOP = StandardOrder(
    symbol_id="BTC/USDT", side=Side.SELL, order_type=OrderType.STOP_MARKET, quantity="0.1", trigger_price="45000"
)
TRAILING = StandardOrder(
    symbol_id="BTC/USDT",
    side=Side.SELL,
    order_type=OrderType.TRAILING_STOP_MARKET,
    quantity="1",
    trailing=TrailingOffset(offset="1.5", offset_type=OffsetType.PERCENT, activation_price="70000"),
)
GTD = LIMIT.model_copy(update={"time_in_force": TimeInForce.GTD, "expire_at": NOW + timedelta(hours=1)})
BY_QUOTE = StandardOrder(symbol_id="BTC/USDT", side=Side.BUY, order_type=OrderType.MARKET, quote_quantity="100")


def stored(order: StandardOrder, name: str = "dip") -> OrderIntent:
    body = manifests.intent(DESK, name, order, {"note": 1}, until=NOW)
    return OrderIntent.from_object({**body, "status": {}})


@pytest.mark.parametrize("order", [LIMIT, STOP, TRAILING, GTD, BY_QUOTE])
def test_an_order_comes_back_as_it_was_written(order: StandardOrder) -> None:
    named = order.model_copy(update={"intent_id": "dip"})
    found = stored(named)
    assert found.spec.problems() == ()
    assert manifests.order_of(found) == named
    assert manifests.same_wish(manifests.intent(DESK, "dip", named, None, until=NOW), found)
    other = named.model_copy(update={"symbol_id": "ETH/USDT"})
    assert not manifests.same_wish(manifests.intent(DESK, "dip", other, None, until=NOW), found)


def test_an_order_without_an_id_is_sent_soon_or_never_and_created_only() -> None:
    body = manifests.intent(DESK, "made-up", LIMIT, None, until=manifests.deadline(NOW))
    assert body["spec"]["placement"] == {"policy": "CreateOnly", "submitBefore": "2030-01-01T00:01:00Z"}
    named = LIMIT.model_copy(update={"intent_id": "dip"})
    assert "placement" not in manifests.intent(DESK, "dip", named, None, until=NOW)["spec"]


def test_a_strategys_name_and_notes_are_on_the_object() -> None:
    body = manifests.intent(DESK, "dip", LIMIT, {"level": 3, "why": "dip", "at": NOW}, until=NOW)
    assert body["metadata"]["labels"] == {"exchangekernel.dev/strategy": "grid"}
    assert body["spec"]["metadata"] == {"level": "3", "why": "dip", "at": '"2030-01-01 00:00:00+00:00"'}
    assert body["spec"]["accountRef"] == {"namespace": "desk", "name": "main"}


TARGET = STOP.model_copy(update={"order_type": OrderType.LIMIT, "trigger_price": None, "price": Decimal(60000)})


def test_a_bracket_names_its_legs_by_what_they_are() -> None:
    wanted = StandardOrderGroup(orders=(LIMIT, TARGET, STOP), mode=GroupType.BRACKET, group_id="trade")
    body = manifests.group(DESK, "trade", wanted, None, NOW)
    assert [(leg["name"], leg["role"], "quantity" in leg) for leg in body["spec"]["legs"]] == [
        ("entry", "Entry", True),
        ("target", "TakeProfit", False),
        ("stop", "StopLoss", False),
    ]
    found = OrderGroup.from_object({**body, "status": {}})
    assert (found.spec.problems(), [leg.problems() for leg in found.spec.legs]) == ((), [(), (), ()])
    assert manifests.same_group(body, found)


def test_plain_legs_are_counted() -> None:
    wanted = StandardOrderGroup(orders=(LIMIT, STOP), quantity="0.1")
    assert manifests.leg_names(wanted) == ("leg1", "leg2")
    assert manifests.group(DESK, "either", wanted, None, NOW)["spec"]["quantity"] == "0.1"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"legs": ("entry",)}, "one name for each order"),
        ({"orders": (LIMIT, TARGET.model_copy(update={"symbol_id": "ETH/USDT"}))}, "one symbol"),
        ({"orders": (LIMIT, TARGET.model_copy(update={"intent_id": "mine"}))}, "belong to the group"),
    ],
)
def test_a_group_that_cannot_be_meant_is_refused(changes: dict[str, Any], why: str) -> None:
    wanted = StandardOrderGroup(orders=(LIMIT, TARGET), quantity="1").model_copy(update=changes)
    with pytest.raises(ValidationError, match=why):
        manifests.group(DESK, "g", wanted, None, NOW)


def test_an_exchange_id_names_an_account_with_or_without_its_namespace() -> None:
    assert Address("main", "strategies").desk("pod") == Desk("strategies", "strategies", "main")
    assert Address("desk/main").desk("pod") == Desk("pod", "desk", "main")
    assert Address("main").desk(None) == Desk("default", "default", "main")
    for wrong in ("", "/main", "a/b/c"):
        with pytest.raises(ValidationError, match=r"\[namespace/\]name"):
            Address(wrong).desk("pod")


def test_an_object_of_another_account_is_not_the_desks() -> None:
    mine = {"metadata": {"namespace": "strategies"}, "spec": {"accountRef": {"namespace": "desk", "name": "main"}}}
    other = {"metadata": {"namespace": "strategies"}, "spec": {"accountRef": {"name": "main"}}}
    assert (DESK.owns(mine), DESK.owns(other)) == (True, False)


def test_made_up_ids_are_labels_that_sort_by_time() -> None:
    first, later = uuid7(NOW, lambda bits: 0), uuid7(NOW + timedelta(milliseconds=1), lambda bits: 2**bits - 1)
    assert first < later
    for made in (first, later):
        assert (UUID(made).version, UUID(made).variant) == (7, "specified in RFC 4122")


@pytest.mark.parametrize(
    ("error", "kind", "becomes"),
    [
        (Invalid("spec.price: Required value: add price"), "Intent", ValidationError),
        (NotFound("no such thing"), "Intent", NotFoundError),
        (Forbidden("no"), "Intent", ExchangeError),
        (Conflict("changed"), "Intent", ExchangeError),
        (Unavailable("silent"), "Group", KernelUnavailableError),
    ],
)
def test_errors_of_the_api_server_are_the_interfaces(error: KubeError, kind: str, becomes: type[Exception]) -> None:
    found = faults.translate(error, kind=kind, name="dip")
    assert type(found) is becomes
    if kind == "Group":
        assert (found.group_id, found.intent_id, found.retryable) == ("dip", None, True)


def test_each_mistake_that_the_api_server_names_is_one_error() -> None:
    said = 'is invalid: [spec.quantity: Invalid value: "number": must be a string, spec.side: Required value]'
    error = faults.translate(Invalid(said), kind="Intent", name="dip")
    assert isinstance(error, ValidationError)
    assert error.source is Source.ADMISSION
    assert [(each.field, each.reason) for each in error.errors] == [
        ("spec.quantity", "Invalidvalue"),
        ("spec.side", "Requiredvalue"),
    ] or error.errors[0].field == "spec.quantity"
