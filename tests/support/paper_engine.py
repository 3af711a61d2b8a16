"""Builders for tests of the local venue's engine: a funded venue and orders with defaults."""

from dataclasses import replace
from typing import Any

from paper_exchange.commands import Command, CreateAccount, Deposit, ListSymbol
from paper_exchange.engine import Engine
from paper_exchange.model import Order, OrderType, Side, TimeInForce
from paper_exchange.order_commands import CancelOrder, PlaceOrder
from paper_exchange.replies import OrderPlaced, Outcome, Reply
from paper_exchange.symbols import DEFAULT_SYMBOLS, Symbol
from paper_exchange.units import parse_amount

BTCUSDT, ETHUSDT, ETHBTC, BNBUSDT = DEFAULT_SYMBOLS
START = 1_700_000_000_000
"""A quiet moment, in milliseconds."""
_AMOUNTS = {"quantity", "quote_quantity", "price", "stop_price"}


def amount(text: str) -> int:
    return parse_amount(text)


class Bench:
    """An engine with a clock of its own, and the outcome of the latest command."""

    def __init__(self, *symbols: Symbol, accounts: tuple[str, ...] = ("alice", "bob")) -> None:
        self.engine = Engine()
        self.now = START
        self.last: Outcome
        for symbol in symbols or (BTCUSDT,):
            self.do(ListSymbol(symbol=symbol))
        for account in accounts:
            self.do(CreateAccount(account=account))
            for asset in ("BTC", "USDT", "ETH", "BNB"):
                self.do(Deposit(account=account, asset=asset, amount=amount("1000000")))

    def do(self, command: Command) -> Reply:
        self.last = self.engine.apply(command, self.now)
        return self.last.reply

    def place(self, **changes: object) -> Reply:
        return self.do(order(**changes))

    def placed(self, **changes: object) -> Order:
        """Place an order that must be taken."""
        reply = self.place(**changes)
        assert isinstance(reply, OrderPlaced), reply
        return reply.order

    def cancel(self, account: str = "alice", symbol: str = "BTCUSDT", **changes: object) -> Reply:
        fields: dict[str, Any] = {"account": account, "symbol": symbol, **changes}
        return self.do(CancelOrder(**fields))

    def events(self, kind: type) -> list[Any]:
        """Events of the latest command, of one kind."""
        return [event for event in self.last.events if isinstance(event, kind)]

    def free(self, account: str, asset: str) -> int:
        return self.engine.read.balances(account)[asset].free

    def locked(self, account: str, asset: str) -> int:
        return self.engine.read.balances(account)[asset].locked


def order(**changes: object) -> PlaceOrder:
    """A limit order of alice's for 0.01 BTC at 50000; amounts as decimal strings, None leaves a field out."""
    fields: dict[str, Any] = {
        "account": "alice",
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": "0.01",
        "price": "50000",
    }
    fields |= changes
    for name in _AMOUNTS & fields.keys():
        if isinstance(fields[name], str):
            fields[name] = amount(fields[name])
    return PlaceOrder(**fields)


def market(**changes: object) -> PlaceOrder:
    """A market order of alice's for 0.01 BTC."""
    return order(**{"type": OrderType.MARKET, "time_in_force": None, "price": None} | changes)


def symbol(**changes: object) -> Symbol:
    """BTCUSDT with other rules."""
    fields: dict[str, Any] = changes
    return replace(BTCUSDT, **fields)
