"""One pass over one group: judge it, hold it, say what is recorded, then change and create its legs.

The order is the protocol of `core.groups.decide`. A failed write ends the pass with nothing done after it; the next
pass starts from what the API server says then.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from exchange_kernel.api.group_status import OrderGroupStatus
from exchange_kernel.api.meta import API_VERSION, ObjectMeta, OwnerReference
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.controller import yielding
from exchange_kernel.controller.account_port import Account
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.memo_object import newer
from exchange_kernel.controller.passes import FAILURES, MAX_STEPS, paced
from exchange_kernel.core.groups.decide import GroupDecision, decide
from exchange_kernel.core.groups.facts import GroupView
from exchange_kernel.core.groups.notes import group_notes
from exchange_kernel.core.groups.plan import Change
from exchange_kernel.kube.errors import AlreadyExists, Conflict, NotFound
from exchange_kernel.kube.event_aggregation import EventTarget, EventType
from exchange_kernel.kube.resources import INTENTS, Json

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class GroupMemo:
    """What this process remembers of one group. A restart may lose all of it without harm.

    Attributes:
        group: The object as last seen.
        foreign: Names of its legs that were found to be somebody else's.
        exposed_since: Monotonic clock since when something is held without a stop, while this process could act.
        failures: Passes that failed in a row; paces the next one.
        gone: The object does not exist any more.
        said: The status as this process has last written it, at `said_at` of its monotonic clock.
    """

    group: OrderGroup
    foreign: set[str] = field(default_factory=set)
    exposed_since: float | None = None
    failures: int = 0
    gone: bool = False
    said: OrderGroupStatus | None = None
    said_at: float = 0.0

    @property
    def meta(self) -> ObjectMeta:
        """The object's metadata."""
        return self.group.metadata

    def take(self, group: OrderGroup | None) -> bool:
        """Take a newer version of the object; False when it is not newer."""
        if self.gone or group is None or not newer(group.metadata.resource_version, self.meta.resource_version):
            return False
        self.group = group
        return True

    @property
    def name(self) -> str:
        """For logs."""
        return f"OrderGroup {self.meta.namespace}/{self.meta.name}"


def belongs(group: OrderGroup, child: OrderIntent) -> bool:
    """Whether an OrderIntent is a leg of the group: by its controller, or, where a tool took that away, by its uid.

    The controller's name decides, as names do for orders: a restore, or a manifest that is applied again, gives the
    group another uid, and its legs are still its legs.
    """
    owner = owner_of(child)
    if owner is not None:
        return owner.kind == OrderGroup.INFO.kind and owner.name == group.metadata.name
    return any(leg.uid == child.metadata.uid for leg in group.status.legs if leg.uid)


def owner_of(child: OrderIntent) -> OwnerReference | None:
    """The controller of an OrderIntent."""
    return next((owner for owner in child.metadata.owner_references if owner.controller), None)


def _facts(status: OrderGroupStatus) -> tuple[object, ...]:
    """What a status says that is no opinion: another process may say it in other words."""
    return (
        status.state,
        status.legs,
        status.target_quantity,
        status.filled_quantity,
        status.overfill_quantity,
        status.protection_failure,
    )


class GroupReconciler:
    """Brings groups where the core wants them. `reconcile` is never run twice at once for one.

    Args:
        context: Stores, clocks, settings.
        legs: The legs' OrderIntents of a group that are known, by name.
        learn: Told of each OrderIntent that was read or written here, as stored.
    """

    def __init__(
        self,
        context: Context,
        legs: Callable[[OrderGroup], Mapping[str, OrderIntent]],
        learn: Callable[[Json], None],
    ) -> None:
        self._context = context
        self._legs = legs
        self._learn = learn

    async def reconcile(self, memo: GroupMemo, account: Account) -> float | None:
        """One pass. Returns in how many seconds the next one is due, None when only an event makes one necessary."""
        return await paced(memo, memo.name, self._pass(memo, account))

    async def _pass(self, memo: GroupMemo, account: Account) -> float | None:
        why = ""
        for _ in range(MAX_STEPS):
            if memo.gone:
                return None
            await self._complete(memo)
            await self._own(memo)
            decision = decide(self._view(memo, account))
            why = decision.why
            _log.debug("%s: %s", memo.name, why)
            self._note_exposure(memo, decision)
            if decision.hold:
                await self._hold(memo)
            elif decision.read_price and account.exchange is not None:
                await account.read_price(memo.group.spec.symbol, account.exchange)
            elif (pause := self._yields(memo, decision)) > 0:
                return pause if decision.requeue_after is None else min(pause, decision.requeue_after)
            elif await self._say(memo, decision.status) and not await self._act(memo, decision):
                return decision.requeue_after
        _log.error("%s does not come to rest; the last decision was %s", memo.name, why)
        return FAILURES.ceiling

    def _view(self, memo: GroupMemo, account: Account) -> GroupView:
        facts, now = account.facts(memo.meta.namespace), self._context.now()
        since = memo.exposed_since
        return GroupView(
            group=memo.group,
            children=self._legs(memo.group),
            account=facts,
            now=now,
            taken=frozenset(memo.foreign),
            price=facts.prices.get(memo.group.spec.symbol),
            exposed_for=0.0 if since is None else now.monotonic - since,
        )

    def _note_exposure(self, memo: GroupMemo, decision: GroupDecision) -> None:
        if not decision.exposed:
            memo.exposed_since = None
        elif memo.exposed_since is None:
            memo.exposed_since = self._context.monotonic()

    async def _complete(self, memo: GroupMemo) -> None:
        """Ask for legs that are recorded and not known here: the cache may be behind what was done."""
        known = self._legs(memo.group)
        for leg in memo.group.status.legs:
            ended = leg.state is not None and leg.state.is_final
            if leg.intent is not None and leg.intent not in known and not ended:
                await self._ask_for(memo, leg.intent)

    async def _ask_for(self, memo: GroupMemo, name: str) -> None:
        try:
            self._learn(await self._context.stores.client.get(INTENTS, memo.meta.namespace, name))
        except NotFound:
            memo.foreign.discard(name)
            return
        if name not in self._legs(memo.group):
            memo.foreign.add(name)

    async def _own(self, memo: GroupMemo) -> None:
        """Take over legs of a group that had this name before: else a cluster would collect them as garbage."""
        for child in self._legs(memo.group).values():
            owner = owner_of(child)
            if owner is None or owner.uid == memo.meta.uid:
                continue
            try:
                self._learn(await self._context.stores.intents.own(child.metadata, memo.meta))
            except (Conflict, NotFound):
                await self._read_anew(child.metadata)

    async def _hold(self, memo: GroupMemo) -> None:
        try:
            memo.take(await self._context.stores.groups.add_finalizer(memo.meta))
        except Conflict:
            await self._refresh(memo)
        except NotFound:
            memo.gone = True

    async def _refresh(self, memo: GroupMemo) -> None:
        try:
            fresh = await self._context.stores.groups.get(memo.meta.namespace, memo.meta.name)
        except NotFound:
            memo.gone = True
            return
        if fresh.metadata.uid != memo.meta.uid:
            memo.gone = True
        else:
            memo.take(fresh)

    def _yields(self, memo: GroupMemo, decision: GroupDecision) -> float:
        """Seconds to hold back a mere opinion that another process has just overruled; what is done is none."""
        before, now = memo.group.status, decision.status
        acts = bool(decision.changes or decision.creates or decision.release)
        seen = before.observed_generation == memo.meta.generation
        if acts or not seen or not yielding.is_overruled(memo.said, before, now) or _facts(before) != _facts(now):
            return 0.0
        return yielding.pause(memo.said_at, self._context.monotonic())

    async def _say(self, memo: GroupMemo, status: OrderGroupStatus) -> bool:
        """Write the status where it differs; False when the group has changed and must be judged anew."""
        before = memo.group.status
        if status == before:
            return True
        try:
            stored = await self._context.stores.groups.patch_status(memo.meta, before, status)
        except NotFound:
            memo.gone = True
            return False
        except Conflict:
            await self._refresh(memo)
            return False
        memo.take(stored)
        memo.said, memo.said_at = status, self._context.monotonic()
        self._tell(memo, before, status)
        return True

    def _tell(self, memo: GroupMemo, before: OrderGroupStatus, after: OrderGroupStatus) -> None:
        meta = memo.meta
        target = EventTarget(API_VERSION, "OrderGroup", meta.namespace, meta.name, meta.uid)
        for said in group_notes(before, after):
            kind = EventType.WARNING if said.warning else EventType.NORMAL
            self._context.events.record(target, kind, said.reason, said.message)
            _log.info("%s: %s: %s", memo.name, said.reason, said.message)

    async def _act(self, memo: GroupMemo, decision: GroupDecision) -> bool:
        """Carry out what is recorded by now; True when something was done and the group is to be judged anew."""
        for change in decision.changes:
            await self._change(change)
        for child in decision.creates:
            await self._create(memo, child)
        if decision.changes or decision.creates:
            return True
        if decision.release:
            await self._release(memo)
        return False

    async def _change(self, change: Change) -> None:
        meta = change.child.metadata
        try:
            self._learn(await self._context.stores.intents.change(meta, change.fields))
        except (Conflict, NotFound):
            await self._read_anew(meta)

    async def _read_anew(self, meta: ObjectMeta) -> None:
        """The leg is not what was seen; that it is gone the watch will say."""
        try:
            self._learn(await self._context.stores.client.get(INTENTS, meta.namespace, meta.name))
        except NotFound:
            _log.info("OrderIntent %s/%s is gone", meta.namespace, meta.name)

    async def _create(self, memo: GroupMemo, child: OrderIntent) -> None:
        try:
            self._learn(await self._context.stores.intents.create(child))
        except AlreadyExists:
            await self._ask_for(memo, child.metadata.name)

    async def _release(self, memo: GroupMemo) -> None:
        """Have the legs deleted, and let the group go: they wait for that, and do then what their own policies say.

        A cluster would collect them by itself, some time after the group; whoever waits for the end sees it sooner.
        """
        for child in self._legs(memo.group).values():
            await self._delete(child.metadata)
        try:
            stored = await self._context.stores.groups.remove_finalizer(memo.meta)
        except Conflict:
            await self._refresh(memo)
            return
        if stored is not None:
            memo.take(stored)

    async def _delete(self, meta: ObjectMeta) -> None:
        if meta.deleting:
            return
        try:
            await self._context.stores.client.delete(INTENTS, meta.namespace, meta.name, uid=meta.uid)
        except (Conflict, NotFound):
            return
