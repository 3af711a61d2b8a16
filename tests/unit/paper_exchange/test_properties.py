"""Whatever is asked, the books balance: random sequences of commands against the engine's invariants."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paper_exchange import snapshot, ties
from paper_exchange.commands import (
    Command,
    CreateAccount,
    Deposit,
    SweepTo,
)
from paper_exchange.engine import Engine
from paper_exchange.events import ExecutionType, OrderUpdate
from paper_exchange.journal import decode, encode
from paper_exchange.list_model import ListOrderStatus, OrderList
from paper_exchange.model import STOP_TYPES, Order, OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.order_commands import (
    CancelOpenOrders,
    CancelOrder,
    PlaceOco,
    PlaceOrder,
    PlacePending,
    ReduceOrder,
    ReplaceMode,
    ReplaceOrder,
)
from paper_exchange.refusals import INSUFFICIENT_BALANCE, WOULD_TAKE, WOULD_TRIGGER, Refusal
from paper_exchange.replies import ListPlaced, OrderCanceled, OrderReduced, OrderReplaced
from paper_exchange.settlement import reservation
from paper_exchange.state import reserved_asset
from support.paper_engine import Bench, amount
from support.paper_strategies import ACCOUNTS, PRICES, SYMBOLS, WITHOUT_PRICE, sequences

EXECUTIONS = {
    ExecutionType.NEW,
    ExecutionType.TRADE,
    ExecutionType.CANCELED,
    ExecutionType.REPLACED,
    ExecutionType.EXPIRED,
    ExecutionType.TRADE_PREVENTION,
}


def broken(engine: Engine) -> list[str]:
    """Every invariant that does not hold, in words."""
    parts = (broken_orders, broken_lists, broken_locks, crossed_books)
    return [*engine.state.ledger.audit(), *(words for part in parts for words in part(engine))]


def broken_orders(engine: Engine) -> Iterator[str]:
    for account, holdings in engine.state.holdings.items():
        for name, holding in holdings.items():
            for order in holding.open.values():
                empty = order.remaining <= 0 and not order.is_pending
                if not order.is_open or empty or order.reserved != should_keep(engine, order):
                    yield f"{order} should not be open like this"
            buying = sum(order.remaining for order in holding.open.values() if order.side is Side.BUY)
            if holding.buying != buying:
                yield f"{account} is buying {buying} {name}, not {holding.buying}"


def should_keep(engine: Engine, order: Order) -> int:
    """What lies with an order: of two that are tied together the first one keeps what serves both.

    For a pending order nothing does, except what its working order has bought for it: with the first one.
    """
    if order.is_pending:
        return paid_for(engine, order)
    other = ties.partner(engine.state, order)
    if other is None:
        return reservation(order)
    return max(reservation(order), reservation(other)) if order.order_id < other.order_id else 0


def paid_for(engine: Engine, order: Order) -> int:
    found = ties.list_of(engine.state, order)
    assert found is not None
    if not found.pays or order.order_id != found.orders[1][0]:
        return 0
    bought = engine.read.trades(order.account, order.symbol, order_id=found.working)
    most, least = (sum(t.quantity for t in bought), sum(t.quantity - t.commission for t in bought))
    return order.reserved if least <= order.reserved <= most else least


def broken_lists(engine: Engine) -> Iterator[str]:
    """Of a pair at most one has worked, no pending order has, and a list is done when nothing of it is open."""
    for found in engine.state.lists.values():
        orders = [engine.read.order(found.account, found.symbol, order_id=each, now=0) for each, _ in found.orders]
        known = [order for order in orders if isinstance(order, Order)]
        if sum(order.executed > 0 for order in known if order.order_id in found.pair) > 1:
            yield f"both orders of a pair have worked: {known}"
        if any(order.is_pending and order.executed for order in known):
            yield f"a pending order has been executed: {known}"
        if (found.order_status is ListOrderStatus.EXECUTING) != any(order.is_open for order in known):
            yield f"{found} does not tell how its orders stand: {known}"


def broken_locks(engine: Engine) -> Iterator[str]:
    for account in engine.read.accounts():
        needed: dict[str, int] = {}
        for order in engine.read.open_orders(account.name):
            asset = reserved_asset(engine.state.markets[order.symbol].symbol, order.side)
            needed[asset] = needed.get(asset, 0) + should_keep(engine, order)
        for asset, balance in engine.read.balances(account.name).items():
            if balance.locked != needed.get(asset, 0):
                yield f"{account.name} has locked {balance.locked} {asset}, its orders need {needed.get(asset, 0)}"


def crossed_books(engine: Engine) -> Iterator[str]:
    for name in PRICES:
        ticker = engine.read.ticker(name)
        if ticker.bid_price and ticker.ask_price and ticker.bid_price >= ticker.ask_price:
            yield f"{name} is crossed: {ticker}"


def traders() -> Bench:
    """Three accounts that hold little enough to run out of it."""
    bench = Bench(*SYMBOLS, accounts=())
    for account in ACCOUNTS:
        bench.do(CreateAccount(account=account))
        for asset, held in (("BTC", "0.0105"), ("ETH", "0.02"), ("USDT", "500")):
            bench.do(Deposit(account=account, asset=asset, amount=amount(held)))
    return bench


@settings(max_examples=25, derandomize=True, deadline=None)
@given(sequences)
def test_every_sequence_of_commands_keeps_the_books(commands: list[Command]) -> None:
    bench = traders()
    for command in commands:
        bench.now += 400
        bench.do(command)
        assert broken(bench.engine) == []


@settings(max_examples=12, derandomize=True, deadline=None)
@given(sequences, st.integers(0, 40))
def test_a_snapshot_anywhere_in_a_sequence_changes_nothing(commands: list[Command], at: int) -> None:
    straight, restored = traders(), traders()
    for number, command in enumerate(commands):
        for bench in (straight, restored):
            bench.now += 400
            bench.do(command)
        if number == at:
            restored.engine = Engine(snapshot.load(snapshot.dump(restored.engine.state)))
        assert restored.last == straight.last

    assert snapshot.digest(restored.engine.state) == snapshot.digest(straight.engine.state)


@settings(max_examples=12, derandomize=True, deadline=None)
@given(sequences)
def test_a_replay_of_what_the_journal_wrote_gives_the_same_venue(commands: list[Command]) -> None:
    lived, replayed = traders(), traders()
    for command in commands:
        for bench in (lived, replayed):
            bench.now += 400
        lived.do(command)
        replayed.do(decode(*encode(command)))
        assert replayed.last == lived.last

    assert snapshot.digest(replayed.engine.state) == snapshot.digest(lived.engine.state)


def random_command(rng: Random, bench: Bench) -> Command:
    """A busy market: mostly orders, close to each other, sometimes a cancel or a move."""
    symbol, account = rng.choice(sorted(PRICES)), rng.choice(ACCOUNTS)
    base, tick = PRICES[symbol]
    roll = rng.random()
    working = bench.engine.read.open_orders(account, symbol)
    if roll < 0.1 and working:
        return CancelOrder(account=account, symbol=symbol, order_id=rng.choice(working).order_id)
    if roll < 0.16 and working:
        chosen = rng.choice(working)
        steps = rng.randint(1, 1 + chosen.quantity // amount("0.0001"))
        name = rng.choice([None, chosen.client_order_id, "a"])
        return ReduceOrder(
            account=account,
            symbol=symbol,
            order_id=chosen.order_id,
            quantity=min(chosen.quantity, steps * amount("0.0001")),
            new_client_order_id=name,
        )
    if roll < 0.17:
        return CancelOpenOrders(account=account, symbol=symbol)
    if roll < 0.19:
        return SweepTo(symbol=symbol, price=base + rng.randint(-3, 3) * tick)
    if roll < 0.25 and working:
        cancel = CancelOrder(account=account, symbol=symbol, order_id=rng.choice(working).order_id)
        return ReplaceOrder(cancel=cancel, order=random_order(rng, account, symbol), mode=rng.choice(list(ReplaceMode)))
    return (random_list if roll > 0.85 else random_order)(rng, account, symbol)


def random_order(rng: Random, account: str, symbol: str) -> PlaceOrder:
    base, tick = PRICES[symbol]
    kind = rng.choice([*OrderType, OrderType.LIMIT, OrderType.LIMIT, OrderType.LIMIT, OrderType.LIMIT])
    has_price = kind not in WITHOUT_PRICE
    has_time = has_price and kind is not OrderType.LIMIT_MAKER
    quantity = rng.randint(1, 60) * amount("0.0001")
    by_quote = kind is OrderType.MARKET and rng.random() < 0.5
    trails = kind in STOP_TYPES and rng.random() < 0.5
    return PlaceOrder(
        account=account,
        symbol=symbol,
        side=rng.choice(list(Side)),
        type=kind,
        time_in_force=rng.choice([TimeInForce.GTC, *TimeInForce]) if has_time else None,
        quantity=None if by_quote else quantity,
        quote_quantity=quantity * base // amount("1") if by_quote else None,
        price=base + rng.randint(-3, 3) * tick if has_price else None,
        stop_price=base + rng.randint(-3, 3) * tick if kind in STOP_TYPES and not trails else None,
        trailing_delta=rng.randint(1, 8) if trails else None,
        prevention=rng.choice(list(SelfTradePrevention)),
    )


def random_list(rng: Random, account: str, symbol: str) -> PlaceOco | PlacePending:
    """A pair that sells, alone or behind a purchase that pays for it or not."""
    base, tick = PRICES[symbol]
    bare = PlaceOrder(account=account, symbol=symbol, side=Side.SELL, type=OrderType.LIMIT_MAKER)
    bare = replace(bare, quantity=rng.randint(1, 30) * amount("0.0001"))
    above = replace(bare, price=base + rng.randint(1, 3) * tick)
    below = replace(bare, type=OrderType.STOP_LOSS, stop_price=base - rng.randint(1, 3) * tick)
    if rng.random() < 0.4:
        return PlaceOco(above=above, below=below)
    limit = {"type": OrderType.LIMIT, "time_in_force": TimeInForce.GTC, "side": Side.BUY}
    working = replace(bare, price=base + rng.randint(-2, 1) * tick, **limit)
    pays = rng.random() < 0.5
    sold = {"quantity": None} if pays else {}
    pair = (replace(above, **sold), replace(below, **sold))
    return PlacePending(working=working, pending=pair if rng.random() < 0.5 else pair[:1], pays=pays)


@pytest.mark.parametrize("seed", range(4))
def test_a_busy_market_keeps_the_books(seed: int) -> None:
    rng, bench = Random(seed), traders()  # noqa: S311 - a reproducible market, nothing secret
    seen: set[object] = set()
    for _ in range(700):
        bench.now += 50
        reply = bench.do(random_command(rng, bench))
        seen.update(update.execution for update in bench.events(OrderUpdate))
        seen.add(reply if isinstance(reply, Refusal) else type(reply))
        if isinstance(reply, OrderReduced) and reply.order_list:
            seen.add(OrderList)
        assert broken(bench.engine) == []

    assert {
        OrderReduced,
        OrderReplaced,
        ListPlaced,
        OrderList,
        INSUFFICIENT_BALANCE,
        WOULD_TAKE,
        OrderCanceled,
        WOULD_TRIGGER,
        *EXECUTIONS,
    } <= seen, "the market was not busy enough"
