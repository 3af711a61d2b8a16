"""What is kept of what was seen: a tenth of the object, and all that the next version is compared with. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from sys import intern

from exchange_kernel.api.conditions import ConditionType, find_condition
from exchange_kernel.api.enums import OrderStateName
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_status import Normalized
from exchange_kernel.api.reasons import Reason
from exchange_kernel.client import states

_NOT_AMENDED = frozenset({Reason.AMEND_FAILED.value, Reason.TOO_LATE_TO_AMEND.value})


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order as last seen.

    Attributes:
        version: The resourceVersion.
        submitted: Whether it has an id at the venue.
        sent: The values as sent; None before.
        amend_failure: Why a change has failed, and which; None for none.
    """

    uid: str
    version: str
    intent_id: str
    group_id: str | None
    symbol_id: str
    state: OrderStateName | None
    accepted: bool
    submitted: bool
    settled: bool
    sent: tuple[Decimal | None, ...] | None
    amend_failure: tuple[str, int] | None
    filled: Decimal
    cost: Decimal

    @classmethod
    def of(cls, seen: OrderIntent) -> "KnownOrder":
        """What to keep of it. What many orders have in common is one object."""
        status, meta = seen.status, seen.metadata
        return cls(
            uid=meta.uid,
            version=meta.resource_version,
            intent_id=meta.name,
            group_id=group_of(seen),
            symbol_id=intern(seen.spec.symbol),
            state=status.state,
            accepted=states.is_true(states.condition(seen, ConditionType.ACCEPTED)),
            submitted=status.client_order_id is not None,
            settled=status.settled,
            sent=_values(status.normalized) if status.normalized is not None else None,
            amend_failure=_amend_failure(seen),
            filled=status.filled_quantity or states.ZERO,
            cost=status.cost or states.ZERO,
        )


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A group as last seen: what is told of it.

    Attributes:
        protected: Whether what it holds has its stop; None when it holds nothing.
    """

    state: str | None
    protected: bool | None
    overfill: Decimal | None

    @classmethod
    def of(cls, seen: OrderGroup) -> "KnownGroup":
        """What to keep of it."""
        status = seen.status
        protected = find_condition(status.conditions, ConditionType.PROTECTED)
        held = None if protected is None else states.is_true(protected)
        return cls(status.state.value if status.state is not None else None, held, status.overfill_quantity)


def group_of(found: OrderIntent) -> str | None:
    """The group that an order belongs to."""
    return next((each.name for each in found.metadata.owner_references if each.kind == "OrderGroup"), None)


def _values(sent: Normalized) -> tuple[Decimal | None, ...]:
    return tuple(getattr(sent, name) for name in Normalized.model_fields)


def _amend_failure(found: OrderIntent) -> tuple[str, int] | None:
    for kind in (ConditionType.SYNCED, ConditionType.READY):
        said = states.condition(found, kind)
        if said is not None and said.reason in _NOT_AMENDED:
            return said.reason, said.observed_generation
    return None
