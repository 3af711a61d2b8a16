"""What differs between the venues that the end-to-end suite runs on.

The tests say what has to hold on every venue. Where a venue's nature changes the outcome, they ask here and expect that
outcome: nothing is skipped. The venue's own books (`GET /dump`) have one form, Binance's, whatever the dialect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from paper_exchange.kraken.ids import order_txid
from paper_exchange.symbols import DEFAULT_SYMBOLS

Json = Any
_MARKETS = [symbol.name for symbol in DEFAULT_SYMBOLS]


class Target(NamedTuple):
    """A request by its method and path."""

    method: str
    path: str


@dataclass(frozen=True)
class Dialect:
    """A venue.

    Attributes:
        exchange: `ExchangeAccount.spec.exchange`.
        create: Places an order.
        cancel: Cancels one.
        look_up: Is asked first whether there is an order under a client id.
        read_back: Tells how an order stands whose venue id is known.
        poll: Follows all working orders.
        requests_expire: Whether a lost request is certain to be dead after a while: what a wait can prove. Where none
            can, there is one attempt ever, until a human vouches for its absence.
        fees_in_quote: Whether a buy pays its commission in the quote asset.
        counts_per_symbol: Whether orders of two markets can have the same venue id.
        reprices_in_place: Whether it changes the price of a working order; else the order is replaced.
        has_fok: Whether fill-or-kill exists.
        tier: `ExchangeAccount.spec.rateLimitFactor` of the tests' accounts.
        patience: Seconds for what takes one on an idle machine and a venue that lets an account ask as it likes.
        would_take: Its words for a post-only order that would take.
        no_funds: Its words for an order beyond the balance.
    """

    exchange: str
    create: Target
    cancel: Target
    look_up: Target
    read_back: Target
    poll: Target
    requests_expire: bool
    fees_in_quote: bool
    counts_per_symbol: bool
    reprices_in_place: bool
    has_fok: bool
    tier: str
    patience: float
    would_take: str
    no_funds: str

    def order_id(self, order: Mapping[str, Json]) -> str:
        """The venue's id of an order of its books, as this dialect tells it."""
        if self.counts_per_symbol:
            return str(order["orderId"])
        return order_txid(_MARKETS.index(order["symbol"]), order["orderId"])

    def mentions(self, order_id: str) -> set[str]:
        """How requests and their logs name an order by its venue id."""
        return {f"'orderId': '{order_id}'", f"orderId={order_id}&"} if self.counts_per_symbol else {order_id}

    def __str__(self) -> str:
        return self.exchange


BINANCE = Dialect(
    exchange="binance",
    create=Target("POST", "/api/v3/order"),
    cancel=Target("DELETE", "/api/v3/order"),
    look_up=Target("GET", "/api/v3/order"),
    read_back=Target("GET", "/api/v3/order"),
    poll=Target("GET", "/api/v3/openOrders"),
    requests_expire=True,
    fees_in_quote=False,
    counts_per_symbol=True,
    reprices_in_place=False,
    has_fok=True,
    tier="1",
    patience=90.0,
    would_take="would immediately match",
    no_funds="insufficient balance",
)
KRAKEN = Dialect(
    exchange="kraken",
    create=Target("POST", "/0/private/AddOrder"),
    cancel=Target("POST", "/0/private/CancelOrder"),
    look_up=Target("POST", "/0/private/OpenOrders"),
    read_back=Target("POST", "/0/private/QueryOrders"),
    poll=Target("POST", "/0/private/OpenOrders"),
    requests_expire=False,
    fees_in_quote=True,
    counts_per_symbol=False,
    reprices_in_place=True,
    has_fok=False,
    tier="3",  # with the lowest one an account may ask once in three seconds
    patience=120.0,
    would_take="Post only order",
    no_funds="Insufficient funds",
)
on_both_venues = pytest.mark.parametrize("dialect", [BINANCE, KRAKEN], ids=str, indirect=True)
"""A mark for a test, or `pytestmark` of a module, whose stack is to run on each."""
