"""Quantities that are taken down in their place: what is kept, what is renamed, what is refused."""

from dataclasses import replace

import pytest

from paper_exchange.commands import SetSymbolStatus
from paper_exchange.engine import Engine
from paper_exchange.events import AccountPosition, BookChange, ExecutionType, OrderUpdate
from paper_exchange.model import Order, OrderStatus, OrderType, Side
from paper_exchange.order_commands import ReduceOrder
from paper_exchange.refusals import (
    AMEND_BELOW_EXECUTED,
    AMEND_DUPLICATE,
    AMEND_INCREASE,
    AMEND_NO_CHANGE,
    AMEND_TOO_OFTEN,
    AMEND_UNKNOWN_ORDER,
    AMEND_UNSUPPORTED,
    CLIENT_ORDER_ID_MISMATCH,
    INVALID_SYMBOL,
    MARKET_CLOSED,
    NO_SUCH_ORDER,
    Refusal,
)
from paper_exchange.replies import OrderReduced, Reply
from paper_exchange.snapshot import digest, dump, load
from paper_exchange.symbols import SymbolStatus
from support.paper_engine import BTCUSDT, Bench, amount


def reduce(bench: Bench, quantity: str, **changes: object) -> Reply:
    fields: dict[str, object] = {"account": "alice", "symbol": "BTCUSDT", "quantity": amount(quantity), **changes}
    return bench.do(ReduceOrder(**fields))  # type: ignore[arg-type]


def reduced(bench: Bench, quantity: str, **changes: object) -> OrderReduced:
    reply = reduce(bench, quantity, **changes)
    assert isinstance(reply, OrderReduced), reply
    return reply


def by_client_id(bench: Bench, client_order_id: str) -> Order | Refusal:
    return bench.engine.read.order("alice", "BTCUSDT", client_order_id=client_order_id, now=bench.now)


def test_a_smaller_quantity_frees_what_was_locked_for_the_rest() -> None:
    bench = Bench()
    bench.placed(quantity="0.05", client_order_id="mine")
    reply = reduced(bench, "0.02", client_order_id="mine", new_client_order_id="mine")

    assert (reply.order.order_id, reply.order.quantity, reply.order.status) == (1, amount("0.02"), OrderStatus.NEW)
    assert bench.locked("alice", "USDT") == amount("1000")
    assert bench.engine.read.depth("BTCUSDT").bids == ((amount("50000"), amount("0.02")),)


def test_the_order_keeps_its_place_in_the_queue() -> None:
    bench = Bench()
    bench.placed(quantity="0.05")
    bench.placed(account="bob", quantity="0.05")
    reduced(bench, "0.01", order_id=1)
    bench.placed(account="bob", side=Side.SELL, quantity="0.01")

    assert bench.engine.read.open_orders("alice") == []


def test_a_partly_filled_order_is_reduced_to_a_total_above_what_is_filled() -> None:
    bench = Bench()
    bench.placed(quantity="0.05")
    bench.placed(account="bob", side=Side.SELL, quantity="0.02")
    reply = reduced(bench, "0.03", order_id=1)

    assert (reply.order.executed, reply.order.remaining) == (amount("0.02"), amount("0.01"))
    assert reply.order.status is OrderStatus.PARTIALLY_FILLED
    assert bench.locked("alice", "USDT") == amount("500")


def test_a_waiting_stop_is_reduced_too() -> None:
    bench = Bench()
    bench.placed(account="bob", side=Side.SELL, quantity="1")
    bench.placed(quantity="0.01")
    stop = bench.placed(
        type=OrderType.STOP_LOSS, side=Side.SELL, stop_price="49000", price=None, time_in_force=None, quantity="0.05"
    )
    reduced(bench, "0.02", order_id=stop.order_id)

    assert bench.locked("alice", "BTC") == amount("0.02")


def test_without_a_new_client_id_the_venue_invents_one_and_forgets_the_old() -> None:
    bench = Bench()
    bench.placed(quantity="0.05", client_order_id="mine")
    reply = reduced(bench, "0.02", client_order_id="mine")
    invented = reply.order.client_order_id

    assert (reply.orig_client_order_id, invented != "mine") == ("mine", True)
    assert by_client_id(bench, "mine") == NO_SUCH_ORDER
    found = by_client_id(bench, invented)
    assert isinstance(found, Order)
    assert found.order_id == 1
    bench.placed(client_order_id="mine")


def test_the_report_carries_both_ids_and_comes_before_the_position() -> None:
    bench = Bench()
    bench.placed(quantity="0.05", client_order_id="old")
    reply = reduced(bench, "0.02", client_order_id="old", new_client_order_id="new")
    update, position, change = bench.last.events

    assert isinstance(update, OrderUpdate)
    assert (update.execution, update.status) == (ExecutionType.REPLACED, OrderStatus.NEW)
    assert (update.client_order_id, update.orig_client_order_id) == ("new", "old")
    assert (update.execution_id, update.on_book) == (reply.execution_id, True)
    assert isinstance(position, AccountPosition)
    assert isinstance(change, BookChange)


def test_amendments_are_remembered_in_their_order() -> None:
    bench = Bench()
    bench.placed(quantity="0.05", client_order_id="a")
    reduced(bench, "0.04", order_id=1, new_client_order_id="b")
    reduced(bench, "0.03", order_id=1, new_client_order_id="b")
    rows = bench.engine.read.amendments("alice", "BTCUSDT", 1)

    told = [(row.orig_client_order_id, row.new_client_order_id, row.orig_quantity, row.new_quantity) for row in rows]
    assert told == [("a", "b", amount("0.05"), amount("0.04")), ("b", "b", amount("0.04"), amount("0.03"))]
    assert rows[0].execution_id < rows[1].execution_id


REFUSED = [
    ("0.06", {"order_id": 1}, AMEND_INCREASE),
    ("0.05", {"order_id": 1}, AMEND_NO_CHANGE),
    ("0.02", {"order_id": 1}, AMEND_BELOW_EXECUTED),
    ("0.03", {"order_id": 9}, AMEND_UNKNOWN_ORDER),
    ("0.03", {"client_order_id": "nobody"}, AMEND_UNKNOWN_ORDER),
    ("0.03", {"order_id": 1, "client_order_id": "other"}, CLIENT_ORDER_ID_MISMATCH),
    ("0.03", {"order_id": 1, "new_client_order_id": "other"}, AMEND_DUPLICATE),
    ("0.03", {"order_id": 1, "account": "bob"}, AMEND_UNKNOWN_ORDER),
    ("0.03", {"order_id": 1, "symbol": "NOPE"}, INVALID_SYMBOL),
    ("0.030001", {"order_id": 1}, Refusal(-1013, "Filter failure: LOT_SIZE")),
]


@pytest.mark.parametrize(("quantity", "changes", "refusal"), REFUSED)
def test_a_refused_amend_changes_nothing(quantity: str, changes: dict[str, object], refusal: Refusal) -> None:
    bench = Bench()
    bench.placed(quantity="0.05", client_order_id="mine")
    bench.placed(price="48000", client_order_id="other")
    bench.placed(account="bob", side=Side.SELL, quantity="0.02")
    before = digest(bench.engine.state)

    assert reduce(bench, quantity, **changes) == refusal
    assert (digest(bench.engine.state), bench.last.events) == (before, ())


def test_an_amend_that_leaves_too_little_value_is_refused() -> None:
    bench = Bench()
    bench.placed(quantity="0.05")

    assert reduce(bench, "0.00009", order_id=1) == Refusal(-1013, "Filter failure: NOTIONAL")


def test_a_closed_market_and_an_ended_order_take_no_amend() -> None:
    bench = Bench()
    bench.placed(quantity="0.05")
    bench.do(SetSymbolStatus(symbol="BTCUSDT", status=SymbolStatus.HALT))
    assert reduce(bench, "0.03", order_id=1) == MARKET_CLOSED
    bench.cancel(order_id=1)

    assert reduce(bench, "0.03", order_id=1) == AMEND_UNKNOWN_ORDER


def test_a_symbol_limits_amends_or_does_without_them() -> None:
    bench = Bench(replace(BTCUSDT, max_amends=1))
    bench.placed(quantity="0.05")
    reduced(bench, "0.04", order_id=1)
    assert reduce(bench, "0.03", order_id=1) == AMEND_TOO_OFTEN

    without = Bench(replace(BTCUSDT, allow_amend=False))
    without.placed(quantity="0.05")
    assert reduce(without, "0.03", order_id=1) == AMEND_UNSUPPORTED


def test_a_snapshot_carries_names_and_amendments() -> None:
    bench = Bench()
    bench.placed(quantity="0.05", client_order_id="a")
    bench.placed(price="48000", client_order_id="b")
    bench.cancel(client_order_id="b")
    reduced(bench, "0.04", order_id=1, new_client_order_id="b")
    restored = Bench()
    restored.engine = Engine(load(dump(bench.engine.state)))

    assert digest(restored.engine.state) == digest(bench.engine.state)
    for client_order_id in ("a", "b"):
        assert by_client_id(restored, client_order_id) == by_client_id(bench, client_order_id)
    amended = by_client_id(restored, "b")
    assert isinstance(amended, Order)
    assert amended.order_id == 1
    assert restored.engine.read.amendments("alice", "BTCUSDT", 1) == bench.engine.read.amendments("alice", "BTCUSDT", 1)
