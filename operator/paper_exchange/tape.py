"""What was traded in one symbol: the public trades and the figures made of them.

Everything is bounded: a market maker may run for weeks. Recent trades are kept one by one, older ones only as
one-minute bars, and the average price of the filters as sums by second.
"""

from collections import deque

from paper_exchange.klines import MINUTE, fold, next_open, open_time
from paper_exchange.rows import AggregateTrade, AveragePrice, Kline, Page, PublicTrade, Stats
from paper_exchange.units import SCALE

KEPT_TRADES = 5_000
"""Single trades kept per symbol."""
KEPT_MINUTES = 30 * 24 * 60
"""One-minute bars kept per symbol."""


class Tape:
    """The public trades of a symbol."""

    __slots__ = ("_aggregate_taker", "_minutes", "_seconds", "_span", "_sums", "aggregates", "trades")

    def __init__(self, average_minutes: int) -> None:
        self.trades: deque[PublicTrade] = deque(maxlen=KEPT_TRADES)
        self.aggregates: deque[AggregateTrade] = deque(maxlen=KEPT_TRADES)
        self._aggregate_taker = -1
        self._minutes: deque[Kline] = deque(maxlen=KEPT_MINUTES)
        self._span = average_minutes * MINUTE
        self._seconds: deque[list[int]] = deque()
        self._sums = [0, 0]

    @property
    def last_price(self) -> int:
        """Price of the last trade, 0 before the first."""
        return self.trades[-1].price if self.trades else 0

    def add(self, trade: PublicTrade) -> None:
        """Record a trade."""
        self.trades.append(trade)
        self._aggregate(trade)
        self._extend_minute(trade)
        second = trade.time // 1000 * 1000
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0, 0])
        self._seconds[-1][1] += trade.quantity
        self._seconds[-1][2] += trade.quote_quantity
        self._sums[0] += trade.quantity
        self._sums[1] += trade.quote_quantity

    def _aggregate(self, trade: PublicTrade) -> None:
        last = self.aggregates[-1] if self.aggregates else None
        if (
            last
            and last.price == trade.price
            and last.time == trade.time
            and self._aggregate_taker == trade.taker_order_id != -1
        ):
            self.aggregates[-1] = last._replace(quantity=last.quantity + trade.quantity, last_trade_id=trade.trade_id)
            return
        self._aggregate_taker = trade.taker_order_id
        number = last.aggregate_id + 1 if last else 1
        self.aggregates.append(
            AggregateTrade(
                number,
                trade.price,
                trade.quantity,
                trade.trade_id,
                trade.trade_id,
                trade.time,
                trade.buyer_is_maker,
            )
        )

    def _extend_minute(self, trade: PublicTrade) -> None:
        opened = trade.time // MINUTE * MINUTE
        price, quantity, quote = trade.price, trade.quantity, trade.quote_quantity
        bought = 0 if trade.buyer_is_maker else 1
        if not self._minutes or self._minutes[-1].open_time != opened:
            taker = (quantity * bought, quote * bought)
            self._minutes.append(
                Kline(opened, opened + MINUTE - 1, price, price, price, price, quantity, quote, 1, *taker)
            )
            return
        bar = self._minutes[-1]
        self._minutes[-1] = Kline(
            opened,
            bar.close_time,
            bar.open,
            max(bar.high, price),
            min(bar.low, price),
            price,
            bar.base_volume + quantity,
            bar.quote_volume + quote,
            bar.trades + 1,
            bar.taker_base_volume + quantity * bought,
            bar.taker_quote_volume + quote * bought,
        )

    def forget(self, now: int) -> None:
        """Drop what has left the window of the average price."""
        horizon = now - self._span
        while self._seconds and self._seconds[0][0] < horizon:
            _, base, quote = self._seconds.popleft()
            self._sums[0] -= base
            self._sums[1] -= quote

    def reference_price(self) -> int:
        """The filters' average price as of the last `forget`; the last price without trades in the window."""
        base, quote = self._sums
        return quote * SCALE // base if base and quote else self.last_price

    def average(self, now: int) -> AveragePrice:
        """`avgPrice`, without changing anything."""
        horizon = now - self._span
        base = quote = 0
        for second, bought, paid in reversed(self._seconds):
            if second < horizon:
                break
            base, quote = base + bought, quote + paid
        price = quote * SCALE // base if base and quote else self.last_price
        return AveragePrice(self._span // MINUTE, price, self.trades[-1].time if self.trades else now)

    def klines(self, interval: str, now: int, page: Page) -> list[Kline]:
        """Candles, oldest first: from the page's start on when it has one, else the latest."""
        start, end, limit = page.start, page.end, page.limit
        if not self._minutes:
            return []
        first = open_time(interval, self._minutes[0].open_time)
        last = open_time(interval, min(now, end) if end is not None else now)
        opens: deque[int] = deque(maxlen=None if start is not None else limit)
        opened = (
            _far_enough(interval, first, last, limit) if start is None else max(first, _at_or_after(interval, start))
        )
        while opened <= last and (start is None or len(opens) < limit):
            opens.append(opened)
            opened = next_open(interval, opened)
        return fold(self._minutes, opens, interval)

    def stats(self, now: int, span: int) -> Stats:
        """Rolling figures over the last `span` milliseconds, in whole minutes at the far end."""
        begin = now - span
        bars = [bar for bar in self._minutes if bar.close_time >= begin]
        before = [bar for bar in self._minutes if bar.close_time < begin][-1:]
        previous = before[0].close if before else 0
        if not bars or not self.trades:
            return Stats(begin, now, 0, 0, 0, self.last_price, 0, previous or self.last_price, 0, 0, 0, -1, -1, 0)
        last, count = self.trades[-1], sum(bar.trades for bar in bars)
        base, quote = sum(bar.base_volume for bar in bars), sum(bar.quote_volume for bar in bars)
        return Stats(
            begin,
            now,
            bars[0].open,
            max(bar.high for bar in bars),
            min(bar.low for bar in bars),
            last.price,
            last.quantity,
            previous or bars[0].open,
            quote * SCALE // base if base else 0,
            base,
            quote,
            last.trade_id - count + 1,
            last.trade_id,
            count,
        )

    def dump(self) -> dict[str, object]:
        """The tape as plain values, for a snapshot."""
        return {
            "span": self._span,
            "trades": list(self.trades),
            "aggregates": list(self.aggregates),
            "taker": self._aggregate_taker,
            "minutes": list(self._minutes),
            "seconds": list(self._seconds),
        }

    @classmethod
    def load(cls, data: dict[str, list[list[int]]]) -> "Tape":
        """The tape that `dump` wrote."""
        tape = cls(0)
        tape._span, tape._aggregate_taker = data["span"], data["taker"]  # type: ignore[assignment]
        tape.trades.extend(PublicTrade(*row) for row in data["trades"])  # type: ignore[arg-type]
        tape.aggregates.extend(AggregateTrade(*row) for row in data["aggregates"])  # type: ignore[arg-type]
        tape._minutes.extend(Kline(*row) for row in data["minutes"])
        tape._seconds.extend(data["seconds"])
        tape._sums = [sum(row[index] for row in data["seconds"]) for index in (1, 2)]
        return tape


def _at_or_after(interval: str, time: int) -> int:
    opened = open_time(interval, time)
    return opened if opened == time else next_open(interval, opened)


def _far_enough(interval: str, first: int, last: int, limit: int) -> int:
    """Where to begin so that the last `limit` candles are all seen; months are few enough to see them all."""
    if interval == "1M":
        return first
    return max(first, last - (limit - 1) * (next_open(interval, last) - last))
