"""Each call of unmodified ccxt that the venue answers, in all three flavours."""

from decimal import Decimal

import ccxt
import pytest

from paper_exchange.control_client import ControlClient
from paper_exchange.server import PaperExchange
from support.paper_ccxt import Ccxt

BTC = "BTC/USDT"


async def rest_a_limit(exchange: Ccxt, **params: Ccxt) -> Ccxt:
    return await exchange.create_order(BTC, "limit", "buy", "0.01", "59000", params)


# --- public calls


async def test_load_markets_asks_once_and_reads_the_filters(exchange: Ccxt, venue: PaperExchange) -> None:
    markets = await exchange.load_markets()
    assert set(markets) == {"BTC/USDT", "ETH/USDT", "ETH/BTC", "BNB/USDT"}
    market = markets[BTC]
    assert (market["active"], market["precision"]["price"], market["precision"]["amount"]) == (True, 0.01, 0.00001)
    assert (market["limits"]["cost"]["min"], market["limits"]["amount"]["min"]) == (5.0, 0.00001)
    assert [entry.path for entry in venue.requests.since()] == ["/api/v3/exchangeInfo"]


async def test_load_markets_of_one_symbol_gives_one(exchange: Ccxt) -> None:
    assert set(await exchange.load_markets(False, {"symbol": "BTCUSDT"})) == {BTC}
    assert set(await exchange.load_markets(True, {"symbols": '["BTCUSDT","ETHUSDT"]'})) == {BTC, "ETH/USDT"}


async def test_fetch_time_gives_the_venues_clock(exchange: Ccxt, venue: PaperExchange) -> None:
    venue.clock.stop_at(1_700_000_000_000)
    assert await exchange.fetch_time() == 1_700_000_000_000


async def test_fetch_ticker_and_tickers_agree_with_the_book(exchange: Ccxt) -> None:
    ticker = await exchange.fetch_ticker(BTC)
    assert (ticker["last"], ticker["bid"], ticker["ask"]) == (60000.0, 59994.0, 60006.0)
    every = await exchange.fetch_tickers([BTC, "ETH/USDT"])
    assert set(every) == {BTC, "ETH/USDT"}
    assert every[BTC]["bid"] == ticker["bid"]


async def test_fetch_bids_asks_and_last_prices(exchange: Ccxt) -> None:
    assert (await exchange.fetch_bids_asks())[BTC]["ask"] == 60006.0
    assert (await exchange.fetch_last_prices())["ETH/USDT"]["price"] == 3000.0


async def test_fetch_order_book_is_sorted_and_not_crossed(exchange: Ccxt) -> None:
    book = await exchange.fetch_order_book(BTC, 5)
    assert (len(book["bids"]), len(book["asks"])) == (5, 5)
    assert book["bids"][0][0] < book["asks"][0][0]
    assert [price for price, _ in book["bids"]] == sorted((price for price, _ in book["bids"]), reverse=True)


@pytest.mark.parametrize("method", ["publicGetAggTrades", "publicGetTrades"])
async def test_fetch_trades_shows_a_trade_that_happened(exchange: Ccxt, method: str) -> None:
    await exchange.create_order(BTC, "market", "buy", "0.001")
    latest = (await exchange.fetch_trades(BTC, None, 10, {"fetchTradesMethod": method}))[-1]
    assert (latest["side"], latest["amount"], latest["price"]) == ("buy", 0.001, 60006.0)


async def test_fetch_ohlcv_gives_candles_that_contain_the_last_price(exchange: Ccxt) -> None:
    candles = await exchange.fetch_ohlcv(BTC, "1m", None, 3)
    _, opened, high, low, close, _ = candles[-1]
    assert low <= min(opened, close) <= max(opened, close) <= high
    assert close == 60000.0


async def test_average_price_and_ping_are_answered(exchange: Ccxt) -> None:
    await exchange.load_markets()
    assert Decimal((await exchange.public_get_avgprice({"symbol": "BTCUSDT"}))["price"]) == Decimal(60000)
    assert await exchange.public_get_ping() == {}


# --- balance


async def test_fetch_balance_shows_what_an_order_locks(exchange: Ccxt) -> None:
    before = await exchange.fetch_balance()
    assert (before["USDT"]["free"], before["USDT"]["used"]) == (1_000_000.0, 0.0)
    await rest_a_limit(exchange)
    after = await exchange.fetch_balance()
    assert (after["USDT"]["free"], after["USDT"]["used"]) == (999_410.0, 590.0)
    assert int(after["info"]["uid"]) > 0


async def test_fetch_trading_fee_of_a_symbol(exchange: Ccxt) -> None:
    await exchange.load_markets()
    rates = await exchange.private_get_account_commission({"symbol": "BTCUSDT"})
    assert Decimal(rates["standardCommission"]["taker"]) == Decimal("0.001")


# --- placing


async def test_a_limit_order_rests(exchange: Ccxt) -> None:
    order = await rest_a_limit(exchange, clientOrderId="mine-1")
    assert (order["status"], order["clientOrderId"], order["filled"]) == ("open", "mine-1", 0.0)


async def test_a_limit_order_that_crosses_is_filled_at_the_resting_price(exchange: Ccxt) -> None:
    order = await exchange.create_order(BTC, "limit", "buy", "0.01", "61000")
    assert (order["status"], order["average"]) == ("closed", 60006.0)


async def test_a_market_order_is_filled_and_pays_its_fee_in_what_it_receives(exchange: Ccxt) -> None:
    order = await exchange.create_order(BTC, "market", "buy", "0.01")
    assert (order["status"], order["filled"]) == ("closed", 0.01)
    assert order["fees"] == [{"currency": "BTC", "cost": 0.00001}]


async def test_a_market_order_by_cost_spends_no_more_than_its_cost(exchange: Ccxt) -> None:
    order = await exchange.create_market_buy_order_with_cost(BTC, 1000)
    assert order["status"] == "closed"
    assert 999 < order["cost"] <= 1000
    sold = await exchange.create_market_sell_order_with_cost(BTC, 500)
    assert 499 < sold["cost"] <= 500


async def test_post_only_rests_or_is_refused(exchange: Ccxt) -> None:
    order = await rest_a_limit(exchange, postOnly=True)
    assert (order["status"], order["info"]["clientOrderId"]) != ("closed", "")
    with pytest.raises(ccxt.OrderImmediatelyFillable):
        await exchange.create_order(BTC, "limit", "buy", "0.01", "61000", {"postOnly": True})


@pytest.mark.parametrize("time_in_force", ["IOC", "FOK"])
async def test_what_an_immediate_order_cannot_fill_expires(exchange: Ccxt, time_in_force: str) -> None:
    order = await rest_a_limit(exchange, timeInForce=time_in_force)
    assert (order["status"], order["filled"]) == ("expired", 0.0)


async def test_a_fill_or_kill_order_is_filled_as_a_whole(exchange: Ccxt) -> None:
    order = await exchange.create_order(BTC, "limit", "buy", "0.02", "61000", {"timeInForce": "FOK"})
    assert (order["status"], order["filled"]) == ("closed", 0.02)


async def test_a_test_order_places_nothing(exchange: Ccxt, control: ControlClient) -> None:
    await rest_a_limit(exchange, test=True)
    with pytest.raises(ccxt.InsufficientFunds):
        await exchange.create_order(BTC, "limit", "buy", "17", "59000", {"test": True})
    assert (await control.dump())["default"].orders == ()


@pytest.mark.parametrize("shape", ["ACK", "RESULT", "FULL"])
async def test_the_answer_has_the_shape_that_was_asked_for(exchange: Ccxt, shape: str) -> None:
    order = await exchange.create_order(BTC, "market", "buy", "0.01", None, {"newOrderRespType": shape})
    assert ("status" in order["info"], "fills" in order["info"]) == (shape != "ACK", shape == "FULL")


# --- reading orders


async def test_an_order_is_found_by_either_id(exchange: Ccxt) -> None:
    placed = await rest_a_limit(exchange, clientOrderId="find-me")
    by_id = await exchange.fetch_order(placed["id"], BTC)
    by_client_id = await exchange.fetch_order(None, BTC, {"clientOrderId": "find-me"})
    assert by_id["id"] == by_client_id["id"] == placed["id"]
    with pytest.raises(ccxt.OrderNotFound):
        await exchange.fetch_order("424242", BTC)


async def test_open_orders_are_listed_with_and_without_a_symbol(exchange: Ccxt) -> None:
    mine = await rest_a_limit(exchange)
    other = await exchange.create_order("ETH/USDT", "limit", "sell", "1", "3100")
    assert [order["id"] for order in await exchange.fetch_open_orders(BTC)] == [mine["id"]]
    assert {order["symbol"] for order in await exchange.fetch_open_orders()} == {BTC, "ETH/USDT"}
    assert other["status"] == "open"


async def test_orders_are_listed_by_state(exchange: Ccxt) -> None:
    filled = await exchange.create_order(BTC, "market", "buy", "0.01")
    canceled = await rest_a_limit(exchange)
    await exchange.cancel_order(canceled["id"], BTC)
    resting = await rest_a_limit(exchange)
    assert [order["id"] for order in await exchange.fetch_orders(BTC)] == [filled["id"], canceled["id"], resting["id"]]
    assert [order["id"] for order in await exchange.fetch_closed_orders(BTC)] == [filled["id"]]
    assert [order["id"] for order in await exchange.fetch_canceled_orders(BTC)] == [canceled["id"]]


async def test_my_trades_belong_to_their_order(exchange: Ccxt) -> None:
    order = await exchange.create_order(BTC, "market", "sell", "0.01")
    trades = await exchange.fetch_my_trades(BTC)
    assert sum(Decimal(str(trade["amount"])) for trade in trades) == Decimal("0.01")
    assert {trade["order"] for trade in trades} == {order["id"]}
    assert trades[0]["fee"]["currency"] == "USDT"
    assert len(await exchange.fetch_order_trades(order["id"], BTC)) == len(trades)


# --- canceling


async def test_an_order_is_canceled_by_either_id(exchange: Ccxt) -> None:
    first = await rest_a_limit(exchange)
    await rest_a_limit(exchange, clientOrderId="cancel-me")
    assert (await exchange.cancel_order(first["id"], BTC))["status"] == "canceled"
    answer = await exchange.cancel_order(None, BTC, {"clientOrderId": "cancel-me"})
    assert (answer["status"], answer["info"]["origClientOrderId"]) == ("canceled", "cancel-me")
    with pytest.raises(ccxt.OrderNotFound):
        await exchange.cancel_order(first["id"], BTC)


async def test_all_orders_of_a_symbol_are_canceled_at_once(exchange: Ccxt) -> None:
    await rest_a_limit(exchange)
    await rest_a_limit(exchange)
    other = await exchange.create_order("ETH/USDT", "limit", "sell", "1", "3100")
    assert [order["status"] for order in await exchange.cancel_all_orders(BTC)] == ["canceled", "canceled"]
    assert [order["id"] for order in await exchange.fetch_open_orders()] == [other["id"]]


# --- nothing else is reached


async def test_calls_for_other_services_fail_before_a_socket_is_opened(exchange: Ccxt, venue: PaperExchange) -> None:
    before = venue.requests.last_sequence
    for call in ("sapi_get_capital_config_getall", "fapipublic_get_exchangeinfo", "dapiprivate_get_account"):
        with pytest.raises((ccxt.NotSupported, ccxt.ExchangeError), match="URL"):
            await getattr(exchange, call)()
    assert venue.requests.last_sequence == before
