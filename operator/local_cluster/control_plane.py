"""What a test or a demo needs to know about a control plane, be it ours or somebody else's."""

import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from local_cluster.errors import KubectlError


class ControlPlane(ABC):
    """A Kubernetes API server that can be used.

    Attributes:
        kubeconfig: the admin's kubeconfig.
        kubectl: a kubectl program that fits the server.
        server: URL of the API server.
        ca_path: PEM file of the authority that signed the server's certificate.
    """

    kubeconfig: Path
    kubectl: Path
    server: str
    ca_path: Path

    def env(self) -> dict[str, str]:
        """The environment of this process, with KUBECONFIG set and kubectl on the PATH."""
        path = os.pathsep.join([str(self.kubectl.parent), os.environ.get("PATH", os.defpath)])
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "PATH": path}

    def run_kubectl(self, *arguments: str, stdin: str = "", kubeconfig: Path | None = None, seconds: float = 60) -> str:
        """Run kubectl and return its standard output.

        Args:
            *arguments: for example `"get", "namespaces", "-o", "name"`.
            stdin: what `-f -` reads.
            kubeconfig: another user's, see `kubeconfig_for`; the admin's by default.
            seconds: the longest time that it may take.

        Raises:
            KubectlError: kubectl ended with an error; the message is what it wrote.
        """
        command = [str(self.kubectl), "--kubeconfig", str(kubeconfig or self.kubeconfig), *arguments]
        try:
            answer = subprocess.run(  # noqa: S603 - the caller's own arguments, no shell
                command, input=stdin, capture_output=True, text=True, check=False, timeout=seconds
            )
        except subprocess.TimeoutExpired as error:
            raise KubectlError(f"kubectl {' '.join(arguments)}: no end after {seconds:.0f} s") from error
        if answer.returncode:
            raise KubectlError(answer.stderr.strip() or f"kubectl ended with {answer.returncode}")
        return answer.stdout

    @abstractmethod
    def kubeconfig_for(self, user: str, groups: Sequence[str] = ()) -> Path:
        """A kubeconfig with a client certificate of this user, who may do nothing until RBAC says so.

        Args:
            user: the user's name.
            groups: the user's groups.
        """
