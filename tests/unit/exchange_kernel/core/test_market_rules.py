"""What a market takes, and the exact numbers on the wire."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.market_rules import Denial, Terms, check, normalize, on_step, to_step
from exchange_kernel.core.requests import TrailingOffset
from support.builders import market

D = Decimal
GRID = market(price_tick=D("0.5"), quantity_step=D("0.1"))


@pytest.mark.parametrize(
    ("side", "kind", "field", "written", "sent", "why"),
    [
        ("Buy", "Limit", "quantity", "0.19", "0.1", "a quantity never grows"),
        ("Sell", "Limit", "quantity", "0.19", "0.1", "a quantity never grows"),
        ("Buy", "Limit", "price", "100.4", "100.0", "a buy limit goes down"),
        ("Sell", "Limit", "price", "100.1", "100.5", "a sell limit goes up"),
        ("Buy", "StopLimit", "price", "100.1", "100.5", "a stop-limit's limit goes towards execution"),
        ("Sell", "StopLimit", "price", "100.4", "100.0", "a stop-limit's limit goes towards execution"),
        ("Buy", "TakeProfitLimit", "price", "100.4", "100.0", "a take-profit's limit is an ordinary limit"),
        ("Buy", "StopMarket", "trigger_price", "100.1", "100.5", "a buy stop's trigger lies above the market"),
        ("Sell", "StopMarket", "trigger_price", "100.4", "100.0", "a sell stop's trigger lies below it"),
        ("Buy", "TakeProfitMarket", "trigger_price", "100.4", "100.0", "a buy take-profit's lies below it"),
        ("Sell", "TakeProfitMarket", "trigger_price", "100.1", "100.5", "a sell take-profit's lies above it"),
    ],
)
def test_conservative_rounding(  # noqa: PLR0917 - a row of the table
    side: str, kind: str, field: str, written: str, sent: str, why: str
) -> None:
    terms = normalize(Terms(**{field: D(written)}), side, kind, GRID, conservative=True)

    assert not isinstance(terms, Denial), why
    assert getattr(terms, field) == D(sent), why


@pytest.mark.parametrize(
    ("side", "offset", "kind", "activation", "sent", "why"),
    [
        ("Sell", "1.001", "Percent", "60000.1", ("1.01", "60000.5"), "a sell's activation lies above the market"),
        ("Buy", "1.001", "Percent", "40000.4", ("1.01", "40000.0"), "a buy's below it"),
        ("Sell", "100.1", "Amount", None, ("100.5", None), "an amount is a distance in the price's tick"),
        ("Sell", "1.01", "Percent", None, ("1.01", None), "what fits is not moved"),
    ],
)
def test_a_trailing_stop_is_rounded_away_from_the_market(  # noqa: PLR0917 - a row of the table
    side: str, offset: str, kind: str, activation: str | None, sent: tuple[str, str | None], why: str
) -> None:
    wish = TrailingOffset(D(offset), kind, None if activation is None else D(activation))
    terms = normalize(
        Terms(D(1), trailing=wish), side, "TrailingStopMarket", GRID, conservative=True, percent_step=D("0.01")
    )

    assert isinstance(terms, Terms), why
    expected = TrailingOffset(D(sent[0]), kind, None if sent[1] is None else D(sent[1]))
    assert terms.trailing == expected, why


@pytest.mark.parametrize(
    ("offset", "reason"),
    [("0.05", Reason.BELOW_MINIMUM), ("0.1", None), ("20", None), ("20.01", Reason.ABOVE_MAXIMUM)],
)
def test_a_trailing_offset_keeps_to_the_markets_bounds(offset: str, reason: str | None) -> None:
    bounded = market(min_trailing_percent=D("0.1"), max_trailing_percent=D(20))
    denial = check(Terms(D(1), trailing=TrailingOffset(D(offset), "Percent")), "TrailingStopMarket", bounded)

    assert (denial.reason if denial else None) == reason


def test_a_trailing_offset_off_the_venues_step_is_denied() -> None:
    wish = Terms(D(1), trailing=TrailingOffset(D("1.005"), "Percent"))
    denial = normalize(wish, "Sell", "TrailingStopMarket", GRID, conservative=False, percent_step=D("0.01"))

    assert isinstance(denial, Denial)
    assert "trailing.offset 1.005" in denial.message
    assert "write 1 or 1.01" in denial.message


def test_what_is_off_the_grid_is_denied_with_the_nearest_values() -> None:
    denial = normalize(Terms(D("0.19")), "Buy", "Limit", GRID, conservative=False)

    assert isinstance(denial, Denial)
    assert denial.reason == Reason.NOT_ON_GRID
    assert "write 0.1 or 0.2" in denial.message


def test_nothing_is_rounded_to_zero() -> None:
    denial = normalize(Terms(D("0.04")), "Buy", "Limit", GRID, conservative=True)

    assert isinstance(denial, Denial)
    assert "write 0.1," in denial.message


@pytest.mark.parametrize(
    ("terms", "kind", "reason"),
    [
        (Terms(D("0.00001"), price=D(500000)), "Limit", None),
        (Terms(D("0.000001"), price=D(50000)), "Limit", Reason.BELOW_MINIMUM),
        (Terms(D(9001), price=D(50)), "Limit", Reason.ABOVE_MAXIMUM),
        (Terms(D(101)), "Market", Reason.ABOVE_MAXIMUM),
        (Terms(D(101), price=D(50)), "Limit", None),
        (Terms(D(1), price=D("0.001")), "Limit", Reason.BELOW_MINIMUM),
        (Terms(D(1), price=D(1000001)), "Limit", Reason.ABOVE_MAXIMUM),
        (Terms(D(1), trigger_price=D(1000001)), "StopMarket", Reason.ABOVE_MAXIMUM),
        (Terms(D("0.0001"), price=D(49999)), "Limit", Reason.BELOW_MINIMUM),
        (Terms(D("0.0001"), price=D(50000)), "Limit", None),
        (Terms(D(1000), price=D(9001)), "Limit", Reason.ABOVE_MAXIMUM),
        (Terms(quote_quantity=D("4.99")), "Market", Reason.BELOW_MINIMUM),
        (Terms(quote_quantity=D(5)), "Market", None),
        (Terms(D("0.00001")), "Market", None),
    ],
    ids=str,
)
def test_minima_and_maxima(terms: Terms, kind: str, reason: Reason | None) -> None:
    denial = check(terms, kind, market())

    assert (denial.reason if denial else None) == reason


def test_a_market_that_does_not_trade_or_take_the_type_is_denied() -> None:
    terms = Terms(D(1), price=D(50000))
    closed, limit_only = check(terms, "Limit", market(active=False)), market(order_types=frozenset({"Limit"}))

    assert closed is not None
    assert closed.reason == Reason.UNKNOWN_SYMBOL
    assert check(terms, "Limit", limit_only) is None
    assert (check(terms, "Market", limit_only) or closed).reason == Reason.NOT_SUPPORTED


decimals = st.decimals(min_value="0.000000000000000001", max_value="99999999999999999999", places=18)


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(decimals, st.sampled_from(["0.1", "0.00001", "0.3", "7", "0.000000000000000003"]))
def test_rounding_down_is_exact_for_any_size(value: Decimal, step: str) -> None:
    low = to_step(value, D(step), "ROUND_FLOOR")

    assert on_step(low, D(step))
    assert 0 <= value - low < D(step) or value - low == 0
    assert normalize(Terms(low), "Buy", "Limit", market(quantity_step=D(step)), conservative=False) == Terms(low)


def test_no_step_means_no_grid() -> None:
    assert on_step(D("0.123"), D(0))
    assert to_step(D("0.123"), D(0), "ROUND_FLOOR") == D("0.123")
