"""How long a receipt is kept: while its object lives, and 30 days after both the order and the object have ended.

A receipt is what makes a re-applied manifest the same order. Once it is gone, its name is free for another order; so
it goes late, and only when nothing can come of it any more.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from exchange_kernel.api.enums import ReceiptOutcome
from exchange_kernel.api.order_receipt import OrderReceipt

KEPT = timedelta(days=30)


class Retention(StrEnum):
    """What is to be done with a receipt."""

    KEEP = "Keep"
    # Nobody has noted that the object is gone: somebody took our finalizer away, or a restore left it out.
    ASK_CLAIMANT = "AskClaimant"
    DELETE = "Delete"


def judge(receipt: OrderReceipt, now: datetime) -> Retention:
    """What is to be done with a receipt at a time of the wall clock."""
    if receipt.outcome is not ReceiptOutcome.FINAL or receipt.final is None or receipt.amend is not None:
        return Retention.KEEP
    if now - receipt.final.at < KEPT:
        return Retention.KEEP
    if receipt.intent_deleted_at is None:
        return Retention.ASK_CLAIMANT
    return Retention.DELETE if now - receipt.intent_deleted_at >= KEPT else Retention.KEEP
