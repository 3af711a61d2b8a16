"""The way to the API server for one desk: calls, repeated where that is harmless, and waits for what objects say."""

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from exchange_kernel.api.meta import KubeObject
from exchange_kernel.client.errors import KernelError, ValidationError
from exchange_kernel.client.faults import translate
from exchange_kernel.client.manifests import Desk
from exchange_kernel.client.verdicts import Verdict
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.connection import Connection, ConnectionSettings, connect
from exchange_kernel.kube.errors import AlreadyExists, BadConnection, Gone, KubeError, NotFound, Unavailable
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.resources import Json, Resource
from exchange_kernel.kube.retry import Patience
from exchange_kernel.kube.transport import HttpTransport
from exchange_kernel.kube.watch import Stream, watch

_Kind = TypeVar("_Kind", bound=KubeObject)
_T = TypeVar("_T")
FIELD_MANAGER: Final = "exchange-kernel-client"
"""Another one than the operator's: what a strategy writes is an edit by somebody else."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


@dataclass(frozen=True, slots=True)
class Clocks:
    """Time and chance, as arguments."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    random_bits: Callable[[int], int] = secrets.randbits


@dataclass(frozen=True, slots=True)
class Address:
    """What a kernel is told of where it is.

    Attributes:
        exchange_id: The ExchangeAccount, as [namespace/]name.
        namespace: Of the orders; None for the one that the credentials come with.
        strategy: A name for the label of what is created; None for none.
        kubeconfig: Path of a kubeconfig; None for kubectl's own rules, or the pod's service account.
    """

    exchange_id: str
    namespace: str | None = None
    strategy: str | None = None
    kubeconfig: Path | None = None

    def desk(self, default: str | None) -> Desk:
        """Where orders are created. Raises ValidationError for an exchange_id that names no account."""
        namespace = self.namespace or default or "default"
        first, slash, second = self.exchange_id.partition("/")
        account_namespace, account = (first, second) if slash else (namespace, first)
        if not account_namespace or not account or "/" in account:
            raise ValidationError(f"exchange_id {self.exchange_id!r}: write [namespace/]name of an ExchangeAccount")
        return Desk(namespace, account_namespace, account, self.strategy)


@dataclass(slots=True)
class Cluster:
    """One API server, and one desk on it. Belongs to the event loop in which it is used.

    Attributes:
        timeout: Seconds for which a command is tried and waited for.
    """

    desk: Desk
    client: ApiClient
    transport: Stream
    timeout: float
    clocks: Clocks = field(default_factory=Clocks)

    @classmethod
    def open(cls, address: Address, timeout: float, clocks: Clocks) -> "Cluster":
        """Find the API server and log in. Raises ExchangeError, ValidationError."""
        try:
            connection: Connection = connect(ConnectionSettings(kubeconfig=address.kubeconfig))
        except BadConnection as error:
            raise translate(error, kind="Account", name=address.exchange_id) from error
        transport = HttpTransport(connection, FIELD_MANAGER, call_seconds=timeout)
        patience = Patience(first_seconds=_FIRST_PAUSE, longest_seconds=_LONGEST_PAUSE, total_seconds=timeout)
        client = ApiClient(transport, field_manager=FIELD_MANAGER, patience=patience, jitter=clocks.chance)
        return cls(address.desk(connection.namespace), client, transport, timeout, clocks)

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        await self.client.close()

    # --- calls ---------------------------------------------------------------------------------------------------

    async def get(self, kind: type[_Kind], resource: Resource, name: str, namespace: str | None = None) -> _Kind:
        """Read one object. Raises NotFoundError, ExchangeError."""
        called = _CALLED[resource.kind]
        obj = await self.asked(self.client.get(resource, namespace or self.desk.namespace, name), called, name)
        return read_object(kind, obj)

    async def asked(self, call: Awaitable[_T], kind: str, name: str) -> _T:
        """The answer of a call; its error as the interface's."""
        try:
            return await call
        except KubeError as error:
            raise translate(error, kind=kind, name=name) from error

    async def create(self, resource: Resource, body: Json, deadline: float) -> tuple[Json, bool]:
        """Create an object under its name; a call without an answer is repeated, because the name makes it the same.

        Returns:
            The object as stored, and whether this call made it; False where one of this name was there.
        """
        name, pause, tries = body["metadata"]["name"], _FIRST_PAUSE, 0
        called = _CALLED[resource.kind]
        while True:
            tries += 1
            try:
                return await self.client.create(resource, self.desk.namespace, body), True
            except AlreadyExists:
                found = await self.asked(self.client.get(resource, self.desk.namespace, name), called, name)
                return found, False
            except Unavailable as error:
                if self.clocks.monotonic() + pause >= deadline:
                    raise translate(error, kind=called, name=name) from error
            except NotFound as error:
                message = f"namespace {self.desk.namespace} does not exist, or this cluster has no {resource.plural}"
                raise ValidationError(message, reason="NotFound") from error
            except KubeError as error:
                raise translate(error, kind=called, name=name) from error
            await self.clocks.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)

    async def patch(self, resource: Resource, name: str, body: Json) -> Json:
        """Merge a patch into an object. Raises NotFoundError, ValidationError, ExchangeError.

        Without an answer it is sent again: the same patch twice is the patch once.
        """
        started, pause = self.clocks.monotonic(), _FIRST_PAUSE
        called = _CALLED[resource.kind]
        while True:
            try:
                return await self.client.merge_patch(resource, self.desk.namespace, name, body)
            except Unavailable as error:
                if self.clocks.monotonic() + pause >= started + self.timeout:
                    raise translate(error, kind=called, name=name) from error
            except KubeError as error:
                raise translate(error, kind=called, name=name) from error
            await self.clocks.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)

    async def own(self, resource: Resource) -> list[Json]:
        """The objects of a kind that are this desk's. Raises ExchangeError."""
        selector = f"spec.accountRef.name={self.desk.account}"
        listed = self.client.list(resource, self.desk.namespace, field_selector=selector)
        found = await self.asked(listed, "Account", self.desk.account)
        return [obj for obj in found if self.desk.owns(obj)]

    # --- waits ---------------------------------------------------------------------------------------------------

    async def until(
        self,
        kind: type[_Kind],
        resource: Resource,
        obj: Json,
        holds: Callable[[_Kind], Verdict],
        deadline: float,
    ) -> _Kind | None:
        """Wait until an object says so; None when the time is up, or the API server silent until then.

        Raises:
            KernelError: What the verdict is, where it is an error.
        """
        latest = read_object(kind, obj)
        if _judged(holds(latest)):
            return latest
        try:
            async with asyncio.timeout_at(_loop_time(deadline, self.clocks.monotonic())):
                return await self._follow(kind, resource, latest, holds)
        except TimeoutError:
            return None

    async def _follow(
        self, kind: type[_Kind], resource: Resource, latest: _Kind, holds: Callable[[_Kind], Verdict]
    ) -> _Kind | None:
        meta = latest.metadata
        version, pause = meta.resource_version, _FIRST_PAUSE
        while True:
            try:
                events = watch(
                    self.transport, resource, meta.namespace, version, field_selector=f"metadata.name={meta.name}"
                )
                async with aclosing(events):
                    async for what, obj in events:
                        version = obj["metadata"]["resourceVersion"]
                        if what == "DELETED":
                            return None
                        if what != "BOOKMARK" and _judged(holds(found := read_object(kind, obj))):
                            return found
            except Gone:
                pass
            except KubeError:
                await self.clocks.sleep(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)
            found_now = await self._again(kind, resource, meta.name)
            if found_now is not None:
                if _judged(holds(found_now)):
                    return found_now
                version = found_now.metadata.resource_version

    async def _again(self, kind: type[_Kind], resource: Resource, name: str) -> _Kind | None:
        """Read it anew after a watch that ended; None where that failed, too."""
        try:
            return read_object(kind, await self.client.get(resource, self.desk.namespace, name))
        except KubeError:
            return None

    def deadline(self) -> float:
        """Monotonic time at which a command that begins now gives its id back."""
        return self.clocks.monotonic() + self.timeout


_CALLED: Final[Mapping[str, str]] = {
    "OrderIntent": "Intent",
    "OrderGroup": "Group",
    "ExchangeMarket": "Symbol",
    "ExchangeAsset": "Asset",
    "AccountState": "Account",
}


def _judged(verdict: Verdict) -> bool:
    if isinstance(verdict, KernelError):
        raise verdict
    return verdict


def _loop_time(deadline: float, now: float) -> float:
    return asyncio.get_running_loop().time() + max(0.0, deadline - now)
