"""Names of the API group, its finalizers and annotations, and the part of ObjectMeta that the operator reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from exchange_kernel.api.base import STORED, Model, Observed
from exchange_kernel.api.scalars import Time

GROUP = "exchangekernel.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

FINALIZER_CANCEL_ORDER = f"{GROUP}/cancel-order"
"""On an OrderIntent: the order is canceled, and its end is read back, before the object goes."""
FINALIZER_CLOSE_GROUP = f"{GROUP}/close-group"
"""On an OrderGroup: its legs are ended in a safe order before the object goes."""
FINALIZER_IN_USE = f"{GROUP}/in-use"
"""On an ExchangeAccount and its Secret: they stay while an order needs them."""
FINALIZER_JOURNAL = f"{GROUP}/journal"
"""On an OrderReceipt: the memory of an order outlives a hasty delete."""

ANNOTATION_PAUSED = f"{GROUP}/paused"
"""`true` on an OrderIntent or account: the operator only observes."""
ANNOTATION_RECONCILE = f"{GROUP}/reconcile-requested-at"
"""RFC 3339 time: read the venue now, and say so in `lastHandledReconcileAt`."""
ANNOTATION_ADOPT = f"{GROUP}/adopt-order-id"
"""The venue's order id that this OrderIntent takes over."""
ANNOTATION_CONFIRM = f"{GROUP}/confirm-placement"
"""`<clientOrderId>/<attempt>`: a human's permission for one attempt that the journal cannot justify."""
ANNOTATION_CLAIMED = f"{GROUP}/claimed-uid"
"""The object's own uid, written together with the finalizer: a restored copy, which has another uid, is told apart."""
ANNOTATION_TAKE_OVER = f"{GROUP}/take-over-journal"
"""The uid of the journal that this installation may take over."""

ANNOTATION_ORDER_LIST = f"{GROUP}/order-list"
"""On the OrderIntents of legs that the venue ties together: the names of those that are sent in one request."""

LABEL_GROUP = f"{GROUP}/group-uid"
"""On the OrderIntent of a leg: the uid of its OrderGroup, so that the legs are found also without an owner."""
LABEL_LEG = f"{GROUP}/leg"
"""On the OrderIntent of a leg: the leg's name."""


class OwnerReference(Observed):
    """Who owns an object."""

    WRITES_DEFAULTS = False

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class ObjectMeta(Observed):
    """The part of Kubernetes' ObjectMeta that the operator reads or writes; empty where the object has none."""

    WRITES_DEFAULTS = False

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    finalizers: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()

    @property
    def deleting(self) -> bool:
        """Whether somebody has asked to delete the object."""
        return self.deletion_timestamp is not None


def owned_by(group: ObjectMeta) -> OwnerReference:
    """The reference of an OrderGroup's leg to its group; its deletion is never blocked by it."""
    return OwnerReference(api_version=API_VERSION, kind="OrderGroup", name=group.name, uid=group.uid, controller=True)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`; `wide` ones show with `-o wide` only."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False


@dataclass(frozen=True, slots=True)
class KindInfo:
    """What a CustomResourceDefinition says of a kind beside its schema.

    Attributes:
        kind: CamelCase name.
        plural: Lower-case plural, the name in URLs.
        short_names: For kubectl.
        columns: Of `kubectl get`, AGE is added.
        categories: `trading` for what users write, so that `kubectl get trading` shows it.
        status_subresource: True for kinds that users write. Kinds that only the operator writes have none: a POST
            drops `status` where the subresource is on, and a receipt must be created whole, in one request.
        selectable_fields: For LIST with a field selector. Watching with one is safe on immutable fields only: a
            change of a selected field shows as DELETED, with the old object.
    """

    kind: str
    plural: str
    short_names: tuple[str, ...]
    columns: tuple[Column, ...]
    categories: tuple[str, ...] = ()
    status_subresource: bool = False
    selectable_fields: tuple[str, ...] = ()


class KubeObject(Model):
    """Base of the kinds."""

    INFO: ClassVar[KindInfo]

    metadata: ObjectMeta = ObjectMeta()
    """Standard object's metadata."""

    @classmethod
    def from_object(cls, obj: Mapping[str, Any]) -> Self:
        """Reads what the API server stores.

        Cross-field rules are not enforced here: the server has judged them, and an object that breaks a newer rule
        must still be readable, else its order could not be canceled. `spec.problems()` tells.

        Raises:
            pydantic.ValidationError: A field has the wrong type, or the spec has a field this version does not know
                (ignoring a wish could place another order than the one wished for).
        """
        return cls.model_validate(_without_type(obj), context=dict(STORED))

    @classmethod
    def from_manifest(cls, obj: Mapping[str, Any]) -> Self:
        """Judges a manifest as the API server does when it is created.

        Raises:
            pydantic.ValidationError: The messages are those of the API server.
        """
        return cls.model_validate(_without_type(obj))

    def to_object(self) -> dict[str, Any]:
        """The whole object in JSON form, with apiVersion and kind."""
        return {"apiVersion": API_VERSION, "kind": self.INFO.kind, **super().to_object()}

    @property
    def key(self) -> tuple[str, str]:
        """(namespace, name)."""
        return self.metadata.namespace, self.metadata.name


def _without_type(obj: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in obj.items() if key not in ("apiVersion", "kind")}
