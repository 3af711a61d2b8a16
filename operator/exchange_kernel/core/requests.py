"""What goes on the wire: orders, lists, and changes of orders."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


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
        entry: The order whose complete fill begins the two, of `OcoRules.entries`; None for two that begin at once.
    """

    client_order_id: str
    stop: OrderRequest
    target: OrderRequest
    entry: OrderRequest | None = None

    @property
    def orders(self) -> tuple[OrderRequest, ...]:
        """Stop, target and, where there is one, the entry: the order of outcomes, too."""
        return (self.stop, self.target) if self.entry is None else (self.stop, self.target, self.entry)


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
