"""The programs from the archive that the Kubernetes project publishes for tests (envtest).

The archive is held to a pinned checksum before anything of it is used, so it can come from any mirror.
"""

import hashlib
import http.client
import shutil
import tarfile
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from local_cluster.errors import SourceUnavailableError
from local_cluster.pins import ARCHIVE_SHA512, BINARIES, DOWNLOAD_URL, KUBERNETES_VERSION
from local_cluster.progress import Say

MIRROR_VARIABLE: Final = "LOCAL_CLUSTER_DOWNLOAD_URL"
_INSIDE: Final = "controller-tools/envtest"
_CONNECT_SECONDS: Final = 5.0
"""Short: where there is no way out, the next source follows without a long wait."""
_SILENCE_SECONDS: Final = 30.0


class _Connection(http.client.HTTPSConnection):
    """Quick to give up on a connection, patient once there is one."""

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(_SILENCE_SECONDS)


class _Handler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Connection, req)


@dataclass(frozen=True)
class Download:
    """A source of binaries: the archive for one platform.

    Attributes:
        url: where it is; empty if there is none for this platform.
        sha512: its checksum.
        name: for messages.
        connect_seconds: how long to try to connect.
    """

    url: str
    sha512: str
    name: str = "download"
    connect_seconds: float = _CONNECT_SECONDS

    @classmethod
    def for_platform(cls, environ: Mapping[str, str], key: str) -> Self:
        """The archive for a platform.

        Args:
            environ: the environment; LOCAL_CLUSTER_DOWNLOAD_URL names the folder of a mirror.
            key: the platform, such as `linux-amd64`.
        """
        if key not in ARCHIVE_SHA512:
            return cls("", "")
        base = environ.get(MIRROR_VARIABLE) or DOWNLOAD_URL
        return cls(f"{base.rstrip('/')}/envtest-{KUBERNETES_VERSION}-{key}.tar.gz", ARCHIVE_SHA512[key])

    def make(self, folder: Path, say: Say) -> None:
        """Download, verify and unpack; see `Source.make`."""
        if not self.url:
            raise SourceUnavailableError("there is no archive for this platform")
        say(f"Downloading the control plane (about 80 MB) from {self.url}")
        archive = folder / "archive.tar.gz"
        self._fetch(archive)
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha512").hexdigest()
        if digest != self.sha512:
            raise SourceUnavailableError(
                f"the archive at {self.url} is not the pinned one and was thrown away (SHA-512 {digest[:16]}..., "
                f"expected {self.sha512[:16]}...)"
            )
        _unpack(archive, folder)
        archive.unlink()

    def _fetch(self, archive: Path) -> None:
        opener = urllib.request.build_opener(_Handler)
        try:
            answer = opener.open(self.url, timeout=self.connect_seconds)
        except (OSError, http.client.HTTPException) as error:
            raise SourceUnavailableError(f"{self.url} cannot be reached ({error})") from error
        with answer, archive.open("wb") as file:
            while block := _read(answer, self.url):
                file.write(block)


def _read(answer: http.client.HTTPResponse, url: str) -> bytes:
    # Apart from writing: an error while reading means the network, one while writing means the disk.
    try:
        return answer.read(1 << 20)
    except (OSError, http.client.HTTPException) as error:
        raise SourceUnavailableError(f"the download of {url} broke off ({error})") from error


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            for name in BINARIES:
                source = tar.extractfile(f"{_INSIDE}/{name}")
                if source is None:
                    raise SourceUnavailableError(f"the archive holds no file {name}")
                with source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
                (folder / name).chmod(0o755)
    except (KeyError, tarfile.TarError) as error:
        raise SourceUnavailableError(f"the archive cannot be unpacked ({error})") from error
