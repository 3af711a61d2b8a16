"""The public streams by name, and what each has to say.

Trades and the best prices go out as they happen. Everything else is conflated, as at the venue: a stream says at most
once per interval what has changed since it spoke last, and nothing while nothing changes. After a silence it speaks at
the next pulse, so the interval is a bound and not a delay.

Source: `web-socket-streams.md` of Binance's documentation. Not there: candles of one second (the tape keeps minutes),
candles in the time zone UTC+8, block trades and reference prices.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from paper_exchange.binance import render_streams
from paper_exchange.events import BookChange
from paper_exchange.klines import INTERVALS, open_time
from paper_exchange.reads import Reads
from paper_exchange.rows import Kline, Page

JsonObject = Any
_HOUR: Final = 60 * 60 * 1000
_WINDOWS: Final = {"1h": _HOUR, "4h": 4 * _HOUR, "1d": 24 * _HOUR}


class Kind(StrEnum):
    """What a stream tells of."""

    TRADE = "trade"
    AGGREGATE = "aggTrade"
    BEST = "bookTicker"
    DEPTH = "depth"
    PARTIAL_DEPTH = "partialDepth"
    KLINE = "kline"
    TICKER = "ticker"
    MINI_TICKER = "miniTicker"
    WINDOW = "windowTicker"
    AVERAGE = "avgPrice"


REAL_TIME: Final = frozenset({Kind.TRADE, Kind.AGGREGATE, Kind.BEST})
ON_BOOK_CHANGE: Final = frozenset({Kind.DEPTH, Kind.PARTIAL_DEPTH, Kind.TICKER})
ON_TRADE: Final = frozenset({Kind.KLINE, Kind.TICKER, Kind.MINI_TICKER, Kind.WINDOW, Kind.AVERAGE})


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream as its name describes it.

    Attributes:
        name: What clients call it, such as `btcusdt@depth@100ms`.
        symbol: The symbol, empty for all of them.
        kind: What it tells of.
        detail: Interval, window or number of levels.
        every_ms: How often it speaks at most; 0 for as it happens.
    """

    name: str
    symbol: str
    kind: Kind
    detail: str = ""
    every_ms: int = 0


_FORMS: Final[tuple[tuple[re.Pattern[str], Kind, int], ...]] = (
    (re.compile(r"trade()"), Kind.TRADE, 0),
    (re.compile(r"aggTrade()"), Kind.AGGREGATE, 0),
    (re.compile(r"bookTicker()"), Kind.BEST, 0),
    (re.compile(r"depth()@100ms"), Kind.DEPTH, 100),
    (re.compile(r"depth()(?:@1000ms)?"), Kind.DEPTH, 1000),
    (re.compile(r"depth(5|10|20)@100ms"), Kind.PARTIAL_DEPTH, 100),
    (re.compile(r"depth(5|10|20)(?:@1000ms)?"), Kind.PARTIAL_DEPTH, 1000),
    (re.compile(rf"kline_({'|'.join(INTERVALS)})"), Kind.KLINE, 2000),
    (re.compile(r"ticker()"), Kind.TICKER, 1000),
    (re.compile(r"miniTicker()"), Kind.MINI_TICKER, 1000),
    (re.compile(rf"ticker_({'|'.join(_WINDOWS)})"), Kind.WINDOW, 1000),
    (re.compile(r"avgPrice()"), Kind.AVERAGE, 1000),
)
_OF_ALL: Final = frozenset({Kind.TICKER, Kind.MINI_TICKER, Kind.WINDOW})


def parse(name: str, reads: Reads) -> Stream | None:
    """The stream of a name; None when there is no such stream or symbol."""
    if name.startswith("!"):
        form = name.removeprefix("!").removesuffix("@arr")
        found = _parse_form(name, "", form) if name.endswith("@arr") else None
        return found if found and found.kind in _OF_ALL else None
    symbol, _, form = name.partition("@")
    if symbol != symbol.lower() or reads.symbol(symbol.upper()) is None:
        return None
    return _parse_form(name, symbol.upper(), form)


def _parse_form(name: str, symbol: str, form: str) -> Stream | None:
    for pattern, kind, every_ms in _FORMS:
        match = pattern.fullmatch(form)
        if match:
            return Stream(name, symbol, kind, match[1], every_ms)
    return None


@dataclass(slots=True)
class Feed:
    """A conflated stream, and what it has not said yet."""

    stream: Stream
    due_ms: int = 0
    changed: dict[str, None] = field(default_factory=dict)
    """Symbols of which there is something new, in the order of the first change."""
    bids: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)
    update_ids: tuple[int, int] = (0, 0)
    candle: int = -1
    """Opening time of the candle that was told last."""

    def note(self, symbol: str) -> None:
        """Something has changed in a symbol."""
        if self.stream.symbol in {"", symbol}:
            self.changed[symbol] = None

    def merge(self, change: BookChange) -> None:
        """Levels have changed; of several changes of one level the last one counts."""
        first = self.update_ids[0] if self.changed else change.first_update_id
        self.update_ids = (first, change.last_update_id)
        self.bids.update(change.bids)
        self.asks.update(change.asks)
        self.changed[change.symbol] = None

    def speak(self, reads: Reads, now: int) -> Iterator[JsonObject]:
        """What there is to say, told once."""
        symbols = list(self.changed)
        self.changed.clear()
        if self.stream.kind is Kind.KLINE:
            yield from self._candles(reads, now, traded=bool(symbols))
        elif not self.stream.symbol and symbols:
            yield [_ticker(self.stream, symbol, reads, now) for symbol in symbols]
        elif symbols and self.stream.kind is Kind.DEPTH:
            yield self._depth(now)
        elif symbols:
            yield _ticker(self.stream, symbols[0], reads, now)

    def _depth(self, now: int) -> JsonObject:
        bids, asks = sorted(self.bids.items(), reverse=True), sorted(self.asks.items())
        self.bids.clear()
        self.asks.clear()
        return render_streams.depth_event(self.stream.symbol, self.update_ids, tuple(bids), tuple(asks), now)

    def _candles(self, reads: Reads, now: int, *, traded: bool) -> Iterator[JsonObject]:
        """The current candle when it has changed, and each one before it once more when it is over."""
        symbol, interval = self.stream.symbol, self.stream.detail
        current = open_time(interval, now)
        if self.candle == -1:
            self.candle = current
        if not traded and self.candle == current:
            return
        for candle in reads.klines(symbol, interval, Page(start=self.candle, limit=1000), now=now):
            if traded or candle.close_time < now:
                yield _candle(symbol, interval, candle, reads, now)
        self.candle = current


def _candle(symbol: str, interval: str, candle: Kline, reads: Reads, now: int) -> JsonObject:
    page = Page(start=candle.open_time, end=candle.close_time, limit=2**31)
    trades = reads.public_trades(symbol, page) if candle.trades else []
    ids = (trades[0].trade_id, trades[-1].trade_id) if trades else (-1, -1)
    return render_streams.kline_event(symbol, interval, candle, ids, now)


def _ticker(stream: Stream, symbol: str, reads: Reads, now: int) -> JsonObject:
    match stream.kind:
        case Kind.TICKER:
            return render_streams.ticker_event(symbol, reads.stats(symbol, now=now), reads.ticker(symbol), now)
        case Kind.WINDOW:
            stats = reads.stats(symbol, now=now, span=_WINDOWS[stream.detail])
            return render_streams.window_ticker_event(symbol, stream.detail, stats, now)
        case Kind.AVERAGE:
            return render_streams.average_price_event(symbol, reads.average_price(symbol, now=now), now)
        case Kind.PARTIAL_DEPTH:
            return render_streams.partial_depth_event(reads.depth(symbol, int(stream.detail)))
        case _:
            return render_streams.mini_ticker_event(symbol, reads.stats(symbol, now=now), now)
