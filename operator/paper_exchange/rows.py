"""What the venue tells of its markets and histories: rows that never change."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which rows of a history are wanted: the first ones from an id or a time on, without either the latest ones."""

    from_id: int | None = None
    start: int | None = None
    """First millisecond."""
    end: int | None = None
    """Last millisecond."""
    limit: int = 500

    @property
    def is_forward(self) -> bool:
        """Whether the page begins somewhere, rather than ends now."""
        return self.from_id is not None or self.start is not None


LATEST = Page()
"""The latest 500 rows."""


class PublicTrade(NamedTuple):
    """A trade as everybody sees it (`trades`, stream `<symbol>@trade`)."""

    trade_id: int
    price: int
    quantity: int
    quote_quantity: int
    time: int
    buyer_is_maker: bool
    taker_order_id: int


class AggregateTrade(NamedTuple):
    """Consecutive trades of one taker order at one price (`aggTrades`)."""

    aggregate_id: int
    price: int
    quantity: int
    first_trade_id: int
    last_trade_id: int
    time: int
    buyer_is_maker: bool


class Kline(NamedTuple):
    """A candle. `open_time` is the first millisecond, `close_time` the last one."""

    open_time: int
    close_time: int
    open: int
    high: int
    low: int
    close: int
    base_volume: int
    quote_volume: int
    trades: int
    taker_base_volume: int
    """Base volume of taker buys."""
    taker_quote_volume: int


class Stats(NamedTuple):
    """Rolling figures of a symbol (`ticker/24hr`). Prices are 0 when nothing was traded."""

    open_time: int
    close_time: int
    open: int
    high: int
    low: int
    last: int
    last_quantity: int
    previous_close: int
    weighted_average: int
    base_volume: int
    quote_volume: int
    first_trade_id: int
    last_trade_id: int
    trades: int


class BookTicker(NamedTuple):
    """Best bid and ask; 0 where a side is empty."""

    bid_price: int
    bid_quantity: int
    ask_price: int
    ask_quantity: int


class Depth(NamedTuple):
    """The book's levels as (price, quantity), best first."""

    last_update_id: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


class AveragePrice(NamedTuple):
    """`avgPrice`: volume-weighted over the last minutes, the last price when nothing was traded in them."""

    minutes: int
    price: int
    close_time: int
