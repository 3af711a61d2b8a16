"""What venue and market must take: symbol, combination, steps and minima."""

from exchange_kernel.api.enums import PlacementPolicy, RoundingPolicy, TimeInForce
from exchange_kernel.api.meta import ANNOTATION_ORDER_LIST
from exchange_kernel.api.order_intent import OrderIntentSpec
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import market_rules
from exchange_kernel.core.gates.stop import Stop, deny
from exchange_kernel.core.market_rules import Denial, Terms
from exchange_kernel.core.order_lists import ticket_of
from exchange_kernel.core.requests import TrailingOffset
from exchange_kernel.core.venue_rules import VenueRules
from exchange_kernel.core.view import View


def symbol(view: View) -> Stop | None:
    """The venue has the market."""
    wanted = view.intent.spec.symbol
    if wanted in view.account.markets:
        return None
    base = wanted.split("/", maxsplit=1)[0]
    near = sorted(known for known in view.account.markets if known.startswith(f"{base}/"))[:5]
    hint = f"; with the same base there are {', '.join(near)}" if near else ""
    return deny(Reason.UNKNOWN_SYMBOL, f"the account has no market {wanted}{hint}")


def supported(view: View) -> Stop | None:
    """What the venue's profile does not list is never sent: ccxt would make a plain order of it."""
    rules, spec = view.account.rules, view.intent.spec
    if rules is None or (spec.type, spec.time_in_force, spec.post_only, spec.reduce_only) in rules.supported:
        return None
    return deny(Reason.NOT_SUPPORTED, _what_else(spec, rules))


def _what_else(spec: OrderIntentSpec, rules: VenueRules) -> str:
    """What to write in place of a combination that the venue does not take."""
    if spec.reduce_only and ":" not in spec.symbol:
        return (
            "reduceOnly needs a position, and spot has none: remove reduceOnly; "
            "a sell on spot cannot sell more than the account has free"
        )
    if spec.time_in_force is TimeInForce.GTD and not any(row[1] == "GTD" for row in rules.supported):
        return (
            f"{rules.name} does not end orders by itself at expireAt, and the operator does not stand in for it (it "
            "may be down at that moment): use timeInForce GTC and set desiredState: Canceled when it has to end, or IOC"
        )
    kinds = {row[0] for row in rules.supported}
    if spec.type not in kinds:
        return f"{rules.name} has no {spec.type} orders; it has {', '.join(sorted(kinds))}"
    wish = _combination(spec.type, spec.time_in_force, spec.post_only, spec.reduce_only)
    known = ", ".join(sorted({_combination(*row) for row in rules.supported if row[0] == spec.type}))
    return f"{rules.name} does not take {wish}; of this type it takes: {known}"


def _combination(kind: str, tif: str, post_only: bool, reduce_only: bool) -> str:  # noqa: FBT001 - a row of the table
    return f"{kind} {tif}" + " postOnly" * post_only + " reduceOnly" * reduce_only


def order_list(view: View) -> Stop | None:
    """Orders that a venue ties together are a group's, and the venue's own feature."""
    ticket, rules = ticket_of(view.intent.metadata), view.account.rules
    if ticket is None or rules is None:
        return None
    owner = any(each.controller and each.kind == "OrderGroup" for each in view.intent.metadata.owner_references)
    if not (ticket.is_sound and owner):
        text = f"the annotation {ANNOTATION_ORDER_LIST} is for the orders of an OrderGroup: create a group of type OCO"
        return deny(Reason.INVALID_SPEC, text)
    spec = view.intent.spec
    if ticket.is_entry:
        able = rules.oco is not None and (spec.side, spec.type, spec.time_in_force) in rules.oco.entries
    else:
        able = rules.oco is not None and spec.type in rules.oco.stops | rules.oco.targets
    return None if able else deny(Reason.NOT_SUPPORTED, f"{rules.name} sends no {spec.type} order in such a list")


def quote_quantity(view: View) -> Stop | None:
    """A market buy by quote quantity is a venue's own feature."""
    rules = view.account.rules
    if rules is None or view.intent.spec.quote_quantity is None or rules.quote_market_buy:
        return None
    return deny(Reason.NOT_SUPPORTED, f"{rules.name} does not take quoteQuantity; write quantity")


def trailing(view: View) -> Stop | None:
    """A trailing offset that the venue does not know would be dropped on the way to it."""
    rules, wish = view.account.rules, view.intent.spec.trailing
    if rules is None or wish is None:
        return None
    if wish.offset_type not in rules.trailing_offsets:
        known = ", ".join(sorted(rules.trailing_offsets)) or "none"
        text = f"{rules.name} does not take trailing.offsetType {wish.offset_type}; it takes: {known}"
        return deny(Reason.NOT_SUPPORTED, text)
    if wish.activation_price is not None and not rules.trailing_activation:
        text = f"{rules.name} starts to trail at once: remove trailing.activationPrice"
        return deny(Reason.NOT_SUPPORTED, text)
    return None


def policy(view: View) -> Stop | None:
    """Where an order cannot be looked up, only names that are never used again are safe."""
    rules, placement = view.account.rules, view.intent.spec.placement
    if rules is None or rules.look_up or rules.idempotent_create or placement.policy is PlacementPolicy.CREATE_ONLY:
        return None
    return deny(
        Reason.NO_SAFE_LOOK_UP,
        f"{rules.name} cannot look an order up by its client order id, so placement.policy must be CreateOnly "
        "with submitBefore",
    )


def wish_of(spec: OrderIntentSpec) -> Terms:
    """The numbers as the user wrote them."""
    trailing = spec.trailing
    follows = None
    if trailing is not None:
        follows = TrailingOffset(trailing.offset, trailing.offset_type, trailing.activation_price)
    return Terms(spec.quantity, spec.quote_quantity, spec.price, spec.trigger_price, follows)


def terms_of(view: View) -> Terms | Denial:
    """The numbers as they go on the wire, or why the market does not take them."""
    spec = view.intent.spec
    market = view.account.markets[spec.symbol]
    policy_now = spec.rounding_policy or view.account.defaults.rounding_policy
    rules = view.account.rules
    terms = market_rules.normalize(
        wish_of(spec),
        spec.side,
        spec.type,
        market,
        conservative=policy_now is RoundingPolicy.CONSERVATIVE,
        percent_step=rules.trailing_percent_step if rules is not None else None,
    )
    if isinstance(terms, Denial):
        return terms
    return market_rules.check(terms, spec.type, market) or terms


def rules_of_market(view: View) -> Stop | None:
    """Steps, minima and maxima."""
    terms = terms_of(view)
    return deny(terms.reason, terms.message) if isinstance(terms, Denial) else None
