"""How an order and its fills are found on Kraken spot.

Answers are objects by id, inside `result`; every row is given its id as `txid`. An order whose volume is in quote
currency tells its fills in that currency too: its trades are asked for, and put in as `fills`.

Sources: [R] docs.kraken.com, REST "Get Open Orders", "Get Closed Orders", "Query Orders Info", "Query Trades Info".
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from exchange_kernel.exchange.port import ReadError
from exchange_kernel.exchange.profiles.canonical import number
from exchange_kernel.exchange.profiles.parts import Ask, Call, Declined, History, Row

_MAX_PAGES = 60
_IDS_PER_CALL = 20  # [R] QueryTrades; QueryOrders takes 50
_NEVER_GIVEN_OUT = "EOrder:Invalid order"  # the answer for a txid that the venue does not know


async def result(ask: Ask, method: str, params: Mapping[str, object]) -> Any:  # noqa: ANN401 - the venue's JSON
    """`result` of an answer; None where the venue says that there is no such order."""
    raw = await ask(Call(method, (dict(params),)))
    return None if raw is None else raw["result"]


async def rows(ask: Ask, method: str, params: Mapping[str, object], section: str) -> list[Row]:
    """The orders in one section of an answer. Raises for an answer without that section."""
    found = await result(ask, method, params)
    return [{**row, "txid": txid} for txid, row in found[section].items()]


async def by_client_id(ask: Ask, client_order_id: str) -> Row | None:
    """The latest order under a client id, among the open ones first."""
    params = {"cl_ord_id": client_order_id, "trades": "true"}
    for method, section in (("privatePostOpenOrders", "open"), ("privatePostClosedOrders", "closed")):
        found = [r for r in await rows(ask, method, params, section) if r.get("cl_ord_id") == client_order_id]
        if found:
            return await with_fills(ask, max(found, key=lambda row: number(str(row["opentm"]))))
    return None


async def by_txid(ask: Ask, txid: str) -> Row | None:
    """One order by the venue's id."""
    try:
        found = await result(ask, "privatePostQueryOrders", {"txid": txid, "trades": "true"})
    except Declined as error:
        if error.row.code == _NEVER_GIVEN_OUT:
            return None
        raise
    if found is None or txid not in found:
        return None
    return await with_fills(ask, {**found[txid], "txid": txid})


async def with_fills(ask: Ask, row: Row) -> Row:
    """The row, with its trades where only these tell the base quantity."""
    if "viqc" not in str(row["oflags"]).split(",") or number(row["vol_exec"]) == 0:
        return row
    return {**row, "fills": await trades_of(ask, row)}


async def trades_of(ask: Ask, row: Row) -> Mapping[str, Row]:
    """The trades of an order that was asked for with `trades`, by their ids."""
    names = [str(name) for name in row.get("trades", ())]
    found: dict[str, Row] = {}
    for start in range(0, len(names), _IDS_PER_CALL):
        wanted = names[start : start + _IDS_PER_CALL]
        found |= await result(ask, "privatePostQueryTrades", {"txid": ",".join(wanted)})
    if found.keys() != set(names):
        raise ReadError(f"the venue names {len(names)} trades of order {row['txid']} and tells {len(found)}")
    return found


async def orders_in_doubt(ask: Ask, history: History) -> AsyncIterator[Row]:
    """Every order under the client id: as looked up, and among all closed ones and all trades since."""
    single = await by_client_id(ask, history.client_order_id)
    if single is not None:
        yield single
    seen: set[str] = set()
    async for txid, row in _pages(ask, "privatePostClosedOrders", "closed", history):
        seen.add(txid)
        if row.get("cl_ord_id") == history.client_order_id:
            yield await with_fills(ask, {**row, "txid": txid})
    traded = {str(row["ordertxid"]) async for _, row in _pages(ask, "privatePostTradesHistory", "trades", history)}
    for row in [await _followed(ask, txid) for txid in sorted(traded - seen)]:
        if row.get("cl_ord_id") == history.client_order_id:
            yield row


async def _pages(ask: Ask, method: str, section: str, history: History) -> AsyncIterator[tuple[str, Row]]:
    """All rows since `history.since_ms`, newest first; a row that arrives meanwhile repeats one, and hides none."""
    start, offset = history.since_ms // 1000, 0
    for _ in range(_MAX_PAGES):
        found = await result(ask, method, {"start": start, "ofs": offset, "trades": "true"})
        page: Iterable[tuple[str, Row]] = found[section].items()
        for item in page:
            yield item
        offset += len(found[section])
        if not found[section] or offset >= int(found["count"]):
            return
    raise ReadError(f"{history.market_id} has more than {_MAX_PAGES} pages of history since the attempt")


async def _followed(ask: Ask, txid: str) -> Row:
    row = await by_txid(ask, txid)
    if row is None:
        raise ReadError(f"the venue shows a fill of order {txid} but not yet the order")
    return row
