from dataclasses import replace

import pytest

from paper_exchange.commands import MakerConfig, MakerKind, SetMaker, StepMarket, SweepTo
from paper_exchange.events import TradePrint
from paper_exchange.market.maker import ladder, walk
from paper_exchange.model import OrderStatus, Side
from paper_exchange.refusals import Refusal
from paper_exchange.replies import PriceMoved
from paper_exchange.snapshot import digest
from support.paper_engine import BTCUSDT, Bench, amount, market

LADDER = MakerConfig(kind=MakerKind.LADDER, mid=amount("50000"), levels=3, spacing=amount("10"), quantity=amount("0.5"))
WALK = MakerConfig(kind=MakerKind.WALK, mid=amount("50000"), sigma=amount("0.001"), seed=1)


def quoted(maker: MakerConfig = LADDER) -> Bench:
    bench = Bench()
    bench.do(SetMaker(symbol="BTCUSDT", maker=maker))
    return bench


def test_a_ladder_is_known_to_the_last_digit() -> None:
    depth = quoted().engine.read.depth("BTCUSDT")
    half = amount("0.5")

    assert depth.bids == ((amount("49990"), half), (amount("49980"), half), (amount("49970"), half))
    assert depth.asks == ((amount("50010"), half), (amount("50020"), half), (amount("50030"), half))


def test_a_new_market_has_a_last_price() -> None:
    assert quoted().engine.read.last_price("BTCUSDT") == amount("50000")


def test_a_step_of_a_ladder_refills_it() -> None:
    bench = quoted()
    before = bench.engine.read.depth("BTCUSDT")
    bench.do(market(quantity="0.7"))
    bench.do(StepMarket(symbol="BTCUSDT"))
    after = bench.engine.read.depth("BTCUSDT")

    assert (after.bids, after.asks) == (before.bids, before.asks)


def test_the_same_seed_walks_the_same_way_and_another_does_not() -> None:
    def prices(seed: int) -> list[int]:
        bench = quoted(replace(WALK, seed=seed))
        return [bench.do(StepMarket(symbol="BTCUSDT")).price for _ in range(20)]  # type: ignore[union-attr]

    assert prices(1) == prices(1) != prices(2)


def test_a_walk_steps_about_as_far_as_sigma_says() -> None:
    steps = [walk(WALK, BTCUSDT, step, WALK.mid) - WALK.mid for step in range(400)]
    deviation = (sum(step**2 for step in steps) / len(steps)) ** 0.5

    assert amount("45") < deviation < amount("55")
    assert abs(sum(steps) / len(steps)) < amount("8")


def test_a_walk_stays_on_the_tick_and_in_the_range() -> None:
    wild = replace(WALK, sigma=amount("3"))
    for step in range(200):
        price = walk(wild, BTCUSDT, step, BTCUSDT.max_price)
        assert BTCUSDT.min_price <= price <= BTCUSDT.max_price
        assert price % BTCUSDT.tick_size == 0


def test_quotes_obey_the_filters_and_do_not_cross() -> None:
    for step in range(50):
        quotes = list(ladder(WALK, BTCUSDT, step, WALK.mid))
        assert all(quote.quantity % BTCUSDT.step_size == 0 for quote in quotes)
        assert max(q.price for q in quotes if q.side is Side.BUY) < min(q.price for q in quotes if q.side is Side.SELL)


def test_a_sweep_executes_what_is_in_the_way_at_the_customers_price() -> None:
    bench = quoted()
    near = bench.placed(price="49500")
    far = bench.placed(price="48000")
    reply = bench.do(SweepTo(symbol="BTCUSDT", price=amount("49000")))
    read = bench.engine.read

    assert reply == PriceMoved("BTCUSDT", amount("49000"), 0)
    assert read.last_price("BTCUSDT") == amount("49000")
    (fill,) = read.trades("alice", "BTCUSDT")
    assert (fill.order_id, fill.price, fill.is_maker) == (near.order_id, amount("49500"), True)
    assert [order.order_id for order in read.open_orders("alice")] == [far.order_id]


def test_after_a_sweep_there_is_a_book_around_the_new_price() -> None:
    bench = quoted()
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("40000")))
    ticker = bench.engine.read.ticker("BTCUSDT")

    assert (ticker.bid_price, ticker.ask_price) == (amount("39990"), amount("40010"))


def test_a_sweep_prints_the_wanted_quantity() -> None:
    bench = quoted()
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("49000"), quantity=amount("3")))
    (printed,) = bench.events(TradePrint)

    assert (printed.trade.price, printed.trade.quantity) == (amount("49000"), amount("3"))
    assert printed.trade.buyer_is_maker


def test_an_order_at_the_new_price_is_executed_too() -> None:
    bench = quoted()
    order = bench.placed(price="49000")
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("49000")))

    found = bench.engine.read.order("alice", "BTCUSDT", order_id=order.order_id, now=bench.now)
    assert not isinstance(found, Refusal)
    assert found.status is OrderStatus.FILLED


def test_moving_the_market_conserves_money() -> None:
    bench = quoted(WALK)
    for number in range(100):
        bench.placed(side=tuple(Side)[number % 2], price=str(50000 + (number % 7) * 20), quantity="0.3")
        bench.do(StepMarket(symbol="BTCUSDT"))
        assert bench.engine.read.audit() == ()


def test_the_house_leaves_no_history() -> None:
    bench = quoted(WALK)
    for _ in range(50):
        bench.do(StepMarket(symbol="BTCUSDT"))
    holding = bench.engine.state.holding("$house", "BTCUSDT")

    assert (len(holding.orders), len(holding.trades), len(holding.open)) == (0, 0, 2 * WALK.levels)


def test_without_its_maker_the_book_is_empty_again() -> None:
    bench = quoted()
    bench.do(SetMaker(symbol="BTCUSDT", maker=None))

    assert bench.engine.read.depth("BTCUSDT").bids == ()
    assert isinstance(bench.do(StepMarket(symbol="BTCUSDT")), Refusal)


@pytest.mark.parametrize("price", ["0", "50000.001", "2000000"])
def test_the_market_moves_on_its_grid(price: str) -> None:
    bench = quoted()
    before = digest(bench.engine.state)

    assert bench.do(SweepTo(symbol="BTCUSDT", price=amount(price))) == Refusal(-1013, "Filter failure: PRICE_FILTER")
    assert digest(bench.engine.state) == before
