"""What the Binance profile sends, and how it reads the answers."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.core.fills import merge
from exchange_kernel.core.requests import AmendRequest, ListRequest, OrderRequest, TrailingOffset
from exchange_kernel.core.venue import VenueStatus
from exchange_kernel.exchange.profiles import binance_answers as answers
from exchange_kernel.exchange.profiles.binance import BinanceSpot
from exchange_kernel.exchange.profiles.canonical import number, plain
from support.requests import CLIENT_ID, order

PROFILE = BinanceSpot()


def raw_order(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    base = {
        "symbol": "BTCUSDT",
        "orderId": 7,
        "clientOrderId": CLIENT_ID,
        "price": "60000.00000000",
        "origQty": "0.50000000",
        "executedQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "BUY",
        "stopPrice": "0.00000000",
        "time": 1700000000000,
        "updateTime": 1700000000123,
        "isWorking": True,
    }
    return base | changes


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (order(), {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.5", "price": "60000"}),
        (order(time_in_force="IOC"), {"type": "LIMIT", "timeInForce": "IOC", "quantity": "0.5", "price": "60000"}),
        (order(time_in_force="FOK"), {"type": "LIMIT", "timeInForce": "FOK", "quantity": "0.5", "price": "60000"}),
        (order(post_only=True), {"type": "LIMIT_MAKER", "quantity": "0.5", "price": "60000"}),
        (order(type="Market", price=None), {"type": "MARKET", "quantity": "0.5"}),
        (order(type="Market", price=None, time_in_force="IOC"), {"type": "MARKET", "quantity": "0.5"}),
        (
            order(type="Market", price=None, quantity=None, quote_quantity=Decimal("100.1234567")),
            {"type": "MARKET", "quoteOrderQty": "100.1234567"},
        ),
    ],
)
def test_an_order_goes_out_with_exactly_these_parameters(request_: OrderRequest, sent: dict[str, str]) -> None:
    call = PROFILE.create(request_, "BTCUSDT")

    always = {"symbol": "BTCUSDT", "side": "BUY", "newClientOrderId": CLIENT_ID, "newOrderRespType": "FULL"}
    assert call.method == "privatePostOrder"
    assert call.args == (always | sent,)
    assert call.expected == always | sent


@pytest.mark.parametrize(
    "contradiction",
    [
        order(type="Market"),  # a price would make it an order by quote quantity
        order(trigger_price=Decimal(59000)),
        order(quote_quantity=Decimal(100)),
        order(type="Market", price=None, quote_quantity=Decimal(100)),
        order(type="Market", price=None, quantity=None, quote_quantity=Decimal(100), side="Sell"),
        order(type="Market", price=None, quantity=None),
        order(price=None),
        order(quantity=Decimal(0)),
        order(quantity=Decimal("NaN")),
        order(client_order_id="0123"),
        order(client_order_id=CLIENT_ID.upper()),
    ],
)
def test_a_contradiction_never_becomes_a_request(contradiction: OrderRequest) -> None:
    with pytest.raises(ValueError, match=r"."):
        PROFILE.create(contradiction, "BTCUSDT")


@pytest.mark.parametrize(
    "foreign", ["", "x-TKT5PX2F22ecb58eb9074fb1be018c", "web_123", CLIENT_ID.upper(), CLIENT_ID + "0"]
)
def test_foreign_client_ids_are_not_ours(foreign: str) -> None:
    assert PROFILE.decode(foreign) is None


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.decimals(min_value="0.00000001", max_value="99999999999", places=8))
def test_numbers_reach_the_wire_exactly_and_without_an_exponent(value: Decimal) -> None:
    text = plain(value)

    assert Decimal(text) == value
    assert set(text) <= set("0123456789.")
    assert not (("." in text) and text.endswith(("0", ".")))


def test_a_float_is_no_number() -> None:
    with pytest.raises(ValueError, match=r"0\.1 is not a decimal text"):
        number(0.1)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, VenueStatus.OPEN),
        ({"status": "PARTIALLY_FILLED", "executedQty": "0.1"}, VenueStatus.OPEN),
        ({"status": "PENDING_CANCEL"}, VenueStatus.OPEN),
        ({"status": "FILLED", "executedQty": "0.5"}, VenueStatus.FILLED),
        ({"status": "CANCELED", "executedQty": "0.1"}, VenueStatus.CANCELED),
        ({"status": "EXPIRED"}, VenueStatus.EXPIRED),
        ({"status": "EXPIRED_IN_MATCH"}, VenueStatus.EXPIRED),
        ({"status": "REJECTED"}, VenueStatus.REJECTED),
        ({"status": "PENDING_NEW"}, VenueStatus.UNTRIGGERED),
        ({"type": "STOP_LOSS_LIMIT", "stopPrice": "59000", "isWorking": False}, VenueStatus.UNTRIGGERED),
        ({"type": "STOP_LOSS_LIMIT", "stopPrice": "59000", "isWorking": True}, VenueStatus.OPEN),
    ],
)
def test_the_raw_status_says_where_an_order_stands(changes: dict[str, Any], status: VenueStatus) -> None:
    read = PROFILE.read_order(raw_order(**changes), "BTC/USDT")

    assert read.status is status
    assert read.filled == Decimal(changes.get("executedQty", "0"))


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "A_NEW_WORD"},
        {"status": "FILLED", "executedQty": "0.4"},
        {"executedQty": 0.4},
        {"executedQty": None},
        {"orderId": None},
        {"side": "SHORT"},
        {"cummulativeQuoteQty": "Infinity"},
    ],
)
def test_an_answer_that_is_not_understood_is_not_read(changes: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, ArithmeticError)):
        PROFILE.read_order(raw_order(**changes), "BTC/USDT")


def test_an_unavailable_cost_is_not_invented() -> None:
    assert PROFILE.read_order(raw_order(cummulativeQuoteQty="-1"), "BTC/USDT").cost is None


def test_the_fills_of_an_answer_count_only_when_they_are_all_there() -> None:
    fill = {"price": "60000", "qty": "0.2", "commission": "0.0002", "commissionAsset": "BTC", "tradeId": 5}
    whole = PROFILE.read_order(raw_order(executedQty="0.2", fills=[fill]), "BTC/USDT")
    partial = PROFILE.read_order(raw_order(executedQty="0.3", fills=[fill]), "BTC/USDT")

    assert whole.trades is not None
    assert [(t.quantity, t.cost, t.fee) for t in whole.trades] == [(Decimal("0.2"), Decimal(12000), Decimal("0.0002"))]
    assert partial.trades is None


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"code":-2010,"msg":"Duplicate order sent."}', ("-2010", "Duplicate order sent.")),
        ('{"code":"-2010"}', ("", "")),
        ("<html>502</html>", ("", "")),
        ("", ("", "")),
        ("[]", ("", "")),
        ('{"code":-20', ("", "")),
    ],
)
def test_only_the_venues_own_form_of_error_is_an_error_of_the_venue(body: str, error: tuple[str, str]) -> None:
    assert PROFILE.error_of(body) == error


def test_an_endpoint_replaces_every_address_that_requests_could_go_to() -> None:
    urls = PROFILE.api_urls(
        {"public": "https://real/", "private": "https://real/", "sapi": "https://real/"}, "http://x/"
    )

    assert urls == {"public": "http://x/api/v3", "private": "http://x/api/v3"}


def stop(kind: str, side: str = "Sell", **changes: Any) -> OrderRequest:  # noqa: ANN401 - fields of OrderRequest
    return order(**{"type": kind, "side": side, "price": None, "trigger_price": Decimal(59000)} | changes)


def trailing(offset: str, kind: str = "Percent", activation: str | None = None) -> OrderRequest:
    follows = TrailingOffset(Decimal(offset), kind, Decimal(activation) if activation else None)
    return stop("TrailingStopMarket", trigger_price=None, trailing=follows)


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (stop("StopMarket"), {"type": "STOP_LOSS", "stopPrice": "59000"}),
        (stop("StopMarket", "Buy"), {"type": "STOP_LOSS", "stopPrice": "59000"}),
        (stop("TakeProfitMarket"), {"type": "TAKE_PROFIT", "stopPrice": "59000"}),
        (
            stop("StopLimit", price=Decimal("58900.50")),
            {"type": "STOP_LOSS_LIMIT", "stopPrice": "59000", "price": "58900.5", "timeInForce": "GTC"},
        ),
        (
            stop("TakeProfitLimit", price=Decimal(59000), time_in_force="FOK"),
            {"type": "TAKE_PROFIT_LIMIT", "stopPrice": "59000", "price": "59000", "timeInForce": "FOK"},
        ),
        (trailing("1.25"), {"type": "STOP_LOSS", "trailingDelta": "125"}),
        (
            trailing("0.1", activation="61000"),
            {"type": "TAKE_PROFIT", "stopPrice": "61000", "trailingDelta": "10"},
        ),
    ],
)
def test_a_trigger_keeps_its_type_whatever_the_side(request_: OrderRequest, sent: dict[str, str]) -> None:
    call = PROFILE.create(request_, "BTCUSDT")

    common = {"symbol", "side", "newClientOrderId", "newOrderRespType"}
    assert {k: v for k, v in call.args[0].items() if k not in common} == sent | {"quantity": "0.5"}
    assert call.expected == call.args[0]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (trailing("1.255"), "1.25 or 1.26"),
        (trailing("0.001"), "0.01 or 0.02"),
        (trailing("100", "Amount"), "Percent"),
        (stop("StopMarket", trigger_price=None), "needs a trigger_price"),
        (stop("StopMarket", price=Decimal(1)), "takes no price"),
        (stop("StopLimit"), "needs a price"),
        (stop("TrailingStopMarket"), "takes no trigger_price"),
        (stop("TrailingStopMarket", trigger_price=None), "needs a trailing"),
        (replace(trailing("1"), quote_quantity=Decimal(5)), "alone"),
    ],
)
def test_a_trigger_that_is_not_whole_never_becomes_a_request(request_: OrderRequest, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PROFILE.create(request_, "BTCUSDT")


AMEND = AmendRequest("7", CLIENT_ID, "BTC/USDT", "Buy", "Limit", quantity=Decimal("0.400"))


def test_an_amend_sends_the_total_and_the_current_client_id_again() -> None:
    call = PROFILE.amend(AMEND, "BTCUSDT")

    sent = {"symbol": "BTCUSDT", "orderId": "7", "newClientOrderId": CLIENT_ID, "newQty": "0.4"}
    assert call.args == ("order/amend/keepPriority", ["private"], "PUT", sent)
    assert call.expected == sent


@pytest.mark.parametrize(
    "unlisted",
    [
        replace(AMEND, price=Decimal(1)),
        replace(AMEND, trigger_price=Decimal(1)),
        replace(AMEND, quantity=None),
        replace(AMEND, type="Market"),
    ],
)
def test_an_amend_that_the_venue_does_not_make_in_place_never_becomes_a_request(unlisted: AmendRequest) -> None:
    with pytest.raises(ValueError, match=r"."):
        PROFILE.amend(unlisted, "BTCUSDT")


def amended(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    order = {
        "symbol": "BTCUSDT",
        "orderId": 7,
        "origClientOrderId": CLIENT_ID,
        "clientOrderId": CLIENT_ID,
        "price": "60000.00000000",
        "qty": "0.40000000",
        "executedQty": "0.10000000",
        "cumulativeQuoteQty": "6000.00000000",
        "status": "PARTIALLY_FILLED",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "BUY",
    }
    return {"transactTime": 1741926410255, "executionId": 75, "amendedOrder": order | changes}


def test_the_answer_to_an_amend_tells_the_total_and_the_fills() -> None:
    read = PROFILE.amended(amended(), AMEND, "BTCUSDT")

    assert (read.quantity, read.filled, read.cost) == (Decimal("0.4"), Decimal("0.1"), Decimal(6000))
    assert (read.exchange_order_id, read.client_order_id, read.status) == ("7", CLIENT_ID, VenueStatus.OPEN)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        amended(clientOrderId="another"),
        amended(orderId=8),
        amended(qty="0.5"),
        amended(symbol="ETHUSDT"),
        amended(status="TELEPORTED"),
    ],
)
def test_an_answer_that_acknowledges_another_change_is_no_acknowledgement(raw: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        PROFILE.amended(raw, AMEND, "BTCUSDT")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"isWorking": False}, VenueStatus.UNTRIGGERED),
        ({"isWorking": False, "trailingDelta": 100, "trailingTime": -1}, VenueStatus.UNTRIGGERED),
        ({"isWorking": True}, VenueStatus.OPEN),
        ({"isWorking": True, "status": "PARTIALLY_FILLED", "executedQty": "0.1"}, VenueStatus.OPEN),
        ({"isWorking": True, "status": "EXPIRED", "expiryReason": "INSUFFICIENT_LIQUIDITY"}, VenueStatus.EXPIRED),
        ({"isWorking": False, "status": "CANCELED"}, VenueStatus.CANCELED),
    ],
)
def test_an_order_is_untriggered_until_the_venue_works_it(changes: dict[str, Any], status: VenueStatus) -> None:
    read = PROFILE.read_order(raw_order(type="STOP_LOSS_LIMIT", stopPrice="59000.00000000", **changes), "BTC/USDT")

    assert (read.status, read.trigger_price) == (status, Decimal(59000))


def test_the_venues_reason_for_an_expiry_is_told() -> None:
    expired = PROFILE.read_order(raw_order(status="EXPIRED", expiryReason="INSUFFICIENT_LIQUIDITY"), "BTC/USDT")
    plainly = PROFILE.read_order(raw_order(status="EXPIRED", expiryReason="NONE"), "BTC/USDT")

    assert (expired.raw_status, plainly.raw_status) == ("EXPIRED (INSUFFICIENT_LIQUIDITY)", "EXPIRED")


def test_an_order_by_amount_that_ended_early_is_not_filled() -> None:
    """The venue calls what was executed its quantity; merged with itself it must not become complete."""
    raw = {
        "symbol": "ETHUSDT", "orderId": 7, "clientOrderId": "ec0d" + "0" * 28, "side": "BUY", "type": "MARKET",
        "status": "EXPIRED", "price": "0", "stopPrice": "0", "origQty": "0.5", "executedQty": "0.5",
        "origQuoteOrderQty": "1968.00000000", "cummulativeQuoteQty": "1500", "time": 1, "updateTime": 2,
        "isWorking": True, "timeInForce": "GTC",
    }  # fmt: skip
    order = answers.order(raw, "ETH/USDT")
    assert order.quantity is None
    assert merge(order, order).status is VenueStatus.EXPIRED


# --- an entry with its exits ------------------------------------------------------------------------------------------


def short_list(**entry: object) -> ListRequest:
    sold = order(client_order_id="ec0d" + "1" * 28, side="Sell", time_in_force="FOK")
    stop = order(client_order_id="ec0d" + "2" * 28, type="StopMarket", price=None, trigger_price=Decimal(66000))
    target = order(client_order_id="ec0d" + "3" * 28, price=Decimal(54000))
    return ListRequest("ec0d" + "4" * 28, stop, target, replace(sold, **entry))  # type: ignore[arg-type]


def test_an_entry_goes_out_with_its_exits_under_four_ids_of_ours() -> None:
    call = PROFILE.create_list(short_list(), "BTCUSDT")

    assert call.method == "privatePostOrderListOtoco"
    assert call.expected == {
        "symbol": "BTCUSDT",
        "listClientOrderId": "ec0d" + "4" * 28,
        "newOrderRespType": "FULL",
        "workingSide": "SELL",
        "workingType": "LIMIT",
        "workingTimeInForce": "FOK",
        "workingQuantity": "0.5",
        "workingPrice": "60000",
        "workingClientOrderId": "ec0d" + "1" * 28,
        "pendingSide": "BUY",
        "pendingQuantity": "0.5",
        "pendingAboveType": "STOP_LOSS",
        "pendingAboveStopPrice": "66000",
        "pendingAboveClientOrderId": "ec0d" + "2" * 28,
        "pendingBelowType": "LIMIT_MAKER",
        "pendingBelowPrice": "54000",
        "pendingBelowClientOrderId": "ec0d" + "3" * 28,
    }


@pytest.mark.parametrize(
    "entry",
    [
        {"time_in_force": "GTC"},  # a part of it would stay without a stop
        {"time_in_force": "IOC"},
        {"side": "Buy"},  # the side of its exits, and a fee would come off what it buys
        {"quantity": Decimal("0.4")},  # another one than that of its exits
        {"symbol": "ETH/USDT"},
    ],
)
def test_an_entry_whose_list_would_mean_something_else_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="entry"):
        PROFILE.create_list(short_list(**entry), "BTCUSDT")
