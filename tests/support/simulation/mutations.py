"""Mutations of the core and of the shell around it: each leaves one step of the protocol out.

A test suite that stays green under one of them does not guard that step. `worlds` names seeds that were seen to find
it; the search goes on from zero when the core has changed so much that they do not any more.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.api.enums import PlacementOutcome
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.core import amend, decide, found, fresh, placed, receipts, report, retry, status, unresolved, wish
from exchange_kernel.core import fence as fences
from exchange_kernel.core import view as views
from exchange_kernel.core.decision import Decision, LookUp, Record, RemoveFinalizer, ReplaceReceipt
from exchange_kernel.core.fills import Totals
from exchange_kernel.core.gates import Stop
from exchange_kernel.core.identity import Identity
from exchange_kernel.core.outcomes import CreateOutcome, NotPlaced
from exchange_kernel.core.status import Situation
from exchange_kernel.core.venue import Absent, VenueOrder
from exchange_kernel.core.view import Permit, View
from support import builders
from support.builders import FENCE, M, R, S
from support.simulation import operator_shell, run
from support.simulation.operator_shell import Memory, OperatorShell, Steps
from support.simulation.run import Plan
from support.simulation.scheduler import Request

Patch = pytest.MonkeyPatch
Apply = Callable[[Patch], type[OperatorShell]]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One step left out; `worlds` are seeds that show it (with `plan`), none for what the decision table shows."""

    name: str
    apply: Apply
    worlds: tuple[int, ...] = ()
    plan: Plan | None = None


# --- the fence ------------------------------------------------------------------------------------------------------


def _short_fence(patch: Patch) -> type[OperatorShell]:
    patch.setattr(unresolved, "fence", lambda view, seen_at, placement: seen_at + S)
    return OperatorShell


def _fence_without_margin(patch: Patch) -> type[OperatorShell]:
    patch.setattr(unresolved, "fence", lambda view, seen_at, placement: seen_at + FENCE - M)
    return OperatorShell


def _fence_from_timestamp(patch: Patch) -> type[OperatorShell]:
    def fence(view: View, seen_at: float, placement: ReceiptPlacement) -> float:
        age = (view.now.wall - placement.recorded_at) / timedelta(seconds=1)
        return view.now.monotonic - age + FENCE

    patch.setattr(unresolved, "fence", fence)
    return OperatorShell


def _queries_before_the_fence(patch: Patch) -> type[OperatorShell]:
    """The absence counts when it is judged behind the fence, though the question was asked before."""
    true_fence = fences.fence

    def fence(view: View, seen_at: float, placement: ReceiptPlacement) -> float | None:
        end = true_fence(view, seen_at, placement)
        return -1e9 if end is not None and view.now.monotonic >= end else end

    patch.setattr(unresolved, "fence", fence)
    patch.setattr(unresolved, "LookUp", _proving_look_up)
    return OperatorShell


def _proving_look_up(symbol: str, client_order_id: str, **_: Any) -> LookUp:  # noqa: ANN401
    return LookUp(symbol, client_order_id, builders.CREATED)


# --- record and act -------------------------------------------------------------------------------------------------


class _ActsFirst(OperatorShell):
    def _record(self, memory: Memory, decision: Decision) -> Steps:
        record = decision.record
        if record is not None and record.permits is not None:
            request = unresolved._request(self.view(memory), receipts.latest(record.receipt))
            signed_until = self.scheduler.now + R
            yield (self._wire(request, signed_until),)
        yield from super()._record(memory, decision)


class _LastWriteWins(OperatorShell):
    def _write(self, record: Record) -> Request:
        name = record.receipt.metadata.name
        write = super()._write(record).effect

        def effect() -> object:
            known = self.api.receipts.get(name)
            if known is None or not isinstance(record, ReplaceReceipt):
                return write()
            meta = record.receipt.metadata.model_copy(update={"resource_version": known.metadata.resource_version})
            forced = ReplaceReceipt(record.receipt.model_copy(update={"metadata": meta}), record.permits)
            return super(_LastWriteWins, self)._write(forced).effect()

        return Request(effect, operator_shell.API_TIMEOUT, operator_shell.ApiError.UNAVAILABLE)


class _PermitReused(OperatorShell):
    def use_up(self, memory: Memory) -> None:
        """Keep it."""


class _PermitNotedLate(OperatorShell):
    def _recorded(self, memory: Memory, receipt: OrderReceipt, permit: Permit | None) -> None:
        late = None if permit is None else replace(permit, noted_at=self.monotonic)
        super()._recorded(memory, receipt, late)


def _window_not_checked(patch: Patch) -> type[OperatorShell]:
    patch.setattr(views.Permit, "is_open", lambda permit, monotonic: True)
    return OperatorShell


class _TimeOutIsNotPlaced(OperatorShell):
    def outcome_of(self, answers: list[Any]) -> CreateOutcome:
        """No answer, no order."""
        return answers[0] if answers else NotPlaced("TimeOut", "no answer")


class _UnknownIsAbsent(OperatorShell):
    def failed_look_up(self, started_at: float) -> Any:  # noqa: ANN401
        """A failed query found nothing."""
        return Absent(started_at, complete=True)


def _foreign_outcome_believed(patch: Patch) -> type[OperatorShell]:
    original = decide._own

    def own(view: View, receipt: OrderReceipt) -> Decision:
        latest = receipts.latest(receipt)
        if view.outcome is not None and latest.outcome is PlacementOutcome.PENDING and not view.sending:
            recorded = unresolved.record_outcome(view, receipt, latest, view.outcome)
            if recorded is not None:
                return recorded
        return original(view, receipt)

    patch.setattr(decide, "_own", own)
    return OperatorShell


# --- look-ups and absence -------------------------------------------------------------------------------------------


def _incomplete_absence(patch: Patch) -> type[OperatorShell]:
    patch.setattr(unresolved, "LookUp", lambda symbol, client_order_id, **_: LookUp(symbol, client_order_id))

    class Believing(OperatorShell):
        def _look_up(self, memory: Memory, action: Any) -> Any:  # noqa: ANN401
            request, finish = super()._look_up(memory, action)

            def believe(answer: Any) -> None:  # noqa: ANN401
                finish(replace(answer, complete=True) if isinstance(answer, Absent) else answer)

            return request, believe

    return Believing


def _look_up_skipped(patch: Patch) -> type[OperatorShell]:
    patch.setattr(fresh, "needs_look_up", lambda view, attempt: False)

    patch.setattr(run, "_judge_send", lambda view, action: None)
    return OperatorShell


def _never_looked_up_ignored(patch: Patch) -> type[OperatorShell]:
    patch.setattr(retry, "_never_looked_up", lambda view, last: False)
    return OperatorShell


def _attempt_not_increased(patch: Patch) -> type[OperatorShell]:
    original = receipts.pending
    patch.setattr(receipts, "pending", lambda identity, attempt, *more: original(identity, 1, *more))
    return OperatorShell


def _vanished_too_early(patch: Patch) -> type[OperatorShell]:
    patch.setattr(placed, "_is_gone", lambda view: isinstance(view.observed, Absent))
    return OperatorShell


# --- identity and loss ----------------------------------------------------------------------------------------------


def _identity_by_uid(patch: Patch) -> type[OperatorShell]:
    original = operator_shell.identity_of

    def identity_of(intent: Any) -> Identity:  # noqa: ANN401
        return replace(original(intent), value=intent.metadata.uid)

    patch.setattr(operator_shell, "identity_of", identity_of)
    return OperatorShell


def _claimant_not_checked(patch: Patch) -> type[OperatorShell]:
    patch.setattr(decide, "_other_claimant", lambda view, held: None)
    return OperatorShell


def _fingerprint_not_checked(patch: Patch) -> type[OperatorShell]:
    patch.setattr(receipts, "matches", lambda receipt, intent: True)
    return OperatorShell


def _loss_is_fresh(patch: Patch) -> type[OperatorShell]:
    patch.setattr(fresh, "was_seen", lambda view: False)
    return OperatorShell


def _loss_needs_no_guard(patch: Patch) -> type[OperatorShell]:
    """What a look-up does not find now is not there."""

    def guard(view: View) -> Decision:
        return fresh.release(view, "no order found") if view.intent.metadata.deleting else fresh._place(view)

    patch.setattr(fresh, "_guard", guard)
    return OperatorShell


def _confirmation_ignored(patch: Patch) -> type[OperatorShell]:
    patch.setattr(receipts, "awaits_confirmation", lambda placement: False)
    return OperatorShell


def _any_confirmation_counts(patch: Patch) -> type[OperatorShell]:
    patch.setattr(receipts, "says", lambda intent, wanted: True)
    return OperatorShell


def _denial_not_kept(patch: Patch) -> type[OperatorShell]:
    patch.setattr(fresh, "is_settled_without_receipt", lambda view: False)
    return OperatorShell


# --- what is said, and the end --------------------------------------------------------------------------------------


def _final_not_sticky(patch: Patch) -> type[OperatorShell]:
    patch.setattr(status, "may_follow", lambda before, after: True)
    return OperatorShell


def _filled_may_fall(patch: Patch) -> type[OperatorShell]:
    patch.setattr(status, "_sums", lambda before, now: now or Totals())
    return OperatorShell


def _cancel_believed(patch: Patch) -> type[OperatorShell]:
    original = placed._working

    def working(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
        if view.canceled.times and view.intent.metadata.deleting:
            return Decision("release", view.intent.status, actions=(RemoveFinalizer(view.intent),))
        return original(view, receipt, placement, order)

    patch.setattr(placed, "_working", working)
    return OperatorShell


def _end_said_beside_the_record(patch: Patch) -> type[OperatorShell]:
    original = retry._stopped

    def stopped(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, stop: Stop) -> Decision:
        decision = original(view, receipt, placement, stop)
        if decision.record is None:
            return decision
        said = status.build(view, Situation(stop.state, stop.reason, stop.message, settled=True), placement)
        return replace(decision, status=said, quiet=False)

    patch.setattr(retry, "_stopped", stopped)
    return OperatorShell


def _unsure_of_the_account(patch: Patch) -> type[OperatorShell]:
    patch.setattr(decide, "_account_changed", lambda view, receipt: None)
    return OperatorShell


def _unknown_not_said(patch: Patch) -> type[OperatorShell]:
    def in_doubt(view: View, placement: ReceiptPlacement, seen_at: float) -> Any:  # noqa: ANN401
        return status.build(view, Situation(run.State.PENDING, run.Reason.NOT_PLACED), placement)

    patch.setattr(unresolved, "_in_doubt", in_doubt)
    return OperatorShell


# --- amends ---------------------------------------------------------------------------------------------------------


def _replaced_before_the_end(patch: Patch) -> type[OperatorShell]:
    """The new order is sent when the cancel was asked for, not when the end was read back."""
    original = amend._canceling

    def canceling(
        view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder, said: OrderIntentStatus
    ) -> Decision:
        if view.canceled.times:
            return amend._replace(view, receipt, placement, order)
        return original(view, receipt, placement, order, said)

    patch.setattr(amend, "_canceling", canceling)
    return OperatorShell


def _whole_quantity_again(patch: Patch) -> type[OperatorShell]:
    """What was filled is not subtracted."""
    original = wish.rest_of
    patch.setattr(wish, "rest_of", lambda view, done: original(view, Decimal(0)))
    return OperatorShell


def _cancel_said_unrecorded(patch: Patch) -> type[OperatorShell]:
    """An end is said that another process may take for its own amend's cancel."""

    def after_the_end(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
        if receipt.amend is not None and not view.intent.metadata.deleting:
            return amend.ended(view, receipt, placement, order)
        return placed._after_the_end(view, receipt, placement, order)

    patch.setattr(placed, "_ended", after_the_end)
    return OperatorShell


def _any_end_is_replaced(patch: Patch) -> type[OperatorShell]:
    def ended(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
        return amend._replace(view, receipt, placement, order)

    patch.setattr(amend, "ended", ended)
    return OperatorShell


def _late_fills_ignored(patch: Patch) -> type[OperatorShell]:
    patch.setattr(amend, "late_fills", lambda view, receipt, placement, said: None)
    patch.setattr(report, "former_settled", lambda view, placement: True)
    return OperatorShell


def _halt_only_delays(patch: Patch) -> type[OperatorShell]:
    patch.setattr(wish, "gives_up", lambda stop: stop.state is not run.State.PENDING)
    return OperatorShell


def _replacement_without_the_amends_record(patch: Patch) -> type[OperatorShell]:
    original = receipts.with_amend
    patch.setattr(receipts, "with_amend", lambda receipt, record: original(receipt, None))
    return OperatorShell


def _revision_does_not_grow(patch: Patch) -> type[OperatorShell]:
    original = receipts.pending
    patch.setattr(receipts, "pending", lambda *parts: original(*parts[:4]))
    return OperatorShell


def _outcome_of_any_request(patch: Patch) -> type[OperatorShell]:
    original = decide._own

    def own(view: View, receipt: OrderReceipt) -> Decision:
        return original(replace(view, outcome_of=receipts.latest(receipt).client_order_id), receipt)

    patch.setattr(decide, "_own", own)
    return OperatorShell


class _NeverTurns(OperatorShell):
    def turn(self, memory: Memory) -> None:
        """What is known of the old order is taken for the new one."""


def _refusal_repeated(patch: Patch) -> type[OperatorShell]:
    patch.setattr(wish, "AmendRefused", type(None))
    return OperatorShell


def _unknown_amend_repeated(patch: Patch) -> type[OperatorShell]:
    patch.setattr(amend, "_again_at", lambda view, order: view.now.monotonic)
    return OperatorShell


def _amended_while_forbidden(patch: Patch) -> type[OperatorShell]:
    patch.setattr(wish, "_forbidden", lambda view: None)
    return OperatorShell


def _lineage_not_sought(patch: Patch) -> type[OperatorShell]:
    for module in (retry, unresolved, found):
        patch.setattr(module, "successor", lambda view, placement: None)
    return OperatorShell


def _shell(kind: type[OperatorShell]) -> Apply:
    return lambda patch: kind


_CALM = Plan(crash=0, freeze=0, lossy=0, slow=0)
# A venue that acknowledges cancels and does not carry them out.
DEAF = replace(_CALM, acts=((2.0, "delete"),), venue={"deaf": 0.7})

MUTATIONS: tuple[Mutation, ...] = (
    Mutation("the fence is S", _short_fence, (3,)),
    Mutation("the fence leaves M out", _fence_without_margin, (3,)),
    Mutation("the fence counts from the holder's timestamp", _fence_from_timestamp, (6,)),
    Mutation("absence is asked for before the fence", _queries_before_the_fence, (250,)),
    Mutation("the request is sent before the record", _shell(_ActsFirst), (2,)),
    Mutation("the last write of the receipt wins", _shell(_LastWriteWins), (5,)),
    Mutation("a permit is used twice", _shell(_PermitReused), (1,)),
    Mutation("the permit is noted after the write", _shell(_PermitNotedLate), (1070,)),
    Mutation("the send window is not checked", _window_not_checked, (21,)),
    Mutation("a time-out means NotPlaced", _shell(_TimeOutIsNotPlaced), (1,)),
    Mutation("a failed look-up means Absent", _shell(_UnknownIsAbsent), (89,)),
    Mutation("an outcome is recorded for somebody else's attempt", _foreign_outcome_believed),
    Mutation("an incomplete absence is believed", _incomplete_absence, (105,)),
    Mutation("the look-up before the request is skipped", _look_up_skipped, (193,)),
    Mutation("an id is left behind without a look-up", _never_looked_up_ignored),
    Mutation("the attempt does not grow", _attempt_not_increased),
    Mutation("an acknowledged order vanishes at the first miss", _vanished_too_early, (46,)),
    Mutation("the identity has the uid in it", _identity_by_uid, (2,)),
    Mutation("the claimant is not checked", _claimant_not_checked),
    Mutation("the fingerprint is not checked", _fingerprint_not_checked),
    Mutation("a lost receipt is no trace", _loss_is_fresh, (247,)),
    Mutation("a lost receipt needs no guard", _loss_needs_no_guard, (346,)),
    Mutation("a lost receipt needs no human", _confirmation_ignored),
    Mutation("any confirmation counts", _any_confirmation_counts),
    Mutation("a denial does not last", _denial_not_kept),
    Mutation("a final state can be left", _final_not_sticky),
    Mutation("filled may fall", _filled_may_fall, (18,)),
    Mutation("a cancel is believed without reading it back", _cancel_believed, (5,), DEAF),
    Mutation("the end is said beside its record", _end_said_beside_the_record),
    Mutation("another account at the venue is not noticed", _unsure_of_the_account),
    Mutation("Unknown is not said", _unknown_not_said, (1,)),
    Mutation("an order is replaced before its end is read", _replaced_before_the_end, (64,)),
    Mutation("what was filled is placed again", _whole_quantity_again, (23,)),
    Mutation("a cancel is said before it is recorded", _cancel_said_unrecorded),
    Mutation("whatever ended is replaced", _any_end_is_replaced),
    Mutation("late fills are not looked for", _late_fills_ignored, (215,)),
    Mutation("a halt only delays a replacement", _halt_only_delays),
    Mutation("a replacement needs no record of the amend", _replacement_without_the_amends_record, (9,)),
    Mutation("the revision does not grow", _revision_does_not_grow, (9,)),
    Mutation("an outcome is believed of any request", _outcome_of_any_request),
    Mutation("the old order is taken for the new one", _shell(_NeverTurns), (9,)),
    Mutation("a refused amend is repeated", _refusal_repeated),
    Mutation("an unknown amend is repeated at once", _unknown_amend_repeated),
    Mutation("amends are made whatever forbids them", _amended_while_forbidden),
    Mutation("an order that replaced a lost one is not sought", _lineage_not_sought, (30,)),
)
