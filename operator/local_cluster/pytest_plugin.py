"""Fixtures for tests that need a Kubernetes API server.

Load it in the top `conftest.py`: `pytest_plugins = ["local_cluster.pytest_plugin"]`.

- `control_plane` (session): a control plane that all tests share; tests keep apart by using their own namespaces.
- `own_control_plane` (module): an embedded one for tests that take the API server away.

Where `control_plane` comes from:

- EXCHANGE_KERNEL_TEST_KUBECONFIG names an admin's kubeconfig: that cluster is used, kind or any other.
- EXCHANGE_KERNEL_TEST_CONTROL_PLANE_DIR names a folder: the embedded control plane there is used, started first if it
  does not run, and left running.
- Otherwise an embedded one is started when the first test asks for it, and stopped at the end. With pytest-xdist all
  workers share one.
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from filelock import FileLock

from local_cluster.binaries import provide
from local_cluster.cluster import LocalCluster
from local_cluster.control_plane import ControlPlane
from local_cluster.errors import LocalClusterError
from local_cluster.external import ExternalCluster
from local_cluster.launch import Owner
from local_cluster.options import Options
from local_cluster.progress import Say

KUBECONFIG_VARIABLE: Final = "EXCHANGE_KERNEL_TEST_KUBECONFIG"
DIRECTORY_VARIABLE: Final = "EXCHANGE_KERNEL_TEST_CONTROL_PLANE_DIR"
_WORKER_VARIABLE: Final = "PYTEST_XDIST_WORKER"


def _sayer(config: pytest.Config) -> Say:
    # The first run may build the programs for minutes; captured output would show nothing of it.
    capture = config.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            sys.stderr.write(f"local_cluster: {line}\n")
            sys.stderr.flush()

    return say


def _external(kubeconfig: Path, scratch: Path, say: Say) -> ControlPlane:
    found = shutil.which("kubectl")
    kubectl = Path(found) if found else provide(os.environ, say).kubectl
    return ExternalCluster(kubeconfig, kubectl, scratch)


@contextlib.contextmanager
def shared(folder: Path, worker: str, owner: Owner, say: Say) -> Iterator[LocalCluster]:
    """A control plane that several processes use; the last one that leaves stops it.

    Args:
        folder: known to all of them.
        worker: the name of this one.
        owner: the process whose end ends the control plane, should the last one not come to it.
        say: told about long steps.
    """
    folder.mkdir(parents=True, exist_ok=True)
    users, lock = folder / "workers", FileLock(folder / "workers.lock")
    with lock:
        cluster = LocalCluster.up(folder / "control-plane", options=Options(owner=owner), say=say)
        users.mkdir(exist_ok=True)
        (users / worker).touch()
    try:
        yield cluster
    finally:
        with lock:
            (users / worker).unlink(missing_ok=True)
            if not any(users.iterdir()):
                cluster.stop()


@contextlib.contextmanager
def choose(environ: Mapping[str, str], temporary: pytest.TempPathFactory, say: Say) -> Iterator[ControlPlane]:
    """The control plane that the environment asks for.

    Args:
        environ: the environment variables.
        temporary: makes folders.
        say: told about long steps.
    """
    if kubeconfig := environ.get(KUBECONFIG_VARIABLE):
        yield _external(Path(kubeconfig).absolute(), temporary.mktemp("external-cluster"), say)
    elif directory := environ.get(DIRECTORY_VARIABLE):
        yield LocalCluster.up(Path(directory), say=say)
    elif worker := environ.get(_WORKER_VARIABLE):
        # Workers are children of the process that the user started; they end earlier, one after the other.
        with shared(temporary.getbasetemp().parent / "shared", worker, Owner(os.getppid()), say) as cluster:
            yield cluster
    else:
        with LocalCluster.start(temporary.mktemp("control-plane"), say=say) as cluster:
            yield cluster


def needs_programs(fixtures: Collection[str], environ: Mapping[str, str]) -> bool:
    """Whether tests with these fixtures start an embedded control plane.

    Args:
        fixtures: the names of all fixtures that are used.
        environ: the environment variables.
    """
    return "own_control_plane" in fixtures or ("control_plane" in fixtures and not environ.get(KUBECONFIG_VARIABLE))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Get the programs before the first test: a build takes longer than any test may."""
    fixtures = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    if needs_programs(fixtures, os.environ) and not session.config.option.collectonly:
        # The fixture raises the same error again, where it can be read.
        with contextlib.suppress(LocalClusterError):
            provide(os.environ, _sayer(session.config))


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane that all tests share."""
    with choose(os.environ, tmp_path_factory, _sayer(request.config)) as plane:
        yield plane


@pytest.fixture(scope="module")
def own_control_plane(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalCluster]:
    """An embedded control plane of this module's own, whose API server may be stopped and suspended."""
    with LocalCluster.start(tmp_path_factory.mktemp("own-control-plane"), say=_sayer(request.config)) as cluster:
        yield cluster
