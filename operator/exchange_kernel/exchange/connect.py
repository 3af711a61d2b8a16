"""How the rest of the operator gets an exchange: plain values in, an `Exchange` out.

Whether the account may use this endpoint is the caller's check, made against the operator's settings.
"""

import hashlib
import time

from exchange_kernel.clocks import elapsed
from exchange_kernel.exchange.account import Credentials, Venue
from exchange_kernel.exchange.budget import Budgets
from exchange_kernel.exchange.ccxt_adapter import CcxtExchange
from exchange_kernel.exchange.ccxt_client import Access
from exchange_kernel.exchange.profiles import profile_of
from exchange_kernel.exchange.profiles.parts import LimitScope
from exchange_kernel.exchange.session import AccountSession
from exchange_kernel.exchange.venue_clock import Clocks

SYSTEM_CLOCKS = Clocks(wall=time.time, monotonic=elapsed)
# One per process: all sessions share an address, and so the venue's limit for it.
PROCESS_BUDGETS = Budgets()


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
    budget = budgets.of((where, counted), profile.weights.per_minute, profile.weights.window)
    keys = {"apiKey": credentials.api_key, "secret": credentials.secret, "password": credentials.password}
    adapter = CcxtExchange(
        Access(profile, keys, venue.endpoint, venue.sandbox, venue.request_timeout),
        clocks,
        report=lambda seen: budget.answered(clocks.monotonic(), seen),
    )
    session = AccountSession(adapter, profile.weights, budget, clocks.monotonic)
    session.multiply_limit(venue.limit_factor)
    return session


def _account(credentials: Credentials) -> str:
    """Names a key without telling it: what a venue counts against whoever signs."""
    return hashlib.sha256(credentials.api_key.encode()).hexdigest()
