"""Orders that the venue has acknowledged: follow them to their end, cancel them when they are not wanted any more.

Nothing here places an order. One that has vanished, or that somebody else canceled, is reported and never replaced;
one whose values change goes through `amend`.
"""

from datetime import timedelta

from exchange_kernel.api.enums import DeletionPolicy, PlacementOutcome
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import amend, asking, fresh, lineage, receipts, report, status, wish
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.conditions import TRUE
from exchange_kernel.core.decision import (
    AddFinalizer,
    Decision,
    DeleteIntent,
    RemoveFinalizer,
    ReplaceReceipt,
)
from exchange_kernel.core.fills import ZERO, accounted
from exchange_kernel.core.market_rules import shown
from exchange_kernel.core.status import Situation
from exchange_kernel.core.timing import READ_BACK, VANISHED_AFTER
from exchange_kernel.core.venue import Absent, Found, VenueOrder, VenueStatus
from exchange_kernel.core.view import Held, View

# Refusals whose remedy is another one than reading the venue's words.
_REFUSALS = (Reason.INSUFFICIENT_FUNDS, Reason.POST_ONLY_WOULD_TAKE)


def decide(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    """Decide for a placement that the venue has acknowledged."""
    if view.intent.metadata.deleting and view.intent.spec.deletion_policy is DeletionPolicy.ORPHAN:
        return _let_go(view, receipt, placement, orphan=True)
    order = view.observed.order if isinstance(view.observed, Found) else None
    if order is not None and placement.exchange_order_id in {None, order.exchange_order_id}:
        # Of another order, which this one has replaced, nothing follows.
        follow = _ended if order.status.is_final else _working
        return follow(view, receipt, placement, order)
    return _unseen(view, receipt, placement)


def refused(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    """The venue refused the order for good."""
    if view.intent.metadata.deleting:
        return _let_go(view, receipt, placement)
    why = placement.message or placement.reason or "no reason given"
    if placement.revision > receipts.FIRST_REVISION:
        return _not_replaced(view, placement, f"the venue refused the replacement: {why}")
    message = f"the venue refused the order: {why}"
    known = next((reason for reason in _REFUSALS if reason.value == placement.reason), Reason.REJECTED)
    situation = Situation(State.REJECTED, known, message, settled=True)
    return Decision("refused by the venue", status.build(view, situation, placement))


def _not_replaced(view: View, placement: ReceiptPlacement, why: str) -> Decision:
    """The former order was canceled and its replacement refused: nothing works any more."""
    filled = lineage.done(view, placement)
    state = State.FILLED if wish.is_complete(view, filled) else State.CANCELED
    message = f"canceled to be replaced, and not replaced, {shown(filled)} filled: {why}"
    settled = report.former_settled(view, placement)
    situation = Situation(state, Reason.AMEND_FAILED, message, settled=settled, stalled=True)
    said = status.build(view, situation, placement)
    if isinstance(view.journal, Held):
        return amend.late_fills(view, view.journal.receipt, placement, said) or Decision("not replaced", said)
    return Decision("not replaced", said)


def _unseen(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    """This process has not seen the order yet: after a restart, or when the venue does not know it any more."""
    before = view.intent.status
    said = before if before.state is not None else _not_read_yet(view, placement)
    if _is_gone(view):
        return _vanished(view, receipt, placement)
    ended = before.state is not None and before.state.is_final
    if ended and before.settled and not view.intent.metadata.deleting:
        return _finished(view, fresh.keep(view, "ended and settled"))
    if view.intent.metadata.deleting and ended:
        return _let_go(view, receipt, placement)
    unread = before.state in {None, State.PENDING}
    at_once = unread or ended or report.unwanted(view) or receipt.amend is not None
    if at_once or isinstance(view.observed, Absent):
        return asking.fetch(view, placement, "read the order", said)
    if view.account.polled_at is not None:
        return asking.fetch(view, placement, "not among the open orders: read it", said)
    # After a restart one bulk read shows all working orders; asking for each would flood the venue.
    return Decision("wait for the bulk read", said)


def _not_read_yet(view: View, placement: ReceiptPlacement) -> OrderIntentStatus:
    """What is said on an object that has just claimed an order of a former life."""
    message = f"the order {placement.exchange_order_id} of this name exists already; it is read"
    situation = Situation(State.PENDING, Reason.LOOKING_UP, message, placed=TRUE)
    return status.build(view, situation, placement)


def _is_gone(view: View) -> bool:
    """Whether the venue was asked often enough, and late enough, for an order that it has acknowledged.

    It was acknowledged before its receipt said so; from there, and from the last answer that had it (which may have
    been the acknowledgement), a venue may take M to show it. Look-ups of the time when the outcome was still open do
    not count, and neither do reads that failed.
    """
    rules, observed = view.account.rules, view.observed
    if rules is None or not isinstance(view.journal, Held) or view.looked.times < VANISHED_AFTER:
        return False
    known = view.journal.seen_at
    if isinstance(observed, Absent):
        asked = observed.started_at
    elif isinstance(observed, Found) and view.recheck:
        # A read that failed says nothing; one that was answered and had the order would be the last observation.
        asked, known = view.answered_at, max(known, view.observed_at)
    else:
        return False
    return asked >= known + rules.settle_margin


def _vanished(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    """The venue does not know an order that it had acknowledged: say so, never place it again."""
    if view.intent.metadata.deleting:
        return _let_go(view, receipt, placement)
    if receipt.final is not None:
        message = (
            "this order ended some time ago, and the venue does not know it any more; for a new order use a new name"
        )
        situation = Situation(receipt.final.state, receipt.final.state.value, message, placed=TRUE, settled=True)
        return Decision("ended long ago", status.build(view, situation, placement))
    message = (
        f"the venue does not know order {placement.exchange_order_id}, which it had acknowledged; "
        "it is not placed again; ask the venue"
    )
    situation = Situation(
        view.intent.status.state or State.UNKNOWN,
        Reason.ORDER_VANISHED,
        message,
        placed=TRUE,
        out_of_sync=Problem(Reason.ORDER_VANISHED, message),
    )
    return Decision("vanished", status.build(view, situation, placement))


def _working(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
    said = report.of_order(view, placement, order)
    if _is_gone(view):
        return _vanished(view, receipt, placement)
    if report.unwanted(view):
        return asking.cancel(view, placement, order, said)
    if view.recheck:
        return asking.fetch(view, placement, "not among the open orders: read it", said)
    if not fresh.has_finalizer(view):
        return Decision("hold the object", said, actions=(AddFinalizer(view.intent),))
    before = view.intent.status
    ended = before.state is not None and before.state.is_final
    same, age = before.exchange_order_id == order.exchange_order_id, view.now.monotonic - view.observed_at
    if ended and same and age > READ_BACK:
        # Another process has read the end. What is known here is older, and nothing may follow from it.
        return asking.fetch(view, placement, "said to have ended: read it", before)
    change = amend.read_again(view, receipt, placement) or amend.working(view, receipt, placement, order, said)
    return change or _at_rest(view, receipt, placement, order, said)


def _at_rest(
    view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder, said: OrderIntentStatus
) -> Decision:
    if not accounted(order):
        return asking.trades(view, order, said)
    late = amend.late_fills(view, receipt, placement, said)
    return late or Decision("working", said, requeue_after=amend.patience(view, placement, order))


def _ended(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
    if receipt.amend is not None and not view.intent.metadata.deleting:
        return amend.ended(view, receipt, placement, order)
    if order.status is VenueStatus.CANCELED and not (placement.closed or view.intent.metadata.deleting):
        # By compare-and-set, so that no other process replaces an order that is said to have ended.
        record = ReplaceReceipt(receipts.with_placement(receipt, receipts.closed(placement, order)))
        return Decision("ended: record it", view.intent.status, record=record, quiet=True)
    return _after_the_end(view, receipt, placement, order)


def _after_the_end(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
    """Account for all fills, late ones included, then let the object be, or go."""
    said = report.of_order(view, placement, order)
    # The end was read back: trades that cannot be had do not keep an object for ever that is to go.
    tired = view.intent.metadata.deleting and view.traded.times >= VANISHED_AFTER
    if not accounted(order) and not tired:
        return asking.trades(view, order, said)
    if view.intent.metadata.deleting:
        return _let_go(view, receipt, placement)
    return _settled(view, receipt, placement, order, said)


def _settled(
    view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder, said: OrderIntentStatus
) -> Decision:
    late = amend.late_fills(view, receipt, placement, said)
    if late is not None and not late.is_rest:
        return late
    if not report.order_settled(view, order):
        return _settle(view, placement, said)
    return late or _finished(view, Decision("ended and settled", said))


def _settle(view: View, placement: ReceiptPlacement, said: OrderIntentStatus) -> Decision:
    """Ask once more when a fill that crossed the end must be visible."""
    rules = view.account.rules
    margin = rules.settle_margin if rules is not None else 0.0
    final_at = view.now.monotonic if view.final_at is None else view.final_at
    wait = final_at + margin - view.now.monotonic
    if wait > 0:
        return Decision("ended: a late fill would show later", said, requeue_after=wait)
    return asking.fetch(view, placement, "ended: look for late fills", said)


def finished(view: View) -> Decision:
    """An order whose end the status already says in full."""
    return _finished(view, Decision("ended and settled", view.intent.status))


def _finished(view: View, decision: Decision) -> Decision:
    """An ended order: nothing more, but for the object's own end where the spec sets one."""
    ttl, finished = view.intent.spec.ttl_seconds_after_finished, decision.status.finished_at
    if ttl is None or finished is None or not decision.is_rest:
        return decision
    left = (finished + timedelta(seconds=ttl) - view.now.wall).total_seconds()
    if left > 0:
        return Decision(decision.why, decision.status, requeue_after=left)
    return Decision("ttlSecondsAfterFinished has passed", decision.status, actions=(DeleteIntent(view.intent),))


def _let_go(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, *, orphan: bool = False) -> Decision:
    """Note the end in the receipt, which stays, and only then release the object."""
    order = view.observed.order if isinstance(view.observed, Found) else None
    if receipt.intent_deleted_at is None:
        ended, said_before = receipt, view.intent.status
        filled = max(lineage.done(view, placement, order), said_before.filled_quantity or ZERO)
        state = report.state(view, order, filled) if order is not None else said_before.state or State.CANCELED
        if placement.outcome is PlacementOutcome.REFUSED:
            state = State.REJECTED if placement.revision == receipts.FIRST_REVISION else State.CANCELED
        elif not (state.is_final or orphan):
            # The venue does not know it any more: whatever it was, it does not work there.
            state = State.CANCELED
        if state.is_final:
            ended = receipts.with_final(receipt, state, filled, view.now.wall)
        record = ReplaceReceipt(receipts.with_intent_gone(ended, view.now.wall))
        return Decision("deleting: note the end", view.intent.status, record=record, quiet=True)
    said = report.of_order(view, placement, order) if order is not None else view.intent.status
    release = (RemoveFinalizer(view.intent),) if fresh.has_finalizer(view) else ()
    return Decision("release", said, actions=release, quiet=not release)
