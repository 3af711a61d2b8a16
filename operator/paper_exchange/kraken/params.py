"""Parameters: from the text of a request to values.

What is not asked for is ignored, as the venue does. A client that sends a parameter which this kind of request does
not know gets what it would get without it.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

import orjson

from paper_exchange.kraken import errors
from paper_exchange.units import AmountError, parse_amount

CLIENT_ID: Final = re.compile(
    r"^([0-9a-fA-F]{32}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[a-z0-9_-]{1,18})$"
)
"""32 hex digits, a UUID, or at most 18 characters of free text."""

_USERREF: Final = re.compile(r"^-?[0-9]{1,10}$")
_SECONDS: Final = re.compile(r"^[0-9]{1,13}(\.[0-9]{1,9})?$")
_JSON_TYPE: Final = "application/json"


class Params:
    """The parameters of one request, as text."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> str | None:
        """The text of a parameter; None when it is absent or empty."""
        return self._values.get(name) or None

    def required(self, name: str) -> str:
        """The text of a mandatory parameter.

        Raises:
            KrakenError: EGeneral:Invalid arguments with its name.
        """
        value = self.get(name)
        if value is None:
            raise errors.invalid_argument(name)
        return value

    def amount(self, name: str) -> int | None:
        """An optional amount, in 1e-8 units.

        Raises:
            KrakenError: EGeneral:Invalid arguments with its name.
        """
        text = self.get(name)
        if text is None:
            return None
        try:
            return parse_amount(text)
        except AmountError:
            raise errors.invalid_argument(name) from None

    def flag(self, name: str) -> bool:
        """An optional true or false; absent is false.

        Raises:
            KrakenError: EGeneral:Invalid arguments with its name.
        """
        text = (self.get(name) or "false").lower()
        if text not in {"true", "false", "1", "0"}:
            raise errors.invalid_argument(name)
        return text in {"true", "1"}

    def count(self, name: str, default: int) -> int:
        """An optional whole number.

        Raises:
            KrakenError: EGeneral:Invalid arguments with its name.
        """
        text = self.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise errors.invalid_argument(name)
        return int(text)

    def userref(self) -> int | None:
        """`userref`, a number of 32 bits.

        Raises:
            KrakenError: EGeneral:Invalid arguments:userref.
        """
        text = self.get("userref")
        if text is None:
            return None
        if not _USERREF.match(text) or not -(2**31) <= int(text) < 2**31:
            raise errors.invalid_argument("userref")
        return int(text)

    def client_id(self) -> str | None:
        """`cl_ord_id`.

        Raises:
            KrakenError: EGeneral:Invalid arguments:cl_ord_id.
        """
        text = self.get("cl_ord_id")
        if text is not None and not CLIENT_ID.match(text):
            raise errors.invalid_argument("cl_ord_id")
        return text

    def time_ms(self, name: str) -> int | None:
        """A time in seconds since 1970, here in milliseconds.

        Raises:
            KrakenError: EGeneral:Invalid arguments with its name.
        """
        text = self.get(name)
        if text is None:
            return None
        if not _SECONDS.match(text):
            raise errors.invalid_argument(name)
        whole, _, fraction = text.partition(".")
        return int(whole) * 1000 + int(fraction.ljust(3, "0")[:3])


def read_params(query: str, body: str, content_type: str) -> Params:
    """The parameters of a request: of its query string, and of its body as a form or as JSON.

    Raises:
        KrakenError: EGeneral:Invalid arguments, when the body is neither.
    """
    values = dict(parse_qsl(query, keep_blank_values=True))
    if content_type.startswith(_JSON_TYPE):
        return Params(values | _read_json(body))
    return Params(values | dict(parse_qsl(body, keep_blank_values=True)))


def _read_json(body: str) -> dict[str, str]:
    try:
        found = orjson.loads(body or "{}")
    except orjson.JSONDecodeError:
        raise errors.KrakenError("EGeneral:Invalid arguments") from None
    if not isinstance(found, dict):
        raise errors.KrakenError("EGeneral:Invalid arguments")
    return {name: _text(value) for name, value in found.items() if value is not None}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
