"""Rate limits by counters: each request adds to one, and time takes off it.

Two of them, as docs.kraken.com describes them ("Spot REST rate limits", "Spot trading limits"), with the figures of
the highest tier as the default:

* Calls, per account: one for each private request, two for histories of trades, none for placing and canceling.
  Above the maximum: EAPI:Rate limit exceeded.
* Trading, per account and pair: one for each order and amend; a cancel costs more the younger its order is. Above the
  maximum: EOrder:Rate limit exceeded for orders and amends. Cancels count but are never refused.
"""

from dataclasses import dataclass
from typing import Final

from paper_exchange.kraken import errors
from paper_exchange.limits import RateLimiter

_CANCEL_COSTS: Final = ((5_000, 8), (10_000, 6), (15_000, 5), (45_000, 4), (90_000, 2), (300_000, 1))
_AMEND_COSTS: Final = ((5_000, 4), (10_000, 3), (15_000, 2))
_MICRO: Final = 1_000_000


@dataclass(slots=True)
class _Counter:
    """In millionths: a decay in thousandths per second is then a whole number per millisecond."""

    value: int = 0
    at: int = 0

    def decayed(self, now: int, decay_milli: int) -> int:
        """The value now."""
        self.value = max(0, self.value - max(0, now - self.at) * decay_milli)
        self.at = max(self.at, now)
        return self.value


class Counters:
    """The counters of all accounts. Time is an argument."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter
        self._calls: dict[str, _Counter] = {}
        self._trading: dict[tuple[str, str], _Counter] = {}

    def call(self, account: str, cost: int, now: int) -> None:
        """Counts a request.

        Raises:
            KrakenError: EAPI:Rate limit exceeded; the request is not counted.
        """
        limits = self._limiter.limits
        counter = self._calls.setdefault(account, _Counter())
        value = counter.decayed(now, limits.call_counter_decay_milli) + cost * _MICRO
        if limits.call_counter and value > limits.call_counter * _MICRO:
            raise errors.TOO_MANY_CALLS
        counter.value = value

    def order(self, account: str, symbol: str, now: int, *, amended_age_ms: int | None = None) -> None:
        """Counts an order, or the amend of one of an age.

        Raises:
            KrakenError: EOrder:Rate limit exceeded; it is not counted.
        """
        cost = 1 if amended_age_ms is None else _by_age(_AMEND_COSTS, amended_age_ms, otherwise=1)
        counter, value = self._traded(account, symbol, now, cost)
        if self._limiter.limits.trade_counter and value > self._limiter.limits.trade_counter * _MICRO:
            raise errors.TOO_FAST_ORDERS
        counter.value = value

    def cancel(self, account: str, symbol: str, age_ms: int, now: int) -> None:
        """Counts the cancel of an order of an age."""
        counter, value = self._traded(account, symbol, now, _by_age(_CANCEL_COSTS, age_ms, otherwise=0))
        counter.value = value

    def _traded(self, account: str, symbol: str, now: int, cost: int) -> tuple[_Counter, int]:
        counter = self._trading.setdefault((account, symbol), _Counter())
        return counter, counter.decayed(now, self._limiter.limits.trade_counter_decay_milli) + cost * _MICRO


def _by_age(costs: tuple[tuple[int, int], ...], age_ms: int, *, otherwise: int) -> int:
    return next((cost for below, cost in costs if age_ms < below), otherwise)
