"""The user data stream when it loses, repeats, reorders or cuts off its events, and when it goes silent."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest_asyncio

from paper_exchange.binance import auth
from paper_exchange.control_client import ControlClient
from paper_exchange.model import OrderType, Side, TimeInForce
from paper_exchange.order_commands import PlaceOrder
from paper_exchange.server import PaperExchange
from paper_exchange.units import parse_amount

PATIENCE_S = 10
REPORTS = {"method": "WS", "path": "executionReport"}


def signed(venue: PaperExchange, method: str, **params: object) -> str:
    key = venue.keys["default"]
    sent: dict[str, Any] = {"apiKey": key.key, "timestamp": venue.venue.now_ms(), **params}
    sent["signature"] = auth.signature_of(key.secret, auth.wsapi_payload(sent))
    return orjson.dumps({"id": "1", "method": method, "params": sent}).decode()


@pytest_asyncio.fixture
async def stream(venue: PaperExchange) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with aiohttp.ClientSession() as session, session.ws_connect(venue.ws_url) as socket:
        await socket.send_str(signed(venue, "userDataStream.subscribe.signature"))
        answer = await socket.receive_json(timeout=PATIENCE_S)
        assert answer["result"] == {"subscriptionId": 0}
        yield socket


def place(venue: PaperExchange, client_order_id: str) -> None:
    venue.venue.submit(
        PlaceOrder(
            account="default",
            symbol="BTCUSDT",
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            quantity=parse_amount("0.01"),
            price=parse_amount("59000"),
            client_order_id=client_order_id,
        )
    )


async def heard(stream: aiohttp.ClientWebSocketResponse, count: int) -> list[str]:
    """Type of each event, for reports with their client order id."""
    found = []
    for _ in range(count):
        event = (await stream.receive_json(timeout=PATIENCE_S))["event"]
        found.append(event.get("c", event["e"]))
    return found


POSITION = "outboundAccountPosition"


async def test_a_report_comes_before_the_position_it_caused(
    venue: PaperExchange, stream: aiohttp.ClientWebSocketResponse
) -> None:
    place(venue, "a")
    assert await heard(stream, 2) == ["a", POSITION]


async def test_events_are_lost_repeated_and_reordered(
    venue: PaperExchange, control: ControlClient, stream: aiohttp.ClientWebSocketResponse
) -> None:
    for name, do in (("lost", "drop_event"), ("twice", "duplicate_event"), ("late", "reorder_event")):
        await control.add_fault({"match": {**REPORTS, "client_order_id": name}, "at": "event", "do": do})
        place(venue, name)
    assert await heard(stream, 1) == [POSITION]
    assert await heard(stream, 3) == ["twice", "twice", POSITION]
    assert await heard(stream, 2) == [POSITION, "late"]


async def test_a_delayed_event_is_overtaken(
    venue: PaperExchange, control: ControlClient, stream: aiohttp.ClientWebSocketResponse
) -> None:
    await control.add_fault({"match": REPORTS, "at": "event", "do": "delay", "delay_ms": 100, "nth": 1})
    place(venue, "slow")
    place(venue, "fast")
    assert await heard(stream, 4) == [POSITION, "fast", POSITION, "slow"]


async def test_a_malformed_event_is_half_a_text(
    venue: PaperExchange, control: ControlClient, stream: aiohttp.ClientWebSocketResponse
) -> None:
    await control.add_fault({"match": REPORTS, "at": "event", "do": "malform_event"})
    place(venue, "broken")
    text = await stream.receive_str(timeout=PATIENCE_S)
    assert text.startswith('{"subscriptionId":0,"event":{"e":"executionReport"')
    assert not text.endswith("}}")


async def test_a_stream_is_closed_with_the_code_that_was_asked_for(
    venue: PaperExchange, control: ControlClient, stream: aiohttp.ClientWebSocketResponse
) -> None:
    await control.add_fault({"match": REPORTS, "at": "event", "do": "close", "how": "fin", "code": 1012})
    place(venue, "last")
    message = await stream.receive(timeout=PATIENCE_S)
    while message.type is aiohttp.WSMsgType.TEXT:
        message = await stream.receive(timeout=PATIENCE_S)
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1012)


async def test_a_half_open_stream_answers_nothing_and_stays_open(
    venue: PaperExchange, control: ControlClient, stream: aiohttp.ClientWebSocketResponse
) -> None:
    await control.add_fault({"match": REPORTS, "at": "event", "do": "stall"})
    place(venue, "unheard")
    await stream.send_str(signed(venue, "account.status"))
    try:
        message = await stream.receive(timeout=0.5)
    except TimeoutError:
        message = None
    assert message is None
    assert not stream.closed


async def test_a_subscription_can_be_refused_listed_and_ended(
    venue: PaperExchange, stream: aiohttp.ClientWebSocketResponse
) -> None:
    await stream.send_str(signed(venue, "userDataStream.subscribe.signature"))
    assert (await stream.receive_json(timeout=PATIENCE_S))["error"]["code"] == -2035
    await stream.send_str('{"id": 7, "method": "session.subscriptions"}')
    assert (await stream.receive_json(timeout=PATIENCE_S))["result"] == [{"subscriptionId": 0}]
    await stream.send_str('{"id": 8, "method": "userDataStream.unsubscribe"}')
    assert await heard(stream, 1) == ["eventStreamTerminated"]
    assert (await stream.receive_json(timeout=PATIENCE_S))["status"] == 200
    place(venue, "unheard")
    await stream.send_str('{"id": 9, "method": "time"}')
    assert (await stream.receive_json(timeout=PATIENCE_S))["id"] == 9


async def test_messages_that_are_no_requests_are_refused(
    venue: PaperExchange, stream: aiohttp.ClientWebSocketResponse
) -> None:
    for text, code in (("{", -1135), ("[]", -1135), ('{"id":1,"method":"order.guess"}', -1020)):
        await stream.send_str(text)
        answer = await stream.receive_json(timeout=PATIENCE_S)
        assert (answer["status"], answer["error"]["code"]) == (400, code)
