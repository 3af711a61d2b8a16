"""kubeconfig files: written for the users of the embedded control plane, read for any other cluster."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from local_cluster.certificates import Pair
from local_cluster.errors import LocalClusterError

_CLUSTER: Final = "local-cluster"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def render(server: str, authority: bytes, user: str, credentials: dict[str, str]) -> bytes:
    """A kubeconfig with one cluster, one user and one context.

    Args:
        server: URL of the API server.
        authority: the PEM certificate that signed the server's.
        user: name of the entry.
        credentials: the user's entry, for example `client-certificate-data`.
    """
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": _CLUSTER, "cluster": {"server": server, "certificate-authority-data": _base64(authority)}}
        ],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": _CLUSTER, "context": {"cluster": _CLUSTER, "user": user, "namespace": "default"}}],
        "current-context": _CLUSTER,
    }
    return yaml.safe_dump(content, sort_keys=False).encode()


def certificate_credentials(pair: Pair) -> dict[str, str]:
    """The user's entry for a client certificate."""
    return {"client-certificate-data": _base64(pair.certificate), "client-key-data": _base64(pair.key)}


@dataclass(frozen=True, repr=False)
class Endpoint:
    """What a kubeconfig's current context says about the cluster.

    Attributes:
        server: URL of the API server.
        authority: the PEM certificate that signed the server's; empty if the system's authorities did.
    """

    server: str
    authority: bytes


def _named(entries: list[dict[str, Any]], name: str, field: str) -> dict[str, Any]:
    return next(dict(entry[field]) for entry in entries if entry["name"] == name)


def read_endpoint(path: Path) -> Endpoint:
    """Read the cluster of a kubeconfig's current context.

    Raises:
        LocalClusterError: the file is missing or is no kubeconfig with a current context.
    """
    try:
        content = yaml.safe_load(path.read_text())
        context = _named(content["contexts"], content["current-context"], "context")
        cluster = _named(content["clusters"], context["cluster"], "cluster")
        data = base64.b64decode(cluster.get("certificate-authority-data", ""))
        if file := cluster.get("certificate-authority"):
            data = (path.parent / file).read_bytes()
        return Endpoint(str(cluster["server"]), data)
    except OSError as error:
        raise LocalClusterError(f"The kubeconfig cannot be read: {error}.") from error
    except (yaml.YAMLError, KeyError, TypeError, ValueError, StopIteration) as error:
        raise LocalClusterError(
            f"{path} is no kubeconfig whose current context names one of its clusters; "
            "`kubectl config get-contexts` shows what it has."
        ) from error
