"""The stage of a campaign: a control plane of its own, a venue, two operators that are both active, and what befalls
them.

Operators reach the API server through proxies, so that single answers can be lost. Process faults of one kind do not
overlap (a process that is down is not killed again); everything else may.
"""

import asyncio
import contextlib
import shutil
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import aiohttp

from chaos import breakage as b
from chaos.dialects import Dialect
from chaos.places import Doorway, VenueProcess, patiently
from chaos.plan import Drift
from exchange_kernel.api.meta import ANNOTATION_CONFIRM
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.identity import Identity, identity_of
from exchange_kernel.kube.connection import ConnectionSettings, connect
from exchange_kernel.kube.errors import AlreadyExists, KubeError, NotFound
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.resources import ACCOUNTS, GROUPS, INTENTS, RECEIPTS, SECRETS, Resource
from local_cluster.cluster import LocalCluster
from paper_exchange.control_client import ControlClient, ControlRefusedError
from support import manifests
from support.operator_process import OperatorProcess
from support.proxy import Action, Drop, Proxy, Request, Response
from support.stack import client_of

Json = Any
NAMESPACE, JOURNAL = "chaos", "chaos-journal"
CRDS = Path(__file__).parents[2] / "crds"
_NAMESPACES = Resource("", "v1", "namespaces", "Namespace")
OPERATORS = 2


class Scene:
    """See the module. An async context manager.

    Args:
        folder: Where all files go.
        dialects: The venue dialect of each account.
        lease: Seconds that an operator's lease of an account lasts; 0: none, so that both act at once.
    """

    def __init__(self, folder: Path, dialects: tuple[Dialect, ...], lease: float) -> None:
        self.folder, self.dialects, self._lease = folder, dialects, lease
        self.happened: Counter[str] = Counter()
        self.confirmed = 0
        self._exits = AsyncExitStack()
        self._guard_log = folder / "left-the-machine.log"
        self._losing: list[b.ApiAnswer] = []
        self._addresses: dict[int, str] = {}
        self._locks = {name: asyncio.Lock() for name in ("venue", "api", "operator 0", "operator 1")}
        self._operators: list[OperatorProcess] = []

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.cluster = await asyncio.to_thread(LocalCluster.start, self.folder / "control-plane")
        self._exits.push_async_callback(asyncio.to_thread, self.cluster.stop)
        await asyncio.to_thread(self.cluster.run_kubectl, "apply", "--server-side", "-f", str(CRDS))
        await asyncio.to_thread(
            self.cluster.run_kubectl, "wait", "--for=condition=Established", "--timeout=60s", "-f", str(CRDS)
        )
        self.api = await self._exits.enter_async_context(client_of(self.cluster.kubeconfig))
        venue_folder = self.folder / "venue"
        shutil.rmtree(venue_folder, ignore_errors=True)
        venue_folder.mkdir()
        self.venue = VenueProcess(venue_folder, self.account_names, self._guard_log)
        await self.venue.start()
        self._exits.callback(self.venue.kill)
        await self._open_doorways()
        await self._write_accounts()
        for number in range(OPERATORS):
            self._operators.append(await self._operator(number))
        await asyncio.gather(*(operator.start() for operator in self._operators))
        await self._until_ready()
        return self

    async def __aexit__(self, *_: object) -> None:
        for operator in self._operators:
            operator.kill()
        await self._exits.aclose()
        assert not self._guard_log.exists(), f"a process tried to leave the machine: {self._guard_log.read_text()}"

    @property
    def account_names(self) -> list[str]:
        return [f"a{number}" for number in range(len(self.dialects))]

    async def _write_accounts(self) -> None:
        for name in (NAMESPACE, JOURNAL):
            await self.api.create(_NAMESPACES, None, {"metadata": {"name": name}})
        for number, name in enumerate(self.account_names):
            key, secret = self.dialects[number].credentials(name)
            await self.api.create(SECRETS, NAMESPACE, manifests.secret(NAMESPACE, name, key, secret))
            dialect = self.dialects[number]
            spec = {"exchange": dialect.exchange, "rateLimitFactor": dialect.tier}
            body = manifests.account(NAMESPACE, name, self.endpoint(number), name, **spec)
            await self.api.create(ACCOUNTS, NAMESPACE, body)

    def endpoint(self, number: int) -> str:
        """The venue's address for one account."""
        return self.dialects[number].endpoint(self._addresses.get(number, self.venue.url))

    async def _open_doorways(self) -> None:
        """Where the venue counts by address, each account has one of its own."""
        for number, dialect in enumerate(self.dialects):
            if dialect.counts_by_address:
                doorway = Doorway(self.venue)
                self._addresses[number] = await doorway.open()
                self._exits.callback(doorway.close)

    async def _operator(self, number: int) -> OperatorProcess:
        tls = connect(ConnectionSettings(self.cluster.kubeconfig), {}).ssl_context()
        proxy = await self._exits.enter_async_context(Proxy(self.cluster.server, tls))
        proxy.before(self._lose_request)
        proxy.after(self._lose_answer)
        folder = self.folder / f"operator-{number}"
        folder.mkdir(exist_ok=True)
        flags: dict[str, object] = {
            "kubeconfig": proxy.write_kubeconfig(folder / "kubeconfig"),
            "namespace": JOURNAL,
            "watch_namespace": NAMESPACE,
            "allowed_endpoints": ",".join(sorted({self.endpoint(n) for n in range(len(self.dialects))})),
            "poll_interval": 2.0,
            "send_window": 2.0,
            # Both act on everything at once: with leases one would stand by, and safety would not be tested.
            "sweep_interval": 15.0,
            "lease_duration": self._lease,
            "log_level": "INFO",
        }
        return OperatorProcess(folder, flags, self._guard_log, clock_offset=0.0)

    async def _until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            accounts = await self.api.list(ACCOUNTS, NAMESPACE)
            waiting = [a["metadata"]["name"] for a in accounts if not _is_ready(a)]
            if not waiting:
                return
            assert time.monotonic() < deadline, f"accounts are not ready: {waiting}"
            await asyncio.sleep(0.2)

    @property
    def logs(self) -> str:
        return "\n".join(operator.log for operator in self._operators)

    # --- users ------------------------------------------------------------------------------------------------------

    def manifest(self, name: str, account: int, spec: Mapping[str, Any]) -> Json:
        body = manifests.intent(NAMESPACE, name, self.account_names[account])
        body["spec"] = {"accountRef": body["spec"]["accountRef"], **spec}
        return body

    def identity(self, name: str, account: int, spec: Mapping[str, Any]) -> Identity:
        body = self.manifest(name, account, spec)
        body["metadata"] |= {"uid": "0", "resourceVersion": "0", "generation": 1}
        return identity_of(read_object(OrderIntent, body))

    async def create(self, name: str, account: int, spec: Mapping[str, Any]) -> None:
        with contextlib.suppress(AlreadyExists):
            await self._as_user(lambda: self.api.create(INTENTS, NAMESPACE, self.manifest(name, account, spec)))

    async def create_group(self, name: str, account: int, spec: Mapping[str, Any]) -> None:
        fields = {key: value for key, value in spec.items() if key != "legs"}
        body = manifests.group(NAMESPACE, name, self.account_names[account], spec["legs"], **fields)
        with contextlib.suppress(AlreadyExists):
            await self._as_user(lambda: self.api.create(GROUPS, NAMESPACE, body))

    async def patch_group(self, name: str, spec: Mapping[str, Any]) -> None:
        """Change fields of a group's spec; nothing where the API server refuses, as it does for one that has ended."""
        with contextlib.suppress(KubeError):
            await self._as_user(lambda: self.api.merge_patch(GROUPS, NAMESPACE, name, {"spec": dict(spec)}))

    async def delete_group(self, name: str) -> None:
        with contextlib.suppress(NotFound):
            obj = await self._as_user(lambda: self.api.get(GROUPS, NAMESPACE, name))
            uid = obj["metadata"]["uid"]
            await self._as_user(lambda: self.api.delete(GROUPS, NAMESPACE, name, uid=uid))

    async def patch(self, name: str, spec: Mapping[str, Any]) -> bool:
        """Change fields of a spec; False where the API server refuses, as it does for an order that has ended."""
        body = {"spec": dict(spec)}
        try:
            await self._as_user(lambda: self.api.merge_patch(INTENTS, NAMESPACE, name, body))
        except NotFound:
            raise
        except KubeError:
            return False
        return True

    async def delete(self, name: str, *, wait: bool) -> None:
        """Delete an object, and wait until it is gone where that is asked for."""
        try:
            obj = await self._as_user(lambda: self.api.get(INTENTS, NAMESPACE, name))
            uid = obj["metadata"]["uid"]
            await self._as_user(lambda: self.api.delete(INTENTS, NAMESPACE, name, uid=uid))
            while wait:
                await self._as_user(lambda: self.api.get(INTENTS, NAMESPACE, name))
                await asyncio.sleep(0.3)
        except NotFound:
            return

    async def confirm(self, name: str, value: str) -> None:
        """A human has looked at the venue and vouches for what the operator cannot know."""
        body = {"metadata": {"annotations": {ANNOTATION_CONFIRM: value}}}
        with contextlib.suppress(NotFound):
            await self._as_user(lambda: self.api.merge_patch(INTENTS, NAMESPACE, name, body))
            self.confirmed += 1

    async def _as_user(self, ask: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - what it gives
        """A user repeats what the API server did not answer."""
        deadline = time.monotonic() + 120
        while True:
            failed: Exception
            try:
                return await asyncio.wait_for(ask(), 20.0)
            except (TimeoutError, aiohttp.ClientError, OSError) as error:
                failed = error
            except KubeError as error:
                if not _passing(error):
                    raise
                failed = error
            if time.monotonic() > deadline:
                raise failed
            await asyncio.sleep(0.3)

    async def objects(self, resource: Resource) -> dict[str, Json]:
        namespace = JOURNAL if resource is RECEIPTS else NAMESPACE
        found = await self._as_user(lambda: self.api.list(resource, namespace))
        return {obj["metadata"]["name"]: obj for obj in found}

    # --- the venue --------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _control(self) -> AsyncIterator[ControlClient]:
        async with self.venue.control() as control:
            yield control

    async def at_venue(self, ask: Callable[[ControlClient], Awaitable[Any]]) -> Any:  # noqa: ANN401 - what it gives
        """Ask the venue's control port, as soon as it answers."""

        async def once() -> Any:  # noqa: ANN401 - what it gives
            async with self._control() as control:
                return await ask(control)

        return await patiently(once, what="the venue's control port")

    async def drift(self, step: Drift) -> None:
        """Move the market. A sweep that the book has no room for is not worth a campaign."""
        with contextlib.suppress(ControlRefusedError):
            await self.at_venue(lambda control: control.move_price(step.symbol.replace("/", ""), step.price))

    # --- faults -----------------------------------------------------------------------------------------------------

    async def strike(self, fault: b.Fault) -> None:  # noqa: C901 - one arm per fault
        """Let something break, and mend it where it does not mend itself. Returns when it is mended."""
        match fault:
            case b.KillOperator(which, seconds):
                async with self._locks[f"operator {which}"]:
                    self._operators[which].kill()
                    await asyncio.sleep(seconds)
                    await self._operators[which].start()
            case b.StopOperator(which):
                async with self._locks[f"operator {which}"]:
                    await self._operators[which].stop()
                    await self._operators[which].start()
            case b.JumpingClock(which, offset):
                self._operators[which].set_clock(offset)
            case b.FreezeOperator(which, seconds):
                async with self._locks[f"operator {which}"]:
                    self._operators[which].freeze()
                    await asyncio.sleep(seconds)
                    self._operators[which].thaw()
            case b.KillVenue(seconds):
                async with self._locks["venue"]:
                    await self._note_injections()
                    self.venue.kill()
                    await asyncio.sleep(seconds)
                    await self.venue.start()
            case b.FreezeVenue(seconds):
                async with self._locks["venue"]:
                    self.venue.signal(signal.SIGSTOP)
                    await asyncio.sleep(seconds)
                    self.venue.signal(signal.SIGCONT)
            case b.KillApiServer(seconds):
                async with self._locks["api"]:
                    await asyncio.to_thread(self.cluster.stop_api_server, kill=True)
                    await asyncio.sleep(seconds)
                    await asyncio.to_thread(self.cluster.start_api_server)
            case b.FreezeApiServer(seconds):
                async with self._locks["api"]:
                    with self.cluster.api_server_frozen():
                        await asyncio.sleep(seconds)
            case b.ApiAnswer():
                self._losing.append(fault)
                return
            case b.VenueAnswer() | b.StreamEvent():
                await self._spoil(fault)
                return
        self.happened[type(fault).__name__] += 1

    async def _spoil(self, fault: b.VenueAnswer | b.StreamEvent) -> None:
        for dialect in dict.fromkeys(self.dialects):
            rule = dialect.rule(fault)
            if rule is not None:
                await self._add_rule(rule)

    async def _add_rule(self, rule: Mapping[str, Any]) -> None:
        await self.at_venue(lambda control: control.add_fault(rule))

    async def _lose_request(self, request: Request) -> Action | None:
        return self._lose(request, after=False)

    async def _lose_answer(self, request: Request, response: Response) -> Action | None:
        return self._lose(request, after=True) if response.status < 300 else None

    def _lose(self, request: Request, *, after: bool) -> Action | None:
        for fault in self._losing:
            hit = f"/{fault.resource}" in request.path or (
                # What is written for groups is as good a victim as what is written for their legs.
                fault.resource == "orderintents" and "/ordergroups" in request.path
            )
            if fault.after is after and request.method != "GET" and hit:
                self._losing.remove(fault)
                self.happened["ApiAnswer"] += 1
                return Drop()
        return None

    async def _note_injections(self) -> None:
        """Faults that the venue has injected; its log ends with the process."""
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(10), self._control() as control:
                for entry in await control.injections(since=self._noted):
                    self._noted = entry["sequence"]
                    self.happened["StreamEvent" if entry["hook"] == "event" else "VenueAnswer"] += 1

    async def calm(self) -> None:
        """No more faults: what was planned and has not struck does not strike any more."""
        self._losing.clear()
        await self._note_injections()
        await self.at_venue(lambda control: control.clear_faults())

    async def healthy(self) -> None:
        """Every process runs; one that died by itself is a finding."""
        for number, operator in enumerate(self._operators):
            assert operator.alive, f"operator {number} has ended by itself:\n{operator.log[-4000:]}"

    _noted = 0


def _passing(error: KubeError) -> bool:
    return type(error).__name__ in {"Unavailable", "TooManyRequests", "Gone", "Unauthorized", "Conflict"}


def _is_ready(account: Json) -> bool:
    conditions = account.get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
