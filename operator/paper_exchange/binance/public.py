"""What anybody may ask: time, trading rules, book, trades, candles, tickers."""

from collections.abc import Callable
from functools import partial

from paper_exchange.answering import Json, Work
from paper_exchange.binance import errors, render_market, values
from paper_exchange.binance.account import rate_limit
from paper_exchange.binance.endpoint import Call
from paper_exchange.klines import INTERVALS
from paper_exchange.rows import Page
from paper_exchange.symbols import SymbolStatus
from paper_exchange.venue import Venue


def ping(_venue: Venue, call: Call) -> Work:
    """`GET ping`, `ping`."""
    call.params.finish()
    return dict


def server_time(venue: Venue, call: Call) -> Work:
    """`GET time`, `time`."""
    call.params.finish()
    return lambda: {"serverTime": venue.now_ms()}


def exchange_info(venue: Venue, call: Call) -> Work:
    """`GET exchangeInfo`, `exchangeInfo`."""
    params = call.params
    names = values.symbols(params, venue.reads)
    status = values.word(params, "symbolStatus", SymbolStatus, errors.BAD_SYMBOL_STATUS)
    permissions = params.optional("permissions")
    params.boolean("showPermissionSets", default=True)
    params.finish()
    if names is not None and (status is not None or permissions is not None):
        raise errors.bad_combination()
    return lambda: {
        "timezone": "UTC",
        "serverTime": venue.now_ms(),
        "rateLimits": _rate_limits(venue),
        "exchangeFilters": [],
        "symbols": _symbol_infos(venue, names, status) if permissions in _SPOT else [],
    }


def _rate_limits(venue: Venue) -> list[Json]:
    limits = venue.limiter.limits
    return [
        rate_limit("REQUEST_WEIGHT", "MINUTE", 1, limits.weight_per_minute),
        rate_limit("ORDERS", "SECOND", 10, limits.orders_per_10s),
        rate_limit("ORDERS", "DAY", 1, limits.orders_per_day),
    ]


_SPOT = {None, "SPOT", '["SPOT"]'}


def _symbol_infos(venue: Venue, names: tuple[str, ...] | None, status: SymbolStatus | None) -> list[Json]:
    return [
        render_market.symbol_info(symbol, venue.reads.status(symbol.name))
        for symbol in venue.reads.symbols()
        if (names is None or symbol.name in names) and (status is None or venue.reads.status(symbol.name) is status)
    ]


def depth(venue: Venue, call: Call) -> Work:
    """`GET depth`, `depth`."""
    symbol, limit = values.symbol(call.params, venue.reads), call.params.limit(100, 5000)
    call.params.finish()
    return lambda: render_market.depth(venue.reads.depth(symbol, limit))


def trades(venue: Venue, call: Call) -> Work:
    """`GET trades`, `trades.recent`."""
    symbol, limit = values.symbol(call.params, venue.reads), call.params.limit(500, 1000)
    call.params.finish()
    return partial(_trades, venue, symbol, Page(limit=limit))


def historical_trades(venue: Venue, call: Call) -> Work:
    """`GET historicalTrades`, `trades.historical`: only those that the venue still holds in memory."""
    params = call.params
    symbol, first = values.symbol(params, venue.reads), params.integer("fromId")
    limit = params.limit(500, 1000)
    params.finish()
    return partial(_trades, venue, symbol, Page(from_id=first, limit=limit))


def _trades(venue: Venue, symbol: str, page: Page) -> Json:
    return [render_market.public_trade(trade) for trade in venue.reads.public_trades(symbol, page)]


def aggregate_trades(venue: Venue, call: Call) -> Work:
    """`GET aggTrades`, `trades.aggregate`."""
    symbol = values.symbol(call.params, venue.reads)
    page = values.page(call.params, "fromId")
    call.params.finish()
    return lambda: [render_market.aggregate_trade(trade) for trade in venue.reads.aggregate_trades(symbol, page)]


def klines(venue: Venue, call: Call) -> Work:
    """`GET klines` and `GET uiKlines`, `klines` and `uiKlines`. Only UTC is known as a time zone."""
    params = call.params
    symbol = values.symbol(params, venue.reads)
    interval = params.required("interval")
    if interval not in INTERVALS:
        raise errors.BAD_INTERVAL
    if params.optional("timeZone") not in {None, "0", "00:00"}:
        raise errors.not_valid("timeZone")
    page = values.page(params, None)
    params.finish()
    return lambda: [
        render_market.kline(candle) for candle in venue.reads.klines(symbol, interval, page, now=venue.now_ms())
    ]


def average_price(venue: Venue, call: Call) -> Work:
    """`GET avgPrice`, `avgPrice`."""
    symbol = values.symbol(call.params, venue.reads)
    call.params.finish()
    return lambda: render_market.average_price(venue.reads.average_price(symbol, now=venue.now_ms()))


def ticker_price(venue: Venue, call: Call) -> Work:
    """`GET ticker/price`, `ticker.price`."""
    return _for_symbols(venue, call, lambda name: render_market.ticker_price(name, venue.reads.last_price(name)))


def book_ticker(venue: Venue, call: Call) -> Work:
    """`GET ticker/bookTicker`, `ticker.book`."""
    return _for_symbols(venue, call, lambda name: render_market.book_ticker(name, venue.reads.ticker(name)))


def ticker_24hr(venue: Venue, call: Call) -> Work:
    """`GET ticker/24hr`, `ticker.24hr`."""
    kind = call.params.choice("type", ("FULL", "MINI"), errors.BAD_TICKER_TYPE)

    def one(name: str) -> Json:
        stats = venue.reads.stats(name, now=venue.now_ms())
        if kind == "MINI":
            return render_market.ticker_mini(name, stats)
        return render_market.ticker_24hr(name, stats, venue.reads.ticker(name))

    return _for_symbols(venue, call, one)


def _for_symbols(venue: Venue, call: Call, one: Callable[[str], Json]) -> Work:
    """One object for `symbol`, a list for `symbols` or for all."""
    params = call.params
    names = values.symbols(params, venue.reads)
    status = values.word(params, "symbolStatus", SymbolStatus, errors.BAD_SYMBOL_STATUS)
    single = "symbol" in params
    params.finish()
    if single and names is not None:
        if status is not None and venue.reads.status(names[0]) is not status:
            raise errors.SYMBOL_STATUS_MISMATCH
        return partial(one, names[0])
    chosen = names if names is not None else tuple(symbol.name for symbol in venue.reads.symbols())
    return lambda: [one(name) for name in chosen if status is None or venue.reads.status(name) is status]
