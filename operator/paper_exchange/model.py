"""What the venue knows of its customers: accounts, orders, trades (`symbols` and `rows` have the markets).

All amounts are integers of 1e-8 units (`units`), all times are milliseconds since 1970, UTC. Order ids and trade ids
count **per symbol** from 1, as at Binance: an order is named by symbol and id, never by the id alone.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from paper_exchange.units import SCALE


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


OPEN_STATUSES = frozenset({OrderStatus.PENDING_NEW, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})
STOP_TYPES = frozenset(
    {OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT}
)
"""The types that wait for a price ("algo" orders in the filters)."""


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
    expiry: str = ""
    """Why it expired, by the venue's name, where its list was the reason."""
    came_pending: bool = False
    """Whether it entered the venue to wait for the working order of its list."""

    @property
    def is_trailing(self) -> bool:
        """Whether it follows the price, or will."""
        return bool(self.trailing_delta or self.trailing_amount)

    @property
    def is_pending(self) -> bool:
        """Whether it waits for the working order of its list."""
        return self.status is OrderStatus.PENDING_NEW

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
            self.expiry,
            self.came_pending,
        )


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
