"""The status of an OrderIntent: the OrderState, as the operator last knew it.

`state` and `pendingCommand` are separate, so that a pending cancel never hides a fill. Everything about fills is
summed over all venue orders of the intent (an amended order may have had several).
"""

from typing import Annotated

from pydantic import Field

from exchange_kernel.api.base import Observed
from exchange_kernel.api.conditions import Conditions
from exchange_kernel.api.enums import OrderStateName, PendingCommand
from exchange_kernel.api.lists import ATOMIC, map_list
from exchange_kernel.api.scalars import AnyDecimal, Currency, Message, ShortText, SignedDecimal, Time

MAX_PREVIOUS_IDS = 32
MAX_RECENT_TRADES = 16
MAX_FEES = 16


class Fee(Observed):
    """What was paid in one currency."""

    currency: Currency
    """Currency of the fee."""

    amount: SignedDecimal
    """Sum paid in that currency; negative for a rebate."""


Fees = Annotated[tuple[Fee, ...], Field(max_length=MAX_FEES), map_list("currency")]


class Normalized(Observed):
    """The values as they were sent to the venue, on the market's grid."""

    quantity: AnyDecimal | None = None
    """Total quantity as sent, fills included (base currency, or contracts)."""

    quote_quantity: AnyDecimal | None = None
    """Amount to spend as sent (quote currency)."""

    price: AnyDecimal | None = None
    """Limit price as sent (quote per base)."""

    trigger_price: AnyDecimal | None = None
    """Trigger price as sent (quote per base)."""

    trailing_offset: AnyDecimal | None = None
    """Distance of a trailing stop as sent, in the unit of spec.trailing.offsetType."""

    activation_price: AnyDecimal | None = None
    """Price at which trailing starts, as sent (quote per base)."""


class Trade(Observed):
    """One fill."""

    id: ShortText
    """The venue's id of the trade."""

    price: AnyDecimal
    """Price of the trade (quote per base)."""

    quantity: AnyDecimal
    """Quantity of the trade (base currency, or contracts)."""

    fee_currency: Currency | None = None
    """Currency of this trade's fee."""

    fee_amount: SignedDecimal | None = None
    """Fee of this trade; negative for a rebate."""

    time: Time | None = None
    """When it happened, by the venue's clock."""


class OrderIntentStatus(Observed):
    """What has become of the order. Written only when something has changed."""

    observed_generation: Annotated[int, Field(ge=-1)] = -1
    """The metadata.generation that this status speaks of; -1 before the operator has seen the object."""

    state: OrderStateName | None = None
    """Pending: not sent yet. Denied: refused before anything was sent; edit the spec or delete it. Submitting: being
    sent. Untriggered: at the venue, waiting for its trigger. Open, PartiallyFilled: working at the venue. Filled,
    Canceled, Expired, Rejected (by the venue): final. Unknown: a request was sent and its outcome is not proven yet;
    nothing is sent again before it is."""

    pending_command: PendingCommand = PendingCommand.NONE
    """What was asked of the venue and is not confirmed yet: None, Submit, Cancel or Amend."""

    client_order_id: ShortText | None = None
    """The id under which the venue's present order was sent; computed from the order's identity."""

    exchange_order_id: ShortText | None = None
    """The venue's own id of the present order."""

    previous_order_ids: Annotated[
        tuple[ShortText, ...],
        Field(max_length=MAX_PREVIOUS_IDS, json_schema_extra=ATOMIC),
    ] = ()
    """The venue's ids of the orders that this one replaced, oldest first; the last 32."""

    normalized: Normalized | None = None
    """The values as sent: the spec's, on the market's grid."""

    filled_quantity: AnyDecimal | None = None
    """Sum of the fills (base currency, or contracts), over all venue orders of this intent; never falls."""

    remaining_quantity: AnyDecimal | None = None
    """What may still fill; 0 when the order is final. Absent for orders by quoteQuantity."""

    average_price: AnyDecimal | None = None
    """Average price of the fills (quote per base)."""

    cost: AnyDecimal | None = None
    """Sum of price times quantity over the fills, in the quote currency, without fees."""

    fees: Fees = ()
    """Fees paid, by currency."""

    settled: bool = False
    """True once the order is final and all its trades and fees have been read; nothing changes after that."""

    trade_count: Annotated[int, Field(ge=0)] | None = None
    """Number of fills."""

    recent_trades: Annotated[
        tuple[Trade, ...],
        Field(max_length=MAX_RECENT_TRADES, json_schema_extra=ATOMIC),
    ] = ()
    """The last fills, oldest first; at most 16."""

    last_trade_id: ShortText | None = None
    """The venue's id of the latest fill."""

    venue_status: ShortText | None = None
    """The order's status in the venue's own words."""

    submitted_at: Time | None = None
    """When the present order was sent (operator's clock)."""

    acknowledged_at: Time | None = None
    """When the venue acknowledged the present order (venue's clock where it tells)."""

    last_trade_at: Time | None = None
    """When the latest fill happened (venue's clock)."""

    finished_at: Time | None = None
    """When the order became final."""

    last_handled_reconcile_at: ShortText | None = None
    """The value of the annotation exchangekernel.dev/reconcile-requested-at that was handled last."""

    message: Message | None = None
    """What is the case and what to do about it, in a sentence."""

    conditions: Conditions = ()
    """Ready, Reconciling, Stalled, Accepted, Placed, Synced and Completed."""
