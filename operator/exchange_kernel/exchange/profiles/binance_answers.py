"""Binance spot's answers, read into values.

Every reader raises for what it does not understand (a status that is new, a float, a missing field): the caller turns
that into "nothing is known", which is always safe. Nothing is filled in.

Sources: [R] binance-spot-api-docs `rest-api.md`; [F] `filters.md`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from exchange_kernel.core.venue import Balance, Trade, VenueOrder, VenueStatus
from exchange_kernel.core.venue_rules import Market
from exchange_kernel.exchange.profiles.canonical import number, positive, rows_of

_ORDER_TYPES = MappingProxyType(
    {
        "LIMIT": "Limit",
        "MARKET": "Market",
        "STOP_LOSS": "StopMarket",
        "STOP_LOSS_LIMIT": "StopLimit",
        "TAKE_PROFIT": "TakeProfitMarket",
        "TAKE_PROFIT_LIMIT": "TakeProfitLimit",
    }
)

# [R] order status; PENDING_CANCEL is "currently unused" and then still working.
_STATUS = MappingProxyType(
    {
        "NEW": VenueStatus.OPEN,
        "PENDING_NEW": VenueStatus.UNTRIGGERED,  # leg of an order list that waits for another leg
        "PARTIALLY_FILLED": VenueStatus.OPEN,
        "PENDING_CANCEL": VenueStatus.OPEN,
        "FILLED": VenueStatus.FILLED,
        "CANCELED": VenueStatus.CANCELED,
        "REJECTED": VenueStatus.REJECTED,
        "EXPIRED": VenueStatus.EXPIRED,
        "EXPIRED_IN_MATCH": VenueStatus.EXPIRED,  # self-trade prevention
    }
)
_SIDES = MappingProxyType({"BUY": "Buy", "SELL": "Sell"})


def order(raw: Mapping[str, Any], symbol: str) -> VenueOrder:
    """An order as POST (FULL), GET order, openOrders and allOrders show it."""
    status, filled, quantity = str(raw["status"]), number(raw["executedQty"]), positive(raw["origQty"])
    if status == "FILLED" and quantity is not None and filled < quantity:
        raise ValueError(f"order is FILLED with {filled} of {quantity}")
    if positive(raw.get("origQuoteOrderQty")) is not None:
        # Ordered by amount: what the venue calls its quantity is what was executed, so that an order which ended early
        # would look complete. Only its status tells.
        quantity = None
    return VenueOrder(
        exchange_order_id=str(int(raw["orderId"])),
        client_order_id=str(raw["clientOrderId"]),
        symbol=symbol,
        side=_SIDES[raw["side"]],
        status=_status(raw, status),
        raw_status=f"{status} ({raw['expiryReason']})" if raw.get("expiryReason", "NONE") != "NONE" else status,
        filled=filled,
        quantity=quantity,
        price=positive(raw.get("price", "0")),
        trigger_price=positive(raw.get("stopPrice", "0")),
        cost=_cost(raw),
        trades=_fills(raw) if "fills" in raw else None,
        updated_at=_moment(raw.get("updateTime", raw.get("transactTime"))),
    )


def amended_order(raw: Mapping[str, Any], symbol: str) -> VenueOrder:
    """The order as the answer to an amend shows it: the same under other names, without trigger and times."""
    return order({**raw, "origQty": raw["qty"], "cummulativeQuoteQty": raw["cumulativeQuoteQty"]}, symbol)


def trades(raw: object) -> tuple[Trade, ...]:
    """Rows of myTrades, sorted by the venue's ascending trade id."""
    rows = sorted(rows_of(raw), key=lambda row: int(row["id"]))
    return tuple(_trade(row, str(row["id"]), row["time"], number(row["quoteQty"])) for row in rows)


def balances(raw: Mapping[str, Any]) -> tuple[Balance, ...]:
    """`balances` of an account, without those that are zero."""
    rows = (Balance(str(r["asset"]), number(r["free"]), number(r["locked"])) for r in raw["balances"])
    return tuple(balance for balance in rows if balance.total > 0)


def market(parsed: Mapping[str, Any]) -> Market:
    """Filters as ccxt collects them; zero switches a filter off [F]."""
    precision, limits = parsed["precision"], parsed["limits"]
    return Market(
        symbol=parsed["symbol"],
        base=parsed["base"],
        quote=parsed["quote"],
        active=bool(parsed["active"]),
        price_tick=number(precision["price"] or "0"),
        quantity_step=number(precision["amount"] or "0"),
        min_quantity=positive(limits["amount"]["min"]),
        max_quantity=positive(limits["amount"]["max"]),
        market_max_quantity=positive(limits.get("market", {}).get("max")),
        min_notional=positive(limits["cost"]["min"]),
        max_notional=positive(limits["cost"]["max"]),
        min_price=positive(limits["price"]["min"]),
        max_price=positive(limits["price"]["max"]),
        order_types=_order_types(parsed["info"]),
        # ccxt fills the fees in with constants of its own; exchangeInfo does not tell what this account pays.
        taker_fee=None,
        maker_fee=None,
        min_trailing_percent=_trailing_percent(parsed["info"], max, "minTrailingAboveDelta", "minTrailingBelowDelta"),
        max_trailing_percent=_trailing_percent(parsed["info"], min, "maxTrailingAboveDelta", "maxTrailingBelowDelta"),
        max_orders=_most(parsed["info"], "MAX_NUM_ORDERS", "maxNumOrders"),
        max_waiting_orders=_most(parsed["info"], "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders"),
    )


def _most(info: Mapping[str, Any], name: str, key: str) -> int | None:
    """A filter that counts open orders of the account in the market; `algo` orders wait for a price [F]."""
    found = next((row for row in info.get("filters", ()) if row.get("filterType") == name), None)
    return int(found[key]) if found is not None else None


def _trailing_percent(
    info: Mapping[str, Any], narrower: Callable[[Iterable[Decimal]], Decimal], *names: str
) -> Decimal | None:
    """A bound of the TRAILING_DELTA filter, which counts basis points, in percent; the narrower one of both sides."""
    filters = (row for row in info.get("filters", ()) if row.get("filterType") == "TRAILING_DELTA")
    found = next(filters, None)
    return None if found is None else narrower(number(found[name]) / 100 for name in names)


def _order_types(info: Mapping[str, Any]) -> frozenset[str]:
    """What `orderTypes` and `allowTrailingStop` say [R, exchangeInfo]; a trailing stop needs both of its types."""
    types = frozenset(_ORDER_TYPES[t] for t in info["orderTypes"] if t in _ORDER_TYPES)
    trails = info.get("allowTrailingStop") is True and types >= {"StopMarket", "TakeProfitMarket"}
    return types | {"TrailingStopMarket"} if trails else types


def _status(raw: Mapping[str, Any], status: str) -> VenueStatus:
    """NEW with a trigger that has not fired yet is UNTRIGGERED (`isWorking` is missing in POST answers)."""
    waits = str(raw.get("type", "")).startswith(("STOP_LOSS", "TAKE_PROFIT")) and not raw.get("isWorking", False)
    return VenueStatus.UNTRIGGERED if status == "NEW" and waits else _STATUS[status]


def _cost(raw: Mapping[str, Any]) -> Decimal | None:
    """The quote amount; for some historical orders the venue says a negative number for "not available" [R]."""
    cost = number(raw["cummulativeQuoteQty"])
    return cost if cost >= 0 else None


def _fills(raw: Mapping[str, Any]) -> tuple[Trade, ...] | None:
    """The fills of a FULL answer, only where they account for everything that is filled."""
    trades = tuple(_trade(row, str(row["tradeId"]), raw.get("transactTime"), None) for row in raw["fills"])
    complete = sum((t.quantity for t in trades), Decimal(0)) == number(raw["executedQty"])
    return trades if complete else None


def _trade(row: Mapping[str, Any], trade_id: str, at: object, cost: Decimal | None) -> Trade:
    quantity, price = number(row["qty"]), number(row["price"])
    return Trade(
        trade_id=trade_id,
        quantity=quantity,
        price=price,
        cost=quantity * price if cost is None else cost,
        fee=number(row["commission"]),
        fee_currency=str(row["commissionAsset"]),
        time=_moment(at),
    )


def _moment(milliseconds: object) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(int(str(milliseconds)) / 1000, UTC)
