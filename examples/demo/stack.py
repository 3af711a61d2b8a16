"""The stack: a control plane, a local venue, and the operator with the rights of examples/rbac and no others."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from demo.errors import DemoError
from demo.service import Service
from demo.terminal import Terminal
from demo.truth import Venue
from local_cluster import LocalCluster, Options
from local_cluster.launch import Owner
from local_cluster.progress import Say

REPOSITORY: Final = Path(__file__).resolve().parents[2]
EXAMPLES: Final = REPOSITORY / "examples"
ENDPOINT: Final = "http://127.0.0.1:8765"
NAMESPACE: Final = "exchange-kernel"
STRATEGY: Final = "system:serviceaccount:strategy-demo:strategy"
SERVICE_ACCOUNT: Final = f"system:serviceaccount:{NAMESPACE}:exchange-kernel"
KEY: Final = "paper=paperExchangeDemoKey:paperExchangeDemoSecret"  # as in examples/02-credentials.yaml
BALANCES: Final = "paper:USDT=100000,BTC=5"


class Stack:
    """Everything that runs.

    Args:
        folder: for logs, pid files and data.
        owner: whose end ends the processes.
        terminal: where the commands are shown.
    """

    def __init__(self, folder: Path, owner: Owner, terminal: Terminal) -> None:
        self.folder = folder
        self._owner = owner
        self._terminal = terminal
        self._cluster: LocalCluster | None = None
        self.venue_service = Service("venue", folder, owner)
        self.operator_service = Service("operator", folder, owner)

    # --- parts

    @property
    def cluster(self) -> LocalCluster:
        """The control plane, once it runs."""
        if self._cluster is None:
            raise DemoError("The control plane does not run: make up")
        return self._cluster

    @property
    def venue(self) -> Venue:
        """Where the venue listens, and how to learn the truth."""
        said = self.venue_service.announced()
        return Venue(said["url"], said["control_url"], said["token"])

    @property
    def cluster_folder(self) -> Path:
        """Files of the control plane."""
        return self.folder / "control-plane"

    # --- start and stop

    def start_cluster(self, say: Say) -> None:
        """Start the control plane, or use the one that runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._cluster = LocalCluster.up(self.cluster_folder, options=Options(owner=self._owner), say=say)

    def start_venue(self) -> None:
        """Start the venue, unless it runs."""
        if self.venue_service.process is not None:
            return
        port = self._venue_port()
        command = [sys.executable, "-m", "paper_exchange", "serve", "--port", str(port), "--account", BALANCES]
        command += ["--key", KEY, "--data", str(self.folder / "venue")]
        self.venue_service.start([*command, "--ready-file", str(self.venue_service.ready_file)])

    def _venue_port(self) -> int:
        """The port of the examples; another where that one is taken. One that accounts know already must stay."""
        before = self.venue_service.announced().get("url")
        port = urlsplit(before or ENDPOINT).port or 0
        if _is_free(port):
            return port
        if before:
            raise DemoError(f"The venue was on port {port}, which is taken now. Start afresh: make down, then make up")
        return 0

    def start_operator(self) -> dict[str, Any]:
        """Start the operator, unless it runs; returns what it says about itself."""
        if self.operator_service.process is None:
            kubeconfig = self.cluster.kubeconfig_for(SERVICE_ACCOUNT)
            command = [sys.executable, "-m", "exchange_kernel", "run", "--kubeconfig", str(kubeconfig)]
            command += ["--namespace", NAMESPACE, "--allowed-endpoints", self.venue.url]
            command += ["--probe-host", "127.0.0.1", "--probe-port", "0", "--lease-identity", "demo"]
            self.operator_service.start([*command, "--ready-file", str(self.operator_service.ready_file)])
        return self.operator_service.wait_ready()

    def stop(self) -> bool:
        """Stop everything and delete the data; the logs stay. False if nothing ran."""
        ran = self.operator_service.stop()
        ran = self.venue_service.stop() or ran
        cluster = self._cluster or LocalCluster.attach(self.cluster_folder)
        if cluster is not None:
            cluster.stop()
        _remove(self.folder / "venue")
        return ran or cluster is not None

    # --- kubectl

    def kubectl(self, *arguments: str, stdin: str = "", shown: str | None = None, fails: bool = False) -> str:
        """Show a command, run it, show what it wrote.

        Args:
            *arguments: of kubectl.
            stdin: for `-f -`.
            shown: how the command is shown, if not as it is.
            fails: whether it has to fail.

        Raises:
            DemoError: It failed, or did not although it should have.
        """
        self._terminal.command(shown or f"kubectl {' '.join(_quoted(part) for part in arguments)}")
        code, text = self._run(arguments, stdin)
        self._terminal.output(text)
        if (code != 0) != fails:
            raise DemoError("The command should have been refused." if fails else "The command failed.")
        return text

    def apply_changed(self, file: str, script: str, *, fails: bool = False) -> None:
        """Apply an example that sed has changed."""
        changed = subprocess.run(  # noqa: S603 - the demo's own commands, no shell
            ["/usr/bin/env", "sed", script, file], capture_output=True, text=True, check=True, cwd=REPOSITORY
        ).stdout
        shown = f"sed {_quoted(script)} {file} | kubectl apply -f -"
        self.kubectl("apply", "-f", "-", stdin=changed, shown=shown, fails=fails)

    def ask(self, *arguments: str) -> Any:  # noqa: ANN401 - JSON
        """Run kubectl without showing it, and read its JSON."""
        code, text = self._run((*arguments, "-o", "json"), "")
        if code:
            raise DemoError(f"kubectl {' '.join(arguments)}: {text}")
        return json.loads(text)

    def _run(self, arguments: tuple[str, ...], stdin: str) -> tuple[int, str]:
        cache = self.folder / "kube-cache"
        environment = {**self.cluster.env(), "KUBECACHEDIR": str(cache)}
        done = subprocess.run(  # noqa: S603 - the demo's own commands, no shell
            [str(self.cluster.kubectl), *arguments],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=REPOSITORY,
            env=environment,
            timeout=90,
        )
        return done.returncode, done.stdout

    def strategy(self, name: str, *arguments: str) -> str:
        """Run one of `examples/strategies` to its end, with a strategy's rights; show what it prints.

        Raises:
            DemoError: It failed.
        """
        self._terminal.command(f"python -m strategies.{name} {' '.join(arguments)}")
        config = str(self.cluster.kubeconfig_for(STRATEGY))
        command = [sys.executable, "-m", f"strategies.{name}", *arguments, "--kubeconfig", config]
        done = subprocess.run(  # noqa: S603 - the demo's own commands, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(EXAMPLES)},
            timeout=90,
        )
        self._terminal.output(done.stdout)
        if done.returncode:
            raise DemoError("The strategy failed.")
        return done.stdout

    # --- objects

    def install(self) -> None:
        """The kinds, and the operator's rights."""
        self.kubectl("apply", "--server-side", "-f", "crds/")
        self.kubectl("wait", "--for=condition=Established", "crd", "--all")
        self.kubectl("apply", "-f", "examples/rbac/operator.yaml")

    def create_account(self) -> None:
        """Namespaces, keys and the account; with the venue's port, where it could not have the usual one."""
        self.kubectl("apply", "-f", "examples/01-namespaces.yaml", "-f", "examples/02-credentials.yaml")
        name = "examples/03-account-paper.yaml"
        if self.venue.url == ENDPOINT:
            self.kubectl("apply", "-f", name)
        else:
            self.apply_changed(name, f"s|{ENDPOINT}|{self.venue.url}|")
        account = ("exchangeaccount/paper", "-n", "trading-accounts")
        self.kubectl("wait", "--for=condition=Ready", *account, "--timeout=30s")


def _quoted(part: str) -> str:
    return f"'{part}'" if any(sign in part for sign in '{}[]*|; "') else part


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _remove(folder: Path) -> None:
    for path in folder.glob("*"):
        path.unlink()
    if folder.exists():
        folder.rmdir()
