"""Free ports on the loopback interface.

Asking the kernel for "any port" gives one of the range that it also uses for outgoing connections. While the API
server is stopped for a moment, a client that tries again and again to reach it can then be given the server's own port
as its source port, connect to itself, and keep the server from coming back. So ports are taken from below that range.
Between choosing and binding another process can still take the port; the caller tries again with another one.
"""

import socket
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_FIRST: Final = 20_000
_NODE_PORTS: Final = 30_000
"""From here on kind and other clusters publish their services."""
_IANA_EPHEMERAL: Final = 49_152


def first_ephemeral_port(setting: Path = Path("/proc/sys/net/ipv4/ip_local_port_range")) -> int:
    """Where the range for outgoing connections begins; macOS uses the range of IANA."""
    try:
        return int(setting.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _IANA_EPHEMERAL


def is_free(port: int) -> bool:
    """Whether a process can listen on the port now."""
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose(count: int, random: Random, first_ephemeral: int, free: Callable[[int], bool] = is_free) -> tuple[int, ...]:
    """Choose different free ports.

    Args:
        count: how many.
        random: decides which, so that several clusters that start at once rarely meet.
        first_ephemeral: the first port that the kernel gives to outgoing connections.
        free: whether a port is free.

    Raises:
        OSError: no port is free.
    """
    window = range(_FIRST, min(first_ephemeral, _NODE_PORTS))
    if len(window) < 1_000:
        window = range(_FIRST, 65_536)
    chosen: list[int] = []
    for port in random.sample(window, k=len(window)):
        if free(port):
            chosen.append(port)
        if len(chosen) == count:
            return tuple(chosen)
    raise OSError(f"No {count} free ports between {window.start} and {window.stop} on {LOOPBACK}.")
