"""How much a venue lets one address ask per minute, shared by all sessions of the process.

A venue like Binance counts the weight of all requests of an IP address; going over it is answered with 429, insisting
with a ban (418) that blocks cancels for minutes to days. So the weight is counted here before a request leaves, 20 % of
it is kept for cancels, and polls have at most half of it (and a tenth for sure): with many accounts behind one address
their intervals stretch, so that they never starve orders. The venue's own count corrects ours (other processes may
share the address), and a 429 or 418 stops everything until the venue's pause is over. A limit that the venue puts on
one account (order counts) is not this module's business: it never slows another account.

The venue counts in fixed minutes whose beginning is unknown here. A sliding minute is never less strict.
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum

WINDOW = 60.0
"""Seconds over which weight is counted, where the venue counts by minutes."""

RESERVED = 0.2
"""Share of the limit that only cancels may use."""

POLLS_AT_MOST = 0.5
"""Share of the limit that polls may use, all accounts together; their intervals stretch to fit in."""

POLLS_AT_LEAST = 0.1
"""Share of the limit that orders leave to polls: without any, nobody would see what becomes of the orders."""

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


class Use(Enum):
    """What weight is spent on."""

    CANCELS = "cancels"
    ORDERS = "orders"
    POLLS = "polls"


@dataclass(slots=True)
class Window:
    """Weight spent in the last so many seconds."""

    seconds: float = WINDOW
    total: int = 0
    _spent: deque[tuple[float, int]] = field(default_factory=deque)

    def used(self, now: float) -> int:
        """The sum, without what was spent before the window."""
        while self._spent and self._spent[0][0] + self.seconds <= now:
            self.total -= self._spent.popleft()[1]
        return self.total

    def spend(self, now: float, weight: int) -> None:
        """Count."""
        self.used(now)
        self._spent.append((now, weight))
        self.total += weight

    def until_free(self, now: float, surplus: float) -> float:
        """Seconds until so much has left the window."""
        if surplus <= 0:
            return 0.0
        freed = 0
        for moment, weight in self._spent:
            freed += weight
            if freed >= surplus:
                return moment + self.seconds - now
        return self.seconds


@dataclass(slots=True)
class WeightBudget:
    """The weight of one address (or account) at one venue. Times are seconds of one monotonic clock.

    Attributes:
        per_minute: What the venue allows in one window. It and `window` are changed by `limit_to`.
        stopped_until: End of the venue's pause.
        window: Seconds, where the venue does not count by minutes.
    """

    per_minute: int
    stopped_until: float = 0.0
    window: float = WINDOW
    _all: Window = field(init=False)
    _polls: Window = field(init=False)
    _claims: dict[Hashable, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Both windows are as long as the venue's."""
        self._all, self._polls = Window(self.window), Window(self.window)

    def limit_to(self, per_minute: int, window: float) -> bool:
        """Another limit holds from now on, for what was spent as well; True when it differs from the one before."""
        if (per_minute, window) == (self.per_minute, self.window):
            return False
        self.per_minute, self.window = per_minute, window
        self._all.seconds = self._polls.seconds = window
        return True

    def used(self, now: float) -> int:
        """The weight spent in the last window."""
        return self._all.used(now)

    def stopped_for(self, now: float) -> float:
        """Seconds until the venue's pause is over; 0 where there is none."""
        return max(0.0, self.stopped_until - now)

    def wait(self, now: float, weight: int, use: Use = Use.ORDERS, ahead: int = 0) -> float:
        """Seconds until a request of this weight may leave; 0 for at once.

        Args:
            now: The monotonic clock.
            weight: The request's weight.
            use: What for.
            ahead: What leaves before it and is not spent yet.
        """
        if weight + ahead == 0:  # not counted here, so that a spent budget does not hold it back either
            return self.stopped_for(now)
        waits = [self.stopped_for(now), _wait(self._all, now, weight, self._allowed(now, use), ahead)]
        if use is Use.POLLS:
            waits.append(_wait(self._polls, now, weight, self._for_polls))
        return max(waits)

    def _allowed(self, now: float, use: Use) -> int:
        if use is Use.CANCELS:
            return self.per_minute
        allowed = self.per_minute * (1 - RESERVED)
        if use is Use.ORDERS and self._claims:
            allowed -= max(0.0, self.per_minute * POLLS_AT_LEAST - self._polls.used(now))
        return int(allowed)

    @property
    def _for_polls(self) -> int:
        return int(self.per_minute * POLLS_AT_MOST)

    def spend(self, now: float, weight: int, use: Use = Use.ORDERS) -> None:
        """Count a request that leaves."""
        self._all.spend(now, weight)
        if use is Use.POLLS:
            self._polls.spend(now, weight)

    # --- polls --------------------------------------------------------------------------------------------------

    def claim(self, who: Hashable, weight: int, seconds: float) -> float:
        """Announce a poll of this weight every so many seconds, in place of what `who` announced before.

        Returns:
            The factor by which everybody's interval must grow for all polls to fit into their share; 1 at least.
        """
        self._claims[who] = weight * self.window / seconds
        return max(1.0, sum(self._claims.values()) / max(1, self._for_polls))

    def waive(self, who: Hashable) -> None:
        """Polls no more."""
        self._claims.pop(who, None)

    def spare(self, now: float) -> float:
        """Weight that polls may use beside those that were announced."""
        return self._for_polls - max(self._polls.used(now), sum(self._claims.values()))

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


def _wait(window: Window, now: float, weight: int, allowed: int, ahead: int = 0) -> float:
    # A request that is larger than what is allowed in total waits for an empty window, not for ever.
    return window.until_free(now, window.used(now) + ahead + min(weight, allowed) - allowed)


class Budgets:
    """The budgets of a process, one per (venue endpoint, egress address)."""

    def __init__(self) -> None:
        self._budgets: dict[Hashable, WeightBudget] = {}

    def of(self, key: Hashable, per_minute: int, window: float = WINDOW) -> WeightBudget:
        """The budget under this key; the first caller's limit holds."""
        return self._budgets.setdefault(key, WeightBudget(per_minute, window=window))
