"""What a strategy is told, in order per intent. Each event of an order carries the state that it led to."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from exchange_kernel.client.models import ClientModel, Moment, Number, OrderState


class EventType(StrEnum):
    """The types of events."""

    ORDER_ACCEPTED = "OrderAccepted"
    ORDER_DENIED = "OrderDenied"
    ORDER_SUBMITTED = "OrderSubmitted"
    ORDER_UNKNOWN = "OrderUnknown"
    ORDER_OPEN = "OrderOpen"
    ORDER_TRIGGERED = "OrderTriggered"
    ORDER_FILLED = "OrderFilled"
    ORDER_AMENDED = "OrderAmended"
    ORDER_AMEND_FAILED = "OrderAmendFailed"
    ORDER_CANCELED = "OrderCanceled"
    ORDER_EXPIRED = "OrderExpired"
    ORDER_REJECTED = "OrderRejected"
    ORDER_SETTLED = "OrderSettled"
    INTENT_DELETED = "IntentDeleted"
    GROUP_CHANGED = "GroupChanged"
    ACCOUNT_CHANGED = "AccountChanged"
    SNAPSHOT_COMPLETE = "SnapshotComplete"


class BaseEvent(ClientModel):
    """What all events have."""

    event_id: str
    """uid/resourceVersion/type: the same change is the same event."""

    event_type: EventType
    """What happened."""

    occurred_at: Moment | None = None
    """By the venue's clock, where it tells."""

    observed_at: Moment
    """When this process saw it."""

    intent_id: str | None = None
    """The order that it is about."""

    group_id: str | None = None
    """Its group, or the group that it is about."""

    symbol_id: str | None = None
    """The market."""

    replayed: bool = False
    """Part of the snapshot at the start: it may have happened long ago."""


class OrderEvent(BaseEvent):
    """An event of an order."""

    state: OrderState
    """The order after it."""


class OrderFilled(OrderEvent):
    """The filled quantity has grown."""

    fill_quantity: Number
    """By how much; several fills may be told as one. The sum over all events is state.filled_quantity."""

    fill_cost: Number
    """What they cost, in the quote currency."""

    filled_quantity: Number = Decimal(0)
    """In all, after it."""

    average_price: Number | None = None
    """Over all fills."""

    fees: Mapping[str, Number] = {}
    """Of all fills, by currency."""

    is_final: bool = False
    """Whether the order has ended with it."""


class GroupChanged(BaseEvent):
    """The state, the protection or the overfill of a group has changed."""

    state: str
    """OrderGroup.status.state."""

    protected: bool | None = None
    """Whether what is held has its stop; None when nothing is held."""

    overfill: Number | None = None
    """What the exits have filled beyond what there was."""


class AccountChanged(BaseEvent):
    """The account is ready, or is not any more."""

    ready: bool
    """Whether it can trade."""

    detail: Mapping[str, str] = {}
    """Reason and message."""
