"""One run: a world drawn from a seed, two operators, a user, faults for a while, then peace; and what must hold.

Boundaries find bugs that even spreading misses: delays, freezes and the user's acts are drawn from values around the
send window S, the request's expiry R, the margin M and the fence.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from exchange_kernel.api.conditions import ConditionStatus, ConditionType, find_condition
from exchange_kernel.api.enums import AmendPhase, DeletionPolicy, DesiredState, PlacementOutcome, TradingState
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.meta import ANNOTATION_CONFIRM, FINALIZER_CANCEL_ORDER
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import receipts
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.decision import CreateReceipt, Decision, ReplaceReceipt, Send
from exchange_kernel.core.identity import identity_of
from exchange_kernel.core.lineage import place_of
from exchange_kernel.core.requests import AmendChange
from exchange_kernel.core.states import may_follow
from exchange_kernel.core.venue import Unknown, VenueOrder
from exchange_kernel.core.view import Held, View
from support import builders
from support.builders import FENCE, M, R, S
from support.simulation.model_api import Broken, ModelApi
from support.simulation.model_venue import ModelVenue
from support.simulation.operator_shell import OperatorShell
from support.simulation.scheduler import Scheduler

FAULTS = 75.0  # seconds of trouble
PEACE = 130.0  # seconds without: more than two fences
LAST_ACT = 100.0  # later ones would not come to rest before the end
CALM = 30.0  # in the last seconds nothing is written any more
EDGE = 0.3
BOUNDARIES = (0.1, S - EDGE, S + EDGE, S + R - EDGE, S + R + EDGE, M, FENCE - EDGE, FENCE + EDGE, FENCE + S, 2 * FENCE)
MOST_DECISIONS = 800  # worlds that come to rest take fewer than 200
NAME = "dip"

USER_ACTS = (
    "cancel",
    "delete",
    "recreate",
    "restore",
    "lose",
    "edit",
    "suspend",
    "resume",
    "outside",
    "touch",
    "twin",
    "wipe",
    "amend",
    "amend",
    "amend",
    "halt",
)
# In so many worlds the user changes the order soon after it was placed, and then does something else.
AMENDED = 0.5
AMEND_ACTS = ("amend", "amend", "amend", "cancel", "delete", "halt", "outside", "restore", "lose", "wipe", "suspend")
PRICES = (Decimal(49000), Decimal(50000), Decimal(51000))
QUANTITIES = (Decimal("0.1"), Decimal("0.3"), Decimal("0.5"), Decimal("0.6"))
IN_PLACE = (
    frozenset[AmendChange](),
    frozenset({AmendChange.QUANTITY_DOWN}),
    frozenset({AmendChange.QUANTITY_DOWN, AmendChange.QUANTITY_UP, AmendChange.PRICE}),
)
# What an order may rest in without being what the spec asks for.
UNAMENDED = {Reason.AMEND_NOT_ALLOWED, Reason.AMEND_REFUSED, Reason.BELOW_MINIMUM, Reason.SUSPENDED, Reason.HALTED}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a world is made of; `None` draws it from the seed."""

    crash: float | None = None
    freeze: float | None = None
    lossy: float | None = None
    slow: float | None = None
    acts: tuple[tuple[float, str], ...] | None = None
    venue: dict[str, Any] | None = None


class World:
    """A world and its judge."""

    def __init__(self, seed: int, plan: Plan | None = None, shell: type[OperatorShell] = OperatorShell) -> None:
        plan = plan or Plan()
        self.scheduler = Scheduler(seed)
        self.rng, self.shell = self.scheduler.rng, shell
        pick = self.rng.choice
        self.crash = pick((0.0, 0.0, 0.01, 0.04)) if plan.crash is None else plan.crash
        self.freeze = pick((0.0, 0.0, 0.01, 0.04)) if plan.freeze is None else plan.freeze
        self.scheduler.lossy = pick((0.0, 0.0, 0.05, 0.2)) if plan.lossy is None else plan.lossy
        self.scheduler.slow = pick((0.0, 0.0, 0.05, 0.2)) if plan.slow is None else plan.slow
        self.scheduler.delays = BOUNDARIES
        self.api = ModelApi(self.scheduler)
        self.venue = ModelVenue(self.scheduler, **(plan.venue or self._venue()))
        self.operators: list[OperatorShell] = []
        self.counter: Counter[str] = Counter()
        self.orphaned = self.lost = self.twin = self.wiped = False
        self.released: set[str] = set()
        self.deadline = pick((None, 3600, 3600))
        self.acts = self._acts() if plan.acts is None else plan.acts
        self.restarts = 0
        self.trading = TradingState.ENABLED
        self.edited = False
        self.wishes = {Decimal("0.5")}
        self.revisions: set[int] = set()
        self.api.on_status, self.api.on_release = self._status_written, self._released
        self.venue.on_accept, self.venue.on_amend = self._accepted, self._amended

    def _venue(self) -> dict[str, Any]:
        pick = self.rng.choice
        return {
            "lags": pick(((0.0,), (0.0, 1.0), (0.0, M - EDGE))),
            "remembers": pick((True, True, False)),
            "fills": pick(((None,), (None, 0.0, 3.0), (0.0,), (1.0, 20.0))),
            "refuse": pick((0.0, 0.0, 0.0, 0.3)),
            "limited": pick((0.0, 0.0, 0.3)),
            "deaf": pick((0.0, 0.0, 0.4)),
            "failing": pick((0.0, 0.0, 0.3)),
            "amends": pick((*IN_PLACE, IN_PLACE[0])),
            "stubborn": pick((0.0, 0.0, 0.3)),
            "crossing": pick((0.0, 0.0, 0.5)),
        }

    def _acts(self) -> tuple[tuple[float, str], ...]:
        moments = (0.02, 0.05, 0.1, 0.3, *BOUNDARIES)
        if self.rng.random() < AMENDED:
            count = self.rng.choice((1, 2, 2, 3, 4))
            start = ((0.2, "touch"), (self.rng.choice((0.3, 1.0, 4.0)), "amend"))
            return (*start, *((self.rng.choice(moments), self.rng.choice(AMEND_ACTS)) for _ in range(count)))
        count = self.rng.choice((0, 0, 1, 1, 2, 3, 4))
        return tuple((self.rng.choice(moments), self.rng.choice(USER_ACTS)) for _ in range(count))

    # --- the run ------------------------------------------------------------------------------------------------

    def run(self) -> "World":
        """Trouble, then peace, then the verdict. Raises Broken."""
        for number in range(2):
            self._boot(number)
        spec: dict[str, Any] = {"placement": {"startingDeadlineSeconds": self.deadline}} if self.deadline else {}
        self.spec = {"intentId": "trade-1", **spec}
        made = self.api.create_intent(NAME, **self.spec)
        self.identity = identity_of(made)
        moment = 0.0
        for wait, act in self.acts:
            moment += wait
            if moment > LAST_ACT:
                break
            self.scheduler.after(moment, lambda act=act: self._act(act))  # type: ignore[misc]
        self.scheduler.run(FAULTS)
        self._make_peace()
        self.scheduler.run(FAULTS + PEACE)
        self._human()
        end = FAULTS + (2 * PEACE if self.confirmed else PEACE)
        self.scheduler.run(end)
        if self.last_said > end - CALM:
            raise Broken("the status is still written when nothing changes")
        self._verdict()
        return self

    confirmed = False
    last_said = 0.0

    def _boot(self, number: int) -> None:
        self.restarts += 1
        clock = {
            "rate": self.rng.choice((1.0, 0.9995, 1.0005)),
            "offset": self.rng.choice((0.0, 1000.0, 12345.6)),
            "skew": self.rng.choice((0.0, -20.0, 20.0)),
            "lead": self.rng.choice((0.0, 0.5, 1.0)),
        }
        operator = self.shell(f"op-{number}-{self.restarts}", self.scheduler, self.api, self.venue, **clock)
        operator.before, operator.judged = self._trouble, self._judge
        rules = replace(builders.RULES, amends={"Limit": self.venue.amends})
        operator.facts = replace(operator.facts, trading_state=self.trading, rules=rules)
        if self.rng.random() < 0.1 and self.scheduler.now < FAULTS:
            self._outage(operator)
        if len(self.operators) > number:
            self.operators[number] = operator
        else:
            self.operators.append(operator)
            self.api.watchers.append(lambda intent, gone, n=number: self._watch(n, intent, gone))  # type: ignore[misc]
        operator.start()

    def _outage(self, operator: OperatorShell) -> None:
        ready = operator.facts
        operator.facts = replace(ready, problem=Problem("VenueUnreachable", "no answer"))

        def over() -> None:
            operator.facts = replace(ready, trading_state=self.trading)
            for memory in operator.memories.values():
                memory.due = 0.0

        self.scheduler.after(self.rng.choice((1.0, 10.0, 40.0)), over)

    def _watch(self, number: int, intent: OrderIntent, gone: bool) -> None:
        operator = self.operators[number]
        delay = (
            self.rng.choice(BOUNDARIES) if self.scheduler.chance(self.scheduler.slow) else self.rng.uniform(0.0, 0.05)
        )
        self.scheduler.after(delay, lambda: operator.notice(intent, gone=gone))

    def _trouble(self, operator: OperatorShell) -> None:
        if self.scheduler.now >= FAULTS:
            return
        if self.scheduler.chance(self.crash):
            operator.alive = False
            number = self.operators.index(operator)
            self.scheduler.after(self.rng.choice((0.5, *BOUNDARIES)), lambda: self._boot(number))
        elif self.scheduler.chance(self.freeze):
            operator.frozen_until = self.scheduler.now + self.rng.choice(BOUNDARIES)

    def _make_peace(self) -> None:
        self.scheduler.lossy = self.scheduler.slow = 0.0
        self.venue.deaf = self.venue.failing = self.venue.limited = 0.0
        self._trade(TradingState.ENABLED)
        for operator in self.operators:
            operator.cached = dict(self.api.intents)
            for memory in operator.memories.values():
                memory.due = 0.0

    # --- the user -----------------------------------------------------------------------------------------------

    def _act(self, act: str) -> None:
        intent = self.api.intents.get(NAME)
        if intent is None and act != "recreate":
            return
        self.counter[act] += 1
        do: dict[str, Callable[[OrderIntent], None]] = {
            "cancel": lambda intent: self.api.edit(NAME, desired_state=DesiredState.CANCELED),
            "delete": lambda intent: self.api.delete_intent(NAME),
            "restore": self._restore,
            "lose": self._lose,
            "edit": lambda intent: self._edit(quantity=Decimal("0.4")),
            "amend": self._amend,
            "halt": self._halt,
            "suspend": lambda intent: self.api.edit(NAME, suspend=True),
            "resume": lambda intent: self.api.edit(NAME, suspend=False),
            "outside": self._outside,
            "touch": lambda intent: self.api.annotate(NAME, "example.org/note", self.api.version()),
            "twin": self._twin,
            "wipe": self._wipe,
            "orphan": lambda intent: self.api.edit(NAME, deletion_policy=DeletionPolicy.ORPHAN),
        }
        if act == "recreate":
            self._recreate(intent)
        elif intent is not None:
            do[act](intent)

    def _edit(self, **spec: Any) -> None:  # noqa: ANN401 - fields of the spec
        self.edited = True
        self.wishes.add(spec.get("quantity", Decimal("0.5")))
        self.api.edit(NAME, **spec)

    def _amend(self, intent: OrderIntent) -> None:
        """Another quantity, another price, or both."""
        quantity, price = self.rng.choice(QUANTITIES), self.rng.choice(PRICES)
        changes = self.rng.choice(({"quantity": quantity}, {"price": price}, {"quantity": quantity, "price": price}))
        self._edit(**changes)

    def _halt(self, intent: OrderIntent) -> None:
        self._trade(TradingState.HALTED)
        self.scheduler.after(self.rng.choice(BOUNDARIES), lambda: self._trade(TradingState.ENABLED))

    def _trade(self, state: TradingState) -> None:
        """The account's tradingState, as all operators see it."""
        self.trading = state
        for operator in self.operators:
            operator.facts = replace(operator.facts, trading_state=state)
            for memory in operator.memories.values():
                memory.due = 0.0

    def _recreate(self, intent: OrderIntent | None) -> None:
        """Delete and apply again, as soon as the object is gone. After a lost receipt only a restore is covered."""
        if self.lost:
            return
        if intent is None:
            self.api.create_intent(NAME, **self.spec)
            return
        self.api.delete_intent(NAME)
        if NAME in self.api.intents:
            self.scheduler.after(1.0, lambda: self._recreate_when_gone(200))
        else:
            self.api.create_intent(NAME, **self.spec)

    def _recreate_when_gone(self, tries: int) -> None:
        if NAME not in self.api.intents and not self.lost:
            self.api.create_intent(NAME, **self.spec)
        elif tries and self.scheduler.now < FAULTS:
            self.scheduler.after(1.0, lambda: self._recreate_when_gone(tries - 1))

    def _restore(self, intent: OrderIntent) -> None:
        """A backup puts the object back: another uid, finalizers and annotations as they were, no status."""
        self.api.drop(NAME)
        self.api.create_intent(NAME, like=intent, **self.spec)

    def _lose(self, intent: OrderIntent) -> None:
        """A hand in the journal; not within the blink in which an operator has not seen the finalizer yet."""
        seen = all(
            FINALIZER_CANCEL_ORDER in operator.cached[NAME].metadata.finalizers
            for operator in self.operators
            if NAME in operator.cached
        )
        memories = [m for operator in self.operators for m in operator.memories.values()]
        if (
            seen
            and FINALIZER_CANCEL_ORDER in intent.metadata.finalizers
            and all(FINALIZER_CANCEL_ORDER in m.intent.metadata.finalizers for m in memories)
            and not self.twin
        ):
            self.lost = True
            self.api.receipts.pop(identity_of(intent).receipt_name, None)

    def _wipe(self, intent: OrderIntent) -> None:
        """Object and journal are lost together; later the manifest is applied to what looks like a new cluster."""
        receipt = self.api.receipts.get(identity_of(intent).receipt_name)
        first = receipt is None or any((p.revision, p.attempt) == (0, 1) for p in receipt.placements)
        first = first and (receipt is None or not any((p.revision, p.attempt) == (0, 2) for p in receipt.placements))
        if self.lost or self.twin or not first or not self.venue.remembers or self.scheduler.now > FAULTS:
            return
        self.lost = self.wiped = True
        self.api.drop(NAME)
        self.api.receipts.clear()
        self.scheduler.after(FENCE + 2 * S, lambda: self.api.create_intent(NAME, **self.spec))

    def _outside(self, intent: OrderIntent) -> None:
        for order in self.venue.live:
            for entry in self.venue.entries:
                if entry.order is order:
                    entry.order = replace(order, status=builders.VenueStatus.CANCELED, raw_status="CANCELED")

    def _twin(self, intent: OrderIntent) -> None:
        if "twin" not in self.api.intents and not self.lost:
            self.twin = True
            self.api.create_intent("twin", **self.spec)

    def _human(self) -> None:
        """A human looks at the venue and confirms what is asked for, when nothing is there."""
        intent = self.api.intents.get(NAME)
        if intent is None or _ready_reason(intent) != Reason.CONFIRMATION_REQUIRED or self.venue.accepted:
            return
        receipt = self.api.receipts.get(identity_of(intent).receipt_name)
        if receipt is None:
            return
        self.confirmed = True
        wanted = receipts.next_confirmation(identity_of(intent), receipts.latest(receipt))
        self.api.annotate(NAME, ANNOTATION_CONFIRM, wanted)

    # --- what must hold at every moment -------------------------------------------------------------------------

    def _accepted(self, order: VenueOrder) -> None:
        place = place_of(self.identity, order.client_order_id)
        if place is None or place[0] in self.revisions:
            raise Broken(f"a second order of one revision was accepted: {order.client_order_id} {place}")
        self.revisions.add(place[0])
        if self.venue.live:
            raise Broken("an order was accepted while another one works")
        if place[0] and not self.edited:
            raise Broken("an order was replaced, and nobody has asked for that")
        self._permitted(order, place[0])
        self._total(order)
        if self.released and not self.api.intents and not self.orphaned:
            raise Broken("an order was accepted after its object was released")

    def _permitted(self, order: VenueOrder, revision: int) -> None:
        """No create without its record; for a replacement that of the amend, too."""
        receipt = self.api.receipts.get(self.identity.receipt_name)
        if receipt is None:
            if not self.lost:
                raise Broken("an order was accepted, and there is no receipt")
            return
        known = {p.client_order_id: p for p in receipt.placements}
        placement = known.get(order.client_order_id)
        if placement is None or placement.outcome is not PlacementOutcome.PENDING:
            raise Broken("an order was accepted that no record permits")
        creating = receipt.amend is not None and receipt.amend.phase is AmendPhase.CREATING
        if revision and not (creating or self.lost):
            raise Broken("a replacement was accepted without the record of its amend")

    def _amended(self, order: VenueOrder) -> None:
        self.counter["amended in place"] += 1
        self._total(order)

    def _total(self, order: VenueOrder) -> None:
        """What was filled, as far as anybody could know, and what the order can fill is never more than was wished."""
        others = [e for e in self.venue.entries if e.order.exchange_order_id != order.exchange_order_id]
        most = sum((e.order.filled - e.late for e in others), Decimal(0)) + (order.quantity or 0)
        if most > max(self.wishes):
            raise Broken(f"{most} could be filled, and at most {max(self.wishes)} was wished")

    def _status_written(self, intent: OrderIntent, status: OrderIntentStatus) -> None:
        before = intent.status
        self.last_said = self.scheduler.now
        self.counter[f"state {status.state}"] += 1
        if status.state is None or not may_follow(before.state, status.state):
            raise Broken(f"{before.state} is followed by {status.state}")
        if (before.filled_quantity or 0) > (status.filled_quantity or 0):
            raise Broken("filled has fallen")
        owner = self.api.receipts.get(identity_of(intent).receipt_name)
        owns = owner is None or owner.claimant.uid == intent.metadata.uid
        if status.state.is_final and owns and self.venue.live:
            raise Broken(f"{status.state} is said while an order works")

    def _released(self, intent: OrderIntent) -> None:
        if intent.spec.deletion_policy is DeletionPolicy.ORPHAN:
            self.orphaned = True
            return
        self.released.add(intent.metadata.uid)
        receipt = self.api.receipts.get(identity_of(intent).receipt_name)
        owns = receipt is None or receipt.claimant.uid == intent.metadata.uid
        if owns and self.venue.live:
            raise Broken("the finalizer goes while an order works")

    def _judge(self, view: View, decision: Decision) -> None:
        self.counter["decisions"] += 1
        if self.counter["decisions"] > MOST_DECISIONS:
            raise Broken("decisions follow each other without an end")
        latest = receipts.latest(view.journal.receipt) if isinstance(view.journal, Held) else None
        for action in decision.actions:
            if isinstance(action, Send):
                _judge_send(view, action)
        record = decision.record
        if (
            record is not None
            and record.permits is not None
            and isinstance(view.observed, Unknown)
            and latest is not None
        ):
            open_question = latest.outcome is PlacementOutcome.PENDING
            if open_question:
                raise Broken("a placement is recorded while the last one is unknown")
        if isinstance(record, ReplaceReceipt) and isinstance(view.journal, Held):
            problems = (*view.journal.receipt.change_problems(record.receipt), *record.receipt.problems())
            if problems:
                raise Broken(f"forbidden change of the receipt: {problems}")
        if isinstance(record, CreateReceipt) and isinstance(view.journal, Held):
            raise Broken("a receipt is created beside one")
        if latest is not None and latest.outcome is PlacementOutcome.PENDING and record is None:
            _judge_doubt(view, decision)

    # --- what must hold in the end ------------------------------------------------------------------------------

    def _verdict(self) -> None:
        receipt = next(iter(self.api.receipts.values()), None)
        owner = None
        for intent in self.api.intents.values():
            _judge_conditions(intent)
            if receipt is not None and receipt.claimant.uid == intent.metadata.uid:
                owner = intent
        # After a wipe an object can come and go before any operator has seen it: then nothing names the order.
        known = not (self.orphaned or self.wiped)
        if owner is None and self.venue.live and known and not self.api.intents:
            raise Broken("an order works that nobody asks for")
        for intent in self.api.intents.values():
            self._judge_end(intent, owns=intent is owner)

    def _judge_end(self, intent: OrderIntent, *, owns: bool) -> None:
        state, reason = intent.status.state, _ready_reason(intent)
        if intent.metadata.deleting:
            raise Broken(f"the object does not go: {state} {reason} {intent.status.message}")
        if state in {None, State.SUBMITTING, State.UNKNOWN}:
            raise Broken(f"no end is found: {state} {reason} {intent.status.message}")
        waits = {Reason.SUSPENDED, Reason.CONFIRMATION_REQUIRED}
        if state is State.PENDING and reason not in waits:
            raise Broken(f"an order is lost: {reason} {intent.status.message}")
        live = state is not None and state.is_live
        # Look at the venue, says the message: an order of a later attempt can only be found by a human.
        explained = reason in {Reason.ORDER_VANISHED, Reason.CONFIRMATION_REQUIRED}
        if owns and live and len(self.venue.live) != 1 and not explained:
            raise Broken(f"{state} is said, and {len(self.venue.live)} orders work")
        if owns and not live and not explained and self.venue.live:
            raise Broken(f"{state} is said, and an order works")
        if intent.spec.desired_state is DesiredState.CANCELED and live:
            raise Broken("a canceled order works")
        if owns and not (self.lost or explained):
            self._judge_fills(intent)
            if live:
                self._judge_values(intent)
        self.counter[f"end {state}"] += 1

    def _judge_fills(self, intent: OrderIntent) -> None:
        """The venue and the status tell of the same fills, over all orders of the intent."""
        orders = [entry.order for entry in self.venue.entries]
        filled, said = sum((order.filled for order in orders), Decimal(0)), intent.status.filled_quantity or 0
        if filled != said:
            raise Broken(f"{filled} was filled, {said} is said ({intent.status.state})")
        trades = sum(len(order.trades or ()) for order in orders)
        if intent.status.settled and filled and trades != intent.status.trade_count:
            raise Broken(f"{trades} fills, {intent.status.trade_count} are said")
        fees = sum((fee.amount for fee in intent.status.fees), Decimal(0))
        if intent.status.settled and fees != trades:
            raise Broken(f"fees of {trades} were paid, {fees} is said")

    def _judge_values(self, intent: OrderIntent) -> None:
        """The order that works is what the spec asks for, or the status says why not."""
        synced = find_condition(intent.status.conditions, ConditionType.SYNCED)
        if synced is None or synced.status is not ConditionStatus.TRUE:
            if synced is None or synced.reason not in UNAMENDED:
                raise Broken(f"an amend was lost: {synced}")
            return
        (order,) = self.venue.live
        others = sum((e.order.filled for e in self.venue.entries if e.order is not order), Decimal(0))
        if (others + (order.quantity or 0), order.price) != (intent.spec.quantity, intent.spec.price):
            raise Broken(f"{others} + {order.quantity} at {order.price} is not what the spec asks for")
        self.counter["replaced"] += len(self.revisions) > 1


def _judge_send(view: View, action: Send) -> None:
    if view.permit is None or view.permit.client_order_id != action.request.client_order_id:
        raise Broken("Send without its permit")
    if not isinstance(view.journal, Held) or isinstance(view.observed, Unknown):
        raise Broken("Send without a record or a look-up")


def _judge_doubt(view: View, decision: Decision) -> None:
    """While a placement is unknown the status says Submitting or Unknown, or keeps what it said before."""
    said, before = decision.status, view.intent.status
    owns = isinstance(view.journal, Held) and view.journal.receipt.claimant.uid == view.intent.metadata.uid
    if owns and said.state not in {before.state, State.SUBMITTING, State.UNKNOWN}:
        raise Broken(f"{said.state} is said while the outcome is unknown")


def _judge_conditions(intent: OrderIntent) -> None:
    stalled = find_condition(intent.status.conditions, ConditionType.STALLED)
    reconciling = find_condition(intent.status.conditions, ConditionType.RECONCILING)
    if stalled is not None and reconciling is not None:
        raise Broken("Stalled and Reconciling")


def _ready_reason(intent: OrderIntent) -> str:
    ready = find_condition(intent.status.conditions, ConditionType.READY)
    return ready.reason if ready is not None else ""


def simulate(seed: int, plan: Plan | None = None, shell: type[OperatorShell] = OperatorShell) -> World:
    """Run one world. Raises Broken, with the seed in its notes."""
    try:
        return World(seed, plan, shell).run()
    except Exception as error:
        error.add_note(f"seed {seed}")
        raise
