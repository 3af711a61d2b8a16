"""The API server can be taken away from under its clients."""

import http.client
import ssl

import pytest

from local_cluster import KubectlError, LocalCluster
from local_cluster.readiness import why_not_ready


def reason(cluster: LocalCluster, seconds: float = 5) -> str | None:
    return why_not_ready(cluster.state.ports.api_server, cluster.ca_path.parent, seconds)


@pytest.mark.parametrize("kill", [False, True])
def test_a_stopped_api_server_refuses_and_comes_back_on_the_same_port(cluster: LocalCluster, kill: bool) -> None:
    name = f"before-{kill}".lower()
    cluster.run_kubectl("create", "configmap", name)

    with cluster.api_server_away(kill=kill):
        said = reason(cluster)
        assert said is not None
        assert "refused" in said

    assert name in cluster.run_kubectl("get", "configmaps")


def test_a_frozen_api_server_does_not_answer_until_it_thaws(cluster: LocalCluster) -> None:
    with cluster.api_server_frozen():
        said = reason(cluster, seconds=0.5)
        assert said is not None
        assert "timed out" in said

    assert reason(cluster) is None


def test_a_connection_that_was_open_is_cut(cluster: LocalCluster) -> None:
    context = ssl.create_default_context(cafile=str(cluster.ca_path))
    connection = http.client.HTTPSConnection("127.0.0.1", cluster.state.ports.api_server, context=context, timeout=10)

    def ask() -> bytes:
        connection.request("GET", "/readyz")
        return connection.getresponse().read()

    assert ask() == b"ok"

    with cluster.api_server_away(kill=True), pytest.raises((OSError, http.client.HTTPException)):
        ask()

    connection.close()


def test_kubectl_says_that_the_server_is_away(cluster: LocalCluster) -> None:
    with cluster.api_server_away(), pytest.raises(KubectlError, match="refused"):
        cluster.run_kubectl("get", "namespaces")
