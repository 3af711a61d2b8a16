"""Money is an integer count of 1e-8.

The venue declares eight decimals for every asset, so an integer of hundred-millionths holds each price, quantity and
balance without rounding; only a product of two of them has to be rounded, and the direction is part of its name.
"""

import re

DECIMALS = 8
"""Decimals of every asset and price (`baseAssetPrecision`, `quotePrecision` of exchangeInfo)."""
SCALE = 100_000_000
"""One whole unit."""
MAX_AMOUNT = 2**63 - 1
"""The largest amount that fits a signed 64-bit integer: about 92 billion units."""

_DECIMAL = re.compile(r"\d{1,20}(\.\d{0,20})?|\.\d{1,20}", re.ASCII)


class AmountError(ValueError):
    """The text is not an amount (the venue's -1100)."""


class TooMuchPrecisionError(AmountError):
    """The amount has more than eight decimals (the venue's -1111)."""


class AmountOverflowError(AmountError):
    """The amount exceeds `MAX_AMOUNT` (the venue's -1108)."""


def parse_amount(text: str) -> int:
    """Read a plain decimal, as clients send it, into 1e-8 units.

    Args:
        text: Digits with at most one point: no sign, no exponent, no blanks.

    Returns:
        The amount in 1e-8 units; "0.001" gives 100000.

    Raises:
        TooMuchPrecisionError: A digit other than zero stands behind the eighth decimal.
        AmountOverflowError: The amount does not fit 64 bits.
        AmountError: The text is not a plain decimal.
    """
    if not _DECIMAL.fullmatch(text):
        raise AmountError(f"{text[:40]!r} is not a decimal number; write digits with at most one point, such as 0.001")
    whole, _, fraction = text.partition(".")
    if len(fraction) > DECIMALS:
        if fraction[DECIMALS:].strip("0"):
            raise TooMuchPrecisionError(f"{text} has more than {DECIMALS} decimals")
        fraction = fraction[:DECIMALS]
    amount = int(whole or "0") * SCALE + int(fraction.ljust(DECIMALS, "0"))
    if amount > MAX_AMOUNT:
        raise AmountOverflowError(f"{text} is larger than the venue can hold")
    return amount


def format_amount(amount: int) -> str:
    """Write 1e-8 units with eight decimals, as the venue does: 100000 gives "0.00100000"."""
    whole, fraction = divmod(abs(amount), SCALE)
    return f"{'-' if amount < 0 else ''}{whole}.{fraction:08d}"


def mul_down(left: int, right: int) -> int:
    """The product of two amounts, rounded towards zero: what is paid."""
    return left * right // SCALE


def mul_up(left: int, right: int) -> int:
    """The product of two amounts, rounded up: what is set aside, so that it always covers what is paid."""
    return -(-left * right // SCALE)


def div_down(left: int, right: int) -> int:
    """The quotient of two amounts, rounded towards zero."""
    return left * SCALE // right


def is_multiple(amount: int, step: int) -> bool:
    """Whether `amount` lies on the grid of `step`; a step of zero switches the rule off."""
    return step == 0 or amount % step == 0
