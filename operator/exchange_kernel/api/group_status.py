"""The status of an OrderGroup: what its legs do, what is held, and whether that is protected."""

from typing import Annotated

from pydantic import Field

from exchange_kernel.api.base import Observed
from exchange_kernel.api.conditions import Conditions
from exchange_kernel.api.enums import Execution, GroupState, LegRole, OnProtectionFailure, OrderStateName
from exchange_kernel.api.lists import map_list
from exchange_kernel.api.scalars import AnyDecimal, Message, ShortText, Time, Uid

MAX_LEG_STATUSES = 10


class LegStatus(Observed):
    """One leg, over all the orders that it has had."""

    name: ShortText
    """The leg's name in spec.legs; close and flatten are the operator's own."""

    role: LegRole = LegRole.LEG
    """The leg's role."""

    round: Annotated[int, Field(ge=0)] = 0
    """How many OrderIntents the leg has had; 0: none yet. Written before the OrderIntent is created."""

    planned_quantity: AnyDecimal | None = None
    """The quantity with which the OrderIntent of this round is created (base currency)."""

    intent: ShortText | None = None
    """The OrderIntent of this round."""

    uid: Uid | None = None
    """The uid of that OrderIntent."""

    state: OrderStateName | None = None
    """The state of that OrderIntent."""

    client_order_id: ShortText | None = None
    """Our id of that order."""

    exchange_order_id: ShortText | None = None
    """The venue's id of that order."""

    former_quantity: AnyDecimal | None = None
    """What the leg's OrderIntents of earlier rounds have filled (base currency)."""

    filled_quantity: AnyDecimal | None = None
    """What all OrderIntents of the leg have filled (base currency)."""

    message: Message | None = None
    """What the OrderIntent of this round says."""


class OrderGroupStatus(Observed):
    """What has become of the group. Written only when something has changed."""

    observed_generation: Annotated[int, Field(ge=-1)] = -1
    """The metadata.generation that this status speaks of; -1 before the operator has seen the object."""

    state: GroupState | None = None
    """Pending: nothing sent yet. Denied: refused before anything was sent. Entering: the entry works, nothing is
    filled. Working: legs work, or a position is held. Closing: the legs are being ended. Completed, Canceled, Expired,
    Rejected: final."""

    execution: Execution | None = None
    """Who ties the orders together: Native (the venue) or Emulated (the operator, which has to run for it)."""

    legs: Annotated[tuple[LegStatus, ...], Field(max_length=MAX_LEG_STATUSES), map_list("name")] = ()
    """The legs, in the order of the spec."""

    legs_in_brief: ShortText | None = None
    """The legs and their states in a few words."""

    target_quantity: AnyDecimal | None = None
    """T: what the exits have to exit from (base currency): spec.quantity, or what the entry has brought in, net of
    fees, on the market's step."""

    filled_quantity: AnyDecimal | None = None
    """F: what the exits have filled (base currency)."""

    protected_quantity: AnyDecimal | None = None
    """What a stop at the venue covers (base currency)."""

    overfill_quantity: AnyDecimal | None = None
    """What the exits have filled beyond the target (base currency); absent when nothing."""

    unprotected_since: Time | None = None
    """Since when something is held that no stop covers; absent while all is covered."""

    protection_failure: OnProtectionFailure | None = None
    """The policy that has been carried out because protection failed; absent when none was."""

    finished_at: Time | None = None
    """When the group became final."""

    message: Message | None = None
    """What is the case and what to do about it, in a sentence."""

    conditions: Conditions = ()
    """Ready, Reconciling, Stalled, Accepted, Placed, Completed and Protected."""
