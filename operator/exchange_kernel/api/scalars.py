"""The scalar types of the kinds: decimals, times and names, with the schema that the API server enforces.

Money is written as a string. A YAML number is a binary float by the time that anybody can look at it, and Kubernetes'
own `Quantity` rounds to three decimals; both change an order silently. So a number where a decimal belongs is
refused, in Python and by the API server, and nothing is ever rounded while reading or writing.
"""

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, Strict, StringConstraints, WithJsonSchema

DECIMAL_PATTERN = r"^(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$"
SIGNED_PATTERN = r"^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$"
DECIMAL_MAX_LENGTH = 40
TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"
SYMBOL_PATTERN = r"^[^\s/:]{1,32}/[^\s/:]{1,32}(:[^\s/:]{1,32})?$"
NAME_PATTERN = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
LABEL_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"

POSITIVE_MESSAGE = "must be greater than zero"

_SCALE = Decimal("1e-18")
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


def plain(value: Decimal) -> str:
    """A decimal without exponent; trailing zeros stay: `Decimal("0.10")` is "0.10", `Decimal("1E+2")` is "100"."""
    return format(value, "f")


def bounded(value: Decimal) -> Decimal:
    """Rounds a *derived* value (an average, a cost, a ratio) to the 18 decimals that the kinds can hold.

    Never for what is sent to a venue: sent values are exact or Denied.
    """
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -18:
        return value.quantize(_SCALE, context=_WIDE)
    return value


def _read_decimal(value: Any, pattern: str) -> Decimal:  # noqa: ANN401 - a validator gets whatever was written
    text = plain(value) if isinstance(value, Decimal) and value.is_finite() else value
    if not isinstance(text, str):
        raise ValueError('write decimals as strings, for example "0.10" (a bare number loses digits)')  # noqa: TRY004 - pydantic reports ValueError
    if len(text) > DECIMAL_MAX_LENGTH or not re.fullmatch(pattern[1:-1], text):
        raise ValueError(
            'write a plain decimal, for example "0.10": at most 20 digits before the point and 18 after it, '
            "no exponent, no sign, no leading zeros"
        )
    return Decimal(text)


def _read_unsigned(value: Any) -> Decimal:  # noqa: ANN401 - a validator gets whatever was written
    return _read_decimal(value, DECIMAL_PATTERN)


def _read_signed(value: Any) -> Decimal:  # noqa: ANN401 - a validator gets whatever was written
    return _read_decimal(value, SIGNED_PATTERN)


def _above_zero(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError(POSITIVE_MESSAGE)
    return value


def _decimal_schema(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, "maxLength": DECIMAL_MAX_LENGTH}


# "Greater than zero" without arithmetic: an unsigned decimal is zero exactly when it has no digit but 0.
_POSITIVE_CEL = {"rule": "self.matches('[1-9]')", "message": POSITIVE_MESSAGE}

AnyDecimal = Annotated[
    Decimal,
    BeforeValidator(_read_unsigned),
    PlainSerializer(plain, return_type=str, when_used="json"),
    WithJsonSchema(_decimal_schema(DECIMAL_PATTERN)),
]
"""Zero or more, exact, a string in JSON."""

PositiveDecimal = Annotated[
    Decimal,
    BeforeValidator(_read_unsigned),
    AfterValidator(_above_zero),
    PlainSerializer(plain, return_type=str, when_used="json"),
    WithJsonSchema({**_decimal_schema(DECIMAL_PATTERN), "x-kubernetes-validations": [_POSITIVE_CEL]}),
]
"""More than zero, exact, a string in JSON: quantities and prices that users write."""

# The same with an end at 100, again without arithmetic.
HUNDRED_MESSAGE = "must be at most 100"
_HUNDRED_CEL = {
    "rule": "self.matches('^([1-9]?[0-9]([.][0-9]*)?|100([.]0*)?)$')",
    "message": HUNDRED_MESSAGE,
}
_HUNDRED = 100


def _at_most_hundred(value: Decimal) -> Decimal:
    if value > _HUNDRED:
        raise ValueError(HUNDRED_MESSAGE)
    return value


RateLimitFactor = Annotated[
    Decimal,
    BeforeValidator(_read_unsigned),
    AfterValidator(_above_zero),
    AfterValidator(_at_most_hundred),
    PlainSerializer(plain, return_type=str, when_used="json"),
    WithJsonSchema({**_decimal_schema(DECIMAL_PATTERN), "x-kubernetes-validations": [_POSITIVE_CEL, _HUNDRED_CEL]}),
]
"""More than zero, at most 100, exact, a string in JSON."""

SignedDecimal = Annotated[
    Decimal,
    BeforeValidator(_read_signed),
    PlainSerializer(plain, return_type=str, when_used="json"),
    WithJsonSchema(_decimal_schema(SIGNED_PATTERN)),
]
"""Any sign: profits, debts, fees (a maker's rebate is a negative fee), clock skews."""


def _read_time(value: Any) -> Any:  # noqa: ANN401 - a validator gets whatever was written
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("write a time with its zone, for example 2030-01-31T12:00:00Z")
        return value.astimezone(UTC)
    if not isinstance(value, str) or not re.fullmatch(TIME_PATTERN[1:-1], value):
        raise ValueError("write a time as RFC 3339 with its zone, for example 2030-01-31T12:00:00Z")
    return datetime.fromisoformat(value).astimezone(UTC)


def format_time(value: datetime) -> str:
    """RFC 3339 in UTC; fractions of a second only where there are some."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


Time = Annotated[
    datetime,
    BeforeValidator(_read_time),
    PlainSerializer(format_time, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": TIME_PATTERN, "maxLength": 40}),
]
"""A point in time, aware and in UTC."""

Flag = Annotated[bool, Strict()]
"""true or false; not "yes" and not 1, which the API server refuses too."""

Whole = Annotated[int, Strict()]
"""A whole number; not "60" and not 60.5."""

Symbol = Annotated[str, StringConstraints(pattern=SYMBOL_PATTERN, max_length=100)]
"""ccxt's unified symbol: BASE/QUOTE, or BASE/QUOTE:SETTLE for swaps."""

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, min_length=1, max_length=253)]
"""The name of a Kubernetes object."""

Label = Annotated[str, StringConstraints(pattern=LABEL_PATTERN, min_length=1, max_length=63)]
"""A DNS label: namespaces and intentIds."""

Uid = Annotated[str, StringConstraints(max_length=64)]
"""The uid of a Kubernetes object."""

Currency = Annotated[str, StringConstraints(pattern=r"^[^\s/:]{1,32}$", max_length=32)]
"""ccxt's unified currency code."""

ShortText = Annotated[str, StringConstraints(max_length=128)]
"""Ids of a venue and other short opaque values."""

Message = Annotated[str, StringConstraints(max_length=1024)]
"""A sentence for a human."""
