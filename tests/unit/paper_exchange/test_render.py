"""Orders as the venue spells them, in the shape of its public documentation."""

from dataclasses import replace

import pytest

from paper_exchange.binance import render, render_events, render_market
from paper_exchange.events import ExecutionType, OrderUpdate
from paper_exchange.model import Order, OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce, Trade
from paper_exchange.replies import OrderCanceled, OrderPlaced
from paper_exchange.rows import BookTicker, Stats
from paper_exchange.symbols import DEFAULT_SYMBOLS, SymbolStatus
from paper_exchange.units import SCALE

ORDER = Order(
    order_id=28,
    account="alice",
    symbol="BTCUSDT",
    client_order_id="mine",
    side=Side.SELL,
    type=OrderType.MARKET,
    time_in_force=TimeInForce.GTC,
    price=0,
    quantity=10 * SCALE,
    quote_quantity=0,
    stop_price=0,
    trailing_delta=0,
    iceberg_quantity=0,
    order_list_id=-1,
    prevention=SelfTradePrevention.NONE,
    strategy_id=None,
    strategy_type=None,
    time=1507725176595,
    update_time=1507725176595,
    working_time=1507725176595,
    status=OrderStatus.FILLED,
    is_working=True,
    executed=10 * SCALE,
    executed_quote=10 * SCALE,
)
TRADE = Trade(56, "BTCUSDT", 28, -1, 4000 * SCALE, SCALE, 4000 * SCALE, 4 * SCALE, "USDT", 1507725176595, False, False)
ACK = {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
RESULT = ACK | {
    "price", "origQty", "executedQty", "origQuoteOrderQty", "cummulativeQuoteQty", "status", "timeInForce",
    "type", "side", "workingTime", "selfTradePreventionMode",
}  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        (render.ResponseType.ACK, ACK),
        (render.ResponseType.RESULT, RESULT),
        (render.ResponseType.FULL, RESULT | {"fills"}),
    ],
)
def test_an_answer_has_the_documented_members_of_its_shape(shape: render.ResponseType, names: set[str]) -> None:
    assert set(render.placed(OrderPlaced(ORDER, (TRADE,), ORDER.time), shape)) == names


def test_a_fill_shows_the_commission_and_its_asset() -> None:
    answer = render.placed(OrderPlaced(ORDER, (TRADE,), ORDER.time), render.ResponseType.FULL)
    assert answer["fills"] == [
        {
            "price": "4000.00000000",
            "qty": "1.00000000",
            "commission": "4.00000000",
            "commissionAsset": "USDT",
            "tradeId": 56,
        }
    ]


def test_a_cancel_carries_its_own_id_and_the_orders() -> None:
    gone = replace(ORDER, status=OrderStatus.CANCELED)
    answer = render.canceled(OrderCanceled(gone, "the-cancel", 1684804350068))
    assert (answer["clientOrderId"], answer["origClientOrderId"]) == ("the-cancel", "mine")
    assert (answer["status"], answer["transactTime"]) == ("CANCELED", 1684804350068)


@pytest.mark.parametrize(
    ("kind", "time_in_force", "status", "reason"),
    [
        (OrderType.MARKET, TimeInForce.GTC, OrderStatus.EXPIRED, "INSUFFICIENT_LIQUIDITY"),
        (OrderType.LIMIT, TimeInForce.IOC, OrderStatus.EXPIRED, "UNFILLED_IOC_QUANTITY_EXPIRED"),
        (OrderType.LIMIT, TimeInForce.FOK, OrderStatus.EXPIRED, "UNFILLED_FOK_ORDER_EXPIRED"),
        (OrderType.LIMIT, TimeInForce.GTC, OrderStatus.CANCELED, None),
    ],
)
def test_an_expired_order_says_why(
    kind: OrderType, time_in_force: TimeInForce, status: OrderStatus, reason: str | None
) -> None:
    order = replace(ORDER, type=kind, time_in_force=time_in_force, status=status)
    assert render.queried(order).get("expiryReason") == reason


def test_a_report_of_a_trade_names_the_trade_and_one_without_names_none() -> None:
    update = OrderUpdate("alice", ExecutionType.TRADE, ORDER, ORDER.status, "mine", "", TRADE, 7, False, ORDER.time)
    report = render_events.execution_report(update, ORDER.time + 1)
    assert (report["x"], report["X"], report["t"], report["l"], report["L"], report["n"], report["N"]) == (
        "TRADE", "FILLED", 56, "1.00000000", "4000.00000000", "4.00000000", "USDT",
    )  # fmt: skip
    new = update._replace(execution=ExecutionType.NEW, trade=None)
    quiet = render_events.execution_report(new, ORDER.time + 1)
    assert (quiet["t"], quiet["l"], quiet["n"], quiet["N"]) == (-1, "0.00000000", "0", None)


def test_trading_rules_name_each_filter_once_with_text_amounts() -> None:
    info = render_market.symbol_info(DEFAULT_SYMBOLS[0], SymbolStatus.HALT)
    names = [rule["filterType"] for rule in info["filters"]]
    assert len(names) == len(set(names))
    assert {"PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "NOTIONAL", "PERCENT_PRICE_BY_SIDE"} <= set(names)
    assert (info["status"], info["orderTypes"]) == ("HALT", list(DEFAULT_SYMBOLS[0].order_types))


def test_a_falling_price_has_a_negative_change() -> None:
    stats = Stats(0, 1, 99 * SCALE, 100 * SCALE, 3 * SCALE, 4 * SCALE, SCALE, 0, SCALE, SCALE, SCALE, 1, 2, 2)
    ticker = render_market.ticker_24hr("BNBBTC", stats, BookTicker(1, 2, 3, 4))
    assert (ticker["priceChange"], ticker["priceChangePercent"]) == ("-95.00000000", "-95.960")
