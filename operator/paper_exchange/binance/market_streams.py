"""The public market streams: who listens to which, and when each is told.

A connection listens to streams by name, raw or combined (`{"stream": name, "data": event}`). Conflated streams are
told at a pulse that the server gives ten times a second.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby

import orjson

from paper_exchange.binance import market_feeds, render_streams
from paper_exchange.binance.connection import Connection
from paper_exchange.binance.event_faults import mistreat
from paper_exchange.binance.market_feeds import ON_BOOK_CHANGE, ON_TRADE, REAL_TIME, Feed, JsonObject, Kind, Stream
from paper_exchange.events import BookChange, Event, TradePrint
from paper_exchange.fault_rules import Hook, Subject
from paper_exchange.faults import FaultBook
from paper_exchange.reads import Reads

PULSE_MS = 100
"""The shortest interval of any stream."""


class MarketStreams:
    """The streams that somebody listens to."""

    def __init__(self, reads: Callable[[], Reads], now_ms: Callable[[], int], faults: FaultBook) -> None:
        self._reads = reads
        self._now_ms = now_ms
        self._faults = faults
        self._streams: dict[str, Stream] = {}
        self._listeners: dict[str, list[Connection]] = {}
        self._feeds: dict[str, Feed] = {}
        self.combined: set[Connection] = set()
        """Connections that want their events wrapped."""

    # --- who listens

    def subscribe(self, connection: Connection, names: Sequence[str]) -> bool:
        """Listens to streams, all of them or, when there is one that does not exist, to none.

        Returns:
            Whether all of them exist.
        """
        wanted = [market_feeds.parse(name, self._reads()) for name in names]
        if None in wanted:
            return False
        for stream in filter(None, wanted):
            self._listen(connection, stream)
        return True

    def _listen(self, connection: Connection, stream: Stream) -> None:
        listeners = self._listeners.setdefault(stream.name, [])
        if connection not in listeners:
            listeners.append(connection)
        if stream.name in self._streams:
            return
        self._streams[stream.name] = stream
        if stream.kind not in REAL_TIME:
            feed = self._feeds[stream.name] = Feed(stream)
            list(feed.speak(self._reads(), self._now_ms()))

    def unsubscribe(self, connection: Connection, names: Sequence[str]) -> None:
        """Listens no longer; names that were not listened to are fine."""
        for name in names:
            listeners = self._listeners.get(name, [])
            if connection in listeners:
                listeners.remove(connection)
            if not listeners:
                for table in (self._listeners, self._streams, self._feeds):
                    table.pop(name, None)

    def forget(self, connection: Connection) -> None:
        """Ends every stream of a connection."""
        self.unsubscribe(connection, self.names(connection))
        self.combined.discard(connection)

    def names(self, connection: Connection) -> list[str]:
        """What a connection listens to."""
        return [name for name, listeners in self._listeners.items() if connection in listeners]

    # --- what they hear

    def publish(self, events: Sequence[Event], now_ms: int) -> None:
        """A venue listener."""
        if not self._streams:
            return
        prints = [event for event in events if isinstance(event, TradePrint)]
        for print_ in prints:
            self._tell(print_.symbol, Kind.TRADE, partial(render_streams.trade_event, print_, now_ms))
            self._note(print_.symbol, ON_TRADE)
        self._aggregates(prints, now_ms)
        for event in events:
            if isinstance(event, BookChange):
                self._book_change(event)

    def _aggregates(self, prints: Sequence[TradePrint], now_ms: int) -> None:
        """Trades of one taker order at one price, told together."""
        for (symbol, _taker, _price), group in groupby(prints, key=_same_aggregate):
            name = f"{symbol.lower()}@{Kind.AGGREGATE}"
            if name in self._streams:
                last = list(group)[-1].trade.trade_id
                trade = self._reads().aggregate_of(symbol, last)
                if trade:
                    self._send(name, render_streams.aggregate_trade_event(symbol, trade, now_ms))

    def _book_change(self, change: BookChange) -> None:
        symbol = change.symbol
        best = self._reads().ticker(symbol)
        self._tell(symbol, Kind.BEST, lambda: render_streams.book_ticker_event(symbol, change.last_update_id, best))
        for feed in self._feeds.values():
            if feed.stream.kind is Kind.DEPTH and feed.stream.symbol == symbol:
                feed.merge(change)
        self._note(symbol, ON_BOOK_CHANGE - {Kind.DEPTH})

    def _note(self, symbol: str, kinds: frozenset[Kind]) -> None:
        for feed in self._feeds.values():
            if feed.stream.kind in kinds:
                feed.note(symbol)

    def pulse(self, time_ms: int) -> None:
        """Lets conflated streams speak whose interval has passed.

        Args:
            time_ms: Any clock that runs evenly, in milliseconds.
        """
        for name, feed in tuple(self._feeds.items()):
            if time_ms < feed.due_ms:
                continue
            said = list(feed.speak(self._reads(), self._now_ms()))
            if said:
                feed.due_ms = time_ms + feed.stream.every_ms
            for event in said:
                self._send(name, event)

    def _tell(self, symbol: str, kind: Kind, build: Callable[[], JsonObject]) -> None:
        name = f"{symbol.lower()}@{kind}"
        if name in self._streams:
            self._send(name, build())

    def _send(self, name: str, event: JsonObject) -> None:
        raw = orjson.dumps(event).decode()
        wrapped = f'{{"stream":{orjson.dumps(name).decode()},"data":{raw}}}'
        for connection in tuple(self._listeners[name]):
            text = wrapped if connection in self.combined else raw
            rule = None
            if self._faults.listens(Hook.EVENT):
                rule = self._faults.strike(Hook.EVENT, Subject("WS", name), self._now_ms())
            if rule is None:
                connection.send(text)
            else:
                mistreat(connection, text, rule)

    def announce_shutdown(self, connection: Connection, now_ms: int) -> None:
        """`serverShutdown`: the venue is about to end the connection."""
        event = {"e": "serverShutdown", "E": now_ms}
        wrapped = {"stream": "!serverShutdown", "data": event}
        connection.send(orjson.dumps(wrapped if connection in self.combined else event).decode())


def _same_aggregate(print_: TradePrint) -> tuple[str, int, int]:
    taker = print_.trade.taker_order_id
    return print_.symbol, taker if taker != -1 else -print_.trade.trade_id - 1, print_.trade.price
