"""The heart: one pure function from what is desired, recorded and observed to what is done next.

`decide` is a ladder; the first rung that applies decides, and each rung is a function of its own:

0. The order has ended, is settled and said so: nothing, without even reading the receipt.
1. The receipt is not read: read it, or, for an object without any trace, let its creation be the question. Nothing
   else is concluded before.
2. A request of this process is under way: wait for it.
3. This process knows an outcome that is not recorded: record it.
4. No receipt: `adoption` for an object that names an order, else `fresh`.
5. A receipt of somebody else, of another wish, or of another account at the venue: refuse.
6. A receipt of this order: by the outcome of its latest placement (`unresolved`, `placed`, `retry`).
7. Whatever was decided: when it is at rest, and a read of the venue was asked for, that read (`requested`).

Invariants, tested as properties and in a simulation with crashes, lost answers and two operators:

* `Send` is decided only with an open permit, which only a successful write of this process' Pending record gives.
* A placement is recorded only when there is no receipt, or when the latest placement is proven NotPlaced or Absent.
* `Unknown` never leads to anything but looking.
* Filled quantity never falls; a final state changes only by a late fill.
* The same view gives the same decision, and deciding again on unchanged facts converges to rest.
"""

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PendingCommand, PlacementOutcome, ReceiptOutcome
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import adoption, fresh, placed, receipts, requested, retry, status, unresolved
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.conditions import FALSE, TRUE, UNKNOWN
from exchange_kernel.core.decision import (
    CreateReceipt,
    Decision,
    ReadClaimant,
    ReadReceipt,
    RemoveFinalizer,
    ReplaceReceipt,
)
from exchange_kernel.core.identity import to_record
from exchange_kernel.core.status import Situation
from exchange_kernel.core.timing import SLOW
from exchange_kernel.core.view import Held, Journal, NoReceipt, NotRead, View

_PLACED_AS = {PlacementOutcome.PLACED: TRUE, PlacementOutcome.PENDING: UNKNOWN}


def decide(view: View) -> Decision:
    """Decide what is to be done for one intent. Pure: no I/O, no clock, no randomness, no memory."""
    return requested.answer(view, _decide(view))


def _decide(view: View) -> Decision:
    if _is_over(view):
        return placed.finished(view)
    if isinstance(view.journal, NotRead):
        return _unread(view, required=view.journal.required)
    if isinstance(view.journal, NoReceipt) and view.sending:
        return Decision("a request is under way, its receipt is gone", view.intent.status)
    if isinstance(view.journal, NoReceipt):
        return adoption.decide(view) or fresh.decide(view)
    held = view.journal
    return _foreign(view, held) or _own(view, held.receipt)


def _is_over(view: View) -> bool:
    """Whether the status says all there is to say: after a restart, ended orders cost no read at all.

    Not while a placement is known to be unproven: somebody may have said the end in the moment in which this process
    wrote its record, and the record must not stay without an explanation.
    """
    status_now = view.intent.status
    ended = status_now.state is not None and status_now.state.is_final and status_now.settled
    seen = status_now.observed_generation == view.intent.metadata.generation
    return ended and seen and not view.intent.metadata.deleting and not _is_unproven(view.journal)


def _is_unproven(journal: Journal) -> bool:
    if isinstance(journal, NotRead):
        return journal.required
    return isinstance(journal, Held) and journal.receipt.outcome is ReceiptOutcome.PENDING


def _unread(view: View, *, required: bool) -> Decision:
    """Read the receipt, unless creating one is the question and the answer at once.

    A POST succeeds only where there is no receipt. So an object without any trace of us is placed at once, and only
    a receipt that is there after all (AlreadyExists) is read; everything that is not a placement waits for the read.
    """
    if not required and not fresh.was_seen(view) and not view.intent.metadata.deleting:
        decision = fresh.decide(view)
        if isinstance(decision.record, CreateReceipt) and decision.record.permits is not None:
            return decision
    return Decision("read the receipt", view.intent.status, actions=(ReadReceipt(),), quiet=True)


def _foreign(view: View, held: Held) -> Decision | None:
    """Refuse what the receipt says is not this object's order."""
    receipt = held.receipt
    if receipt.identity != to_record(view.identity):
        message = f"receipt {receipt.metadata.name} belongs to another identity; use another name or intentId"
        return _denied(view, Reason.IDENTITY_REUSED, message)
    if receipt.claimant.uid != view.intent.metadata.uid:
        return _other_claimant(view, held)
    return _account_changed(view, receipt)


def _other_claimant(view: View, held: Held) -> Decision | None:
    claimant = held.receipt.claimant
    if view.intent.metadata.deleting and not fresh.has_finalizer(view):
        return fresh.keep(view, "deleted; the order belongs to another object")
    if not view.intent.metadata.deleting and fresh.is_settled_without_receipt(view):
        # A denial stays until the spec is edited: it does not turn into an order because the other object goes.
        return fresh.keep(view, "denied before")
    if held.claimant_gone is None:
        ask = ReadClaimant(claimant.namespace, claimant.name, claimant.uid)
        return Decision("read the claimant", view.intent.status, actions=(ask,), quiet=True)
    if not held.claimant_gone:
        message = (
            f"OrderIntent {claimant.namespace}/{claimant.name} already has this order; "
            "two objects with one identity are one order: use another name or intentId for another one"
        )
        return _denied(view, Reason.DUPLICATE_INTENT_ID, message)
    if not receipts.matches(held.receipt, view.intent):
        message = (
            "this name (or intentId) was used for a different order, whose record is kept; "
            "for another order use a new name or intentId"
        )
        return _denied(view, Reason.IDENTITY_REUSED, message)
    record = ReplaceReceipt(receipts.with_claimant(held.receipt, view.intent))
    return Decision("claim: the former claimant is gone", view.intent.status, record=record, quiet=True)


def _denied(view: View, reason: Reason, message: str) -> Decision:
    """Deny an object that has no right to the receipt's order; deleting it releases it without a cancel."""
    if view.intent.metadata.deleting:
        return Decision(
            "deleting: the order is not this object's",
            view.intent.status,
            actions=(RemoveFinalizer(view.intent),) if fresh.has_finalizer(view) else (),
            quiet=True,
        )
    said = status.build(view, Situation(State.DENIED, reason, message, accepted=FALSE))
    return Decision(f"denied: {reason}", said, requeue_after=SLOW.after(1))


def _account_changed(view: View, receipt: OrderReceipt) -> Decision | None:
    """Another account at the venue than the one that has the order: nothing is sent, no absence is believed."""
    known = view.account.venue_account_id
    if not known or receipt.venue_account_id == known:
        return None
    message = (
        f"the order was placed at the venue's account {receipt.venue_account_id}, the key now belongs to {known}; "
        "restore the former key"
    )
    before, latest = view.intent.status, receipts.latest(receipt)
    situation = Situation(
        before.state or State.PENDING,
        Reason.ACCOUNT_CHANGED,
        message,
        accepted=None,
        placed=_PLACED_AS.get(latest.outcome, FALSE),
        out_of_sync=Problem(Reason.ACCOUNT_CHANGED, message),
        command=PendingCommand.NONE,
    )
    said = status.build(view, situation, latest)
    return Decision("the venue's account is another one", said, requeue_after=SLOW.after(1))


def _own(view: View, receipt: OrderReceipt) -> Decision:
    placement = receipts.latest(receipt)
    if view.sending:
        return _sending(view, placement)
    # An outcome is of this process' own request: it says nothing about an attempt that was recorded since.
    mine = (placement.outcome, placement.holder, placement.client_order_id)
    if view.outcome is not None and mine == (PlacementOutcome.PENDING, view.holder, view.outcome_of):
        recorded = unresolved.record_outcome(view, receipt, placement, view.outcome)
        if recorded is not None:
            return recorded
    match placement.outcome:
        case PlacementOutcome.PENDING:
            return unresolved.decide(view, receipt, placement)
        case PlacementOutcome.PLACED:
            return placed.decide(view, receipt, placement)
        case PlacementOutcome.NOT_PLACED | PlacementOutcome.ABSENT:
            return retry.decide(view, receipt, placement)
        case PlacementOutcome.REFUSED:
            return placed.refused(view, receipt, placement)


def _sending(view: View, placement: ReceiptPlacement) -> Decision:
    situation = Situation(
        State.SUBMITTING,
        Reason.SUBMITTING,
        "the request is under way",
        placed=UNKNOWN,
        out_of_sync=Problem(Reason.OUTCOME_UNKNOWN, "the venue has not answered yet"),
        command=status.command_for(placement),
    )
    return Decision("a request is under way", status.build(view, situation, placement))
