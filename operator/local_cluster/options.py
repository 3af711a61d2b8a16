"""How a control plane is started."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import SystemRandom

from local_cluster import ports
from local_cluster.launch import Owner
from local_cluster.layout import Ports


def choose_ports() -> Ports:
    """Three free ports."""
    return Ports(*ports.choose(3, SystemRandom(), ports.first_ephemeral_port()))


@dataclass(frozen=True)
class Options:
    """How a control plane is started.

    Attributes:
        fsync: whether etcd waits for the disk. Off, as tests and demos want it: data survives a crash of the
            processes, but not of the machine.
        api_server_flags: further flags of the API server.
        ready_seconds: how long the start may take.
        owner: whose end ends the processes.
        choose_ports: says which ports to try.
    """

    fsync: bool = False
    api_server_flags: tuple[str, ...] = ()
    ready_seconds: float = 60.0
    owner: Owner = field(default_factory=Owner.nobody)
    choose_ports: Callable[[], Ports] = choose_ports
