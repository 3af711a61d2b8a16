"""Each call of unmodified ccxt.kraken that the venue answers."""

import ccxt
import pytest

from paper_exchange.control_client import ControlClient
from paper_exchange.server import PaperExchange
from support.paper_ccxt import Ccxt

BTC = "BTC/USDT"
MINE = "0123456789abcdef0123456789abcdef"
NOON = 2_000_000_000_000
"""Later than any real clock of a test: the venue's time never runs back."""


async def rest_a_limit(kraken: Ccxt, **params: Ccxt) -> Ccxt:
    return await kraken.create_order(BTC, "limit", "buy", "0.01", "59000", params)


async def found(kraken: Ccxt, order: Ccxt) -> Ccxt:
    return await kraken.fetch_order(order["id"])


# --- public calls


async def test_load_markets_translates_the_names_of_assets_and_pairs(kraken: Ccxt) -> None:
    markets = await kraken.load_markets()
    assert {symbol: market["id"] for symbol, market in markets.items()} == {
        "BTC/USDT": "XBTUSDT",
        "ETH/USDT": "ETHUSDT",
        "ETH/BTC": "XETHXXBT",
        "BNB/USDT": "BNBUSDT",
    }
    market = markets[BTC]
    assert (market["active"], market["precision"]) == (True, {"amount": 0.00001, "price": 0.01})
    assert (market["limits"]["amount"]["min"], market["limits"]["cost"]["min"]) == (0.00001, 5.0)


async def test_fetch_time_and_status(kraken: Ccxt, venue: PaperExchange, control: ControlClient) -> None:
    venue.clock.stop_at(NOON)
    assert await kraken.fetch_time() == NOON
    assert (await kraken.fetch_status())["status"] == "ok"
    await control.set_modes(maintenance=True)
    assert (await kraken.fetch_status())["status"] == "maintenance"


async def test_ticker_and_book_agree(kraken: Ccxt) -> None:
    ticker = await kraken.fetch_ticker(BTC)
    assert (ticker["last"], ticker["bid"], ticker["ask"]) == (60000.0, 59994.0, 60006.0)
    book = await kraken.fetch_order_book(BTC, 3)
    assert (book["bids"][0][0], book["asks"][0][0], len(book["bids"])) == (59994.0, 60006.0, 3)
    assert set(await kraken.fetch_tickers(["BTC/USDT", "ETH/BTC"])) == {"BTC/USDT", "ETH/BTC"}


async def test_public_trades_and_candles(kraken: Ccxt, venue: PaperExchange) -> None:
    (last,) = (await kraken.fetch_trades(BTC))[-1:]
    assert last["price"] == 60000.0
    candles = await kraken.fetch_ohlcv(BTC, "1m")
    assert candles[-1][1:5] == [60000.0] * 4
    since = venue.venue.now_ms() - 5 * 60_000
    assert (await kraken.fetch_ohlcv(BTC, "5m", since))[-1][4] == 60000.0


async def test_currencies_and_fees(kraken: Ccxt) -> None:
    assert set(await kraken.fetch_currencies()) == {"BTC", "ETH", "USDT", "BNB"}
    fee = await kraken.fetch_trading_fee(BTC)
    assert (fee["maker"], fee["taker"]) == (0.001, 0.001)


# --- placing


async def test_a_limit_order_rests_and_can_be_read_by_its_txid(kraken: Ccxt) -> None:
    order = await rest_a_limit(kraken, clientOrderId=MINE)
    assert (order["id"][0], [len(part) for part in order["id"].split("-")]) == ("O", [6, 5, 6])
    seen = await found(kraken, order)
    assert (seen["status"], seen["symbol"], seen["type"], seen["side"]) == ("open", BTC, "limit", "buy")
    assert (seen["price"], seen["amount"], seen["filled"]) == (59000.0, 0.01, 0.0)
    assert seen["clientOrderId"] == MINE


async def test_a_market_buy_pays_its_fee_in_the_quote_asset(kraken: Ccxt) -> None:
    order = await found(kraken, await kraken.create_order(BTC, "market", "buy", "0.01"))
    assert (order["status"], order["filled"], order["average"]) == ("closed", 0.01, 60006.0)
    assert (order["fees"][0]["cost"], order["fees"][0]["currency"]) == (0.60006, "USDT")
    balance = await kraken.fetch_balance()
    assert (balance["BTC"]["total"], balance["USDT"]["total"]) == (10.01, 999399.33994)


async def test_a_market_buy_by_cost_shows_its_volumes_in_the_quote_asset(kraken: Ccxt) -> None:
    placed = await kraken.create_market_buy_order_with_cost(BTC, 600)
    info = (await found(kraken, placed))["info"]
    assert (info["vol"], info["vol_exec"], info["oflags"]) == ("600.00000000", info["cost"] + "000", "fciq,viqc")
    assert (await kraken.fetch_balance())["BTC"]["total"] == 10.00999


@pytest.mark.parametrize(
    ("params", "kind", "shown"),
    [
        ({"stopLossPrice": "59000"}, "market", "sell 0.01000000 XBTUSDT @ stop loss 59000.00"),
        ({"stopLossPrice": "59000"}, "limit", "sell 0.01000000 XBTUSDT @ stop loss 59000.00 -> limit 58900.00"),
        ({"takeProfitPrice": "61000"}, "market", "sell 0.01000000 XBTUSDT @ take profit 61000.00"),
        ({"takeProfitPrice": "61000"}, "limit", "sell 0.01000000 XBTUSDT @ take profit 61000.00 -> limit 58900.00"),
        ({"trailingPercent": "1.5"}, "market", "sell 0.01000000 XBTUSDT @ trailing stop +1.5000%"),
        ({"trailingAmount": "500"}, "market", "sell 0.01000000 XBTUSDT @ trailing stop +500.00"),
    ],
)
async def test_an_order_that_waits_for_a_price(kraken: Ccxt, params: dict[str, str], kind: str, shown: str) -> None:
    limit = "58900" if kind == "limit" else None
    order = await found(kraken, await kraken.create_order(BTC, kind, "sell", "0.01", limit, params))
    assert (order["status"], order["info"]["descr"]["order"]) == ("open", shown)
    assert (order["info"]["misc"], order["info"]["trigger"]) == ("", "last")


async def test_a_stop_fires_on_the_last_trade_and_says_so(kraken: Ccxt, control: ControlClient) -> None:
    order = await kraken.create_order(BTC, "market", "sell", "0.01", None, {"stopLossPrice": "59000"})
    await control.move_price("BTCUSDT", "58990")
    seen = await found(kraken, order)
    assert (seen["status"], seen["info"]["misc"], seen["filled"]) == ("closed", "stopped", 0.01)


@pytest.mark.parametrize("distance", [{"trailingPercent": "1"}, {"trailingAmount": "620"}], ids=["percent", "amount"])
async def test_a_trailing_stop_follows_the_market_up_and_fires_on_the_way_down(
    kraken: Ccxt, control: ControlClient, distance: dict[str, str]
) -> None:
    order = await kraken.create_order(BTC, "market", "sell", "0.01", None, distance)
    await control.move_price("BTCUSDT", "62000")
    await control.move_price("BTCUSDT", "61500")
    seen = await found(kraken, order)
    assert (seen["status"], seen["info"]["stopprice"], seen["info"]["misc"]) == ("open", "61380.00", "")
    await control.move_price("BTCUSDT", "61380")
    assert (await found(kraken, order))["status"] == "closed"


async def test_post_only_rests_and_says_so(kraken: Ccxt) -> None:
    order = await found(kraken, await rest_a_limit(kraken, postOnly=True))
    assert (order["postOnly"], order["info"]["oflags"]) == (True, "fciq,post")


async def test_immediate_or_cancel_never_rests(kraken: Ccxt) -> None:
    order = await found(kraken, await rest_a_limit(kraken, timeInForce="IOC"))
    assert (order["status"], order["filled"]) == ("canceled", 0.0)


async def test_good_till_date_ends_on_its_date(kraken: Ccxt, venue: PaperExchange, control: ControlClient) -> None:
    venue.clock.stop_at(NOON)
    order = await rest_a_limit(kraken, timeInForce="GTD", expiretm=NOON // 1000 + 60)
    assert (await found(kraken, order))["info"]["expiretm"] == NOON // 1000 + 60
    await control.advance_clock(59_999)
    assert (await found(kraken, order))["status"] == "open"
    await control.advance_clock(1)
    assert (await found(kraken, order))["status"] == "expired"
    assert (await kraken.fetch_balance())["USDT"]["used"] == 0


async def test_good_till_date_may_be_seconds_from_now(kraken: Ccxt, venue: PaperExchange) -> None:
    venue.clock.stop_at(NOON)
    order = await rest_a_limit(kraken, timeInForce="GTD", expiretm="+30")
    assert (await found(kraken, order))["info"]["expiretm"] == NOON // 1000 + 30


async def test_validate_judges_and_places_nothing(kraken: Ccxt) -> None:
    answer = await rest_a_limit(kraken, validate=True)
    assert (answer["id"], answer["info"]["descr"]["order"]) == (None, "buy 0.01000000 XBTUSDT @ limit 59000.00")
    assert await kraken.fetch_open_orders() == []
    with pytest.raises(ccxt.InsufficientFunds):
        await kraken.create_order(BTC, "limit", "buy", "20", "59000", {"validate": True})


async def test_a_parameter_that_the_venue_does_not_know_is_ignored(kraken: Ccxt) -> None:
    order = await found(kraken, await rest_a_limit(kraken, triggerPrice="61000"))
    assert order["info"]["descr"]["ordertype"] == "limit"


# --- amend and cancel


async def test_an_amend_changes_the_order_in_place(kraken: Ccxt, control: ControlClient) -> None:
    order = await rest_a_limit(kraken, clientOrderId=MINE)
    await kraken.edit_order(order["id"], BTC, "limit", "buy", "0.03", "58000")
    seen = await found(kraken, order)
    assert (seen["id"], seen["clientOrderId"], seen["amount"], seen["price"]) == (order["id"], MINE, 0.03, 58000.0)
    assert len((await control.dump())["default"].orders) == 1


async def test_an_amend_by_client_id_moves_a_stop(kraken: Ccxt) -> None:
    order = await kraken.create_order(
        BTC, "market", "sell", "0.01", None, {"stopLossPrice": "59000", "clientOrderId": MINE}
    )
    await kraken.edit_order("", BTC, "market", "sell", None, None, {"clientOrderId": MINE, "stopLossPrice": "58000"})
    assert (await found(kraken, order))["stopLossPrice"] == 58000.0


async def test_an_amend_below_what_is_filled_takes_the_rest_away(kraken: Ccxt, control: ControlClient) -> None:
    order = await kraken.create_order(BTC, "limit", "sell", "4", "60001")
    await kraken.create_order(BTC, "limit", "buy", "1", "60001", {"stptype": "cancel-newest"})
    (bob,) = await control.create_account("bob", {"USDT": "1000000"})
    other = ccxt.async_support.kraken(kraken.extend({}, {"urls": {"api": kraken.urls["api"]}}))
    other.apiKey, other.secret = bob.key, bob.secret
    try:
        await other.create_order(BTC, "limit", "buy", "1", "60001")
    finally:
        await other.close()
    await kraken.edit_order(order["id"], BTC, "limit", "sell", "0.5")
    seen = await found(kraken, order)
    assert (seen["status"], seen["filled"]) == ("canceled", 1.0)


@pytest.mark.parametrize("by", ["txid", "cl_ord_id", "userref"])
async def test_cancel_order_by_each_of_its_names(kraken: Ccxt, by: str) -> None:
    named = {"userref": 7} if by == "userref" else {"clientOrderId": MINE}
    order = await rest_a_limit(kraken, **named)
    await kraken.cancel_order(order["id"], BTC, {} if by == "txid" else named)
    seen = await found(kraken, order)
    assert (seen["status"], seen["info"]["reason"]) == ("canceled", "User requested")
    with pytest.raises(ccxt.OrderNotFound):
        await kraken.cancel_order(order["id"])


async def test_cancel_all_orders_of_all_symbols(kraken: Ccxt) -> None:
    await rest_a_limit(kraken)
    await kraken.create_order("ETH/USDT", "limit", "buy", "1", "2000")
    (answer,) = await kraken.cancel_all_orders()
    assert answer["info"]["result"] == {"count": 2}
    assert await kraken.fetch_open_orders() == []


# --- reading


async def test_fetch_order_cannot_find_an_order_by_its_client_id(kraken: Ccxt) -> None:
    order = await rest_a_limit(kraken, clientOrderId=MINE)
    with pytest.raises(ccxt.BaseError, match="Invalid arguments:userref"):
        await kraken.fetch_order(order["id"], BTC, {"clientOrderId": MINE})


async def test_the_lists_can_be_cut_down_to_a_client_id(kraken: Ccxt) -> None:
    await rest_a_limit(kraken)
    mine = await rest_a_limit(kraken, clientOrderId=MINE)
    assert [order["id"] for order in await kraken.fetch_open_orders(params={"clientOrderId": MINE})] == [mine["id"]]
    await kraken.cancel_order(mine["id"])
    assert await kraken.fetch_open_orders(params={"clientOrderId": MINE}) == []
    assert [order["id"] for order in await kraken.fetch_closed_orders(params={"clientOrderId": MINE})] == [mine["id"]]


async def test_a_client_id_may_be_used_again_after_its_order_has_ended(kraken: Ccxt) -> None:
    first = await rest_a_limit(kraken, clientOrderId=MINE)
    with pytest.raises(ccxt.ExchangeError, match="cl_ord_id not unique"):
        await rest_a_limit(kraken, clientOrderId=MINE)
    await kraken.cancel_order(first["id"])
    second = await rest_a_limit(kraken, clientOrderId=MINE)
    await kraken.cancel_order(second["id"])
    closed = await kraken.fetch_closed_orders(params={"clientOrderId": MINE})
    assert {order["id"] for order in closed} == {first["id"], second["id"]}


async def test_fetch_orders_by_ids_and_by_userref(kraken: Ccxt) -> None:
    first, second = await rest_a_limit(kraken, userref=1), await rest_a_limit(kraken, userref=2)
    both = await kraken.fetch_orders_by_ids([first["id"], second["id"]])
    assert {order["id"] for order in both} == {first["id"], second["id"]}
    assert [order["id"] for order in await kraken.fetch_open_orders(params={"userref": 2})] == [second["id"]]


async def test_closed_orders_come_fifty_at_a_time_the_latest_first(kraken: Ccxt, control: ControlClient) -> None:
    await control.set_limits(call_counter=0, trade_counter=0)
    placed = [(await rest_a_limit(kraken))["id"] for _ in range(53)]
    for txid in placed:
        await kraken.cancel_order(txid)
    pages = [await kraken.privatePostClosedOrders({"ofs": offset}) for offset in (0, 50, 100)]
    seen = [txid for page in pages for txid in page["result"]["closed"]]
    assert seen == placed[::-1]
    assert [page["result"]["count"] for page in pages] == [53] * 3


async def test_closed_orders_between_two_times(kraken: Ccxt, venue: PaperExchange) -> None:
    ids = []
    for minute in range(3):
        venue.clock.stop_at(NOON + 60_000 * minute)
        order = await rest_a_limit(kraken)
        venue.clock.stop_at(NOON + 60_000 * minute + 30_000)
        await kraken.cancel_order(order["id"])
        ids.append(order["id"])
    seconds = NOON // 1000

    async def closed(**params: Ccxt) -> list[str]:
        return [order["id"] for order in await kraken.fetch_closed_orders(params=params)]

    assert await closed(start=seconds + 30) == [ids[1], ids[2]]
    assert await closed(end=seconds + 90) == [ids[0], ids[1]]
    assert await closed(start=seconds + 60, closetm="open") == [ids[2]]
    assert await closed(start=ids[1], closetm="open") == [ids[2]]


async def test_trades_of_the_account_and_of_an_order(kraken: Ccxt) -> None:
    first = await found(kraken, await kraken.create_order(BTC, "market", "buy", "0.01"))
    await kraken.create_order("ETH/USDT", "market", "buy", "1")
    trades = await kraken.fetch_my_trades()
    assert {trade["symbol"] for trade in trades} == {BTC, "ETH/USDT"}
    (own,) = await kraken.fetch_order_trades(first["id"], params={"trades": first["trades"]})
    assert (own["order"], own["price"], own["amount"], own["takerOrMaker"]) == (first["id"], 60006.0, 0.01, "taker")
    assert own["fee"] == {"cost": 0.60006, "currency": "USDT"}


async def test_fetch_balance_shows_what_orders_hold(kraken: Ccxt) -> None:
    await rest_a_limit(kraken)
    balance = await kraken.fetch_balance()
    assert (balance["USDT"]["used"], balance["USDT"]["free"]) == (590.59, 999409.41)


async def test_a_look_up_may_lag_behind_the_order(kraken: Ccxt, venue: PaperExchange, control: ControlClient) -> None:
    venue.clock.stop_at(NOON)
    await control.set_modes(lookup_lag_ms=1000)
    order = await rest_a_limit(kraken, clientOrderId=MINE)
    assert await kraken.fetch_open_orders(params={"clientOrderId": MINE}) == []
    with pytest.raises(ccxt.InvalidOrder, match="Unknown order"):
        await found(kraken, order)
    await control.advance_clock(1000)
    assert (await found(kraken, order))["status"] == "open"


async def test_there_are_no_websockets_and_the_venue_says_so(kraken: Ccxt) -> None:
    with pytest.raises(ccxt.ExchangeError, match="EGeneral:Unknown method"):
        await kraken.privatePostGetWebSocketsToken()
