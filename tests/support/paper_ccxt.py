"""What tests of the local venue share: a name for a ccxt instance, and patience."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from paper_exchange.server import PaperExchange

Ccxt = Any
"""ccxt ships no types: an instance is anything, and says so."""


async def until(condition: Callable[[], bool], patience_s: float = 20) -> None:
    """Waits until a condition holds.

    Raises:
        TimeoutError: It does not come to hold.
    """
    async with asyncio.timeout(patience_s):
        while not condition():  # noqa: ASYNC110 - conditions of other processes and of ccxt set no event
            await asyncio.sleep(0.01)


async def watching(venue: PaperExchange, call: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Starts a watch call and waits until the venue has answered its subscription."""
    before = subscriptions(venue)
    task = asyncio.create_task(call)
    await until(lambda: subscriptions(venue) > before)
    return task


def subscriptions(venue: PaperExchange) -> int:
    """How often user data was subscribed to."""
    return sum(entry.path == "userDataStream.subscribe.signature" for entry in venue.requests.since())
