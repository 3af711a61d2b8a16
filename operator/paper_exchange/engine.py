"""The venue's core: `apply(command, now) -> Outcome`.

One writer, no I/O, no clock, no randomness: the same commands at the same times give the same state, replies and
events, which is what the journal's replay and every test rely on. A refused command changes nothing.
"""

from collections.abc import Callable, Iterable
from heapq import heappop
from typing import Any

from paper_exchange import house
from paper_exchange.checks import check_order
from paper_exchange.commands import (
    Command,
    CreateAccount,
    Deposit,
    ListSymbol,
    PassTime,
    PutApiKey,
    RestrictAccount,
    RevokeApiKey,
    SetFees,
    SetMaker,
    SetSymbolStatus,
    StepMarket,
    SweepTo,
    Withdraw,
)
from paper_exchange.events import AccountPosition, BalanceUpdate, BookChange, Event
from paper_exchange.filters import is_on_grid
from paper_exchange.list_desk import ListDesk
from paper_exchange.matching import Desk
from paper_exchange.model import Account, ApiKey, Fees
from paper_exchange.order_commands import (
    AmendOrder,
    CancelList,
    CancelOpenOrders,
    CancelOrder,
    PlaceOco,
    PlaceOrder,
    PlacePending,
    ReduceOrder,
    ReplaceOrder,
)
from paper_exchange.order_desk import OrderDesk
from paper_exchange.reads import Reads
from paper_exchange.refusals import (
    ACCOUNT_EXISTS,
    AMOUNT_NOT_POSITIVE,
    INVALID_SYMBOL,
    NO_MAKER,
    NO_SUCH_ACCOUNT,
    NOT_ENOUGH_TO_WITHDRAW,
    Refusal,
    filter_failure,
)
from paper_exchange.releasing import follow_up
from paper_exchange.replies import Done, Outcome, PriceMoved, Reply
from paper_exchange.state import FEES, HOUSE, Market, State
from paper_exchange.tape import Tape

_DONE = Done()


class Engine:
    """A venue in memory. Ask through `read`, change through `apply`."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state or _fresh()
        self.read = Reads(self.state)
        self._desk = Desk(self.state)
        self._orders = OrderDesk(self.state, self._desk)
        self._lists = ListDesk(self.state, self._desk)
        self._pending: list[Event] = []
        self._handlers: dict[type, Callable[[Any], Reply]] = {
            PlaceOrder: self._orders.place,
            ReplaceOrder: self._orders.replace,
            ReduceOrder: self._orders.reduce,
            AmendOrder: self._orders.amend,
            PassTime: lambda _command: _DONE,
            CancelOrder: self._orders.cancel,
            CancelOpenOrders: self._orders.cancel_open,
            PlaceOco: self._lists.place_oco,
            PlacePending: self._lists.place_pending,
            CancelList: self._lists.cancel,
            CreateAccount: self._create_account,
            PutApiKey: self._put_key,
            RevokeApiKey: self._revoke_key,
            Deposit: self._deposit,
            Withdraw: self._withdraw,
            SetFees: self._set_fees,
            RestrictAccount: self._restrict,
            ListSymbol: self._list_symbol,
            SetSymbolStatus: self._set_status,
            SetMaker: self._set_maker,
            StepMarket: self._step,
            SweepTo: self._sweep,
        }

    def apply(self, command: Command, now: int) -> Outcome:
        """Carry out a command.

        Args:
            command: What is asked.
            now: Venue time in milliseconds. Should it lie before the latest command, that one's time is used: the
                history of a venue never runs backwards.

        Returns:
            The reply, and the events in the order of publication. A `Refusal` has no events and no effect.
        """
        state = self.state
        state.now = max(state.now, now)
        symbol = getattr(command, "symbol", None)
        market = state.markets.get(symbol) if isinstance(symbol, str) else None
        if market:
            market.tape.forget(state.now)
        touched = {name: state.markets[name] for name in self._expire()}
        reply = self._handlers[type(command)](command)
        if market and self._desk.reports.prints:
            follow_up(state, self._desk, market)
        if market:
            touched[market.symbol.name] = market
        return Outcome(reply, self._events(touched.values()))

    def check(self, order: PlaceOrder, now: int) -> Refusal | None:
        """Judge an order without placing it (`order/test`)."""
        market = self.state.markets.get(order.symbol)
        return check_order(self.state, order, market.tape.average(now).price if market else None)

    # --- events

    def _expire(self) -> list[str]:
        """End the orders whose date has come; the symbols that they were on."""
        state, symbols = self.state, []
        while state.expiries and state.expiries[0][0] <= state.now:
            _, account, symbol, order_id = heappop(state.expiries)
            order = state.peek(account, symbol).open.get(order_id)
            if order:
                self._desk.expire(state.markets[symbol], order)
                symbols.append(symbol)
        return symbols

    def _events(self, markets: Iterable[Market]) -> tuple[Event, ...]:
        desk, state = self._desk, self.state
        events: list[Event] = [*self._pending, *desk.reports.updates]
        self._pending.clear()
        for name, assets in state.ledger.take_touched().items():
            account = state.accounts[name]
            if account.house:
                continue
            account.update_time = state.now
            events.append(AccountPosition(name, state.ledger.rows(name, assets), state.now))
        events.extend(desk.reports.prints)
        desk.reports.updates.clear()
        desk.reports.prints.clear()
        events.extend(change for market in markets if (change := _book_change(market, state.now)))
        return tuple(events)

    # --- accounts

    def _create_account(self, command: CreateAccount) -> Reply:
        state = self.state
        known = state.accounts.get(command.account)
        if known:
            return _DONE if known.house == command.house else ACCOUNT_EXISTS
        fees = Fees(0, 0) if command.house else Fees()
        state.accounts[command.account] = Account(
            command.account, state.next_uid, state.now, house=command.house, fees=fees
        )
        state.next_uid += 1
        return _DONE

    def _put_key(self, command: PutApiKey) -> Reply:
        if command.account not in self.state.accounts:
            return NO_SUCH_ACCOUNT
        self.state.keys[command.key] = ApiKey(command.key, command.account, command.secret, command.can_trade)
        return _DONE

    def _revoke_key(self, command: RevokeApiKey) -> Reply:
        self.state.keys.pop(command.key, None)
        return _DONE

    def _deposit(self, command: Deposit) -> Reply:
        if command.account not in self.state.accounts:
            return NO_SUCH_ACCOUNT
        if command.amount <= 0:
            return AMOUNT_NOT_POSITIVE
        self.state.ledger.deposit(command.account, command.asset, command.amount)
        self._pending.append(BalanceUpdate(command.account, command.asset, command.amount, self.state.now))
        return _DONE

    def _withdraw(self, command: Withdraw) -> Reply:
        if command.account not in self.state.accounts:
            return NO_SUCH_ACCOUNT
        if command.amount <= 0:
            return AMOUNT_NOT_POSITIVE
        if self.state.ledger.free(command.account, command.asset) < command.amount:
            return NOT_ENOUGH_TO_WITHDRAW
        self.state.ledger.withdraw(command.account, command.asset, command.amount)
        self._pending.append(BalanceUpdate(command.account, command.asset, -command.amount, self.state.now))
        return _DONE

    def _set_fees(self, command: SetFees) -> Reply:
        account = self.state.accounts.get(command.account)
        if account is None:
            return NO_SUCH_ACCOUNT
        if command.symbol is None:
            account.fees = command.fees
        elif command.symbol in self.state.markets:
            account.symbol_fees[command.symbol] = command.fees
        else:
            return INVALID_SYMBOL
        return _DONE

    def _restrict(self, command: RestrictAccount) -> Reply:
        account = self.state.accounts.get(command.account)
        if account is None:
            return NO_SUCH_ACCOUNT
        account.can_trade = command.can_trade
        return _DONE

    # --- markets

    def _list_symbol(self, command: ListSymbol) -> Reply:
        symbol = command.symbol
        market = self.state.markets.get(symbol.name)
        if market:
            market.symbol = symbol
        else:
            self.state.markets[symbol.name] = Market(symbol, Tape(symbol.average_price_minutes))
        return _DONE

    def _set_status(self, command: SetSymbolStatus) -> Reply:
        market = self.state.markets.get(command.symbol)
        if market is None:
            return INVALID_SYMBOL
        market.status = command.status
        return _DONE

    def _set_maker(self, command: SetMaker) -> Reply:
        market = self.state.markets.get(command.symbol)
        if market is None:
            return INVALID_SYMBOL
        if command.maker and not is_on_grid(market.symbol, command.maker.mid):
            return filter_failure("PRICE_FILTER")
        market.maker, market.maker_step = command.maker, 0
        if command.maker is None:
            house.withdraw_quotes(self.state, self._desk, market)
        else:
            house.move_to(self.state, self._desk, market, command.maker.mid)
        return _DONE

    def _step(self, command: StepMarket) -> Reply:
        market = self.state.markets.get(command.symbol)
        if market is None:
            return INVALID_SYMBOL
        if market.maker is None:
            return NO_MAKER
        market.maker_step += 1
        return self._moved(market, house.next_price(market, market.maker))

    def _sweep(self, command: SweepTo) -> Reply:
        market = self.state.markets.get(command.symbol)
        if market is None:
            return INVALID_SYMBOL
        if not is_on_grid(market.symbol, command.price):
            return filter_failure("PRICE_FILTER")
        return self._moved(market, command.price, command.quantity)

    def _moved(self, market: Market, price: int, quantity: int | None = None) -> PriceMoved:
        house.move_to(self.state, self._desk, market, price, quantity)
        return PriceMoved(market.symbol.name, price, market.maker_step)


def _fresh() -> State:
    state = State()
    for number, name in enumerate((HOUSE, FEES), start=1):
        state.accounts[name] = Account(name, number, 0, house=True, fees=Fees(0, 0))
    state.next_uid = 100_000_001
    return state


def _book_change(market: Market, now: int) -> BookChange | None:
    book = market.book
    if not book.bids.touched and not book.asks.touched:
        return None
    bids, asks = book.bids.take_touched(), book.asks.take_touched()
    first = book.update_id + 1
    book.update_id += len(bids) + len(asks)
    return BookChange(market.symbol.name, first, book.update_id, bids, asks, now)
