import pytest

from paper_exchange.commands import PutApiKey, RevokeApiKey, SetFees, SweepTo
from paper_exchange.klines import INTERVALS, next_open, open_time
from paper_exchange.model import Fees, Side
from paper_exchange.rows import Page
from support.paper_engine import BTCUSDT, ETHUSDT, START, Bench, amount, market

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def with_orders(count: int) -> Bench:
    """Alice places one order a second, the odd ones are filled."""
    bench = Bench()
    for number in range(count):
        bench.now = START + number * 1000
        bench.placed(client_order_id=f"c{number + 1}")
        if number % 2:
            bench.placed(account="bob", side=Side.SELL)
    return bench


def ids(bench: Bench, page: Page) -> list[str]:
    return [order.client_order_id for order in bench.engine.read.all_orders("alice", "BTCUSDT", page, now=bench.now)]


def test_all_orders_gives_the_latest_in_ascending_order() -> None:
    assert ids(with_orders(4), Page(limit=2)) == ["c3", "c4"]


def test_all_orders_goes_on_from_an_id() -> None:
    assert ids(with_orders(4), Page(from_id=2, limit=2)) == ["c2", "c3"]


def test_all_orders_can_be_bounded_in_time() -> None:
    assert ids(with_orders(4), Page(start=START + 1000, end=START + 2000)) == ["c2", "c3"]


def test_trades_of_one_order_are_found() -> None:
    bench = Bench()
    bench.placed(account="bob", side=Side.SELL, quantity="0.004")
    bench.placed(quantity="0.01")
    bench.now += 5000
    bench.placed(account="bob", side=Side.SELL, quantity="0.003")
    bench.placed(quantity="0.001", price="40000")
    read = bench.engine.read

    assert [trade.quantity for trade in read.trades("alice", "BTCUSDT", order_id=2)] == [
        amount("0.004"),
        amount("0.003"),
    ]
    assert [trade.trade_id for trade in read.trades("alice", "BTCUSDT", Page(from_id=2))] == [2]
    assert [trade.trade_id for trade in read.trades("alice", "BTCUSDT", Page(start=bench.now))] == [2]
    assert read.trades("alice", "BTCUSDT", order_id=99) == []


def test_open_orders_of_all_symbols_or_of_one() -> None:
    bench = Bench(BTCUSDT, ETHUSDT)
    bench.placed()
    bench.placed(symbol="ETHUSDT", price="3000")

    assert len(bench.engine.read.open_orders("alice")) == 2
    assert [order.symbol for order in bench.engine.read.open_orders("alice", "ETHUSDT")] == ["ETHUSDT"]


def test_fees_of_a_symbol_take_precedence() -> None:
    bench = Bench(BTCUSDT, ETHUSDT)
    bench.do(SetFees(account="alice", fees=Fees(1, 2)))
    bench.do(SetFees(account="alice", fees=Fees(3, 4), symbol="ETHUSDT"))

    assert bench.engine.read.fees("alice", "BTCUSDT") == Fees(1, 2)
    assert bench.engine.read.fees("alice", "ETHUSDT") == Fees(3, 4)


def test_a_key_opens_an_account_until_it_is_revoked_and_hides_its_secret() -> None:
    bench = Bench()
    bench.do(PutApiKey(key="k", account="alice", secret="hush", can_trade=False))
    found = bench.engine.read.api_key("k")
    assert found is not None
    assert (found.account, found.can_trade) == ("alice", False)
    assert "hush" not in repr(found)

    bench.do(RevokeApiKey(key="k"))
    assert bench.engine.read.api_key("k") is None


def traded(*prices: tuple[int, str]) -> Bench:
    """Trades of 0.01 at (milliseconds after the start, price)."""
    bench = Bench()
    for offset, price in prices:
        bench.now = START + offset
        bench.do(SweepTo(symbol="BTCUSDT", price=amount(price), quantity=amount("0.01")))
    return bench


def test_candles_are_folded_and_gaps_are_flat() -> None:
    minute = START // MINUTE * MINUTE - START
    bench = traded((minute, "100"), (minute + 1000, "120"), (minute + 2000, "90"), (minute + 2 * MINUTE, "95"))
    candles = bench.engine.read.klines("BTCUSDT", "1m", now=bench.now)

    assert [(bar.open, bar.high, bar.low, bar.close, bar.trades) for bar in candles] == [
        (amount("100"), amount("120"), amount("90"), amount("90"), 3),
        (amount("90"), amount("90"), amount("90"), amount("90"), 0),
        (amount("95"), amount("95"), amount("95"), amount("95"), 1),
    ]
    (hour,) = bench.engine.read.klines("BTCUSDT", "1h", Page(limit=1), now=bench.now)
    assert (hour.open, hour.close, hour.trades) == (amount("100"), amount("95"), 4)


def test_candles_can_be_asked_from_a_time_on() -> None:
    minute = START // MINUTE * MINUTE - START
    bench = traded(*((minute + number * MINUTE, str(100 + number)) for number in range(5)))
    page = Page(start=START + minute + 1, limit=2)

    assert [bar.open for bar in bench.engine.read.klines("BTCUSDT", "1m", page, now=bench.now)] == [
        amount("101"),
        amount("102"),
    ]


@pytest.mark.parametrize("interval", INTERVALS)
def test_intervals_tile_time(interval: str) -> None:
    opened = open_time(interval, START)
    following = next_open(interval, opened)

    assert opened <= START < following
    assert open_time(interval, following) == following
    assert open_time(interval, following - 1) == opened


def test_weeks_begin_on_monday() -> None:
    assert open_time("1w", START) == 1_699_833_600_000


def test_the_day_rolls() -> None:
    bench = traded((0, "100"), (HOUR, "130"), (DAY + 2 * MINUTE, "110"))
    stats = bench.engine.read.stats("BTCUSDT", now=bench.now)

    assert (stats.open, stats.high, stats.low, stats.last) == (
        amount("130"),
        amount("130"),
        amount("110"),
        amount("110"),
    )
    assert (stats.trades, stats.first_trade_id, stats.last_trade_id) == (2, 2, 3)
    assert stats.previous_close == amount("100")
    assert stats.weighted_average == amount("120")


def test_a_quiet_day_shows_the_last_price_and_no_volume() -> None:
    bench = traded((0, "100"))
    stats = bench.engine.read.stats("BTCUSDT", now=bench.now + 2 * DAY)

    assert (stats.last, stats.trades, stats.base_volume) == (amount("100"), 0, 0)


def test_the_average_price_forgets_after_its_minutes() -> None:
    bench = traded((0, "100"), (1000, "200"))
    read = bench.engine.read

    assert read.average_price("BTCUSDT", now=bench.now).price == amount("150")
    assert read.average_price("BTCUSDT", now=bench.now + 6 * MINUTE).price == amount("200")


def test_fills_of_one_taker_at_one_price_are_one_aggregate_trade() -> None:
    bench = Bench()
    for price in ("50000", "50000", "50001"):
        bench.placed(account="bob", side=Side.SELL, price=price, quantity="0.001")
    bench.do(market(quantity="0.003"))
    read = bench.engine.read

    assert [(row.quantity, row.first_trade_id, row.last_trade_id) for row in read.aggregate_trades("BTCUSDT")] == [
        (amount("0.002"), 1, 2),
        (amount("0.001"), 3, 3),
    ]
    assert [row.trade_id for row in read.public_trades("BTCUSDT", Page(limit=2))] == [2, 3]
    assert [row.trade_id for row in read.public_trades("BTCUSDT", Page(from_id=1, limit=2))] == [1, 2]


def test_order_ids_count_per_symbol() -> None:
    bench = Bench(BTCUSDT, ETHUSDT)

    assert bench.placed().order_id == bench.placed(symbol="ETHUSDT", price="3000").order_id == 1
