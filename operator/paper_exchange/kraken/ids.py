"""Transaction ids: `OQCLML-BW3P3-BUCMWZ` for an order, `T...` for a trade.

The engine counts orders per symbol; here an id names an order without its symbol. So the two numbers are packed into
80 bits and multiplied by an odd constant, which can be undone: ids look like the venue's, are unique, and need no
table that a restart would have to remember.
"""

import re
from typing import Final, NamedTuple

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_FORM: Final = re.compile(r"^([OT])([A-Z2-7]{5})-([A-Z2-7]{5})-([A-Z2-7]{6})$")
_BITS: Final = 80
_NUMBER_BITS: Final = 56
_FACTOR: Final = 0x9E3779B97F4A7C15F39D
_INVERSE: Final = pow(_FACTOR, -1, 2**_BITS)


class Named(NamedTuple):
    """What an id names.

    Attributes:
        market: Position of the symbol in the order of listing, from 0.
        number: The order's or the trade's number in it.
    """

    market: int
    number: int


def order_txid(market: int, order_id: int) -> str:
    """The id of an order."""
    return _write("O", market, order_id)


def trade_txid(market: int, trade_id: int, *, is_buyer: bool) -> str:
    """The id of an account's half of a trade: the two halves have ids of their own."""
    return _write("T", market, 2 * trade_id + is_buyer)


def read_order(text: str) -> Named | None:
    """The order that an id names; None when it cannot be one of ours."""
    return _read("O", text)


def read_trade(text: str) -> Named | None:
    """The trade that an id names (number and half); None when it cannot be one of ours."""
    return _read("T", text)


def _write(kind: str, market: int, number: int) -> str:
    value = ((market << _NUMBER_BITS) | number) * _FACTOR % 2**_BITS
    letters = "".join(_ALPHABET[(value >> shift) & 31] for shift in range(_BITS - 5, -1, -5))
    return f"{kind}{letters[:5]}-{letters[5:10]}-{letters[10:]}"


def _read(kind: str, text: str) -> Named | None:
    found = _FORM.match(text)
    if found is None or found[1] != kind:
        return None
    value = 0
    for letter in found[2] + found[3] + found[4]:
        value = value << 5 | _VALUES[letter]
    value = value * _INVERSE % 2**_BITS
    return Named(value >> _NUMBER_BITS, value & (2**_NUMBER_BITS - 1))
