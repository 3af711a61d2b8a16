"""One-cancels-the-other: what is taken, what is locked, and how one order ends the other."""

from typing import Any

import pytest

from paper_exchange.commands import ListSymbol, SweepTo
from paper_exchange.events import ExecutionType, ListUpdate, OrderUpdate
from paper_exchange.list_model import ListOrderStatus, OrderList
from paper_exchange.model import OrderStatus, OrderType, Side, TimeInForce
from paper_exchange.order_commands import CancelList, CancelOpenOrders, PlaceOco, PlaceOrder
from paper_exchange.refusals import INSUFFICIENT_BALANCE, Refusal
from paper_exchange.replies import ListCanceled, ListPlaced, OrderCanceled, OrdersCanceled
from support import paper_engine
from support.paper_engine import Bench, amount, order

LIMIT = {"type": OrderType.LIMIT_MAKER, "price": "51000", "time_in_force": None}
STOP = {"type": OrderType.STOP_LOSS, "stop_price": "49000", "price": None, "time_in_force": None}


def leg(**changes: object) -> PlaceOrder:
    return order(side=Side.SELL, **changes)


def oco(above: dict[str, Any] | None = None, below: dict[str, Any] | None = None, **both: object) -> PlaceOco:
    """Sell 0.01 BTC at 51000, or at the market once 49000 is reached."""
    named = {"client_order_id": "target"} | LIMIT | (above or {})
    other = {"client_order_id": "stop"} | STOP | (below or {})
    return PlaceOco(above=leg(**named, **both), below=leg(**other, **both), list_client_order_id="list")


@pytest.fixture
def bench() -> Bench:
    """The last trade was at 50000, and somebody buys far below and sells far above."""
    found = Bench()
    found.placed(account="bob", price="50000", quantity="0.001")
    found.placed(account="alice", side=Side.SELL, price="50000", quantity="0.001")
    found.placed(account="bob", price="48000", quantity="5")
    return found


def listed(bench: Bench, command: PlaceOco | None = None) -> OrderList:
    reply = bench.do(command or oco())
    assert isinstance(reply, ListPlaced), reply
    return reply.order_list


def status(bench: Bench, name: str) -> tuple[OrderStatus, int]:
    found = bench.engine.read.order("alice", "BTCUSDT", client_order_id=name, now=bench.now)
    assert not isinstance(found, Refusal)
    return found.status, found.executed


def test_both_orders_rest_and_the_funds_are_locked_once(bench: Bench) -> None:
    found = listed(bench)

    assert [name for _, name in found.orders] == ["stop", "target"]
    assert (status(bench, "stop"), status(bench, "target")) == ((OrderStatus.NEW, 0), (OrderStatus.NEW, 0))
    assert bench.locked("alice", "BTC") == amount("0.01")
    assert [update.execution for update in bench.events(OrderUpdate)] == [ExecutionType.NEW, ExecutionType.NEW]
    assert [each.order_list.order_status for each in bench.events(ListUpdate)] == [ListOrderStatus.EXECUTING]


def test_a_buying_list_locks_what_the_dearer_order_may_spend(bench: Bench) -> None:
    above = order(**STOP | {"stop_price": "52000"})
    below = order(**LIMIT | {"price": "49000"})
    reply = bench.do(PlaceOco(above=above, below=below))

    assert isinstance(reply, ListPlaced)
    assert bench.locked("alice", "USDT") == amount("520")


def test_the_first_part_of_the_limit_that_is_filled_expires_the_stop(bench: Bench) -> None:
    listed(bench)
    bench.placed(account="bob", price="51000", quantity="0.004")

    assert status(bench, "target") == (OrderStatus.PARTIALLY_FILLED, amount("0.004"))
    assert status(bench, "stop") == (OrderStatus.EXPIRED, 0)
    assert bench.locked("alice", "BTC") == amount("0.006")

    bench.placed(account="bob", price="51000", quantity="0.006")
    assert status(bench, "target") == (OrderStatus.FILLED, amount("0.01"))
    assert [each.order_list.order_status for each in bench.events(ListUpdate)] == [ListOrderStatus.ALL_DONE]
    assert bench.locked("alice", "BTC") == 0


def test_a_stop_that_fires_expires_the_limit_and_sells(bench: Bench) -> None:
    listed(bench)
    bench.placed(account="alice", side=Side.SELL, price="48000", quantity="0.001")

    assert status(bench, "stop") == (OrderStatus.FILLED, amount("0.01"))
    assert status(bench, "target") == (OrderStatus.EXPIRED, 0)
    assert bench.locked("alice", "BTC") == 0


@pytest.mark.parametrize("canceled", ["stop", "target"])
def test_the_cancel_of_one_order_cancels_the_list(bench: Bench, canceled: str) -> None:
    listed(bench)
    bench.cancel(client_order_id=canceled)

    assert status(bench, "stop") == status(bench, "target") == (OrderStatus.CANCELED, 0)
    assert bench.locked("alice", "BTC") == 0


def test_a_list_is_canceled_as_a_whole_and_once(bench: Bench) -> None:
    listed(bench)
    cancel = CancelList(account="alice", symbol="BTCUSDT", list_client_order_id="list")

    reply = bench.do(cancel)
    assert isinstance(reply, ListCanceled)
    assert [(each.order.client_order_id, each.order.status) for each in reply.canceled] == [
        ("stop", OrderStatus.CANCELED),
        ("target", OrderStatus.CANCELED),
    ]
    assert bench.do(cancel) == Refusal(-2011, "Unknown order sent.")


def test_a_canceled_part_leaves_nothing_locked(bench: Bench) -> None:
    listed(bench)
    bench.placed(account="bob", price="51000", quantity="0.004")
    bench.cancel(client_order_id="target")

    assert status(bench, "target") == (OrderStatus.CANCELED, amount("0.004"))
    assert bench.locked("alice", "BTC") == 0


def test_both_triggers_in_one_command_let_only_the_first_work(bench: Bench) -> None:
    """A sweep passes a take profit and a stop loss; the earlier order is the one that sells."""
    listed(bench, oco({"type": OrderType.TAKE_PROFIT, "stop_price": "51000", "price": None}))
    bench.placed(account="bob", price="47000", quantity="5")
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("51000")))
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("48500")))

    filled = [status(bench, name)[1] for name in ("stop", "target")]
    assert sorted(filled) == [0, amount("0.01")]


REFUSED: list[tuple[dict[str, Any], dict[str, Any], int, str]] = [
    ({"type": OrderType.LIMIT, "time_in_force": TimeInForce.GTC}, {}, -1158, "not supported in OCO"),
    ({}, {"type": OrderType.LIMIT_MAKER, "price": "49000", "stop_price": None}, -1168, "contingent"),
    (STOP | {"stop_price": "51000"}, {}, -1197, "must be below"),
    ({}, {"type": OrderType.TAKE_PROFIT, "stop_price": "49000"}, -1199, "must be above"),
    ({"price": "50000"}, {}, -2010, "relationship of the prices"),
    ({}, {"stop_price": "50000"}, -2010, "relationship of the prices"),
    ({"price": None}, {}, -1102, "'abovePrice'"),
    ({}, {"stop_price": None}, -1102, "'belowStopPrice' or 'belowTrailingDelta'"),
    ({"time_in_force": TimeInForce.GTC}, {}, -1106, "'aboveTimeInForce'"),
    ({"price": "51000.001"}, {}, -1013, "PRICE_FILTER"),
    ({"client_order_id": "stop"}, {}, -2010, "Duplicate order sent"),
]


@pytest.mark.parametrize(("above", "below", "code", "text"), REFUSED)
def test_a_list_that_the_venue_does_not_take_is_refused_whole(
    bench: Bench, above: dict[str, Any], below: dict[str, Any], code: int, text: str
) -> None:
    reply = bench.do(oco(above, below))

    assert isinstance(reply, Refusal)
    assert (reply.code, text in reply.message) == (code, True)
    assert bench.engine.read.open_orders("alice") == []


@pytest.mark.parametrize(
    ("above", "below", "code"),
    [
        (STOP | {"stop_price": "51000"}, LIMIT | {"price": "49000"}, None),
        (LIMIT | {"price": "51000"}, STOP | {"stop_price": "49000"}, -1165),
        (STOP | {"type": OrderType.TAKE_PROFIT, "stop_price": "51000"}, LIMIT | {"price": "49000"}, -1198),
        (STOP | {"stop_price": "51000"}, STOP | {"stop_price": "49000"}, -1196),
    ],
)
def test_a_buying_list_has_its_stop_above(
    bench: Bench, above: dict[str, Any], below: dict[str, Any], code: int | None
) -> None:
    reply = bench.do(PlaceOco(above=order(**above), below=order(**below)))

    assert (reply.code if isinstance(reply, Refusal) else None) == code


def test_the_id_of_a_working_list_is_taken_and_free_again_after_its_end(bench: Bench) -> None:
    listed(bench)
    other = oco({"client_order_id": "t2"}, {"client_order_id": "s2"})

    assert bench.do(other) == Refusal(-2010, "Duplicate order sent.")
    bench.cancel(client_order_id="stop")
    assert isinstance(bench.do(other), ListPlaced)


def test_an_order_that_meets_its_own_account_expires_its_whole_list(bench: Bench) -> None:
    listed(bench)
    bench.placed(account="alice", price="51000", quantity="0.004")

    assert status(bench, "target") == (OrderStatus.EXPIRED_IN_MATCH, 0)
    assert status(bench, "stop") == (OrderStatus.EXPIRED, 0)
    assert bench.locked("alice", "BTC") == 0


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"max_order_lists": 1}, "MAX_NUM_ORDER_LISTS"),
        ({"max_orders": 3}, "MAX_NUM_ORDERS"),
        ({"max_algo_orders": 1}, "MAX_NUM_ALGO_ORDERS"),
    ],
)
def test_a_symbol_has_room_for_so_many_lists(rule: dict[str, int], text: str) -> None:
    bench = Bench(paper_engine.symbol(**rule))
    bench.do(oco())

    second = PlaceOco(above=leg(**LIMIT), below=leg(**STOP))
    assert bench.do(second) == Refusal(-1013, f"Filter failure: {text}")


def test_two_orders_that_wait_for_a_price_count_as_two() -> None:
    bench = Bench(paper_engine.symbol(max_algo_orders=1))
    profit = {"type": OrderType.TAKE_PROFIT, "stop_price": "51000", "price": None}
    assert bench.do(oco(profit)) == Refusal(-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")
    assert isinstance(bench.do(oco()), ListPlaced)


def test_funds_for_one_order_are_enough_for_both_and_less_are_not(bench: Bench) -> None:
    have = bench.free("alice", "BTC")
    wide = {"max_quantity": 0, "bid_multiplier_up": 0, "ask_multiplier_up": 0, "max_notional": 0}
    bench.do(ListSymbol(symbol=paper_engine.symbol(**wide)))

    assert bench.do(oco(quantity=have + amount("0.00001"))) == INSUFFICIENT_BALANCE
    listed(bench, oco(quantity=have))
    assert bench.free("alice", "BTC") == 0


def test_canceling_all_open_orders_names_each_list_once(bench: Bench) -> None:
    listed(bench)
    alone = bench.placed(price="40000")
    reply = bench.do(CancelOpenOrders(account="alice", symbol="BTCUSDT"))

    assert isinstance(reply, OrdersCanceled)
    whole, single = reply.canceled
    assert isinstance(whole, ListCanceled)
    assert isinstance(single, OrderCanceled)
    assert (len(whole.canceled), single.order.order_id) == (2, alone.order_id)


def test_a_list_is_found_by_either_id_and_by_nobody_else(bench: Bench) -> None:
    found = listed(bench)
    read = bench.engine.read

    assert read.order_list("alice", found.list_id, None) == read.order_list("alice", None, "list") == found
    assert read.order_list("bob", found.list_id, None) == Refusal(-2018, "Order list does not exist.")
    assert [each.list_id for each in read.order_lists("alice")] == [found.list_id]
