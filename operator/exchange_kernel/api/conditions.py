"""Conditions: what an object is, in words that `kubectl wait` and GitOps tools understand.

kstatus (Flux, kpt, Helm 4) and Argo CD read `Ready`, `Reconciling` and `Stalled`; the other types say more. A failed
order must be Stalled: `Ready=False` alone counts as "still in progress". Reasons are listed in `reasons.py`.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from exchange_kernel.api.base import Observed
from exchange_kernel.api.lists import map_list
from exchange_kernel.api.scalars import Message, Time


class ConditionType(StrEnum):
    """The types of conditions; the table of the states says which of them hold when."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    ACCEPTED = "Accepted"
    PLACED = "Placed"
    SYNCED = "Synced"
    COMPLETED = "Completed"
    CONNECTED = "Connected"
    AUTHENTICATED = "Authenticated"
    PROTECTED = "Protected"

    @property
    def meaning(self) -> str:
        """One sentence for users."""
        return _MEANINGS[self]


_MEANINGS = {
    ConditionType.READY: "What the spec asks for holds at the venue, or the account can trade.",
    ConditionType.RECONCILING: "The operator is working on it; present only while that is so.",
    ConditionType.STALLED: "The operator cannot go on without somebody changing something; never beside Reconciling.",
    ConditionType.ACCEPTED: "The spec was checked against the market's and the account's rules; False: Denied.",
    ConditionType.PLACED: "The venue has the order; Unknown: a request was sent and its outcome is not proven.",
    ConditionType.SYNCED: "The status shows the venue's present state, and the venue's order shows the spec.",
    ConditionType.COMPLETED: "The order has ended and its fills are settled.",
    ConditionType.CONNECTED: "The venue answers.",
    ConditionType.AUTHENTICATED: "The venue accepts the credentials, and they may trade.",
    ConditionType.PROTECTED: "A stop at the venue covers what the group holds; present only while it holds something.",
}


class ConditionStatus(StrEnum):
    """True, False or Unknown."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Observed):
    """One aspect of the object's state, as Kubernetes' metav1.Condition."""

    type: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]+$", max_length=64)]
    """Which aspect: Ready, Reconciling, Stalled, Accepted, Placed, Synced, Completed, Connected, Authenticated or
    Protected."""

    status: ConditionStatus
    """True, False or Unknown."""

    reason: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]*$", min_length=1, max_length=128)]
    """One CamelCase word for programs."""

    message: Message = ""
    """A sentence for humans: what is the case, and what to do about it."""

    last_transition_time: Time
    """When `status` last changed."""

    observed_generation: Annotated[int, Field(ge=0)] = 0
    """The metadata.generation that this condition speaks of."""


MAX_CONDITIONS = 16
Conditions = Annotated[tuple[Condition, ...], Field(max_length=MAX_CONDITIONS), map_list("type")]
"""Conditions, at most one per type."""


def find_condition(conditions: tuple[Condition, ...], wanted: ConditionType) -> Condition | None:
    """The condition of that type, or None."""
    return next((condition for condition in conditions if condition.type == wanted), None)
