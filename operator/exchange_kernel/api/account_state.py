"""AccountState: what an account holds and how well its session works.

It is apart from the ExchangeAccount because balances change with every fill: everybody who watches accounts would be
woken each time. Written by the operator when something changed, every few seconds at most, and every 30 s as a sign of
life, with the metrics.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from exchange_kernel.api.base import Observed
from exchange_kernel.api.enums import HealthStatus, OrderStream, PositionSide, PositionSource, Side, TradingState
from exchange_kernel.api.lists import map_list
from exchange_kernel.api.meta import Column, KindInfo, KubeObject
from exchange_kernel.api.scalars import AnyDecimal, Currency, Message, ShortText, SignedDecimal, Symbol, Time

MAX_BALANCES = 2000
MAX_POSITIONS = 1000
MAX_UNMANAGED = 50
MAX_REASONS = 64

Count = Annotated[int, Field(ge=0)]
CountsByReason = Annotated[
    Mapping[str, Count],
    Field(max_length=MAX_REASONS),
]


class Balance(Observed):
    """What the account holds of one asset."""

    asset: Currency
    """ccxt's unified currency code."""

    free: SignedDecimal
    """What can be traded or withdrawn."""

    locked: SignedDecimal
    """What open orders hold."""

    total: SignedDecimal
    """free + locked."""


class Position(Observed):
    """One position: on spot one per base asset, on swaps as the venue says."""

    symbol: Symbol
    """Symbol of the market; on spot the first market of the asset."""

    asset: Currency
    """Asset that is held (spot), or base of the contract."""

    side: PositionSide
    """Long or Short."""

    quantity: AnyDecimal
    """Size, without sign (base currency, or contracts)."""

    entry_price: AnyDecimal | None = None
    """Average entry price (quote per base); absent on spot."""

    mark_price: AnyDecimal | None = None
    """The venue's mark price (quote per base)."""

    unrealized_pnl: SignedDecimal | None = None
    """Profit or loss at the mark price, in the settlement currency."""

    leverage: AnyDecimal | None = None
    """Leverage, a factor."""

    liquidation_price: AnyDecimal | None = None
    """Price at which the venue closes the position."""

    source: PositionSource
    """Balance: read from a spot balance. Venue: read as a position."""


class UnmanagedOrder(Observed):
    """An open order at the venue that no OrderIntent owns. The operator never touches it."""

    exchange_order_id: ShortText
    """The venue's id; the value for exchangekernel.dev/adopt-order-id."""

    client_order_id: ShortText | None = None
    """The client order id, where it has one."""

    symbol: Symbol
    """Market that it is for."""

    side: Side
    """Buy or Sell."""

    quantity: AnyDecimal | None = None
    """Total quantity (base currency, or contracts)."""

    filled_quantity: AnyDecimal | None = None
    """What of it is filled."""

    price: AnyDecimal | None = None
    """Limit price (quote per base)."""

    trigger_price: AnyDecimal | None = None
    """Trigger price (quote per base), of an order that waits for one."""


class UnmanagedOrders(Observed):
    """Open orders at the venue that no OrderIntent owns."""

    count: Count = 0
    """How many there are."""

    orders: Annotated[
        tuple[UnmanagedOrder, ...],
        Field(max_length=MAX_UNMANAGED),
        map_list("exchange_order_id"),
    ] = ()
    """The first 50 of them."""


class Lag(Observed):
    """From the moment when something was to be done to the moment when it was, in seconds."""

    p50: AnyDecimal
    """Median, in seconds."""

    p99: AnyDecimal
    """99th percentile, in seconds."""


class ReconciliationMetrics(Observed):
    """How the operator keeps up with this account."""

    as_of: Time
    """When the metrics were taken."""

    lag_seconds: Lag | None = None
    """Time from a change to its handling; absent when nothing happened in the window."""

    queue_depth: Count = 0
    """Objects that wait to be handled."""

    in_flight: Count = 0
    """Requests at the venue without an answer yet."""

    unknown_orders: Count = 0
    """Orders whose placement is not proven either way."""

    oldest_unknown_seconds: AnyDecimal | None = None
    """Age of the oldest of them, in seconds."""

    retries: Count = 0
    """Repeated attempts since the operator started."""

    errors: CountsByReason = Field(default_factory=dict)
    """Errors since the operator started, by reason."""

    placements: Count = 0
    """Orders placed since the operator started."""

    resolved_unknown: Count = 0
    """Unknown outcomes that were cleared up since the operator started."""

    last_sweep_at: Time | None = None
    """When all open orders of the account were last read."""


class Health(Observed):
    """The health of the account's session."""

    status: HealthStatus
    """Healthy, Degraded (works with limits, see message) or Unhealthy (cannot trade)."""

    message: Message = ""
    """What is wrong and what to do about it."""

    connected: bool = False
    """Whether the venue answers."""

    authenticated: bool = False
    """Whether the venue accepts the credentials."""

    order_stream: OrderStream | None = None
    """Live: fills are heard of at once. Connecting, Down: polls show them, one poll interval later at most; the
    operator goes on trying. Off: the venue's profile has no stream, or the operator's settings say so. A change is
    shown when it has lasted for some seconds."""

    operator_seen_at: Time | None = None
    """When the operator last wrote this object because it was alive; with the metrics, every 30 s."""

    exchange_latency_milliseconds: AnyDecimal | None = None
    """How long the venue took to tell its time, when it was last asked (once a minute), there and back."""

    clock_skew_milliseconds: int | None = None
    """Operator's clock minus venue's clock, when it was last asked; requests are signed by the venue's clock anyway."""

    errors: CountsByReason = Field(default_factory=dict)
    """Errors of the venue in the last minutes, by reason."""


class AccountState(KubeObject):
    """What an account holds and how well its session works; same name and namespace as its ExchangeAccount.

    The operator writes it; edits are overwritten.
    """

    INFO: ClassVar[KindInfo] = KindInfo(
        kind="AccountState",
        plural="accountstates",
        short_names=("xas",),
        columns=(
            Column("Trading", ".tradingState"),
            Column("Ready", ".ready", "boolean"),
            Column("Health", ".health.status"),
            Column("Open", ".openOrders", "integer"),
            Column("Unmanaged", ".unmanagedOrders.count", "integer"),
            Column("As-Of", ".asOf", "date"),
            Column("Equity", ".equity", wide=True),
            Column("Unknown", ".metrics.unknownOrders", "integer", wide=True),
            Column("Message", ".health.message", wide=True),
        ),
    )
    model_config = Observed.model_config

    exchange: ShortText = ""
    """ccxt's id of the exchange."""

    trading_state: TradingState = TradingState.ENABLED
    """What the account may do at present: Enabled, ReduceOnly or Halted."""

    ready: bool = False
    """Whether orders can be placed now."""

    balances: Annotated[
        tuple[Balance, ...],
        Field(max_length=MAX_BALANCES),
        map_list("asset"),
    ] = ()
    """Balances other than zero, by asset."""

    equity: SignedDecimal | None = None
    """Value of the account in its settlement currency, where the venue tells."""

    margin_used: AnyDecimal | None = None
    """Margin that positions and orders hold, in the settlement currency."""

    margin_free: SignedDecimal | None = None
    """Margin that is left, in the settlement currency."""

    positions: Annotated[
        tuple[Position, ...],
        Field(max_length=MAX_POSITIONS),
        map_list("symbol", "side"),
    ] = ()
    """Positions other than zero, by symbol and side."""

    open_orders: Count = 0
    """Open orders at the venue that OrderIntents own."""

    unmanaged_orders: UnmanagedOrders = UnmanagedOrders()
    """Open orders at the venue that no OrderIntent owns."""

    metrics: ReconciliationMetrics | None = None
    """How the operator keeps up."""

    health: Health | None = None
    """The health of the account's session."""

    as_of: Time | None = None
    """When balances, positions and orders were read from the venue."""
