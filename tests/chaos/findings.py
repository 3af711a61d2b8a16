"""What the venue says of an order, and what is wrong about one: the words of verdicts."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class VenueSays:
    """One order of the venue, in the words of no dialect.

    Attributes:
        client_id: Canonical.
        state: Untriggered, Open, Filled, Canceled, Expired or Rejected.
        began: The venue's time, in milliseconds.
        ended: Likewise; None while it works.
        order_list: The list that the venue ties it into; empty for none.
    """

    order_id: str
    client_id: str
    state: str
    filled: Decimal
    quantity: Decimal
    price: Decimal
    began: int
    ended: int | None
    order_list: str = ""


@dataclass(frozen=True)
class Finding:
    """What is wrong about one order; the name is empty for orders that nobody knows."""

    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.name or '(nobody)'}: {self.what}"
