"""The API server away, the venue away, both: nothing is lost, nothing is placed twice, nobody restarts anything."""

import asyncio
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from local_cluster.cluster import LocalCluster
from paper_exchange.config import Config
from support.dialects import on_both_venues
from support.proxy import Proxy, Request, Response, Switch
from support.stack import Stack, condition

Json = Any
PATIENT = {"placement": {"startingDeadlineSeconds": 900}}
RECOVERY = 75.0  # the longest back-off is 30 s, and a sweep comes every minute


class CutOff(NamedTuple):
    stack: Stack
    api: Switch
    venue: Switch
    venue_proxy: Proxy


async def _settled(stack: Stack, count: int) -> None:
    orders = (await stack.truth()).orders
    assert len(orders) == count, orders
    assert len({order["clientOrderId"] for order in orders}) == count


@pytest.mark.slow
@pytest.mark.timeout(240)
@on_both_venues
async def test_the_venue_is_away_for_a_minute(stack: Stack) -> None:
    operator = await stack.start_operator(poll_interval=2)
    await stack.open_account()
    await stack.account_ready()
    for name in ("stays", "goes", "fills"):
        await stack.order(name, price="59000" if name == "fills" else "20000", **PATIENT)
        await stack.until_state(name, "Open")
    away = asyncio.create_task(stack.control.restart(down_ms=60_000))
    await asyncio.sleep(1)
    await stack.order("new", **PATIENT)
    await stack.delete("goes")
    obj = await stack.until_condition("stays", "Synced", "Unknown", "VenueUnreachable", seconds=50)
    assert obj["status"]["state"] == "Open", "contact lost later keeps the last state"
    account = await stack.until_account("main", "Ready", "False", "VenueUnreachable")
    assert condition(account, "Connected")[0] == "False"
    assert (await operator.ask("/healthz"))[0] == 200
    await away
    await stack.control.move_price("BTCUSDT", "58000")
    await stack.until_state("new", "Open", seconds=RECOVERY)
    await stack.until_gone("goes", seconds=RECOVERY)
    await stack.until_state("fills", "Filled", seconds=RECOVERY)
    await stack.until_condition("stays", "Synced", "True", seconds=RECOVERY)
    await _settled(stack, 4)


@pytest_asyncio.fixture(loop_scope="session")
async def cut_off(stack: Stack) -> CutOff:
    """A stack whose operator sees both its sides through switches."""
    api, venue = await stack.api_proxy(), await stack.venue_proxy()
    config = api.write_kubeconfig(stack.folder / "proxied.kubeconfig")
    await stack.start_operator(kubeconfig=config, allowed_endpoints=venue.url, poll_interval=2)
    await stack.open_account(endpoint=venue.url)
    await stack.account_ready()
    return CutOff(stack, Switch(api), Switch(venue), venue)


@pytest.mark.slow
@pytest.mark.timeout(240)
@on_both_venues
async def test_both_are_away_and_come_back_one_after_the_other(cut_off: CutOff) -> None:
    stack, api, venue, _ = cut_off
    for name in ("stays", "goes"):
        await stack.order(name, **PATIENT)
        await stack.until_state(name, "Open")
    api.off = venue.off = True
    await stack.order("new", **PATIENT)
    await stack.delete("goes")
    await asyncio.sleep(20)
    await _settled(stack, 2)
    api.off = False
    await asyncio.sleep(5)
    venue.off = False
    await stack.until_state("new", "Open", seconds=RECOVERY)
    await stack.until_gone("goes", seconds=RECOVERY)
    await stack.until_condition("stays", "Synced", "True", seconds=RECOVERY)
    assert (await stack.intent("stays"))["status"]["state"] == "Open"
    await _settled(stack, 3)


@pytest.mark.slow
@pytest.mark.timeout(240)
@on_both_venues
async def test_the_api_server_goes_away_between_the_request_and_its_record(cut_off: CutOff) -> None:
    """The venue has taken the order and nothing can be written: the outcome is kept in memory and recorded later."""
    stack, api, _, venue_proxy = cut_off
    taken = asyncio.Event()

    async def cut(request: Request, _: Response) -> None:
        if (request.method, request.path) == stack.dialect.create:
            api.off = True
            taken.set()

    venue_proxy.after(cut)
    await stack.order("buy", **PATIENT)
    await asyncio.wait_for(taken.wait(), 20)
    await asyncio.sleep(10)
    api.off = False
    await stack.until_state("buy", "Open", seconds=RECOVERY)
    await stack.exactly_one_order()
    (receipt,) = await stack.receipts()
    assert [entry["outcome"] for entry in receipt["placements"]] == ["Placed"]


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_api_server_is_away_for_a_minute(own_control_plane: LocalCluster, tmp_path: Path) -> None:
    """A real one, stopped and started; the operator watches all namespaces, and the account is in another one."""
    crds = Path(__file__).parents[2] / "crds"
    await asyncio.to_thread(own_control_plane.run_kubectl, "apply", "--server-side", "-f", str(crds))
    wait = ("wait", "--for=condition=Established", "--timeout=60s", "-f", str(crds))
    await asyncio.to_thread(own_control_plane.run_kubectl, *wait)
    async with Stack(own_control_plane, tmp_path, Config(accounts=())) as stack:
        operator = await stack.start_operator(watch_namespace="", poll_interval=2)
        strategy = await stack.new_namespace(f"{stack.namespace}-strategy")
        await stack.open_account(allowedNamespaces={"from": "Names", "names": [strategy]})
        await stack.account_ready()
        accounts, stack.namespace = stack.namespace, strategy
        where = {"accountRef": {"namespace": accounts, "name": "main"}, **PATIENT}
        await stack.order("stays", **where)
        await stack.order("fills", price="59000", **where)
        for name in ("stays", "fills"):
            await stack.until_state(name, "Open")
        await asyncio.to_thread(own_control_plane.stop_api_server)
        started = time.monotonic()
        await stack.control.move_price("BTCUSDT", "58000")
        await asyncio.sleep(60)
        assert (await operator.ask("/healthz"))[0] == 200
        assert len((await stack.truth()).orders) == 2
        await asyncio.to_thread(own_control_plane.start_api_server)
        assert time.monotonic() - started >= 60
        await stack.order("new", **where)
        await stack.until_state("fills", "Filled", seconds=RECOVERY)
        await stack.until_state("new", "Open", seconds=RECOVERY)
        await stack.delete("stays")
        await stack.until_gone("stays", seconds=RECOVERY)
        assert operator.alive
        await _settled(stack, 3)
        stack.namespace = accounts
