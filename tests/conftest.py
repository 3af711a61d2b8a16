"""For all tests: the control plane's fixtures, and a guard against leaving the machine."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import yaml

from support.loopback_only.loopback_guard import ALSO_VARIABLE, Guard

pytest_plugins = ["local_cluster.pytest_plugin"]
# The plugin's name for it. (Importing the plugin here would keep pytest from rewriting its assertions.)
KUBECONFIG_VARIABLE = "EXCHANGE_KERNEL_TEST_KUBECONFIG"


def _cluster_of_somebody() -> frozenset[str]:
    """The API server that the user has chosen for the tests, if any."""
    chosen = os.environ.get(KUBECONFIG_VARIABLE)
    if not chosen:
        return frozenset()
    with open(chosen, encoding="utf-8") as file:  # noqa: PTH123 - one line, read once
        clusters = yaml.safe_load(file)["clusters"]
    return frozenset(str(urlsplit(entry["cluster"]["server"]).hostname) for entry in clusters)


_ALSO = _cluster_of_somebody()
# Children that a test starts with a guarded environment inherit the permission.
os.environ[ALSO_VARIABLE] = ",".join(sorted(_ALSO))
_GUARD = Guard(also=_ALSO)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """From here on nothing leaves the machine; the programs of the control plane have been fetched by now."""
    if not session.config.option.collectonly:
        _GUARD.install()


@pytest.fixture
def loopback_guard() -> Guard:
    """The guard of this process."""
    return _GUARD


@pytest.fixture(autouse=True)
def stays_on_this_machine() -> Iterator[None]:
    """Fail the test during which this process tried to reach something else, whatever became of the attempt."""
    before = len(_GUARD.attempts)
    yield
    assert _GUARD.attempts[before:] == []
