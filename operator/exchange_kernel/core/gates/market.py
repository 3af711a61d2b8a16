"""What venue and market must take: symbol, combination, steps and minima."""

from exchange_kernel.api.enums import PlacementPolicy, RoundingPolicy
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import market_rules
from exchange_kernel.core.gates.stop import Stop, deny
from exchange_kernel.core.market_rules import Denial, Terms
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
    wish = f"type {spec.type}, timeInForce {spec.time_in_force}"
    wish += ", postOnly" * spec.post_only + ", reduceOnly" * spec.reduce_only
    known = "; ".join(sorted({_combination(*row) for row in rules.supported}))
    return deny(Reason.NOT_SUPPORTED, f"{rules.name} does not take {wish}; it takes: {known}")


def _combination(kind: str, tif: str, post_only: bool, reduce_only: bool) -> str:  # noqa: FBT001 - a row of the table
    return f"{kind} {tif}" + " postOnly" * post_only + " reduceOnly" * reduce_only


def quote_quantity(view: View) -> Stop | None:
    """A market buy by quote quantity is a venue's own feature."""
    rules = view.account.rules
    if rules is None or view.intent.spec.quote_quantity is None or rules.quote_market_buy:
        return None
    return deny(Reason.NOT_SUPPORTED, f"{rules.name} does not take quoteQuantity; write quantity")


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


def terms_of(view: View) -> Terms | Denial:
    """The numbers as they go on the wire, or why the market does not take them."""
    spec = view.intent.spec
    market = view.account.markets[spec.symbol]
    policy_now = spec.rounding_policy or view.account.defaults.rounding_policy
    wish = Terms(spec.quantity, spec.quote_quantity, spec.price, spec.trigger_price)
    terms = market_rules.normalize(
        wish, spec.side, spec.type, market, conservative=policy_now is RoundingPolicy.CONSERVATIVE
    )
    if isinstance(terms, Denial):
        return terms
    return market_rules.check(terms, spec.type, market) or terms


def rules_of_market(view: View) -> Stop | None:
    """Steps, minima and maxima."""
    terms = terms_of(view)
    return deny(terms.reason, terms.message) if isinstance(terms, Denial) else None
