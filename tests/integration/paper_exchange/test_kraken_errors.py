"""Each refusal of the Kraken dialect, as text on the wire and as what unmodified ccxt makes of it."""

import asyncio
from dataclasses import replace
from typing import Any

import ccxt
import ccxt.async_support
import pytest

from paper_exchange.ccxt_config import kraken_config
from paper_exchange.commands import ListSymbol
from paper_exchange.control_client import ControlClient
from paper_exchange.server import PaperExchange
from paper_exchange.units import parse_amount
from support.paper_ccxt import Ccxt, until
from support.paper_kraken import Wire

BTC = "BTC/USDT"
LIMIT = {"pair": "XBTUSDT", "type": "buy", "ordertype": "limit", "volume": "0.01", "price": "59000"}
MARKET = {"pair": "XBTUSDT", "type": "buy", "ordertype": "market", "volume": "0.01"}
STOP = {"pair": "XBTUSDT", "type": "sell", "ordertype": "stop-loss", "volume": "0.01", "price": "59000"}


async def refusal(wire: Wire, method: str, params: dict[str, Any], **changes: object) -> str:
    answer = await wire.private(method, params, **changes)
    assert "result" not in answer
    (text,) = answer["error"]
    return str(text)


# --- who is asking


async def test_every_refusal_is_an_answer_200_with_one_text(wire: Wire) -> None:
    assert await wire.private("QueryOrders", {"txid": "nonsense"}) == {"error": ["EOrder:Invalid order"]}


async def test_an_unknown_key(wire: Wire, kraken: Ccxt) -> None:
    assert await refusal(wire, "Balance", {}, key="A" * 56) == "EAPI:Invalid key"
    kraken.apiKey = "A" * 56
    with pytest.raises(ccxt.AuthenticationError):
        await kraken.fetch_balance()


async def test_a_revoked_key(wire: Wire, control: ControlClient) -> None:
    await control.revoke_key(wire.key)
    assert await refusal(wire, "Balance", {}) == "EAPI:Invalid key"


async def test_a_wrong_signature(wire: Wire) -> None:
    assert await refusal(wire, "Balance", {}, signature="bm9uc2Vuc2U=") == "EAPI:Invalid signature"


async def test_the_nonce_has_to_rise(wire: Wire) -> None:
    nonce = 2**62
    await wire.private("Balance", nonce=nonce)
    for again in (nonce, nonce - 1, "", "-5", "1.5"):
        assert await refusal(wire, "Balance", {}, nonce=again) == "EAPI:Invalid nonce"
    assert (await wire.private("Balance", nonce=nonce + 1))["error"] == []


async def test_a_nonce_is_used_up_by_a_refused_request_and_not_by_a_forged_one(wire: Wire) -> None:
    nonce = 2**62
    await refusal(wire, "Balance", {}, nonce=nonce, signature="bm9uc2Vuc2U=")
    assert await refusal(wire, "AddOrder", {}, nonce=nonce) == "EGeneral:Invalid arguments:pair"
    assert await refusal(wire, "AddOrder", {}, nonce=nonce) == "EAPI:Invalid nonce"


async def test_nonces_are_counted_by_key_and_outlive_an_outage(wire: Wire, control: ControlClient) -> None:
    other = await control.create_key("default")
    await wire.private("Balance", nonce=2**62)
    second = Wire(wire.url, other.key, other.secret)
    assert (await second.private("Balance", nonce=1))["error"] == []
    await control.restart()
    assert await refusal(wire, "Balance", {}, nonce=2**62) == "EAPI:Invalid nonce"


async def test_two_clients_with_one_key_get_in_each_others_way(venue: PaperExchange, kraken: Ccxt) -> None:
    key = venue.keys["default"]
    await Wire(venue.url, key.key, key.secret).private("Balance", nonce=2**62)
    with pytest.raises(ccxt.InvalidNonce):
        await kraken.fetch_balance()


@pytest.mark.parametrize("method", ["AddOrder", "AmendOrder", "CancelOrder", "CancelAll"])
async def test_a_key_that_may_only_look(venue: PaperExchange, control: ControlClient, method: str) -> None:
    key = await control.create_key("default", can_trade=False)
    wire = Wire(venue.url, key.key, key.secret)
    assert (await wire.private("BalanceEx"))["error"] == []
    assert await refusal(wire, method, LIMIT) == "EGeneral:Permission denied"
    client = ccxt.async_support.kraken(kraken_config(venue.url, api_key=key.key, secret=key.secret))
    try:
        with pytest.raises(ccxt.PermissionDenied):
            await client.create_order(BTC, "limit", "buy", "0.01", "59000")
    finally:
        await client.close()


# --- how often


async def test_the_counter_of_calls_rises_and_decays(wire: Wire, venue: PaperExchange, control: ControlClient) -> None:
    venue.clock.stop_at(venue.venue.now_ms())
    await control.set_limits(call_counter=3, call_counter_decay_milli=500)
    await wire.private("Balance")
    await wire.private("TradesHistory")
    assert await refusal(wire, "Balance", {}) == "EAPI:Rate limit exceeded"
    assert (await wire.private("AddOrder", LIMIT))["error"] == []
    await control.advance_clock(1_999)
    assert await refusal(wire, "Balance", {}) == "EAPI:Rate limit exceeded"
    await control.advance_clock(1)
    assert (await wire.private("Balance"))["error"] == []


async def test_orders_have_a_counter_of_their_own_and_young_cancels_cost_most(
    wire: Wire, kraken: Ccxt, venue: PaperExchange, control: ControlClient
) -> None:
    venue.clock.stop_at(venue.venue.now_ms())
    await control.set_limits(trade_counter=10, trade_counter_decay_milli=1000)
    placed = await wire.private("AddOrder", LIMIT)
    await wire.private("CancelOrder", {"txid": placed["result"]["txid"][0]})
    await wire.private("AddOrder", LIMIT)
    with pytest.raises(ccxt.DDoSProtection, match="EOrder:Rate limit exceeded"):
        await kraken.create_order(BTC, "limit", "buy", "0.01", "59000")
    assert (await wire.private("CancelAll"))["result"] == {"count": 1}
    assert (await wire.private("AddOrder", LIMIT | {"pair": "ETHUSDT", "price": "2900"}))["error"] == []


# --- the venue


async def test_in_maintenance_everything_is_unavailable(wire: Wire, kraken: Ccxt, control: ControlClient) -> None:
    await kraken.load_markets()
    await control.set_modes(maintenance=True)
    assert await refusal(wire, "AddOrder", LIMIT) == "EService:Unavailable"
    assert (await wire.public("Ticker"))["error"] == ["EService:Unavailable"]
    assert (await wire.public("SystemStatus"))["result"]["status"] == "maintenance"
    with pytest.raises(ccxt.ExchangeNotAvailable):
        await kraken.fetch_balance()


async def test_a_halted_market_takes_cancels_only(wire: Wire, kraken: Ccxt, control: ControlClient) -> None:
    order = await kraken.create_order(BTC, "limit", "buy", "0.01", "59000")
    await control.set_symbol_status("BTCUSDT", "HALT")
    assert await refusal(wire, "AddOrder", LIMIT) == "EService:Market in cancel_only mode"
    with pytest.raises(ccxt.OnMaintenance):
        await kraken.create_order(BTC, "limit", "buy", "0.01", "59000")
    with pytest.raises(ccxt.OnMaintenance):
        await kraken.edit_order(order["id"], BTC, "limit", "buy", "0.02")
    pairs = await wire.public("AssetPairs", pair="XBTUSDT")
    assert pairs["result"]["XBTUSDT"]["status"] == "cancel_only"
    await kraken.cancel_order(order["id"])


@pytest.mark.parametrize(
    ("text", "raised"),
    [("EService:Busy", ccxt.ExchangeNotAvailable), ("EGeneral:Internal error", ccxt.ExchangeNotAvailable)],
)
async def test_any_other_text_can_be_put_in_the_place_of_an_answer(
    kraken: Ccxt, control: ControlClient, text: str, raised: type[Exception]
) -> None:
    await kraken.load_markets()
    rule = {"match": {"path": "/0/private/AddOrder"}, "at": "after_engine", "do": "respond", "status": 200}
    await control.add_fault({**rule, "body": f'{{"error":["{text}"]}}'})
    with pytest.raises(raised, match=text):
        await kraken.create_order(BTC, "limit", "buy", "0.01", "59000")
    assert len((await control.dump())["default"].orders) == 1


async def test_an_account_that_may_not_trade(wire: Wire, control: ControlClient) -> None:
    await control.set_trading("default", enabled=False)
    assert await refusal(wire, "AddOrder", LIMIT) == "ETrade:User Locked"


@pytest.mark.parametrize("method", ["GetWebSocketsToken", "EditOrder", "AddOrderBatch", "Nothing"])
async def test_a_method_that_is_not_here(wire: Wire, method: str) -> None:
    assert await refusal(wire, method, {}) == "EGeneral:Unknown method"


# --- orders


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (LIMIT | {"pair": "FOOBAR"}, "EQuery:Unknown asset pair"),
        (LIMIT | {"type": "hold"}, "EGeneral:Invalid arguments:type"),
        (LIMIT | {"ordertype": "iceberg"}, "EGeneral:Invalid arguments:ordertype"),
        (LIMIT | {"volume": ""}, "EGeneral:Invalid arguments:volume"),
        (LIMIT | {"volume": "abc"}, "EGeneral:Invalid arguments:volume"),
        (LIMIT | {"volume": "0.000001"}, "EGeneral:Invalid arguments:volume"),
        (LIMIT | {"volume": "100"}, "EOrder:Insufficient funds"),
        (LIMIT | {"volume": "1000"}, "EGeneral:Invalid arguments:volume"),
        (LIMIT | {"pair": "BNBUSDT", "volume": "0.0001"}, "EGeneral:Invalid arguments:volume"),
        (LIMIT | {"volume": "0.00005"}, "EOrder:Cost minimum not met"),
        (LIMIT | {"price": ""}, "EGeneral:Invalid arguments:price"),
        (LIMIT | {"price": "0"}, "EGeneral:Invalid arguments:price"),
        (
            LIMIT | {"price": "59000.001"},
            "EOrder:Invalid price:XBTUSDT price can only be specified up to 2 decimals.",
        ),
        (LIMIT | {"price": "1000"}, "EOrder:Invalid price"),
        (LIMIT | {"price": "61000", "oflags": "post"}, "EOrder:Post only order"),
        (LIMIT | {"oflags": "fcib"}, "EGeneral:Invalid arguments:oflags"),
        (LIMIT | {"oflags": "viqc"}, "EGeneral:Invalid arguments:viqc"),
        (MARKET | {"oflags": "post"}, "EGeneral:Invalid arguments:oflags"),
        (MARKET | {"type": "sell", "oflags": "viqc"}, "EGeneral:Invalid arguments:viqc"),
        (MARKET | {"timeinforce": "IOC"}, "EGeneral:Invalid arguments:timeinforce"),
        (LIMIT | {"timeinforce": "FOK"}, "EGeneral:Invalid arguments:timeinforce"),
        (LIMIT | {"timeinforce": "GTD"}, "EGeneral:Invalid arguments:timeinforce"),
        (LIMIT | {"timeinforce": "GTD", "expiretm": "1"}, "EGeneral:Invalid arguments:expiretm"),
        (LIMIT | {"timeinforce": "GTD", "expiretm": "soon"}, "EGeneral:Invalid arguments:expiretm"),
        (LIMIT | {"cl_ord_id": "UPPER"}, "EGeneral:Invalid arguments:cl_ord_id"),
        (LIMIT | {"cl_ord_id": "much-too-long-to-be-one"}, "EGeneral:Invalid arguments:cl_ord_id"),
        (LIMIT | {"cl_ord_id": "mine", "userref": "1"}, "EGeneral:Invalid arguments:cl_ord_id"),
        (LIMIT | {"userref": "4294967296"}, "EGeneral:Invalid arguments:userref"),
        (LIMIT | {"validate": "perhaps"}, "EGeneral:Invalid arguments:validate"),
        (LIMIT | {"deadline": "2001-01-01T00:00:00Z"}, "EService:Deadline elapsed"),
        (LIMIT | {"deadline": "2999-01-01T00:00:00Z"}, "EGeneral:Invalid arguments:deadline"),
        (LIMIT | {"deadline": "now"}, "EGeneral:Invalid arguments:deadline"),
        (STOP | {"price": "61000"}, "EOrder:Invalid price"),
        (STOP | {"ordertype": "stop-loss-limit"}, "EGeneral:Invalid arguments:price2"),
        (STOP | {"ordertype": "trailing-stop", "price": "1%"}, "EGeneral:Invalid arguments:price"),
        (STOP | {"ordertype": "trailing-stop", "price": "+0.001%"}, "EOrder:Invalid price"),
        (STOP | {"ordertype": "trailing-stop", "price": "+60000"}, "EOrder:Invalid price"),
    ],
    ids=str,
)
async def test_an_order_that_is_refused(wire: Wire, control: ControlClient, params: dict[str, str], text: str) -> None:
    assert await refusal(wire, "AddOrder", params) == text
    assert (await control.dump())["default"].orders == ()


async def test_a_client_id_of_an_open_order_is_taken(wire: Wire) -> None:
    await wire.private("AddOrder", LIMIT | {"cl_ord_id": "mine"})
    text = "EGeneral:Invalid arguments:cl_ord_id not unique"
    assert await refusal(wire, "AddOrder", LIMIT | {"cl_ord_id": "mine"}) == text


async def test_a_tick_that_is_coarser_than_the_decimals(wire: Wire, venue: PaperExchange) -> None:
    symbol = venue.venue.reads.symbol("BTCUSDT")
    assert symbol is not None
    venue.venue.submit(ListSymbol(symbol=replace(symbol, tick_size=parse_amount("0.05"))))
    assert await refusal(wire, "AddOrder", LIMIT | {"price": "59000.01"}) == "EOrder:Tick size check failed"


async def test_a_deadline_that_passes_on_the_way_to_the_engine(
    wire: Wire, venue: PaperExchange, control: ControlClient
) -> None:
    venue.clock.stop_at(2_000_000_000_000)
    await control.add_fault(
        {"match": {"path": "/0/private/AddOrder"}, "at": "before_engine", "do": "delay", "delay_ms": 300}
    )
    asking = asyncio.create_task(wire.private("AddOrder", LIMIT | {"deadline": "2033-05-18T03:33:25Z"}))
    await until(lambda: bool(venue.faults.injections))
    await control.advance_clock(6_000)
    assert (await asking)["error"] == ["EService:Deadline elapsed"]
    assert (await control.dump())["default"].orders == ()


# --- orders that are named


@pytest.mark.parametrize("method", ["QueryOrders", "CancelOrder", "AmendOrder"])
async def test_an_order_that_nobody_placed(wire: Wire, method: str) -> None:
    assert await refusal(wire, method, {}) == "EGeneral:Invalid arguments:txid"
    assert await refusal(wire, method, {"txid": "OZZZZZ-ZZZZZ-ZZZZZZ"}) == "EOrder:Invalid order"


async def test_an_order_that_has_ended_or_belongs_to_another(wire: Wire, control: ControlClient) -> None:
    (bob,) = await control.create_account("bob", {"USDT": "1000"})
    other = Wire(wire.url, bob.key, bob.secret)
    txid = (await wire.private("AddOrder", LIMIT | {"cl_ord_id": "mine"}))["result"]["txid"][0]
    for method in ("QueryOrders", "CancelOrder", "AmendOrder"):
        assert await refusal(other, method, {"txid": txid, "order_qty": "0.02"}) == "EOrder:Unknown order"
    await wire.private("CancelOrder", {"cl_ord_id": "mine"})
    assert await refusal(wire, "CancelOrder", {"txid": txid}) == "EOrder:Unknown order"
    assert await refusal(wire, "CancelOrder", {"cl_ord_id": "mine"}) == "EOrder:Unknown order"
    assert await refusal(wire, "AmendOrder", {"txid": txid, "order_qty": "0.02"}) == "EOrder:Unknown order"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"order_qty": "20"}, "EOrder:Insufficient funds"),
        ({"limit_price": "61000", "post_only": "true"}, "EOrder:Post only order"),
        (
            {"limit_price": "1.001"},
            "EOrder:Invalid price:XBTUSDT price can only be specified up to 2 decimals.",
        ),
        ({"trigger_price": "58000"}, "EGeneral:Invalid arguments:price"),
        ({}, "EGeneral:Invalid arguments:price"),
    ],
)
async def test_an_amend_that_is_refused_leaves_the_order_as_it_was(
    wire: Wire, changes: dict[str, str], text: str
) -> None:
    txid = (await wire.private("AddOrder", LIMIT))["result"]["txid"][0]
    before = await wire.private("QueryOrders", {"txid": txid})
    assert await refusal(wire, "AmendOrder", {"txid": txid, **changes}) == text
    assert await wire.private("QueryOrders", {"txid": txid}) == before
