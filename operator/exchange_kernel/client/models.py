"""What strategies write and read, as frozen models: unknown fields and floats are refused, times know their zone.

Quantities are in the base currency (contracts on swaps), prices in quote per base.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from exchange_kernel.api.enums import (
    AmendPolicy,
    DesiredState,
    Execution,
    GroupType,
    OffsetType,
    OnProtectionFailure,
    OrderStateName,
    OrderType,
    PendingCommand,
    PositionSide,
    PositionSource,
    RoundingPolicy,
    Side,
    TimeInForce,
    TradingState,
)
from exchange_kernel.api.scalars import LABEL_PATTERN


def _exact(value: Any) -> Any:  # noqa: ANN401 - a validator gets whatever was passed
    if isinstance(value, float):
        raise ValueError('write Decimal("0.1") or "0.1": a float is not the number that was meant')  # noqa: TRY004 - pydantic reports ValueError
    return value


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("write a time with its zone, for example datetime.now(UTC)")
    return value


Number = Annotated[Decimal, BeforeValidator(_exact)]
Positive = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0)]
Moment = Annotated[datetime, AfterValidator(_aware)]
Id = Annotated[str, StringConstraints(pattern=LABEL_PATTERN, min_length=1, max_length=63)]


class ClientModel(BaseModel):
    """Base of the models."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class TrailingOffset(ClientModel):
    """How a trailing stop follows the market."""

    offset: Positive
    """Distance between the best price seen and the trigger, in the unit of offset_type."""

    offset_type: OffsetType
    """Amount (quote currency) or Percent."""

    activation_price: Positive | None = None
    """Price at which trailing starts; None: at once."""


class StandardOrder(ClientModel):
    """One order that a strategy wants."""

    symbol_id: str
    """ccxt's unified symbol: BTC/USDT."""

    side: Side
    """Buy or Sell."""

    order_type: OrderType
    """As OrderIntent.spec.type."""

    quantity: Positive | None = None
    """Total, fills included; exactly one of quantity and quote_quantity."""

    quote_quantity: Positive | None = None
    """Amount of the quote currency to spend; for a Market Buy only."""

    price: Positive | None = None
    """Limit price."""

    trigger_price: Positive | None = None
    """Price at which the order becomes active."""

    trailing: TrailingOffset | None = None
    """For TrailingStopMarket."""

    time_in_force: TimeInForce = TimeInForce.GTC
    """GTC, IOC, FOK or GTD."""

    expire_at: Moment | None = None
    """With GTD only."""

    post_only: bool = False
    """Only add liquidity."""

    reduce_only: bool = False
    """Only reduce a position; Denied on spot."""

    amend_policy: AmendPolicy | None = None
    """None: the account's default."""

    rounding_policy: RoundingPolicy | None = None
    """None: the account's default."""

    submit_before: Moment | None = None
    """Nothing is sent after this time."""

    intent_id: Id | None = None
    """The key of idempotency, a DNS label: the same id is the same order. None: one is made."""


class StandardOrderGroup(ClientModel):
    """Orders that are tied together."""

    orders: Annotated[tuple[StandardOrder, ...], Field(min_length=2)]
    """The legs' orders."""

    legs: tuple[str, ...] = ()
    """The legs' names, in the order of `orders`; roles are told by names entry, target and stop."""

    mode: GroupType = GroupType.OCO
    """OCO, OUO, OTO or Bracket."""

    quantity: Positive | None = None
    """For OCO and OUO."""

    group_id: Id | None = None
    """The key of idempotency; None: one is made."""

    execution: Execution = Execution.AUTO
    """Auto, Native or Emulated."""

    partial_trigger: bool = False
    """For OTO: whether the other leg follows each part of the entry."""

    on_protection_failure: OnProtectionFailure | None = None
    """None: the kind's default."""


class OrderIntent(ClientModel):
    """What was asked for, as the API server holds it."""

    intent_id: str
    uid: str
    group_id: str | None = None
    order: StandardOrder
    desired_state: DesiredState
    suspended: bool = False
    metadata: Mapping[str, str] = {}
    generation: int
    created_at: Moment
    deleting: bool = False


class OrderState(ClientModel):
    """What has become of an order."""

    intent_id: str
    symbol_id: str
    side: Side
    state: OrderStateName
    pending_command: PendingCommand = PendingCommand.NONE
    client_order_id: str | None = None
    exchange_order_id: str | None = None
    previous_order_ids: tuple[str, ...] = ()
    quantity: Number | None = None
    """As sent, on the market's grid."""
    price: Number | None = None
    trigger_price: Number | None = None
    filled_quantity: Number = Decimal(0)
    remaining_quantity: Number | None = None
    """0 when final; None for an order by quote quantity."""
    average_price: Number | None = None
    cost: Number = Decimal(0)
    fees: Mapping[str, Number] = {}
    settled: bool = False
    synced: bool | None = None
    reason: str | None = None
    message: str = ""
    generation: int
    observed_generation: int
    updated_at: Moment | None = None


class Position(ClientModel):
    """What is held of an asset, or of a contract."""

    symbol_id: str | None = None
    asset: str
    side: PositionSide
    quantity: Annotated[Decimal, BeforeValidator(_exact), Field(ge=0)]
    entry_price: Number | None = None
    mark_price: Number | None = None
    unrealized_pnl: Number | None = None
    leverage: Number | None = None
    liquidation_price: Number | None = None
    source: PositionSource
    as_of: Moment


class Balance(ClientModel):
    """What the account has of an asset."""

    free: Number
    locked: Number
    total: Number


class AccountState(ClientModel):
    """The account, as it was last read."""

    exchange_id: str
    trading_state: TradingState
    ready: bool
    balances: Mapping[str, Balance] = {}
    equity: Number | None = None
    margin_used: Number | None = None
    margin_free: Number | None = None
    open_orders: int = 0
    unmanaged_open_orders: int = 0
    as_of: Moment | None = None


class SymbolMetadata(ClientModel):
    """The rules of one market."""

    symbol_id: str
    base: str
    quote: str
    settle: str | None = None
    active: bool
    price_tick: Number
    quantity_step: Number
    min_quantity: Number | None = None
    max_quantity: Number | None = None
    min_notional: Number | None = None
    max_notional: Number | None = None
    contract_size: Number | None = None
    maker_fee: Number | None = None
    taker_fee: Number | None = None
    order_types: tuple[OrderType, ...] = ()
    time_in_force: tuple[TimeInForce, ...] = ()
    capabilities: tuple[str, ...] = ()
    as_of: Moment | None = None


class AssetMetadata(ClientModel):
    """One currency."""

    asset_id: str
    step: Number | None = None
    active: bool
