"""OrderGroup: orders that are tied together, and what has become of them."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from exchange_kernel.api.base import IMMUTABLE, Model
from exchange_kernel.api.enums import (
    AmendPolicy,
    DesiredState,
    Execution,
    GroupDeletionPolicy,
    GroupType,
    LegRole,
    OnOverfill,
    OnProtectionFailure,
    OrderType,
    RoundingPolicy,
    Side,
    TimeInForce,
)
from exchange_kernel.api.group_rules import GROUP_FREEZE, GROUP_RULES, GROUP_TRANSITIONS, LEG_RULES
from exchange_kernel.api.group_status import OrderGroupStatus
from exchange_kernel.api.lists import map_list
from exchange_kernel.api.meta import Column, KindInfo, KubeObject
from exchange_kernel.api.order_intent import AccountRef, Trailing
from exchange_kernel.api.scalars import LABEL_PATTERN, Flag, PositiveDecimal, Symbol, Time, Whole

DEFAULT_UNPROTECTED_SECONDS = 30
MAX_LEGS = 6
LegName = Annotated[str, StringConstraints(pattern=LABEL_PATTERN, min_length=1, max_length=40)]


class GroupLeg(Model):
    """One order of a group. Quantity, price and triggerPrice can change while it works."""

    RULES = LEG_RULES
    REPLACEMENT = "create a new OrderGroup with a new name instead"

    name: LegName
    """Name of the leg; its OrderIntent is <group>-<leg>, later ones of the same leg are <group>-<leg>-2 and so on."""

    role: Annotated[LegRole, IMMUTABLE] = LegRole.LEG
    """Entry: filled first, the others follow (OTO, Bracket). TakeProfit and StopLoss: the exits of what is held. Leg:
    an order like any other."""

    side: Annotated[Side, IMMUTABLE]
    """Buy or Sell."""

    type: Annotated[OrderType, IMMUTABLE]
    """As in an OrderIntent. A StopLoss is StopMarket, StopLimit or TrailingStopMarket; a TakeProfit is Limit,
    TakeProfitLimit or TakeProfitMarket."""

    quantity: PositiveDecimal | None = None
    """Total quantity, in the base currency; for the Entry only. The other legs take what the entry has brought in, or
    spec.quantity."""

    quote_quantity: Annotated[PositiveDecimal | None, IMMUTABLE] = None
    """Amount of the quote currency to spend, instead of quantity; for an Entry that is a Market Buy."""

    price: PositiveDecimal | None = None
    """Limit price in quote currency per base; for types Limit, StopLimit and TakeProfitLimit."""

    trigger_price: PositiveDecimal | None = None
    """Price in quote currency per base at which the order becomes active; for types StopMarket, StopLimit,
    TakeProfitMarket and TakeProfitLimit."""

    trailing: Annotated[Trailing | None, IMMUTABLE] = None
    """How the trigger follows the market; for type TrailingStopMarket."""

    time_in_force: Annotated[TimeInForce, IMMUTABLE] = TimeInForce.GTC
    """As in an OrderIntent; exits take GTC and GTD."""

    expire_at: Annotated[Time | None, IMMUTABLE] = None
    """When a GTD order ends (RFC 3339); with timeInForce GTD only."""

    post_only: Annotated[Flag, IMMUTABLE] = False
    """As in an OrderIntent; not for TakeProfit and StopLoss, which may have to trade at once."""

    reduce_only: Annotated[Flag, IMMUTABLE] = False
    """As in an OrderIntent."""

    amend_policy: AmendPolicy | None = None
    """As in an OrderIntent: how the leg is resized and repriced. Can be changed."""

    rounding_policy: RoundingPolicy | None = None
    """As in an OrderIntent. Can be changed."""


class GroupPlacement(Model):
    """Until when the group may begin."""

    starting_deadline_seconds: Annotated[Whole, Field(ge=1, le=31_536_000)] | None = None
    """How old the object may be, in seconds since its creation, when its first order is created; older ones are
    Expired. Left out: the account's default, which is 60. Exits that follow later have no deadline."""

    submit_before: Time | None = None
    """The first orders are not sent after this time (RFC 3339)."""


class OrderGroupSpec(Model):
    """The orders, and how they are tied together."""

    RULES = GROUP_RULES
    TRANSITIONS = GROUP_TRANSITIONS
    REPLACEMENT = "create a new OrderGroup with a new name instead"

    account_ref: Annotated[AccountRef, IMMUTABLE]
    """The ExchangeAccount that trades it."""

    type: Annotated[GroupType, IMMUTABLE]
    """OCO: the first fill of one leg cancels the others. OUO: a fill of one leg makes the others smaller by as much.
    OTO: the entry's fills trigger the other leg. Bracket: the entry's fills trigger a TakeProfit and a StopLoss, which
    are tied as in OUO."""

    symbol: Annotated[Symbol, IMMUTABLE]
    """Market of all legs, in ccxt's unified form: BTC/USDT."""

    quantity: PositiveDecimal | None = None
    """What OCO and OUO trade in total, in the base currency. Can be changed while the group works. The other types take
    it from the Entry."""

    legs: Annotated[tuple[GroupLeg, ...], Field(min_length=2, max_length=MAX_LEGS), map_list("name")]
    """The orders. Their names cannot change."""

    execution: Annotated[Execution, IMMUTABLE] = Execution.AUTO
    """Native: the venue ties the orders together. Emulated: the operator does, and has to run for it. Auto: native
    where that means the same. Exits whose list the venue refuses are tied by the operator in any case."""

    partial_trigger: Annotated[Flag, IMMUTABLE] = False
    """For OTO: true lets the other leg follow each part that the entry fills, false waits until the entry has ended. A
    Bracket always protects each part."""

    on_protection_failure: OnProtectionFailure = OnProtectionFailure.CLOSE_POSITION
    """What to do when something is held for longer than maxUnprotectedSeconds without a stop: ClosePosition (end the
    legs and sell, or buy back, at the market), CancelGroup (end the legs, keep what is held) or Hold (only say so and
    keep trying). Can be changed."""

    max_unprotected_seconds: Annotated[Whole, Field(ge=1, le=86_400)] = DEFAULT_UNPROTECTED_SECONDS
    """How long something may be held without a stop at the venue, in seconds, while the operator can act. Can be
    changed."""

    on_overfill: OnOverfill = OnOverfill.HALT
    """What to do when exits that were filled at the same moment have sold (or bought back) more than there was: Halt
    (end all legs, place nothing) or Flatten (end all legs, then trade the excess back at the market). Can be
    changed."""

    desired_state: DesiredState = DesiredState.WORKING
    """Working: the group is wanted. Canceled: all its legs are canceled, the stop last; that cannot be undone."""

    deletion_policy: GroupDeletionPolicy = GroupDeletionPolicy.KEEP_PROTECTION
    """What deleting this object does: KeepProtection cancels the entry and leaves the stop of what is held at the
    venue, Cancel cancels all legs, Orphan leaves all of them at the venue. Can be changed."""

    placement: Annotated[GroupPlacement, IMMUTABLE] = GroupPlacement()
    """Until when the group may begin."""

    suspend: Flag = False
    """True: nothing is sent for this group, neither orders nor changes; cancels are. Can be changed."""

    metadata: Annotated[
        Mapping[str, Annotated[str, StringConstraints(max_length=1024)]],
        Field(max_length=64),
    ] = {}
    """The strategy's own notes, at most 64 of them; the operator does not read them. Can always be changed."""


class OrderGroup(KubeObject):
    """Orders that are tied together. The operator creates an OrderIntent for each leg when its time has come.

    Deleting the object ends it in a safe order (deletionPolicy). The same name applied again is the same group, not a
    second one.
    """

    INFO: ClassVar[KindInfo] = KindInfo(
        kind="OrderGroup",
        plural="ordergroups",
        short_names=("og",),
        categories=("trading",),
        status_subresource=True,
        selectable_fields=(".spec.accountRef.name", ".spec.accountRef.namespace", ".spec.symbol"),
        columns=(
            Column("Type", ".spec.type"),
            Column("Symbol", ".spec.symbol"),
            Column("Legs", ".status.legsInBrief"),
            Column("Filled", ".status.filledQuantity"),
            Column("Protected", ".status.conditions[?(@.type=='Protected')].status"),
            Column("State", ".status.state"),
            Column("Account", ".spec.accountRef.name", wide=True),
            Column("Target", ".status.targetQuantity", wide=True),
            Column("Message", ".status.message", wide=True),
        ),
    )
    TRANSITIONS = GROUP_FREEZE

    spec: OrderGroupSpec
    """The orders, and how they are tied together."""

    status: OrderGroupStatus = OrderGroupStatus()
    """What has become of the group; written by the operator."""

    @property
    def account_key(self) -> tuple[str, str]:
        """(namespace, name) of the account; the namespace defaults to the object's own."""
        return self.spec.account_ref.namespace or self.metadata.namespace, self.spec.account_ref.name
