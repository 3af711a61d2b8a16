"""Orders and trades of an account over all symbols: this dialect names none in its questions."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from paper_exchange.answering import Json
from paper_exchange.kraken import errors, render
from paper_exchange.kraken.endpoint import Call
from paper_exchange.kraken.ids import Named
from paper_exchange.kraken.names import Pair, pair_of
from paper_exchange.model import Order, Trade
from paper_exchange.refusals import Refusal
from paper_exchange.rows import LATEST
from paper_exchange.symbols import Symbol

_ALL = replace(LATEST, limit=2**63)


class Found(NamedTuple):
    """An order and where it is."""

    pair: Pair
    market: int
    order: Order


class FoundTrade(NamedTuple):
    """A trade, where it is, and its order."""

    pair: Pair
    market: int
    trade: Trade
    order: Order


def open_orders(call: Call) -> Iterator[Found]:
    """The open orders, as the look-ups see them, oldest first within each symbol."""
    now = call.venue.now_ms()
    for market, symbol in enumerate(call.venue.reads.symbols()):
        for order in call.venue.lookups.open_orders(call.account, symbol.name, now=now):
            yield Found(pair_of(symbol), market, order)


def closed_orders(call: Call) -> Iterator[Found]:
    """The orders that have ended."""
    now = call.venue.now_ms()
    for market, symbol in enumerate(call.venue.reads.symbols()):
        for order in call.venue.lookups.all_orders(call.account, symbol.name, _ALL, now=now):
            if not order.is_open:
                yield Found(pair_of(symbol), market, order)


def trades(call: Call) -> Iterator[FoundTrade]:
    """The account's trades."""
    now = call.venue.now_ms()
    for market, symbol in enumerate(call.venue.reads.symbols()):
        for row in call.venue.lookups.trades(call.account, symbol.name, _ALL, order_id=None, now=now):
            found = call.venue.reads.order(call.account, symbol.name, order_id=row.order_id, now=0)
            if isinstance(found, Order):
                yield FoundTrade(pair_of(symbol), market, row, found)


def symbol_of(call: Call, named: Named | None) -> Symbol:
    """The symbol that an id belongs to.

    Raises:
        KrakenError: EOrder:Invalid order, when the venue never gave out such an id.
    """
    symbols = call.venue.reads.symbols()
    if named is None or named.market >= len(symbols) or not named.number:
        raise errors.INVALID_ORDER
    return symbols[named.market]


def find_order(call: Call, named: Named | None) -> Found:
    """The caller's order that an id names, as the look-ups see it.

    Raises:
        KrakenError: EOrder:Invalid order or EOrder:Unknown order.
    """
    symbol = symbol_of(call, named)
    number = named.number if named else 0
    found = call.venue.lookups.order(
        call.account, symbol.name, order_id=number, client_order_id=None, now=call.venue.now_ms()
    )
    if isinstance(found, Refusal):
        raise errors.UNKNOWN_ORDER
    return Found(pair_of(symbol), named.market if named else 0, found)


def show(call: Call, found: Found, *, with_trades: bool) -> dict[str, Json]:
    """An order with what its trades add to it."""
    order = found.order
    rows: list[Trade] = []
    if order.executed:
        rows = call.venue.lookups.trades(
            call.account, order.symbol, _ALL, order_id=order.order_id, now=call.venue.now_ms()
        )
    return render.order(found.pair, found.market, order, rows, with_trades=with_trades)
