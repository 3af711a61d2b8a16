"""T, F, and what follows from them: how much there is to exit from, how much is left, how much a stop covers.

T of a group with an entry is what the entry has brought in: its fills, less the fees that the venue took in the base
currency, on the market's step. Fees are certain once the entry is settled; before that the worst is assumed, so that
no exit is ever larger than what is there.
"""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal

from exchange_kernel.api.enums import LegRole, Side
from exchange_kernel.core.groups.facts import Facts
from exchange_kernel.core.groups.leg import Leg, filled_of, knows_fees
from exchange_kernel.core.groups.native import sent_with_entry
from exchange_kernel.core.market_rules import ZERO, to_step
from exchange_kernel.core.status import tidy
from exchange_kernel.core.venue_rules import Market

# Where the venue does not say what it charges: more than any spot venue's highest tier.
WORST_FEE = Decimal("0.01")
_EXACT = Context(prec=80)


@dataclass(frozen=True, slots=True)
class Amounts:
    """Quantities of a group, in the base currency.

    Attributes:
        target: T.
        filled: F: what the exits have filled, `close` included, `flatten` taken back.
        left: T - F, never below zero.
        excess: F - T, never below zero.
        covered: What a stop at the venue would still exit.
        dust: Something is left, and the market takes no order that small.
    """

    target: Decimal
    filled: Decimal
    left: Decimal
    excess: Decimal
    covered: Decimal
    dust: bool


def measure(facts: Facts) -> Amounts:
    """The quantities as the legs show them now."""
    target = target_of(facts)
    filled = sum((leg.filled for leg in facts.exits), ZERO) + facts.close.filled - facts.flatten.filled
    left = max(ZERO, target - filled)
    stop = facts.stop
    covered = max(ZERO, (stop.quantity or ZERO) - stop.filled_now) if stop is not None and stop.live else ZERO
    return Amounts(
        target=target,
        filled=filled,
        left=left,
        excess=max(ZERO, filled - target),
        covered=min(covered, left),
        dust=left > ZERO and too_small(facts, left),
    )


def target_of(facts: Facts) -> Decimal:
    """T. Without the market's rules, as after a restart, neither fees nor steps are known: what was said stays.

    Where exits were sent with their entry neither matters, and they may have filled before T was ever said.
    """
    said = facts.view.group.status.target_quantity
    if facts.view.market is None and said is not None and sent_with_entry(facts) is None:
        return said
    if facts.entry is None:
        return _wished(facts)
    return _received(facts, facts.entry)


def _wished(facts: Facts) -> Decimal:
    """A quantity that is lowered below what was filled is reached, not exceeded."""
    wish, before = facts.view.group.spec.quantity or ZERO, facts.view.group.status.target_quantity or ZERO
    filled = sum((leg.filled for leg in facts.exits), ZERO)
    return max(wish, min(filled, before))


def _received(facts: Facts, entry: Leg) -> Decimal:
    """What the entry has brought in; an entry that sells brings in nothing to be sold: all of it is bought back."""
    if entry.filled <= ZERO:
        return _proven_by_exits(facts, entry)
    if entry.child is None:
        # Its object is gone, and with it what it paid: what was written down when it ended.
        return facts.view.group.status.target_quantity or ZERO
    market = facts.view.market
    fee = _fees(entry, market) if _pays_in_base(facts, entry) else ZERO
    net = max(ZERO, entry.filled - fee)
    return tidy(to_step(net, market.quantity_step, ROUND_FLOOR)) if market is not None else net


def _proven_by_exits(facts: Facts, entry: Leg) -> Decimal:
    """The venue begins exits that were sent with their entry when that is filled completely: their fills prove it."""
    two = sent_with_entry(facts)
    if two is None or max(two.stop.filled, two.target.filled) <= ZERO:
        return ZERO
    return entry.quantity or ZERO


def _pays_in_base(facts: Facts, entry: Leg) -> bool:
    """A buy's fee may come off what was bought; only exits that sell it have to be that much smaller."""
    return entry.spec.side is Side.BUY and facts.exit_side is Side.SELL


def _fees(entry: Leg, market: Market | None) -> Decimal:
    """In the base currency: known once the order is settled, the worst case before."""
    children = (*entry.earlier, *((entry.child,) if entry.child is not None else ()))
    base = market.base if market is not None else None
    known = sum((fee.amount for child in children for fee in child.status.fees if fee.currency == base), ZERO)
    if all(knows_fees(child) for child in children):
        return max(known, ZERO)
    rate = market.taker_fee if market is not None and market.taker_fee is not None else WORST_FEE
    return max(known, _EXACT.multiply(sum((filled_of(child) for child in children), ZERO), rate), ZERO)


def too_small(facts: Facts, quantity: Decimal) -> bool:
    """Whether the market takes no exit of this quantity, as far as can be told without a price."""
    market = facts.view.market
    if market is None:
        return False
    if to_step(quantity, market.quantity_step, ROUND_FLOOR) <= ZERO:
        return True
    if market.min_quantity is not None and quantity < market.min_quantity:
        return True
    price = exit_price(facts)
    return (
        market.min_notional is not None and price is not None and _EXACT.multiply(quantity, price) < market.min_notional
    )


def exit_price(facts: Facts) -> Decimal | None:
    """The least favourable price that the exits are written for; the market's where none is. Quote per base."""
    written = [
        price
        for leg in facts.exits
        if leg.spec.role is not LegRole.LEG
        for price in (leg.spec.price, leg.spec.trigger_price)
        if price is not None
    ]
    if written:
        return min(written)
    last = facts.view.price
    return last.value if last is not None else None


def is_worth_resizing(facts: Facts, growth: Decimal) -> bool:
    """Whether an exit grows now: by what the market would take as an order, or because nothing more will come."""
    return facts.entry is None or facts.entry.ended or not too_small(facts, growth)
