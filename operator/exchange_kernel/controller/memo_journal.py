"""What this process remembers of an order's record, and of the request that it permits."""

from dataclasses import dataclass, field, replace

from exchange_kernel.api.enums import PlacementOutcome
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.controller.memo_venue import VenueMemory
from exchange_kernel.core import fills, lineage, receipts
from exchange_kernel.core.outcomes import CreateOutcome, NotPlaced, Placed
from exchange_kernel.core.timing import ATTEMPTS
from exchange_kernel.core.venue import Found, Unknown, VenueOrder
from exchange_kernel.core.view import (
    Asked,
    Held,
    Journal,
    NoReceipt,
    NotAsked,
    NotRead,
    Permit,
)


@dataclass(slots=True)
class JournalMemory(VenueMemory):
    """A memory of an object and of its order, with the record between them.

    Attributes:
        unsure: A permit whose record's write was not answered. Should the record turn out to be there, it is valid,
            and counts from the first try.
        starting: A record that permits sending is being written.
    """

    journal: Journal = field(default_factory=NotRead)
    permit: Permit | None = None
    unsure: Permit | None = None
    sending: bool = False
    outcome: CreateOutcome | None = None
    outcome_of: str = ""
    hold_until: float = 0.0
    starting: bool = False

    @property
    def receipt(self) -> OrderReceipt | None:
        """The receipt as last read."""
        return self.journal.receipt if isinstance(self.journal, Held) else None

    @property
    def receipt_seen_at(self) -> float:
        """Monotonic time since when this process knows the receipt in its present version."""
        return self.journal.seen_at if isinstance(self.journal, Held) else 0.0

    @property
    def has_open_end(self) -> bool:
        """Whether this process knows something about a placement that is not recorded."""
        return self.outcome is not None or self.permit is not None or self.unsure is not None

    def read_receipt(self, receipt: OrderReceipt | None, holder: str, monotonic: float) -> None:
        """A read of the receipt has arrived (None: there is none)."""
        if receipt is None:
            self.journal = NoReceipt()
            return
        known = self.journal
        same = isinstance(known, Held) and _version(known.receipt) == _version(receipt)
        self.hold(receipt, known.seen_at if same and isinstance(known, Held) else monotonic)
        self._recover_permit(receipt, holder)

    def hold(self, receipt: OrderReceipt, seen_at: float) -> None:
        """The receipt as the API server has it, first seen in this version at `seen_at`."""
        if self.receipt is not None and receipts.latest(self.receipt) != receipts.latest(receipt):
            self._turn_to(receipts.latest(receipt), receipts.latest(self.receipt))
        gone = self.journal.claimant_gone if isinstance(self.journal, Held) else None
        same_claimant = self.receipt is not None and self.receipt.claimant == receipt.claimant
        self.journal = Held(receipt, seen_at, gone if same_claimant else None)

    def _turn_to(self, latest: ReceiptPlacement, before: ReceiptPlacement) -> None:
        """What is known of a replaced order is not known of the one that follows it."""
        order = self.order
        if latest.revision <= before.revision or order is None:
            return
        if order.client_order_id == latest.client_order_id or order.exchange_order_id == latest.exchange_order_id:
            return
        self.observed, self.observed_at, self.recheck, self.final_at = Unknown(), 0.0, False, None
        self.looked = self.canceled = self.traded = Asked()

    def claimant_is_gone(self, gone: bool) -> None:  # noqa: FBT001 - the answer to a question
        """The answer about the receipt's claimant has arrived."""
        if isinstance(self.journal, Held):
            self.journal = replace(self.journal, claimant_gone=gone)

    def forget_receipt(self) -> None:
        """The receipt must be read again, and with it whatever was concluded from there being none."""
        self.journal, self.adoption = NotRead(required=True), NotAsked()
        self.starting = False

    def _recover_permit(self, receipt: OrderReceipt, holder: str) -> None:
        """A record whose write was not answered has arrived after all: its permit is ours, from the first try."""
        latest = receipts.latest(receipt)
        if (
            self.unsure is not None
            and (latest.client_order_id, latest.holder) == (self.unsure.client_order_id, holder)
            and latest.outcome is PlacementOutcome.PENDING
        ):
            self.permit = self.unsure

    def start_attempt(self, permit: Permit) -> Permit:
        """A record that permits sending is about to be written; returns the permit that it will give."""
        self.looked, self.observed, self.outcome = Asked(), Unknown(), None
        self.starting = True
        self.recheck, self.final_at = False, None
        self.canceled = self.traded = Asked()
        if self.unsure is not None and self.unsure.client_order_id == permit.client_order_id:
            return self.unsure
        return permit

    def recorded(self, receipt: OrderReceipt, permit: Permit | None, monotonic: float) -> None:
        """A record was written: what it proves is no longer kept here."""
        self.adoption, self.starting = NotAsked(), False
        self.hold(receipt, monotonic)
        latest = receipts.latest(receipt)
        if latest.outcome is PlacementOutcome.NOT_PLACED:
            pause = self.outcome.retry_after if isinstance(self.outcome, NotPlaced) else None
            self.hold_until = monotonic + max(pause or 0.0, ATTEMPTS.after(latest.attempt))
        if latest.outcome is not PlacementOutcome.PENDING:
            self.outcome = None
        if permit is None or latest.outcome is not PlacementOutcome.PENDING:
            self.unsure = None
        self.permit = permit

    def see(self, order: VenueOrder, started_at: float, monotonic: float) -> bool:
        """An observation of the order has arrived; True when it says something new."""
        if self.has_replaced(order.exchange_order_id):
            return False
        known = self.order
        if known is not None and known.exchange_order_id != order.exchange_order_id:
            known, self.final_at = None, None
        merged = fills.merge(known, order)
        changed = merged != self.order or self.recheck
        self.observed, self.observed_at, self.recheck = Found(merged), started_at, False
        self.looked = Asked()
        if merged.status.is_final and self.final_at is None:
            self.final_at = monotonic
        return changed

    def has_replaced(self, exchange_order_id: str) -> bool:
        """Whether an answer is of an order that was replaced while it was on its way: its end is not the new one's."""
        if self.receipt is None:
            return False
        others = lineage.former(self.receipt, receipts.latest(self.receipt))
        return any(each.exchange_order_id == exchange_order_id for each in others)

    def ended_sending(self, client_order_id: str, outcome: CreateOutcome, monotonic: float) -> None:
        """The request of this process has an outcome; it is kept until it is recorded."""
        self.sending, self.outcome, self.outcome_of = False, outcome, client_order_id
        if isinstance(outcome, Placed):
            self.see(outcome.order, monotonic, monotonic)


def _version(receipt: OrderReceipt) -> str:
    return receipt.metadata.resource_version
