"""What can be asked of the engine about orders and lists. See `commands`."""

from dataclasses import dataclass
from enum import StrEnum

from paper_exchange.model import OrderType, SelfTradePrevention, Side, TimeInForce


class CancelRestriction(StrEnum):
    """`cancelRestrictions`: cancel only while the order stands so."""

    ONLY_NEW = "ONLY_NEW"
    ONLY_PARTIALLY_FILLED = "ONLY_PARTIALLY_FILLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """`POST order`. Reply: `OrderPlaced`. Which optional fields a type needs or forbids is checked by the engine."""

    account: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce | None = None
    quantity: int | None = None
    quote_quantity: int | None = None
    price: int | None = None
    stop_price: int | None = None
    trailing_delta: int | None = None
    iceberg_quantity: int | None = None
    client_order_id: str | None = None
    """None lets the engine choose one."""
    prevention: SelfTradePrevention | None = None
    strategy_id: int | None = None
    strategy_type: int | None = None
    expire_at: int | None = None
    """Good till date: when the order ends by itself, in milliseconds."""
    trailing_amount: int | None = None
    """Distance of a trailing order as a price, instead of `trailing_delta`."""
    fee_in_quote: bool = False
    """Whether a BUY pays its commission in the quote asset, on top of the price, rather than from what it receives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendOrder:
    """Change an open order where it stands. Reply: `OrderAmended`. What is None stays.

    Less of an order keeps its place in the queue; any other change puts it behind the others at its price, and a price
    that crosses the book is executed. A total quantity that is filled already ends the order.
    """

    account: str
    symbol: str
    order_id: int | None = None
    client_order_id: str | None = None
    quantity: int | None = None
    """The new total, what is filled included."""
    price: int | None = None
    stop_price: int | None = None
    post_only: bool = False
    """Refuse rather than execute at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """`DELETE order`. Reply: `OrderCanceled`. With both ids given, both must name the same order."""

    account: str
    symbol: str
    order_id: int | None = None
    client_order_id: str | None = None
    """`origClientOrderId`."""
    cancel_client_id: str | None = None
    """`newClientOrderId`: the id of the cancel itself; None lets the engine choose one."""
    restriction: CancelRestriction | None = None


class ReplaceMode(StrEnum):
    """`cancelReplaceMode`: what becomes of the new order when the cancel fails."""

    STOP_ON_FAILURE = "STOP_ON_FAILURE"
    ALLOW_FAILURE = "ALLOW_FAILURE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceOrder:
    """`POST order/cancelReplace`: cancel one order, place another. Reply: `OrderReplaced`.

    Refused before anything is canceled if the new order breaks a rule of the symbol; afterwards each half answers for
    itself. The one who asks never gets both or neither for sure.
    """

    cancel: CancelOrder
    order: PlaceOrder
    mode: ReplaceMode

    @property
    def symbol(self) -> str:
        """The symbol of both."""
        return self.order.symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceOrder:
    """`PUT order/amend/keepPriority`: a smaller quantity for an open order, in its place. Reply: `OrderReduced`.

    The order takes a new client order id, unless the present one is sent again.
    """

    account: str
    symbol: str
    quantity: int
    """The new total, what is filled included."""
    order_id: int | None = None
    client_order_id: str | None = None
    """`origClientOrderId`."""
    new_client_order_id: str | None = None
    """None lets the engine choose one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOco:
    """`POST orderList/oco`: two orders of one side and quantity of which the first that works ends the other.

    Reply: `ListPlaced`. Refused as a whole; the account, symbol, side and quantity of both are the same.
    """

    above: PlaceOrder
    below: PlaceOrder
    list_client_order_id: str | None = None
    """None lets the engine choose one."""

    @property
    def symbol(self) -> str:
        """The symbol of both."""
        return self.above.symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacePending:
    """`POST orderList/oto`, `otoco`, `opo`, `opoco`: orders that are placed once another one is filled.

    Reply: `ListPlaced`. Refused as a whole. Where the working order pays, the pending ones name no quantity: they sell
    what it has bought.
    """

    working: PlaceOrder
    pending: tuple[PlaceOrder, ...]
    """One, or the one above and the one below: these end each other as those of `PlaceOco`."""
    pays: bool = False
    list_client_order_id: str | None = None
    """None lets the engine choose one."""

    @property
    def symbol(self) -> str:
        """The symbol of all."""
        return self.working.symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelList:
    """`DELETE orderList`. Reply: `ListCanceled`. With both ids given, both must name the same list."""

    account: str
    symbol: str
    list_id: int | None = None
    list_client_order_id: str | None = None
    cancel_client_id: str | None = None
    """`newClientOrderId`: the id of the cancel itself; None lets the engine choose one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOpenOrders:
    """`DELETE openOrders`. Reply: `OrdersCanceled`, refused with -2011 when there is none."""

    account: str
    symbol: str
