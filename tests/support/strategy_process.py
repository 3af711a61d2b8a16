"""A strategy of `examples/strategies` as a process of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from support.loopback_only import loopback_guard

REPOSITORY = Path(__file__).parents[2]


@dataclass
class StrategyProcess:
    """`python -m strategies.NAME ...` with a log.

    Args:
        log_path: Where it prints to; all its lives append.
        guard_log: Where attempts to leave the machine are noted.
        line: The strategy's name, and its arguments.
    """

    log_path: Path
    guard_log: Path
    line: tuple[str, ...]
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it; returns at once."""
        guarded = loopback_guard.environment(self.guard_log, os.environ.get("LOOPBACK_ONLY_ALSO", ""))
        folders = (loopback_guard.FOLDER, REPOSITORY / "operator", REPOSITORY / "examples")
        environment = {**os.environ, **guarded, "PYTHONPATH": os.pathsep.join(str(folder) for folder in folders)}
        name, *arguments = self.line
        line = [sys.executable, "-m", f"strategies.{name}", *arguments]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def kill(self) -> None:
        """SIGKILL; it is gone when this returns."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        assert self._process is not None
        self._process.terminate()

    async def ended(self) -> bool:
        return not self.alive

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs."""
        assert self._process is not None
        return self._process.poll()

    @property
    def log(self) -> str:
        return self.log_path.read_text() if self.log_path.exists() else ""
