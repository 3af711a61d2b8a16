"""Kraken spot's answers, read into values.

Every reader raises for what it does not understand. Nothing is filled in: `cost` is cut off by the venue [C], so that
an order with fills has none until the trades are asked for; an order whose volume is in quote currency (`viqc`) tells
its fills in that currency too, so that the base quantity is the sum of its trades, which the profile adds as `fills`.

Sources: [R] docs.kraken.com, REST "Query Orders Info", "Get Trades History", "Get Extended Balance", "Get Tradable
Asset Pairs"; [C] ccxt 4.5.90 (`parse_order`, `commonCurrencies`); [P] as the local venue tells it, not documented.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from exchange_kernel.core.venue import Balance, Trade, VenueOrder, VenueStatus
from exchange_kernel.core.venue_rules import Market
from exchange_kernel.exchange.profiles.canonical import number, positive
from exchange_kernel.exchange.profiles.kraken_orders import TYPES_BY_WORD, WITH_LIMIT, WITH_TRIGGER
from exchange_kernel.exchange.profiles.parts import Row

_SIDES = MappingProxyType({"buy": "Buy", "sell": "Sell"})
# [R] "stopped": triggered by stop price, "touched": triggered by touch price.
_FIRED = frozenset({"stopped", "touched"})
# Reasons of a canceled order that nobody canceled: [R] "Order expired"; [P] "Insufficient liquidity".
_EXPIRED_BY = frozenset({"Order expired", "Insufficient liquidity"})
_REFUSED_BY = "Post only"

# Kraken's own names, where they are not the usual ones [C].
_ASSETS = MappingProxyType(
    {
        **{f"X{name}": name for name in ("ETC", "ETH", "LTC", "MLN", "XLM", "XMR", "XRP", "ZEC")},
        **{f"Z{name}": name for name in ("AUD", "CAD", "EUR", "GBP", "JPY", "USD")},
        "XBT": "BTC",
        "XXBT": "BTC",
        "XDG": "DOGE",
        "XXDG": "DOGE",
        "XREP": "REP",
        "REPV2": "REP",
        "REP": "REPV1",
        "LUNA": "LUNC",
        "LUNA2": "LUNA",
        "UST": "USTC",
        "FEE": "KFEE",
    }
)


def asset(name: str) -> str:
    """Kraken's name of an asset to ccxt's; a suffix behind a dot (staked, bonded) stays."""
    base, dot, suffix = name.partition(".")
    return f"{_ASSETS.get(base, base)}{dot}{suffix}"


def order(raw: Row, symbol: str) -> VenueOrder:
    """An order as OpenOrders, ClosedOrders and QueryOrders show it, with its `txid` (their key) put in."""
    told, flags = raw["descr"], str(raw["oflags"]).split(",")
    kind, volume = TYPES_BY_WORD[told["ordertype"]], number(raw["vol"])
    quantity = None if "viqc" in flags else volume
    filled = _filled(raw, by_quote="viqc" in flags)
    return VenueOrder(
        exchange_order_id=_txid(raw["txid"]),
        client_order_id=str(raw.get("cl_ord_id") or ""),
        symbol=symbol,
        side=_SIDES[told["type"]],
        status=_status(raw, kind, filled, quantity),
        raw_status=f"{raw['status']} ({raw['reason']})" if raw.get("reason") else str(raw["status"]),
        filled=filled,
        quantity=quantity,
        price=_limit_price(told, kind),
        trigger_price=number(told["price"]) if kind in WITH_TRIGGER else None,
        cost=Decimal(0) if filled == 0 else None,
        updated_at=moment(raw.get("closetm") or raw["opentm"]),
    )


def _filled(raw: Row, *, by_quote: bool) -> Decimal:
    executed = number(raw["vol_exec"])
    if not by_quote or executed == 0:
        return executed
    # Without its trades nobody knows the base quantity: a KeyError, and so an answer that cannot be read.
    return sum((number(fill["vol"]) for fill in raw["fills"].values()), Decimal(0))


def _status(raw: Row, kind: str, filled: Decimal, quantity: Decimal | None) -> VenueStatus:
    status, reason = raw["status"], str(raw.get("reason") or "")
    if status in {"pending", "open"}:
        waits = kind not in {"Market", "Limit"} and _FIRED.isdisjoint(str(raw["misc"]).split(","))
        return VenueStatus.UNTRIGGERED if waits and filled == 0 else VenueStatus.OPEN
    if status == "closed":  # the venue's word for "does not work any more"
        whole = filled > 0 and (quantity is None or filled >= quantity)
        return VenueStatus.FILLED if whole else VenueStatus.CANCELED
    if status == "canceled" and reason.startswith(_REFUSED_BY) and filled == 0:
        return VenueStatus.REJECTED
    if status == "expired" or (status == "canceled" and reason in _EXPIRED_BY):
        return VenueStatus.EXPIRED
    return {"canceled": VenueStatus.CANCELED}[status]


def _limit_price(told: Mapping[str, Any], kind: str) -> Decimal | None:
    if kind not in WITH_LIMIT:
        return None
    return number(told["price"] if kind == "Limit" else told["price2"])


def trades(rows: Mapping[str, Row], symbol: str) -> tuple[Trade, ...]:
    """Rows of QueryTrades and TradesHistory by their ids, oldest first. `fee` is in quote currency [R]."""
    quote = symbol.partition("/")[2]
    in_order = sorted(rows.items(), key=lambda item: (number(str(item[1]["time"])), item[0]))
    return tuple(
        Trade(
            trade_id=trade_id,
            quantity=number(row["vol"]),
            price=number(row["price"]),
            cost=number(row["cost"]),
            fee=number(row["fee"]),
            fee_currency=quote,
            time=moment(row["time"]),
        )
        for trade_id, row in in_order
    )


def balances(rows: Mapping[str, Row]) -> Iterable[Balance]:
    """BalanceEx, without what is zero: `hold_trade` is the part that open orders hold [R]."""
    for name, row in rows.items():
        total, held = number(row["balance"]), number(row.get("hold_trade", "0"))
        if total > 0:
            yield Balance(asset(name), total - held, held)


def market(parsed: Mapping[str, Any]) -> Market:
    """AssetPairs as ccxt parses it; the tick is the pair's own, which may be coarser than its decimals [R]."""
    precision, limits, info = parsed["precision"], parsed["limits"], parsed["info"]
    return Market(
        symbol=parsed["symbol"],
        base=parsed["base"],
        quote=parsed["quote"],
        active=bool(parsed["active"]),
        price_tick=number(info.get("tick_size") or precision["price"]),
        quantity_step=number(precision["amount"]),
        min_quantity=positive(limits["amount"]["min"]),
        min_notional=positive(limits["cost"]["min"]),
        order_types=frozenset(TYPES_BY_WORD.values()),
    )


def moment(seconds: object) -> datetime:
    """A time in seconds with a fraction, which JSON holds as a number."""
    return datetime.fromtimestamp(float(str(seconds)), UTC)


def _txid(text: object) -> str:
    if not isinstance(text, str) or not text:
        raise ValueError("the answer names no order id")
    return text
