"""Coinbase's lists: orders by state, the newest orders of a market, fills, wallets, and what proves an absence.

List Orders has no filter for client order ids, so that the proof is a search: every state in which an order can be
working, all orders of the market since the attempt, and all fills since then. Fills name no client order id: a fill of
an order that no list contained is followed to its order.

Sources: the API reference, [O] "List Orders", [F] "List Fills", [B] "List Accounts"; [C] ccxt 4.5.90.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from exchange_kernel.exchange.port import ReadError
from exchange_kernel.exchange.profiles.canonical import rows_of
from exchange_kernel.exchange.profiles.parts import Ask, Call, History, Row

OPEN_STATES = ("PENDING", "QUEUED", "EDIT_QUEUED", "OPEN", "CANCEL_QUEUED")
"""[O] in the order in which an order passes them: one that moves on between two questions is still seen."""

_PAGE = 250
_MAX_PAGES = 60
_MAX_FOLLOWED = 100
_ORDERS = "v3PrivateGetBrokerageOrdersHistoricalBatch"


async def newest(ask: Ask, market_id: str) -> list[Row]:
    """One page of the market's orders, the newest first [C]."""
    raw = await ask(Call(_ORDERS, ({"product_ids": [market_id], "product_type": "SPOT", "limit": _PAGE},)))
    return rows_of(raw["orders"])


async def open_orders(ask: Ask, market_id: str | None = None) -> AsyncIterator[Row]:
    """Every working order once, of one market or of all."""
    seen: set[str] = set()
    only = {} if market_id is None else {"product_ids": [market_id]}
    for state in OPEN_STATES:
        async for row in _pages(ask, _ORDERS, "orders", {**only, "product_type": "SPOT", "order_status": [state]}):
            if row["order_id"] not in seen:
                seen.add(row["order_id"])
                yield row


def fills(ask: Ask, params: Mapping[str, Any]) -> AsyncIterator[Row]:
    """All fills that match."""
    return _pages(ask, "v3PrivateGetBrokerageOrdersHistoricalFills", "fills", params)


def accounts(ask: Ask) -> AsyncIterator[Row]:
    """All wallets."""
    return _pages(ask, "v3PrivateGetBrokerageAccounts", "accounts", {})


async def orders_in_doubt(ask: Ask, history: History) -> AsyncIterator[Row]:
    """Yield every order that could be the one; ends without an error only when all queries succeeded."""
    since, market = _iso(history.since_ms), {"product_ids": [history.market_id]}
    seen: set[str] = set()
    async for row in open_orders(ask, history.market_id):
        seen.add(str(row["order_id"]))
        if row["client_order_id"] == history.client_order_id:
            yield row
    async for row in _pages(ask, _ORDERS, "orders", {**market, "product_type": "SPOT", "start_date": since}):
        seen.add(str(row["order_id"]))
        if row["client_order_id"] == history.client_order_id:
            yield row
    traded = {str(row["order_id"]) async for row in fills(ask, {**market, "start_sequence_timestamp": since})}
    if len(traded - seen) > _MAX_FOLLOWED:
        raise ReadError(f"{len(traded - seen)} orders with fills are missing in the venue's list; it lags")
    for order_id in sorted(traded - seen):
        row = await _followed(ask, order_id)
        if row["client_order_id"] == history.client_order_id:
            yield row


async def _followed(ask: Ask, order_id: str) -> Row:
    raw = await ask(Call("v3PrivateGetBrokerageOrdersHistoricalOrderId", ({"order_id": order_id},)))
    if raw is None:
        raise ReadError(f"the venue shows a fill of order {order_id} but not yet the order")
    return rows_of([raw["order"]])[0]


async def _pages(ask: Ask, method: str, name: str, params: Mapping[str, Any]) -> AsyncIterator[Row]:
    """All rows under `name`, page by page. List Fills says that there is more by its cursor alone [F]."""
    cursor: dict[str, str] = {}
    for _ in range(_MAX_PAGES):
        raw = await ask(Call(method, ({**params, "limit": _PAGE, **cursor},)))
        for row in rows_of(raw[name]):
            yield row
        if not raw.get("cursor") or raw.get("has_next") is False or not raw[name]:
            return
        cursor = {"cursor": str(raw["cursor"])}
    raise ReadError(f"{name} has more than {_MAX_PAGES} pages")


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
