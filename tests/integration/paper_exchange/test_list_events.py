"""The user data stream about order lists: reports that name the list, and `listStatus`."""

from typing import Any

from paper_exchange.commands import SweepTo
from paper_exchange.model import OrderType, Side
from paper_exchange.order_commands import CancelList, PlaceOco, PlacePending, ReduceOrder
from support.paper_engine import amount, order
from support.paper_stream import Stream

ENTRY = order(account="default", price="59000", client_order_id="entry")
TARGET = order(
    account="default",
    side=Side.SELL,
    type=OrderType.LIMIT_MAKER,
    price="62000",
    time_in_force=None,
    client_order_id="target",
)
STOP = order(
    account="default",
    side=Side.SELL,
    type=OrderType.STOP_LOSS,
    stop_price="57000",
    price=None,
    time_in_force=None,
    client_order_id="stop",
)
OCO = PlaceOco(above=TARGET, below=STOP, list_client_order_id="list")
OTOCO = PlacePending(working=ENTRY, pending=(TARGET, STOP), list_client_order_id="list")
CANCEL = CancelList(account="default", symbol="BTCUSDT", list_client_order_id="list", cancel_client_id="why")


def told(events: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Of each report order, execution type and status; of each listStatus contingency, type and status."""
    return [
        (event["c"] if event["x"] != "CANCELED" else event["C"], event["x"], event["X"])
        if event["e"] == "executionReport"
        else (event["c"], event["l"], event["L"])
        for event in events
        if event["e"] in {"executionReport", "listStatus"}
    ]


async def test_an_oco_is_told_with_both_orders_and_its_own_status(stream: Stream) -> None:
    events = await stream.after(OCO, 4)

    assert told(events) == [
        ("stop", "NEW", "NEW"),
        ("target", "NEW", "NEW"),
        ("OCO", "EXEC_STARTED", "EXECUTING"),
    ]
    stop, target, status, _ = events
    assert stop["g"] == target["g"] == status["g"]
    assert {name: status[name] for name in ("s", "r", "C", "T")} == {
        "s": "BTCUSDT",
        "r": "NONE",
        "C": "list",
        "T": stop["T"],
    }
    assert status["O"] == [{"s": "BTCUSDT", "i": event["i"], "c": event["c"]} for event in (stop, target)]


async def test_a_trigger_expires_the_other_order_and_the_end_of_the_last_one_ends_the_list(stream: Stream) -> None:
    await stream.after(OCO, 4)
    events = await stream.after(SweepTo(symbol="BTCUSDT", price=amount("57000")), 5)

    assert told(events) == [
        ("target", "EXPIRED", "EXPIRED"),
        ("stop", "NEW", "NEW"),
        ("stop", "TRADE", "FILLED"),
        ("OCO", "ALL_DONE", "ALL_DONE"),
    ]
    assert events[0]["eR"] == "OCO_TRIGGER"


async def test_the_cancel_of_a_list_is_a_cancel_of_each_order(stream: Stream) -> None:
    await stream.after(OCO, 4)
    events = await stream.after(CANCEL, 4)

    assert told(events) == [
        ("stop", "CANCELED", "CANCELED"),
        ("target", "CANCELED", "CANCELED"),
        ("OCO", "ALL_DONE", "ALL_DONE"),
    ]
    assert {event["c"] for event in events[:2]} == {"why"}


async def test_pending_orders_are_told_when_they_come_and_when_they_are_placed(stream: Stream) -> None:
    placed = await stream.after(OTOCO, 5)
    assert told(placed) == [
        ("entry", "NEW", "NEW"),
        ("stop", "NEW", "PENDING_NEW"),
        ("target", "NEW", "PENDING_NEW"),
        ("OTO", "EXEC_STARTED", "EXECUTING"),
    ]
    assert [event["w"] for event in placed[:3]] == [True, False, False]

    filled = await stream.after(SweepTo(symbol="BTCUSDT", price=amount("59000")), 5)
    assert told(filled) == [
        ("entry", "TRADE", "FILLED"),
        ("OTO", "EXEC_STARTED", "EXECUTING"),
        ("stop", "NEW", "NEW"),
        ("target", "NEW", "NEW"),
    ]
    assert {event["g"] for event in [*placed, *filled] if "g" in event} == {placed[3]["g"]}


async def test_a_refused_pending_order_tells_why(stream: Stream) -> None:
    await stream.after(OTOCO, 5)
    events = await stream.after(SweepTo(symbol="BTCUSDT", price=amount("56000")), 5)

    assert told(events) == [
        ("entry", "TRADE", "FILLED"),
        ("stop", "EXPIRED", "EXPIRED"),
        ("target", "EXPIRED", "EXPIRED"),
        ("OTO", "ALL_DONE", "ALL_DONE"),
    ]
    assert [(event["r"], event["eR"]) for event in events[1:3]] == [
        ("STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY", "REJECTED"),
        ("NONE", "OCO_TRIGGER"),
    ]


async def test_a_new_client_order_id_is_told_as_an_update_of_the_list(stream: Stream) -> None:
    await stream.after(OCO, 4)
    amend = ReduceOrder(
        account="default",
        symbol="BTCUSDT",
        client_order_id="target",
        quantity=amount("0.005"),
        new_client_order_id="smaller",
    )
    events = await stream.after(amend, 4)

    assert told(events) == [
        ("smaller", "REPLACED", "NEW"),
        ("stop", "REPLACED", "NEW"),
        ("OCO", "UPDATED", "EXECUTING"),
    ]
    assert [entry["c"] for entry in events[2]["O"]] == ["stop", "smaller"]


async def test_lists_are_placed_read_and_canceled_by_message_too(stream: Stream) -> None:
    placed = await stream.ask(
        "orderList.place.opo",
        symbol="BTCUSDT",
        listClientOrderId="list",
        workingType="LIMIT",
        workingSide="BUY",
        workingPrice="59000",
        workingQuantity="0.01",
        workingTimeInForce="GTC",
        pendingType="LIMIT_MAKER",
        pendingSide="SELL",
        pendingPrice="62000",
    )
    assert (placed["status"], placed["result"]["contingencyType"]) == (200, "OTO")
    assert [limit["count"] for limit in placed["rateLimits"] if limit["rateLimitType"] == "ORDERS"] == [2, 2]
    found = await stream.ask("orderList.status", origClientOrderId="list")
    assert found["result"]["orderListId"] == placed["result"]["orderListId"]
    assert len((await stream.ask("openOrderLists.status"))["result"]) == 1
    canceled = await stream.ask("orderList.cancel", symbol="BTCUSDT", listClientOrderId="list")
    assert [report["status"] for report in canceled["result"]["orderReports"]] == ["CANCELED", "CANCELED"]
    assert [each["listOrderStatus"] for each in (await stream.ask("allOrderLists"))["result"]] == ["ALL_DONE"]
