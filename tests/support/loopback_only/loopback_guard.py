"""Nothing in this test suite leaves the machine: whoever tries gets an error, and the attempt is written down.

The hook sees every connect, datagram and name look-up of a Python process, whichever library makes it. An exception
alone would not do: programs handle failed connections. So each attempt is also noted, in memory or in the file that the
environment names, and the suite fails when there is one.

This folder holds a `sitecustomize` that does the same in child processes which have the folder on their PYTHONPATH.
"""

import ipaddress
import os
import socket
import sys
from pathlib import Path

LOG_VARIABLE = "LOOPBACK_ONLY_LOG"
ALSO_VARIABLE = "LOOPBACK_ONLY_ALSO"  # further hosts, comma-separated: the API server of somebody else's cluster
FOLDER = Path(__file__).parent
_EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"})


class LeftTheMachine(OSError):
    """A process tried to reach something other than this machine."""


class Guard:
    """The hook. It cannot be taken out again; `armed` switches it."""

    def __init__(self, log: Path | None = None, also: frozenset[str] = frozenset()) -> None:
        self.attempts: list[str] = []
        self.armed = False
        self._log = log
        self._also = also

    def install(self) -> None:
        """Look at everything from now on."""
        self.armed = True
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in _EVENTS or not self.armed:
            return
        host = _host_of(event, arguments)
        if host is None or is_local(host) or host in self._also:
            return
        attempt = f"process {os.getpid()} ({' '.join(sys.argv[:4])}): {event} {host}"
        self.attempts.append(attempt)
        if self._log is not None:
            with self._log.open("a") as file:
                file.write(attempt + "\n")
        raise LeftTheMachine(f"tests stay on this machine: {attempt}")


def _host_of(event: str, arguments: tuple[object, ...]) -> str | None:
    """The host that an event is about; None for local sockets and for names that are bound, not looked up."""
    if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
        return host.decode() if isinstance(host, bytes) else str(host) if host else None
    channel, address = arguments[0], arguments[1]
    if isinstance(channel, socket.socket) and channel.family not in {socket.AF_INET, socket.AF_INET6}:
        return None
    return str(address[0]) if isinstance(address, tuple) and address else None


def is_local(host: str) -> bool:
    """Whether a name or an address means this machine."""
    if host in {"localhost", "localhost.localdomain"}:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def from_environment() -> Guard:
    """A guard as the environment describes it, for a child process."""
    log = os.environ.get(LOG_VARIABLE)
    also = frozenset(part for part in os.environ.get(ALSO_VARIABLE, "").split(",") if part)
    return Guard(Path(log) if log else None, also)


def environment(log: Path, also: str = "") -> dict[str, str]:
    """What a child process needs in its environment to be guarded, beside what this process has."""
    path = os.pathsep.join(part for part in (str(FOLDER), os.environ.get("PYTHONPATH", "")) if part)
    return {"PYTHONPATH": path, LOG_VARIABLE: str(log), ALSO_VARIABLE: also}
