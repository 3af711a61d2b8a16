"""The queries that prove an absence: all of them, to the end, or an error."""

from collections.abc import Mapping
from typing import Any

import pytest

from exchange_kernel.exchange.port import ReadError, VenueUnavailable
from exchange_kernel.exchange.profiles.binance_history import orders_in_doubt
from exchange_kernel.exchange.profiles.parts import Call, History

OURS = "0123456789abcdef0123456789abcdef"
DAY = 24 * 3600 * 1000
NOW = 1_700_000_000_000


def history(since_ms: int = NOW - 1000) -> History:
    return History("BTCUSDT", OURS, since_ms, NOW)


def row(order_id: int, client_order_id: str = "someone", at: int = NOW - 500) -> dict[str, Any]:
    return {"orderId": order_id, "clientOrderId": client_order_id, "time": at}


class Venue:
    """Answers the four queries from lists, in pages of 1000 and windows of a day, as the venue does."""

    def __init__(self, **answers: Any) -> None:  # noqa: ANN401 - raw answers by query
        self.single: Any = answers.get("single")
        self.open: Any = answers.get("open", [])
        self.orders: Any = answers.get("orders", [])
        self.trades: Any = answers.get("trades", [])
        self.by_id: dict[str, Any] = answers.get("by_id", {})
        self.asked: list[str] = []

    async def ask(self, call: Call) -> Any:  # noqa: ANN401 - the venue's JSON
        params = call.args[0]
        self.asked.append(call.method)
        if call.method == "privateGetOrder":
            return self.by_id.get(params["orderId"]) if "orderId" in params else self.single
        if call.method == "privateGetOpenOrders":
            return self.open
        if call.method == "privateGetAllOrders":
            return self._page(self.orders, params, "orderId", "orderId")
        return self._page(self.trades, params, "id", "fromId")

    def _page(self, rows: Any, params: Mapping[str, Any], field: str, cursor: str) -> Any:  # noqa: ANN401 - rows or garbage
        if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
            return rows
        if cursor in params:
            return [r for r in rows if r[field] >= params[cursor]][: params["limit"]]
        start = params["startTime"]
        return [r for r in rows if start <= r["time"] <= start + DAY][: params["limit"]]


async def found(venue: Venue, since: History | None = None) -> list[int]:
    return [raw["orderId"] async for raw in orders_in_doubt(venue.ask, since or history())]


async def test_an_absence_needs_all_four_queries() -> None:
    venue = Venue()

    assert await found(venue) == []
    assert venue.asked == ["privateGetOrder", "privateGetOpenOrders", "privateGetAllOrders", "privateGetMyTrades"]


@pytest.mark.parametrize(
    "venue",
    [
        Venue(single=row(7, OURS)),
        Venue(open=[row(6), row(7, OURS)]),
        Venue(orders=[row(6), row(7, OURS)]),
        Venue(trades=[{"id": 1, "orderId": 7, "time": NOW - 500}], by_id={"7": row(7, OURS)}),
    ],
    ids=["by client id", "open orders", "history", "a trade of an order that is nowhere else"],
)
async def test_an_order_that_only_one_query_shows_is_found(venue: Venue) -> None:
    assert await found(venue) == [7]


async def test_other_peoples_orders_are_not_ours() -> None:
    trades = [{"id": 1, "orderId": 8, "time": NOW - 500}]

    assert await found(Venue(open=[row(5)], orders=[row(6)], trades=trades, by_id={"8": row(8)})) == []


async def test_an_order_beyond_the_first_page_is_found() -> None:
    venue = Venue(orders=[*(row(n) for n in range(1, 2500)), row(2500, OURS)])

    assert await found(venue) == [2500]
    assert venue.asked.count("privateGetAllOrders") == 3


async def test_days_without_orders_are_walked_through() -> None:
    venue = Venue(orders=[row(9, OURS, at=NOW - DAY // 2)])

    assert await found(venue, history(NOW - 5 * DAY)) == [9]


async def test_the_first_day_with_orders_does_not_end_the_search() -> None:
    venue = Venue(orders=[row(8, at=NOW - 3 * DAY), row(9, OURS, at=NOW - DAY // 2)])

    assert await found(venue, history(NOW - 4 * DAY)) == [9]


async def test_a_history_without_an_end_proves_nothing() -> None:
    with pytest.raises(ReadError, match="more than 60 pages"):
        await found(Venue(), history(NOW - 100 * DAY))


async def test_a_fill_of_an_order_that_the_venue_does_not_show_yet_proves_nothing() -> None:
    with pytest.raises(ReadError, match="fill of order 7"):
        await found(Venue(trades=[{"id": 1, "orderId": 7, "time": NOW - 500}]))


@pytest.mark.parametrize("query", ["open", "orders", "trades"])
@pytest.mark.parametrize("garbage", ["", "<html>", {}, None, ["x"]])
async def test_a_foreign_answer_is_no_empty_list(query: str, garbage: object) -> None:
    with pytest.raises(ValueError, match="not a list of objects"):
        await found(Venue(**{query: garbage}))


async def test_a_failed_query_fails_the_proof() -> None:
    async def ask(call: Call) -> Any:  # noqa: ANN401 - the venue's JSON
        if call.method == "privateGetMyTrades":
            raise VenueUnavailable("503")
        return None if call.method == "privateGetOrder" else []

    with pytest.raises(VenueUnavailable):
        [raw async for raw in orders_in_doubt(ask, history())]
