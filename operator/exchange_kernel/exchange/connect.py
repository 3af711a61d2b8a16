"""How the rest of the operator gets an exchange: plain values in, an `Exchange` out.

Whether the account may use this endpoint is the caller's check, made against the operator's settings.
"""

import hashlib
import time
from dataclasses import dataclass, field

from exchange_kernel.clocks import elapsed
from exchange_kernel.exchange.budget import Budgets
from exchange_kernel.exchange.ccxt_adapter import CcxtExchange
from exchange_kernel.exchange.ccxt_client import REQUEST_TIMEOUT, Access
from exchange_kernel.exchange.profiles import profile_of
from exchange_kernel.exchange.profiles.parts import LimitScope
from exchange_kernel.exchange.session import AccountSession
from exchange_kernel.exchange.venue_clock import Clocks

SYSTEM_CLOCKS = Clocks(wall=time.time, monotonic=elapsed)
# One per process: all sessions share an address, and so the venue's limit for it.
PROCESS_BUDGETS = Budgets()


@dataclass(frozen=True, slots=True)
class Venue:
    """Which venue, from ExchangeAccount.spec.

    Attributes:
        exchange: ccxt id.
        market_type: Spot or Swap.
        endpoint: Base URL in place of the venue's own; empty for the venue's own.
        sandbox: The venue's own test network; an endpoint outranks it.
        egress: Name of the address that requests leave from; budgets are kept per venue and egress.
        request_timeout: Seconds until a request without an answer counts as unknown; shorter than the venue's own
            time-out it turns slow answers into look-ups, longer it delays them.
        limit_factor: How many times the profile's request limit this account has; profiles assume the lowest tier.
    """

    exchange: str
    market_type: str = "Spot"
    endpoint: str = ""
    sandbox: bool = False
    egress: str = "default"
    request_timeout: float = REQUEST_TIMEOUT
    limit_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """The fixed keys of the account's Secret. Never shown."""

    api_key: str = field(repr=False)
    secret: str = field(repr=False)
    password: str = field(default="", repr=False)


def open_exchange(
    venue: Venue, credentials: Credentials, *, budgets: Budgets = PROCESS_BUDGETS, clocks: Clocks = SYSTEM_CLOCKS
) -> AccountSession:
    """The one session of an account. Opens no connection yet.

    Args:
        venue: Which venue.
        credentials: The account's key.
        budgets: The weight budgets of the process.
        clocks: Wall and monotonic clock.

    Raises:
        ProfileMissing: The venue has no profile; the message lists those that exist.
    """
    profile = profile_of(venue.exchange, venue.market_type)
    counted = _account(credentials) if profile.weights.scope is LimitScope.ACCOUNT else venue.egress
    where = venue.endpoint.rstrip("/") or (f"{venue.exchange}/sandbox" if venue.sandbox else venue.exchange)
    budget = budgets.of((where, counted), int(profile.weights.per_minute * venue.limit_factor), profile.weights.window)
    keys = {"apiKey": credentials.api_key, "secret": credentials.secret, "password": credentials.password}
    adapter = CcxtExchange(
        Access(profile, keys, venue.endpoint, venue.sandbox, venue.request_timeout),
        clocks,
        report=lambda seen: budget.answered(clocks.monotonic(), seen),
    )
    return AccountSession(adapter, profile.weights, budget, clocks.monotonic)


def _account(credentials: Credentials) -> str:
    """Names a key without telling it: what a venue counts against whoever signs."""
    return hashlib.sha256(credentials.api_key.encode()).hexdigest()
