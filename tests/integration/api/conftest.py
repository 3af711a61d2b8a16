"""A real API server with our CRDs."""

import uuid
from collections.abc import Iterator

import pytest
from kubernetes import client, config

from exchange_kernel.api.meta import GROUP
from integration.api.server import PLURALS, ROOT, Server
from local_cluster.control_plane import ControlPlane


@pytest.fixture(scope="session")
def crds(control_plane: ControlPlane) -> ControlPlane:
    """The control plane, with the CRDs of the repository."""
    control_plane.run_kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    names = [f"crd/{plural}.{GROUP}" for plural in PLURALS.values()]
    control_plane.run_kubectl("wait", "--for=condition=Established", "--timeout=30s", *names)
    return control_plane


@pytest.fixture(scope="session")
def server(crds: ControlPlane) -> Iterator[Server]:
    """A namespace of its own on the API server."""
    namespace = f"api-{uuid.uuid4().hex[:8]}"
    crds.run_kubectl("create", "namespace", namespace)
    api = config.new_client_from_config(str(crds.kubeconfig))  # type: ignore[no-untyped-call]
    try:
        yield Server(crds, client.CustomObjectsApi(api), namespace)
    finally:
        api.close()
        crds.run_kubectl("delete", "namespace", namespace, "--wait=false")
