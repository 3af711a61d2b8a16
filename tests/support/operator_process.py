"""The operator as a process of its own, which a test can kill, freeze, end and start again."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson

from support.loopback_only import loopback_guard

READY_SECONDS = 90.0
_SAMPLE = re.compile(r"^(?P<name>[a-z_]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Sample:
    """One line of /metrics."""

    name: str
    labels: dict[str, str]
    value: float


@dataclass
class OperatorProcess:
    """`python -m exchange_kernel run` with a log file and a ready file.

    Args:
        folder: An existing folder of its own.
        flags: Of the command, without leading dashes and with underscores.
        guard_log: Where attempts to leave the machine are noted.
        clock_offset: Seconds by which its time of day is wrong; `set_clock` changes it. None: its clock is right.
    """

    folder: Path
    flags: dict[str, object]
    guard_log: Path
    clock_offset: float | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _ready: dict[str, object] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """Everything that all runs of this operator have logged."""
        path = self.folder / "operator.log"
        return path.read_text() if path.exists() else ""

    @property
    def holder(self) -> str:
        """The name of the running process in receipts and leases."""
        return str(self._ready["holder"])

    @property
    def url(self) -> str:
        """Where /healthz, /readyz and /metrics are."""
        return f"http://127.0.0.1:{self._ready['probePort']}"

    def launch(self, **flags: object) -> None:
        """Start the process and return at once; further flags stay for later starts."""
        assert not self.alive, "it runs already"
        self.flags |= flags
        self._ready_path.unlink(missing_ok=True)
        told = {"ready_file": self._ready_path, "probe_host": "127.0.0.1", "probe_port": 0, **self.flags}
        line = [sys.executable, "-m", "exchange_kernel", "run"]
        if self.clock_offset is not None:
            self.set_clock(self.clock_offset)
            line = [sys.executable, "-m", "support.wrong_clock", str(self._clock_path), "run"]
        for name, value in told.items():
            line += ["--" + name.replace("_", "-"), str(value)]
        environment = {
            **os.environ,
            **loopback_guard.environment(self.guard_log, os.environ.get("LOOPBACK_ONLY_ALSO", "")),
        }
        operator = Path(__file__).parents[2] / "operator"
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(loopback_guard.FOLDER), str(operator), str(operator.parent / "tests")]
        )
        with (self.folder / "operator.log").open("ab") as log:
            self._process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def set_clock(self, offset: float) -> None:
        """Let the process' time of day be wrong by so many seconds, from now on."""
        self.clock_offset = offset
        aside = self._clock_path.with_suffix(".part")
        aside.write_text(str(offset))
        aside.replace(self._clock_path)

    async def start(self, **flags: object) -> None:
        """Start the process and wait until it is ready."""
        self.launch(**flags)
        await self.until_ready()

    async def until_ready(self) -> None:
        """Wait for the ready file."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready_path.exists():
            assert self.alive, f"the operator has ended:\n{self.log[-4000:]}"
            assert time.monotonic() < deadline, f"the operator is not ready:\n{self.log[-4000:]}"
            await asyncio.sleep(0.05)
        self._ready = orjson.loads(self._ready_path.read_bytes())

    def kill(self) -> None:
        """SIGKILL, at once; the process is gone when this returns."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """SIGSTOP: connections stay, nothing moves."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`."""
        os.kill(self.pid, signal.SIGCONT)

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)

    async def ended(self, seconds: float = 40.0) -> int:
        """Wait for the end; returns the exit code."""
        deadline = time.monotonic() + seconds
        while self.alive:
            assert time.monotonic() < deadline, f"the operator does not end:\n{self.log[-4000:]}"
            await asyncio.sleep(0.05)
        assert self._process is not None
        return self._process.returncode

    async def stop(self) -> int:
        """SIGTERM and wait; returns the exit code."""
        self.ask_to_stop()
        return await self.ended()

    async def ask(self, path: str) -> tuple[int, str]:
        """GET of a probe: status and text."""
        async with aiohttp.ClientSession() as session, session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def samples(self, name: str) -> list[Sample]:
        """The samples of one metric."""
        _, text = await self.ask("/metrics")
        return [
            Sample(found["name"], dict(_LABEL.findall(found["labels"] or "")), float(found["value"]))
            for found in _SAMPLE.finditer(text)
            if found["name"] == name
        ]

    async def api_writes(self) -> int:
        """Writes to the API server so far, Events (a courtesy, aggregated) and the heartbeat of Leases aside."""
        unsaid = {"events", "leases"}
        writes = {"create", "patch", "replace", "delete"}
        samples = await self.samples("exchange_kernel_api_calls_total")
        return int(sum(s.value for s in samples if s.labels["verb"] in writes and s.labels["resource"] not in unsaid))

    @property
    def _clock_path(self) -> Path:
        return self.folder / "clock-offset"

    @property
    def _ready_path(self) -> Path:
        return self.folder / "ready.json"
