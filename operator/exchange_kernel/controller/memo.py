"""What this process remembers of one intent between two looks at it. A restart may lose all of it without harm."""

from dataclasses import dataclass

from exchange_kernel.api.enums import DesiredState, OrderStateName, PlacementOutcome, ReceiptOutcome
from exchange_kernel.api.meta import FINALIZER_CANCEL_ORDER
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.controller.memo_journal import JournalMemory
from exchange_kernel.controller.memo_object import newer, spec_changed_at
from exchange_kernel.core import receipts, requested
from exchange_kernel.core.account_facts import AccountFacts
from exchange_kernel.core.identity import identity_of
from exchange_kernel.core.venue import Unknown
from exchange_kernel.core.view import (
    Held,
    NotRead,
    Now,
    View,
)
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.resources import Json

_NOT_AT_THE_VENUE = frozenset({OrderStateName.PENDING, OrderStateName.DENIED})


@dataclass(slots=True)
class IntentMemo(JournalMemory):
    """The mutable side of a `View`: what is asked of a memory as a whole.

    Attributes:
        request: The present value of `reconcile-requested-at`, first seen at `requested_at`.
    """

    request: str = ""
    requested_at: float = 0.0

    @classmethod
    def of(cls, intent: OrderIntent) -> "IntentMemo":
        """A memory of an object that was just seen for the first time."""
        return cls(intent, identity_of(intent))

    @property
    def works(self) -> bool:
        """Whether the order may be working at the venue, so that the bulk reads have to show it."""
        if self.receipt is None or receipts.latest(self.receipt).outcome is not PlacementOutcome.PLACED:
            return False
        state = self.intent.status.state
        ended = state is not None and state.is_final
        return not self.order.status.is_final if self.order is not None else not ended

    @property
    def takes_place(self) -> bool:
        """Whether the order counts among the account's open ones: it works, may work, or is about to be sent.

        An order of which this process has not read the receipt yet, after a start or because another process places
        it, counts by what its status says.
        """
        state = self.intent.status.state
        if state is not None and state.is_final and self.intent.status.settled:
            return False
        if self.starting or self.has_open_end or self.sending:
            return True
        if self.receipt is not None:
            return self.unknown or self.works
        return state is not None and state not in _NOT_AT_THE_VENUE and not state.is_final

    @property
    def may_work(self) -> bool:
        """Whether an order may work at the venue, now or by a request whose outcome is not known.

        Of what has not been read yet nothing better is assumed.
        """
        if self.starting or self.sending or self.has_open_end:
            return True
        state = self.intent.status.state
        if self.gone or state is OrderStateName.DENIED or (state is not None and state.is_final):
            return False
        if isinstance(self.journal, Held):
            receipt = self.journal.receipt
            unproven = receipts.latest(receipt).outcome in {PlacementOutcome.PENDING, PlacementOutcome.PLACED}
            return unproven or receipt.amend is not None
        seen = FINALIZER_CANCEL_ORDER in self.meta.finalizers or self.intent.status.client_order_id is not None
        return seen or isinstance(self.journal, NotRead)

    @property
    def exchange_order_id(self) -> str:
        """The venue's id of the present order; empty before it is known."""
        if self.order is not None:
            return self.order.exchange_order_id
        recorded = receipts.latest(self.receipt).exchange_order_id if self.receipt is not None else None
        said = self.intent.status.exchange_order_id or ""
        # The status still names the replaced order while its successor is on the way.
        return recorded or ("" if self.has_replaced(said) else said)

    @property
    def order_key(self) -> tuple[str, str]:
        """Symbol and the venue's id: venues count their orders per symbol."""
        return self.intent.spec.symbol, self.exchange_order_id

    @property
    def client_order_id(self) -> str:
        """Our id of the present order; empty before it is recorded."""
        if self.receipt is not None:
            return receipts.latest(self.receipt).client_order_id
        return self.intent.status.client_order_id or ""

    @property
    def unconfirmed(self) -> bool:
        """Whether the order works by its status, and this process has not seen it at the venue yet."""
        status = self.intent.status
        ended = status.state is not None and status.state.is_final
        return status.client_order_id is not None and not ended and self.order is None

    @property
    def unknown(self) -> bool:
        """Whether a placement of this intent is not proven either way."""
        return self.receipt is not None and receipts.latest(self.receipt).outcome is PlacementOutcome.PENDING

    def view(self, account: AccountFacts, now: Now, holder: str) -> View:
        """Everything as one immutable value, for the core."""
        return View(
            intent=self.intent if not self.held else _undeleted(self.intent),
            identity=self.identity,
            journal=self.journal,
            account=account,
            now=now,
            holder=holder,
            spec_changed_at=self.spec_changed_at,
            permit=self.permit,
            sending=self.sending,
            outcome=self.outcome,
            outcome_of=self.outcome_of,
            observed=self.observed,
            observed_at=self.observed_at,
            recheck=self.recheck,
            looked=self.looked,
            canceled=self.canceled,
            traded=self.traded,
            hold_until=self.hold_until,
            final_at=self.final_at,
            adoption=self.adoption,
            requested_at=self.requested_at,
            answered_at=self.answered_at,
            amended=self.amended,
            former=dict(self.former),
            reread=self.reread,
        )

    def notice_request(self, monotonic: float) -> None:
        """Note when a request to read the venue was first seen: only a later read answers it."""
        asked = requested.value_of(self.meta)
        if asked != self.request:
            self.request, self.requested_at = asked, monotonic

    # --- the object ---------------------------------------------------------------------------------------------

    def take(self, intent: OrderIntent | None) -> bool:
        """Take a newer version of the object; False when it is not newer."""
        if self.gone or intent is None or not newer(intent.metadata.resource_version, self.meta.resource_version):
            return False
        self.intent = intent
        if self._receipt_is_behind():
            self.forget_receipt()
        return True

    def take_object(self, obj: Json) -> bool:
        """Take a newer version as the API server sent it, with its record of who changed what. Raises Malformed."""
        if not self.take(read_object(OrderIntent, obj)):
            return False
        self.spec_changed_at = spec_changed_at(obj)
        return True

    def _receipt_is_behind(self) -> bool:
        """Whether the object speaks of an acknowledged order whose record another process has written meanwhile."""
        if self.receipt is None or self.permit is not None or self.sending or self.outcome is not None:
            return False
        latest, said = receipts.latest(self.receipt), self.intent.status
        known = {placement.client_order_id for placement in self.receipt.placements}
        if said.exchange_order_id is None:
            return False
        if latest.outcome is PlacementOutcome.PLACED:
            # The order was replaced, as far as its id is one of ours.
            return said.client_order_id not in known and said.exchange_order_id != latest.exchange_order_id
        return said.client_order_id not in known - {latest.client_order_id}

    @property
    def urgent(self) -> bool:
        """Whether an order is to be canceled, or was, and is to be replaced: that waits behind no new orders."""
        if self.receipt is not None and self.receipt.amend is not None:
            return True
        return self.intent.metadata.deleting or self.intent.spec.desired_state is DesiredState.CANCELED

    def rest(self) -> None:
        """The order has ended and everything is said: what is known beside the status is not needed any more."""
        state = self.intent.status.state
        ended = state is not None and state.is_final and self.intent.status.settled
        unproven = self.receipt is not None and self.receipt.outcome is ReceiptOutcome.PENDING
        if ended and not (self.sending or unproven or self.intent.metadata.deleting):
            self.journal, self.observed, self.recheck = NotRead(), Unknown(), False
            self.former.clear()


def _undeleted(intent: OrderIntent) -> OrderIntent:
    meta = intent.metadata
    if not meta.deleting:
        return intent
    return intent.model_copy(update={"metadata": meta.model_copy(update={"deletion_timestamp": None})})
