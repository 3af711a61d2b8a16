from dataclasses import replace
from typing import Any

import pytest

from paper_exchange.model import Order, OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.order_commands import CancelOpenOrders, CancelRestriction
from paper_exchange.reads import ARCHIVE_AFTER
from paper_exchange.refusals import Refusal
from paper_exchange.replies import OrderCanceled, OrderPlaced, OrdersCanceled
from support.paper_engine import ETHBTC, Bench, amount, market

OTHER = "bob"


def offered(*asks: tuple[str, str]) -> Bench:
    """A venue where bob offers (price, quantity)."""
    bench = Bench()
    for price, quantity in asks:
        bench.placed(account=OTHER, side=Side.SELL, price=price, quantity=quantity)
    return bench


def test_a_limit_order_rests_and_locks_its_price() -> None:
    bench = Bench()
    order = bench.placed(price="50000", quantity="0.01")

    assert (order.status, order.executed) == (OrderStatus.NEW, 0)
    assert bench.locked("alice", "USDT") == amount("500")
    assert bench.engine.read.depth("BTCUSDT").bids == ((amount("50000"), amount("0.01")),)


def test_a_better_price_is_passed_on_and_the_rest_of_the_lock_returned() -> None:
    bench = offered(("49000", "0.01"))
    order = bench.placed(price="50000", quantity="0.01")

    assert order.status is OrderStatus.FILLED
    assert order.executed_quote == amount("490")
    assert bench.free("alice", "USDT") == amount("1000000") - amount("490")
    assert bench.locked("alice", "USDT") == 0


def test_commission_is_taken_from_what_is_received() -> None:
    bench = offered(("50000", "0.01"))
    reply = bench.place()
    assert isinstance(reply, OrderPlaced)

    assert [(fill.commission, fill.commission_asset) for fill in reply.fills] == [(amount("0.00001"), "BTC")]
    assert bench.free("alice", "BTC") == amount("1000000.00999")
    assert bench.free(OTHER, "USDT") == amount("1000499.5")


def test_an_order_is_filled_in_parts_by_price_then_time() -> None:
    bench = offered(("50000", "0.004"), ("49000", "0.002"), ("50000", "0.008"))
    reply = bench.place(quantity="0.01")
    assert isinstance(reply, OrderPlaced)

    assert [(fill.price, fill.quantity) for fill in reply.fills] == [
        (amount("49000"), amount("0.002")),
        (amount("50000"), amount("0.004")),
        (amount("50000"), amount("0.004")),
    ]
    assert [trade.order_id for trade in bench.engine.read.trades(OTHER, "BTCUSDT")] == [2, 1, 3]


def test_a_partly_filled_order_keeps_its_place() -> None:
    bench = offered(("50000", "0.01"), ("50000", "0.01"))
    bench.placed(quantity="0.005")
    bench.placed(quantity="0.005")

    assert [order.order_id for order in bench.engine.read.open_orders(OTHER)] == [2]


ENDS: list[tuple[TimeInForce, str, OrderStatus, str]] = [
    (TimeInForce.GTC, "0.01", OrderStatus.PARTIALLY_FILLED, "0.004"),
    (TimeInForce.IOC, "0.01", OrderStatus.EXPIRED, "0.004"),
    (TimeInForce.FOK, "0.01", OrderStatus.EXPIRED, "0"),
    (TimeInForce.FOK, "0.004", OrderStatus.FILLED, "0.004"),
    (TimeInForce.IOC, "0.004", OrderStatus.FILLED, "0.004"),
]


@pytest.mark.parametrize(("time_in_force", "quantity", "status", "executed"), ENDS)
def test_the_time_in_force_decides_about_the_rest(
    time_in_force: TimeInForce, quantity: str, status: OrderStatus, executed: str
) -> None:
    bench = offered(("50000", "0.004"))
    order = bench.placed(time_in_force=time_in_force, quantity=quantity)

    assert (order.status, order.executed) == (status, amount(executed))
    assert bench.locked("alice", "USDT") == (amount("300") if order.is_open else 0)


def test_a_fok_order_does_not_count_what_is_too_expensive() -> None:
    bench = offered(("50000", "0.004"), ("50000.01", "1"))

    assert bench.placed(time_in_force=TimeInForce.FOK).status is OrderStatus.EXPIRED


def test_a_limit_maker_order_rests() -> None:
    order = offered(("50000.01", "1")).placed(type=OrderType.LIMIT_MAKER, time_in_force=None)

    assert order.status is OrderStatus.NEW
    assert order.time_in_force is TimeInForce.GTC


def test_a_market_order_without_liquidity_expires() -> None:
    bench = Bench()
    reply = bench.do(market())
    assert isinstance(reply, OrderPlaced)

    assert (reply.order.status, reply.fills) == (OrderStatus.EXPIRED, ())
    assert bench.free("alice", "USDT") == amount("1000000")


def test_a_market_order_takes_what_is_there_and_expires() -> None:
    bench = offered(("50000", "0.004"))
    reply = bench.do(market(quantity="0.01"))
    assert isinstance(reply, OrderPlaced)

    assert (reply.order.status, reply.order.executed) == (OrderStatus.EXPIRED, amount("0.004"))


def by_quote(bench: Bench, quote: str, **changes: Any) -> Order:  # noqa: ANN401 - fields of an order
    reply = bench.do(market(quantity=None, quote_quantity=quote, **changes))
    assert isinstance(reply, OrderPlaced), reply
    return reply.order


def test_a_quote_amount_buys_as_many_whole_steps_as_it_pays_for() -> None:
    order = by_quote(offered(("50000", "0.01"), ("60000", "1")), "1000")

    assert order.status is OrderStatus.FILLED
    assert order.quantity == order.executed == amount("0.01833")
    assert order.executed_quote == amount("999.8")


def test_a_quote_amount_sells_as_many_whole_steps_as_it_is_worth() -> None:
    bench = Bench()
    bench.placed(account=OTHER, price="50000", quantity="1")
    order = by_quote(bench, "100", side=Side.SELL)

    assert (order.status, order.executed) == (OrderStatus.FILLED, amount("0.002"))


def test_a_quote_amount_beyond_the_book_expires_with_what_it_got() -> None:
    order = by_quote(offered(("50000", "0.01")), "1000")

    assert (order.status, order.executed) == (OrderStatus.EXPIRED, amount("0.01"))


def test_amounts_below_eight_decimals_are_rounded_without_losing_any() -> None:
    bench = Bench(ETHBTC)
    bench.placed(symbol="ETHBTC", account=OTHER, side=Side.SELL, price="0.05001", quantity="1.0001")
    bench.placed(symbol="ETHBTC", price="0.05003", quantity="1.0003")

    assert bench.engine.read.audit() == ()
    assert bench.locked("alice", "BTC") == -(-amount("0.05003") * amount("0.0002") // 100_000_000)


# --- client order ids


def test_a_client_id_is_unique_among_open_orders() -> None:
    bench = Bench()
    bench.placed(client_order_id="mine")

    assert bench.place(client_order_id="mine") == Refusal(-2010, "Duplicate order sent.")
    assert isinstance(bench.place(client_order_id="mine", account=OTHER), OrderPlaced)


@pytest.mark.parametrize("end", ["fill", "cancel"])
def test_a_client_id_is_free_again_once_its_order_is_closed_and_means_the_latest(end: str) -> None:
    bench = Bench()
    first = bench.placed(client_order_id="mine")
    if end == "fill":
        bench.placed(account=OTHER, side=Side.SELL)
    else:
        bench.cancel(client_order_id="mine")
    second = bench.placed(client_order_id="mine")

    found = bench.engine.read.order("alice", "BTCUSDT", client_order_id="mine", now=bench.now)
    assert isinstance(found, Order)
    assert first.order_id != found.order_id == second.order_id


def test_a_market_order_may_repeat_the_id_of_a_filled_one() -> None:
    bench = offered(("50000", "1"))
    bench.do(market(client_order_id="mine"))

    assert isinstance(bench.do(market(client_order_id="mine")), OrderPlaced)
    assert len(bench.engine.read.all_orders("alice", "BTCUSDT", now=bench.now)) == 2


def test_the_engine_names_orders_that_come_without_a_client_id() -> None:
    bench = Bench()

    assert bench.placed().client_order_id != bench.placed().client_order_id


def test_two_ids_must_name_the_same_order() -> None:
    bench = Bench()
    bench.placed(client_order_id="one")
    bench.placed(client_order_id="two")
    read = bench.engine.read

    assert isinstance(read.order("alice", "BTCUSDT", order_id=1, client_order_id="one", now=bench.now), Order)
    assert read.order("alice", "BTCUSDT", order_id=1, client_order_id="two", now=bench.now) == Refusal(
        -2013, "Order does not exist."
    )


def test_the_orders_of_others_do_not_exist() -> None:
    bench = Bench()
    bench.placed()

    assert bench.engine.read.order(OTHER, "BTCUSDT", order_id=1, now=bench.now) == Refusal(
        -2013, "Order does not exist."
    )
    assert bench.cancel(OTHER, order_id=1) == Refusal(-2011, "Unknown order sent.")


# --- cancel


def test_a_canceled_order_returns_what_it_locked() -> None:
    bench = Bench()
    bench.placed()
    reply = bench.cancel(order_id=1, cancel_client_id="bye")
    assert isinstance(reply, OrderCanceled)

    assert (reply.order.status, reply.cancel_client_id) == (OrderStatus.CANCELED, "bye")
    assert bench.free("alice", "USDT") == amount("1000000")
    assert bench.engine.read.depth("BTCUSDT").bids == ()


def test_an_order_is_canceled_once() -> None:
    bench = Bench()
    bench.placed()
    bench.cancel(order_id=1)

    assert bench.cancel(order_id=1) == Refusal(-2011, "Unknown order sent.")


def test_a_cancel_needs_an_id() -> None:
    assert Bench().cancel() == Refusal(-2011, "Cancel order is invalid. Check origClOrdId and orderId.")


def test_a_cancel_of_an_unlisted_symbol_is_refused() -> None:
    assert Bench().cancel(symbol="NOPE", order_id=1) == Refusal(-1121, "Invalid symbol.")


@pytest.mark.parametrize(
    ("restriction", "filled", "works"),
    [
        (CancelRestriction.ONLY_NEW, False, True),
        (CancelRestriction.ONLY_NEW, True, False),
        (CancelRestriction.ONLY_PARTIALLY_FILLED, False, False),
        (CancelRestriction.ONLY_PARTIALLY_FILLED, True, True),
    ],
)
def test_a_cancel_can_be_restricted_to_a_state(restriction: CancelRestriction, filled: bool, works: bool) -> None:
    bench = Bench()
    bench.placed()
    if filled:
        bench.placed(account=OTHER, side=Side.SELL, quantity="0.004")
    reply = bench.cancel(order_id=1, restriction=restriction)

    assert isinstance(reply, OrderCanceled) == works
    assert works or reply == Refusal(-2011, "Order was not canceled due to cancel restrictions.")


def test_all_open_orders_of_a_symbol_are_canceled_at_once() -> None:
    bench = Bench()
    bench.placed(price="40000")
    bench.placed(price="40001")
    bench.placed(account=OTHER, price="40002")
    reply = bench.do(CancelOpenOrders(account="alice", symbol="BTCUSDT"))
    assert isinstance(reply, OrdersCanceled)

    assert [entry.order.order_id for entry in reply.canceled if isinstance(entry, OrderCanceled)] == [1, 2]
    assert len(bench.engine.read.open_orders(OTHER)) == 1


def test_canceling_all_without_any_is_refused() -> None:
    assert Bench().do(CancelOpenOrders(account="alice", symbol="BTCUSDT")) == Refusal(-2011, "Unknown order sent.")


# --- self-trade prevention

PREVENTIONS = [
    (SelfTradePrevention.EXPIRE_MAKER, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.FILLED),
    (SelfTradePrevention.EXPIRE_TAKER, OrderStatus.NEW, OrderStatus.EXPIRED_IN_MATCH),
    (SelfTradePrevention.EXPIRE_BOTH, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.EXPIRED_IN_MATCH),
    (SelfTradePrevention.NONE, OrderStatus.FILLED, OrderStatus.FILLED),
]


@pytest.mark.parametrize(("mode", "maker", "taker"), PREVENTIONS)
def test_an_account_does_not_trade_with_itself_unless_it_wants_to(
    mode: SelfTradePrevention, maker: OrderStatus, taker: OrderStatus
) -> None:
    bench = Bench()
    bench.placed(side=Side.SELL)
    bench.placed(side=Side.SELL, account=OTHER)
    order = bench.placed(prevention=mode)

    resting = bench.engine.read.order("alice", "BTCUSDT", order_id=1, now=bench.now)
    assert isinstance(resting, Order)
    assert (resting.status, order.status) == (maker, taker)
    assert bench.engine.read.audit() == ()


def test_a_fok_order_does_not_count_what_prevention_removes() -> None:
    bench = Bench()
    bench.placed(side=Side.SELL)

    assert bench.placed(time_in_force=TimeInForce.FOK).status is OrderStatus.EXPIRED


# --- archive


def test_an_order_that_ended_unfilled_is_archived_after_ninety_days() -> None:
    bench = Bench()
    bench.placed(client_order_id="old")
    bench.cancel(order_id=1)
    read = bench.engine.read

    edge = bench.now + ARCHIVE_AFTER
    assert isinstance(read.order("alice", "BTCUSDT", order_id=1, now=edge), Order)
    refused = read.order("alice", "BTCUSDT", order_id=1, now=edge + 1)
    assert isinstance(refused, Refusal)
    assert refused.code == -2026
    assert read.all_orders("alice", "BTCUSDT", now=edge + 1) == []


def test_a_filled_order_is_never_archived() -> None:
    bench = offered(("50000", "1"))
    order = bench.placed()

    found = bench.engine.read.order("alice", "BTCUSDT", order_id=order.order_id, now=bench.now + 2 * ARCHIVE_AFTER)
    assert isinstance(found, Order)


def test_a_fok_order_does_not_count_what_lies_behind_an_order_that_would_end_it() -> None:
    bench = Bench()
    bench.placed(side=Side.SELL, quantity="0.001")
    bench.placed(account=OTHER, side=Side.SELL, quantity="1")
    order = bench.placed(time_in_force=TimeInForce.FOK, prevention=SelfTradePrevention.EXPIRE_TAKER)

    assert (order.status, order.prevented) == (OrderStatus.EXPIRED, 0)


def test_commission_is_rounded_in_favour_of_the_customer() -> None:
    bench = Bench(replace(ETHBTC, min_notional=0))
    bench.placed(symbol="ETHBTC", price="0.05001", quantity="0.0001")
    bench.placed(symbol="ETHBTC", account=OTHER, side=Side.SELL, price="0.05001", quantity="0.0001")
    (trade,) = bench.engine.read.trades(OTHER, "ETHBTC")

    assert (trade.quote_quantity, trade.commission) == (500, 0)
