"""Parameters: from the text of a request to values, refusing what the venue refuses, in the venue's words.

A `Params` counts what was read. The venue answers -1104 when anything is left over, and that matters: clients
forward parameters they do not understand, and a venue that ignored them would place a plain order instead of the
one that was asked for.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote_plus

from paper_exchange.binance import errors

CLIENT_ORDER_ID: Final = re.compile(r"^[a-zA-Z0-9-_]{1,36}$")
DECIMAL: Final = re.compile(r"^([0-9]{1,20})(\.[0-9]{1,20})?$")
INTEGER: Final = re.compile(r"^[0-9]{1,20}$")
SYMBOL: Final = re.compile(r"^[A-Z0-9-_.]{1,20}$")

_LARGEST_LONG: Final = 2**63 - 1


class Params:
    """The parameters of one request, as text, with a note of which were read."""

    __slots__ = ("_read", "_values")

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def peek(self, name: str) -> str | None:
        """The raw text, without counting as read."""
        return self._values.get(name)

    def optional(self, name: str) -> str | None:
        """The text of a parameter, or None when it was not sent.

        Raises:
            VenueError: -1105 when it was sent empty.
        """
        value = self._values.get(name)
        if value is None:
            return None
        self._read.add(name)
        if not value:
            raise errors.empty(name)
        return value

    def required(self, name: str) -> str:
        """The text of a mandatory parameter.

        Raises:
            VenueError: -1102 when it is absent or empty.
        """
        value = self._values.get(name)
        if not value:
            raise errors.missing(name)
        self._read.add(name)
        return value

    def matching(self, name: str, pattern: re.Pattern[str]) -> str | None:
        """Optional text of a given form.

        Raises:
            VenueError: -1100 when it has another form.
        """
        value = self.optional(name)
        if value is not None and not pattern.match(value):
            raise errors.illegal_characters(name, pattern.pattern)
        return value

    def client_order_id(self, name: str) -> str | None:
        """An optional client order id: 1 to 36 letters, digits, `-` and `_`."""
        return self.matching(name, CLIENT_ORDER_ID)

    def decimal(self, name: str) -> str | None:
        """An optional unsigned decimal number, still as text."""
        return self.matching(name, DECIMAL)

    def integer(self, name: str) -> int | None:
        """An optional unsigned integer of at most 63 bits.

        Raises:
            VenueError: -1100 when it is no integer, -1108 when it is too large.
        """
        text = self.matching(name, INTEGER)
        if text is None:
            return None
        value = int(text)
        if value > _LARGEST_LONG:
            raise errors.overflowed(name)
        return value

    def limit(self, default: int, maximum: int) -> int:
        """The number of items wanted: `limit`, silently cut to the maximum as the venue does.

        Raises:
            VenueError: -1130 when it is zero.
        """
        value = self.integer("limit")
        if value == 0:
            raise errors.not_valid("limit")
        return default if value is None else min(value, maximum)

    def boolean(self, name: str, *, default: bool) -> bool:
        """An optional `true` or `false`.

        Raises:
            VenueError: -1130 for any other word.
        """
        text = self.optional(name)
        if text is None:
            return default
        if text.lower() not in {"true", "false"}:
            raise errors.not_valid(name)
        return text.lower() == "true"

    def choice(self, name: str, allowed: Iterable[str], refusal: errors.VenueError | None = None) -> str | None:
        """An optional word out of a set.

        Raises:
            VenueError: The given refusal, or -1130, for any other word.
        """
        text = self.optional(name)
        if text is not None and text not in allowed:
            raise refusal or errors.not_valid(name)
        return text

    def refuse(self, *names: str) -> None:
        """Refuses parameters that this kind of request does not take.

        Raises:
            VenueError: -1106 for the first one that was sent.
        """
        for name in names:
            if name in self._values:
                raise errors.not_required(name)

    def finish(self) -> None:
        """Refuses a request of which something was not read.

        Raises:
            VenueError: -1104 with both counts.
        """
        if len(self._read) != len(self._values):
            raise errors.unread(len(self._read), len(self._values))


def parse_form(text: str) -> dict[str, str]:
    """Reads `a=1&b=2`, percent-decoded.

    Raises:
        VenueError: -1101 when a name occurs twice.
    """
    if not text:
        return {}
    values: dict[str, str] = {}
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = unquote_plus(name), unquote_plus(value)
        if name in values:
            raise errors.duplicate_values()
        values[name] = value
    return values


def merge(query: str, body: str) -> dict[str, str]:
    """The parameters of a request: query string and form body, where the query string wins.

    Raises:
        VenueError: -1101 when a name occurs twice in one of them.
    """
    if not body:
        return parse_form(query)
    return parse_form(body) | parse_form(query)
