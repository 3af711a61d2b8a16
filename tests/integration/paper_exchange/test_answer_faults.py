"""What reaches the client, and what the venue did, when an answer goes wrong.

The last column of the table is the point: two faults that look alike to a client differ in whether the order exists.
"""

import asyncio
from typing import Any

import aiohttp
import ccxt
import pytest

from paper_exchange.control_client import ControlClient
from paper_exchange.server import PaperExchange
from support.paper_ccxt import Ccxt, until

BTC = "BTC/USDT"
CREATE = {"method": "POST", "path": "/api/v3/order"}


async def create(pro: Ccxt, client_order_id: str = "mine") -> Ccxt:
    return await pro.create_order(BTC, "limit", "buy", "0.01", "59000", {"clientOrderId": client_order_id})


@pytest.mark.parametrize(
    ("rule", "raised", "exists"),
    [
        ({"at": "before_auth", "do": "drop", "how": "rst"}, ccxt.ExchangeNotAvailable, False),
        ({"at": "before_auth", "do": "drop", "how": "fin"}, ccxt.ExchangeNotAvailable, False),
        ({"at": "before_engine", "do": "drop"}, ccxt.ExchangeNotAvailable, False),
        ({"at": "after_engine", "do": "drop", "how": "rst"}, ccxt.ExchangeNotAvailable, True),
        ({"at": "after_engine", "do": "drop", "how": "fin"}, ccxt.ExchangeNotAvailable, True),
        ({"at": "before_engine", "do": "respond", "status": 502, "body": "<html/>"}, ccxt.ExchangeNotAvailable, False),
        ({"at": "after_engine", "do": "respond", "status": 502, "body": "<html/>"}, ccxt.ExchangeNotAvailable, True),
        (
            {"at": "after_engine", "do": "respond", "status": 504, "body": '{"code":-1007,"msg":"Timeout waiting"}'},
            ccxt.RequestTimeout,
            True,
        ),
        ({"at": "in_body", "do": "truncate"}, ccxt.ExchangeError, True),
        ({"at": "in_body", "do": "drop", "how": "rst"}, ccxt.ExchangeError, True),
        ({"at": "after_engine", "do": "stall"}, ccxt.RequestTimeout, True),
        ({"at": "before_engine", "do": "stall"}, ccxt.RequestTimeout, False),
    ],
    ids=lambda value: f"{value['do']}-{value['at']}" if isinstance(value, dict) else None,
)
async def test_a_create_that_goes_wrong(
    pro: Ccxt, control: ControlClient, rule: dict[str, Any], raised: type[Exception], exists: bool
) -> None:
    await pro.load_markets()
    await control.add_fault({"match": CREATE, "count": 1, **rule})
    pro.timeout = 1000
    with pytest.raises(raised):
        await create(pro)
    assert len((await control.dump())["default"].named("mine")) == exists
    (injection,) = await control.injections()
    assert (injection["do"], injection["hook"], injection["subject"]["client_order_id"]) == (
        rule["do"],
        rule["at"],
        "mine",
    )


@pytest.mark.parametrize("do", ["empty", "garble"])
@pytest.mark.parametrize(("at", "exists"), [("before_engine", False), ("after_engine", True)])
async def test_an_empty_or_foreign_answer_gives_ccxt_an_order_without_an_id(
    pro: Ccxt, control: ControlClient, do: str, at: str, exists: bool
) -> None:
    await control.add_fault({"match": CREATE, "at": at, "do": do})
    assert (await create(pro))["id"] is None
    assert len((await control.dump())["default"].named("mine")) == exists


async def test_a_delayed_answer_arrives_and_the_body_may_pause_in_the_middle(pro: Ccxt, control: ControlClient) -> None:
    await pro.load_markets()
    await control.add_fault({"match": CREATE, "at": "after_engine", "do": "delay", "delay_ms": 200, "count": 1})
    await control.add_fault({"match": CREATE, "at": "in_body", "do": "delay", "delay_ms": 200, "count": 1})
    began = asyncio.get_running_loop().time()
    assert (await create(pro))["status"] == "open"
    assert asyncio.get_running_loop().time() - began >= 0.4


async def test_a_request_that_waits_longer_than_its_window_never_reaches_the_engine(
    pro: Ccxt, control: ControlClient
) -> None:
    await control.add_fault({"match": CREATE, "at": "before_engine", "do": "delay", "delay_ms": 400})
    with pytest.raises(ccxt.InvalidNonce, match="outside of the recvWindow"):
        await pro.create_order(BTC, "limit", "buy", "0.01", "59000", {"recvWindow": 200})
    assert (await control.dump())["default"].orders == ()


async def test_a_request_goes_on_when_its_client_has_gone(
    pro: Ccxt, venue: PaperExchange, control: ControlClient
) -> None:
    await pro.load_markets()
    await control.add_fault({"match": CREATE, "at": "before_engine", "do": "delay", "delay_ms": 600})
    pro.timeout = 100
    with pytest.raises(ccxt.RequestTimeout):
        await create(pro)
    await until(lambda: bool(venue.venue.reads.open_orders("default", "BTCUSDT")))


@pytest.mark.parametrize(("answer", "refused"), [("first", False), ("second", True)])
async def test_a_duplicated_create_is_done_twice(pro: Ccxt, control: ControlClient, answer: str, refused: bool) -> None:
    await control.add_fault({"match": CREATE, "at": "before_engine", "do": "duplicate", "answer": answer})
    if refused:
        with pytest.raises(ccxt.InvalidOrder, match="Duplicate order sent"):
            await create(pro)
    else:
        assert (await create(pro))["status"] == "open"
    assert len((await control.dump())["default"].named("mine")) == 1
    (request,) = (await control.requests()).to("POST", "/api/v3/order")
    assert request["reached_engine"] == 2


async def test_a_duplicated_market_order_is_filled_twice(pro: Ccxt, control: ControlClient) -> None:
    await control.add_fault({"match": CREATE, "at": "before_engine", "do": "duplicate"})
    await pro.create_order(BTC, "market", "buy", "0.01", None, {"clientOrderId": "double"})
    assert [order["status"] for order in (await control.dump())["default"].named("double")] == ["FILLED", "FILLED"]


async def test_a_rule_strikes_only_what_it_matches(pro: Ccxt, control: ControlClient) -> None:
    await control.add_fault({"match": {**CREATE, "client_order_id": "bad-*"}, "at": "before_engine", "do": "drop"})
    assert (await create(pro, "good-1"))["status"] == "open"
    with pytest.raises(ccxt.NetworkError):
        await create(pro, "bad-1")
    await control.clear_faults()
    assert (await create(pro, "bad-1"))["status"] == "open"


async def test_a_cancel_whose_answer_is_lost_has_happened(pro: Ccxt, control: ControlClient) -> None:
    await create(pro)
    await control.add_fault({"match": {"method": "DELETE"}, "at": "after_engine", "do": "drop", "nth": 1})
    with pytest.raises((ccxt.OrderNotFound, ccxt.NetworkError)):
        await pro.cancel_order(None, BTC, {"clientOrderId": "mine"})
    assert (await control.dump())["default"].named("mine")[0]["status"] == "CANCELED"


async def test_by_message_an_answer_can_be_lost_garbled_or_cut_off(pro: Ccxt, control: ControlClient) -> None:
    await pro.load_markets()
    place = {"method": "WS", "path": "order.place"}
    await control.add_fault({"match": place, "at": "after_engine", "do": "drop", "how": "rst", "count": 1})
    with pytest.raises(ccxt.NetworkError):
        await pro.create_order_ws(BTC, "limit", "buy", "0.01", "59000", {"newClientOrderId": "mine"})
    assert len((await control.dump())["default"].named("mine")) == 1
    await control.add_fault(
        {"match": place, "at": "before_engine", "do": "respond", "status": 503, "body": '{"code":-1008,"msg":"busy"}'}
    )
    with pytest.raises(ccxt.OperationFailed):
        await pro.create_order_ws(BTC, "limit", "buy", "0.01", "59000", {"newClientOrderId": "busy"})
    assert (await control.dump())["default"].named("busy") == ()


async def test_raw_http_sees_the_headers_of_an_injected_answer(venue: PaperExchange, control: ControlClient) -> None:
    await control.add_fault(
        {"at": "before_auth", "do": "respond", "status": 429, "headers": {"Retry-After": "7"}, "body": "{}"}
    )
    async with aiohttp.ClientSession() as session, session.get(f"{venue.url}/api/v3/time") as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
