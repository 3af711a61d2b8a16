"""Bybit v5's spot answers, read into values.

Every reader raises for what it does not understand: the caller turns that into "nothing is known", which is always
safe. Nothing is filled in.

Sources: bybit-exchange/docs `docs/v5/`: [O] `order/open-order.mdx`, [H] `order/order-list.mdx`, [N] `enum.mdx`,
[T] `order/execution.mdx`, [W] `account/wallet-balance.mdx`, [F] `account/transaction-log.mdx`,
[I] `market/instrument.mdx`.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from exchange_kernel.core.venue import Balance, Trade, VenueOrder, VenueStatus
from exchange_kernel.core.venue_rules import Market
from exchange_kernel.exchange.profiles.acknowledged import instant
from exchange_kernel.exchange.profiles.canonical import number, positive
from exchange_kernel.exchange.profiles.parts import Row

_SIDES = frozenset({"Buy", "Sell"})
_IMMEDIATE = frozenset({"IOC", "FOK"})
_WOULD_TAKE = "EC_PostOnlyWillTakeLiquidity"
# [N] orderStatus.
_STATUS = MappingProxyType(
    {
        "New": VenueStatus.OPEN,
        "PartiallyFilled": VenueStatus.OPEN,
        "Untriggered": VenueStatus.UNTRIGGERED,
        "Triggered": VenueStatus.OPEN,  # "instantaneous state for conditional orders from Untriggered to New"
        "Filled": VenueStatus.FILLED,
        "PartiallyFilledCanceled": VenueStatus.CANCELED,  # spot only
        "Cancelled": VenueStatus.CANCELED,
        "Deactivated": VenueStatus.CANCELED,  # canceled before it was triggered
        "Rejected": VenueStatus.REJECTED,
    }
)


def order(raw: Row, symbol: str) -> VenueOrder:
    """An order as realtime and history show it."""
    filled, quantity, market = number(raw["cumExecQty"]), _quantity(raw), raw["orderType"] == "Market"
    if raw["orderStatus"] == "Filled" and quantity is not None and filled < quantity:
        raise ValueError(f"order is Filled with {filled} of {quantity}")
    if raw["side"] not in _SIDES or not raw["orderId"]:
        raise ValueError("the order has no side or no id")
    return VenueOrder(
        exchange_order_id=str(raw["orderId"]),
        client_order_id=str(raw["orderLinkId"]),
        symbol=symbol,
        side=str(raw["side"]),
        status=_status(raw, filled),
        raw_status=str(raw["orderStatus"]),
        filled=filled,
        quantity=quantity,
        price=None if market else positive(raw["price"]),  # a market order shows the price that it was capped at [O]
        trigger_price=positive(raw.get("triggerPrice") or "0"),
        cost=number(raw["cumExecValue"]),
        updated_at=instant(raw.get("updatedTime")),
    )


def trades(rows: Iterable[Row]) -> tuple[Trade, ...]:
    """Executions, oldest first; those of one moment by what they leave over [T]."""
    ordered = sorted(rows, key=lambda row: (int(row["execTime"]), -number(row["leavesQty"]), str(row["execId"])))
    return tuple(_trade(row) for row in ordered)


def balances(coins: Iterable[Row]) -> tuple[Balance, ...]:
    """[W] what open spot orders lock is part of the wallet balance."""
    every = (_balance(str(row["coin"]), number(row["walletBalance"]), number(row["locked"] or "0")) for row in coins)
    return tuple(balance for balance in every if balance.total > 0)


def market(parsed: Mapping[str, Any]) -> Market:
    """An instrument [I]; what this account pays is not part of it, and ccxt fills in constants."""
    info = parsed["info"]
    lots, tick = info["lotSizeFilter"], info["priceFilter"]["tickSize"]
    return Market(
        symbol=parsed["symbol"],
        base=parsed["base"],
        quote=parsed["quote"],
        active=info["status"] == "Trading",
        price_tick=number(tick),
        quantity_step=number(lots["basePrecision"]),
        min_quantity=positive(lots.get("minOrderQty")),
        max_quantity=positive(lots.get("maxLimitOrderQty") or lots.get("maxOrderQty")),
        market_max_quantity=positive(lots.get("maxMarketOrderQty")),
        min_notional=positive(lots.get("minOrderAmt")),
        max_notional=positive(lots.get("maxOrderAmt")),
        order_types=frozenset({"Market", "Limit"}),
    )


def _quantity(raw: Row) -> Decimal | None:
    """Base quantity; None for a market order by quote: `quoteCoin`, or a buy that says nothing [O]."""
    unit = raw.get("marketUnit") or ("quoteCoin" if raw["side"] == "Buy" else "baseCoin")
    return None if raw["orderType"] == "Market" and unit == "quoteCoin" else positive(raw["qty"])


def _status(raw: Row, filled: Decimal) -> VenueStatus:
    status = _STATUS[raw["orderStatus"]]
    if status is VenueStatus.REJECTED and filled > 0:
        return VenueStatus.CANCELED
    if status is VenueStatus.CANCELED and filled == 0 and raw.get("rejectReason") == _WOULD_TAKE:
        return VenueStatus.REJECTED
    immediate = raw.get("timeInForce") in _IMMEDIATE or raw["orderType"] == "Market"
    return VenueStatus.EXPIRED if status is VenueStatus.CANCELED and immediate else status


def _trade(row: Row) -> Trade:
    """[F] a positive fee is an expense, a negative one a rebate."""
    fee = number(row["execFee"])
    if row["execType"] != "Trade" or (fee and not row["feeCurrency"]):
        raise ValueError("this execution is no trade, or its fee has no currency")
    return Trade(
        trade_id=str(row["execId"]),
        quantity=number(row["execQty"]),
        price=number(row["execPrice"]),
        cost=number(row["execValue"]),
        fee=fee,
        fee_currency=str(row["feeCurrency"]),
        time=instant(row["execTime"]),
    )


def _balance(asset: str, wallet: Decimal, locked: Decimal) -> Balance:
    return Balance(asset, wallet - locked, locked)
