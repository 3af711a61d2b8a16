"""Exchanges to hold to the contract, and loopback venues to hold them against."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from contract.exchange.raw_venue import RawVenue
from exchange_kernel.core.venue import Balance
from exchange_kernel.core.venue_rules import OcoRules, VenueRules
from exchange_kernel.exchange.account import Credentials, Venue
from exchange_kernel.exchange.budget import Budgets
from exchange_kernel.exchange.connect import open_exchange
from exchange_kernel.exchange.memory import MemoryExchange
from exchange_kernel.exchange.memory_setup import MEMORY_RULES
from exchange_kernel.exchange.port import Exchange
from exchange_kernel.exchange.profiles import profile_of
from exchange_kernel.exchange.session import AccountSession
from paper_exchange.commands import SweepTo
from paper_exchange.config import AccountConfig, Config, KeyConfig
from paper_exchange.server import PaperExchange
from paper_exchange.units import parse_amount

KEY, SECRET = "canaryapikey4711" + "k" * 48, "canarysecret4712" + "s" * 48
PRICE = Decimal(60000)
OCO = OcoRules(
    stops=frozenset({"StopMarket"}), targets=frozenset({"Limit"}), entries=frozenset({("Sell", "Limit", "FOK")})
)
RULES_OF: Mapping[str, VenueRules] = {
    "memory": replace(MEMORY_RULES, oco=OCO),
    "ccxt-binance": profile_of("binance").rules,
    "ccxt-kraken": profile_of("kraken").rules,
}
"""The adapters, and what they promise."""


@dataclass
class Subject:
    """An exchange under the contract, with a BTC/USDT market whose last price is 60000."""

    exchange: Exchange
    # Fills a resting buy order at 50000 completely, from the venue's side.
    fill: Callable[[str], Awaitable[None]]


@pytest.fixture(params=RULES_OF)
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    """Every adapter in turn."""
    if request.param == "memory":
        yield _memory()
        return
    config = Config(accounts=(AccountConfig(name="default", keys=(KeyConfig(key=KEY, secret=SECRET),)),))
    async with PaperExchange(config) as paper:
        session = connect(paper.url, exchange=request.param.removeprefix("ccxt-"))
        try:
            yield Subject(session, fill=lambda _: sweep(paper))
        finally:
            await session.close()


def _memory() -> Subject:
    exchange = MemoryExchange(
        price=PRICE, rules=RULES_OF["memory"], monotonic=time.monotonic, now=lambda: datetime.now(UTC)
    )
    exchange.balances = (Balance("USDT", Decimal(1_000_000), Decimal(0)), Balance("XRP", Decimal(0), Decimal(0)))

    async def fill(exchange_order_id: str) -> None:
        exchange.fill(exchange_order_id, Decimal("0.01"))

    return Subject(exchange, fill)


def connect(
    url: str, *, exchange: str = "binance", budgets: Budgets | None = None, request_timeout: float = 10.0
) -> AccountSession:
    """A session on a loopback venue, with a budget of its own unless one is given."""
    venue = Venue(exchange, endpoint=url, request_timeout=request_timeout)
    return open_exchange(venue, Credentials(KEY, SECRET), budgets=budgets or Budgets())


async def sweep(paper: PaperExchange) -> None:
    """Move the price through 50000 and back, which fills what rests there."""
    for price in ("49000", "60000"):
        paper.venue.submit(SweepTo(symbol="BTCUSDT", price=parse_amount(price)))


@pytest.fixture
async def venue() -> AsyncIterator[RawVenue]:
    """A venue whose answers the test writes."""
    async with RawVenue() as raw:
        yield raw


@pytest.fixture
async def session(venue: RawVenue) -> AsyncIterator[AccountSession]:
    """A session on that venue, with its markets loaded."""
    opened = connect(venue.url)
    await opened.load_markets()
    try:
        yield opened
    finally:
        await opened.close()
