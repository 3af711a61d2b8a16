"""Orders that a venue ties together: which OrderIntents go out in one request.

Each of them keeps its own record, look-ups, fence and end, as if it were alone; what is joined is the request. It goes
out when the process that may send the one may send the other, too. An order whose partner does not come was provably
not placed, and tries again.

The list's own id follows from that of its first order and is recorded with it, so that an unknown outcome is resolved
by the orders and by the list.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from exchange_kernel.api.enums import DesiredState
from exchange_kernel.api.meta import ANNOTATION_ORDER_LIST, ObjectMeta
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.identity import CLIENT_ORDER_ID_LENGTH, OWNERSHIP_TAG

# Two exits; or an entry with both.
_SIZES = (2, 3)


@dataclass(frozen=True, slots=True)
class ListTicket:
    """An order's place in a list.

    Attributes:
        namespace: Where the OrderIntents of the list live.
        names: Their names; the first one's record names the list.
        own: The name of this one.
    """

    namespace: str
    names: tuple[str, ...]
    own: str

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """The same for all orders of the list, and for no other."""
        return self.namespace, self.names

    @property
    def leads(self) -> bool:
        """Whether this order's record names the list."""
        return self.own == self.names[0]

    @property
    def is_sound(self) -> bool:
        """Whether it names two orders or three, this one among them."""
        return len(set(self.names)) == len(self.names) in _SIZES and self.own in self.names

    @property
    def is_entry(self) -> bool:
        """Whether this order is the one that begins the others."""
        return self.leads and len(self.names) == max(_SIZES)


def written(names: Sequence[str]) -> str:
    """The annotation of the OrderIntents that are sent together."""
    return ",".join(names)


def ticket_of(meta: ObjectMeta) -> ListTicket | None:
    """What an OrderIntent says of the list that it is sent in; None for one that goes alone."""
    value = meta.annotations.get(ANNOTATION_ORDER_LIST)
    if value is None:
        return None
    return ListTicket(meta.namespace, tuple(name.strip() for name in value.split(",")), meta.name)


def is_listed(intent: OrderIntent | None) -> bool:
    """Whether an OrderIntent is sent in a list."""
    return intent is not None and ANNOTATION_ORDER_LIST in intent.metadata.annotations


def is_withdrawn(intent: OrderIntent) -> bool:
    """Whether an OrderIntent was asked to end."""
    return intent.spec.desired_state is DesiredState.CANCELED or intent.metadata.deleting


def list_id(first_client_order_id: str) -> str:
    """Our id of the list whose first order has this client order id; canonical form."""
    digest = hashlib.sha256(f"list of {first_client_order_id}".encode()).hexdigest()
    return OWNERSHIP_TAG + digest[: CLIENT_ORDER_ID_LENGTH - len(OWNERSHIP_TAG)]
