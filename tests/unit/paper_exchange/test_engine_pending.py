"""Lists with pending orders: what waits, what it waits for, what it may spend, and how it ends."""

from typing import Any

import pytest

from paper_exchange import snapshot
from paper_exchange.commands import Deposit, SetSymbolStatus, SweepTo
from paper_exchange.engine import Engine
from paper_exchange.events import ExecutionType, ListUpdate, OrderUpdate
from paper_exchange.list_model import ListOrderStatus
from paper_exchange.model import OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.order_commands import CancelList, PlaceOrder, PlacePending
from paper_exchange.refusals import INSUFFICIENT_BALANCE, Refusal
from paper_exchange.symbols import SymbolStatus
from support import paper_engine
from support.paper_engine import Bench, amount, order
from support.paper_pending import (
    ENTRY,
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


def test_a_pending_order_in_a_market_that_has_closed_expires_as_rejected(bench: Bench) -> None:
    listed(bench, listing())
    bench.do(SetSymbolStatus(symbol="BTCUSDT", status=SymbolStatus.HALT))
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


def sell_first() -> PlacePending:
    return listing(TAKE | {"side": Side.BUY}, entry={"side": Side.SELL, "price": "51000"}, pays=True)


REFUSED: list[tuple[PlacePending, int, str]] = [
    (listing(entry={"type": OrderType.MARKET, "price": None, "time_in_force": None}), -1116, "orderType"),
    (listing(entry={"time_in_force": None}), -1102, "'workingTimeInForce'"),
    (listing(entry={"price": None}), -1102, "'workingPrice'"),
    (listing(TAKE | {"price": None}), -1102, "'pendingPrice'"),
    (listing(STOP | {"stop_price": None}), -1102, "'pendingStopPrice' or 'pendingTrailingDelta'"),
    (listing(TARGET | {"price": None}, STOP), -1102, "'pendingAbovePrice'"),
    (listing(TARGET, STOP | {"time_in_force": TimeInForce.GTC}), -1106, "'pendingBelowTimeInForce'"),
    (listing(STOP, TARGET), -1197, "must be below"),
    (listing(TAKE, STOP), -1158, "not supported in OCO"),
    (listing(entry={"quantity": "0.03"}), -2010, "insufficient balance"),
    (listing(TAKE | {"client_order_id": "entry"}), -2010, "Duplicate order sent"),
    (listing(TAKE | {"price": "51000.001"}), -1013, "PRICE_FILTER"),
    (listing(TAKE | {"price": "51000.001"}, pays=True), -1013, "PRICE_FILTER"),
    (listing(TAKE | {"quantity": "0.000001"}), -1013, "LOT_SIZE"),
    (listing(TAKE | {"quantity": "0.00001"}), -1013, "NOTIONAL"),
    (listing(TAKE | {"side": Side.BUY}, pays=True), -1223, "must be asks"),
    (sell_first(), -1222, "must be a bid"),
]


@pytest.mark.parametrize(("command", "code", "text"), REFUSED)
def test_a_list_that_the_venue_does_not_take_is_refused_whole(
    bench: Bench, command: PlacePending, code: int, text: str
) -> None:
    before = snapshot.digest(bench.engine.state)
    reply = bench.do(command)

    assert isinstance(reply, Refusal)
    assert (reply.code, text in reply.message) == (code, True)
    assert snapshot.digest(bench.engine.state) == before


def test_the_id_of_a_pending_order_is_taken(bench: Bench) -> None:
    listed(bench, listing())
    assert bench.place(client_order_id="take", account="carol") == Refusal(-2010, "Duplicate order sent.")


@pytest.mark.parametrize(
    ("rule", "text"),
    [({"max_orders": 5}, "MAX_NUM_ORDERS"), ({"max_order_lists": 1}, "MAX_NUM_ORDER_LISTS")],
)
def test_all_orders_of_a_list_count_from_the_start(rule: dict[str, int], text: str) -> None:
    bench = Bench(paper_engine.symbol(**rule), accounts=("carol",))
    listed(bench, listing(TARGET, STOP))

    bare = [order(account="carol", **(one | {"client_order_id": None})) for one in (ENTRY, TARGET, STOP)]
    again = PlacePending(working=bare[0], pending=tuple(bare[1:]))
    assert bench.do(again) == Refusal(-1013, f"Filter failure: {text}")


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


def test_a_pending_trailing_stop_follows_from_its_release_on(bench: Bench) -> None:
    trailing = STOP | {"stop_price": None, "trailing_delta": 100, "client_order_id": "trail"}
    listed(bench, listing(trailing))
    assert found(bench, "trail").trailing_time == -1
    fill_entry(bench)

    assert (found(bench, "trail").trailing_extreme, found(bench, "trail").trailing_time) == (amount("49000"), bench.now)


def test_funds_of_the_pending_order_are_not_asked_for_at_first(bench: Bench) -> None:
    buys = order(account="carol", side=Side.BUY, price="90000", quantity="0.05", client_order_id="more")
    command = PlacePending(working=order(account="carol", **ENTRY), pending=(buys,))
    listed(bench, command)

    assert bench.place(account="carol", price="49000", quantity="0.02") == INSUFFICIENT_BALANCE
    assert isinstance(bench.place(account="carol", price="49000", quantity="0.01", client_order_id="x"), tuple)


def test_a_working_order_has_to_be_paid(bench: Bench) -> None:
    working: PlaceOrder = order(account="carol", price="49000", quantity="1")
    assert bench.do(PlacePending(working=working, pending=(order(account="carol", **TAKE),))) == INSUFFICIENT_BALANCE
