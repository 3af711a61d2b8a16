"""Orders that are changed, through real ccxt: amends that keep their place, and cancel-replace with its halves."""

import asyncio
import re
from typing import Any

import ccxt
import orjson
import pytest

from paper_exchange.control_client import ControlClient
from paper_exchange.server import PaperExchange
from support.paper_ccxt import Ccxt, until

BTC = "BTC/USDT"
PATIENCE_S = 10


async def rest_a_limit(pro: Ccxt, client_order_id: str, amount: str = "0.05", price: str = "59000") -> Ccxt:
    return await pro.create_order(BTC, "limit", "buy", amount, price, {"clientOrderId": client_order_id})


async def amend(pro: Ccxt, **params: str) -> Any:  # noqa: ANN401 - the venue's JSON
    """ccxt has no method for it; this is how one calls it all the same."""
    await pro.load_markets()
    return await pro.request("order/amend/keepPriority", ["private"], "PUT", {"symbol": "BTCUSDT", **params})


def data_of(error: ccxt.BaseError) -> Any:  # noqa: ANN401 - the venue's JSON
    """What became of each half, out of the text of ccxt's exception."""
    found = re.search(r"\{.*\}", str(error))
    assert found, error
    return orjson.loads(found[0])["data"]


async def test_exchange_info_offers_amends_and_cancel_replace(pro: Ccxt) -> None:
    market = (await pro.load_markets())[BTC]["info"]
    assert (market["amendAllowed"], market["cancelReplaceAllowed"]) == (True, True)
    assert {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": 10} in market["filters"]


async def test_an_amend_answers_with_the_smaller_order_in_the_names_of_the_venue(pro: Ccxt) -> None:
    placed = await rest_a_limit(pro, "mine")
    answer = await amend(pro, origClientOrderId="mine", newClientOrderId="mine", newQty="0.02")
    shown = answer["amendedOrder"]
    assert answer["executionId"] > 0
    assert (str(shown["orderId"]), shown["origClientOrderId"], shown["clientOrderId"]) == (placed["id"], "mine", "mine")
    assert (shown["qty"], shown["cumulativeQuoteQty"], shown["status"]) == ("0.02000000", "0.00000000", "NEW")
    assert int(shown["workingTime"]) == int(placed["info"]["workingTime"])
    found = await pro.fetch_order(placed["id"], BTC)
    assert (found["amount"], found["remaining"], found["clientOrderId"]) == (0.02, 0.02, "mine")
    assert (await pro.fetch_balance())["USDT"]["used"] == 1180


async def test_an_amend_costs_no_order_of_the_rate_limit(pro: Ccxt) -> None:
    await rest_a_limit(pro, "mine")
    before = await pro.privateGetRateLimitOrder()
    await amend(pro, origClientOrderId="mine", newQty="0.02")
    assert [row["count"] for row in await pro.privateGetRateLimitOrder()] == [row["count"] for row in before]


async def test_an_amend_without_a_name_gets_one_and_the_old_one_is_gone(pro: Ccxt) -> None:
    placed = await rest_a_limit(pro, "mine")
    invented = (await amend(pro, orderId=placed["id"], newQty="0.02"))["amendedOrder"]["clientOrderId"]
    assert invented != "mine"
    assert (await pro.fetch_order(placed["id"], BTC))["clientOrderId"] == invented
    with pytest.raises(ccxt.OrderNotFound):
        await pro.fetch_order(None, BTC, {"clientOrderId": "mine"})


async def test_amendments_are_listed(pro: Ccxt) -> None:
    placed = await rest_a_limit(pro, "a")
    first = await amend(pro, orderId=placed["id"], newQty="0.04", newClientOrderId="b")
    second = await amend(pro, orderId=placed["id"], newQty="0.03", newClientOrderId="c")
    asked = {"symbol": "BTCUSDT", "orderId": placed["id"]}
    rows = await pro.request("order/amendments", ["private"], "GET", asked)
    told = [(row["origClientOrderId"], row["newClientOrderId"], row["origQty"], row["newQty"]) for row in rows]
    assert told == [("a", "b", "0.05000000", "0.04000000"), ("b", "c", "0.04000000", "0.03000000")]
    assert [row["executionId"] for row in rows] == [first["executionId"], second["executionId"]]
    later = {**asked, "fromExecutionId": str(second["executionId"])}
    assert await pro.request("order/amendments", ["private"], "GET", later) == rows[1:]


REFUSED = [
    ({"newQty": "0.06"}, "-2038", "quantity increase"),
    ({"newQty": "0.05"}, "-2038", "would change no state"),
    ({"newQty": "0.01", "orderId": "424242"}, "-2038", "Unknown order sent"),
    ({"newQty": "0.01", "origClientOrderId": "other"}, "-2039", "Client order ID is not correct"),
    ({"newQty": "0.0000001"}, "-1013", "LOT_SIZE"),
    ({"newQty": "0.00005"}, "-1013", "NOTIONAL"),
    ({}, "-1102", "newQty"),
    ({"newQty": "0.01", "price": "1"}, "-1104", "Not all sent parameters were read"),
]


@pytest.mark.parametrize(("params", "code", "text"), REFUSED)
async def test_a_refused_amend_leaves_the_order_as_it_was(
    pro: Ccxt, params: dict[str, str], *, code: str, text: str
) -> None:
    placed = await rest_a_limit(pro, "mine")
    with pytest.raises(ccxt.BaseError, match=text) as refused:
        await amend(pro, **{"orderId": placed["id"], **params})
    assert code in str(refused.value)
    assert (await pro.fetch_order(placed["id"], BTC))["amount"] == 0.05


async def test_watch_orders_sees_an_amend(pro: Ccxt, venue: PaperExchange) -> None:
    placed = await rest_a_limit(pro, "old")
    watch = asyncio.create_task(pro.watch_orders(BTC))
    await until(lambda: any("subscribe" in entry.path for entry in venue.requests.since()))
    await amend(pro, orderId=placed["id"], newQty="0.02", newClientOrderId="new")
    seen = (await asyncio.wait_for(watch, PATIENCE_S))[-1]
    assert (seen["id"], seen["amount"], seen["status"]) == (placed["id"], 0.02, "open")
    assert (seen["info"]["x"], seen["info"]["X"]) == ("REPLACED", "NEW")
    assert (seen["info"]["c"], seen["info"]["C"]) == ("new", "old")


async def test_edit_order_cancels_and_places(pro: Ccxt) -> None:
    placed = await rest_a_limit(pro, "old")
    edited = await pro.edit_order(placed["id"], BTC, "limit", "buy", "0.03", "58000", {"clientOrderId": "new"})
    assert edited["id"] != placed["id"]
    assert (edited["amount"], edited["price"], edited["clientOrderId"]) == (0.03, 58000.0, "new")
    assert (await pro.fetch_order(placed["id"], BTC))["status"] == "canceled"


async def test_edit_order_works_by_message_too(pro: Ccxt) -> None:
    placed = await rest_a_limit(pro, "old")
    params = {"cancelReplaceMode": "STOP_ON_FAILURE"}
    edited = await pro.edit_order_ws(placed["id"], BTC, "limit", "buy", "0.03", "58000", params)
    assert (edited["amount"], edited["status"]) == (0.03, "open")
    assert [order["id"] for order in await pro.fetch_open_orders(BTC)] == [edited["id"]]


async def replace(pro: Ccxt, order_id: str, **params: str) -> Any:  # noqa: ANN401 - the venue's JSON
    wanted = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT_MAKER",
        "quantity": "0.01",
        "price": "58000",
        "cancelReplaceMode": "STOP_ON_FAILURE",
        "cancelOrderId": order_id,
        **params,
    }
    await pro.load_markets()
    return await pro.privatePostOrderCancelReplace(wanted)


OUTCOMES: list[tuple[str, dict[str, str], int, tuple[int, str, str]]] = [
    ("first", {"price": "61000"}, 409, (-2021, "SUCCESS", "FAILURE")),
    ("none", {}, 400, (-2022, "FAILURE", "NOT_ATTEMPTED")),
    ("none", {"cancelReplaceMode": "ALLOW_FAILURE"}, 409, (-2021, "FAILURE", "SUCCESS")),
    ("none", {"cancelReplaceMode": "ALLOW_FAILURE", "price": "61000"}, 400, (-2022, "FAILURE", "FAILURE")),
]


@pytest.mark.parametrize(("which", "params", "status", "wanted"), OUTCOMES)
async def test_a_cancel_replace_that_fails_says_what_became_of_each_half(
    pro: Ccxt, venue: PaperExchange, which: str, *, params: dict[str, str], status: int, wanted: tuple[int, str, str]
) -> None:
    placed = await rest_a_limit(pro, "old")
    with pytest.raises(ccxt.BadResponse) as failed:
        await replace(pro, placed["id"] if which == "first" else "424242", **params)
    answered = [*venue.requests.since()][-1]
    assert (answered.path, answered.status, answered.code) == ("/api/v3/order/cancelReplace", status, wanted[0])
    data = data_of(failed.value)
    assert (data["cancelResult"], data["newOrderResult"]) == wanted[1:]
    open_ids = {order["id"] for order in await pro.fetch_open_orders(BTC)}
    assert (placed["id"] in open_ids) is (wanted[1] == "FAILURE")
    assert len(open_ids - {placed["id"]}) == (wanted[2] == "SUCCESS")


async def test_a_filter_is_judged_before_anything_is_canceled(pro: Ccxt) -> None:
    placed = await rest_a_limit(pro, "old")
    with pytest.raises(ccxt.InvalidOrder, match="PRICE_FILTER"):
        await replace(pro, placed["id"], price="58000.001")
    assert (await pro.fetch_order(placed["id"], BTC))["status"] == "open"


async def test_over_the_order_limit_a_cancel_replace_does_nothing_or_only_cancels(
    pro: Ccxt, control: ControlClient, venue: PaperExchange
) -> None:
    placed = await rest_a_limit(pro, "old")
    await control.set_limits(orders_per_day=1)
    with pytest.raises(ccxt.DDoSProtection, match="Too many new orders"):
        await replace(pro, placed["id"])
    assert (await pro.fetch_order(placed["id"], BTC))["status"] == "open"
    with pytest.raises(ccxt.BaseError) as failed:
        await replace(pro, placed["id"], orderRateLimitExceededMode="CANCEL_ONLY")
    assert [*venue.requests.since()][-1].status == 429
    data = data_of(failed.value)
    assert (data["cancelResult"], data["newOrderResponse"]["code"]) == ("SUCCESS", -1015)
    assert (await pro.fetch_order(placed["id"], BTC))["status"] == "canceled"
