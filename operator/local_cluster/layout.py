"""Where the files of one control plane are, and what is remembered about its processes."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from local_cluster.errors import LocalClusterError, explaining_full_disk
from local_cluster.files import write_whole
from local_cluster.processes import Process

DEFAULT_DIRECTORY: Final = Path(".run/control-plane")
_FORMAT: Final = 1


@dataclass(frozen=True)
class Ports:
    """The loopback ports of one control plane."""

    api_server: int
    etcd: int
    etcd_peer: int


@dataclass(frozen=True)
class State:
    """What runs, as written to `state.json`.

    Attributes:
        ports: where it listens.
        binaries: folder of the programs that run.
        detached: whether it outlives the process that started it.
        etcd: the process, once it was started.
        api_server: the process, once it was started.
    """

    ports: Ports
    binaries: str
    detached: bool
    etcd: Process | None = None
    api_server: Process | None = None

    @property
    def processes(self) -> tuple[Process, ...]:
        """The started processes in the order in which they are stopped."""
        return tuple(process for process in (self.api_server, self.etcd) if process)

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return f"https://127.0.0.1:{self.ports.api_server}"

    @property
    def alive(self) -> bool:
        """Whether etcd and the API server both run."""
        return len(self.processes) == 2 and all(process.alive() for process in self.processes)

    def to_json(self) -> bytes:
        """The content of `state.json`."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, indent=2).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Self | None:
        """Read `state.json`; None where it is damaged or was written by another version."""
        try:
            data = json.loads(content)
            if data.pop("format") != _FORMAT:
                return None
            etcd, api_server = (Process(**data[name]) if data[name] else None for name in ("etcd", "api_server"))
            ports = Ports(**data["ports"])
            return cls(ports, str(data["binaries"]), bool(data["detached"]), etcd, api_server)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


@dataclass(frozen=True)
class Layout:
    """The folder of one control plane.

    Attributes:
        root: the folder; absolute, because the processes are told about it.
    """

    root: Path

    @property
    def marker(self) -> Path:
        """Says that everything in the folder is ours, and may be deleted by `down`."""
        return self.root / ".local-cluster"

    @property
    def lock(self) -> Path:
        """Held while the control plane is started or stopped."""
        return self.root / "lock"

    @property
    def state(self) -> Path:
        """What runs."""
        return self.root / "state.json"

    @property
    def kubeconfig(self) -> Path:
        """The admin's."""
        return self.root / "kubeconfig"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.root / "pki"

    @property
    def users(self) -> Path:
        """Kubeconfigs of further users."""
        return self.root / "users"

    @property
    def data(self) -> Path:
        """The database of etcd."""
        return self.root / "etcd"

    @property
    def logs(self) -> Path:
        """Folder of the logs."""
        return self.root / "logs"

    def log(self, name: str) -> Path:
        """The log of a process: `etcd` or `kube-apiserver`."""
        return self.logs / f"{name}.log"

    def create(self) -> None:
        """Create the folder, unless it holds somebody else's files.

        Raises:
            LocalClusterError: the folder holds files that are not ours, or cannot be written.
            DiskFullError: the disk is full.
        """
        foreign = self.root.exists() and not self.marker.exists() and any(self.root.iterdir())
        if foreign:
            raise LocalClusterError(
                f"{self.root} holds other files. Name an empty folder or one that does not exist yet (--dir)."
            )
        with explaining_full_disk(self.root):
            try:
                self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
                self.logs.mkdir(exist_ok=True, mode=0o700)
                self.marker.write_text("Files of local_cluster; `python -m local_cluster down` removes them.\n")
            except PermissionError as error:
                raise LocalClusterError(f"{error}. Name a folder that you may write to (--dir).") from error

    def is_ours(self) -> bool:
        """Whether a control plane was ever started in this folder.

        Raises:
            LocalClusterError: the folder is closed to this user.
        """
        try:
            return self.marker.exists()
        except PermissionError as error:
            raise self._closed(error) from error

    def read_state(self) -> State | None:
        """What was running when somebody last started or stopped something here.

        Raises:
            LocalClusterError: the folder is closed to this user.
        """
        try:
            return State.from_json(self.state.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            raise self._closed(error) from error

    def _closed(self, error: PermissionError) -> LocalClusterError:
        return LocalClusterError(f"{error}. {self.root} belongs to another user; name a folder of your own (--dir).")

    def write_state(self, state: State) -> None:
        """Remember what runs."""
        with explaining_full_disk(self.root):
            write_whole(self.state, state.to_json())
