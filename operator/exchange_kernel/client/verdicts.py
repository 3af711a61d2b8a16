"""When a command is done, by what the object says. Pure: a verdict is a value, an error in it is raised by the caller.

An outcome that is not known is no error: the caller goes on waiting, and gives the id back when its time is up.
"""

from exchange_kernel.api.conditions import ConditionType, find_condition
from exchange_kernel.api.enums import GroupState, OrderStateName
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.client import states
from exchange_kernel.client.errors import ExchangeError, FieldError, KernelError, Outcome, Source, ValidationError

Verdict = bool | KernelError
"""True: done. False: not yet."""
_NOT_AMENDED = frozenset({Reason.AMEND_FAILED.value, Reason.TOO_LATE_TO_AMEND.value, Reason.AMEND_NOT_ALLOWED.value})
_PLACED_ONCE = frozenset({OrderStateName.FILLED, OrderStateName.REJECTED})


def placed(found: OrderIntent) -> Verdict:
    """Whether the venue has the order, or never will."""
    state = found.status.state
    if state is OrderStateName.DENIED:
        return denied(found)
    if state is OrderStateName.REJECTED:
        return rejected(found)
    if states.is_true(states.condition(found, ConditionType.PLACED)) or state is OrderStateName.FILLED:
        return True
    if states.is_final(found) and found.status.exchange_order_id is None:
        return not_placed(found)
    return states.is_final(found)


def denied(found: OrderIntent) -> ValidationError:
    """The operator's refusal, before anything was sent."""
    accepted = states.condition(found, ConditionType.ACCEPTED)
    reason = accepted.reason if accepted is not None else Reason.INVALID_SPEC.value
    message = found.status.message or (accepted.message if accepted is not None else "") or "the operator denied it"
    return ValidationError(
        message,
        errors=(FieldError("", reason, message),),
        source=Source.OPERATOR,
        reason=reason,
        intent_id=found.metadata.name,
    )


def rejected(found: OrderIntent) -> ExchangeError:
    """The venue's refusal."""
    ready = states.condition(found, ConditionType.READY)
    reason = ready.reason if ready is not None else Reason.REJECTED.value
    message = found.status.message or "the venue refused the order"
    return ExchangeError(
        message,
        outcome=Outcome.REJECTED,
        venue_code=found.status.venue_status,
        venue_message=message,
        reason=reason,
        intent_id=found.metadata.name,
    )


def not_placed(found: OrderIntent) -> ExchangeError:
    """It ended before anything was sent: canceled by somebody, or too late."""
    ready = states.condition(found, ConditionType.READY)
    return ExchangeError(
        found.status.message or "the order ended before it was placed",
        outcome=Outcome.NOT_PLACED,
        reason=ready.reason if ready is not None else "NotPlaced",
        intent_id=found.metadata.name,
    )


def canceled(found: OrderIntent) -> Verdict:
    """Whether the order has ended, whichever way."""
    return states.is_final(found)


def modified(found: OrderIntent, generation: int) -> Verdict:
    """Whether a change has reached the venue, or will not."""
    if found.status.observed_generation < generation:
        return False
    synced, accepted = states.condition(found, ConditionType.SYNCED), states.condition(found, ConditionType.ACCEPTED)
    if states.is_false(accepted) or found.status.state is OrderStateName.DENIED:
        return denied(found)
    if states.is_false(synced) and synced is not None:
        if synced.reason in _NOT_AMENDED:
            return _not_modified(found, synced.reason, synced.message)
        return denied_change(found, synced.reason, synced.message) if _is_denial(synced.reason) else False
    if states.is_final(found):
        ready = states.condition(found, ConditionType.READY)
        failed = ready is not None and ready.reason == Reason.AMEND_FAILED.value
        return _not_modified(found, Reason.AMEND_FAILED.value, found.status.message or "") if failed else True
    return states.is_true(synced)


def _is_denial(reason: str) -> bool:
    """Whether the market or the account does not take the new values, rather than that they are on their way."""
    waits = {Reason.AMENDING.value, Reason.ACCOUNT_NOT_READY.value, Reason.SUSPENDED.value, Reason.PAUSED.value}
    return reason not in waits


def denied_change(found: OrderIntent, reason: str, message: str) -> ValidationError:
    """The order keeps its values: the new ones break a rule."""
    return ValidationError(
        message,
        errors=(FieldError("", reason, message),),
        source=Source.OPERATOR,
        reason=reason,
        intent_id=found.metadata.name,
    )


def _not_modified(found: OrderIntent, reason: str, message: str) -> ExchangeError:
    return ExchangeError(
        message or "the change came too late, or the venue refused it",
        outcome=Outcome.REJECTED,
        reason=reason,
        intent_id=found.metadata.name,
    )


def reconciled(found: OrderIntent, asked: str) -> Verdict:
    """Whether a request to read the venue has been answered."""
    handled = found.status.last_handled_reconcile_at
    return handled is not None and handled >= asked


def group_placed(found: OrderGroup) -> Verdict:
    """Whether the first orders of a group are placed and the others accepted, or never will be."""
    status, name = found.status, found.metadata.name
    ready = find_condition(status.conditions, ConditionType.READY)
    reason = ready.reason if ready is not None else "Invalid"
    message = status.message or f"the group is {status.state}"
    match status.state:
        case GroupState.DENIED:
            error = FieldError("", reason, message)
            return ValidationError(message, errors=(error,), source=Source.OPERATOR, reason=reason, group_id=name)
        case GroupState.REJECTED:
            return ExchangeError(message, outcome=Outcome.REJECTED, reason=reason, group_id=name)
        case GroupState.ENTERING | GroupState.COMPLETED | GroupState.CANCELED | GroupState.EXPIRED:
            return True
        case GroupState.WORKING:
            return found.spec.type.has_entry or states.is_true(find_condition(status.conditions, ConditionType.PLACED))
        case _:
            return False
