"""The venue of a campaign, which can be killed, frozen and started again with its data."""

import asyncio
import base64
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from paper_exchange.__main__ import TOKEN_VARIABLE
from paper_exchange.control_client import ControlClient
from support.loopback_only import loopback_guard

Json = Any
READY_SECONDS = 60.0
FUNDS = "USDT=1000000000,BTC=50000,ETH=500000"


class VenueProcess:
    """The paper exchange as a process with its data on disk.

    Args:
        folder: An existing folder of its own.
        accounts: Names of its accounts.
        guard_log: Where attempts to leave the machine are noted.
    """

    def __init__(self, folder: Path, accounts: list[str], guard_log: Path) -> None:
        self._folder, self._accounts, self._guard_log = folder, accounts, guard_log
        self._process: subprocess.Popen[bytes] | None = None
        self.ready: Json = {}
        # The same one after each restart: who asks meanwhile must not be taken for a stranger.
        self._token = secrets.token_hex(16)

    @property
    def url(self) -> str:
        return str(self.ready["url"])

    @staticmethod
    def keys(account: str) -> tuple[str, str]:
        """The fixed key and secret of an account; base64, which one of the dialects asks for."""
        return f"{account:x<24}key", base64.b64encode(f"the secret of {account}".encode()).decode()

    def control(self) -> ControlClient:
        return ControlClient(self.ready["control_url"], self._token)

    async def start(self) -> None:
        self._launch()
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready_file.exists():
            assert self._process is not None
            assert self._process.poll() is None, f"the venue has ended:\n{self.log[-3000:]}"
            assert time.monotonic() < deadline, f"the venue is not ready:\n{self.log[-3000:]}"
            await asyncio.sleep(0.05)
        self.ready = orjson.loads(self._ready_file.read_bytes())

    @property
    def _ready_file(self) -> Path:
        return self._folder / "ready.json"

    def _launch(self) -> None:
        ready = self._ready_file
        ready.unlink(missing_ok=True)
        line = [sys.executable, "-m", "paper_exchange", "serve", "--data", str(self._folder / "data")]
        line += [
            "--ready-file",
            str(ready),
            "--weight-per-minute",
            "0",
            "--orders-per-10s",
            "0",
            "--log-level",
            "warning",
        ]
        if self.ready:
            line += [
                "--port",
                self.url.rpartition(":")[2],
                "--control-port",
                self.ready["control_url"].rpartition(":")[2],
            ]
        for account in self._accounts:
            key, secret = self.keys(account)
            line += ["--account", f"{account}:{FUNDS}", "--key", f"{account}={key}:{secret}"]
        environment = {**os.environ, **loopback_guard.environment(self._guard_log, "")}
        operator = Path(__file__).parents[2] / "operator"
        environment["PYTHONPATH"] = os.pathsep.join([str(loopback_guard.FOLDER), str(operator)])
        environment[TOKEN_VARIABLE] = self._token
        with (self._folder / "venue.log").open("ab") as log:
            self._process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    @property
    def log(self) -> str:
        return (self._folder / "venue.log").read_text()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)


class Doorway:
    """One more address of the venue: what comes in goes on to it, byte for byte.

    A budget of requests belongs to an address. With one for all accounts most orders of a campaign would only wait.
    """

    def __init__(self, venue: VenueProcess) -> None:
        self._venue = venue
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        """Its URL."""
        self._server = await asyncio.start_server(self._enter, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inside, out = await asyncio.open_connection("127.0.0.1", int(self._venue.url.rpartition(":")[2]))
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(_pass_on(reader, out), _pass_on(inside, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


async def patiently(ask: Any, *, what: str, seconds: float = 120.0) -> Any:  # noqa: ANN401 - what it gives
    """Repeat a call of a user, or of the campaign itself, until it is answered."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            return await asyncio.wait_for(ask(), 20.0)
        assert time.monotonic() < deadline, f"no answer for {seconds:.0f} s: {what}"
        await asyncio.sleep(0.2)
