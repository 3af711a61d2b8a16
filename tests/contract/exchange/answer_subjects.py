"""Answers of each venue in its documented form, for the suite that every profile passes: one entry per profile.

The rows are what the venue's documentation shows (the sources are named in the profile's own tables), with the ids and
numbers of the suite put in.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.exchange.raw_venue import Reply, http
from contract.exchange.wire_subjects import SUBJECTS, WireSubject
from exchange_kernel.exchange.profiles.parts import Row

CLIENT_ID = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class AnswerSubject:
    """One venue.

    Attributes:
        wire: How its markets are loaded.
        create: Method and path of the request that places an order.
        acknowledged: The answer to it: an order of 0.01 at 50000, without fills.
        refusals: By what they prove (see the suite): the answers that say so.
        look_up: Methods and paths of the quick look-up, each with the answer that says "not here".
        orders: By state: a raw order of 0.01 BTC, filled by 0, 0.004 or 0.01.
        unreadable: What must not be taken for an order: changes of a raw order.
    """

    wire: WireSubject
    create: tuple[str, str]
    acknowledged: str
    refusals: Mapping[str, Reply]
    look_up: tuple[tuple[str, str, Reply], ...]
    orders: Mapping[str, Row]
    unreadable: Mapping[str, Row] = field(default_factory=dict)

    @property
    def exchange(self) -> str:
        """Name of the profile."""
        return self.wire.exchange


_WIRE = {subject.exchange: subject for subject in SUBJECTS}


# --- binance: error codes with HTTP statuses; the acknowledgement is the order ---------------------------------


def _binance(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - the venue's JSON
    return {
        "symbol": "BTCUSDT",
        "orderId": 21,
        "clientOrderId": CLIENT_ID,
        "price": "50000.00000000",
        "origQty": "0.01000000",
        "executedQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "BUY",
        "stopPrice": "0.00000000",
        "time": 1700000000000,
        "updateTime": 1700000000000,
        "isWorking": True,
    } | changes


_PART = {"executedQty": "0.00400000", "cummulativeQuoteQty": "200.00000000"}
_WHOLE = {"executedQty": "0.01000000", "cummulativeQuoteQty": "500.00000000"}


def _code(status: int, code: int, message: str) -> Reply:
    return http(status, json.dumps({"code": code, "msg": message}))


_BINANCE = AnswerSubject(
    wire=_WIRE["binance"],
    create=("POST", "/api/v3/order"),
    acknowledged=json.dumps(_binance(fills=[])),
    refusals={
        "duplicate": _code(400, -2010, "Duplicate order sent."),
        "insufficient funds": _code(400, -2010, "Account has insufficient balance for requested action."),
        "post-only would take": _code(400, -2010, "Order would immediately match and take."),
        "rate limited": _code(429, -1003, "Too much request weight used."),
        "authentication": _code(401, -2015, "Invalid API-key, IP, or permissions for action."),
        "maintenance": _code(400, -2010, "Market is closed."),
        "clock": _code(400, -1021, "Timestamp for this request is outside of the recvWindow."),
        "unknown code": _code(400, -9999, "A code that no table lists."),
        "unknown by the venue itself": _code(400, -1006, "An unexpected response was received."),
    },
    look_up=(("GET", "/api/v3/order", _code(400, -2013, "Order does not exist.")),),
    orders={
        "new": _binance(),
        "partially filled": _binance(status="PARTIALLY_FILLED", **_PART),
        "filled": _binance(status="FILLED", **_WHOLE),
        "canceled": _binance(status="CANCELED"),
        "canceled with fills": _binance(status="CANCELED", **_PART),
        "expired": _binance(status="EXPIRED", timeInForce="IOC"),
        "expired with fills": _binance(status="EXPIRED", timeInForce="IOC", **_PART),
        "rejected": _binance(status="REJECTED"),
        "untriggered": _binance(type="STOP_LOSS_LIMIT", stopPrice="49000.00000000", isWorking=False),
        "triggered": _binance(type="STOP_LOSS_LIMIT", stopPrice="49000.00000000"),
    },
    unreadable={
        "a new status": _binance(status="TELEPORTED"),
        "no fills told": {k: v for k, v in _binance().items() if k != "executedQty"},
        "fills as a float": _binance(executedQty=0.004),
        "no order id": {k: v for k, v in _binance().items() if k != "orderId"},
        "another client id": _binance(clientOrderId="f" * 32),
        "filled in part and done": _binance(status="FILLED", **_PART),
    },
)


# --- kraken: errors in answers with status 200; the acknowledgement is an id ------------------------------------

_TXID = "OQCLML-BW3P3-BUCMWZ"


def _kraken(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - the venue's JSON
    told = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "50000.00", "price2": "0"}
    return {
        "txid": _TXID,
        "cl_ord_id": CLIENT_ID,
        "status": "open",
        "opentm": "1700000000.1234",
        "descr": told | changes.pop("descr", {}),
        "vol": "0.01000000",
        "vol_exec": "0.00000000",
        "cost": "0.00000",
        "fee": "0.00000",
        "misc": "",
        "oflags": "fciq",
    } | changes


def _says(*errors: str) -> Reply:
    return http(200, json.dumps({"error": list(errors)}))


def _result(result: object) -> Reply:
    return http(200, json.dumps({"error": [], "result": result}))


_STOP = {"descr": {"ordertype": "stop-loss-limit", "price": "49000.00", "price2": "50000.00"}}
_KRAKEN = AnswerSubject(
    wire=_WIRE["kraken"],
    create=("POST", "/0/private/AddOrder"),
    acknowledged=json.dumps(
        {"error": [], "result": {"descr": {"order": "buy 0.01000000 XBTUSD @ limit 50000.00"}, "txid": [_TXID]}}
    ),
    refusals={
        "duplicate": _says("EGeneral:Invalid arguments:cl_ord_id not unique"),
        "insufficient funds": _says("EOrder:Insufficient funds"),
        "post-only would take": _says("EOrder:Post only order"),
        "rate limited": _says("EAPI:Rate limit exceeded"),
        "authentication": _says("EAPI:Invalid key"),
        "maintenance": _says("EService:Market in cancel_only mode"),
        "clock": _says("EAPI:Invalid nonce"),
        "unknown code": _says("EOrder:Something that no table lists"),
        "unknown by the venue itself": _says("EService:Unavailable"),
    },
    look_up=(
        ("POST", "/0/private/OpenOrders", _result({"open": {}})),
        ("POST", "/0/private/ClosedOrders", _result({"closed": {}, "count": 0})),
    ),
    orders={
        "new": _kraken(),
        "partially filled": _kraken(vol_exec="0.00400000"),
        "filled": _kraken(status="closed", vol_exec="0.01000000"),
        "canceled": _kraken(status="canceled", reason="User requested"),
        "canceled with fills": _kraken(status="canceled", reason="User requested", vol_exec="0.00400000"),
        "ended with fills": _kraken(status="closed", vol_exec="0.00400000"),
        "expired": _kraken(status="expired", reason="Order expired"),
        "expired with fills": _kraken(status="expired", reason="Order expired", vol_exec="0.00400000"),
        "rejected": _kraken(status="canceled", reason="Post only order"),
        "untriggered": _kraken(**_STOP),
        "triggered": _kraken(misc="stopped", **_STOP),
    },
    unreadable={
        "a new status": _kraken(status="teleported"),
        "no fills told": {k: v for k, v in _kraken().items() if k != "vol_exec"},
        "fills as a float": _kraken(vol_exec=0.004),
        "no order id": _kraken(txid=""),
    },
)

# --- bybit: errors in answers with status 200; the acknowledgement is two ids ------------------------------------

_BYBIT_ID = "1523347543495541248"


def _bybit(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - the venue's JSON
    return {
        "orderId": _BYBIT_ID,
        "orderLinkId": CLIENT_ID,
        "symbol": "BTCUSDT",
        "price": "50000.00",
        "qty": "0.01000",
        "side": "Buy",
        "isLeverage": "0",
        "orderStatus": "New",
        "cancelType": "UNKNOWN",
        "rejectReason": "EC_NoError",
        "avgPrice": "",
        "leavesQty": "0.01000",
        "cumExecQty": "0.00000",
        "cumExecValue": "0",
        "timeInForce": "GTC",
        "orderType": "Limit",
        "marketUnit": "",
        "triggerPrice": "0.00",
        "createdTime": "1700000000000",
        "updatedTime": "1700000000000",
    } | changes


def _ret(code: int, message: str, result: object) -> Reply:
    answer = {"retCode": code, "retMsg": message, "result": result, "retExtInfo": {}, "time": 1700000000000}
    return http(200, json.dumps(answer, separators=(",", ":")))


_BYBIT_PART = {"cumExecQty": "0.00400", "cumExecValue": "200.0000000"}
_BYBIT_IOC = {"timeInForce": "IOC", "orderStatus": "Cancelled"}
_BYBIT_NONE = _ret(0, "OK", {"category": "spot", "nextPageCursor": "", "list": []})
_BYBIT = AnswerSubject(
    wire=_WIRE["bybit"],
    create=("POST", "/v5/order/create"),
    acknowledged=json.dumps(
        {"retCode": 0, "retMsg": "OK", "result": {"orderId": _BYBIT_ID, "orderLinkId": CLIENT_ID}, "retExtInfo": {}}
    ),
    refusals={
        "duplicate": _ret(170141, "Duplicate clientOrderId", {}),
        "insufficient funds": _ret(170131, "Balance insufficient", {}),
        "post-only would take": _ret(170218, "The LIMIT-MAKER order is rejected due to invalid price.", {}),
        "rate limited": _ret(10006, "Too many visits. Exceeded the API Rate Limit.", {}),
        "authentication": _ret(10003, "API key is invalid.", {}),
        "maintenance": _ret(170031, "The feature has been suspended", {}),
        "clock": _ret(10002, "The request time exceeds the time window range.", {}),
        "unknown code": _ret(170999, "A code that no table lists.", {}),
        "unknown by the venue itself": _ret(170007, "Timeout waiting for response from backend server.", {}),
    },
    look_up=(("GET", "/v5/order/realtime", _BYBIT_NONE), ("GET", "/v5/order/history", _BYBIT_NONE)),
    orders={
        "new": _bybit(),
        "partially filled": _bybit(orderStatus="PartiallyFilled", **_BYBIT_PART),
        "filled": _bybit(orderStatus="Filled", cumExecQty="0.01000", cumExecValue="500.0000000"),
        "canceled": _bybit(orderStatus="Cancelled", cancelType="CancelByUser"),
        "canceled with fills": _bybit(orderStatus="PartiallyFilledCanceled", **_BYBIT_PART),
        "ended with fills": _bybit(orderStatus="Rejected", **_BYBIT_PART),
        "expired": _bybit(**_BYBIT_IOC),
        "expired with fills": _bybit(**_BYBIT_IOC | {"orderStatus": "PartiallyFilledCanceled"}, **_BYBIT_PART),
        "rejected": _bybit(orderStatus="Rejected", rejectReason="EC_PostOnlyWillTakeLiquidity"),
        "untriggered": _bybit(orderStatus="Untriggered", triggerPrice="49000.00"),
        "triggered": _bybit(orderStatus="Triggered", triggerPrice="49000.00"),
    },
    unreadable={
        "a new status": _bybit(orderStatus="Teleported"),
        "no fills told": {k: v for k, v in _bybit().items() if k != "cumExecQty"},
        "fills as a float": _bybit(cumExecQty=0.004),
        "no order id": _bybit(orderId=""),
        "another client id": _bybit(orderLinkId="f" * 32),
        "filled in part and done": _bybit(orderStatus="Filled", **_BYBIT_PART),
    },
)


# --- coinbase: errors in answers with status 200, 401 as a bare word; the acknowledgement is ids ------------------

_CB_ID, _CB_CLIENT_ID = "9bc1eb3b-5b46-4b71-9628-ae2ed0cca75b", "01234567-89ab-cdef-0123-456789abcdef"
_CB_LIMIT = {"base_size": "0.01", "limit_price": "50000.00"}


def _coinbase(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - the venue's JSON
    return {
        "order_id": _CB_ID,
        "product_id": "BTC-USD",
        "order_configuration": {"limit_limit_gtc": _CB_LIMIT | {"post_only": False}},
        "side": "BUY",
        "client_order_id": _CB_CLIENT_ID,
        "status": "OPEN",
        "time_in_force": "GOOD_UNTIL_CANCELLED",
        "created_time": "2023-11-14T22:13:20.000000Z",
        "filled_size": "0",
        "filled_value": "0",
        "trigger_status": "INVALID_ORDER_TYPE",
        "order_type": "LIMIT",
        "reject_reason": "REJECT_REASON_UNSPECIFIED",
        "product_type": "SPOT",
        "last_fill_time": None,
    } | changes


def _failed(reason: str, message: str = "", *, named: str = "new_order_failure_reason") -> Reply:
    told = {"error": "UNKNOWN_FAILURE_REASON", "message": message, "error_details": "", named: reason}
    return http(200, json.dumps({"success": False, "error_response": told, "order_configuration": {}}))


_CB_PART = {"filled_size": "0.004", "filled_value": "200", "last_fill_time": "2023-11-14T22:13:21.5Z"}
_CB_STOP = {
    "order_configuration": {
        "stop_limit_stop_limit_gtc": _CB_LIMIT | {"stop_price": "49000", "stop_direction": "STOP_DIRECTION_STOP_UP"}
    },
    "order_type": "STOP_LIMIT",
}
_COINBASE = AnswerSubject(
    wire=_WIRE["coinbase"],
    create=("POST", "/api/v3/brokerage/orders"),
    acknowledged=json.dumps(
        {
            "success": True,
            "success_response": {
                "order_id": _CB_ID,
                "product_id": "BTC-USD",
                "side": "BUY",
                "client_order_id": _CB_CLIENT_ID,
            },
            "order_configuration": {"limit_limit_gtc": _CB_LIMIT},
        }
    ),
    refusals={
        "duplicate": _failed("DUPLICATE_CLIENT_ORDER_ID"),
        "insufficient funds": _failed("PREVIEW_INSUFFICIENT_FUND", named="preview_failure_reason"),
        "post-only would take": _failed("INVALID_LIMIT_PRICE_POST_ONLY"),
        "rate limited": http(429, '{"errors":[{"id":"rate_limit_exceeded","message":"Too many requests"}]}'),
        "authentication": http(401, "Unauthorized\n"),
        "maintenance": _failed("PRODUCT_TRADING_HALTED"),
        "unknown code": _failed("A_REASON_THAT_NO_TABLE_LISTS"),
        "unknown by the venue itself": _failed("UNKNOWN_FAILURE_REASON"),
    },
    look_up=(
        (
            "GET",
            "/api/v3/brokerage/orders/historical/batch",
            http(200, '{"orders":[],"sequence":"0","has_next":false,"cursor":""}'),
        ),
    ),
    orders={
        "new": _coinbase(),
        "partially filled": _coinbase(**_CB_PART),
        "filled": _coinbase(status="FILLED", filled_size="0.01", filled_value="500"),
        "canceled": _coinbase(status="CANCELLED"),
        "canceled with fills": _coinbase(status="CANCELLED", **_CB_PART),
        "ended with fills": _coinbase(status="FAILED", **_CB_PART),
        "expired": _coinbase(status="EXPIRED"),
        "expired with fills": _coinbase(
            status="CANCELLED", order_configuration={"sor_limit_ioc": _CB_LIMIT}, **_CB_PART
        ),
        "rejected": _coinbase(status="FAILED"),
        "untriggered": _coinbase(trigger_status="STOP_PENDING", **_CB_STOP),
        "triggered": _coinbase(trigger_status="STOP_TRIGGERED", **_CB_STOP),
    },
    unreadable={
        "a new status": _coinbase(status="TELEPORTED"),
        "no fills told": {k: v for k, v in _coinbase().items() if k != "filled_size"},
        "fills as a float": _coinbase(filled_size=0.004),
        "no order id": _coinbase(order_id=""),
        "another client id": _coinbase(client_order_id="f" * 32),
        "filled in part and done": _coinbase(status="FILLED", **_CB_PART),
    },
)


# --- okx: errors in the rows of answers with status 200; the acknowledgement is two ids; stops are another kind ----

_OKX_ID = "680800019749904384"


def _okx(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - the venue's JSON
    return {
        "accFillSz": "0",
        "algoClOrdId": "",
        "algoId": "",
        "avgPx": "",
        "cTime": "1700000000000",
        "clOrdId": CLIENT_ID,
        "fee": "0",
        "feeCcy": "BTC",
        "instId": "BTC-USDT",
        "instType": "SPOT",
        "ordId": _OKX_ID,
        "ordType": "limit",
        "px": "50000",
        "side": "buy",
        "state": "live",
        "sz": "0.01",
        "tdMode": "cash",
        "tgtCcy": "",
        "uTime": "1700000000000",
    } | changes


def _okx_stop(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - the venue's JSON
    return {
        "algoClOrdId": CLIENT_ID,
        "algoId": "1753184812254216192",
        "cTime": "1700000000000",
        "clOrdId": "",
        "failCode": "",
        "instId": "BTC-USDT",
        "instType": "SPOT",
        "ordId": "",
        "ordIdList": [],
        "ordType": "conditional",
        "side": "buy",
        "slOrdPx": "50000",
        "slTriggerPx": "49000",
        "slTriggerPxType": "last",
        "state": "live",
        "sz": "0.01",
        "tgtCcy": "",
        "tpOrdPx": "",
        "tpTriggerPx": "",
        "uTime": "1700000000000",
    } | changes


def _row(code: str, message: str) -> Reply:
    row = {"clOrdId": CLIENT_ID, "ordId": "", "tag": "", "sCode": code, "sMsg": message}
    return http(200, json.dumps({"code": "1", "msg": "All operations failed", "data": [row]}))


def _answer(status: int, code: str, message: str) -> Reply:
    return http(status, json.dumps({"code": code, "msg": message, "data": []}))


_OKX_NONE = _answer(200, "51603", "Order does not exist")
_OKX_PART = {"accFillSz": "0.004", "avgPx": "50000"}
_OKX = AnswerSubject(
    wire=_WIRE["okx"],
    create=("POST", "/api/v5/trade/order"),
    acknowledged=json.dumps(
        {
            "code": "0",
            "msg": "",
            "data": [{"clOrdId": CLIENT_ID, "ordId": _OKX_ID, "tag": "", "sCode": "0", "sMsg": ""}],
        }
    ),
    refusals={
        "duplicate": _row("51016", "Client order ID already exists."),
        "insufficient funds": _row("51008", "Order failed. Insufficient USDT balance in account"),
        "rate limited": _answer(429, "50011", "Rate limit reached."),
        "authentication": _answer(401, "50111", "Invalid OK-ACCESS-KEY"),
        "clock": _answer(401, "50102", "Timestamp request expired"),
        "unknown code": _row("59998", "A code that no table lists."),
        "unknown by the venue itself": _answer(400, "50004", "API endpoint request timeout"),
    },
    look_up=(("GET", "/api/v5/trade/order", _OKX_NONE), ("GET", "/api/v5/trade/order-algo", _OKX_NONE)),
    orders={
        "new": _okx(),
        "partially filled": _okx(state="partially_filled", **_OKX_PART),
        "filled": _okx(state="filled", accFillSz="0.01", avgPx="50000"),
        "canceled": _okx(state="canceled"),
        "canceled with fills": _okx(state="canceled", **_OKX_PART),
        "expired": _okx(state="canceled", ordType="fok"),
        "expired with fills": _okx(state="canceled", ordType="ioc", **_OKX_PART),
        "rejected": _okx_stop(state="order_failed", failCode="51008"),
        "untriggered": _okx_stop(),
        "triggered": _okx_stop(state="effective", ordIdList=[_OKX_ID], orders=[_okx(algoId="1753184812254216192")]),
    },
    unreadable={
        "a new status": _okx(state="teleported"),
        "a stop in a new status": _okx_stop(state="teleported"),
        "fills as a float": _okx(accFillSz=0.004),
        "no order id": _okx(ordId=""),
        "another client id": _okx(clOrdId="f" * 32),
        "filled in part and done": _okx(state="filled", **_OKX_PART),
    },
)

ANSWERS: tuple[AnswerSubject, ...] = (_BINANCE, _BYBIT, _COINBASE, _KRAKEN, _OKX)
