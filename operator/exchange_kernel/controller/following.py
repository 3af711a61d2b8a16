"""Following the order stream of one account: hints in, reads of single orders out.

A hint wakes the intent that it names, whose order is then read by REST, again and again until the answer is as far as
the hint or the hint is given up. Hints that only say that orders are being filled are many when the market moves: so
many of them lead to reads of their own, the others bring the next bulk read forward. An order that has ended costs one
read either way.

The polls know whether the stream tells everything: what they show first, and the stream does not say within seconds,
it has lost. Such a stream is ended and taken up again.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from exchange_kernel.controller.context import Context
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.core.venue import VenueOrder
from exchange_kernel.core.view import Asked
from exchange_kernel.exchange.hints import Allowance, Hint, HintBook, OrderKey, Pending, caught_up
from exchange_kernel.exchange.port import ExchangeError
from exchange_kernel.exchange.session import AccountSession
from exchange_kernel.exchange.streams import StreamCounters, StreamState, StreamSupervisor, shown

# How long after a poll the stream may still say what the poll has shown.
LAG_SECONDS = 3.0
# Of the time between two searches through all intents, the share that may be spent with searching.
SEARCH_SHARE = 0.05


@dataclass(slots=True)
class _Index:
    """Intents by our id and by the venue's; built anew when a hint names an order that it does not have."""

    memos: Callable[[], Iterable[IntentMemo]]
    clock: Callable[[], float]
    by_name: dict[str, IntentMemo] = field(default_factory=dict)
    by_key: dict[OrderKey, IntentMemo] = field(default_factory=dict)
    next_build: float = 0.0

    def find(self, hint: Hint) -> IntentMemo | None:
        found, started = self._known(hint), self.clock()
        if found is None and started >= self.next_build:
            self._build()
            ended = self.clock()
            self.next_build = ended + (ended - started) / SEARCH_SHARE
            found = self._known(hint)
        return found

    def _known(self, hint: Hint) -> IntentMemo | None:
        memo = self.by_name.get(hint.client_order_id)
        if memo is not None and memo.client_order_id == hint.client_order_id and not memo.gone:
            return memo
        memo = self.by_key.get(hint.key)
        return memo if memo is not None and memo.exchange_order_id == hint.exchange_order_id else None

    def _build(self) -> None:
        memos = tuple(self.memos())
        self.by_name = {memo.client_order_id: memo for memo in memos if memo.client_order_id}
        keys = (memo.order_key for memo in memos)
        self.by_key = {key: memo for key, memo in zip(keys, memos, strict=True) if key[1]}


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A change that a poll has shown and the stream has not said, by `until` at the latest."""

    until: float
    filled: Decimal
    final: bool


class Following:
    """The stream of one account, if it has one.

    Args:
        context: Clocks, chance, settings.
        name: Of the account, for the log.
        memos: The intents of the account.
        wake: Has an intent judged again, by uid.
        poll_soon: Brings the next bulk read forward.

    Attributes:
        on_failure: Told of every read that the venue has not answered.
        reads: Reads of single orders that hints have caused.
        missed: Changes that a poll has shown and the stream has not.
    """

    def __init__(
        self,
        context: Context,
        name: str,
        memos: Callable[[], Iterable[IntentMemo]],
        wake: Callable[[str], None],
        poll_soon: Callable[[], None],
    ) -> None:
        self._context, self._name, self._wake, self._poll_soon = context, name, wake, poll_soon
        self._index = _Index(memos, context.monotonic)
        self._book = HintBook()
        self._allowance = Allowance()
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._supervisor: StreamSupervisor | None = None
        self._session: AccountSession | None = None
        self._reading: set[asyncio.Task[None]] = set()
        self._suspects: dict[OrderKey, _Suspect] = {}
        self._shown = StreamState.OFF
        self.on_failure: Callable[[ExchangeError], None] = lambda _: None
        self.counters = StreamCounters()
        self.reads = 0
        self.missed = 0

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self, session: AccountSession) -> None:
        """A session was opened: follow its stream, where it has one."""
        self._session = session
        if not (session.streams and self._context.settings.follows_streams):
            return
        self._supervisor = StreamSupervisor(
            self._name,
            session.listen,
            self.heard,
            self._live,
            self._context.monotonic,
            self._context.chance,
            self.counters,
        )
        self._supervisor.start()

    async def stop(self) -> None:
        """The session is about to be closed."""
        supervisor, self._supervisor = self._supervisor, None
        self._session = None
        for task in self._reading:
            task.cancel()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if supervisor is not None:
            await supervisor.stop()

    # --- what is told of it -------------------------------------------------------------------------------------

    @property
    def state(self) -> StreamState:
        """Whether the stream lives."""
        return StreamState.OFF if self._supervisor is None else self._supervisor.state

    @property
    def said(self) -> StreamState:
        """The same for a status: what comes and goes is not said."""
        if self._supervisor is None:
            self._shown = StreamState.OFF
        else:
            lasts = self._context.monotonic() - self._supervisor.since
            self._shown = shown(self._shown, self._supervisor.state, lasts)
        return self._shown

    @property
    def hints(self) -> int:
        """Events so far."""
        return self._book.heard

    # --- hints --------------------------------------------------------------------------------------------------

    def heard(self, hint: Hint) -> None:
        """An event has arrived; those of one moment are looked at together."""
        self._book.add(hint, self._context.monotonic())
        self._plan(0.0)

    def _live(self) -> None:
        """What happened while the stream was away is shown by a poll, and need not wait for its turn."""
        self._suspects.clear()
        self._poll_soon()

    def _plan(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._look) if seconds > 0 else loop.call_soon(self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._context.monotonic()
        for pending in self._book.due(now):
            self._consider(pending, now)
        due = self._book.next_due()
        if due is not None:
            self._plan(max(0.02, due - now))

    def _consider(self, pending: Pending, now: float) -> None:
        hint = pending.hint
        memo = self._index.find(hint)
        if memo is None:
            # Somebody else's order; or ours, so new that its answer is still on its way, and says the same.
            if hint.is_new:
                self._book.done(hint.key)
            else:
                self._book.later(pending, now, asked=False)
            return
        if _is_answered(memo, hint):
            if self._book.asked(memo.order_key) is pending and memo.heard_at is None:
                # Read, and not said yet: a pass that has ended would have taken it out of the book.
                memo.heard_at = pending.heard_at
            self._book.done(hint.key)
        elif memo.sending:
            self._book.later(pending, now, asked=False)
        else:
            self._ask(memo, hint, now)
            self._book.later(pending, now, asked=True)

    def handled(self, memo: IntentMemo) -> float | None:
        """A pass has ended: when that was heard which it has brought to its end; None when nothing was."""
        heard_at, memo.heard_at = memo.heard_at, None
        pending = self._book.asked(memo.order_key)
        if pending is None or not _is_answered(memo, pending.hint):
            return heard_at
        self._book.done(pending.hint.key)
        return pending.heard_at if heard_at is None else heard_at

    def _ask(self, memo: IntentMemo, hint: Hint, now: float) -> None:
        """Have the order read: by a read of its own, or with all others."""
        if not (hint.final or memo.order is None or self._allowance.take(now)):
            self._poll_soon()
            return
        self.reads += 1
        if hint.final and memo.order is not None and self._session is not None:
            task = asyncio.create_task(self._read_end(memo, hint, self._session))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)
        else:
            self._have_read(memo)

    def _have_read(self, memo: IntentMemo) -> None:
        memo.looked = Asked()
        memo.recheck = memo.order is not None
        self._wake(memo.meta.uid)

    async def _read_end(self, memo: IntentMemo, hint: Hint, session: AccountSession) -> None:
        """An order that has ended is told with its fills: both are read at once, not one after the other.

        As with a bulk read, what is found is merged into the memory; what is not is asked for in the usual way.
        """
        started = self._context.monotonic()
        order, trades = await asyncio.gather(
            session.fetch_order(*hint.key), session.fetch_trades(*hint.key), return_exceptions=True
        )
        for answer in (order, trades):
            if isinstance(answer, ExchangeError):
                self.on_failure(answer)
        if memo.has_replaced(hint.key[1]):
            return
        if not isinstance(order, VenueOrder):
            self._have_read(memo)
            return
        memo.see(order, started, self._context.monotonic())
        if not isinstance(trades, BaseException):
            memo.see_trades(trades)
        self._wake(memo.meta.uid)

    # --- what polls show ----------------------------------------------------------------------------------------

    def polled(self, memo: IntentMemo, *, before: float, final: bool) -> None:
        """A poll has shown something new of an order that was last observed at `before`.

        Args:
            memo: The intent, with the order as it is known now.
            before: Monotonic time of the observation before.
            final: Whether it is not among the open orders any more.
        """
        supervisor = self._supervisor
        since = None if supervisor is None else supervisor.live_since
        if since is None or before < since or memo.order is None:
            return
        key = memo.order.symbol, memo.order.exchange_order_id
        suspect = _Suspect(self._context.monotonic() + LAG_SECONDS, memo.order.filled, final)
        if not self._told(key, suspect):
            self._suspects.setdefault(key, suspect)

    def _told(self, key: OrderKey, suspect: _Suspect) -> bool:
        return self._book.told(key, filled=suspect.filled, final=suspect.final)

    def judge(self) -> None:
        """End a stream that has not said what a poll has shown."""
        now = self._context.monotonic()
        late = {key: suspect for key, suspect in self._suspects.items() if suspect.until <= now}
        lost = [key for key, suspect in late.items() if not self._told(key, suspect)]
        for key in late:
            del self._suspects[key]
        if lost and self._supervisor is not None:
            self.missed += len(lost)
            self._supervisor.renew("it has not told what became of an order")


def _is_answered(memo: IntentMemo, hint: Hint) -> bool:
    """Whether the venue's answers are as far as the hint; of an order that has ended nothing more is read."""
    state = memo.intent.status.state
    return caught_up(memo.order, hint) or (memo.order is None and state is not None and state.is_final)
