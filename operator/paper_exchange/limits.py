"""The venue's rate limits, as functions of time.

Two independent budgets, in fixed windows on the clock, as Binance counts them:

* Request weight, per egress address and minute. Beyond it: 429 with Retry-After. Who goes on regardless is banned
  (418), for two minutes the first time and twice as long each further time, up to three days.
* Orders, per account, in ten seconds and in a UTC day. An accepted order counts one; its first fill gives one back when
  it was taker, five when it had rested (`faqs/order_count_decrement.md`). Beyond it: 429 with -1015.

How many requests beyond the budget are forgiven before a ban is not published; `forgiven` is a guess.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from paper_exchange.events import OrderUpdate
from paper_exchange.refusals import Refusal

_MINUTE = 60_000
_TEN_SECONDS = 10_000
_DAY = 24 * 60 * _MINUTE
_TAKER_GIVES_BACK = 1
_MAKER_GIVES_BACK = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The budgets. Zero switches a budget off."""

    weight_per_minute: int = 6_000
    orders_per_10s: int = 100
    orders_per_day: int = 200_000
    forgiven: int = 10
    """Requests beyond the weight budget, within one window, that are answered with 429; the next one is banned."""
    first_ban_ms: int = 2 * _MINUTE
    longest_ban_ms: int = 3 * _DAY
    call_counter: int = 20
    """Of the Kraken dialect (`kraken.counters`): how high an account's counter of calls may rise."""
    call_counter_decay_milli: int = 1_000
    """What a second takes off it, in thousandths."""
    trade_counter: int = 180
    """The same for orders, amends and cancels, per account and pair."""
    trade_counter_decay_milli: int = 3_750


class Verdict(NamedTuple):
    """Whether a request may go on."""

    status: int
    """200, 429 or 418."""
    retry_after_s: int = 0
    """`Retry-After`, in seconds; 0 when the request may go on."""
    refusal: Refusal | None = None


GO_ON = Verdict(200)


@dataclass(slots=True)
class _Window:
    """A count that starts anew with each interval of the clock."""

    span: int
    index: int = -1
    count: int = 0

    def at(self, now: int) -> int:
        """The count in the interval that contains `now`."""
        if now // self.span != self.index:
            self.index, self.count = now // self.span, 0
        return self.count

    def add(self, amount: int, now: int) -> int:
        """Count up, or down to zero at least."""
        self.count = max(0, self.at(now) + amount)
        return self.count

    def seconds_left(self, now: int) -> int:
        """Whole seconds until the interval ends, at least one."""
        return -(-(self.span - now % self.span) // 1000)


@dataclass(slots=True)
class _Address:
    weight: _Window = field(default_factory=lambda: _Window(_MINUTE))
    excess: _Window = field(default_factory=lambda: _Window(_MINUTE))
    bans: int = 0
    banned_until: int = 0


@dataclass(slots=True)
class _Orders:
    short: _Window = field(default_factory=lambda: _Window(_TEN_SECONDS))
    long: _Window = field(default_factory=lambda: _Window(_DAY))


class RateLimiter:
    """Counts requests and orders. Time is an argument, nothing is scheduled."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        """May be replaced while it runs."""
        self._addresses: dict[str, _Address] = {}
        self._orders: dict[str, _Orders] = {}

    # --- request weight

    def charge(self, address: str, weight: int, now: int) -> Verdict:
        """Charge a request to an address.

        Args:
            address: Where it comes from.
            weight: What the endpoint costs.
            now: Milliseconds.
        """
        entry = self._addresses.setdefault(address, _Address())
        if now < entry.banned_until:
            return _banned(entry, now)
        used = entry.weight.add(weight, now)
        if not self.limits.weight_per_minute or used <= self.limits.weight_per_minute:
            return GO_ON
        if entry.excess.add(1, now) > self.limits.forgiven:
            self._ban(entry, now)
            return _banned(entry, now)
        message = (
            f"Too much request weight used; current limit is {self.limits.weight_per_minute} request weight per "
            "1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API."
        )
        return Verdict(429, entry.weight.seconds_left(now), Refusal(-1003, message))

    def _ban(self, entry: _Address, now: int) -> None:
        if now - entry.banned_until > self.limits.longest_ban_ms:
            entry.bans = 0
        length = min(self.limits.first_ban_ms << min(entry.bans, 32), self.limits.longest_ban_ms)
        entry.bans += 1
        entry.banned_until = now + length

    def used_weight(self, address: str, now: int) -> int:
        """`X-MBX-USED-WEIGHT-1M`."""
        entry = self._addresses.get(address)
        return entry.weight.at(now) if entry else 0

    def pardon(self, address: str) -> None:
        """Forget everything about an address."""
        self._addresses.pop(address, None)

    # --- orders

    def admit_order(self, account: str, now: int) -> Verdict:
        """Whether the account may place another order; counts nothing."""
        entry = self._orders.setdefault(account, _Orders())
        for window, limit, text in (
            (entry.short, self.limits.orders_per_10s, "10 SECOND"),
            (entry.long, self.limits.orders_per_day, "1 DAY"),
        ):
            if limit and window.at(now) >= limit:
                message = f"Too many new orders; current limit is {limit} orders per {text}."
                return Verdict(429, window.seconds_left(now), Refusal(-1015, message))
        return GO_ON

    def count_order(self, account: str, now: int) -> None:
        """Count an order that the engine accepted."""
        self._add(account, 1, now)

    def give_back(self, update: OrderUpdate, now: int) -> None:
        """Credit an order's first fill; any other report changes nothing."""
        trade = update.trade
        if trade is None or update.order.executed != trade.quantity:
            return
        self._add(update.account, -(_MAKER_GIVES_BACK if trade.is_maker else _TAKER_GIVES_BACK), now)

    def order_counts(self, account: str, now: int) -> tuple[int, int]:
        """`X-MBX-ORDER-COUNT-10S` and `X-MBX-ORDER-COUNT-1D`."""
        entry = self._orders.get(account)
        return (entry.short.at(now), entry.long.at(now)) if entry else (0, 0)

    def _add(self, account: str, amount: int, now: int) -> None:
        entry = self._orders.setdefault(account, _Orders())
        entry.short.add(amount, now)
        entry.long.add(amount, now)


def _banned(entry: _Address, now: int) -> Verdict:
    message = (
        f"Way too much request weight used; IP banned until {entry.banned_until}. "
        "Please use WebSocket Streams for live updates to avoid bans."
    )
    return Verdict(418, -(-(entry.banned_until - now) // 1000), Refusal(-1003, message))
