"""What the venue remembers of a list: orders that are tied together."""

from dataclasses import dataclass
from enum import StrEnum


class Contingency(StrEnum):
    """What ties the orders of a list together."""

    OCO = "OCO"


class ListStatusType(StrEnum):
    """What a `listStatus` reports."""

    EXEC_STARTED = "EXEC_STARTED"
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
    """Whether one order still ends the other: until one has begun to work."""

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
        )
