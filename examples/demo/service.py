"""One process of the stack: started once, found again by its pid file, never confused with a stranger."""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from demo.errors import DemoError
from local_cluster.files import tail, write_whole
from local_cluster.launch import Owner, release, spawn
from local_cluster.layout import Layout
from local_cluster.processes import Process

READY_SECONDS: Final = 45.0
GRACE_SECONDS: Final = 25.0  # the operator drains for up to 20 s
_POLL_SECONDS: Final = 0.05


class Service:
    """A process that announces itself in a ready file.

    Args:
        name: names the log and the pid file.
        folder: where pid file, ready file and logs are.
        owner: whose end ends the process.
    """

    def __init__(self, name: str, folder: Path, owner: Owner) -> None:
        self.name = name
        self._layout = Layout(folder)
        self._owner = owner
        self._pid_file = folder / f"{name}.pid"
        self.ready_file = folder / f"{name}.ready.json"
        self._leash: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """The log of the process."""
        return self._layout.log(self.name)

    @property
    def process(self) -> Process | None:
        """The process, if it runs."""
        try:
            process = Process(**json.loads(self._pid_file.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return process if process.alive() else None

    def announced(self) -> dict[str, Any]:
        """What the process wrote into its ready file; empty if it did not."""
        try:
            found: dict[str, Any] = json.loads(self.ready_file.read_text())
        except (OSError, ValueError):
            return {}
        return found

    def start(self, command: Sequence[str]) -> None:
        """Start the process; `wait_ready` says when it does its work."""
        self.ready_file.unlink(missing_ok=True)
        self._layout.logs.mkdir(parents=True, exist_ok=True)
        running = spawn(self.name, command, self._layout, self._owner)
        self._leash = running.leash
        write_whole(self._pid_file, json.dumps(asdict(running.process)).encode())

    def wait_ready(self) -> dict[str, Any]:
        """Wait until the process has announced itself, and return what it said."""
        self.wait(f"the {self.name} to be ready", lambda: bool(self.announced()), READY_SECONDS)
        return self.announced()

    def wait(self, what: str, holds: Callable[[], bool], seconds: float) -> None:
        """Wait for something that needs the process.

        Raises:
            DemoError: It did not happen, or the process ended; with the last lines of its log.
        """
        deadline = time.monotonic() + seconds
        while not holds():
            ended = self.process is None
            if ended or time.monotonic() > deadline:
                why = "it ended" if ended else f"not within {seconds:.0f} s"
                last = f"Its log is {self.log}; the last lines are:\n{tail(self.log)}"
                raise DemoError(f"Waited for {what}: {why}. {last}")
            time.sleep(_POLL_SECONDS)

    def kill(self) -> int:
        """SIGKILL: no last words. Returns the process id."""
        process = self.process
        if process is None:
            raise DemoError(f"The {self.name} does not run; its log is {self.log}")
        process.stop(0.0)
        self._let_go()
        return process.pid

    def stop(self) -> bool:
        """SIGTERM, and wait for the end. False if nothing ran."""
        process = self.process
        if process is not None:
            process.stop(GRACE_SECONDS)
        self._let_go()
        self._pid_file.unlink(missing_ok=True)
        self.ready_file.unlink(missing_ok=True)
        return process is not None

    def _let_go(self) -> None:
        leash, self._leash = self._leash, None
        if leash is not None and leash.stdin is not None:
            release(leash)
