"""What the object itself must say, and how old it may be."""

from datetime import datetime, timedelta

from exchange_kernel.api.conditions import ConditionStatus, ConditionType, find_condition
from exchange_kernel.api.enums import DesiredState, PlacementOutcome
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.meta import ANNOTATION_ADOPT, ANNOTATION_PAUSED, ObjectMeta
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import controls, receipts
from exchange_kernel.core.gates.stop import Stop, deny, wait
from exchange_kernel.core.timing import PARTNERS
from exchange_kernel.core.view import Held, View


def not_wanted(view: View) -> Stop | None:
    """Nothing is sent for an order that is taken back."""
    if view.intent.metadata.deleting:
        return Stop(State.CANCELED, Reason.CANCELED, "the object is being deleted; nothing was sent")
    if view.intent.spec.desired_state is DesiredState.CANCELED:
        return Stop(State.CANCELED, Reason.CANCELED, "canceled before anything was sent")
    owner = controls.canceled_by_token(view.intent, view.account)
    return None if owner is None else Stop(State.CANCELED, owner.reason, f"{owner.message}; nothing was sent")


def invalid_spec(view: View) -> Stop | None:
    """The rules of the kind, for objects that came past the API server's."""
    problems = view.intent.spec.problems()
    return deny(Reason.INVALID_SPEC, "; ".join(problems)) if problems else None


def submit_deadline(view: View) -> Stop | None:
    """Nothing is sent from placement.submitBefore on."""
    before = view.intent.spec.placement.submit_before
    if before is None or view.now.wall < before or _was_placed(view):
        return None
    return Stop(State.EXPIRED, Reason.DEADLINE_PASSED, f"placement.submitBefore {before.isoformat()} has passed")


def starting_deadline(view: View) -> datetime | None:
    """When the order becomes too old to be sent for the first time.

    Counted from the creation of the object; for a denied spec that was corrected, from the correction, because that is
    a fresh act of somebody who looks at it. (`Accepted` tells of the denial until the order is sent: the state may
    have become Pending again, for an account that was not ready.) A human's confirmation is such an act, too.
    """
    created = view.intent.metadata.creation_timestamp
    seconds = view.intent.spec.placement.starting_deadline_seconds
    if created is None or _confirmed(view) or (seconds is None and _follows_others(view.intent)):
        return None
    start = created
    if view.spec_changed_at is not None and _was_denied(view):
        start = max(created, view.spec_changed_at)
    return start + timedelta(seconds=seconds or view.account.defaults.starting_deadline_seconds)


def _follows_others(intent: OrderIntent) -> bool:
    """Whether it is a leg of a group: an exit that is late is still better than none."""
    return any(owner.controller and owner.kind == "OrderGroup" for owner in intent.metadata.owner_references)


def _was_denied(view: View) -> bool:
    accepted = find_condition(view.intent.status.conditions, ConditionType.ACCEPTED)
    return view.intent.status.state is State.DENIED or (
        accepted is not None and accepted.status is ConditionStatus.FALSE
    )


def _confirmed(view: View) -> bool:
    return isinstance(view.journal, Held) and receipts.is_confirmed(view.intent, view.identity, view.journal.receipt)


def seconds_to_deadline(view: View) -> float | None:
    """Until the first deadline passes, by the wall clock that deadlines are written in; None where there is none."""
    spec = view.intent.spec
    ends = (spec.placement.submit_before, starting_deadline(view), spec.expire_at)
    left = [(end - view.now.wall).total_seconds() for end in ends if end is not None]
    return max(0.05, min(left)) if left and not _was_placed(view) else None


def _was_placed(view: View) -> bool:
    """Whether the venue has had the order: what replaces it is no first request, and has no deadline."""
    if not isinstance(view.journal, Held):
        return False
    return any(each.outcome is PlacementOutcome.PLACED for each in view.journal.receipt.placements)


def starting_deadline_passed(view: View) -> Stop | None:
    """A backlog is not traded at yesterday's prices."""
    deadline = starting_deadline(view)
    if deadline is None or view.now.wall < deadline or _was_placed(view):
        return None
    return Stop(
        State.EXPIRED,
        Reason.DEADLINE_PASSED,
        f"the order could not be sent before {deadline.isoformat()} (placement.startingDeadlineSeconds); "
        "it was not sent; for a new order use a new name",
    )


def expired_already(view: View) -> Stop | None:
    """A GTD order whose time is over would be refused by the venue, or, worse, taken without its end."""
    end = view.intent.spec.expire_at
    if end is None or view.now.wall < end:
        return None
    return Stop(
        State.EXPIRED,
        Reason.DEADLINE_PASSED,
        f"expireAt {end.isoformat()} had passed before the order could be sent; it was not sent; "
        "for a new order use a new name",
    )


def adopts(intent: OrderIntent) -> str:
    """The venue's id of the order that the object is to take over; empty when it is to have one of its own."""
    return intent.metadata.annotations.get(ANNOTATION_ADOPT, "")


def not_adopting(view: View) -> Stop | None:
    """Whoever names an order does not want another one."""
    if not adopts(view.intent):
        return None
    return wait(
        Reason.ADOPTION_REFUSED,
        f"the annotation {ANNOTATION_ADOPT} is set, so nothing is placed; an attempt to place under this name is "
        "recorded already: use a new name or intentId to adopt, or remove the annotation to place",
    )


def not_suspended(view: View) -> Stop | None:
    """The spec holds the order back."""
    return wait(Reason.SUSPENDED, "spec.suspend is true; nothing is sent") if view.intent.spec.suspend else None


def not_paused(view: View) -> Stop | None:
    """The annotation holds the operator back."""
    if not (view.account.paused or is_paused(view.intent.metadata)):
        return None
    where = "account's " if view.account.paused else ""
    return wait(Reason.PAUSED, f"the {where}annotation {ANNOTATION_PAUSED} is set; nothing is sent")


def is_paused(meta: ObjectMeta) -> bool:
    """Whether the annotation, on an order or an account, holds the operator back."""
    return meta.annotations.get(ANNOTATION_PAUSED, "false") not in {"", "false"}


def has_its_group(view: View) -> Stop | None:
    """A leg is sent for its group alone.

    A process that stood still in the middle of a pass may create a leg after its group was ended, deleted and gone; and
    after a restore the group may come later than its legs. What has worked at the venue goes on.
    """
    if not view.account.groupless or _was_placed(view):
        return None
    text = "it is a leg of an OrderGroup that is not there; nothing is sent without that (delete it if it is left over)"
    return wait(Reason.GROUP_MISSING, text)


def not_held_back(view: View) -> Stop | None:
    """Attempts keep their distance."""
    left = view.hold_until - view.now.monotonic
    if left <= 0:
        return None
    return wait(Reason.NOT_PLACED, "the last attempt did not reach the venue; another follows", left)


def not_alone(view: View) -> Stop | None:
    """After an attempt that met no partner, the other orders of a list follow the first one.

    Two processes that act at once may hold one order each. Were both free to try again, each would keep its own for
    ever, because whoever has failed learns it before anybody else does. Asked before another attempt only: the first
    one costs no wait.
    """
    if view.lead_waits:
        return None
    text = "the first order of its list is not ready to be sent; all go in one request"
    return wait(Reason.NOT_PLACED, text, PARTNERS)
