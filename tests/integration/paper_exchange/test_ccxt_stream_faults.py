"""What real ccxt.pro makes of a user data stream that goes wrong, one fault at a time.

Each test also says how the client finds back, because that is what an operator builds on: the order book of the venue
never depends on what a stream has told.
"""

import asyncio
from typing import Any

import ccxt
import pytest

from paper_exchange.control_client import ControlClient
from paper_exchange.server import PaperExchange
from support.paper_ccxt import Ccxt, subscriptions, until, watching

BTC = "BTC/USDT"
PATIENCE_S = 20
EVENTS = {"method": "WS", "path": "executionReport"}
ENDINGS: list[tuple[str, dict[str, int]]] = [("close", {"code": 1012}), ("reset", {}), ("expire", {})]


async def place(pro: Ccxt, client_order_id: str) -> Ccxt:
    return await pro.create_order(BTC, "limit", "buy", "0.001", "59000", {"clientOrderId": client_order_id})


async def seen(task: asyncio.Task[Any]) -> list[str]:
    return [order["clientOrderId"] for order in await asyncio.wait_for(task, PATIENCE_S)]


async def watch(pro: Ccxt, venue: PaperExchange) -> asyncio.Task[Any]:
    await pro.load_markets()
    return await watching(venue, pro.watch_orders(BTC))


async def listening(pro: Ccxt) -> asyncio.Task[Any]:
    """Another watch call on the subscription that there is."""
    task = asyncio.create_task(pro.watch_orders(BTC))
    await asyncio.sleep(0)
    return task


@pytest.mark.parametrize(("action", "options"), ENDINGS, ids=[action for action, _ in ENDINGS])
async def test_an_ended_stream_is_an_error_and_the_next_call_subscribes_again(
    pro: Ccxt, venue: PaperExchange, control: ControlClient, *, action: str, options: dict[str, int]
) -> None:
    task = await watch(pro, venue)
    assert await control.strike_streams(action, on="user", **options) == 1
    with pytest.raises(ccxt.NetworkError):
        await asyncio.wait_for(task, PATIENCE_S)
    await place(pro, "missed")
    again = await watch(pro, venue)
    await place(pro, "after")
    assert await seen(again) == ["after"]
    assert {order["clientOrderId"] for order in await pro.fetch_open_orders(BTC)} == {"missed", "after"}


async def test_a_stream_can_be_killed_by_the_event_itself(
    pro: Ccxt, venue: PaperExchange, control: ControlClient
) -> None:
    task = await watch(pro, venue)
    await control.add_fault({"match": EVENTS, "at": "event", "do": "close", "how": "rst"})
    await place(pro, "unheard")
    with pytest.raises(ccxt.NetworkError):
        await asyncio.wait_for(task, PATIENCE_S)


async def test_a_silent_stream_answers_pings_and_requests_and_tells_nothing(
    pro: Ccxt, venue: PaperExchange, control: ControlClient
) -> None:
    task = await watch(pro, venue)
    await control.add_fault({"match": {"method": "WS"}, "at": "event", "do": "drop_event"}, "silence")
    placed = await pro.create_order_ws(BTC, "limit", "buy", "0.001", "59000", {"newClientOrderId": "unheard"})
    assert (await pro.fetch_order_ws(placed["id"], BTC))["status"] == "open"
    assert not task.done()
    await control.remove_fault("silence")
    await place(pro, "heard")
    assert (await seen(task))[-1] == "heard"


async def test_a_half_open_stream_is_noticed_by_its_missing_pongs(
    pro: Ccxt, venue: PaperExchange, control: ControlClient
) -> None:
    pro.streaming["keepAlive"] = 200
    task = await watch(pro, venue)
    assert await control.strike_streams("stall", account="default") == 1
    with pytest.raises(ccxt.RequestTimeout, match="ping-pong"):
        await asyncio.wait_for(task, PATIENCE_S)
    again = await watch(pro, venue)
    await place(pro, "after")
    assert await seen(again) == ["after"]


async def test_a_lagging_event_comes_after_the_answer(pro: Ccxt, venue: PaperExchange, control: ControlClient) -> None:
    task = await watch(pro, venue)
    await control.add_fault({"match": EVENTS, "at": "event", "do": "delay", "delay_ms": 300})
    await place(pro, "late")
    assert not task.done()
    assert await seen(task) == ["late"]


async def test_an_event_can_come_before_the_answer(pro: Ccxt, venue: PaperExchange, control: ControlClient) -> None:
    task = await watch(pro, venue)
    await control.add_fault(
        {
            "match": {"method": "POST", "path": "/api/v3/order"},
            "at": "after_engine",
            "do": "delay",
            "delay_ms": 500,
        }
    )
    answer = asyncio.create_task(place(pro, "early"))
    assert await seen(task) == ["early"]
    assert not answer.done()
    assert (await answer)["clientOrderId"] == "early"


async def test_a_repeated_trade_is_told_once_more(pro: Ccxt, venue: PaperExchange, control: ControlClient) -> None:
    await pro.load_markets()
    task = await watching(venue, pro.watch_my_trades(BTC))
    await control.add_fault({"match": EVENTS, "at": "event", "do": "duplicate_event"})
    await pro.create_order(BTC, "market", "buy", "0.001")
    trades = await asyncio.wait_for(task, PATIENCE_S)
    assert len({trade["id"] for trade in trades}) == 1
    assert len(await pro.fetch_my_trades(BTC)) == 1


async def test_a_reordered_end_leaves_ccxt_with_an_order_that_looks_open(
    pro: Ccxt, venue: PaperExchange, control: ControlClient
) -> None:
    """The reason why a stream is a hint and REST the truth."""
    task = await watch(pro, venue)
    await control.add_fault({"match": EVENTS, "at": "event", "do": "reorder_event", "nth": 1})
    await control.add_fault(
        {"match": {"method": "WS", "path": "outboundAccountPosition"}, "at": "event", "do": "drop_event", "nth": 1}
    )
    placed = await place(pro, "turned")
    await pro.cancel_order(placed["id"], BTC)
    told = (await asyncio.wait_for(task, PATIENCE_S))[-1]["status"]
    while told != "open":
        told = (await asyncio.wait_for(pro.watch_orders(BTC), PATIENCE_S))[-1]["status"]
    assert (await pro.fetch_order(placed["id"], BTC))["status"] == "canceled"


async def test_a_malformed_event_deafens_ccxt_until_it_misses_pongs(
    pro: Ccxt, venue: PaperExchange, control: ControlClient
) -> None:
    """Its receive loop dies of it while the socket stays open; only the keep-alive notices."""
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    pro.streaming["keepAlive"] = 300
    task = await watch(pro, venue)
    await control.add_fault({"match": EVENTS, "at": "event", "do": "malform_event", "nth": 1})
    await place(pro, "broken")
    await place(pro, "unheard")
    with pytest.raises(ccxt.RequestTimeout, match="ping-pong"):
        await asyncio.wait_for(task, PATIENCE_S)
    again = await watch(pro, venue)
    await place(pro, "after")
    assert await seen(again) == ["after"]


async def test_a_shutdown_is_announced_and_then_comes(pro: Ccxt, venue: PaperExchange, control: ControlClient) -> None:
    task = await watch(pro, venue)
    assert await control.strike_streams("server_shutdown") == 1
    await place(pro, "still-heard")
    assert await seen(task) == ["still-heard"], "ccxt takes no notice of the announcement"
    last = await listening(pro)
    await control.strike_streams("close", code=1001)
    with pytest.raises(ccxt.NetworkError):
        await asyncio.wait_for(last, PATIENCE_S)


async def test_a_terminated_subscription_leaves_the_watcher_waiting_until_it_asks_again(
    pro: Ccxt, venue: PaperExchange, control: ControlClient
) -> None:
    forgotten = await watch(pro, venue)
    assert await control.strike_streams("terminate", account="default") == 1
    (client,) = [client for url, client in pro.clients.items() if "ws-api" in url]
    await until(lambda: "spot" not in client.subscriptions)
    assert not forgotten.done(), "ccxt tells nobody"
    before = subscriptions(venue)
    again = await watch(pro, venue)
    assert subscriptions(venue) == before + 1
    await place(pro, "after")
    assert await seen(again) == ["after"]
    assert await seen(forgotten) == ["after"]


async def test_a_refused_subscription_is_an_error_whose_reason_ccxt_hides(pro: Ccxt, control: ControlClient) -> None:
    body = '{"code": -2014, "msg": "API-key format invalid."}'
    await control.add_fault(
        {
            "match": {"path": "userDataStream.subscribe.signature"},
            "at": "before_engine",
            "do": "respond",
            "status": 401,
            "body": body,
            "count": 1,
        }
    )
    await pro.load_markets()
    with pytest.raises(KeyError) as failed:  # ccxt stumbles while it cleans up
        await asyncio.wait_for(pro.watch_orders(BTC), PATIENCE_S)
    assert isinstance(failed.value.__context__, ccxt.AuthenticationError)


async def test_market_streams_are_struck_apart_from_user_streams(
    pro: Ccxt, venue: PaperExchange, control: ControlClient
) -> None:
    orders = await watch(pro, venue)
    trades = asyncio.create_task(pro.watch_trades(BTC))
    await until(lambda: any("/ws/" in url and client.subscriptions for url, client in pro.clients.items()))
    struck = 0
    async with asyncio.timeout(PATIENCE_S):
        while not struck:
            struck = await control.strike_streams("reset", on="market")
    with pytest.raises(ccxt.NetworkError):
        await asyncio.wait_for(trades, PATIENCE_S)
    await place(pro, "unharmed")
    assert await seen(orders) == ["unharmed"]


async def test_an_unknown_strike_is_refused_with_what_to_write(control: ControlClient) -> None:
    with pytest.raises(RuntimeError, match="server_shutdown"):
        await control.strike_streams("explode")
