"""Candles of every interval, folded from one-minute bars.

Intervals start where Binance starts them: weeks on Monday, months on the first, everything else on multiples since
1970, UTC. Minutes without a trade get a flat bar at the last close, as the venue shows them.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from paper_exchange.rows import Kline

MINUTE = 60_000
_HOUR = 60 * MINUTE
_DAY = 24 * _HOUR
_WEEK = 7 * _DAY
_MONDAY = 4 * _DAY
"""1 January 1970 was a Thursday."""

_FIXED = {
    "1m": MINUTE,
    "3m": 3 * MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": _HOUR,
    "2h": 2 * _HOUR,
    "4h": 4 * _HOUR,
    "6h": 6 * _HOUR,
    "8h": 8 * _HOUR,
    "12h": 12 * _HOUR,
    "1d": _DAY,
    "3d": 3 * _DAY,
    "1w": _WEEK,
}
INTERVALS = (*_FIXED, "1M")
"""The names that `klines` accepts."""


def open_time(interval: str, time: int) -> int:
    """The first millisecond of the interval that contains `time`."""
    if interval == "1M":
        moment = datetime.fromtimestamp(time / 1000, UTC)
        return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp()) * 1000
    shift = _MONDAY if interval == "1w" else 0
    return (time - shift) // _FIXED[interval] * _FIXED[interval] + shift


def next_open(interval: str, opened: int) -> int:
    """The first millisecond after the interval that began at `opened`."""
    if interval == "1M":
        return open_time("1M", opened + 32 * _DAY)
    return opened + _FIXED[interval]


def fold(bars: Iterable[Kline], opens: Sequence[int], interval: str) -> list[Kline]:
    """Join one-minute bars into candles.

    Args:
        bars: One-minute bars in order of time; those before the first of `opens` only lend their close.
        opens: Opening times of the wanted candles, consecutive and ascending.
        interval: One of `INTERVALS`.
    """
    remaining = list(bars)
    candles: list[Kline] = []
    position, close = 0, 0
    while position < len(remaining) and opens and remaining[position].open_time < opens[0]:
        close = remaining[position].close
        position += 1
    for opened in opens:
        end = next_open(interval, opened)
        first = position
        while position < len(remaining) and remaining[position].open_time < end:
            position += 1
        candle = _join(remaining[first:position], opened, end - 1, close)
        close = candle.close
        candles.append(candle)
    return candles


def _join(bars: Sequence[Kline], opened: int, closed: int, before: int) -> Kline:
    if not bars:
        return Kline(opened, closed, before, before, before, before, 0, 0, 0, 0, 0)
    return Kline(
        opened,
        closed,
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum(bar.base_volume for bar in bars),
        sum(bar.quote_volume for bar in bars),
        sum(bar.trades for bar in bars),
        sum(bar.taker_base_volume for bar in bars),
        sum(bar.taker_quote_volume for bar in bars),
    )
