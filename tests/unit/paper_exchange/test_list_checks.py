"""Lists with pending orders that the venue does not take, and what it asks of an account that places one."""

import pytest

from paper_exchange import snapshot
from paper_exchange.model import OrderType, Side, TimeInForce
from paper_exchange.order_commands import PlaceOrder, PlacePending
from paper_exchange.refusals import INSUFFICIENT_BALANCE, Refusal
from support import paper_engine
from support.paper_engine import Bench, order
from support.paper_pending import (
    ENTRY,
    STOP,
    TAKE,
    TARGET,
    listed,
    listing,
    quiet_bench,
)


@pytest.fixture
def bench() -> Bench:
    return quiet_bench()


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


def test_funds_of_the_pending_order_are_not_asked_for_at_first(bench: Bench) -> None:
    buys = order(account="carol", side=Side.BUY, price="90000", quantity="0.05", client_order_id="more")
    command = PlacePending(working=order(account="carol", **ENTRY), pending=(buys,))
    listed(bench, command)

    assert bench.place(account="carol", price="49000", quantity="0.02") == INSUFFICIENT_BALANCE
    assert isinstance(bench.place(account="carol", price="49000", quantity="0.01", client_order_id="x"), tuple)


def test_a_working_order_has_to_be_paid(bench: Bench) -> None:
    working: PlaceOrder = order(account="carol", price="49000", quantity="1")
    assert bench.do(PlacePending(working=working, pending=(order(account="carol", **TAKE),))) == INSUFFICIENT_BALANCE
