"""OrderIntent: one order that somebody wants, and what has become of it."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from exchange_kernel.api.base import IMMUTABLE, Model
from exchange_kernel.api.enums import (
    AmendPolicy,
    DeletionPolicy,
    DesiredState,
    OffsetType,
    OrderType,
    PlacementPolicy,
    RoundingPolicy,
    Side,
    TimeInForce,
)
from exchange_kernel.api.meta import Column, KindInfo, KubeObject
from exchange_kernel.api.order_rules import FREEZE_RULES, ORDER_RULES, ORDER_TRANSITIONS, TRAILING_RULES
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.api.scalars import Flag, Label, Name, PositiveDecimal, Symbol, Time, Whole

DEFAULT_STARTING_DEADLINE_SECONDS = 60


class AccountRef(Model):
    """Names an ExchangeAccount."""

    namespace: Label | None = None
    """Namespace of the ExchangeAccount; the OrderIntent's own when left out. The account must allow the namespace of
    the OrderIntent (spec.allowedNamespaces)."""

    name: Name
    """Name of the ExchangeAccount."""


class Trailing(Model):
    """How a trailing stop follows the market."""

    RULES = TRAILING_RULES

    offset: PositiveDecimal
    """Distance between the best price seen and the trigger: in the quote currency, or in percent (see offsetType);
    percentages are below 100."""

    offset_type: OffsetType
    """Unit of offset: Amount (quote currency) or Percent of the price."""

    activation_price: PositiveDecimal | None = None
    """Price in the quote currency at which trailing starts, where the market has moved in the order's favour: above the
    market for a Sell, below it for a Buy. Left out: trailing starts at once."""


class Placement(Model):
    """Under which circumstances the order may be sent."""

    policy: PlacementPolicy = PlacementPolicy.CREATE_OR_ADOPT
    """CreateOrAdopt: look the order up first, adopt it when the venue has it, else create it. AdoptOnly: never create;
    take over what the venue has. CreateOnly: skip the look-up of an order that was never tried, which is faster and
    for names that are never used twice; needs submitBefore."""

    starting_deadline_seconds: Annotated[Whole, Field(ge=1, le=31_536_000)] | None = None
    """How old the object may be, in seconds since its creation, when the order is first sent; older ones are Expired,
    so that a backlog is not traded at yesterday's prices. Left out: the account's default, which is 60, and none for
    the legs of a group."""

    submit_before: Time | None = None
    """Nothing is sent after this time (RFC 3339). Left out: only startingDeadlineSeconds counts."""


class OrderIntentSpec(Model):
    """The order that is wanted. Quantity, price and triggerPrice can change until the order is final."""

    RULES = ORDER_RULES
    TRANSITIONS = ORDER_TRANSITIONS
    REPLACEMENT = "create a new OrderIntent with a new name instead"

    account_ref: Annotated[AccountRef, IMMUTABLE]
    """The ExchangeAccount that trades it."""

    symbol: Annotated[Symbol, IMMUTABLE]
    """Market in ccxt's unified form: BTC/USDT for spot, BTC/USDT:USDT for a swap that settles in USDT."""

    side: Annotated[Side, IMMUTABLE]
    """Buy or Sell."""

    type: Annotated[OrderType, IMMUTABLE]
    """Market and Limit act at once. StopMarket and StopLimit wait until the market has moved against the position to
    triggerPrice, TakeProfitMarket and TakeProfitLimit until it has moved in its favour; TrailingStopMarket follows
    the market. A type that the venue does not know is Denied, never replaced by another."""

    quantity: PositiveDecimal | None = None
    """Total quantity, fills included: in the base currency on spot, in contracts on swaps. Exactly one of quantity and
    quoteQuantity is written. Can be changed until the order is final: the order is then amended to the new total."""

    quote_quantity: Annotated[PositiveDecimal | None, IMMUTABLE] = None
    """Amount of the quote currency to spend, instead of quantity; for a Market Buy only."""

    price: PositiveDecimal | None = None
    """Limit price in quote currency per base; for types Limit, StopLimit and TakeProfitLimit. Can be changed until the
    order is final."""

    trigger_price: PositiveDecimal | None = None
    """Price in quote currency per base at which the order becomes active; for types StopMarket, StopLimit,
    TakeProfitMarket and TakeProfitLimit. Can be changed until the order is final."""

    trailing: Annotated[Trailing | None, IMMUTABLE] = None
    """How the trigger follows the market; for type TrailingStopMarket."""

    time_in_force: Annotated[TimeInForce, IMMUTABLE] = TimeInForce.GTC
    """GTC works until canceled, IOC fills what it can at once and drops the rest, FOK fills all at once or nothing, GTD
    works until expireAt. Types without a price take none: leave it out."""

    expire_at: Annotated[Time | None, IMMUTABLE] = None
    """When a GTD order ends (RFC 3339); with timeInForce GTD only."""

    post_only: Annotated[Flag, IMMUTABLE] = False
    """Only add liquidity: the venue refuses the order when it would trade at once. For type Limit with GTC or GTD."""

    reduce_only: Annotated[Flag, IMMUTABLE] = False
    """Only reduce a position, never open or turn one. On spot it is Denied: there is no position to reduce."""

    desired_state: DesiredState = DesiredState.WORKING
    """Working: the order is wanted. Canceled: it is taken back; that cannot be undone, and is no error when the order
    is final already."""

    deletion_policy: DeletionPolicy = DeletionPolicy.CANCEL
    """What deleting this object does: Cancel cancels the order and waits until its end is read back; Orphan leaves
    it at the venue and stops looking after it. Can be changed."""

    amend_policy: AmendPolicy | None = None
    """How a change is carried out: CancelReplace (in place where the venue can, else cancel, confirm, create the
    remainder: the place in the queue is lost), InPlaceOnly, or Never. Left out: the account's default, which is
    CancelReplace. Can be changed."""

    rounding_policy: RoundingPolicy | None = None
    """What happens to values that are not on the market's grid: Reject denies them and names the nearest valid ones;
    Conservative rounds to the side that trades less or at a better price, a stop-limit's limit towards execution, never
    to zero. Left out: the account's default, which is Reject. Can be changed."""

    intent_id: Annotated[Label | None, IMMUTABLE] = None
    """Identity of the order in place of metadata.name: two objects of a namespace with the same intentId and account
    are the same order, which is placed once. A DNS label."""

    placement: Annotated[Placement, IMMUTABLE] = Placement()
    """Under which circumstances the order may be sent."""

    suspend: Flag = False
    """True: nothing is sent for this object, neither the order nor changes; cancels are. Can be changed."""

    ttl_seconds_after_finished: Annotated[Whole, Field(ge=0, le=315_360_000)] | None = None
    """Seconds after which the operator deletes this object once the order is final and settled. Left out: never. Leave
    it out where GitOps applies the manifest: it would create the object again. Can be changed."""

    metadata: Annotated[
        Mapping[str, Annotated[str, StringConstraints(max_length=1024)]],
        Field(max_length=64),
    ] = {}
    """The strategy's own notes, at most 64 of them; the operator does not read them. Can always be changed."""


class OrderIntent(KubeObject):
    """One order for an exchange. The operator places it at most once, keeps it as the spec says, and reports in status.

    Deleting the object cancels the order (deletionPolicy). The same name applied again is the same order, not a second
    one: for a new trade use a new name.
    """

    INFO: ClassVar[KindInfo] = KindInfo(
        kind="OrderIntent",
        plural="orderintents",
        short_names=("oi",),
        categories=("trading",),
        status_subresource=True,
        selectable_fields=(".spec.accountRef.name", ".spec.accountRef.namespace", ".spec.symbol"),
        columns=(
            Column("Account", ".spec.accountRef.name"),
            Column("Symbol", ".spec.symbol"),
            Column("Side", ".spec.side"),
            Column("Type", ".spec.type"),
            Column("Qty", ".spec.quantity"),
            Column("Price", ".spec.price"),
            Column("Filled", ".status.filledQuantity"),
            Column("State", ".status.state"),
            Column("Quote-Qty", ".spec.quoteQuantity", wide=True),
            Column("Average", ".status.averagePrice", wide=True),
            Column("Client-Order-Id", ".status.clientOrderId", wide=True),
            Column("Exchange-Order-Id", ".status.exchangeOrderId", wide=True),
            Column("Message", ".status.message", wide=True),
        ),
    )
    TRANSITIONS = FREEZE_RULES

    spec: OrderIntentSpec
    """The order that is wanted."""

    status: OrderIntentStatus = OrderIntentStatus()
    """What has become of the order; written by the operator."""

    @property
    def account_key(self) -> tuple[str, str]:
        """(namespace, name) of the account; the namespace defaults to the object's own."""
        return self.spec.account_ref.namespace or self.metadata.namespace, self.spec.account_ref.name


IMMUTABLE_ORDER_FIELDS: tuple[str, ...] = OrderIntentSpec.immutable_fields()
"""Python names of the fields that an order's fingerprint covers; the CEL rules come from the same markers."""
