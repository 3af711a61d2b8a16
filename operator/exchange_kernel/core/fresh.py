"""Orders without a receipt: nothing was recorded, so nothing was sent, unless the receipt was lost.

An object that was seen before (it carries our finalizer, or its status speaks of a placement) and has no receipt is
such a loss: a restore, or a hand in the journal. It is looked up, adopted when the venue has it, and otherwise never
placed before a human confirms. One case is different: a crash between the finalizer and the receipt, which are written
at the same time. There the finalizer's patch has marked the object with its own uid (a restored object has another
one), no status speaks of a placement, and the order's absence can be proven like that of any unknown outcome.
"""

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome, PlacementPolicy
from exchange_kernel.api.meta import ANNOTATION_CLAIMED, ANNOTATION_CONFIRM, FINALIZER_CANCEL_ORDER
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import receipts, status
from exchange_kernel.core.conditions import FALSE
from exchange_kernel.core.decision import Action, AddFinalizer, CreateReceipt, Decision, LookUp, RemoveFinalizer
from exchange_kernel.core.fence import fence
from exchange_kernel.core.gates import Stop, first_stop, terms_of
from exchange_kernel.core.identity import client_order_id
from exchange_kernel.core.market_rules import Denial, Terms
from exchange_kernel.core.receipts import FIRST_REVISION, Writer
from exchange_kernel.core.status import Situation
from exchange_kernel.core.timing import LOOK_UPS, SLOW
from exchange_kernel.core.venue import Absent, Found, VenueOrder
from exchange_kernel.core.view import View

FIRST_ATTEMPT = 1


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
    return _place(view, "place")


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
    """Say why nothing is sent."""
    situation = Situation(
        stop.state,
        stop.reason,
        stop.message,
        accepted=FALSE if stop.state is State.DENIED else None,
        settled=stop.state.is_final,
    )
    return Decision(f"stopped: {stop.reason}", status.build(view, situation), requeue_after=stop.wait)


def writer(view: View) -> Writer:
    """This process as the writer of a receipt. Only called where the venue's rules are known."""
    if view.account.rules is None:
        raise ValueError("a placement needs the venue's rules; the gates should have stopped it")
    return Writer(
        holder=view.holder,
        send_window=view.account.send_window,
        rules=view.account.rules,
        venue_account_id=view.account.venue_account_id,
        journal_uid=view.account.journal_uid,
        at=view.now.wall,
    )


def needs_look_up(view: View, attempt: int) -> bool:
    """Whether the venue is asked before the request: always, but for first tries under names that are never reused."""
    rules = view.account.rules
    if rules is not None and rules.idempotent_create:
        return False
    return not (view.intent.spec.placement.policy is PlacementPolicy.CREATE_ONLY and attempt == FIRST_ATTEMPT)


def _place(view: View, why: str) -> Decision:
    """Record first: the receipt, the finalizer and the look-up at the same time, and only then the request."""
    terms = terms_of(view)
    if isinstance(terms, Denial):
        return stopped(view, Stop(State.DENIED, terms.reason, terms.message))
    placement = receipts.pending(view.identity, FIRST_ATTEMPT, terms, writer(view))
    receipt = receipts.new_receipt(view.identity, view.intent, placement, writer(view))
    beside: tuple[Action, ...] = () if has_finalizer(view) else (AddFinalizer(view.intent),)
    if needs_look_up(view, FIRST_ATTEMPT):
        beside += (LookUp(view.intent.spec.symbol, placement.client_order_id),)
    return Decision(
        why,
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
        return _adopt(view, view.observed.order)
    if isinstance(view.observed, Absent) and view.now.monotonic < view.looked.due_at(SLOW):
        reason = Reason.NOTHING_TO_ADOPT if stop is None else stop.reason
        message = (
            stop.message if stop else f"placement.policy is AdoptOnly and the venue has no order {_first_id(view)}"
        )
        situation = Situation(State.PENDING, reason, message)
        return Decision("nothing to adopt", status.build(view, situation), requeue_after=SLOW.after(view.looked.times))
    return _look_up(view, "look for an order to adopt")


def _look_up(view: View, why: str, *, prove: bool = False) -> Decision:
    """Ask the venue now, or when the interval has passed."""
    wait = view.looked.due_at(LOOK_UPS) - view.now.monotonic
    said = status.build(view, Situation(State.PENDING, Reason.LOOKING_UP, "the venue is asked for the order"))
    if wait > 0:
        return Decision(f"{why}: later", said, requeue_after=wait)
    since = view.intent.metadata.creation_timestamp if prove else None
    ask = LookUp(view.intent.spec.symbol, _first_id(view), prove_since=since)
    return Decision(why, said, actions=(ask,), quiet=True)


def _adopt(view: View, order: VenueOrder) -> Decision:
    """Take over an order that the venue has under this identity's id, whoever sent it in a former life."""
    spec = view.intent.spec
    if (order.symbol, order.side) != (spec.symbol, spec.side):
        message = (
            f"the venue has {order.side} {order.symbol} under this identity's client order id; "
            "for a different order use a new name or intentId"
        )
        return stopped(view, Stop(State.DENIED, Reason.IDENTITY_REUSED, message))
    wish = Terms(order.quantity or spec.quantity, spec.quote_quantity, order.price, order.trigger_price)
    pending = receipts.pending(view.identity, FIRST_ATTEMPT, wish, writer(view))
    placed = receipts.resolved(
        pending.model_copy(update={"client_order_id": order.client_order_id or pending.client_order_id}),
        PlacementOutcome.PLACED,
        view.now.wall,
        exchange_order_id=order.exchange_order_id,
        reason="Adopted",
    )
    receipt = receipts.new_receipt(view.identity, view.intent, placed, writer(view))
    beside = () if has_finalizer(view) or view.intent.metadata.deleting else (AddFinalizer(view.intent),)
    return Decision("adopt", view.intent.status, record=CreateReceipt(receipt), beside=beside, quiet=True)


def _lost_receipt(view: View) -> Decision:
    """No receipt, but traces of a placement: observe, adopt, and never place without proof or a human."""
    if view.intent.status.state is not None and view.intent.status.state.is_final:
        return keep(view, "ended; its receipt is gone")
    if not _has_venue(view):
        stop = first_stop(view)
        return stopped(view, stop or Stop(State.PENDING, Reason.ACCOUNT_NOT_READY, "the account is not ready", 5.0))
    if isinstance(view.observed, Found):
        return _adopt(view, view.observed.order)
    if not (isinstance(view.observed, Absent) and view.observed.complete):
        return _look_up(view, "a receipt is missing: look the order up", prove=True)
    if _crashed_before_receipt(view):
        return _after_crash(view, view.observed)
    return _confirmed_or_wait(view)


def _crashed_before_receipt(view: View) -> bool:
    """Whether the traces are only those that a crash between finalizer and receipt leaves on this very object."""
    meta, before = view.intent.metadata, view.intent.status
    return (
        meta.annotations.get(ANNOTATION_CLAIMED) == meta.uid
        and before.client_order_id is None
        and before.state in {None, State.PENDING, State.DENIED}
    )


def _after_crash(view: View, absent: Absent) -> Decision:
    stop = first_stop(view)
    if stop is not None:
        return stopped(view, stop)
    end = fence(view, view.journal_read_at)
    if end is None:
        return _confirmed_or_wait(view)
    if absent.started_at >= end:
        return _place(view, "the crash left nothing at the venue: place")
    wait = max(end, view.looked.due_at(LOOK_UPS)) - view.now.monotonic
    said = status.build(
        view, Situation(State.PENDING, Reason.LOOKING_UP, "an interrupted start is cleared up; nothing was sent so far")
    )
    if wait > 0:
        return Decision("wait for the fence", said, requeue_after=wait)
    return _look_up(view, "prove the absence behind the fence", prove=True)


def _confirmed_or_wait(view: View) -> Decision:
    wanted = f"{_first_id(view)}/{FIRST_ATTEMPT}"
    if view.intent.metadata.annotations.get(ANNOTATION_CONFIRM) == wanted:
        stop = first_stop(view)
        return stopped(view, stop) if stop is not None else _place(view, "confirmed by a human: place")
    message = (
        "this object was seen before and its receipt is missing; the venue has no order under its id now. "
        f"If it was never placed and is wanted, set the annotation {ANNOTATION_CONFIRM}={wanted}"
    )
    situation = Situation(State.PENDING, Reason.CONFIRMATION_REQUIRED, message)
    return Decision("confirmation required", status.build(view, situation))


def _deleting(view: View) -> Decision:
    """Let the object go once it is certain that it has no order at the venue."""
    if not has_finalizer(view):
        return Decision("deleted without a trace", view.intent.status)
    if isinstance(view.observed, Found):
        return _adopt(view, view.observed.order)
    if not view.account.exists:
        return _release(view, "its account is gone and no receipt says that it was placed")
    if isinstance(view.observed, Absent) and view.observed.complete:
        return _release(view, "the venue has no order of it")
    if not _has_venue(view):
        message = "the object goes when the venue was asked for its order; the account is not ready"
        situation = Situation(State.PENDING, Reason.ACCOUNT_NOT_READY, message)
        return Decision("deleting: wait for the account", status.build(view, situation), requeue_after=5.0)
    return _look_up(view, "deleting: look the order up", prove=True)


def _release(view: View, why: str) -> Decision:
    said = Situation(State.CANCELED, Reason.CANCELED, why, accepted=None, settled=True)
    return Decision("release", status.build(view, said), actions=(RemoveFinalizer(view.intent),), quiet=True)
