"""A smaller quantity for an order of a list: who follows, what is locked, and what is told of the list."""

from typing import Any

import pytest

from paper_exchange.commands import Deposit
from paper_exchange.events import ListUpdate, OrderUpdate
from paper_exchange.list_model import ListStatusType, OrderList
from paper_exchange.model import OrderStatus, OrderType, TimeInForce
from paper_exchange.order_commands import AmendOrder, PlaceOco, ReduceOrder
from paper_exchange.refusals import AMEND_IN_LIST, AMEND_PENDING_OPO, Refusal
from paper_exchange.replies import ListPlaced, OrderAmended, OrderReduced
from support.paper_engine import Bench, amount, order
from support.paper_pending import STOP, TARGET, fill_entry, found, listed, listing, quiet_bench, status


@pytest.fixture
def bench() -> Bench:
    """Carol has 1 BTC besides."""
    made = quiet_bench()
    made.do(Deposit(account="carol", asset="BTC", amount=amount("1")))
    return made


def pair(bench: Bench, **stop: Any) -> None:  # noqa: ANN401 - fields of an order
    """Carol sells 0.01 BTC at 51000, or once 48000 is reached."""
    above, below = (order(account="carol", **one) for one in (TARGET, STOP | stop))
    assert isinstance(bench.do(PlaceOco(above=above, below=below, list_client_order_id="list")), ListPlaced)


def smaller(name: str, quantity: str = "0.005", new_name: str | None = "x") -> ReduceOrder:
    return ReduceOrder(
        account="carol",
        symbol="BTCUSDT",
        client_order_id=name,
        quantity=amount(quantity),
        new_client_order_id=new_name,
    )


def quantities(bench: Bench) -> dict[str, int]:
    return {each.client_order_id: each.quantity for each in bench.engine.read.open_orders("carol")}


@pytest.mark.parametrize(("named", "other"), [("target", "stop"), ("stop", "target")])
def test_the_amend_of_one_order_makes_both_smaller_and_only_that_one_has_a_new_id(
    bench: Bench, named: str, other: str
) -> None:
    pair(bench)
    reply = bench.do(smaller(named))

    assert isinstance(reply, OrderReduced)
    assert quantities(bench) == {"x": amount("0.005"), other: amount("0.005")}
    assert bench.locked("carol", "BTC") == amount("0.005")
    assert [update.client_order_id for update in bench.events(OrderUpdate)] == ["x", other]
    (told,) = bench.events(ListUpdate)
    assert told.order_list.status_type is ListStatusType.UPDATED


def test_the_list_names_its_orders_by_their_present_ids(bench: Bench) -> None:
    pair(bench)
    reply = bench.do(smaller("target"))
    now = bench.engine.read.order_list("carol", None, "list")

    assert isinstance(now, OrderList)
    assert isinstance(reply, OrderReduced)
    assert now == reply.order_list
    assert [name for _, name in now.orders] == ["stop", "x"]
    assert now.status_type is ListStatusType.EXEC_STARTED


def test_an_amend_that_keeps_the_id_tells_nothing_of_the_list(bench: Bench) -> None:
    pair(bench)
    bench.do(smaller("stop", new_name="stop"))

    assert len(bench.events(OrderUpdate)) == 2
    assert bench.events(ListUpdate) == []


def test_both_orders_remember_the_amend(bench: Bench) -> None:
    pair(bench)
    bench.do(smaller("stop"))

    for order_id in (found(bench, "x").order_id, found(bench, "target").order_id):
        (row,) = bench.engine.read.amendments("carol", "BTCUSDT", order_id)
        assert (row.orig_quantity, row.new_quantity) == (amount("0.01"), amount("0.005"))


def test_an_amend_that_the_other_order_could_not_follow_is_refused(bench: Bench) -> None:
    """0.0001 BTC are worth enough at 51000, and not at the price of the other order."""
    pair(bench, type=OrderType.STOP_LOSS_LIMIT, price="48000", time_in_force=TimeInForce.GTC)

    assert bench.do(smaller("target", "0.0001")) == Refusal(-1013, "Filter failure: NOTIONAL")
    assert bench.locked("carol", "BTC") == amount("0.01")
    assert isinstance(bench.do(smaller("target", "0.0002")), OrderReduced)


def test_an_order_that_has_ended_the_other_is_amended_alone(bench: Bench) -> None:
    pair(bench)
    bench.placed(account="bob", price="51000", quantity="0.004")
    assert isinstance(bench.do(smaller("target")), OrderReduced)

    assert bench.locked("carol", "BTC") == amount("0.001")
    assert status(bench, "stop") == (OrderStatus.EXPIRED, 0)


@pytest.mark.parametrize(("name", "locked"), [("entry", "245"), ("take", "490")])
def test_working_and_pending_order_are_amended_one_by_one(bench: Bench, name: str, locked: str) -> None:
    listed(bench, listing())
    assert isinstance(bench.do(smaller(name, new_name=name)), OrderReduced)

    assert quantities(bench) == {"entry": amount("0.01"), "take": amount("0.01")} | {name: amount("0.005")}
    assert bench.locked("carol", "USDT") == amount(locked)


def test_a_pending_pair_is_amended_together(bench: Bench) -> None:
    listed(bench, listing(TARGET, STOP))
    bench.do(smaller("stop"))
    assert found(bench, "target").quantity == amount("0.005")

    fill_entry(bench)
    assert bench.locked("carol", "BTC") == amount("0.005")


def test_a_quantity_that_is_not_known_yet_is_not_amended(bench: Bench) -> None:
    listed(bench, listing(pays=True))
    assert bench.do(smaller("take")) == AMEND_PENDING_OPO

    fill_entry(bench)
    assert isinstance(bench.do(smaller("take")), OrderReduced)
    assert (bench.locked("carol", "BTC"), bench.free("carol", "BTC")) == (amount("0.005"), amount("1.005"))


@pytest.mark.parametrize("name", ["entry", "take"])
def test_the_price_of_an_order_that_others_depend_on_stays(bench: Bench, name: str) -> None:
    listed(bench, listing())
    dearer = AmendOrder(account="carol", symbol="BTCUSDT", client_order_id=name, price=amount("50500"))
    assert bench.do(dearer) == AMEND_IN_LIST


def test_an_order_that_stands_alone_by_now_may_have_another_price(bench: Bench) -> None:
    listed(bench, listing())
    fill_entry(bench)
    dearer = AmendOrder(account="carol", symbol="BTCUSDT", client_order_id="take", price=amount("51500"))
    assert isinstance(bench.do(dearer), OrderAmended)
