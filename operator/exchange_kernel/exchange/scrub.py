"""Keeps keys, secrets and signatures out of everything that leaves the exchange package.

ccxt puts the signed URL into its errors, and a venue or a proxy may echo a request in its answer. So no foreign text
is ever passed on as it came: it goes through a `Scrubber` that knows the account's secrets, and it is cut to a length
that fits a status message.
"""

import re
from collections.abc import Iterable

MASK = "***"
MAX_LENGTH = 300
# A value of fewer characters would mask innocent text; venues' keys are far longer.
_MIN_SECRET = 6
_SIGNED = re.compile(
    r"(?i)\b(signature|apikey|api[-_]key|secret|listenkey|x-mbx-apikey)(['\"]?\s*[=:]\s*['\"]?)[^\s&'\"<>,}]+"
)


class Scrubber:
    """Removes the given secrets, and whatever looks like a signature or a key, from text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({s for s in secrets if len(s) >= _MIN_SECRET}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return one line of at most `MAX_LENGTH` characters without secrets."""
        clean = " ".join(text.split())
        for secret in self._secrets:
            clean = clean.replace(secret, MASK)
        clean = _SIGNED.sub(rf"\1\2{MASK}", clean)
        return clean if len(clean) <= MAX_LENGTH else clean[: MAX_LENGTH - 1] + "…"

    def __repr__(self) -> str:
        """Never shows what it hides."""
        return "Scrubber()"
