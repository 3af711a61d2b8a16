"""What a decision is: what to record, what to do after it, what to say, and when to look again.

The shell carries it out in this order, and stops at the first failure:

1. `record` is written, with a resourceVersion. The actions in `beside` run at the same time; they change nothing at
   the venue.
2. `actions` run, one after the other.
3. `status` is written when it differs from what the object says (beside step 1 unless `quiet`).
4. The intent is judged again at once after 1 or 2, else after `requeue_after` seconds or the next event.
"""

from dataclasses import dataclass
from datetime import datetime

from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.core.order_lists import ListTicket
from exchange_kernel.core.requests import AmendRequest, OrderRequest


@dataclass(frozen=True, slots=True)
class CreateReceipt:
    """POST a new receipt. `permits` names the client order id that this process may send once it is written."""

    receipt: OrderReceipt
    permits: str | None = None


@dataclass(frozen=True, slots=True)
class ReplaceReceipt:
    """PUT a receipt with the resourceVersion that it was read with."""

    receipt: OrderReceipt
    permits: str | None = None


Record = CreateReceipt | ReplaceReceipt


@dataclass(frozen=True, slots=True)
class ReadReceipt:
    """GET the receipt."""


@dataclass(frozen=True, slots=True)
class ReadClaimant:
    """GET the object that the receipt names as its claimant, to learn whether it still exists with that uid."""

    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class AddFinalizer:
    """JSON-patch our finalizer onto the intent, with tests of uid and resourceVersion."""

    intent: OrderIntent


@dataclass(frozen=True, slots=True)
class RemoveFinalizer:
    """Let the object go."""

    intent: OrderIntent


@dataclass(frozen=True, slots=True)
class DeleteIntent:
    """Delete the object, with preconditions on uid and resourceVersion (ttlSecondsAfterFinished)."""

    intent: OrderIntent


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask the venue for the order under a client order id.

    `prove_since`: with the whole set that proves absence; the list by its id is one of it, where there is one.
    """

    symbol: str
    client_order_id: str
    prove_since: datetime | None = None
    list_client_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """Read one order by the venue's id."""

    symbol: str
    exchange_order_id: str


@dataclass(frozen=True, slots=True)
class ReadAdoption:
    """Read an order by the venue's id, and who has or names it: the objects first, then the account's receipts."""

    symbol: str
    exchange_order_id: str


@dataclass(frozen=True, slots=True)
class ReadFormer:
    """Read an order that was replaced once more, with its fills: some may have become visible after its end."""

    symbol: str
    exchange_order_id: str


@dataclass(frozen=True, slots=True)
class FetchTrades:
    """Read all fills of one order."""

    symbol: str
    exchange_order_id: str


@dataclass(frozen=True, slots=True)
class ReadPrice:
    """Read the last trade's price of a market; one read serves all orders of the account that ask at that time."""

    symbol: str


@dataclass(frozen=True, slots=True)
class Send:
    """Write the order to the socket, once. Only ever decided together with an open permit.

    With a ticket it goes out with the other one of its list, in one request, or not at all.
    """

    request: OrderRequest
    ticket: ListTicket | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Ask for a cancel; the order is read back afterwards."""

    symbol: str
    exchange_order_id: str
    client_order_id: str


@dataclass(frozen=True, slots=True)
class AmendOrder:
    """Change the working order in place; the order is read back afterwards. Sending the same twice does no harm."""

    request: AmendRequest


Action = (
    ReadReceipt
    | ReadClaimant
    | AddFinalizer
    | RemoveFinalizer
    | DeleteIntent
    | LookUp
    | FetchOrder
    | ReadAdoption
    | ReadFormer
    | FetchTrades
    | ReadPrice
    | Send
    | Cancel
    | AmendOrder
)


@dataclass(frozen=True, slots=True)
class Decision:
    """See the module's docstring. `why` is for logs and tests: the rule that decided."""

    why: str
    status: OrderIntentStatus
    record: Record | None = None
    beside: tuple[Action, ...] = ()
    actions: tuple[Action, ...] = ()
    requeue_after: float | None = None
    quiet: bool = False

    @property
    def is_rest(self) -> bool:
        """Whether there is nothing to do but to say the status and to wait."""
        return self.record is None and not self.actions
