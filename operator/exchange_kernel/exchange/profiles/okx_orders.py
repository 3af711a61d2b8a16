"""What OKX puts on the wire for an order: the allow-list, and the parameters of each row.

Sources: the API guide, [C] "Place order", [N] "Amend order", [A] "Place algo order".
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from exchange_kernel.core.requests import AmendChange, AmendRequest, OrderRequest
from exchange_kernel.exchange.profiles.canonical import plain
from exchange_kernel.exchange.profiles.okx_answers import AT_MARKET
from exchange_kernel.exchange.profiles.terms import changed, check_field, check_listed, size

SUPPORTED = frozenset(
    {
        ("Market", "GTC", False, False),  # the spec's default; a market order does not rest
        ("Market", "IOC", False, False),
        ("Limit", "GTC", False, False),
        ("Limit", "GTC", True, False),
        ("Limit", "IOC", False, False),
        ("Limit", "FOK", False, False),
        ("StopMarket", "GTC", False, False),
        ("StopLimit", "GTC", False, False),
        ("TakeProfitMarket", "GTC", False, False),
        ("TakeProfitLimit", "GTC", False, False),
    }
)

AMENDS: Mapping[str, frozenset[AmendChange]] = MappingProxyType(
    # [N] `newSz` is the "new total target quantity after amendment [...] not the remaining unfilled portion".
    {"Limit": frozenset({AmendChange.QUANTITY_DOWN, AmendChange.QUANTITY_UP, AmendChange.PRICE})}
)


def parameters(request: OrderRequest) -> dict[str, Any]:
    """Kind, amounts and prices of an order. Raises ValueError for what is unlisted or contradictory."""
    waits = request.type not in {"Market", "Limit"}
    check_listed(request, SUPPORTED, "okx")
    check_field(request, "price", wanted=request.type.endswith("Limit"))
    check_field(request, "trigger_price", wanted=waits)
    for absent in ("trailing", "expire_at"):
        check_field(request, absent, wanted=False)
    if waits:
        return _stop(request)
    return _market(request) if request.type == "Market" else _limit(request)


def amend_parameters(request: AmendRequest) -> dict[str, str]:
    """What changes. Raises ValueError for what the type does not list."""
    if request.type not in AMENDS or request.trigger_price is not None:
        raise ValueError(f"the okx profile changes no {request.type} order like this")
    return changed({"newSz": request.quantity, "newPx": request.price})


def _market(request: OrderRequest) -> dict[str, Any]:
    """[C] `banAmend`: rejected, and not made smaller, where the balance does not suffice."""
    unit = "base_ccy" if request.quote_quantity is None else "quote_ccy"
    return {"ordType": "market", "sz": size(request), "tgtCcy": unit, "banAmend": True}


def _limit(request: OrderRequest) -> dict[str, Any]:
    kind = {"GTC": "limit", "IOC": "ioc", "FOK": "fok"}[request.time_in_force]
    return {
        "ordType": "post_only" if request.post_only else kind,
        "sz": size(request),
        "px": plain(request.price),
    }


def _stop(request: OrderRequest) -> dict[str, Any]:
    """A one-way stop [A]: its name says on which side of the price it waits. Spot triggers on the last price alone."""
    at_market = request.type.endswith("Market")
    prefix = "sl" if request.type.startswith("Stop") else "tp"
    unit = {"tgtCcy": "base_ccy"} if at_market and request.side == "Buy" else {}
    return {
        "ordType": "conditional",
        "sz": size(request),
        f"{prefix}TriggerPx": plain(request.trigger_price),
        f"{prefix}TriggerPxType": "last",
        f"{prefix}OrdPx": AT_MARKET if at_market else plain(request.price),
        **unit,
    }
