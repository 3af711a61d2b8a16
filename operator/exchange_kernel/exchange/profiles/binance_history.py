"""The queries that prove that Binance spot never took an order.

The look-up by client order id reads the engine's memory, open orders too, history and trades come from a database that
lags [binance-spot-api-docs, data sources]. One of them alone may be behind, so all four are asked: the order by its
client id, the open orders of the symbol, all orders and all trades since the attempt. Trades name no client order id:
a trade of an order that no other answer contained is followed to its order.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from exchange_kernel.exchange.port import ReadError
from exchange_kernel.exchange.profiles.canonical import rows_of
from exchange_kernel.exchange.profiles.parts import Ask, Call, History, Row

_PAGE = 1000  # rows per answer, the venue's maximum
_DAY_MS = 24 * 3600 * 1000  # startTime and endTime may not lie further apart
_MAX_PAGES = 60
_MAX_FOLLOWED = 100


async def orders_in_doubt(ask: Ask, history: History) -> AsyncIterator[Row]:
    """Yield every order that could be the one; ends without an error only when all queries succeeded."""
    symbol = {"symbol": history.market_id}
    single = await ask(Call("privateGetOrder", ({**symbol, "origClientOrderId": history.client_order_id},)))
    if single is not None:
        yield single
    for row in rows_of(await ask(Call("privateGetOpenOrders", (symbol,)))):
        if row["clientOrderId"] == history.client_order_id:
            yield row
    seen: set[str] = set()
    async for row in _pages(ask, "privateGetAllOrders", ("orderId", "orderId"), history):
        seen.add(str(row["orderId"]))
        if row["clientOrderId"] == history.client_order_id:
            yield row
    traded = {str(row["orderId"]) async for row in _pages(ask, "privateGetMyTrades", ("id", "fromId"), history)}
    for row in [await _followed(ask, symbol, order_id) for order_id in _bounded(traded - seen)]:
        if row["clientOrderId"] == history.client_order_id:
            yield row


async def _pages(ask: Ask, method: str, cursor: tuple[str, str], history: History) -> AsyncIterator[Row]:
    """All rows since `history.since_ms`: by days until the first row, from there by id (`cursor`: field, parameter)."""
    field, parameter = cursor
    base: dict[str, Any] = {"symbol": history.market_id, "limit": _PAGE}
    window = {"startTime": history.since_ms}
    for _ in range(_MAX_PAGES):
        rows = rows_of(await ask(Call(method, ({**base, **window},))))
        for row in rows:
            yield row
        if "startTime" in window and not rows:
            if window["startTime"] + _DAY_MS > history.now_ms:
                return
            window = {"startTime": window["startTime"] + _DAY_MS}
        elif len(rows) < _PAGE and _reaches_now(window, history.now_ms):
            return
        else:
            window = {parameter: int(rows[-1][field]) + 1}
    raise ReadError(f"{history.market_id} has more than {_MAX_PAGES} pages of history since the attempt")


def _reaches_now(window: Mapping[str, int], now_ms: int) -> bool:
    """A short page ends the history, unless it was cut by the 24 hours that a start time covers."""
    start = window.get("startTime")
    return start is None or start + _DAY_MS > now_ms


async def _followed(ask: Ask, symbol: Mapping[str, str], order_id: str) -> Row:
    row = await ask(Call("privateGetOrder", ({**symbol, "orderId": order_id},)))
    if row is None:
        raise ReadError(f"the venue shows a fill of order {order_id} but not yet the order")
    return rows_of([row])[0]


def _bounded(order_ids: set[str]) -> list[str]:
    if len(order_ids) > _MAX_FOLLOWED:
        raise ReadError(f"{len(order_ids)} orders with fills are missing in the venue's history; it lags")
    return sorted(order_ids)
