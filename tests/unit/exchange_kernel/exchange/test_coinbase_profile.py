"""What the Coinbase profile sends, and how it reads the answers. Answers are in the form of the API reference."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.core.requests import OrderRequest
from exchange_kernel.core.venue import VenueStatus
from exchange_kernel.exchange.port import ReadError
from exchange_kernel.exchange.profiles.coinbase import CoinbaseSpot
from exchange_kernel.exchange.profiles.parts import History, OrderKey, Proof
from support.asking import Asking
from support.requests import CLIENT_ID

PROFILE = CoinbaseSpot()
WIRE_ID = "01234567-89ab-cdef-0123-456789abcdef"
ORDER_ID = "9bc1eb3b-5b46-4b71-9628-ae2ed0cca75b"
END = datetime(2026, 5, 31, 11, 59, 59, tzinfo=timezone(timedelta(hours=2)))
ORDERS, ONE_ORDER = (
    "v3PrivateGetBrokerageOrdersHistoricalBatch",
    "v3PrivateGetBrokerageOrdersHistoricalOrderId",
)
FILLS = "v3PrivateGetBrokerageOrdersHistoricalFills"
KEY = OrderKey("BTC/USD", "BTC-USD", CLIENT_ID)


def order(**changes: Any) -> OrderRequest:  # noqa: ANN401 - fields of OrderRequest
    base = OrderRequest(CLIENT_ID, "BTC/USD", "Buy", "Limit", quantity=Decimal("0.5"), price=Decimal(60000))
    return replace(base, **changes)


def market(**changes: Any) -> OrderRequest:  # noqa: ANN401 - fields of OrderRequest
    return order(type="Market", price=None, **changes)


def stop(kind: str, side: str, **changes: Any) -> OrderRequest:  # noqa: ANN401 - fields of OrderRequest
    return order(type=kind, side=side, trigger_price=Decimal(59000), **changes)


def raw_order(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    base = {
        "order_id": ORDER_ID,
        "product_id": "BTC-USD",
        "user_id": "1111111-1111-1111-1111-111111111111",
        "order_configuration": {
            "limit_limit_gtc": {"base_size": "0.5", "limit_price": "60000.00", "post_only": False},
        },
        "side": "BUY",
        "client_order_id": WIRE_ID,
        "status": "OPEN",
        "time_in_force": "GOOD_UNTIL_CANCELLED",
        "created_time": "2026-01-16T23:37:23.947030Z",
        "completion_percentage": "0",
        "filled_size": "0",
        "average_filled_price": "0",
        "number_of_fills": "0",
        "filled_value": "0",
        "pending_cancel": False,
        "size_in_quote": False,
        "total_fees": "0",
        "trigger_status": "INVALID_ORDER_TYPE",
        "order_type": "LIMIT",
        "reject_reason": "REJECT_REASON_UNSPECIFIED",
        "settled": False,
        "product_type": "SPOT",
        "last_fill_time": None,
    }
    return base | changes


def raw_fill(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    base = {
        "entry_id": "b88b82cc",
        "trade_id": "cdc39e45-bbd3-44ec-bf02-61742dfb16a1",
        "order_id": ORDER_ID,
        "trade_time": "2026-01-18T01:37:38.091377090Z",
        "trade_type": "FILL",
        "price": "60000.00",
        "size": "0.25",
        "commission": "37.5",
        "product_id": "BTC-USD",
        "sequence_timestamp": "2026-01-18T01:37:38.092520Z",
        "liquidity_indicator": "TAKER",
        "size_in_quote": False,
        "side": "BUY",
    }
    return base | changes


def page(name: str, *rows: Any, cursor: str = "") -> dict[str, Any]:  # noqa: ANN401 - the venue's JSON
    return {name: list(rows), "sequence": "0", "has_next": bool(cursor), "cursor": cursor}


def refusal(**error: str) -> str:
    told = {"error": "UNKNOWN_FAILURE_REASON", "message": "", "error_details": "", **error}
    return json.dumps({"success": False, "failure_reason": "UNKNOWN_FAILURE_REASON", "error_response": told})


@pytest.mark.parametrize(
    ("request_", "configuration"),
    [
        (order(), {"limit_limit_gtc": {"base_size": "0.5", "limit_price": "60000", "post_only": False}}),
        (order(post_only=True), {"limit_limit_gtc": {"base_size": "0.5", "limit_price": "60000", "post_only": True}}),
        (
            order(time_in_force="GTD", expire_at=END),
            {
                "limit_limit_gtd": {
                    "base_size": "0.5",
                    "limit_price": "60000",
                    "end_time": "2026-05-31T09:59:59.000Z",
                    "post_only": False,
                }
            },
        ),
        (order(time_in_force="IOC"), {"sor_limit_ioc": {"base_size": "0.5", "limit_price": "60000"}}),
        (order(time_in_force="FOK"), {"limit_limit_fok": {"base_size": "0.5", "limit_price": "60000"}}),
        (market(), {"market_market_ioc": {"base_size": "0.5"}}),
        (
            market(quantity=None, quote_quantity=Decimal("100.125")),
            {"market_market_ioc": {"quote_size": "100.125"}},
        ),
    ],
)
def test_an_order_goes_out_with_exactly_this_configuration(
    request_: OrderRequest, configuration: dict[str, Any]
) -> None:
    call = PROFILE.create(request_, "BTC-USD")

    assert call.method == "v3PrivatePostBrokerageOrders"
    assert call.args[0] == {
        "client_order_id": WIRE_ID,
        "product_id": "BTC-USD",
        "side": "BUY",
        "order_configuration": configuration,
    }
    assert call.expected == call.args[0]


@pytest.mark.parametrize(
    ("kind", "side", "direction"),
    [
        ("StopLimit", "Buy", "STOP_DIRECTION_STOP_UP"),
        ("StopLimit", "Sell", "STOP_DIRECTION_STOP_DOWN"),
        ("TakeProfitLimit", "Buy", "STOP_DIRECTION_STOP_DOWN"),
        ("TakeProfitLimit", "Sell", "STOP_DIRECTION_STOP_UP"),
    ],
)
@pytest.mark.parametrize(("time_in_force", "expire_at"), [("GTC", None), ("GTD", END)])
def test_a_trigger_always_says_from_which_side(
    kind: str, side: str, direction: str, time_in_force: str, expire_at: datetime | None
) -> None:
    sent = PROFILE.create(stop(kind, side, time_in_force=time_in_force, expire_at=expire_at), "BTC-USD").args[0]

    ((name, terms),) = sent["order_configuration"].items()
    assert name == f"stop_limit_stop_limit_{time_in_force.lower()}"
    assert (terms["stop_price"], terms["limit_price"], terms["stop_direction"]) == ("59000", "60000", direction)
    assert terms.get("end_time") == ("2026-05-31T09:59:59.000Z" if expire_at else None)


@pytest.mark.parametrize(
    "contradiction",
    [
        order(type="Market"),
        order(trigger_price=Decimal(59000)),
        order(type="StopLimit"),
        order(quote_quantity=Decimal(100)),
        order(expire_at=END),
        order(time_in_force="GTD"),
        market(quote_quantity=Decimal(100)),
        market(quantity=None, quote_quantity=Decimal(100), side="Sell"),
        market(quantity=None),
        order(price=None),
        order(quantity=Decimal(0)),
        order(client_order_id=WIRE_ID),
    ],
)
def test_a_contradiction_never_becomes_a_request(contradiction: OrderRequest) -> None:
    with pytest.raises(ValueError, match=r"."):
        PROFILE.create(contradiction, "BTC-USD")


@pytest.mark.parametrize("foreign", ["", "ccxt-" + WIRE_ID, "web_123", WIRE_ID.upper(), CLIENT_ID, WIRE_ID + "0"])
def test_foreign_client_ids_are_not_ours(foreign: str) -> None:
    assert PROFILE.decode(foreign) is None


def acknowledgement(**changes: str) -> dict[str, Any]:
    ids = {"order_id": ORDER_ID, "product_id": "BTC-USD", "side": "BUY", "client_order_id": WIRE_ID}
    return {"success": True, "success_response": ids | changes, "order_configuration": None}


def test_an_acknowledgement_tells_the_ids_and_nothing_about_fills() -> None:
    placed = PROFILE.created(acknowledgement(), order(), "BTC-USD")

    assert (placed.exchange_order_id, placed.client_order_id) == (ORDER_ID, WIRE_ID)
    assert (placed.status, placed.filled, placed.quantity, placed.cost) == (
        VenueStatus.OPEN,
        0,
        Decimal("0.5"),
        None,
    )
    waiting = PROFILE.created(acknowledgement(side="SELL"), stop("StopLimit", "Sell"), "BTC-USD")
    assert waiting.status is VenueStatus.UNTRIGGERED


@pytest.mark.parametrize(
    "answer",
    [
        acknowledgement(product_id="ETH-USD"),
        acknowledgement(side="SELL"),
        acknowledgement(order_id=""),
        acknowledgement(client_order_id=""),
        acknowledgement() | {"success": "true"},
        {"success": True},
        {},
        [],
        "",
    ],
)
def test_what_acknowledges_no_order_or_another_is_not_read(answer: Any) -> None:  # noqa: ANN401 - the venue's JSON
    with pytest.raises((KeyError, TypeError, ValueError)):
        PROFILE.created(answer, order(), "BTC-USD")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, VenueStatus.OPEN),
        ({"status": "PENDING"}, VenueStatus.OPEN),
        ({"status": "QUEUED"}, VenueStatus.OPEN),
        ({"status": "CANCEL_QUEUED", "filled_size": "0.1"}, VenueStatus.OPEN),
        ({"status": "EDIT_QUEUED"}, VenueStatus.OPEN),
        ({"trigger_status": "STOP_PENDING"}, VenueStatus.UNTRIGGERED),
        ({"trigger_status": "STOP_TRIGGERED"}, VenueStatus.OPEN),
        ({"status": "FILLED", "filled_size": "0.5"}, VenueStatus.FILLED),
        ({"status": "CANCELLED", "filled_size": "0.1"}, VenueStatus.CANCELED),
        ({"status": "EXPIRED", "filled_size": "0.1"}, VenueStatus.EXPIRED),
        ({"status": "FAILED"}, VenueStatus.REJECTED),
        ({"status": "FAILED", "filled_size": "0.1"}, VenueStatus.CANCELED),
        (
            {"status": "CANCELLED", "order_configuration": {"sor_limit_ioc": {"base_size": "0.5", "limit_price": "1"}}},
            VenueStatus.EXPIRED,
        ),
        (
            {"status": "FILLED", "order_configuration": {"market_market_ioc": {"quote_size": "6.36"}}},
            VenueStatus.FILLED,
        ),
    ],
)
def test_the_raw_status_says_where_an_order_stands(changes: dict[str, Any], status: VenueStatus) -> None:
    read = PROFILE.read_order(raw_order(**changes), "BTC/USD")

    assert read.status is status
    assert read.filled == Decimal(changes.get("filled_size", "0"))


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "UNKNOWN_ORDER_STATUS"},
        {"status": "FILLED", "filled_size": "0.4"},
        {"filled_size": 0.4},
        {"filled_size": ""},
        {"order_id": None},
        {"side": "UNKNOWN_ORDER_SIDE"},
        {"order_configuration": {}},
        {"order_configuration": {"limit_limit_gtc": {}, "limit_limit_gtd": {}}},
    ],
)
def test_an_answer_that_is_not_understood_is_not_read(changes: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, ArithmeticError)):
        PROFILE.read_order(raw_order(**changes), "BTC/USD")


def test_an_order_by_quote_has_no_base_quantity_and_a_stop_shows_both_prices() -> None:
    by_quote = raw_order(order_configuration={"market_market_ioc": {"quote_size": "6.36"}})
    terms = {"base_size": "0.5", "limit_price": "58900", "stop_price": "59000", "stop_direction": "x"}
    stopping = PROFILE.read_order(raw_order(order_configuration={"stop_limit_stop_limit_gtc": terms}), "BTC/USD")

    assert PROFILE.read_order(by_quote, "BTC/USD").quantity is None
    assert (stopping.price, stopping.trigger_price) == (Decimal(58900), Decimal(59000))


async def test_fills_are_read_in_base_and_their_commission_is_paid_in_quote() -> None:
    in_quote = raw_fill(size="6000", size_in_quote=True, trade_id="a", trade_time="2026-01-18T01:37:39Z")
    ask = Asking(**{FILLS: page("fills", in_quote, raw_fill())})

    first, second = await PROFILE.trades(ask, replace(KEY, exchange_order_id=ORDER_ID))

    assert (first.quantity, first.cost, first.fee, first.fee_currency) == (
        Decimal("0.25"),
        Decimal(15000),
        Decimal("37.5"),
        "USD",
    )
    assert (second.quantity, second.cost) == (Decimal("0.1"), Decimal(6000))
    assert ask.asked(FILLS) == [{"order_ids": [ORDER_ID], "limit": 250}]


async def test_a_correction_among_the_fills_is_not_taken_for_one() -> None:
    ask = Asking(**{FILLS: page("fills", raw_fill(trade_type="REVERSAL"))})

    with pytest.raises(ValueError, match="REVERSAL"):
        await PROFILE.trades(ask, replace(KEY, exchange_order_id=ORDER_ID))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            refusal(new_order_failure_reason="INSUFFICIENT_FUND", message="Insufficient balance"),
            ("INSUFFICIENT_FUND", "Insufficient balance"),
        ),
        (refusal(error="UNSUPPORTED_ORDER_CONFIGURATION"), ("UNSUPPORTED_ORDER_CONFIGURATION",) * 2),
        (
            refusal(preview_failure_reason="PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
            ("PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE",) * 2,
        ),
        (refusal(), ("UNKNOWN_FAILURE_REASON",) * 2),
        (
            '{"error":"unknown","error_details":"d","message":"order with this orderID was not found"}',
            ("unknown", "order with this orderID was not found"),
        ),
        (
            '{"errors":[{"id":"rate_limit_exceeded","message":"Too many requests"}]}',
            ("rate_limit_exceeded", "Too many requests"),
        ),
        ("Unauthorized\n", ("Unauthorized", "Unauthorized")),
        (json.dumps(acknowledgement()), ("", "")),
        (json.dumps({"order": raw_order()}), ("", "")),
        ('{"errors":[]}', ("", "")),
        ('{"error":', ("", "")),
        ("<html>401 Unauthorized</html>", ("", "")),
        ("", ("", "")),
        ("[]", ("", "")),
    ],
)
def test_only_the_venues_own_forms_of_error_are_errors_of_the_venue(body: str, error: tuple[str, str]) -> None:
    assert PROFILE.error_of(body) == error


@pytest.mark.parametrize(
    ("code", "message", "proof", "reason"),
    [
        ("INSUFFICIENT_FUND", "", Proof.REFUSED, "InsufficientFunds"),
        ("PREVIEW_INSUFFICIENT_FUND", "", Proof.REFUSED, "InsufficientFunds"),
        ("INVALID_LIMIT_PRICE_POST_ONLY", "", Proof.REFUSED, "PostOnlyWouldTake"),
        ("PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE", "", Proof.REFUSED, "TriggerAlreadyCrossed"),
        ("PRODUCT_TRADING_HALTED", "", Proof.NOT_PLACED, "Maintenance"),
        ("DUPLICATE_CLIENT_ORDER_ID", "", Proof.DUPLICATE, "DuplicateId"),
        ("rate_limit_exceeded", "", Proof.NOT_PLACED, "RateLimited"),
        ("Unauthorized", "", Proof.NOT_PLACED, "AuthenticationFailed"),
        ("unknown", "order with this orderID was not found", Proof.NO_SUCH_ORDER, "NoSuchOrder"),
    ],
)
def test_a_code_proves_what_its_row_says(code: str, message: str, proof: Proof, reason: str) -> None:
    row = PROFILE.row(code, message)

    assert row is not None
    assert (row.proof, row.reason) == (proof, reason)


@pytest.mark.parametrize(
    ("code", "message"),
    [("UNKNOWN_FAILURE_REASON", ""), ("unknown", "internal error"), ("internal_server_error", ""), ("A_NEW_WORD", "")],
)
def test_a_code_that_says_nothing_proves_nothing(code: str, message: str) -> None:
    assert PROFILE.row(code, message) is None


async def test_open_orders_are_asked_for_state_by_state_and_told_once() -> None:
    def orders(params: Any) -> dict[str, Any]:  # noqa: ANN401 - call parameters
        (state,) = params["order_status"]
        if state == "OPEN" and "cursor" not in params:
            return page("orders", raw_order(), cursor="next")
        rows = {"OPEN": [raw_order(order_id="second")], "CANCEL_QUEUED": [raw_order()]}
        return page("orders", *rows.get(state, []))

    ask = Asking(**{ORDERS: orders})

    told = [row["order_id"] async for row in PROFILE.open_orders(ask)]

    assert told == [ORDER_ID, "second"]
    assert [(p["order_status"][0], p.get("cursor")) for p in ask.asked(ORDERS)] == [
        ("PENDING", None),
        ("QUEUED", None),
        ("EDIT_QUEUED", None),
        ("OPEN", None),
        ("OPEN", "next"),
        ("CANCEL_QUEUED", None),
    ]


async def test_a_list_that_never_ends_is_an_error_and_not_a_short_list() -> None:
    ask = Asking(**{ORDERS: page("orders", raw_order(), cursor="again")})

    with pytest.raises(ReadError, match="more than 60 pages"):
        [row async for row in PROFILE.open_orders(ask)]


async def test_a_list_without_its_rows_is_not_an_empty_list() -> None:
    with pytest.raises(KeyError):
        [row async for row in PROFILE.open_orders(Asking(**{ORDERS: {}}))]


HISTORY = History("BTC-USD", WIRE_ID, since_ms=1700000000000, now_ms=1700000600000)


async def test_an_absence_is_searched_in_open_orders_all_orders_and_fills() -> None:
    other = raw_order(order_id="other", client_order_id="web")
    ask = Asking(**{ORDERS: page("orders", other), FILLS: page("fills", raw_fill(order_id="other"))})

    assert [row async for row in PROFILE.orders_in_doubt(ask, HISTORY)] == []

    states = [params.get("order_status") for params in ask.asked(ORDERS)]
    assert states == [["PENDING"], ["QUEUED"], ["EDIT_QUEUED"], ["OPEN"], ["CANCEL_QUEUED"], None]
    assert ask.asked(ORDERS)[-1]["start_date"] == "2023-11-14T22:13:20.000Z"
    assert ask.asked(FILLS)[0]["start_sequence_timestamp"] == "2023-11-14T22:13:20.000Z"
    assert all(params["product_ids"] == ["BTC-USD"] for params in ask.asked(ORDERS) + ask.asked(FILLS))


async def test_a_fill_of_an_order_that_no_list_has_is_followed_to_the_order() -> None:
    ask = Asking(
        **{
            ORDERS: page("orders"),
            FILLS: page("fills", raw_fill()),
            ONE_ORDER: {"order": raw_order(status="FILLED", filled_size="0.5")},
        }
    )

    assert [row["order_id"] async for row in PROFILE.orders_in_doubt(ask, HISTORY)] == [ORDER_ID]


async def test_a_fill_whose_order_cannot_be_found_proves_no_absence() -> None:
    ask = Asking(**{ORDERS: page("orders"), FILLS: page("fills", raw_fill()), ONE_ORDER: None})

    with pytest.raises(ReadError, match="not yet the order"):
        [row async for row in PROFILE.orders_in_doubt(ask, HISTORY)]


CANCEL = "v3PrivatePostBrokerageOrdersBatchCancel"


def canceled(success: bool, reason: str = "UNKNOWN_CANCEL_FAILURE_REASON", order_id: str = ORDER_ID) -> dict[str, Any]:
    return {"results": [{"success": success, "failure_reason": reason, "order_id": order_id}]}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (canceled(success=True), True),
        (canceled(success=False, reason="DUPLICATE_CANCEL_REQUEST"), True),
        (canceled(success=False, reason="UNKNOWN_CANCEL_ORDER"), False),
        (canceled(success=False, reason="ORDER_IS_FULLY_FILLED"), False),
    ],
)
async def test_a_cancel_says_whether_there_was_something_to_cancel(answer: dict[str, Any], found: bool) -> None:
    ask = Asking(**{CANCEL: answer})

    assert await PROFILE.cancel(ask, replace(KEY, exchange_order_id=ORDER_ID)) is found
    assert ask.asked(CANCEL) == [{"order_ids": [ORDER_ID]}]


@pytest.mark.parametrize(
    "answer",
    [canceled(success=False), canceled(success=True, order_id="another"), {"results": []}, {}],
)
async def test_a_cancel_that_is_not_answered_is_not_taken_for_one(answer: dict[str, Any]) -> None:
    with pytest.raises((ReadError, ValueError, KeyError)):
        await PROFILE.cancel(Asking(**{CANCEL: answer}), replace(KEY, exchange_order_id=ORDER_ID))


async def test_an_order_whose_venue_id_is_not_known_is_searched_before_it_is_canceled() -> None:
    ask = Asking(
        **{ORDERS: page("orders", raw_order(client_order_id="web"), raw_order()), CANCEL: canceled(success=True)}
    )

    assert await PROFILE.cancel(ask, KEY)
    assert not await PROFILE.cancel(Asking(**{ORDERS: page("orders")}), KEY)


async def test_the_account_is_the_portfolio_of_the_key() -> None:
    told = {"can_view": True, "can_trade": False, "can_transfer": False, "portfolio_uuid": "p-1", "portfolio_type": "X"}
    ask = Asking(v3PrivateGetBrokerageKeyPermissions=told)

    identity = await PROFILE.identify(ask)

    assert (identity.venue_account_id, identity.can_trade) == ("p-1", False)


async def test_wallets_of_one_currency_are_summed_and_empty_ones_left_out() -> None:
    def wallet(currency: str, free: str, hold: str) -> dict[str, Any]:
        amounts = {"available_balance": {"value": free, "currency": currency}, "hold": {"value": hold}}
        return {"uuid": "u", "currency": currency, "type": "ACCOUNT_TYPE_CRYPTO", **amounts}

    rows = [wallet("BTC", "1.5", "0.5"), wallet("BTC", "1", "0"), wallet("USD", "0", "0"), wallet("CGLD", "2", "0")]

    balances = await PROFILE.balances(Asking(v3PrivateGetBrokerageAccounts=page("accounts", *rows)))

    assert [(b.asset, b.free, b.locked) for b in balances] == [
        ("BTC", Decimal("2.5"), Decimal("0.5")),
        ("CELO", Decimal(2), Decimal(0)),
    ]


async def test_the_clock_and_the_last_price_are_read() -> None:
    ask = Asking(
        v3PublicGetBrokerageTime={"iso": "2024-02-27T03:37:14Z", "epochSeconds": "1", "epochMillis": "1709005034333"},
        v3PublicGetBrokerageMarketProductsProductIdTicker={"trades": [{"trade_id": "1", "price": "60000.10"}]},
    )

    assert await PROFILE.clock_ms(ask) == 1709005034333
    assert await PROFILE.last_price(ask, "BTC-USD") == Decimal("60000.10")


def test_the_time_of_an_order_is_its_creation() -> None:
    at = PROFILE.placed_at_ms(raw_order())

    assert at == int(datetime(2026, 1, 16, 23, 37, 23, 947030, tzinfo=UTC).timestamp() * 1000)


def test_an_endpoint_replaces_every_address_that_requests_could_go_to() -> None:
    assert PROFILE.api_urls({"rest": "https://real", "v2": "https://real"}, "http://x/") == {"rest": "http://x"}
    assert PROFILE.api_urls({"rest": "https://real", "v2": "https://old"}, "") == {"rest": "https://real"}


def product(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    info = {
        "product_id": "BTC-USD",
        "price_increment": "0.01",
        "base_increment": "0.00000001",
        "quote_increment": "0.01",
        "quote_min_size": "1",
        "quote_max_size": "150000000",
        "base_min_size": "0.00000001",
        "base_max_size": "3400",
        "status": "online",
        "is_disabled": False,
        "trading_disabled": False,
        "cancel_only": False,
        "limit_only": False,
        "post_only": False,
        "view_only": False,
        "auction_mode": False,
    }
    parsed = {"id": "BTC-USD", "symbol": "BTC/USD", "base": "BTC", "quote": "USD", "spot": True, "taker": "0.006"}
    return {**parsed, "maker": 0.0, "info": info | changes}


def test_a_product_tells_its_rules_and_what_this_account_pays() -> None:
    read = PROFILE.read_market(product())

    assert read is not None
    assert (read.price_tick, read.quantity_step, read.min_notional) == (Decimal("0.01"), Decimal("1E-8"), Decimal(1))
    assert (read.taker_fee, read.maker_fee, read.active) == (Decimal("0.006"), None, True)
    assert read.order_types == {"Market", "Limit", "StopLimit", "TakeProfitLimit"}


@pytest.mark.parametrize("flag", ["is_disabled", "trading_disabled", "cancel_only", "view_only", "auction_mode"])
def test_a_product_that_takes_no_orders_is_not_active(flag: str) -> None:
    read = PROFILE.read_market(product(**{flag: True}))

    assert read is not None
    assert not read.active


def test_a_product_for_limit_orders_takes_no_market_orders() -> None:
    read = PROFILE.read_market(product(limit_only=True))

    assert read is not None
    assert "Market" not in read.order_types
    assert PROFILE.read_market(product() | {"spot": False}) is None
