"""The embedded control plane: a real etcd and a real kube-apiserver on this machine, without containers."""

import contextlib
import datetime as dt
import hashlib
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import SystemRandom
from types import TracebackType
from typing import Final, Self

from filelock import FileLock, Timeout

from local_cluster import ports as loopback
from local_cluster.binaries import Binaries, provide
from local_cluster.certificates import Authority, Pair, write_pki
from local_cluster.control_plane import ControlPlane
from local_cluster.errors import LocalClusterError, NotRunningError, PortTakenError, StartError, explaining_full_disk
from local_cluster.files import write_whole
from local_cluster.flags import api_server_command, etcd_command
from local_cluster.kubeconfig import certificate_credentials, render
from local_cluster.launch import Owner, Running, release, spawn, wait_ready
from local_cluster.layout import DEFAULT_DIRECTORY, Layout, Ports, State
from local_cluster.progress import Say, silent
from local_cluster.readiness import why_not_ready

_ATTEMPTS: Final = 5
_LOCK_SECONDS: Final = 120.0
_STOP_GRACE_SECONDS: Final = 10.0
_RESTART_PAUSE_SECONDS: Final = 0.5


def choose_ports() -> Ports:
    """Three free ports."""
    return Ports(*loopback.choose(3, SystemRandom(), loopback.first_ephemeral_port()))


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


class LocalCluster(ControlPlane):
    """An embedded control plane that runs.

    As a context manager it stops at the end of the block:

        with LocalCluster.start(tmp_path) as cluster:
            cluster.run_kubectl("get", "namespaces")
    """

    def __init__(self, layout: Layout, state: State, options: Options) -> None:
        """Use `start`, `up` or `attach`."""
        self._layout = layout
        self._state = state
        self._options = options
        self._running: dict[str, Running] = {}
        self.kubeconfig = layout.kubeconfig
        self.kubectl = Path(state.binaries) / "kubectl"
        self.server = state.server
        self.ca_path = layout.pki / "ca.crt"

    # ---- ways to get one

    @classmethod
    def start(
        cls,
        directory: Path = DEFAULT_DIRECTORY,
        *,
        fsync: bool = False,
        api_server_flags: Sequence[str] = (),
        say: Say = silent,
    ) -> Self:
        """Start a control plane that ends with this process at the latest.

        Args:
            directory: where its files go; empty, new, or left by an earlier control plane, whose data is kept.
            fsync: see `Options`.
            api_server_flags: further flags of the API server.
            say: told about long steps, such as building the programs.

        Raises:
            LocalClusterError: it cannot be started, or there is one in this folder already.
        """
        options = Options(fsync=fsync, api_server_flags=tuple(api_server_flags), owner=Owner.this_process())
        return cls.launch(directory, options, provide(os.environ, say))

    @classmethod
    def up(cls, directory: Path = DEFAULT_DIRECTORY, *, options: Options | None = None, say: Say = silent) -> Self:
        """Use the control plane in this folder, and start it first if it does not run.

        Args:
            directory: where its files go.
            options: how to start it; by default it goes on when this process ends.
            say: told about long steps.

        Raises:
            LocalClusterError: it cannot be started.
        """
        return cls.launch(directory, options or Options(), lambda: provide(os.environ, say), reuse=True)

    @classmethod
    def attach(cls, directory: Path = DEFAULT_DIRECTORY) -> Self | None:
        """The control plane that runs in this folder, or None."""
        layout = Layout(directory.absolute())
        state = layout.read_state()
        return cls(layout, state, Options()) if state is not None and state.alive else None

    @classmethod
    def launch(
        cls,
        directory: Path,
        options: Options,
        binaries: Binaries | Callable[[], Binaries],
        *,
        reuse: bool = False,
    ) -> Self:
        """The whole of `start` and `up`.

        Args:
            directory: where its files go.
            options: how to start it.
            binaries: the programs, or where to get them once they are needed.
            reuse: whether one that runs already is welcome.

        Raises:
            LocalClusterError: it cannot be started, or runs already and is not welcome.
        """
        layout = Layout(directory.absolute())
        if reuse and (found := cls._running_in(layout, options)):
            return found
        programs = binaries() if callable(binaries) else binaries
        layout.create()
        with _locked(layout):
            if found := cls._running_in(layout, options):
                if reuse:
                    return found
                raise StartError(
                    f"A control plane already runs in {layout.root}. Use LocalCluster.attach, another folder, or "
                    "`python -m local_cluster down`."
                )
            return cls._start(layout, options, programs)

    @classmethod
    def _running_in(cls, layout: Layout, options: Options) -> Self | None:
        cluster = cls.attach(layout.root)
        if cluster is not None:
            cluster.wait_answering(options.ready_seconds)
        return cluster

    @classmethod
    def _start(cls, layout: Layout, options: Options, binaries: Binaries) -> Self:
        earlier = layout.read_state()
        for process in earlier.processes if earlier else ():
            process.stop(_STOP_GRACE_SECONDS)
        with explaining_full_disk(layout.root):
            _prepare_files(layout)
        # The ports of an earlier run come first: with them, kubeconfigs that were copied elsewhere stay valid.
        ports = earlier.ports if earlier else options.choose_ports()
        for attempt in range(1, _ATTEMPTS + 1):
            state = State(ports, str(binaries.folder), detached=options.owner.pid is None)
            cluster = cls(layout, state, options)
            try:
                cluster._bring_up()
            except PortTakenError:
                if attempt == _ATTEMPTS:
                    raise
                ports = options.choose_ports()
            else:
                return cluster
        raise AssertionError("the last attempt returns or raises")

    # ---- the processes

    def _bring_up(self) -> None:
        state, layout, folder = self._state, self._layout, Path(self._state.binaries)
        try:
            self._write_kubeconfig()
            command = etcd_command(folder, layout, state.ports, fsync=self._options.fsync)
            self._running["etcd"] = spawn("etcd", command, layout, self._options.owner)
            self._remember(replace(state, etcd=self._running["etcd"].process))
            self._spawn_api_server()
            wait_ready(layout, state.ports.api_server, list(self._running.items()), self._options.ready_seconds)
        except BaseException:
            self._end_processes()
            raise

    def _spawn_api_server(self) -> None:
        folder, flags = Path(self._state.binaries), self._options.api_server_flags
        command = api_server_command(folder, self._layout, self._state.ports, flags)
        running = spawn("kube-apiserver", command, self._layout, self._options.owner)
        self._running["kube-apiserver"] = running
        self._remember(replace(self._state, api_server=running.process))

    def _remember(self, state: State) -> None:
        self._state = state
        self._layout.write_state(state)

    def _end_processes(self) -> None:
        for process in self._state.processes:
            process.stop(_STOP_GRACE_SECONDS)
        for running in self._running.values():
            release(running.leash)
        self._running.clear()

    def wait_answering(self, seconds: float) -> None:
        """Wait until the API server answers.

        Args:
            seconds: how long at most.

        Raises:
            StartError: it does not.
        """
        deadline = time.monotonic() + seconds
        while (reason := why_not_ready(self._state.ports.api_server, self._layout.pki)) is not None:
            if not self._state.alive or time.monotonic() > deadline:
                raise StartError(
                    f"The control plane in {self._layout.root} runs but is not ready: {reason}. Its logs are in "
                    f"{self._layout.logs}; `python -m local_cluster down` removes it."
                )
            time.sleep(0.1)

    def stop(self, *, keep_data: bool = False) -> None:
        """Stop the control plane; nothing happens if it does not run.

        Args:
            keep_data: whether the next start in this folder goes on with the same objects, keys and ports. Otherwise
                all files but the logs are deleted.
        """
        with _locked(self._layout):
            self._state = self._layout.read_state() or self._state
            self._end_processes()
            if not keep_data:
                remove_files(self._layout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ---- taking the API server away

    def stop_api_server(self, *, kill: bool = False) -> None:
        """Stop the API server alone; etcd keeps the objects.

        Args:
            kill: whether it gets no time to end its requests (SIGKILL).
        """
        if process := self._state.api_server:
            if kill:
                process.send(signal.SIGKILL)
            process.stop(_STOP_GRACE_SECONDS)
        if running := self._running.pop("kube-apiserver", None):
            release(running.leash)

    def start_api_server(self) -> None:
        """Start the API server again on the same port, and wait until it is ready.

        Raises:
            NotRunningError: etcd does not run.
            StartError: it does not come up.
        """
        if self._state.etcd is None or not self._state.etcd.alive():
            raise NotRunningError(f"etcd in {self._layout.root} does not run; start the whole control plane.")
        for attempt in range(1, _ATTEMPTS + 1):
            self.stop_api_server()
            try:
                self._spawn_api_server()
                running = [("kube-apiserver", self._running["kube-apiserver"])]
                wait_ready(self._layout, self._state.ports.api_server, running, self._options.ready_seconds)
            except PortTakenError:
                if attempt == _ATTEMPTS:
                    raise
                time.sleep(_RESTART_PAUSE_SECONDS)
            else:
                return

    @contextlib.contextmanager
    def api_server_away(self, *, kill: bool = False) -> Iterator[None]:
        """Without an API server within the block: connections are refused."""
        self.stop_api_server(kill=kill)
        try:
            yield
        finally:
            self.start_api_server()

    @contextlib.contextmanager
    def api_server_frozen(self) -> Iterator[None]:
        """With a suspended API server within the block: connections are accepted, and nothing answers."""
        process = self._state.api_server
        if process is None or not process.alive():
            raise NotRunningError(f"The API server in {self._layout.root} does not run.")
        process.send(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send(signal.SIGCONT)
            self.wait_answering(self._options.ready_seconds)

    # ---- users

    def _write_kubeconfig(self) -> None:
        pki = self._layout.pki
        credentials = certificate_credentials(Pair.read(pki, "admin"))
        content = render(self._state.server, (pki / "ca.crt").read_bytes(), "local-cluster-admin", credentials)
        write_whole(self.kubeconfig, content)

    def kubeconfig_for(self, user: str, groups: Sequence[str] = ()) -> Path:
        """See `ControlPlane.kubeconfig_for`."""
        pair = Authority(Pair.read(self._layout.pki, "ca")).client(user, groups, dt.datetime.now(dt.UTC))
        content = render(self.server, self.ca_path.read_bytes(), user, certificate_credentials(pair))
        digest = hashlib.sha256("\0".join([user, *groups]).encode()).hexdigest()[:8]
        self._layout.users.mkdir(exist_ok=True, mode=0o700)
        path = self._layout.users / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', user)[:40]}-{digest}.kubeconfig"
        write_whole(path, content)
        return path

    @property
    def logs(self) -> Path:
        """The folder with `etcd.log` and `kube-apiserver.log`."""
        return self._layout.logs

    @property
    def state(self) -> State:
        """Ports and processes."""
        return self._state


@contextlib.contextmanager
def _locked(layout: Layout) -> Iterator[None]:
    try:
        with FileLock(layout.lock, timeout=_LOCK_SECONDS):
            yield
    except Timeout as error:
        raise LocalClusterError(
            f"Another process has been starting or stopping the control plane in {layout.root} for "
            f"{_LOCK_SECONDS:.0f} s. Wait for it, or end it and try again."
        ) from error


def _prepare_files(layout: Layout) -> None:
    for name in ("etcd", "kube-apiserver"):
        if layout.log(name).exists():
            layout.log(name).replace(layout.logs / f"{name}.log.1")
    if layout.pki.exists():
        return
    # Data without its keys is of no use: the objects were made under authorities that are gone.
    shutil.rmtree(layout.data, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(dir=layout.root, prefix=".pki."))
    try:
        write_pki(aside, dt.datetime.now(dt.UTC))
        aside.rename(layout.pki)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def remove_files(layout: Layout) -> None:
    """Delete what a control plane left in its folder, except the logs.

    Args:
        layout: the folder; nothing happens if it is not marked as ours.
    """
    if not layout.marker.exists():
        return
    for file in (layout.state, layout.kubeconfig):
        file.unlink(missing_ok=True)
    for folder in (layout.pki, layout.users, layout.data, *layout.root.glob(".pki.*")):
        shutil.rmtree(folder, ignore_errors=True)


def down(directory: Path = DEFAULT_DIRECTORY, *, keep_data: bool = False) -> bool:
    """Stop whatever of a control plane runs in a folder.

    Args:
        directory: the folder.
        keep_data: see `LocalCluster.stop`.

    Returns:
        Whether something ran.
    """
    layout = Layout(directory.absolute())
    if not layout.marker.exists():
        return False
    with _locked(layout):
        state = layout.read_state()
        alive = [process for process in state.processes if process.alive()] if state else []
        for process in alive:
            process.stop(_STOP_GRACE_SECONDS)
        if not keep_data:
            remove_files(layout)
    return bool(alive)
