"""Trailing stops: the scenarios of Binance's FAQ, the filter, the lock, and what a snapshot must carry."""

from dataclasses import dataclass, replace

import pytest

from paper_exchange.commands import SweepTo
from paper_exchange.engine import Engine
from paper_exchange.events import ExecutionType, OrderUpdate
from paper_exchange.model import Order, OrderStatus, OrderType, Side
from paper_exchange.order_commands import PlaceOrder
from paper_exchange.refusals import INSUFFICIENT_BALANCE, WOULD_TRIGGER, Refusal
from paper_exchange.snapshot import dump, load
from support.paper_engine import BTCUSDT, Bench, amount, order

STOP, STOP_LIMIT = OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT
PROFIT, PROFIT_LIMIT = OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT


@dataclass(frozen=True)
class Scenario:
    """Of the FAQ: an order at 40000, trades that leave it waiting, one that nearly fires it, and the one that does."""

    kind: OrderType
    side: Side
    stop: str | None
    delta: int
    price: str
    trades: tuple[str, ...]
    almost: str
    fires_at: str


SCENARIOS = {
    "A": Scenario(
        STOP_LIMIT, Side.BUY, "44000", 500, "45000", ("37000", "44000", "46000", "42000"), "44099.99", "44100"
    ),
    "B": Scenario(
        STOP_LIMIT, Side.SELL, "39000", 1000, "38000", ("41500", "39000", "37000", "41000"), "36900.01", "36900"
    ),
    "C": Scenario(
        PROFIT_LIMIT,
        Side.BUY,
        "38000",
        850,
        "38500",
        ("42000", "38000", "37000", "39000", "38000"),
        "40144.99",
        "40145",
    ),
    "D": Scenario(
        PROFIT_LIMIT,
        Side.SELL,
        "42000",
        750,
        "41000",
        ("41500", "39000", "42000", "45000", "44000", "46500"),
        "43012.51",
        "43012.50",
    ),
    "E": Scenario(STOP_LIMIT, Side.SELL, None, 700, "39000", ("42000", "39500", "45500"), "42315.01", "42315"),
}


def at_40k() -> Bench:
    bench = Bench()
    sweep(bench, "40000")
    return bench


def sweep(bench: Bench, price: str) -> None:
    bench.now += 1000
    bench.do(SweepTo(symbol="BTCUSDT", price=amount(price)))


def trailing(kind: OrderType, side: Side, delta: int, **changes: object) -> PlaceOrder:
    plain = {"price": None, "time_in_force": None} if kind in {STOP, PROFIT} else {}
    return order(type=kind, side=side, trailing_delta=delta, **(plain | changes))


def placed(bench: Bench, command: PlaceOrder) -> int:
    bench.do(command)
    (update,) = bench.events(OrderUpdate)
    assert isinstance(update, OrderUpdate)
    return update.order.order_id


def found(bench: Bench, order_id: int) -> Order:
    answer = bench.engine.read.order("alice", "BTCUSDT", order_id=order_id, now=bench.now)
    assert isinstance(answer, Order)
    return answer


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_scenarios_of_the_faq_fire_at_their_price_and_not_before(scenario: Scenario) -> None:
    bench = at_40k()
    command = trailing(scenario.kind, scenario.side, scenario.delta, stop_price=scenario.stop, price=scenario.price)
    order_id = placed(bench, command)
    for price in (*scenario.trades, scenario.almost):
        sweep(bench, price)
        assert not found(bench, order_id).is_working, price

    sweep(bench, scenario.fires_at)
    assert found(bench, order_id).is_working


def test_without_a_stop_price_the_order_follows_from_its_placement() -> None:
    bench = at_40k()
    shown = found(bench, placed(bench, trailing(STOP, Side.SELL, 100)))

    assert (shown.trailing_time, shown.trailing_extreme) == (bench.now, amount("40000"))


def test_with_a_stop_price_the_order_follows_from_the_trade_that_reaches_it() -> None:
    bench = at_40k()
    order_id = placed(bench, trailing(STOP, Side.SELL, 100, stop_price="39000"))
    before = found(bench, order_id).trailing_time
    sweep(bench, "39000")

    assert (before, found(bench, order_id).trailing_time) == (-1, bench.now)


def test_in_a_market_without_trades_the_order_follows_from_the_first_one() -> None:
    bench = Bench()
    order_id = placed(bench, trailing(STOP, Side.SELL, 100))
    assert found(bench, order_id).trailing_time == -1
    sweep(bench, "50000")
    sweep(bench, "49500")

    assert found(bench, order_id).is_working


def test_a_trailing_order_fires_on_the_way_between_two_trades_of_one_command() -> None:
    bench = at_40k()
    order_id = placed(bench, trailing(STOP, Side.BUY, 100))
    for price in ("39000", "39400"):
        bench.placed(account="bob", side=Side.SELL, price=price, quantity="0.01")
    bench.placed(account="alice", price="39400", quantity="0.02")

    done = found(bench, order_id)
    assert done.is_working, "39000 and then 39400 is a rise of more than a percent"


def test_a_fired_trailing_order_is_reported_as_working_and_then_traded() -> None:
    bench = at_40k()
    bench.placed(account="bob", price="39000", quantity="1")
    placed(bench, trailing(STOP, Side.SELL, 100))
    sweep(bench, "39600")

    own = [update for update in bench.events(OrderUpdate) if update.account == "alice"]
    assert [(update.execution, update.on_book) for update in own] == [
        (ExecutionType.NEW, True),
        (ExecutionType.TRADE, False),
    ]


def test_a_canceled_trailing_order_never_fires() -> None:
    bench = at_40k()
    order_id = placed(bench, trailing(STOP, Side.SELL, 100))
    bench.cancel(order_id=order_id)
    sweep(bench, "30000")

    assert found(bench, order_id).status is OrderStatus.CANCELED
    assert bench.locked("alice", "BTC") == 0


def test_a_trailing_buy_without_any_price_locks_what_it_costs_if_the_price_turns_now() -> None:
    bench = at_40k()
    order_id = placed(bench, trailing(STOP, Side.BUY, 100))
    assert bench.locked("alice", "USDT") == amount("404")
    sweep(bench, "30000")

    assert bench.locked("alice", "USDT") == amount("404")
    bench.cancel(order_id=order_id)
    assert bench.free("alice", "USDT") == amount("1000000")


def test_a_trailing_buy_that_is_too_dear_is_refused() -> None:
    assert at_40k().do(trailing(STOP, Side.BUY, 100, quantity="24.8")) == INSUFFICIENT_BALANCE


def test_a_stop_price_that_is_reached_already_is_refused_for_trailing_orders_too() -> None:
    assert at_40k().do(trailing(STOP, Side.SELL, 100, stop_price="40000")) == WOULD_TRIGGER


DELTAS = [
    (STOP, Side.BUY, 9, False),
    (STOP, Side.BUY, 10, True),
    (PROFIT, Side.SELL, 2000, True),
    (PROFIT, Side.SELL, 2001, False),
    (STOP, Side.SELL, 19, False),
    (STOP, Side.SELL, 20, True),
    (PROFIT, Side.BUY, 1000, True),
    (PROFIT, Side.BUY, 1001, False),
]


@pytest.mark.parametrize(("kind", "side", "delta", "taken"), DELTAS)
def test_the_filter_knows_one_range_above_the_price_and_one_below(
    kind: OrderType, side: Side, delta: int, *, taken: bool
) -> None:
    bench = Bench(replace(BTCUSDT, min_trailing_below=20, max_trailing_below=1000))
    sweep(bench, "40000")
    reply = bench.do(trailing(kind, side, delta))

    assert (reply != Refusal(-1013, "Filter failure: TRAILING_DELTA")) is taken


def test_a_symbol_can_do_without_trailing_stops() -> None:
    bench = Bench(replace(BTCUSDT, allow_trailing_stop=False))

    assert bench.do(trailing(STOP, Side.SELL, 100)) == Refusal(
        -2010, "Trailing stop orders are not supported for this symbol."
    )


@pytest.mark.parametrize("after", range(4))
def test_a_snapshot_carries_how_far_the_price_has_been_followed(after: int) -> None:
    straight, restored = at_40k(), at_40k()
    for number, price in enumerate(("41000", "39000", "42000", "41580")):
        for bench in (straight, restored):
            if number == 0:
                placed(bench, trailing(STOP, Side.SELL, 100, stop_price="39000"))
            sweep(bench, price)
        if number == after:
            restored.engine = Engine(load(dump(restored.engine.state)))
        assert restored.last == straight.last

    assert dump(restored.engine.state) == dump(straight.engine.state)
    assert found(straight, 1).is_working
