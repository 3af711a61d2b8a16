"""Lists with pending orders through unmodified ccxt: OTO, OTOCO, OPO and OPOCO."""

from typing import Any

import ccxt
import pytest

from paper_exchange.control_client import ControlClient
from paper_exchange.server import PaperExchange
from support.paper_ccxt import Ccxt

BTC = "BTC/USDT"
WORKING = {
    "symbol": "BTCUSDT",
    "listClientOrderId": "list",
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingPrice": "59000",
    "workingQuantity": "0.01",
    "workingTimeInForce": "GTC",
    "workingClientOrderId": "entry",
    "pendingSide": "SELL",
}
"""The market stands at 60000."""
ONE = {
    "pendingType": "LIMIT",
    "pendingPrice": "62000",
    "pendingTimeInForce": "GTC",
    "pendingClientOrderId": "target",
}
PAIR = {
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "62000",
    "pendingAboveClientOrderId": "target",
    "pendingBelowType": "STOP_LOSS_LIMIT",
    "pendingBelowStopPrice": "57000",
    "pendingBelowPrice": "56900",
    "pendingBelowTimeInForce": "GTC",
    "pendingBelowClientOrderId": "stop",
}
SIZED = {"pendingQuantity": "0.01"}
KINDS: dict[str, dict[str, str]] = {
    "oto": WORKING | ONE | SIZED,
    "otoco": WORKING | PAIR | SIZED,
    "opo": WORKING | ONE,
    "opoco": WORKING | PAIR,
}


async def place(pro: Ccxt, kind: str, **changes: str | None) -> Any:  # noqa: ANN401 - ccxt's own value
    """The list above of a kind, with other parameters; None leaves one out."""
    request = {name: value for name, value in (KINDS[kind] | changes).items() if value is not None}
    return await getattr(pro, f"private_post_orderlist_{kind}")(request)


def names(kind: str) -> list[str]:
    """Its orders, as they are entered."""
    return ["entry", "stop", "target"] if "pendingAboveType" in KINDS[kind] else ["entry", "target"]


async def shown(pro: Ccxt, name: str) -> Any:  # noqa: ANN401 - ccxt's own value
    return (await pro.fetch_order(None, BTC, {"clientOrderId": name}))["info"]


async def states(pro: Ccxt, kind: str) -> list[str]:
    return [(await shown(pro, name))["status"] for name in names(kind)]


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_exchange_info_offers_pending_orders(pro: Ccxt) -> None:
    market = (await pro.load_markets())[BTC]["info"]
    assert (market["otoAllowed"], market["opoAllowed"]) == (True, True)


async def test_only_the_working_order_is_on_the_book_and_paid(pro: Ccxt, kind: str, venue: PaperExchange) -> None:
    placed = await place(pro, kind)
    assert (placed["contingencyType"], placed["listStatusType"], placed["listOrderStatus"]) == (
        "OTO", "EXEC_STARTED", "EXECUTING",
    )  # fmt: skip
    assert [entry["clientOrderId"] for entry in placed["orders"]] == names(kind)
    working, *pending = placed["orderReports"]
    assert (working["status"], working["workingTime"]) == ("NEW", placed["transactionTime"])
    for report in pending:
        assert (report["status"], report["workingTime"]) == ("PENDING_NEW", -1)
        assert report.get("origQty") == (None if kind.startswith("opo") else "0.01000000")
    balance = await pro.fetch_balance()
    assert (balance["USDT"]["used"], balance["BTC"]["used"]) == (590, 0)
    assert venue.venue.limiter.order_counts("default", venue.venue.now_ms())[1] == len(names(kind))


async def test_the_pending_orders_come_when_the_working_one_is_filled(
    pro: Ccxt, control: ControlClient, kind: str, venue: PaperExchange
) -> None:
    for _ in range(5):
        await pro.create_order(BTC, "limit", "buy", "0.001", "30000")
    await place(pro, kind)
    assert venue.venue.limiter.order_counts("default", venue.venue.now_ms())[1] == 5 + len(names(kind))
    await control.move_price("BTCUSDT", "58000")
    assert await states(pro, kind) == ["FILLED"] + ["NEW"] * (len(names(kind)) - 1)
    assert (await shown(pro, "target"))["origQty"] == "0.01000000"
    assert (await pro.fetch_balance())["BTC"]["used"] == 0.01
    left = len(names(kind))
    assert venue.venue.limiter.order_counts("default", venue.venue.now_ms())[1] == left, "a fill gives five back"

    await control.move_price("BTCUSDT", "62000")
    assert await states(pro, kind) == ["FILLED", *(["EXPIRED"] if "stop" in names(kind) else []), "FILLED"]
    found = await pro.private_get_orderlist({"origClientOrderId": "list"})
    assert (found["listStatusType"], found["listOrderStatus"]) == ("ALL_DONE", "ALL_DONE")


async def test_an_entry_that_is_filled_at_once_answers_with_pending_orders_still(pro: Ccxt, kind: str) -> None:
    placed = await place(pro, kind, workingPrice="61000", newOrderRespType="FULL")
    working, *pending = placed["orderReports"]
    assert (working["status"], len(working["fills"]) > 0) == ("FILLED", True)
    assert {report["status"] for report in pending} == {"PENDING_NEW"}
    assert {(await shown(pro, report["clientOrderId"]))["status"] for report in pending} == {"NEW"}


async def test_an_entry_that_expires_ends_the_list(pro: Ccxt, kind: str) -> None:
    await place(pro, kind, workingTimeInForce="IOC")
    assert set(await states(pro, kind)) == {"EXPIRED"}
    assert (await shown(pro, "target"))["expiryReason"] == "OTO_PHASE_ONE_EXPIRED"
    assert await pro.private_get_openorderlist() == []


@pytest.mark.parametrize("how", ["list", "entry", "target", "all"])
async def test_a_cancel_of_any_part_is_a_cancel_of_the_whole(pro: Ccxt, kind: str, how: str) -> None:
    await place(pro, kind)
    if how == "list":
        await pro.private_delete_orderlist({"symbol": "BTCUSDT", "listClientOrderId": "list"})
    elif how == "all":
        await pro.cancel_all_orders(BTC)
    else:
        await pro.cancel_order(None, BTC, {"clientOrderId": how})
    assert set(await states(pro, kind)) == {"CANCELED"}
    assert (await pro.fetch_balance())["USDT"]["used"] == 0


async def test_a_pending_order_without_funds_expires_as_rejected(pro: Ccxt, control: ControlClient) -> None:
    await place(pro, "oto", pendingQuantity="11")
    await control.move_price("BTCUSDT", "58000")
    assert await states(pro, "oto") == ["FILLED", "EXPIRED"]
    assert (await shown(pro, "target"))["expiryReason"] == "REJECTED"


REFUSED = [
    ("oto", {"workingType": "MARKET"}, "-1116"),
    ("oto", {"workingType": "STOP_LOSS"}, "-1116"),
    ("oto", {"workingPrice": None}, "-1102"),
    ("oto", {"workingTimeInForce": None}, "-1102"),
    ("oto", {"pendingQuantity": None}, "-1102"),
    ("oto", {"pendingType": None}, "-1102"),
    ("oto", {"pendingSide": "HOLD"}, "-1117"),
    ("oto", {"pendingStopPrice": "62000"}, "-1106"),
    ("oto", {"workingStopPrice": "58000"}, "-1104"),
    ("oto", {"pendingType": "MARKET", "pendingPrice": None, "pendingTimeInForce": None, "pendingQuantity": None,
             "pendingQuoteOrderQty": "100"}, "-1102"),
    ("oto", {"workingQuantity": "100"}, "insufficient balance"),
    ("oto", {"pendingClientOrderId": "entry"}, "Duplicate order sent"),
    ("oto", {"pendingPrice": "62000.001"}, "-1013"),
    ("oto", {"pendingQuantity": "0.00001"}, "-1013"),
    ("oto", {"workingQuantity": "0.0000001"}, "-1013"),
    ("otoco", {"pendingSide": "BUY"}, "-1165"),
    ("otoco", {"pendingAboveType": "LIMIT"}, "-1158"),
    ("otoco", {"pendingBelowType": "TAKE_PROFIT", "pendingBelowPrice": None, "pendingBelowTimeInForce": None}, "-1199"),
    ("otoco", {"pendingAboveStopPrice": "61000"}, "-1106"),
    ("otoco", {"pendingBelowStopPrice": None}, "-1102"),
    ("opo", {"workingSide": "SELL", "workingPrice": "61000"}, "-1222"),
    ("opo", {"pendingSide": "BUY"}, "-1223"),
    ("opo", {"pendingQuantity": "0.01"}, "-1104"),
    ("opoco", {"pendingAboveType": "LIMIT"}, "-1158"),
    ("opoco", {"workingQuantity": "100"}, "insufficient balance"),
]  # fmt: skip


@pytest.mark.parametrize(("of", "changes", "told"), REFUSED)
async def test_a_list_that_breaks_a_rule_is_refused_whole(
    pro: Ccxt, of: str, changes: dict[str, str | None], told: str
) -> None:
    with pytest.raises(ccxt.ExchangeError, match=told):
        await place(pro, of, **changes)
    assert await pro.fetch_orders(BTC) == []
    assert await pro.private_get_allorderlist() == []


@pytest.mark.parametrize(("at", "exists"), [("before_engine", False), ("after_engine", True)])
async def test_a_lost_answer_leaves_the_list_placed_or_not(
    pro: Ccxt, control: ControlClient, kind: str, at: str, exists: bool
) -> None:
    await pro.load_markets()
    match = {"method": "POST", "path": f"/api/v3/orderList/{kind}", "client_order_id": "list"}
    await control.add_fault({"match": match, "at": at, "do": "drop", "count": 1})
    with pytest.raises(ccxt.NetworkError):
        await place(pro, kind)
    truth = (await control.dump())["default"]
    assert [each["listClientOrderId"] for each in truth.lists] == ["list"] * exists
    assert [len(truth.named(name)) for name in names(kind)] == [int(exists)] * len(names(kind))


async def test_lagging_look_ups_show_pending_orders_for_a_while(pro: Ccxt, control: ControlClient) -> None:
    await pro.load_markets()
    await control.set_modes(lookup_lag_ms=5_000)
    await place(pro, "otoco")
    with pytest.raises(ccxt.OrderNotFound):
        await shown(pro, "target")
    pro.options["recvWindow"] = 60_000
    await control.advance_clock(5_001)
    await control.move_price("BTCUSDT", "58000")
    assert (await shown(pro, "target"))["status"] == "PENDING_NEW"
    await control.advance_clock(5_001)
    assert (await shown(pro, "target"))["status"] == "NEW"
