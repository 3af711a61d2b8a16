"""How many orders of an account work or are under way, for the limits on them, and the places that are kept for exits.

An intent takes a place in the same step of the loop in which it was judged that there is one, before anything is
awaited; so that two orders of this process never take the last place together. With the entry of a group the places of
its exits are taken; they are kept until the group has ended. Places are counted anew a few times a second; in between
an order that has ended still counts, which delays another one a little and never lets one too many through. A second
process counts by the statuses that it sees: the two can exceed the limit for a moment, by as many orders as both are
just placing (`docs/order-types.md`).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.controller.account_report import unmanaged
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.core.places import WAITING, Need, Places
from exchange_kernel.core.venue import VenueOrder, VenueStatus
from exchange_kernel.core.venue_rules import VenueRules

RECOUNT_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class GroupPlace:
    """What an order is in a group that has an entry and has not ended.

    Attributes:
        group: The group's uid.
        need: What its exits need at once.
        is_entry: Whether the order is the entry.
    """

    group: str
    need: Need
    is_entry: bool


class GroupPlaces(Protocol):
    """Tells which orders are legs of groups."""

    @property
    def any(self) -> bool:
        """Whether there are groups at all."""
        ...

    def place_of(self, intent: OrderIntent, rules: VenueRules | None) -> GroupPlace | None:
        """What an order is in a group that has an entry and has not ended; None for any other order."""
        ...

    def lacks(self, intent: OrderIntent) -> bool:
        """Whether an order is a leg of a group that is not there."""
        ...


class _NoGroups:
    any = False

    def place_of(self, intent: OrderIntent, rules: VenueRules | None) -> GroupPlace | None:
        del intent, rules
        return None

    def lacks(self, intent: OrderIntent) -> bool:
        del intent
        return False


NO_GROUPS: GroupPlaces = _NoGroups()
PlaceOf = Callable[[OrderIntent], GroupPlace | None]


@dataclass(slots=True)
class _Kept:
    """The places of one group's exits, of which its exits have some already."""

    symbol: str
    need: Need
    orders: int = 0
    waiting: int = 0

    @property
    def left(self) -> tuple[int, int]:
        """Orders, and waiting ones, for which a place is still kept."""
        return max(0, self.need.orders - self.orders), max(0, self.need.waiting - self.waiting)


@dataclass(slots=True)
class _Count:
    """One count; orders are added one by one."""

    taken: dict[str, tuple[str, bool]] = field(default_factory=dict)
    kept: dict[str, _Kept] = field(default_factory=dict)
    early: dict[str, tuple[int, int]] = field(default_factory=dict)
    total: int = 0
    here: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)

    def add(self, intent: OrderIntent, place: GroupPlace | None) -> None:
        """An order takes a place; as an exit, the one that is kept for it."""
        uid, symbol, waits = intent.metadata.uid, intent.spec.symbol, intent.spec.type in WAITING
        if uid in self.taken:
            return
        self.taken[uid] = symbol, waits
        self._change(symbol, 1, int(waits), total=1)
        if place is None or place.is_entry:
            return
        kept = self.kept.get(place.group)
        if kept is None:
            # Sent together with the entry, and recorded before it.
            orders, waiting = self.early.get(place.group, (0, 0))
            self.early[place.group] = orders + 1, waiting + waits
            return
        before = kept.left
        kept.orders, kept.waiting = kept.orders + 1, kept.waiting + waits
        orders, waiting = kept.left[0] - before[0], kept.left[1] - before[1]
        self._change(symbol, orders, waiting, total=orders)

    def keep(self, symbol: str, place: GroupPlace) -> None:
        """Keep the places of a group's exits, of which some may have been added already."""
        if place.group not in self.kept:
            kept = self.kept[place.group] = _Kept(symbol, place.need, *self.early.pop(place.group, (0, 0)))
            orders, waiting = kept.left
            self._change(symbol, orders, waiting, total=orders)

    def add_foreign(self, order: VenueOrder) -> None:
        """An order that no OrderIntent owns: the venue counts it, the account's limit does not."""
        self._change(order.symbol, 1, int(order.status is VenueStatus.UNTRIGGERED), total=0)

    def _change(self, symbol: str, orders: int, waiting: int, *, total: int) -> None:
        self.total += total
        self.here[symbol] += orders
        self.waiting[symbol] += waiting

    def found_by(self, intent: OrderIntent, place: GroupPlace | None) -> Places:
        """What an order finds: neither itself nor what is kept for its own group is in its way."""
        symbol = intent.spec.symbol
        row = self.taken.get(intent.metadata.uid)
        own, waits = (1, int(row[1])) if row is not None else (0, 0)
        kept = self.kept.get(place.group) if place is not None else None
        left = (0, 0)
        if place is not None and place.is_entry:
            # What is kept for the exits, or what they have taken already, before the entry.
            left = kept.left if kept is not None else self.early.get(place.group, left)
        return Places(
            others=self.total - own - left[0],
            here=self.here[symbol] - own - left[0],
            waiting_here=self.waiting[symbol] - waits - left[1],
            kept=place is not None and not place.is_entry and _is_kept(kept, own),
            exits=place.need if place is not None and place.is_entry else None,
            is_exit=place is not None and not place.is_entry,
        )


def _is_kept(kept: _Kept | None, own: int) -> bool:
    return kept is not None and kept.orders - own < kept.need.orders


class Slots:
    """The places of one account.

    Args:
        memos: The account's intents.
        monotonic: This process' clock, in seconds.
        place_of: What an intent is in its group.
        snapshot: The open orders of the last bulk read.
    """

    def __init__(
        self,
        memos: Callable[[], Iterable[IntentMemo]],
        monotonic: Callable[[], float],
        place_of: PlaceOf = lambda _: None,
        snapshot: Callable[[], Iterable[VenueOrder]] = tuple,
    ) -> None:
        self._memos, self._monotonic = memos, monotonic
        self._place_of, self._snapshot = place_of, snapshot
        self._count = _Count()
        self._counted_at: float | None = None

    def found_by(self, intent: OrderIntent) -> Places:
        """What an order finds taken by others."""
        if not self._is_recent():
            self._count = self._counted()
            self._counted_at = self._monotonic()
        return self._count.found_by(intent, self._place_of(intent))

    def take(self, intent: OrderIntent) -> None:
        """An intent is about to record a placement; a later count finds that in its memory."""
        if not self._is_recent():
            return
        place = self._place_of(intent)
        if place is not None and place.is_entry:
            self._count.keep(intent.spec.symbol, place)
        self._count.add(intent, place)

    def _counted(self) -> _Count:
        count, memos = _Count(), tuple(self._memos())
        rows = [(memo, self._place_of(memo.intent)) for memo in memos]
        for memo, place in rows:
            # An entry that has filled keeps its exits' places: they may not be there yet.
            if place is not None and place.is_entry and (memo.takes_place or memo.intent.status.filled_quantity):
                count.keep(memo.intent.spec.symbol, place)
        for memo, place in rows:
            if memo.takes_place:
                count.add(memo.intent, place)
        for order in unmanaged(self._snapshot(), memos):
            count.add_foreign(order)
        return count

    def _is_recent(self) -> bool:
        return self._counted_at is not None and self._monotonic() - self._counted_at < RECOUNT_SECONDS
