"""What the owner of an account does to all of its orders at once: a halt, ReduceOnly, and cancel-all.

Nothing is written into the orders for it. Each one asks here, whenever it is judged, whether it is still permitted; so
a restart in the middle goes on by itself, and an order that turns up late (an outcome that was unknown, a replacement)
is found to be withdrawn as well.

* **Halted** latches the sender, and withdraws the orders of its scope: those that raise the exposure, or all. What
  was never sent waits; what works is canceled, and stays so after the halt.
* **cancelAllToken** withdraws, for good, every order whose object was created before the token was set, also what was
  never sent. Both times are the API server's, so that no other clock matters. They count whole seconds: an order of
  the same second counts as earlier.
* **ReduceOnly** withdraws nothing; it permits only what lowers the exposure.
"""

from exchange_kernel.api.enums import HaltScope, TradingState
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.account_facts import AccountFacts, Problem
from exchange_kernel.core.exposure import Exposure, exposure, shape_of


def withdrawn(intent: OrderIntent, account: AccountFacts) -> Problem | None:
    """Why the account's owner has withdrawn an order, whatever its spec wants; None when it is permitted."""
    return canceled_by_token(intent, account) or halted(intent, account)


def canceled_by_token(intent: OrderIntent, account: AccountFacts) -> Problem | None:
    """Whether cancelAllToken has canceled the order, sent or not."""
    token, created = account.cancel_all, intent.metadata.creation_timestamp
    if token is None or token.baseline or created is None or created > token.observed_at:
        return None
    return Problem(
        Reason.CANCEL_ALL,
        f"canceled with all orders of the account from before {token.observed_at.isoformat()} "
        f"(cancelAllToken {token.token}); for a new order use a new name",
    )


def halted(intent: OrderIntent, account: AccountFacts) -> Problem | None:
    """Whether a halt covers the order, so that it may not work at the venue."""
    if account.trading_state is not TradingState.HALTED:
        return None
    raises = exposure(shape_of(intent.spec), None) is Exposure.RAISES and not account.places.is_exit
    if account.halt_scope is not HaltScope.ALL and not raises:
        return None
    return Problem(
        Reason.HALTED,
        f"canceled because the account is halted (haltScope {account.halt_scope}); "
        "if it is still wanted after the halt, use a new name",
    )
