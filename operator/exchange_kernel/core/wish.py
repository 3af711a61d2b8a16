"""What the spec asks for beyond what is at the venue, and whether, and how, it can be had.

`quantity` is a total: the fills of all orders of the intent included, those of replaced ones, too. It is compared with
the total that was sent (`sent`), and never with the spec's own digits, so that a rounded number is not amended for
ever.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from exchange_kernel.api.enums import AmendPolicy, OrderType, PlacementPolicy
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.order_receipt import ReceiptPlacement
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import lineage, market_rules, receipts, sent
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.decision import ReadPrice
from exchange_kernel.core.gates import Stop, adopts, first_stop, terms_of
from exchange_kernel.core.market_rules import ZERO, Denial, Terms
from exchange_kernel.core.outcomes import AmendRefused
from exchange_kernel.core.requests import AmendChange, AmendRequest
from exchange_kernel.core.venue import VenueOrder, VenueStatus
from exchange_kernel.core.view import Held, View


@dataclass(frozen=True, slots=True)
class Change:
    """A change that can be made.

    Attributes:
        target: The totals to reach.
        request: The request that makes it in place; None where the order is canceled and replaced.
    """

    target: Terms
    request: AmendRequest | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """Why the order keeps its values although the spec says otherwise.

    Attributes:
        problem: For the user.
        waits: It ends without another edit of the spec.
        ask: What has to be read before the change can be judged at all.
    """

    problem: Problem
    waits: bool = False
    ask: ReadPrice | None = None


def change(view: View, placement: ReceiptPlacement, order: VenueOrder) -> Change | Objection | None:
    """What is to be changed about a working order; None when it is as the spec wants it."""
    if view.account.rules is None or view.intent.spec.symbol not in view.account.markets:
        return None
    known = sent.sent_terms(view, placement, order)
    terms = terms_of(view)
    if isinstance(terms, Denial):
        spec = view.intent.spec
        as_written = Terms(spec.quantity, None, spec.price, spec.trigger_price)
        return _keeps(terms.reason, terms.message) if _kinds(as_written, known) else None
    kinds = _kinds(terms, known)
    if not kinds:
        return None
    return _forbidden(view) or _possible(view, placement, order, terms, kinds)


def rest_of(view: View, done: Decimal) -> Terms | Denial | None:
    """The terms of an order for what is still to be filled; None when nothing is left.

    Args:
        view: The newest wish of the spec counts.
        done: What the orders of the intent have filled.
    """
    terms = terms_of(view)
    if isinstance(terms, Denial) or terms.quantity is None:
        return terms
    left = replace(terms, quantity=terms.quantity - done)
    if terms.quantity <= done:
        return None
    return market_rules.check(left, view.intent.spec.type, view.account.markets[view.intent.spec.symbol]) or left


def is_complete(view: View, filled: Decimal) -> bool:
    """Whether so much has been filled as the spec asks for by now."""
    wanted = view.intent.spec.quantity
    if view.account.rules is not None and view.intent.spec.symbol in view.account.markets:
        terms = terms_of(view)
        wanted = wanted if isinstance(terms, Denial) else terms.quantity
    return wanted is not None and filled >= wanted


def policy_of(view: View) -> AmendPolicy:
    """The spec's amendPolicy, else the account's default."""
    return view.intent.spec.amend_policy or view.account.defaults.amend_policy


def gives_up(stop: Stop) -> bool:
    """Whether a rule that objects to sending ends a replacement: it denies, or the account was halted on purpose.

    A replacement is not sent when a halt is lifted hours later.
    """
    return stop.state is not State.PENDING or stop.reason == Reason.HALTED


def _keeps(reason: str, message: str, *, waits: bool = False) -> Objection:
    return Objection(Problem(reason, f"the order keeps its values: {message}"), waits)


def _kinds(terms: Terms, before: Terms) -> frozenset[AmendChange]:
    kinds = set()
    if terms.quantity is not None and before.quantity is not None and terms.quantity != before.quantity:
        kinds.add(AmendChange.QUANTITY_UP if terms.quantity > before.quantity else AmendChange.QUANTITY_DOWN)
    if _differ(terms.price, before.price):
        kinds.add(AmendChange.PRICE)
    if _differ(terms.trigger_price, before.trigger_price):
        kinds.add(AmendChange.TRIGGER_PRICE)
    return frozenset(kinds)


def _differ(wish: Decimal | None, before: Decimal | None) -> bool:
    return wish is not None and before is not None and wish != before


def _forbidden(view: View) -> Objection | None:
    """What forbids any change of the order, however it would be made."""
    if policy_of(view) is AmendPolicy.NEVER:
        return _keeps(Reason.AMEND_NOT_ALLOWED, "amendPolicy is Never; cancel it and create another one")
    if isinstance(view.journal, Held) and receipts.has_lost_lineage(view.journal.receipt):
        message = "its record was lost, and it had replaced other orders, of which nothing is known; cancel it"
        return _keeps(Reason.AMEND_NOT_ALLOWED, f"{message} and create another one for what is still wanted")
    stop = first_stop(view)
    if stop is None:
        return None
    return replace(_keeps(stop.reason, stop.message, waits=stop.state is State.PENDING), ask=stop.ask)


def _possible(
    view: View, placement: ReceiptPlacement, order: VenueOrder, terms: Terms, kinds: frozenset[AmendChange]
) -> Change | Objection:
    rest = rest_of(view, lineage.done(view, placement, order))
    if rest is None:
        # Nothing is left to be filled: the order is canceled and nothing replaces it.
        return Change(terms)
    if isinstance(rest, Denial):
        return _keeps(rest.reason, f"of the rest that would be left, {rest.message}")
    if kinds <= sent.in_place(view):
        return _in_place(view, placement, order, terms, kinds)
    return _not_replaceable(view, order, kinds) or Change(terms)


def _in_place(
    view: View, placement: ReceiptPlacement, order: VenueOrder, terms: Terms, kinds: frozenset[AmendChange]
) -> Change | Objection:
    resized = kinds & {AmendChange.QUANTITY_UP, AmendChange.QUANTITY_DOWN} and terms.quantity is not None
    request = AmendRequest(
        exchange_order_id=order.exchange_order_id,
        client_order_id=placement.client_order_id,
        symbol=view.intent.spec.symbol,
        side=view.intent.spec.side,
        type=view.intent.spec.type,
        quantity=(terms.quantity or ZERO) - lineage.done(view, placement) if resized else None,
        price=terms.price if AmendChange.PRICE in kinds else None,
        trigger_price=terms.trigger_price if AmendChange.TRIGGER_PRICE in kinds else None,
    )
    tried = view.amended
    if tried is not None and tried.request == request and isinstance(tried.outcome, AmendRefused):
        refusal = tried.outcome
        return _keeps(Reason.AMEND_REFUSED, f"the venue refused the change ({refusal.code}): {refusal.message}")
    return Change(terms, request)


def _not_replaceable(view: View, order: VenueOrder, kinds: frozenset[AmendChange]) -> Objection | None:
    """Why an order cannot be canceled and replaced by one with other values."""
    rules, spec = view.account.rules, view.intent.spec
    name = rules.name if rules is not None else "the venue"
    changed = ", ".join(sorted(kinds))
    if policy_of(view) is AmendPolicy.IN_PLACE_ONLY:
        message = f"amendPolicy is InPlaceOnly, and {name} does not make this change in place ({changed})"
    elif spec.placement.policy is PlacementPolicy.ADOPT_ONLY:
        message = "placement.policy is AdoptOnly, so that no order is ever created"
    elif adopts(view.intent):
        message = "it was adopted, and can only be replaced once the annotation that names it is removed"
    elif spec.type is OrderType.TRAILING_STOP_MARKET:
        message = f"a trailing stop would start anew, and {name} does not make this change in place ({changed})"
    elif spec.trigger_price is not None and order.status is not VenueStatus.UNTRIGGERED:
        message = "it has been triggered; an order that replaces it would wait for its trigger again"
    else:
        return None
    return _keeps(Reason.AMEND_NOT_ALLOWED, f"{message}; restore the values, or cancel it and create another one")
