"""What this process remembers of one intent between two looks at it. A restart may lose all of it without harm."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from exchange_kernel.api.enums import DeletionPolicy, DesiredState, OrderStateName, PlacementOutcome, ReceiptOutcome
from exchange_kernel.api.meta import FINALIZER_CANCEL_ORDER, ObjectMeta
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.core import fills, lineage, receipts, requested
from exchange_kernel.core.identity import Identity, identity_of
from exchange_kernel.core.timing import ATTEMPTS
from exchange_kernel.core.venue import (
    Absent,
    AmendOutcome,
    AmendRequest,
    CreateOutcome,
    Found,
    NotPlaced,
    Observed,
    Placed,
    Trade,
    Unknown,
    VenueOrder,
)
from exchange_kernel.core.view import (
    AccountFacts,
    Adoption,
    AdoptionFacts,
    AmendTry,
    Asked,
    Held,
    Journal,
    NoReceipt,
    NotAsked,
    NotRead,
    Now,
    Permit,
    Reread,
    View,
)
from exchange_kernel.kube.client import FIELD_MANAGER
from exchange_kernel.kube.objects import read_object
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


_NOT_AT_THE_VENUE = frozenset({OrderStateName.PENDING, OrderStateName.DENIED})


@dataclass(slots=True)
class IntentMemo:
    """The mutable side of a `View`.

    Attributes:
        unsure: A permit whose record's write was not answered. Should the record turn out to be there, it is valid,
            and counts from the first try.
        starting: A record that permits sending is being written.
        request: The present value of `reconcile-requested-at`, first seen at `requested_at`.
        failures: Passes that failed in a row; paces the next one.
        spec_changed_at: When the spec was last written, by the API server's record.
        said: The status as this process has last written it, at `said_at` of its monotonic clock.
        held: It is the leg of a group that lives: that somebody deletes it does not count before the group has ended.
        gone: The object does not exist any more; what this process has begun for it is brought to its end.
        amended: The last request of this process to change the order in place.
        former: The orders that were replaced, as read again, by the venue's id.
    """

    intent: OrderIntent
    identity: Identity
    journal: Journal = field(default_factory=NotRead)
    permit: Permit | None = None
    unsure: Permit | None = None
    sending: bool = False
    outcome: CreateOutcome | None = None
    outcome_of: str = ""
    observed: Observed = field(default_factory=Unknown)
    observed_at: float = 0.0
    recheck: bool = False
    looked: Asked = field(default_factory=Asked)
    canceled: Asked = field(default_factory=Asked)
    traded: Asked = field(default_factory=Asked)
    hold_until: float = 0.0
    starting: bool = False
    final_at: float | None = None
    adoption: Adoption = field(default_factory=NotAsked)
    request: str = ""
    requested_at: float = 0.0
    answered_at: float = -1.0
    amended: AmendTry | None = None
    former: dict[str, Reread] = field(default_factory=dict)
    reread: Asked = field(default_factory=Asked)
    failures: int = 0
    spec_changed_at: datetime | None = None
    gone: bool = False
    held: bool = False
    said: OrderIntentStatus | None = None
    said_at: float = 0.0

    @classmethod
    def of(cls, intent: OrderIntent) -> "IntentMemo":
        """A memory of an object that was just seen for the first time."""
        return cls(intent, identity_of(intent))

    @property
    def account_key(self) -> tuple[str, str]:
        """(namespace, name) of the account."""
        return self.intent.account_key

    @property
    def order(self) -> VenueOrder | None:
        """The venue's order as last observed."""
        return self.observed.order if isinstance(self.observed, Found) else None

    @property
    def receipt(self) -> OrderReceipt | None:
        """The receipt as last read."""
        return self.journal.receipt if isinstance(self.journal, Held) else None

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
    def client_order_id(self) -> str:
        """Our id of the present order; empty before it is recorded."""
        if self.receipt is not None:
            return receipts.latest(self.receipt).client_order_id
        return self.intent.status.client_order_id or ""

    @property
    def receipt_seen_at(self) -> float:
        """Monotonic time since when this process knows the receipt in its present version."""
        return self.journal.seen_at if isinstance(self.journal, Held) else 0.0

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

    def take_object(self, obj: Json) -> bool:
        """Take a newer version as the API server sent it, with its record of who changed what. Raises Malformed."""
        if not self.take(read_object(OrderIntent, obj)):
            return False
        self.spec_changed_at = spec_changed_at(obj)
        return True

    @property
    def meta(self) -> ObjectMeta:
        """The object's metadata."""
        return self.intent.metadata

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

    @property
    def has_open_end(self) -> bool:
        """Whether this process knows something about a placement that is not recorded."""
        return self.outcome is not None or self.permit is not None or self.unsure is not None

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

    # --- the journal --------------------------------------------------------------------------------------------

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

    # --- the venue ----------------------------------------------------------------------------------------------

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

    def see_former(self, exchange_order_id: str, order: VenueOrder | None, started_at: float) -> None:
        """A replaced order was read again."""
        self.former[exchange_order_id] = Reread(order, started_at)

    def tried_to_amend(self, request: AmendRequest, outcome: AmendOutcome, monotonic: float) -> None:
        """A request to change the order in place has an answer, or none."""
        before = self.amended
        times = before.times + 1 if before is not None and before.request == request else 1
        self.amended = AmendTry(request, outcome, monotonic, times)

    def see_absent(self, absent: Absent) -> None:
        """A look-up found nothing. What was found once is not forgotten for it."""
        if self.order is None:
            self.observed, self.observed_at = absent, absent.started_at

    def see_adoption(self, facts: AdoptionFacts) -> None:
        """What is known of the order to adopt has been read."""
        self.adoption, self.looked = facts, Asked()

    def see_trades(self, trades: tuple[Trade, ...]) -> None:
        """The order's fills were read."""
        if self.order is not None:
            merged = fills.merge_trades(self.order.trades, trades)
            self.observed = Found(replace(self.order, trades=merged))

    def ended_sending(self, client_order_id: str, outcome: CreateOutcome, monotonic: float) -> None:
        """The request of this process has an outcome; it is kept until it is recorded."""
        self.sending, self.outcome, self.outcome_of = False, outcome, client_order_id
        if isinstance(outcome, Placed):
            self.see(outcome.order, monotonic, monotonic)

    def asked(self, before: Asked, monotonic: float) -> Asked:
        """One more question was asked."""
        return Asked(monotonic, before.times + 1)


def _undeleted(intent: OrderIntent) -> OrderIntent:
    meta = intent.metadata
    if not meta.deleting:
        return intent
    return intent.model_copy(update={"metadata": meta.model_copy(update={"deletion_timestamp": None})})


def _version(receipt: OrderReceipt) -> str:
    return receipt.metadata.resource_version
