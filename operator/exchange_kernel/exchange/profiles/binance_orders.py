"""What Binance spot puts on the wire for an order: the allow-list, and the parameters of each row.

Every trigger is compared with the last trade's price [R]: a stop loss fires when the price has gone against the order
(a sell's at or below, a buy's at or above), a take profit when it has gone with it. The venue refuses a trigger that
the price has already crossed ("would trigger immediately"); nothing here ever turns one around.

A trailing stop is a STOP_LOSS with `trailingDelta` in basis points. With an activation price it becomes a TAKE_PROFIT
with `trailingDelta`: only that one starts to trail once the price has gone with the order (a sell's at or above
`stopPrice`) and then fires on the same distance from the best price [T]. A STOP_LOSS with both would start to trail
only after the loss that it should prevent.

Sources: [R] binance-spot-api-docs `rest-api.md`; [T] `faqs/trailing-stop-faq.md`; [A]
`faqs/order_amend_keep_priority.md`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from exchange_kernel.core.requests import AmendChange, AmendRequest, OrderRequest, TrailingOffset
from exchange_kernel.exchange.profiles.canonical import plain
from exchange_kernel.exchange.profiles.terms import check_field, check_listed, size

SUPPORTED = frozenset(
    {
        ("Market", "GTC", False, False),  # the spec's default; the venue takes no timeInForce on MARKET [R]
        ("Market", "IOC", False, False),  # what a MARKET order does anyway
        ("Limit", "GTC", False, False),
        ("Limit", "IOC", False, False),
        ("Limit", "FOK", False, False),
        ("Limit", "GTC", True, False),  # LIMIT_MAKER, which takes no timeInForce [R]
        ("StopMarket", "GTC", False, False),  # STOP_LOSS: quantity, and stopPrice or trailingDelta, and no more [R]
        ("TakeProfitMarket", "GTC", False, False),  # TAKE_PROFIT, the same
        ("TrailingStopMarket", "GTC", False, False),  # STOP_LOSS or TAKE_PROFIT with trailingDelta [T]
        *(
            (kind, time_in_force, False, False)  # timeInForce, quantity, price, stopPrice [R]
            for kind in ("StopLimit", "TakeProfitLimit")
            for time_in_force in ("GTC", "IOC", "FOK")
        ),
        # GTD does not exist on spot [R, time in force]; reduceOnly neither: spot has no positions.
    }
)

AMENDS: Mapping[str, frozenset[AmendChange]] = MappingProxyType(
    # [A] "The following order modifications are allowed: reduce the quantity of the order"; newQty "must be greater
    # than 0 and less than the order's quantity" [R], which is the total with fills. A market order never rests.
    {kind: frozenset({AmendChange.QUANTITY_DOWN}) for kind, *_ in SUPPORTED if kind != "Market"}
)

PERCENT_STEP = Decimal("0.01")
"""One basis point, the unit of `trailingDelta`, in percent."""


def parameters(request: OrderRequest) -> dict[str, str]:
    """Type, amounts, prices and time in force of an order. Raises ValueError for what is unlisted or contradictory."""
    check_listed(request, SUPPORTED, "binance")
    check_field(request, "expire_at", wanted=False)
    check_field(request, "price", wanted=request.type in {"Limit", "StopLimit", "TakeProfitLimit"})
    check_field(request, "trigger_price", wanted=request.type in _TRIGGERED)
    check_field(request, "trailing", wanted=request.type == "TrailingStopMarket")
    unit = "quantity" if request.quote_quantity is None else "quoteOrderQty"
    return {**_FORMS[request.type](request), unit: size(request)}


def amend_parameters(request: AmendRequest) -> dict[str, str]:
    """The new quantity. Raises ValueError for any other change."""
    if request.type not in AMENDS or (request.price, request.trigger_price) != (None, None):
        raise ValueError(f"binance changes nothing but the quantity of a working order in place ({request.type})")
    return {"newQty": plain(request.quantity)}


def _limit(request: OrderRequest) -> dict[str, str]:
    if request.post_only:
        return {"type": "LIMIT_MAKER", "price": plain(request.price)}
    return {"type": "LIMIT", "timeInForce": request.time_in_force, "price": plain(request.price)}


def _triggered(request: OrderRequest) -> dict[str, str]:
    params = {"type": _TRIGGERED[request.type], "stopPrice": plain(request.trigger_price)}
    if request.price is None:
        return params
    return {**params, "timeInForce": request.time_in_force, "price": plain(request.price)}


def _trailing(request: OrderRequest) -> dict[str, str]:
    trailing = request.trailing
    if trailing is None:
        raise ValueError("a trailing stop needs its offset")
    delta = {"trailingDelta": basis_points(trailing)}
    if trailing.activation_price is None:
        return {"type": "STOP_LOSS", **delta}
    return {"type": "TAKE_PROFIT", "stopPrice": plain(trailing.activation_price), **delta}


def basis_points(trailing: TrailingOffset) -> str:
    """The offset in whole basis points. Raises ValueError, which names the nearest that the venue takes."""
    if trailing.offset_type != "Percent":
        raise ValueError("binance trails by percent alone: write the offset as Percent")
    points = trailing.offset * 100
    if points != points.to_integral_value() or points < 1:
        below = max(points // 1, Decimal(1))
        nearest = " or ".join(plain(value / 100) for value in sorted({below, below + 1}))
        raise ValueError(f"binance trails by whole hundredths of a percent, not {plain(trailing.offset)}: {nearest}")
    return plain(points)


_TRIGGERED: Mapping[str, str] = MappingProxyType(
    {
        "StopMarket": "STOP_LOSS",
        "StopLimit": "STOP_LOSS_LIMIT",
        "TakeProfitMarket": "TAKE_PROFIT",
        "TakeProfitLimit": "TAKE_PROFIT_LIMIT",
    }
)
_FORMS: Mapping[str, Callable[[OrderRequest], dict[str, str]]] = MappingProxyType(
    {
        "Market": lambda _: {"type": "MARKET"},
        "Limit": _limit,
        **dict.fromkeys(_TRIGGERED, _triggered),
        "TrailingStopMarket": _trailing,
    }
)
