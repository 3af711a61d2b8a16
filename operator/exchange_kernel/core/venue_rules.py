"""What a venue guarantees and demands: its profile's rules, its markets, its limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from exchange_kernel.core.requests import AmendChange


@dataclass(frozen=True, slots=True)
class VenueWait:
    """How long the venue's request limits hold up an order that is recorded now, in seconds; 0 for not at all.

    Attributes:
        create: Its request alone.
        with_look_up: The look-up that comes before it as well.
    """

    create: float = 0.0
    with_look_up: float = 0.0


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
    max_orders: int | None = None  # open orders that an account may have here
    max_waiting_orders: int | None = None  # those of them that wait for a price


@dataclass(frozen=True, slots=True)
class OcoRules:
    """What a venue ties together as one-cancels-the-other: the first fill of one, or its cancel, ends the other.

    Attributes:
        stops: Types of the order that waits for the price to go against it.
        targets: Types of the other one; a Limit rests as a maker, on the other side of the market.
        entries: (side, type, timeInForce) of an entry that may be sent in one request with both: the venue begins them,
            with the quantity of the entry, when it is filled completely.
    """

    stops: frozenset[str]
    targets: frozenset[str]
    entries: frozenset[tuple[str, str, str]] = frozenset()


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
