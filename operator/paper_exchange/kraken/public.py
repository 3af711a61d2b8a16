"""Market data and the state of the venue: requests that need no key."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from paper_exchange.answering import Json, Work
from paper_exchange.kraken import errors
from paper_exchange.kraken.endpoint import Call
from paper_exchange.kraken.names import Pair, altname, asset_id, find_pair, pairs
from paper_exchange.kraken.render import COST_DECIMALS, decimals, seconds
from paper_exchange.model import Fees
from paper_exchange.rows import LATEST, Page
from paper_exchange.units import DECIMALS, SCALE, format_amount

INTERVALS: Final = {1: "1m", 5: "5m", 15: "15m", 30: "30m", 60: "1h", 240: "4h", 1440: "1d", 10080: "1w"}
CANDLES: Final = 720
TRADES: Final = 1000
DEPTH: Final = 500
_STATUSES: Final = {"TRADING": "online"}


def server_time(call: Call) -> Work:
    """`Time`."""

    def work() -> Json:
        now = call.venue.now_ms() // 1000
        return {"unixtime": now, "rfc1123": datetime.fromtimestamp(now, UTC).strftime("%a, %d %b %y %H:%M:%S +0000")}

    return work


def system_status(call: Call, *, maintenance: bool) -> Json:
    """`SystemStatus`: online or maintenance."""
    moment = datetime.fromtimestamp(call.venue.now_ms() // 1000, UTC)
    status = "maintenance" if maintenance else "online"
    return {"status": status, "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def assets(call: Call) -> Work:
    """`Assets`."""
    names = dict.fromkeys(name for symbol in call.venue.reads.symbols() for name in (symbol.base, symbol.quote))
    wanted = _listed(call, "asset")

    def work() -> Json:
        return {
            asset_id(name): {
                "aclass": "currency",
                "altname": altname(name),
                "decimals": DECIMALS,
                "display_decimals": COST_DECIMALS,
                "status": "enabled",
            }
            for name in names
            if not wanted or wanted & {asset_id(name), altname(name)}
        }

    known = {text for name in names for text in (asset_id(name), altname(name))}
    if wanted - known:
        raise errors.UNKNOWN_ASSET
    return work


def asset_pairs(call: Call) -> Work:
    """`AssetPairs`."""
    chosen = _pairs(call)
    return lambda: {pair.pair_id: _rules(call, pair) for pair in chosen}


def _rules(call: Call, pair: Pair) -> Json:
    symbol, fees = pair.symbol, Fees()
    return {
        "altname": pair.altname,
        "wsname": pair.wsname,
        "aclass_base": "currency",
        "base": asset_id(symbol.base),
        "aclass_quote": "currency",
        "quote": asset_id(symbol.quote),
        "lot": "unit",
        "cost_decimals": COST_DECIMALS,
        "pair_decimals": pair.price_decimals,
        "lot_decimals": pair.lot_decimals,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": [[0, fees.taker * 100 / SCALE]],
        "fees_maker": [[0, fees.maker * 100 / SCALE]],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": format_amount(symbol.min_quantity),
        "costmin": format_amount(symbol.min_notional),
        "tick_size": format_amount(symbol.tick_size),
        "status": _STATUSES.get(call.venue.reads.status(symbol.name), "cancel_only"),
    }


def ticker(call: Call) -> Work:
    """`Ticker`: of the pairs named, of all without any."""
    chosen = _pairs(call)
    return lambda: {pair.pair_id: _ticker(call, pair) for pair in chosen}


def _ticker(call: Call, pair: Pair) -> Json:
    reads, name, places = call.venue.reads, pair.symbol.name, pair.price_decimals
    best, stats = reads.ticker(name), reads.stats(name, now=call.venue.now_ms())

    def price(amount: int) -> str:
        return decimals(amount, places)

    def level(amount: int, quantity: int) -> list[str]:
        return [price(amount), decimals(quantity, 0), decimals(quantity, 3)]

    return {
        "a": level(best.ask_price, best.ask_quantity),
        "b": level(best.bid_price, best.bid_quantity),
        "c": [price(stats.last), format_amount(stats.last_quantity)],
        "v": [format_amount(stats.base_volume)] * 2,
        "p": [price(stats.weighted_average)] * 2,
        "t": [stats.trades] * 2,
        "l": [price(stats.low)] * 2,
        "h": [price(stats.high)] * 2,
        "o": price(stats.open),
    }


def depth(call: Call) -> Work:
    """`Depth`."""
    pair = _pair(call)
    count = min(call.params.count("count", 100), DEPTH)
    if not count:
        raise errors.invalid_argument("count")

    def work() -> Json:
        now = call.venue.now_ms() // 1000
        found = call.venue.reads.depth(pair.symbol.name, count)

        def side(levels: tuple[tuple[int, int], ...]) -> list[Json]:
            return [[decimals(price, pair.price_decimals), decimals(quantity, 3), now] for price, quantity in levels]

        return {pair.pair_id: {"asks": side(found.asks), "bids": side(found.bids)}}

    return work


def trades(call: Call) -> Work:
    """`Trades`: the latest ones, or those after `since`, in seconds or nanoseconds."""
    pair = _pair(call)
    count = min(call.params.count("count", TRADES), TRADES) or TRADES
    since = _since(call)

    def work() -> Json:
        page = replace(LATEST, limit=count) if since is None else Page(start=since + 1, limit=count)
        rows = call.venue.reads.public_trades(pair.symbol.name, page)
        shown = [
            [
                decimals(row.price, pair.price_decimals),
                format_amount(row.quantity),
                seconds(row.time),
                "s" if row.buyer_is_maker else "b",
                "l",
                "",
                row.trade_id,
            ]
            for row in rows
        ]
        return {pair.pair_id: shown, "last": str((rows[-1].time if rows else call.venue.now_ms()) * 1_000_000)}

    return work


def ohlc(call: Call) -> Work:
    """`OHLC`: the last 720 candles, or those from `since` on. The last one is not finished."""
    pair = _pair(call)
    interval = INTERVALS.get(call.params.count("interval", 1))
    if interval is None:
        raise errors.invalid_argument("interval")
    since = _since(call)

    def work() -> Json:
        page = replace(LATEST, limit=CANDLES) if since is None else Page(start=since, limit=CANDLES)
        rows = call.venue.reads.klines(pair.symbol.name, interval, page, now=call.venue.now_ms())
        places = pair.price_decimals
        shown = [
            [
                row.open_time // 1000,
                *(decimals(price, places) for price in (row.open, row.high, row.low, row.close)),
                decimals(row.quote_volume * SCALE // row.base_volume if row.base_volume else 0, places),
                format_amount(row.base_volume),
                row.trades,
            ]
            for row in rows
        ]
        return {pair.pair_id: shown, "last": rows[-2].open_time // 1000 if len(rows) > 1 else 0}

    return work


def _since(call: Call) -> int | None:
    """`since` in milliseconds. The venue takes seconds, and for trades the nanoseconds that `last` gives."""
    text = call.params.get("since")
    if text is None or text == "0":
        return None
    if len(text) > len("1700000000.000") and text.isascii() and text.isdigit():
        return int(text) // 1_000_000
    return call.params.time_ms("since")


def _pair(call: Call) -> Pair:
    return find_pair(call.venue.reads, call.params.required("pair"))


def _pairs(call: Call) -> tuple[Pair, ...]:
    names = _listed(call, "pair")
    if not names:
        return pairs(call.venue.reads)
    return tuple(dict.fromkeys(find_pair(call.venue.reads, name) for name in sorted(names)))


def _listed(call: Call, name: str) -> set[str]:
    return {part for part in (call.params.get(name) or "").split(",") if part}
