"""Where the API server is and how to log in to it.

A pod's service account and a plain kubeconfig are read here. The `kubernetes` package, which knows every other way to
log in (exec plugins, merged files), is used for nothing else and imported when one is met: it takes 10 MB.
Credentials age: a service account's token is rotated on disk, an exec plugin's expires. `authorization` therefore
asks the loader's own refresh hook, at most every `REFRESH_SECONDS`, and off the event loop, because a plugin is a
process that may take seconds.
"""

import asyncio
import os
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypedDict

import yaml

from exchange_kernel.kube.errors import BadConnection
from exchange_kernel.kube.kubeconfig import read_plain

REFRESH_SECONDS: Final = 30.0
SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class LoginValues(TypedDict):
    """What `kopf.ConnectionInfo(**values)` takes; the names are kopf's."""

    server: str
    ca_path: str | None
    certificate_path: str | None
    private_key_path: str | None
    insecure: bool | None
    scheme: str | None
    token: str | None
    proxy_url: str | None
    default_namespace: str | None


@dataclass
class _Target:
    """Receives what the loaders of the `kubernetes` package find, in place of its big Configuration class."""

    host: str = ""
    ssl_ca_cert: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    verify_ssl: bool = True
    tls_server_name: str | None = None
    proxy: str | None = None
    api_key: dict[str, str] = field(default_factory=dict, repr=False)
    refresh_api_key_hook: Callable[[Any], None] | None = None


class Connection:
    """One API server and one login.

    Attributes:
        server: Base URL without a trailing slash.
        namespace: The namespace that the credentials come with (the pod's, or the context's); None if they name none.
        proxy: HTTP proxy to use, or None.
        server_name: Name to expect in the server's certificate where it differs from the URL's host, or None.
    """

    def __init__(self, target: _Target, namespace: str | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.server = target.host.rstrip("/")
        self.namespace = namespace
        self.proxy = target.proxy
        self.server_name = target.tls_server_name
        self._target = target
        self._monotonic = monotonic
        self._refreshed_at = monotonic()
        self._refreshing = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Connection({self.server})"

    def ssl_context(self) -> ssl.SSLContext | None:
        """A context that trusts the cluster's CA and shows the client certificate; None for plain HTTP.

        Raises:
            BadConnection: A certificate or key file cannot be read.
        """
        if not self.server.startswith("https:"):
            return None
        try:
            context = ssl.create_default_context(cafile=self._target.ssl_ca_cert)
            if self._target.cert_file:
                context.load_cert_chain(self._target.cert_file, self._target.key_file)
        except (OSError, ssl.SSLError) as error:
            raise BadConnection(f"cannot load the certificates for {self.server}: {error}") from error
        if not self._target.verify_ssl:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    async def authorization(self, *, renew: bool = False) -> str | None:
        """The value of the Authorization header, or None where a client certificate does it.

        Args:
            renew: Ask the source now, because the API server has just refused the present value.
        """
        if self._target.refresh_api_key_hook and (renew or self._is_due()):
            async with self._refreshing:
                await asyncio.to_thread(self._refresh)
        return self._header()

    def login(self) -> LoginValues:
        """The same login as plain values. Reads a rotated token again; may block for an exec plugin."""
        self._refresh()
        scheme, _, token = (self._header() or "").partition(" ")
        return LoginValues(
            server=self.server,
            ca_path=self._target.ssl_ca_cert,
            certificate_path=self._target.cert_file,
            private_key_path=self._target.key_file,
            insecure=None if self._target.verify_ssl else True,
            scheme=scheme or None,
            token=token or None,
            proxy_url=self.proxy,
            default_namespace=self.namespace,
        )

    def _is_due(self) -> bool:
        return self._monotonic() - self._refreshed_at >= REFRESH_SECONDS

    def _refresh(self) -> None:
        """Let the loader renew what has expired. A failure keeps the old value: the API server judges it."""
        self._refreshed_at = self._monotonic()
        if hook := self._target.refresh_api_key_hook:
            try:
                hook(self._target)
            except Exception:  # noqa: BLE001 - a plugin may fail in any way; a 401 will say so where it matters
                return

    def _header(self) -> str | None:
        value = self._target.api_key.get("BearerToken")
        return f"Bearer {value[7:]}" if value and value.startswith("bearer ") else value


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How to find the API server.

    Attributes:
        kubeconfig: Path of a kubeconfig; None for the service account in a pod, else kubectl's own rules (KUBECONFIG,
            then ~/.kube/config).
        context: Context of the kubeconfig; None for its current one.
        namespace: The operator's own namespace; None for the one that comes with the credentials.
    """

    kubeconfig: Path | None = None
    context: str | None = None
    namespace: str | None = None


def connect(
    settings: ConnectionSettings,
    environ: Mapping[str, str] = os.environ,
    service_account: Path = SERVICE_ACCOUNT,
    monotonic: Callable[[], float] = time.monotonic,
) -> Connection:
    """Find the API server and log in.

    Raises:
        BadConnection: There is no usable configuration; the message lists what was tried.
    """
    in_pod = "KUBERNETES_SERVICE_HOST" in environ and (service_account / "token").exists()
    if settings.kubeconfig is None and settings.context is None and in_pod:
        return _from_service_account(environ, service_account, monotonic)
    return _from_kubeconfig(settings, environ, monotonic)


def own_namespace(connection: Connection, settings: ConnectionSettings) -> str:
    """The namespace in which the operator keeps its journal: the setting, else what the credentials come with.

    Raises:
        BadConnection: Neither names one. It is never guessed: a journal in another namespace is another journal.
    """
    if namespace := settings.namespace or connection.namespace:
        return namespace
    raise BadConnection(
        "the operator's own namespace is unknown: set --namespace (or EXCHANGE_KERNEL_NAMESPACE), "
        "or a namespace in the kubeconfig's context"
    )


def _from_service_account(environ: Mapping[str, str], folder: Path, monotonic: Callable[[], float]) -> Connection:
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT")
    target = _Target(ssl_ca_cert=str(folder / "ca.crt"))
    target.refresh_api_key_hook = lambda this: _read_token(this, folder / "token")
    try:
        _read_token(target, folder / "token")
        complete = host and port and target.api_key and (folder / "ca.crt").read_bytes()
    except OSError as error:
        raise BadConnection(f"the pod's service account in {folder} is not usable: {error}") from error
    if not complete:
        missing = "KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT, token or ca.crt is empty"
        raise BadConnection(f"the pod's service account in {folder} is not usable: {missing}")
    target.host = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    namespace = folder / "namespace"
    default = namespace.read_text(encoding="utf-8").strip() if namespace.exists() else ""
    return Connection(target, default or None, monotonic)


def _read_token(target: _Target, path: Path) -> None:
    if token := path.read_text(encoding="utf-8").strip():
        target.api_key["BearerToken"] = f"Bearer {token}"


def _from_kubeconfig(
    settings: ConnectionSettings, environ: Mapping[str, str], monotonic: Callable[[], float]
) -> Connection:
    path = settings.kubeconfig
    where = str(path) if path else environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    if (plain := read_plain(where, settings.context)) is None:
        return _from_any_kubeconfig(where, settings.context, monotonic)
    target = _Target(plain.server, plain.authority, plain.certificate, plain.key)
    if plain.token is not None:
        target.api_key["BearerToken"] = f"Bearer {plain.token}"
    return Connection(target, plain.namespace, monotonic)


def _from_any_kubeconfig(where: str, context: str | None, monotonic: Callable[[], float]) -> Connection:
    from kubernetes.config import kube_config  # noqa: PLC0415 - heavy, see the module's words
    from kubernetes.config.config_exception import ConfigException  # noqa: PLC0415

    untyped: Any = kube_config  # the package has no types
    target = _Target()
    try:
        contexts, current = untyped.list_kube_config_contexts(where)
        untyped.load_kube_config(where, context, target, persist_config=False)
    except (ConfigException, yaml.YAMLError, OSError, KeyError, TypeError, ValueError) as error:
        raise BadConnection(
            f"no usable kubeconfig at {where}: {error}. Set --kubeconfig or KUBECONFIG, or run in a pod"
        ) from error
    chosen = next((each for each in contexts if each["name"] == context), current)
    return Connection(target, chosen["context"].get("namespace"), monotonic)
