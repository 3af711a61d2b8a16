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
from exchange_kernel.exchange.profiles.base import Row

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

ANSWERS: tuple[AnswerSubject, ...] = (_BINANCE, _KRAKEN)
