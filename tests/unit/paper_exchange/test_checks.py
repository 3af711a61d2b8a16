"""One row per refusal: what is asked, and the venue's code and text."""

from dataclasses import replace
from typing import Any

import pytest

from paper_exchange.commands import CreateAccount, Deposit, RestrictAccount, SetSymbolStatus, SweepTo
from paper_exchange.model import OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.refusals import Refusal
from paper_exchange.replies import OrderPlaced
from paper_exchange.snapshot import dump
from paper_exchange.symbols import NotionalFilter, Symbol, SymbolStatus
from support.paper_engine import BTCUSDT, Bench, amount, market, order

MAKER, STOP = OrderType.LIMIT_MAKER, OrderType.STOP_LOSS


def at_50k(*symbols: Symbol) -> Bench:
    """A venue whose last price is 50000, with bob on both sides of it."""
    bench = Bench(*symbols)
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("50000")))
    bench.placed(account="bob", side=Side.BUY, price="49990", quantity="1")
    bench.placed(account="bob", side=Side.SELL, price="50010", quantity="1")
    return bench


PARAMETERS: list[tuple[dict[str, Any], int, str]] = [
    ({"price": None}, -1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed."),
    ({"quantity": None}, -1102, "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed."),
    ({"time_in_force": None}, -1102, "Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed."),
    ({"stop_price": "1"}, -1106, "Parameter 'stopPrice' sent when not required."),
    ({"type": MAKER}, -1106, "Parameter 'timeInForce' sent when not required."),
    ({"type": OrderType.MARKET, "time_in_force": None}, -1106, "Parameter 'price' sent when not required."),
    (
        {"type": OrderType.MARKET, "time_in_force": None, "price": None, "quantity": None},
        -1102,
        "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
    ),
    (
        {"type": OrderType.MARKET, "time_in_force": None, "price": None, "quote_quantity": "10"},
        -1106,
        "Parameter 'quoteOrderQty' sent when not required.",
    ),
    (
        {"type": STOP, "time_in_force": None, "price": None},
        -1102,
        "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!",
    ),
    ({"symbol": "NOPE"}, -1121, "Invalid symbol."),
]
SYMBOL_AND_FILTERS: list[tuple[dict[str, Any], int, str]] = [
    ({"iceberg_quantity": 1}, -2010, "Iceberg orders are not supported for this symbol."),
    ({"price": "50000.001"}, -1013, "Filter failure: PRICE_FILTER"),
    ({"price": "1000000.01"}, -1013, "Filter failure: PRICE_FILTER"),
    ({"price": "0"}, -1013, "Filter failure: PRICE_FILTER"),
    ({"quantity": "0.000001"}, -1013, "Filter failure: LOT_SIZE"),
    ({"quantity": "9000.00001"}, -1013, "Filter failure: LOT_SIZE"),
    ({"quantity": "0.000015"}, -1013, "Filter failure: LOT_SIZE"),
    ({"quantity": "0"}, -1013, "Filter failure: LOT_SIZE"),
    ({"price": "250000.01"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    ({"price": "9999.99"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    ({"side": Side.SELL, "price": "9999.99"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    ({"quantity": "0.00009"}, -1013, "Filter failure: NOTIONAL"),
    ({"quantity": "200", "price": "50000"}, -1013, "Filter failure: NOTIONAL"),
    ({"type": MAKER, "time_in_force": None, "price": "50010"}, -2010, "Order would immediately match and take."),
    (
        {"side": Side.SELL, "type": MAKER, "time_in_force": None, "price": "49990"},
        -2010,
        "Order would immediately match and take.",
    ),
]


@pytest.mark.parametrize(("changes", "code", "message"), PARAMETERS + SYMBOL_AND_FILTERS)
def test_each_refusal_has_the_venues_code_and_text(changes: dict[str, Any], code: int, message: str) -> None:
    assert at_50k().place(**changes) == Refusal(code, message)


MARKET_ROWS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"market_max_quantity": amount("1")}, {"quantity": "1.00001"}, "Filter failure: MARKET_LOT_SIZE"),
    ({"market_min_quantity": amount("0.1")}, {"quantity": "0.09"}, "Filter failure: MARKET_LOT_SIZE"),
    ({"market_step_size": amount("0.1")}, {"quantity": "0.15"}, "Filter failure: MARKET_LOT_SIZE"),
    ({}, {"quantity": "0.00009"}, "Filter failure: NOTIONAL"),
    ({}, {"quantity": None, "quote_quantity": "4.99"}, "Filter failure: NOTIONAL"),
    ({"notional_filter": NotionalFilter.MIN_NOTIONAL}, {"quantity": "0.00009"}, "Filter failure: MIN_NOTIONAL"),
]


@pytest.mark.parametrize(("rules", "changes", "message"), MARKET_ROWS)
def test_market_orders_have_filters_of_their_own(rules: dict[str, Any], changes: dict[str, Any], message: str) -> None:
    assert at_50k(replace(BTCUSDT, **rules)).do(market(**changes)) == Refusal(-1013, message)


def test_the_edges_of_the_filters_are_inside() -> None:
    bench = at_50k()
    for price in ("10000.00", "250000.00"):
        assert isinstance(bench.place(price=price, quantity="0.001"), OrderPlaced)
    assert isinstance(bench.place(price="50000", quantity="0.0001"), OrderPlaced)


def test_percent_price_measures_by_the_average_of_the_last_minutes() -> None:
    bench = at_50k()
    bench.now += 1000
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("60000"), quantity=amount("1000")))
    assert isinstance(bench.place(price="280000"), OrderPlaced)
    bench.now += 4 * 60_000
    assert isinstance(bench.place(side=Side.SELL, price="12000.00"), OrderPlaced)
    assert bench.place(side=Side.SELL, price="11900") == Refusal(-1013, "Filter failure: PERCENT_PRICE_BY_SIDE")


def test_after_quiet_minutes_percent_price_measures_by_the_last_price() -> None:
    bench = at_50k()
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("60000")))
    bench.now += 6 * 60_000

    assert isinstance(bench.place(side=Side.SELL, price="300000"), OrderPlaced)
    assert bench.place(side=Side.SELL, price="300000.01") == Refusal(-1013, "Filter failure: PERCENT_PRICE_BY_SIDE")


def test_a_market_order_may_go_below_the_minimum_where_the_symbol_says_so() -> None:
    bench = at_50k(replace(BTCUSDT, min_notional_applies_to_market=False))

    assert isinstance(bench.do(market(quantity="0.00009")), OrderPlaced)


def test_a_closed_market_takes_no_orders() -> None:
    bench = at_50k()
    bench.do(SetSymbolStatus(symbol="BTCUSDT", status=SymbolStatus.HALT))

    assert bench.place() == Refusal(-1013, "Market is closed.")


def test_an_order_type_that_the_symbol_does_not_offer_is_refused() -> None:
    bench = at_50k(replace(BTCUSDT, order_types=(OrderType.LIMIT,)))

    assert bench.do(market()) == Refusal(-2010, "Market orders are not supported for this symbol.")


def test_a_prevention_mode_that_the_symbol_does_not_allow_is_refused() -> None:
    bench = at_50k(replace(BTCUSDT, allowed_preventions=(SelfTradePrevention.EXPIRE_MAKER,)))

    assert bench.place(prevention=SelfTradePrevention.NONE) == Refusal(-1014, "Unsupported order combination.")


def test_open_orders_are_limited_by_symbol() -> None:
    bench = at_50k(replace(BTCUSDT, max_orders=2))
    bench.placed(price="40000")
    bench.placed(price="40001")

    assert bench.place(price="40002") == Refusal(-1013, "Filter failure: MAX_NUM_ORDERS")
    assert isinstance(bench.do(market()), OrderPlaced)
    bench.cancel(order_id=bench.engine.read.open_orders("alice")[0].order_id)
    assert isinstance(bench.place(price="40002"), OrderPlaced)


def test_the_position_counts_balance_and_open_buys() -> None:
    bench = at_50k(replace(BTCUSDT, max_position=amount("1000001")))
    bench.placed(price="40000", quantity="0.5")

    assert bench.place(price="40000", quantity="0.50001") == Refusal(-1013, "Filter failure: MAX_POSITION")
    assert isinstance(bench.place(side=Side.SELL, price="60000"), OrderPlaced)
    assert isinstance(bench.place(price="40000", quantity="0.5"), OrderPlaced)


def test_a_restricted_account_may_not_place() -> None:
    bench = at_50k()
    bench.do(RestrictAccount(account="alice", can_trade=False))

    assert bench.place() == Refusal(-2010, "This action is disabled on this account.")


def test_an_unknown_account_is_refused() -> None:
    refusal = at_50k().place(account="nobody")

    assert isinstance(refusal, Refusal)
    assert refusal.code == -1002


POOR: list[dict[str, Any]] = [
    {"price": "50000", "quantity": "0.02001"},
    {"side": Side.SELL, "price": "50020", "quantity": "0.03001"},
    {"type": OrderType.MARKET, "time_in_force": None, "price": None, "quantity": "0.02"},
    {"type": OrderType.MARKET, "time_in_force": None, "price": None, "quantity": None, "quote_quantity": "1000.01"},
    {"type": OrderType.MARKET, "time_in_force": None, "price": None, "side": Side.SELL, "quantity": "0.03001"},
    {
        "type": OrderType.MARKET,
        "time_in_force": None,
        "price": None,
        "side": Side.SELL,
        "quantity": None,
        "quote_quantity": "1600",
    },
]


@pytest.mark.parametrize("changes", POOR)
def test_more_than_the_free_balance_is_refused(changes: dict[str, Any]) -> None:

    bench = at_50k()
    bench.do(CreateAccount(account="carol"))
    bench.do(Deposit(account="carol", asset="USDT", amount=amount("1000")))
    bench.do(Deposit(account="carol", asset="BTC", amount=amount("0.03")))

    refused = bench.place(account="carol", **changes)

    assert refused == Refusal(-2010, "Account has insufficient balance for requested action.")


def test_a_quote_amount_needs_a_book() -> None:
    bench = Bench()

    assert bench.do(market(quantity=None, quote_quantity="100")) == Refusal(
        -2010, "Order book liquidity is less than symbol minimum quantity."
    )


def test_a_refused_order_changes_nothing() -> None:

    bench = at_50k()
    before = dump(bench.engine.state)
    for changes, _, _ in PARAMETERS + SYMBOL_AND_FILTERS:
        bench.place(**changes)
        assert bench.last.events == ()

    assert dump(bench.engine.state) == before


def test_a_test_order_is_judged_and_not_placed() -> None:
    bench = at_50k()

    assert bench.engine.check(order(), bench.now) is None
    assert bench.engine.check(order(price="0"), bench.now) == Refusal(-1013, "Filter failure: PRICE_FILTER")
    assert bench.engine.read.open_orders("alice") == []


def test_ioc_limit_orders_pass_the_same_filters() -> None:
    refused = at_50k().place(time_in_force=TimeInForce.IOC, quantity="0.000015")

    assert refused == Refusal(-1013, "Filter failure: LOT_SIZE")
