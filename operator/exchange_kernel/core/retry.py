"""After a proof that nothing was placed: the next attempt, or the end of the wish.

Only here does an attempt grow. The proof and the new attempt's record are one compare-and-set where both are new, so
that two operators cannot both go on.
"""

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome, PlacementPolicy
from exchange_kernel.api.meta import ANNOTATION_CONFIRM
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import fresh, receipts, status
from exchange_kernel.core.conditions import FALSE
from exchange_kernel.core.decision import Action, AddFinalizer, Decision, LookUp, RemoveFinalizer, ReplaceReceipt
from exchange_kernel.core.fills import ZERO
from exchange_kernel.core.found import order_of, record_placed
from exchange_kernel.core.gates import Stop, first_stop, terms_of
from exchange_kernel.core.market_rules import Denial
from exchange_kernel.core.report import unwanted
from exchange_kernel.core.status import Situation
from exchange_kernel.core.timing import LOOK_UPS
from exchange_kernel.core.venue import Absent
from exchange_kernel.core.view import View


def decide(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    """Decide for a placement that is proven NotPlaced or Absent."""
    order = order_of(view, placement)
    if order is not None and receipt.final is None:
        # Nothing of this process reached the venue, and it has the order: it was placed in a former life.
        return record_placed(view, receipt, placement, order)
    if view.intent.metadata.deleting:
        return _release(view, receipt, placement)
    if receipt.final is not None:
        return _ended(view, placement, receipt.final.state)
    if fresh.is_settled_without_receipt(view):
        return fresh.keep(view, "ended without an order")
    if awaits_human(view, placement):
        return _confirmation(view, placement)
    return _try_again(view, receipt, placement)


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
    situation = Situation(State.PENDING, Reason.LOOKING_UP, "the venue is asked for the order", accepted=None)
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
    return not receipts.says(view.intent, receipts.confirmation(view.identity, last.attempt + 1))


def next_stop(view: View) -> Stop | None:
    """The first rule that objects to another attempt."""
    if view.intent.spec.placement.policy is PlacementPolicy.ADOPT_ONLY and not unwanted(view):
        return Stop(State.PENDING, Reason.NOTHING_TO_ADOPT, "placement.policy is AdoptOnly and the venue has no order")
    return first_stop(view)


def _confirmation(view: View, placement: ReceiptPlacement) -> Decision:
    wanted = receipts.confirmation(view.identity, placement.attempt + 1)
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
    terms = terms_of(view)
    if isinstance(terms, Denial):
        return fresh.stopped(view, Stop(State.DENIED, terms.reason, terms.message))
    placement = receipts.pending(view.identity, last.attempt + 1, terms, fresh.writer(view))
    beside: tuple[Action, ...] = () if fresh.has_finalizer(view) else (AddFinalizer(view.intent),)
    if fresh.needs_look_up(view, placement.attempt):
        beside += (LookUp(view.intent.spec.symbol, placement.client_order_id),)
    record = ReplaceReceipt(receipts.with_placement(receipt, placement), permits=placement.client_order_id)
    return Decision(why, view.intent.status, record=record, beside=beside, quiet=True)


def _stopped(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, stop: Stop) -> Decision:
    """Say why there is no next attempt now; an end is recorded, because the name is used up by it."""
    if stop.ask is not None:
        return fresh.stopped(view, stop)
    if not stop.state.is_final:
        message = stop.message if not placement.message else f"{stop.message} ({placement.reason}: {placement.message})"
        situation = Situation(stop.state, stop.reason, message, accepted=FALSE if stop.state is State.DENIED else None)
        said = status.build(view, situation, placement)
        return Decision(f"no attempt now: {stop.reason}", said, requeue_after=fresh.until_judged_again(view, stop))
    # Not said beside the record: should that fail, somebody else has gone on, and the end would be a lie.
    record = ReplaceReceipt(receipts.with_final(receipt, stop.state, ZERO, view.now.wall))
    return Decision(f"ended: {stop.reason}", view.intent.status, record=record, quiet=True)


def _ended(view: View, placement: ReceiptPlacement, state: State) -> Decision:
    if view.intent.status.state is state and view.intent.status.settled:
        return fresh.keep(view, "ended without an order")
    stop = first_stop(view)
    reason, message = state.value, "this order ended before it was placed; for a new order use a new name or intentId"
    if stop is not None and stop.state is state:
        reason, message = stop.reason, stop.message
    situation = Situation(state, reason, message, accepted=None, settled=True)
    return Decision("ended without an order", status.build(view, situation, placement))


def _release(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    """Nothing is at the venue: note the end, then let the object go."""
    if receipt.final is None or receipt.intent_deleted_at is None:
        ended = receipts.with_final(receipt, State.CANCELED, ZERO, view.now.wall)
        record = ReplaceReceipt(receipts.with_intent_gone(ended, view.now.wall))
        return Decision("deleting: note the end", view.intent.status, record=record, quiet=True)
    situation = Situation(State.CANCELED, Reason.CANCELED, "deleted before it was placed", accepted=None, settled=True)
    release = (RemoveFinalizer(view.intent),) if fresh.has_finalizer(view) else ()
    return Decision("release", status.build(view, situation, placement), actions=release, quiet=True)
