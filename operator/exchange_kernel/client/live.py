"""What a started kernel watches: the desk's orders and groups, and the account's state.

Each kind is listed and then watched; what the first lists have is told when all of them have come. After a gap a kind
is listed again and compared with what was seen, so that an event may come late and states may coalesce, but no fill is
lost and nothing is told twice.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from exchange_kernel.api.account_state import AccountState
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.client import differences
from exchange_kernel.client.cluster import Cluster
from exchange_kernel.client.differences import Seen
from exchange_kernel.client.errors import ExchangeError, Outcome
from exchange_kernel.client.events import AccountChanged, BaseEvent, EventType
from exchange_kernel.client.known import KnownGroup, KnownOrder
from exchange_kernel.client.pages import KeptPages
from exchange_kernel.kube.errors import Gone, KubeError, Malformed
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.resources import ACCOUNT_STATES, GROUPS, INTENTS, Json, Resource
from exchange_kernel.kube.watch import watch

_log = logging.getLogger(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_PAGE_SIZE: Final = 50  # objects; the allocator keeps what a page takes while it is read, about 40 kB for each
_NEEDED: Final = (
    (INTENTS, ("create", "get", "list", "watch", "patch")),
    (GROUPS, ("create", "get", "list", "watch", "patch")),
)
_OF_ACCOUNT: Final = ((ACCOUNT_STATES, ("get", "list", "watch")),)
_Part: TypeAlias = tuple[Resource, str, str]  # the kind, its namespace, a field selector


@dataclass(slots=True)
class Live:
    """The watches of one kernel.

    Attributes:
        tell: Told of every event, in order per order.
        account: The AccountState as last seen; None before the first.
        heard_at: Monotonic time of the last word of the API server.
        errors: Watches that failed.
    """

    cluster: Cluster
    tell: Callable[[BaseEvent], None]
    account: AccountState | None = None
    heard_at: float | None = None
    errors: int = 0
    _orders: dict[str, KnownOrder] = field(default_factory=dict)
    _groups: dict[str, KnownGroup] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _snapshot: bool = True

    async def start(self) -> None:
        """Check the rights, list, tell the snapshot, and watch from there.

        Raises:
            ExchangeError: A right is missing, or a list; nobody was told anything.
        """
        await self._check_rights()
        desk = self.cluster.desk
        found: list[tuple[_Part, str, KeptPages]] = []
        parts: tuple[_Part, ...] = (
            (INTENTS, desk.namespace, f"spec.accountRef.name={desk.account}"),
            (GROUPS, desk.namespace, f"spec.accountRef.name={desk.account}"),
            (ACCOUNT_STATES, desk.account_namespace, f"metadata.name={desk.account}"),
        )
        for part in parts:
            kept = KeptPages()
            version = await self.cluster.asked(self._pages(*part, kept.add), "Account", desk.account)
            found.append((part, version, kept))
        # All has come. From here on nothing is awaited, although 1,000 orders keep the loop for 0.1 s: a half that was
        # told when a cancel comes can neither be taken back nor told again.
        for (resource, _, _), _, kept in found:
            for obj in kept.objects():
                self._take(resource, obj, deleted=False)
        self._snapshot = False
        now = self.cluster.clocks.now()
        event_id = f"{desk.account_namespace}/{desk.account}/{now.isoformat()}/{EventType.SNAPSHOT_COMPLETE.value}"
        self.tell(BaseEvent(event_id=event_id, event_type=EventType.SNAPSHOT_COMPLETE, observed_at=now, replayed=True))
        self._tasks = [asyncio.create_task(self._follow(*part, version)) for part, version, _ in found]

    async def stop(self) -> None:
        """End the watches. Idempotent."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def is_running(self) -> bool:
        """Whether it watches."""
        return bool(self._tasks)

    async def _check_rights(self) -> None:
        desk, missing = self.cluster.desk, []
        for namespace, rows in ((desk.namespace, _NEEDED), (desk.account_namespace, _OF_ACCOUNT)):
            for resource, verbs in rows:
                for verb in verbs:
                    asked = self.cluster.client.may(verb, resource, namespace)
                    if not await self.cluster.asked(asked, "Account", desk.account):
                        missing.append(f"{verb} {resource.plural} in {namespace}")
        if missing:
            message = f"these credentials may not {', '.join(missing)}: see examples/rbac/strategy.yaml"
            raise ExchangeError(message, outcome=Outcome.NOT_PLACED, reason="Forbidden")

    # --- one kind ------------------------------------------------------------------------------------------------

    async def _pages(self, resource: Resource, namespace: str, selector: str, use: Callable[[list[Json]], None]) -> str:
        """Hand on what there is, page by page, so that never more than a page is in memory; returns the version."""
        version = ""
        pages = self.cluster.client.pages(resource, namespace, field_selector=selector, page_size=_PAGE_SIZE)
        async for page in pages:
            use(page["items"])
            page["items"].clear()  # the page itself lives until the next has come
            version = page["metadata"]["resourceVersion"]
        self.heard_at = self.cluster.clocks.monotonic()
        return version

    async def _follow(self, resource: Resource, namespace: str, selector: str, version: str) -> None:
        """Watch until canceled; after a gap list again."""
        pause = _FIRST_PAUSE
        while True:
            try:
                events = watch(self.cluster.transport, resource, namespace, version, field_selector=selector)
                async with aclosing(events):
                    async for kind, obj in events:
                        version, pause = obj["metadata"]["resourceVersion"], _FIRST_PAUSE
                        self.heard_at = self.cluster.clocks.monotonic()
                        if kind != "BOOKMARK":
                            self._take(resource, obj, deleted=kind == "DELETED")
                continue
            except Gone:
                _log.info("the watch of %s is too far behind: it is listed again", resource.plural)
            except KubeError as error:
                self.errors += 1
                _log.warning("%s; again in %.1f s", error, pause)
                await self.cluster.clocks.sleep(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)
            version = await self._list_again(resource, namespace, selector) or version

    async def _list_again(self, resource: Resource, namespace: str, selector: str) -> str | None:
        """Take what there is; returns the version, None where a page did not come.

        A page that does not come leaves those before it taken: the next list tells only what differs from them.
        """
        listed: set[str] = set()

        def take(objects: list[Json]) -> None:
            for obj in objects:
                listed.add(obj["metadata"]["name"])
                self._take(resource, obj, deleted=False)

        try:
            version = await self._pages(resource, namespace, selector, take)
        except KubeError as error:
            self.errors += 1
            _log.warning("%s", error)
            return None
        self._forget_all_but(resource, listed)
        return version

    def _take(self, resource: Resource, obj: Json, *, deleted: bool) -> None:
        try:
            if resource is INTENTS:
                self._order(read_object(OrderIntent, obj), deleted=deleted)
            elif resource is GROUPS:
                self._group(read_object(OrderGroup, obj), deleted=deleted)
            elif not deleted:
                self._account(read_object(AccountState, obj))
        except Malformed as error:
            self.errors += 1
            _log.warning("%s", error)

    # --- what it means -------------------------------------------------------------------------------------------

    def _seen(self) -> Seen:
        return Seen(self.cluster.clocks.now(), self._snapshot)

    def _forget_all_but(self, resource: Resource, listed: set[str]) -> None:
        """What a whole list does not have is gone."""
        if resource is INTENTS:
            for name in [name for name in self._orders if name not in listed]:
                self._gone(name)
        elif resource is GROUPS:
            self._groups = {name: known for name, known in self._groups.items() if name in listed}

    def _gone(self, name: str) -> None:
        self.tell(differences.of_deletion(self._orders.pop(name), self._seen()))

    def _order(self, found: OrderIntent, *, deleted: bool) -> None:
        if not self.cluster.desk.owns({"metadata": {"namespace": found.metadata.namespace}, "spec": _ref(found)}):
            return
        name, before = found.metadata.name, self._orders.get(found.metadata.name)
        if before is not None and not _is_newer(found, before):
            # A list may show an older moment than the watch before it did.
            if deleted and before.uid == found.metadata.uid:
                self._gone(name)
            return
        if before is not None and before.uid != found.metadata.uid:
            # Another object has the name. The end of the first is told before anything of the second.
            self._gone(name)
            before = None
        for event in differences.of_order(before, found, self._seen()):
            self.tell(event)
        self._orders[name] = KnownOrder.of(found)
        if deleted:
            self._gone(name)

    def _group(self, found: OrderGroup, *, deleted: bool) -> None:
        before = self._groups.pop(found.metadata.name, None)
        for event in differences.of_group(before, found, self._seen()):
            self.tell(event)
        if not deleted:
            self._groups[found.metadata.name] = KnownGroup.of(found)

    def _account(self, found: AccountState) -> None:
        before, self.account = self.account, found
        if before is not None and before.ready == found.ready and before.trading_state is found.trading_state:
            return
        self.tell(
            AccountChanged(
                event_id=f"{found.metadata.uid}/{found.metadata.resource_version}/{EventType.ACCOUNT_CHANGED.value}",
                event_type=EventType.ACCOUNT_CHANGED,
                observed_at=self.cluster.clocks.now(),
                replayed=self._snapshot,
                ready=found.ready,
                detail={"message": found.health.message if found.health is not None else ""},
            )
        )


def _ref(found: OrderIntent) -> Json:
    ref = found.spec.account_ref
    return {"accountRef": {"namespace": ref.namespace, "name": ref.name}}


def _is_newer(found: OrderIntent, before: KnownOrder) -> bool:
    one, other = found.metadata.resource_version, before.version
    return int(one) > int(other) if one.isdigit() and other.isdigit() else one != other
