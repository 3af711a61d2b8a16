"""What Kubernetes says against what the venue says, order by order.

The receipts are the link: each names the OrderIntent and the ids that its requests carried. An order at the venue that
no receipt knows is a stray, and two orders for one receipt are exactly what must never be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

Json = Mapping[str, Any]

STATES: Final = {
    "NEW": "Open",
    "PARTIALLY_FILLED": "PartiallyFilled",
    "FILLED": "Filled",
    "CANCELED": "Canceled",
    "REJECTED": "Rejected",
    "EXPIRED": "Expired",
    "EXPIRED_IN_MATCH": "Expired",
}
"""The venue's words, as the operator is to say them."""


@dataclass(frozen=True)
class Line:
    """One order, seen from both sides."""

    name: str
    kubernetes: str
    venue: str
    orders: int
    same: bool

    @property
    def cells(self) -> tuple[str, ...]:
        """For a table."""
        return (self.name, self.kubernetes, self.venue, str(self.orders), "yes" if self.same else "NO")


HEAD: Final = ("ORDER", "KUBERNETES SAYS", "THE VENUE SAYS", "ORDERS AT THE VENUE", "SAME")


def compare(intents: Sequence[Json], receipts: Sequence[Json], orders: Sequence[Json]) -> list[Line]:
    """One line per receipt, per intent that never became an order, and per order that nobody knows.

    Args:
        intents: OrderIntents that exist.
        receipts: all OrderReceipts.
        orders: all orders of the venue, as `GET order` shows them.
    """
    alive = {intent["metadata"]["uid"]: intent for intent in intents}
    lines = [_receipt(receipt, alive.pop(receipt["claimant"]["uid"], None), orders) for receipt in receipts]
    lines += [_unsent(intent) for intent in alive.values()]
    known = {ident for receipt in receipts for ident in _ids(receipt)}
    strays = [order for order in orders if order["clientOrderId"] not in known]
    lines += [Line("(nobody's)", "-", _venue_words(order), 1, same=False) for order in strays]
    return sorted(lines, key=lambda line: line.name)


def _receipt(receipt: Json, intent: Json | None, orders: Sequence[Json]) -> Line:
    own = [order for order in orders if order["clientOrderId"] in _ids(receipt)]
    state, filled, words = _claim(receipt, intent)
    same = len(own) == 1 and _expected(own[0]) == state and Decimal(own[0]["executedQty"]) == filled
    venue = "; ".join(_venue_words(order) for order in own) or "no such order"
    return Line(receipt["claimant"]["name"], words, venue, len(own), same)


def _claim(receipt: Json, intent: Json | None) -> tuple[str, Decimal, str]:
    if intent is not None:
        status = intent["status"]
        state, filled = status["state"], Decimal(status.get("filledQuantity", "0"))
        return state, filled, _words(state, filled)
    final = receipt.get("final", {})
    state, filled = final.get("state", "not ended"), Decimal(final.get("filledQuantity", "0"))
    return state, filled, f"deleted; in the journal: {_words(state, filled)}"


def _unsent(intent: Json) -> Line:
    state = intent["status"].get("state", "not seen yet")
    return Line(intent["metadata"]["name"], state, "no such order", 0, same=state == "Denied")


def _ids(receipt: Json) -> list[str]:
    return [placement["clientOrderId"] for placement in receipt["placements"]]


def _expected(order: Json) -> str | None:
    # A stop that waits is NEW as well, and not in the book.
    if order["status"] == "NEW" and not order.get("isWorking", True):
        return "Untriggered"
    return STATES.get(order["status"])


def _venue_words(order: Json) -> str:
    return _words(order["status"], Decimal(order["executedQty"]))


def _words(state: str, filled: Decimal) -> str:
    return f"{state}, {filled.normalize():f} filled" if filled else state
