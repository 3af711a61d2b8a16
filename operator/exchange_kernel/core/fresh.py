"""Orders without a receipt: nothing was recorded, so nothing was sent, unless the receipt was lost.

An object that was seen before (it carries our finalizer, or its status speaks of a placement) and has no receipt is
such a loss: a restore, or a hand in the journal. It is looked up, and adopted when the venue has it. Otherwise a guard
is recorded, a placement that nobody may send, and its absence is proven like that of any unknown outcome; after that
the object can be released or canceled, but it is never placed before a human confirms. One case is different: a crash
between the finalizer and the receipt, which are written at the same time. There the finalizer's patch has marked the
object with its own uid (a restored object has another one), and no status speaks of a placement: the proof suffices.
"""

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome, PlacementPolicy
from exchange_kernel.api.meta import ANNOTATION_CLAIMED, FINALIZER_CANCEL_ORDER
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import asking, receipts, status
from exchange_kernel.core.conditions import FALSE
from exchange_kernel.core.decision import Action, AddFinalizer, CreateReceipt, Decision, LookUp, RemoveFinalizer
from exchange_kernel.core.gates import Stop, adopts, first_stop, seconds_to_deadline, terms_of, wish_of
from exchange_kernel.core.identity import client_order_id, is_ours
from exchange_kernel.core.lineage import live_among, place_of
from exchange_kernel.core.market_rules import Denial, Terms
from exchange_kernel.core.order_lists import ticket_of
from exchange_kernel.core.receipts import FIRST_REVISION, Writer
from exchange_kernel.core.status import Situation
from exchange_kernel.core.timing import LOOK_UPS, SLOW
from exchange_kernel.core.venue import Absent, Found, VenueOrder, VenueStatus
from exchange_kernel.core.view import View

FIRST_ATTEMPT = 1
SHORTEST = 0.01
needs_look_up = asking.needs_look_up


def decide(view: View) -> Decision:
    """Decide for an intent that has no receipt."""
    if view.intent.metadata.deleting:
        return _deleting(view)
    if was_seen(view):
        return _lost_receipt(view)
    if is_settled_without_receipt(view):
        return keep(view, "ended or denied before anything was sent")
    stop = first_stop(view)
    if stop is not None and not (stop.reason == Reason.JOURNAL_FOREIGN and _has_venue(view)):
        return stopped(view, stop)
    if stop is not None or view.intent.spec.placement.policy is PlacementPolicy.ADOPT_ONLY:
        return _adopt_only(view, stop)
    return _place(view)


def was_seen(view: View) -> bool:
    """Whether this object bears traces of a placement."""
    return has_finalizer(view) or view.intent.status.client_order_id is not None


def has_finalizer(view: View) -> bool:
    """Whether our finalizer holds the object."""
    return FINALIZER_CANCEL_ORDER in view.intent.metadata.finalizers


def is_settled_without_receipt(view: View) -> bool:
    """Whether the wish has ended without a request: final for ever, Denied until the spec is edited.

    A denial is an answer that somebody may have acted upon; it does not turn into an order because a market changed.
    """
    before = view.intent.status
    if before.state is State.DENIED:
        return before.observed_generation == view.intent.metadata.generation
    return before.state is not None and before.state.is_final


def keep(view: View, why: str) -> Decision:
    """Leave the status as it is, but for the generation that it speaks of."""
    generation = view.intent.metadata.generation
    return Decision(why, view.intent.status.model_copy(update={"observed_generation": generation}))


def stopped(view: View, stop: Stop) -> Decision:
    """Say why nothing is sent, or read first what has to be known to say it."""
    if stop.ask is not None:
        return Decision("read the market's price", view.intent.status, actions=(stop.ask,), quiet=True)
    situation = Situation(
        stop.state,
        stop.reason,
        stop.message,
        accepted=FALSE if stop.state is State.DENIED else None,
        settled=stop.state.is_final,
    )
    return Decision(
        f"stopped: {stop.reason}", status.build(view, situation), requeue_after=until_judged_again(view, stop)
    )


def until_judged_again(view: View, stop: Stop) -> float | None:
    """An order that waits is judged again when its reason may have gone, and when a deadline of its own passes."""
    deadline = seconds_to_deadline(view) if stop.state is State.PENDING else None
    waits = [wait for wait in (stop.wait, deadline) if wait is not None]
    # A timer may fire a little early: what is left then must not become a loop without a pause.
    return max(SHORTEST, min(waits)) if waits else None


def writer(view: View) -> Writer:
    """This process as the writer of a receipt. Only called where the venue's rules are known."""
    if view.account.rules is None:
        raise ValueError("a placement needs the venue's rules; the gates should have stopped it")
    ticket = ticket_of(view.intent.metadata)
    return Writer(
        holder=view.holder,
        send_window=view.account.send_window,
        rules=view.account.rules,
        venue_account_id=view.account.venue_account_id,
        journal_uid=view.account.journal_uid,
        at=view.now.wall,
        leads_list=ticket is not None and ticket.leads,
    )


def _place(view: View) -> Decision:
    """Record first: the receipt, the finalizer and the look-up at the same time, and only then the request.

    Only an object without any trace gets here, so the finalizer's patch also tests that it is still what was seen.
    """
    terms = terms_of(view)
    if isinstance(terms, Denial):
        return stopped(view, Stop(State.DENIED, terms.reason, terms.message))
    placement = receipts.pending(view.identity, FIRST_ATTEMPT, terms, writer(view))
    receipt = receipts.new_receipt(view.identity, view.intent, placement, writer(view))
    beside: tuple[Action, ...] = (AddFinalizer(view.intent),)
    if needs_look_up(view, FIRST_ATTEMPT):
        beside += (LookUp(view.intent.spec.symbol, placement.client_order_id),)
    return Decision(
        "place",
        view.intent.status,
        record=CreateReceipt(receipt, permits=placement.client_order_id),
        beside=beside,
        quiet=True,
    )


def _first_id(view: View) -> str:
    return view.intent.status.client_order_id or client_order_id(view.identity, FIRST_REVISION, FIRST_ATTEMPT)


def _has_venue(view: View) -> bool:
    return view.account.exists and view.account.problem is None and view.intent.spec.symbol in view.account.markets


def _adopt_only(view: View, stop: Stop | None) -> Decision:
    if isinstance(view.observed, Found):
        return adopt(view, view.observed.order)
    if isinstance(view.observed, Absent) and view.now.monotonic < view.looked.due_at(SLOW):
        reason = Reason.NOTHING_TO_ADOPT if stop is None else stop.reason
        message = (
            stop.message if stop else f"placement.policy is AdoptOnly and the venue has no order {_first_id(view)}"
        )
        situation = Situation(State.PENDING, reason, message)
        return Decision("nothing to adopt", status.build(view, situation), requeue_after=SLOW.after(view.looked.times))
    return _look_up(view, "look for an order to adopt")


def _look_up(view: View, why: str) -> Decision:
    """Ask the venue now, or when the interval has passed."""
    wait = view.looked.due_at(LOOK_UPS) - view.now.monotonic
    situation = Situation(State.PENDING, Reason.LOOKING_UP, "the venue is asked for the order", accepted=None)
    said = status.build(view, situation)
    if wait > 0:
        return Decision(f"{why}: later", said, requeue_after=wait)
    ask = LookUp(view.intent.spec.symbol, _first_id(view))
    return Decision(why, said, actions=(ask,), quiet=True)


def adopt(view: View, order: VenueOrder) -> Decision:
    """Take over an order of the venue: one under this identity's id, whoever sent it, or the one that a human named."""
    spec = view.intent.spec
    if (order.symbol, order.side) != (spec.symbol, spec.side):
        message = (
            f"the venue has {order.side} {order.symbol} under this identity's client order id; "
            "for a different order use a new name or intentId"
        )
        return stopped(view, Stop(State.DENIED, Reason.IDENTITY_REUSED, message))
    wish = Terms(order.quantity or spec.quantity, spec.quote_quantity, order.price, order.trigger_price)
    if order.status is VenueStatus.CANCELED and is_ours(order.client_order_id) and not adopts(view.intent):
        if view.account.polled_at is None:
            return Decision("found canceled: wait for the bulk read", view.intent.status, requeue_after=1.0, quiet=True)
        live = live_among(view.identity, view.account.unclaimed)
        order = order if live is None else live[1]
    revision, attempt = place_of(view.identity, order.client_order_id) or (FIRST_REVISION, FIRST_ATTEMPT)
    pending = receipts.pending(view.identity, attempt, wish, writer(view), revision)
    placed = receipts.resolved(
        pending.model_copy(update={"client_order_id": order.client_order_id or pending.client_order_id}),
        PlacementOutcome.PLACED,
        view.now.wall,
        exchange_order_id=order.exchange_order_id,
        reason=receipts.LINEAGE_LOST if revision > FIRST_REVISION else "Adopted",
    )
    receipt = receipts.new_receipt(view.identity, view.intent, placed, writer(view))
    beside = () if has_finalizer(view) or view.intent.metadata.deleting else (AddFinalizer(view.intent),)
    return Decision("adopt", view.intent.status, record=CreateReceipt(receipt), beside=beside, quiet=True)


def _lost_receipt(view: View) -> Decision:
    """No receipt, but traces of a placement: observe, adopt, and put a guard where the record was."""
    before = view.intent.status
    if before.state is not None and before.state.is_final:
        return keep(view, "ended; its receipt is gone")
    if not _has_venue(view):
        return _wait_for_account(view, "its order can be looked up when the account is ready")
    journal = view.account.journal_problem
    if journal is not None:
        return _adopt_only(view, Stop(State.PENDING, Reason.JOURNAL_FOREIGN, journal.message))
    if view.intent.spec.placement.policy is PlacementPolicy.ADOPT_ONLY and not view.intent.metadata.deleting:
        return _adopt_only(view, None)
    return _observe_or_guard(view)


def _observe_or_guard(view: View) -> Decision:
    if isinstance(view.observed, Found) and view.observed.order.status is not VenueStatus.CANCELED:
        return adopt(view, view.observed.order)
    if isinstance(view.observed, Absent | Found):
        # One that was canceled may have been replaced; by what is known when no lost request can arrive any more.
        live = live_among(view.identity, view.account.unclaimed)
        return _guard(view) if live is None else adopt(view, live[1])
    return _look_up(view, "a receipt is missing: look the order up")


def _wait_for_account(view: View, message: str) -> Decision:
    problem = view.account.problem
    why = f"{message} ({problem.reason}: {problem.message})" if problem is not None else message
    situation = Situation(State.PENDING, Reason.ACCOUNT_NOT_READY, why, accepted=None)
    return Decision("wait for the account", status.build(view, situation), requeue_after=5.0)


def _guard(view: View) -> Decision:
    """Record a placement that nobody may send, so that the order's absence can be proven like any unknown outcome's.

    Whoever could still send got its permit before this record was there, so its request has ended, and shows, when
    the fence that counts from here has passed. Nothing less would do: an absence that is seen now proves nothing about
    a request that is under way, and a fence from any earlier moment nothing about a permit that was given after it.
    """
    terms = terms_of(view)
    if isinstance(terms, Denial):
        spec = view.intent.spec
        terms = wish_of(spec)
    reason = receipts.INTERRUPTED_START if _crashed_before_receipt(view) else receipts.RECEIPT_LOST
    known = view.intent.status.client_order_id
    placement = receipts.guard(view.identity, known, terms, writer(view), reason)
    receipt = receipts.new_receipt(view.identity, view.intent, placement, writer(view))
    return Decision(f"guard the identity: {reason}", view.intent.status, record=CreateReceipt(receipt), quiet=True)


def _crashed_before_receipt(view: View) -> bool:
    """Whether the traces are only those that a crash between finalizer and receipt leaves on this very object.

    A status without a client order id says more than it seems: no second attempt is recorded before the status names
    the first (`retry.attempt`), so that whatever was sent was sent under the first attempt's id.
    """
    meta, before = view.intent.metadata, view.intent.status
    return (
        meta.annotations.get(ANNOTATION_CLAIMED) == meta.uid
        and before.client_order_id is None
        and before.state in {None, State.PENDING, State.DENIED}
    )


def _deleting(view: View) -> Decision:
    """Let the object go once it is certain that it has no order at the venue."""
    before = view.intent.status
    if not has_finalizer(view):
        return Decision("deleted without a trace", before)
    if before.state is not None and before.state.is_final:
        return release(view, "it had ended; its receipt is gone")
    if not view.account.exists:
        return release(view, "its account is gone and no receipt says that it was placed")
    return _lost_receipt(view)


def release(view: View, why: str) -> Decision:
    """Let an object go that has no order at the venue."""
    said = Situation(State.CANCELED, Reason.CANCELED, why, accepted=None, settled=True)
    return Decision("release", status.build(view, said), actions=(RemoveFinalizer(view.intent),), quiet=True)
