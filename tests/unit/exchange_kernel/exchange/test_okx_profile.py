"""What the OKX profile sends, and how it reads the answers. Answers are in the form of the venue's API guide."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.core.requests import AmendRequest, OrderRequest
from exchange_kernel.core.venue import VenueStatus
from exchange_kernel.exchange.port import ReadError
from exchange_kernel.exchange.profiles.okx import OkxSpot
from exchange_kernel.exchange.profiles.parts import History, OrderKey, Proof
from support.asking import Asking
from support.requests import CLIENT_ID, order

PROFILE = OkxSpot()
ORDER_ID, ALGO_ID = "680800019749904384", "1753184812254216192"
ORDER, ALGO_ORDER = "privateGetTradeOrder", "privateGetTradeOrderAlgo"
PENDING, ALGOS_PENDING = "privateGetTradeOrdersPending", "privateGetTradeOrdersAlgoPending"
ENDED, ARCHIVE, ALGOS_ENDED = (
    "privateGetTradeOrdersHistory",
    "privateGetTradeOrdersHistoryArchive",
    "privateGetTradeOrdersAlgoHistory",
)
FILLS, OLD_FILLS = "privateGetTradeFills", "privateGetTradeFillsHistory"
CANCEL, CANCEL_ALGOS = "privatePostTradeCancelOrder", "privatePostTradeCancelAlgos"
KEY = OrderKey("BTC/USDT", "BTC-USDT", CLIENT_ID)
T0 = 1700000000000


def stop(kind: str, side: str = "Sell") -> OrderRequest:
    price = None if kind.endswith("Market") else Decimal(58900)
    return order(type=kind, side=side, price=price, trigger_price=Decimal(59000))


def raw_order(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    base = {
        "accFillSz": "0",
        "algoClOrdId": "",
        "algoId": "",
        "avgPx": "",
        "cTime": str(T0),
        "cancelSource": "",
        "cancelSourceReason": "",
        "category": "normal",
        "ccy": "",
        "clOrdId": CLIENT_ID,
        "fee": "0",
        "feeCcy": "BTC",
        "instId": "BTC-USDT",
        "instType": "SPOT",
        "ordId": ORDER_ID,
        "ordType": "limit",
        "px": "60000",
        "rebate": "0",
        "rebateCcy": "USDT",
        "side": "buy",
        "state": "live",
        "sz": "0.5",
        "tdMode": "cash",
        "tgtCcy": "",
        "uTime": str(T0 + 123),
    }
    return base | changes


def raw_algo(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    base = {
        "actualPx": "",
        "actualSide": "",
        "actualSz": "0",
        "algoClOrdId": CLIENT_ID,
        "algoId": ALGO_ID,
        "cTime": str(T0),
        "clOrdId": "",
        "failCode": "",
        "instId": "BTC-USDT",
        "instType": "SPOT",
        "ordId": "",
        "ordIdList": [],
        "ordPx": "",
        "ordType": "conditional",
        "side": "sell",
        "slOrdPx": "-1",
        "slTriggerPx": "59000",
        "slTriggerPxType": "last",
        "state": "live",
        "sz": "0.5",
        "tdMode": "cash",
        "tgtCcy": "",
        "tpOrdPx": "",
        "tpTriggerPx": "",
        "triggerPx": "",
        "triggerTime": "",
        "uTime": str(T0),
    }
    return base | changes


def triggered(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    return raw_algo(state="effective", ordIdList=[ORDER_ID], triggerTime=str(T0 + 5000), **changes)


def child(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    placed = {"algoId": ALGO_ID, "algoClOrdId": CLIENT_ID, "clOrdId": "", "side": "sell", "ordType": "market"}
    return raw_order(**{**placed, "px": "", "source": "7", **changes})


def fill(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    base = {
        "instType": "SPOT",
        "instId": "BTC-USDT",
        "tradeId": "744876980",
        "ordId": ORDER_ID,
        "clOrdId": CLIENT_ID,
        "billId": "680800019754098688",
        "fillPx": "60000",
        "fillSz": "0.25",
        "side": "buy",
        "execType": "T",
        "feeCcy": "BTC",
        "fee": "-0.00025",
        "ts": str(T0 + 1000),
    }
    return base | changes


def ok(*rows: Any) -> dict[str, Any]:  # noqa: ANN401 - the venue's JSON
    return {"code": "0", "msg": "", "data": list(rows)}


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (order(), {"ordType": "limit", "sz": "0.5", "px": "60000"}),
        (order(post_only=True), {"ordType": "post_only", "sz": "0.5", "px": "60000"}),
        (order(time_in_force="IOC"), {"ordType": "ioc", "sz": "0.5", "px": "60000"}),
        (order(time_in_force="FOK"), {"ordType": "fok", "sz": "0.5", "px": "60000"}),
        (
            order(type="Market", price=None),
            {"ordType": "market", "sz": "0.5", "tgtCcy": "base_ccy", "banAmend": True},
        ),
        (
            order(type="Market", price=None, quantity=None, quote_quantity=Decimal("100.5")),
            {"ordType": "market", "sz": "100.5", "tgtCcy": "quote_ccy", "banAmend": True},
        ),
    ],
)
def test_an_order_goes_out_with_exactly_these_parameters(request_: OrderRequest, sent: dict[str, Any]) -> None:
    call = PROFILE.create(request_, "BTC-USDT")

    always = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "clOrdId": CLIENT_ID}
    assert call.method == "privatePostTradeOrder"
    assert call.args == (always | sent,)
    assert call.expected == always | sent


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (stop("StopMarket"), {"slTriggerPx": "59000", "slTriggerPxType": "last", "slOrdPx": "-1"}),
        (
            stop("StopMarket", "Buy"),
            {"slTriggerPx": "59000", "slTriggerPxType": "last", "slOrdPx": "-1", "tgtCcy": "base_ccy"},
        ),
        (stop("StopLimit"), {"slTriggerPx": "59000", "slTriggerPxType": "last", "slOrdPx": "58900"}),
        (stop("TakeProfitMarket"), {"tpTriggerPx": "59000", "tpTriggerPxType": "last", "tpOrdPx": "-1"}),
        (stop("TakeProfitLimit", "Buy"), {"tpTriggerPx": "59000", "tpTriggerPxType": "last", "tpOrdPx": "58900"}),
    ],
)
def test_a_stop_says_on_which_side_of_the_price_it_waits(request_: OrderRequest, sent: dict[str, str]) -> None:
    call = PROFILE.create(request_, "BTC-USDT")

    always = {
        "instId": "BTC-USDT",
        "tdMode": "cash",
        "side": request_.side.lower(),
        "clOrdId": CLIENT_ID,
        "algoClOrdId": CLIENT_ID,
        "ordType": "conditional",
        "sz": "0.5",
    }
    assert call.method == "privatePostTradeOrderAlgo"
    assert call.args == (always | sent,)
    assert call.expected == always | sent


@pytest.mark.parametrize(
    "contradiction",
    [
        order(type="Market"),
        order(trigger_price=Decimal(59000)),
        order(expire_at=datetime(2026, 1, 1, tzinfo=UTC)),
        order(type="StopLimit"),
        order(type="StopMarket", trigger_price=Decimal(59000)),
        order(type="StopLimit", trigger_price=Decimal(59000), price=None),
        replace(stop("StopMarket"), quantity=None, quote_quantity=Decimal(100)),
        order(quote_quantity=Decimal(100)),
        order(type="Market", price=None, quote_quantity=Decimal(100)),
        order(type="Market", price=None, quantity=None, quote_quantity=Decimal(100), side="Sell"),
        order(price=None),
        order(quantity=Decimal(0)),
        order(client_order_id="0123"),
    ],
)
def test_a_contradiction_never_becomes_a_request(contradiction: OrderRequest) -> None:
    with pytest.raises(ValueError, match=r"."):
        PROFILE.create(contradiction, "BTC-USDT")


@pytest.mark.parametrize("foreign", ["", "oktswap6", CLIENT_ID.upper(), CLIENT_ID + "0"])
def test_foreign_client_ids_are_not_ours(foreign: str) -> None:
    assert PROFILE.decode(foreign) is None
    assert PROFILE.decode(PROFILE.encode(CLIENT_ID)) == CLIENT_ID


def acknowledged(**ids: str) -> dict[str, Any]:
    return ok({"sCode": "0", "sMsg": "", "tag": "", **ids})


def test_an_acknowledgement_tells_the_ids_and_which_kind_of_order_it_is() -> None:
    placed = PROFILE.created(acknowledged(ordId=ORDER_ID, clOrdId=CLIENT_ID), order(), "BTC-USDT")
    waits = PROFILE.created(acknowledged(algoId=ALGO_ID, algoClOrdId=CLIENT_ID), stop("StopMarket"), "BTC-USDT")

    assert (placed.exchange_order_id, placed.status, placed.filled) == (ORDER_ID, VenueStatus.OPEN, 0)
    assert (waits.exchange_order_id, waits.status) == (f"algo:{ALGO_ID}", VenueStatus.UNTRIGGERED)
    assert placed.client_order_id == waits.client_order_id == CLIENT_ID


@pytest.mark.parametrize(
    ("answer", "request_"),
    [
        (ok(), order()),
        (acknowledged(ordId="", clOrdId=CLIENT_ID), order()),
        (acknowledged(ordId=ORDER_ID, clOrdId=""), order()),
        (ok({"ordId": ORDER_ID, "clOrdId": CLIENT_ID, "sCode": "51008"}), order()),
        (acknowledged(algoId="", algoClOrdId=CLIENT_ID), stop("StopMarket")),
        (acknowledged(ordId=ORDER_ID, clOrdId=CLIENT_ID), stop("StopMarket")),
        ({}, order()),
        ([], order()),
        ("", order()),
    ],
)
def test_what_acknowledges_no_order_is_not_read(answer: Any, request_: OrderRequest) -> None:  # noqa: ANN401 - JSON
    with pytest.raises((KeyError, TypeError, ValueError)):
        PROFILE.created(answer, request_, "BTC-USDT")


def amendment(**changes: Any) -> AmendRequest:  # noqa: ANN401 - fields of AmendRequest
    return replace(AmendRequest(ORDER_ID, CLIENT_ID, "BTC/USDT", "Buy", "Limit", quantity=Decimal("0.4")), **changes)


def test_an_amend_names_the_new_total_and_leaves_the_order_alone_where_it_fails() -> None:
    call = PROFILE.amend(amendment(price=Decimal(59000)), "BTC-USDT")

    sent = {"instId": "BTC-USDT", "ordId": ORDER_ID, "cxlOnFail": False, "newSz": "0.4", "newPx": "59000"}
    assert (call.method, call.args, call.expected) == ("privatePostTradeAmendOrder", (sent,), sent)
    for unlisted in (amendment(type="StopLimit"), amendment(trigger_price=Decimal(1))):
        with pytest.raises(ValueError, match="changes no"):
            PROFILE.amend(unlisted, "BTC-USDT")


def test_an_acknowledged_amend_tells_nothing_of_the_order() -> None:
    PROFILE.amended(acknowledged(ordId=ORDER_ID, clOrdId=""), amendment(), "BTC-USDT")

    for answer in (acknowledged(ordId="another"), ok({"ordId": ORDER_ID, "sCode": "51503"}), ok(), {}):
        with pytest.raises((KeyError, ValueError)):
            PROFILE.amended(answer, amendment(), "BTC-USDT")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, VenueStatus.OPEN),
        ({"state": "partially_filled", "accFillSz": "0.1"}, VenueStatus.OPEN),
        ({"state": "filled", "accFillSz": "0.5"}, VenueStatus.FILLED),
        ({"state": "canceled", "accFillSz": "0.1"}, VenueStatus.CANCELED),
        ({"state": "mmp_canceled"}, VenueStatus.CANCELED),
        ({"state": "canceled", "ordType": "ioc", "accFillSz": "0.1"}, VenueStatus.EXPIRED),
        ({"state": "canceled", "ordType": "fok"}, VenueStatus.EXPIRED),
        ({"state": "canceled", "ordType": "market", "px": ""}, VenueStatus.EXPIRED),
        ({"state": "filled", "ordType": "market", "tgtCcy": "quote_ccy", "sz": "100", "px": ""}, VenueStatus.FILLED),
    ],
)
def test_the_raw_state_says_where_an_order_stands(changes: dict[str, Any], status: VenueStatus) -> None:
    read = PROFILE.read_order(raw_order(**changes), "BTC/USDT")

    assert read.status is status
    assert read.filled == Decimal(changes.get("accFillSz", "0"))


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "a_new_word"},
        {"state": "filled", "accFillSz": "0.4"},
        {"accFillSz": 0.4},
        {"accFillSz": ""},
        {"ordId": ""},
        {"side": "long"},
    ],
)
def test_an_answer_that_is_not_understood_is_not_read(changes: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, ArithmeticError)):
        PROFILE.read_order(raw_order(**changes), "BTC/USDT")


@pytest.mark.parametrize(
    ("changes", "quantity"),
    [
        ({"tgtCcy": "quote_ccy"}, None),
        ({"tgtCcy": ""}, None),
        ({"tgtCcy": "base_ccy"}, Decimal("0.5")),
        ({"tgtCcy": "", "side": "sell"}, Decimal("0.5")),
    ],
)
def test_a_market_order_by_quote_has_no_base_quantity(changes: dict[str, str], quantity: Decimal | None) -> None:
    assert PROFILE.read_order(raw_order(ordType="market", px="", **changes), "BTC/USDT").quantity == quantity


def test_a_cost_is_not_made_of_an_average() -> None:
    assert PROFILE.read_order(raw_order(), "BTC/USDT").cost == 0
    assert PROFILE.read_order(raw_order(accFillSz="0.1", avgPx="60000.3"), "BTC/USDT").cost is None


@pytest.mark.parametrize(
    ("algo", "orders", "status", "filled"),
    [
        (raw_algo(), None, VenueStatus.UNTRIGGERED, "0"),
        (raw_algo(state="pause"), None, VenueStatus.UNTRIGGERED, "0"),
        (raw_algo(state="canceled"), None, VenueStatus.CANCELED, "0"),
        (raw_algo(state="order_failed", failCode="51008"), None, VenueStatus.REJECTED, "0"),
        (raw_algo(state="effective"), None, VenueStatus.OPEN, "0"),
        (triggered(), [child(accFillSz="0.1")], VenueStatus.OPEN, "0.1"),
        (triggered(), [child(state="filled", accFillSz="0.5")], VenueStatus.FILLED, "0.5"),
        (triggered(), [child(state="canceled", accFillSz="0.1")], VenueStatus.EXPIRED, "0.1"),
        (
            triggered(slOrdPx="58900"),
            [child(state="canceled", ordType="limit", accFillSz="0.1")],
            VenueStatus.CANCELED,
            "0.1",
        ),
        (
            triggered(),
            [child(state="filled", accFillSz="0.2", sz="0.2"), child(ordId="2", accFillSz="0.1", sz="0.3")],
            VenueStatus.OPEN,
            "0.3",
        ),
        (
            raw_algo(state="partially_failed", ordIdList=[ORDER_ID]),
            [child(state="filled", accFillSz="0.2", sz="0.2")],
            VenueStatus.EXPIRED,
            "0.2",
        ),
    ],
)
def test_a_stop_stands_where_the_orders_stand_that_it_placed(
    algo: dict[str, Any], orders: list[Any] | None, status: VenueStatus, filled: str
) -> None:
    read = PROFILE.read_order(algo if orders is None else {**algo, "orders": orders}, "BTC/USDT")

    assert (read.exchange_order_id, read.client_order_id) == (f"algo:{ALGO_ID}", CLIENT_ID)
    assert (read.status, read.filled, read.quantity) == (status, Decimal(filled), Decimal("0.5"))
    assert read.trigger_price == Decimal(59000)


def test_a_stop_in_a_state_that_is_new_is_not_read() -> None:
    with pytest.raises(ValueError, match="a_new_word"):
        PROFILE.read_order(raw_algo(state="a_new_word"), "BTC/USDT")


def test_a_stop_with_a_limit_shows_both_prices_and_a_foreign_kind_can_be_listed() -> None:
    limited = PROFILE.read_order(raw_algo(slTriggerPx="", slOrdPx="", tpTriggerPx="61000", tpOrdPx="61100"), "BTC/USDT")
    trailing = PROFILE.read_order(raw_algo(ordType="move_order_stop", slTriggerPx="", slOrdPx=""), "BTC/USDT")

    assert (limited.price, limited.trigger_price) == (Decimal(61100), Decimal(61000))
    assert (trailing.price, trailing.trigger_price, trailing.status) == (None, None, VenueStatus.UNTRIGGERED)


async def test_an_order_is_looked_up_as_an_order_and_as_a_stop() -> None:
    plain = Asking(**{ORDER: ok(raw_order())})
    waiting = Asking(**{ORDER: None, ALGO_ORDER: ok(raw_algo())})

    assert await PROFILE.find_by_client_id(plain, KEY) == raw_order()
    assert await PROFILE.find_by_client_id(waiting, KEY) == raw_algo()
    assert waiting.asked(ORDER) == [{"instId": "BTC-USDT", "clOrdId": CLIENT_ID}]
    assert waiting.asked(ALGO_ORDER) == [{"algoClOrdId": CLIENT_ID}]
    assert await PROFILE.find_by_client_id(Asking(**{ORDER: None, ALGO_ORDER: ok()}), KEY) is None


async def test_a_triggered_stop_is_read_with_the_order_that_it_placed() -> None:
    ask = Asking(**{ALGO_ORDER: ok(triggered()), ORDER: ok(child(accFillSz="0.1"))})

    row = await PROFILE.find_by_id(ask, replace(KEY, exchange_order_id=f"algo:{ALGO_ID}"))

    assert row is not None
    assert PROFILE.read_order(row, "BTC/USDT").filled == Decimal("0.1")
    assert ask.asked(ORDER) == [{"instId": "BTC-USDT", "ordId": ORDER_ID}]


async def test_the_order_of_a_stop_that_is_not_shown_yet_makes_the_stop_unreadable() -> None:
    ask = Asking(**{ALGO_ORDER: ok(triggered()), ORDER: None, "publicGetPublicTime": ok({"ts": str(T0 + 60000)})})

    with pytest.raises(ReadError, match="does not show its order yet"):
        await PROFILE.find_by_id(ask, replace(KEY, exchange_order_id=f"algo:{ALGO_ID}"))


async def test_the_order_of_a_stop_that_the_venue_has_forgotten_was_canceled_without_a_fill() -> None:
    late = ok({"ts": str(T0 + 3 * 3600 * 1000)})
    ask = Asking(**{ALGO_ORDER: ok(triggered()), ORDER: None, "publicGetPublicTime": late})

    row = await PROFILE.find_by_id(ask, replace(KEY, exchange_order_id=f"algo:{ALGO_ID}"))

    assert row is not None
    read = PROFILE.read_order(row, "BTC/USDT")
    assert (read.status, read.filled) == (VenueStatus.CANCELED, 0)


async def test_open_orders_are_of_both_kinds_and_what_a_stop_placed_is_told_as_the_stop() -> None:
    def algos(params: Any) -> dict[str, Any]:  # noqa: ANN401 - call parameters
        rows = {"conditional,oco": [raw_algo(algoId="7")], "move_order_stop": [raw_algo(algoId="8")]}
        return ok(*rows.get(params["ordType"], []))

    ask = Asking(
        **{
            PENDING: ok(raw_order(), child(accFillSz="0.1"), child(ordId="2")),
            ALGOS_PENDING: algos,
            ALGO_ORDER: ok(triggered()),
            ORDER: ok(child(accFillSz="0.1")),
        }
    )

    told = [PROFILE.read_order(row, "BTC/USDT").exchange_order_id async for row in PROFILE.open_orders(ask)]

    assert told == [ORDER_ID, f"algo:{ALGO_ID}", "algo:7", "algo:8"]
    assert ask.asked(PENDING) == [{"instType": "SPOT", "limit": "100"}]


async def test_a_full_page_is_followed_by_the_next_one_and_a_list_without_end_is_an_error() -> None:
    full = [raw_order(ordId=str(number)) for number in range(100, 0, -1)]
    ask = Asking(**{PENDING: lambda params: ok(*(full if "after" not in params else [])), ALGOS_PENDING: ok()})

    assert len([row async for row in PROFILE.open_orders(ask)]) == 100
    assert [params.get("after") for params in ask.asked(PENDING)] == [None, "1"]
    with pytest.raises(ReadError, match="more than 60 pages"):
        [row async for row in PROFILE.open_orders(Asking(**{PENDING: ok(*full)}))]


async def test_fees_are_paid_above_zero_and_rebates_are_below() -> None:
    rebate = fill(tradeId="2", fee="0.5", feeCcy="USDT", ts=str(T0))
    ask = Asking(**{FILLS: ok(fill()), OLD_FILLS: ok(fill(), rebate)})

    first, second = await PROFILE.trades(ask, replace(KEY, exchange_order_id=ORDER_ID))

    assert (first.fee, first.fee_currency) == (Decimal("-0.5"), "USDT")
    assert (second.fee, second.fee_currency) == (Decimal("0.00025"), "BTC")
    assert (second.quantity, second.cost) == (Decimal("0.25"), Decimal(15000))
    assert ask.asked(FILLS) == [{"instType": "SPOT", "ordId": ORDER_ID, "limit": "100"}]


async def test_the_fills_of_a_stop_are_those_of_the_orders_that_it_placed() -> None:
    ask = Asking(**{ALGO_ORDER: ok(triggered()), FILLS: ok(fill()), OLD_FILLS: ok()})

    (trade,) = await PROFILE.trades(ask, replace(KEY, exchange_order_id=f"algo:{ALGO_ID}"))

    assert trade.quantity == Decimal("0.25")
    waiting = Asking(**{ALGO_ORDER: ok(raw_algo())})
    assert await PROFILE.trades(waiting, replace(KEY, exchange_order_id=f"algo:{ALGO_ID}")) == ()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            '{"code":"1","data":[{"clOrdId":"","ordId":"","sCode":"51008","sMsg":"Insufficient USDT"}],"msg":""}',
            ("51008", "Insufficient USDT"),
        ),
        (
            '{"code":"0","data":[{"algoId":"","sCode":"51000","sMsg":"Parameter error"}],"msg":""}',
            ("51000", "Parameter error"),
        ),
        ('{"code":"51603","data":[],"msg":"Order does not exist"}', ("51603", "Order does not exist")),
        ('{"msg":"Timestamp request expired","code":"50102"}', ("50102", "Timestamp request expired")),
        (json.dumps(acknowledged(ordId=ORDER_ID)), ("", "")),
        ('{"code":"0","data":[{"ordId":"1"}],"msg":""}', ("", "")),
        ('{"code":51603}', ("", "")),
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
        ("50102", Proof.NOT_PLACED, "ClockSkew"),
        ("50011", Proof.NOT_PLACED, "RateLimited"),
        ("50105", Proof.NOT_PLACED, "AuthenticationFailed"),
        ("51008", Proof.REFUSED, "InsufficientFunds"),
        ("51016", Proof.DUPLICATE, "DuplicateId"),
        ("51068", Proof.DUPLICATE, "DuplicateId"),
        ("51280", Proof.REFUSED, "TriggerAlreadyCrossed"),
        ("51400", Proof.NO_SUCH_ORDER, "NoSuchOrder"),
        ("51603", Proof.NO_SUCH_ORDER, "NoSuchOrder"),
        ("51503", Proof.TOO_LATE, "OrderEnded"),
        ("51511", Proof.REFUSED, "PostOnlyWouldTake"),
    ],
)
def test_a_code_proves_what_its_row_says(code: str, proof: Proof, reason: str) -> None:
    row = PROFILE.row(code, "")

    assert row is not None
    assert (row.proof, row.reason) == (proof, reason)


@pytest.mark.parametrize("code", ["1", "2", "50004", "50013", "50026", "51054", "51149", "51412", "51416"])
def test_time_outs_and_codes_with_two_meanings_prove_nothing(code: str) -> None:
    assert PROFILE.row(code, "") is None


HISTORY = History("BTC-USDT", CLIENT_ID, since_ms=T0, now_ms=T0 + 600000)


def nothing(**changes: Any) -> Asking:  # noqa: ANN401 - answers
    absent: dict[str, Any] = {ORDER: None, ALGO_ORDER: None}
    empty = {name: ok() for name in (PENDING, ALGOS_PENDING, ENDED, ARCHIVE, ALGOS_ENDED, FILLS, OLD_FILLS)}
    return Asking(**{**absent, **empty, **changes})


async def test_an_absence_is_asked_for_as_an_order_and_as_a_stop_in_every_list() -> None:
    ask = nothing(**{ENDED: ok(raw_order(clOrdId="web")), FILLS: ok(fill())})

    assert [row async for row in PROFILE.orders_in_doubt(ask, HISTORY)] == []

    assert {call.method for call in ask.calls} == {
        ORDER,
        ALGO_ORDER,
        PENDING,
        ALGOS_PENDING,
        ENDED,
        ALGOS_ENDED,
        FILLS,
        OLD_FILLS,
    }
    assert [params["state"] for params in ask.asked(ALGOS_ENDED)] == ["effective", "canceled", "order_failed"]
    assert [params["begin"] for params in ask.asked(ENDED) + ask.asked(FILLS)] == [str(T0), str(T0)]
    assert all(params["instId"] == "BTC-USDT" for params in ask.asked(PENDING) + ask.asked(ALGOS_PENDING))


async def test_after_a_week_the_archive_is_asked_as_well() -> None:
    ask = nothing()
    week_old = replace(HISTORY, now_ms=T0 + 8 * 24 * 3600 * 1000)

    assert [row async for row in PROFILE.orders_in_doubt(ask, week_old)] == []
    assert len(ask.asked(ARCHIVE)) == 1


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({PENDING: ok(raw_order())}, ORDER_ID),
        ({ALGOS_PENDING: lambda p: ok(*([raw_algo()] if "oco" in p["ordType"] else []))}, f"algo:{ALGO_ID}"),
        ({ENDED: ok(raw_order(state="filled", accFillSz="0.5"))}, ORDER_ID),
        (
            {ALGOS_ENDED: lambda p: ok(*([raw_algo(state="canceled")] if p["state"] == "canceled" else []))},
            f"algo:{ALGO_ID}",
        ),
    ],
)
async def test_an_order_that_only_one_list_has_is_found(answers: dict[str, Any], found: str) -> None:
    rows = [row async for row in PROFILE.orders_in_doubt(nothing(**answers), HISTORY)]

    assert [PROFILE.read_order(row, "BTC/USDT").exchange_order_id for row in rows] == [found]


async def test_an_old_stop_ends_the_search_of_the_stops() -> None:
    old = raw_algo(cTime=str(T0 - 1))

    assert [row async for row in PROFILE.orders_in_doubt(nothing(**{ALGOS_ENDED: ok(old)}), HISTORY)] == []


async def test_a_fill_whose_order_cannot_be_found_proves_no_absence() -> None:
    with pytest.raises(ReadError, match="not yet the order"):
        [row async for row in PROFILE.orders_in_doubt(nothing(**{FILLS: ok(fill())}), HISTORY)]


async def test_an_order_is_canceled_by_its_id_which_is_looked_up_where_it_is_not_known() -> None:
    ask = Asking(**{CANCEL: acknowledged(ordId=ORDER_ID), ORDER: ok(raw_order())})

    assert await PROFILE.cancel(ask, replace(KEY, exchange_order_id=ORDER_ID))
    assert await PROFILE.cancel(ask, KEY)
    assert ask.asked(CANCEL) == [{"instId": "BTC-USDT", "ordId": ORDER_ID}] * 2
    assert not await PROFILE.cancel(Asking(**{CANCEL: None}), replace(KEY, exchange_order_id=ORDER_ID))
    assert not await PROFILE.cancel(Asking(**{ORDER: None, ALGO_ORDER: None}), KEY)


STOP_KEY = replace(KEY, exchange_order_id=f"algo:{ALGO_ID}")


async def test_a_waiting_stop_is_canceled_as_a_stop() -> None:
    ask = Asking(**{ALGO_ORDER: ok(raw_algo()), CANCEL_ALGOS: acknowledged(algoId=ALGO_ID)})

    assert await PROFILE.cancel(ask, STOP_KEY)
    assert ask.asked(CANCEL_ALGOS) == [[{"instId": "BTC-USDT", "algoId": ALGO_ID}]]


async def test_of_a_triggered_stop_the_order_that_it_placed_is_canceled() -> None:
    ask = Asking(**{ALGO_ORDER: ok(triggered()), ORDER: ok(child()), CANCEL: acknowledged(ordId=ORDER_ID)})

    assert await PROFILE.cancel(ask, STOP_KEY)
    assert ask.asked(CANCEL) == [{"instId": "BTC-USDT", "ordId": ORDER_ID}]


@pytest.mark.parametrize(
    "answers",
    [
        {ALGO_ORDER: None},
        {ALGO_ORDER: ok(raw_algo(state="canceled"))},
        {ALGO_ORDER: ok(triggered()), ORDER: ok(child(state="filled", accFillSz="0.5"))},
    ],
)
async def test_of_a_stop_that_has_ended_nothing_is_canceled(answers: dict[str, Any]) -> None:
    assert not await PROFILE.cancel(Asking(**answers), STOP_KEY)


@pytest.mark.parametrize(("perm", "can_trade"), [("read_only,withdraw,trade", True), ("read_only", False)])
async def test_the_account_is_the_user_and_a_key_may_be_unable_to_trade(perm: str, can_trade: bool) -> None:
    identity = await PROFILE.identify(Asking(privateGetAccountConfig=ok({"uid": "44705892343619584", "perm": perm})))

    assert (identity.venue_account_id, identity.can_trade) == ("44705892343619584", can_trade)


async def test_balances_without_money_are_left_out() -> None:
    details = [
        {"ccy": "USDT", "availBal": "94.4", "frozenBal": "5.6"},
        {"ccy": "BTC", "availBal": "0", "frozenBal": "0"},
        {"ccy": "ETH", "availBal": "", "frozenBal": "0"},
    ]

    (balance,) = await PROFILE.balances(Asking(privateGetAccountBalance=ok({"totalEq": "100", "details": details})))

    assert (balance.asset, balance.free, balance.locked) == ("USDT", Decimal("94.4"), Decimal("5.6"))


async def test_the_clock_and_the_last_price_are_read() -> None:
    ask = Asking(publicGetPublicTime=ok({"ts": "1597026383085"}), publicGetMarketTicker=ok({"last": "60000.1"}))

    assert await PROFILE.clock_ms(ask) == 1597026383085
    assert await PROFILE.last_price(ask, "BTC-USDT") == Decimal("60000.1")


def test_an_endpoint_replaces_every_address_that_requests_could_go_to() -> None:
    assert PROFILE.api_urls({"rest": "https://{hostname}"}, "http://x/") == {"rest": "http://x"}
    assert PROFILE.api_urls({"rest": "https://{hostname}"}, "") == {"rest": "https://{hostname}"}


def test_an_instrument_tells_its_rules() -> None:
    info = {"state": "live", "tickSz": "0.1", "lotSz": "0.00000001", "minSz": "0.00001", "maxLmtSz": "9999"}
    parsed = {"symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "spot": True, "info": info}

    read = PROFILE.read_market(parsed)

    assert read is not None
    assert (read.price_tick, read.quantity_step, read.min_quantity) == (
        Decimal("0.1"),
        Decimal("1E-8"),
        Decimal("0.00001"),
    )
    assert (read.max_quantity, read.active, "StopMarket" in read.order_types) == (Decimal(9999), True, True)
    assert PROFILE.read_market(parsed | {"spot": False}) is None
