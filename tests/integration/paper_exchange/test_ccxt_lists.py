"""Order lists through unmodified ccxt, which has them as implicit methods only: strings in, strings out."""

from typing import Any

import ccxt
import pytest

from paper_exchange.control_client import ControlClient
from paper_exchange.server import PaperExchange
from support.paper_ccxt import Ccxt

BTC = "BTC/USDT"
OCO = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "quantity": "0.01",
    "listClientOrderId": "list",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "61000",
    "aboveClientOrderId": "target",
    "belowType": "STOP_LOSS_LIMIT",
    "belowStopPrice": "59000",
    "belowPrice": "58900",
    "belowTimeInForce": "GTC",
    "belowClientOrderId": "stop",
}
"""The market stands at 60000."""


def oco(**changes: str | None) -> dict[str, str]:
    """The list above with other parameters; None leaves one out."""
    return {name: value for name, value in (OCO | changes).items() if value is not None}


async def shown(pro: Ccxt, name: str) -> Any:  # noqa: ANN401 - ccxt's own value
    return (await pro.fetch_order(None, BTC, {"clientOrderId": name}))["info"]


async def states(pro: Ccxt, *names: str) -> list[str]:
    return [(await shown(pro, name))["status"] for name in names]


async def test_exchange_info_offers_every_kind_of_list(pro: Ccxt) -> None:
    market = (await pro.load_markets())[BTC]["info"]
    assert market["ocoAllowed"] is True
    (rule,) = [entry for entry in market["filters"] if entry["filterType"] == "MAX_NUM_ORDER_LISTS"]
    assert int(rule["maxNumOrderLists"]) == 20


async def test_an_oco_rests_with_both_orders_and_one_reservation(pro: Ccxt) -> None:
    placed = await pro.private_post_orderlist_oco(oco())
    assert {name: placed[name] for name in ("contingencyType", "listStatusType", "listOrderStatus")} == {
        "contingencyType": "OCO",
        "listStatusType": "EXEC_STARTED",
        "listOrderStatus": "EXECUTING",
    }
    assert placed["listClientOrderId"] == "list"
    assert [entry["clientOrderId"] for entry in placed["orders"]] == ["stop", "target"]
    stop, target = placed["orderReports"]
    assert (stop["type"], stop["stopPrice"], stop["workingTime"]) == ("STOP_LOSS_LIMIT", "59000.00000000", -1)
    assert (target["type"], target["status"]) == ("LIMIT_MAKER", "NEW")
    assert target["workingTime"] == placed["transactionTime"]
    assert (await pro.fetch_balance())["BTC"]["used"] == 0.01
    assert {order["info"]["orderListId"] for order in await pro.fetch_open_orders(BTC)} == {placed["orderListId"]}


async def test_an_answer_may_be_an_acknowledgement_only(pro: Ccxt) -> None:
    placed = await pro.private_post_orderlist_oco(oco(newOrderRespType="ACK"))
    assert {name for report in placed["orderReports"] for name in report} == {
        "symbol", "orderId", "orderListId", "clientOrderId", "transactTime",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("price", "states_after", "reason_of"),
    [("61000", ["EXPIRED", "FILLED"], "stop"), ("59000", ["FILLED", "EXPIRED"], "target")],
)
async def test_the_order_that_works_expires_the_other(
    pro: Ccxt, control: ControlClient, price: str, states_after: list[str], reason_of: str
) -> None:
    placed = await pro.private_post_orderlist_oco(oco())
    await control.move_price("BTCUSDT", price)
    assert await states(pro, "stop", "target") == states_after
    assert (await shown(pro, reason_of))["expiryReason"] == "OCO_TRIGGER"
    found = await pro.private_get_orderlist({"orderListId": placed["orderListId"]})
    assert (found["listStatusType"], found["listOrderStatus"]) == ("ALL_DONE", "ALL_DONE")
    assert (await pro.fetch_balance())["BTC"]["used"] == 0


async def test_a_list_is_found_by_either_id_open_and_in_the_history(pro: Ccxt) -> None:
    first = await pro.private_post_orderlist_oco(oco())
    second = await pro.private_post_orderlist_oco(
        oco(listClientOrderId="other", aboveClientOrderId="t2", belowClientOrderId="s2")
    )
    by_id = await pro.private_get_orderlist({"orderListId": first["orderListId"]})
    assert by_id == await pro.private_get_orderlist({"origClientOrderId": "list"})
    assert "orderReports" not in by_id
    await pro.private_delete_orderlist({"symbol": "BTCUSDT", "listClientOrderId": "list"})
    assert [each["listClientOrderId"] for each in await pro.private_get_openorderlist()] == ["other"]
    assert [each["listClientOrderId"] for each in await pro.private_get_allorderlist()] == ["list", "other"]
    since = {"fromId": second["orderListId"]}
    assert [each["listClientOrderId"] for each in await pro.private_get_allorderlist(since)] == ["other"]
    assert [each["listClientOrderId"] for each in await pro.private_get_allorderlist({"limit": 1})] == ["other"]
    with pytest.raises(ccxt.BadRequest, match="Combination of optional parameters invalid"):
        await pro.private_get_allorderlist(since | {"startTime": 1})


async def test_a_cancel_of_a_list_names_both_orders_and_happens_once(pro: Ccxt) -> None:
    await pro.private_post_orderlist_oco(oco())
    cancel = {"symbol": "BTCUSDT", "listClientOrderId": "list", "newClientOrderId": "why"}
    done = await pro.private_delete_orderlist(cancel)
    assert (done["listStatusType"], done["listOrderStatus"]) == ("ALL_DONE", "ALL_DONE")
    assert [(each["origClientOrderId"], each["clientOrderId"], each["status"]) for each in done["orderReports"]] == [
        ("stop", "why", "CANCELED"),
        ("target", "why", "CANCELED"),
    ]
    with pytest.raises(ccxt.OrderNotFound, match="Unknown order sent"):
        await pro.private_delete_orderlist(cancel)
    with pytest.raises(ccxt.ExchangeError, match="-2018"):
        await pro.private_get_orderlist({"origClientOrderId": "never"})
    with pytest.raises(ccxt.OrderNotFound, match="Unknown order sent"):
        await pro.private_delete_orderlist({"symbol": "BTCUSDT", "orderListId": "1", "listClientOrderId": "never"})


async def test_the_cancel_of_one_order_or_of_all_cancels_the_list(pro: Ccxt) -> None:
    await pro.private_post_orderlist_oco(oco())
    await pro.cancel_order(None, BTC, {"clientOrderId": "target"})
    assert await states(pro, "stop", "target") == ["CANCELED", "CANCELED"]
    await pro.private_post_orderlist_oco(oco())
    await pro.cancel_all_orders(BTC)
    assert await states(pro, "stop", "target") == ["CANCELED", "CANCELED"]
    assert await pro.private_get_openorderlist() == []


REFUSED = [
    (oco(aboveType="LIMIT", aboveTimeInForce="GTC"), "-1158"),
    (oco(side="BUY", aboveType="LIMIT_MAKER"), "-1165"),
    (oco(belowType="LIMIT_MAKER", belowStopPrice=None, belowTimeInForce=None, aboveType="TAKE_PROFIT",
         abovePrice=None, aboveStopPrice="61000"), "-1166"),
    (oco(belowType="LIMIT_MAKER", belowStopPrice=None, belowTimeInForce=None), "-1168"),
    (oco(side="BUY", aboveType="STOP_LOSS", abovePrice=None, aboveStopPrice="61000"), "-1196"),
    (oco(aboveType="STOP_LOSS", abovePrice=None, aboveStopPrice="61000"), "-1197"),
    (oco(side="BUY", aboveType="TAKE_PROFIT", abovePrice=None, aboveStopPrice="61000", belowType="LIMIT_MAKER",
         belowStopPrice=None, belowTimeInForce=None), "-1198"),
    (oco(belowType="TAKE_PROFIT", belowPrice=None, belowTimeInForce=None), "-1199"),
    (oco(abovePrice="60000"), "-2010"),
    (oco(quantity="11"), "insufficient balance"),
    (oco(aboveClientOrderId="stop"), "-2010"),
    (oco(quantity="0.000001"), "-1013"),
    (oco(belowStopPrice="59000.001"), "-1013"),
    (oco(quantity="0.00001"), "-1013"),
    (oco(abovePrice=None), "-1102"),
    (oco(belowTimeInForce=None), "-1102"),
    (oco(aboveType=None), "-1102"),
    (oco(aboveTimeInForce="GTC"), "-1106"),
    (oco(aboveType="STOP"), "-1116"),
    (oco(side="HOLD"), "-1117"),
    (oco(aboveFlavour="mild"), "-1104"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "told"), REFUSED, ids=lambda value: value if isinstance(value, str) else None)
async def test_a_list_that_breaks_a_rule_is_refused_whole(pro: Ccxt, request_: dict[str, str], told: str) -> None:
    with pytest.raises(ccxt.ExchangeError, match=told):
        await pro.private_post_orderlist_oco(request_)
    assert await pro.fetch_orders(BTC) == []
    assert await pro.private_get_allorderlist() == []


@pytest.mark.parametrize("used", ["listClientOrderId", "belowClientOrderId"])
async def test_an_id_is_taken_while_its_list_is_open(pro: Ccxt, used: str) -> None:
    await pro.private_post_orderlist_oco(oco())
    again = oco(listClientOrderId="l2", aboveClientOrderId="t2", belowClientOrderId="s2") | {used: OCO[used]}
    with pytest.raises(ccxt.InvalidOrder, match="Duplicate order sent"):
        await pro.private_post_orderlist_oco(again)
    await pro.private_delete_orderlist({"symbol": "BTCUSDT", "listClientOrderId": "list"})
    assert (await pro.private_post_orderlist_oco(again))["listOrderStatus"] == "EXECUTING"


@pytest.mark.parametrize(("at", "exists"), [("before_engine", False), ("after_engine", True)])
async def test_a_lost_answer_leaves_the_list_placed_or_not(
    pro: Ccxt, control: ControlClient, at: str, exists: bool
) -> None:
    await pro.load_markets()
    match = {"method": "POST", "path": "/api/v3/orderList/oco", "client_order_id": "li*"}
    await control.add_fault({"match": match, "at": at, "do": "drop", "count": 1})
    with pytest.raises(ccxt.NetworkError):
        await pro.private_post_orderlist_oco(oco())
    truth = (await control.dump())["default"]
    assert [each["listClientOrderId"] for each in truth.lists] == ["list"] * exists
    assert len(truth.named("stop")) == len(truth.named("target")) == exists


async def test_a_lost_answer_to_a_cancel_leaves_the_list_canceled(pro: Ccxt, control: ControlClient) -> None:
    await pro.private_post_orderlist_oco(oco())
    rule = {"match": {"method": "DELETE", "path": "/api/v3/orderList"}, "at": "after_engine", "do": "drop"}
    await control.add_fault(rule | {"count": 10})
    with pytest.raises(ccxt.NetworkError):
        await pro.private_delete_orderlist({"symbol": "BTCUSDT", "listClientOrderId": "list"})
    assert await states(pro, "stop", "target") == ["CANCELED", "CANCELED"]


async def test_lagging_look_ups_miss_a_new_list_and_show_an_old_one_as_it_was(
    pro: Ccxt, control: ControlClient
) -> None:
    await pro.load_markets()
    await control.set_modes(lookup_lag_ms=5_000)
    await pro.private_post_orderlist_oco(oco())
    with pytest.raises(ccxt.ExchangeError, match="-2018"):
        await pro.private_get_orderlist({"origClientOrderId": "list"})
    assert await pro.private_get_openorderlist() == await pro.private_get_allorderlist() == []
    pro.options["recvWindow"] = 60_000
    await control.advance_clock(5_001)
    await pro.private_delete_orderlist({"symbol": "BTCUSDT", "listClientOrderId": "list"})
    assert [each["listOrderStatus"] for each in await pro.private_get_openorderlist()] == ["EXECUTING"]
    await control.advance_clock(5_001)
    assert (await pro.private_get_orderlist({"origClientOrderId": "list"}))["listOrderStatus"] == "ALL_DONE"


async def test_a_list_costs_its_weight_and_counts_each_of_its_orders(pro: Ccxt, venue: PaperExchange) -> None:
    await pro.load_markets()
    await pro.private_post_orderlist_oco(oco())
    now = venue.venue.now_ms()
    assert venue.venue.limiter.order_counts("default", now) == (2, 2)
    for ask, weight in ((pro.private_get_openorderlist, 6), (pro.private_get_allorderlist, 20)):
        before = venue.venue.limiter.used_weight("127.0.0.1", now)
        await ask()
        assert venue.venue.limiter.used_weight("127.0.0.1", now) - before == weight


async def test_an_amend_answers_with_the_list_and_makes_both_orders_smaller(pro: Ccxt) -> None:
    await pro.private_post_orderlist_oco(oco())
    changes = {"symbol": "BTCUSDT", "origClientOrderId": "target", "newQty": "0.005", "newClientOrderId": "smaller"}
    answer = await pro.request("order/amend/keepPriority", ["private"], "PUT", changes)

    assert set(answer["listStatus"]) == {
        "orderListId", "contingencyType", "listOrderStatus", "listClientOrderId", "symbol", "orders",
    }  # fmt: skip
    assert [entry["clientOrderId"] for entry in answer["listStatus"]["orders"]] == ["stop", "smaller"]
    assert {order["amount"] for order in await pro.fetch_open_orders(BTC)} == {0.005}
    assert (await pro.fetch_balance())["BTC"]["used"] == 0.005
