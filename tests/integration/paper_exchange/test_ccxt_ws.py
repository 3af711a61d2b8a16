"""ccxt.pro over the WS-API: orders by message, and the user data stream."""

import asyncio

import ccxt
import pytest

from paper_exchange.control_client import ControlClient
from paper_exchange.server import PaperExchange
from support.paper_ccxt import Ccxt, watching

BTC = "BTC/USDT"
PATIENCE_S = 10


async def rest_a_limit(pro: Ccxt, **params: Ccxt) -> Ccxt:
    return await pro.create_order_ws(BTC, "limit", "buy", "0.01", "59000", params)


async def test_an_order_is_placed_read_and_canceled_by_message(pro: Ccxt) -> None:
    placed = await rest_a_limit(pro, newClientOrderId="ws-1")
    assert (placed["status"], placed["clientOrderId"]) == ("open", "ws-1")
    assert (await pro.fetch_order_ws(placed["id"], BTC))["status"] == "open"
    assert [order["id"] for order in await pro.fetch_open_orders_ws(BTC)] == [placed["id"]]
    assert (await pro.cancel_order_ws(placed["id"], BTC))["status"] == "canceled"
    assert [order["status"] for order in await pro.fetch_orders_ws(BTC)] == ["canceled"]


async def test_a_cancel_by_client_id_and_a_cancel_of_all_work_by_message(pro: Ccxt) -> None:
    await rest_a_limit(pro, newClientOrderId="ws-2")
    assert (await pro.cancel_order_ws(None, BTC, {"clientOrderId": "ws-2"}))["status"] == "canceled"
    await rest_a_limit(pro)
    await rest_a_limit(pro)
    assert len(await pro.cancel_all_orders_ws(BTC)) == 2


async def test_balance_trades_and_market_data_are_answered_by_message(pro: Ccxt) -> None:
    await pro.create_order_ws(BTC, "market", "buy", "0.01")
    balances = (await pro.fetch_balance_ws())["info"]["balances"]  # ccxt does not parse the spot form of this answer
    assert {"asset": "BTC", "free": "10.00999000", "locked": "0.00000000"} in balances
    assert len(await pro.fetch_my_trades_ws(BTC)) == 1
    assert len(await pro.fetch_ohlcv_ws(BTC, "1m")) >= 1


async def test_a_refusal_by_message_is_the_same_error_as_by_rest(pro: Ccxt) -> None:
    await rest_a_limit(pro, newClientOrderId="twice")
    with pytest.raises(ccxt.InvalidOrder, match="Duplicate order sent"):
        await rest_a_limit(pro, newClientOrderId="twice")
    with pytest.raises(ccxt.OrderNotFound):
        await pro.cancel_order_ws("424242", BTC)


async def test_a_parameter_that_the_venue_does_not_know_is_refused_by_message_too(pro: Ccxt) -> None:
    # ccxt sends its unified clientOrderId beside newClientOrderId here (and only here), as it does to the real venue.
    with pytest.raises(ccxt.BadRequest, match="Not all sent parameters were read"):
        await rest_a_limit(pro, clientOrderId="unified")


async def test_watch_orders_sees_an_order_come_and_go(pro: Ccxt, venue: PaperExchange) -> None:
    await pro.load_markets()
    first = await watching(venue, pro.watch_orders(BTC))
    placed = await pro.create_order(BTC, "limit", "buy", "0.01", "59000", {"clientOrderId": "seen"})
    seen = (await asyncio.wait_for(first, PATIENCE_S))[-1]
    assert (seen["id"], seen["status"], seen["clientOrderId"]) == (placed["id"], "open", "seen")
    second = asyncio.create_task(pro.watch_orders(BTC))
    await asyncio.sleep(0)
    await pro.cancel_order(placed["id"], BTC)
    gone = (await asyncio.wait_for(second, PATIENCE_S))[-1]
    assert (gone["status"], gone["clientOrderId"]) == ("canceled", "seen")


async def test_watch_my_trades_sees_the_fee(pro: Ccxt, venue: PaperExchange) -> None:
    await pro.load_markets()
    watch = await watching(venue, pro.watch_my_trades(BTC))
    order = await pro.create_order(BTC, "market", "buy", "0.01")
    trade = (await asyncio.wait_for(watch, PATIENCE_S))[-1]
    assert (trade["order"], trade["amount"], trade["fee"]) == (order["id"], 0.01, {"currency": "BTC", "cost": 0.00001})


async def test_watch_balance_sees_orders_and_deposits(pro: Ccxt, venue: PaperExchange, control: ControlClient) -> None:
    await pro.load_markets()
    watch = await watching(venue, pro.watch_balance())
    await pro.create_order(BTC, "limit", "buy", "0.01", "59000")
    assert (await asyncio.wait_for(watch, PATIENCE_S))["USDT"] == {"free": 999410.0, "used": 590.0, "total": 1000000.0}
    again = asyncio.create_task(pro.watch_balance())
    await asyncio.sleep(0)
    await control.deposit("default", "BTC", "1.5")
    async with asyncio.timeout(PATIENCE_S):
        # The delta comes first, and ccxt takes it for the balance of an asset that it has not seen yet.
        assert (await again)["BTC"]["free"] == 1.5
        assert (await pro.fetch_balance())["BTC"]["free"] == 11.5


async def test_an_account_never_sees_the_events_of_another(
    pro: Ccxt, venue: PaperExchange, control: ControlClient
) -> None:
    (key,) = await control.create_account("other", {"USDT": "1000"})
    await pro.load_markets()
    watch = await watching(venue, pro.watch_orders())
    default = (pro.apiKey, pro.secret)
    pro.apiKey, pro.secret = key.key, key.secret
    await pro.create_order(BTC, "limit", "buy", "0.001", "59000", {"clientOrderId": "not-yours"})
    pro.apiKey, pro.secret = default
    await pro.create_order(BTC, "limit", "buy", "0.001", "59000", {"clientOrderId": "yours"})
    assert [order["clientOrderId"] for order in await asyncio.wait_for(watch, PATIENCE_S)] == ["yours"]


async def test_public_trades_and_the_book_are_streamed(pro: Ccxt) -> None:
    await pro.load_markets()
    trades, book = asyncio.create_task(pro.watch_trades(BTC)), asyncio.create_task(pro.watch_order_book(BTC))
    async with asyncio.timeout(PATIENCE_S):
        while not (trades.done() and book.done()):
            await pro.create_order(BTC, "market", "buy", "0.001")
            await asyncio.sleep(0.05)
    assert (trades.result()[-1]["side"], trades.result()[-1]["amount"]) == ("buy", 0.001)
    assert book.result()["bids"][0][0] < book.result()["asks"][0][0]
