"""Numbers, ids and rows between the operator's form and a venue's text."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_CANONICAL = re.compile(r"[0-9a-f]{32}")


def is_canonical(client_order_id: str) -> bool:
    """Whether this is an id of 32 lower-case hex digits."""
    return _CANONICAL.fullmatch(client_order_id) is not None


def canonical(client_order_id: str) -> str:
    """The id, if it is one. Raises ValueError."""
    if not is_canonical(client_order_id):
        raise ValueError(f"{client_order_id!r} is not a client order id of 32 lower-case hex digits")
    return client_order_id


def plain(value: Decimal | None) -> str:
    """A positive decimal as digits: no exponent, no trailing zeros. Raises ValueError for anything else."""
    if value is None or not value.is_finite() or value <= 0:
        raise ValueError(f"a positive number is needed, not {value}")
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(value: object) -> Decimal:
    """A venue's decimal text, exactly. Raises ValueError for a float, which has lost digits already."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError(f"{value!r} is not a decimal text")  # noqa: TRY004 - one class for every unreadable answer
    result = Decimal(value)
    if not result.is_finite():
        raise ValueError(f"{value!r} is not a number")
    return result


def positive(value: object) -> Decimal | None:
    """As `number`, with None for a missing value and for zero, which venues use for "none"."""
    if value is None:
        return None
    result = number(value)
    return result if result > 0 else None


def object_in(body: str) -> Mapping[str, Any]:
    """The JSON object that a body is; an empty one for every other body."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def rows_of(raw: object) -> list[Mapping[str, Any]]:
    """A list of objects. Raises ValueError: an empty or foreign body must not pass for "no orders"."""
    if not isinstance(raw, list) or not all(isinstance(row, Mapping) for row in raw):
        raise ValueError("the answer is not a list of objects")
    return raw


def row_of(raw: object) -> Mapping[str, Any] | None:
    """One object, or None where there is none. Raises ValueError: another answer must not pass for "no order"."""
    if raw is not None and not isinstance(raw, Mapping):
        raise ValueError("the answer is no object")
    return raw
