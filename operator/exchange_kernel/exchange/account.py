"""Which account at which venue: plain values, for those who ask for a session without knowing what opens it."""

from dataclasses import dataclass, field
from decimal import Decimal

REQUEST_TIMEOUT = 10.0
"""Seconds; Binance's engine gives up after the same time."""


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
        limit_factor: How many times the profile's request limit this account has, where the venue counts by account;
            profiles assume the lowest tier.
    """

    exchange: str
    market_type: str = "Spot"
    endpoint: str = ""
    sandbox: bool = False
    egress: str = "default"
    request_timeout: float = REQUEST_TIMEOUT
    limit_factor: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The fixed keys of the account's Secret. Never shown."""

    api_key: str = field(repr=False)
    secret: str = field(repr=False)
    password: str = field(default="", repr=False)
