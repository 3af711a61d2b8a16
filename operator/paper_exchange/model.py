"""What the venue knows: symbols with their filters, accounts, orders, trades.

All amounts are integers of 1e-8 units (`units`), all times are milliseconds since 1970, UTC. Order ids and trade ids
count **per symbol** from 1, as at Binance: an order is named by symbol and id, never by the id alone.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from paper_exchange.units import SCALE, parse_amount


class Side(StrEnum):
    """Direction of an order."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """Kinds of orders, by the venue's names."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    LIMIT_MAKER = "LIMIT_MAKER"
    STOP_LOSS = "STOP_LOSS"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"


class TimeInForce(StrEnum):
    """How long an order may wait. MARKET orders carry GTC, as the venue shows them."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class OrderStatus(StrEnum):
    """Where an order stands."""

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"


class SelfTradePrevention(StrEnum):
    """What happens when an account meets its own order."""

    NONE = "NONE"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"


class SymbolStatus(StrEnum):
    """Whether a symbol trades. Outside TRADING new orders are refused; cancels still work."""

    TRADING = "TRADING"
    HALT = "HALT"
    BREAK = "BREAK"


class NotionalFilter(StrEnum):
    """Which of the two minimum-value filters a symbol announces."""

    NOTIONAL = "NOTIONAL"
    MIN_NOTIONAL = "MIN_NOTIONAL"


OPEN_STATUSES = frozenset({OrderStatus.PENDING_NEW, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})
STOP_TYPES = frozenset(
    {OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT}
)
"""The types that wait for a price ("algo" orders in the filters)."""
SUPPORTED_TYPES = tuple(OrderType)
"""What the engine can execute now; exchangeInfo announces these and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A market and its trading rules. Zero switches a rule off, as in Binance's `filters.md`."""

    name: str
    base: str
    quote: str
    tick_size: int
    step_size: int
    min_price: int
    max_price: int
    min_quantity: int
    max_quantity: int
    market_step_size: int = 0
    market_min_quantity: int = 0
    market_max_quantity: int = 0
    notional_filter: NotionalFilter = NotionalFilter.NOTIONAL
    min_notional: int = 0
    max_notional: int = 0
    min_notional_applies_to_market: bool = True
    max_notional_applies_to_market: bool = False
    average_price_minutes: int = 5
    bid_multiplier_up: int = 5 * SCALE
    bid_multiplier_down: int = SCALE // 5
    ask_multiplier_up: int = 5 * SCALE
    ask_multiplier_down: int = SCALE // 5
    max_orders: int = 200
    max_algo_orders: int = 5
    max_position: int = 0
    min_trailing_above: int = 10
    """Of a trailing order that fires above (stop-loss BUY, take-profit SELL by its stop price), in basis points."""
    max_trailing_above: int = 2_000
    min_trailing_below: int = 10
    max_trailing_below: int = 2_000
    max_amends: int = 10
    """How often one order may be amended."""
    allow_trailing_stop: bool = True
    allow_amend: bool = True
    allow_cancel_replace: bool = True
    order_types: tuple[OrderType, ...] = SUPPORTED_TYPES
    default_prevention: SelfTradePrevention = SelfTradePrevention.EXPIRE_MAKER
    allowed_preventions: tuple[SelfTradePrevention, ...] = tuple(SelfTradePrevention)

    @classmethod
    def of(
        cls,
        base: str,
        quote: str,
        *,
        tick: str,
        step: str,
        min_notional: str,
    ) -> "Symbol":
        """A symbol with the usual proportions, from decimal strings.

        Raises:
            AmountError: One of the texts is not a decimal.
        """
        tick_size, step_size = parse_amount(tick), parse_amount(step)
        return cls(
            name=base + quote,
            base=base,
            quote=quote,
            tick_size=tick_size,
            step_size=step_size,
            min_price=tick_size,
            max_price=1_000_000 * SCALE,
            min_quantity=step_size,
            max_quantity=9_000 * SCALE,
            min_notional=parse_amount(min_notional),
            max_notional=9_000_000 * SCALE,
        )


DEFAULT_SYMBOLS = (
    Symbol.of("BTC", "USDT", tick="0.01", step="0.00001", min_notional="5"),
    Symbol.of("ETH", "USDT", tick="0.01", step="0.0001", min_notional="5"),
    Symbol.of("ETH", "BTC", tick="0.00001", step="0.0001", min_notional="0.0001"),
    Symbol.of("BNB", "USDT", tick="0.01", step="0.001", min_notional="5"),
)
"""What a venue lists unless it is told otherwise; the grids are those Binance announced for these symbols."""


@dataclass(slots=True)
class Order:
    """One order. The engine's own copy is mutable; what replies and events carry are copies that never change.

    Orders of the read API are the live ones: render them at once, or take a `copy()`.
    """

    order_id: int
    account: str
    symbol: str
    client_order_id: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: int
    """Limit price; 0 for MARKET."""
    quantity: int
    """Total quantity; for a MARKET order by quote amount, what it has bought or sold."""
    quote_quantity: int
    """`quoteOrderQty`, 0 when the order names a quantity."""
    stop_price: int
    trailing_delta: int
    """Basis points, 0 for none."""
    iceberg_quantity: int
    order_list_id: int
    """-1 outside a list."""
    prevention: SelfTradePrevention
    strategy_id: int | None
    strategy_type: int | None
    time: int
    """When the engine accepted it."""
    update_time: int
    working_time: int
    """When it came on the book or was executed; -1 while it waits."""
    status: OrderStatus
    is_working: bool
    """Whether it has come to work: on the book or executed. Stays true when the order has ended."""
    executed: int = 0
    executed_quote: int = 0
    reserved: int = 0
    """What is locked for it now: quote asset for BUY, base asset for SELL."""
    prevented: int = 0
    """Quantity that self-trade prevention took off."""
    trailing_time: int = -1
    """When a trailing order began to follow the price; -1 while it does not."""
    trailing_extreme: int = 0
    """The best price that a trailing order has seen, 0 before the first: the lowest for BUY, the highest for SELL."""
    lock_price: int = 0
    """What a unit of a BUY is locked at that names no price at all: a trailing order without stop price."""
    expire_at: int = 0
    """When it ends by itself (good till date), in milliseconds; 0 for never."""
    trailing_amount: int = 0
    """Distance of a trailing order as a price, where it is not `trailing_delta`; 0 for none."""
    fee_rate: int = 0
    """What a BUY sets aside for a commission in the quote asset, in 1e-8; 0 takes it from what is received."""

    @property
    def is_trailing(self) -> bool:
        """Whether it follows the price, or will."""
        return bool(self.trailing_delta or self.trailing_amount)

    @property
    def remaining(self) -> int:
        """Quantity that is still to be executed."""
        return self.quantity - self.executed

    @property
    def is_open(self) -> bool:
        """Whether the order can still be executed or canceled."""
        return self.status in OPEN_STATUSES

    def copy(self) -> "Order":
        """A copy that the engine will not touch."""
        return Order(
            self.order_id,
            self.account,
            self.symbol,
            self.client_order_id,
            self.side,
            self.type,
            self.time_in_force,
            self.price,
            self.quantity,
            self.quote_quantity,
            self.stop_price,
            self.trailing_delta,
            self.iceberg_quantity,
            self.order_list_id,
            self.prevention,
            self.strategy_id,
            self.strategy_type,
            self.time,
            self.update_time,
            self.working_time,
            self.status,
            self.is_working,
            self.executed,
            self.executed_quote,
            self.reserved,
            self.prevented,
            self.trailing_time,
            self.trailing_extreme,
            self.lock_price,
            self.expire_at,
            self.trailing_amount,
            self.fee_rate,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which rows of a history are wanted: the first ones from an id or a time on, without either the latest ones."""

    from_id: int | None = None
    start: int | None = None
    """First millisecond."""
    end: int | None = None
    """Last millisecond."""
    limit: int = 500

    @property
    def is_forward(self) -> bool:
        """Whether the page begins somewhere, rather than ends now."""
        return self.from_id is not None or self.start is not None


LATEST = Page()
"""The latest 500 rows."""


class Trade(NamedTuple):
    """An account's half of a trade (`myTrades`)."""

    trade_id: int
    symbol: str
    order_id: int
    order_list_id: int
    price: int
    quantity: int
    quote_quantity: int
    commission: int
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool


class Amendment(NamedTuple):
    """A change of an order's quantity in its place (`order/amendments`)."""

    order_id: int
    execution_id: int
    orig_client_order_id: str
    new_client_order_id: str
    orig_quantity: int
    new_quantity: int
    time: int


class PublicTrade(NamedTuple):
    """A trade as everybody sees it (`trades`, stream `<symbol>@trade`)."""

    trade_id: int
    price: int
    quantity: int
    quote_quantity: int
    time: int
    buyer_is_maker: bool
    taker_order_id: int


class AggregateTrade(NamedTuple):
    """Consecutive trades of one taker order at one price (`aggTrades`)."""

    aggregate_id: int
    price: int
    quantity: int
    first_trade_id: int
    last_trade_id: int
    time: int
    buyer_is_maker: bool


class Kline(NamedTuple):
    """A candle. `open_time` is the first millisecond, `close_time` the last one."""

    open_time: int
    close_time: int
    open: int
    high: int
    low: int
    close: int
    base_volume: int
    quote_volume: int
    trades: int
    taker_base_volume: int
    """Base volume of taker buys."""
    taker_quote_volume: int


class Stats(NamedTuple):
    """Rolling figures of a symbol (`ticker/24hr`). Prices are 0 when nothing was traded."""

    open_time: int
    close_time: int
    open: int
    high: int
    low: int
    last: int
    last_quantity: int
    previous_close: int
    weighted_average: int
    base_volume: int
    quote_volume: int
    first_trade_id: int
    last_trade_id: int
    trades: int


class BookTicker(NamedTuple):
    """Best bid and ask; 0 where a side is empty."""

    bid_price: int
    bid_quantity: int
    ask_price: int
    ask_quantity: int


class Depth(NamedTuple):
    """The book's levels as (price, quantity), best first."""

    last_update_id: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


class AveragePrice(NamedTuple):
    """`avgPrice`: volume-weighted over the last minutes, the last price when nothing was traded in them."""

    minutes: int
    price: int
    close_time: int


class Balance(NamedTuple):
    """An account's holding of one asset."""

    free: int
    locked: int


@dataclass(frozen=True, slots=True)
class Fees:
    """Commission rates in 1e-8: 100000 is 0.1 %. The commission is taken from the asset that is received."""

    maker: int = SCALE // 1000
    taker: int = SCALE // 1000


@dataclass(slots=True)
class Account:
    """A customer. `house` marks the venue's own accounts, which trade silently and leave no history."""

    name: str
    uid: int
    time: int
    house: bool = False
    can_trade: bool = True
    fees: Fees = field(default_factory=Fees)
    symbol_fees: dict[str, Fees] = field(default_factory=dict)
    update_time: int = 0


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Access to an account. Read-only keys (`can_trade` false) may look but not place or cancel."""

    key: str
    account: str
    secret: str = field(repr=False)
    can_trade: bool = True
