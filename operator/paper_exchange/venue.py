"""The seam between the wire and the engine: what a request handler can ask for and do."""

from typing import Protocol

from paper_exchange.commands import Command
from paper_exchange.limits import RateLimiter
from paper_exchange.lookups import Lookups
from paper_exchange.order_commands import PlaceOrder
from paper_exchange.reads import Reads
from paper_exchange.refusals import Refusal
from paper_exchange.replies import Reply


class Venue(Protocol):
    """The running venue, as the request handlers see it."""

    @property
    def reads(self) -> Reads:
        """Everything that does not change the state."""

    @property
    def lookups(self) -> Lookups:
        """The order queries, with the lag that is set."""

    @property
    def limiter(self) -> RateLimiter:
        """The rate limits and what is used of them."""

    def now_ms(self) -> int:
        """Venue time in milliseconds since 1970, UTC."""

    def pass_time(self) -> None:
        """Ends the orders whose date has come."""

    def submit(self, command: Command) -> Reply:
        """Records the command, applies it and publishes what follows from it."""

    def check(self, order: PlaceOrder) -> Refusal | None:
        """Judges an order without placing it."""
