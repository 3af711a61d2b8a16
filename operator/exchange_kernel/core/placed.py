"""Orders that the venue has acknowledged: follow them to their end, cancel them when they are not wanted any more.

Nothing here places an order. One that has vanished, or that somebody else canceled, is reported and never replaced.
"""

from datetime import timedelta

from exchange_kernel.api.enums import DeletionPolicy, PlacementOutcome
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import fresh, receipts, report, status
from exchange_kernel.core.conditions import TRUE
from exchange_kernel.core.decision import (
    Action,
    AddFinalizer,
    Cancel,
    Decision,
    DeleteIntent,
    FetchOrder,
    FetchTrades,
    RemoveFinalizer,
    ReplaceReceipt,
)
from exchange_kernel.core.fills import ZERO, accounted
from exchange_kernel.core.status import Situation
from exchange_kernel.core.timing import CANCELS, LOOK_UPS, TRADES, VANISHED_AFTER
from exchange_kernel.core.venue import Absent, Found, VenueOrder
from exchange_kernel.core.view import Held, Problem, View

# Refusals whose remedy is another one than reading the venue's words.
_REFUSALS = (Reason.INSUFFICIENT_FUNDS, Reason.POST_ONLY_WOULD_TAKE)


def decide(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    """Decide for a placement that the venue has acknowledged."""
    if view.intent.metadata.deleting and view.intent.spec.deletion_policy is DeletionPolicy.ORPHAN:
        return _let_go(view, receipt, placement, orphan=True)
    if isinstance(view.observed, Found):
        order = view.observed.order
        follow = _ended if order.status.is_final else _working
        return follow(view, receipt, placement, order)
    return _unseen(view, receipt, placement)


def refused(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision:
    """The venue refused the order for good."""
    if view.intent.metadata.deleting:
        return _let_go(view, receipt, placement)
    message = f"the venue refused the order: {placement.message or placement.reason or 'no reason given'}"
    known = next((reason for reason in _REFUSALS if reason.value == placement.reason), Reason.REJECTED)
    situation = Situation(State.REJECTED, known, message, settled=True)
    return Decision("refused by the venue", status.build(view, situation, placement))


def _fetch(view: View, placement: ReceiptPlacement, why: str, said: OrderIntentStatus) -> Decision:
    """Read the order by the venue's id, now or when the interval has passed."""
    if not (view.account.exists and view.account.venue_account_id):
        return Decision(f"{why}: wait for the account", said, requeue_after=5.0)
    wait = view.looked.due_at(LOOK_UPS) - view.now.monotonic
    if wait > 0:
        return Decision(f"{why}: later", said, requeue_after=wait)
    ask = FetchOrder(view.intent.spec.symbol, placement.exchange_order_id or "")
    return Decision(why, said, actions=(ask,), quiet=True)


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
    if unread or ended or isinstance(view.observed, Absent) or report.unwanted(view):
        return _fetch(view, placement, "read the order", said)
    if view.account.polled_at is not None:
        return _fetch(view, placement, "not among the open orders: read it", said)
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
    not count.
    """
    rules, observed = view.account.rules, view.observed
    if rules is None or not isinstance(view.journal, Held) or view.looked.times < VANISHED_AFTER:
        return False
    asked, known = view.looked.at, view.journal.seen_at
    if isinstance(observed, Absent):
        asked = observed.started_at
    elif isinstance(observed, Found) and view.recheck:
        known = max(known, view.observed_at)
    else:
        return False
    return asked is not None and asked >= known + rules.settle_margin


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
        return _cancel(view, placement, order, said)
    if view.recheck:
        return _fetch(view, placement, "not among the open orders: read it", said)
    if not fresh.has_finalizer(view):
        return Decision("hold the object", said, actions=(AddFinalizer(view.intent),))
    if not accounted(order):
        return _read_trades(view, order, said)
    return Decision("working", said)


def _cancel(view: View, placement: ReceiptPlacement, order: VenueOrder, said: OrderIntentStatus) -> Decision:
    """Ask, and read back; repeat both until the end is read."""
    if not (view.account.exists and view.account.venue_account_id):
        return Decision("cancel: wait for the account", said, requeue_after=2.0)
    symbol, exchange_id = view.intent.spec.symbol, order.exchange_order_id
    wait = view.canceled.due_at(CANCELS) - view.now.monotonic
    if wait > 0:
        return Decision("cancel again, later", said, requeue_after=wait)
    actions: tuple[Action, ...] = (
        Cancel(symbol, exchange_id, placement.client_order_id),
        FetchOrder(symbol, exchange_id),
    )
    return Decision("cancel", said, actions=actions, quiet=view.canceled.times == 0)


def _read_trades(view: View, order: VenueOrder, said: OrderIntentStatus) -> Decision:
    if not (view.account.exists and view.account.venue_account_id):
        return Decision("read the trades: wait for the account", said, requeue_after=5.0)
    wait = view.traded.due_at(TRADES) - view.now.monotonic
    if wait > 0:
        return Decision("read the trades, later", said, requeue_after=wait)
    ask = FetchTrades(view.intent.spec.symbol, order.exchange_order_id)
    return Decision("read the trades", said, actions=(ask,), quiet=view.traded.times == 0)


def _ended(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
    said = report.of_order(view, placement, order)
    # The end was read back: trades that cannot be had do not keep an object for ever that is to go.
    tired = view.intent.metadata.deleting and view.traded.times >= VANISHED_AFTER
    if not accounted(order) and not tired:
        return _read_trades(view, order, said)
    if view.intent.metadata.deleting:
        return _let_go(view, receipt, placement)
    if not report.is_settled(view, order):
        return _settle(view, placement, said)
    return _finished(view, Decision("ended and settled", said))


def _settle(view: View, placement: ReceiptPlacement, said: OrderIntentStatus) -> Decision:
    """Ask once more when a fill that crossed the end must be visible."""
    rules = view.account.rules
    margin = rules.settle_margin if rules is not None else 0.0
    final_at = view.now.monotonic if view.final_at is None else view.final_at
    wait = final_at + margin - view.now.monotonic
    if wait > 0:
        return Decision("ended: a late fill would show later", said, requeue_after=wait)
    return _fetch(view, placement, "ended: look for late fills", said)


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
        ended = receipt
        if not orphan:
            state = status.state_of(order) if order is not None else view.intent.status.state or State.CANCELED
            filled = order.filled if order is not None else view.intent.status.filled_quantity or ZERO
            if placement.outcome is PlacementOutcome.REFUSED:
                state = State.REJECTED
            elif not state.is_final:
                # The venue does not know it any more: whatever it was, it does not work there.
                state = State.CANCELED
            ended = receipts.with_final(receipt, state, filled, view.now.wall)
        record = ReplaceReceipt(receipts.with_intent_gone(ended, view.now.wall))
        return Decision("deleting: note the end", view.intent.status, record=record, quiet=True)
    said = report.of_order(view, placement, order) if order is not None else view.intent.status
    release = (RemoveFinalizer(view.intent),) if fresh.has_finalizer(view) else ()
    return Decision("release", said, actions=release, quiet=not release)
