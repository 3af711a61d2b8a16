"""Whether the venue's request limits leave room for an order.

A placement that is recorded can be sent for some seconds only. Recorded while the limits are used up, it would wait
beyond them, be recorded as not placed, and be followed by another attempt with the same fate: each costs writes of the
API server and a line in the receipt. So an order waits first, and is recorded when its requests can leave.

This is asked before the record alone. After it the order has its turn in the session's queue, where what it needs is
spent already; a request that asked for room once more would wait for itself.
"""

from exchange_kernel.api.enums import PlacementOutcome
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import receipts
from exchange_kernel.core.asking import needs_look_up
from exchange_kernel.core.gates.stop import Stop, wait
from exchange_kernel.core.timing import ROOM, SHARE_TO_WAIT
from exchange_kernel.core.view import Held, View

_MESSAGE = (
    "the requests that the venue grants are used up for the moment; nothing is sent yet, and the order is placed as "
    "soon as there is room (spec.rateLimitFactor of the account tells the operator of a higher tier)"
)


def has_room(view: View) -> Stop | None:
    """An order is recorded when it can be sent soon after."""
    return None if _is_recorded(view) or _works(view) else no_room(view)


def no_room(view: View) -> Stop | None:
    """Why another placement must not be recorded now, whatever was before it; None when there is room."""
    waits = view.account.venue_wait
    seconds = waits.with_look_up if needs_look_up(view, _next_attempt(view)) else waits.create
    longest = view.account.send_window * SHARE_TO_WAIT
    return None if seconds <= longest else wait(Reason.RATE_LIMITED, _MESSAGE, min(ROOM, seconds - longest))


def _is_recorded(view: View) -> bool:
    return view.sending or view.permit is not None


def _works(view: View) -> bool:
    """Whether there is an order whose change is judged: one in place needs no room, and a replacement asks itself."""
    if not isinstance(view.journal, Held):
        return False
    receipt = view.journal.receipt
    return receipt.amend is None and receipts.latest(receipt).outcome is PlacementOutcome.PLACED


def _next_attempt(view: View) -> int:
    """The number of the attempt that would be recorded."""
    if not isinstance(view.journal, Held):
        return 1
    last = receipts.latest(view.journal.receipt)
    return 1 if last.outcome is PlacementOutcome.PLACED else last.attempt + 1
