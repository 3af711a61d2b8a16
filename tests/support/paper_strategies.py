"""Strategies for tests of the local venue's engine: commands of a busy market with two symbols and three accounts."""

from dataclasses import replace

from hypothesis import strategies as st

from paper_exchange.commands import MakerConfig, MakerKind, SetMaker, StepMarket, SweepTo
from paper_exchange.model import STOP_TYPES, OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.order_commands import (
    CancelList,
    CancelOpenOrders,
    CancelOrder,
    PlaceOco,
    PlaceOrder,
    PlacePending,
    ReduceOrder,
    ReplaceMode,
    ReplaceOrder,
)
from support.paper_engine import BTCUSDT, ETHBTC, amount

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


@st.composite
def pendings(draw: st.DrawFn) -> PlacePending:
    """A working order near the market, and one or two that wait for it; paid for by what it buys, or not."""
    pays = draw(st.booleans())
    pair = draw(ocos())
    waiting = draw(st.sampled_from([(pair.above, pair.below), (pair.above,), (pair.below,)]))
    base, tick = PRICES[pair.symbol]
    side = Side.BUY if pays else draw(st.sampled_from(Side))
    working = PlaceOrder(
        account=pair.above.account,
        symbol=pair.symbol,
        side=side,
        type=OrderType.LIMIT,
        quantity=draw(quantities),
        time_in_force=draw(st.sampled_from([TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC])),
        price=base + draw(st.integers(-3, 3)) * tick,
        client_order_id=draw(CLIENT_IDS),
    )
    bare = {"quantity": None} if pays else {}
    pending = tuple(replace(order, client_order_id=None, **bare) for order in waiting)
    return PlacePending(working=working, pending=pending, pays=pays, list_client_order_id=draw(CLIENT_IDS))


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
        pendings(),
        pendings(),
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
