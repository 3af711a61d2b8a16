"""An order as it is known from an acknowledgement that names ids and nothing else.

Several venues answer a create with the order's id alone and decide about the order afterwards. What they do not echo is
taken from the request, and nothing is said to be filled: the next read tells.
"""

from datetime import UTC, datetime

from exchange_kernel.core.requests import OrderRequest
from exchange_kernel.core.venue import VenueOrder, VenueStatus
from exchange_kernel.exchange.profiles.canonical import number

RAW_STATUS = "ACKNOWLEDGED"
"""Stands where a venue's own word would, for it said none."""


def acknowledged(request: OrderRequest, exchange_order_id: object, wire_id: object) -> VenueOrder:
    """The order of `request` under the ids that the venue named.

    Args:
        request: What was sent.
        exchange_order_id: The venue's id.
        wire_id: The client order id that the venue echoed, in wire form.

    Raises:
        ValueError: One of the ids is missing.
    """
    if not exchange_order_id or not wire_id:
        raise ValueError("the answer names no order")
    return VenueOrder(
        exchange_order_id=str(exchange_order_id),
        client_order_id=str(wire_id),
        symbol=request.symbol,
        side=request.side,
        status=VenueStatus.OPEN if request.type in {"Market", "Limit"} else VenueStatus.UNTRIGGERED,
        raw_status=RAW_STATUS,
        filled=number("0"),
        quantity=request.quantity,
        price=request.price,
        trigger_price=request.trigger_price,
    )


def instant(milliseconds: object) -> datetime | None:
    """A venue's milliseconds as a time; None for a missing value, and for the empty text that some venues send."""
    return None if milliseconds in {None, ""} else datetime.fromtimestamp(int(str(milliseconds)) / 1000, UTC)
