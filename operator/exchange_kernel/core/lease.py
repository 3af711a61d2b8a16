"""Who works on an account when several operators run: a Lease, for efficiency alone.

Without it every operator would keep a session with the venue, poll, and look at every order; the journal makes that
safe, and the Lease makes it cheap. So it is handled without any hurry or rigour: who holds it goes on while the API
server is away, and two holders for a while do no harm.

Only our own clock is used. A Lease has run out when it has not changed for its duration *since we first saw it so*;
the times in it are for people, and clocks may differ as they like.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class LeaseSeen:
    """A Lease as somebody has read it.

    Attributes:
        holder: Who holds it; empty for nobody.
        version: Its resourceVersion: another one, and it has changed.
        seconds: For how long it holds without being renewed.
        seen_at: Our monotonic clock when it was first seen in this version.
    """

    holder: str
    version: str
    seconds: float
    seen_at: float


class Step(StrEnum):
    """What to do about a Lease."""

    CREATE = "Create"
    TAKE = "Take"
    RENEW = "Renew"
    WAIT = "Wait"


def next_step(lease: LeaseSeen | None, me: str, now: float) -> Step:
    """Judge a Lease; `now` is our monotonic clock."""
    if lease is None:
        return Step.CREATE
    if lease.holder == me:
        return Step.RENEW
    if not lease.holder or now >= lease.seen_at + lease.seconds:
        return Step.TAKE
    return Step.WAIT


def seen(before: LeaseSeen | None, holder: str, version: str, seconds: float, now: float) -> LeaseSeen:
    """A reading joined to the one before it: what has not changed was first seen then."""
    if before is not None and before.version == version:
        return before
    return LeaseSeen(holder, version, seconds, now)


def look_again(lease: LeaseSeen | None, me: str, now: float, seconds: float) -> float:
    """Seconds until the Lease is looked at next: three times per duration, and when it may have run out."""
    third = seconds / 3
    if lease is None or lease.holder == me:
        return third
    return min(third, max(0.1, lease.seen_at + lease.seconds - now))
