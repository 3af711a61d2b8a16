"""When a call to the API server may be sent again. Pure; the client does the waiting.

Reads are repeated while nothing but the connection or the server's load is to blame. Writes are repeated after an
answered 429 alone: the API server's priority-and-fairness turns a request away before it is looked at, so that
nothing was done. Every other failure of a write is the caller's to judge, because it may have happened.
"""

from dataclasses import dataclass

from exchange_kernel.kube.errors import KubeError, TooManyRequests, Unavailable


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to keep trying.

    Attributes:
        first_seconds: Pause before the second try; doubles from there.
        longest_seconds: The longest single pause.
        total_seconds: No new try starts when its pause would end later than this after the first try.
    """

    first_seconds: float = 0.1
    longest_seconds: float = 2.0
    total_seconds: float = 10.0


def pause_before_retry(  # noqa: PLR0913 - all that the decision rests on, by name
    error: KubeError, *, is_read: bool, tries: int, elapsed: float, jitter: float, patience: Patience
) -> float | None:
    """Seconds to wait before the call is sent again; None to give up.

    Args:
        error: What the last try met.
        is_read: Whether the call changes nothing.
        tries: How often it has been sent, 1 or more.
        elapsed: Seconds since the first try.
        jitter: A random number from 0 to 1, so that many callers do not come back in step.
        patience: The bounds.
    """
    repeatable = isinstance(error, TooManyRequests) or (is_read and isinstance(error, Unavailable))
    if not repeatable:
        return None
    pause = _backoff(tries, jitter, patience)
    if isinstance(error, TooManyRequests) and error.retry_after is not None:
        pause = max(error.retry_after, pause)
    return pause if elapsed + pause <= patience.total_seconds else None


def _backoff(tries: int, jitter: float, patience: Patience) -> float:
    full = min(patience.longest_seconds, patience.first_seconds * 2.0 ** min(tries - 1, 16))
    return full * (0.5 + 0.5 * jitter)
