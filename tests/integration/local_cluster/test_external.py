"""Another cluster in the place of the embedded one; here the embedded one plays it, and the test its signer."""

import base64
import datetime as dt
import json
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from local_cluster import KubectlError, LocalCluster
from local_cluster.external import ExternalCluster


def sign(cluster: LocalCluster, request: bytes) -> bytes:
    pki = cluster.ca_path.parent
    authority = x509.load_pem_x509_certificate((pki / "ca.crt").read_bytes())
    key = serialization.load_pem_private_key((pki / "ca.key").read_bytes(), None)
    wanted = x509.load_pem_x509_csr(request)
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(wanted.subject).issuer_name(authority.subject)
    builder = builder.public_key(wanted.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(hours=1)).not_valid_after(now + dt.timedelta(hours=1))
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    signed = builder.add_extension(purpose, critical=False).sign(key, hashes.SHA256())  # type: ignore[arg-type]
    return signed.public_bytes(serialization.Encoding.PEM)


def sign_what_is_approved(cluster: LocalCluster, enough: threading.Event) -> None:
    """What kube-controller-manager does in a whole cluster."""
    while not enough.wait(0.1):
        for item in json.loads(cluster.run_kubectl("get", "csr", "-o", "json"))["items"]:
            status = item["status"]
            if status.get("conditions") and not status.get("certificate"):
                pem = sign(cluster, base64.b64decode(item["spec"]["request"]))
                patch = json.dumps({"status": {"certificate": base64.b64encode(pem).decode()}})
                name = item["metadata"]["name"]
                cluster.run_kubectl("patch", "csr", name, "--subresource=status", "--type=merge", "-p", patch)


@pytest.fixture
def external(cluster: LocalCluster, tmp_path: Path) -> ExternalCluster:
    return ExternalCluster(cluster.kubeconfig, cluster.kubectl, tmp_path)


def test_another_cluster_is_described_by_its_kubeconfig(cluster: LocalCluster, external: ExternalCluster) -> None:
    assert external.server == cluster.server
    assert external.ca_path.read_bytes() == cluster.ca_path.read_bytes()
    assert external.env()["KUBECONFIG"] == str(cluster.kubeconfig)
    assert external.run_kubectl("get", "--raw", "/readyz") == "ok"


def test_further_users_come_from_the_clusters_own_signer(cluster: LocalCluster, external: ExternalCluster) -> None:
    enough = threading.Event()
    signer = threading.Thread(target=sign_what_is_approved, args=(cluster, enough))
    signer.start()
    try:
        user = external.kubeconfig_for("loretta", ["judean-front"])
    finally:
        enough.set()
        signer.join()

    who = json.loads(external.run_kubectl("auth", "whoami", "-o", "json", kubeconfig=user))["status"]["userInfo"]
    assert who["username"] == "loretta"
    assert "judean-front" in who["groups"]
    with pytest.raises(KubectlError, match="forbidden"):
        external.run_kubectl("get", "secrets", kubeconfig=user)
    assert external.run_kubectl("get", "csr", "-o", "name") == ""
