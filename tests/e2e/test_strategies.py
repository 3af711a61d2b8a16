"""The strategies of `examples/strategies` on the real stack, with the rights of `examples/rbac/strategy.yaml`.

The market is at 60000. Whatever a strategy prints, the venue's own books are the truth.
"""

import base64
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from exchange_kernel.api.enums import GroupType, OrderStateName, OrderType, Side
from exchange_kernel.client.errors import ExchangeError
from exchange_kernel.client.events import BaseEvent
from exchange_kernel.client.kernel import KubernetesExchangeKernel
from exchange_kernel.client.models import StandardOrder, StandardOrderGroup
from exchange_kernel.kube.resources import (
    ACCOUNT_STATES,
    ACCOUNTS,
    ASSETS,
    GROUPS,
    INTENTS,
    MARKETS,
    RECEIPTS,
    SECRETS,
)
from support.proxy import Action, Drop, Request, Response
from support.stack import Stack, client_of, eventually
from support.strategy_process import StrategyProcess

Json = Any
EXAMPLES = Path(__file__).parents[2] / "examples"
Start = Callable[..., StrategyProcess]


def process_of(stack: Stack, kubeconfig: Path, *line: str) -> StrategyProcess:
    name, *rest = line
    arguments = (stack.named("main"), "--namespace", stack.namespace, "--kubeconfig", str(kubeconfig))
    return StrategyProcess(
        stack.folder / f"{stack.prefix}{name}.log",
        stack.folder / "left-the-machine.log",
        (name, *arguments, "--name", stack.named(name), *rest),
    )


@pytest.fixture
def start(shared: Stack) -> Iterator[Start]:
    """Starts strategies, and ends them with the test."""
    made: list[StrategyProcess] = []

    def begin(*line: str, kubeconfig: Path | None = None) -> StrategyProcess:
        made.append(process_of(shared, kubeconfig or shared.plane.kubeconfig, *line))
        made[-1].start()
        return made[-1]

    yield begin
    for process in made:
        process.kill()


DCA = ("dca", "--stop", "54000", "--target", "66000", "--quantity", "0.01", "--every", "0.5", "--rounds", "3")
GRID = ("grid", "--low", "50000", "--high", "54000", "--lines", "3", "--quantity", "0.01")


async def entries(stack: Stack) -> list[Json]:
    """What was bought at the market."""
    return [order for order in (await stack.truth()).orders if order["type"] == "MARKET"]


async def test_dca_buys_each_round_once_and_protects_it(shared: Stack, start: Start) -> None:
    dca = start(*DCA)
    await eventually(dca.ended, what="the end of the strategy")
    assert dca.code == 0, dca.log
    assert len(await entries(shared)) == 3
    for number in (1, 2, 3):
        await shared.until_protected(f"dca-{number}")
        assert f"dca-{number}: Filled, 0.01" in dca.log
    assert "3 of 3 rounds were bought" in dca.log


@pytest.mark.parametrize("moment", ["before the group is stored", "after the group was stored", "while it waits"])
async def test_dca_goes_on_after_a_kill_and_buys_nothing_twice(shared: Stack, start: Start, moment: str) -> None:
    proxy = await shared.api_proxy()
    running: list[StrategyProcess] = []
    killed: list[str] = []

    async def kill(request: Request, response: Response | None = None) -> Action | None:
        del response
        second = shared.named("dca-2")
        stores = request.method == "POST" and request.path.endswith("/ordergroups") and second.encode() in request.body
        waits = "watch" in request.query and request.query.get("fieldSelector") == f"metadata.name={second}"
        if (waits if moment == "while it waits" else stores) and not killed:
            killed.append(request.path)
            running[0].kill()
            return Drop()
        return None

    (proxy.before if moment.startswith("before") else proxy.after)(kill)
    config = proxy.write_kubeconfig(shared.folder / f"{shared.prefix}dca.kubeconfig")
    running.append(start(*DCA, kubeconfig=config))
    await eventually(running[0].ended, what="the kill")
    assert killed, running[0].log

    again = start(*DCA)
    await eventually(again.ended, what="the end of the strategy")
    assert again.code == 0, again.log
    assert "dca-1: bought before" in again.log
    assert len(await entries(shared)) == 3


async def test_dca_says_what_is_wrong_with_its_prices_and_buys_nothing(shared: Stack, start: Start) -> None:
    dca = start("dca", "--stop", "61000", "--target", "66000", "--quantity", "0.01", "--rounds", "1")
    await eventually(dca.ended, what="the end of the strategy")
    assert "not bought" in dca.log
    assert "0 of 1 rounds were bought" in dca.log
    assert "61000" in dca.log
    await shared.no_order()


async def _the_grid_goes_on(stack: Stack, begin: Callable[[], StrategyProcess], name: str) -> StrategyProcess:
    async def resting(*expected: str) -> bool:
        orders = (await stack.truth()).orders
        working = sorted(f"{o['side']} {Decimal(o['price']):.0f}" for o in orders if o["status"] == "NEW")
        return working == sorted(expected)

    grid = begin()
    await eventually(lambda: resting("BUY 50000", "BUY 52000"), what="both lines")
    grid.kill()
    await stack.control.move_price("BTCUSDT", "51500")
    await stack.until_state(f"{name}-1-0", "Filled")
    grid = begin()
    await eventually(lambda: resting("BUY 50000", "SELL 54000"), what="the sale one line higher")
    await stack.control.move_price("BTCUSDT", "54500")
    await eventually(lambda: resting("BUY 50000", "BUY 52000"), what="the next purchase")

    names = Counter(order["clientOrderId"] for order in (await stack.truth()).orders)
    assert (len(names), set(names.values())) == (4, {1})
    return grid


async def test_the_grid_buys_sells_and_buys_again_also_after_a_kill(shared: Stack, start: Start) -> None:
    grid = await _the_grid_goes_on(shared, lambda: start(*GRID), "grid")
    grid.ask_to_stop()
    await eventually(grid.ended, what="the end of the strategy")
    assert grid.code == 0, grid.log
    assert "the orders stay" in grid.log


async def test_the_grid_in_shell_does_the_same_with_kubectl_alone(shared: Stack) -> None:
    made: list[StrategyProcess] = []

    def begin() -> StrategyProcess:
        account = f"{shared.namespace}/{shared.named('main')}"
        line = ("grid.sh", account, shared.namespace, "50000", "54000", "3", "0.01")
        more = {**shared.plane.env(), "NAME": shared.named("shell-grid")}
        log = shared.folder / f"{shared.prefix}shell-grid.log"
        made.append(StrategyProcess(log, shared.folder / "left-the-machine.log", line, more))
        made[-1].start()
        return made[-1]

    try:
        grid = await _the_grid_goes_on(shared, begin, "shell-grid")
        assert "shell-grid-1-1: Sell 0.00999" in grid.log
    finally:
        for process in made:
            process.kill()


@pytest.mark.parametrize(
    "arguments", [(), ("paper", "desk", "1", "2", "3", "0.1"), ("a/b", "desk", "9", "2", "3", "0.1")]
)
async def test_the_grid_in_shell_says_what_to_write(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    grid = StrategyProcess(tmp_path / "log", tmp_path / "left", ("grid.sh", *arguments))
    grid.start()
    await eventually(grid.ended, what="the end")
    assert grid.code == 2
    assert "LOW" in grid.log


@pytest.fixture
def pod_kubeconfig(shared: Stack) -> Path:
    """What a pod has: the token of a ServiceAccount with the rules of `examples/rbac/strategy.yaml`."""
    rules = [
        rule
        for document in yaml.safe_load_all((EXAMPLES / "rbac" / "strategy.yaml").read_text())
        if document["kind"] == "Role"
        for rule in document["rules"]
    ]
    name = f"{shared.prefix}strategy"
    meta = {"name": name, "namespace": shared.namespace}
    rbac = "rbac.authorization.k8s.io"
    objects = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": meta, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": meta,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": shared.namespace}],
        },
    ]
    plane = shared.plane
    for obj in objects:
        plane.run_kubectl("apply", "-f", "-", stdin=yaml.safe_dump(obj))
    token = plane.run_kubectl("create", "token", name, "--namespace", shared.namespace).strip()
    cluster = {
        "server": plane.server,
        "certificate-authority-data": base64.b64encode(plane.ca_path.read_bytes()).decode(),
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "pod",
        "clusters": [{"name": "pod", "cluster": cluster}],
        "users": [{"name": "pod", "user": {"token": token}}],
        "contexts": [{"name": "pod", "context": {"cluster": "pod", "user": "pod", "namespace": shared.namespace}}],
    }
    path = shared.folder / f"{shared.prefix}pod.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


async def test_dca_runs_with_the_rights_of_a_strategy(shared: Stack, start: Start, pod_kubeconfig: Path) -> None:
    dca = start(*DCA, kubeconfig=pod_kubeconfig)
    await eventually(dca.ended, what="the end of the strategy")
    assert dca.code == 0, dca.log
    assert len(await entries(shared)) == 3


async def test_the_rights_of_a_strategy_are_enough_for_every_method(shared: Stack, pod_kubeconfig: Path) -> None:
    await shared.patch_account({"spec": {"markets": {"mode": "Selected", "symbols": ["BTC/USDT"]}}})
    kernel = KubernetesExchangeKernel(
        shared.named("main"), namespace=shared.namespace, kubeconfig=pod_kubeconfig, timeout=30.0
    )
    told: list[BaseEvent] = []
    listening = kernel.subscribe_events(told.append)
    await kernel.start()
    order = StandardOrder(
        symbol_id="BTC/USDT", side=Side.BUY, order_type=OrderType.LIMIT, quantity="0.01", price="50000"
    )
    exits = StandardOrderGroup(
        orders=(order, order.model_copy(update={"price": Decimal(49000)})), mode=GroupType.OCO, quantity="0.01"
    )

    intent_id = await kernel.place_order(order)
    await kernel.modify_order(intent_id, order.model_copy(update={"price": Decimal(51000)}))
    legs = await kernel.place_order_group(exits)
    await kernel.force_reconciliation(intent_id)
    await kernel.force_reconciliation()
    assert (await kernel.get_order_intent(intent_id)).order.price == Decimal(51000)
    assert (await kernel.get_order_state(intent_id)).state is OrderStateName.OPEN
    assert {intent.intent_id for intent in await kernel.get_all_intents()} == {intent_id, *legs}
    assert len(await kernel.get_all_orders()) == 3
    await shared.until_state_of_account()
    assert (await kernel.get_account_state()).ready
    assert {position.asset for position in await kernel.get_positions()} == {"BTC", "ETH"}

    async def published() -> bool:
        return await kernel.list_symbols() == ["BTC/USDT"]

    await eventually(published, what="the market")
    assert (await kernel.get_symbol_metadata("BTC/USDT")).base == "BTC"
    assert (await kernel.get_asset_metadata("BTC")).asset_id == "BTC"
    assert (await kernel.health_check())["api_server"] is True
    assert kernel.get_reconciliation_metrics()["as_of"] is not None
    await kernel.cancel_order(intent_id)
    assert await kernel.cancel_all_orders() == 2
    kernel.unsubscribe_events(listening)
    await kernel.stop()
    assert {event.intent_id for event in told} >= {intent_id, *legs}


async def test_the_rights_of_a_strategy_end_at_its_orders(shared: Stack, pod_kubeconfig: Path) -> None:
    async with client_of(pod_kubeconfig) as api:
        for verb in ("get", "list", "create", "update", "patch", "delete"):
            for resource in (SECRETS, ACCOUNTS, RECEIPTS):
                assert not await api.may(verb, resource, shared.namespace), f"{verb} {resource.plural}"
            for resource in (INTENTS, GROUPS, MARKETS, ACCOUNT_STATES):
                assert not await api.may(verb, resource, shared.journal), f"{verb} {resource.plural} elsewhere"
        for verb in ("create", "update", "patch", "delete"):
            for resource in (MARKETS, ASSETS, ACCOUNT_STATES):
                assert not await api.may(verb, resource, shared.namespace), f"{verb} {resource.plural}"


async def test_a_kernel_without_rights_says_so_at_its_start(shared: Stack, pod_kubeconfig: Path) -> None:
    elsewhere = KubernetesExchangeKernel("main", namespace=shared.journal, kubeconfig=pod_kubeconfig)
    with pytest.raises(ExchangeError) as caught:
        await elsewhere.start()
    assert caught.value.reason == "Forbidden"
    await elsewhere.stop()


async def test_the_pods_of_the_strategies_are_what_the_api_server_takes(shared: Stack) -> None:
    shared.plane.run_kubectl("apply", "-f", str(EXAMPLES / "rbac" / "strategy.yaml"))
    said = await shared.kubectl("apply", "-k", str(EXAMPLES / "strategies"), "--dry-run=server", "-n", "strategy-demo")
    created = [line.split(" ")[0].partition("-")[0] for line in said.splitlines()]
    assert sorted(created) == ["configmap/strategies", "deployment.apps/grid", "job.batch/dca"]
