"""The engine's values in the venue's JSON: orders, trades, balances.

Amounts are texts, times are seconds with a fraction. Average prices, costs and fees are cut to the pair's decimals,
as the venue does; what was really paid is the sum over the trades.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final

from paper_exchange.kraken.ids import order_txid, trade_txid
from paper_exchange.kraken.names import Pair
from paper_exchange.model import STOP_TYPES, Order, OrderStatus, OrderType, Side, Trade
from paper_exchange.trailing import firing_price
from paper_exchange.units import SCALE, format_amount, mul_down

Json = Any
COST_DECIMALS: Final = 5
"""Decimals of costs and fees (`cost_decimals`)."""

_GENERATED: Final = "paper"
_GENERATED_LENGTH: Final = 22


class OrderKind(StrEnum):
    """`ordertype`."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_LOSS = "stop-loss"
    STOP_LOSS_LIMIT = "stop-loss-limit"
    TAKE_PROFIT = "take-profit"
    TAKE_PROFIT_LIMIT = "take-profit-limit"
    TRAILING_STOP = "trailing-stop"


_KINDS: Final = {
    OrderType.MARKET: OrderKind.MARKET,
    OrderType.LIMIT: OrderKind.LIMIT,
    OrderType.LIMIT_MAKER: OrderKind.LIMIT,
    OrderType.STOP_LOSS: OrderKind.STOP_LOSS,
    OrderType.STOP_LOSS_LIMIT: OrderKind.STOP_LOSS_LIMIT,
    OrderType.TAKE_PROFIT: OrderKind.TAKE_PROFIT,
    OrderType.TAKE_PROFIT_LIMIT: OrderKind.TAKE_PROFIT_LIMIT,
}
_REASONS: Final = {
    OrderStatus.CANCELED: "User requested",
    OrderStatus.EXPIRED_IN_MATCH: "Self trade prevention",
    OrderStatus.EXPIRED: "Insufficient liquidity",
}


def seconds(milliseconds: int) -> float:
    """A time as the venue writes it."""
    return milliseconds / 1000


def decimals(amount: int, places: int) -> str:
    """An amount with a number of decimals from 0 to 8, cut off."""
    text = format_amount(amount)
    return text[: len(text) - 8 + places].rstrip(".")


def kind_of(order: Order) -> OrderKind:
    """The order's type in this dialect."""
    return OrderKind.TRAILING_STOP if order.is_trailing else _KINDS[order.type]


def client_id_of(order: Order) -> str | None:
    """The id that the customer gave; None for one that the engine made up."""
    made_up = order.client_order_id.startswith(_GENERATED) and len(order.client_order_id) == _GENERATED_LENGTH
    return None if made_up else order.client_order_id


def describe(pair: Pair, order: Order) -> dict[str, Json]:
    """`descr`."""
    kind = kind_of(order)
    first, second = _prices(pair, order, kind)
    return {
        "pair": pair.altname,
        "type": order.side.lower(),
        "ordertype": kind,
        "price": first,
        "price2": second,
        "leverage": "none",
        "order": sentence(pair, order),
        "close": "",
    }


def sentence(pair: Pair, order: Order) -> str:
    """The order in words: `buy 0.01000000 XBTUSDT @ limit 50000.00`."""
    kind = kind_of(order)
    first, second = _prices(pair, order, kind)
    text = f"{order.side.lower()} {format_amount(_volume(order))} {pair.altname} @ "
    if kind is OrderKind.MARKET:
        return text + kind
    text += f"{kind.removesuffix('-limit').replace('-', ' ')} {first}"
    return f"{text} -> limit {second}" if second != "0" else text


def _prices(pair: Pair, order: Order, kind: OrderKind) -> tuple[str, str]:
    places = pair.price_decimals
    limit = decimals(order.price, places) if order.price else "0"
    if kind is OrderKind.TRAILING_STOP:
        percent = f"{decimals(order.trailing_delta * SCALE // 100, 4)}%"
        return f"+{decimals(order.trailing_amount, places) if order.trailing_amount else percent}", limit
    if order.stop_price:
        return decimals(order.stop_price, places), limit
    return limit, "0"


def _volume(order: Order) -> int:
    return order.quote_quantity or order.quantity


def status_of(order: Order) -> str:
    """pending, open, closed, canceled or expired."""
    if order.is_open:
        return "open"
    if order.status is OrderStatus.FILLED:
        return "closed"
    ended_by_date = order.expire_at and order.update_time >= order.expire_at
    return "expired" if order.status is OrderStatus.EXPIRED and ended_by_date else "canceled"


def order_flags(order: Order) -> str:
    """`oflags`: where the fee is taken from, post only, volume in quote."""
    in_quote = order.side is Side.SELL or order.fee_rate
    flags = ["fciq" if in_quote else "fcib"]
    flags += ["post"] if order.type is OrderType.LIMIT_MAKER else []
    flags += ["viqc"] if order.quote_quantity else []
    return ",".join(flags)


def order(pair: Pair, market: int, found: Order, trades: Sequence[Trade], *, with_trades: bool) -> dict[str, Json]:
    """An order as QueryOrders, OpenOrders and ClosedOrders show it.

    Args:
        pair: Its pair.
        market: Position of the pair in the order of listing.
        found: The order.
        trades: Its trades, oldest first.
        with_trades: Whether to name them.
    """
    places = pair.price_decimals
    average = found.executed_quote * SCALE // found.executed if found.executed else 0
    waited = found.type in STOP_TYPES
    shown: dict[str, Json] = {
        "refid": None,
        "userref": found.strategy_id,
        "status": status_of(found),
        "opentm": seconds(found.time),
        "starttm": 0,
        "expiretm": found.expire_at // 1000,
        "descr": describe(pair, found),
        "vol": format_amount(_volume(found)),
        "vol_exec": format_amount(found.executed_quote if found.quote_quantity else found.executed),
        "cost": decimals(found.executed_quote, COST_DECIMALS),
        "fee": decimals(sum(trade.commission for trade in trades), COST_DECIMALS),
        "price": decimals(average, places),
        "stopprice": decimals(_stop_price(found), places),
        "limitprice": decimals(found.price if waited else 0, places),
        "misc": _misc(found) if waited and found.is_working else "",
        "oflags": order_flags(found),
    }
    client_id = client_id_of(found)
    if client_id is not None:
        shown["cl_ord_id"] = client_id
    if waited:
        shown["trigger"] = "last"
    if not found.is_open:
        shown |= {"closetm": seconds(found.update_time), "reason": _reason(found)}
    if with_trades and trades:
        shown["trades"] = [trade_id(market, trade) for trade in trades]
    return shown


def _stop_price(found: Order) -> int:
    """Where it fires, as far as it is known: of a trailing stop the price that it has followed to."""
    if not found.is_trailing or not found.trailing_extreme:
        return found.stop_price
    return firing_price(found.side, found.trailing_extreme, found.trailing_delta, found.trailing_amount)


def _misc(found: Order) -> str:
    return "touched" if found.type in {OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT} else "stopped"


def _reason(found: Order) -> str | None:
    return "Order expired" if status_of(found) == "expired" else _REASONS.get(found.status)


def orders(rows: Iterable[tuple[int, Order, dict[str, Json]]]) -> dict[str, Json]:
    """Rendered orders by txid."""
    return {order_txid(market, found.order_id): shown for market, found, shown in rows}


def trade_id(market: int, trade: Trade) -> str:
    """The id of an account's trade."""
    return trade_txid(market, trade.trade_id, is_buyer=trade.is_buyer)


def trade(pair: Pair, market: int, row: Trade, of: Order) -> dict[str, Json]:
    """A trade as TradesHistory and QueryTrades show it."""
    in_base = row.commission_asset == pair.symbol.base
    fee = mul_down(row.commission, row.price) if in_base else row.commission
    return {
        "ordertxid": order_txid(market, row.order_id),
        "postxid": "TKH2SE-M7IF5-CFI7LT",
        "pair": pair.pair_id,
        "time": seconds(row.time),
        "type": "buy" if row.is_buyer else "sell",
        "ordertype": kind_of(of),
        "price": decimals(row.price, pair.price_decimals),
        "cost": decimals(row.quote_quantity, COST_DECIMALS),
        "fee": decimals(fee, COST_DECIMALS),
        "vol": format_amount(row.quantity),
        "margin": "0.00000",
        "leverage": "0",
        "misc": "",
        "trade_id": row.trade_id,
        "maker": row.is_maker,
    }
