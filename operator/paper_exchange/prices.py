"""What happens at the venue by itself: the walk's steps, the replay's rows and the end of orders, on time."""

import asyncio
import itertools
import logging
from collections.abc import Iterable
from pathlib import Path

from paper_exchange.commands import StepMarket
from paper_exchange.config import Config, ConfigError, MarketMode
from paper_exchange.market.replay import Recorded, ReplayError, read_recording
from paper_exchange.refusals import Refusal
from paper_exchange.runtime import LiveVenue

_EXPIRY_CHECK_S = 0.02

_log = logging.getLogger("paper_exchange")


def load_recording(path: Path) -> tuple[Recorded, ...]:
    """Reads a recording as a whole, so that a mistake in it shows at the start and not hours later.

    Raises:
        ConfigError: The file cannot be read, or a line of it.
    """
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return tuple(read_recording(lines))
    except (OSError, ReplayError) as error:
        raise ConfigError(f"cannot replay {path}: {error}") from error


async def run_prices(venue: LiveVenue, config: Config, recording: Iterable[Recorded]) -> None:
    """Moves the prices until canceled. A static market returns at once."""
    if config.market is MarketMode.WALK:
        await _walk(venue, config)
    elif config.market is MarketMode.REPLAY:
        await _replay(venue, recording, config.speed)


async def run_expiries(venue: LiveVenue) -> None:
    """Ends orders that are good till a date when it comes, also while nobody asks for anything. Until canceled."""
    while True:
        await asyncio.sleep(_EXPIRY_CHECK_S)
        venue.pass_time()


async def _walk(venue: LiveVenue, config: Config) -> None:
    names = [market.symbol.name for market in config.markets if market.price is not None]
    for name in itertools.cycle(names):
        if name == names[0]:
            await asyncio.sleep(config.step_ms / 1000)
        venue.submit(StepMarket(symbol=name))


async def _replay(venue: LiveVenue, recording: Iterable[Recorded], speed: float) -> None:
    loop = asyncio.get_running_loop()
    began, first = loop.time(), None
    for row in recording:
        first = row.time if first is None else first
        await asyncio.sleep(began + (row.time - first) / 1000 / speed - loop.time())
        reply = venue.submit(row.command)
        if isinstance(reply, Refusal):
            _log.warning("replay: %s at %d: %s", row.command.symbol, row.time, reply.message)
    _log.info("replay: the recording has ended; prices stay where they are")
