"""The seam between the operator and a venue.

The contract of every adapter (`tests/contract` holds each one to it):

* `create_order` and `amend_order` write to the socket at most once, never retry, and never raise for what the venue or
  the network did: the outcome is a value that says what is proven.
* Reads may be repeated by the caller; they raise `ReadError` and nothing else.
* No method returns or raises anything that contains a key, a secret or a signature.
* Numbers are `Decimal`, made from the venue's strings without passing through a float.
* Client order ids are passed in their canonical form (32 lower-case hex digits) and reported in it; the profile's
  wire form is the adapter's own business.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from exchange_kernel.core.outcomes import AmendOutcome, CancelOutcome, CreateOutcome
from exchange_kernel.core.requests import AmendRequest, ListRequest, OrderRequest
from exchange_kernel.core.venue import Absent, Balance, Found, OpenOrders, Trade, VenueOrder
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.exchange.hints import Hint


class ExchangeError(Exception):
    """Base of everything that an adapter raises. The message is fit for a user and holds no secret.

    ExchangeError
    ├── ReadError            a read failed; nothing is known, ask again
    │   ├── RateLimited      the venue wants a pause (`retry_after`)
    │   ├── StreamEnded      the order stream has ended, or cannot be had
    │   └── VenueUnavailable no connection, 5xx, maintenance, time-out
    ├── CredentialsRefused   wrong, revoked or insufficient key: stop the account, not the operator
    └── ProfileMissing       the exchange has no profile; the message lists those that exist
    """


class ReadError(ExchangeError):
    """A read failed; nothing is known. Reads may be repeated."""


class RateLimited(ReadError):
    """The venue asked for a pause."""

    def __init__(self, message: str, retry_after: float | None = None, *, banned: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.banned = banned


class VenueUnavailable(ReadError):
    """No connection, a time-out, maintenance or a 5xx answer."""


class StreamEnded(ReadError):
    """The order stream has ended, or cannot be had; the message says why."""


class CredentialsRefused(ExchangeError):
    """The venue refused the key: wrong, revoked, or without the permission that is needed."""


class ProfileMissing(ExchangeError):
    """No profile exists for this exchange."""


@dataclass(frozen=True, slots=True)
class AccountIdentity:
    """Who the venue says we are."""

    venue_account_id: str  # what the venue tells of itself, else a fingerprint of endpoint and key id
    can_trade: bool


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The venue's clock beside ours."""

    skew_seconds: float  # venue minus local wall clock, corrected by half the round trip
    round_trip_seconds: float


# Evaluated at the last moment before the socket write: None to go ahead, else the reason why not.
SendGate = Callable[[], str | None]
# Of each order of the list, in the order of `ListRequest.orders`.
ListOutcome = tuple[CreateOutcome, ...]


def of_each(request: ListRequest, outcome: CreateOutcome | ListOutcome) -> ListOutcome:
    """What is proven of the whole request is proven of each of its orders."""
    return outcome if isinstance(outcome, tuple) else (outcome,) * len(request.orders)


class Exchange(Protocol):
    """One account at one venue. Not safe for use from several threads."""

    @property
    def rules(self) -> VenueRules:
        """What the venue profile guarantees."""
        ...

    async def load_markets(self) -> Mapping[str, Market]:
        """Read all markets, keyed by ccxt symbol. Raises ReadError, CredentialsRefused."""
        ...

    async def identify(self) -> AccountIdentity:
        """Ask the venue who we are and what the key may do. Raises ReadError, CredentialsRefused."""
        ...

    async def read_clock(self) -> ClockReading:
        """Compare the clocks, and sign later requests by the venue's. Raises ReadError."""
        ...

    async def fetch_balances(self) -> tuple[Balance, ...]:
        """All assets with a total above zero. Raises ReadError, CredentialsRefused."""
        ...

    async def create_order(self, request: OrderRequest, gate: SendGate) -> CreateOutcome:
        """Send one order, once. `gate` is asked after signing, immediately before the socket write."""
        ...

    async def create_list(self, request: ListRequest, gate: SendGate) -> ListOutcome:
        """Send orders that the venue ties together, in one request, once; what `rules.oco` lists, and no other.

        Returns:
            The outcomes of `request.orders`, each with its own proof. `gate` is asked as for a create.
        """
        ...

    async def amend_order(self, request: AmendRequest, gate: SendGate) -> AmendOutcome:
        """Change one working order in place, once; what `rules.amends` does not list is refused before the wire.

        `gate` is asked as for a create. What the order became is read back in every case.
        """
        ...

    async def cancel_order(self, symbol: str, exchange_order_id: str | None, client_order_id: str) -> CancelOutcome:
        """Ask for a cancel, by the venue's id where known. Raises RateLimited, CredentialsRefused."""
        ...

    async def look_up(self, symbol: str, client_order_id: str) -> Found | Absent:
        """Quick look-up by client order id (the latest order under it). Raises ReadError, CredentialsRefused."""
        ...

    async def prove_absence(
        self, symbol: str, client_order_id: str, since: datetime, list_client_order_id: str | None = None
    ) -> Found | Absent:
        """Ask the whole set of queries that the profile demands; `Absent.complete` is True.

        Orders under this id that were placed before `since` do not count. With the id of a list the venue is asked for
        that, too, and for the order in it. Raises ReadError, CredentialsRefused.
        """
        ...

    async def fetch_order(self, symbol: str, exchange_order_id: str) -> VenueOrder | None:
        """Read one order by the venue's id; None when the venue does not know it. Raises ReadError."""
        ...

    async def fetch_open_orders(self) -> OpenOrders:
        """All open orders of the account in one read. Raises ReadError, CredentialsRefused."""
        ...

    async def fetch_trades(self, symbol: str, exchange_order_id: str) -> tuple[Trade, ...]:
        """All fills of one order, oldest first. Raises ReadError, CredentialsRefused."""
        ...

    async def reference_price(self, symbol: str) -> Decimal:
        """The last trade's price, for rules that need one. Raises ReadError."""
        ...

    @property
    def streams(self) -> bool:
        """Whether the venue tells of its own accord what becomes of the account's orders."""
        ...

    async def listen(self, heard: Callable[[Hint], None], live: Callable[[], None]) -> None:
        """Follow the order stream until it ends; `live` is called when the venue has acknowledged the subscription.

        Raises StreamEnded, RateLimited. Returns only by an exception.
        """
        ...

    async def close(self) -> None:
        """Close connections. Idempotent."""
        ...
