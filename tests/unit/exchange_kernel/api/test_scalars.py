"""Decimals, times, and the way from an object to JSON and back."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from exchange_kernel.api import OrderIntent
from exchange_kernel.api.scalars import AnyDecimal, SignedDecimal, Time, bounded, plain

DECIMALS: TypeAdapter[Decimal] = TypeAdapter(AnyDecimal)
SIGNED: TypeAdapter[Decimal] = TypeAdapter(SignedDecimal)
TIMES: TypeAdapter[datetime] = TypeAdapter(Time)


def manifest(**spec: object) -> dict[str, Any]:
    return {
        "apiVersion": "exchangekernel.dev/v1alpha1",
        "kind": "OrderIntent",
        "metadata": {"name": "order", "namespace": "strategy", "managedFields": [{"manager": "kubectl"}]},
        "spec": {
            "accountRef": {"name": "paper"},
            "symbol": "BTC/USDT",
            "side": "Buy",
            "type": "Limit",
            "quantity": "0.10",
            "price": "20000",
            **spec,
        },
    }


@settings(derandomize=True, max_examples=100)
@given(st.from_regex(r"(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?", fullmatch=True, alphabet="0123456789."))
def test_a_decimal_keeps_each_digit_on_the_way_through(text: str) -> None:
    assert DECIMALS.dump_json(DECIMALS.validate_python(text)).decode() == f'"{text}"'


@pytest.mark.parametrize("value", [0.1, 1, True, None, Decimal("NaN"), Decimal("Infinity"), b"1"])
def test_what_is_no_string_is_no_decimal(value: object) -> None:
    with pytest.raises(ValidationError, match=r'write decimals as strings, for example "0\.10"'):
        DECIMALS.validate_python(value)


def test_a_computed_decimal_is_written_without_exponent() -> None:
    assert plain(Decimal("1E+3")) == "1000"
    assert plain(Decimal("1E-8")) == "0.00000001"
    assert DECIMALS.validate_python(Decimal("1E+3")) == 1000


def test_a_rebate_is_a_negative_fee_and_a_quantity_is_never_negative() -> None:
    assert SIGNED.validate_python("-0.5") == Decimal("-0.5")
    with pytest.raises(ValidationError):
        DECIMALS.validate_python(Decimal("-0.5"))


def test_a_derived_value_is_rounded_to_what_the_kinds_can_hold() -> None:
    assert plain(bounded(Decimal(2) / Decimal(3))) == "0.666666666666666667"
    assert bounded(Decimal("0.10")).as_tuple() == Decimal("0.10").as_tuple()
    assert DECIMALS.validate_python(bounded(Decimal(1) / Decimal(3))) == Decimal("0.333333333333333333")


def test_a_time_is_in_utc_and_keeps_its_microseconds() -> None:
    east = datetime(2030, 1, 31, 14, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))

    assert TIMES.validate_python(east).tzinfo is UTC
    assert TIMES.dump_json(east) == b'"2030-01-31T12:00:00.000005Z"'
    assert TIMES.validate_python("2030-01-31T12:00:00.123456789Z").microsecond == 123456
    assert TIMES.dump_json(TIMES.validate_python("2030-01-31T14:00:00+02:00")) == b'"2030-01-31T12:00:00Z"'


@pytest.mark.parametrize("value", [datetime(2030, 1, 1), 1893456000, "2030-01-31", "1893456000"])  # noqa: DTZ001
def test_a_time_without_a_zone_is_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="with its zone"):
        TIMES.validate_python(value)


def test_an_object_survives_the_way_to_json_and_back() -> None:
    intent = OrderIntent.from_manifest(manifest(metadata={"signal": "7"}))

    written = intent.to_object()

    assert OrderIntent.from_object(written) == intent
    assert written["spec"]["quantity"] == "0.10"
    assert written["metadata"] == {"name": "order", "namespace": "strategy"}
    assert "triggerPrice" not in written["spec"]
    assert intent.account_key == ("strategy", "paper")


def test_a_stored_object_that_breaks_a_newer_rule_can_be_read_and_tells() -> None:
    """Its order must stay cancelable."""
    stored = manifest(postOnly=True, timeInForce="IOC")

    with pytest.raises(ValidationError):
        OrderIntent.from_manifest(stored)
    assert OrderIntent.from_object(stored).spec.problems() == (
        "postOnly is for type Limit with timeInForce GTC or GTD: remove postOnly, or change these",
    )


def test_a_wish_that_this_version_does_not_know_is_never_ignored() -> None:
    with pytest.raises(ValidationError, match=r"spec\.iceberg"):
        OrderIntent.from_object(manifest(iceberg="0.01"))


def test_a_newer_status_does_not_stop_an_older_operator() -> None:
    read = OrderIntent.from_object({**manifest(), "status": {"observedGeneration": 3, "later": {"field": 1}}})

    assert read.status.observed_generation == 3


def test_an_error_does_not_repeat_the_input() -> None:
    with pytest.raises(ValidationError) as caught:
        OrderIntent.from_manifest(manifest(apiKey="do-not-show"))

    assert "do-not-show" not in str(caught.value)
