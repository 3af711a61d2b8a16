"""A request can reach the chosen venue and nothing else."""

import pytest

from contract.exchange.conftest import connect
from contract.exchange.raw_venue import RawVenue, http
from exchange_kernel.exchange.ccxt_client import Access, Hooks, new_client
from exchange_kernel.exchange.port import ReadError
from exchange_kernel.exchange.profiles import profile_of

KEYS = {"apiKey": "k", "secret": "s"}
HOOKS = Hooks(answered=lambda *_: None, venue_ms=lambda: None)


@pytest.mark.parametrize(
    ("endpoint", "sandbox", "host"),
    [
        ("", False, "https://api.binance.com/api/v3"),
        ("", True, "https://testnet.binance.vision/api/v3"),
        ("http://127.0.0.1:9", False, "http://127.0.0.1:9/api/v3"),
        ("http://127.0.0.1:9/", True, "http://127.0.0.1:9/api/v3"),
    ],
)
def test_ccxt_knows_the_two_spot_addresses_of_one_host_and_no_other(endpoint: str, sandbox: bool, host: str) -> None:
    client = new_client(Access(profile_of("binance"), KEYS, endpoint, sandbox), HOOKS)

    assert client.urls["api"] == {"public": host, "private": host}


async def test_a_redirect_to_another_host_is_not_followed() -> None:
    async with RawVenue() as venue, RawVenue() as elsewhere:
        session = connect(venue.url)
        try:
            await session.load_markets()
            away = http(302, "", headers={"Location": f"{elsewhere.url}/api/v3/account"})
            venue.answer("GET", "account", away, away)
            with pytest.raises(ReadError):
                await session.fetch_balances()
        finally:
            await session.close()

    assert elsewhere.received == []


async def test_a_closed_session_sends_nothing_and_says_so() -> None:
    async with RawVenue() as venue:
        session = connect(venue.url)
        await session.load_markets()
        await session.close()
        before = len(venue.received)
        with pytest.raises(ReadError, match="closed by the operator"):
            await session.fetch_balances()

    assert len(venue.received) == before
