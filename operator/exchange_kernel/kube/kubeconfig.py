"""Kubeconfigs that say all there is to say: a server, certificates, a token.

The `kubernetes` package reads every kubeconfig and takes 10 MB and a third of a second for it. What is read here is
the plain kind only: one file, and no key but those below. Anything else, and anything that is wrong with a file, is
left to the package.
"""

import base64
import binascii
import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

_CLUSTER: Final = frozenset({"server", "certificate-authority", "certificate-authority-data", "extensions"})
_USER: Final = frozenset({
    "client-certificate", "client-certificate-data", "client-key", "client-key-data", "token"
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlainConfig:
    """One context of a plain kubeconfig; the certificates as paths of files."""

    server: str
    namespace: str | None
    authority: str | None
    certificate: str | None
    key: str | None
    token: str | None = field(repr=False)


class _NotPlainError(Exception):
    """Nothing for this module."""


def read_plain(where: str, context: str | None) -> PlainConfig | None:
    """Read a context, or the current one; None for all that is not plain, whatever the reason.

    Args:
        where: As KUBECONFIG has it.
        context: Name of a context.
    """
    if os.pathsep in where:
        return None
    path = Path(where).expanduser().absolute()
    try:
        loaded = _mapping(yaml.safe_load(path.read_text(encoding="utf-8")))
        return _chosen(loaded, _text(loaded, "current-context") if context is None else context, path.parent)
    except (_NotPlainError, yaml.YAMLError, OSError, ValueError):
        return None


def _chosen(loaded: dict[str, Any], name: str | None, folder: Path) -> PlainConfig:
    context = _named(loaded, "contexts", "context", name)
    cluster = _named(loaded, "clusters", "cluster", _text(context, "cluster"))
    user = _named(loaded, "users", "user", _text(context, "user"))
    server = _text(cluster, "server") or ""
    secure = server.startswith("https://")
    if not (secure or server.startswith("http://")) or cluster.keys() - _CLUSTER or user.keys() - _USER:
        raise _NotPlainError
    return PlainConfig(
        server=server,
        namespace=_text(context, "namespace"),
        authority=_file(cluster, "certificate-authority", folder) if secure else None,
        certificate=_file(user, "client-certificate", folder) if secure else None,
        key=_file(user, "client-key", folder) if secure else None,
        token=_text(user, "token"),
    )


def _named(loaded: dict[str, Any], plural: str, kind: str, name: str | None) -> dict[str, Any]:
    entries = loaded.get(plural)
    if not isinstance(entries, list):
        raise _NotPlainError
    found = [entry for entry in map(_mapping, entries) if entry.get("name") == name]
    if name is None or len(found) != 1:
        raise _NotPlainError
    return _mapping(found[0].get(kind))


def _mapping(value: Any) -> dict[str, Any]:  # noqa: ANN401 - what a file holds
    if not isinstance(value, dict):
        raise _NotPlainError
    return value


def _text(values: dict[str, Any], key: str) -> str | None:
    """A text that is written; None where the key is not there."""
    value = values.get(key)
    if key in values and (not isinstance(value, str) or not value):
        raise _NotPlainError
    return value


def _file(values: dict[str, Any], key: str, folder: Path) -> str | None:
    """The path of what is a file already, or is written to one, because OpenSSL takes files only."""
    path, data = _text(values, key), _text(values, f"{key}-data")
    if data is not None:
        if path is not None:
            raise _NotPlainError
        return _written(data)
    if path is None:
        return None
    file = Path(os.path.normpath(folder / path))
    if not file.is_file():
        raise _NotPlainError
    return str(file)


def _written(data: str) -> str:
    try:
        content = base64.b64decode(data)
    except binascii.Error as error:
        raise _NotPlainError from error
    file = Path(_folder().name) / hashlib.sha256(content).hexdigest()
    if not file.exists():
        file.write_bytes(content)
    return str(file)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Readable by this user only, and gone with the process."""
    return tempfile.TemporaryDirectory(prefix="exchange-kernel-")
