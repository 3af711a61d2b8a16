"""Binance's one-cancels-the-other on the wire.

The venue's list has an order above the market and one below it. Activation of one cancels the other at once: a limit
order is activated by its first fill, a stop and a take profit when their trigger is reached. So it serves

* a stop beside a target of which the operator wants the same: the first that acts ends the other;
* not a TakeProfitLimit: reached and not filled, it would leave what is held without its stop;
* not a trailing stop with an activation price, which is no STOP_LOSS here (`binance_orders`).

OTO and OTOCO begin their exits when the entry is filled completely, and with the quantity that was written, although
a fee may have been taken from what was bought; OPO and OPOCO sell what was received, again after the complete fill.
Exits here follow each part of an entry, and cover what is left of it after fees. So of the four only OTOCO is sent, and
only with an entry that is filled as a whole or not at all and that sells: what buys it back is the quantity as written.

Sources: [R] binance-spot-api-docs `rest-api.md`, "New Order list - OCO" and "- OTOCO"; [O] `faqs/opo.md`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from exchange_kernel.core.requests import ListRequest, OrderRequest
from exchange_kernel.core.venue_rules import OcoRules
from exchange_kernel.exchange.profiles import binance_orders as orders
from exchange_kernel.exchange.profiles.canonical import plain
from exchange_kernel.exchange.profiles.parts import Row

OCO = OcoRules(
    stops=frozenset({"StopMarket", "StopLimit"}),
    targets=frozenset({"Limit", "TakeProfitMarket"}),
    entries=frozenset({("Sell", "Limit", "FOK")}),
)

_SIDES = {"Buy": "BUY", "Sell": "SELL"}
_NAMES = {
    "type": "Type",
    "price": "Price",
    "stopPrice": "StopPrice",
    "timeInForce": "TimeInForce",
    "quantity": "Quantity",
}


def parameters(request: ListRequest, encode: Callable[[str], str]) -> dict[str, str]:
    """Sides, quantities, types, prices and ids of its orders. Raises ValueError for what the venue does not tie."""
    stop, target, entry = request.stop, request.target, request.entry
    if stop.type not in OCO.stops or target.type not in OCO.targets:
        raise ValueError(f"binance does not tie a {stop.type} to a {target.type} as it is meant here")
    if (stop.symbol, stop.side, stop.quantity) != (target.symbol, target.side, target.quantity):
        raise ValueError("both orders of a list have the same market, side and quantity")
    above, below = (target, stop) if stop.side == "Sell" else (stop, target)
    if entry is None:
        shared = {"side": _SIDES[stop.side], "quantity": plain(stop.quantity)}
        return {**shared, **_leg("above", above, encode), **_leg("below", below, encode)}
    if (entry.side, entry.type, entry.time_in_force) not in OCO.entries:
        raise ValueError(f"an entry {entry.side} {entry.type} {entry.time_in_force} is not sent with its exits")
    if (entry.symbol, entry.quantity) != (stop.symbol, stop.quantity) or entry.side == stop.side:
        raise ValueError("the exits of a list have the market and the quantity of its entry, and the other side")
    shared = {"pendingSide": _SIDES[stop.side], "pendingQuantity": plain(stop.quantity)}
    first = {"workingSide": _SIDES[entry.side], **_named("working", orders.parameters(entry), entry, encode)}
    return {**first, **shared, **_leg("pendingAbove", above, encode), **_leg("pendingBelow", below, encode)}


def _leg(place: str, request: OrderRequest, encode: Callable[[str], str]) -> dict[str, str]:
    params = orders.parameters(request)
    params.pop("quantity")
    if params["type"] == "LIMIT":
        # [R] a limit of a list is a LIMIT_MAKER, which takes no time in force.
        params = {"type": "LIMIT_MAKER", "price": params["price"]}
    return _named(place, params, request, encode)


def _named(
    place: str, params: Mapping[str, str], request: OrderRequest, encode: Callable[[str], str]
) -> dict[str, str]:
    named = {place + _NAMES[name]: value for name, value in params.items()}
    return {**named, f"{place}ClientOrderId": encode(request.client_order_id)}


def report_of(raw: Any, wire_id: str) -> Row:  # noqa: ANN401 - the venue's JSON
    """The report of one order in the answer to a list. Raises LookupError."""
    reports = [report for report in raw["orderReports"] if report["clientOrderId"] == wire_id]
    if len(reports) != 1:
        raise KeyError(wire_id)
    row: Row = reports[0]
    return row
