"""What must hold before an order is sent: an ordered list of small rules, the first that objects decides.

The same list is asked three times: when a placement is recorded, when the request leaves the queue, and immediately
before the socket write; only `requests` speaks up before the record alone. Rules come in three kinds: some deny the
spec for good (`Denied`), some end the order unsent (`Canceled`, `Expired`), and some only wait (`Pending`). Those that
need the market's price come last: for an order that waits for something else no price is read.
"""

from exchange_kernel.core.gates import account, limits, market, prices, requests, trading, wish
from exchange_kernel.core.gates.market import terms_of, wish_of
from exchange_kernel.core.gates.requests import no_room
from exchange_kernel.core.gates.stop import Rule, Stop
from exchange_kernel.core.gates.wish import adopts, is_paused, not_alone, seconds_to_deadline, starting_deadline
from exchange_kernel.core.view import View

__all__ = [
    "GATES",
    "OF_THE_MARKET",
    "Rule",
    "Stop",
    "adoption_stop",
    "adopts",
    "first_of",
    "first_stop",
    "is_paused",
    "no_room",
    "not_alone",
    "seconds_to_deadline",
    "starting_deadline",
    "terms_of",
    "wish_of",
]

# What venue and market must take, whatever the account and the moment are like; asked of the legs of a group, too.
OF_THE_MARKET: tuple[Rule, ...] = (
    market.symbol,
    market.supported,
    market.order_list,
    market.quote_quantity,
    market.trailing,
    market.policy,
    market.rules_of_market,
    limits.allowed_symbol,
    limits.notional_currency,
)
# The order matters: what ends or denies an order is said before what only delays it.
GATES: tuple[Rule, ...] = (
    wish.not_wanted,
    wish.invalid_spec,
    wish.submit_deadline,
    wish.starting_deadline_passed,
    wish.expired_already,
    account.exists,
    account.terminating,
    account.namespace_allowed,
    account.markets_known,
    *OF_THE_MARKET,
    wish.not_adopting,
    wish.not_suspended,
    wish.not_paused,
    wish.has_its_group,
    account.unchanged,
    trading.state,
    account.journal,
    wish.not_held_back,
    requests.has_room,
    prices.not_crossed,
    prices.trailing_fits,
    limits.largest_order,
    limits.price_collar,
    limits.open_orders,
    limits.places_of_venue,
)

# An order that works at the venue is not sent: deadlines, combinations and the market's rules do not matter to it.
# `Halted` neither; and one whose spec says Canceled is taken over to be canceled.
ADOPTION_GATES: tuple[Rule, ...] = (
    wish.invalid_spec,
    account.exists,
    account.terminating,
    account.namespace_allowed,
    account.markets_known,
    market.symbol,
    wish.not_suspended,
    wish.not_paused,
    account.unchanged,
    account.journal,
)
# An order that was the object's before is followed, and canceled, as long as the account can be used.
ADOPTION_AGAIN_GATES: tuple[Rule, ...] = (account.exists, account.markets_known, market.symbol, account.unchanged)


def first_stop(view: View) -> Stop | None:
    """The first rule that objects to sending, None when the order may be sent."""
    return first_of(GATES, view)


def adoption_stop(view: View, *, again: bool) -> Stop | None:
    """The first rule that objects to taking an order over; `again`: its record was lost."""
    return first_of(ADOPTION_AGAIN_GATES if again else ADOPTION_GATES, view)


def first_of(rules: tuple[Rule, ...], view: View) -> Stop | None:
    """The first objection of some rules, in their order."""
    return next((stop for rule in rules if (stop := rule(view)) is not None), None)
