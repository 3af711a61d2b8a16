"""Taking over an order that the venue has and no receipt owns: the annotation `adopt-order-id`.

The order was placed by hand, by another program, or by an operator whose journal is gone for good. The object takes it
over under the venue's id, is recorded as Placed, and from there on the order is followed, canceled and deleted like
any other. Nothing is ever placed while the annotation is set (`gates`): whoever names an order does not want another.

Two objects must not own one order, because a cancel of the one would end the other. Receipts have the names of
identities, so creating them is no arbiter. It is decided before: the objects are listed after this one's annotation
was seen, and if another one names the order, too, neither takes it. Of two annotations one was written last, and its
reader sees the other, so that at most one object is ever alone. Both may be refused; a human says which it is.
"""

import re
from collections.abc import Iterable

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.meta import ANNOTATION_ADOPT
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import controls, fresh, status
from exchange_kernel.core.decision import Decision, ReadAdoption
from exchange_kernel.core.gates import Stop, adoption_stop, adopts
from exchange_kernel.core.identity import identity_of, is_ours, to_record
from exchange_kernel.core.lineage import place_of
from exchange_kernel.core.market_rules import shown
from exchange_kernel.core.status import Situation
from exchange_kernel.core.timing import LOOK_UPS, SLOW
from exchange_kernel.core.venue import Unknown, VenueOrder
from exchange_kernel.core.view import AdoptionFacts, View

# What venues use as ids; anything else is a slip of the pen and is not sent to them.
_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Facts that are older are asked for again before they are acted upon, in seconds.
_FRESH = 5.0


def decide(view: View) -> Decision | None:
    """Decide for an object without a receipt that is to take an order over; None when it is not.

    None as well for an object that has ended, and for one that goes without ever having had the order.
    """
    order_id, known = _order_id(view), _had_it(view)
    before, deleting = view.intent.status, view.intent.metadata.deleting
    if not order_id or (before.state is not None and before.state.is_final):
        return None
    if deleting and not (known and fresh.has_finalizer(view) and view.account.exists):
        return None
    if not _ORDER_ID.fullmatch(order_id):
        return _refused(view, f"{order_id[:64]!r} is no order id; write the venue's id of the order")
    owner = None if known else controls.canceled_by_token(view.intent, view.account)
    if owner is not None:
        # It has not got the order, and cancel-all touches only what is managed.
        return fresh.stopped(view, Stop(State.CANCELED, owner.reason, f"{owner.message}; nothing was taken over"))
    stop = adoption_stop(view, again=known)
    if stop is not None:
        return fresh.stopped(view, stop)
    return _judge(view, order_id, known=known)


def owner_of(order_id: str, intent: OrderIntent, held: Iterable[OrderReceipt], naming: Iterable[OrderIntent]) -> str:
    """Which OrderIntent has the order by the record of a receipt, as `namespace/name`; empty when none has.

    Args:
        order_id: The venue's id. Some venues count ids per symbol, which receipts do not hold.
        intent: Who asks.
        held: The receipts of the account.
        naming: The objects that name the order. The symbol of a receipt's claimant is told by them.
    """
    own = to_record(identity_of(intent))
    elsewhere = {other.metadata.uid for other in naming if other.spec.symbol != intent.spec.symbol}
    for receipt in held:
        claimant = receipt.claimant
        if claimant.uid in elsewhere or receipt.identity == own:
            continue
        if any(placement.exchange_order_id == order_id for placement in receipt.placements):
            return f"{claimant.namespace}/{claimant.name}"
    return ""


def rival_of(intent: OrderIntent, naming: Iterable[OrderIntent]) -> str:
    """Which other OrderIntent of the same account and symbol names the order, as `namespace/name`; empty for none."""
    key = (intent.account_key, intent.spec.symbol)
    for other in naming:
        if other.metadata.uid != intent.metadata.uid and (other.account_key, other.spec.symbol) == key:
            return f"{other.metadata.namespace}/{other.metadata.name}"
    return ""


def _order_id(view: View) -> str:
    """The venue's id of the order that is to be taken over; empty for none.

    The annotation counts for objects without an order of their own, or with this very one.
    """
    said = view.intent.status
    if said.client_order_id is None or said.exchange_order_id == adopts(view.intent):
        return adopts(view.intent)
    return said.exchange_order_id or "" if _had_it(view) else ""


def _had_it(view: View) -> bool:
    """Whether the status speaks of an order that was taken over before, and whose receipt was lost.

    Its client order id may be anybody's, which no profile could put on the wire: it can only be asked for by the
    venue's id.
    """
    said = view.intent.status
    if said.client_order_id is None or said.exchange_order_id is None:
        return False
    foreign = place_of(view.identity, said.client_order_id) is None
    return foreign or said.exchange_order_id == adopts(view.intent)


def _judge(view: View, order_id: str, *, known: bool) -> Decision:
    facts = view.adoption
    if not isinstance(facts, AdoptionFacts) or facts.order_id != order_id:
        return _ask(view, order_id)
    problem = _owned(facts) or (None if known else _named(facts) or _different(view, facts))
    if problem is not None or facts.order is None:
        wait = facts.read_at + SLOW.first - view.now.monotonic
        missing = f"the venue has no {view.intent.spec.symbol} order {order_id}; correct the annotation or the symbol"
        return _refused(view, problem or missing, wait) if wait > 0 else _ask(view, order_id)
    if facts.read_at + _FRESH < view.now.monotonic:
        return _ask(view, order_id)
    return fresh.adopt(view, facts.order)


def _ask(view: View, order_id: str) -> Decision:
    """Ask venue, objects and journal now, or when the interval has passed."""
    failed = f" ({view.observed.message})" if isinstance(view.observed, Unknown) and view.observed.message else ""
    message = f"the venue is asked for order {order_id}{failed}"
    said = status.build(view, Situation(State.PENDING, Reason.LOOKING_UP, message, accepted=None))
    wait = view.looked.due_at(LOOK_UPS) - view.now.monotonic
    if wait > 0:
        return Decision("read the order to adopt, later", said, requeue_after=wait)
    ask = ReadAdoption(view.intent.spec.symbol, order_id)
    return Decision("read the order to adopt", said, actions=(ask,), quiet=True)


def _refused(view: View, message: str, wait: float = SLOW.first) -> Decision:
    """Say why not. It is judged again later: the answer may change with other objects, and adopting sends nothing."""
    if view.intent.metadata.deleting:
        return fresh.release(view, f"the order is not this object's: {message}")
    return fresh.stopped(view, Stop(State.DENIED, Reason.ADOPTION_REFUSED, message, wait))


def _owned(facts: AdoptionFacts) -> str | None:
    if not facts.taken_by:
        return None
    return f"order {facts.order_id} belongs to OrderIntent {facts.taken_by}; use that object, or name another order"


def _named(facts: AdoptionFacts) -> str | None:
    if not facts.named_by:
        return None
    return (
        f"OrderIntent {facts.named_by} names order {facts.order_id} as well, and an order has one owner: "
        f"delete that object, or remove its annotation {ANNOTATION_ADOPT}"
    )


def _different(view: View, facts: AdoptionFacts) -> str | None:
    """What about the venue's order is not what the spec describes."""
    order = facts.order
    if order is None:
        return None
    if is_ours(order.client_order_id) and place_of(view.identity, order.client_order_id) is None:
        return (
            f"order {order.exchange_order_id} was placed by an operator for another OrderIntent "
            f"(client order id {order.client_order_id}); create that object again, it finds its order"
        )
    problems = [*_kinds(view.intent, order), *_quantities(view.intent, order)]
    if not problems:
        return None
    return f"order {order.exchange_order_id} is another one: {'; '.join(problems)}; write the venue's values"


def _kinds(intent: OrderIntent, order: VenueOrder) -> Iterable[str]:
    """Symbol and side; of the type, as much as prices tell."""
    spec = intent.spec
    if order.symbol != spec.symbol:
        yield f"symbol is {order.symbol}"
    if order.side != spec.side:
        yield f"side is {order.side}"
    if spec.type.has_price and order.price is None:
        yield f"type is not {spec.type}, it has no limit price"
    if not spec.type.has_price and order.price is not None:
        yield f"type is not {spec.type}, it has the limit price {shown(order.price)}"
    if spec.trigger_price is None and order.trigger_price is not None:
        yield f"type is not {spec.type}, it has the trigger price {shown(order.trigger_price)}"
    if spec.trigger_price is not None and order.trigger_price is None:
        yield f"type is not {spec.type}, it has no trigger price"


def _quantities(intent: OrderIntent, order: VenueOrder) -> Iterable[str]:
    if order.quantity is None:
        yield "the venue does not tell its quantity, so that it cannot be adopted"
    elif intent.spec.quantity is None:
        yield f"quantity is {shown(order.quantity)}, and quoteQuantity cannot be compared with it"
    elif order.quantity != intent.spec.quantity:
        yield f"quantity is {shown(order.quantity)}, not {shown(intent.spec.quantity)}"
