"""Asking the venue about an acknowledged order, and for its cancel, at paced intervals."""

from exchange_kernel.api.enums import PlacementPolicy
from exchange_kernel.api.order_receipt import ReceiptPlacement
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.core.decision import Action, Cancel, Decision, FetchOrder, FetchTrades
from exchange_kernel.core.timing import CANCELS, LOOK_UPS, TRADES
from exchange_kernel.core.venue import VenueOrder
from exchange_kernel.core.view import View


def needs_look_up(view: View, attempt: int) -> bool:
    """Whether the venue is asked before the request: always, but for first tries under names that are never reused.

    A venue that cannot be asked takes CreateOnly alone (`gates`); there a new attempt needs the sender's own proof.
    """
    rules = view.account.rules
    if rules is not None and (rules.idempotent_create or not rules.look_up):
        return False
    return not (view.intent.spec.placement.policy is PlacementPolicy.CREATE_ONLY and attempt == 1)


def reachable(view: View) -> bool:
    """Whether the account has a session that can be asked."""
    return view.account.exists and bool(view.account.venue_account_id)


def fetch(view: View, placement: ReceiptPlacement, why: str, said: OrderIntentStatus) -> Decision:
    """Read the order by the venue's id, now or when the interval has passed."""
    if not reachable(view):
        return Decision(f"{why}: wait for the account", said, requeue_after=5.0)
    wait = view.looked.due_at(LOOK_UPS) - view.now.monotonic
    if wait > 0:
        return Decision(f"{why}: later", said, requeue_after=wait)
    ask = FetchOrder(view.intent.spec.symbol, placement.exchange_order_id or "")
    return Decision(why, said, actions=(ask,), quiet=True)


def cancel(view: View, placement: ReceiptPlacement, order: VenueOrder, said: OrderIntentStatus) -> Decision:
    """Ask, and read back; repeat both until the end is read."""
    if not reachable(view):
        return Decision("cancel: wait for the account", said, requeue_after=2.0)
    symbol, exchange_id = view.intent.spec.symbol, order.exchange_order_id
    wait = view.canceled.due_at(CANCELS) - view.now.monotonic
    if wait > 0:
        return Decision("cancel again, later", said, requeue_after=wait)
    actions: tuple[Action, ...] = (
        Cancel(symbol, exchange_id, placement.client_order_id),
        FetchOrder(symbol, exchange_id),
    )
    return Decision("cancel", said, actions=actions, quiet=view.canceled.times == 0)


def trades(view: View, order: VenueOrder, said: OrderIntentStatus) -> Decision:
    """Read the fills that the order's filled quantity says must exist."""
    if not reachable(view):
        return Decision("read the trades: wait for the account", said, requeue_after=5.0)
    wait = view.traded.due_at(TRADES) - view.now.monotonic
    if wait > 0:
        return Decision("read the trades, later", said, requeue_after=wait)
    ask = FetchTrades(view.intent.spec.symbol, order.exchange_order_id)
    return Decision("read the trades", said, actions=(ask,), quiet=view.traded.times == 0)
