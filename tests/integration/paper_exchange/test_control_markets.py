"""What tests do to the market while it runs: more symbols, prices that make stops fire, cancels by the venue."""

import asyncio
from typing import Any

import pytest

from paper_exchange.control_client import ControlClient, ControlRefusedError
from paper_exchange.server import PaperExchange
from support.paper_ccxt import Ccxt, watching

BTC = "BTC/USDT"
PATIENCE_S = 20


async def trailing_sell(pro: Ccxt, client_order_id: str, percent: str = "1") -> Ccxt:
    params: dict[str, Any] = {"trailingPercent": percent, "stopLossOrTakeProfit": "stopLoss"}
    return await pro.create_order(BTC, "market", "sell", "0.001", None, {"clientOrderId": client_order_id, **params})


async def test_many_symbols_can_be_listed_while_it_runs(pro: Ccxt, control: ControlClient) -> None:
    names = [f"C{number:02}/USDT" for number in range(40)]
    added = await control.list_symbols(",".join(f"{name}=10" for name in names))
    assert added == tuple(name.replace("/", "") for name in names)
    assert await control.list_symbols(f"{names[0]}=11") == (), "what is listed stays as it is"
    await pro.load_markets()
    for name in names:
        await pro.create_order(name, "limit", "buy", "1", "9")
    assert {order["symbol"] for order in await pro.fetch_open_orders()} == set(names)


@pytest.mark.parametrize("symbols", ["SOL/USDT", "SOLUSDT=1", "SOL/USDT=zero", "SOL/USDT=0"])
async def test_a_symbol_that_cannot_be_is_refused(control: ControlClient, symbols: str) -> None:
    with pytest.raises(ControlRefusedError):
        await control.list_symbols(symbols)


async def test_a_path_of_prices_fires_the_trailing_stops_that_it_reaches(pro: Ccxt, control: ControlClient) -> None:
    for name, percent in (("near", "1"), ("far", "5")):
        await trailing_sell(pro, name, percent)
    for price in ("63000", "62000"):
        await control.move_price("BTCUSDT", price)
    assert [order["clientOrderId"] for order in await pro.fetch_open_orders(BTC)] == ["far"]
    await control.move_price("BTCUSDT", "59850")
    assert await pro.fetch_open_orders(BTC) == []


async def test_the_venue_cancels_a_waiting_order_and_says_so(
    pro: Ccxt, venue: PaperExchange, control: ControlClient
) -> None:
    placed = await trailing_sell(pro, "theirs")
    task = await watching(venue, pro.watch_orders(BTC))
    await control.cancel("default", "BTCUSDT", client_order_id="theirs")
    told = (await asyncio.wait_for(task, PATIENCE_S))[-1]
    assert (told["id"], told["clientOrderId"], told["status"]) == (placed["id"], "theirs", "canceled")
    await control.move_price("BTCUSDT", "50000")
    assert (await pro.fetch_order(placed["id"], BTC))["filled"] == 0
