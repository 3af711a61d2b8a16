"""The API server as far as the protocol needs it: compare-and-set, finalizers, uids, and rules for changes."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any

from exchange_kernel.api.meta import ANNOTATION_CLAIMED, FINALIZER_CANCEL_ORDER, ObjectMeta
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.api.order_status import OrderIntentStatus
from support import builders
from support.simulation.scheduler import Scheduler


class ApiError(StrEnum):
    """What a client is told, or has to assume."""

    CONFLICT = "Conflict"
    NOT_FOUND = "NotFound"
    UNAVAILABLE = "Unavailable"


class Broken(AssertionError):
    """An invariant does not hold."""


class ModelApi:
    """Intents and receipts."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.intents: dict[str, OrderIntent] = {}
        self.receipts: dict[str, OrderReceipt] = {}
        self.watchers: list[Callable[[OrderIntent, bool], None]] = []  # the object, and whether it is gone
        self.on_status: Callable[[OrderIntent, OrderIntentStatus], None] = lambda intent, status: None
        self.on_release: Callable[[OrderIntent], None] = lambda intent: None
        self._version = 10
        self._uids = 0

    def version(self) -> str:
        """The next resourceVersion."""
        self._version += 1
        return str(self._version)

    # --- users --------------------------------------------------------------------------------------------------

    def create_intent(self, name: str, *, like: OrderIntent | None = None, **spec: Any) -> OrderIntent:  # noqa: ANN401
        """Apply a manifest; `like` restores an object with its finalizers and annotations, without its status."""
        self._uids += 1
        created = builders.CREATED + timedelta(seconds=self.scheduler.now)
        made = builders.intent(name=name, uid=f"uid-{self._uids}", created=created, **spec)
        if like is not None:
            kept = {"finalizers": like.metadata.finalizers, "annotations": like.metadata.annotations}
            made = made.model_copy(update={"metadata": made.metadata.model_copy(update=kept), "spec": like.spec})
        return self.store(made)

    def edit(self, name: str, **spec: Any) -> None:  # noqa: ANN401 - fields of the spec
        """Change the spec, as the rules allow."""
        before = self.intents[name]
        after = before.model_copy(update={"spec": before.spec.model_copy(update=spec)})
        meta = before.metadata.model_copy(update={"generation": before.metadata.generation + 1})
        if not before.change_problems(after):
            self.store(after.model_copy(update={"metadata": meta}))

    def annotate(self, name: str, key: str, value: str) -> None:
        """Set an annotation."""
        before = self.intents[name]
        annotations = {**before.metadata.annotations, key: value}
        self.store(
            before.model_copy(update={"metadata": before.metadata.model_copy(update={"annotations": annotations})})
        )

    def delete_intent(self, name: str) -> None:
        """Delete: at once without finalizers, else marked."""
        before = self.intents[name]
        if not before.metadata.finalizers:
            self.drop(name)
        elif not before.metadata.deleting:
            at = builders.CREATED + timedelta(seconds=self.scheduler.now)
            meta = before.metadata.model_copy(update={"deletion_timestamp": at})
            self.store(before.model_copy(update={"metadata": meta}))

    def drop(self, name: str) -> None:
        """The object is gone."""
        self._tell(self.intents.pop(name), gone=True)

    def store(self, intent: OrderIntent) -> OrderIntent:
        """Write an object, and tell the watchers."""
        meta = intent.metadata.model_copy(update={"resource_version": self.version()})
        stored = intent.model_copy(update={"metadata": meta})
        self.intents[meta.name] = stored
        self._tell(stored)
        return stored

    def _tell(self, intent: OrderIntent, *, gone: bool = False) -> None:
        for watcher in self.watchers:
            watcher(intent, gone)

    # --- operators ----------------------------------------------------------------------------------------------

    def get_intent(self, name: str) -> OrderIntent | ApiError:
        """GET."""
        return self.intents.get(name, ApiError.NOT_FOUND)

    def get_receipt(self, name: str) -> OrderReceipt | None:
        """GET; None: there is none."""
        return self.receipts.get(name)

    def create_receipt(self, receipt: OrderReceipt) -> OrderReceipt | ApiError:
        """POST."""
        if receipt.metadata.name in self.receipts:
            return ApiError.CONFLICT
        return self._store_receipt(receipt)

    def replace_receipt(self, receipt: OrderReceipt) -> OrderReceipt | ApiError:
        """PUT with a resourceVersion; the rules of the kind are enforced."""
        known = self.receipts.get(receipt.metadata.name)
        if known is None:
            return ApiError.NOT_FOUND
        if known.metadata.resource_version != receipt.metadata.resource_version:
            return ApiError.CONFLICT
        problems = (*known.change_problems(receipt), *receipt.problems())
        if problems:
            raise Broken(f"the API server refuses the receipt: {problems}")
        return self._store_receipt(receipt)

    def _store_receipt(self, receipt: OrderReceipt) -> OrderReceipt:
        meta = receipt.metadata.model_copy(update={"resource_version": self.version()})
        stored = receipt.model_copy(update={"metadata": meta})
        self.receipts[meta.name] = stored
        return stored

    def _tested(self, meta: ObjectMeta) -> OrderIntent | ApiError:
        known = self.intents.get(meta.name)
        if known is None:
            return ApiError.NOT_FOUND
        seen = (meta.uid, meta.resource_version)
        return known if (known.metadata.uid, known.metadata.resource_version) == seen else ApiError.CONFLICT

    def add_finalizer(self, meta: ObjectMeta) -> OrderIntent | ApiError:
        """JSON patch with tests of uid and resourceVersion; refused on a terminating object."""
        known = self._tested(meta)
        if isinstance(known, ApiError):
            return known
        if known.metadata.deleting:
            return ApiError.CONFLICT
        changes = {
            "finalizers": (*known.metadata.finalizers, FINALIZER_CANCEL_ORDER),
            "annotations": {**known.metadata.annotations, ANNOTATION_CLAIMED: known.metadata.uid},
        }
        return self.store(known.model_copy(update={"metadata": known.metadata.model_copy(update=changes)}))

    def remove_finalizer(self, meta: ObjectMeta) -> OrderIntent | ApiError:
        """JSON patch with tests; a terminating object without finalizers goes."""
        known = self._tested(meta)
        if isinstance(known, ApiError):
            return known
        self.on_release(known)
        freed = known.model_copy(update={"metadata": known.metadata.model_copy(update={"finalizers": ()})})
        if known.metadata.deleting:
            self.drop(meta.name)
            return ApiError.NOT_FOUND
        return self.store(freed)

    def patch_status(self, meta: ObjectMeta, status: OrderIntentStatus) -> OrderIntent | ApiError:
        """Write the status with the resourceVersion that was seen."""
        known = self._tested(meta)
        if isinstance(known, ApiError):
            return known
        self.on_status(known, status)
        return self.store(known.model_copy(update={"status": status}))
