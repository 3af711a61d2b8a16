"""What tests of the local venue share: a name for a ccxt instance, and patience."""

import asyncio
from collections.abc import Callable
from typing import Any

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
