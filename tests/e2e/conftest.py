"""One control plane for all, and two kinds of stack: one per test, and one per worker for tests that break nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from local_cluster.cluster import LocalCluster
from local_cluster.control_plane import ControlPlane
from paper_exchange.config import DEFAULT_PRICES, Config
from support.dialects import BINANCE, Dialect
from support.stack import Stack

CRDS = Path(__file__).parents[2] / "crds"
SESSION_LOOP = pytest.mark.asyncio(loop_scope="session")
# Longer than any single wait (`support.stack`), so that the wait says what did not come.
TIMEOUT = pytest.mark.timeout(300)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All end-to-end tests run in one loop, in which the shared stack's venue lives; those that wait begin first."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items:
        if Path(__file__).parent in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(SESSION_LOOP, append=False)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(TIMEOUT)


def install_kinds(plane: ControlPlane) -> None:
    """Install our kinds, and wait until they can be used."""
    plane.run_kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CRDS))
    plane.run_kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", str(CRDS))


@pytest.fixture(scope="session")
def kinds(control_plane: ControlPlane) -> ControlPlane:
    """The shared control plane, with our kinds installed."""
    install_kinds(control_plane)
    return control_plane


@pytest.fixture
def venue_config() -> Config:
    """The venue of `stack`; a module may have its own."""
    return Config(accounts=())


@pytest.fixture
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """The venue's dialect: Binance's, unless the test is marked `on_both_venues`."""
    chosen: Dialect = getattr(request, "param", BINANCE)
    return chosen


@pytest_asyncio.fixture(loop_scope="session")
async def stack(kinds: ControlPlane, tmp_path: Path, venue_config: Config, dialect: Dialect) -> AsyncIterator[Stack]:
    """A stack of this test's own, without an operator yet."""
    async with Stack(kinds, tmp_path, venue_config, dialect) as made:
        yield made
        for operator in made.operators:
            assert "Traceback" not in operator.log, operator.log[-6000:]
            assert "does not come to rest" not in operator.log, operator.log[-6000:]


@pytest_asyncio.fixture(loop_scope="session")
async def alone(own_control_plane: LocalCluster, tmp_path: Path) -> AsyncIterator[Stack]:
    """A stack on a control plane of its own: an operator that watches all namespaces would take others' accounts."""
    install_kinds(own_control_plane)
    async with Stack(own_control_plane, tmp_path) as made:
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _worker_stack(kinds: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack(kinds, tmp_path_factory.mktemp("shared-stack")) as made:
        await made.start_operator()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def shared(_worker_stack: Stack, dialect: Dialect) -> AsyncIterator[Stack]:
    """A running stack that the tests of a worker share: for tests that leave operator and venue as they found them.

    Each test has names of its own (`Stack.named`) and an account `main` that nobody else uses.
    """
    view = _worker_stack.view(dialect)
    await view.open_account()
    await view.account_ready()
    before = len(view.operators[0].log)
    yield view
    await view.control.clear_faults()
    for symbol, price in DEFAULT_PRICES.items():
        await view.control.move_price(symbol, price)
    await view.clear()
    log = view.operators[0].log[before:]
    assert "Traceback" not in log, log[-6000:]
    assert "does not come to rest" not in log, log[-6000:]
