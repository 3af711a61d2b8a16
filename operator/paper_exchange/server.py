"""The venue as a server: two ports, one engine, one event loop.

In a test: `async with PaperExchange() as venue:` and then `venue.url`, `venue.keys["default"]`, `venue.control`.
As a process: `python -m paper_exchange serve`.
"""

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from paper_exchange.binance.gateway import Gateway
from paper_exchange.binance.market_streams import PULSE_MS, MarketStreams
from paper_exchange.binance.rest import RestApi
from paper_exchange.binance.sessions import Sessions
from paper_exchange.binance.streams import UserStreams
from paper_exchange.binance.ws_market import MarketSockets
from paper_exchange.binance.wsapi import WsApi
from paper_exchange.clock import Clock
from paper_exchange.config import Config
from paper_exchange.control import ControlApi
from paper_exchange.faults import FaultBook
from paper_exchange.journal import DurableEngine
from paper_exchange.kraken import gateway as kraken_gateway
from paper_exchange.kraken import rest as kraken_rest
from paper_exchange.kraken.auth import Nonces
from paper_exchange.kraken.counters import Counters
from paper_exchange.kraken.endpoints import PREFIX as KRAKEN_PREFIX
from paper_exchange.limits import Limits, RateLimiter
from paper_exchange.market.replay import Recorded
from paper_exchange.model import ApiKey
from paper_exchange.modes import Modes
from paper_exchange.prices import load_recording, run_expiries, run_prices
from paper_exchange.request_log import RequestLog
from paper_exchange.runtime import ControlledClock, LiveVenue
from paper_exchange.setup import prepare_venue

LOOPBACK: Final = "127.0.0.1"
JOURNAL_NAME: Final = "journal.sqlite"

_log = logging.getLogger("paper_exchange")


class PaperExchange:
    """A venue that runs in the current event loop."""

    def __init__(self, config: Config | None = None, *, clock: Clock | None = None) -> None:
        self.config = config or Config()
        self.faults = FaultBook(self.config.seed)
        self.modes = Modes()
        self.requests = RequestLog()
        self.sessions = Sessions()
        self.token = self.config.token or secrets.token_urlsafe(32)
        self.stop_requested = asyncio.Event()
        """Set when the control port asks for the end of the process."""
        self.clock = ControlledClock(clock)
        self.limiter = RateLimiter(
            Limits(
                weight_per_minute=self.config.weight_per_minute,
                orders_per_10s=self.config.orders_per_10s,
                orders_per_day=self.config.orders_per_day,
                call_counter=self.config.call_counter,
                trade_counter=self.config.trade_counter,
            )
        )
        self._door = kraken_gateway.Door(Nonces(), Counters(self.limiter))
        self._engine: DurableEngine | None = None
        self._venue: LiveVenue | None = None
        self._wsapi: WsApi | None = None
        self._venue_runner: web.ServerRunner | None = None
        self._control_runner: web.AppRunner | None = None
        self._recording: tuple[Recorded, ...] = ()
        self._clockwork: tuple[asyncio.Task[None], ...] = ()
        self._port = self.config.port
        self._control_port = self.config.control_port

    # --- where it is

    @property
    def url(self) -> str:
        """The venue's address: Binance's REST under `/api/v3`, Kraken's under `/0`."""
        return f"http://{self.config.host}:{self._port}"

    @property
    def ws_url(self) -> str:
        """The WS-API's address."""
        return f"ws://{self.config.host}:{self._port}/ws-api/v3"

    @property
    def control_url(self) -> str:
        """The control port's address."""
        return f"http://{LOOPBACK}:{self._control_port}"

    @property
    def venue(self) -> LiveVenue:
        """The engine behind the ports.

        Raises:
            RuntimeError: Before the start.
        """
        if self._venue is None:
            raise RuntimeError("the venue is not running; use `async with PaperExchange()` or call start()")
        return self._venue

    @property
    def keys(self) -> Mapping[str, ApiKey]:
        """One key of each account, the first one that may trade."""
        found: dict[str, ApiKey] = {}
        for key in self.venue.reads.api_keys():
            known = found.get(key.account)
            if known is None or (key.can_trade and not known.can_trade):
                found[key.account] = key
        return found

    # --- life

    async def start(self) -> None:
        """Opens the data and both ports.

        Raises:
            JournalError: The data cannot be opened.
            OSError: A port is taken.
        """
        if self.config.replay is not None:
            self._recording = load_recording(self.config.replay)
        try:
            self._open()
            await self._listen()
            await self._listen_control()
        except BaseException:
            await self.stop()
            raise
        _log.info("venue at %s, control port at %s", self.url, self.control_url)

    async def stop(self) -> None:
        """Ends all connections and closes the data."""
        if self._control_runner is not None:
            await self._control_runner.cleanup()
            self._control_runner = None
        await self._close()

    async def restart(self, down_s: float = 0.0, *, forget: bool = False) -> None:
        """Ends all connections, stays away for a while, and comes back on the same port from its data.

        Args:
            down_s: Seconds during which connections are refused.
            forget: Begin with an empty venue instead: the accounts of the configuration, no orders.
        """
        keys = self.venue.reads.api_keys() if forget or self.config.data is None else ()
        await self._close(keep_memory=not forget)
        if forget and self.config.data is not None:
            for suffix in ("", "-wal", "-shm"):
                (self.config.data / f"{JOURNAL_NAME}{suffix}").unlink(missing_ok=True)
        await asyncio.sleep(down_s)
        self._open(keys)
        await self._listen()

    def _open(self, keys: tuple[ApiKey, ...] = ()) -> None:
        if self._engine is None:
            self._engine = DurableEngine.open(_journal_path(self.config.data))
        self._venue = LiveVenue(self._engine, self.clock, self.limiter)
        self._venue.lookups.lag_ms = self.modes.lookup_lag_ms
        prepare_venue(self._venue, self.config, keys)
        self._venue.pass_time()

    async def _listen(self) -> None:
        venue = self.venue
        gateway = Gateway(venue, self.faults, self.modes, self.requests)
        users = UserStreams(self.faults)
        markets = MarketStreams(lambda: venue.reads, venue.now_ms, self.faults)
        venue.listeners += [users.publish, markets.publish]
        rest, sockets = RestApi(gateway), MarketSockets(markets, self.sessions)
        self._wsapi = WsApi(gateway, users, self.sessions)
        wsapi = self._wsapi
        kraken = kraken_rest.RestApi(kraken_gateway.Gateway(venue, self.faults, self.modes, self.requests, self._door))

        async def route(request: web.BaseRequest) -> web.StreamResponse:
            path = request.raw_path
            if path.startswith(KRAKEN_PREFIX):
                return await kraken.handle(request)
            if path.startswith("/ws-api/"):
                return await wsapi.handle(request)
            if path.startswith(("/ws", "/stream")):
                return await sockets.handle(request)
            return await rest.handle(request)

        self._venue_runner = web.ServerRunner(web.Server(route, access_log=None), shutdown_timeout=0.1)
        await self._venue_runner.setup()
        self._port = await _listen(self._venue_runner, self.config.host, self._port)
        loop = asyncio.get_running_loop()
        self._clockwork = (
            loop.create_task(run_prices(venue, self.config, self._recording)),
            loop.create_task(run_expiries(venue)),
            loop.create_task(_run_pulse(markets)),
        )

    async def _listen_control(self) -> None:
        control = ControlApi(self)
        self._control_runner = web.AppRunner(control.application(), access_log=None, shutdown_timeout=1.0)
        await self._control_runner.setup()
        self._control_port = await _listen(self._control_runner, LOOPBACK, self._control_port)

    async def _close(self, *, keep_memory: bool = False) -> None:
        for task in self._clockwork:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._clockwork = ()
        if self._venue_runner is not None:
            await self._venue_runner.cleanup()
            self._venue_runner = None
        if self._wsapi is not None:
            await self._wsapi.stop()
            self._wsapi = None
        if self._engine is not None and not (keep_memory and self.config.data is None):
            self._engine.close()
            self._engine = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


async def _run_pulse(markets: MarketStreams) -> None:
    """Lets the conflated market streams speak, until canceled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(PULSE_MS / 1000)
        markets.pulse(int(loop.time() * 1000))


def _journal_path(data: Path | None) -> Path | None:
    return None if data is None else data / JOURNAL_NAME


async def _listen(runner: web.BaseRunner, host: str, port: int) -> int:
    """Listens and returns the port: the one asked for, or a free one for 0."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}; choose another port") from error
    await web.SockSite(runner, listening, backlog=1024).start()
    chosen: int = listening.getsockname()[1]
    return chosen
