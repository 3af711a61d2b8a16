"""Order queries as of a while ago."""

import pytest

from paper_exchange.lookups import Lookups
from paper_exchange.model import Order, OrderStatus, Side
from paper_exchange.refusals import NO_SUCH_ORDER
from paper_exchange.rows import LATEST
from support.paper_engine import START, Bench

LAG = 1_000


@pytest.fixture
def bench() -> Bench:
    return Bench()


def lagging(bench: Bench) -> Lookups:
    lookups = Lookups(bench.engine.read)
    lookups.lag_ms = LAG
    return lookups


def see(lookups: Lookups, bench: Bench, order: Order) -> object:
    found = lookups.order("alice", "BTCUSDT", order_id=order.order_id, client_order_id=None, now=bench.now)
    return found.status if isinstance(found, Order) else found


def test_a_new_order_is_unknown_until_the_lag_has_passed(bench: Bench) -> None:
    lookups = lagging(bench)
    order = bench.placed()
    lookups.record(bench.last.events)
    bench.now = START + LAG - 1
    assert see(lookups, bench, order) == NO_SUCH_ORDER
    assert lookups.open_orders("alice", None, now=bench.now) == []
    assert lookups.all_orders("alice", "BTCUSDT", LATEST, now=bench.now) == []
    bench.now = START + LAG
    assert see(lookups, bench, order) is OrderStatus.NEW
    assert len(lookups.open_orders("alice", "BTCUSDT", now=bench.now)) == 1


def test_a_canceled_order_is_seen_open_until_the_lag_has_passed(bench: Bench) -> None:
    lookups = lagging(bench)
    order = bench.placed()
    lookups.record(bench.last.events)
    bench.now = START + 5 * LAG
    bench.cancel(order_id=order.order_id)
    lookups.record(bench.last.events)
    assert see(lookups, bench, order) is OrderStatus.NEW
    assert [found.order_id for found in lookups.open_orders("alice", None, now=bench.now)] == [order.order_id]
    bench.now += LAG
    assert see(lookups, bench, order) is OrderStatus.CANCELED
    assert lookups.open_orders("alice", None, now=bench.now) == []


def test_an_order_from_before_the_lag_is_seen_as_it_is(bench: Bench) -> None:
    order = bench.placed()
    lookups = lagging(bench)
    assert see(lookups, bench, order) is OrderStatus.NEW


def test_without_a_lag_nothing_is_remembered_and_all_is_seen(bench: Bench) -> None:
    lookups = lagging(bench)
    order = bench.placed()
    lookups.record(bench.last.events)
    lookups.lag_ms = 0
    assert see(lookups, bench, order) is OrderStatus.NEW
    assert len(lookups.all_orders("alice", "BTCUSDT", LATEST, now=bench.now)) == 1


def test_a_trade_is_listed_when_the_lag_has_passed(bench: Bench) -> None:
    lookups = lagging(bench)
    bench.placed(account="bob", side=Side.SELL)
    bench.placed()
    assert lookups.trades("alice", "BTCUSDT", order_id=None, now=START + LAG - 1) == []
    assert len(lookups.trades("alice", "BTCUSDT", order_id=None, now=START + LAG)) == 1
