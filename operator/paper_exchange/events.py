"""What follows from a command, in the venue's order of publication."""

from enum import StrEnum
from typing import NamedTuple

from paper_exchange.list_model import OrderList
from paper_exchange.model import Order, OrderStatus, Trade
from paper_exchange.rows import PublicTrade

NOT_REJECTED = "NONE"
"""`r` of an executionReport that tells of no refusal."""


class ExecutionType(StrEnum):
    """`x` of an executionReport."""

    NEW = "NEW"
    CANCELED = "CANCELED"
    REPLACED = "REPLACED"
    REJECTED = "REJECTED"
    TRADE = "TRADE"
    EXPIRED = "EXPIRED"
    TRADE_PREVENTION = "TRADE_PREVENTION"


class OrderUpdate(NamedTuple):
    """An executionReport: the order as it stands after this step, and the step."""

    account: str
    execution: ExecutionType
    order: Order
    status: OrderStatus
    """`X`; the same as `order.status`."""
    client_order_id: str
    """`c`: the order's id, in a cancel the id of the cancel."""
    orig_client_order_id: str
    """`C`: empty, in a cancel the order's id."""
    trade: Trade | None
    """Last executed quantity, price, commission, trade id and maker flag, for TRADE only."""
    execution_id: int
    """`I`, counts per symbol."""
    on_book: bool
    """`w`."""
    transact_time: int
    reject_reason: str = NOT_REJECTED


class ListUpdate(NamedTuple):
    """A listStatus: how a list of orders stands."""

    account: str
    order_list: OrderList
    transact_time: int


class AccountPosition(NamedTuple):
    """outboundAccountPosition: the balances that the command touched, as (asset, free, locked)."""

    account: str
    balances: tuple[tuple[str, int, int], ...]
    time: int


class BalanceUpdate(NamedTuple):
    """balanceUpdate: a deposit or a withdrawal."""

    account: str
    asset: str
    delta: int
    time: int


class TradePrint(NamedTuple):
    """A public trade."""

    symbol: str
    trade: PublicTrade


class BookChange(NamedTuple):
    """The levels that a command changed, as (price, new quantity); quantity 0 removes the level."""

    symbol: str
    first_update_id: int
    last_update_id: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]
    time: int


Event = OrderUpdate | ListUpdate | AccountPosition | BalanceUpdate | TradePrint | BookChange
