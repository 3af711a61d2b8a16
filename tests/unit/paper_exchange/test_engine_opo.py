"""Pending orders that the working one pays for: their quantity is what it has bought."""

import pytest

from paper_exchange.commands import Deposit, SetFees
from paper_exchange.list_model import ListOrderStatus
from paper_exchange.model import Fees, OrderStatus, OrderType, Side
from paper_exchange.order_commands import PlacePending
from support import paper_engine
from support.paper_engine import BNBUSDT, Bench, amount, order
from support.paper_pending import (
    BARE,
    STOP,
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


def test_what_the_working_order_buys_is_kept_for_the_pending_one(bench: Bench) -> None:
    listed(bench, listing(pays=True))
    assert found(bench, "take").quantity == 0
    fill_entry(bench, "0.004")
    assert (bench.locked("carol", "BTC"), bench.free("carol", "BTC")) == (amount("0.004"), 0)

    fill_entry(bench, "0.006")
    assert (found(bench, "take").quantity, found(bench, "take").status) == (amount("0.01"), OrderStatus.NEW)
    assert bench.locked("carol", "BTC") == amount("0.01")


def test_the_fee_and_what_is_no_whole_lot_are_not_sold(bench: Bench) -> None:
    bench.do(SetFees(account="carol", fees=Fees(amount("0.001"), amount("0.001"))))
    listed(bench, listing(TARGET, STOP, entry={"quantity": "0.01005"}, pays=True))
    fill_entry(bench, "0.01005")

    assert found(bench, "target").quantity == found(bench, "stop").quantity == amount("0.01003")
    assert bench.locked("carol", "BTC") == amount("0.01003")
    assert bench.free("carol", "BTC") == amount("0.01005") - amount("0.00001005") - amount("0.01003")


def test_the_fee_comes_out_of_what_is_free_where_there_is_enough(bench: Bench) -> None:
    bench.do(SetFees(account="carol", fees=Fees(amount("0.001"), amount("0.001"))))
    bench.do(Deposit(account="carol", asset="BTC", amount=amount("0.001")))
    listed(bench, listing(pays=True))
    fill_entry(bench)

    assert found(bench, "take").quantity == amount("0.01")
    assert bench.free("carol", "BTC") == amount("0.001") - amount("0.00001")


def test_the_fee_of_bnb_is_taken_from_what_was_bought() -> None:
    bench = Bench(BNBUSDT, accounts=("carol", "bob"))
    bnb = {"symbol": "BNBUSDT", "quantity": "1", "price": "500"}
    take = order(account="carol", client_order_id="take", **(bnb | BARE | {"side": Side.SELL, "price": "600"}))
    listed(bench, PlacePending(working=order(account="carol", **bnb), pending=(take,), pays=True))
    bench.placed(account="bob", side=Side.SELL, **bnb)

    assert found(bench, "take").quantity == amount("0.999")


def test_what_was_bought_is_free_again_when_the_list_is_canceled(bench: Bench) -> None:
    listed(bench, listing(TARGET, STOP, pays=True))
    fill_entry(bench, "0.004")
    bench.cancel(account="carol", client_order_id="entry")

    assert (bench.locked("carol", "BTC"), bench.free("carol", "BTC")) == (0, amount("0.004"))
    assert list_status(bench) is ListOrderStatus.ALL_DONE


def test_too_little_to_sell_expires_as_rejected_and_is_free(bench: Bench) -> None:
    """What was bought is worth less than the symbol's smallest order by the price at which it is to be sold."""
    cheap = {"type": OrderType.STOP_LOSS_LIMIT, "stop_price": "48000", "price": "30000", "client_order_id": "cheap"}
    listed(bench, listing({"side": Side.SELL} | cheap, entry={"quantity": "0.00011"}, pays=True))
    fill_entry(bench, "0.00011")

    assert (found(bench, "cheap").status, found(bench, "cheap").quantity) == (OrderStatus.EXPIRED, amount("0.00011"))
    assert (bench.locked("carol", "BTC"), bench.free("carol", "BTC")) == (0, amount("0.00011"))


def test_a_pending_market_order_sells_what_was_bought(bench: Bench) -> None:
    bench.placed(account="bob", price="48000", quantity="1")
    market = {"side": Side.SELL, "type": OrderType.MARKET, "price": None, "time_in_force": None, "client_order_id": "m"}
    listed(bench, listing(market, pays=True))
    fill_entry(bench)

    assert status(bench, "m") == (OrderStatus.FILLED, amount("0.01"))
    assert (bench.locked("carol", "BTC"), bench.free("carol", "BTC")) == (0, 0)


def test_a_pending_market_order_sells_in_lots_for_market_orders() -> None:
    rules = {"market_step_size": amount("0.001"), "market_max_quantity": amount("0.0085")}
    bench = quiet_bench(paper_engine.symbol(**rules))
    bench.placed(account="bob", price="48000", quantity="1")
    market = {"side": Side.SELL, "type": OrderType.MARKET, "price": None, "time_in_force": None, "client_order_id": "m"}
    listed(bench, listing(market, pays=True))
    fill_entry(bench)

    assert status(bench, "m") == (OrderStatus.FILLED, amount("0.008"))
    assert (bench.locked("carol", "BTC"), bench.free("carol", "BTC")) == (0, amount("0.002"))
