"""Every watch method of ccxt.pro that applies to spot, on the venue's market streams and user data stream.

What does not apply (positions, funding, mark prices, liquidations, stocks) is refused by ccxt itself before anything
is sent; `docs/paper-exchange.md` says why for each.
"""

import asyncio
from collections.abc import Awaitable
from functools import partial
from typing import Any

import ccxt
import ccxt.pro
import pytest

from paper_exchange.control_client import ControlClient
from paper_exchange.server import PaperExchange
from support.paper_ccxt import Ccxt

BTC, ETH = "BTC/USDT", "ETH/USDT"
SMALL = {BTC: "0.0001", ETH: "0.002"}
"""Little enough that a whole test takes no more than a part of the best level."""
PATIENCE_S = 20
SPOT = {
    "watch_balance",
    "watch_bids_asks",
    "watch_my_trades",
    "watch_ohlcv",
    "watch_ohlcv_for_symbols",
    "watch_order_book",
    "watch_order_book_for_symbols",
    "watch_orders",
    "watch_ticker",
    "watch_tickers",
    "watch_trades",
    "watch_trades_for_symbols",
}
"""Each has a test below, or in `test_ccxt_ws` (balance, my trades, orders)."""
NOT_SPOT = {
    "watch_funding_rate",
    "watch_funding_rates",
    "watch_funding_rates_for_symbols",
    "watch_liquidations",
    "watch_liquidations_for_symbols",
    "watch_mark_price",
    "watch_mark_prices",
    "watch_my_liquidations",
    "watch_my_liquidations_for_symbols",
    "watch_my_trades_for_symbols",
    "watch_orders_for_symbols",
    "watch_position",
    "watch_position_for_symbols",
    "watch_positions",
    "watch_stock_market_stream",
}
HELPERS = {"watch", "watch_multi_ticker_helper", "watch_multiple"}


async def while_trading(pro: Ccxt, watch: Awaitable[Any], symbols: tuple[str, ...] = (BTC,)) -> Ccxt:
    """Waits for a watch call while small market orders keep the market moving: nothing changes, nothing is said."""
    task = asyncio.ensure_future(watch)
    async with asyncio.timeout(PATIENCE_S):
        while not task.done():
            for symbol in symbols:
                await pro.create_order(symbol, "market", "buy", SMALL[symbol])
            await asyncio.wait([task], timeout=0.1)
    return task.result()


def test_every_watch_method_is_accounted_for() -> None:
    found = {name for name in dir(ccxt.pro.binance) if name.startswith("watch") and name == name.lower()}

    assert found == SPOT | NOT_SPOT | HELPERS


@pytest.mark.parametrize("name", ["trade", "aggTrade"])
async def test_watch_trades(pro: Ccxt, name: str) -> None:
    await pro.load_markets()
    trades = await while_trading(pro, pro.watch_trades(BTC, params={"name": name}))
    assert (trades[-1]["symbol"], trades[-1]["side"], trades[-1]["amount"]) == (BTC, "buy", 0.0001)


async def test_watch_trades_for_symbols(pro: Ccxt) -> None:
    await pro.load_markets()
    for symbol in (BTC, ETH):
        trades = await while_trading(pro, pro.watch_trades_for_symbols([BTC, ETH]), (symbol,))
        assert trades[-1]["symbol"] == symbol


@pytest.mark.parametrize("name", ["ticker", "miniTicker", "ticker_1h", "ticker_1d"])
async def test_watch_ticker(pro: Ccxt, control: ControlClient, name: str) -> None:
    await pro.load_markets()
    await control.move_price("BTCUSDT", "66000")
    ticker = await while_trading(pro, pro.watch_ticker(BTC, {"name": name}))
    assert (ticker["symbol"], ticker["open"], ticker["high"]) == (BTC, 60000.0, 66000.0 + 6.6)
    if name != "miniTicker":
        assert ticker["percentage"] == pytest.approx(10, abs=0.1)


async def test_watch_tickers_of_some_symbols_and_of_all(pro: Ccxt) -> None:
    await pro.load_markets()
    some = await while_trading(pro, pro.watch_tickers([BTC, ETH]), (BTC, ETH))
    assert some.keys() <= {BTC, ETH}
    everything = await while_trading(pro, pro.watch_tickers(), (BTC, ETH))
    assert everything.keys() & {BTC, ETH}


async def test_watch_bids_asks(pro: Ccxt) -> None:
    await pro.load_markets()
    best = (await while_trading(pro, pro.watch_bids_asks([BTC])))[BTC]
    assert (best["bid"], best["ask"]) == (59994.0, 60006.0)


@pytest.mark.parametrize("rate", ["100", "1000"])
async def test_watch_order_book_follows_the_book(pro: Ccxt, rate: str) -> None:
    await pro.load_markets()
    watch = partial(pro.watch_order_book, BTC, None, {"watchOrderBookRate": rate})
    book = await while_trading(pro, watch())
    assert (book["bids"][0][0], book["asks"][0][0]) == (59994.0, 60006.0)
    placed = await pro.create_order(BTC, "limit", "buy", "0.5", "60000")
    async with asyncio.timeout(PATIENCE_S):
        while book["bids"][0] != [60000.0, 0.5]:
            book = await watch()
        await pro.cancel_order(placed["id"], BTC)
        while book["bids"][0][0] != 59994.0:
            book = await watch()
    assert book["nonce"] == (await pro.fetch_order_book(BTC))["nonce"]


async def test_watch_order_book_for_symbols(pro: Ccxt) -> None:
    await pro.load_markets()
    watch = partial(pro.watch_order_book_for_symbols, [BTC, ETH])
    await while_trading(pro, watch(), (BTC, ETH))
    for symbol in (BTC, ETH):
        async with asyncio.timeout(PATIENCE_S):
            while (await while_trading(pro, watch(), (symbol,)))["symbol"] != symbol:
                """The first call may still tell of the other book's snapshot."""


async def test_watch_ohlcv(pro: Ccxt) -> None:
    await pro.load_markets()
    candle = (await while_trading(pro, pro.watch_ohlcv(BTC, "1d")))[-1]
    rest = (await pro.fetch_ohlcv(BTC, "1d"))[-1]
    assert candle[:5] == rest[:5]
    assert 0 < candle[5] <= rest[5]


async def test_watch_ohlcv_for_symbols(pro: Ccxt) -> None:
    await pro.load_markets()
    for symbol, interval in ((BTC, "1m"), (ETH, "1h")):
        candles = await while_trading(pro, pro.watch_ohlcv_for_symbols([[BTC, "1m"], [ETH, "1h"]]), (symbol,))
        assert candles.keys() == {symbol}
        assert candles[symbol].keys() == {interval}


async def test_nothing_is_heard_after_unwatching(pro: Ccxt) -> None:
    await pro.load_markets()
    await while_trading(pro, pro.watch_trades(BTC))
    await pro.un_watch_trades(BTC)
    (client,) = [found for url, found in pro.clients.items() if "/ws/" in url]
    assert not any(key.startswith("trade") for key in client.subscriptions)


@pytest.mark.parametrize("name", sorted(NOT_SPOT))
async def test_what_is_not_spot_fails_in_ccxt_and_asks_for_no_market_data(
    pro: Ccxt, venue: PaperExchange, name: str
) -> None:
    await pro.load_markets()
    before = [*venue.requests.since()]
    several = name.endswith(("_symbols", "s")) and name != "watch_my_liquidations"
    call = getattr(pro, name)
    arguments = (["btcusdt"], ["ticker"]) if name == "watch_stock_market_stream" else ([BTC] if several else BTC,)
    with pytest.raises((ccxt.BaseError, KeyError, AttributeError, TypeError)):
        await asyncio.wait_for(call(*arguments), PATIENCE_S)
    sent = {entry.path for entry in [*venue.requests.since()][len(before) :]}
    assert sent <= ({"userDataStream.subscribe.signature"} if "my_liquidations" in name else set())
    assert not any("/ws/" in url for url in pro.clients)
