"""The status of an ExchangeAccount: contact, journal, and the progress of its controls."""

from typing import Annotated

from pydantic import Field

from exchange_kernel.api.base import Observed
from exchange_kernel.api.conditions import Conditions
from exchange_kernel.api.enums import (
    HaltPhase,
    OrderType,
    TimeInForce,
)
from exchange_kernel.api.lists import UNIQUE
from exchange_kernel.api.scalars import (
    Label,
    Message,
    ShortText,
    Time,
    Uid,
    Whole,
)


class JournalRef(Observed):
    """The journal (the receipts of one installation) that this account belongs to."""

    namespace: Label
    """Namespace of the journal."""

    uid: Uid
    """uid of the journal's root object."""


class Capabilities(Observed):
    """What the operator can do on this venue for this market type; anything else is Denied before it is sent."""

    order_types: Annotated[tuple[OrderType, ...], Field(max_length=16), UNIQUE] = ()
    """Types of orders that can be placed."""

    time_in_force: Annotated[tuple[TimeInForce, ...], Field(max_length=8), UNIQUE] = ()
    """Times in force that can be used."""

    post_only: bool = False
    """Whether postOnly can be used."""

    reduce_only: bool = False
    """Whether reduceOnly can be used."""

    quote_quantity: bool = False
    """Whether a Market Buy can be given by quoteQuantity."""

    amend_in_place: bool = False
    """Whether the venue changes an order without replacing it."""

    look_up_by_client_order_id: bool = False
    """Whether the venue can be asked for an order by its client order id."""

    request_expiry: bool = False
    """Whether a request that arrives late is refused; without it an unproven outcome needs a human."""


class CancelAllStatus(Observed):
    """How spec.cancelAllToken was taken."""

    token: ShortText
    """The last value seen."""

    observed_at: Time
    """When it was set, by the API server's record; orders that were created then or before are canceled."""

    generation: Annotated[Whole, Field(ge=0)]
    """metadata.generation of the account that brought it."""

    baseline: bool = False
    """True for the first value of a new account, which cancels nothing."""

    pending: Annotated[Whole, Field(ge=0)] = 0
    """Orders whose end is not confirmed yet, never-sent ones included."""


class HaltStatus(Observed):
    """How far a halt is."""

    phase: HaltPhase
    """Draining: cancels are not all confirmed. Complete: no order of the scope works any more."""

    started_at: Time
    """When the sender was latched; nothing that increases exposure is sent after it."""

    completed_at: Time | None = None
    """When the last cancel was confirmed."""

    pending: Annotated[Whole, Field(ge=0)] = 0
    """Orders whose end is not confirmed yet."""


class ExchangeAccountStatus(Observed):
    """What the operator knows of the account; balances are in the AccountState of the same name."""

    observed_generation: Annotated[Whole, Field(ge=-1)] = -1
    """The metadata.generation that this status speaks of; -1 before the operator has seen the object."""

    venue_account_id: ShortText | None = None
    """What the venue calls the account, else a fingerprint of endpoint and key id; another one stops trading."""

    journal: JournalRef | None = None
    """The journal that records this account's orders; another installation may only watch."""

    capabilities: Capabilities | None = None
    """What can be done on this venue."""

    clock_skew_milliseconds: int | None = None
    """Operator's clock minus venue's clock, rounded to 100 ms."""

    cancel_all: CancelAllStatus | None = None
    """How spec.cancelAllToken was taken."""

    halt: HaltStatus | None = None
    """How far a halt is; absent while trading is not halted."""

    last_handled_reconcile_at: ShortText | None = None
    """The value of the annotation exchangekernel.dev/reconcile-requested-at that was handled last."""

    message: Message | None = None
    """What is the case and what to do about it, in a sentence."""

    conditions: Conditions = ()
    """Ready, Reconciling, Stalled, Connected and Authenticated."""
