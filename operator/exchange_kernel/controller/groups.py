"""The groups of this process: which there are, which orders are their legs, and who wakes whom."""

import logging
from collections.abc import Callable, Iterator, Mapping

from exchange_kernel.api.meta import LABEL_GROUP
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.controller.account_port import Account
from exchange_kernel.controller.context import Context
from exchange_kernel.controller.grouping import GroupMemo, GroupReconciler, belongs, owner_of
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.controller.slots import GroupPlace
from exchange_kernel.core.account_facts import AccountFacts
from exchange_kernel.core.groups.facts import GroupView, gather
from exchange_kernel.core.groups.leg import child_name
from exchange_kernel.core.groups.places import exits_need, is_entry
from exchange_kernel.core.venue_rules import VenueRules
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.resources import Json

_log = logging.getLogger(__name__)

AccountKey = tuple[str, str]


GroupKey = tuple[str, str]


def group_key_of(intent: OrderIntent) -> GroupKey | None:
    """Which group an order says it belongs to: (namespace, name), or ("", uid) where a tool took its owner away."""
    owner = owner_of(intent)
    if owner is not None:
        return (intent.metadata.namespace, owner.name) if owner.kind == OrderGroup.INFO.kind else None
    uid = intent.metadata.labels.get(LABEL_GROUP, "")
    return ("", uid) if uid else None


class Groups:
    """All groups. Belongs to one event loop.

    Args:
        context: Stores, clocks, settings.
        wake: Has an object judged again, by uid.
        learn: Told of each OrderIntent that was read or written for a group.
    """

    def __init__(self, context: Context, wake: Callable[[str], None], learn: Callable[[Json], None]) -> None:
        self.memos: dict[str, GroupMemo] = {}
        self._wake = wake
        self._legs_of: dict[GroupKey, dict[str, IntentMemo]] = {}
        self._keys: dict[str, GroupKey] = {}
        self._uids: dict[GroupKey, str] = {}
        self._by_name: dict[tuple[str, str], IntentMemo] = {}
        self._versions: dict[str, str] = {}
        self._context = context
        self._reconciler = GroupReconciler(context, self.legs, learn)

    # --- what comes in ------------------------------------------------------------------------------------------

    def offer(self, kind: str | None, obj: Json) -> None:
        """A group was seen by the informer or a sweep; `kind` is DELETED for one that is gone. Raises Malformed."""
        uid = obj["metadata"]["uid"]
        if kind == "DELETED":
            self.vanished(uid)
            return
        memo, group = self.memos.get(uid), read_object(OrderGroup, obj)
        if memo is None:
            self.memos[uid] = GroupMemo(group)
            self._uids[group.key] = self._uids["", uid] = uid
            self._wake_legs(group)
        elif not memo.take(group):
            return
        self._wake(uid)

    def vanished(self, uid: str) -> None:
        """A group is gone: whatever is left of its legs is judged like any order."""
        memo = self.memos.pop(uid, None)
        if memo is None:
            return
        memo.gone = True
        for key in _keys_of(memo.group):
            if self._uids.get(key) == uid:
                del self._uids[key]
        self._wake_legs(memo.group)

    def seen(self, memo: IntentMemo) -> None:
        """An order has appeared, or has changed: its group may have to go on."""
        self._by_name[memo.meta.namespace, memo.meta.name] = memo
        key, before = group_key_of(memo.intent), self._keys.get(memo.meta.uid)
        if before is not None and before != key:
            self._legs_of[before].pop(memo.meta.uid, None)
        if key is None:
            return
        self._keys[memo.meta.uid] = key
        self._legs_of.setdefault(key, {})[memo.meta.uid] = memo
        if self._versions.get(memo.meta.uid) != memo.meta.resource_version:
            self._versions[memo.meta.uid] = memo.meta.resource_version
            self._wake_group(key)

    def forget(self, memo: IntentMemo) -> None:
        """An order is gone."""
        key = (memo.meta.namespace, memo.meta.name)
        if self._by_name.get(key) is memo:
            del self._by_name[key]
        self._versions.pop(memo.meta.uid, None)
        known = self._keys.pop(memo.meta.uid, None)
        if known is None:
            return
        legs = self._legs_of.get(known, {})
        legs.pop(memo.meta.uid, None)
        if not legs:
            self._legs_of.pop(known, None)
        self._wake_group(known)

    def _wake_group(self, key: GroupKey) -> None:
        uid = self._uids.get(key)
        if uid is not None:
            self._wake(uid)

    def wake_account(self, key: AccountKey) -> None:
        """The account has changed."""
        for uid, memo in self.memos.items():
            if memo.group.account_key == key:
                self._wake(uid)

    # --- what others need ---------------------------------------------------------------------------------------

    def legs(self, group: OrderGroup) -> Mapping[str, OrderIntent]:
        """The orders of a group that are known, by name."""
        return {
            memo.meta.name: memo.intent
            for key in _keys_of(group)
            for memo in self._legs_of.get(key, {}).values()
            if not memo.gone and belongs(group, memo.intent)
        }

    def holds(self, memo: IntentMemo) -> bool:
        """Whether an order is the leg of a group that lives: deleting it waits for the group."""
        key = group_key_of(memo.intent)
        group = self.memos.get(self._uids.get(key, "")) if key is not None else None
        if group is None or not belongs(group.group, memo.intent):
            return False
        state = group.group.status.state
        return group.meta.deleting or state is None or not state.is_final

    @property
    def any(self) -> bool:
        """Whether there are groups at all."""
        return bool(self.memos)

    def lacks(self, intent: OrderIntent) -> bool:
        """Whether an order is a leg of a group that is not there: it is gone, or has not been seen yet."""
        owner = owner_of(intent)
        if owner is None or owner.kind != OrderGroup.INFO.kind:
            return False
        return (intent.metadata.namespace, owner.name) not in self._uids

    def place_of(self, intent: OrderIntent, rules: VenueRules | None) -> GroupPlace | None:
        """What an order is in a group that has an entry and has not ended; None for any other order."""
        key = group_key_of(intent)
        memo = self.memos.get(self._uids.get(key, "")) if key is not None else None
        if memo is None or not memo.group.spec.type.has_entry or not belongs(memo.group, intent):
            return None
        state = memo.group.status.state
        if state is not None and state.is_final:
            return None
        facts = gather(GroupView(memo.group, {}, AccountFacts(rules=rules), self._context.now()))
        return GroupPlace(memo.meta.uid, exits_need(facts), is_entry(facts, intent.metadata.name))

    def urgent(self, uid: str) -> bool:
        """Whether a group is being ended: that waits behind no new orders."""
        memo = self.memos.get(uid)
        return memo is not None and (memo.meta.deleting or memo.group.spec.desired_state.value == "Canceled")

    @property
    def versions(self) -> Mapping[str, str]:
        """Which versions are known, by uid."""
        return {uid: memo.meta.resource_version for uid, memo in self.memos.items()}

    # --- work ---------------------------------------------------------------------------------------------------

    async def handle(self, memo: GroupMemo, account: Account) -> float | None:
        """One pass; returns in how many seconds the next one is due."""
        if not account.acts:
            return None
        memo.foreign.update(self._taken(memo.group))
        state = memo.group.status.state
        due = await self._reconciler.reconcile(memo, account)
        if memo.gone:
            self.vanished(memo.meta.uid)
            return None
        if memo.group.status.state is not state:
            self._wake_legs(memo.group)
        return due

    def _taken(self, group: OrderGroup) -> Iterator[str]:
        """The names of first legs that other objects have."""
        for leg in group.spec.legs:
            name = child_name(group.metadata.name, leg.name, 1)
            other = self._by_name.get((group.metadata.namespace, name))
            if other is not None and not other.gone and not belongs(group, other.intent):
                yield name

    def _wake_legs(self, group: OrderGroup) -> None:
        for key in _keys_of(group):
            for leg in list(self._legs_of.get(key, ())):
                self._wake(leg)


def _keys_of(group: OrderGroup) -> tuple[GroupKey, GroupKey]:
    return group.key, ("", group.metadata.uid)
