"""Two processes that see different things, one of them cut off from the venue, must not overwrite each other's words.

They would do so as fast as the API server lets them. So a mere opinion, which is neither a fact nor an act, is held
back for a while once another process has overruled it.
"""

from exchange_kernel.api.base import Observed

# How long another process' words about the same facts are left standing.
YIELDS_SECONDS = 30.0


def is_overruled(said: Observed | None, before: Observed, now: Observed) -> bool:
    """Whether somebody has written after us, and what stands there is not what we would write."""
    return said is not None and before not in (said, now)


def pause(said_at: float, monotonic: float) -> float:
    """Seconds for which overruled words are still held back; 0 or less for none."""
    return said_at + YIELDS_SECONDS - monotonic
