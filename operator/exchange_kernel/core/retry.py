"""After a proof that nothing was placed: the next attempt, or the end of the wish.

Only here does an attempt grow. The proof and the new attempt's record are one compare-and-set where both are new, so
that two operators cannot both go on.
"""

from dataclasses import replace

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PendingCommand, PlacementOutcome, PlacementPolicy
from exchange_kernel.api.meta import ANNOTATION_CONFIRM
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import amend, fresh, lineage, receipts, report, status, wish
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.conditions import FALSE
from exchange_kernel.core.decision import Action, AddFinalizer, Decision, LookUp, RemoveFinalizer, ReplaceReceipt
from exchange_kernel.core.found import order_of, record_found, record_successor, successor
from exchange_kernel.core.gates import Stop, first_stop, not_alone
from exchange_kernel.core.market_rules import Denial, shown
from exchange_kernel.core.report import unwanted
from exchange_kernel.core.status import Situation
from exchange_kernel.core.timing import LOOK_UPS
from exchange_kernel.core.venue import Absent
from exchange_kernel.core.view import Held, View


def decide(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    """Decide for a placement that is proven NotPlaced or Absent."""
    found = None if receipt.final is not None else _found(view, receipt, placement)
    if found is not None:
        return found
    if view.intent.metadata.deleting:
        return _release(view, receipt, placement)
    if receipt.final is not None:
        return _ended(view, placement, receipt.final.state)
    if not _replaces(placement) and fresh.is_settled_without_receipt(view):
        return fresh.keep(view, "ended without an order")
    if awaits_human(view, placement):
        return _confirmation(view, placement)
    return _try_again(view, receipt, placement)


def _found(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision | None:
    """Nothing of this process reached the venue, and the venue has the order: it was placed in a former life."""
    order = order_of(view, placement)
    if order is not None:
        return record_found(view, receipt, placement, order)
    later = successor(view, placement)
    return None if later is None else record_successor(view, receipt, placement, later)


def _replaces(placement: ReceiptPlacement) -> bool:
    return placement.revision > receipts.FIRST_REVISION


def _try_again(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    stop = next_stop(view)
    if stop is not None:
        return _stopped(view, receipt, placement, stop)
    if view.intent.status.client_order_id is None:
        return _say_first(view, placement)
    if _never_looked_up(view, placement):
        return _look_up(view, placement)
    return attempt(view, receipt, placement, "next attempt")


def _never_looked_up(view: View, last: ReceiptPlacement) -> bool:
    """Whether nobody is known to have asked the venue for the last attempt's id.

    The request was given up before its look-up was answered. The next attempt has another id: its look-up would miss
    the order of a former life whose journal was lost.
    """
    proven = last.outcome is PlacementOutcome.ABSENT or not fresh.needs_look_up(view, last.attempt)
    return not proven and not isinstance(view.observed, Absent)


def _look_up(view: View, last: ReceiptPlacement) -> Decision:
    text = "the venue is asked for the order"
    situation = Situation(
        State.PENDING,
        Reason.LOOKING_UP,
        text,
        accepted=None,
        out_of_sync=Problem(Reason.AMENDING, text) if _replaces(last) else None,
        command=PendingCommand.AMEND if _replaces(last) else PendingCommand.NONE,
        replacing=status.is_replacing(view, last),
    )
    said = status.build(view, situation, last)
    wait = view.looked.due_at(LOOK_UPS) - view.now.monotonic
    if wait > 0:
        return Decision("look up before the next attempt, later", said, requeue_after=wait)
    ask = LookUp(view.intent.spec.symbol, last.client_order_id)
    return Decision("look up before the next attempt", said, actions=(ask,), quiet=True)


def may_follow_at_once(view: View, last: ReceiptPlacement) -> bool:
    """Whether the next attempt can be recorded in one write with the proof of the last one's absence."""
    return not (
        fresh.is_settled_without_receipt(view)
        or awaits_human(view, last)
        or next_stop(view) is not None
        or view.intent.status.client_order_id is None
    )


def awaits_human(view: View, last: ReceiptPlacement) -> bool:
    """Whether the order is wanted, and only a human may permit another attempt."""
    if unwanted(view) or not receipts.awaits_confirmation(last):
        return False
    return not receipts.says(view.intent, receipts.next_confirmation(view.identity, last))


def next_stop(view: View) -> Stop | None:
    """The first rule that objects to another attempt."""
    if view.intent.spec.placement.policy is PlacementPolicy.ADOPT_ONLY and not unwanted(view):
        return Stop(State.PENDING, Reason.NOTHING_TO_ADOPT, "placement.policy is AdoptOnly and the venue has no order")
    return first_stop(view) or not_alone(view)


def _confirmation(view: View, placement: ReceiptPlacement) -> Decision:
    wanted = receipts.next_confirmation(view.identity, placement)
    message = (
        f"this object was seen before and its receipt was missing; the venue has no order {placement.client_order_id}. "
        f"Look at the venue; if the order was never placed and is wanted, set the annotation "
        f"{ANNOTATION_CONFIRM}={wanted}"
    )
    situation = Situation(State.PENDING, Reason.CONFIRMATION_REQUIRED, message, accepted=None)
    return Decision("confirmation required", status.build(view, situation, placement))


def _say_first(view: View, placement: ReceiptPlacement) -> Decision:
    """The object itself must speak of the first attempt before there is a second one.

    Should the receipt be lost, a status without a client order id then means that no second id was ever used.
    """
    situation = Situation(State.PENDING, Reason.NOT_PLACED, placement.message or "nothing was placed", accepted=None)
    return Decision("say it before the next attempt", status.build(view, situation, placement), requeue_after=0.05)


def attempt(view: View, receipt: OrderReceipt, last: ReceiptPlacement, why: str) -> Decision:
    """Record the next attempt; the permit to send it comes with the record."""
    terms = wish.rest_of(view, lineage.done(view, last))
    if terms is None:
        return _end(view, receipt, last, State.FILLED, "nothing is left to be filled")
    if isinstance(terms, Denial):
        stop = Stop(State.DENIED, terms.reason, terms.message)
        return _give_up(view, receipt, last, stop) if _replaces(last) else fresh.stopped(view, stop)
    placement = receipts.pending(view.identity, last.attempt + 1, terms, fresh.writer(view), last.revision)
    beside: tuple[Action, ...] = () if fresh.has_finalizer(view) else (AddFinalizer(view.intent),)
    if fresh.needs_look_up(view, placement.attempt):
        beside += (LookUp(view.intent.spec.symbol, placement.client_order_id),)
    record = ReplaceReceipt(receipts.with_placement(receipt, placement), permits=placement.client_order_id)
    return Decision(why, view.intent.status, record=record, beside=beside, quiet=True)


def _stopped(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, stop: Stop) -> Decision:
    """Say why there is no next attempt now; an end is recorded, because the name is used up by it."""
    if stop.ask is not None:
        return fresh.stopped(view, stop)
    if _replaces(placement) and wish.gives_up(stop):
        return _give_up(view, receipt, placement, stop)
    if not stop.state.is_final:
        return _wait(view, receipt, placement, stop)
    return _end(view, receipt, placement, stop.state, stop.reason)


def _wait(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, stop: Stop) -> Decision:
    message = stop.message if not placement.message else f"{stop.message} ({placement.reason}: {placement.message})"
    problem = None
    if _replaces(placement):
        message = f"the order was canceled to be replaced; the rest is placed as soon as this has ended: {message}"
        problem = Problem(Reason.AMENDING, message)
    situation = Situation(
        stop.state,
        stop.reason,
        message,
        accepted=FALSE if stop.state is State.DENIED else None,
        out_of_sync=problem,
        command=PendingCommand.AMEND if _replaces(placement) else PendingCommand.NONE,
        replacing=status.is_replacing(view, placement),
    )
    said = status.build(view, situation, placement)
    waits = Decision(f"no attempt now: {stop.reason}", said, requeue_after=fresh.until_judged_again(view, stop))
    # However long it waits: what the order that was canceled for it has still filled counts.
    late = amend.late_fills(view, receipt, placement, said) if _replaces(placement) else None
    if late is None or not late.is_rest:
        return late or waits
    pauses = [each.requeue_after for each in (waits, late) if each.requeue_after is not None]
    return replace(waits, requeue_after=min(pauses, default=None))


def _end(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, state: State, why: str) -> Decision:
    """Record the end. It is not said beside the record: should that fail, somebody else has gone on, and it is none."""
    filled = lineage.done(view, placement)
    state = State.FILLED if _replaces(placement) and wish.is_complete(view, filled) else state
    record = ReplaceReceipt(receipts.with_final(receipt, state, filled, view.now.wall))
    return Decision(f"ended: {why}", view.intent.status, record=record, quiet=True)


def _give_up(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, stop: Stop) -> Decision:
    """The former order was canceled, and what was to replace it may not be sent: nothing works any more."""
    if stop.state is State.CANCELED:
        return _end(view, receipt, placement, State.CANCELED, stop.reason)
    marked = placement.model_copy(update={"reason": receipts.AMEND_GIVEN_UP, "message": stop.message[:1024]})
    return _end(view, receipts.with_placement(receipt, marked), placement, State.CANCELED, stop.reason)


def _ended(view: View, placement: ReceiptPlacement, state: State) -> Decision:
    if view.intent.status.state is state and view.intent.status.settled:
        return fresh.keep(view, "ended without an order")
    reason, message = _words(view, placement, state)
    settled = report.former_settled(view, placement)
    situation = Situation(state, reason, message, accepted=None, settled=settled)
    said = status.build(view, situation, placement)
    if isinstance(view.journal, Held):
        late = amend.late_fills(view, view.journal.receipt, placement, said)
        if late is not None:
            return late
    return Decision("ended without an order", said)


def _words(view: View, placement: ReceiptPlacement, state: State) -> tuple[str, str]:
    """Why the wish has ended with a placement that did not become an order."""
    if placement.reason == receipts.AMEND_GIVEN_UP:
        return Reason.AMEND_FAILED, f"canceled to be replaced, and not replaced: {placement.message}"
    if _replaces(placement):
        filled = shown(lineage.done(view, placement))
        return state.value, f"canceled while it was being replaced; nothing works at the venue, {filled} filled"
    stop = first_stop(view)
    if stop is None or stop.state is not state:
        return state.value, "this order ended before it was placed; for a new order use a new name or intentId"
    if state is State.CANCELED and placement.outcome is PlacementOutcome.ABSENT:
        # A request was sent: it would be wrong to say that there was none.
        return stop.reason, "canceled; the request that had been sent provably did not become an order"
    return stop.reason, stop.message


def _release(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    """Nothing is at the venue: note the end, then let the object go."""
    if receipt.final is None or receipt.intent_deleted_at is None:
        filled = lineage.done(view, placement)
        state = State.FILLED if _replaces(placement) and wish.is_complete(view, filled) else State.CANCELED
        ended = receipts.with_final(receipt, state, filled, view.now.wall)
        record = ReplaceReceipt(receipts.with_intent_gone(ended, view.now.wall))
        return Decision("deleting: note the end", view.intent.status, record=record, quiet=True)
    state = receipt.final.state if _replaces(placement) else State.CANCELED
    message = "deleted before it was placed"
    if placement.outcome is PlacementOutcome.ABSENT:
        message = "deleted; the request that had been sent provably did not become an order"
    situation = Situation(state, Reason.CANCELED, message, accepted=None, settled=True)
    release = (RemoveFinalizer(view.intent),) if fresh.has_finalizer(view) else ()
    return Decision("release", status.build(view, situation, placement), actions=release, quiet=True)
