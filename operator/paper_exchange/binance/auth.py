"""Who is asking: key, signature, time.

The order of the checks is: form of the key (-2014), presence of signature and timestamp (-1102), the key itself
(-2015), the signature (-1022), the time (-1021), and last the permission (-2015). The venue documents the rules, not
their order; where two are broken at once the answer may differ from the real venue's.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from paper_exchange.binance import errors
from paper_exchange.binance.params import Params
from paper_exchange.model import ApiKey

DEFAULT_RECV_WINDOW_MS: Final = 5_000
MAX_RECV_WINDOW_MS: Final = 60_000
AHEAD_TOLERANCE_MS: Final = 1_000

_KEY_FORM: Final = re.compile(r"^[A-Za-z0-9]{16,128}$")
_RECV_WINDOW: Final = re.compile(r"^[0-9]{1,20}(\.[0-9]{1,3})?$")
_SIGNATURE: Final = re.compile(r"(^|&)signature=[^&]*")
_MICROSECONDS_FROM: Final = 10**14


class Security(StrEnum):
    """What an endpoint asks of its caller."""

    NONE = "NONE"
    USER_DATA = "USER_DATA"
    TRADE = "TRADE"


@dataclass(frozen=True, slots=True)
class SignedText:
    """The text that a signature covers, and the signature that came with it."""

    payload: bytes
    signature: str


def rest_payload(query: str, body: str) -> bytes:
    """The signed text of a REST request: query string and body as they were sent, without the signature.

    The two are joined without a separator, as the venue does with requests that use both.
    """
    return (_SIGNATURE.sub("", query) + _SIGNATURE.sub("", body)).encode()


def wsapi_payload(params: dict[str, Any]) -> bytes:
    """The signed text of a WS-API request: parameters sorted by name, `name=value`, joined by `&`."""
    return "&".join(f"{name}={as_text(params[name])}" for name in sorted(params) if name != "signature").encode()


def as_text(value: object) -> str:
    """A JSON value as the text that is signed: true and false in lower case, numbers and texts as they are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def signature_of(secret: str, payload: bytes) -> str:
    """HMAC-SHA256 in lower-case hexadecimal digits."""
    return hmac.digest(secret.encode(), payload, hashlib.sha256).hex()


def check_key_form(key: str | None) -> str:
    """Returns the key.

    Raises:
        VenueError: -2014 when there is none or it cannot be one.
    """
    if key is None or not _KEY_FORM.match(key):
        raise errors.BAD_KEY_FORMAT
    return key


def check_signature(key: ApiKey, signed: SignedText) -> None:
    """Compares in constant time, upper and lower case alike.

    Raises:
        VenueError: -1022.
    """
    expected = signature_of(key.secret, signed.payload)
    if not hmac.compare_digest(expected, signed.signature.lower()):
        raise errors.BAD_SIGNATURE


def check_time(params: Params, now_ms: int) -> None:
    """Judges `timestamp` (milliseconds or microseconds) and `recvWindow` by the venue's clock.

    Args:
        params: The request's parameters; both are read.
        now_ms: The venue's time.

    Raises:
        VenueError: -1102 when one is absent or malformed, -1021 when the request is late or ahead.
    """
    text = params.required("timestamp")
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise errors.missing("timestamp")
    sent = int(text)
    sent_ms = sent // 1000 if sent >= _MICROSECONDS_FROM else sent
    window = recv_window(params)
    if sent_ms >= now_ms + AHEAD_TOLERANCE_MS:
        raise errors.AHEAD_OF_SERVER
    if now_ms - sent_ms > window:
        raise errors.OUTSIDE_RECV_WINDOW


def recv_window(params: Params) -> Decimal:
    """`recvWindow` in milliseconds, 5000 when not sent.

    Raises:
        VenueError: -1100 when it is no number, -1102 when it is above 60000.
    """
    text = params.matching("recvWindow", _RECV_WINDOW)
    if text is None:
        return Decimal(DEFAULT_RECV_WINDOW_MS)
    window = Decimal(text)
    if window > MAX_RECV_WINDOW_MS:
        raise errors.above_maximum("recvWindow", MAX_RECV_WINDOW_MS)
    return window


def check_permission(key: ApiKey, security: Security) -> None:
    """A read-only key may look, not trade.

    Raises:
        VenueError: -2015.
    """
    if security is Security.TRADE and not key.can_trade:
        raise errors.KEY_REJECTED
