"""What is read without the `kubernetes` package is read as it reads it; the rest is left to it."""

import base64
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.config import kube_config

from exchange_kernel.kube.connection import ConnectionSettings, connect
from exchange_kernel.kube.kubeconfig import read_plain

DATA = base64.b64encode(b"certificate").decode()
SECURE = {"server": "https://api.example:6443/"}


def written(folder: Path, user: object, cluster: object = None, **changes: object) -> Path:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "a",
        "clusters": [{"name": "c", "cluster": SECURE if cluster is None else cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u", "namespace": "team-a"}}],
    } | changes
    path = folder / "config"
    path.write_text(yaml.safe_dump(config))
    (folder / "a.crt").write_bytes(b"certificate")
    return path


class Found:
    """What the package finds."""

    host = ssl_ca_cert = cert_file = key_file = None

    def __init__(self, path: Path) -> None:
        self.api_key: dict[str, str] = {}
        loader: Any = kube_config.load_kube_config
        loader(str(path), None, self, persist_config=False)

    def all(self) -> tuple[Any, ...]:
        files = (
            Path(file).read_bytes() if file else None for file in (self.ssl_ca_cert, self.cert_file, self.key_file)
        )
        return self.host, *files, self.api_key.get("BearerToken")


PLAIN = [
    ({"token": "t0ken"}, SECURE),
    ({}, SECURE),
    ({"client-certificate-data": DATA, "client-key-data": DATA}, {**SECURE, "certificate-authority-data": DATA}),
    ({"client-certificate": "a.crt", "client-key": "a.crt"}, {**SECURE, "certificate-authority": "./a.crt"}),
    ({"client-certificate": "not-there"}, {"server": "http://api.example"}),
    ({"token": "t0ken", "client-certificate-data": DATA, "client-key": "a.crt"}, SECURE),
]


@pytest.mark.parametrize(("user", "cluster"), PLAIN)
def test_a_plain_kubeconfig_is_read_as_the_package_reads_it(tmp_path: Path, user: object, cluster: object) -> None:
    path = written(tmp_path, user, cluster)
    plain = read_plain(str(path), None)
    assert plain is not None
    files = (Path(file).read_bytes() if file else None for file in (plain.authority, plain.certificate, plain.key))
    token = None if plain.token is None else f"Bearer {plain.token}"
    assert (plain.server.rstrip("/"), *files, token) == Found(path).all()
    assert plain.namespace == "team-a"


NOT_PLAIN = [
    ({"exec": {"command": "login", "apiVersion": "client.authentication.k8s.io/v1"}}, None),
    ({"auth-provider": {"name": "oidc"}}, None),
    ({"tokenFile": "/token"}, None),
    ({"token": ""}, None),
    ({"token": 5}, None),
    ({"username": "u", "password": "p"}, None),
    ({"as": "somebody"}, None),
    ({"client-certificate": "not-there"}, None),
    ({"client-certificate": "a.crt", "client-certificate-data": DATA}, None),
    ({}, {**SECURE, "insecure-skip-tls-verify": True}),
    ({}, {**SECURE, "proxy-url": "http://proxy"}),
    ({}, {**SECURE, "tls-server-name": "other"}),
    ({}, {**SECURE, "certificate-authority-data": "a"}),
    ({}, {"server": "api.example"}),
    ({}, {}),
    (None, None),
]


@pytest.mark.parametrize(("user", "cluster"), NOT_PLAIN)
def test_what_is_not_plain_is_left_to_the_package(tmp_path: Path, user: object, cluster: object) -> None:
    assert read_plain(str(written(tmp_path, user, cluster)), None) is None


@pytest.mark.parametrize("changes", [
    {"current-context": "zzz"}, {"current-context": None}, {"users": None}, {"clusters": []}, {"users": ["u"]},
    {"contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}] * 2},
])  # fmt: skip
def test_a_file_with_something_wrong_is_left_to_the_package(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert read_plain(str(written(tmp_path, {}, **changes)), None) is None


def test_several_files_are_left_to_the_package(tmp_path: Path) -> None:
    path = written(tmp_path, {"token": "t0ken"})
    where = f"{path}{os.pathsep}{path}"
    assert read_plain(where, None) is None
    assert connect(ConnectionSettings(), {"KUBECONFIG": where}).namespace == "team-a"


def test_a_key_that_is_written_to_a_file_is_for_this_user_only(tmp_path: Path) -> None:
    plain = read_plain(str(written(tmp_path, {"client-key-data": DATA})), None)
    assert plain is not None
    assert plain.key is not None
    assert stat.S_IMODE(Path(plain.key).parent.stat().st_mode) == 0o700


def test_no_token_shows_when_it_is_printed(tmp_path: Path) -> None:
    assert "t0ken" not in repr(read_plain(str(written(tmp_path, {"token": "t0ken"})), None))
