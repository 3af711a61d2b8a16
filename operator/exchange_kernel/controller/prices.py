"""The market's price, read once for all orders of an account that need it at that time.

Nothing is polled: an order that waits for a trigger, or that a limit judges by the market, asks when it is about to be
sent. Most orders never do, and their way stays as short as it is.
"""

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from exchange_kernel.core.account_facts import ReferencePrice
from exchange_kernel.exchange.port import (
    CredentialsRefused,
    Exchange,
    ExchangeError,
    RateLimited,
    VenueUnavailable,
)

# These say nothing about the market; any other failure is an answer in which there is no price.
_NO_ANSWER = (RateLimited, VenueUnavailable, CredentialsRefused)


class PriceBoard:
    """What is known of prices, by symbol.

    Args:
        monotonic: This process' clock, in seconds.
        failed: Told of each read that failed.
    """

    def __init__(self, monotonic: Callable[[], float], failed: Callable[[ExchangeError], None]) -> None:
        self._monotonic, self._failed = monotonic, failed
        self._known: dict[str, ReferencePrice] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}

    @property
    def known(self) -> Mapping[str, ReferencePrice]:
        """By symbol, the last read."""
        return MappingProxyType(self._known)

    async def read(self, symbol: str, exchange: Exchange) -> None:
        """Read a price, or wait for the read that is under way. A failure is noted, not raised."""
        task = self._reading.get(symbol)
        if task is None:
            task = asyncio.create_task(self._read(symbol, exchange))
            self._reading[symbol] = task
            task.add_done_callback(lambda _: self._reading.pop(symbol, None))
        await asyncio.shield(task)

    async def _read(self, symbol: str, exchange: Exchange) -> None:
        started = self._monotonic()
        try:
            price = await exchange.reference_price(symbol)
        except ExchangeError as error:
            self._failed(error)
            self._note_failure(symbol, str(error), answered=not isinstance(error, _NO_ANSWER))
            return
        if not price.is_finite() or price <= Decimal(0):
            self._note_failure(symbol, "it names none", answered=True)
            return
        self._known[symbol] = ReferencePrice(price, started)

    def _note_failure(self, symbol: str, problem: str, *, answered: bool) -> None:
        before = self._known.get(symbol)
        failures = 1 if before is None else before.failures + 1
        # Counted from the end of the read: one that timed out has paused long enough, but not the venue.
        self._known[symbol] = ReferencePrice(None, self._monotonic(), problem, answered, failures)
