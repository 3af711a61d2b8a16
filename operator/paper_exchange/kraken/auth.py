"""Who is asking: key, signature, nonce, permission, in this order.

The signature covers the path, and the SHA-256 of nonce and body. The nonce of a key has to rise with every request
that is signed well, whatever else is wrong with that request; a request that arrives behind a later one is refused.
Nothing in a request says when it was made.
"""

import base64
import binascii
import hashlib
import hmac
from enum import StrEnum
from typing import Final

from paper_exchange.kraken import errors
from paper_exchange.model import ApiKey
from paper_exchange.reads import Reads

_LARGEST_NONCE: Final = 2**64 - 1


class Security(StrEnum):
    """What an endpoint asks of its caller."""

    NONE = "NONE"
    READ = "READ"
    TRADE = "TRADE"


class Nonces:
    """The latest nonce of each key. Outlives an outage of the venue, not its process."""

    def __init__(self) -> None:
        self._latest: dict[str, int] = {}

    def use(self, key: str, text: str | None) -> None:
        """Takes a nonce.

        Raises:
            KrakenError: EAPI:Invalid nonce, when it is none or not above the latest one.
        """
        if text is None or not text.isascii() or not text.isdigit() or int(text) > _LARGEST_NONCE:
            raise errors.INVALID_NONCE
        nonce = int(text)
        if nonce <= self._latest.get(key, -1):
            raise errors.INVALID_NONCE
        self._latest[key] = nonce


def sign(secret: str, path: str, nonce: str, body: str) -> str:
    """`API-Sign`: base64 of HMAC-SHA512 over path and SHA-256(nonce + body), keyed with the decoded secret.

    Raises:
        binascii.Error: The secret is no base64.
    """
    digest = hashlib.sha256((nonce + body).encode()).digest()
    signature = hmac.digest(base64.b64decode(secret, validate=True), path.encode() + digest, hashlib.sha512)
    return base64.b64encode(signature).decode()


def identify(reads: Reads, key: str | None, signature: str | None, signed: tuple[str, str, str]) -> ApiKey:
    """The key of a request.

    Args:
        reads: The venue.
        key: `API-Key`.
        signature: `API-Sign`.
        signed: Path, nonce and body, as they were sent.

    Raises:
        KrakenError: EAPI:Invalid key, EAPI:Invalid signature. A secret that is no base64 cannot have signed anything.
    """
    found = reads.api_key(key or "")
    if found is None:
        raise errors.INVALID_KEY
    try:
        expected = sign(found.secret, *signed)
    except binascii.Error:
        raise errors.INVALID_SIGNATURE from None
    if not hmac.compare_digest(expected, signature or ""):
        raise errors.INVALID_SIGNATURE
    return found


def check_permission(key: ApiKey, security: Security) -> None:
    """A read-only key may look, not trade.

    Raises:
        KrakenError: EGeneral:Permission denied.
    """
    if security is Security.TRADE and not key.can_trade:
        raise errors.PERMISSION_DENIED
