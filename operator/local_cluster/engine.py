"""The two processes of one control plane."""

import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from local_cluster.directory import STOP_GRACE_SECONDS
from local_cluster.errors import NotRunningError, PortTakenError, StartError
from local_cluster.flags import api_server_command, etcd_command
from local_cluster.launch import Running, release, spawn, wait_ready
from local_cluster.layout import Layout, State
from local_cluster.options import Options
from local_cluster.readiness import why_not_ready

ATTEMPTS: Final = 5
"""How often a start is tried when somebody else takes the port."""
_RESTART_PAUSE_SECONDS: Final = 0.5


class Engine:
    """Starts, stops and suspends etcd and the API server, and remembers them in the folder's state file.

    Attributes:
        layout: the folder.
        state: what runs.
    """

    def __init__(self, layout: Layout, state: State, options: Options) -> None:
        self.layout = layout
        self.state = state
        self._options = options
        self._running: dict[str, Running] = {}

    def start(self) -> None:
        """Start both, and wait until the API server is ready.

        Raises:
            PortTakenError: somebody else took a port; nothing runs now.
            StartError: they do not come up; nothing runs now.
        """
        command = etcd_command(Path(self.state.binaries), self.layout, self.state.ports, fsync=self._options.fsync)
        self._remember(self.state)
        try:
            self._running["etcd"] = spawn("etcd", command, self.layout, self._options.owner)
            self._remember(replace(self.state, etcd=self._running["etcd"].process))
            self._spawn_api_server()
            self._wait_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both, the API server first."""
        self._refresh()
        for process in self.state.processes:
            process.stop(STOP_GRACE_SECONDS)
        for running in self._running.values():
            # Not in the state where writing it failed, for example on a full disk.
            running.process.stop(STOP_GRACE_SECONDS)
            release(running.leash)
        self._running.clear()

    def start_api_server(self) -> None:
        """Start the API server alone, on the port that it had, and wait until it is ready.

        Raises:
            NotRunningError: etcd does not run.
            StartError: it does not come up.
        """
        if self.state.etcd is None or not self.state.etcd.alive():
            raise NotRunningError(f"etcd in {self.layout.root} does not run; start the whole control plane.")
        for attempt in range(1, ATTEMPTS + 1):
            self.stop_api_server()
            try:
                self._spawn_api_server()
                self._wait_ready()
            except PortTakenError:
                if attempt == ATTEMPTS:
                    raise
                time.sleep(_RESTART_PAUSE_SECONDS)
            else:
                return

    def stop_api_server(self, *, kill: bool = False) -> None:
        """Stop the API server alone.

        Args:
            kill: whether it gets no time to end its requests.
        """
        self._refresh()
        if process := self.state.api_server:
            if kill:
                process.send(signal.SIGKILL)
            process.stop(STOP_GRACE_SECONDS)
        if running := self._running.pop("kube-apiserver", None):
            release(running.leash)

    @contextlib.contextmanager
    def api_server_frozen(self) -> Iterator[None]:
        """Suspend the API server within the block.

        Raises:
            NotRunningError: it does not run.
        """
        process = self.state.api_server
        if process is None or not process.alive():
            raise NotRunningError(f"The API server in {self.layout.root} does not run.")
        process.send(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send(signal.SIGCONT)
            self.wait_answering()

    def wait_answering(self) -> None:
        """Wait until an API server that was started earlier answers.

        Raises:
            StartError: it does not.
        """
        deadline = time.monotonic() + self._options.ready_seconds
        while (reason := why_not_ready(self.state.ports.api_server, self.layout.pki)) is not None:
            if not self.state.alive or time.monotonic() > deadline:
                raise StartError(
                    f"The control plane in {self.layout.root} runs but is not ready: {reason}. Its logs are in "
                    f"{self.layout.logs}; `python -m local_cluster down` removes it."
                )
            time.sleep(0.1)

    def _wait_ready(self) -> None:
        running = list(self._running.items())
        wait_ready(self.layout, self.state.ports.api_server, running, self._options.ready_seconds)

    def _spawn_api_server(self) -> None:
        folder, flags = Path(self.state.binaries), self._options.api_server_flags
        command = api_server_command(folder, self.layout, self.state.ports, flags)
        self._running["kube-apiserver"] = spawn("kube-apiserver", command, self.layout, self._options.owner)
        self._remember(replace(self.state, api_server=self._running["kube-apiserver"].process))

    def _refresh(self) -> None:
        # Another process that uses the same control plane may have restarted its API server.
        state = self.layout.read_state()
        if state is not None and state.ports == self.state.ports:
            self.state = state

    def _remember(self, state: State) -> None:
        self.state = state
        self.layout.write_state(state)
