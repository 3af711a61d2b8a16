"""OKX's lists, and the questions that prove that it never took an order.

An order is either an ordinary or an algo order, and each kind has its own question by client order id, its own list of
working orders and its own history; fills name the ordinary order. All of them are asked.

Sources: the API guide, [L] "Order List", [H] "Order history" (7 days, 3 months), [P] "Algo order list",
[Q] "Algo order history", [F] "Transaction details" (3 days, 3 months).
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from exchange_kernel.exchange.port import ReadError
from exchange_kernel.exchange.profiles.okx_algos import ALGO_ORDER, ORDER, complete, data, first
from exchange_kernel.exchange.profiles.parts import Ask, Call, History, Row

FILLS, OLD_FILLS = "privateGetTradeFills", "privateGetTradeFillsHistory"
_PENDING, _ORDERS, _OLD_ORDERS = (
    "privateGetTradeOrdersPending",
    "privateGetTradeOrdersHistory",
    "privateGetTradeOrdersHistoryArchive",
)
_ALGOS_PENDING, _ALGOS_HISTORY = "privateGetTradeOrdersAlgoPending", "privateGetTradeOrdersAlgoHistory"
_SPOT = {"instType": "SPOT"}
# [P] one question per kind, but for these two. Kinds that this profile does not place are listed all the same: they
# are working orders of the account.
_ALGO_KINDS = ("conditional,oco", "trigger", "move_order_stop")
_ALGO_ENDS = ("effective", "canceled", "order_failed")
_PAGE = 100  # the venue's maximum
_MAX_PAGES = 60
_MAX_FOLLOWED = 100
_WEEK_MS = 7 * 24 * 3600 * 1000


async def by_client_id(ask: Ask, market_id: str, wire_id: str) -> Row | None:
    """The latest ordinary order under this id, else the algo order."""
    row = await first(ask, ORDER, {"instId": market_id, "clOrdId": wire_id})
    if row is None:
        row = await first(ask, ALGO_ORDER, {"algoClOrdId": wire_id})
    return None if row is None else await complete(ask, row)


async def open_orders(ask: Ask, only: Mapping[str, str] | None = None) -> AsyncIterator[Row]:
    """All working orders; one that a stop placed is told as that stop, and told once."""
    seen: set[str] = set()
    async for row in _pages(ask, _PENDING, {**_SPOT, **(only or {})}, "ordId"):
        if not row.get("algoId"):
            yield row
        elif row["algoId"] not in seen:
            seen.add(str(row["algoId"]))
            yield await complete(ask, row)
    for kind in _ALGO_KINDS:
        async for row in _pages(ask, _ALGOS_PENDING, {**_SPOT, **(only or {}), "ordType": kind}, "algoId"):
            if row["algoId"] not in seen:
                seen.add(str(row["algoId"]))
                yield await complete(ask, row)


async def fills(ask: Ask, exchange_order_id: str) -> list[Row]:
    """All fills of an ordinary order: those of three days come from one list, those of three months from another."""
    named = {**_SPOT, "ordId": exchange_order_id}
    return [row for method in (FILLS, OLD_FILLS) async for row in _pages(ask, method, named, "billId")]


async def orders_in_doubt(ask: Ask, history: History) -> AsyncIterator[Row]:
    """Yield every order that could be the one; ends without an error only when all queries succeeded."""
    wire_id, market = history.client_order_id, {"instId": history.market_id}
    single = await by_client_id(ask, history.market_id, wire_id)
    if single is not None:
        yield single
    async for row in open_orders(ask, market):
        if wire_id in {row.get("clOrdId"), row.get("algoClOrdId")}:
            yield row
    seen: set[str] = set()
    async for row in _ended(ask, history):
        seen.add(str(row["ordId"]))
        if wire_id in {row["clOrdId"], row.get("algoClOrdId")}:
            yield await complete(ask, row)
    async for row in _ended_algos(ask, history):
        if row["algoClOrdId"] == wire_id:
            yield await complete(ask, row)
    async for row in _of_fills(ask, history, seen):
        if wire_id in {row["clOrdId"], row.get("algoClOrdId")}:
            yield await complete(ask, row)


async def _ended(ask: Ask, history: History) -> AsyncIterator[Row]:
    """Ordinary orders of the market since the attempt that have ended."""
    params = {**_SPOT, "instId": history.market_id, "begin": str(history.since_ms)}
    methods = [_ORDERS, _OLD_ORDERS] if history.now_ms - history.since_ms > _WEEK_MS else [_ORDERS]
    for method in methods:
        async for row in _pages(ask, method, params, "ordId"):
            yield row


async def _ended_algos(ask: Ask, history: History) -> AsyncIterator[Row]:
    """Stops of the market since the attempt that have ended; the list has no begin, it comes newest first [Q]."""
    for state in _ALGO_ENDS:
        params = {**_SPOT, "instId": history.market_id, "ordType": "conditional", "state": state}
        async for row in _pages(ask, _ALGOS_HISTORY, params, "algoId"):
            if int(row["cTime"]) < history.since_ms:
                break
            yield row


async def _of_fills(ask: Ask, history: History, seen: set[str]) -> AsyncIterator[Row]:
    """Orders that have fills since the attempt and that no list had."""
    params = {**_SPOT, "instId": history.market_id, "begin": str(history.since_ms)}
    methods = (FILLS, OLD_FILLS)
    traded = {str(row["ordId"]) for method in methods async for row in _pages(ask, method, params, "billId")}
    if len(traded - seen) > _MAX_FOLLOWED:
        raise ReadError(f"{len(traded - seen)} orders with fills are missing in the venue's history; it lags")
    for order_id in sorted(traded - seen):
        row = await first(ask, ORDER, {"instId": history.market_id, "ordId": order_id})
        if row is None:
            raise ReadError(f"the venue shows a fill of order {order_id} but not yet the order")
        yield row


async def _pages(ask: Ask, method: str, params: Mapping[str, Any], cursor: str) -> AsyncIterator[Row]:
    """All rows, newest first; the next page begins after the last row's `cursor`."""
    after: dict[str, str] = {}
    for _ in range(_MAX_PAGES):
        rows = data(await ask(Call(method, ({**params, "limit": str(_PAGE), **after},))))
        for row in rows:
            yield row
        if len(rows) < _PAGE:
            return
        after = {"after": str(rows[-1][cursor])}
    raise ReadError(f"{method} has more than {_MAX_PAGES} pages")
