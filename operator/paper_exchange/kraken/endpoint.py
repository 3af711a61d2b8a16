"""What an endpoint is, and what it gets."""

from collections.abc import Callable
from dataclasses import dataclass

from paper_exchange.answering import Work
from paper_exchange.kraken.auth import Security
from paper_exchange.kraken.counters import Counters
from paper_exchange.kraken.params import Params
from paper_exchange.model import ApiKey
from paper_exchange.venue import Venue


@dataclass(frozen=True, slots=True)
class Call:
    """One request, authenticated.

    Attributes:
        venue: Whom it asks.
        params: Its parameters.
        key: The key that signed it, None where nothing is signed.
        counters: The rate limits of trading.
    """

    venue: Venue
    params: Params
    key: ApiKey | None
    counters: Counters

    @property
    def account(self) -> str:
        """The caller's account, empty where nothing is signed."""
        return "" if self.key is None else self.key.account


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One thing that can be asked.

    Attributes:
        prepare: Reads and judges the parameters, and returns the work to do. Nothing has happened when it raises.
        security: What the caller must show.
        cost: What it adds to the counter of calls.
        in_maintenance: Whether it answers while the venue is in maintenance.
    """

    prepare: Callable[[Call], Work]
    security: Security = Security.NONE
    cost: int = 0
    in_maintenance: bool = False
