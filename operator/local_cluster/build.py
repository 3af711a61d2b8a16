"""The programs built from source, through Go's module system.

The folders under `modules/` pin every module by version and checksum (go.mod, go.sum). Go's caches, which grow to
gigabytes, are made in a folder aside and removed afterwards; modules that the user's own Go has downloaded already are
read from there. GOPROXY, GOFLAGS and the like are respected.
"""

import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_cluster.cache import ASIDE
from local_cluster.errors import DiskFullError, SourceUnavailableError
from local_cluster.files import tail
from local_cluster.pins import KUBERNETES_VERSION
from local_cluster.progress import Say, Step, run_long
from local_cluster.toolchain import Go, find_go

MODULES: Final = Path(__file__).parent / "modules"
NEEDED_BYTES: Final = 5 * 10**9
"""Measured: 1.0 GB of modules, 2.6 GB of build cache, 0.2 GB of programs, and the linker's temporary files."""


@dataclass(frozen=True)
class Target:
    """One program.

    Attributes:
        name: of the file.
        module: folder below `modules/`.
        package: the Go package.
        duration: how long it takes, for the user.
    """

    name: str
    module: str
    package: str
    duration: str


TARGETS: Final = (
    Target("etcd", "etcd", "go.etcd.io/etcd/server/v3", "about 1 min"),
    Target("kube-apiserver", "kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver", "about 4 min"),
    Target("kubectl", "kubernetes", "k8s.io/kubernetes/cmd/kubectl", "about 30 s"),
)


def linker_flags(version: str) -> str:
    """The flags that drop the symbols and stamp the version, as Kubernetes' own build does.

    Args:
        version: for example `v1.36.2`.
    """
    major, minor, _ = version.removeprefix("v").split(".")
    stamps = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(
        ["-s", "-w", *(f"-X {package}.{key}={text}" for package in packages for key, text in stamps.items())]
    )


def configuration(environ: Mapping[str, str], aside: Path, system: str) -> dict[str, str]:
    """The variables that let Go read the user's settings and write its counters (telemetry) elsewhere.

    Args:
        environ: the environment variables.
        aside: takes everything that Go would leave behind.
        system: as `platform.system()` says it; only where it follows XDG can the two be told apart.
    """
    if system != "Linux":
        return {}
    own = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return {"GOENV": environ.get("GOENV") or f"{own}/go/env", "XDG_CONFIG_HOME": str(aside / "configuration")}


def go_environment(go: Go, aside: Path) -> dict[str, str]:
    """The environment of the build.

    Args:
        go: the Go command, for its settings.
        aside: takes everything that Go would leave behind.
    """
    modules, proxy, flags = go.env("GOMODCACHE", "GOPROXY", "GOFLAGS")
    downloaded = Path(modules) / "cache" / "download"
    if modules and downloaded.is_dir():
        proxy = f"{downloaded.as_uri()},{proxy}"
    folders = {"GOCACHE": aside / "build", "GOMODCACHE": aside / "modules", "GOTMPDIR": aside / "temporary"}
    for folder in folders.values():
        folder.mkdir()
    # The programs are for this machine, whatever the user builds otherwise, and belong to no workspace.
    kept = {key: value for key, value in go.environ.items() if key not in {"GOOS", "GOARCH"}}
    return {
        "CGO_ENABLED": "0",
        **kept,
        **{key: str(folder) for key, folder in folders.items()},
        "GOWORK": "off",
        "GOPROXY": proxy,
        # Without it the modules are read-only and cannot simply be deleted.
        "GOFLAGS": f"{flags} -modcacherw".strip(),
    }


@dataclass(frozen=True)
class BuildFromSource:
    """A source of binaries: Go builds them.

    Attributes:
        environ: the environment variables.
        root: where the work is done; on the same disk as the result.
        name: for messages.
        targets: what is built.
        run: runs one step; see `run_long`.
        free_bytes: how much room a disk has.
    """

    environ: Mapping[str, str]
    root: Path
    name: str = "build from source"
    targets: tuple[Target, ...] = TARGETS
    run: Callable[[Step, Say], int] = run_long
    free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free

    @property
    def log(self) -> Path:
        """What Go and pip said."""
        return self.root / "build.log"

    def make(self, folder: Path, say: Say) -> None:
        """Build the programs; see `Source.make`."""
        free = self.free_bytes(self.root)
        say(
            f"Building the control plane from source, once: this takes 5 to 10 minutes on 2 cores and needs "
            f"{NEEDED_BYTES / 1e9:.0f} GB on the disk meanwhile, 0.2 GB afterwards ({free / 1e9:.1f} GB are free)"
        )
        if free < NEEDED_BYTES:
            raise DiskFullError(
                f"Building the control plane needs {NEEDED_BYTES / 1e9:.0f} GB below {self.root} for a while, and "
                f"{free / 1e9:.1f} GB are free. Free some space, or name a cache folder on a larger disk in "
                "XDG_CACHE_HOME."
            )
        self.log.write_bytes(b"")
        aside = Path(tempfile.mkdtemp(dir=self.root, prefix=ASIDE))
        try:
            settings = configuration(self.environ, aside, platform.system())
            go = find_go({**self.environ, **settings}, self.root.parent, self.log, say)
            environ = go_environment(go, aside)
            for target in self.targets:
                self._build(go, target, folder / target.name, environ, say)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _build(self, go: Go, target: Target, output: Path, environ: Mapping[str, str], say: Say) -> None:
        command = [str(go.command), "build", "-trimpath", "-o", str(output)]
        command += ["-ldflags", linker_flags(KUBERNETES_VERSION), target.package]
        what = f"Building {target.name} ({target.duration})"
        step = Step(what, command, self.log, cwd=MODULES / target.module, env=environ)
        if self.run(step, say) == 0:
            return
        said = tail(self.log)
        if os.strerror(28).lower() in said.lower():
            raise DiskFullError(
                f"The disk of {self.root} was full while {target.name} was built. Free some space there."
            )
        raise SourceUnavailableError(
            f"Go could not build {target.name}. If it could not reach its modules, set GOPROXY to a proxy that it can "
            f"reach. The log is {self.log}; its last lines are:\n{said}"
        )
