"""Which changes of an order a user wants to see as Kubernetes Events."""

from dataclasses import dataclass

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.core.market_rules import shown


@dataclass(frozen=True, slots=True)
class Note:
    """One Event: `warning` where somebody may have to act."""

    reason: str
    message: str
    warning: bool = False


_WARNINGS = frozenset({State.DENIED, State.REJECTED, State.UNKNOWN})
_REASONS: dict[State, str] = {
    State.DENIED: "OrderDenied",
    State.UNTRIGGERED: "OrderPlaced",
    State.OPEN: "OrderPlaced",
    State.PARTIALLY_FILLED: "OrderPartiallyFilled",
    State.FILLED: "OrderFilled",
    State.CANCELED: "OrderCanceled",
    State.EXPIRED: "OrderExpired",
    State.REJECTED: "OrderRejected",
    State.UNKNOWN: "OrderOutcomeUnknown",
}


def note(before: OrderIntentStatus, after: OrderIntentStatus) -> Note | None:
    """The Event for a change of status, None where it is not worth one."""
    if after.state is None or before.state is after.state or after.state not in _REASONS:
        return None
    return Note(_REASONS[after.state], _message(after), warning=after.state in _WARNINGS)


def _message(status: OrderIntentStatus) -> str:
    parts = [status.message] if status.message else []
    if status.exchange_order_id:
        parts.append(f"order {status.exchange_order_id}")
    if status.filled_quantity:
        average = f" at {shown(status.average_price)}" if status.average_price else ""
        parts.append(f"{shown(status.filled_quantity)} filled{average}")
    return "; ".join(parts) or str(status.state)
