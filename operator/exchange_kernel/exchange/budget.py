"""How much a venue lets one address ask per minute, shared by all sessions of the process.

A venue like Binance counts the weight of all requests of an IP address; going over it is answered with 429, insisting
with a ban (418) that blocks cancels for minutes to days. So the weight is counted here before a request leaves, 20 % of
it is kept for cancels, the venue's own count corrects ours (other processes may share the address), and a 429 or 418
stops everything until the venue's pause is over. A limit that the venue puts on one account (order counts) is not this
module's business: it never slows another account.

The venue counts in fixed minutes whose beginning is unknown here. A sliding minute is never less strict.
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field

WINDOW = 60.0
"""Seconds over which weight is counted."""

RESERVED = 0.2
"""Share of the limit that only cancels may use."""

# Where the venue did not say how long.
_DEFAULT_PAUSE, _DEFAULT_BAN = 60.0, 120.0


@dataclass(frozen=True, slots=True)
class AnswerSeen:
    """What one answer says about limits.

    Attributes:
        status: HTTP status.
        used_weight: The venue's count for this address in its running minute, where told.
        retry_after: Seconds that the venue asks to wait, where told.
        account_only: Whether the limit that was hit concerns this account alone.
    """

    status: int
    used_weight: int | None = None
    retry_after: float | None = None
    account_only: bool = False


@dataclass(slots=True)
class WeightBudget:
    """The weight of one address at one venue. Times are seconds of one monotonic clock."""

    per_minute: int
    stopped_until: float = 0.0
    _spent: deque[tuple[float, int]] = field(default_factory=deque)
    _total: int = 0

    def used(self, now: float) -> int:
        """The weight spent in the last minute."""
        while self._spent and self._spent[0][0] + WINDOW <= now:
            self._total -= self._spent.popleft()[1]
        return self._total

    def stopped_for(self, now: float) -> float:
        """Seconds until the venue's pause is over; 0 where there is none."""
        return max(0.0, self.stopped_until - now)

    def wait(self, now: float, weight: int, *, reserve: bool) -> float:
        """Seconds until a request of this weight may leave; 0 for at once.

        Args:
            now: The monotonic clock.
            weight: The request's weight.
            reserve: Whether it may use the share that is kept for cancels.
        """
        allowed = self.per_minute if reserve else int(self.per_minute * (1 - RESERVED))
        if weight == 0:  # not counted here, so that a spent budget does not hold it back either
            return self.stopped_for(now)
        # A request that is larger than what is allowed in total waits for an empty window, not for ever.
        surplus = self.used(now) + min(weight, allowed) - allowed
        return max(self.stopped_for(now), self._until_free(now, surplus))

    def _until_free(self, now: float, surplus: int) -> float:
        if surplus <= 0:
            return 0.0
        freed = 0
        for moment, weight in self._spent:
            freed += weight
            if freed >= surplus:
                return moment + WINDOW - now
        return WINDOW

    def spend(self, now: float, weight: int) -> None:
        """Count a request that leaves."""
        self.used(now)
        self._spent.append((now, weight))
        self._total += weight

    def answered(self, now: float, seen: AnswerSeen) -> None:
        """Learn from an answer: the venue's own count, and its wish for a pause."""
        if seen.used_weight is not None:
            others = seen.used_weight - self.used(now)
            if others > 0:
                self.spend(now, others)
        if seen.status not in {418, 429} or seen.account_only:
            return
        default = _DEFAULT_BAN if seen.status == 418 else _DEFAULT_PAUSE
        pause = default if seen.retry_after is None else seen.retry_after
        self.stopped_until = max(self.stopped_until, now + pause)


class Budgets:
    """The budgets of a process, one per (venue endpoint, egress address)."""

    def __init__(self) -> None:
        self._budgets: dict[Hashable, WeightBudget] = {}

    def of(self, key: Hashable, per_minute: int) -> WeightBudget:
        """The budget under this key; the first caller's limit holds."""
        return self._budgets.setdefault(key, WeightBudget(per_minute))
