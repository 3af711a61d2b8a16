"""Receipts whose object is gone, and that still ask a question.

An object that does not have our finalizer yet can be deleted while its record is being written. When the writer dies
at that moment, no object is left for which the placement would be looked up. The receipt says enough to ask the venue:
it is judged like the order of an object that has vanished, for which nothing is sent any more.
"""

from exchange_kernel.api.enums import IdentityKind, ReceiptOutcome
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_receipt import OrderReceipt


def stand_in(receipt: OrderReceipt) -> OrderIntent | None:
    """What the questions to the venue need of an object that is gone; it is never written.

    None where there is no question, or where the receipt does not name its market.
    """
    if receipt.outcome is not ReceiptOutcome.PENDING:
        return None
    if receipt.symbol is None or receipt.side is None or receipt.type is None:
        return None
    own, claimant = receipt.identity, receipt.claimant
    spec = {
        "accountRef": {"namespace": own.account_namespace, "name": own.account_name},
        "symbol": receipt.symbol,
        "side": receipt.side.value,
        "type": receipt.type.value,
    }
    if own.key_kind is IdentityKind.ID:
        spec["intentId"] = own.key
    meta = {"namespace": claimant.namespace, "name": claimant.name, "uid": claimant.uid}
    return OrderIntent.from_object({"metadata": meta, "spec": spec})
