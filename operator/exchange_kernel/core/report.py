"""What is said about an order that the venue has."""

from exchange_kernel.api.conditions import ConditionType, find_condition
from exchange_kernel.api.enums import DesiredState, PendingCommand, TimeInForce
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.order_receipt import ReceiptPlacement
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import controls, status
from exchange_kernel.core.conditions import TRUE
from exchange_kernel.core.fills import accounted
from exchange_kernel.core.gates import terms_of
from exchange_kernel.core.market_rules import Denial, Terms, shown
from exchange_kernel.core.status import Situation
from exchange_kernel.core.venue import VenueOrder, VenueStatus
from exchange_kernel.core.view import Held, Problem, View


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
    state = status.state_of(order)
    reason, message = _words(view, order, state)
    canceling = unwanted(view) and not state.is_final
    amend = None if state.is_final or canceling else amend_problem(view, placement)
    if amend is not None:
        reason, message = amend.reason, amend.message
    situation = Situation(
        state,
        reason,
        message,
        placed=TRUE,
        out_of_sync=amend or _lost_contact(view, state),
        command=PendingCommand.CANCEL if canceling else PendingCommand.NONE,
        settled=is_settled(view, order),
    )
    return status.build(view, situation, placement, order)


def _words(view: View, order: VenueOrder, state: State) -> tuple[str, str]:
    if state.is_final:
        return _end(view, order, state)
    if unwanted(view):
        owner = None if _asked_to_end(view) else controls.withdrawn(view.intent, view.account)
        why = f" ({owner.reason}: {owner.message})" if owner is not None else ""
        return Reason.CANCELING, f"a cancel was asked for; it is repeated until the order's end is read back{why}"
    if state is State.UNTRIGGERED:
        return Reason.UNTRIGGERED, ""
    return Reason.WORKING, ""


def _end(view: View, order: VenueOrder, state: State) -> tuple[str, str]:
    filled = f"{shown(order.filled)} filled"
    if state is State.FILLED:
        return Reason.FILLED, ""
    if state is State.CANCELED:
        return _canceled(view, order, filled)
    if state is State.REJECTED:
        return Reason.REJECTED, f"the venue rejected the order ({order.raw_status})"
    if view.intent.spec.time_in_force is TimeInForce.IOC:
        return Reason.IMMEDIATE_PART_DONE, f"the rest of the IOC order has ended, {filled}"
    return Reason.EXPIRED, f"ended by the venue ({order.raw_status}), {filled}; for a new order use a new name"


def _canceled(view: View, order: VenueOrder, filled: str) -> tuple[str, str]:
    if _asked_to_end(view):
        return Reason.CANCELED, f"canceled as asked, {filled}"
    owner = controls.withdrawn(view.intent, view.account) or _withdrawn_before(view)
    if owner is not None:
        return owner.reason, f"{owner.message}; {filled}"
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


def is_settled(view: View, order: VenueOrder) -> bool:
    """Whether the order is final and all its fills are accounted for, late ones included.

    A completely filled order cannot fill any further. Any other end may be followed by a fill that was under way; the
    venue is asked once more after M.
    """
    if not order.status.is_final or not accounted(order):
        return False
    if order.status is VenueStatus.FILLED or order.status is VenueStatus.REJECTED:
        return True
    rules = view.account.rules
    return rules is not None and view.final_at is not None and view.observed_at >= view.final_at + rules.settle_margin


def amend_problem(view: View, placement: ReceiptPlacement) -> Problem | None:
    """Whether the spec asks for other values than those at the venue, compared as sent, never as written."""
    if view.intent.spec.symbol not in view.account.markets:
        return None
    terms = terms_of(view)
    sent = Terms(placement.quantity, placement.quote_quantity, placement.price, placement.trigger_price)
    if isinstance(terms, Denial):
        return Problem(Reason.AMEND_NOT_AVAILABLE, f"the order keeps its values: {terms.message}")
    if _same(terms, sent):
        return None
    return Problem(
        Reason.AMEND_NOT_AVAILABLE,
        "changing an order that works at the venue is not available in this version: the order keeps its values; "
        "restore them, or cancel this order and create another",
    )


def _same(wish: Terms, sent: Terms) -> bool:
    pairs = ((wish.quantity, sent.quantity), (wish.price, sent.price), (wish.trigger_price, sent.trigger_price))
    return all(left is None or right is None or left == right for left, right in pairs)
