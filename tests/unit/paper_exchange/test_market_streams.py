"""Public market streams without sockets: names, what each says, how changes are conflated, who is told."""

from typing import Any

import orjson
import pytest

from paper_exchange.binance import market_requests
from paper_exchange.binance.market_feeds import Kind, parse
from paper_exchange.binance.market_streams import MarketStreams
from paper_exchange.commands import Command, SweepTo
from paper_exchange.fault_rules import Action as Do
from paper_exchange.fault_rules import FaultRule, Hook, Match
from paper_exchange.faults import FaultBook
from paper_exchange.model import Side
from support.paper_engine import START, Bench, amount, market, order

MINUTE = 60_000


class Ear:
    """A connection that remembers what it was sent."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def send(self, text: str) -> None:
        self.heard.append(orjson.loads(text))


class Hall:
    """A market, its streams, and a pulse that runs with the venue's clock."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.faults = FaultBook()
        self.streams = MarketStreams(lambda: self.bench.engine.read, lambda: self.bench.now, self.faults)
        self.do(SweepTo(symbol="BTCUSDT", price=amount("50000")))

    def listener(self, *names: str) -> Any:  # noqa: ANN401 - stands in for a Connection
        ear: Any = Ear()
        assert self.streams.subscribe(ear, names)
        return ear

    def do(self, command: Command) -> None:
        self.bench.do(command)
        self.streams.publish(self.bench.last.events, self.bench.now)

    def rest(self, price: str, quantity: str, side: Side = Side.BUY) -> None:
        self.do(order(account="bob", price=price, quantity=quantity, side=side))

    def pass_time(self, milliseconds: int) -> None:
        self.bench.now += milliseconds
        self.streams.pulse(self.bench.now)


NAMES = {
    "btcusdt@trade": (Kind.TRADE, "", 0),
    "btcusdt@aggTrade": (Kind.AGGREGATE, "", 0),
    "btcusdt@bookTicker": (Kind.BEST, "", 0),
    "btcusdt@depth": (Kind.DEPTH, "", 1000),
    "btcusdt@depth@1000ms": (Kind.DEPTH, "", 1000),
    "btcusdt@depth@100ms": (Kind.DEPTH, "", 100),
    "btcusdt@depth5": (Kind.PARTIAL_DEPTH, "5", 1000),
    "btcusdt@depth20@100ms": (Kind.PARTIAL_DEPTH, "20", 100),
    "btcusdt@kline_1m": (Kind.KLINE, "1m", 2000),
    "btcusdt@kline_1M": (Kind.KLINE, "1M", 2000),
    "btcusdt@ticker": (Kind.TICKER, "", 1000),
    "btcusdt@ticker_4h": (Kind.WINDOW, "4h", 1000),
    "btcusdt@miniTicker": (Kind.MINI_TICKER, "", 1000),
    "btcusdt@avgPrice": (Kind.AVERAGE, "", 1000),
    "!miniTicker@arr": (Kind.MINI_TICKER, "", 1000),
    "!ticker_1h@arr": (Kind.WINDOW, "1h", 1000),
}
NO_NAMES = ["", "btcusdt", "BTCUSDT@trade", "xrpusdt@trade", "btcusdt@depth7", "btcusdt@kline_7m", "btcusdt@depth@5ms"]


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_is_known_by_its_name(name: str) -> None:
    found = parse(name, Hall().bench.engine.read)

    assert found is not None
    assert (found.kind, found.detail, found.every_ms) == NAMES[name]


@pytest.mark.parametrize("name", [*NO_NAMES, "!trade@arr", "!ticker", "!kline_1m@arr"])
def test_any_other_name_is_no_stream(name: str) -> None:
    assert parse(name, Hall().bench.engine.read) is None


def test_trades_of_one_order_are_told_one_by_one_and_together() -> None:
    hall = Hall()
    for price in ("50001", "50001", "50002"):
        hall.rest(price, "0.01", Side.SELL)
    ear, aggregates = hall.listener("btcusdt@trade"), hall.listener("btcusdt@aggTrade")
    hall.do(market(quantity="0.03"))

    assert [event["p"] for event in ear.heard] == ["50001.00000000", "50001.00000000", "50002.00000000"]
    told = [(event["p"], event["q"], event["l"] - event["f"], event["m"]) for event in aggregates.heard]
    assert told == [("50001.00000000", "0.02000000", 1, False), ("50002.00000000", "0.01000000", 0, False)]


def test_changes_of_the_book_are_joined_and_numbered_without_a_gap() -> None:
    hall = Hall()
    ear = hall.listener("btcusdt@depth@100ms")
    for quantity in ("0.01", "0.02"):
        hall.rest("49000", quantity)
    hall.rest("48000", "1")
    assert ear.heard == []
    hall.pass_time(100)
    hall.rest("49000", "0.01")
    hall.pass_time(99)
    hall.pass_time(1)

    first, second = ear.heard
    assert (first["b"], first["a"]) == ([["49000.00000000", "0.03000000"], ["48000.00000000", "1.00000000"]], [])
    assert second["b"] == [["49000.00000000", "0.04000000"]]
    assert second["U"] == first["u"] + 1
    assert second["u"] == hall.bench.engine.read.depth("BTCUSDT").last_update_id


def test_the_slow_stream_says_the_same_in_fewer_words() -> None:
    hall = Hall()
    fast, slow = hall.listener("btcusdt@depth@100ms"), hall.listener("btcusdt@depth")
    for number in range(20):
        hall.rest(f"{49000 - number}", "0.01")
        hall.pass_time(100)

    assert (len(fast.heard), len(slow.heard)) == (20, 2)
    assert (slow.heard[0]["U"], slow.heard[-1]["u"]) == (fast.heard[0]["U"], fast.heard[10]["u"])


def test_the_best_prices_are_told_as_they_change() -> None:
    hall = Hall()
    ear = hall.listener("btcusdt@bookTicker")
    hall.rest("49000", "0.01")

    assert [(event["b"], event["B"]) for event in ear.heard] == [("49000.00000000", "0.01000000")]


def test_tickers_speak_once_a_second_and_not_while_nothing_happens() -> None:
    hall = Hall()
    ear = hall.listener("btcusdt@miniTicker")
    for _ in range(5):
        hall.pass_time(1000)
    assert ear.heard == []
    for price in ("51000", "52000"):
        hall.do(SweepTo(symbol="BTCUSDT", price=amount(price)))
        hall.pass_time(100)
    hall.pass_time(900)

    assert [event["c"] for event in ear.heard] == ["51000.00000000", "52000.00000000"]


def test_the_stream_of_all_tickers_names_only_those_that_changed() -> None:
    hall = Hall()
    ear = hall.listener("!miniTicker@arr")
    hall.do(SweepTo(symbol="BTCUSDT", price=amount("51000")))
    hall.pass_time(1000)

    assert [[entry["s"] for entry in event] for event in ear.heard] == [["BTCUSDT"]]


def test_a_candle_is_told_while_it_grows_and_once_when_it_is_over() -> None:
    hall = Hall()
    ear = hall.listener("btcusdt@kline_1m")
    hall.do(SweepTo(symbol="BTCUSDT", price=amount("51000")))
    hall.pass_time(100)
    hall.pass_time(MINUTE)
    hall.pass_time(MINUTE)

    told = [(event["k"]["t"] - START // MINUTE * MINUTE, event["k"]["c"], event["k"]["x"]) for event in ear.heard]
    close = "51000.00000000"
    assert told == [(0, close, False), (0, close, True), (MINUTE, close, True)]
    assert (ear.heard[0]["k"]["f"], ear.heard[0]["k"]["L"], ear.heard[2]["k"]["f"]) == (1, 2, -1)


def test_a_combined_connection_hears_the_name_of_the_stream_too() -> None:
    hall = Hall()
    ear = hall.listener("btcusdt@bookTicker")
    hall.streams.combined.add(ear)
    hall.rest("49000", "0.01")

    assert (ear.heard[0]["stream"], ear.heard[0]["data"]["s"]) == ("btcusdt@bookTicker", "BTCUSDT")


def test_who_has_gone_hears_nothing() -> None:
    hall = Hall()
    ear = hall.listener("btcusdt@bookTicker", "btcusdt@depth@100ms")
    hall.streams.forget(ear)
    hall.rest("49000", "0.01")
    hall.pass_time(1000)

    assert ear.heard == []


def test_a_fault_rule_names_a_stream_by_its_path() -> None:
    hall = Hall()
    hall.faults.add(FaultRule(match=Match(path="btcusdt@trade"), at=Hook.EVENT, do=Do.DROP_EVENT, nth=1))
    ear = hall.listener("btcusdt@trade")
    for price in ("50001", "50002"):
        hall.do(SweepTo(symbol="BTCUSDT", price=amount(price)))

    assert [event["p"] for event in ear.heard] == ["50002.00000000"]


REQUESTS = [
    ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1}, {"result": None, "id": 1}),
    ({"method": "LIST_SUBSCRIPTIONS", "id": 2}, {"result": ["btcusdt@trade"], "id": 2}),
    ({"method": "GET_PROPERTY", "params": ["combined"], "id": 3}, {"result": False, "id": 3}),
    ({"method": "SET_PROPERTY", "params": ["combined", True], "id": 4}, {"result": None, "id": 4}),
    ({"method": "GET_PROPERTY", "params": ["combined"], "id": 5}, {"result": True, "id": 5}),
    ({"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": 6}, {"result": None, "id": 6}),
    ({"method": "LIST_SUBSCRIPTIONS", "id": 7}, {"result": [], "id": 7}),
]
WRONG = [
    ("{", 3),
    ("[]", 2),
    ('{"id": 1}', 2),
    ('{"method": "SUBSCRIBE", "params": ["btcusdt@guess"], "id": 1}', 2),
    ('{"method": "SHOUT", "id": 1}', 2),
    ('{"method": "SET_PROPERTY", "params": ["loud", true], "id": 1}', 0),
    ('{"method": "SET_PROPERTY", "params": ["combined", 1], "id": 1}', 1),
]


def test_a_connection_subscribes_lists_and_sets_its_form() -> None:
    hall, ear = Hall(), Ear()
    connection: Any = ear
    answers = [market_requests.answer(hall.streams, connection, orjson.dumps(sent).decode()) for sent, _ in REQUESTS]

    assert [orjson.loads(text) for text in answers] == [wanted for _, wanted in REQUESTS]


@pytest.mark.parametrize(("text", "code"), WRONG)
def test_a_wrong_message_is_answered_with_its_code(text: str, code: int) -> None:
    connection: Any = Ear()

    assert orjson.loads(market_requests.answer(Hall().streams, connection, text))["error"]["code"] == code
