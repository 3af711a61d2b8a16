"""What a venue can tell us, as values.

The vocabulary is shared by the core, which judges, and the exchange adapters, which report. Two rules shape it:

* An observation is a value. `Unknown` is one of the three, never an exception, and nothing is ever placed on it.
* The outcome of sending an order is named after what it *proves* (order-placing rules 5 and 6 in
  `docs/guarantees.md`), not after the error that was seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class VenueStatus(StrEnum):
    """Where a venue says that an order stands, derived from the raw status and the fills, never from ccxt's alone."""

    UNTRIGGERED = "Untriggered"  # accepted, waits for its trigger
    OPEN = "Open"  # working, with or without fills
    FILLED = "Filled"
    CANCELED = "Canceled"  # by us, by hand or by the venue; may carry fills
    EXPIRED = "Expired"  # IOC or FOK remainder, GTD, no liquidity; may carry fills
    REJECTED = "Rejected"  # refused after it was accepted for processing

    @property
    def is_final(self) -> bool:
        """Whether the venue will not work the order any more (a late fill may still arrive)."""
        return self not in _WORKING


_WORKING = frozenset({VenueStatus.UNTRIGGERED, VenueStatus.OPEN})


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill. `quantity` is in base currency, `cost` in quote currency, `fee` in `fee_currency`."""

    trade_id: str
    quantity: Decimal
    price: Decimal
    cost: Decimal
    fee: Decimal = Decimal(0)
    fee_currency: str = ""
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """One order as the venue reports it.

    Attributes:
        exchange_order_id: The venue's id; never empty (an answer without one is `OutcomeUnknown`).
        client_order_id: Our id in the venue's wire form; empty for an order that was placed without one.
        symbol: ccxt unified symbol.
        side: `Buy` or `Sell`.
        status: See `VenueStatus`.
        raw_status: The venue's own word, for messages.
        quantity: Ordered base quantity; None for an order by quote quantity that the venue does not convert.
        price: Limit price in quote per base; None for market orders.
        trigger_price: Trigger price; None where there is none.
        filled: Filled base quantity, never invented: 0 only where the venue says 0.
        cost: Filled quote amount; None where the venue did not tell (ask for the trades).
        trades: The fills, where the answer contained all of them; None where they were not part of it.
        updated_at: The venue's time of the last change, if told.
    """

    exchange_order_id: str
    client_order_id: str
    symbol: str
    side: str
    status: VenueStatus
    raw_status: str
    filled: Decimal
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    cost: Decimal | None = None
    trades: tuple[Trade, ...] | None = None
    updated_at: datetime | None = None


# --- observations -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """The venue has the order."""

    order: VenueOrder


@dataclass(frozen=True, slots=True)
class Absent:
    """Every query of the set succeeded and none had the order.

    Attributes:
        started_at: The observer's monotonic clock, in seconds, before the first query began. An absence counts as a
            proof only when this lies behind the fence.
        complete: Whether the whole set of queries that the venue profile demands for a proof was asked (open orders,
            history, trades, conditional orders), or only the quick look-up by client order id.
    """

    started_at: float
    complete: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """A query failed or was not made: nothing can be concluded."""

    reason: str = "NotObserved"
    message: str = ""


Observed = Found | Absent | Unknown


# --- outcomes of sending ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """The venue acknowledged the order with an order id."""

    order: VenueOrder


@dataclass(frozen=True, slots=True)
class Refused:
    """The venue refused the order for good; the code is on the profile's list of definitive refusals."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class NotPlaced:
    """It is proven that nothing reached the venue's engine.

    Attributes:
        reason: CamelCase: `SendWindowMissed`, `ConnectionRefused`, `RateLimited`, `ClockSkew`, `GateClosed`,
            `AuthenticationFailed`, `Maintenance`.
        message: For the user, without secrets.
        retry_after: Seconds to wait before another attempt, where the venue said so.
    """

    reason: str
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class DuplicateId:
    """The venue knows an order with this client order id: look it up and adopt it."""

    message: str


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """Anything else: time-outs, 5xx, bad or empty bodies, an order without id, a canceled task."""

    message: str


CreateOutcome = Placed | Refused | NotPlaced | DuplicateId | OutcomeUnknown


@dataclass(frozen=True, slots=True)
class Amended:
    """The venue acknowledged the change; what it did is read back."""

    order: VenueOrder | None = None


@dataclass(frozen=True, slots=True)
class AmendRefused:
    """The venue refused the change for good and the order works on with its former values."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class AmendTooLate:
    """The venue does not work this order any more: filled, canceled or expired. Only a read can tell."""

    message: str


@dataclass(frozen=True, slots=True)
class AmendNotSent:
    """It is proven that the change did not reach the venue's engine; reasons as `NotPlaced.reason`."""

    reason: str
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class AmendUnknown:
    """Anything else: the order may have either values; it is read back."""

    message: str


AmendOutcome = Amended | AmendRefused | AmendTooLate | AmendNotSent | AmendUnknown


class CancelOutcome(StrEnum):
    """What the answer to a cancel request proves. The order's state is read back in every case."""

    ACCEPTED = "Accepted"
    NOT_FOUND = "NotFound"  # filled, canceled, or never existed: only a read can tell
    UNKNOWN = "Unknown"
    REFUSED = "Refused"


# --- what is sent -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TrailingOffset:
    """How a trailing stop follows the market.

    Attributes:
        offset: Distance to the best price seen: in the quote currency (`Amount`) or in percent (`Percent`).
        offset_type: `Amount` or `Percent`, the names of OrderIntent.spec.trailing.offsetType.
        activation_price: Quote per base at which trailing starts; None for at once.
    """

    offset: Decimal
    offset_type: str
    activation_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One order as it goes on the wire. Quantities and prices are already on the market's steps."""

    client_order_id: str  # canonical form, 32 lower-case hex digits; the profile encodes it for its venue
    symbol: str
    side: str  # Buy | Sell
    type: str  # the names of OrderIntent.spec.type
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: str = "GTC"
    post_only: bool = False
    reduce_only: bool = False
    trailing: TrailingOffset | None = None
    expire_at: datetime | None = None  # GTD only


@dataclass(frozen=True, slots=True)
class ListRequest:
    """Two orders that the venue ties together as one-cancels-the-other: one request, all of it or nothing.

    Attributes:
        client_order_id: Our id of the list, in canonical form; another one than those of its orders.
        stop: The order whose type is in `OcoRules.stops`.
        target: The order whose type is in `OcoRules.targets`; same market, side and quantity.
    """

    client_order_id: str
    stop: OrderRequest
    target: OrderRequest


class AmendChange(StrEnum):
    """A kind of change that a venue may be able to make to a working order in place."""

    QUANTITY_DOWN = "QuantityDown"
    QUANTITY_UP = "QuantityUp"
    PRICE = "Price"
    TRIGGER_PRICE = "TriggerPrice"


@dataclass(frozen=True, slots=True)
class AmendRequest:
    """A change of one working order in place. Values are on the market's steps; None leaves a value as it is.

    Attributes:
        exchange_order_id: The venue's id.
        client_order_id: Our id in canonical form; sent again, because some venues invent another one otherwise.
        type: Name of OrderIntent.spec.type.
        quantity: The venue order's new total, its fills included.
    """

    exchange_order_id: str
    client_order_id: str
    symbol: str
    side: str
    type: str
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class VenueWait:
    """How long the venue's request limits hold up an order that is recorded now, in seconds; 0 for not at all.

    Attributes:
        create: Its request alone.
        with_look_up: The look-up that comes before it as well.
    """

    create: float = 0.0
    with_look_up: float = 0.0


# --- markets and accounts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Market:
    """The rules of one market. None means that the venue has no such rule."""

    symbol: str
    base: str
    quote: str
    active: bool
    price_tick: Decimal
    quantity_step: Decimal
    min_quantity: Decimal | None = None
    max_quantity: Decimal | None = None
    market_max_quantity: Decimal | None = None
    min_notional: Decimal | None = None
    max_notional: Decimal | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    order_types: frozenset[str] = frozenset()  # names of OrderIntent.spec.type that the market takes
    taker_fee: Decimal | None = None
    maker_fee: Decimal | None = None
    min_trailing_percent: Decimal | None = None
    max_trailing_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OcoRules:
    """What a venue ties together as one-cancels-the-other: the first fill of one, or its cancel, ends the other.

    Attributes:
        stops: Types of the order that waits for the price to go against it.
        targets: Types of the other one; a Limit rests as a maker, on the other side of the market.
    """

    stops: frozenset[str]
    targets: frozenset[str]


@dataclass(frozen=True, slots=True)
class VenueRules:
    """What a venue profile guarantees to the core: the allow-list and the figures of the placing protocol.

    Attributes:
        name: The profile's name, for messages.
        supported: The (type, timeInForce, postOnly, reduceOnly) combinations that the profile can put on the wire.
        quote_market_buy: Whether a market buy by quote quantity exists.
        request_expiry: R, seconds after which the venue refuses a signed request; None where requests never expire
            (then there is one attempt ever).
        settle_margin: M, seconds: the engine's time-out plus the lag until a query shows the order.
        look_up: Whether an order can be looked up by client order id.
        idempotent_create: Whether the venue returns the first order for a repeated client order id, for ever.
        amends: By order type, the changes that the venue makes in place, its quantity meaning the total with fills.
            A type that is not listed is never amended in place.
        trailing_offsets: The offset types that a TrailingStopMarket may have; empty where there is none.
        trailing_percent_step: What an offset in percent must be a multiple of; None for no such rule.
        trailing_activation: Whether a trailing stop may start at an activation price.
        oco: What the venue ties together in one request; None where this profile sends no such lists.
    """

    name: str
    supported: frozenset[tuple[str, str, bool, bool]]
    quote_market_buy: bool
    request_expiry: float | None
    settle_margin: float
    look_up: bool = True
    idempotent_create: bool = False
    amends: Mapping[str, frozenset[AmendChange]] = field(default_factory=dict)
    trailing_offsets: frozenset[str] = frozenset()
    trailing_percent_step: Decimal | None = None
    trailing_activation: bool = False
    oco: OcoRules | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """Amounts of one asset on the account."""

    asset: str
    free: Decimal
    locked: Decimal

    @property
    def total(self) -> Decimal:
        """Free plus locked."""
        return self.free + self.locked


@dataclass(frozen=True, slots=True)
class OpenOrders:
    """A bulk read of the account's open orders.

    It says nothing about an order that was acknowledged after `started_at`.
    """

    started_at: float  # the reader's monotonic clock before the request
    orders: tuple[VenueOrder, ...] = ()
    by_client_id: Mapping[str, VenueOrder] = field(default_factory=dict)
