"""The command lines of etcd and of the API server."""

from collections.abc import Sequence
from pathlib import Path

from local_cluster.layout import Layout, Ports


def etcd_command(folder: Path, layout: Layout, ports: Ports, *, fsync: bool) -> list[str]:
    """The command line of etcd.

    Args:
        folder: where the binaries are.
        layout: where its files go.
        ports: where it listens.
        fsync: whether a write waits for the disk. Without, it survives a crash of the process but not of the machine.
    """
    client, peer = f"https://127.0.0.1:{ports.etcd}", f"https://127.0.0.1:{ports.etcd_peer}"
    certificate, key, authority = (str(layout.pki / name) for name in ("etcd.crt", "etcd.key", "etcd-ca.crt"))
    return [
        str(folder / "etcd"),
        "--name=default",
        f"--data-dir={layout.data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        f"--cert-file={certificate}",
        f"--key-file={key}",
        f"--trusted-ca-file={authority}",
        "--client-cert-auth",
        f"--peer-cert-file={certificate}",
        f"--peer-key-file={key}",
        f"--peer-trusted-ca-file={authority}",
        "--peer-client-cert-auth",
        "--auto-compaction-mode=periodic",
        "--auto-compaction-retention=1h",
        "--log-level=warn",
        *([] if fsync else ["--unsafe-no-fsync"]),
    ]


def api_server_command(folder: Path, layout: Layout, ports: Ports, extra: Sequence[str]) -> list[str]:
    """The command line of the API server.

    Args:
        folder: where the binaries are.
        layout: where its files are.
        ports: where it listens, and where etcd does.
        extra: further flags; they win over the ones here.
    """
    pki = layout.pki
    return [
        str(folder / "kube-apiserver"),
        f"--etcd-servers=https://127.0.0.1:{ports.etcd}",
        f"--etcd-cafile={pki / 'etcd-ca.crt'}",
        f"--etcd-certfile={pki / 'etcd.crt'}",
        f"--etcd-keyfile={pki / 'etcd.key'}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={ports.api_server}",
        f"--cert-dir={pki}",
        f"--tls-cert-file={pki / 'api-server.crt'}",
        f"--tls-private-key-file={pki / 'api-server.key'}",
        f"--client-ca-file={pki / 'ca.crt'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki / 'service-accounts.crt'}",
        f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
        # No controller-manager makes the accounts that this plugin would demand for each pod.
        "--disable-admission-plugins=ServiceAccount",
        # One server needs no records of which servers are there; they would be written every ten seconds.
        "--endpoint-reconciler-type=none",
        "--allow-privileged=true",
        "--profiling=false",
        *extra,
    ]
