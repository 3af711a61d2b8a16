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
# The lines of a PEM key are masked one by one, as an error may quote one of them; its frame is no secret.
_MIN_LINE = 16
_SIGNED = re.compile(
    r"(?i)\b(signature|apikey|api[-_]key|secret|passphrase|listenkey|x-mbx-apikey|x-bapi-sign|ok-access-\w+|cb-access-\w+)"
    r"(['\"]?\s*[=:]\s*['\"]?)[^\s&'\"<>,}]+"
)
_BEARER = re.compile(r"(?i)\b(bearer\s+)[\w.~+/-]+=*")


class Scrubber:
    """Removes the given secrets, and whatever looks like a signature, a token or a key, from text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({form for s in secrets for form in _forms(s)}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return one line of at most `MAX_LENGTH` characters without secrets."""
        clean = " ".join(text.split())
        for secret in self._secrets:
            clean = clean.replace(secret, MASK)
        clean = _BEARER.sub(rf"\1{MASK}", _SIGNED.sub(rf"\1\2{MASK}", clean))
        return clean if len(clean) <= MAX_LENGTH else clean[: MAX_LENGTH - 1] + "…"

    def __repr__(self) -> str:
        """Never shows what it hides."""
        return "Scrubber()"


def _forms(secret: str) -> Iterable[str]:
    """How a secret may stand in a text whose white space was collapsed: as a whole, or by the lines of a key."""
    whole = " ".join(secret.split())
    if len(whole) >= _MIN_SECRET:
        yield whole
    lines = [line.strip() for line in secret.replace("\\n", "\n").splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _MIN_LINE and not line.startswith("-----"))
