"""The user data stream, event by event: what each step in the life of an order says, and in which order.

Reports come before the position that they led to, whatever the step.
"""

from dataclasses import replace
from typing import Any

from paper_exchange.commands import CreateAccount, Deposit, SweepTo
from paper_exchange.model import OrderType, Side, TimeInForce
from paper_exchange.order_commands import CancelOrder, ReduceOrder, ReplaceMode, ReplaceOrder
from support.paper_engine import amount, market, order
from support.paper_stream import Stream

POSITION = "position"


def steps(events: list[dict[str, Any]]) -> list[Any]:
    """Of each report execution type, status and whether it is on the book; POSITION for a position."""
    return [(event["x"], event["X"], event["w"]) if event["e"] == "executionReport" else POSITION for event in events]


MINE = {"account": "default", "client_order_id": "mine"}


async def test_a_resting_order_is_new_and_its_cancel_names_both_ids(stream: Stream) -> None:
    placed = await stream.after(order(**MINE, price="59000"), 2)
    canceled = await stream.after(
        CancelOrder(account="default", symbol="BTCUSDT", client_order_id="mine", cancel_client_id="away"), 2
    )

    assert steps(placed) == [("NEW", "NEW", True), POSITION]
    assert (placed[0]["c"], placed[0]["C"], placed[0]["W"]) == ("mine", "", placed[0]["O"])
    assert steps(canceled) == [("CANCELED", "CANCELED", False), POSITION]
    assert (canceled[0]["c"], canceled[0]["C"]) == ("away", "mine")
    assert [entry["l"] for entry in canceled[1]["B"]] == ["0.00000000"]


async def test_a_market_order_is_new_and_then_traded_level_by_level(stream: Stream) -> None:
    events = await stream.after(market(**MINE, quantity="0.02"), 4)

    assert steps(events) == [
        ("NEW", "NEW", True),
        ("TRADE", "PARTIALLY_FILLED", False),
        ("TRADE", "FILLED", False),
        POSITION,
    ]
    trades = events[1:3]
    assert [trade["z"] for trade in trades] == [trades[0]["l"], "0.02000000"]
    assert trades[0]["t"] < trades[1]["t"]
    assert (trades[1]["N"], trades[1]["m"]) == ("BTC", False)


async def test_an_order_that_may_not_wait_expires_with_its_reason(stream: Stream) -> None:
    events = await stream.after(order(**MINE, price="59000", time_in_force=TimeInForce.IOC), 3)

    assert steps(events) == [("NEW", "NEW", True), ("EXPIRED", "EXPIRED", False), POSITION]
    assert events[1]["eR"] == "UNFILLED_IOC_QUANTITY_EXPIRED"


async def test_a_stop_is_new_twice_off_the_book_and_on_it(stream: Stream) -> None:
    stop = order(**MINE, type=OrderType.STOP_LOSS, side=Side.SELL, stop_price="59000", price=None, time_in_force=None)
    placed = await stream.after(stop, 2)
    fired = await stream.after(SweepTo(symbol="BTCUSDT", price=amount("59000")), 3)

    assert steps(placed) == [("NEW", "NEW", False), POSITION]
    assert (placed[0]["P"], "W" in placed[0]) == ("59000.00000000", False)
    assert steps(fired) == [("NEW", "NEW", True), ("TRADE", "FILLED", False), POSITION]
    assert fired[0]["W"] >= fired[0]["O"]
    assert fired[1]["I"] == fired[0]["I"] + 1


async def test_a_trailing_stop_tells_its_distance_and_since_when_it_follows(stream: Stream) -> None:
    placed = await stream.after(
        order(**MINE, type=OrderType.STOP_LOSS, side=Side.SELL, trailing_delta=100, price=None, time_in_force=None),
        2,
    )

    assert (placed[0]["d"], placed[0]["D"]) == (100, placed[0]["O"])


async def test_a_stop_that_cannot_be_paid_any_more_expires_as_rejected(stream: Stream) -> None:
    await stream.after(CreateAccount(account="rich"), 0)
    await stream.after(Deposit(account="rich", asset="BTC", amount=amount("20")), 0)
    await stream.after(order(account="rich", side=Side.SELL, price="65000", quantity="20"), 0)
    stop = order(**MINE, type=OrderType.STOP_LOSS, stop_price="61000", price=None, time_in_force=None, quantity="16")
    await stream.after(stop, 2)
    fired = await stream.after(SweepTo(symbol="BTCUSDT", price=amount("61000")), 2)

    assert steps(fired) == [("EXPIRED", "EXPIRED", False), POSITION]
    assert (fired[0]["eR"], fired[0]["z"]) == ("REJECTED", "0.00000000")


async def test_an_amend_is_replaced_in_place_with_both_ids(stream: Stream) -> None:
    await stream.after(order(**MINE, price="59000"), 2)
    events = await stream.after(
        ReduceOrder(
            account="default",
            symbol="BTCUSDT",
            client_order_id="mine",
            quantity=amount("0.005"),
            new_client_order_id="less",
        ),
        2,
    )

    assert steps(events) == [("REPLACED", "NEW", True), POSITION]
    assert (events[0]["c"], events[0]["C"], events[0]["q"]) == ("less", "mine", "0.00500000")


async def test_a_cancel_replace_is_canceled_then_new_then_one_position(stream: Stream) -> None:
    await stream.after(order(**MINE, price="59000"), 2)
    cancel = CancelOrder(account="default", symbol="BTCUSDT", client_order_id="mine", cancel_client_id="away")
    wanted = replace(order(**MINE, price="58000"), client_order_id="next")
    events = await stream.after(ReplaceOrder(cancel=cancel, order=wanted, mode=ReplaceMode.STOP_ON_FAILURE), 3)

    assert steps(events) == [("CANCELED", "CANCELED", False), ("NEW", "NEW", True), POSITION]
    assert [event.get("c") for event in events[:2]] == ["away", "next"]


async def test_a_maker_hears_of_its_fill(stream: Stream) -> None:
    await stream.after(order(**MINE, price="60000"), 2)
    events = await stream.after(SweepTo(symbol="BTCUSDT", price=amount("59000")), 2)

    assert steps(events) == [("TRADE", "FILLED", False), POSITION]
    assert events[0]["m"] is True
