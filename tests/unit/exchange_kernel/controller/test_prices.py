"""Prices are read when an order needs one, once for all that ask, and never guessed."""

import asyncio
from decimal import Decimal

import pytest

from exchange_kernel.controller.prices import PriceBoard
from exchange_kernel.exchange.memory import MemoryExchange
from exchange_kernel.exchange.memory_setup import Raises
from exchange_kernel.exchange.port import ExchangeError, RateLimited, ReadError, VenueUnavailable
from support.virtual_time import in_virtual_time
from support.world import World

SYMBOL = "BTC/USDT"
LARGEST = {"maxNotional": [{"currency": "USDT", "perOrder": "30000"}]}


class SlowVenue(MemoryExchange):
    """Its price takes until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def reference_price(self, symbol: str) -> Decimal:
        """As the port."""
        await self.go.wait()
        return await super().reference_price(symbol)


def board(failures: list[ExchangeError] | None = None) -> PriceBoard:
    return PriceBoard(lambda: 100.0, ([] if failures is None else failures).append)


async def test_orders_that_ask_at_one_time_share_one_read() -> None:
    venue, prices = SlowVenue(), board()
    asking = [asyncio.create_task(prices.read(SYMBOL, venue)) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()  # whoever began the read may go; the others still get it
    venue.go.set()
    await asyncio.gather(*asking[1:])

    assert venue.calls == ["reference_price"]
    known = prices.known[SYMBOL]
    assert (known.value, known.at) == (Decimal(50000), 100.0)


@pytest.mark.parametrize(
    ("error", "answered"),
    [
        (VenueUnavailable("away"), False),
        (RateLimited("slow down", 1.0), False),
        (ReadError("there is no price in the answer"), True),
    ],
)
async def test_a_failed_read_is_noted_and_tells_whether_the_venue_has_no_price(
    error: ExchangeError, answered: bool
) -> None:
    venue, failures = MemoryExchange(), list[ExchangeError]()
    prices = board(failures)
    for _ in range(2):
        venue.fail_next("reference_price", Raises(error))
        await prices.read(SYMBOL, venue)

    known = prices.known[SYMBOL]
    assert (known.value, known.answered, known.failures, known.problem) == (None, answered, 2, str(error))
    assert failures == [error, error]


async def test_a_price_of_zero_is_none() -> None:
    venue, prices = MemoryExchange(price=Decimal(0)), board()
    await prices.read(SYMBOL, venue)

    assert prices.known[SYMBOL].value is None
    assert prices.known[SYMBOL].answered


@in_virtual_time
async def test_an_order_without_need_reads_no_price() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")

    assert "reference_price" not in world.venue.calls


@in_virtual_time
async def test_a_market_order_under_a_limit_waits_for_the_price_and_is_placed_once() -> None:
    world = World()
    world.add_secret()
    world.add_account(limits=LARGEST)
    world.start()
    await world.until(lambda: world.condition("exchangeaccounts", "main", "Ready") == "True")
    world.venue.fail_next("reference_price", Raises(VenueUnavailable("the venue is away")))
    world.apply(type="Market", price=None)
    await world.until(lambda: world.condition("orderintents", "dip", "Ready", "reason") == "NoReferencePrice")
    assert world.orders == ()
    await world.until_state("Filled")

    assert len(world.orders) == 1
    assert world.venue.calls.count("reference_price") == 2


@in_virtual_time
async def test_a_market_order_above_the_limit_is_denied_before_anything_is_recorded() -> None:
    world = World()
    world.add_secret()
    world.add_account(limits=LARGEST)
    world.start()
    world.apply(type="Market", price=None, quantity="0.7")
    await world.until_state("Denied")

    assert "35000 USDT" in world.status()["message"]
    assert world.orders == ()
    assert world.api.all("orderreceipts") == []


@in_virtual_time
async def test_a_price_that_ages_in_the_queue_stops_the_request_and_is_read_again() -> None:
    world = World()
    world.add_secret()
    world.add_account(limits=LARGEST)
    world.start()
    world.venue.slow["create_order"] = 4.0
    world.apply(type="Market", price=None, placement={"startingDeadlineSeconds": 600})
    await world.until_state("Filled")
    first = world.venue.calls.count("reference_price")
    world.venue.slow["create_order"] = 5.5
    world.apply("late", type="Market", price=None, placement={"startingDeadlineSeconds": 600})
    await world.until(lambda: len(world.api.all("orderreceipts")) == 2)
    await world.until(lambda: world.venue.calls.count("reference_price") > first + 1)

    assert len(world.orders) == 1
    world.venue.slow.clear()
    await world.until_state("Filled", "late")
    assert len(world.orders) == 2
