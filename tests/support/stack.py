"""The whole stack for one test: an API server, a venue, operators, and the truth on both sides.

The venue lives in the test's event loop (over real sockets); operators are processes. Namespaces are the test's own:
one for accounts and intents, which is all that its operators watch, and one for their journal.
"""

import asyncio
import contextlib
import copy
import itertools
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from exchange_kernel.api.meta import ANNOTATION_CONFIRM
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.identity import client_order_id, identity_of
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.connection import ConnectionSettings, connect
from exchange_kernel.kube.errors import KubeError, NotFound
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.resources import (
    ACCOUNT_STATES,
    ACCOUNTS,
    CONFIG_MAPS,
    EVENTS,
    GROUPS,
    INTENTS,
    RECEIPTS,
    SECRETS,
    Resource,
)
from exchange_kernel.kube.transport import HttpTransport
from local_cluster.control_plane import ControlPlane
from paper_exchange.config import Config
from paper_exchange.control_client import AccountTruth, ControlClient
from paper_exchange.server import PaperExchange
from support import manifests
from support.dialects import BINANCE, Dialect
from support.operator_process import OperatorProcess
from support.proxy import Proxy

Json = Any
NAMESPACES = Resource("", "v1", "namespaces", "Namespace")
FUNDS = {"USDT": "1000000", "BTC": "10", "ETH": "100"}
WAIT_SECONDS = 90.0
"""What takes a second may take a minute where several suites share two cores; only a failure waits that long."""
HUMAN_SECONDS = 25.0
"""How long a human waits before vouching for an absence: longer than the fences of venues whose requests expire."""
# Shorter than the defaults, so that tests do not wait; the money rules keep their own figures.
QUICK = {"poll_interval": 1.0, "send_window": 1.0, "submitting_after": 0.3, "lease_duration": 0, "log_level": "DEBUG"}
_numbers = itertools.count(1)


def client_of(kubeconfig: Path) -> ApiClient:
    return ApiClient(HttpTransport(connect(ConnectionSettings(kubeconfig), {}), "exchange-kernel/test"))


def condition(obj: Json, kind: str) -> tuple[str, str]:
    """(status, reason) of a condition; empty texts where there is none."""
    for entry in obj.get("status", {}).get("conditions", ()):
        if entry["type"] == kind:
            return entry["status"], entry["reason"]
    return "", ""


async def eventually(
    probe: Callable[[], Awaitable[Any]], *, what: str, seconds: float = WAIT_SECONDS, every: float = 0.1
) -> Any:  # noqa: ANN401 - what the probe gives
    """Repeat a question until its answer is true; returns that answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = await probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        await asyncio.sleep(every)


@dataclass
class Stack:
    """Everything that an end-to-end test needs. Use as an async context manager."""

    plane: ControlPlane
    folder: Path
    venue_config: Config = field(default_factory=lambda: Config(accounts=()))
    dialect: Dialect = BINANCE
    api: ApiClient = field(init=False)
    venue: PaperExchange = field(init=False)
    control: ControlClient = field(init=False)
    namespace: str = ""
    journal: str = ""
    operators: list[OperatorProcess] = field(default_factory=list)
    prefix: str = ""
    _exits: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        run = f"{os.getpid()}-{next(_numbers)}-{secrets.token_hex(2)}"
        self.namespace, self.journal = f"e2e-{run}", f"e2e-{run}-journal"
        self.api = await self._exits.enter_async_context(client_of(self.plane.kubeconfig))
        self.venue = await self._exits.enter_async_context(PaperExchange(self.venue_config))
        client = ControlClient(self.venue.control_url, self.venue.token)
        self.control = await self._exits.enter_async_context(client)
        for name in (self.namespace, self.journal):
            await self.new_namespace(name)
        return self

    async def __aexit__(self, *_: object) -> None:
        for operator in self.operators:
            operator.kill()
        await self._exits.aclose()
        self._check_guard()

    def view(self, dialect: Dialect = BINANCE) -> "Stack":
        """The same stack for another test, on one of the venue's dialects: whatever it names is its own."""
        view = copy.copy(self)
        view.dialect = dialect
        view.prefix = f"t{next(_numbers)}-"
        return view

    def named(self, name: str) -> str:
        """The name that an object, or an account at the venue, really has."""
        return self.prefix + name

    async def clear(self) -> None:
        """Delete what this view has made, and wait until it is gone."""
        for resource in (GROUPS, INTENTS, ACCOUNTS):
            for obj in await self.api.list(resource, self.namespace):
                meta, account = obj["metadata"], obj["spec"].get("accountRef", {}).get("name", "")
                if meta["name"].startswith(self.prefix) or (self.prefix and account.startswith(self.prefix)):
                    with contextlib.suppress(NotFound):
                        await self.api.delete(resource, self.namespace, meta["name"], uid=meta["uid"])
                    await self._until_deleted(resource, meta["name"])

    async def _until_deleted(self, resource: Resource, name: str) -> None:
        async def gone() -> bool:
            try:
                await self.api.get(resource, self.namespace, name)
            except NotFound:
                return True
            return False

        await eventually(gone, what=f"{name} is gone", seconds=self.dialect.patience)

    async def recreate(self, obj: Json, **metadata: object) -> Json:
        """Create an object again from an earlier one, as a manifest in Git would: without status, uid and versions."""
        kept = ("name", "namespace", "annotations", "labels")
        meta = {key: obj["metadata"][key] for key in kept if key in obj["metadata"]} | metadata
        body = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": meta, "spec": obj["spec"]}
        return await self.api.create(INTENTS, self.namespace, body)

    async def vanish(self, resource: Resource, namespace: str, name: str) -> None:
        """Delete an object by force, finalizers or not, and wait until it is gone."""
        obj = await self.api.get(resource, namespace, name)
        with contextlib.suppress(NotFound):
            await self.api.delete(resource, namespace, name, uid=obj["metadata"]["uid"])
            await self.strip(resource, namespace, name)

        async def gone() -> bool:
            try:
                return (await self.api.get(resource, namespace, name))["metadata"]["uid"] != obj["metadata"]["uid"]
            except NotFound:
                return True

        await eventually(gone, what=f"{name} is gone")

    async def new_namespace(self, name: str) -> str:
        created = await self.api.create(NAMESPACES, None, {"metadata": {"name": name}})
        self._exits.push_async_callback(self._remove_namespace, name, created["metadata"]["uid"])
        return name

    async def _remove_namespace(self, name: str, uid: str) -> None:
        """A real cluster could not finish the deletion otherwise: nobody else removes our finalizers."""
        for resource in (GROUPS, INTENTS, ACCOUNTS, RECEIPTS, CONFIG_MAPS, SECRETS):
            for obj in await self.api.list(resource, name):
                if obj["metadata"].get("finalizers"):
                    await self.strip(resource, name, obj["metadata"]["name"])
        await self.api.delete(NAMESPACES, None, name, uid=uid)

    def _check_guard(self) -> None:
        log = self.folder / "left-the-machine.log"
        assert not log.exists(), f"a process tried to leave the machine: {log.read_text()}"

    # --- operators ----------------------------------------------------------------------------------------------

    def operator(self, clock_offset: float | None = None, **flags: object) -> OperatorProcess:
        """An operator that is not started yet; `clock_offset` is how wrong its time of day is, in seconds."""
        folder = self.folder / f"operator-{len(self.operators)}"
        folder.mkdir(parents=True)
        told: dict[str, object] = {
            "kubeconfig": self.plane.kubeconfig,
            "namespace": self.journal,
            "watch_namespace": self.namespace,
            "allowed_endpoints": self.venue.url,
            **QUICK,
            **flags,
        }
        made = OperatorProcess(folder, told, self.folder / "left-the-machine.log", clock_offset)
        self.operators.append(made)
        return made

    async def start_operator(self, clock_offset: float | None = None, **flags: object) -> OperatorProcess:
        made = self.operator(clock_offset, **flags)
        await made.start()
        return made

    async def api_proxy(self) -> Proxy:
        """A proxy in front of the API server."""
        tls = connect(ConnectionSettings(self.plane.kubeconfig), {}).ssl_context()
        return await self._exits.enter_async_context(Proxy(self.plane.server, tls))

    async def venue_proxy(self) -> Proxy:
        """A proxy in front of the venue."""
        return await self._exits.enter_async_context(Proxy(self.venue.url))

    # --- what users write ---------------------------------------------------------------------------------------

    async def open_account(
        self, name: str = "main", *, endpoint: str = "", funds: Mapping[str, str] | None = None, **spec: object
    ) -> str:
        """An account at the venue, its Secret, and the ExchangeAccount; returns the name of all of them."""
        own = self.named(name)
        keys = await self.control.create_account(own, FUNDS if funds is None else funds)
        await self.put_secret(name, keys[0].key, keys[0].secret)
        await self.put_account(name, endpoint=endpoint, **spec)
        return own

    async def put_secret(self, name: str, key: str, secret: str, **changes: object) -> Json:
        body = manifests.secret(self.namespace, self.named(name), key, secret, **changes)
        return await self.api.create(SECRETS, self.namespace, body)

    async def put_account(self, name: str, *, endpoint: str = "", **spec: object) -> Json:
        own = self.named(name)
        where: dict[str, object] = {"exchange": self.dialect.exchange, "rateLimitFactor": self.dialect.tier, **spec}
        body = manifests.account(self.namespace, own, endpoint or self.venue.url, own, **where)
        return await self.api.create(ACCOUNTS, self.namespace, body)

    async def account_ready(self, name: str = "main", seconds: float = 0) -> Json:
        return await self.until_account(name, "Ready", "True", seconds=seconds)

    async def until_account(self, name: str, kind: str, status: str, reason: str = "", *, seconds: float = 0) -> Json:
        """Wait for a condition of an ExchangeAccount; returns the object."""
        last: list[Json] = [{}]

        async def probe() -> Json:
            last[0] = await self.api.get(ACCOUNTS, self.namespace, self.named(name))
            found = condition(last[0], kind)
            return last[0] if found[0] == status and reason in {"", found[1]} else None

        try:
            return await eventually(
                probe, what=f"{name} {kind}={status} {reason}", seconds=seconds or self.dialect.patience
            )
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {last[0].get('status')}") from None

    async def order(self, name: str, account: str = "main", **spec: object) -> Json:
        """Create an OrderIntent; returns it as stored."""
        return await self.api.create(INTENTS, self.namespace, self.intent_manifest(name, account, **spec))

    def intent_manifest(self, name: str, account: str = "main", **spec: object) -> Json:
        return manifests.intent(self.namespace, self.named(name), self.named(account), **spec)

    async def group(self, name: str, legs: Iterable[Json], account: str = "main", **spec: object) -> Json:
        """Create an OrderGroup; returns it as stored."""
        body = manifests.group(self.namespace, self.named(name), self.named(account), legs, **spec)
        return await self.api.create(GROUPS, self.namespace, body)

    async def og(self, name: str) -> Json:
        return await self.api.get(GROUPS, self.namespace, self.named(name))

    async def patch_group(self, name: str, body: Json) -> Json:
        return await self.api.merge_patch(GROUPS, self.namespace, self.named(name), body)

    async def delete_group(self, name: str) -> None:
        obj = await self.og(name)
        await self.api.delete(GROUPS, self.namespace, self.named(name), uid=obj["metadata"]["uid"])

    async def until_group(self, name: str, holds: Callable[[Json], object], *, what: str, seconds: float = 0) -> Json:
        """Wait until something holds of a group; returns the group."""
        last: list[Json] = [{}]

        async def probe() -> Json:
            last[0] = await self.og(name)
            return last[0] if holds(last[0]) else None

        try:
            return await eventually(probe, what=f"group {name}: {what}", seconds=seconds or self.dialect.patience)
        except AssertionError as error:
            logs = "\n".join(operator.log[-3000:] for operator in self.operators)
            raise AssertionError(f"{error}; it is {last[0].get('status')}\n{logs}") from None

    async def until_group_state(self, name: str, state: str, *, seconds: float = 0) -> Json:
        return await self.until_group(
            name, lambda obj: obj.get("status", {}).get("state") == state, what=f"state {state}", seconds=seconds
        )

    async def until_protected(self, name: str, status: str = "True", reason: str = "", *, seconds: float = 0) -> Json:
        def holds(obj: Json) -> bool:
            found = condition(obj, "Protected")
            return found[0] == status and reason in {"", found[1]}

        return await self.until_group(name, holds, what=f"Protected={status} {reason}", seconds=seconds)

    async def intent(self, name: str) -> Json:
        return await self.api.get(INTENTS, self.namespace, self.named(name))

    async def intents(self) -> list[Json]:
        return await self.api.list(INTENTS, self.namespace)

    async def patch_intent(self, name: str, body: Json) -> Json:
        return await self.api.merge_patch(INTENTS, self.namespace, self.named(name), body)

    async def patch_account(self, body: Json, name: str = "main") -> Json:
        return await self.api.merge_patch(ACCOUNTS, self.namespace, self.named(name), body)

    async def annotate(self, resource: Resource, name: str, key: str, value: str | None) -> Json:
        body = {"metadata": {"annotations": {key: value}}}
        return await self.api.merge_patch(resource, self.namespace, self.named(name), body)

    async def cancel(self, name: str) -> None:
        await self.patch_intent(name, {"spec": {"desiredState": "Canceled"}})

    async def delete(self, name: str) -> None:
        obj = await self.intent(name)
        await self.api.delete(INTENTS, self.namespace, self.named(name), uid=obj["metadata"]["uid"])

    async def strip(self, resource: Resource, namespace: str, name: str) -> None:
        """Remove all finalizers by force."""
        await self.api.merge_patch(resource, namespace, name, {"metadata": {"finalizers": None}})

    # --- what became of it --------------------------------------------------------------------------------------

    async def until(self, name: str, holds: Callable[[Json], object], *, what: str, seconds: float = 0) -> Json:
        """Wait until something holds of an intent; returns the intent."""
        last: list[Json] = [{}]

        async def probe() -> Json:
            last[0] = await self.intent(name)
            return last[0] if holds(last[0]) else None

        try:
            return await eventually(probe, what=f"{name}: {what}", seconds=seconds or self.dialect.patience)
        except AssertionError as error:
            logs = "\n".join(operator.log[-3000:] for operator in self.operators)
            raise AssertionError(f"{error}; it is {last[0].get('status')}\n{logs}") from None

    async def until_open(
        self, names: Iterable[str], *, seconds: float, seen: Callable[[str, Json], object] | None = None
    ) -> set[str]:
        """Wait until all are Open; where a venue's nature asks for it, with the help of a human.

        The human waits for longer than any fence, then looks at the venue, and vouches only for what is not there.

        Args:
            names: Of the intents.
            seconds: For all of them.
            seen: Is told each intent each time it is looked at.

        Returns:
            The names of those that a human has vouched for.
        """
        deadline, waiting = time.monotonic() + seconds, set(names)
        stalled: dict[str, float] = {}
        vouched: set[str] = set()
        while waiting:
            assert time.monotonic() < deadline, f"not open: {waiting}\n{self.operators[0].log[-6000:]}"
            for name in sorted(waiting):
                obj = await self.intent(name)
                if seen:
                    seen(name, obj)
                if obj.get("status", {}).get("state") == "Open":
                    waiting.discard(name)
                elif condition(obj, "Stalled") == ("True", "OutcomeUnknown") and name not in vouched:
                    waits = time.monotonic() - stalled.setdefault(name, time.monotonic())
                    if waits > HUMAN_SECONDS and not (await self.truth(name)).orders:
                        await self.vouch(name, obj)
                        vouched.add(name)
            await asyncio.sleep(0.3)
        assert not (vouched and self.dialect.requests_expire), f"a wait proves an absence here, yet {vouched} stalled"
        return vouched

    async def vouch(self, name: str, obj: Json, attempt: int = 2) -> None:
        """What a human writes who knows that the order of the attempt before this one is not at the venue."""
        identity = identity_of(read_object(OrderIntent, obj))
        value = f"{client_order_id(identity, 0, attempt)}/{attempt}"
        assert value in obj["status"]["message"], "the user is told what to write"
        await self.annotate(INTENTS, name, ANNOTATION_CONFIRM, value)

    async def until_state(self, name: str, state: str, *, seconds: float = 0) -> Json:
        return await self.until(
            name, lambda obj: obj.get("status", {}).get("state") == state, what=f"state {state}", seconds=seconds
        )

    async def until_condition(self, name: str, kind: str, status: str, reason: str = "", *, seconds: float = 0) -> Json:
        def holds(obj: Json) -> bool:
            found = condition(obj, kind)
            return found[0] == status and reason in {"", found[1]}

        return await self.until(name, holds, what=f"{kind}={status} {reason}", seconds=seconds)

    async def until_gone(self, name: str, resource: Resource = INTENTS, *, seconds: float = 0) -> None:
        async def probe() -> bool:
            try:
                await self.api.get(resource, self.namespace, self.named(name))
            except NotFound:
                return True
            return False

        await eventually(probe, what=f"{name} is gone", seconds=seconds or self.dialect.patience)

    async def truth(self, account: str = "main") -> AccountTruth:
        """What the venue itself knows of an account."""
        return (await self.control.dump())[self.named(account)]

    async def order_requests(self, account: str = "main") -> list[Mapping[str, Json]]:
        """The requests to place an order that the venue has seen of an account."""
        seen = (await self.control.requests()).to(*self.dialect.create)
        return [entry for entry in seen if entry["account"] in {self.named(account), ""}]

    async def exactly_one_order(self, account: str = "main") -> Mapping[str, Json]:
        """Assert that the account has one order, ever, and that the engine was asked once; returns the order."""
        orders = (await self.truth(account)).orders
        assert len(orders) == 1, f"{len(orders)} orders at the venue: {orders}"
        asked = sum(entry["reached_engine"] for entry in await self.order_requests(account))
        assert asked == 1, f"the engine was asked {asked} times"
        return orders[0]

    async def no_order(self, account: str = "main") -> None:
        """Assert that the account has no order, and that none was ever asked for."""
        assert (await self.truth(account)).orders == ()
        assert await self.order_requests(account) == []

    async def receipts(self) -> list[Json]:
        return await self.api.list(RECEIPTS, self.journal)

    async def events(self, name: str) -> list[Json]:
        """The Kubernetes Events about an object of the test's namespace."""
        events = await self.api.list(EVENTS, self.namespace)
        return [event for event in events if event["involvedObject"]["name"] == self.named(name)]

    async def until_state_of_account(self, name: str = "main") -> Json:
        """The AccountState; it follows a new account within seconds."""

        async def probe() -> Json:
            try:
                return await self.state_of_account(name)
            except NotFound:
                return None

        return await eventually(probe, what=f"the state of {name}")

    async def state_of_account(self, name: str = "main") -> Json:
        return await self.api.get(ACCOUNT_STATES, self.namespace, self.named(name))

    async def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl in the test's namespace, aside from the event loop: the venue lives in it."""
        return await asyncio.to_thread(
            self.plane.run_kubectl, "-n", self.namespace, *arguments, stdin=stdin, seconds=90
        )


__all__ = ["KubeError", "Stack", "client_of", "condition", "eventually"]
