"""OKX v5's spot answers, read into values.

A stop is an *algo order*: it has an id of its own (here `algo:<id>`, so that the two kinds of id cannot be taken for
each other), and when it is triggered it places ordinary orders. `okx_algos` reads it together with those; the row then
has them under `orders`.

Every reader raises for what it does not understand: the caller turns that into "nothing is known", which is always
safe. Nothing is filled in.

Sources: the API guide, [O] "Order details", [A] "Algo order details", [F] "Transaction details", [B] "Get balance",
[I] "Get instruments".
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from exchange_kernel.core.venue import Balance, Trade, VenueOrder, VenueStatus
from exchange_kernel.core.venue_rules import Market
from exchange_kernel.exchange.profiles.acknowledged import instant
from exchange_kernel.exchange.profiles.canonical import number, positive
from exchange_kernel.exchange.profiles.parts import Row

ALGO = "algo:"
AT_MARKET = "-1"
WORKING = frozenset({"live", "partially_filled"})

_ORDER_TYPES = frozenset({"Market", "Limit", "StopMarket", "StopLimit", "TakeProfitMarket", "TakeProfitLimit"})
_SIDES = MappingProxyType({"buy": "Buy", "sell": "Sell"})
_STATUS = MappingProxyType(  # [O]
    {
        "live": VenueStatus.OPEN,
        "partially_filled": VenueStatus.OPEN,
        "filled": VenueStatus.FILLED,
        "canceled": VenueStatus.CANCELED,
        "mmp_canceled": VenueStatus.CANCELED,
    }
)
_IMMEDIATE = frozenset({"market", "ioc", "fok"})
_WAITING = frozenset({"live", "pause"})  # [A]
_TRIGGERED = frozenset({"effective", "partially_effective", "partially_failed"})
_ZERO = Decimal(0)


def is_algo(raw: Row) -> bool:
    """Whether a row is an algo order: only ordinary ones tell what they filled."""
    return "algoId" in raw and "accFillSz" not in raw


def children(raw: Row) -> tuple[str, ...]:
    """The ordinary orders that an algo order has placed."""
    listed = tuple(str(order_id) for order_id in raw.get("ordIdList") or () if order_id)
    return listed or ((str(raw["ordId"]),) if raw.get("ordId") else ())


def order(raw: Row, symbol: str) -> VenueOrder:
    """An ordinary order, or an algo order with what became of it."""
    return _algo(raw, symbol) if is_algo(raw) else _ordinary(raw, symbol)


def trades(rows: Iterable[Row]) -> tuple[Trade, ...]:
    """Fills of the last days and of the last months, each once, oldest first."""
    unique = {(str(row["tradeId"]), str(row["ordId"])): row for row in rows}
    return tuple(_trade(row) for row in sorted(unique.values(), key=lambda row: (int(row["ts"]), int(row["tradeId"]))))


def balances(details: Iterable[Row]) -> tuple[Balance, ...]:
    """[B] `availBal` and `frozenBal`; an empty text stands for "not in this account mode"."""
    every = (Balance(str(r["ccy"]), number(r["availBal"] or "0"), number(r["frozenBal"] or "0")) for r in details)
    return tuple(balance for balance in every if balance.total > 0)


def market(parsed: Mapping[str, Any]) -> Market:
    """An instrument [I]; what this account pays is not part of it, and ccxt fills in constants."""
    info = parsed["info"]
    return Market(
        symbol=parsed["symbol"],
        base=parsed["base"],
        quote=parsed["quote"],
        active=info["state"] == "live",
        price_tick=number(info["tickSz"]),
        quantity_step=number(info["lotSz"]),
        min_quantity=positive(info["minSz"]),
        max_quantity=positive(info.get("maxLmtSz") or "0"),
        # `maxMktSz` is in USDT for spot [I]: not a quantity.
        order_types=_ORDER_TYPES,
    )


def _ordinary(raw: Row, symbol: str) -> VenueOrder:
    filled, quantity = number(raw["accFillSz"]), _quantity(raw, at_market=raw["ordType"] == "market")
    if raw["state"] == "filled" and quantity is not None and filled < quantity:
        raise ValueError(f"order is filled with {filled} of {quantity}")
    return VenueOrder(
        exchange_order_id=str(int(raw["ordId"])),
        client_order_id=str(raw["clOrdId"]),
        symbol=symbol,
        side=_SIDES[raw["side"]],
        status=_ended_at_once(_STATUS[raw["state"]], [raw]),
        raw_status=str(raw["state"]),
        filled=filled,
        quantity=quantity,
        price=positive(raw["px"] or "0"),
        cost=None if filled else _ZERO,  # the venue tells a rounded average; the fills tell the cost
        updated_at=instant(raw.get("uTime")),
    )


def _algo(raw: Row, symbol: str) -> VenueOrder:
    trigger, limit = _terms(raw)
    orders: Sequence[Row] = raw.get("orders", ())
    filled = sum((number(child["accFillSz"]) for child in orders), _ZERO)
    quantity = _quantity(raw, at_market=limit == AT_MARKET)
    return VenueOrder(
        exchange_order_id=ALGO + str(int(raw["algoId"])),
        client_order_id=str(raw["algoClOrdId"]),
        symbol=symbol,
        side=_SIDES[raw["side"]],
        status=_algo_status(raw, orders, filled, quantity),
        raw_status=" ".join([str(raw["state"]), *(str(child["state"]) for child in orders)]),
        filled=filled,
        quantity=quantity,
        price=None if limit == AT_MARKET else positive(limit or "0"),
        trigger_price=positive(trigger),
        cost=None if filled else _ZERO,
        updated_at=instant(raw.get("uTime")),
    )


def _terms(raw: Row) -> tuple[str, str]:
    """Trigger and limit, under the names of a stop-loss, a take-profit or a trigger order [A]."""
    for trigger, limit in (("slTriggerPx", "slOrdPx"), ("tpTriggerPx", "tpOrdPx"), ("triggerPx", "ordPx")):
        if raw.get(trigger):
            return str(raw[trigger]), str(raw.get(limit) or "")
    return "0", ""  # a foreign one: trailing, iceberg, time-weighted


def _algo_status(raw: Row, orders: Sequence[Row], filled: Decimal, quantity: Decimal | None) -> VenueStatus:
    state = raw["state"]
    if state in _WAITING:
        return VenueStatus.UNTRIGGERED
    if state in {"canceled", "order_failed"} and not orders:
        return VenueStatus.CANCELED if state == "canceled" else VenueStatus.REJECTED
    if state not in _TRIGGERED | {"canceled", "order_failed"}:
        raise ValueError(f"an algo order that is {state}")
    if not orders or any(child["state"] in WORKING for child in orders):
        return VenueStatus.OPEN  # triggered; what it places is not there yet, or works
    if all(_STATUS[child["state"]] is VenueStatus.FILLED for child in orders) and filled >= (quantity or _ZERO):
        return VenueStatus.FILLED
    return _ended_at_once(VenueStatus.CANCELED, orders)


def _ended_at_once(status: VenueStatus, orders: Sequence[Row]) -> VenueStatus:
    """The remainder of an order that does not rest is canceled by the venue."""
    immediate = all(order["ordType"] in _IMMEDIATE for order in orders)
    return VenueStatus.EXPIRED if status is VenueStatus.CANCELED and immediate else status


def _quantity(raw: Row, *, at_market: bool) -> Decimal | None:
    """Base quantity; None for a market buy by quote: `quote_ccy`, which is the default of buys [O]."""
    unit = raw.get("tgtCcy") or ("quote_ccy" if raw["side"] == "buy" else "base_ccy")
    return None if at_market and unit == "quote_ccy" else positive(raw["sz"])


def _trade(row: Row) -> Trade:
    """[F] a negative fee was paid, a positive one is a rebate: the other way round than here."""
    price, quantity = number(row["fillPx"]), number(row["fillSz"])
    return Trade(
        trade_id=str(row["tradeId"]),
        quantity=quantity,
        price=price,
        cost=price * quantity,
        fee=-number(row["fee"] or "0"),
        fee_currency=str(row["feeCcy"]),
        time=instant(row["ts"]),
    )
