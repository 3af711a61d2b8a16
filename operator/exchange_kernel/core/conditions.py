"""The one table that says what each state means to GitOps tools, and how conditions change.

kstatus (Flux, kpt, Helm) counts Ready=False as "still in progress": what has failed for good must be Stalled, and
Stalled and Reconciling are never both True. `lastTransitionTime` moves only when a condition's status does, so that a
status is written only when something has changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from exchange_kernel.api.conditions import Condition, ConditionStatus, ConditionType, find_condition
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.reasons import Reason

TRUE, FALSE, UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN


@dataclass(frozen=True, slots=True)
class Kstatus:
    """How a state shows to tools: Ready, Reconciling, Stalled."""

    ready: ConditionStatus
    reconciling: bool
    stalled: bool


IN_PROGRESS = Kstatus(FALSE, reconciling=True, stalled=False)
CURRENT = Kstatus(TRUE, reconciling=False, stalled=False)
FAILED = Kstatus(FALSE, reconciling=False, stalled=True)
IN_DOUBT = Kstatus(UNKNOWN, reconciling=True, stalled=False)

BY_STATE: dict[State, Kstatus] = {
    State.PENDING: IN_PROGRESS,
    State.DENIED: FAILED,
    State.SUBMITTING: IN_PROGRESS,
    State.UNKNOWN: IN_DOUBT,
    State.UNTRIGGERED: CURRENT,
    State.OPEN: CURRENT,
    State.PARTIALLY_FILLED: CURRENT,
    State.FILLED: CURRENT,
    State.CANCELED: CURRENT,
    # An order that ended without being wanted to end did not do what the spec asks for.
    State.EXPIRED: FAILED,
    State.REJECTED: FAILED,
}

# Canceled by the account's owner: the spec still wants a working order. While it waits, the same reason means waiting.
WITHDRAWN = frozenset({Reason.HALTED.value, Reason.CANCEL_ALL.value})

# Odd rows: the reason says more than the state.
BY_REASON: dict[Reason, Kstatus] = {
    # A human has to act: without Stalled, Flux would wait for its time-out.
    Reason.CONFIRMATION_REQUIRED: FAILED,
    Reason.JOURNAL_FOREIGN: FAILED,
    Reason.NOTHING_TO_ADOPT: FAILED,
    Reason.ADOPTION_REFUSED: FAILED,
    Reason.ACCOUNT_CHANGED: FAILED,
    Reason.ORDER_VANISHED: FAILED,
    # Asked for, so it is no failure that nothing happens; but the wish is not fulfilled either.
    Reason.SUSPENDED: Kstatus(FALSE, reconciling=False, stalled=False),
    Reason.GROUP_MISSING: Kstatus(FALSE, reconciling=False, stalled=False),
    Reason.PAUSED: Kstatus(FALSE, reconciling=False, stalled=False),
    # An IOC order did what the spec asks for, whatever it filled.
    Reason.IMMEDIATE_PART_DONE: CURRENT,
    # The spec wants a working order, and there is none.
    Reason.CANCELED_EXTERNALLY: FAILED,
    Reason.ENDED_BEFORE: FAILED,
    Reason.AMEND_NOT_ALLOWED: FAILED,
    Reason.AMEND_REFUSED: FAILED,
    Reason.AMEND_FAILED: FAILED,
    Reason.AMENDING: IN_PROGRESS,
    # Of an order that works these hold a change of it back.
    Reason.ACCOUNT_NOT_READY: IN_PROGRESS,
    Reason.ACCOUNT_NOT_FOUND: IN_PROGRESS,
    Reason.HALTED: IN_PROGRESS,
    Reason.TERMINATING: IN_PROGRESS,
    Reason.NOT_PLACED: IN_PROGRESS,
    # Until the end is read back, whatever the state says.
    Reason.CANCELING: IN_PROGRESS,
}


@dataclass(frozen=True, slots=True)
class Aspect:
    """One condition to be said."""

    type: ConditionType
    status: ConditionStatus
    reason: str
    message: str = ""


def kstatus(state: State, reason: str) -> Kstatus:
    """The row for a state and the reason it is in."""
    if state is State.CANCELED and reason in WITHDRAWN:
        return FAILED
    return _BY_WORD.get(reason) or BY_STATE[state]


# A reason may come as a plain word (the market's, the venue's).
_BY_WORD: dict[str, Kstatus] = {reason.value: row for reason, row in BY_REASON.items()}


def render(
    aspects: Iterable[Aspect], previous: tuple[Condition, ...], generation: int, at: datetime
) -> tuple[Condition, ...]:
    """The conditions as they are written; times are kept where the status has not changed."""
    return tuple(_condition(aspect, find_condition(previous, aspect.type), generation, at) for aspect in aspects)


def _condition(aspect: Aspect, before: Condition | None, generation: int, at: datetime) -> Condition:
    same = before is not None and before.status is aspect.status
    return Condition(
        type=aspect.type,
        status=aspect.status,
        reason=aspect.reason,
        message=aspect.message[:1024],
        last_transition_time=before.last_transition_time if same and before is not None else at,
        observed_generation=generation,
    )
