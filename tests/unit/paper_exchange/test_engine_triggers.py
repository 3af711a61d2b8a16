"""Stop orders: when they fire, what they become, what they lock meanwhile."""

from dataclasses import replace

import pytest

from paper_exchange.commands import MakerConfig, MakerKind, SetMaker, SweepTo
from paper_exchange.engine import Engine
from paper_exchange.events import AccountPosition, ExecutionType, OrderUpdate
from paper_exchange.model import Order, OrderStatus, OrderType, Side, TimeInForce
from paper_exchange.refusals import Refusal
from paper_exchange.snapshot import dump, load
from support.paper_engine import BTCUSDT, Bench, amount, market

LADDER = MakerConfig(kind=MakerKind.LADDER, mid=amount("50000"), levels=5, spacing=amount("10"), quantity=amount("1"))
STOP, STOP_LIMIT = OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT
PROFIT, PROFIT_LIMIT = OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT
TRIGGERS = [
    (STOP, Side.SELL, "49000"),
    (STOP, Side.BUY, "51000"),
    (PROFIT, Side.SELL, "51000"),
    (PROFIT, Side.BUY, "49000"),
]


def at_50k() -> Bench:
    bench = Bench()
    bench.do(SetMaker(symbol="BTCUSDT", maker=LADDER))
    return bench


def waiting(bench: Bench, kind: OrderType, side: Side, stop: str, **changes: object) -> Order:
    plain = {"price": None, "time_in_force": None} if kind in {STOP, PROFIT} else {}
    return bench.placed(type=kind, side=side, stop_price=stop, **(plain | changes))


def sweep(bench: Bench, price: str) -> None:
    bench.do(SweepTo(symbol="BTCUSDT", price=amount(price)))


def found(bench: Bench, order: Order) -> Order:
    answer = bench.engine.read.order("alice", "BTCUSDT", order_id=order.order_id, now=bench.now)
    assert isinstance(answer, Order)
    return answer


def test_a_stop_order_waits_off_the_book() -> None:
    bench = at_50k()
    before = bench.engine.read.depth("BTCUSDT")
    order = waiting(bench, STOP_LIMIT, Side.BUY, "51000", price="51000")

    assert (order.status, order.is_working, order.working_time) == (OrderStatus.NEW, False, -1)
    assert bench.engine.read.depth("BTCUSDT") == before
    assert bench.locked("alice", "USDT") == amount("510")


@pytest.mark.parametrize(("kind", "side", "stop"), TRIGGERS)
def test_a_trigger_fires_at_its_price_and_not_before(kind: OrderType, side: Side, stop: str) -> None:
    bench = at_50k()
    order = waiting(bench, kind, side, stop)
    sweep(bench, "49000.01" if stop == "49000" else "50999.99")
    assert found(bench, order).status is OrderStatus.NEW

    sweep(bench, stop)
    done = found(bench, order)
    assert (done.status, done.is_working, done.working_time) == (OrderStatus.FILLED, True, bench.now)
    assert bench.locked("alice", "USDT") == bench.locked("alice", "BTC") == 0


@pytest.mark.parametrize(("kind", "side", "stop"), TRIGGERS)
def test_a_trigger_that_the_market_has_reached_is_refused(kind: OrderType, side: Side, stop: str) -> None:
    bench = at_50k()
    sweep(bench, stop)
    refused = bench.place(type=kind, side=side, stop_price=stop, price=None, time_in_force=None)

    assert refused == Refusal(-2010, "Stop price would trigger immediately.")


def test_a_limit_behind_a_trigger_rests_on_the_book() -> None:
    bench = at_50k()
    order = waiting(bench, STOP_LIMIT, Side.SELL, "49000", price="49500")
    sweep(bench, "49000")

    assert found(bench, order).status is OrderStatus.NEW
    assert (amount("49500"), amount("0.01")) in bench.engine.read.depth("BTCUSDT").asks
    sweep(bench, "49500")
    assert found(bench, order).status is OrderStatus.FILLED


def test_a_limit_behind_a_trigger_obeys_its_time_in_force() -> None:
    bench = at_50k()
    order = waiting(bench, STOP_LIMIT, Side.SELL, "49000", price="49500", time_in_force=TimeInForce.IOC)
    sweep(bench, "49000")

    assert found(bench, order).status is OrderStatus.EXPIRED


def test_a_fired_order_is_reported_as_new_once_more_and_now_works() -> None:
    bench = at_50k()
    waiting(bench, PROFIT_LIMIT, Side.SELL, "51000", price="50900")
    (placed,) = bench.events(OrderUpdate)
    sweep(bench, "51000")
    reports = [(update.execution, update.on_book) for update in bench.events(OrderUpdate)]

    assert (placed.execution, placed.on_book) == (ExecutionType.NEW, False)
    assert reports == [(ExecutionType.NEW, True), (ExecutionType.TRADE, False)]
    assert bench.events(AccountPosition)


def test_one_trigger_can_set_off_the_next() -> None:
    bench = Bench()
    sweep(bench, "50000")
    bench.placed(account="bob", price="49000", quantity="0.01")
    bench.placed(account="bob", price="48000", quantity="0.01")
    bench.placed(account="bob", price="47000", quantity="0.01")
    first = waiting(bench, STOP, Side.SELL, "49000")
    second = waiting(bench, STOP, Side.SELL, "48000")
    bench.do(market(side=Side.SELL))

    assert [found(bench, order).executed_quote for order in (first, second)] == [amount("480"), amount("470")]


def test_a_canceled_stop_order_returns_what_it_locked_and_never_fires() -> None:
    bench = at_50k()
    order = waiting(bench, STOP, Side.SELL, "49000")
    bench.cancel(order_id=order.order_id)
    sweep(bench, "48000")

    assert found(bench, order).status is OrderStatus.CANCELED
    assert bench.free("alice", "BTC") == amount("1000000")


def test_a_stop_market_buy_that_has_become_too_dear_expires() -> None:
    bench = Bench()
    sweep(bench, "50000")
    order = waiting(bench, STOP, Side.BUY, "51000", quantity="19.6")
    bench.placed(account="bob", side=Side.SELL, price="60000", quantity="100")
    sweep(bench, "51000")

    assert found(bench, order).status is OrderStatus.EXPIRED
    assert bench.free("alice", "USDT") == amount("1000000")


def test_waiting_orders_have_a_limit_of_their_own() -> None:
    bench = Bench(replace(BTCUSDT, max_algo_orders=1))
    sweep(bench, "50000")
    order = waiting(bench, STOP, Side.SELL, "49000")
    refused = bench.place(type=STOP, side=Side.SELL, stop_price="48000", price=None, time_in_force=None)
    assert refused == Refusal(-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")

    bench.cancel(order_id=order.order_id)
    waiting(bench, STOP, Side.SELL, "48000")


def test_waiting_orders_survive_a_snapshot() -> None:
    bench = at_50k()
    order = waiting(bench, STOP, Side.SELL, "49000")
    bench.engine = Engine(load(dump(bench.engine.state)))
    sweep(bench, "49000")

    assert found(bench, order).status is OrderStatus.FILLED
