"""The programs in the user's cache folder: complete or absent, never in part.

They are made in a folder aside, tried, described by a manifest, and put in place by one rename under a lock. What a
killed process left aside is removed by the next one.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from filelock import FileLock, Timeout

from local_cluster.errors import LocalClusterError, NoBinariesError, SourceUnavailableError, explaining_full_disk
from local_cluster.files import write_whole
from local_cluster.pins import BINARIES, KUBERNETES_VERSION
from local_cluster.progress import Say, duration

_MANIFEST: Final = "manifest.json"
ASIDE: Final = ".aside-"
"""How folders of unfinished work begin; whoever holds the lock may delete all of them."""
_UNWRITABLE: Final = (PermissionError, NotADirectoryError, FileExistsError)
_LOCK_POLL_SECONDS: Final = 15.0
_LOCK_SECONDS: Final = 3600.0


@dataclass(frozen=True)
class Binaries:
    """The three programs.

    Attributes:
        folder: where they are.
    """

    folder: Path

    @property
    def kubectl(self) -> Path:
        """The path of kubectl."""
        return self.folder / "kubectl"


class Source(Protocol):
    """Something that can make the programs."""

    @property
    def name(self) -> str:
        """For messages."""

    def make(self, folder: Path, say: Say) -> None:
        """Put the three programs into an empty folder.

        Raises:
            SourceUnavailableError: this source does not work here.
            DiskFullError: there is not enough room.
        """


def cache_root(environ: Mapping[str, str]) -> Path:
    """The folder of this project below the user's cache folder (XDG, on every system).

    Args:
        environ: the environment variables.
    """
    base = environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return root / "exchange-kernel" / "control-plane"


def describe(folder: Path, platform: str, source: str) -> bytes:
    """The manifest: what the folder holds, with checksums.

    Args:
        folder: holds the three programs.
        platform: for which they are.
        source: where they came from.
    """
    files = {}
    for name in BINARIES:
        with (folder / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        files[name] = {"sha256": digest, "size": (folder / name).stat().st_size}
    content = {"version": KUBERNETES_VERSION, "platform": platform, "source": source, "files": files}
    return json.dumps(content, indent=2).encode()


def complete(folder: Path, platform: str) -> bool:
    """Whether a folder holds what its manifest says, for this platform.

    The checksums are computed once, when the folder is made; afterwards sizes tell a damaged copy quickly enough.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
        same = manifest["platform"] == platform and manifest["version"] == KUBERNETES_VERSION
        sizes = {name: manifest["files"][name]["size"] for name in BINARIES}
        return same and all(
            (folder / name).stat().st_size == size and os.access(folder / name, os.X_OK) for name, size in sizes.items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def try_out(folder: Path) -> None:
    """Run each program once.

    Raises:
        SourceUnavailableError: one of them does not run on this machine.
    """
    for name, argument in {"etcd": "--version", "kube-apiserver": "--version", "kubectl": "version"}.items():
        program = folder / name
        command = [str(program), argument, *(["--client"] if name == "kubectl" else [])]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - ours
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SourceUnavailableError(f"its {name} does not run here: {error}") from error
        if answer.returncode:
            raise SourceUnavailableError(f"its {name} does not run here: {answer.stderr.strip()[-500:]}")


class Cache:
    """The cached programs of the pinned version.

    Attributes:
        folder: where they are, once they are there.
    """

    def __init__(self, root: Path, platform: str) -> None:
        self._root = root
        self._platform = platform
        self.folder = root / KUBERNETES_VERSION

    def find(self) -> Binaries | None:
        """The programs, if they are there and whole."""
        return Binaries(self.folder) if complete(self.folder, self._platform) else None

    def fill(self, sources: Sequence[Source], say: Say) -> Binaries:
        """Make the programs with the first source that works.

        Args:
            sources: tried in this order.
            say: told about the progress.

        Raises:
            NoBinariesError: none of them works.
            DiskFullError: there is not enough room.
        """
        with explaining_full_disk(self._root):
            try:
                self._root.mkdir(parents=True, exist_ok=True)
            except _UNWRITABLE as error:
                raise _unwritable(self._root, error) from error
            with self._locked(say):
                # Another process may have done the work while this one waited for the lock.
                if found := self.find():
                    return found
                self._sweep(say)
                return self._fill(sources, say)

    def _fill(self, sources: Sequence[Source], say: Say) -> Binaries:
        reasons = []
        for source in sources:
            aside = Path(tempfile.mkdtemp(dir=self._root, prefix=ASIDE))
            try:
                source.make(aside, say)
                try_out(aside)
                self._install(aside, source.name)
            except SourceUnavailableError as error:
                reasons.append(f"- {source.name}: {error}")
                say(f"The {source.name} does not work here: {error}")
            else:
                say(f"The programs of the control plane are in {self.folder}")
                return Binaries(self.folder)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        raise NoBinariesError(
            "There are no programs for the control plane:\n" + "\n".join(reasons) + "\n"
            "Help one of these sources to work, or put etcd, kube-apiserver and kubectl into a folder yourself and "
            "name it in KUBEBUILDER_ASSETS."
        )

    def _install(self, aside: Path, source: str) -> None:
        write_whole(aside / _MANIFEST, describe(aside, self._platform, source), mode=0o644)
        aside.chmod(0o755)
        if self.folder.exists():
            self.folder.rename(Path(tempfile.mkdtemp(dir=self._root, prefix=ASIDE)) / "old")
        aside.rename(self.folder)
        self._remove_aside()

    def _sweep(self, say: Say) -> None:
        if self.folder.exists():
            say(f"The programs in {self.folder} are damaged or for another machine; they will be replaced")
        self._remove_aside()

    def _remove_aside(self) -> None:
        for left in self._root.glob(f"{ASIDE}*"):
            shutil.rmtree(left, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self, say: Say) -> Iterator[None]:
        lock = FileLock(self._root / "lock")
        began = time.monotonic()
        timeout = 0.0
        while True:
            try:
                lock.acquire(timeout=timeout)
                break
            except Timeout as error:
                waited = time.monotonic() - began
                if waited > _LOCK_SECONDS:
                    raise LocalClusterError(
                        f"Another process has held {lock.lock_file} for an hour; end it."
                    ) from error
                say(f"Another process is getting the programs; waiting for it ({duration(waited)} so far)")
                timeout = _LOCK_POLL_SECONDS
            except _UNWRITABLE as error:
                raise _unwritable(self._root, error) from error
        try:
            yield
        finally:
            lock.release()


def _unwritable(root: Path, error: OSError) -> LocalClusterError:
    return LocalClusterError(f"{error}. {root} must be writable; XDG_CACHE_HOME can name another place.")
