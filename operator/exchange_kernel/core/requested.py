"""The annotation `reconcile-requested-at`: read the venue now, and say so.

Somebody who has changed something at the venue, or who doubts what the status says, asks for a read instead of waiting
for the next one. Each value of the annotation is one request. It counts as handled when a read that began after it was
seen has been answered; a read that failed is repeated, and nothing is said meanwhile.
"""

from dataclasses import replace

from exchange_kernel.api.meta import ANNOTATION_RECONCILE, ObjectMeta
from exchange_kernel.core.decision import Action, Decision, FetchOrder, LookUp
from exchange_kernel.core.timing import LOOK_UPS
from exchange_kernel.core.view import View

# As long as the field of the status that echoes it.
_LONGEST = 128


def value_of(meta: ObjectMeta) -> str:
    """The request; empty when there is none."""
    return meta.annotations.get(ANNOTATION_RECONCILE, "")[:_LONGEST]


def answer(view: View, decision: Decision) -> Decision:
    """The decision, with the read that was asked for, once everything else has come to rest."""
    asked = value_of(view.intent.metadata)
    if not asked or asked == view.intent.status.last_handled_reconcile_at or not decision.is_rest:
        return decision
    read = _read(view)
    if read is None or view.answered_at >= view.requested_at:
        said = decision.status.model_copy(update={"last_handled_reconcile_at": asked})
        return replace(decision, status=said, quiet=False)
    if not (view.account.exists and view.account.venue_account_id):
        return decision  # the account wakes its orders when it is there
    wait = view.looked.due_at(LOOK_UPS) - view.now.monotonic
    if wait > 0:
        soonest = wait if decision.requeue_after is None else min(wait, decision.requeue_after)
        return replace(decision, requeue_after=soonest)
    return Decision("read as requested", decision.status, actions=(read,), quiet=True)


def _read(view: View) -> Action | None:
    """What can be read of the order; None when nothing was ever sent for it."""
    symbol, said = view.intent.spec.symbol, view.intent.status
    if said.exchange_order_id:
        return FetchOrder(symbol, said.exchange_order_id)
    if said.client_order_id:
        return LookUp(symbol, said.client_order_id)
    return None
