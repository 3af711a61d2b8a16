"""Recorded prices as commands: a CSV of `ts,symbol,price[,qty]` becomes one sweep per row."""

import csv
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from paper_exchange.commands import SweepTo
from paper_exchange.units import AmountError, parse_amount

_COLUMNS = ("ts", "symbol", "price")


class ReplayError(ValueError):
    """The recording cannot be read; the message names the line."""


class Recorded(NamedTuple):
    """A price at a time."""

    time: int
    """Milliseconds since 1970, as in the recording."""
    command: SweepTo


def read_recording(lines: Iterable[str]) -> Iterator[Recorded]:
    """Read a recording, row by row.

    Args:
        lines: CSV with a header `ts,symbol,price` and optionally `qty`; `ts` in milliseconds, ascending.

    Raises:
        ReplayError: A column is missing, a value is malformed, or time runs backwards.
    """
    rows = csv.DictReader(lines)
    absent = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if absent:
        raise ReplayError(f"the recording needs a header line 'ts,symbol,price[,qty]'; missing: {', '.join(absent)}")
    before = 0
    for row in rows:
        try:
            time = int(row["ts"])
            quantity = parse_amount(row["qty"]) if row.get("qty") else None
            command = SweepTo(symbol=row["symbol"], price=parse_amount(row["price"]), quantity=quantity)
        except (AmountError, TypeError, ValueError) as error:
            raise ReplayError(f"line {rows.line_num} of the recording: {error}") from error
        if time < before:
            raise ReplayError(f"line {rows.line_num} of the recording: time runs backwards, sort it by ts")
        before = time
        yield Recorded(time, command)
