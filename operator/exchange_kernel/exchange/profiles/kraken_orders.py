"""What Kraken spot puts on the wire for an order: the allow-list, and the parameters of each row.

`price` is the limit of a limit order, the trigger of a stop or take profit, and the distance of a trailing stop, which
is why ccxt's unified `triggerPrice` places a plain limit order here: nothing unified is used. Parameters with a default
are sent all the same, so that none can change under us.

Sources: [R] docs.kraken.com, REST "Add Order" and "Amend Order"; [C] ccxt 4.5.90.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from exchange_kernel.core.requests import AmendChange, AmendRequest, OrderRequest
from exchange_kernel.exchange.profiles.canonical import plain
from exchange_kernel.exchange.profiles.terms import check_field, check_listed, size

SUPPORTED = frozenset(
    {
        ("Market", "GTC", False, False),  # the spec's default; a market order takes no timeinforce
        ("Limit", "GTC", False, False),
        ("Limit", "IOC", False, False),
        ("Limit", "GTD", False, False),  # expiretm, kept by the venue [R]
        ("Limit", "GTC", True, False),  # oflags=post, "available when ordertype = limit" [R]
        ("Limit", "GTD", True, False),
        ("StopMarket", "GTC", False, False),
        ("StopLimit", "GTC", False, False),
        ("TakeProfitMarket", "GTC", False, False),
        ("TakeProfitLimit", "GTC", False, False),
        ("TrailingStopMarket", "GTC", False, False),
        # FOK is not among the values of timeinforce: GTC, IOC, GTD [R]. reduce_only is for margin alone.
    }
)

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "Market": "market",
        "Limit": "limit",
        "StopMarket": "stop-loss",
        "StopLimit": "stop-loss-limit",
        "TakeProfitMarket": "take-profit",
        "TakeProfitLimit": "take-profit-limit",
        "TrailingStopMarket": "trailing-stop",
    }
)
TYPES_BY_WORD: Mapping[str, str] = MappingProxyType({word: kind for kind, word in _TYPES.items()})
WITH_LIMIT = frozenset({"Limit", "StopLimit", "TakeProfitLimit"})
WITH_TRIGGER = frozenset({"StopMarket", "StopLimit", "TakeProfitMarket", "TakeProfitLimit"})

_QUANTITY = frozenset({AmendChange.QUANTITY_DOWN, AmendChange.QUANTITY_UP})
AMENDS: Mapping[str, frozenset[AmendChange]] = MappingProxyType(
    # [R] Amend Order: order_qty is "the new order quantity", and "if an amend request will reduce the order quantity
    # below the existing filled quantity, the remaining quantity will be cancelled": it is the total with fills.
    # limit_price and trigger_price for the types that have them; a trailing stop's distance is not changed in place.
    {
        "Limit": _QUANTITY | {AmendChange.PRICE},
        "StopMarket": _QUANTITY | {AmendChange.TRIGGER_PRICE},
        "TakeProfitMarket": _QUANTITY | {AmendChange.TRIGGER_PRICE},
        "StopLimit": _QUANTITY | {AmendChange.PRICE, AmendChange.TRIGGER_PRICE},
        "TakeProfitLimit": _QUANTITY | {AmendChange.PRICE, AmendChange.TRIGGER_PRICE},
        "TrailingStopMarket": _QUANTITY,
    }
)


def parameters(request: OrderRequest) -> dict[str, str]:
    """Type, amounts, prices, flags and time in force. Raises ValueError for what is unlisted or contradictory."""
    check_listed(request, SUPPORTED, "kraken")
    check_field(request, "price", wanted=request.type in WITH_LIMIT)
    check_field(request, "trigger_price", wanted=request.type in WITH_TRIGGER)
    check_field(request, "trailing", wanted=request.type == "TrailingStopMarket")
    check_field(request, "expire_at", wanted=request.time_in_force == "GTD")
    return {
        "ordertype": _TYPES[request.type],
        "volume": size(request),
        "oflags": _flags(request),
        **_FORMS[request.type](request),
    }


def amend_parameters(request: AmendRequest) -> dict[str, str]:
    """What changes. Raises ValueError for a change that the type does not list, and for none at all."""
    asked = {
        "order_qty": (request.quantity, AmendChange.QUANTITY_DOWN),
        "limit_price": (request.price, AmendChange.PRICE),
        "trigger_price": (request.trigger_price, AmendChange.TRIGGER_PRICE),
    }
    changes = {name: (value, change) for name, (value, change) in asked.items() if value is not None}
    if not changes or not {change for _, change in changes.values()} <= AMENDS.get(request.type, frozenset()):
        raise ValueError(f"kraken does not change {', '.join(changes) or 'nothing'} of a {request.type} order in place")
    return {name: plain(value) for name, (value, _) in changes.items()}


def _flags(request: OrderRequest) -> str:
    """The fee is asked for in the quote currency, whose amounts are told with every fill [R, oflags]."""
    flags = ["fciq"]
    if request.post_only:
        flags.append("post")
    if request.quote_quantity is not None:
        flags.append("viqc")  # "volume in quote currency": market buys only [R]
    return ",".join(flags)


def _limit(request: OrderRequest) -> dict[str, str]:
    params = {"price": plain(request.price), "timeinforce": request.time_in_force}
    if request.expire_at is None:
        return params
    # Whole seconds [R], cut off: never later than the user said.
    return {**params, "expiretm": str(int(request.expire_at.timestamp()))}


def _triggered(request: OrderRequest) -> dict[str, str]:
    params = {"price": plain(request.trigger_price), "trigger": "last"}
    return params if request.price is None else {**params, "price2": plain(request.price)}


def _trailing(request: OrderRequest) -> dict[str, str]:
    """`+` and the distance, in quote currency or percent; the side says in which direction it trails [R], [C]."""
    trailing = request.trailing
    if trailing is None or trailing.activation_price is not None:
        raise ValueError("kraken trails from the start: a trailing stop takes an offset and no activation price")
    unit = {"Amount": "", "Percent": "%"}[trailing.offset_type]
    return {"price": f"+{plain(trailing.offset)}{unit}", "trigger": "last"}


_FORMS: Mapping[str, Callable[[OrderRequest], dict[str, str]]] = MappingProxyType(
    {
        "Market": lambda _: {},
        "Limit": _limit,
        **dict.fromkeys(WITH_TRIGGER, _triggered),
        "TrailingStopMarket": _trailing,
    }
)
