"""What can go wrong between the operator and the API server.

An own hierarchy, so that nobody above this package has to know the HTTP library or the numbers:

    KubeError
    ├── NotFound          404: no such object (or no such kind: see `crds`)
    ├── Conflict          409: the object is not what the caller believed; read it again and decide anew
    │   └── AlreadyExists 409 on a create: the name is taken
    ├── Invalid           422 or 400: the API server refuses the object; repeating it is useless
    ├── Unauthorized      401: the credentials are not accepted
    ├── Forbidden         403: RBAC or an admission policy says no
    ├── Gone              410: a resourceVersion or a continue token is too old
    ├── TooManyRequests   429: nothing was done, come back after `retry_after` seconds
    ├── Unavailable       no connection, time-out, 5xx or an unreadable answer: for a write the outcome is unknown
    ├── Malformed         an object was read, and it is not what its kind promises
    └── BadConnection     no usable kubeconfig or service account; the message says what to do

Messages hold the API server's own words, cut to `MESSAGE_LIMIT`, and never a header, a token or a request body.
"""

from collections.abc import Mapping
from typing import Final

import orjson

MESSAGE_LIMIT: Final = 1024


class KubeError(Exception):
    """Base of everything that this package raises. The message is fit for a log and a condition."""


class NotFound(KubeError):
    """404: the object, its namespace or its kind does not exist."""


class Conflict(KubeError):
    """409: the object has changed, or is another one. Read it and decide anew."""


class AlreadyExists(Conflict):
    """409 on a create: an object of this name exists."""


class Invalid(KubeError):
    """400 or 422: the API server refuses the content."""


class Unauthorized(KubeError):
    """401: the API server does not accept the credentials."""


class Forbidden(KubeError):
    """403: the credentials are known, but may not do this."""


class Gone(KubeError):
    """410: the version asked for is no longer kept."""


class TooManyRequests(KubeError):
    """429: the API server did nothing and wants a pause.

    Attributes:
        retry_after: Seconds to wait, as the API server asks; None where it does not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(KubeError):
    """No answer that proves anything.

    Attributes:
        maybe_done: Whether a write may have happened all the same. False only where no connection came about, so
            that not a byte of the request was sent.
    """

    def __init__(self, message: str, *, maybe_done: bool = True) -> None:
        super().__init__(message)
        self.maybe_done = maybe_done


class Malformed(KubeError):
    """An object does not have the shape that its kind promises; the message names the field."""


class BadConnection(KubeError):
    """No way to reach or to log in to an API server was found."""


_BY_STATUS: Final[Mapping[int, type[KubeError]]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
}


def from_response(what: str, status: int, body: bytes, retry_after: str | None = None) -> KubeError:
    """Translate an answer with an error status.

    Args:
        what: What was attempted, e.g. `get orderintents/desk/x`; starts the message.
        status: The HTTP status, 400 or above.
        body: The answer's body; only the `reason` and `message` of a Kubernetes Status are used.
        retry_after: The Retry-After header, if any.

    Returns:
        The error to raise. Statuses that are listed nowhere prove nothing and become `Unavailable`.
    """
    details = _status_of(body)
    message = f"cannot {what}: {_message_of(details, status)}"
    if status == 429:
        return TooManyRequests(message, parse_retry_after(retry_after))
    if status == 409 and details.get("reason") == "AlreadyExists":
        return AlreadyExists(message)
    if kind := _BY_STATUS.get(status):
        return kind(message)
    return Invalid(message) if status < 500 and status != 408 else Unavailable(message)


def parse_retry_after(header: str | None) -> float | None:
    """Seconds of a Retry-After header. The API server sends whole seconds; anything else counts as not said."""
    return float(header) if header is not None and header.isascii() and header.isdigit() else None


def cap(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Cut a message of somebody else's, so that it cannot flood a log or a status."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _status_of(body: bytes) -> Mapping[str, object]:
    """The Status object of an error answer; empty when the body is something else (and then not to be trusted)."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) and parsed.get("kind") == "Status" else {}


def _message_of(details: Mapping[str, object], status: int) -> str:
    message = details.get("message")
    return cap(message) if isinstance(message, str) and message else f"the API server answered {status}"
