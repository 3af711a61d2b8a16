"""All that the engine remembers, as one value: what a snapshot holds and what the state hash covers."""

from dataclasses import dataclass, field

from paper_exchange.book import Book
from paper_exchange.commands import MakerConfig
from paper_exchange.ledger import Ledger
from paper_exchange.list_model import OrderList
from paper_exchange.model import Account, Amendment, ApiKey, Fees, Order, Side, Trade
from paper_exchange.symbols import Symbol, SymbolStatus
from paper_exchange.tape import Tape
from paper_exchange.triggers import Triggers

HOUSE = "$house"
"""The venue's own account: it owns the market maker's orders."""
FEES = "$fees"
"""Where commissions go."""


@dataclass(slots=True)
class Holding:
    """An account's orders and trades in one symbol."""

    orders: list[Order] = field(default_factory=list)
    """Every order, ascending by id. Empty for house accounts, which keep no history."""
    by_client_id: dict[str, Order] = field(default_factory=dict)
    """The latest order of each client order id."""
    trades: list[Trade] = field(default_factory=list)
    amendments: dict[int, list[Amendment]] = field(default_factory=dict)
    """By order id; only of orders that were amended."""
    open: dict[int, Order] = field(default_factory=dict)
    open_algos: int = 0
    buying: int = 0
    """Sum of what remains of the open BUY orders (MAX_POSITION)."""


_NOTHING = Holding()


@dataclass(slots=True)
class Market:
    """One symbol: its rules, book, orders and counters."""

    symbol: Symbol
    tape: Tape
    status: SymbolStatus = SymbolStatus.TRADING
    book: Book = field(default_factory=Book)
    triggers: Triggers = field(default_factory=Triggers)
    next_order_id: int = 1
    next_trade_id: int = 1
    next_execution_id: int = 1
    maker: MakerConfig | None = None
    maker_step: int = 0
    maker_mid: int = 0
    """What the maker quotes around now."""


@dataclass(slots=True)
class State:
    """The venue."""

    now: int = 0
    """The latest time a command was applied at; it never runs backwards."""
    next_uid: int = 1
    ledger: Ledger = field(default_factory=Ledger)
    accounts: dict[str, Account] = field(default_factory=dict)
    keys: dict[str, ApiKey] = field(default_factory=dict)
    markets: dict[str, Market] = field(default_factory=dict)
    holdings: dict[str, dict[str, Holding]] = field(default_factory=dict)
    """By account, then by symbol."""
    open_client_ids: dict[str, dict[str, Order]] = field(default_factory=dict)
    """By account: client order ids that are taken because their order is open, on any symbol."""
    lists: dict[int, OrderList] = field(default_factory=dict)
    """Every order list, by its id."""
    next_list_id: int = 1
    expiries: list[tuple[int, str, str, int]] = field(default_factory=list)
    """A heap of (time, account, symbol, order id): orders that are good till a date, some of which may have ended."""

    def rename(self, order: Order, client_order_id: str) -> None:
        """Give an open order another client order id; it is not found by the old one any more."""
        before = order.client_order_id
        if before == client_order_id:
            return
        holding, taken = self.holding(order.account, order.symbol), self.open_client_ids[order.account]
        if holding.by_client_id.get(before) is order:
            del holding.by_client_id[before]
        if taken.get(before) is order:
            del taken[before]
        order.client_order_id = client_order_id
        holding.by_client_id[client_order_id] = taken[client_order_id] = order

    def fees(self, account: str, symbol: str) -> Fees:
        """The rates that apply to the account in the symbol."""
        found = self.accounts[account]
        return found.symbol_fees.get(symbol, found.fees)

    def peek(self, account: str, symbol: str) -> Holding:
        """The account's orders in a symbol, to be read only."""
        return self.holdings.get(account, {}).get(symbol, _NOTHING)

    def holding(self, account: str, symbol: str) -> Holding:
        """The account's orders in a symbol, created on first use."""
        symbols = self.holdings.get(account)
        if symbols is None:
            symbols = self.holdings[account] = {}
        holding = symbols.get(symbol)
        if holding is None:
            holding = symbols[symbol] = Holding()
        return holding


def reserved_asset(symbol: Symbol, side: Side) -> str:
    """What an order of this side locks."""
    return symbol.quote if side is Side.BUY else symbol.base
