"""A venue that refuses a nonce which is not above the last one: requests go one after another, and catch up."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from contract.exchange.answer_subjects import ANSWERS
from contract.exchange.raw_venue import RawVenue, Reply, http
from exchange_kernel.exchange.ccxt_adapter import CcxtExchange
from exchange_kernel.exchange.ccxt_client import Access
from exchange_kernel.exchange.port import ReadError
from exchange_kernel.exchange.profiles import profile_of
from exchange_kernel.exchange.venue_clock import Clocks

KRAKEN = next(subject for subject in ANSWERS if subject.exchange == "kraken")
BALANCES = '{"error":[],"result":{"ZUSD":{"balance":"1.0","hold_trade":"0.0"}}}'
PATH, TIME = "/0/private/BalanceEx", "/0/public/Time"


@pytest.fixture
async def venue() -> AsyncIterator[tuple[RawVenue, CcxtExchange]]:
    """The venue, and an adapter with its markets loaded."""
    async with RawVenue(KRAKEN.wire.served) as raw:
        keys = {"apiKey": "canarykey4711", "secret": KRAKEN.wire.secret, "password": ""}
        clocks = Clocks(wall=lambda: 0.0, monotonic=lambda: 0.0)
        access = Access(profile_of("kraken"), keys, endpoint=raw.url)
        exchange = CcxtExchange(access, clocks, report=lambda _: None)
        await exchange.load_markets()
        try:
            yield raw, exchange
        finally:
            await exchange.close()


def nonces(raw: RawVenue) -> list[int]:
    return [int(r.params["nonce"]) for r in raw.received if r.path == PATH]


async def test_the_next_request_is_signed_when_the_one_before_has_been_answered(
    venue: tuple[RawVenue, CcxtExchange],
) -> None:
    raw, exchange = venue
    let_go = asyncio.Event()
    held = http(200, BALANCES)
    raw.replies["POST", PATH].extend([Reply(held.raw, after=let_go), *[held] * 4])

    reads = [asyncio.create_task(exchange.fetch_balances()) for _ in range(5)]
    await raw.arrivals[PATH].wait()
    # Whole round trips later, four of them still wait for the first one's answer.
    raw.answer_at("GET", TIME, *[http(200, '{"error":[],"result":{"unixtime":1700000000}}')] * 3)
    for _ in range(3):
        await exchange.read_clock()
    assert len(nonces(raw)) == 1
    let_go.set()
    await asyncio.gather(*reads)

    assert len(nonces(raw)) == 5
    assert nonces(raw) == sorted(set(nonces(raw)))


async def test_public_requests_wait_for_no_nonce(venue: tuple[RawVenue, CcxtExchange]) -> None:
    raw, exchange = venue
    never = asyncio.Event()
    raw.replies["POST", PATH].append(Reply(b"", after=never))
    raw.replies["GET", TIME].append(http(200, '{"error":[],"result":{"unixtime":1700000000}}'))

    reading = asyncio.create_task(exchange.fetch_balances())
    await raw.arrivals[PATH].wait()

    assert (await exchange.read_clock()).round_trip_seconds == 0.0
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_after_a_refused_nonce_the_next_one_is_beyond_the_clock_of_whoever_signed_before(
    venue: tuple[RawVenue, CcxtExchange],
) -> None:
    """Another operator, whose clock runs five seconds ahead, has used the key."""
    raw, exchange = venue
    raw.answer_at("POST", PATH, http(200, '{"error":["EAPI:Invalid nonce"]}'), http(200, BALANCES))
    raw.answer_at("GET", TIME, *[http(200, '{"error":[],"result":{"unixtime":1700000000}}')] * 3)

    with pytest.raises(ReadError, match="Invalid nonce"):
        await exchange.fetch_balances()
    await exchange.fetch_balances()

    first, second = nonces(raw)
    assert second - first >= 10_000
