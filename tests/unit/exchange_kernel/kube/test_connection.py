import base64
from pathlib import Path

import pytest
import yaml

from exchange_kernel.kube.connection import REFRESH_SECONDS, ConnectionSettings, connect, own_namespace
from exchange_kernel.kube.errors import BadConnection

NO_POD: dict[str, str] = {}


def kubeconfig(path: Path, **user: object) -> Path:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "a",
        "clusters": [{"name": "c", "cluster": {"server": "https://api.example:6443/"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [
            {"name": "a", "context": {"cluster": "c", "user": "u", "namespace": "team-a"}},
            {"name": "b", "context": {"cluster": "c", "user": "u"}},
        ],
    }
    path.write_text(yaml.safe_dump(config))
    return path


def service_account(folder: Path) -> Path:
    (folder / "token").write_text("first")
    (folder / "ca.crt").write_text("not read before a connection is opened")
    (folder / "namespace").write_text("exchange-kernel\n")
    return folder


POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


async def test_a_token_of_a_kubeconfig_becomes_the_authorization_header(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config", token="t0ken")

    connection = connect(ConnectionSettings(path), NO_POD)

    assert connection.server == "https://api.example:6443"
    assert connection.namespace == "team-a"
    assert await connection.authorization() == "Bearer t0ken"


def test_a_client_certificate_needs_no_header_and_reaches_kopf_as_files(tmp_path: Path) -> None:
    pem = base64.b64encode(b"certificate").decode()
    path = kubeconfig(tmp_path / "config", **{"client-certificate-data": pem, "client-key-data": pem})

    login = connect(ConnectionSettings(path), NO_POD).login()

    assert login["certificate_path"] is not None
    assert Path(login["certificate_path"]).read_bytes() == b"certificate"
    assert login["token"] is None
    assert login["scheme"] is None


def test_kopf_gets_scheme_and_token_apart(tmp_path: Path) -> None:
    login = connect(ConnectionSettings(kubeconfig(tmp_path / "config", token="t0ken")), NO_POD).login()

    assert (login["scheme"], login["token"]) == ("Bearer", "t0ken")
    assert login["default_namespace"] == "team-a"


def test_another_context_can_be_chosen(tmp_path: Path) -> None:
    connection = connect(ConnectionSettings(kubeconfig(tmp_path / "config"), context="b"), NO_POD)

    assert connection.namespace is None


def test_the_environment_names_the_kubeconfig(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config")

    assert connect(ConnectionSettings(), {"KUBECONFIG": str(path)}).namespace == "team-a"


@pytest.mark.parametrize("content", ["", "[]", "a: b", "contexts: [", "current-context: x\ncontexts: []"])
def test_an_unusable_kubeconfig_says_where_it_is_and_what_to_set(tmp_path: Path, content: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)

    with pytest.raises(BadConnection, match=r"(?s)config.*--kubeconfig or KUBECONFIG"):
        connect(ConnectionSettings(path), NO_POD)


def test_a_missing_kubeconfig_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadConnection, match="nowhere"):
        connect(ConnectionSettings(tmp_path / "nowhere"), NO_POD)


def test_an_unknown_context_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadConnection, match="zzz"):
        connect(ConnectionSettings(kubeconfig(tmp_path / "config"), context="zzz"), NO_POD)


async def test_a_pod_uses_its_service_account(tmp_path: Path) -> None:
    connection = connect(ConnectionSettings(), POD, service_account(tmp_path))

    assert connection.server == "https://10.0.0.1:443"
    assert connection.namespace == "exchange-kernel"
    assert await connection.authorization() == "Bearer first"


async def test_a_rotated_token_is_read_again_after_a_while(tmp_path: Path) -> None:
    now = [0.0]
    connection = connect(ConnectionSettings(), POD, service_account(tmp_path), lambda: now[0])
    (tmp_path / "token").write_text("second\n")

    assert await connection.authorization() == "Bearer first"
    now[0] = REFRESH_SECONDS
    assert await connection.authorization() == "Bearer second"


async def test_a_refused_token_is_read_again_at_once(tmp_path: Path) -> None:
    connection = connect(ConnectionSettings(), POD, service_account(tmp_path))
    (tmp_path / "token").write_text("second")

    assert await connection.authorization(renew=True) == "Bearer second"


@pytest.mark.parametrize("change", ["empty", "gone"])
async def test_a_token_that_cannot_be_read_keeps_the_last_one(tmp_path: Path, change: str) -> None:
    connection = connect(ConnectionSettings(), POD, service_account(tmp_path))
    (tmp_path / "token").unlink() if change == "gone" else (tmp_path / "token").write_text("")

    assert await connection.authorization(renew=True) == "Bearer first"


def test_a_pod_without_a_certificate_says_which_folder_is_wrong(tmp_path: Path) -> None:
    (service_account(tmp_path) / "ca.crt").unlink()

    with pytest.raises(BadConnection, match=str(tmp_path)):
        connect(ConnectionSettings(), POD, tmp_path)


def test_a_kubeconfig_that_is_named_beats_the_pod(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config")

    assert connect(ConnectionSettings(path), POD, service_account(tmp_path)).namespace == "team-a"


def test_the_operators_namespace_is_the_setting_then_the_credentials_then_an_error(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config")
    chosen, given = ConnectionSettings(path, namespace="mine"), ConnectionSettings(path)
    nothing = ConnectionSettings(path, context="b")

    assert own_namespace(connect(chosen, NO_POD), chosen) == "mine"
    assert own_namespace(connect(given, NO_POD), given) == "team-a"
    with pytest.raises(BadConnection, match="--namespace"):
        own_namespace(connect(nothing, NO_POD), nothing)


def test_no_secret_shows_when_a_connection_is_printed(tmp_path: Path) -> None:
    connection = connect(ConnectionSettings(kubeconfig(tmp_path / "config", token="t0ken")), NO_POD)

    assert "t0ken" not in repr(connection)
    assert "t0ken" not in repr(connection._target)


def test_a_certificate_file_that_is_gone_is_named(tmp_path: Path) -> None:
    files = {"client-certificate": str(tmp_path / "gone.crt"), "client-key": str(tmp_path / "gone.key")}

    with pytest.raises(BadConnection, match=r"gone\.crt"):
        connect(ConnectionSettings(kubeconfig(tmp_path / "config", **files)), NO_POD).ssl_context()
