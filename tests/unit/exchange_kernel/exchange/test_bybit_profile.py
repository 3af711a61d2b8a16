"""What the Bybit profile sends, and how it reads the answers. Answers are in the form of the venue's documents."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.core.requests import AmendRequest, OrderRequest
from exchange_kernel.core.venue import VenueStatus
from exchange_kernel.exchange.port import ReadError
from exchange_kernel.exchange.profiles.bybit import BybitSpot
from exchange_kernel.exchange.profiles.parts import History, OrderKey, Proof
from support.asking import Asking
from support.requests import CLIENT_ID, order

PROFILE = BybitSpot()
ORDER_ID = "1523347543495541248"
REALTIME, ORDERS, EXECUTIONS = "privateGetV5OrderRealtime", "privateGetV5OrderHistory", "privateGetV5ExecutionList"
CANCEL = "privatePostV5OrderCancel"
KEY = OrderKey("BTC/USDT", "BTCUSDT", CLIENT_ID)


def raw_order(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    base = {
        "orderId": ORDER_ID,
        "orderLinkId": CLIENT_ID,
        "blockTradeId": "",
        "symbol": "BTCUSDT",
        "price": "60000",
        "qty": "0.5",
        "side": "Buy",
        "isLeverage": "0",
        "positionIdx": 0,
        "orderStatus": "New",
        "cancelType": "UNKNOWN",
        "rejectReason": "EC_NoError",
        "avgPrice": "",
        "leavesQty": "0.5",
        "leavesValue": "30000",
        "cumExecQty": "0.00",
        "cumExecValue": "0",
        "cumExecFee": "0",
        "timeInForce": "GTC",
        "orderType": "Limit",
        "stopOrderType": "",
        "marketUnit": "",
        "triggerPrice": "0.00",
        "triggerDirection": 0,
        "basePrice": "",
        "createdTime": "1700000000000",
        "updatedTime": "1700000000123",
    }
    return base | changes


def execution(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    base = {
        "symbol": "BTCUSDT",
        "orderId": ORDER_ID,
        "orderLinkId": CLIENT_ID,
        "side": "Buy",
        "leavesQty": "0.25",
        "orderType": "Limit",
        "execFee": "0.00025",
        "feeCurrency": "BTC",
        "execId": "2290000000041234567",
        "execPrice": "60000",
        "execQty": "0.25",
        "execType": "Trade",
        "execValue": "15000",
        "execTime": "1700000001000",
    }
    return base | changes


def ok(**result: Any) -> dict[str, Any]:  # noqa: ANN401 - the venue's JSON
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 1700000000000}


def listed(*rows: dict[str, Any], cursor: str = "") -> dict[str, Any]:
    return ok(category="spot", nextPageCursor=cursor, list=list(rows))


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (order(), {"orderType": "Limit", "timeInForce": "GTC", "qty": "0.5", "price": "60000"}),
        (order(post_only=True), {"orderType": "Limit", "timeInForce": "PostOnly", "qty": "0.5", "price": "60000"}),
        (order(time_in_force="IOC"), {"orderType": "Limit", "timeInForce": "IOC", "qty": "0.5", "price": "60000"}),
        (order(time_in_force="FOK"), {"orderType": "Limit", "timeInForce": "FOK", "qty": "0.5", "price": "60000"}),
        (
            order(type="Market", price=None),
            {"orderType": "Market", "timeInForce": "IOC", "marketUnit": "baseCoin", "qty": "0.5"},
        ),
        (
            order(type="Market", price=None, quantity=None, quote_quantity=Decimal("100.5"), time_in_force="IOC"),
            {"orderType": "Market", "timeInForce": "IOC", "marketUnit": "quoteCoin", "qty": "100.5"},
        ),
    ],
)
def test_an_order_goes_out_with_exactly_these_parameters(request_: OrderRequest, sent: dict[str, str]) -> None:
    call = PROFILE.create(request_, "BTCUSDT")

    always = {
        "category": "spot",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderLinkId": CLIENT_ID,
        "isLeverage": 0,
        "orderFilter": "Order",
    }
    assert call.method == "privatePostV5OrderCreate"
    assert call.args == (always | sent,)
    assert call.expected == always | sent


def test_no_order_with_a_trigger_is_listed_for_its_direction_cannot_be_sent() -> None:
    assert {kind for kind, *_ in PROFILE.rules.supported} == {"Market", "Limit"}


@pytest.mark.parametrize(
    "contradiction",
    [
        order(type="Market"),
        order(trigger_price=Decimal(59000)),
        order(expire_at=datetime(2026, 1, 1, tzinfo=UTC)),
        order(quote_quantity=Decimal(100)),
        order(type="Market", price=None, quote_quantity=Decimal(100)),
        order(type="Market", price=None, quantity=None, quote_quantity=Decimal(100), side="Sell"),
        order(type="Market", price=None, quantity=None),
        order(price=None),
        order(quantity=Decimal(0)),
        order(client_order_id="0123"),
    ],
)
def test_a_contradiction_never_becomes_a_request(contradiction: OrderRequest) -> None:
    with pytest.raises(ValueError, match=r"."):
        PROFILE.create(contradiction, "BTCUSDT")


@pytest.mark.parametrize("foreign", ["", "spot-test-01", CLIENT_ID.upper(), CLIENT_ID + "0"])
def test_foreign_client_ids_are_not_ours(foreign: str) -> None:
    assert PROFILE.decode(foreign) is None
    assert PROFILE.decode(PROFILE.encode(CLIENT_ID)) == CLIENT_ID


def test_an_acknowledgement_tells_the_ids_and_nothing_about_fills() -> None:
    placed = PROFILE.created(ok(orderId=ORDER_ID, orderLinkId=CLIENT_ID), order(), "BTCUSDT")

    assert (placed.exchange_order_id, placed.client_order_id, placed.status) == (ORDER_ID, CLIENT_ID, VenueStatus.OPEN)
    assert (placed.filled, placed.quantity, placed.cost) == (0, Decimal("0.5"), None)


@pytest.mark.parametrize(
    "answer", [ok(), ok(orderId="", orderLinkId=CLIENT_ID), ok(orderId=ORDER_ID, orderLinkId=""), {}, "", []]
)
def test_what_acknowledges_no_order_is_not_read(answer: Any) -> None:  # noqa: ANN401 - the venue's JSON
    with pytest.raises((KeyError, TypeError, ValueError)):
        PROFILE.created(answer, order(), "BTCUSDT")


def amendment(**changes: Any) -> AmendRequest:  # noqa: ANN401 - fields of AmendRequest
    return replace(AmendRequest(ORDER_ID, CLIENT_ID, "BTC/USDT", "Buy", "Limit", quantity=Decimal("0.4")), **changes)


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ({}, {"qty": "0.4"}),
        ({"quantity": None, "price": Decimal(59000)}, {"price": "59000"}),
        ({"price": Decimal(59000)}, {"qty": "0.4", "price": "59000"}),
    ],
)
def test_an_amend_sends_only_what_changes(change: dict[str, Any], sent: dict[str, str]) -> None:
    call = PROFILE.amend(amendment(**change), "BTCUSDT")

    assert call.method == "privatePostV5OrderAmend"
    assert call.args[0] == {"category": "spot", "symbol": "BTCUSDT", "orderId": ORDER_ID, **sent}
    assert call.expected == call.args[0]


def test_an_amend_of_what_is_not_listed_never_becomes_a_request() -> None:
    for unlisted in (amendment(type="StopLimit"), amendment(trigger_price=Decimal(1))):
        with pytest.raises(ValueError, match="changes no"):
            PROFILE.amend(unlisted, "BTCUSDT")


def test_an_acknowledged_amend_tells_nothing_of_the_order() -> None:
    PROFILE.amended(ok(orderId=ORDER_ID, orderLinkId=CLIENT_ID), amendment(), "BTCUSDT")

    for answer in (ok(orderId="another", orderLinkId=CLIENT_ID), ok(), {}):
        with pytest.raises((KeyError, ValueError)):
            PROFILE.amended(answer, amendment(), "BTCUSDT")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, VenueStatus.OPEN),
        ({"orderStatus": "PartiallyFilled", "cumExecQty": "0.1"}, VenueStatus.OPEN),
        ({"orderStatus": "Untriggered"}, VenueStatus.UNTRIGGERED),
        ({"orderStatus": "Triggered"}, VenueStatus.OPEN),
        ({"orderStatus": "Filled", "cumExecQty": "0.5"}, VenueStatus.FILLED),
        ({"orderStatus": "PartiallyFilledCanceled", "cumExecQty": "0.1"}, VenueStatus.CANCELED),
        ({"orderStatus": "Cancelled"}, VenueStatus.CANCELED),
        ({"orderStatus": "Deactivated"}, VenueStatus.CANCELED),
        ({"orderStatus": "Rejected"}, VenueStatus.REJECTED),
        ({"orderStatus": "Rejected", "cumExecQty": "0.1"}, VenueStatus.CANCELED),
        ({"orderStatus": "Cancelled", "rejectReason": "EC_PostOnlyWillTakeLiquidity"}, VenueStatus.REJECTED),
        ({"orderStatus": "Cancelled", "timeInForce": "FOK"}, VenueStatus.EXPIRED),
        ({"orderStatus": "PartiallyFilledCanceled", "timeInForce": "IOC", "cumExecQty": "0.1"}, VenueStatus.EXPIRED),
        (
            {
                "orderStatus": "PartiallyFilledCanceled",
                "orderType": "Market",
                "timeInForce": "IOC",
                "cumExecQty": "0.1",
            },
            VenueStatus.EXPIRED,
        ),
    ],
)
def test_the_raw_status_says_where_an_order_stands(changes: dict[str, Any], status: VenueStatus) -> None:
    read = PROFILE.read_order(raw_order(**changes), "BTC/USDT")

    assert read.status is status
    assert read.filled == Decimal(changes.get("cumExecQty", "0"))


@pytest.mark.parametrize(
    "changes",
    [
        {"orderStatus": "A_NEW_WORD"},
        {"orderStatus": "Filled", "cumExecQty": "0.4"},
        {"cumExecQty": 0.4},
        {"cumExecQty": ""},
        {"orderId": ""},
        {"side": "None"},
    ],
)
def test_an_answer_that_is_not_understood_is_not_read(changes: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, ArithmeticError)):
        PROFILE.read_order(raw_order(**changes), "BTC/USDT")


@pytest.mark.parametrize(
    ("changes", "quantity"),
    [
        ({"marketUnit": "quoteCoin"}, None),
        ({"marketUnit": ""}, None),
        ({"marketUnit": "", "side": "Sell"}, Decimal("0.5")),
        ({"marketUnit": "baseCoin"}, Decimal("0.5")),
    ],
)
def test_a_market_order_by_quote_has_no_base_quantity_and_none_has_a_price(
    changes: dict[str, str], quantity: Decimal | None
) -> None:
    read = PROFILE.read_order(raw_order(orderType="Market", price="63000", **changes), "BTC/USDT")

    assert (read.quantity, read.price) == (quantity, None)


async def test_executions_are_told_oldest_first_with_rebates_below_zero() -> None:
    later = execution(execId="b", execTime="1700000002000", execFee="-0.5", feeCurrency="USDT", leavesQty="0")
    ask = Asking(**{EXECUTIONS: listed(later, execution())})

    first, second = await PROFILE.trades(ask, replace(KEY, exchange_order_id=ORDER_ID))

    assert (first.quantity, first.cost, first.fee, first.fee_currency) == (
        Decimal("0.25"),
        Decimal(15000),
        Decimal("0.00025"),
        "BTC",
    )
    assert (second.fee, second.fee_currency) == (Decimal("-0.5"), "USDT")
    assert ask.asked(EXECUTIONS) == [{"category": "spot", "orderId": ORDER_ID, "limit": 100}]


@pytest.mark.parametrize("changes", [{"execType": "BustTrade"}, {"feeCurrency": ""}])
async def test_an_execution_that_is_no_trade_or_hides_its_fee_is_not_read(changes: dict[str, str]) -> None:
    ask = Asking(**{EXECUTIONS: listed(execution(**changes))})

    with pytest.raises(ValueError, match="no trade"):
        await PROFILE.trades(ask, replace(KEY, exchange_order_id=ORDER_ID))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"retCode":170131,"retMsg":"Balance insufficient","result":{}}', ("170131", "Balance insufficient")),
        ('{"retCode":10016,"retMsg":"","result":{}}', ("10016", "10016")),
        ('{"retCode":0,"retMsg":"OK","result":{}}', ("", "")),
        ('{"retMsg":"OK","retCode":0,"result":{}}', ("", "")),
        ("403, access too frequent", ("403", "access too frequent")),
        ('{"retCode":"170131"}', ("", "")),
        ("<html>502</html>", ("", "")),
        ("[]", ("", "")),
        ("", ("", "")),
    ],
)
def test_only_the_venues_own_form_of_error_is_an_error_of_the_venue(body: str, error: tuple[str, str]) -> None:
    assert PROFILE.error_of(body) == error


@pytest.mark.parametrize(
    ("code", "proof", "reason"),
    [
        ("10002", Proof.NOT_PLACED, "ClockSkew"),
        ("10003", Proof.NOT_PLACED, "AuthenticationFailed"),
        ("10006", Proof.NOT_PLACED, "RateLimited"),
        ("170131", Proof.REFUSED, "InsufficientFunds"),
        ("170141", Proof.DUPLICATE, "DuplicateId"),
        ("170213", Proof.NO_SUCH_ORDER, "NoSuchOrder"),
        ("170139", Proof.TOO_LATE, "OrderEnded"),
        ("170313", Proof.REFUSED, "AmendRejected"),
    ],
)
def test_a_code_proves_what_its_row_says(code: str, proof: Proof, reason: str) -> None:
    row = PROFILE.row(code, "")

    assert row is not None
    assert (row.proof, row.reason) == (proof, reason)


@pytest.mark.parametrize("code", ["10000", "10016", "429", "170001", "170007", "170032", "170146", "170149", "170310"])
def test_time_outs_and_server_errors_prove_nothing(code: str) -> None:
    assert PROFILE.row(code, "") is None


async def test_an_order_that_a_restart_of_the_venue_forgot_is_found_in_its_history() -> None:
    older, newer = raw_order(createdTime="1"), raw_order(createdTime="2")
    ask = Asking(**{REALTIME: listed(), ORDERS: listed(older, newer)})

    found = await PROFILE.find_by_client_id(ask, KEY)

    assert found == newer
    assert ask.asked(REALTIME) == ask.asked(ORDERS) == [{"category": "spot", "orderLinkId": CLIENT_ID}]
    assert await PROFILE.find_by_client_id(Asking(**{REALTIME: None, ORDERS: listed()}), KEY) is None


async def test_open_orders_are_read_to_the_last_page() -> None:
    def rows(params: Any) -> dict[str, Any]:  # noqa: ANN401 - call parameters
        return listed(raw_order(orderId="2")) if "cursor" in params else listed(raw_order(), cursor="next")

    ask = Asking(**{REALTIME: rows})

    assert [row["orderId"] async for row in PROFILE.open_orders(ask)] == [ORDER_ID, "2"]
    assert ask.asked(REALTIME)[0] == {"category": "spot", "openOnly": 0, "limit": 50}


async def test_a_list_that_never_ends_is_an_error_and_not_a_short_list() -> None:
    with pytest.raises(ReadError, match="more than 60 pages"):
        [row async for row in PROFILE.open_orders(Asking(**{REALTIME: listed(raw_order(), cursor="again")}))]


DAY = 24 * 3600 * 1000
HISTORY = History("BTCUSDT", CLIENT_ID, since_ms=1700000000000, now_ms=1700000000000 + 10 * DAY)


async def test_an_absence_is_asked_for_by_id_and_in_every_list_week_by_week() -> None:
    foreign = raw_order(orderLinkId="web")
    ask = Asking(
        **{
            REALTIME: lambda params: listed() if "orderLinkId" in params else listed(foreign),
            ORDERS: lambda params: listed() if "orderLinkId" in params else listed(foreign),
            EXECUTIONS: listed(execution(orderLinkId="web")),
        }
    )

    assert [row async for row in PROFILE.orders_in_doubt(ask, HISTORY)] == []

    starts = [HISTORY.since_ms, HISTORY.since_ms + 7 * DAY]
    assert [p.get("orderLinkId") for p in ask.asked(REALTIME)] == [CLIENT_ID, None]
    assert [p["startTime"] for p in ask.asked(ORDERS)[1:]] == starts
    assert [(p["startTime"], p["endTime"] - p["startTime"]) for p in ask.asked(EXECUTIONS)] == [
        (start, 7 * DAY) for start in starts
    ]


async def test_a_fill_under_our_id_is_followed_to_its_order() -> None:
    def orders(params: Any) -> dict[str, Any]:  # noqa: ANN401 - call parameters
        return listed(raw_order(orderStatus="Filled", cumExecQty="0.5")) if "orderId" in params else listed()

    found = Asking(**{REALTIME: orders, ORDERS: listed(), EXECUTIONS: listed(execution())})
    lost = Asking(**{REALTIME: listed(), ORDERS: listed(), EXECUTIONS: listed(execution())})

    assert [row["orderId"] async for row in PROFILE.orders_in_doubt(found, HISTORY)] == [ORDER_ID] * 2
    with pytest.raises(ReadError, match="not yet the order"):
        [row async for row in PROFILE.orders_in_doubt(lost, HISTORY)]


async def test_a_cancel_names_the_venues_id_where_it_is_known() -> None:
    ask = Asking(**{CANCEL: ok(orderId=ORDER_ID, orderLinkId=CLIENT_ID)})

    assert await PROFILE.cancel(ask, replace(KEY, exchange_order_id=ORDER_ID))
    assert await PROFILE.cancel(ask, KEY)
    always = {"category": "spot", "symbol": "BTCUSDT", "orderFilter": "Order"}
    assert ask.asked(CANCEL) == [{**always, "orderId": ORDER_ID}, {**always, "orderLinkId": CLIENT_ID}]
    assert not await PROFILE.cancel(Asking(**{CANCEL: None}), KEY)


@pytest.mark.parametrize(
    ("read_only", "spot", "can_trade"), [(0, ["SpotTrade"], True), (1, ["SpotTrade"], False), (0, [], False)]
)
async def test_the_account_is_the_user_and_a_key_may_be_unable_to_trade(
    read_only: int, spot: list[str], can_trade: bool
) -> None:
    told = ok(id="1", userID=24617703, readOnly=read_only, permissions={"Spot": spot}, uta=1)

    identity = await PROFILE.identify(Asking(privateGetV5UserQueryApi=told))

    assert (identity.venue_account_id, identity.can_trade) == ("24617703", can_trade)


async def test_what_open_orders_lock_is_not_free() -> None:
    coins = [
        {"coin": "USDT", "walletBalance": "1000.5", "locked": "0.5"},
        {"coin": "BTC", "walletBalance": "0", "locked": "0"},
    ]
    answer = ok(list=[{"accountType": "UNIFIED", "coin": coins}])

    (balance,) = await PROFILE.balances(Asking(privateGetV5AccountWalletBalance=answer))

    assert (balance.asset, balance.free, balance.locked) == ("USDT", Decimal(1000), Decimal("0.5"))


async def test_the_clock_and_the_last_price_are_read() -> None:
    ask = Asking(
        publicGetV5MarketTime=ok(timeSecond="1688639403", timeNano="1688639403423213947"),
        publicGetV5MarketTickers=ok(category="spot", list=[{"symbol": "BTCUSDT", "lastPrice": "60000.1"}]),
    )

    assert await PROFILE.clock_ms(ask) == 1688639403423
    assert await PROFILE.last_price(ask, "BTCUSDT") == Decimal("60000.1")


def test_an_endpoint_replaces_every_address_that_requests_could_go_to() -> None:
    own = {"public": "https://p", "private": "https://q", "futures": "https://f"}

    assert PROFILE.api_urls(own, "http://x/") == {"public": "http://x", "private": "http://x"}
    assert PROFILE.api_urls(own, "") == {"public": "https://p", "private": "https://q"}


def test_an_instrument_tells_its_rules() -> None:
    lots = {"basePrecision": "0.000001", "minOrderQty": "0.00004", "maxLimitOrderQty": "83", "maxMarketOrderQty": "41"}
    info = {
        "status": "Trading",
        "lotSizeFilter": {**lots, "quotePrecision": "0.00000001", "minOrderAmt": "1", "maxOrderAmt": "2000000"},
        "priceFilter": {"tickSize": "0.01"},
    }
    parsed = {"symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "spot": True, "info": info}

    read = PROFILE.read_market(parsed)

    assert read is not None
    assert (read.price_tick, read.quantity_step, read.min_notional) == (Decimal("0.01"), Decimal("1E-6"), Decimal(1))
    assert (read.max_quantity, read.market_max_quantity, read.active) == (Decimal(83), Decimal(41), True)
    assert PROFILE.read_market(parsed | {"spot": False}) is None
