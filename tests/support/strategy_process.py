"""A strategy of `examples/strategies`, in Python or shell, as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.loopback_only import loopback_guard

REPOSITORY = Path(__file__).parents[2]
STRATEGIES = REPOSITORY / "examples" / "strategies"


@dataclass
class StrategyProcess:
    """`python -m strategies.NAME ...`, `NAME.sh ...`, or `python -m MODULE ...` for a dotted name, with a log.

    Args:
        log_path: Where it prints to; all its lives append.
        guard_log: Where attempts to leave the machine are noted.
        line: The strategy's name, and its arguments.
        more: Of the environment.
    """

    log_path: Path
    guard_log: Path
    line: tuple[str, ...]
    more: Mapping[str, str] = field(default_factory=dict, repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it; returns at once."""
        guarded = loopback_guard.environment(self.guard_log, os.environ.get("LOOPBACK_ONLY_ALSO", ""))
        folders = (loopback_guard.FOLDER, REPOSITORY / "operator", REPOSITORY / "examples", REPOSITORY / "tests")
        environment = {**os.environ, **guarded, "PYTHONPATH": os.pathsep.join(str(folder) for folder in folders)}
        name, *arguments = self.line
        script = name.endswith(".sh")
        module = name if "." in name else f"strategies.{name}"
        run = [str(STRATEGIES / name)] if script else [sys.executable, "-m", module]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*run, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**environment, **self.more}
            )

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
