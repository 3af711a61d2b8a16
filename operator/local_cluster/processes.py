"""Processes that outlive the one which started them, told apart from strangers with the same number.

A process id is given to someone else after its process ended, at the latest after a reboot. A stop command that trusts
a number in a file kills a stranger. So a process is named by its number and the time it was born.
"""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


def birth_from_stat(stat: str) -> str | None:
    """The start time in a `/proc/<pid>/stat` line; None for a process that has ended and only waits to be reaped.

    The second field is the program's name, which may hold spaces and parentheses, so fields are counted from its end.
    """
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in {"Z", "X"} else rest[18]


def birth(pid: int) -> str | None:
    """When the process with this number was born, as an opaque text; None if there is no such process."""
    if _PROC.joinpath("self").exists():
        try:
            started = birth_from_stat((_PROC / str(pid) / "stat").read_text())
        except OSError:
            return None
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return None if started is None else f"{boot}/{started}"
    command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()  # noqa: S603 - no user input
    return None if not answer or answer[0].startswith("Z") else " ".join(answer[1:])


@dataclass(frozen=True)
class Process:
    """One process, whoever started it.

    Attributes:
        pid: its number.
        born: what `birth` said when it was started.
    """

    pid: int
    born: str

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return birth(self.pid) == self.born

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the process is gone."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait_gone(self, seconds: float) -> bool:
        """Wait for the end of the process; False if it still runs after that many seconds."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def stop(self, grace: float) -> None:
        """End the process, also when it is suspended.

        Args:
            grace: seconds to end by itself, before it is killed.
        """
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)
        if not self.wait_gone(grace):
            self.send(signal.SIGKILL)
            self.wait_gone(grace)
