"""Somebody else's cluster (kind or any other), used through its admin's kubeconfig."""

import base64
import datetime as dt
import json
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from local_cluster.certificates import Pair, signing_request
from local_cluster.cluster import file_name
from local_cluster.control_plane import ControlPlane
from local_cluster.errors import LocalClusterError
from local_cluster.files import write_whole
from local_cluster.kubeconfig import certificate_credentials, read_endpoint, render

_SIGNER: Final = "kubernetes.io/kube-apiserver-client"
_SIGN_SECONDS: Final = 30.0


class ExternalCluster(ControlPlane):
    """A cluster that was there before and stays afterwards.

    Args:
        kubeconfig: the admin's.
        kubectl: a kubectl program.
        scratch: an existing folder for the files of this object.
    """

    def __init__(self, kubeconfig: Path, kubectl: Path, scratch: Path) -> None:
        endpoint = read_endpoint(kubeconfig)
        self.kubeconfig = kubeconfig
        self.kubectl = kubectl
        self.server = endpoint.server
        self.ca_path = scratch / "ca.crt"
        self._scratch = scratch
        self.ca_path.write_bytes(endpoint.authority)

    def kubeconfig_for(self, user: str, groups: Sequence[str] = ()) -> Path:
        """See `ControlPlane.kubeconfig_for`; the cluster is asked to sign a certificate, valid for a day.

        Raises:
            LocalClusterError: the cluster does not sign client certificates.
        """
        request, key = signing_request(user, groups)
        name = f"local-cluster-{secrets.token_hex(6)}"
        self.run_kubectl("create", "-f", "-", stdin=_request(name, request))
        try:
            self.run_kubectl("certificate", "approve", name)
            certificate = self._signed(name)
        finally:
            self.run_kubectl("delete", "certificatesigningrequest", name, "--ignore-not-found")
        content = render(self.server, self.ca_path.read_bytes(), user, certificate_credentials(Pair(certificate, key)))
        path = self._scratch / file_name(user, groups)
        write_whole(path, content)
        return path

    def _signed(self, name: str) -> bytes:
        deadline = time.monotonic() + _SIGN_SECONDS
        while time.monotonic() < deadline:
            path = "jsonpath={.status.certificate}"
            if said := self.run_kubectl("get", "certificatesigningrequest", name, "-o", path):
                return base64.b64decode(said)
            time.sleep(0.2)
        raise LocalClusterError(
            f"The cluster at {self.server} did not sign a client certificate within {_SIGN_SECONDS:.0f} s. Use one "
            f"whose controller-manager serves the signer {_SIGNER}, such as kind."
        )


def _request(name: str, request: bytes) -> str:
    spec = {
        "request": base64.b64encode(request).decode(),
        "signerName": _SIGNER,
        "expirationSeconds": int(dt.timedelta(days=1).total_seconds()),
        "usages": ["client auth"],
    }
    return json.dumps(
        {
            "apiVersion": "certificates.k8s.io/v1",
            "kind": "CertificateSigningRequest",
            "metadata": {"name": name},
            "spec": spec,
        }
    )
