"""Orders that are good till a date."""

from paper_exchange.commands import PassTime
from paper_exchange.engine import Engine
from paper_exchange.events import BookChange, ExecutionType, OrderUpdate
from paper_exchange.model import Order, OrderStatus
from paper_exchange.snapshot import digest, dump, load
from support.paper_engine import START, Bench, amount

LATER = START + 60_000


def found(bench: Bench, order: Order) -> Order:
    answer = bench.engine.read.order("alice", "BTCUSDT", order_id=order.order_id, now=bench.now)
    assert isinstance(answer, Order)
    return answer


def test_an_order_ends_when_its_date_has_come_and_not_before() -> None:
    bench = Bench()
    order = bench.placed(expire_at=LATER)
    bench.now = LATER - 1
    bench.do(PassTime())
    assert found(bench, order).status is OrderStatus.NEW

    bench.now = LATER
    bench.do(PassTime())
    assert found(bench, order).status is OrderStatus.EXPIRED
    assert bench.locked("alice", "USDT") == 0
    assert [(event.execution, event.status) for event in bench.events(OrderUpdate)] == [
        (ExecutionType.EXPIRED, OrderStatus.EXPIRED)
    ]


def test_the_book_of_another_symbol_is_published_when_an_order_on_it_ends() -> None:
    bench = Bench()
    bench.placed(expire_at=LATER)
    bench.now = LATER
    bench.do(PassTime())

    assert [(change.symbol, change.bids) for change in bench.events(BookChange)] == [
        ("BTCUSDT", ((amount("50000"), 0),))
    ]


def test_no_order_trades_after_its_date() -> None:
    bench = Bench()
    order = bench.placed(expire_at=LATER)
    bench.now = LATER
    bench.place(account="bob", side="SELL", quantity="0.01", price="50000")
    assert (found(bench, order).status, found(bench, order).executed) == (OrderStatus.EXPIRED, 0)


def test_what_was_filled_before_the_date_stays_filled() -> None:
    bench = Bench()
    order = bench.placed(expire_at=LATER)
    bench.place(account="bob", side="SELL", quantity="0.004", price="50000")
    bench.now = LATER
    bench.do(PassTime())
    assert (found(bench, order).status, found(bench, order).executed) == (OrderStatus.EXPIRED, amount("0.004"))
    assert bench.engine.read.audit() == ()


def test_an_order_that_ended_before_its_date_is_left_alone() -> None:
    bench = Bench()
    order = bench.placed(expire_at=LATER)
    bench.cancel(order_id=order.order_id)
    bench.now = LATER
    bench.do(PassTime())
    assert found(bench, order).status is OrderStatus.CANCELED
    assert bench.last.events == ()
    assert bench.engine.read.next_expiry is None


def test_a_snapshot_remembers_the_dates() -> None:
    bench = Bench()
    order = bench.placed(expire_at=LATER)
    copy = Bench()
    copy.engine = Engine(load(dump(bench.engine.state)))
    for each in (bench, copy):
        each.now = LATER
        each.do(PassTime())
    assert found(copy, order).status is OrderStatus.EXPIRED
    assert digest(copy.engine.state) == digest(bench.engine.state)
