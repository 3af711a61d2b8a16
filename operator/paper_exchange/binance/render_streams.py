"""Events of the public market streams as the venue spells them: one-letter names, amounts as texts."""

from typing import Any

from paper_exchange.binance.render_market import change_percent, levels
from paper_exchange.events import TradePrint
from paper_exchange.rows import AggregateTrade, AveragePrice, BookTicker, Depth, Kline, Stats
from paper_exchange.units import format_amount

JsonObject = dict[str, Any]
Levels = tuple[tuple[int, int], ...]


def trade_event(event: TradePrint, event_time: int) -> JsonObject:
    """`<symbol>@trade` of the public streams."""
    trade = event.trade
    return {
        "e": "trade",
        "E": event_time,
        "s": event.symbol,
        "t": trade.trade_id,
        "p": format_amount(trade.price),
        "q": format_amount(trade.quantity),
        "T": trade.time,
        "m": trade.buyer_is_maker,
        "M": True,
    }


def aggregate_trade_event(symbol: str, trade: AggregateTrade, event_time: int) -> JsonObject:
    """`<symbol>@aggTrade`."""
    return {
        "e": "aggTrade",
        "E": event_time,
        "s": symbol,
        "a": trade.aggregate_id,
        "p": format_amount(trade.price),
        "q": format_amount(trade.quantity),
        "f": trade.first_trade_id,
        "l": trade.last_trade_id,
        "T": trade.time,
        "m": trade.buyer_is_maker,
        "M": True,
    }


def depth_event(symbol: str, update_ids: tuple[int, int], bids: Levels, asks: Levels, event_time: int) -> JsonObject:
    """`<symbol>@depth`: the levels that changed, and the numbers of the first and the last change in it."""
    return {
        "e": "depthUpdate",
        "E": event_time,
        "s": symbol,
        "U": update_ids[0],
        "u": update_ids[1],
        "b": levels(bids),
        "a": levels(asks),
    }


def partial_depth_event(book: Depth) -> JsonObject:
    """`<symbol>@depth5`, `@depth10`, `@depth20`: the best levels. It names neither event nor symbol."""
    return {"lastUpdateId": book.last_update_id, "bids": levels(book.bids), "asks": levels(book.asks)}


def book_ticker_event(symbol: str, update_id: int, best: BookTicker) -> JsonObject:
    """`<symbol>@bookTicker` of the public streams."""
    return {
        "u": update_id,
        "s": symbol,
        "b": format_amount(best.bid_price),
        "B": format_amount(best.bid_quantity),
        "a": format_amount(best.ask_price),
        "A": format_amount(best.ask_quantity),
    }


def kline_event(symbol: str, interval: str, candle: Kline, trade_ids: tuple[int, int], event_time: int) -> JsonObject:
    """`<symbol>@kline_<interval>`; without a trade in the candle its trade ids are -1."""
    return {
        "e": "kline",
        "E": event_time,
        "s": symbol,
        "k": {
            "t": candle.open_time,
            "T": candle.close_time,
            "s": symbol,
            "i": interval,
            "f": trade_ids[0],
            "L": trade_ids[1],
            "o": format_amount(candle.open),
            "c": format_amount(candle.close),
            "h": format_amount(candle.high),
            "l": format_amount(candle.low),
            "v": format_amount(candle.base_volume),
            "n": candle.trades,
            "x": candle.close_time < event_time,
            "q": format_amount(candle.quote_volume),
            "V": format_amount(candle.taker_base_volume),
            "Q": format_amount(candle.taker_quote_volume),
            "B": "0",
        },
    }


def mini_ticker_event(symbol: str, stats: Stats, event_time: int) -> JsonObject:
    """`<symbol>@miniTicker`, and an entry of `!miniTicker@arr`."""
    return {
        "e": "24hrMiniTicker",
        "E": event_time,
        "s": symbol,
        "c": format_amount(stats.last),
        "o": format_amount(stats.open),
        "h": format_amount(stats.high),
        "l": format_amount(stats.low),
        "v": format_amount(stats.base_volume),
        "q": format_amount(stats.quote_volume),
    }


def ticker_event(symbol: str, stats: Stats, best: BookTicker, event_time: int) -> JsonObject:
    """`<symbol>@ticker`, and an entry of `!ticker@arr`."""
    return {
        **window_ticker_event(symbol, "24hr", stats, event_time),
        "x": format_amount(stats.previous_close),
        "Q": format_amount(stats.last_quantity),
        "b": format_amount(best.bid_price),
        "B": format_amount(best.bid_quantity),
        "a": format_amount(best.ask_price),
        "A": format_amount(best.ask_quantity),
    }


def window_ticker_event(symbol: str, window: str, stats: Stats, event_time: int) -> JsonObject:
    """`<symbol>@ticker_<window>` for 1h, 4h and 1d, and an entry of `!ticker_<window>@arr`."""
    return {
        "e": f"{window}Ticker",
        "E": event_time,
        "s": symbol,
        "p": format_amount(stats.last - stats.open),
        "P": change_percent(stats),
        "w": format_amount(stats.weighted_average),
        "o": format_amount(stats.open),
        "h": format_amount(stats.high),
        "l": format_amount(stats.low),
        "c": format_amount(stats.last),
        "v": format_amount(stats.base_volume),
        "q": format_amount(stats.quote_volume),
        "O": stats.open_time,
        "C": stats.close_time,
        "F": stats.first_trade_id,
        "L": stats.last_trade_id,
        "n": stats.trades,
    }


def average_price_event(symbol: str, average: AveragePrice, event_time: int) -> JsonObject:
    """`<symbol>@avgPrice`."""
    return {
        "e": "avgPrice",
        "E": event_time,
        "s": symbol,
        "i": f"{average.minutes}m",
        "w": format_amount(average.price),
        "T": average.close_time,
    }
