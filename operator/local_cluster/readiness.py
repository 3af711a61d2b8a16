"""Whether the API server answers."""

import http.client
import ssl
from pathlib import Path
from typing import Final

from local_cluster.ports import LOOPBACK

_PATHS: Final = (
    "/readyz",
    # The server makes this namespace shortly after it says that it is ready.
    "/api/v1/namespaces/default",
)


def why_not_ready(port: int, pki: Path, seconds: float = 5.0) -> str | None:
    """Ask the API server as the admin whether it is ready.

    Args:
        port: where it listens.
        pki: the folder with the authority's and the admin's certificates.
        seconds: how long to wait for each answer.

    Returns:
        None if it is ready, else the reason in a few words.
    """
    context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    connection = http.client.HTTPSConnection(LOOPBACK, port, timeout=seconds, context=context)
    try:
        for path in _PATHS:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.HTTPStatus.OK:
                return f"{path} answers {answer.status} {answer.reason}"
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on {LOOPBACK}:{port}: {error}"
    finally:
        connection.close()
    return None
