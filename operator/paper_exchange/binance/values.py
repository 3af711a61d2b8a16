"""Parameters that mean something to the engine: amounts, symbols, words of its enums, pages of a history."""

import re
from enum import StrEnum
from typing import Final, TypeVar

import orjson

from paper_exchange.binance import errors
from paper_exchange.binance.params import DECIMAL, SYMBOL, Params
from paper_exchange.reads import Reads
from paper_exchange.rows import Page
from paper_exchange.units import AmountError, AmountOverflowError, TooMuchPrecisionError, parse_amount

SYMBOLS: Final = re.compile(r'^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$')
DAY_MS: Final = 24 * 60 * 60 * 1000

_Word = TypeVar("_Word", bound=StrEnum)


def amount(params: Params, name: str) -> int | None:
    """An optional amount in 1e-8 units.

    Raises:
        VenueError: -1100, -1108 or -1111.
    """
    text = params.decimal(name)
    if text is None:
        return None
    try:
        return parse_amount(text)
    except TooMuchPrecisionError:
        raise errors.too_precise(name) from None
    except AmountOverflowError:
        raise errors.overflowed(name) from None
    except AmountError:
        raise errors.illegal_characters(name, DECIMAL.pattern) from None


def word(params: Params, name: str, kind: type[_Word], refusal: errors.VenueError | None = None) -> _Word | None:
    """An optional word of an enum.

    Raises:
        VenueError: The given refusal, or -1130, for a word that is not in it.
    """
    text = params.optional(name)
    if text is None:
        return None
    try:
        return kind(text)
    except ValueError:
        raise (refusal or errors.not_valid(name)) from None


def required_word(params: Params, name: str, kind: type[_Word], refusal: errors.VenueError) -> _Word:
    """A mandatory word of an enum.

    Raises:
        VenueError: -1102, or the given refusal for a word that is not in it.
    """
    params.required(name)
    found = word(params, name, kind, refusal)
    if found is None:
        raise errors.missing(name)
    return found


def symbol(params: Params, reads: Reads) -> str:
    """The mandatory symbol.

    Raises:
        VenueError: -1102, -1100 or -1121.
    """
    params.required("symbol")
    name = optional_symbol(params, reads)
    if name is None:
        raise errors.missing("symbol")
    return name


def optional_symbol(params: Params, reads: Reads) -> str | None:
    """An optional symbol.

    Raises:
        VenueError: -1105, -1100 or -1121.
    """
    name = params.matching("symbol", SYMBOL)
    if name is not None and reads.symbol(name) is None:
        raise errors.BAD_SYMBOL
    return name


def symbols(params: Params, reads: Reads) -> tuple[str, ...] | None:
    """`symbol` or `symbols` (a JSON array): which ones are meant, None for all.

    Raises:
        VenueError: -1100, -1121, -1128 (both given) or -1151 (one given twice).
    """
    single = optional_symbol(params, reads)
    text = params.matching("symbols", SYMBOLS)
    if single is not None and text is not None:
        raise errors.bad_combination()
    if text is None:
        return None if single is None else (single,)
    names: list[str] = orjson.loads(text)
    if any(reads.symbol(name) is None for name in names):
        raise errors.BAD_SYMBOL
    if len(set(names)) != len(names):
        raise errors.DUPLICATE_SYMBOLS
    return tuple(names)


def page(params: Params, from_id: str | None, *, maximum: int = 1000, max_span_ms: int | None = None) -> Page:
    """Which rows of a history are wanted.

    Args:
        params: The request's parameters.
        from_id: The name of the parameter that gives the first id, if the endpoint has one.
        maximum: The largest `limit`.
        max_span_ms: The longest time between `startTime` and `endTime`, in milliseconds.

    Raises:
        VenueError: -1100, -1127 or -1130.
    """
    first = params.integer(from_id) if from_id else None
    start, end = params.integer("startTime"), params.integer("endTime")
    if start is not None and end is not None:
        if end < start:
            raise errors.not_valid("endTime")
        if max_span_ms is not None and end - start > max_span_ms:
            raise errors.MORE_THAN_24_HOURS
    return Page(from_id=first, start=start, end=end, limit=params.limit(500, maximum))
