"""Text becomes values, and what the venue refuses is refused in its words."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paper_exchange.binance import values
from paper_exchange.binance.errors import VenueError
from paper_exchange.binance.params import Params, merge, parse_form
from paper_exchange.order_commands import CancelRestriction
from paper_exchange.units import SCALE, format_amount


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(VenueError) as error:
        call()
    return error.value.code, error.value.message


@pytest.mark.parametrize(
    ("read", "sent", "code", "text"),
    [
        (lambda p: p.required("symbol"), {}, -1102, "Mandatory parameter 'symbol' was not sent"),
        (lambda p: p.required("symbol"), {"symbol": ""}, -1102, "Mandatory parameter 'symbol' was not sent"),
        (lambda p: p.optional("price"), {"price": ""}, -1105, "Parameter 'price' was empty."),
        (lambda p: p.decimal("price"), {"price": "1e5"}, -1100, "Illegal characters found in parameter 'price'"),
        (lambda p: p.decimal("price"), {"price": "-1"}, -1100, "Illegal characters found in parameter 'price'"),
        (lambda p: p.integer("orderId"), {"orderId": "1.5"}, -1100, "Illegal characters found in parameter 'orderId'"),
        (lambda p: p.integer("orderId"), {"orderId": str(2**63)}, -1108, "Parameter 'orderId' overflowed."),
        (lambda p: p.limit(500, 1000), {"limit": "0"}, -1130, "Data sent for parameter 'limit' is not valid."),
        (lambda p: p.boolean("omit", default=False), {"omit": "yes"}, -1130, "Data sent for parameter 'omit'"),
        (lambda p: p.choice("type", ("FULL",)), {"type": "TINY"}, -1130, "Data sent for parameter 'type'"),
        (lambda p: p.refuse("price"), {"price": "1"}, -1106, "Parameter 'price' sent when not required."),
        (lambda p: p.client_order_id("id"), {"id": "a" * 37}, -1100, "legal range is '^[a-zA-Z0-9-_]{1,36}$'"),
        (lambda p: p.client_order_id("id"), {"id": "sp ace"}, -1100, "legal range is '^[a-zA-Z0-9-_]{1,36}$'"),
        (lambda p: values.amount(p, "quantity"), {"quantity": "0.000000001"}, -1111, "has too much precision"),
        (lambda p: values.amount(p, "quantity"), {"quantity": "9" * 20}, -1108, "Parameter 'quantity' overflowed."),
        (lambda p: values.word(p, "r", CancelRestriction), {"r": "SOMETIMES"}, -1130, "Data sent for parameter 'r'"),
        (
            lambda p: values.page(p, None, max_span_ms=values.DAY_MS),
            {"startTime": "0", "endTime": str(values.DAY_MS + 1)},
            -1127,
            "More than 24 hours between startTime and endTime.",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_the_venues_code_and_text(
    read: Callable[[Params], Any], sent: dict[str, str], code: int, text: str
) -> None:
    found, message = refusal(lambda: read(Params(sent)))
    assert found == code
    assert text in message


def test_what_nobody_read_is_refused_with_both_counts() -> None:
    params = Params({"symbol": "BTCUSDT", "triggerPrice": "1", "side": "BUY"})
    params.required("symbol")
    params.required("side")
    assert refusal(params.finish) == (
        -1104,
        "Not all sent parameters were read; read '2' parameter(s) but was sent '3'.",
    )
    params.optional("triggerPrice")
    params.finish()


def test_a_limit_is_cut_to_the_maximum_and_has_a_default() -> None:
    assert Params({"limit": "5000"}).limit(500, 1000) == 1000
    assert Params({}).limit(500, 1000) == 500


def test_the_query_string_wins_over_the_body() -> None:
    assert merge("a=1&b=2", "b=3&c=4") == {"a": "1", "b": "2", "c": "4"}


def test_a_name_that_occurs_twice_in_one_place_is_refused() -> None:
    assert refusal(lambda: parse_form("a=1&a=2"))[0] == -1101


def test_percent_encoding_and_plus_are_decoded() -> None:
    assert parse_form("symbols=%5B%22BTCUSDT%22%5D&x=a+b") == {"symbols": '["BTCUSDT"]', "x": "a b"}


@given(amount=st.integers(0, 2**62))
@settings(max_examples=100, derandomize=True)
def test_an_amount_that_the_venue_wrote_is_read_back_exactly(amount: int) -> None:
    assert values.amount(Params({"quantity": format_amount(amount)}), "quantity") == amount


def test_an_amount_counts_hundred_millionths() -> None:
    assert values.amount(Params({"quantity": "1.5"}), "quantity") == 3 * SCALE // 2
