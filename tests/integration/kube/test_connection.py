from pathlib import Path

import kopf

from exchange_kernel.kube.connection import ConnectionSettings, connect
from local_cluster import ControlPlane


def test_kopf_can_log_in_with_the_same_values(kinds: ControlPlane) -> None:
    login = connect(ConnectionSettings(kinds.kubeconfig), {}).login()

    info = kopf.ConnectionInfo(**login)

    assert info.server == kinds.server
    assert info.as_ssl_context().get_ca_certs()


def test_kopf_gets_the_token_of_a_service_account(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken")
    (tmp_path / "ca.crt").write_text("not read")
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}

    info = kopf.ConnectionInfo(**connect(ConnectionSettings(), environ, tmp_path).login())

    assert info.as_http_headers() == {"Authorization": "Bearer t0ken"}
