"""Changing an order that works: in place where the venue can, else by canceling it and placing the rest anew.

A replacement is a placement like any other, with its own client order id, its own record before the request, and its
own fence; what is new is only who permits it:

1. `Canceling` is recorded in the receipt, by compare-and-set, before the cancel is sent.
2. The cancel is repeated until the order's end is read back, with its fills.
3. One compare-and-set closes the old placement with its fills, sets the amend to `Creating`, and writes the Pending
   placement of the next revision: the newest wish of the spec less everything filled. Nothing else permits the request,
   so that a crash after the cancel neither loses the rest nor doubles it.
4. Once the new order is acknowledged, refused or not wanted any more, the amend's record goes.

The old order has ended before the new one is recorded, so that two are never live. Of what can happen in between,
cancel, delete and halt win: no new order. An order that was filled, expired or rejected meanwhile is not replaced.
"""

from exchange_kernel.api.enums import AmendPhase, AmendPolicy, PendingCommand
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.api.reasons import Reason
from exchange_kernel.api.receipt_parts import AmendRecord, AmendTarget
from exchange_kernel.core import asking, fresh, lineage, receipts, report, sent, status, wish
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.decision import (
    AddFinalizer,
    AmendOrder,
    Decision,
    FetchOrder,
    LookUp,
    ReadFormer,
    ReadPrice,
    ReplaceReceipt,
)
from exchange_kernel.core.fills import accounted
from exchange_kernel.core.gates import Stop, first_stop, no_room
from exchange_kernel.core.market_rules import Denial, Terms
from exchange_kernel.core.outcomes import AmendNotSent, AmendRefused
from exchange_kernel.core.requests import AmendRequest
from exchange_kernel.core.status import Situation
from exchange_kernel.core.timing import ATTEMPTS, LOOK_UPS, READ_BACK, VANISHED_AFTER
from exchange_kernel.core.venue import Found, VenueOrder, VenueStatus
from exchange_kernel.core.view import AmendTry, Held, View

FIRST_ATTEMPT = 1
# How often a change that something holds back is judged again, in seconds; most of what ends it is an event anyway.
PATIENCE = 5.0


# --- an order that works --------------------------------------------------------------------------------------------


def working(
    view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder, said: OrderIntentStatus
) -> Decision | None:
    """What a change of the spec asks for now; None when nothing is to be done about it."""
    if receipt.amend is not None:
        return _canceling(view, receipt, placement, order, said)
    change = wish.change(view, placement, order)
    if isinstance(change, wish.Objection):
        return None if change.ask is None else _read_first(view, change.ask)
    if change is None:
        return _record_values(view, receipt, placement, order)
    if change.request is not None:
        return _in_place(view, order, change.request, said)
    room = no_room(view)
    if room is not None and wish.rest_of(view, lineage.done(view, placement, order)) is not None:
        # Canceled now, the order would be missing until what replaces it can be sent.
        return Decision("amend: wait for room to place the rest", said, requeue_after=room.wait)
    target = AmendTarget(
        quantity=change.target.quantity, price=change.target.price, trigger_price=change.target.trigger_price
    )
    amend = AmendRecord(
        revision=placement.revision + 1, phase=AmendPhase.CANCELING, target=target, started_at=view.now.wall
    )
    return Decision("amend: record it", said, record=ReplaceReceipt(receipts.with_amend(receipt, amend)))


def _read_first(view: View, ask: ReadPrice) -> Decision:
    return Decision("read the market's price", view.intent.status, actions=(ask,), quiet=True)


def _canceling(
    view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder, said: OrderIntentStatus
) -> Decision:
    """The amend is recorded and the old order works still: cancel it, unless the new one may not be sent any more."""
    stop = first_stop(view)
    if stop is not None and stop.ask is not None and view.canceled.times == 0:
        # Another process has begun this, maybe long ago: a trigger may have been crossed since.
        return _read_first(view, stop.ask)
    if stop is None or not wish.gives_up(stop):
        return asking.cancel(view, placement, order, said)
    # A cancel of this process or another may be under way: should it take hold, the order has ended for this reason.
    given_up = _given_up(placement, stop.message)
    record = receipts.with_amend(receipts.with_placement(receipt, given_up), None)
    return Decision(f"amend: given up ({stop.reason})", view.intent.status, record=ReplaceReceipt(record), quiet=True)


def _in_place(view: View, order: VenueOrder, request: AmendRequest, said: OrderIntentStatus) -> Decision:
    """Ask for the change and read it back; not again before the last request has an effect or can have none."""
    if not asking.reachable(view):
        return Decision("amend: wait for the account", said, requeue_after=2.0)
    read = FetchOrder(view.intent.spec.symbol, order.exchange_order_id)
    wait = _again_at(view, order) - view.now.monotonic
    if wait <= 0:
        return Decision("amend in place", said, actions=(AmendOrder(request), read))
    unread = view.observed_at + READ_BACK - view.now.monotonic
    if unread <= 0:
        return Decision("amended: read it back", said, actions=(read,), quiet=True)
    return Decision("amended: read it back, later", said, requeue_after=min(wait, unread))


def _again_at(view: View, order: VenueOrder) -> float:
    """From when another request may be sent: none may be under way that could still take hold after it."""
    tried, rules = view.amended, view.account.rules
    if tried is None or rules is None or _has_effect(tried, order):
        return view.now.monotonic
    match tried.outcome:
        case AmendRefused():
            return tried.ended_at
        case AmendNotSent(retry_after=pause):
            return tried.ended_at + max(pause or 0.0, ATTEMPTS.after(tried.times))
        case _:
            return tried.ended_at + (rules.request_expiry or 0.0) + rules.settle_margin


def _has_effect(tried: AmendTry, order: VenueOrder) -> bool:
    asked = tried.request
    pairs = ((asked.quantity, order.quantity), (asked.price, order.price), (asked.trigger_price, order.trigger_price))
    return order.exchange_order_id == asked.exchange_order_id and all(
        wanted is None or wanted == now for wanted, now in pairs
    )


def _record_values(
    view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder
) -> Decision | None:
    """The order was read back with the values that the spec wants: the receipt gets them."""
    now = sent.shown_terms(view, placement, order)
    if now == Terms(placement.quantity, placement.quote_quantity, placement.price, placement.trigger_price):
        return None
    changed = placement.model_copy(
        update={"quantity": now.quantity, "price": now.price, "trigger_price": now.trigger_price}
    )
    record = ReplaceReceipt(receipts.with_placement(receipt, changed))
    return Decision("amended: record the values", view.intent.status, record=record, quiet=True)


def gate(view: View, request: AmendRequest) -> str | None:
    """Why a request to change the order in place must not be sent any more; None to go ahead.

    Asked when it leaves the queue and right before the socket write.
    """
    if report.unwanted(view) or not isinstance(view.journal, Held) or not isinstance(view.observed, Found):
        return "the order is not wanted any more"
    change = wish.change(view, receipts.latest(view.journal.receipt), view.observed.order)
    if isinstance(change, wish.Change) and change.request == request:
        return None
    return change.problem.message if isinstance(change, wish.Objection) else "the spec asks for something else by now"


def patience(view: View, placement: ReceiptPlacement, order: VenueOrder) -> float | None:
    """When a change that has to wait is judged again, in seconds; None when none waits."""
    change = wish.change(view, placement, order)
    return PATIENCE if isinstance(change, wish.Objection) and change.waits else None


# --- an order that has ended ----------------------------------------------------------------------------------------


def ended(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
    """The old order's end was read back while its amend was recorded: place the rest, or end here."""
    if report.unwanted(view):
        return _close(view, receipt, placement, order, "amend: the order is not wanted any more")
    if order.status is not VenueStatus.CANCELED:
        return _close(view, receipt, placement, order, f"amend: the order ended as {order.status}")
    if not accounted(order) and (order.cost is None or view.traded.times < VANISHED_AFTER):
        return asking.trades(view, order, _under_way(view, placement, order, "the old order's fills are read"))
    return _replace(view, receipt, placement, order)


def _replace(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder) -> Decision:
    stop = first_stop(view)
    if view.account.rules is None or view.intent.spec.symbol not in view.account.markets:
        return _wait(view, placement, order, stop)
    rest = wish.rest_of(view, lineage.done(view, placement, order))
    if rest is None:
        return _close(view, receipt, placement, order, "amend: nothing is left to be filled")
    problem = _forbids(view, rest, stop)
    if isinstance(rest, Denial) or problem:
        return _close(view, receipt, _given_up(placement, problem), order, f"amend: given up ({problem})")
    if stop is not None:
        return _wait(view, placement, order, stop) if stop.ask is None else _read_first(view, stop.ask)
    return _create(view, receipt, placement, order, rest)


def _forbids(view: View, rest: Terms | Denial, stop: Stop | None) -> str:
    """Why the rest must not be placed any more; empty where it may, now or later."""
    if isinstance(rest, Denial):
        return f"of the rest, {rest.message}"
    if wish.policy_of(view) is not AmendPolicy.CANCEL_REPLACE:
        return "amendPolicy does not allow a replacement any more"
    return stop.message if stop is not None and wish.gives_up(stop) else ""


def _create(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder, rest: Terms) -> Decision:
    """The one record that closes the old order and permits the new one."""
    amend = receipt.amend
    if amend is None:
        raise ValueError("a replacement needs the record of its amend")
    total = None if rest.quantity is None else rest.quantity + lineage.done(view, placement, order)
    target = AmendTarget(quantity=total, price=rest.price, trigger_price=rest.trigger_price)
    creating = amend.model_copy(update={"phase": AmendPhase.CREATING, "target": target})
    following = receipts.pending(view.identity, FIRST_ATTEMPT, rest, fresh.writer(view), amend.revision)
    closed = receipts.with_placement(receipt, receipts.closed(placement, order))
    record = receipts.with_amend(receipts.with_placement(closed, following), creating)
    beside: tuple[AddFinalizer | LookUp, ...] = () if fresh.has_finalizer(view) else (AddFinalizer(view.intent),)
    if fresh.needs_look_up(view, FIRST_ATTEMPT):
        beside += (LookUp(view.intent.spec.symbol, following.client_order_id),)
    return Decision(
        "amend: place the rest",
        view.intent.status,
        record=ReplaceReceipt(record, permits=following.client_order_id),
        beside=beside,
        quiet=True,
    )


def _close(view: View, receipt: OrderReceipt, placement: ReceiptPlacement, order: VenueOrder, why: str) -> Decision:
    """Nothing replaces the order: its end is recorded, and the amend with it."""
    closed = receipts.with_placement(receipt, receipts.closed(placement, order))
    return Decision(why, view.intent.status, record=ReplaceReceipt(receipts.with_amend(closed, None)), quiet=True)


def _given_up(placement: ReceiptPlacement, message: str) -> ReceiptPlacement:
    return placement.model_copy(update={"reason": receipts.AMEND_GIVEN_UP, "message": message[:1024]})


def _wait(view: View, placement: ReceiptPlacement, order: VenueOrder, stop: Stop | None) -> Decision:
    why = stop.message if stop is not None else "the account's markets are being read"
    reason = stop.reason if stop is not None else Reason.ACCOUNT_NOT_READY
    said = _under_way(view, placement, order, f"the rest is placed as soon as this has ended: {why}", reason)
    again = stop.wait if stop is not None else 5.0
    if view.observed_at < _visible_at(view):
        # However long the rest waits: a fill that crossed the cancel is less that is left to be placed.
        left = _visible_at(view) - view.now.monotonic
        if left <= 0:
            return asking.fetch(view, placement, "amend: read the order again while the rest waits", said)
        again = left if again is None else min(again, left)
    return Decision("amend: the rest waits", said, requeue_after=again)


def _under_way(
    view: View, placement: ReceiptPlacement, order: VenueOrder, message: str, reason: str = Reason.AMENDING
) -> OrderIntentStatus:
    """The old order has ended, the new one is not recorded yet."""
    text = f"the order was canceled to be replaced; {message}"
    situation = Situation(
        State.PENDING,
        reason,
        text,
        out_of_sync=Problem(Reason.AMENDING, text),
        command=PendingCommand.AMEND,
        replacing=True,
    )
    return status.build(view, situation, placement, order)


# --- late fills -----------------------------------------------------------------------------------------------------


def late_fills(
    view: View, receipt: OrderReceipt, placement: ReceiptPlacement, said: OrderIntentStatus
) -> Decision | None:
    """Read each replaced order once more, when a fill that crossed its cancel must be visible; None when all were."""
    first = _unsettled(receipt, placement)
    if first is None:
        return None
    recorded = read_again(view, receipt, placement)
    if recorded is not None:
        return recorded
    wait = max(_visible_at(view), view.reread.due_at(LOOK_UPS)) - view.now.monotonic
    if wait > 0 or not asking.reachable(view):
        return Decision("a replaced order is read again, later", said, requeue_after=max(wait, 1.0))
    ask = ReadFormer(view.intent.spec.symbol, first.exchange_order_id or "")
    return Decision("read a replaced order again", said, actions=(ask,), quiet=True)


def read_again(view: View, receipt: OrderReceipt, placement: ReceiptPlacement) -> Decision | None:
    """Record what a replaced order shows, once it was read late enough; late fills count from then on."""
    first = _unsettled(receipt, placement)
    again = view.former.get(first.exchange_order_id or "") if first is not None else None
    if first is None or again is None or again.started_at < _visible_at(view):
        return None
    record = ReplaceReceipt(receipts.with_placement(receipt, receipts.settled(first, again.order)))
    return Decision("a replaced order was read again", view.intent.status, record=record, quiet=True)


def _unsettled(receipt: OrderReceipt, placement: ReceiptPlacement) -> ReceiptPlacement | None:
    return next((each for each in lineage.former(receipt, placement) if not each.settled), None)


def _visible_at(view: View) -> float:
    """M after this process has first seen the receipt as it is: its last change was after the old order's end."""
    seen = view.journal.seen_at if isinstance(view.journal, Held) else view.now.monotonic
    return seen + (view.account.rules.settle_margin if view.account.rules is not None else 0.0)
