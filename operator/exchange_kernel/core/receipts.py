"""Changes of a receipt, as pure functions from one receipt to the next.

A receipt is written before the venue is called and after an outcome is proven; nothing else authorises a request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from exchange_kernel.api.enums import OrderStateName, PlacementOutcome
from exchange_kernel.api.meta import ANNOTATION_CONFIRM, FINALIZER_JOURNAL, ObjectMeta
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_receipt import (
    MAX_PLACEMENTS,
    Claimant,
    FinalRecord,
    OrderReceipt,
    ReceiptPlacement,
    receipt_outcome,
)
from exchange_kernel.core.identity import Identity, client_order_id, fingerprint, to_record
from exchange_kernel.core.market_rules import Terms, shown
from exchange_kernel.core.venue import VenueRules

FIRST_REVISION = 0
# Why a placement was recorded that nobody may send: it only guards an identity whose receipt was missing, while the
# absence of an order is proven. After an interrupted start the next attempt follows; after a loss a human decides.
INTERRUPTED_START = "InterruptedStart"
RECEIPT_LOST = "ReceiptLost"
# The proof was a human's word: the venue's requests never expire, so that time proves nothing.
CONFIRMED = "Confirmed"
_BY_CONFIRMATION = frozenset({RECEIPT_LOST, CONFIRMED})
_MOST_ATTEMPTS = 256
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
    """Whether the object wishes the order of this receipt: same immutable fields, same first quantity.

    The claimant itself may have amended its quantity since; another object must come with the first one.
    """
    own = receipt.claimant.uid == intent.metadata.uid
    quantity = receipt.first_quantity if own else intent.spec.quantity
    return receipt.fingerprint == fingerprint(intent, first_quantity_text(quantity))


def new_receipt(identity: Identity, intent: OrderIntent, placement: ReceiptPlacement, writer: Writer) -> OrderReceipt:
    """The first record of an order; `placement` is Pending before a request, Placed when an order was adopted."""
    placements = (placement,)
    return OrderReceipt(
        metadata=ObjectMeta(name=identity.receipt_name, finalizers=(FINALIZER_JOURNAL,)),
        identity=to_record(identity),
        claimant=claimant_of(intent),
        fingerprint=fingerprint(intent, first_quantity_text(intent.spec.quantity)),
        first_quantity=intent.spec.quantity,
        venue_account_id=writer.venue_account_id,
        journal_uid=writer.journal_uid,
        outcome=receipt_outcome(placements, None),
        placements=placements,
    )


def pending(identity: Identity, attempt: int, terms: Terms, writer: Writer) -> ReceiptPlacement:
    """A placement that is about to be sent by the writer, and by nobody else."""
    return ReceiptPlacement(
        client_order_id=client_order_id(identity, FIRST_REVISION, attempt),
        revision=FIRST_REVISION,
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
    attempt = 1 if known_id is None else attempt_of(identity, known_id) or 1
    placement = pending(identity, attempt, terms, writer)
    return placement.model_copy(update={"client_order_id": known_id or placement.client_order_id, "reason": reason})


def attempt_of(identity: Identity, wanted: str) -> int | None:
    """The attempt that a client order id belongs to; None for an id that is not of this identity."""
    attempts = range(1, _MOST_ATTEMPTS + 1)
    return next((n for n in attempts if client_order_id(identity, FIRST_REVISION, n) == wanted), None)


def confirmation(identity: Identity, attempt: int) -> str:
    """What a human writes to permit exactly this attempt: an old approval, applied again, permits nothing."""
    return f"{client_order_id(identity, FIRST_REVISION, attempt)}/{attempt}"


def awaits_confirmation(placement: ReceiptPlacement) -> bool:
    """Whether only a human may permit the attempt after this one."""
    return placement.reason == RECEIPT_LOST


def is_confirmed(intent: OrderIntent, identity: Identity, receipt: OrderReceipt) -> bool:
    """Whether a human has permitted the attempt that is recorded now, or the next one, after a loss."""
    if not any(placement.reason in _BY_CONFIRMATION for placement in receipt.placements):
        return False
    last = latest(receipt)
    attempt = last.attempt if last.outcome is PlacementOutcome.PENDING else last.attempt + 1
    return says(intent, confirmation(identity, attempt))


def says(intent: OrderIntent, wanted: str) -> bool:
    """Whether the object carries this confirmation."""
    return intent.metadata.annotations.get(ANNOTATION_CONFIRM) == wanted


def resolved(placement: ReceiptPlacement, outcome: PlacementOutcome, at: datetime, **facts: object) -> ReceiptPlacement:
    """The placement with a proven outcome; `facts` are further fields (exchange_order_id, reason, message)."""
    return placement.model_copy(update={"outcome": outcome, "resolved_at": at, **facts})


def with_placement(receipt: OrderReceipt, placement: ReceiptPlacement) -> OrderReceipt:
    """Replace the placement of the same client order id, or append it; old failed attempts are folded away."""
    others = tuple(p for p in receipt.placements if p.client_order_id != placement.client_order_id)
    placements = _bounded((*others, placement))
    return _updated(
        receipt,
        placements=placements,
        folded_placements=receipt.folded_placements + len(others) + 1 - len(placements),
    )


def _bounded(placements: tuple[ReceiptPlacement, ...]) -> tuple[ReceiptPlacement, ...]:
    """Keep what is open or was placed, and the last failed attempts; they prove nothing but that nothing happened."""
    failed = [p for p in placements[:-1] if p.outcome in _RETRYABLE]
    surplus = {p.client_order_id for p in failed[: max(0, len(failed) - _KEPT_FAILURES)]}
    return tuple(p for p in placements if p.client_order_id not in surplus)[-MAX_PLACEMENTS:]


def with_final(receipt: OrderReceipt, state: OrderStateName, filled: Decimal, at: datetime) -> OrderReceipt:
    """Record how the order ended; the first record stays, but for a fill that arrived late."""
    if receipt.final is not None and receipt.final.filled_quantity >= filled:
        return receipt
    return _updated(receipt, final=FinalRecord(state=state, filled_quantity=Decimal(shown(filled)), at=at))


def with_claimant(receipt: OrderReceipt, intent: OrderIntent) -> OrderReceipt:
    """Give the order to the object that asks for it now; its former claimant is gone."""
    return _updated(receipt, claimant=claimant_of(intent), intent_deleted_at=None)


def with_intent_gone(receipt: OrderReceipt, at: datetime) -> OrderReceipt:
    """Note that the object is gone: retention counts from here."""
    return _updated(receipt, intent_deleted_at=at)


def _updated(receipt: OrderReceipt, **changes: object) -> OrderReceipt:
    update: Mapping[str, object] = changes
    changed = receipt.model_copy(update=dict(update))
    return changed.model_copy(update={"outcome": receipt_outcome(changed.placements, changed.final)})
