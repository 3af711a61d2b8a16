"""Starting the two processes, and waiting until they do their work."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from local_cluster import leash
from local_cluster.errors import DiskFullError, LocalClusterError, PortTakenError, StartError, explaining_full_disk
from local_cluster.files import tail
from local_cluster.layout import Layout
from local_cluster.processes import Process, birth
from local_cluster.readiness import why_not_ready

_POLL_SECONDS: Final = 0.05
_PORT_TAKEN: Final = "address already in use"
_DISK_FULL: Final = "no space left on device"


@dataclass(frozen=True)
class Owner:
    """Whose end ends the processes.

    Attributes:
        pid: the owning process; None lets the processes outlive everyone.
    """

    pid: int | None

    @classmethod
    def nobody(cls) -> "Owner":
        """The processes go on until somebody stops them."""
        return cls(None)

    @classmethod
    def this_process(cls) -> "Owner":
        """The processes end with this process."""
        return cls(os.getpid())

    @property
    def arguments(self) -> list[str]:
        """The leash's arguments."""
        if self.pid is None:
            return ["--detach"]
        return ["--owner", str(self.pid), *(["--pipe"] if self.pid == os.getpid() else [])]


@dataclass(frozen=True)
class Running:
    """A started process.

    Attributes:
        process: etcd or the API server.
        leash: the small process that started it.
        log: its log.
        log_start: size of the log before the start, in bytes.
    """

    process: Process
    leash: "subprocess.Popen[bytes]" = field(repr=False)
    log: Path
    log_start: int

    def told(self) -> str:
        """What the log says about this run."""
        return tail(self.log, start=self.log_start)


def _failure(name: str, what: str, log: Path, log_start: int) -> LocalClusterError:
    said = tail(log, start=log_start)
    if _DISK_FULL in said:
        return DiskFullError(f"{name} {what}: the disk of {log} is full. Free some space there and try again.")
    kind = PortTakenError if _PORT_TAKEN in said else StartError
    return kind(f"{name} {what}. Its log is {log}; the last lines are:\n{said or '(nothing)'}")


def spawn(name: str, command: Sequence[str], layout: Layout, owner: Owner) -> Running:
    """Start a process on a leash.

    Args:
        name: names the log.
        command: the program and its arguments.
        layout: where the log goes; also the working folder.
        owner: whose end ends the process.

    Raises:
        StartError: the program cannot be executed, or ended at once.
        DiskFullError: the disk is full.
    """
    log = layout.log(name)
    with explaining_full_disk(log.parent):
        log.touch(mode=0o600)
    log_start = log.stat().st_size
    script = [sys.executable, "-I", str(Path(leash.__file__)), "--log", str(log), *owner.arguments, "--", *command]
    with log.open("ab") as errors:
        holder = subprocess.Popen(  # noqa: S603 - the command is made in flags.py
            script,
            stdin=subprocess.PIPE if owner.pid == os.getpid() else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=layout.root,
            # Ctrl-C in a terminal goes to its foreground processes; these are to end in order, and after us.
            start_new_session=True,
        )
    assert holder.stdout is not None  # noqa: S101 - for the type checker
    with holder.stdout as answer:
        pid = answer.readline().decode().strip()
    born = birth(int(pid)) if pid else None
    if born is None:
        release(holder)
        raise _failure(name, "could not be started" if not pid else "ended at once", log, log_start)
    if holder.stdin is None:
        holder.wait()
    return Running(Process(int(pid), born), holder, log, log_start)


def release(holder: "subprocess.Popen[bytes]") -> None:
    """Let go of a leash; what still hangs on it ends."""
    if holder.stdin is not None:
        holder.stdin.close()
    holder.wait()


def wait_ready(layout: Layout, port: int, running: Sequence[tuple[str, Running]], seconds: float) -> None:
    """Wait until the API server is ready.

    Args:
        layout: where the certificates are.
        port: where the API server listens.
        running: the processes that must stay alive meanwhile, with their names.
        seconds: how long to wait.

    Raises:
        PortTakenError: one of the processes ended because its port was taken.
        StartError: one of the processes ended, or the time is over.
        DiskFullError: one of the processes ended because the disk is full.
    """
    deadline = time.monotonic() + seconds
    while (reason := why_not_ready(port, layout.pki)) is not None:
        for name, one in running:
            if not one.process.alive():
                raise _failure(name, "ended while the control plane was starting", one.log, one.log_start)
        if time.monotonic() > deadline:
            name, one = running[-1]
            raise _failure(name, f"is not ready after {seconds:.0f} s ({reason})", one.log, one.log_start)
        time.sleep(_POLL_SECONDS)
