"""What an order asks for: judged before it becomes a request, the same at every venue.

A profile's own functions only choose words; what contradicts itself never gets that far.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal

from exchange_kernel.core.requests import OrderRequest
from exchange_kernel.exchange.profiles.canonical import plain


def check_listed(request: OrderRequest, supported: Collection[tuple[str, str, bool, bool]], venue: str) -> None:
    """Raises ValueError for a combination that the profile does not list."""
    if (request.type, request.time_in_force, request.post_only, request.reduce_only) not in supported:
        raise ValueError(f"the {venue} profile does not place {request.type} {request.time_in_force} orders like this")


def check_field(request: OrderRequest, field: str, *, wanted: bool) -> None:
    """Raises ValueError where a field is there that the order does not take, or is missing where it needs one."""
    if (getattr(request, field) is not None) != wanted:
        raise ValueError(f"a {request.type} order {'needs a' if wanted else 'takes no'} {field}")


def size(request: OrderRequest) -> str:
    """The quantity as digits, in quote currency where that is how it was given (market buys only).

    Raises:
        ValueError: There is none, or there are two, or it is by quote on another order.
    """
    if request.quote_quantity is None:
        return plain(request.quantity)
    if request.quantity is not None or (request.type, request.side) != ("Market", "Buy"):
        raise ValueError("a quote quantity goes alone, and only on market buys")
    return plain(request.quote_quantity)


def changed(values: Mapping[str, Decimal | None]) -> dict[str, str]:
    """The fields that an amend changes, as digits; what is None stays as it is."""
    return {name: plain(value) for name, value in values.items() if value is not None}
