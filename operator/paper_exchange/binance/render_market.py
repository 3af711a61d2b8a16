"""Public market data as the venue spells it: trading rules, book, trades, candles, tickers."""

from typing import Any

from paper_exchange.model import OrderType
from paper_exchange.rows import AggregateTrade, AveragePrice, BookTicker, Depth, Kline, PublicTrade, Stats
from paper_exchange.symbols import NotionalFilter, Symbol, SymbolStatus
from paper_exchange.units import DECIMALS, format_amount

JsonObject = dict[str, Any]
JsonRow = list[Any]


def symbol_info(symbol: Symbol, status: SymbolStatus) -> JsonObject:
    """One entry of exchangeInfo's `symbols`."""
    return {
        "symbol": symbol.name,
        "status": status,
        "baseAsset": symbol.base,
        "baseAssetPrecision": DECIMALS,
        "quoteAsset": symbol.quote,
        "quotePrecision": DECIMALS,
        "quoteAssetPrecision": DECIMALS,
        "baseCommissionPrecision": DECIMALS,
        "quoteCommissionPrecision": DECIMALS,
        "orderTypes": list(symbol.order_types),
        "icebergAllowed": False,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": True,
        "quoteOrderQtyMarketAllowed": OrderType.MARKET in symbol.order_types,
        "allowTrailingStop": symbol.allow_trailing_stop,
        "cancelReplaceAllowed": symbol.allow_cancel_replace,
        "amendAllowed": symbol.allow_amend,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filters(symbol),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": symbol.default_prevention,
        "allowedSelfTradePreventionModes": list(symbol.allowed_preventions),
    }


def filters(symbol: Symbol) -> list[JsonObject]:
    """The trading rules of a symbol that are switched on."""
    found: list[JsonObject] = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": format_amount(symbol.min_price),
            "maxPrice": format_amount(symbol.max_price),
            "tickSize": format_amount(symbol.tick_size),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": format_amount(symbol.min_quantity),
            "maxQty": format_amount(symbol.max_quantity),
            "stepSize": format_amount(symbol.step_size),
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": format_amount(symbol.market_min_quantity),
            "maxQty": format_amount(symbol.market_max_quantity or symbol.max_quantity),
            "stepSize": format_amount(symbol.market_step_size),
        },
        {
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": symbol.min_trailing_above,
            "maxTrailingAboveDelta": symbol.max_trailing_above,
            "minTrailingBelowDelta": symbol.min_trailing_below,
            "maxTrailingBelowDelta": symbol.max_trailing_below,
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": format_amount(symbol.bid_multiplier_up),
            "bidMultiplierDown": format_amount(symbol.bid_multiplier_down),
            "askMultiplierUp": format_amount(symbol.ask_multiplier_up),
            "askMultiplierDown": format_amount(symbol.ask_multiplier_down),
            "avgPriceMins": symbol.average_price_minutes,
        },
        _notional(symbol),
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": symbol.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": symbol.max_algo_orders},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": symbol.max_order_lists},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": symbol.max_amends},
    ]
    if symbol.max_position:
        found.append({"filterType": "MAX_POSITION", "maxPosition": format_amount(symbol.max_position)})
    return found


def _notional(symbol: Symbol) -> JsonObject:
    if symbol.notional_filter is NotionalFilter.MIN_NOTIONAL:
        return {
            "filterType": "MIN_NOTIONAL",
            "minNotional": format_amount(symbol.min_notional),
            "applyToMarket": symbol.min_notional_applies_to_market,
            "avgPriceMins": symbol.average_price_minutes,
        }
    return {
        "filterType": "NOTIONAL",
        "minNotional": format_amount(symbol.min_notional),
        "applyMinToMarket": symbol.min_notional_applies_to_market,
        "maxNotional": format_amount(symbol.max_notional),
        "applyMaxToMarket": symbol.max_notional_applies_to_market,
        "avgPriceMins": symbol.average_price_minutes,
    }


def depth(book: Depth) -> JsonObject:
    """`GET depth`."""
    return {"lastUpdateId": book.last_update_id, "bids": levels(book.bids), "asks": levels(book.asks)}


def levels(side: tuple[tuple[int, int], ...]) -> list[list[str]]:
    """Levels of a book as pairs of price and quantity."""
    return [[format_amount(price), format_amount(quantity)] for price, quantity in side]


def public_trade(trade: PublicTrade) -> JsonObject:
    """A row of `trades`."""
    return {
        "id": trade.trade_id,
        "price": format_amount(trade.price),
        "qty": format_amount(trade.quantity),
        "quoteQty": format_amount(trade.quote_quantity),
        "time": trade.time,
        "isBuyerMaker": trade.buyer_is_maker,
        "isBestMatch": True,
    }


def aggregate_trade(trade: AggregateTrade) -> JsonObject:
    """A row of `aggTrades`."""
    return {
        "a": trade.aggregate_id,
        "p": format_amount(trade.price),
        "q": format_amount(trade.quantity),
        "f": trade.first_trade_id,
        "l": trade.last_trade_id,
        "T": trade.time,
        "m": trade.buyer_is_maker,
        "M": True,
    }


def kline(candle: Kline) -> JsonRow:
    """A row of `klines`."""
    return [
        candle.open_time,
        format_amount(candle.open),
        format_amount(candle.high),
        format_amount(candle.low),
        format_amount(candle.close),
        format_amount(candle.base_volume),
        candle.close_time,
        format_amount(candle.quote_volume),
        candle.trades,
        format_amount(candle.taker_base_volume),
        format_amount(candle.taker_quote_volume),
        "0",
    ]


def average_price(average: AveragePrice) -> JsonObject:
    """`GET avgPrice`."""
    return {"mins": average.minutes, "price": format_amount(average.price), "closeTime": average.close_time}


def ticker_price(symbol: str, price: int) -> JsonObject:
    """`GET ticker/price`."""
    return {"symbol": symbol, "price": format_amount(price)}


def book_ticker(symbol: str, best: BookTicker) -> JsonObject:
    """`GET ticker/bookTicker`."""
    return {
        "symbol": symbol,
        "bidPrice": format_amount(best.bid_price),
        "bidQty": format_amount(best.bid_quantity),
        "askPrice": format_amount(best.ask_price),
        "askQty": format_amount(best.ask_quantity),
    }


def ticker_24hr(symbol: str, stats: Stats, best: BookTicker) -> JsonObject:
    """`GET ticker/24hr`, FULL."""
    return {
        "symbol": symbol,
        "priceChange": format_amount(stats.last - stats.open),
        "priceChangePercent": change_percent(stats),
        "weightedAvgPrice": format_amount(stats.weighted_average),
        "prevClosePrice": format_amount(stats.previous_close),
        "lastPrice": format_amount(stats.last),
        "lastQty": format_amount(stats.last_quantity),
        "bidPrice": format_amount(best.bid_price),
        "bidQty": format_amount(best.bid_quantity),
        "askPrice": format_amount(best.ask_price),
        "askQty": format_amount(best.ask_quantity),
        **_window(stats),
    }


def ticker_mini(symbol: str, stats: Stats) -> JsonObject:
    """`GET ticker/24hr`, MINI."""
    return {"symbol": symbol, "lastPrice": format_amount(stats.last), **_window(stats)}


def _window(stats: Stats) -> JsonObject:
    return {
        "openPrice": format_amount(stats.open),
        "highPrice": format_amount(stats.high),
        "lowPrice": format_amount(stats.low),
        "volume": format_amount(stats.base_volume),
        "quoteVolume": format_amount(stats.quote_volume),
        "openTime": stats.open_time,
        "closeTime": stats.close_time,
        "firstId": stats.first_trade_id,
        "lastId": stats.last_trade_id,
        "count": stats.trades,
    }


def change_percent(stats: Stats) -> str:
    """How far the price has moved, in percent with three decimals."""
    value = (stats.last - stats.open) * 100_000 // stats.open if stats.open else 0
    whole, fraction = divmod(abs(value), 1000)
    return f"{'-' if value < 0 else ''}{whole}.{fraction:03d}"
