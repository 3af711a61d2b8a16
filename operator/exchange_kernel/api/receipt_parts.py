"""The parts of a receipt that say who an order belongs to, and what became of it."""

from typing import Annotated

from pydantic import Field

from exchange_kernel.api.base import Observed
from exchange_kernel.api.enums import (
    AmendPhase,
    IdentityKind,
    OrderStateName,
)
from exchange_kernel.api.order_status import Fees
from exchange_kernel.api.scalars import AnyDecimal, Label, Name, Time, Uid


class Identity(Observed):
    """What makes an order this order; its hash names the receipt. No uid: a re-created object is the same order."""

    account_namespace: Label
    """Namespace of the ExchangeAccount."""

    account_name: Name
    """Name of the ExchangeAccount."""

    intent_namespace: Label
    """Namespace of the OrderIntent."""

    key_kind: IdentityKind
    """Id: key is spec.intentId. Name: key is metadata.name."""

    key: Name
    """Value of spec.intentId or metadata.name."""


class Claimant(Observed):
    """The OrderIntent that the order belongs to at present."""

    namespace: Label
    """Namespace of the OrderIntent."""

    name: Name
    """Name of the OrderIntent."""

    uid: Uid
    """uid of the OrderIntent; a claimant that does not exist any more is replaced."""


class FillSum(Observed):
    """Sum of fills."""

    quantity: AnyDecimal
    """Filled quantity (base currency, or contracts)."""

    cost: AnyDecimal
    """Sum of price times quantity, in the quote currency, without fees."""

    fees: Fees = ()
    """Fees paid, by currency."""

    trades: Annotated[int, Field(ge=0)] = 0
    """Number of fills."""


class AmendTarget(Observed):
    """The values that an amend is to reach."""

    quantity: AnyDecimal | None = None
    """Total quantity, fills included (base currency, or contracts)."""

    price: AnyDecimal | None = None
    """Limit price (quote per base)."""

    trigger_price: AnyDecimal | None = None
    """Trigger price (quote per base)."""


class AmendRecord(Observed):
    """A replacement that is under way; only this record authorises the second order."""

    revision: Annotated[int, Field(ge=1)]
    """The revision that the new order will have."""

    phase: AmendPhase
    """Canceling: the old order's end is not read back yet. Creating: it is, and the remainder may be created."""

    target: AmendTarget
    """The values to reach."""

    started_at: Time
    """When the amend was recorded (operator's clock)."""


class FinalRecord(Observed):
    """How the order ended."""

    state: OrderStateName
    """Filled, Canceled, Expired or Rejected."""

    filled_quantity: AnyDecimal
    """Sum of the fills (base currency, or contracts)."""

    average_price: AnyDecimal | None = None
    """Average price of the fills (quote per base)."""

    settled: bool = False
    """True once all trades and fees have been read."""

    at: Time
    """When the end was read; retention counts from it."""
