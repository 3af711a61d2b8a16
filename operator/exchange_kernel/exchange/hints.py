"""Hints: what an order stream says, used for nothing but to ask sooner.

A stream loses events, repeats them, reorders them, and goes silent without an error. So no event is ever taken for the
truth: it names an order, and says how far that order has come, and the order is read by REST until the answer has got
as far (`caught_up`), or ten seconds have passed and the polls have it alone again.

`HintBook` keeps the hints that are not answered yet and says what is due. Pure: times are arguments, seconds of one
monotonic clock.
"""

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from decimal import Decimal

from exchange_kernel.core.venue import VenueOrder
from exchange_kernel.core.view import Backoff

ASKED_FOR = 10.0
"""Seconds for which REST is asked again until it has caught up with a hint."""

AGAIN = Backoff(first=0.25, ceiling=2.0)
"""Between two questions about the same order."""

# Hints that are remembered, to tell a silent stream from a quiet account.
_REMEMBERED = 4096

OrderKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Hint:
    """One order has come so far, says the stream.

    Attributes:
        symbol: ccxt unified symbol.
        exchange_order_id: The venue's id.
        client_order_id: Ours in canonical form; else whatever the venue has.
        filled: Filled base quantity.
        final: Whether the order has ended.
    """

    symbol: str
    exchange_order_id: str
    client_order_id: str
    filled: Decimal
    final: bool

    @property
    def key(self) -> OrderKey:
        """Venues count their orders per symbol."""
        return self.symbol, self.exchange_order_id

    @property
    def is_new(self) -> bool:
        """Whether it only says that the order exists, which the answer to the order says, too."""
        return not self.final and self.filled == 0


def caught_up(order: VenueOrder | None, hint: Hint) -> bool:
    """Whether what REST has shown is at least as far as the hint."""
    if order is None:
        return False
    return order.filled >= hint.filled and (order.status.is_final or not hint.final)


def further(left: Hint, right: Hint) -> Hint:
    """Both hints of one order as one: events may come in any order, orders only go forward."""
    return replace(left, filled=max(left.filled, right.filled), final=left.final or right.final)


@dataclass(frozen=True, slots=True)
class Pending:
    """A hint that REST has not caught up with.

    Attributes:
        until: When it is given up.
        due: When it is looked at next.
        heard_at: When it was heard first.
        tries: How often REST was asked.
    """

    hint: Hint
    until: float
    due: float
    heard_at: float
    tries: int = 0


@dataclass(slots=True)
class HintBook:
    """The hints of one account.

    Attributes:
        heard: Events so far.
        given_up: Hints that REST never caught up with.
    """

    heard: int = 0
    given_up: int = 0
    _pending: dict[OrderKey, Pending] = field(default_factory=dict)
    _seen: OrderedDict[OrderKey, Hint] = field(default_factory=OrderedDict)

    def add(self, hint: Hint, now: float) -> None:
        """An event has arrived."""
        self.heard += 1
        self._remember(hint)
        known = self._pending.get(hint.key)
        if known is None:
            self._pending[hint.key] = Pending(hint, now + ASKED_FOR, now, now)
        elif (merged := further(known.hint, hint)) != known.hint:
            self._pending[hint.key] = replace(known, hint=merged, until=now + ASKED_FOR, due=now)

    def _remember(self, hint: Hint) -> None:
        before = self._seen.pop(hint.key, hint)
        self._seen[hint.key] = further(before, hint)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def due(self, now: float) -> list[Pending]:
        """What is to be looked at now; what has waited for too long is given up."""
        for key in [key for key, pending in self._pending.items() if pending.until <= now]:
            del self._pending[key]
            self.given_up += 1
        return [pending for pending in self._pending.values() if pending.due <= now]

    def asked(self, key: OrderKey) -> Pending | None:
        """The hint of an order for which REST was asked, and which is not answered yet."""
        pending = self._pending.get(key)
        return pending if pending is not None and pending.tries else None

    def next_due(self) -> float | None:
        """When to look again; None while nothing is pending."""
        return min((min(pending.due, pending.until) for pending in self._pending.values()), default=None)

    def done(self, key: OrderKey) -> None:
        """REST has caught up, or the order is none of ours."""
        self._pending.pop(key, None)

    def later(self, pending: Pending, now: float, *, asked: bool) -> None:
        """Look again after a while; `asked` counts a question to the venue."""
        tries = pending.tries + asked
        self._pending[pending.hint.key] = replace(pending, tries=tries, due=now + AGAIN.after(max(1, tries)))

    def told(self, key: OrderKey, *, filled: Decimal, final: bool) -> bool:
        """Whether the stream has said at least so much of an order."""
        seen = self._seen.get(key)
        return seen is not None and seen.filled >= filled and (seen.final or not final)


@dataclass(slots=True)
class Allowance:
    """Reads of single orders that hints may cause before one bulk read is cheaper for all of them.

    Attributes:
        most: At once.
        per_second: In the long run.
    """

    most: float = 10.0
    per_second: float = 2.0
    _left: float = 10.0
    _at: float = 0.0

    def take(self, now: float) -> bool:
        """Take one, if there is one."""
        self._left = min(self.most, self._left + max(0.0, now - self._at) * self.per_second)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
