"""OrderReceipt: the operator's write-ahead journal, and the audit trail of one order.

A request that creates an order cannot be taken back, and its answer can be lost. So *before* each request the operator
writes what it is about to do (`outcome: Pending`), and only then sends. Whoever finds a Pending placement, another
operator or the same one after a crash, knows that a request may be at the venue, and may only look, until one of these
is proven:

=========  =========================================================================  ============================
outcome    proven                                                                     may a new attempt be made?
=========  =========================================================================  ============================
Pending    nothing                                                                    no
Placed     the venue has, or had, the order                                           no, never
Refused    the venue refused it for good                                              no, the order is Rejected
NotPlaced  nothing reached the venue (the sender's own proof)                         yes: attempt + 1
Absent     the fence has passed and every place was searched                          yes: attempt + 1
=========  =========================================================================  ============================

The table's first column only ever moves away from Pending; the API server enforces that (see `PLACEMENT_TRANSITIONS`),
so that not even a faulty client can turn a proven outcome into an open question, or drop an open one.
"""

from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from exchange_kernel.api.base import IMMUTABLE, Observed, Rule, TransitionRule
from exchange_kernel.api.enums import (
    OrderType,
    PlacementOutcome,
    ReceiptOutcome,
    Side,
)
from exchange_kernel.api.lists import map_list
from exchange_kernel.api.meta import Column, KindInfo, KubeObject
from exchange_kernel.api.receipt_parts import AmendRecord, Claimant, FillSum, FinalRecord, Identity
from exchange_kernel.api.scalars import AnyDecimal, Message, ShortText, Symbol, Time, Uid

MAX_PLACEMENTS = 16


PLACEMENT_TRANSITIONS: tuple[TransitionRule["ReceiptPlacement"], ...] = (
    TransitionRule(
        cel="oldSelf.outcome == 'Pending' || self.outcome != 'Pending'",
        message="a proven outcome never becomes Pending again: write a new placement with the next attempt instead",
        holds=lambda old, new: old.outcome is PlacementOutcome.PENDING or new.outcome is not PlacementOutcome.PENDING,
    ),
    TransitionRule(
        cel="oldSelf.outcome != 'Placed' || self.outcome == 'Placed'",
        message="Placed is for ever: an order that reached the venue cannot become one that did not",
        holds=lambda old, new: old.outcome is not PlacementOutcome.PLACED or new.outcome is PlacementOutcome.PLACED,
    ),
)


class ReceiptPlacement(Observed):
    """One request, or series of tries of it, that creates an order at the venue."""

    TRANSITIONS = PLACEMENT_TRANSITIONS

    client_order_id: ShortText
    """The id that the request carries, in the venue's form; computed from identity, revision and attempt."""

    revision: Annotated[int, Field(ge=0)]
    """Grows with each replacement of the order by an amend; 0 for the first."""

    attempt: Annotated[int, Field(ge=1)]
    """Grows with each new try of the same revision, starting at 1."""

    quantity: AnyDecimal | None = None
    """Quantity of this request as sent (base currency, or contracts)."""

    quote_quantity: AnyDecimal | None = None
    """Amount to spend as sent (quote currency)."""

    price: AnyDecimal | None = None
    """Limit price as sent (quote per base)."""

    trigger_price: AnyDecimal | None = None
    """Trigger price as sent (quote per base)."""

    trailing_offset: AnyDecimal | None = None
    """Distance of a trailing stop as sent, in the unit of the spec's trailing.offsetType, which cannot change."""

    activation_price: AnyDecimal | None = None
    """Price at which trailing starts, as sent (quote per base)."""

    list_client_order_id: ShortText | None = None
    """Our id of the list in which this request and another one are sent as one; with the first of them."""

    holder: ShortText
    """The process that may send this request; unique per process, so that a restarted one is another."""

    send_window_seconds: AnyDecimal
    """Within so many seconds, on its own monotonic clock from before this record was written, the holder writes the
    request to the socket, or never."""

    request_expiry_seconds: AnyDecimal | None = None
    """After so many seconds from signing the venue refuses the request; absent where the venue has no expiry."""

    outcome: PlacementOutcome
    """What is proven: Pending (nothing; only looking is allowed), NotPlaced (nothing reached the venue), Placed,
    Refused (for good), Absent (the fence has passed and every place was searched)."""

    exchange_order_id: ShortText | None = None
    """The venue's id, once Placed."""

    recorded_at: Time
    """When the placement was written (operator's clock; for humans, never for the fence)."""

    resolved_at: Time | None = None
    """When the outcome was proven (operator's clock)."""

    reason: ShortText | None = None
    """What proves the outcome: the venue's error code or the kind of failure."""

    message: Message | None = None
    """The venue's words, without secrets."""

    filled: FillSum | None = None
    """Sum of this venue order's fills as last read."""

    closed: bool = False
    """True once the venue's order was read back in a terminal state."""

    settled: bool = False
    """True once a closed order that another one has replaced was read again for late fills."""


def receipt_outcome(placements: tuple[ReceiptPlacement, ...], final: FinalRecord | None) -> ReceiptOutcome:
    """The receipt in one word: Pending while any placement is unproven, Final once the end is recorded."""
    if any(placement.outcome is PlacementOutcome.PENDING for placement in placements):
        return ReceiptOutcome.PENDING
    return ReceiptOutcome.RESOLVED if final is None else ReceiptOutcome.FINAL


class OrderReceipt(KubeObject):
    """The operator's record of one order: every request that was made, what is proven about it, and how it ended.

    Written before each request is sent, so that no crash can make the operator send twice. Do not edit or delete
    receipts: without its receipt an order is not placed again until a human confirms.
    """

    INFO: ClassVar[KindInfo] = KindInfo(
        kind="OrderReceipt",
        plural="orderreceipts",
        short_names=("orec",),
        selectable_fields=(".outcome", ".identity.accountNamespace", ".identity.accountName"),
        columns=(
            Column("Account", ".identity.accountName"),
            Column("Namespace", ".identity.intentNamespace"),
            Column("Key", ".identity.key"),
            Column("Symbol", ".symbol", wide=True),
            Column("Side", ".side", wide=True),
            Column("Type", ".type", wide=True),
            Column("Outcome", ".outcome"),
            Column("Final", ".final.state"),
            Column("Filled", ".final.filledQuantity", wide=True),
            Column("Client-Order-Id", ".placements[-1:].clientOrderId", wide=True),
            Column("Claimant", ".claimant.name", wide=True),
        ),
    )
    model_config = Observed.model_config
    REPLACEMENT = "a receipt belongs to one order for ever; the order with another identity has its own"
    RULES = (
        Rule[Any](
            cel="self.outcome == (self.placements.exists(p, p.outcome == 'Pending') ? 'Pending' "
            ": has(self.final) ? 'Final' : 'Resolved')",
            message="outcome must say what placements and final say: Pending while any placement is, else Final or "
            "Resolved",
            holds=lambda r: r.outcome is receipt_outcome(r.placements, r.final),
        ),
    )
    TRANSITIONS = (
        TransitionRule[Any](
            cel="oldSelf.placements.all(o, o.outcome != 'Pending' || "
            "self.placements.exists(n, n.clientOrderId == o.clientOrderId))",
            message="a Pending placement cannot be dropped: prove its outcome first",
            holds=lambda old, new: (
                {p.client_order_id for p in old.placements if p.outcome is PlacementOutcome.PENDING}
                <= {p.client_order_id for p in new.placements}
            ),
        ),
    )

    identity: Annotated[Identity, IMMUTABLE]
    """What makes the order this order."""

    claimant: Claimant
    """The OrderIntent that it belongs to at present."""

    fingerprint: Annotated[str, StringConstraints(max_length=128), IMMUTABLE]
    """Hash of the immutable fields of the OrderIntent's spec and its first quantity; a re-created OrderIntent with
    another one is not this order."""

    symbol: Annotated[Symbol | None, IMMUTABLE] = None
    """Market of the order, in ccxt's unified form; with it the venue can be asked once the OrderIntent is gone."""

    side: Annotated[Side | None, IMMUTABLE] = None
    """Buy or Sell."""

    type: Annotated[OrderType | None, IMMUTABLE] = None
    """Type of the order."""

    first_quantity: Annotated[AnyDecimal | None, IMMUTABLE] = None
    """quantity of the OrderIntent when the receipt was written; absent for orders by quoteQuantity."""

    venue_account_id: Annotated[ShortText, IMMUTABLE]
    """The venue's account at which the order was placed."""

    journal_uid: Uid
    """uid of the journal's root object that the receipt belongs to."""

    outcome: ReceiptOutcome
    """The receipt in one word, for LIST with a field selector: Pending (some request is unproven), Resolved (none is)
    or Final (the order has ended)."""

    placements: Annotated[
        tuple[ReceiptPlacement, ...],
        Field(min_length=1, max_length=MAX_PLACEMENTS),
        map_list("client_order_id"),
    ]
    """The requests that create orders for this intent, oldest first; older ones are folded into settled."""

    settled: FillSum | None = None
    """Fills of the placements that were folded: venue orders that have ended and are not in placements any more."""

    folded_placements: Annotated[int, Field(ge=0)] = 0
    """How many placements were folded."""

    amend: AmendRecord | None = None
    """A replacement that is under way."""

    final: FinalRecord | None = None
    """How the order ended; absent while it has not."""

    intent_deleted_at: Time | None = None
    """When the OrderIntent was found to be gone; the receipt is kept for 30 days after that and the order's end."""
