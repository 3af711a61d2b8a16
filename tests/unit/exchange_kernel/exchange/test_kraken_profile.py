"""What the Kraken profile sends, how it reads the answers, and how it finds an order."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.core.requests import AmendRequest, OrderRequest, TrailingOffset
from exchange_kernel.core.venue import VenueStatus
from exchange_kernel.exchange.port import ReadError
from exchange_kernel.exchange.profiles.kraken import KrakenSpot
from exchange_kernel.exchange.profiles.kraken_answers import asset
from exchange_kernel.exchange.profiles.parts import Call, CodeRow, Declined, History, OrderKey, Proof
from support.requests import CLIENT_ID

PROFILE = KrakenSpot()
TXID = "OQCLML-BW3P3-BUCMWZ"
KEY = OrderKey("BTC/USD", "XXBTZUSD", CLIENT_ID, TXID)


def order(kind: str = "Limit", **changes: Any) -> OrderRequest:  # noqa: ANN401 - fields of OrderRequest
    price = Decimal(60000) if kind.endswith("imit") else None
    trigger = Decimal(59000) if kind not in {"Market", "Limit", "TrailingStopMarket"} else None
    base = OrderRequest(CLIENT_ID, "BTC/USD", "Buy", kind, Decimal("0.50"), price=price, trigger_price=trigger)
    return replace(base, **changes)


def trailing(offset: str, unit: str, activation: str | None = None) -> OrderRequest:
    follows = TrailingOffset(Decimal(offset), unit, Decimal(activation) if activation else None)
    return order("TrailingStopMarket", trailing=follows)


def row(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the venue's JSON
    told = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "60000.0", "price2": "0"}
    base = {
        "refid": None,
        "cl_ord_id": CLIENT_ID,
        "status": "open",
        "opentm": "1700000000.1234",
        "expiretm": 0,
        "descr": told | changes.pop("descr", {}),
        "vol": "0.50000000",
        "vol_exec": "0.00000000",
        "cost": "0.00000",
        "fee": "0.00000",
        "price": "0.00000",
        "misc": "",
        "oflags": "fciq",
    }
    return base | changes


class Venue:
    """Answers by endpoint; notes what was asked."""

    def __init__(self, **answers: Any) -> None:  # noqa: ANN401 - the venue's JSON
        self.answers = answers
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    async def ask(self, call: Call) -> Any:  # noqa: ANN401 - the venue's JSON
        name = call.method.removeprefix("privatePost").removeprefix("publicGet")
        self.asked.append((name, call.args[0]))
        answer = self.answers[name]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return None if answer is None else {"error": [], "result": answer}

    @property
    def endpoints(self) -> list[str]:
        return [name for name, _ in self.asked]


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (order("Market"), {"ordertype": "market", "volume": "0.5", "oflags": "fciq"}),
        (
            order("Market", quantity=None, quote_quantity=Decimal("100.50")),
            {"ordertype": "market", "volume": "100.5", "oflags": "fciq,viqc"},
        ),
        (order(), {"ordertype": "limit", "price": "60000", "timeinforce": "GTC", "volume": "0.5", "oflags": "fciq"}),
        (
            order(post_only=True),
            {"ordertype": "limit", "price": "60000", "timeinforce": "GTC", "volume": "0.5", "oflags": "fciq,post"},
        ),
        (
            order(time_in_force="GTD", expire_at=datetime(2026, 12, 1, 0, 0, 0, 999000, tzinfo=UTC)),
            {
                "ordertype": "limit",
                "price": "60000",
                "timeinforce": "GTD",
                "expiretm": "1796083200",
                "volume": "0.5",
                "oflags": "fciq",
            },
        ),
        (
            order("StopMarket"),
            {"ordertype": "stop-loss", "price": "59000", "trigger": "last", "volume": "0.5", "oflags": "fciq"},
        ),
        (
            order("TakeProfitLimit"),
            {
                "ordertype": "take-profit-limit",
                "price": "59000",
                "price2": "60000",
                "trigger": "last",
                "volume": "0.5",
                "oflags": "fciq",
            },
        ),
        (
            trailing("1.250", "Percent"),
            {"ordertype": "trailing-stop", "price": "+1.25%", "trigger": "last", "volume": "0.5", "oflags": "fciq"},
        ),
        (
            trailing("500", "Amount"),
            {"ordertype": "trailing-stop", "price": "+500", "trigger": "last", "volume": "0.5", "oflags": "fciq"},
        ),
    ],
)
def test_an_order_goes_out_in_the_venues_own_words(request_: OrderRequest, sent: dict[str, str]) -> None:
    call = PROFILE.create(request_, "XXBTZUSD")

    assert call.args[0] == sent | {"pair": "XXBTZUSD", "type": "buy", "cl_ord_id": CLIENT_ID}
    assert call.expected == call.args[0]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (order(time_in_force="FOK"), "does not place"),
        (order(reduce_only=True), "does not place"),
        (order("StopLimit", time_in_force="IOC"), "does not place"),
        (order("StopMarket", trigger_price=None), "needs a trigger_price"),
        (order(trigger_price=Decimal(1)), "takes no trigger_price"),
        (order(expire_at=datetime(2026, 12, 1, tzinfo=UTC)), "takes no expire_at"),
        (order(time_in_force="GTD"), "needs a expire_at"),
        (order("Market", quote_quantity=Decimal(1)), "alone"),
        (order("Market", side="Sell", quantity=None, quote_quantity=Decimal(1)), "market buys"),
        (trailing("1", "Percent", activation="61000"), "no activation price"),
    ],
)
def test_what_is_not_listed_or_whole_never_becomes_a_request(request_: OrderRequest, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PROFILE.create(request_, "XXBTZUSD")


def test_an_acknowledgement_is_a_txid_and_tells_no_fills() -> None:
    raw = {"error": [], "result": {"descr": {"order": "buy 0.5"}, "txid": [TXID], "cl_ord_id": CLIENT_ID}}

    made, waits = (PROFILE.created(raw, order(kind), "XXBTZUSD") for kind in ("Limit", "StopLimit"))

    assert (made.exchange_order_id, made.status, made.filled, made.cost) == (TXID, VenueStatus.OPEN, 0, None)
    assert waits.status is VenueStatus.UNTRIGGERED


@pytest.mark.parametrize(
    "result",
    [{}, {"txid": []}, {"txid": [TXID, TXID]}, {"txid": [""]}, {"txid": [7]}, {"txid": [TXID], "cl_ord_id": "f" * 32}],
)
def test_an_answer_without_exactly_one_order_of_ours_acknowledges_nothing(result: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        PROFILE.created({"error": [], "result": result}, order(), "XXBTZUSD")


@pytest.mark.parametrize(
    ("changes", "status", "filled"),
    [
        ({}, VenueStatus.OPEN, "0"),
        ({"status": "pending"}, VenueStatus.OPEN, "0"),
        ({"vol_exec": "0.2"}, VenueStatus.OPEN, "0.2"),
        ({"descr": {"ordertype": "stop-loss"}}, VenueStatus.UNTRIGGERED, "0"),
        ({"descr": {"ordertype": "stop-loss-limit"}, "misc": "stopped"}, VenueStatus.OPEN, "0"),
        ({"descr": {"ordertype": "take-profit"}, "misc": "touched"}, VenueStatus.OPEN, "0"),
        ({"status": "closed", "vol_exec": "0.5"}, VenueStatus.FILLED, "0.5"),
        ({"status": "closed", "vol_exec": "0.2"}, VenueStatus.CANCELED, "0.2"),
        ({"status": "canceled", "reason": "User requested"}, VenueStatus.CANCELED, "0"),
        ({"status": "canceled", "vol_exec": "0.2"}, VenueStatus.CANCELED, "0.2"),
        ({"status": "canceled", "reason": "Insufficient liquidity"}, VenueStatus.EXPIRED, "0"),
        ({"status": "canceled", "reason": "Post only order"}, VenueStatus.REJECTED, "0"),
        ({"status": "expired", "reason": "Order expired", "vol_exec": "0.1"}, VenueStatus.EXPIRED, "0.1"),
    ],
)
def test_a_status_is_read_from_the_word_the_reason_and_the_fills(
    changes: dict[str, Any], status: VenueStatus, filled: str
) -> None:
    read = PROFILE.read_order(row(**changes) | {"txid": TXID}, "BTC/USD")

    assert (read.status, read.filled, read.exchange_order_id) == (status, Decimal(filled), TXID)
    assert read.cost == (0 if read.filled == 0 else None)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "teleported"},
        {"txid": ""},
        {"vol_exec": 0.5},
        {"descr": {"ordertype": "iceberg"}},
        {"vol_exec": "10.5", "oflags": "fciq,viqc"},
    ],
    ids=["a new status", "no id", "a float", "a type that is not traded", "fills in quote currency without trades"],
)
def test_an_order_that_cannot_be_read_is_not_guessed_at(changes: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        PROFILE.read_order({"txid": TXID, **row(**changes)}, "BTC/USD")


async def test_an_open_order_is_looked_up_in_one_call_and_an_ended_one_in_two() -> None:
    working = Venue(OpenOrders={"open": {TXID: row()}})
    ended = Venue(OpenOrders={"open": {}}, ClosedOrders={"closed": {TXID: row(status="closed")}, "count": 1})

    for venue in (working, ended):
        found = await PROFILE.find_by_client_id(venue.ask, KEY)
        assert found is not None
        assert found["txid"] == TXID
    assert working.endpoints == ["OpenOrders"]
    assert ended.endpoints == ["OpenOrders", "ClosedOrders"]
    assert {params["cl_ord_id"] for _, params in ended.asked} == {CLIENT_ID}


async def test_an_order_of_another_client_id_is_not_taken_for_ours_where_the_filter_is_ignored() -> None:
    other = row(cl_ord_id="f" * 32)
    venue = Venue(OpenOrders={"open": {TXID: other}}, ClosedOrders={"closed": {TXID: other}, "count": 1})

    assert await PROFILE.find_by_client_id(venue.ask, KEY) is None


async def test_an_answer_without_its_section_is_no_absence() -> None:
    with pytest.raises(KeyError):
        await PROFILE.find_by_client_id(Venue(OpenOrders={}).ask, KEY)


async def test_an_id_that_was_never_given_out_is_no_order_and_another_refusal_is_an_error() -> None:
    never = Declined("EOrder:Invalid order", CodeRow("EOrder:Invalid order", Proof.REFUSED, "InvalidRequest"))
    other = Declined("EGeneral", CodeRow("EGeneral:Invalid arguments", Proof.REFUSED, "InvalidRequest"))

    assert await PROFILE.find_by_id(Venue(QueryOrders=never).ask, KEY) is None
    assert await PROFILE.find_by_id(Venue(QueryOrders={}).ask, KEY) is None
    with pytest.raises(Declined):
        await PROFILE.find_by_id(Venue(QueryOrders=other).ask, KEY)


FILL = {"ordertxid": TXID, "pair": "XXBTZUSD", "time": "1700000001.5", "price": "100.0", "cost": "10.0", "fee": "0.02"}


async def test_an_order_by_quote_quantity_is_filled_by_what_its_trades_say() -> None:
    quoted = row(vol="20.0", vol_exec="20.0", oflags="fciq,viqc", status="closed", trades=["T1", "T2"])
    venue = Venue(QueryOrders={TXID: quoted}, QueryTrades={"T1": FILL | {"vol": "0.1"}, "T2": FILL | {"vol": "0.1"}})

    found = await PROFILE.find_by_id(venue.ask, KEY)
    assert found is not None
    read = PROFILE.read_order(found, "BTC/USD")

    assert (read.filled, read.quantity, read.status) == (Decimal("0.2"), None, VenueStatus.FILLED)


async def test_the_fills_of_an_order_are_told_in_order_with_their_fee_in_quote_currency() -> None:
    later = FILL | {"vol": "0.2", "time": "1700000002.5"}
    venue = Venue(QueryOrders={TXID: row(trades=["T1", "T2"])}, QueryTrades={"T2": later, "T1": FILL | {"vol": "0.1"}})

    fills = await PROFILE.trades(venue.ask, KEY)

    assert [(t.trade_id, t.quantity, t.fee, t.fee_currency) for t in fills] == [
        ("T1", Decimal("0.1"), Decimal("0.02"), "USD"),
        ("T2", Decimal("0.2"), Decimal("0.02"), "USD"),
    ]


async def test_a_trade_that_is_named_and_not_told_is_an_error() -> None:
    venue = Venue(QueryOrders={TXID: row(trades=["T1", "T2"])}, QueryTrades={"T1": FILL | {"vol": "0.1"}})

    with pytest.raises(ReadError, match="names 2 trades"):
        await PROFILE.trades(venue.ask, KEY)


async def test_the_history_is_read_to_its_end_and_trades_are_followed_to_their_orders() -> None:
    foreign = row(cl_ord_id=None)
    venue = Venue(
        OpenOrders={"open": {}},
        ClosedOrders=[
            {"closed": {}, "count": 0},
            {"closed": {f"O{n}": foreign for n in range(50)}, "count": 51},
            {"closed": {"O50": foreign}, "count": 51},
        ],
        TradesHistory={"trades": {"T1": {"ordertxid": TXID}, "T2": {"ordertxid": "O3"}}, "count": 2},
        QueryOrders={TXID: row()},
    )

    history = History("XXBTZUSD", CLIENT_ID, 1_700_000_000_000, 1_700_000_100_000)
    found = [raw["txid"] async for raw in PROFILE.orders_in_doubt(venue.ask, history)]

    assert found == [TXID]
    assert [params["ofs"] for name, params in venue.asked if name == "ClosedOrders" and "ofs" in params] == [0, 50]
    assert venue.endpoints.count("QueryOrders") == 1


AMEND = AmendRequest(TXID, CLIENT_ID, "BTC/USD", "Buy", "Limit", quantity=Decimal("0.40"), price=Decimal(61000))


def test_an_amend_names_the_new_total_and_the_new_prices() -> None:
    call = PROFILE.amend(AMEND, "XXBTZUSD")

    assert call.method == "privatePostAmendOrder"
    assert call.args[0] == call.expected == {"txid": TXID, "order_qty": "0.4", "limit_price": "61000"}


@pytest.mark.parametrize(
    "unlisted",
    [
        replace(AMEND, trigger_price=Decimal(1)),
        replace(AMEND, type="StopMarket"),
        replace(AMEND, type="TrailingStopMarket"),
        replace(AMEND, type="Market"),
        replace(AMEND, quantity=None, price=None),
    ],
)
def test_an_amend_that_the_type_does_not_list_never_becomes_a_request(unlisted: AmendRequest) -> None:
    with pytest.raises(ValueError, match="in place"):
        PROFILE.amend(unlisted, "XXBTZUSD")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"error":[],"result":{"txid":["O"]}}', ""),
        ('{"error":["EOrder:Insufficient funds"]}', "EOrder:Insufficient funds"),
        ('{"error":["WGeneral:Danger"],"result":{}}', ""),
        ('{"error":["EGeneral:Invalid arguments:volume"]}', "EGeneral:Invalid arguments"),
        ('{"error":["EService: Throttled: 1700000000"]}', "EService:Throttled"),
        ('{"error":"EOrder"}', ""),
        ("<html>", ""),
        ("", ""),
        ("[]", ""),
    ],
)
def test_only_the_venues_own_form_of_error_is_an_error_of_the_venue(body: str, code: str) -> None:
    assert PROFILE.error_of(body)[0] == code


@pytest.mark.parametrize(
    ("name", "usual"),
    [("XXBT", "BTC"), ("XBT", "BTC"), ("ZUSD", "USD"), ("USDT", "USDT"), ("XXDG", "DOGE"), ("XBT.M", "BTC.M")],
)
def test_assets_have_their_usual_names(name: str, usual: str) -> None:
    assert asset(name) == usual


async def test_balances_leave_out_what_is_zero_and_tell_what_is_held() -> None:
    venue = Venue(
        BalanceEx={"ZUSD": {"balance": "100.5", "hold_trade": "40.5"}, "XXBT": {"balance": "0", "hold_trade": "0"}}
    )

    (usd,) = await PROFILE.balances(venue.ask)

    assert (usd.asset, usd.free, usd.locked) == ("USD", Decimal(60), Decimal("40.5"))
