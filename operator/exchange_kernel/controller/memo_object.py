"""What this process remembers of an object: its newest version, and what was said about it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from exchange_kernel.api.enums import DeletionPolicy
from exchange_kernel.api.meta import ObjectMeta
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.core.identity import Identity
from exchange_kernel.kube.client import FIELD_MANAGER
from exchange_kernel.kube.resources import Json


def spec_changed_at(obj: Json) -> datetime | None:
    """When somebody other than this operator last wrote the object outside its status, by the API server's record."""
    times = [
        datetime.fromisoformat(entry["time"])
        for entry in obj["metadata"].get("managedFields", ())
        if entry.get("time") and not entry.get("subresource") and entry.get("manager") != FIELD_MANAGER
    ]
    return max(times, default=None)


def newer(candidate: str, than: str) -> bool:
    """Whether a resourceVersion is newer than another (they are comparable integers of one server)."""
    if not than or not (candidate.isdigit() and than.isdigit()):
        return candidate != than
    return int(candidate) > int(than)


def differs(before: OrderIntent, after: OrderIntent) -> bool:
    """Whether something else is asked for; a status alone is the operator's own word."""
    old, new = before.metadata, after.metadata
    return (before.spec, old.annotations, old.deleting) != (after.spec, new.annotations, new.deleting)


@dataclass(slots=True)
class ObjectMemory:
    """The object's half of a memory.

    Attributes:
        failures: Passes that failed in a row; paces the next one.
        spec_changed_at: When the spec was last written, by the API server's record.
        said: The status as this process has last written it, at `said_at` of its monotonic clock.
        held: It is the leg of a group that lives: that somebody deletes it does not count before the group has ended.
        gone: The object does not exist any more; what this process has begun for it is brought to its end.
        changed_at: Monotonic time of the first change for which no pass has begun yet.
        heard_at: When the stream told what was read since, and what no pass has ended for yet.
    """

    intent: OrderIntent
    identity: Identity
    failures: int = 0
    spec_changed_at: datetime | None = None
    gone: bool = False
    held: bool = False
    said: OrderIntentStatus | None = None
    said_at: float = 0.0
    changed_at: float | None = None
    heard_at: float | None = None

    @property
    def account_key(self) -> tuple[str, str]:
        """(namespace, name) of the account."""
        return self.intent.account_key

    @property
    def meta(self) -> ObjectMeta:
        """The object's metadata."""
        return self.intent.metadata

    def changed(self, at: float | None) -> None:
        """A change has come in, or was not handled by the pass that was begun for it."""
        if at is not None:
            self.changed_at = at if self.changed_at is None else min(at, self.changed_at)

    def take_change(self) -> float | None:
        """A pass begins: what comes in during it is for the next one."""
        at, self.changed_at = self.changed_at, None
        return at

    def vanish(self) -> None:
        """The object is gone.

        A request that it is responsible for may be recorded or under way, so it is judged on: like an object that is
        being deleted, is not held by us, and leaves its order alone. (Somebody has taken our finalizer away.)
        """
        if self.gone:
            return
        self.gone = True
        meta, spec = self.intent.metadata, self.intent.spec
        # The time is never shown; that there is one is what counts.
        deleted = meta.deletion_timestamp or meta.creation_timestamp or datetime.fromtimestamp(0, UTC)
        self.intent = self.intent.model_copy(
            update={
                "metadata": meta.model_copy(update={"deletion_timestamp": deleted, "finalizers": ()}),
                "spec": spec.model_copy(update={"deletion_policy": DeletionPolicy.ORPHAN}),
            }
        )
