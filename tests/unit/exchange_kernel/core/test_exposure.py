"""Which orders raise an account's exposure."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.api.enums import OrderType
from exchange_kernel.core.exposure import Exposure, Shape, exposure, shape_of, working_exposure
from support.builders import intent, order

D = Decimal
SWAP = "BTC/USDT:USDT"
SPOT = "BTC/USDT"
CONDITIONAL = [kind.value for kind in OrderType if kind.value not in {"Market", "Limit"}]
quantities = st.decimals(min_value=D("0.00000001"), max_value=D(10**9), places=8)


@pytest.mark.parametrize(
    ("shape", "free", "expected", "why"),
    [
        (Shape(SPOT, "Sell", "Limit", D(1)), D(1), Exposure.LOWERS, "a sell of what is free is an exit"),
        (Shape(SPOT, "Sell", "Market", D("0.5")), D(1), Exposure.LOWERS, "a sell of less than that, too"),
        (Shape(SPOT, "Sell", "Limit", D("1.00000001")), D(1), Exposure.UNCOVERED, "more than free is not covered"),
        (Shape(SPOT, "Sell", "Limit", D(1)), None, Exposure.UNCOVERED, "an unread balance covers nothing"),
        (Shape(SPOT, "Sell", "Market", None), D(1), Exposure.UNCOVERED, "an unknown quantity is not covered"),
        (Shape(SPOT, "Buy", "Market", None), D(1), Exposure.RAISES, "a buy by quote quantity buys"),
        (Shape(SWAP, "Sell", "Limit", D(1)), D(9), Exposure.RAISES, "a sell on a swap may open a short"),
        (Shape(SWAP, "Buy", "Limit", D(1), reduce_only=True), None, Exposure.LOWERS, "the venue enforces reduceOnly"),
    ],
)
def test_exposure(shape: Shape, free: Decimal | None, expected: Exposure, why: str) -> None:
    assert exposure(shape, free) is expected, why


@pytest.mark.parametrize("kind", CONDITIONAL)
def test_a_conditional_sell_is_an_exit_though_the_balance_does_not_show_it_yet(kind: str) -> None:
    assert exposure(Shape(SPOT, "Sell", kind, D(1)), D(0)) is Exposure.LOWERS
    assert exposure(Shape(SPOT, "Sell", kind, D(1)), None) is Exposure.LOWERS


@settings(max_examples=200, derandomize=True)
@given(
    kind=st.sampled_from([kind.value for kind in OrderType]),
    quantity=st.none() | quantities,
    free=st.none() | quantities,
)
def test_on_spot_every_buy_raises_and_no_sell_does(kind: str, quantity: Decimal | None, free: Decimal | None) -> None:
    assert exposure(Shape(SPOT, "Buy", kind, quantity), free) is Exposure.RAISES
    assert exposure(Shape(SPOT, "Sell", kind, quantity), free) is not Exposure.RAISES


@settings(max_examples=200, derandomize=True)
@given(quantity=quantities, more=quantities, free=quantities)
def test_a_larger_sell_is_never_more_of_an_exit(quantity: Decimal, more: Decimal, free: Decimal) -> None:
    larger = exposure(Shape(SPOT, "Sell", "Limit", quantity + more), free)

    assert larger is not Exposure.LOWERS or exposure(Shape(SPOT, "Sell", "Limit", quantity), free) is Exposure.LOWERS


def test_what_works_at_the_venue_has_locked_what_it_sells() -> None:
    assert working_exposure(order(side="Sell")) is Exposure.LOWERS
    assert working_exposure(order()) is Exposure.RAISES
    assert working_exposure(order(symbol=SWAP, side="Sell")) is Exposure.RAISES
    assert working_exposure(order(symbol=SWAP, side="Sell"), reduce_only=True) is Exposure.LOWERS


def test_a_spec_has_the_shape_of_its_order() -> None:
    assert shape_of(intent(side="Sell", quantity="2").spec) == Shape(SPOT, "Sell", "Limit", D(2))
