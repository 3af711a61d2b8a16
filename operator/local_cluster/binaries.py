"""The programs etcd, kube-apiserver and kubectl: where they come from.

Four sources, in this order: the folder that KUBEBUILDER_ASSETS names, our own cache, the archive that the Kubernetes
project publishes for tests, and a build from source. The last two fill the cache.
"""

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from local_cluster.build import BuildFromSource
from local_cluster.cache import Binaries, Cache, Source, cache_root
from local_cluster.download import Download
from local_cluster.errors import NoBinariesError
from local_cluster.pins import BINARIES, platform_key
from local_cluster.progress import Say

__all__ = ["Binaries", "provide"]


def _from_assets(folder: Path) -> Binaries:
    missing = [name for name in BINARIES if not (folder / name).is_file()]
    if missing:
        raise NoBinariesError(
            f"KUBEBUILDER_ASSETS names {folder}, where {' and '.join(missing)} cannot be found. "
            "Correct the variable, or unset it to let local_cluster get the programs itself."
        )
    return Binaries(folder)


def default_sources(environ: Mapping[str, str], root: Path) -> list[Source]:
    """The sources that fill the cache, the fastest first."""
    key = platform_key(platform.system(), platform.machine())
    return [Download.for_platform(environ, key), BuildFromSource(environ, root)]


def provide(environ: Mapping[str, str], say: Say, sources: Sequence[Source] | None = None) -> Binaries:
    """Find the programs, and get them first if need be.

    Args:
        environ: the environment variables.
        say: told about the steps that take long.
        sources: what fills the cache; by default the download, then the build.

    Raises:
        NoBinariesError: no source works; the message says for each one why.
        DiskFullError: there is not enough room.
    """
    if assets := environ.get("KUBEBUILDER_ASSETS"):
        return _from_assets(Path(assets).absolute())
    root = cache_root(environ)
    cache = Cache(root, platform_key(platform.system(), platform.machine()))
    if found := cache.find():
        return found
    return cache.fill(default_sources(environ, root) if sources is None else sources, say)
