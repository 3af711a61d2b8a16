"""Lists with pending orders: what waits, what it waits for, what it may spend, and how it ends."""

from typing import Any

import pytest

from paper_exchange import snapshot
from paper_exchange.commands import Command, Deposit, RestrictAccount, SetSymbolStatus, SweepTo
from paper_exchange.engine import Engine
from paper_exchange.events import ExecutionType, ListUpdate, OrderUpdate
from paper_exchange.list_model import ListOrderStatus
from paper_exchange.model import OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.order_commands import CancelList
from paper_exchange.symbols import SymbolStatus
from support.paper_engine import Bench, amount
from support.paper_pending import (
    STOP,
    TAKE,
    TARGET,
    fill_entry,
    found,
    list_status,
    listed,
    listing,
    quiet_bench,
    status,
)


@pytest.fixture
def bench() -> Bench:
    return quiet_bench()


def test_a_pending_order_waits_and_nothing_is_locked_for_it(bench: Bench) -> None:
    reply = listed(bench, listing())

    assert [each.order.status for each in reply.placed] == [OrderStatus.NEW, OrderStatus.PENDING_NEW]
    assert [update.status for update in bench.events(OrderUpdate)] == [OrderStatus.NEW, OrderStatus.PENDING_NEW]
    assert (bench.locked("carol", "USDT"), bench.engine.read.balances("carol").get("BTC")) == (amount("490"), None)
    assert [each.client_order_id for each in bench.engine.read.open_orders("carol")] == ["entry", "take"]


def test_the_last_part_of_the_working_order_places_the_pending_one(bench: Bench) -> None:
    listed(bench, listing())
    fill_entry(bench, "0.004")
    assert status(bench, "take") == (OrderStatus.PENDING_NEW, 0)
    assert bench.locked("carol", "BTC") == 0

    fill_entry(bench, "0.006")
    assert status(bench, "take") == (OrderStatus.NEW, 0)
    assert (found(bench, "take").is_working, found(bench, "take").working_time) == (True, bench.now)
    assert bench.locked("carol", "BTC") == amount("0.01")
    assert [each.order_list.order_status for each in bench.events(ListUpdate)] == [ListOrderStatus.EXECUTING]
    assert list_status(bench) is ListOrderStatus.EXECUTING

    bench.placed(account="bob", price="51000", quantity="0.01")
    assert status(bench, "take") == (OrderStatus.FILLED, amount("0.01"))
    assert list_status(bench) is ListOrderStatus.ALL_DONE


def test_the_answer_shows_the_pending_order_waiting_even_if_it_has_been_placed_at_once(bench: Bench) -> None:
    fill_entry(bench)
    reply = listed(bench, listing())

    assert [each.order.status for each in reply.placed] == [OrderStatus.FILLED, OrderStatus.PENDING_NEW]
    assert [trade.quantity for trade in reply.placed[0].fills] == [amount("0.01")]
    assert status(bench, "take") == (OrderStatus.NEW, 0)


def test_a_pending_market_order_is_executed_when_its_turn_comes(bench: Bench) -> None:
    bench.placed(account="bob", price="48000", quantity="1")
    listed(bench, listing({"side": Side.SELL, "type": OrderType.MARKET, "price": None, "time_in_force": None}
                          | {"client_order_id": "out"}))  # fmt: skip
    fill_entry(bench)

    assert status(bench, "out") == (OrderStatus.FILLED, amount("0.01"))
    assert list_status(bench) is ListOrderStatus.ALL_DONE
    assert bench.free("carol", "USDT") == amount("990")


@pytest.mark.parametrize("canceled", ["entry", "take"])
def test_the_cancel_of_either_order_cancels_the_list(bench: Bench, canceled: str) -> None:
    listed(bench, listing())
    fill_entry(bench, "0.004")
    bench.cancel(account="carol", client_order_id=canceled)

    assert status(bench, "entry") == (OrderStatus.CANCELED, amount("0.004"))
    assert status(bench, "take") == (OrderStatus.CANCELED, 0)
    assert [each.order_list.order_status for each in bench.events(ListUpdate)] == [ListOrderStatus.ALL_DONE]
    assert bench.locked("carol", "USDT") == 0


def test_the_cancel_of_the_list_names_all_of_its_orders(bench: Bench) -> None:
    listed(bench, listing(TARGET, STOP))
    reply: Any = bench.do(CancelList(account="carol", symbol="BTCUSDT", list_client_order_id="list"))

    assert [each.order.client_order_id for each in reply.canceled] == ["entry", "stop", "target"]
    assert {each.order.status for each in reply.canceled} == {OrderStatus.CANCELED}
    assert len(bench.events(ListUpdate)) == 1


@pytest.mark.parametrize("pays", [False, True])
def test_a_working_order_that_expires_takes_the_pending_ones_along(bench: Bench, pays: bool) -> None:
    fill_entry(bench, "0.004")
    listed(bench, listing(TARGET, STOP, entry={"time_in_force": TimeInForce.IOC}, pays=pays))

    assert status(bench, "entry") == (OrderStatus.EXPIRED, amount("0.004"))
    for name in ("target", "stop"):
        assert (found(bench, name).status, found(bench, name).expiry) == (OrderStatus.EXPIRED, "OTO_PHASE_ONE_EXPIRED")
    assert [each.order_list.order_status for each in bench.events(ListUpdate)][-1] is ListOrderStatus.ALL_DONE
    assert bench.locked("carol", "BTC") == 0


def test_a_pending_order_that_cannot_be_paid_expires_as_rejected(bench: Bench) -> None:
    listed(bench, listing(TAKE | {"quantity": "0.02"}))
    fill_entry(bench)

    assert status(bench, "take") == (OrderStatus.EXPIRED, 0)
    (told,) = (each for each in bench.events(OrderUpdate) if each.execution is ExecutionType.EXPIRED)
    assert (told.order.client_order_id, told.reject_reason) == ("take", "INSUFFICIENT_BALANCES")
    assert list_status(bench) is ListOrderStatus.ALL_DONE
    assert bench.locked("carol", "BTC") == 0


def test_a_pending_stop_that_the_market_has_passed_expires_as_rejected(bench: Bench) -> None:
    listed(bench, listing(STOP | {"stop_price": "49500"}))
    fill_entry(bench)

    (told,) = (each for each in bench.events(OrderUpdate) if each.execution is ExecutionType.EXPIRED)
    assert (told.order.client_order_id, told.reject_reason) == ("stop", "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY")


@pytest.mark.parametrize(
    "forbidden",
    [
        SetSymbolStatus(symbol="BTCUSDT", status=SymbolStatus.HALT),
        RestrictAccount(account="carol", can_trade=False),
    ],
)
def test_a_pending_order_that_may_not_be_placed_any_more_expires_as_rejected(bench: Bench, forbidden: Command) -> None:
    listed(bench, listing())
    bench.do(forbidden)
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("49000")))

    assert (status(bench, "entry"), status(bench, "take")) == (
        (OrderStatus.FILLED, amount("0.01")),
        (OrderStatus.EXPIRED, 0),
    )
    assert bench.locked("carol", "BTC") == 0


def test_the_pair_comes_with_one_reservation_and_one_ends_the_other(bench: Bench) -> None:
    listed(bench, listing(TARGET, STOP))
    fill_entry(bench)
    assert (status(bench, "target"), status(bench, "stop")) == ((OrderStatus.NEW, 0), (OrderStatus.NEW, 0))
    assert bench.locked("carol", "BTC") == amount("0.01")

    bench.placed(account="bob", price="51000", quantity="0.004")
    assert status(bench, "target") == (OrderStatus.PARTIALLY_FILLED, amount("0.004"))
    assert (found(bench, "stop").status, found(bench, "stop").expiry) == (OrderStatus.EXPIRED, "OCO_TRIGGER")
    assert bench.locked("carol", "BTC") == amount("0.006")


def test_a_stop_of_the_pair_fires_on_later_trades_only(bench: Bench) -> None:
    """The trade that fills the entry lies below the stop price of neither; the next one reaches it."""
    listed(bench, listing(TARGET, STOP))
    fill_entry(bench)
    bench.placed(account="bob", price="47000", quantity="1")
    bench.placed(account="alice", side=Side.SELL, price="47000", quantity="0.001")

    assert status(bench, "stop") == (OrderStatus.FILLED, amount("0.01"))
    assert (found(bench, "target").status, found(bench, "target").expiry) == (OrderStatus.EXPIRED, "OCO_TRIGGER")
    assert list_status(bench) is ListOrderStatus.ALL_DONE


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [({"price": "48900"}, "WOULD_MATCH_IMMEDIATELY"), ({"price": "49000"}, "OCO_BAD_PRICES")],
)
def test_a_pair_of_which_one_is_refused_expires_whole(bench: Bench, wrong: dict[str, str], reason: str) -> None:
    bench.placed(account="bob", price="48900", quantity="0.01")
    listed(bench, listing(TARGET | wrong, STOP))
    fill_entry(bench)

    ended = {each.order.client_order_id: each for each in bench.events(OrderUpdate)
             if each.execution is ExecutionType.EXPIRED}  # fmt: skip
    assert ended["target"].reject_reason == reason
    assert ended["stop"].order.expiry == "OCO_TRIGGER"
    assert bench.locked("carol", "BTC") == 0


def test_a_working_order_that_meets_its_own_account_ends_the_list(bench: Bench) -> None:
    listed(bench, listing(entry={"prevention": SelfTradePrevention.EXPIRE_MAKER}))
    bench.do(Deposit(account="carol", asset="BTC", amount=amount("1")))
    bench.placed(account="carol", side=Side.SELL, price="49000", quantity="0.001")

    assert status(bench, "entry") == (OrderStatus.EXPIRED_IN_MATCH, 0)
    assert found(bench, "take").expiry == "OTO_PHASE_ONE_EXPIRED"


@pytest.mark.parametrize("pays", [False, True])
def test_a_snapshot_in_the_middle_knows_what_waits(bench: Bench, pays: bool) -> None:
    listed(bench, listing(TARGET, STOP, pays=pays))
    fill_entry(bench, "0.004")
    digest = snapshot.digest(bench.engine.state)
    bench.engine = Engine(snapshot.load(snapshot.dump(bench.engine.state)))
    assert snapshot.digest(bench.engine.state) == digest

    fill_entry(bench, "0.006")
    assert (status(bench, "target"), status(bench, "stop")) == ((OrderStatus.NEW, 0), (OrderStatus.NEW, 0))


def test_a_pending_order_of_a_snapshot_waits_for_its_working_order_and_for_no_price(bench: Bench) -> None:
    listed(bench, listing(STOP | {"side": Side.BUY, "stop_price": "51000"}))
    bench.engine = Engine(snapshot.load(snapshot.dump(bench.engine.state)))
    bench.placed(account="alice", side=Side.SELL, price="51000", quantity="0.001")
    bench.placed(account="bob", price="51000", quantity="0.001")

    assert status(bench, "stop") == (OrderStatus.PENDING_NEW, 0)


def test_a_pending_trailing_stop_follows_the_price_from_its_release_on(bench: Bench) -> None:
    """It has not seen the trade that filled its working order, only the last one before it was placed."""
    listed(bench, listing(STOP | {"stop_price": None, "trailing_delta": 10, "client_order_id": "trail"}))
    assert found(bench, "trail").trailing_time == -1
    bench.placed(account="alice", price="48900", quantity="0.01")
    bench.placed(account="bob", side=Side.SELL, price="48900", quantity="0.015")

    assert status(bench, "trail") == (OrderStatus.NEW, 0)
    assert (found(bench, "trail").trailing_extreme, found(bench, "trail").trailing_time) == (amount("48900"), bench.now)


def test_a_pending_trailing_purchase_locks_what_it_would_cost_if_the_price_turned(bench: Bench) -> None:
    bench.do(Deposit(account="carol", asset="BTC", amount=amount("0.01")))
    buys = STOP | {"side": Side.BUY, "stop_price": None, "trailing_delta": 100, "client_order_id": "trail"}
    listed(bench, listing(buys, entry={"side": Side.SELL, "price": "51000"}))
    bench.placed(account="bob", price="51000", quantity="0.01")

    assert bench.locked("carol", "USDT") == amount("515.1")
