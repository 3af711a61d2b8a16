"""The whole state as text, and back.

JSON keeps the file readable and, unlike a pickle, harmless to open; it is Python's own module that writes it, because
sums may exceed 64 bits.
Orders of a book are listed in the order of execution, so that price-time priority survives.
"""

import json
from dataclasses import asdict, astuple, fields
from hashlib import sha256
from heapq import heappush
from operator import attrgetter
from typing import Any

from pydantic import TypeAdapter

from paper_exchange.commands import MakerConfig
from paper_exchange.ledger import Ledger
from paper_exchange.list_model import Contingency, ListOrderStatus, ListStatusType, OrderList
from paper_exchange.model import (
    STOP_TYPES,
    Account,
    Amendment,
    ApiKey,
    Order,
    OrderStatus,
    OrderType,
    SelfTradePrevention,
    Side,
    TimeInForce,
    Trade,
)
from paper_exchange.state import Holding, Market, State
from paper_exchange.symbols import Symbol, SymbolStatus
from paper_exchange.tape import Tape

Plain = dict[str, Any]
"""Values that JSON can hold."""

_ORDER_FIELDS = tuple(field.name for field in fields(Order))
_row = attrgetter(*_ORDER_FIELDS)
_ENUMS = {
    _ORDER_FIELDS.index("side"): Side,
    _ORDER_FIELDS.index("type"): OrderType,
    _ORDER_FIELDS.index("time_in_force"): TimeInForce,
    _ORDER_FIELDS.index("prevention"): SelfTradePrevention,
    _ORDER_FIELDS.index("status"): OrderStatus,
}
_SYMBOL = TypeAdapter(Symbol)
_MAKER = TypeAdapter(MakerConfig | None)
_ACCOUNT = TypeAdapter(Account)
_KEY = TypeAdapter(ApiKey)


def dump(state: State) -> str:
    """The state as canonical JSON: equal states give equal texts."""
    return json.dumps(_plain(state), sort_keys=True, separators=(",", ":"))


def digest(state: State) -> str:
    """SHA-256 of the canonical JSON, in hex: two venues with the same digest are the same venue."""
    return sha256(dump(state).encode()).hexdigest()


def load(text: str) -> State:
    """The state that `dump` wrote."""
    data: Plain = json.loads(text)
    state = State(data["now"], data["next_uid"], Ledger.load(data["ledger"]))
    state.accounts = {row["name"]: _ACCOUNT.validate_python(row) for row in data["accounts"]}
    state.keys = {row["key"]: _KEY.validate_python(row) for row in data["keys"]}
    state.lists = {row[0]: _load_list(row) for row in data["lists"]}
    state.next_list_id = data["next_list_id"]
    resting: dict[tuple[str, int], Order] = {}
    for row in data["holdings"]:
        _load_holding(state, row, resting)
    waiting = [order for order in resting.values() if not order.is_working and not order.is_pending]
    for row in data["markets"]:
        market = _load_market(row)
        name = market.symbol.name
        state.markets[name] = market
        for order_id in row["resting"]:
            order = resting[name, order_id]
            market.book.side(order.side).add(order)
        market.book.bids.touched.clear()
        market.book.asks.touched.clear()
    for order in waiting:
        state.markets[order.symbol].triggers.add(order)
    return state


def _plain(state: State) -> Plain:
    return {
        "now": state.now,
        "next_uid": state.next_uid,
        "ledger": state.ledger.dump(),
        "accounts": [asdict(account) for account in state.accounts.values()],
        "keys": [asdict(key) for key in state.keys.values()],
        "lists": [astuple(found) for found in state.lists.values()],
        "next_list_id": state.next_list_id,
        "markets": [_plain_market(market) for market in state.markets.values()],
        "holdings": [
            _plain_holding(account, symbol, holding)
            for account, symbols in state.holdings.items()
            for symbol, holding in symbols.items()
        ],
    }


def _plain_market(market: Market) -> Plain:
    book = market.book
    return {
        "symbol": asdict(market.symbol),
        "tape": market.tape.dump(),
        "status": market.status,
        "counters": [market.next_order_id, market.next_trade_id, market.next_execution_id, book.update_id],
        "maker": asdict(market.maker) if market.maker else None,
        "maker_at": [market.maker_step, market.maker_mid],
        "resting": [order_id for side in (book.bids, book.asks) for level in side for order_id in level.orders],
    }


def _plain_holding(account: str, symbol: str, holding: Holding) -> Plain:
    return {
        "account": account,
        "symbol": symbol,
        "orders": [_row(order) for order in holding.orders],
        "trades": holding.trades,
        "amendments": [row for rows in holding.amendments.values() for row in rows],
        "renamed": _renamed(holding),
        "open": [order.order_id for order in holding.open.values()],
        "unrecorded": [] if holding.orders else [_row(order) for order in holding.open.values()],
    }


def _renamed(holding: Holding) -> dict[str, int | None]:
    """Where the client order ids, because of amends, do not name the latest order that carries them now."""
    if not holding.amendments:
        return {}
    latest = {order.client_order_id: order.order_id for order in holding.orders}
    named = {client_order_id: order.order_id for client_order_id, order in holding.by_client_id.items()}
    return {
        client_order_id: named.get(client_order_id)
        for client_order_id in latest | named
        if latest.get(client_order_id) != named.get(client_order_id)
    }


def _load_holding(state: State, data: Plain, resting: dict[tuple[str, int], Order]) -> None:
    account, symbol = data["account"], data["symbol"]
    holding = state.holding(account, symbol)
    holding.orders = [_load_order(row) for row in data["orders"]]
    holding.by_client_id = {order.client_order_id: order for order in holding.orders}
    for row in data["amendments"]:
        amendment = Amendment(*row)
        holding.amendments.setdefault(amendment.order_id, []).append(amendment)
    by_id = {order.order_id: order for order in holding.orders}
    for client_order_id, named in data["renamed"].items():
        holding.by_client_id.pop(client_order_id, None)
        if named is not None:
            holding.by_client_id[client_order_id] = by_id[named]
    holding.trades = [Trade(*row) for row in data["trades"]]
    known = {order.order_id: order for order in holding.orders}
    known |= {order.order_id: order for order in map(_load_order, data["unrecorded"])}
    for order_id in data["open"]:
        order = holding.open[order_id] = known[order_id]
        resting[symbol, order_id] = order
        if order.expire_at:
            heappush(state.expiries, (order.expire_at, account, symbol, order_id))
        holding.open_algos += order.type in STOP_TYPES
        holding.buying += order.remaining if order.side is Side.BUY else 0
        if not state.accounts[account].house:
            state.open_client_ids.setdefault(account, {})[order.client_order_id] = order


def _load_order(row: list[Any]) -> Order:
    for index, enum in _ENUMS.items():
        row[index] = enum(row[index])
    return Order(*row)


def _load_list(row: list[Any]) -> OrderList:
    list_id, account, symbol, client_order_id, contingency, orders, time, status_type, order_status, *rest = row
    return OrderList(
        list_id,
        account,
        symbol,
        client_order_id,
        Contingency(contingency),
        tuple((order_id, named) for order_id, named in orders),
        time,
        ListStatusType(status_type),
        ListOrderStatus(order_status),
        *rest,
    )


def _load_market(data: Plain) -> Market:
    market = Market(_SYMBOL.validate_python(data["symbol"]), Tape.load(data["tape"]), SymbolStatus(data["status"]))
    market.next_order_id, market.next_trade_id, market.next_execution_id, market.book.update_id = data["counters"]
    market.maker = _MAKER.validate_python(data["maker"])
    market.maker_step, market.maker_mid = data["maker_at"]
    return market
