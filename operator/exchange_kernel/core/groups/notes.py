"""Which changes of a group a user wants to see as Kubernetes Events."""

from exchange_kernel.api.conditions import Condition, ConditionStatus, ConditionType, find_condition
from exchange_kernel.api.enums import GroupState
from exchange_kernel.api.group_reasons import GroupReason
from exchange_kernel.api.group_status import OrderGroupStatus
from exchange_kernel.core.notes import Note

_WARNINGS = frozenset({GroupState.DENIED, GroupState.REJECTED, GroupState.EXPIRED})
_LOUD = frozenset({GroupReason.STOP_FAILED.value, GroupReason.HELD_BACK.value})


def group_notes(before: OrderGroupStatus, after: OrderGroupStatus) -> tuple[Note, ...]:
    """The Events for a change of status: a new state, protection that came or went, an overfill."""
    notes: list[Note] = []
    if after.state is not None and after.state is not before.state:
        message = after.message or after.legs_in_brief or after.state.value
        notes.append(Note(f"Group{after.state.value}", message, warning=after.state in _WARNINGS))
    was, now = (find_condition(status.conditions, ConditionType.PROTECTED) for status in (before, after))
    if now is not None and _is_news(was, now):
        covered = now.status is ConditionStatus.TRUE
        reason = "Protected" if covered else "Unprotected"
        notes.append(Note(reason, now.message or "a stop covers all that is held", warning=now.reason in _LOUD))
    if after.overfill_quantity is not None and before.overfill_quantity is None:
        notes.append(Note("Overfilled", after.message or "", warning=True))
    return tuple(notes)


def _is_news(was: Condition | None, now: Condition) -> bool:
    if was is None or was.status is not now.status:
        return True
    return now.reason != was.reason and now.reason in _LOUD
