"""One operator process: the real `decide` in a small shell that keeps the contract of `core.decision`.

Each method that matters for safety is small and named, so that a mutation can replace it.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from exchange_kernel.api.enums import PlacementOutcome
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.core import amend, fills, receipts
from exchange_kernel.core import decision as d
from exchange_kernel.core.account_facts import AccountFacts
from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import Decision
from exchange_kernel.core.gates import first_stop
from exchange_kernel.core.identity import identity_of
from exchange_kernel.core.outcomes import (
    AmendNotSent,
    AmendOutcome,
    AmendUnknown,
    CreateOutcome,
    NotPlaced,
    OutcomeUnknown,
    Placed,
)
from exchange_kernel.core.requests import AmendRequest, OrderRequest
from exchange_kernel.core.timing import ATTEMPTS
from exchange_kernel.core.venue import Absent, Found, VenueOrder
from exchange_kernel.core.venue import Unknown as NotSeen
from exchange_kernel.core.view import AmendTry, Asked, Backoff, Held, NoReceipt, NotRead, Now, Permit, Reread, View
from support import builders
from support.simulation.model_api import ApiError, ModelApi
from support.simulation.model_venue import ModelVenue
from support.simulation.scheduler import Request, Scheduler, Sleep

API_TIMEOUT = 3.0
VENUE_TIMEOUT = 10.0
POLL = 4.0
MAX_STEPS = 24
FAILURES = Backoff(first=0.25, ceiling=5.0)
Steps = Generator[Any, Any, Any]


@dataclass(slots=True)
class Memory:
    """What a process remembers of one object; a crash loses it."""

    intent: OrderIntent
    journal: Any = field(default_factory=NotRead)
    stale: bool = False  # somebody else wrote the status: they may know a newer receipt
    permit: Permit | None = None
    unsure: Permit | None = None
    sending: bool = False
    outcome: CreateOutcome | None = None
    outcome_of: str = ""
    observed: Any = field(default_factory=NotSeen)
    observed_at: float = 0.0
    recheck: bool = False
    looked: Asked = field(default_factory=Asked)
    canceled: Asked = field(default_factory=Asked)
    traded: Asked = field(default_factory=Asked)
    hold_until: float = 0.0
    final_at: float | None = None
    answered_at: float = -1.0
    amended: AmendTry | None = None
    former: dict[str, Reread] = field(default_factory=dict)
    reread: Asked = field(default_factory=Asked)
    failures: int = 0
    due: float = 0.0

    def see(self, order: Any, started_at: float, now: float) -> None:  # noqa: ANN401
        """An observation of the order."""
        known = self.observed.order if isinstance(self.observed, Found) else None
        if known is not None and known.exchange_order_id != order.exchange_order_id:
            known, self.final_at = None, None
        merged = fills.merge(known, order)
        self.observed, self.observed_at, self.recheck, self.looked = Found(merged), started_at, False, Asked()
        if merged.status.is_final and self.final_at is None:
            self.final_at = now


class PassEnds(Exception):
    """A write failed: nothing is done after it."""


class OperatorShell:
    """One process; a restart is a new one with a new name."""

    def __init__(self, name: str, scheduler: Scheduler, api: ModelApi, venue: ModelVenue, **clock: float) -> None:
        self.name, self.scheduler, self.api, self.venue = name, scheduler, api, venue
        self.alive, self.frozen_until = True, 0.0
        self.waker: Callable[[], None] | None = None
        self.rate, self.offset = clock["rate"], clock["offset"]
        self.skew, self.lead = clock["skew"], clock["lead"]
        self.memories: dict[str, Memory] = {}
        self.before: Callable[[OperatorShell], None] = lambda shell: None
        self.judged: Callable[[View, Decision], None] = lambda view, decision: None
        self.facts: AccountFacts = builders.account()
        self.polled_at: float | None = None
        self.unclaimed: dict[str, VenueOrder] = {}
        self.cached: dict[str, OrderIntent] = {}

    # --- clocks -------------------------------------------------------------------------------------------------

    @property
    def monotonic(self) -> float:
        """This host's monotonic clock."""
        return self.offset + self.rate * self.scheduler.now

    @property
    def wall(self) -> datetime:
        """This host's wall clock."""
        return builders.CREATED + timedelta(seconds=self.scheduler.now + self.skew)

    def before_step(self) -> None:
        """A point at which the process can be killed or stopped."""
        self.before(self)

    # --- the loop -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Read all objects, then run."""
        self.cached = dict(self.api.intents)
        self.scheduler.start(self, self._main())

    def notice(self, intent: OrderIntent, *, gone: bool = False) -> None:
        """A watch event, maybe late; a deletion names the object that has gone, not the one that took its name."""
        if not self.alive:
            return
        name, known = intent.metadata.name, self.cached.get(intent.metadata.name)
        if gone:
            if known is not None and known.metadata.uid == intent.metadata.uid:
                self.cached.pop(name)
        elif known is None or int(known.metadata.resource_version) < int(intent.metadata.resource_version):
            self.cached[name] = intent
        for memory in self.memories.values():
            memory.due = 0.0
        if self.waker is not None:
            self.waker()

    def _main(self) -> Steps:
        while True:
            for intent in list(self.cached.values()):
                memory = self._memory(intent)
                if memory.due <= self.monotonic:
                    wait = yield from self._reconcile(memory)
                    memory.due = self.monotonic + wait
            uids = {intent.metadata.uid for intent in self.cached.values()}
            self.memories = {uid: memory for uid, memory in self.memories.items() if uid in uids}
            if self.polled_at is None or self.monotonic - self.polled_at >= POLL:
                yield from self._poll()
            dues = [memory.due for memory in self.memories.values()]
            next_due = min([*dues, (self.polled_at or self.monotonic) + POLL])
            yield Sleep(max(0.01, next_due - self.monotonic), wakeable=True)

    def _memory(self, intent: OrderIntent) -> Memory:
        uid = intent.metadata.uid
        memory = self.memories.setdefault(uid, Memory(intent))
        if int(intent.metadata.resource_version) > int(memory.intent.metadata.resource_version):
            memory.stale = memory.stale or memory.intent.status != intent.status
            memory.intent = intent
        return memory

    def view(self, memory: Memory) -> View:
        """Everything as one value."""
        return View(
            intent=memory.intent,
            identity=identity_of(memory.intent),
            journal=NotRead(required=True) if memory.stale else memory.journal,
            account=replace(self.facts, polled_at=self.polled_at, unclaimed=self.unclaimed),
            now=Now(self.wall, self.monotonic),
            holder=self.name,
            permit=memory.permit,
            sending=memory.sending,
            outcome=memory.outcome,
            outcome_of=memory.outcome_of,
            observed=memory.observed,
            observed_at=memory.observed_at,
            recheck=memory.recheck,
            looked=memory.looked,
            canceled=memory.canceled,
            traded=memory.traded,
            hold_until=memory.hold_until,
            final_at=memory.final_at,
            answered_at=memory.answered_at,
            amended=memory.amended,
            former=dict(memory.former),
            reread=memory.reread,
        )

    def _reconcile(self, memory: Memory) -> Steps:
        try:
            due = yield from self._pass(memory)
        except PassEnds:
            memory.failures += 1
            return FAILURES.after(memory.failures)
        memory.failures = 0
        return 30.0 if due is None else due

    def _pass(self, memory: Memory) -> Steps:
        for _ in range(MAX_STEPS):
            view = self.view(memory)
            decision = decide(view)
            self.judged(view, decision)
            if decision.record is not None:
                yield from self._record(memory, decision)
            elif decision.actions:
                if not decision.quiet:
                    yield from self._publish(memory, decision.status)
                for action in decision.actions:
                    yield from self._act(memory, action)
            elif (yield from self._publish(memory, decision.status)):
                return decision.requeue_after
        return 5.0

    # --- record -------------------------------------------------------------------------------------------------

    def _record(self, memory: Memory, decision: Decision) -> Steps:
        record = decision.record
        assert record is not None
        permit = self._note_permit(memory, record)
        beside = [self._beside(memory, action) for action in decision.beside]
        requests = [self._write(record), *(request for request, _ in beside)]
        if not decision.quiet and decision.status != memory.intent.status:
            requests.append(self._status_write(memory, decision.status))
        written, *others = yield tuple(requests)
        for (_, finish), answer in zip(beside, others, strict=False):
            finish(answer)
        if not decision.quiet and len(others) > len(beside):
            self._take(memory, others[-1])
        if isinstance(written, ApiError):
            memory.journal = NotRead(required=True)
            if written is ApiError.UNAVAILABLE:
                memory.unsure = permit or memory.unsure
            raise PassEnds
        self._recorded(memory, written, permit)
        if ApiError.CONFLICT in others:
            yield from self._refresh(memory)

    def _note_permit(self, memory: Memory, record: d.Record) -> Permit | None:
        if record.permits is None:
            return None
        memory.outcome = None
        self.turn(memory)
        if memory.unsure is not None and memory.unsure.client_order_id == record.permits:
            return memory.unsure
        return Permit(record.permits, self.permit_clock(), self.facts.send_window)

    def permit_clock(self) -> float:
        """The clock of a permit, read before the record leaves the process."""
        return self.monotonic

    def _write(self, record: d.Record) -> Request:
        write = self.api.create_receipt if isinstance(record, d.CreateReceipt) else self.api.replace_receipt
        return Request(lambda: write(record.receipt), API_TIMEOUT, ApiError.UNAVAILABLE)

    def _recorded(self, memory: Memory, receipt: OrderReceipt, permit: Permit | None) -> None:
        self.hold(memory, receipt, self.monotonic)
        latest = receipts.latest(receipt)
        if latest.outcome is PlacementOutcome.NOT_PLACED:
            pause = memory.outcome.retry_after if isinstance(memory.outcome, NotPlaced) else None
            memory.hold_until = self.monotonic + max(pause or 0.0, ATTEMPTS.after(latest.attempt))
        if latest.outcome is not PlacementOutcome.PENDING:
            memory.outcome, memory.unsure = None, None
        memory.permit = permit

    def turn(self, memory: Memory) -> None:
        """Another placement than before: what is known of the former order is not known of it."""
        memory.looked = memory.canceled = memory.traded = Asked()
        memory.observed, memory.observed_at, memory.recheck, memory.final_at = NotSeen(), 0.0, False, None

    def hold(self, memory: Memory, receipt: OrderReceipt, seen_at: float) -> None:
        """The receipt as the API server has it."""
        known = memory.journal
        gone = None
        latest = receipts.latest(receipt)
        order = memory.observed.order if isinstance(memory.observed, Found) else None
        if order is not None and latest.revision and order.client_order_id != latest.client_order_id:
            self.turn(memory)
        if isinstance(known, Held):
            if known.receipt.metadata.resource_version == receipt.metadata.resource_version:
                seen_at = known.seen_at
            if known.receipt.claimant == receipt.claimant:
                gone = known.claimant_gone
        memory.journal = Held(receipt, seen_at, gone)

    def _beside(self, memory: Memory, action: d.Action) -> tuple[Request, Callable[[Any], None]]:
        if isinstance(action, d.AddFinalizer):
            meta = memory.intent.metadata
            return (
                Request(lambda: self.api.add_finalizer(meta), API_TIMEOUT, ApiError.UNAVAILABLE),
                lambda answer: self._take(memory, answer),
            )
        assert isinstance(action, d.LookUp), "only what changes nothing at the venue runs beside a record"
        return self._look_up(memory, action)

    # --- act ----------------------------------------------------------------------------------------------------

    def _act(self, memory: Memory, action: d.Action) -> Steps:  # noqa: C901 - one arm per action
        match action:
            case d.ReadReceipt():
                yield from self._read_receipt(memory)
            case d.ReadClaimant():
                yield from self._read_claimant(memory, action)
            case d.RemoveFinalizer():
                yield from self._remove_finalizer(memory)
            case d.LookUp() | d.AddFinalizer():
                request, finish = self._beside(memory, action)
                (answer,) = yield (request,)
                finish(answer)
            case d.FetchOrder(_, exchange_id):
                yield from self._fetch(memory, exchange_id)
            case d.FetchTrades(_, exchange_id):
                yield from self._fetch_trades(memory, exchange_id)
            case d.ReadFormer(_, exchange_id):
                yield from self._read_former(memory, exchange_id)
            case d.AmendOrder(change):
                yield from self._amend(memory, change)
            case d.Cancel(_, exchange_id, _):
                memory.canceled = Asked(self.monotonic, memory.canceled.times + 1)
                yield (Request(lambda: self.venue.cancel(exchange_id), VENUE_TIMEOUT, None),)
            case d.Send(request_):
                yield from self._send(memory, request_)
            case _:
                raise AssertionError(f"not expected here: {action}")

    def _read_claimant(self, memory: Memory, action: d.ReadClaimant) -> Steps:
        (found,) = yield (Request(lambda: self.api.get_intent(action.name), API_TIMEOUT, ApiError.UNAVAILABLE),)
        if found is ApiError.UNAVAILABLE:
            raise PassEnds
        gone = isinstance(found, ApiError) or found.metadata.uid != action.uid
        if isinstance(memory.journal, Held):
            memory.journal = replace(memory.journal, claimant_gone=gone)

    def _remove_finalizer(self, memory: Memory) -> Steps:
        meta = memory.intent.metadata
        (answer,) = yield (Request(lambda: self.api.remove_finalizer(meta), API_TIMEOUT, ApiError.UNAVAILABLE),)
        self._take(memory, answer)
        if isinstance(answer, ApiError):
            yield from self._refresh(memory)
            raise PassEnds

    def _read_receipt(self, memory: Memory) -> Steps:
        name = identity_of(memory.intent).receipt_name
        asked_at = self.monotonic
        (found,) = yield (Request(lambda: self.api.get_receipt(name), API_TIMEOUT, ApiError.UNAVAILABLE),)
        if found is ApiError.UNAVAILABLE:
            raise PassEnds
        memory.stale = False
        if found is None:
            memory.journal = NoReceipt()
            return
        self.hold(memory, found, self.seen_clock(found, asked_at))
        latest, unsure = receipts.latest(found), memory.unsure
        if unsure is not None and (latest.client_order_id, latest.holder) == (unsure.client_order_id, self.name):
            memory.permit = unsure if latest.outcome is PlacementOutcome.PENDING else None

    def seen_clock(self, receipt: OrderReceipt, asked_at: float) -> float:
        """When a receipt was first seen: after the answer."""
        return self.monotonic

    def _look_up(self, memory: Memory, action: d.LookUp) -> tuple[Request, Callable[[Any], None]]:
        started, complete = self.monotonic, action.prove_since is not None
        wanted = action.client_order_id

        def finish(answer: Any) -> None:  # noqa: ANN401
            memory.looked = Asked(self.monotonic, memory.looked.times + 1)
            memory.answered_at = memory.answered_at if answer is None else started
            known = isinstance(memory.observed, Found)
            if isinstance(answer, Found):
                memory.see(answer.order, started, self.monotonic)
            elif not known:
                memory.observed = self.failed_look_up(started) if answer is None else answer
                memory.observed_at = started

        def effect() -> object:
            return self.venue.look_up(wanted, complete=complete, started_at=started)

        return Request(effect, VENUE_TIMEOUT, None), finish

    def failed_look_up(self, started_at: float) -> Any:  # noqa: ANN401
        """What a failed look-up says: nothing."""
        return NotSeen()

    def _fetch(self, memory: Memory, exchange_id: str) -> Steps:
        started = self.monotonic
        (found,) = yield (Request(lambda: self.venue.fetch(exchange_id), VENUE_TIMEOUT, False),)
        memory.looked = Asked(self.monotonic, memory.looked.times + 1)
        memory.answered_at = memory.answered_at if found is False else started
        if found is None and not isinstance(memory.observed, Found):
            memory.observed, memory.observed_at = Absent(started, complete=False), started
        elif found:
            memory.see(found, started, self.monotonic)

    def _fetch_trades(self, memory: Memory, exchange_id: str) -> Steps:
        memory.traded = Asked(self.monotonic, memory.traded.times + 1)
        (trades,) = yield (Request(lambda: self.venue.trades(exchange_id), VENUE_TIMEOUT, None),)
        if trades is not None and isinstance(memory.observed, Found):
            order = memory.observed.order
            memory.observed = Found(replace(order, trades=fills.merge_trades(order.trades, trades)))

    def _read_former(self, memory: Memory, exchange_id: str) -> Steps:
        started = self.monotonic
        memory.reread = Asked(started, memory.reread.times + 1)
        (found,) = yield (Request(lambda: self.venue.fetch(exchange_id), VENUE_TIMEOUT, False),)
        if found is False:
            return
        if found is not None:
            (trades,) = yield (Request(lambda: self.venue.trades(exchange_id), VENUE_TIMEOUT, None),)
            if trades is None:
                return
            found = replace(found, trades=trades)
        memory.former[exchange_id] = Reread(found, started)

    def _amend(self, memory: Memory, request: AmendRequest) -> Steps:
        """A change in place: the gate is asked, then one socket write."""
        yield Sleep(self.scheduler.rng.choice((0.0, 0.01)))
        signed_until = self.scheduler.now + builders.R + self.lead
        stop = amend.gate(self.view(memory), request)
        outcome: AmendOutcome = AmendNotSent("GateClosed", stop or "")
        if stop is None:
            lost = AmendUnknown("no answer")
            (outcome,) = yield (Request(lambda: self.venue.amend(request, signed_until), VENUE_TIMEOUT, lost),)
        before = memory.amended
        times = before.times + 1 if before is not None and before.request == request else 1
        memory.amended = AmendTry(request, outcome, self.monotonic, times)

    # --- send ---------------------------------------------------------------------------------------------------

    def _send(self, memory: Memory, request: OrderRequest) -> Steps:
        permit = memory.permit
        assert permit is not None, "Send without a permit"
        memory.sending = True
        self.use_up(memory)
        self.scheduler.start(self, self._sender(memory, request, permit))
        yield Sleep(0.2)

    def use_up(self, memory: Memory) -> None:
        """A permit is for one request."""
        memory.permit, memory.unsure = None, None

    def _sender(self, memory: Memory, request: OrderRequest, permit: Permit) -> Steps:
        yield Sleep(self.scheduler.rng.choice((0.0, 0.01)))  # the queue
        signed_at = self.scheduler.now
        yield Sleep(0.0)
        stop = self.last_gate(memory, permit)
        if stop is not None:
            outcome: CreateOutcome = NotPlaced("GateClosed", stop)
        else:
            yield Sleep(0.0)  # a process can be stopped between the check and the write
            expiry = builders.R + self.lead
            answer = yield (self._wire(request, signed_at + expiry),)
            outcome = self.outcome_of(answer[0])
        memory.sending, memory.outcome, memory.due = False, outcome, 0.0
        memory.outcome_of = request.client_order_id
        if isinstance(outcome, Placed):
            memory.see(outcome.order, self.monotonic, self.monotonic)
        if self.waker is not None:
            self.waker()

    def _wire(self, request: OrderRequest, signed_until: float) -> Request:
        """One socket write. The answer comes when the engine is done, or never."""
        box: list[Any] = []

        def effect() -> object:
            self.venue.create(request, signed_until, box.append)
            return box

        return Request(effect, VENUE_TIMEOUT, [])

    def outcome_of(self, answers: list[Any]) -> CreateOutcome:
        """What the answer proves; no answer proves nothing."""
        return answers[0] if answers else OutcomeUnknown("no answer")

    def last_gate(self, memory: Memory, permit: Permit) -> str | None:
        """Asked between signing and the socket write."""
        if not permit.is_open(self.monotonic):
            return "the send window has closed"
        stop = first_stop(self.view(memory))
        return None if stop is None else stop.message

    # --- say ----------------------------------------------------------------------------------------------------

    def _status_write(self, memory: Memory, status: OrderIntentStatus) -> Request:
        meta = memory.intent.metadata
        return Request(lambda: self.api.patch_status(meta, status), API_TIMEOUT, ApiError.UNAVAILABLE)

    def _publish(self, memory: Memory, status: OrderIntentStatus) -> Steps:
        if status == memory.intent.status:
            return True
        (answer,) = yield (self._status_write(memory, status),)
        self._take(memory, answer)
        if answer is ApiError.CONFLICT:
            yield from self._refresh(memory)
            return False
        if isinstance(answer, ApiError):
            raise PassEnds
        return True

    def _take(self, memory: Memory, answer: Any) -> None:  # noqa: ANN401 - an object or an ApiError
        if isinstance(answer, OrderIntent):
            newer = int(answer.metadata.resource_version) > int(memory.intent.metadata.resource_version)
            if newer and answer.metadata.uid == memory.intent.metadata.uid:
                memory.intent = answer

    def _refresh(self, memory: Memory) -> Steps:
        name = memory.intent.metadata.name
        (found,) = yield (Request(lambda: self.api.get_intent(name), API_TIMEOUT, ApiError.UNAVAILABLE),)
        if found is ApiError.NOT_FOUND or (
            isinstance(found, OrderIntent) and found.metadata.uid != memory.intent.metadata.uid
        ):
            # Whatever the cache still says: this object is gone.
            cached = self.cached.get(name)
            if cached is not None and cached.metadata.uid == memory.intent.metadata.uid:
                self.cached.pop(name)
            raise PassEnds
        self._take(memory, found)

    # --- the bulk read ------------------------------------------------------------------------------------------

    def _poll(self) -> Steps:
        started = self.monotonic
        (read,) = yield (Request(lambda: self.venue.open_orders(started), VENUE_TIMEOUT, None),)
        self.polled_at = started
        if read is None:
            return
        by_id = {order.exchange_order_id: order for order in read.orders}
        claimed = {self._client_order_id(memory) for memory in self.memories.values()}
        self.unclaimed = {order.client_order_id: order for order in read.orders if order.client_order_id not in claimed}
        for memory in self.memories.values():
            held = memory.journal.receipt if isinstance(memory.journal, Held) else None
            latest = receipts.latest(held) if held is not None else None
            if latest is None or latest.outcome is not PlacementOutcome.PLACED:
                continue
            order = by_id.get(latest.exchange_order_id or "")
            if order is not None:
                memory.see(order, started, self.monotonic)
                memory.due = 0.0
            elif isinstance(memory.observed, Found) and not memory.observed.order.status.is_final:
                if started > memory.observed_at:
                    memory.recheck, memory.due = True, 0.0
            else:
                memory.due = 0.0

    @staticmethod
    def _client_order_id(memory: Memory) -> str:
        if isinstance(memory.journal, Held):
            return receipts.latest(memory.journal.receipt).client_order_id
        return memory.intent.status.client_order_id or ""
