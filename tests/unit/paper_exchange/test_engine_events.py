from paper_exchange.commands import CreateAccount, Deposit, SweepTo, Withdraw
from paper_exchange.events import AccountPosition, BalanceUpdate, BookChange, ExecutionType, OrderUpdate, TradePrint
from paper_exchange.model import OrderStatus, Side
from paper_exchange.refusals import Refusal
from support.paper_engine import Bench, amount, market


def test_a_market_order_is_reported_as_in_the_documentation() -> None:
    """The example of `faqs/market_orders_faq.md`: NEW, two trades, EXPIRED, then one position."""
    bench = Bench()
    bench.placed(account="bob", side=Side.SELL, quantity="0.002")
    bench.placed(account="bob", side=Side.SELL, quantity="0.002")
    bench.do(market(quantity="0.006"))
    own = [update for update in bench.events(OrderUpdate) if update.account == "alice"]

    assert [(update.execution, update.status, update.on_book) for update in own] == [
        (ExecutionType.NEW, OrderStatus.NEW, True),
        (ExecutionType.TRADE, OrderStatus.PARTIALLY_FILLED, False),
        (ExecutionType.TRADE, OrderStatus.PARTIALLY_FILLED, False),
        (ExecutionType.EXPIRED, OrderStatus.EXPIRED, False),
    ]
    assert [update.order.executed for update in own] == [0, amount("0.002"), amount("0.004"), amount("0.004")]
    assert [update.trade.trade_id for update in own if update.trade] == [1, 2]
    assert len([event for event in bench.events(AccountPosition) if event.account == "alice"]) == 1


def test_taker_and_maker_are_told_of_the_same_trade() -> None:
    bench = Bench()
    bench.placed(account="bob", side=Side.SELL)
    bench.placed()
    trades = [update for update in bench.events(OrderUpdate) if update.trade]

    assert [(update.account, update.trade.is_maker, update.trade.trade_id) for update in trades] == [
        ("alice", False, 1),
        ("bob", True, 1),
    ]
    assert [update.order.status for update in trades] == [OrderStatus.FILLED, OrderStatus.FILLED]


def test_reports_come_before_positions_and_positions_before_market_data() -> None:
    bench = Bench()
    bench.placed(account="bob", side=Side.SELL)
    bench.placed()
    kinds = [type(event) for event in bench.last.events]

    assert kinds == sorted(kinds, key=[OrderUpdate, AccountPosition, TradePrint, BookChange].index)
    assert set(kinds) == {OrderUpdate, AccountPosition, TradePrint, BookChange}


def test_a_cancel_is_reported_under_its_own_id_with_the_original_beside_it() -> None:
    bench = Bench()
    bench.placed(client_order_id="mine")
    bench.cancel(client_order_id="mine", cancel_client_id="bye")
    (update,) = bench.events(OrderUpdate)

    assert update.execution is ExecutionType.CANCELED
    assert (update.client_order_id, update.orig_client_order_id) == ("bye", "mine")
    assert update.order.client_order_id == "mine"
    assert not update.on_book


def test_a_prevented_order_is_reported_as_trade_prevention() -> None:
    bench = Bench()
    bench.placed(side=Side.SELL)
    bench.placed()
    (_, prevented) = bench.events(OrderUpdate)

    assert prevented.execution is ExecutionType.TRADE_PREVENTION
    assert (prevented.order.order_id, prevented.status) == (1, OrderStatus.EXPIRED_IN_MATCH)
    assert prevented.order.prevented == amount("0.01")


def test_an_event_keeps_its_order_as_it_was() -> None:
    bench = Bench()
    bench.placed()
    (update,) = bench.events(OrderUpdate)
    bench.cancel(order_id=1)

    assert update.order.status is OrderStatus.NEW


def test_a_position_lists_only_what_the_command_touched() -> None:
    bench = Bench()
    bench.placed()
    (position,) = bench.events(AccountPosition)

    assert position.balances == (("USDT", amount("999500"), amount("500")),)


def test_deposits_and_withdrawals_are_balance_updates() -> None:
    bench = Bench()
    bench.do(Deposit(account="alice", asset="BTC", amount=5))
    (deposit,) = bench.events(BalanceUpdate)
    bench.do(Withdraw(account="alice", asset="BTC", amount=3))
    (withdrawal,) = bench.events(BalanceUpdate)

    assert (deposit.delta, withdrawal.delta) == (5, -3)
    assert len(bench.events(AccountPosition)) == 1


def test_no_more_is_withdrawn_than_is_free() -> None:
    bench = Bench()
    bench.placed()
    refused = bench.do(Withdraw(account="alice", asset="USDT", amount=amount("999500.00000001")))

    assert isinstance(refused, Refusal)


def test_an_amount_to_deposit_is_positive() -> None:
    assert isinstance(Bench().do(Deposit(account="alice", asset="BTC", amount=-1)), Refusal)


def test_a_book_change_gives_new_quantities_and_counts_on() -> None:
    bench = Bench()
    bench.placed(quantity="0.01")
    (first,) = bench.events(BookChange)
    bench.cancel(order_id=1)
    (second,) = bench.events(BookChange)

    assert first.bids == ((amount("50000"), amount("0.01")),)
    assert second.bids == ((amount("50000"), 0),)
    assert second.first_update_id == first.last_update_id + 1
    assert bench.engine.read.depth("BTCUSDT").last_update_id == second.last_update_id


def test_the_house_is_silent() -> None:
    bench = Bench()
    bench.do(SweepTo(symbol="BTCUSDT", price=amount("50000")))

    assert {type(event) for event in bench.last.events} == {TradePrint}


def test_time_never_runs_backwards() -> None:
    bench = Bench()
    bench.placed()
    bench.now -= 10_000
    order = bench.placed()

    assert order.time == bench.now + 10_000


def test_creating_an_account_twice_changes_nothing() -> None:
    bench = Bench()
    bench.do(CreateAccount(account="alice"))

    assert bench.free("alice", "BTC") == amount("1000000")
    assert isinstance(bench.do(CreateAccount(account="alice", house=True)), Refusal)
