"""Lists with pending orders, for tests of the local venue's engine: carol buys, and what waits for that sells."""

from typing import Any

from paper_exchange.commands import CreateAccount, Deposit, SetFees
from paper_exchange.list_model import ListOrderStatus
from paper_exchange.model import Fees, Order, OrderStatus, OrderType, Side
from paper_exchange.order_commands import PlacePending
from paper_exchange.refusals import Refusal
from paper_exchange.replies import ListPlaced
from paper_exchange.symbols import Symbol
from support.paper_engine import Bench, amount, order

TAKE = {"client_order_id": "take", "side": Side.SELL, "price": "51000"}
TARGET = {"type": OrderType.LIMIT_MAKER, "time_in_force": None} | TAKE | {"client_order_id": "target"}
STOP: dict[str, Any] = {
    "client_order_id": "stop",
    "side": Side.SELL,
    "type": OrderType.STOP_LOSS,
    "stop_price": "48000",
    "price": None,
    "time_in_force": None,
}
ENTRY = {"client_order_id": "entry", "price": "49000"}
BARE = {"quantity": None}


def quiet_bench(*symbols: Symbol) -> Bench:
    """The last trade was at 50000; carol has 1000 USDT and nothing else, and no fees."""
    found = Bench(*symbols)
    found.placed(account="bob", price="50000", quantity="0.001")
    found.placed(account="alice", side=Side.SELL, price="50000", quantity="0.001")
    found.do(CreateAccount(account="carol"))
    found.do(Deposit(account="carol", asset="USDT", amount=amount("1000")))
    found.do(SetFees(account="carol", fees=Fees(0, 0)))
    return found


def listing(*pending: dict[str, Any], entry: dict[str, Any] | None = None, pays: bool = False) -> PlacePending:
    """Buy 0.01 BTC at 49000 for carol, and then what is pending; without quantities where the entry pays."""
    both: dict[str, Any] = {"account": "carol"}
    waiting = tuple(order(**both, **(one | BARE if pays else one)) for one in pending or (TAKE,))
    working = order(**both, **(ENTRY | (entry or {})))
    return PlacePending(working=working, pending=waiting, pays=pays, list_client_order_id="list")


def listed(bench: Bench, command: PlacePending) -> ListPlaced:
    reply = bench.do(command)
    assert isinstance(reply, ListPlaced), reply
    return reply


def found(bench: Bench, name: str) -> Order:
    one = bench.engine.read.order("carol", command_symbol(bench), client_order_id=name, now=bench.now)
    assert isinstance(one, Order), one
    return one


def command_symbol(bench: Bench) -> str:
    return bench.engine.read.symbols()[0].name


def status(bench: Bench, name: str) -> tuple[OrderStatus, int]:
    return found(bench, name).status, found(bench, name).executed


def list_status(bench: Bench) -> ListOrderStatus:
    one = bench.engine.read.order_list("carol", None, "list")
    assert not isinstance(one, Refusal)
    return one.order_status


def fill_entry(bench: Bench, quantity: str = "0.01") -> None:
    bench.placed(account="bob", side=Side.SELL, price="49000", quantity=quantity)
