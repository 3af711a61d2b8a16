import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paper_exchange.units import (
    MAX_AMOUNT,
    AmountError,
    AmountOverflowError,
    TooMuchPrecisionError,
    div_down,
    format_amount,
    is_multiple,
    mul_down,
    mul_up,
    parse_amount,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", 100_000_000), ("0.00000001", 1), (".5", 50_000_000), ("5.", 500_000_000), ("1.100000000000", 110_000_000)],
)
def test_plain_decimals_are_read_exactly(text: str, expected: int) -> None:
    assert parse_amount(text) == expected


@pytest.mark.parametrize("text", ["", "-1", "+1", "1e3", " 1", "1,5", "0x1", "NaN", ".", "1.2.3", "١"])  # noqa: RUF001 - a digit that int() takes and the venue does not
def test_anything_but_a_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(AmountError):
        parse_amount(text)


def test_a_ninth_decimal_is_too_much_precision() -> None:
    with pytest.raises(TooMuchPrecisionError):
        parse_amount("0.000000001")


def test_an_amount_beyond_64_bits_overflows() -> None:
    with pytest.raises(AmountOverflowError):
        parse_amount("92233720369")


def test_negative_amounts_are_written_with_a_sign() -> None:
    assert format_amount(-150_000_000) == "-1.50000000"


def test_a_step_of_zero_switches_the_grid_off() -> None:
    assert is_multiple(7, 0)
    assert not is_multiple(7, 2)


@settings(max_examples=100, derandomize=True)
@given(st.integers(0, MAX_AMOUNT))
def test_what_is_written_reads_back_the_same(amount: int) -> None:
    assert parse_amount(format_amount(amount)) == amount


@settings(max_examples=100, derandomize=True)
@given(st.integers(1, 10**15), st.integers(0, 10**13), st.integers(0, 10**13))
def test_a_reservation_shrinks_by_at_least_what_is_paid(price: int, executed: int, left: int) -> None:
    released = mul_up(price, executed + left) - mul_up(price, left)

    assert released >= mul_down(price, executed)


def test_a_quotient_is_rounded_down() -> None:
    assert div_down(100_000_000, 300_000_000) == 33_333_333
