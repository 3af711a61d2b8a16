"""When an absence may be believed.

A request that was signed within the send window S is refused by the venue R seconds later; what the venue has taken by
then is visible after M. So whoever first saw the record at some moment of *its own* monotonic clock can be certain
S + R + M + 1 s later that a look-up which finds nothing proves that nothing is there. No other host's clock takes part.
"""

from exchange_kernel.api.order_receipt import ReceiptPlacement
from exchange_kernel.core.timing import FENCE_MARGIN
from exchange_kernel.core.view import View


def fence(view: View, seen_at: float, placement: ReceiptPlacement) -> float | None:
    """The monotonic time after which absence queries may start; None where absence can never be believed.

    Args:
        view: For the venue's rules.
        seen_at: When this process first saw the record that the fence guards.
        placement: The record: its own figures count, not this process' settings.
    """
    rules, expiry = view.account.rules, placement.request_expiry_seconds
    if rules is None or expiry is None:
        return None
    return seen_at + float(placement.send_window_seconds) + float(expiry) + rules.settle_margin + FENCE_MARGIN
