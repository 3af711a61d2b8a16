"""Coinbase Advanced Trade's answers, read into values.

Every reader raises for what it does not understand: the caller turns that into "nothing is known", which is always
safe. Nothing is filled in.

Sources: [O] the API reference, "Get Order" and "List Orders"; [F] "List Fills"; [B] "List Accounts"; [P] "List Public
Products"; [C] ccxt 4.5.90.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal
from types import MappingProxyType
from typing import Any

from exchange_kernel.core.venue import Balance, Trade, VenueOrder, VenueStatus
from exchange_kernel.core.venue_rules import Market
from exchange_kernel.exchange.profiles.canonical import number, positive
from exchange_kernel.exchange.profiles.parts import Row

_LIMIT_TYPES = frozenset({"Limit", "StopLimit", "TakeProfitLimit"})
# [C] `commonCurrencies`.
_CURRENCIES = MappingProxyType({"CGLD": "CELO"})
_WIDE = Context(prec=40)

_SIDES = MappingProxyType({"BUY": "Buy", "SELL": "Sell"})
# [O] order status. UNKNOWN_ORDER_STATUS is left out on purpose.
_STATUS = MappingProxyType(
    {
        "PENDING": VenueStatus.OPEN,
        "QUEUED": VenueStatus.OPEN,
        "OPEN": VenueStatus.OPEN,
        "CANCEL_QUEUED": VenueStatus.OPEN,
        "EDIT_QUEUED": VenueStatus.OPEN,
        "FILLED": VenueStatus.FILLED,
        "CANCELLED": VenueStatus.CANCELED,
        "EXPIRED": VenueStatus.EXPIRED,
        "FAILED": VenueStatus.REJECTED,
    }
)
# [O] configurations whose remainder the venue cancels at once, with the status CANCELLED.
_IMMEDIATE = frozenset({"market_market_ioc", "sor_limit_ioc", "limit_limit_fok", "market_market_fok"})


def order(raw: Row, symbol: str) -> VenueOrder:
    """An order as Get Order and List Orders show it."""
    kind, terms = _configuration(raw)
    filled, quantity = number(raw["filled_size"]), positive(terms.get("base_size"))
    if raw["status"] == "FILLED" and quantity is not None and filled < quantity:
        raise ValueError(f"order is FILLED with {filled} of {quantity}")
    return VenueOrder(
        exchange_order_id=_text(raw["order_id"]),
        client_order_id=str(raw["client_order_id"]),
        symbol=symbol,
        side=_SIDES[raw["side"]],
        status=_status(raw, kind, filled),
        raw_status=str(raw["status"]),
        filled=filled,
        quantity=quantity,
        price=positive(terms.get("limit_price")),
        trigger_price=positive(terms.get("stop_price")),
        cost=number(raw["filled_value"]),
        updated_at=moment(raw.get("last_fill_time")),
    )


def trades(rows: Iterable[Row]) -> tuple[Trade, ...]:
    """Fills, oldest first."""
    return tuple(_trade(row) for row in sorted(rows, key=lambda row: (str(row["trade_time"]), str(row["trade_id"]))))


def balances(rows: Iterable[Row]) -> tuple[Balance, ...]:
    """Wallets summed by currency, without those that are empty."""
    free: dict[str, Decimal] = {}
    locked: dict[str, Decimal] = {}
    for row in rows:
        asset = _CURRENCIES.get(row["currency"], str(row["currency"]))
        free[asset] = free.get(asset, Decimal(0)) + number(row["available_balance"]["value"])
        locked[asset] = locked.get(asset, Decimal(0)) + number(row["hold"]["value"])
    every = (Balance(asset, free[asset], locked[asset]) for asset in free)
    return tuple(balance for balance in every if balance.total > 0)


def market(parsed: Mapping[str, Any]) -> Market:
    """A product; the fees are those of this account, for ccxt reads the transaction summary with its key [C]."""
    info = parsed["info"]
    halted = [flag for flag in ("is_disabled", "trading_disabled", "view_only", "cancel_only") if info.get(flag)]
    return Market(
        symbol=parsed["symbol"],
        base=parsed["base"],
        quote=parsed["quote"],
        active=not halted and not info.get("auction_mode") and info.get("status") in {"online", ""},
        price_tick=number(info["price_increment"] or info["quote_increment"]),
        quantity_step=number(info["base_increment"]),
        min_quantity=positive(info["base_min_size"]),
        max_quantity=positive(info["base_max_size"]),
        min_notional=positive(info["quote_min_size"]),
        max_notional=positive(info["quote_max_size"]),
        order_types=_LIMIT_TYPES if info.get("limit_only") or info.get("post_only") else _LIMIT_TYPES | {"Market"},
        taker_fee=_rate(parsed["taker"]),
        maker_fee=_rate(parsed["maker"]),
    )


def moment(text: object) -> datetime | None:
    """An RFC 3339 time with up to nine decimals; None for a missing one."""
    return None if text in {None, ""} else datetime.fromisoformat(str(text)).astimezone(UTC)


def _configuration(raw: Row) -> tuple[str, Mapping[str, Any]]:
    """The one configuration of an order [O]."""
    ((kind, terms),) = ((name, value) for name, value in raw["order_configuration"].items() if value is not None)
    return str(kind), terms


def _status(raw: Row, kind: str, filled: Decimal) -> VenueStatus:
    status = _STATUS[raw["status"]]
    if status is VenueStatus.OPEN and raw.get("trigger_status") == "STOP_PENDING":
        return VenueStatus.UNTRIGGERED
    if status is VenueStatus.CANCELED and kind in _IMMEDIATE:
        return VenueStatus.EXPIRED
    return VenueStatus.CANCELED if status is VenueStatus.REJECTED and filled > 0 else status


def _trade(row: Row) -> Trade:
    """[F] `size` is in quote where `size_in_quote` says so; the commission is in quote, positive when paid [C]."""
    if row["trade_type"] != "FILL":
        raise ValueError(f"a {row['trade_type']} is no fill")
    price, size = number(row["price"]), number(row["size"])
    in_quote = row["size_in_quote"] is True
    return Trade(
        trade_id=_text(row["trade_id"]),
        quantity=_WIDE.divide(size, price) if in_quote else size,
        price=price,
        cost=size if in_quote else size * price,
        fee=number(row["commission"]),
        fee_currency=str(row["product_id"]).rpartition("-")[2],
        time=moment(row["trade_time"]),
    )


def _rate(value: object) -> Decimal | None:
    """A fee rate; ccxt puts floats of its own where it has no answer of the venue's."""
    return number(value) if isinstance(value, str) else None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("an id is missing")
    return value
