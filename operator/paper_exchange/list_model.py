"""What the venue remembers of a list: orders that are tied together."""

from dataclasses import dataclass
from enum import StrEnum

_PAIR = 2


class Contingency(StrEnum):
    """What ties the orders of a list together."""

    OCO = "OCO"
    OTO = "OTO"


class ListStatusType(StrEnum):
    """What a `listStatus` reports."""

    EXEC_STARTED = "EXEC_STARTED"
    UPDATED = "UPDATED"
    ALL_DONE = "ALL_DONE"


class ListOrderStatus(StrEnum):
    """Where a list stands."""

    EXECUTING = "EXECUTING"
    ALL_DONE = "ALL_DONE"


@dataclass(slots=True)
class OrderList:
    """One list. The engine's own copy is mutable; replies and events carry copies."""

    list_id: int
    account: str
    symbol: str
    client_order_id: str
    contingency: Contingency
    orders: tuple[tuple[int, str], ...]
    """Id and client order id of each order, in the order in which they were entered."""
    time: int
    """When it last changed, in milliseconds."""
    status_type: ListStatusType = ListStatusType.EXEC_STARTED
    order_status: ListOrderStatus = ListOrderStatus.EXECUTING
    tied: bool = True
    """Whether the end of one order is the end of all: of a pair until one has begun to work, of a list with pending
    orders until its working order is filled."""
    pays: bool = False
    """Whether the pending orders sell what the working order buys (OPO, OPOCO)."""

    @property
    def working(self) -> int | None:
        """Id of the order that the pending ones wait for; None in a list without pending orders."""
        return self.orders[0][0] if self.contingency is Contingency.OTO else None

    @property
    def pair(self) -> tuple[int, ...]:
        """Ids of the two orders of which one ends the other; empty in a list without such."""
        ids = tuple(order_id for order_id, _ in self.orders if order_id != self.working)
        return ids if len(ids) == _PAIR else ()

    def rename(self, order_id: int, client_order_id: str) -> None:
        """Give one of the orders another client order id."""
        self.orders = tuple((each, client_order_id if each == order_id else name) for each, name in self.orders)

    def copy(self) -> "OrderList":
        """A copy that the engine will not touch."""
        return OrderList(
            self.list_id,
            self.account,
            self.symbol,
            self.client_order_id,
            self.contingency,
            self.orders,
            self.time,
            self.status_type,
            self.order_status,
            self.tied,
            self.pays,
        )
