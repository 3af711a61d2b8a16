"""The interface has the names and signatures that strategies are written against, and refuses what is not exact."""

import inspect
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError as Invalid

from exchange_kernel.client.base import ExchangeKernel
from exchange_kernel.client.errors import (
    ExchangeError,
    KernelError,
    KernelUnavailableError,
    NotFoundError,
    NotPublishedError,
    ValidationError,
)
from exchange_kernel.client.models import StandardOrder, StandardOrderGroup

# (name, parameters, returns, whether it is awaited): the interface that strategies know.
SIGNATURES = (
    ("place_order", "order: StandardOrder, metadata: dict[str, Any] | None = None", "str", True),
    ("place_order_group", "group: StandardOrderGroup, metadata: dict[str, Any] | None = None", "list[str]", True),
    ("cancel_order", "intent_id: str", "None", True),
    ("modify_order", "intent_id: str, new_order: StandardOrder", "None", True),
    ("cancel_all_orders", "symbol_id: str | None = None", "int", True),
    ("get_order_intent", "intent_id: str", "OrderIntent", True),
    ("get_order_state", "intent_id: str", "OrderState", True),
    ("get_all_intents", "symbol_id: str | None = None", "list[OrderIntent]", True),
    ("get_all_orders", "symbol_id: str | None = None", "list[OrderState]", True),
    ("get_positions", "symbol_id: str | None = None", "list[Position]", True),
    ("get_account_state", "", "AccountState", True),
    ("get_symbol_metadata", "symbol_id: str", "SymbolMetadata", True),
    ("get_asset_metadata", "asset_id: str", "AssetMetadata", True),
    ("list_symbols", "", "list[str]", True),
    (
        "subscribe_events",
        "callback: Callable[[BaseEvent], None], event_filter: dict[str, Any] | None = None",
        "str",
        False,
    ),
    ("unsubscribe_events", "subscription_id: str", "None", False),
    ("start", "", "None", True),
    ("stop", "", "None", True),
    ("health_check", "", "dict[str, Any]", True),
    ("force_reconciliation", "intent_id: str | None = None", "None", True),
    ("get_reconciliation_metrics", "", "dict[str, Any]", False),
)


def shown(annotation: object) -> str:
    text = annotation.__name__ if isinstance(annotation, type) and "[" not in str(annotation) else str(annotation)
    for prefix in ("exchange_kernel.client.models.", "exchange_kernel.client.events.", "collections.abc.", "typing."):
        text = text.replace(prefix, "")
    return text


@pytest.mark.parametrize("row", SIGNATURES, ids=lambda row: row[0])
def test_a_method_has_its_signature(row: tuple[str, str, str, bool]) -> None:
    name, parameters, returns, awaited = row
    method = getattr(ExchangeKernel, name)
    signature = inspect.signature(method)
    found = ", ".join(
        f"{each.name}: {shown(each.annotation)}" + ("" if each.default is each.empty else f" = {each.default}")
        for each in list(signature.parameters.values())[1:]
    )
    assert (found, shown(signature.return_annotation)) == (parameters, "None" if returns == "None" else returns)
    assert inspect.iscoroutinefunction(method) is awaited
    assert method.__isabstractmethod__
    assert method.__doc__


def test_there_is_nothing_beside_them_but_the_exchanges_id() -> None:
    assert ExchangeKernel.__abstractmethods__ == {name for name, *_ in SIGNATURES}
    assert list(inspect.signature(ExchangeKernel.__init__).parameters) == ["self", "exchange_id"]


def test_numbers_are_exact_and_times_know_their_zone() -> None:
    order = StandardOrder(symbol_id="BTC/USDT", side="Buy", order_type="Limit", quantity="0.1", price=Decimal(20000))
    assert order.quantity == Decimal("0.1")
    for wrong in (
        {"quantity": 0.1},
        {"price": -1},
        {"expire_at": datetime(2030, 1, 1)},  # noqa: DTZ001 - the mistake
        {"colour": "red"},
        {"intent_id": "Not a label"},
    ):
        with pytest.raises(Invalid):
            StandardOrder.model_validate({**order.model_dump(), **wrong})
    with pytest.raises(Invalid):
        order.price = Decimal(1)  # type: ignore[misc] # it is frozen
    ends = StandardOrder.model_validate({**order.model_dump(), "expire_at": datetime(2030, 1, 1, tzinfo=UTC)})
    assert ends.expire_at is not None


def test_a_group_has_two_orders_at_least() -> None:
    order = StandardOrder(symbol_id="BTC/USDT", side="Buy", order_type="Market", quantity=Decimal(1))
    with pytest.raises(Invalid):
        StandardOrderGroup(orders=(order,))
    assert StandardOrderGroup(orders=(order, order)).mode == "OCO"


def test_the_errors_are_of_one_family_and_say_what_may_be_repeated() -> None:
    silent = KernelUnavailableError("no answer", intent_id="dip")
    assert (silent.retryable, silent.intent_id, silent.outcome) == (True, "dip", "Unknown")
    assert isinstance(silent, ExchangeError)
    missing = NotPublishedError("Symbol", "BTC/USDT")
    assert isinstance(missing, NotFoundError)
    assert "spec.markets" in missing.message
    assert str(NotFoundError("Intent", "dip")) == "there is no Intent dip"
    assert not ValidationError("wrong").retryable
    for kind in (silent, missing, ValidationError("wrong")):
        assert isinstance(kind, KernelError)


def test_a_strategy_imports_nothing_of_the_operator() -> None:
    code = (
        "import sys, exchange_kernel.client.base, exchange_kernel.client.errors\n"
        "heavy = {'kopf', 'ccxt', 'kubernetes', 'aiohttp'} & set(sys.modules)\n"
        "ours = [name for name in sys.modules if name.startswith(('exchange_kernel.controller', "
        "'exchange_kernel.exchange', 'exchange_kernel.kube', 'exchange_kernel.core'))]\n"
        "print(sorted(heavy), ours)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[] []"
