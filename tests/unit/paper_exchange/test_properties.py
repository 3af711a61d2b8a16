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
    MakerConfig,
    MakerKind,
    SetMaker,
    StepMarket,
    SweepTo,
)
from paper_exchange.engine import Engine
from paper_exchange.events import ExecutionType, OrderUpdate
from paper_exchange.journal import decode, encode
from paper_exchange.model import STOP_TYPES, Order, OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.order_commands import (
    CancelList,
    CancelOpenOrders,
    CancelOrder,
    PlaceOco,
    PlaceOrder,
    ReduceOrder,
    ReplaceMode,
    ReplaceOrder,
)
from paper_exchange.refusals import INSUFFICIENT_BALANCE, WOULD_TAKE, WOULD_TRIGGER, Refusal
from paper_exchange.replies import OrderCanceled, OrderReduced, OrderReplaced
from paper_exchange.settlement import reservation
from paper_exchange.state import reserved_asset
from support.paper_engine import BTCUSDT, ETHBTC, Bench, amount

# Rules wide enough to let most orders through, on grids whose products have more than eight decimals.
SYMBOLS = tuple(
    replace(
        symbol,
        min_notional=0,
        max_orders=10,
        bid_multiplier_up=0,
        ask_multiplier_up=0,
        min_trailing_above=1,
        min_trailing_below=1,
    )
    for symbol in (ETHBTC, BTCUSDT)
)
PRICES = {"ETHBTC": (amount("0.05"), amount("0.00001")), "BTCUSDT": (amount("50000"), amount("0.01"))}
EXECUTIONS = {
    ExecutionType.NEW,
    ExecutionType.TRADE,
    ExecutionType.CANCELED,
    ExecutionType.REPLACED,
    ExecutionType.EXPIRED,
    ExecutionType.TRADE_PREVENTION,
}
ACCOUNTS = ("alice", "bob", "carol")
WITHOUT_PRICE = {OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT}
CLIENT_IDS = st.sampled_from([None, "a", "b", "c"])
quantities = st.integers(1, 60).map(lambda steps: steps * amount("0.0001"))


@st.composite
def orders(draw: st.DrawFn) -> PlaceOrder:
    symbol = draw(st.sampled_from(sorted(PRICES)))
    base, tick = PRICES[symbol]
    kind = draw(st.sampled_from([OrderType.LIMIT, OrderType.LIMIT, *OrderType]))
    trails = kind in STOP_TYPES and draw(st.booleans())
    stops = kind in STOP_TYPES and (not trails or draw(st.booleans()))
    has_price = kind not in WITHOUT_PRICE
    by_quote = kind is OrderType.MARKET and draw(st.booleans())
    return PlaceOrder(
        account=draw(st.sampled_from(ACCOUNTS)),
        symbol=symbol,
        side=draw(st.sampled_from(Side)),
        type=kind,
        time_in_force=draw(st.sampled_from(TimeInForce)) if has_price and kind is not OrderType.LIMIT_MAKER else None,
        quantity=None if by_quote else draw(quantities),
        quote_quantity=draw(quantities) * base // amount("1") if by_quote else None,
        price=base + draw(st.integers(-3, 3)) * tick if has_price else None,
        stop_price=base + draw(st.integers(-6, 6)) * tick if stops else None,
        trailing_delta=draw(st.integers(1, 8)) if trails else None,
        client_order_id=draw(CLIENT_IDS),
        prevention=draw(st.sampled_from([None, *SelfTradePrevention])),
    )


@st.composite
def ocos(draw: st.DrawFn) -> PlaceOco:
    """Mostly well-formed: a limit or take profit on the far side, a stop loss on the near one."""
    symbol, side = draw(st.sampled_from(sorted(PRICES))), draw(st.sampled_from(Side))
    base, tick = PRICES[symbol]
    far = draw(st.sampled_from([OrderType.LIMIT_MAKER, OrderType.LIMIT_MAKER, OrderType.TAKE_PROFIT]))
    near = draw(st.sampled_from([OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT]))
    kinds = (far, near) if side is Side.SELL else (near, far)
    quantity, distance = draw(quantities), draw(st.integers(-1, 4))
    account = draw(st.sampled_from(ACCOUNTS))
    above, below = (
        PlaceOrder(
            account=account,
            symbol=symbol,
            side=side,
            type=kind,
            quantity=quantity,
            time_in_force=TimeInForce.GTC if kind is OrderType.STOP_LOSS_LIMIT else None,
            price=base + sign * distance * tick if kind not in WITHOUT_PRICE else None,
            stop_price=base + sign * distance * tick if kind in STOP_TYPES else None,
            client_order_id=draw(CLIENT_IDS),
        )
        for kind, sign in zip(kinds, (1, -1), strict=True)
    )
    return PlaceOco(above=above, below=below, list_client_order_id=draw(CLIENT_IDS))


cancels = st.builds(
    lambda account, symbol, order_id: CancelOrder(account=account, symbol=symbol, order_id=order_id),
    st.sampled_from(ACCOUNTS),
    st.sampled_from(sorted(PRICES)),
    st.integers(1, 20),
)
cancel_alls = st.builds(
    lambda account, symbol: CancelOpenOrders(account=account, symbol=symbol),
    st.sampled_from(ACCOUNTS),
    st.sampled_from(sorted(PRICES)),
)
steps = st.sampled_from(sorted(PRICES)).map(lambda symbol: StepMarket(symbol=symbol))
sweeps = st.builds(
    lambda symbol, ticks: SweepTo(symbol=symbol, price=PRICES[symbol][0] + ticks * PRICES[symbol][1]),
    st.sampled_from(sorted(PRICES)),
    st.integers(-6, 6),
)
makers = st.builds(
    lambda symbol, seed: SetMaker(
        symbol=symbol,
        maker=MakerConfig(
            kind=MakerKind.WALK, mid=PRICES[symbol][0], levels=2, spacing=PRICES[symbol][1], sigma=10_000, seed=seed
        ),
    ),
    st.sampled_from(sorted(PRICES)),
    st.integers(0, 3),
)
reduces = st.builds(
    lambda account, symbol, order_id, quantity, name: ReduceOrder(
        account=account, symbol=symbol, order_id=order_id, quantity=quantity, new_client_order_id=name
    ),
    st.sampled_from(ACCOUNTS),
    st.sampled_from(sorted(PRICES)),
    st.integers(1, 20),
    quantities,
    CLIENT_IDS,
)
replaces = st.builds(
    lambda order, order_id, mode: ReplaceOrder(
        cancel=CancelOrder(account=order.account, symbol=order.symbol, order_id=order_id), order=order, mode=mode
    ),
    orders(),
    st.integers(1, 20),
    st.sampled_from(ReplaceMode),
)
list_cancels = st.builds(
    lambda account, symbol, list_id: CancelList(account=account, symbol=symbol, list_id=list_id),
    st.sampled_from(ACCOUNTS),
    st.sampled_from(sorted(PRICES)),
    st.integers(1, 8),
)
sequences = st.lists(
    st.one_of(
        orders(),
        orders(),
        orders(),
        ocos(),
        ocos(),
        list_cancels,
        reduces,
        replaces,
        cancels,
        cancel_alls,
        steps,
        sweeps,
        makers,
    ),
    min_size=30,
    max_size=60,
)


def broken(engine: Engine) -> list[str]:
    """Every invariant that does not hold, in words."""
    return [*engine.state.ledger.audit(), *broken_orders(engine), *broken_locks(engine), *crossed_books(engine)]


def broken_orders(engine: Engine) -> Iterator[str]:
    for account, holdings in engine.state.holdings.items():
        for name, holding in holdings.items():
            for order in holding.open.values():
                if not order.is_open or order.remaining <= 0 or order.reserved != should_keep(engine, order):
                    yield f"{order} should not be open like this"
            buying = sum(order.remaining for order in holding.open.values() if order.side is Side.BUY)
            if holding.buying != buying:
                yield f"{account} is buying {buying} {name}, not {holding.buying}"


def should_keep(engine: Engine, order: Order) -> int:
    """What lies with an order: of two that are tied together the first one keeps what serves both."""
    other = ties.partner(engine.state, order)
    if other is None:
        return reservation(order)
    return max(reservation(order), reservation(other)) if order.order_id < other.order_id else 0


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
    if roll < 0.13 and working:
        chosen = rng.choice(working)
        steps = rng.randint(1, 60)
        name = rng.choice([None, chosen.client_order_id, "a"])
        return ReduceOrder(
            account=account,
            symbol=symbol,
            order_id=chosen.order_id,
            quantity=min(chosen.quantity, steps * amount("0.0001")),
            new_client_order_id=name,
        )
    if roll < 0.15:
        return CancelOpenOrders(account=account, symbol=symbol)
    if roll < 0.17:
        return SweepTo(symbol=symbol, price=base + rng.randint(-3, 3) * tick)
    placed = random_order(rng, account, symbol)
    if roll < 0.25 and working:
        cancel = CancelOrder(account=account, symbol=symbol, order_id=rng.choice(working).order_id)
        return ReplaceOrder(cancel=cancel, order=placed, mode=rng.choice(list(ReplaceMode)))
    return placed


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


@pytest.mark.parametrize("seed", range(4))
def test_a_busy_market_keeps_the_books(seed: int) -> None:
    rng, bench = Random(seed), traders()  # noqa: S311 - a reproducible market, nothing secret
    seen: set[object] = set()
    for _ in range(400):
        bench.now += 50
        reply = bench.do(random_command(rng, bench))
        seen.update(update.execution for update in bench.events(OrderUpdate))
        seen.add(reply if isinstance(reply, Refusal) else type(reply))
        assert broken(bench.engine) == []

    assert {
        OrderReduced,
        OrderReplaced,
        INSUFFICIENT_BALANCE,
        WOULD_TAKE,
        OrderCanceled,
        WOULD_TRIGGER,
        *EXECUTIONS,
    } <= seen, "the market was not busy enough"
