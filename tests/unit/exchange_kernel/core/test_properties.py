"""What holds for every view, whatever the journal, the venue and the user say.

A longer search by hand: `PROPERTY_EXAMPLES=2000` and pytest on this file.
"""

import json
import os
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.api.conditions import ConditionStatus, ConditionType, find_condition
from exchange_kernel.api.enums import AmendPhase, TradingState
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.meta import ANNOTATION_CONFIRM
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.api.receipt_parts import AmendRecord, AmendTarget, FillSum, FinalRecord
from exchange_kernel.core import receipts, report
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import CreateReceipt, ReplaceReceipt, Send
from exchange_kernel.core.outcomes import DuplicateId, NotPlaced, OutcomeUnknown, Placed, Refused
from exchange_kernel.core.requests import AmendChange
from exchange_kernel.core.states import may_follow
from exchange_kernel.core.venue import Absent, Found, Unknown, VenueStatus
from exchange_kernel.core.view import Asked, Held, NoReceipt, NotRead, Permit, View
from support import builders
from support.builders import FENCE, MONOTONIC, OTHER, account, held, intent, order, permit, placement, said, view

bounded = settings(
    max_examples=int(os.environ.get("PROPERTY_EXAMPLES", "30")), derandomize=True, deadline=None, database=None
)
ID, SECOND = placement().client_order_id, placement(attempt=2).client_order_id
TIMES = st.sampled_from([MONOTONIC, MONOTONIC - 0.1, MONOTONIC - 5.0, MONOTONIC - FENCE, MONOTONIC - FENCE - 100])


@st.composite
def orders(draw: st.DrawFn) -> Any:  # noqa: ANN401
    status = draw(st.sampled_from(VenueStatus))
    filled = "0.5" if status is VenueStatus.FILLED else draw(st.sampled_from(["0", "0.1", "0.3"]))
    known = draw(st.booleans())
    made = order(status, filled, client_order_id=draw(st.sampled_from([ID, SECOND, ""])))
    return made if known else replace(made, trades=None)


@st.composite
def observations(draw: st.DrawFn) -> Any:  # noqa: ANN401
    kind = draw(st.sampled_from(["unknown", "absent", "found"]))
    if kind == "unknown":
        return Unknown("ReadError", "time-out")
    return Absent(draw(TIMES), draw(st.booleans())) if kind == "absent" else Found(draw(orders()))


@st.composite
def statuses(draw: st.DrawFn) -> Any:  # noqa: ANN401
    state = draw(st.sampled_from([None, *State]))
    traces = draw(st.booleans())
    return said(
        state,
        client_order_id=ID if traces else None,
        filled_quantity=draw(st.sampled_from([None, Decimal(0), Decimal("0.2")])),
        settled=state is not None and state.is_final and draw(st.booleans()),
    )


@st.composite
def intents(draw: st.DrawFn) -> OrderIntent:
    confirm = draw(st.sampled_from([{}, {ANNOTATION_CONFIRM: f"{SECOND}/2"}, {ANNOTATION_CONFIRM: f"{ID}/1"}]))
    spec: dict[str, Any] = draw(
        st.sampled_from(
            [
                {},
                {"desiredState": "Canceled"},
                {"suspend": True},
                {"deletionPolicy": "Orphan"},
                {"placement": {"policy": "AdoptOnly"}},
                {"placement": {"policy": "CreateOnly", "submitBefore": "2030-01-01T12:01:00Z"}},
                {"quantity": "0.123456789"},
                {"symbol": "NO/SUCH"},
            ]
        )
    )
    return intent(
        held=draw(st.booleans()),
        deleting=draw(st.booleans()),
        status=draw(statuses()),
        annotations=confirm,
        generation=draw(st.sampled_from([1, 2])),
        **spec,
    )


@st.composite
def journals(draw: st.DrawFn, wished: OrderIntent) -> Any:  # noqa: ANN401
    kind = draw(st.sampled_from(["not-read", "none", "held", "held", "held", "held"]))
    if kind == "not-read":
        return NotRead(required=draw(st.booleans()))
    if kind == "none":
        return NoReceipt()
    outcome, attempt = draw(st.sampled_from(Outcome)), draw(st.sampled_from([1, 2]))
    reasons = [None, receipts.RECEIPT_LOST, receipts.INTERRUPTED_START, "RateLimited"]
    last = placement(
        outcome,
        attempt=attempt,
        holder=draw(st.sampled_from([builders.ME, OTHER])),
        reason=draw(st.sampled_from(reasons)),
        expiry=draw(st.sampled_from([builders.R, builders.R, None])),
    )
    earlier = (placement(Outcome.NOT_PLACED),) if attempt == 2 else ()
    claimed = draw(st.sampled_from([wished, wished, wished, intent(uid="uid-0")]))
    made = held(*earlier, last, of=claimed, seen_at=draw(TIMES), gone=draw(st.sampled_from([None, True, False])))
    ended = outcome in {Outcome.NOT_PLACED, Outcome.ABSENT} and draw(st.booleans())
    if not ended:
        return made
    final = FinalRecord(state=State.CANCELED, filled_quantity=Decimal(0), at=builders.WALL)
    return replace(made, receipt=receipts._updated(made.receipt, final=final))


@st.composite
def views(draw: st.DrawFn) -> View:
    wished = draw(intents())
    facts = draw(
        st.sampled_from(
            [
                account(),
                account(polled_at=MONOTONIC),
                account(problem=Problem("VenueUnreachable", "no answer"), contact=False),
                account(journal_problem=Problem("JournalForeign", "take it over")),
                account(venue_account_id="another"),
                account(venue_account_id="", problem=Problem("Connecting", "wait"), rules=None, markets={}),
                account(exists=False, rules=None, markets={}, venue_account_id=""),
            ]
        )
    )
    outcomes = [None, None, OutcomeUnknown(""), DuplicateId(""), NotPlaced("RateLimited", ""), Refused("-1", "no")]
    return view(
        wished,
        journal=draw(journals(wished)),
        account=facts,
        observed=draw(observations()),
        observed_at=draw(TIMES),
        permit=draw(st.sampled_from([None, permit(), permit(2), permit(age=builders.S)])),
        sending=draw(st.booleans()) and draw(st.booleans()),
        outcome=draw(st.sampled_from([*outcomes, Placed(order())])),
        recheck=draw(st.booleans()),
        looked=draw(st.sampled_from([Asked(), Asked(MONOTONIC, 1), Asked(MONOTONIC - 60, 9)])),
        canceled=draw(st.sampled_from([Asked(), Asked(MONOTONIC, 1)])),
        final_at=draw(st.sampled_from([None, 0.0, MONOTONIC])),
        wall=draw(st.sampled_from([builders.WALL, builders.WALL + timedelta(hours=1)])),
    )


SMALLER, SAME, LARGER = "0.4", "0.5", "0.6"
NEXT = placement(revision=1).client_order_id


@st.composite
def amends(draw: st.DrawFn, wished: OrderIntent) -> tuple[Any, Any]:
    """A journal in the midst of an amend, or after one, and what the venue says of the present order."""
    phase = draw(st.sampled_from([None, AmendPhase.CANCELING, AmendPhase.CANCELING, AmendPhase.CREATING]))
    filled = draw(st.sampled_from(["0", "0.1", "0.3", "0.4"]))
    target = AmendTarget(quantity=Decimal(draw(st.sampled_from([SMALLER, LARGER]))), price=Decimal(50000))
    record = None if phase is None else AmendRecord(revision=1, phase=phase, target=target, started_at=builders.WALL)
    first = placement(Outcome.PLACED)
    status = draw(st.sampled_from([*VenueStatus, *[VenueStatus.CANCELED] * 6]))
    whole = status is VenueStatus.FILLED
    if phase is AmendPhase.CANCELING or (phase is None and draw(st.booleans())):
        present = order(status, "0.5" if whole else filled)
        placements: tuple[Any, ...] = (first,)
    else:
        sums = FillSum(quantity=Decimal(filled), cost=Decimal(filled) * 50000)
        settled = draw(st.booleans())
        first = first.model_copy(update={"closed": True, "filled": sums, "settled": settled})
        rest = Decimal(SAME) - Decimal(filled)
        outcome = Outcome.PLACED if phase is None else draw(st.sampled_from([Outcome.PENDING, Outcome.NOT_PLACED]))
        holder = draw(st.sampled_from([builders.ME, OTHER]))
        second = placement(outcome, revision=1, quantity=rest, holder=holder, exchange_order_id="1002")
        present = order(status, str(rest) if whole else "0", client_order_id=NEXT, exchange_order_id="1002")
        present = replace(present, quantity=rest)
        placements = (first, second)
    found = [*[Found(present)] * 5, Found(replace(present, trades=None))]
    seen = draw(st.sampled_from([*found, Absent(MONOTONIC, complete=False), Unknown()]))
    return held(*placements, of=wished, seen_at=draw(TIMES), amend=record), seen


@st.composite
def amended(draw: st.DrawFn) -> View:
    """A view of an order that was changed, is being changed, or is to be changed."""
    odd = [{"amendPolicy": "Never"}, {"amendPolicy": "InPlaceOnly"}, {"suspend": True}, {"desiredState": "Canceled"}]
    spec: dict[str, Any] = draw(st.sampled_from([*[{}] * 8, *odd]))
    spec = {**spec, "quantity": draw(st.sampled_from([SMALLER, SAME, LARGER]))}
    spec = {**spec, "price": draw(st.sampled_from(["50000", "49000"]))}
    wished = intent(
        held=draw(st.sampled_from([True, True, False])),
        deleting=draw(st.sampled_from([False, False, False, True])),
        status=said(State.OPEN, client_order_id=ID, exchange_order_id="1001"),
        **spec,
    )
    journal, seen = draw(amends(wished))
    able = draw(st.sampled_from([frozenset[AmendChange](), frozenset(AmendChange)]))
    rules = replace(builders.RULES, amends={"Limit": able})
    state = draw(st.sampled_from([*[TradingState.ENABLED] * 3, TradingState.HALTED]))
    last = receipts.latest(journal.receipt)
    may_send = Permit(last.client_order_id, MONOTONIC - 0.1, builders.S)
    return view(
        wished,
        journal=journal,
        account=account(rules=rules, trading_state=state, polled_at=MONOTONIC),
        observed=seen,
        observed_at=MONOTONIC,
        permit=may_send if draw(st.booleans()) else None,
        looked=draw(st.sampled_from([Asked(), Asked(MONOTONIC - 60, 9)])),
        canceled=draw(st.sampled_from([Asked(), Asked(MONOTONIC, 1)])),
        outcome_of=last.client_order_id,
    )


@bounded
@given(amended())
def test_a_replacement_is_recorded_only_beside_the_end_of_the_order_before_it(one: View) -> None:
    record = decide(one).record
    if record is None or record.permits is None:
        return
    assert isinstance(one.journal, Held)
    before, after = one.journal.receipt, record.receipt
    assert before.amend is not None, "only the record of an amend permits a replacement"
    assert after.amend is not None
    assert after.amend.phase is AmendPhase.CREATING
    latest = receipts.latest(after)
    assert (latest.revision, latest.outcome, latest.holder) == (1, Outcome.PENDING, one.holder)
    assert all(each.closed for each in after.placements if each.revision == 0)
    assert not report.unwanted(one)
    assert one.account.trading_state is TradingState.ENABLED


@st.composite
def canceled_to_be_replaced(draw: st.DrawFn) -> View:
    """The old order's end and fills were read back, and nothing stands against a new one."""
    quantity, price = draw(st.sampled_from([SMALLER, SAME, LARGER])), draw(st.sampled_from(["50000", "49000"]))
    known = said(State.OPEN, client_order_id=ID, exchange_order_id="1001")
    wished = intent(held=True, status=known, quantity=quantity, price=price)
    target = AmendTarget(quantity=Decimal(draw(st.sampled_from([SMALLER, LARGER]))), price=Decimal(50000))
    record = AmendRecord(revision=1, phase=AmendPhase.CANCELING, target=target, started_at=builders.WALL)
    filled = Decimal(draw(st.integers(0, 50_000))) / 100_000
    return view(
        wished,
        journal=held(placement(Outcome.PLACED), of=wished, seen_at=draw(TIMES), amend=record),
        account=account(polled_at=MONOTONIC),
        observed=Found(order(VenueStatus.CANCELED, str(filled))),
        observed_at=MONOTONIC,
    )


@bounded
@given(canceled_to_be_replaced())
def test_what_is_left_of_the_newest_wish_is_placed_and_nothing_else(one: View) -> None:
    record = decide(one).record
    assert record is not None
    assert isinstance(one.observed, Found)
    new = receipts.latest(record.receipt)
    left = (one.intent.spec.quantity or 0) - one.observed.order.filled
    tradable = left * (one.intent.spec.price or 0) >= 5
    assert (record.permits is not None) == tradable
    if tradable:
        assert (new.revision, new.quantity, new.price) == (1, left, one.intent.spec.price)
    else:
        assert record.receipt.amend is None


@bounded
@given(amended())
def test_no_request_is_sent_and_none_recorded_while_the_old_order_may_work(one: View) -> None:
    decision = decide(one)
    assert isinstance(one.journal, Held)
    last = receipts.latest(one.journal.receipt)
    works = isinstance(one.observed, Found) and not one.observed.order.status.is_final
    doubt = not isinstance(one.observed, Found)
    if last.outcome is Outcome.PLACED and (works or doubt):
        assert decision.record is None or decision.record.permits is None
        assert not any(isinstance(action, Send) for action in decision.actions)


@bounded
@given(amended())
def test_an_amend_is_recorded_as_the_rules_of_receipts_allow_and_says_no_end_too_early(one: View) -> None:
    decision = decide(one)
    assert isinstance(one.journal, Held)
    if decision.record is not None:
        assert decision.record.receipt.problems() == ()
        assert one.journal.receipt.change_problems(decision.record.receipt) == ()
    works = isinstance(one.observed, Found) and not one.observed.order.status.is_final
    after = decision.status.state
    assert not (works and after is not None and after.is_final)
    assert decide(one) == decision


@bounded
@given(views())
def test_a_request_needs_an_open_permit_for_the_latest_placement(one: View) -> None:
    for action in decide(one).actions:
        if isinstance(action, Send):
            assert isinstance(one.journal, Held)
            latest = receipts.latest(one.journal.receipt)
            assert latest.outcome is Outcome.PENDING
            assert latest.holder == one.holder
            assert one.permit is not None
            assert one.permit.is_open(one.now.monotonic)
            assert one.permit.client_order_id == latest.client_order_id == action.request.client_order_id


@bounded
@given(views())
def test_unknown_leads_to_no_request_and_to_no_next_attempt(one: View) -> None:
    doubtful = replace(one, observed=Unknown(), outcome=None)
    decision = decide(doubtful)

    looked_up = doubtful.intent.spec.placement.policy != "CreateOnly"
    assert not (looked_up and any(isinstance(action, Send) for action in decision.actions))
    pending = isinstance(one.journal, Held) and receipts.latest(one.journal.receipt).outcome is Outcome.PENDING
    assert not (pending and decision.record is not None and decision.record.permits)


@bounded
@given(views())
def test_a_placement_is_recorded_only_after_nothing_or_a_proof(one: View) -> None:
    decision = decide(one)
    if decision.record is None or decision.record.permits is None:
        return
    new = receipts.latest(decision.record.receipt)
    assert (new.outcome, new.holder, new.client_order_id) == (Outcome.PENDING, one.holder, decision.record.permits)
    if isinstance(decision.record, ReplaceReceipt):
        assert isinstance(one.journal, Held)
        before = receipts.latest(one.journal.receipt)
        closed = next(p for p in decision.record.receipt.placements if p.client_order_id == before.client_order_id)
        assert closed.outcome in {Outcome.NOT_PLACED, Outcome.ABSENT}
        assert new.attempt == before.attempt + 1
    else:
        assert not isinstance(one.journal, Held)


@bounded
@given(views())
def test_a_receipt_changes_only_as_its_kind_allows(one: View) -> None:
    record = decide(one).record
    if record is not None:
        assert record.receipt.problems() == ()
    if isinstance(record, ReplaceReceipt):
        assert isinstance(one.journal, Held)
        assert one.journal.receipt.change_problems(record.receipt) == ()
    if isinstance(record, CreateReceipt):
        assert not isinstance(one.journal, Held)


@bounded
@given(views())
def test_states_follow_the_table_and_filled_never_falls(one: View) -> None:
    before, after = one.intent.status, decide(one).status
    if after.state is not None:
        assert may_follow(before.state, after.state)
    assert (after.filled_quantity or 0) >= (before.filled_quantity or 0)


@bounded
@given(views())
def test_conditions_never_contradict_each_other_and_reasons_are_known(one: View) -> None:
    status = decide(one).status
    if status == one.intent.status:
        return
    shown = {kind: find_condition(status.conditions, kind) for kind in ConditionType}
    ready, stalled, working = (shown[ConditionType(k)] for k in ("Ready", "Stalled", "Reconciling"))
    assert not (stalled and working)
    assert not (ready and ready.status is ConditionStatus.TRUE and (stalled or working))
    known = {str(reason) for reason in Reason}
    assert {c.reason for c in status.conditions} <= known


@bounded
@given(views())
def test_the_same_view_gives_the_same_decision(one: View) -> None:
    assert decide(one) == decide(one)


@bounded
@given(views())
def test_saying_it_again_says_the_same(one: View) -> None:
    decision = decide(one)
    if not decision.is_rest:
        return
    text = json.dumps(one.intent.model_copy(update={"status": decision.status}).to_object())
    stored = OrderIntent.from_object(json.loads(text))
    again = decide(replace(one, intent=stored))

    if again.is_rest:
        assert again.status.to_object() == stored.status.to_object()


@bounded
@given(views())
def test_no_number_of_an_order_is_ever_a_float(one: View) -> None:
    decision = decide(one)
    found = list(_floats(decision.status.model_dump()))
    if decision.record is not None:
        found += _floats(decision.record.receipt.model_dump())
    found += [f for action in (*decision.beside, *decision.actions) for f in _floats(action)]

    assert found == []


def _floats(value: Any) -> list[Any]:  # noqa: ANN401
    if isinstance(value, float):
        return [value]
    if isinstance(value, dict):
        return [f for part in value.values() for f in _floats(part)]
    if isinstance(value, (list, tuple)):
        return [f for part in value for f in _floats(part)]
    if is_dataclass(value):
        return [f for field in fields(value) for f in _floats(getattr(value, field.name))]
    return []
