"""How many orders of an account work or are under way, for a limit on them.

An intent takes a place in the same step of the loop in which it was judged that there is one, before anything is
awaited; so that two orders of this process never take the last place together. Places are counted anew a few times a
second; in between an order that has ended still counts, which delays another one a little and never lets one too many
through. A second process counts by the statuses that it sees: the two can exceed the limit for a moment, by as many
orders as both are just placing (`docs/order-types.md`).
"""

from collections.abc import Callable, Iterable

from exchange_kernel.controller.memo import IntentMemo

RECOUNT_SECONDS = 0.25


class Slots:
    """The places of one account.

    Args:
        memos: The account's intents.
        monotonic: This process' clock, in seconds.
    """

    def __init__(self, memos: Callable[[], Iterable[IntentMemo]], monotonic: Callable[[], float]) -> None:
        self._memos, self._monotonic = memos, monotonic
        self._taken: set[str] = set()
        self._counted_at: float | None = None

    def others(self, uid: str) -> int:
        """How many places intents other than this one hold."""
        if not self._is_recent():
            self._taken = {memo.meta.uid for memo in self._memos() if memo.takes_place}
            self._counted_at = self._monotonic()
        return len(self._taken) - (uid in self._taken)

    def take(self, uid: str) -> None:
        """An intent is about to record a placement; a later count finds that in its memory."""
        if self._is_recent():
            self._taken.add(uid)

    def _is_recent(self) -> bool:
        return self._counted_at is not None and self._monotonic() - self._counted_at < RECOUNT_SECONDS
