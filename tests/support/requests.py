"""Orders and amends as the profiles are asked for them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from exchange_kernel.core.requests import OrderRequest

CLIENT_ID = "0123456789abcdef0123456789abcdef"


def order(**changes: Any) -> OrderRequest:  # noqa: ANN401 - fields of OrderRequest
    """A limit order, with these differences."""
    base = OrderRequest(CLIENT_ID, "BTC/USDT", "Buy", "Limit", quantity=Decimal("0.5"), price=Decimal(60000))
    return replace(base, **changes)
