"""Changing an order where it stands, and commissions on top of the price."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paper_exchange.commands import MakerConfig, MakerKind, SetFees, SetMaker, SweepTo
from paper_exchange.events import ExecutionType, OrderUpdate
from paper_exchange.model import Fees, Order, OrderStatus, OrderType, Side
from paper_exchange.order_commands import AmendOrder
from paper_exchange.refusals import INSUFFICIENT_BALANCE, UNKNOWN_ORDER, WOULD_TAKE, Refusal
from paper_exchange.replies import OrderAmended
from paper_exchange.units import SCALE, format_amount
from support.paper_engine import BTCUSDT, Bench, amount, market

LADDER = MakerConfig(kind=MakerKind.LADDER, mid=amount("50000"), levels=5, spacing=amount("10"), quantity=amount("1"))


def amend(bench: Bench, order: Order, **changes: object) -> Any:  # noqa: ANN401 - a reply
    fields: dict[str, Any] = {
        name: amount(value) if isinstance(value, str) else value for name, value in changes.items()
    }
    return bench.do(AmendOrder(account=order.account, symbol=order.symbol, order_id=order.order_id, **fields))


def amended(bench: Bench, order: Order, **changes: object) -> Order:
    reply = amend(bench, order, **changes)
    assert isinstance(reply, OrderAmended), reply
    return reply.order


def first_in_line(bench: Bench) -> str:
    """Whose order a seller meets at the best bid."""
    bench.place(account="bob", side="SELL", quantity="0.001", price="50000")
    return next(event.order.client_order_id for event in bench.events(OrderUpdate) if event.account == "alice")


def test_the_new_quantity_is_the_total_with_what_is_filled() -> None:
    bench = Bench()
    order = bench.placed(quantity="0.01")
    bench.place(account="bob", side="SELL", quantity="0.004", price="50000")
    changed = amended(bench, order, quantity="0.02")
    assert (changed.status, changed.quantity, changed.remaining) == (
        OrderStatus.PARTIALLY_FILLED,
        amount("0.02"),
        amount("0.016"),
    )
    assert bench.locked("alice", "USDT") == amount("800")
    assert [event.execution for event in bench.events(OrderUpdate)] == [ExecutionType.REPLACED]


@pytest.mark.parametrize("total", ["0.004", "0.003"])
def test_a_total_that_is_filled_already_takes_the_rest_away(total: str) -> None:
    bench = Bench()
    order = bench.placed(quantity="0.01")
    bench.place(account="bob", side="SELL", quantity="0.004", price="50000")
    assert amended(bench, order, quantity=total).status is OrderStatus.CANCELED
    assert bench.locked("alice", "USDT") == 0


def test_less_keeps_the_place_in_the_queue_and_more_loses_it() -> None:
    bench = Bench()
    first = bench.placed(client_order_id="first")
    bench.placed(client_order_id="second")
    amend(bench, first, quantity="0.009")
    assert first_in_line(bench) == "first"
    amend(bench, first, quantity="0.02")
    assert first_in_line(bench) == "second"


def test_a_new_price_that_crosses_is_executed() -> None:
    bench = Bench()
    bench.do(SetMaker(symbol="BTCUSDT", maker=LADDER))
    order = bench.placed(price="49000")
    assert amended(bench, order, price="50010").status is OrderStatus.FILLED
    assert bench.engine.read.audit() == ()


def test_post_only_refuses_the_price_and_leaves_the_order_as_it_was() -> None:
    bench = Bench()
    bench.do(SetMaker(symbol="BTCUSDT", maker=LADDER))
    order = bench.placed(price="49000")
    before = bench.engine.read.balances("alice")
    assert amend(bench, order, price="50010", post_only=True) == WOULD_TAKE
    assert bench.engine.read.balances("alice") == before


def test_a_waiting_stop_can_be_moved_and_fires_at_its_new_price() -> None:
    bench = Bench()
    bench.do(SetMaker(symbol="BTCUSDT", maker=LADDER))
    order = bench.placed(type=OrderType.STOP_LOSS, side=Side.SELL, stop_price="49000", price=None, time_in_force=None)
    amend(bench, order, stop_price="48000")
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("48900")))
    assert bench.events(OrderUpdate) == []
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("48000")))
    assert bench.events(OrderUpdate)[-1].status is OrderStatus.FILLED


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_a_trailing_stop_goes_on_following_with_another_quantity(side: Side) -> None:
    bench = Bench()
    bench.do(SetMaker(symbol="BTCUSDT", maker=LADDER))
    order = bench.placed(
        type=OrderType.STOP_LOSS, side=side, trailing_amount=amount("500"), price=None, time_in_force=None
    )
    assert amended(bench, order, quantity="0.02").quantity == amount("0.02")
    assert isinstance(amend(bench, order, stop_price="48000"), Refusal)
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("50500" if side is Side.BUY else "49500")))
    assert bench.events(OrderUpdate)[-1].order.executed == amount("0.02")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"quantity": "21"}, INSUFFICIENT_BALANCE),
        ({"price": "49000.001"}, "Filter failure: PRICE_FILTER"),
        ({"quantity": "0.000001"}, "Filter failure: LOT_SIZE"),
        ({"quantity": "0.00001"}, "Filter failure: NOTIONAL"),
        ({"stop_price": "49000"}, "Data sent for parameter 'price' is not valid."),
        ({}, "Data sent for parameter 'price' is not valid."),
    ],
)
def test_a_refused_amend_changes_nothing(changes: dict[str, str], refusal: Refusal | str) -> None:
    bench = Bench()
    order = bench.placed()
    before = bench.engine.read.open_orders("alice")[0].copy()
    reply = amend(bench, order, **changes)
    assert isinstance(reply, Refusal)
    assert refusal in (reply, reply.message)
    assert bench.engine.read.open_orders("alice") == [before]
    assert bench.last.events == ()


def test_an_order_that_has_ended_cannot_be_amended() -> None:
    bench = Bench()
    order = bench.placed()
    bench.cancel(order_id=order.order_id)
    assert amend(bench, order, price="49000") == UNKNOWN_ORDER


# --- a commission in the quote asset


def test_a_buy_that_pays_its_fee_in_the_quote_asset_receives_all_that_it_bought() -> None:
    bench = Bench()
    bench.do(SetMaker(symbol="BTCUSDT", maker=LADDER))
    before = bench.free("alice", "USDT")
    bench.do(market(quantity="0.01", fee_in_quote=True))
    (report,) = [event for event in bench.events(OrderUpdate) if event.trade]
    assert (report.trade.commission, report.trade.commission_asset) == (report.trade.quote_quantity // 1000, "USDT")
    assert bench.free("alice", "BTC") == amount("1000000.01")
    assert before - bench.free("alice", "USDT") == report.trade.quote_quantity + report.trade.commission
    assert bench.engine.read.audit() == ()


def test_the_commission_on_top_is_locked_with_the_order_and_covered_when_the_rate_rises() -> None:
    bench = Bench()
    order = bench.placed(quantity="0.01", price="50000", fee_in_quote=True)
    assert bench.locked("alice", "USDT") == amount("500.5")
    bench.do(SetFees(account="alice", fees=Fees(SCALE // 100, SCALE // 100)))
    bench.place(account="bob", side="SELL", quantity="0.01", price="50000")
    assert bench.engine.read.order("alice", "BTCUSDT", order_id=order.order_id, now=bench.now).executed  # type: ignore[union-attr]
    assert bench.locked("alice", "USDT") == 0
    assert bench.engine.read.audit() == ()


@settings(max_examples=60, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 2_000), st.integers(4_900_000, 5_100_000), st.booleans(), st.sampled_from(["amend", "sell"])
        ),
        max_size=8,
    )
)
def test_amends_and_fills_never_leave_more_or_less_locked_than_the_order_needs(
    steps: list[tuple[int, int, bool, str]],
) -> None:
    bench = Bench(BTCUSDT)
    order = bench.placed(quantity="0.01", price="50000", fee_in_quote=True)
    for lots, cents, post_only, what in steps:
        quantity, price = str(Decimal(lots).scaleb(-5)), str(Decimal(cents).scaleb(-2))
        if what == "amend":
            amend(bench, order, quantity=quantity, price=price, post_only=post_only)
        else:
            bench.place(account="bob", side="SELL", quantity=quantity, price=price)
        reserved = sum(found.reserved for found in bench.engine.read.open_orders("alice"))
        assert format_amount(bench.locked("alice", "USDT")) == format_amount(reserved)
        assert bench.engine.read.audit() == ()
