"""OKX's stops: what one has become, and how it is canceled.

A stop that was triggered has placed ordinary orders; only they tell fills, and only they can be canceled then. So a
stop is always read together with them.

Sources: the API guide, [A] "Algo order details", [P] "Algo order list", [X] "Cancel algo order", [O] "Order details",
[H] "Order history": "the incomplete orders that have been canceled are only reserved for 2 hours".
"""

from collections.abc import Mapping

from exchange_kernel.exchange.port import ReadError
from exchange_kernel.exchange.profiles.canonical import rows_of
from exchange_kernel.exchange.profiles.okx_answers import WORKING, children, is_algo
from exchange_kernel.exchange.profiles.parts import Ask, Call, Row

ORDER, ALGO_ORDER = "privateGetTradeOrder", "privateGetTradeOrderAlgo"
# After two hours the venue forgets an order that was canceled without a fill; ten minutes more are certain.
_FORGOTTEN_AFTER_MS = 130 * 60 * 1000


def data(raw: object) -> list[Row]:
    """The rows of an answer. Raises for one that is not the venue's."""
    if not isinstance(raw, Mapping):
        raise TypeError("the answer is no object")
    return rows_of(raw["data"])


async def first(ask: Ask, method: str, named: dict[str, str]) -> Row | None:
    """The one row of a details question; None where the venue does not know it."""
    raw = await ask(Call(method, (named,)))
    rows = [] if raw is None else data(raw)
    return rows[0] if rows else None


async def complete(ask: Ask, row: Row) -> Row:
    """An algo order with the orders that it placed, and an order that an algo order placed as that algo order."""
    if not is_algo(row):
        if not row.get("algoId"):
            return row
        parent = await first(ask, ALGO_ORDER, {"algoId": str(row["algoId"])})
        if parent is None:
            raise ReadError(f"the venue shows an order of the stop {row['algoId']} but not the stop")
        row = parent
    placed = [await _child(ask, row, order_id) for order_id in children(row)]
    return {**row, "orders": placed} if placed else row


async def _child(ask: Ask, algo: Row, order_id: str) -> Row:
    child = await first(ask, ORDER, {"instId": str(algo["instId"]), "ordId": order_id})
    if child is not None:
        return child
    now = int(data(await ask(Call("publicGetPublicTime")))[0]["ts"])
    if now - int(algo.get("triggerTime") or algo["uTime"]) < _FORGOTTEN_AFTER_MS:
        raise ReadError(f"the stop {algo['algoId']} was triggered, and the venue does not show its order yet")
    return {"ordId": order_id, "state": "canceled", "accFillSz": "0", "ordType": "limit"}


async def cancel(ask: Ask, algo_id: str) -> bool:
    """Cancel a stop, or what it has become. False where nothing of it works any more."""
    row = await first(ask, ALGO_ORDER, {"algoId": algo_id})
    if row is None:
        return False
    if not children(row) and row["state"] in {"live", "pause"}:
        named = {"instId": str(row["instId"]), "algoId": algo_id}
        return await ask(Call("privatePostTradeCancelAlgos", ([named],))) is not None
    orders = (await complete(ask, row)).get("orders", ())
    working = [child for child in orders if child["state"] in WORKING]
    for child in working:
        named = {"instId": str(row["instId"]), "ordId": str(child["ordId"])}
        await ask(Call("privatePostTradeCancelOrder", (named,)))
    return bool(working)
