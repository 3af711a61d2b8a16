"""User data streams of the WS-API: who hears of which account's events."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from paper_exchange.answering import Json
from paper_exchange.binance import render_events, render_lists
from paper_exchange.binance.connection import Connection
from paper_exchange.binance.event_faults import mistreat
from paper_exchange.events import AccountPosition, BalanceUpdate, Event, ListUpdate, OrderUpdate
from paper_exchange.fault_rules import Hook, Subject
from paper_exchange.faults import FaultBook

UserEvent = OrderUpdate | ListUpdate | AccountPosition | BalanceUpdate


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
            if isinstance(event, ListUpdate):
                client_order_id = event.order_list.client_order_id
            if isinstance(event, OrderUpdate):
                client_order_id = event.orig_client_order_id or event.client_order_id
            subject = Subject("WS", rendered["e"], client_order_id, event.account)
            rule = self._faults.strike(Hook.EVENT, subject, now_ms)
        if rule is None:
            subscription.connection.send(text)
        else:
            mistreat(subscription.connection, text, rule)


def _render(event: UserEvent, now_ms: int) -> Json:
    if isinstance(event, OrderUpdate):
        return render_events.execution_report(event, now_ms)
    if isinstance(event, ListUpdate):
        return render_lists.list_status(event, now_ms)
    if isinstance(event, AccountPosition):
        return render_events.position(event, now_ms)
    return render_events.balance_update(event, now_ms)
