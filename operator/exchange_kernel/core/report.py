"""What is said about an order that the venue has."""

from decimal import Decimal

from exchange_kernel.api.conditions import ConditionType, find_condition
from exchange_kernel.api.enums import DesiredState, PendingCommand, TimeInForce
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.order_receipt import ReceiptPlacement
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import controls, lineage, receipts, status, wish
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.conditions import TRUE
from exchange_kernel.core.fills import ZERO, accounted
from exchange_kernel.core.market_rules import shown
from exchange_kernel.core.status import Situation
from exchange_kernel.core.venue import VenueOrder, VenueStatus
from exchange_kernel.core.view import Held, View


def unwanted(view: View) -> bool:
    """Whether the order is to be canceled: by its spec, because it is being deleted, or by the account's owner."""
    return _asked_to_end(view) or controls.withdrawn(view.intent, view.account) is not None


def _asked_to_end(view: View) -> bool:
    return view.intent.metadata.deleting or view.intent.spec.desired_state is DesiredState.CANCELED


def ended_before(view: View) -> bool:
    """Whether the receipt had recorded the end when this object claimed the order."""
    return isinstance(view.journal, Held) and view.journal.receipt.final is not None


def of_order(view: View, placement: ReceiptPlacement, order: VenueOrder) -> OrderIntentStatus:
    """The status while the venue's order is known."""
    filled = lineage.done(view, placement, order)
    now = state(view, order, filled)
    canceling = unwanted(view) and not now.is_final
    if not (now.is_final or canceling):
        return status.build(view, _at_work(view, placement, order, now), placement, order)
    reason, message = _end(view, placement, order, now, filled) if now.is_final else _words(view, now)
    situation = Situation(
        now,
        reason,
        message,
        placed=TRUE,
        out_of_sync=_too_late(view, now, filled) or _lost_contact(view, now),
        command=PendingCommand.CANCEL if canceling else PendingCommand.NONE,
        settled=is_settled(view, placement, order),
    )
    return status.build(view, situation, placement, order)


def state(view: View, order: VenueOrder, filled: Decimal) -> State:
    """The intent's state: the present order's, with what all orders of the intent have filled."""
    own = status.state_of(order)
    if own.is_live and filled > ZERO:
        return State.PARTIALLY_FILLED
    if own in {State.CANCELED, State.EXPIRED} and wish.is_complete(view, filled):
        return State.FILLED
    return own


def _at_work(view: View, placement: ReceiptPlacement, order: VenueOrder, state: State) -> Situation:
    change = wish.change(view, placement, order)
    lost = _lost_contact(view, state)
    if isinstance(change, wish.Change) or _is_amending(view):
        message = "the order is being changed to what the spec says"
        problem = Problem(Reason.AMENDING, message)
        return Situation(
            state, Reason.AMENDING, message, placed=TRUE, out_of_sync=problem, command=PendingCommand.AMEND
        )
    if change is not None:
        problem = change.problem
        return Situation(
            state, problem.reason, problem.message, placed=TRUE, out_of_sync=problem, stalled=not change.waits
        )
    reason, message = _words(view, state)
    return Situation(state, reason, message, placed=TRUE, out_of_sync=lost)


def _is_amending(view: View) -> bool:
    return isinstance(view.journal, Held) and view.journal.receipt.amend is not None


def _too_late(view: View, state: State, filled: Decimal) -> Problem | None:
    """Whether the order was filled before its quantity could be raised."""
    if state is not State.FILLED or view.intent.spec.quantity is None or wish.is_complete(view, filled):
        return None
    message = (
        f"the order was filled completely ({shown(filled)}) before its quantity could be raised to "
        f"{shown(view.intent.spec.quantity)}; for the rest create a new order"
    )
    return Problem(Reason.TOO_LATE_TO_AMEND, message)


def _words(view: View, state: State) -> tuple[str, str]:
    if unwanted(view):
        owner = None if _asked_to_end(view) else controls.withdrawn(view.intent, view.account)
        why = f" ({owner.reason}: {owner.message})" if owner is not None else ""
        return Reason.CANCELING, f"a cancel was asked for; it is repeated until the order's end is read back{why}"
    if state is State.UNTRIGGERED:
        return Reason.UNTRIGGERED, ""
    return Reason.WORKING, ""


def _end(
    view: View, placement: ReceiptPlacement, order: VenueOrder, state: State, quantity: Decimal
) -> tuple[str, str]:
    filled = f"{shown(quantity)} filled"
    if state is State.FILLED:
        return Reason.FILLED, _more_than_asked_for(view, quantity)
    if state is State.CANCELED:
        return _canceled(view, placement, order, filled)
    if state is State.REJECTED:
        return Reason.REJECTED, f"the venue rejected the order ({order.raw_status})"
    if view.intent.spec.time_in_force is TimeInForce.IOC:
        return Reason.IMMEDIATE_PART_DONE, f"the rest of the IOC order has ended, {filled}"
    return Reason.EXPIRED, f"ended by the venue ({order.raw_status}), {filled}; for a new order use a new name"


def _more_than_asked_for(view: View, filled: Decimal) -> str:
    wanted = view.intent.spec.quantity
    if wanted is None or filled <= wanted:
        return ""
    return f"{shown(filled)} filled, more than the {shown(wanted)} that the spec asks for: fills were faster"


def _canceled(view: View, placement: ReceiptPlacement, order: VenueOrder, filled: str) -> tuple[str, str]:
    if _asked_to_end(view):
        return Reason.CANCELED, f"canceled as asked, {filled}"
    owner = controls.withdrawn(view.intent, view.account) or _withdrawn_before(view)
    if owner is not None:
        return owner.reason, f"{owner.message}; {filled}"
    if placement.reason == receipts.AMEND_GIVEN_UP:
        why = placement.message or "its replacement was given up"
        return Reason.AMEND_FAILED, f"canceled to be replaced, and not replaced, {filled}: {why}"
    if ended_before(view):
        return Reason.ENDED_BEFORE, f"canceled before this object was created, {filled}; for a new order use a new name"
    return Reason.CANCELED_EXTERNALLY, (
        f"canceled at the venue by somebody else ({order.raw_status}), {filled}; it is not placed again; "
        "for a new order use a new name"
    )


def _withdrawn_before(view: View) -> Problem | None:
    """Whether a halt that is over had canceled the order: it does not work again, and nobody else has ended it."""
    before = view.intent.status
    ready = find_condition(before.conditions, ConditionType.READY)
    said_so = before.state is State.CANCELED and ready is not None and ready.reason == Reason.HALTED
    if not said_so and before.pending_command is not PendingCommand.CANCEL:
        return None
    return Problem(Reason.HALTED, "canceled by a halt of the account that is over; if still wanted, use a new name")


def _lost_contact(view: View, state: State) -> Problem | None:
    """Contact lost later keeps the last state: Unknown is for unresolved placements only."""
    if view.account.contact or state.is_final:
        return None
    return Problem(Reason.VENUE_UNREACHABLE, "the venue does not answer; this is the last known state")


def is_settled(view: View, placement: ReceiptPlacement, order: VenueOrder) -> bool:
    """Whether the order is final and all its fills are accounted for, late ones included.

    A completely filled order cannot fill any further. Any other end may be followed by a fill that was under way; the
    venue is asked once more after M.
    """
    return former_settled(view, placement) and order_settled(view, order)


def order_settled(view: View, order: VenueOrder) -> bool:
    """Whether the present order is final and all its fills are accounted for."""
    if not order.status.is_final or not accounted(order):
        return False
    if order.status is VenueStatus.FILLED or order.status is VenueStatus.REJECTED:
        return True
    rules = view.account.rules
    return rules is not None and view.final_at is not None and view.observed_at >= view.final_at + rules.settle_margin


def former_settled(view: View, placement: ReceiptPlacement) -> bool:
    """Whether the replaced orders were read again for late fills."""
    if not isinstance(view.journal, Held):
        return True
    return all(each.settled for each in lineage.former(view.journal.receipt, placement))
