"""Who hears of what: user data streams of the WS-API and the public market streams."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import orjson

from paper_exchange.binance import render, render_market
from paper_exchange.binance.connection import Connection
from paper_exchange.binance.endpoint import Json
from paper_exchange.commands import AccountPosition, BalanceUpdate, BookChange, Event, OrderUpdate, TradePrint
from paper_exchange.faults import Action, FaultBook, FaultRule, Hook, Subject
from paper_exchange.reads import Reads

UserEvent = OrderUpdate | AccountPosition | BalanceUpdate


@dataclass(frozen=True, slots=True)
class Subscription:
    """A user data stream on a connection. The id counts per connection from 0."""

    connection: Connection
    subscription_id: int
    account: str


class UserStreams:
    """Sends each account's events to those who subscribed to it."""

    def __init__(self, faults: FaultBook) -> None:
        self._faults = faults
        self._by_account: dict[str, list[Subscription]] = defaultdict(list)

    def add(self, subscription: Subscription) -> None:
        """Events from now on go to this subscription too."""
        self._by_account[subscription.account].append(subscription)

    def remove(self, subscription: Subscription) -> None:
        """Ends a subscription."""
        self._by_account[subscription.account].remove(subscription)

    def publish(self, events: Sequence[Event], now_ms: int) -> None:
        """A venue listener."""
        for event in events:
            if not isinstance(event, UserEvent):
                continue
            subscriptions = self._by_account.get(event.account)
            if subscriptions:
                rendered = _render(event, now_ms)
                for subscription in tuple(subscriptions):
                    self._send(subscription, event, rendered, now_ms)

    def _send(self, subscription: Subscription, event: UserEvent, rendered: Json, now_ms: int) -> None:
        text = orjson.dumps({"subscriptionId": subscription.subscription_id, "event": rendered}).decode()
        rule = None
        if self._faults.listens(Hook.EVENT):
            client_order_id = ""
            if isinstance(event, OrderUpdate):
                client_order_id = event.orig_client_order_id or event.client_order_id
            subject = Subject("WS", rendered["e"], client_order_id, event.account)
            rule = self._faults.strike(Hook.EVENT, subject, now_ms)
        if rule is None:
            subscription.connection.send(text)
        else:
            _mistreat(subscription.connection, text, rule)


def _mistreat(connection: Connection, text: str, rule: FaultRule) -> None:
    match rule.do:
        case Action.DELAY:
            connection.send_later(text, rule.delay_ms / 1000)
        case Action.DUPLICATE_EVENT:
            connection.send(text)
            connection.send(text)
        case Action.REORDER_EVENT:
            connection.send_after_next(text)
        case Action.MALFORM_EVENT:
            connection.send(text[: len(text) // 2])
        case Action.STALL:
            connection.stall()
        case Action.CLOSE if rule.how == "rst":
            connection.reset()
        case Action.CLOSE:
            connection.close(rule.code)
        case _:
            """DROP_EVENT: it is never sent."""


def _render(event: UserEvent, now_ms: int) -> Json:
    if isinstance(event, OrderUpdate):
        return render.execution_report(event, now_ms)
    if isinstance(event, AccountPosition):
        return render.position(event, now_ms)
    return render.balance_update(event, now_ms)


TRADE: Final = "trade"
DEPTH: Final = "depth"
BOOK_TICKER: Final = "bookTicker"


class MarketStreams:
    """The public streams `<symbol>@trade`, `@depth` (also `@depth@100ms`) and `@bookTicker`.

    Book changes go out as they happen: the venue's conflation to 100 or 1000 milliseconds would only hide them.
    """

    def __init__(self, reads: Callable[[], Reads]) -> None:
        self._reads = reads
        self._listeners: dict[tuple[str, str], list[Connection]] = defaultdict(list)

    def serve(self, connection: Connection, text: str) -> None:
        """Answers a message of a market stream connection."""
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            connection.send(_failed(None, 3, f"Invalid JSON: {error}"))
            return
        identifier = message.get("id") if isinstance(message, dict) else None
        method = message.get("method") if isinstance(message, dict) else None
        if method not in {"SUBSCRIBE", "UNSUBSCRIBE"}:
            connection.send(_failed(identifier, 2, "Invalid request: unknown variant; write SUBSCRIBE or UNSUBSCRIBE"))
            return
        wanted = [self.parse(str(name)) for name in message.get("params") or ()]
        if None in wanted:
            connection.send(_failed(identifier, 2, "Invalid request: invalid stream"))
            return
        for stream in wanted:
            if stream is not None:
                self._change(stream, connection, wanted=method == "SUBSCRIBE")
        connection.send(orjson.dumps({"result": None, "id": identifier}).decode())

    def follow(self, connection: Connection, name: str) -> None:
        """Subscribes to the stream that an address names; any other address subscribes to nothing."""
        stream = self.parse(name)
        if stream is not None:
            self._change(stream, connection, wanted=True)

    def parse(self, name: str) -> tuple[str, str] | None:
        """A stream's name as symbol and kind; None when there is no such stream."""
        symbol, _, kind = name.partition("@")
        kind = kind.removesuffix("@100ms").removesuffix("@1000ms")
        known = kind in {TRADE, DEPTH, BOOK_TICKER} and self._reads().symbol(symbol.upper()) is not None
        return (symbol.upper(), kind) if known else None

    def _change(self, stream: tuple[str, str], connection: Connection, *, wanted: bool) -> None:
        listeners = self._listeners[stream]
        if wanted and connection not in listeners:
            listeners.append(connection)
        elif not wanted and connection in listeners:
            listeners.remove(connection)

    def forget(self, connection: Connection) -> None:
        """Ends every stream of a connection."""
        for listeners in self._listeners.values():
            if connection in listeners:
                listeners.remove(connection)

    def publish(self, events: Sequence[Event], now_ms: int) -> None:
        """A venue listener."""
        if not self._listeners:
            return
        for event in events:
            if isinstance(event, TradePrint):
                self._send(event.symbol, TRADE, partial(render_market.trade_event, event, now_ms))
            elif isinstance(event, BookChange):
                self._send(event.symbol, DEPTH, partial(render_market.depth_event, event, now_ms))
                self._send(event.symbol, BOOK_TICKER, partial(self._best, event))

    def _best(self, event: BookChange) -> Json:
        return render_market.book_ticker_event(event.symbol, event.last_update_id, self._reads().ticker(event.symbol))

    def _send(self, symbol: str, kind: str, build: Callable[[], Json]) -> None:
        listeners = self._listeners.get((symbol, kind))
        if listeners:
            text = orjson.dumps(build()).decode()
            for connection in listeners:
                connection.send(text)


def _failed(identifier: Json, code: int, message: str) -> str:
    return orjson.dumps({"error": {"code": code, "msg": message}, "id": identifier}).decode()
