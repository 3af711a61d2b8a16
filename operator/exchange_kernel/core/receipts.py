"""Changes of a receipt, as pure functions from one receipt to the next.

A receipt is written before the venue is called and after an outcome is proven; nothing else authorises a request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from exchange_kernel.api.enums import OrderStateName, PlacementOutcome
from exchange_kernel.api.meta import ANNOTATION_CLAIMED, ANNOTATION_CONFIRM, FINALIZER_JOURNAL, ObjectMeta
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_receipt import MAX_PLACEMENTS, OrderReceipt, ReceiptPlacement, receipt_outcome
from exchange_kernel.api.receipt_parts import AmendRecord, Claimant, FinalRecord
from exchange_kernel.core.identity import Identity, client_order_id, fingerprint, to_record
from exchange_kernel.core.lineage import fill_sum, folded, place_of
from exchange_kernel.core.market_rules import Terms, shown
from exchange_kernel.core.order_lists import list_id
from exchange_kernel.core.venue import VenueOrder
from exchange_kernel.core.venue_rules import VenueRules

FIRST_REVISION = 0
# Why a placement was recorded that nobody may send: it only guards an identity whose receipt was missing, while the
# absence of an order is proven. After an interrupted start the next attempt follows; after a loss a human decides.
INTERRUPTED_START = "InterruptedStart"
RECEIPT_LOST = "ReceiptLost"
# The proof was a human's word: the venue's requests never expire, so that time proves nothing.
CONFIRMED = "Confirmed"
_BY_CONFIRMATION = frozenset({RECEIPT_LOST, CONFIRMED})
# The order was canceled to be replaced, and nothing replaces it; the placement's message says why.
AMEND_GIVEN_UP = "AmendGivenUp"
# The order was adopted as the replacement of others, of which nothing is recorded.
LINEAGE_LOST = "LineageLost"
_RETRYABLE = frozenset({PlacementOutcome.NOT_PLACED, PlacementOutcome.ABSENT})
_KEPT_FAILURES = 4


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes a receipt, and with which guarantees."""

    holder: str
    send_window: float
    rules: VenueRules
    venue_account_id: str
    journal_uid: str
    at: datetime
    leads_list: bool = False  # the order is the first of those that are sent in one request


def latest(receipt: OrderReceipt) -> ReceiptPlacement:
    """The placement that counts: the last revision's last attempt."""
    return max(receipt.placements, key=lambda placement: (placement.revision, placement.attempt))


def claimant_of(intent: OrderIntent) -> Claimant:
    """The object as a receipt names it."""
    meta = intent.metadata
    return Claimant(namespace=meta.namespace, name=meta.name, uid=meta.uid)


def first_quantity_text(quantity: Decimal | None) -> str:
    """The first quantity as the fingerprint holds it."""
    return "" if quantity is None else shown(quantity)


def matches(receipt: OrderReceipt, intent: OrderIntent) -> bool:
    """Whether the object wishes the order of this receipt: same immutable fields, same quantity.

    The claimant itself may have amended its quantity since, and so may its copy from a backup (it bears the mark of
    the claimant); another object must come with the first quantity, or with what was sent last.
    """
    own = receipt.claimant.uid in {intent.metadata.uid, intent.metadata.annotations.get(ANNOTATION_CLAIMED)}
    amended = intent.spec.quantity is not None and intent.spec.quantity in _later_quantities(receipt)
    quantity = receipt.first_quantity if own or amended else intent.spec.quantity
    return receipt.fingerprint == fingerprint(intent, first_quantity_text(quantity))


def _later_quantities(receipt: OrderReceipt) -> tuple[Decimal | None, ...]:
    """The totals that amends have asked for: the one under way, and the one that was sent last."""
    last = latest(receipt)
    others = [p.filled.quantity for p in receipt.placements if p is not last and p.filled is not None]
    others += [receipt.settled.quantity] if receipt.settled is not None else []
    sent = None if last.quantity is None else sum(others, last.quantity)
    return sent, receipt.amend.target.quantity if receipt.amend is not None else None


def new_receipt(identity: Identity, intent: OrderIntent, placement: ReceiptPlacement, writer: Writer) -> OrderReceipt:
    """The first record of an order; `placement` is Pending before a request, Placed when an order was adopted."""
    placements = (placement,)
    return OrderReceipt(
        metadata=ObjectMeta(name=identity.receipt_name, finalizers=(FINALIZER_JOURNAL,)),
        identity=to_record(identity),
        claimant=claimant_of(intent),
        fingerprint=fingerprint(intent, first_quantity_text(intent.spec.quantity)),
        symbol=intent.spec.symbol,
        side=intent.spec.side,
        type=intent.spec.type,
        first_quantity=intent.spec.quantity,
        venue_account_id=writer.venue_account_id,
        journal_uid=writer.journal_uid,
        outcome=receipt_outcome(placements, None),
        placements=placements,
    )


def pending(
    identity: Identity, attempt: int, terms: Terms, writer: Writer, revision: int = FIRST_REVISION
) -> ReceiptPlacement:
    """A placement that is about to be sent by the writer, and by nobody else."""
    client_id = client_order_id(identity, revision, attempt)
    return ReceiptPlacement(
        client_order_id=client_id,
        list_client_order_id=list_id(client_id) if writer.leads_list else None,
        revision=revision,
        attempt=attempt,
        quantity=terms.quantity,
        quote_quantity=terms.quote_quantity,
        price=terms.price,
        trigger_price=terms.trigger_price,
        trailing_offset=terms.trailing.offset if terms.trailing is not None else None,
        activation_price=terms.trailing.activation_price if terms.trailing is not None else None,
        holder=writer.holder,
        send_window_seconds=Decimal(str(writer.send_window)),
        request_expiry_seconds=None
        if writer.rules.request_expiry is None
        else Decimal(str(writer.rules.request_expiry)),
        outcome=PlacementOutcome.PENDING,
        recorded_at=writer.at,
    )


def guard(identity: Identity, known_id: str | None, terms: Terms, writer: Writer, reason: str) -> ReceiptPlacement:
    """A Pending placement that nobody may send, in place of one whose record is missing.

    Writing it is what makes an absence provable: whoever had a permit got it before, and whoever comes after finds
    this record. `known_id` is the client order id that the object's status speaks of.
    """
    revision, attempt = (None if known_id is None else place_of(identity, known_id)) or (FIRST_REVISION, 1)
    placement = pending(identity, attempt, terms, writer, revision)
    return placement.model_copy(update={"client_order_id": known_id or placement.client_order_id, "reason": reason})


def confirmation(identity: Identity, attempt: int, revision: int = FIRST_REVISION) -> str:
    """What a human writes to permit exactly this attempt: an old approval, applied again, permits nothing."""
    return f"{client_order_id(identity, revision, attempt)}/{attempt}"


def next_confirmation(identity: Identity, last: ReceiptPlacement) -> str:
    """What a human writes to permit the attempt after this one."""
    return confirmation(identity, last.attempt + 1, last.revision)


def awaits_confirmation(placement: ReceiptPlacement) -> bool:
    """Whether only a human may permit the attempt after this one."""
    return placement.reason == RECEIPT_LOST


def is_confirmed(intent: OrderIntent, identity: Identity, receipt: OrderReceipt) -> bool:
    """Whether a human has permitted the attempt that is recorded now, or the next one, after a loss."""
    if not any(placement.reason in _BY_CONFIRMATION for placement in receipt.placements):
        return False
    last = latest(receipt)
    attempt = last.attempt if last.outcome is PlacementOutcome.PENDING else last.attempt + 1
    return says(intent, confirmation(identity, attempt, last.revision))


def has_lost_lineage(receipt: OrderReceipt) -> bool:
    """Whether the order had replaced others when it was adopted without their record."""
    return any(placement.reason == LINEAGE_LOST for placement in receipt.placements)


def says(intent: OrderIntent, wanted: str) -> bool:
    """Whether the object carries this confirmation."""
    return intent.metadata.annotations.get(ANNOTATION_CONFIRM) == wanted


def resolved(placement: ReceiptPlacement, outcome: PlacementOutcome, at: datetime, **facts: object) -> ReceiptPlacement:
    """The placement with a proven outcome; `facts` are further fields (exchange_order_id, reason, message)."""
    return placement.model_copy(update={"outcome": outcome, "resolved_at": at, **facts})


def with_placement(receipt: OrderReceipt, placement: ReceiptPlacement) -> OrderReceipt:
    """Replace the placement of the same client order id, or append it; old failed attempts are folded away."""
    known = {each.client_order_id: each for each in receipt.placements} | {placement.client_order_id: placement}
    everything = tuple(known.values())
    kept = _bounded(everything)
    remain = {each.client_order_id for each in kept}
    settled = receipt.settled
    for each in everything:
        if each.client_order_id not in remain and each.outcome is PlacementOutcome.PLACED:
            settled = folded(settled, each)
    return _updated(
        receipt,
        placements=kept,
        settled=settled,
        folded_placements=receipt.folded_placements + len(everything) - len(kept),
    )


def _bounded(placements: tuple[ReceiptPlacement, ...]) -> tuple[ReceiptPlacement, ...]:
    """Keep what is open, the last failed attempts (they prove nothing), and the last orders that were replaced."""
    failed = [p for p in placements[:-1] if p.outcome in _RETRYABLE]
    surplus = {p.client_order_id for p in failed[: max(0, len(failed) - _KEPT_FAILURES)]}
    ended = sorted((p for p in placements[:-1] if p.closed), key=lambda p: not p.settled)
    too_many = len(placements) - len(surplus) - MAX_PLACEMENTS
    surplus |= {p.client_order_id for p in ended[: max(0, too_many)]}
    return tuple(p for p in placements if p.client_order_id not in surplus)


def with_amend(receipt: OrderReceipt, amend: AmendRecord | None) -> OrderReceipt:
    """Begin a replacement, take it to its next phase, or end it."""
    return _updated(receipt, amend=amend)


def closed(placement: ReceiptPlacement, order: VenueOrder) -> ReceiptPlacement:
    """The placement with its order's end and fills, as read back."""
    return placement.model_copy(update={"closed": True, "filled": fill_sum(order)})


def settled(placement: ReceiptPlacement, order: VenueOrder | None) -> ReceiptPlacement:
    """A replaced order after it was read again; a late fill counts, and nothing that was counted is lost."""
    known = placement.filled
    facts: dict[str, object] = {"settled": True}
    if order is not None and (known is None or fill_sum(order).quantity >= known.quantity):
        facts["filled"] = fill_sum(order)
    return placement.model_copy(update=facts)


def with_final(receipt: OrderReceipt, state: OrderStateName, filled: Decimal, at: datetime) -> OrderReceipt:
    """Record how the order ended; the first record stays, but for a fill that arrived late."""
    if receipt.final is not None and receipt.final.filled_quantity >= filled:
        return receipt
    final = FinalRecord(state=state, filled_quantity=Decimal(shown(filled)), at=at)
    return _updated(receipt, final=final, amend=None)


def with_claimant(receipt: OrderReceipt, intent: OrderIntent) -> OrderReceipt:
    """Give the order to the object that asks for it now; its former claimant is gone."""
    return _updated(receipt, claimant=claimant_of(intent), intent_deleted_at=None)


def with_intent_gone(receipt: OrderReceipt, at: datetime) -> OrderReceipt:
    """Note that the object is gone: retention counts from here."""
    return _updated(receipt, intent_deleted_at=at, amend=None)


def _updated(receipt: OrderReceipt, **changes: object) -> OrderReceipt:
    update: Mapping[str, object] = changes
    changed = receipt.model_copy(update=dict(update))
    return changed.model_copy(update={"outcome": receipt_outcome(changed.placements, changed.final)})
