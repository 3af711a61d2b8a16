"""The chain that is measured: API server, venue, CRDs, accounts, and one operator after the other."""

import asyncio
import contextlib
import itertools
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from bench.client import ApiServer, Side, api_server
from bench.processes import TESTS, Child
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.identity import identity_of
from exchange_kernel.kube.resources import ACCOUNTS, RECEIPTS, SECRETS, Resource
from local_cluster.cluster import LocalCluster
from paper_exchange.control_client import ControlClient
from support import manifests

Json = Any
NAMESPACES = Resource("", "v1", "namespaces", "Namespace")
JOURNAL = "bench-journal"
ACCOUNT = "main"
# A venue takes 200 working orders per symbol: many orders need many symbols.
BASES = tuple(f"S{number:02}" for number in range(60))
FUNDS = {"USDT": "100000000", "BTC": "5000"}
START_SECONDS = 60.0
_CALLS = re.compile(r"^exchange_kernel_api_calls_total\{(?P<labels>[^}]*)\} (?P<count>\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_KINDS = {"orderintents": "orders", "orderreceipts": "orders", "events": "events"}
_WRITES = frozenset({"create", "replace", "patch", "delete"})


@dataclass(frozen=True)
class Desk:
    """A namespace with an account at the venue and its key."""

    namespace: str
    key: str
    secret: str

    def side(self, api: ApiServer, *wanted: str) -> Side:
        return Side(api, self.namespace, ACCOUNT, wanted or ("Filled",))


@dataclass(frozen=True)
class Writes:
    """Writes to the API server: those of orders (OrderIntents and OrderReceipts), those of accounts, and Events.

    The state of an account is written every two seconds at most, however many orders it has; Events are a courtesy,
    written at a modest pace.
    """

    orders: int
    accounts: int
    events: int

    @property
    def total(self) -> int:
        return self.orders + self.accounts + self.events

    def since(self, before: "Writes") -> "Writes":
        return Writes(self.orders - before.orders, self.accounts - before.accounts, self.events - before.events)


class Operator:
    """The operator as it is shipped, watching one namespace."""

    def __init__(self, child: Child, probes: str) -> None:
        self.child, self._probes = child, probes

    @property
    def pid(self) -> int:
        return self.child.pid

    async def metrics(self) -> str:
        async with aiohttp.ClientSession() as session, session.get(self._probes + "/metrics") as answer:
            return await answer.text()

    async def writes(self) -> Writes:
        text = await self.metrics()
        counts = {"orders": 0, "accounts": 0, "events": 0}
        for found in _CALLS.finditer(text):
            labels = dict(_LABEL.findall(found["labels"]))
            # The heartbeat of a Lease says nothing about orders or accounts.
            if labels["verb"] in _WRITES and labels["resource"] != "leases":
                counts[_KINDS.get(labels["resource"], "accounts")] += int(float(found["count"]))
        return Writes(**counts)


@dataclass
class Stack:
    """See the module."""

    folder: Path
    cluster: LocalCluster
    api: ApiServer
    venue: Json
    venue_pid: int
    control: ControlClient
    operator_module: str = "exchange_kernel"
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def api_server_pid(self) -> int:
        process = self.cluster.state.api_server
        assert process is not None
        return process.pid

    async def desk(self) -> Desk:
        """A new namespace with an account of its own. The market makers quote anew, so that its orders are filled."""
        await self.control.step("BTCUSDT")
        name = f"bench-{next(self._numbers)}"
        key = (await self.control.create_account(name, FUNDS))[0]
        await self.api.create(NAMESPACES, "", {"metadata": {"name": name}})
        await self.api.create(SECRETS, name, manifests.secret(name, ACCOUNT, key.key, key.secret))
        await self.api.create(ACCOUNTS, name, manifests.account(name, ACCOUNT, self.venue["url"], ACCOUNT))
        return Desk(name, key.key, key.secret)

    @contextlib.asynccontextmanager
    async def operator(self, desk: Desk, *flags: object) -> AsyncIterator[Operator]:
        """Run the operator for one desk; ready when the account is."""
        await self.control.pardon("127.0.0.1")
        ready = self.folder / f"operator-{next(self._numbers)}.json"
        child = Child(
            self.operator_module, "run",
            "--kubeconfig", self.cluster.kubeconfig, "--namespace", JOURNAL, "--watch-namespace", desk.namespace,
            "--allowed-endpoints", self.venue["url"], "--probe-host", "127.0.0.1", "--probe-port", 0,
            "--ready-file", ready, *flags,
            log=self.folder / "operator.log",
        )  # fmt: skip
        try:
            told = await _appears(ready, child)
            await self._account_ready(desk, child)
            yield Operator(child, f"http://127.0.0.1:{told['probePort']}")
        finally:
            child.stop()

    async def _account_ready(self, desk: Desk, child: Child) -> None:
        path = ACCOUNTS.path(desk.namespace, ACCOUNT)
        for _ in range(int(START_SECONDS / 0.05)):
            child.check()
            conditions = (await self.api.send("GET", path)).get("status", {}).get("conditions", ())
            if any((each["type"], each["status"]) == ("Ready", "True") for each in conditions):
                return
            await asyncio.sleep(0.05)
        raise TimeoutError("the account is not Ready")

    @contextlib.asynccontextmanager
    async def raw(self, desk: Desk, sample: Json, concurrency: int, *, look_up: bool = True) -> AsyncIterator[Child]:
        """Run the raw program for one desk; `sample` is an OrderIntent that the operator has filled."""
        number = next(self._numbers)
        ready, told = self.folder / f"raw-{number}.ready", self.folder / f"raw-{number}.json"
        content = {
            "kubeconfig": str(self.cluster.kubeconfig),
            "namespace": desk.namespace,
            "journal": JOURNAL,
            "venue": self.venue["url"],
            "key": desk.key,
            "secret": desk.secret,
            "concurrency": concurrency,
            "lookUp": look_up,
            "ready": str(ready),
            "status": sample["status"],
            "receipt": await self.receipt_of(sample),
        }
        told.write_bytes(orjson.dumps(content))
        child = Child("bench.raw", told, log=self.folder / "raw.log")
        try:
            await _appears(ready, child)
            yield child
        finally:
            child.stop()

    async def receipt_of(self, intent: Json) -> Json:
        """The receipt of an order, as soon as its outcome is in it."""
        name = identity_of(OrderIntent.from_object(intent)).receipt_name
        for _ in range(200):
            receipt = await self.api.send("GET", RECEIPTS.path(JOURNAL, name))
            if receipt["placements"][0]["outcome"] == "Placed":
                return receipt
            await asyncio.sleep(0.05)
        raise LookupError("the order has no receipt that says Placed")


async def _appears(ready: Path, child: Child) -> Json:
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():  # noqa: ASYNC240 - nothing else runs while a process starts
        child.check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"a process is not ready; its log: {child.log}")
        await asyncio.sleep(0.02)
    return orjson.loads(ready.read_bytes())  # noqa: ASYNC240 - as above


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """A folder that goes with the benchmark, and stays, with its logs, when it fails."""
    folder = Path(tempfile.mkdtemp(prefix="exchange-kernel-bench-"))
    try:
        yield folder
    except BaseException as error:
        error.add_note(f"logs: {folder}")
        raise
    shutil.rmtree(folder)


@contextlib.asynccontextmanager
async def running(operator_module: str = "exchange_kernel") -> AsyncIterator[Stack]:
    """Start everything but the operator, and take it all down in the end."""
    with _scratch() as folder, LocalCluster.start(folder / "control-plane") as cluster:
        cluster.run_kubectl("apply", "--server-side", "-f", str(TESTS.parent / "crds"))
        cluster.run_kubectl("create", "namespace", JOURNAL)
        cluster.run_kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        venue = Child(
            "paper_exchange", "serve", "--ready-file", folder / "venue.json", "--account", "nobody",
            "--symbols", ",".join(["BTCUSDT", "ETHUSDT", *(f"{base}/USDT=100" for base in BASES)]),
            "--weight-per-minute", 0, "--orders-per-10s", 0, "--orders-per-day", 0, "--log-level", "warning",
            log=folder / "venue.log",
        )  # fmt: skip
        try:
            told = await _appears(folder / "venue.json", venue)
            async with (
                ControlClient(told["control_url"], told["token"]) as control,
                api_server(cluster.kubeconfig) as api,
            ):
                yield Stack(folder, cluster, api, told, venue.pid, control, operator_module)
        finally:
            venue.stop()
