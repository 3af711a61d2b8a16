"""What the handling of an order needs of its account."""

from typing import Protocol

from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.core.account_facts import AccountFacts
from exchange_kernel.core.outcomes import CreateOutcome
from exchange_kernel.exchange.port import Exchange, ExchangeError


class Account(Protocol):
    """What actions need of an account's runtime."""

    @property
    def exchange(self) -> Exchange | None:
        """The session, once it is open."""
        ...

    @property
    def acts(self) -> bool:
        """Whether this process works on the account."""
        ...

    def facts(self, namespace: str, intent: OrderIntent | None = None) -> AccountFacts:
        """What is known of the account, for objects of this namespace; `intent`: for this one, its places included."""
        ...

    def reserve(self, intent: OrderIntent, client_order_id: str, *, look_up: bool) -> None:
        """An intent is about to record a placement; `look_up`: the venue is asked for it first."""
        ...

    async def read_price(self, symbol: str, exchange: Exchange) -> None:
        """Read the market's price; a failure is noted, not raised."""
        ...

    def failed(self, error: ExchangeError) -> None:
        """A call to the venue failed."""
        ...

    def sent(self, outcome: CreateOutcome) -> None:
        """A create has ended."""
        ...

    def ended_pass(self, memo: IntentMemo, changed_at: float | None) -> None:
        """An intent of the account was judged, for a change that came in at `changed_at`, if there was one."""
        ...


class VenueAway(Exception):
    """The account has no session at present; the pass ends and is repeated."""


def exchange_of(account: Account) -> Exchange:
    """The open session. Raises VenueAway."""
    exchange = account.exchange
    if exchange is None:
        raise VenueAway("the session with the venue is not open")
    return exchange
