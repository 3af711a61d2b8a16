"""What is read from the venue for a whole account: one read for all its orders, never one per order.

A bulk read is put into the memories of the intents that it says something about, and only those are judged again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from exchange_kernel.controller.connecting import Opened, with_clock
from exchange_kernel.controller.contact import Contact
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.core.account_facts import Holdings
from exchange_kernel.core.identity import is_ours
from exchange_kernel.core.venue import Balance, OpenOrders, VenueOrder

CLOCK_INTERVAL = 60.0
# Steps, minima and listings change while a session lasts for weeks.
MARKETS_INTERVAL = 600.0
# A fill is followed by a read of the balances, but a burst of them by few.
BALANCES_AFTER_FILL = 2.0

# A read that somebody has asked for comes after this share of the interval at the earliest.
HURRY = 0.25

# An intent of which a bulk read says something new, when it was observed before, and whether its order has left.
OnNews = Callable[[IntentMemo, float, bool], None]

# A bulk read and what follows from it cost about 70 µs of a core for each open order: this keeps it below 4 % of a
# core, however many there are.
SECONDS_PER_ORDER = 0.002

# Symbol and id: venues count their orders per symbol.
OrderKey = tuple[str, str]


class Polling:
    """The bulk reads of one account.

    Args:
        context: Clocks, settings.
        contact: The session.
        memos: The intents of the account.
        wake: Has an intent judged again, by uid.

    Attributes:
        polled_at: Monotonic clock before the last complete bulk read began; None before the first.
        snapshot: All open orders as last read.
        unclaimed: Those that bear our tag and that no intent was known to have then, by client order id.
        balances: As last read; None before the first read.
        holdings: What of it is free; None before the first read.
        eager: Balances decide what may be sent (ReduceOnly), so they are read as often as orders.
    """

    def __init__(
        self,
        context: Context,
        contact: Contact,
        memos: Callable[[], Iterable[IntentMemo]],
        wake: Callable[[str], None],
    ) -> None:
        self._context, self._contact, self._memos, self._wake = context, contact, memos, wake
        self.polled_at: float | None = None
        self.snapshot: tuple[VenueOrder, ...] = ()
        self.unclaimed: Mapping[str, VenueOrder] = {}
        self.balances: tuple[Balance, ...] | None = None
        self.holdings: Holdings | None = None
        self.eager = False
        self._last_poll: float | None = None
        self._balances_at = 0.0
        self._next_balances = self._next_clock = self._next_markets = 0.0
        self._hurry = False
        self.on_news: OnNews = _nobody

    def opened(self) -> None:
        """A session was opened; opening it has read clock and markets."""
        now = self._context.monotonic()
        self._next_clock, self._next_markets = now + CLOCK_INTERVAL, now + MARKETS_INTERVAL

    def forget(self) -> None:
        """Somebody else has worked on the account meanwhile: nothing was read yet."""
        self.polled_at = self._last_poll = None

    def soon(self) -> None:
        """There is news of more orders than can be read one by one."""
        self._hurry = True

    def everything_now(self) -> None:
        """The next turn reads all there is."""
        self._last_poll = None
        self._next_balances = self._next_clock = self._next_markets = 0.0

    def be_eager(self, *, eager: bool) -> None:
        """Whether balances decide what may be sent."""
        if eager and not self.eager:
            self._next_balances = 0.0
        self.eager = eager

    def balances_soon(self) -> None:
        """An order may have changed the balances."""
        self._next_balances = min(self._next_balances, self._balances_at + BALANCES_AFTER_FILL)

    @property
    def due_at(self) -> float:
        """Monotonic time of the next read."""
        return min(self._next_poll(), self._next_balances)

    def _next_poll(self) -> float:
        """When the open orders are read next: often while some work, else only to see that the venue is there."""
        if self._last_poll is None or self.polled_at is None:
            return 0.0
        settings, opened = self._context.settings, self._contact.opened
        soon = self._contact.failing or any(memo.works for memo in self._memos())
        interval = settings.poll_interval if soon or self._hurry else settings.idle_interval
        interval = max(interval, len(self.snapshot) * SECONDS_PER_ORDER)
        if opened is None:
            return self._last_poll + interval
        stretched = opened.session.poll_every(interval)
        if self._hurry and opened.session.may_hurry:
            stretched = min(stretched, interval * HURRY)
        return self._last_poll + stretched

    async def read(self, opened: Opened) -> None:
        """Read what is due. Raises ExchangeError."""
        now, session, contact = self._context.monotonic(), opened.session, self._contact
        polls = contact.must_ask or now >= self._next_poll()
        if polls:
            self._last_poll, self._hurry = now, False
            self._apply(await session.fetch_open_orders())
        if now >= self._next_clock:
            contact.facts = with_clock(contact.facts, await session.read_clock())
            self._next_clock = now + CLOCK_INTERVAL
        if now >= self._next_balances:
            settings, wall = self._context.settings, self._context.wall()
            self._next_balances = now + (settings.poll_interval if self.eager else settings.balance_interval)
            self.balances = await session.fetch_balances()
            self._balances_at = now
            self.holdings = Holdings({each.asset: each.free for each in self.balances}, wall)
        if now >= self._next_markets:
            self._next_markets = now + MARKETS_INTERVAL
            contact.opened = replace(opened, markets=await session.load_markets())
        if polls:
            contact.succeeded()

    def _apply(self, snapshot: OpenOrders) -> None:
        """Put a bulk read into the memories of the intents that it says something about."""
        first = self.polled_at is None
        self.polled_at = snapshot.started_at
        self.snapshot = snapshot.orders
        claimed = {memo.client_order_id for memo in self._memos()}
        self.unclaimed = {
            order.client_order_id: order
            for order in snapshot.orders
            if is_ours(order.client_order_id) and order.client_order_id not in claimed
        }
        by_id = {(order.symbol, order.exchange_order_id): order for order in snapshot.orders}
        now = self._context.monotonic()
        for memo in self._memos():
            before = memo.observed_at
            news = memo.works and _compare(memo, by_id, snapshot, now)
            if news and not first:
                self.on_news(memo, before, memo.recheck)
            if news or first:
                self._wake(memo.meta.uid)


def _compare(memo: IntentMemo, by_id: Mapping[OrderKey, VenueOrder], snapshot: OpenOrders, now: float) -> bool:
    """Whether the bulk read says something new about an intent."""
    found = by_id.get((memo.intent.spec.symbol, memo.exchange_order_id))
    if found is not None:
        return memo.see(found, snapshot.started_at, now)
    if memo.order is not None and memo.observed_at >= snapshot.started_at:
        # Acknowledged, or read, after the bulk read began: it says nothing about this order.
        return False
    memo.recheck = memo.order is not None
    return True


def _nobody(memo: IntentMemo, before: float, left: bool) -> None:  # noqa: FBT001 - a fact
    """Nobody wants to know."""
    del memo, before, left
