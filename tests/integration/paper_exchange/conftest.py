"""A venue in the test's own event loop, and the three flavours of ccxt that trade on it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest
import pytest_asyncio

from paper_exchange.ccxt_config import ccxt_config, kraken_config
from paper_exchange.control_client import ControlClient
from paper_exchange.server import PaperExchange
from support.paper_ccxt import Ccxt
from support.paper_kraken import Wire
from support.paper_stream import Stream, user_stream


class Threaded:
    """The synchronous ccxt behind the same `await` as the others."""

    def __init__(self, exchange: Ccxt) -> None:
        self._exchange = exchange

    def __getattr__(self, name: str) -> Ccxt:
        found = getattr(self._exchange, name)
        if not callable(found):
            return found

        async def call(*arguments: Ccxt, **named: Ccxt) -> Ccxt:
            return await asyncio.to_thread(found, *arguments, **named)

        return call

    async def close(self) -> None:
        self._exchange.session.close()


FLAVOURS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "sync": lambda config: Threaded(ccxt.binance(config)),
    "async": ccxt.async_support.binance,
    "pro": ccxt.pro.binance,
}


@pytest_asyncio.fixture
async def venue() -> AsyncIterator[PaperExchange]:
    async with PaperExchange() as running:
        yield running


@pytest_asyncio.fixture
async def control(venue: PaperExchange) -> AsyncIterator[ControlClient]:
    async with ControlClient(venue.control_url, venue.token) as client:
        yield client


@pytest.fixture(params=list(FLAVOURS))
def flavour(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture
async def exchange(venue: PaperExchange, flavour: str) -> AsyncIterator[Any]:
    async for client in connect(venue, flavour):
        yield client


@pytest_asyncio.fixture
async def pro(venue: PaperExchange) -> AsyncIterator[Any]:
    async for client in connect(venue, "pro"):
        yield client


@pytest_asyncio.fixture
async def kraken(venue: PaperExchange) -> AsyncIterator[Any]:
    """ccxt.kraken with the default account's key."""
    key = venue.keys["default"]
    config = kraken_config(venue.url, api_key=key.key, secret=key.secret)
    client = ccxt.async_support.kraken(config | {"enableRateLimit": False})
    try:
        yield client
    finally:
        await client.close()


@pytest_asyncio.fixture
async def wire(venue: PaperExchange, control: ControlClient) -> Wire:
    """Raw requests to the Kraken dialect, with a key of the default account that nobody else uses."""
    key = await control.create_key("default")
    return Wire(venue.url, key.key, key.secret)


@pytest_asyncio.fixture
async def stream(venue: PaperExchange) -> AsyncIterator[Stream]:
    async with user_stream(venue) as running:
        yield running


async def connect(venue: PaperExchange, flavour: str) -> AsyncIterator[Any]:
    """A ccxt instance with the default account's key; it writes no number as a float."""
    key = venue.keys["default"]
    config = ccxt_config(venue.url, api_key=key.key, secret=key.secret)
    client = FLAVOURS[flavour](config | {"enableRateLimit": False})
    try:
        yield client
    finally:
        await client.close()
