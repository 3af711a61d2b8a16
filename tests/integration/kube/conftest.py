"""A control plane with our kinds, a namespace per test, and clients."""

import itertools
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.connection import ConnectionSettings, connect
from exchange_kernel.kube.resources import ACCOUNTS, CONFIG_MAPS, INTENTS, RECEIPTS, SECRETS, Resource
from exchange_kernel.kube.transport import HttpTransport
from local_cluster import ControlPlane
from support.proxy import Proxy

NAMESPACES = Resource("", "v1", "namespaces", "Namespace")
CRDS = Path(__file__).parents[3] / "crds"
_numbers = itertools.count(1)


def client_of(kubeconfig: Path, call_seconds: float = 10.0) -> ApiClient:
    """A client as the operator makes it."""
    connection = connect(ConnectionSettings(kubeconfig), {})
    return ApiClient(HttpTransport(connection, "exchange-kernel/test", call_seconds))


@pytest.fixture(scope="session")
def kinds(control_plane: ControlPlane) -> ControlPlane:
    """The shared control plane, with our kinds installed."""
    control_plane.run_kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CRDS))
    control_plane.run_kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", str(CRDS))
    return control_plane


@pytest.fixture
async def client(kinds: ControlPlane) -> AsyncIterator[ApiClient]:
    """A client with all rights."""
    async with client_of(kinds.kubeconfig) as api:
        yield api


@pytest.fixture
async def namespace(client: ApiClient) -> AsyncIterator[str]:
    """A namespace of this test's own."""
    name = f"kube-{os.getpid()}-{next(_numbers)}"
    created = await client.create(NAMESPACES, None, {"metadata": {"name": name}})
    yield name
    # Without this a real cluster could not finish the deletion: nobody else removes our finalizers.
    for resource in (INTENTS, ACCOUNTS, RECEIPTS, CONFIG_MAPS, SECRETS):
        for obj in await client.list(resource, name):
            if obj["metadata"].get("finalizers"):
                await client.merge_patch(resource, name, obj["metadata"]["name"], {"metadata": {"finalizers": None}})
    await client.delete(NAMESPACES, None, name, uid=created["metadata"]["uid"])


@pytest.fixture
async def other_client(kinds: ControlPlane) -> AsyncIterator[ApiClient]:
    """A second client, for races."""
    async with client_of(kinds.kubeconfig) as api:
        yield api


@pytest.fixture
async def proxy(kinds: ControlPlane) -> AsyncIterator[Proxy]:
    """A proxy in front of the API server."""
    tls = connect(ConnectionSettings(kinds.kubeconfig), {}).ssl_context()
    async with Proxy(kinds.server, tls) as running:
        yield running


@pytest.fixture
async def through_proxy(proxy: Proxy, tmp_path: Path) -> AsyncIterator[ApiClient]:
    """A client that sees what the proxy lets through."""
    async with client_of(proxy.write_kubeconfig(tmp_path / "kubeconfig")) as api:
        yield api
