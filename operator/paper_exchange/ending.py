"""How an order ends, and how its end is told."""

from typing import NamedTuple

from paper_exchange.events import NOT_REJECTED, ExecutionType
from paper_exchange.model import OrderStatus

OCO_TRIGGER = "OCO_TRIGGER"
"""Expiry reason: the other order of the pair began to work, or expired."""
OTO_PHASE_ONE_EXPIRED = "OTO_PHASE_ONE_EXPIRED"
"""Expiry reason: the working order of the list expired, and the pending ones with it."""


class Ending(NamedTuple):
    """The end of an order."""

    status: OrderStatus
    execution: ExecutionType | None
    """What is reported; None leaves it to the caller, and the list after it: the last trade of a filled order tells."""
    cancel_client_id: str | None = None
    """The id of the cancel that is the reason."""
    expiry: str = ""
    """Why an order expires, by the venue's name, where its list is the reason."""
    reject_reason: str = NOT_REJECTED

    def passed_on(self, expiry: str) -> "Ending":
        """How an order ends that cannot stay without this one: canceled with it, or expired for the given reason."""
        return self if self.status is OrderStatus.CANCELED else EXPIRED._replace(expiry=expiry)


FILLED = Ending(OrderStatus.FILLED, None)
EXPIRED = Ending(OrderStatus.EXPIRED, ExecutionType.EXPIRED)
PREVENTED = Ending(OrderStatus.EXPIRED_IN_MATCH, ExecutionType.TRADE_PREVENTION)


def canceled(cancel_client_id: str) -> Ending:
    """The end that a customer asked for."""
    return Ending(OrderStatus.CANCELED, ExecutionType.CANCELED, cancel_client_id)
