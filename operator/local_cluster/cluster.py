"""The embedded control plane: a real etcd and a real kube-apiserver on this machine, without containers."""

import contextlib
import datetime as dt
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from local_cluster.binaries import Binaries, provide
from local_cluster.certificates import Authority, Pair
from local_cluster.control_plane import ControlPlane
from local_cluster.directory import STOP_GRACE_SECONDS, locked, prepare_files, remove_files
from local_cluster.engine import ATTEMPTS, Engine
from local_cluster.errors import PortTakenError, StartError, explaining_full_disk
from local_cluster.files import write_whole
from local_cluster.kubeconfig import certificate_credentials, render
from local_cluster.launch import Owner
from local_cluster.layout import DEFAULT_DIRECTORY, Layout, State
from local_cluster.options import Options
from local_cluster.progress import Say, silent


class LocalCluster(ControlPlane):
    """An embedded control plane that runs; made by `start`, `up` or `attach`.

    As a context manager it stops at the end of the block:

        with LocalCluster.start(tmp_path) as cluster:
            cluster.run_kubectl("get", "namespaces")
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._layout = engine.layout
        self.kubeconfig = self._layout.kubeconfig
        self.kubectl = Path(engine.state.binaries) / "kubectl"
        self.server = engine.state.server
        self.ca_path = self._layout.pki / "ca.crt"

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
        return cls.launch(directory, options, lambda: provide(os.environ, say))

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
        engine = _engine_in(Layout(directory.absolute()), Options())
        return cls(engine) if engine else None

    @classmethod
    def launch(
        cls, directory: Path, options: Options, binaries: Callable[[], Binaries], *, reuse: bool = False
    ) -> Self:
        """The whole of `start` and `up`.

        Args:
            directory: where its files go.
            options: how to start it.
            binaries: gets the programs, once they are needed.
            reuse: whether one that runs already is welcome.

        Raises:
            LocalClusterError: it cannot be started, or runs already and is not welcome.
        """
        layout = Layout(directory.absolute())
        engine = _engine_in(layout, options) if reuse else None
        if engine is None:
            # Outside the folder's lock: this may take minutes, and has a lock of its own.
            programs = binaries()
            layout.create()
            with locked(layout):
                engine = _engine_in(layout, options)
                if engine is None:
                    return cls(_started(layout, options, programs))
        if not reuse:
            raise StartError(
                f"A control plane already runs in {layout.root}. Use LocalCluster.attach, another folder, or "
                "`python -m local_cluster down`."
            )
        engine.wait_answering()
        return cls(engine)

    def stop(self, *, keep_data: bool = False) -> None:
        """Stop the control plane; nothing happens if it does not run.

        Args:
            keep_data: whether the next start in this folder goes on with the same objects, keys and ports. Otherwise
                all files but the logs are deleted.
        """
        with locked(self._layout):
            self._engine.stop()
            if not keep_data:
                remove_files(self._layout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop_api_server(self, *, kill: bool = False) -> None:
        """Stop the API server alone; etcd keeps the objects.

        Args:
            kill: whether it gets no time to end its requests (SIGKILL).
        """
        self._engine.stop_api_server(kill=kill)

    def start_api_server(self) -> None:
        """Start the API server again on the same port, and wait until it is ready.

        Raises:
            NotRunningError: etcd does not run.
            StartError: it does not come up.
        """
        self._engine.start_api_server()

    @contextlib.contextmanager
    def api_server_away(self, *, kill: bool = False) -> Iterator[None]:
        """Without an API server within the block: connections are refused."""
        self.stop_api_server(kill=kill)
        try:
            yield
        finally:
            self.start_api_server()

    def api_server_frozen(self) -> contextlib.AbstractContextManager[None]:
        """With a suspended API server within the block: connections are accepted, and nothing answers."""
        return self._engine.api_server_frozen()

    def kubeconfig_for(self, user: str, groups: Sequence[str] = ()) -> Path:
        """See `ControlPlane.kubeconfig_for`."""
        pair = Authority(Pair.read(self._layout.pki, "ca")).client(user, groups, dt.datetime.now(dt.UTC))
        content = render(self.server, self.ca_path.read_bytes(), user, certificate_credentials(pair))
        self._layout.users.mkdir(exist_ok=True, mode=0o700)
        path = self._layout.users / file_name(user, groups)
        write_whole(path, content)
        return path

    @property
    def logs(self) -> Path:
        """The folder with `etcd.log` and `kube-apiserver.log`."""
        return self._layout.logs

    @property
    def state(self) -> State:
        """Ports and processes."""
        return self._engine.state


def file_name(user: str, groups: Sequence[str]) -> str:
    """A file name for a user's kubeconfig: readable, and different for different users."""
    digest = hashlib.sha256("\0".join([user, *groups]).encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9.-]+', '-', user)[:40]}-{digest}.kubeconfig"


def _engine_in(layout: Layout, options: Options) -> Engine | None:
    state = layout.read_state()
    return Engine(layout, state, options) if state is not None and state.alive else None


def _started(layout: Layout, options: Options, binaries: Binaries) -> Engine:
    earlier = layout.read_state()
    for process in earlier.processes if earlier else ():
        process.stop(STOP_GRACE_SECONDS)
    with explaining_full_disk(layout.root):
        prepare_files(layout, dt.datetime.now(dt.UTC))
    # The ports of an earlier run come first: with them, kubeconfigs that were copied elsewhere stay valid.
    ports = earlier.ports if earlier else options.choose_ports()
    for attempt in range(1, ATTEMPTS + 1):
        state = State(ports, str(binaries.folder), detached=options.owner.pid is None)
        engine = Engine(layout, state, options)
        try:
            _write_kubeconfig(layout, state)
            engine.start()
        except PortTakenError:
            if attempt == ATTEMPTS:
                raise
            ports = options.choose_ports()
        else:
            return engine
    raise AssertionError("the last attempt returns or raises")


def _write_kubeconfig(layout: Layout, state: State) -> None:
    credentials = certificate_credentials(Pair.read(layout.pki, "admin"))
    content = render(state.server, (layout.pki / "ca.crt").read_bytes(), "local-cluster-admin", credentials)
    with explaining_full_disk(layout.root):
        write_whole(layout.kubeconfig, content)
