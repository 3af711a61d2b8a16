import base64
from pathlib import Path

import pytest
import yaml

from local_cluster.certificates import Pair
from local_cluster.cluster import file_name
from local_cluster.errors import LocalClusterError
from local_cluster.flags import api_server_command, etcd_command
from local_cluster.kubeconfig import certificate_credentials, read_endpoint, render
from local_cluster.layout import Layout, Ports

PORTS = Ports(api_server=20_001, etcd=20_002, etcd_peer=20_003)
LAYOUT = Layout(Path("/here"))


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_bytes(
        render("https://127.0.0.1:1", b"the authority", "brian", certificate_credentials(Pair(b"c", b"k")))
    )

    endpoint = read_endpoint(file)

    assert (endpoint.server, endpoint.authority) == ("https://127.0.0.1:1", b"the authority")
    (user,) = yaml.safe_load(file.read_text())["users"]
    assert user == {
        "name": "brian",
        "user": {
            "client-certificate-data": base64.b64encode(b"c").decode(),
            "client-key-data": base64.b64encode(b"k").decode(),
        },
    }


def test_the_current_one_of_several_clusters_is_read_with_its_authority_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(b"from a file")
    file = tmp_path / "kubeconfig"
    file.write_text(
        "clusters: [{name: a, cluster: {server: https://a}},"
        " {name: b, cluster: {server: https://b, certificate-authority: ca.pem}}]\n"
        "contexts: [{name: x, context: {cluster: a}}, {name: y, context: {cluster: b}}]\n"
        "current-context: y\n"
    )

    endpoint = read_endpoint(file)

    assert (endpoint.server, endpoint.authority) == ("https://b", b"from a file")


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "current-context: x", "contexts: []\nclusters: []\ncurrent-context: x"]
)
def test_a_file_of_no_use_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "config"
    file.write_text(content)

    with pytest.raises(LocalClusterError, match=r"config is no kubeconfig.*get-contexts"):
        read_endpoint(file)


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalClusterError, match=r"cannot be read.*missing"):
        read_endpoint(tmp_path / "missing")


def test_different_users_have_different_files() -> None:
    names = {
        file_name("system:admin", []),
        file_name("system/admin", []),
        file_name("system:admin", ["a"]),
        file_name("system:admin", ["a", "b"]),
        file_name("system:admin", ["ab"]),
        file_name("../../etc/passwd", []),
    }

    assert len(names) == 6
    assert not any("/" in name for name in names)


def test_etcd_waits_for_the_disk_only_where_asked() -> None:
    quick = etcd_command(Path("/bin"), LAYOUT, PORTS, fsync=False)
    careful = etcd_command(Path("/bin"), LAYOUT, PORTS, fsync=True)

    assert "--unsafe-no-fsync" in quick
    assert set(quick) - set(careful) == {"--unsafe-no-fsync"}


def test_everything_listens_on_the_loopback_interface() -> None:
    flags = [
        *etcd_command(Path("/bin"), LAYOUT, PORTS, fsync=False),
        *api_server_command(Path("/bin"), LAYOUT, PORTS, []),
    ]

    listening = [flag for flag in flags if flag.startswith(("--listen-", "--bind-address"))]
    assert len(listening) == 3
    assert all("127.0.0.1" in flag for flag in listening)


def test_access_is_guarded() -> None:
    etcd = etcd_command(Path("/bin"), LAYOUT, PORTS, fsync=False)
    api_server = api_server_command(Path("/bin"), LAYOUT, PORTS, ["--v=3"])

    assert {"--client-cert-auth", "--peer-client-cert-auth"} <= set(etcd)
    assert "--authorization-mode=RBAC" in api_server
    assert api_server[-1] == "--v=3"
