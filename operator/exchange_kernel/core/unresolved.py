"""Placements whose outcome is not proven: before the request, and after one that was not answered.

Only two things end the doubt. The holder, the process that wrote the record, knows whether it wrote the request to the
socket: as long as it has not, and its permit is open, it may do so; when the window closes unused, nothing was placed.
Everybody else, and the holder after a crash or a lost answer, looks the order up, and believes an absence only behind
the fence.
"""

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome
from exchange_kernel.api.meta import ANNOTATION_CONFIRM
from exchange_kernel.api.order_intent import OrderIntentSpec
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import fresh, receipts, retry, status
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.conditions import UNKNOWN
from exchange_kernel.core.decision import Decision, LookUp, ReplaceReceipt, Send
from exchange_kernel.core.fence import fence
from exchange_kernel.core.found import order_of, record_found, record_placed, successor
from exchange_kernel.core.gates import Stop, first_stop
from exchange_kernel.core.order_lists import ticket_of
from exchange_kernel.core.outcomes import CreateOutcome, DuplicateId, NotPlaced, OutcomeUnknown, Placed, Refused
from exchange_kernel.core.requests import OrderRequest, TrailingOffset
from exchange_kernel.core.status import Situation
from exchange_kernel.core.timing import HOLDER_GRACE, LOOK_UPS
from exchange_kernel.core.venue import Absent
from exchange_kernel.core.view import Held, Permit, View


def decide(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    """Decide for a Pending placement."""
    order = order_of(view, placement)
    if order is not None:
        return record_found(view, receipt, placement, order)
    permit = view.permit
    if permit is not None and (permit.client_order_id, view.holder) == (placement.client_order_id, placement.holder):
        return _holding(view, receipt, placement, permit)
    return _resolve(view, receipt, placement)


def record_outcome(
    view: View, receipt: OrderReceipt, placement: ReceiptPlacement, outcome: CreateOutcome
) -> Decision | None:
    """Write what this process' request proved; None when it proved nothing and the look-ups go on."""
    at = view.now.wall
    match outcome:
        case Placed(order):
            return record_placed(view, receipt, placement, order)
        case Refused(code, message):
            proof = receipts.resolved(
                placement, PlacementOutcome.REFUSED, at, reason=code[:128], message=message[:1024]
            )
            refused = receipts.with_amend(receipts.with_placement(receipt, proof), None)
            return _record(view, "record the refusal", refused)
        case NotPlaced(reason, message):
            return _record_not_placed(view, receipt, placement, reason, message)
        case DuplicateId() | OutcomeUnknown():
            return None


def _record(view: View, why: str, receipt: OrderReceipt, permits: str | None = None) -> Decision:
    return Decision(why, view.intent.status, record=ReplaceReceipt(receipt, permits), quiet=True)


def _record_not_placed(
    view: View, receipt: OrderReceipt, placement: ReceiptPlacement, reason: str, message: str
) -> Decision:
    proof = receipts.resolved(
        placement, PlacementOutcome.NOT_PLACED, view.now.wall, reason=reason, message=message[:1024]
    )
    return _record(view, f"record that nothing was placed: {reason}", receipts.with_placement(receipt, proof))


def _holding(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, permit: Permit) -> Decision:
    """The record is ours and nothing was sent: look, ask the gates once more, send; or give the permit back."""
    stop = first_stop(view)
    obstacle = _obstacle(view, permit, stop)
    if obstacle is not None:
        return _record_not_placed(view, receipt, placement, *obstacle)
    if stop is not None:
        # What only has to be read again is read: the permit stays open for seconds.
        return fresh.stopped(view, stop)
    if fresh.needs_look_up(view, placement.attempt) and not _absent_since(view, permit.noted_at):
        ask = LookUp(view.intent.spec.symbol, placement.client_order_id)
        wait = view.looked.due_at(LOOK_UPS) - view.now.monotonic
        if wait > 0:
            return Decision(
                "look up again, later", view.intent.status, requeue_after=max(fresh.SHORTEST, wait), quiet=True
            )
        return Decision("look up before sending", view.intent.status, actions=(ask,), quiet=True)
    if successor(view, placement) is not None:
        message = "an order that replaced it in a former life works at the venue"
        return _record_not_placed(view, receipt, placement, "Replaced", message)
    send = Send(_request(view, placement), ticket_of(view.intent.metadata))
    return Decision("send", view.intent.status, actions=(send,), quiet=True)


def _obstacle(view: View, permit: Permit, stop: Stop | None) -> tuple[str, str] | None:
    """Why the request must not be sent under this permit: reason and message."""
    if not permit.is_open(view.now.monotonic):
        return "SendWindowMissed", f"the send window of {permit.window:g} s closed before the request could be sent"
    if stop is not None and stop.ask is None:
        return "GateClosed", stop.message
    if not fresh.has_finalizer(view):
        return "ObjectChanged", "the object changed while it was claimed"
    return None


def _absent_since(view: View, noted_at: float) -> bool:
    return isinstance(view.observed, Absent) and view.observed.started_at >= noted_at


def _request(view: View, placement: ReceiptPlacement) -> OrderRequest:
    """Exactly what was recorded; the spec may have moved on meanwhile."""
    spec = view.intent.spec
    return OrderRequest(
        client_order_id=placement.client_order_id,
        symbol=spec.symbol,
        side=spec.side,
        type=spec.type,
        quantity=placement.quantity,
        quote_quantity=placement.quote_quantity,
        price=placement.price,
        trigger_price=placement.trigger_price,
        time_in_force=spec.time_in_force,
        post_only=spec.post_only,
        reduce_only=spec.reduce_only,
        trailing=_trailing(spec, placement),
        expire_at=spec.expire_at,
    )


def _trailing(spec: OrderIntentSpec, placement: ReceiptPlacement) -> TrailingOffset | None:
    if spec.trailing is None or placement.trailing_offset is None:
        return None
    return TrailingOffset(placement.trailing_offset, spec.trailing.offset_type, placement.activation_price)


def _resolve(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    """Look up at growing intervals; behind the fence with the whole set; act only on a proven absence."""
    seen_at = view.journal.seen_at if isinstance(view.journal, Held) else view.now.monotonic
    end = fence(view, seen_at, placement)
    observed = view.observed
    if end is not None and isinstance(observed, Absent) and observed.complete and observed.started_at >= end:
        return _proven_absent(view, receipt, placement)
    if end is None and _human_says_absent(view, placement):
        return _proven_absent(view, receipt, placement, receipts.CONFIRMED)
    said = _in_doubt(view, placement, seen_at)
    if not _can_ask(view):
        return Decision("outcome unknown: wait for the venue", said, requeue_after=5.0)
    endless = placement.request_expiry_seconds is None
    behind = endless or (end is not None and view.now.monotonic >= end)
    due = _due(view, end if behind else None)
    if due > view.now.monotonic:
        next_step = due if end is None or behind else min(due, end)
        return Decision("outcome unknown: look up again, later", said, requeue_after=next_step - view.now.monotonic)
    since = placement.recorded_at if behind else None
    ask = LookUp(
        view.intent.spec.symbol,
        placement.client_order_id,
        prove_since=since,
        list_client_order_id=placement.list_client_order_id,
    )
    return Decision("outcome unknown: look up", said, actions=(ask,))


def _human_says_absent(view: View, placement: ReceiptPlacement) -> bool:
    """Whether a human vouches for what no wait can prove: the venue's requests never expire.

    The venue must also have been asked, by the whole set, and have found nothing.
    """
    if placement.request_expiry_seconds is not None:
        return False
    asked = isinstance(view.observed, Absent) and view.observed.complete
    return asked and receipts.says(view.intent, receipts.next_confirmation(view.identity, placement))


def _due(view: View, passed_fence: float | None) -> float:
    """When to ask next: at growing intervals, and once more as soon as the fence has passed."""
    if passed_fence is not None and (view.looked.at is None or view.looked.at < passed_fence):
        return passed_fence
    return view.looked.due_at(LOOK_UPS)


def _can_ask(view: View) -> bool:
    return view.account.exists and view.account.contact and bool(view.account.venue_account_id)


def _in_doubt(view: View, placement: ReceiptPlacement, seen_at: float) -> OrderIntentStatus:
    """Unknown, at once for the process that lost the answer, after a grace for one that only watches the holder."""
    other = placement.holder != view.holder and view.looked.times <= 1
    doubted = view.intent.status.state is State.UNKNOWN
    early = other and not doubted and view.now.monotonic - seen_at < HOLDER_GRACE
    state = State.SUBMITTING if early else State.UNKNOWN
    reason = Reason.SUBMITTING if early else Reason.OUTCOME_UNKNOWN
    message = (
        "the request is under way"
        if early
        else f"the request {placement.client_order_id} may or may not have reached the venue; "
        "it is looked up until that is proven, and nothing is sent before"
    )
    endless = placement.request_expiry_seconds is None and not early
    if endless:
        wanted = receipts.next_confirmation(view.identity, placement)
        message += (
            ". This venue's requests never expire, so that only you can know: when you are certain that the order is "
            f"not there, set the annotation {ANNOTATION_CONFIRM}={wanted}"
        )
    situation = Situation(
        state,
        reason,
        message,
        placed=UNKNOWN,
        out_of_sync=Problem(Reason.OUTCOME_UNKNOWN, message),
        command=status.command_for(placement),
        stalled=endless,
        replacing=status.is_replacing(view, placement),
    )
    return status.build(view, situation, placement)


def _proven_absent(
    view: View, receipt: OrderReceipt, placement: ReceiptPlacement, proof: str = "AbsenceProven"
) -> Decision:
    """The venue provably has no such order: another attempt, or the end, as the spec wants now."""
    absent = receipts.resolved(placement, PlacementOutcome.ABSENT, view.now.wall, reason=placement.reason or proof)
    resolved = receipts.with_placement(receipt, absent)
    if not retry.may_follow_at_once(view, absent):
        return _record(view, "record the absence", resolved)
    return retry.attempt(view, resolved, absent, "the order is provably absent: next attempt")
