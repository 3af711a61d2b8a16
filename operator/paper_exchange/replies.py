"""What the engine answers to a command, and what follows from it.

`Engine.apply(command, now)` gives an `Outcome` with one reply and the events in the order in which the venue publishes
them: reports on orders first, then the positions of the accounts concerned, then public market data.
"""

from typing import NamedTuple

from paper_exchange.events import Event
from paper_exchange.list_model import OrderList
from paper_exchange.model import Order, Trade
from paper_exchange.refusals import Refusal


class OrderPlaced(NamedTuple):
    """The order was accepted, with what it has executed at once."""

    order: Order
    fills: tuple[Trade, ...]
    transact_time: int


class OrderAmended(NamedTuple):
    """The order as it stands now, with what the new price has executed at once."""

    order: Order
    fills: tuple[Trade, ...]
    transact_time: int


class OrderCanceled(NamedTuple):
    """The order is canceled. The venue shows `cancel_client_id` as its clientOrderId in the answer."""

    order: Order
    cancel_client_id: str
    transact_time: int


class OrdersCanceled(NamedTuple):
    """One entry per order or list, oldest first."""

    canceled: tuple["OrderCanceled | ListCanceled", ...]


class OrderReplaced(NamedTuple):
    """What became of each half; `placed` is None where the new order was not attempted."""

    canceled: OrderCanceled | Refusal
    placed: OrderPlaced | Refusal | None


class OrderReduced(NamedTuple):
    """The order as it stands now, the client order id that it had, and the list that it belongs to."""

    order: Order
    orig_client_order_id: str
    execution_id: int
    transact_time: int
    order_list: OrderList | None = None


class ListPlaced(NamedTuple):
    """The list was accepted, and each of its orders, in the order in which they were entered."""

    order_list: OrderList
    placed: tuple[OrderPlaced, ...]
    transact_time: int


class ListCanceled(NamedTuple):
    """The list is canceled, with those of its orders that were open."""

    order_list: OrderList
    canceled: tuple[OrderCanceled, ...]
    transact_time: int


class PriceMoved(NamedTuple):
    """Where the market stands after a step or a sweep."""

    symbol: str
    price: int
    step: int


class Done(NamedTuple):
    """The command took effect; there is nothing to say about it."""


Reply = (
    OrderPlaced
    | OrderAmended
    | OrderReduced
    | OrderReplaced
    | OrderCanceled
    | OrdersCanceled
    | ListPlaced
    | ListCanceled
    | PriceMoved
    | Done
    | Refusal
)


class Outcome(NamedTuple):
    """What `apply` gives back."""

    reply: Reply
    events: tuple[Event, ...]
