"""Bybit's lists, and the questions that prove that it never took an order.

Realtime answers from the engine's side: working orders, and the last 500 that ended, which a restart of the venue
forgets; history lags and keeps canceled orders for a day [O, H]. So an order is asked for in both, and a proof reads
the working orders, all orders and all executions of the market since the attempt as well. Executions name the client
order id themselves.

Sources: bybit-exchange/docs `docs/v5/`: [O] `order/open-order.mdx`, [H] `order/order-list.mdx`,
[T] `order/execution.mdx`.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from exchange_kernel.exchange.port import ReadError
from exchange_kernel.exchange.profiles.canonical import rows_of
from exchange_kernel.exchange.profiles.parts import Ask, Call, History, Row

REALTIME, ORDERS, EXECUTIONS = "privateGetV5OrderRealtime", "privateGetV5OrderHistory", "privateGetV5ExecutionList"
_ORDERS_PAGE, _EXECUTIONS_PAGE = 50, 100  # the venue's maxima
_MAX_PAGES = 60
_WEEK_MS = 7 * 24 * 3600 * 1000  # startTime and endTime may not lie further apart [H, T]


async def one(ask: Ask, named: Mapping[str, str]) -> Row | None:
    """The newest order of this id, from the engine's side or from history."""
    for method in (REALTIME, ORDERS):
        raw = await ask(Call(method, ({"category": "spot", **named},)))
        rows = [] if raw is None else rows_of(raw["result"]["list"])
        if rows:
            return max(rows, key=lambda row: int(row["createdTime"]))
    return None


def open_orders(ask: Ask, market_id: str | None = None) -> AsyncIterator[Row]:
    """All working orders, conditional ones included [O]."""
    only = {} if market_id is None else {"symbol": market_id}
    return _pages(ask, REALTIME, {**only, "openOnly": 0, "limit": _ORDERS_PAGE})


def executions(ask: Ask, exchange_order_id: str) -> AsyncIterator[Row]:
    """All executions of an order."""
    return _pages(ask, EXECUTIONS, {"orderId": exchange_order_id, "limit": _EXECUTIONS_PAGE})


async def orders_in_doubt(ask: Ask, history: History) -> AsyncIterator[Row]:
    """Yield every order that could be the one; ends without an error only when all queries succeeded."""
    wire_id = history.client_order_id
    single = await one(ask, {"orderLinkId": wire_id})
    if single is not None:
        yield single
    async for row in open_orders(ask, history.market_id):
        if row["orderLinkId"] == wire_id:
            yield row
    async for row in _since(ask, ORDERS, _ORDERS_PAGE, history):
        if row["orderLinkId"] == wire_id:
            yield row
    async for row in _since(ask, EXECUTIONS, _EXECUTIONS_PAGE, history):
        if row["orderLinkId"] == wire_id:
            yield await _followed(ask, str(row["orderId"]))


async def _followed(ask: Ask, order_id: str) -> Row:
    row = await one(ask, {"orderId": order_id})
    if row is None:
        raise ReadError(f"the venue shows a fill of order {order_id} but not yet the order")
    return row


async def _since(ask: Ask, method: str, page: int, history: History) -> AsyncIterator[Row]:
    """All rows of the market since `history.since_ms`, week by week."""
    start = history.since_ms
    while start <= history.now_ms:
        window = {"startTime": start, "endTime": start + _WEEK_MS}
        async for row in _pages(ask, method, {"symbol": history.market_id, "limit": page, **window}):
            yield row
        start += _WEEK_MS


async def _pages(ask: Ask, method: str, params: Mapping[str, Any]) -> AsyncIterator[Row]:
    cursor: dict[str, str] = {}
    for _ in range(_MAX_PAGES):
        result = (await ask(Call(method, ({"category": "spot", **params, **cursor},))))["result"]
        for row in rows_of(result["list"]):
            yield row
        if not result.get("nextPageCursor") or not result["list"]:
            return
        cursor = {"cursor": str(result["nextPageCursor"])}
    raise ReadError(f"{method} has more than {_MAX_PAGES} pages")
