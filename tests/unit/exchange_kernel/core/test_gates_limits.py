"""An account's limits bind what raises the exposure, and nothing else."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.api.enums import TradingState
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.gates import first_stop
from exchange_kernel.core.gates.stop import Stop
from exchange_kernel.core.places import Need, Places
from support.builders import SYMBOL, account, intent, limits, market, price, view

D = Decimal
# Whatever could be limited, is: to next to nothing.
STRICT = {
    "maxNotional": [{"currency": "EUR", "perOrder": "1"}],
    "maxOpenOrders": 1,
    "allowedSymbols": ["ETH/EUR"],
    "priceCollarPercent": "0.01",
}
EXITS: list[dict[str, Any]] = [
    {"type": "Limit", "price": "10000"},
    {"type": "Market", "price": None},
    {"type": "StopMarket", "price": None, "triggerPrice": "49000"},
    {"type": "StopLimit", "price": "40000", "triggerPrice": "49000"},
    {"type": "TakeProfitMarket", "price": None, "triggerPrice": "51000"},
    {"type": "TakeProfitLimit", "price": "40000", "triggerPrice": "51000"},
    {"type": "TrailingStopMarket", "price": None, "trailing": {"offset": "1", "offsetType": "Percent"}},
]


def judged(rules: dict[str, Any], market: str = "50000", others: int = 0, **spec: Any) -> Stop | None:  # noqa: ANN401
    facts = account(limits=limits(**rules), prices=price(market), places=Places(others=others))
    return first_stop(view(intent(**spec), account=facts))


@pytest.mark.parametrize("spec", EXITS, ids=[spec["type"] for spec in EXITS])
def test_no_limit_holds_up_an_exit(spec: dict[str, Any]) -> None:
    assert judged(STRICT, others=9, side="Sell", quantity="100", **spec) is None


BACK: list[dict[str, Any]] = [
    {"type": "Limit", "price": "90000"},
    {"type": "Market", "price": None},
    {"type": "StopMarket", "price": None, "triggerPrice": "51000"},
    {"type": "StopLimit", "price": "90000", "triggerPrice": "51000"},
]


@pytest.mark.parametrize("state", [TradingState.ENABLED, TradingState.REDUCE_ONLY])
@pytest.mark.parametrize("spec", BACK, ids=[spec["type"] for spec in BACK])
def test_no_limit_holds_up_an_exit_that_buys_back_what_its_group_has_sold(
    spec: dict[str, Any], state: TradingState
) -> None:
    for places, bound in ((Places(others=9, is_exit=True), False), (Places(others=9), True)):
        facts = account(limits=limits(**STRICT), prices=price("50000"), places=places, trading_state=state)
        assert (first_stop(view(intent(side="Buy", quantity="100", **spec), account=facts)) is not None) is bound


def most(amount: str) -> dict[str, Any]:
    return {"maxNotional": [{"currency": "EUR", "perOrder": "1"}, {"currency": "USDT", "perOrder": amount}]}


@pytest.mark.parametrize(
    ("spec", "worth", "why"),
    [
        ({"quantity": "0.5", "price": "50000"}, "25000", "a limit order spends its price at most"),
        ({"type": "Market", "price": None, "quantity": "0.5"}, "25000", "a market order the last trade's"),
        (
            {"type": "Market", "price": None, "quantity": None, "quoteQuantity": "25000"},
            "25000",
            "quoteQuantity itself",
        ),
        ({"type": "StopMarket", "price": None, "triggerPrice": "51000"}, "25500", "a stop trades at its trigger"),
        ({"type": "StopLimit", "price": "52000", "triggerPrice": "51000"}, "26000", "a stop-limit at its limit"),
        ({"type": "TakeProfitMarket", "price": None, "triggerPrice": "48000"}, "24000", "a take-profit at its trigger"),
        (
            {"type": "TrailingStopMarket", "price": None, "trailing": {"offset": "1", "offsetType": "Percent"}},
            "25250",
            "a trailing buy at most at its offset above the start",
        ),
    ],
)
def test_an_order_may_be_worth_the_limit_and_not_more(spec: dict[str, Any], worth: str, why: str) -> None:
    assert judged(most(worth), **spec) is None, why
    stop = judged(most(str(D(worth) - D("0.01"))), **spec)

    assert stop is not None, why
    assert stop.reason == Reason.LIMIT_EXCEEDED
    assert f"worth {worth} USDT" in stop.message


def test_an_order_in_a_currency_without_a_limit_is_denied() -> None:
    stop = judged({"maxNotional": [{"currency": "EUR", "perOrder": "1000000"}]})

    assert stop is not None
    assert "none in USDT" in stop.message


def test_only_listed_symbols_may_be_bought() -> None:
    assert judged({"allowedSymbols": [SYMBOL]}) is None
    stop = judged({"allowedSymbols": ["ETH/USDT"]})

    assert stop is not None
    assert "only ETH/USDT" in stop.message


@pytest.mark.parametrize(
    ("spec", "passes", "why"),
    [
        ({"price": "50500"}, True, "one percent above the market is the collar itself"),
        ({"price": "50500.01"}, False, "more is worse than that"),
        ({"price": "20"}, True, "a better price is never bound"),
        ({"type": "StopLimit", "triggerPrice": "60000", "price": "60600"}, True, "a trigger is not bound"),
        ({"type": "StopLimit", "triggerPrice": "60000", "price": "60600.01"}, False, "its limit is, by the trigger"),
        (
            {"type": "StopMarket", "triggerPrice": "60000", "price": None},
            True,
            "without a limit there is nothing to bind",
        ),
        ({"type": "Market", "price": None}, True, "neither is there in a market order"),
    ],
)
def test_the_collar_binds_limit_prices_that_are_worse(spec: dict[str, Any], passes: bool, why: str) -> None:
    stop = judged({"priceCollarPercent": "1"}, **spec)

    assert (stop is None) == passes, why
    if stop is not None:
        assert stop.reason == Reason.LIMIT_EXCEEDED


def test_an_order_waits_for_a_place_and_says_so() -> None:
    assert judged({"maxOpenOrders": 2}, others=1) is None
    stop = judged({"maxOpenOrders": 2}, others=2)

    assert stop is not None
    assert (stop.reason, stop.wait) == (Reason.OPEN_ORDERS_LIMIT, 1.0)
    assert "startingDeadlineSeconds" in stop.message


@settings(max_examples=200, derandomize=True)
@given(
    quantity=st.decimals(min_value=D("0.00001"), max_value=D(100), places=5),
    limit=st.decimals(min_value=D("0.01"), max_value=D(90000), places=2),
    most_worth=st.decimals(min_value=D(5), max_value=D(9_000_000), places=2),
)
def test_whatever_passes_is_worth_no_more_than_the_limit(
    quantity: Decimal, limit: Decimal, most_worth: Decimal
) -> None:
    stop = judged(most(str(most_worth)), quantity=str(quantity), price=str(limit))

    if quantity * limit > most_worth:
        assert stop is not None
    else:
        assert stop is None or stop.reason != Reason.LIMIT_EXCEEDED


def test_every_rule_needs_its_limit() -> None:
    """Without limits nothing is asked and no price is read."""
    assert judged({}, others=10**6, type="Market", price=None, quantity="99") is None


@pytest.mark.parametrize(
    ("places", "waits"),
    [
        (Places(others=1, exits=Need(2, 1)), True),
        (Places(others=0, exits=Need(2, 1)), False),
        (Places(others=9, kept=True), False),
    ],
)
def test_an_entry_takes_the_places_of_its_exits_and_an_exit_finds_its_own(places: Places, waits: bool) -> None:
    stop = first_stop(view(account=account(limits=limits(maxOpenOrders=3), places=places)))
    assert (stop is not None and stop.reason == Reason.OPEN_ORDERS_LIMIT) is waits


@pytest.mark.parametrize(
    ("most", "places", "waits"),
    [
        ({"max_waiting_orders": 5}, Places(waiting_here=5, exits=Need(1, 1)), True),
        ({"max_waiting_orders": 5}, Places(waiting_here=4, exits=Need(1, 1)), False),
        ({"max_waiting_orders": 5}, Places(waiting_here=5), False),
        ({"max_orders": 4}, Places(here=2, exits=Need(2, 1)), True),
        ({"max_orders": 4}, Places(here=1, exits=Need(2, 1)), False),
        ({"max_orders": 4}, Places(here=9, kept=True), False),
        ({}, Places(here=900, waiting_here=900, exits=Need(2, 2)), False),
    ],
)
def test_the_venues_own_limits_hold_back_what_it_would_refuse(
    most: dict[str, int], places: Places, waits: bool
) -> None:
    stop = first_stop(view(account=account(markets={SYMBOL: market(**most)}, places=places)))
    assert (stop is not None and stop.reason == Reason.OPEN_ORDERS_LIMIT) is waits


def test_a_sell_that_is_no_entry_is_left_to_the_venue() -> None:
    one = intent(side="Sell", type="StopMarket", price=None, triggerPrice="49000")
    full = account(markets={SYMBOL: market(max_waiting_orders=5)}, prices=price("50000"), places=Places(waiting_here=5))
    assert first_stop(view(one, account=full)) is None
