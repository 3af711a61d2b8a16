"""What a pass over an object is bounded by: its steps, and the pause after one that failed."""

import logging
from collections.abc import Awaitable
from typing import Protocol

from exchange_kernel.controller.account_port import VenueAway
from exchange_kernel.core.view import Backoff
from exchange_kernel.kube.errors import KubeError

_log = logging.getLogger(__name__)

# A decision that never comes to rest is a bug; it must not spin.
MAX_STEPS = 24
# After a failed pass, per object.
FAILURES = Backoff(first=0.25, ceiling=30.0)


class Failing(Protocol):
    """A memory that counts the passes that failed in a row."""

    failures: int


async def paced(memo: Failing, name: str, work: Awaitable[float | None]) -> float | None:
    """One pass. Returns in how many seconds the next one is due, None when only an event makes one necessary.

    Args:
        memo: Its failures are counted.
        name: For the log.
        work: The pass; a KubeError or VenueAway ends it with nothing done after it.
    """
    try:
        due = await work
    except (KubeError, VenueAway) as error:
        memo.failures += 1
        wait = FAILURES.after(memo.failures)
        _log.warning("%s: %s; again in %.1f s", name, error, wait)
        return wait
    memo.failures = 0
    return due
