"""What the account's tradingState permits: the kill switch, and the way out of positions."""

from datetime import timedelta
from decimal import Decimal

from exchange_kernel.api.enums import TradingState
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import sent
from exchange_kernel.core.exposure import Exposure, exposure, exposure_of_change, shape_of
from exchange_kernel.core.gates.market import terms_of
from exchange_kernel.core.gates.stop import Stop, deny, wait
from exchange_kernel.core.market_rules import Denial, shown
from exchange_kernel.core.view import View

# From a fill to the balances that show it; and the times of objects are whole seconds.
BALANCES_LAG = timedelta(seconds=2)


def state(view: View) -> Stop | None:
    """Halted sends nothing at all, ReduceOnly only exits."""
    match view.account.trading_state:
        case TradingState.ENABLED:
            return None
        case TradingState.HALTED:
            return wait(Reason.HALTED, "the account is halted (tradingState Halted); nothing is sent")
        case TradingState.REDUCE_ONLY:
            return _reduce_only(view)


def _reduce_only(view: View) -> Stop | None:
    """Exits go on. A sell that nothing seems to cover is denied only by balances that are younger than the wish."""
    holdings, market = view.account.holdings, view.account.markets[view.intent.spec.symbol]
    free = holdings.free.get(market.base, Decimal(0)) if holdings is not None else None
    match _exposure(view, free):
        case Exposure.LOWERS:
            return None
        case Exposure.RAISES if sent.terms_before(view) is not None:
            return _denied("this change may raise it: of a buy that works only the quantity may be lowered")
        case Exposure.RAISES:
            return _denied("this one raises it")
        case Exposure.UNCOVERED:
            created = view.intent.metadata.creation_timestamp
            if holdings is None or created is None or holdings.read_at <= created + BALANCES_LAG:
                return wait(Reason.REDUCE_ONLY_ACCOUNT, "the account's balances are being read", 1.0)
            return _denied(f"the account has only {shown(free or Decimal(0))} {market.base} free to sell")


def _exposure(view: View, free: Decimal | None) -> Exposure:
    """Of an order that works, what the change does; a change that is recorded already goes out as recorded.

    An exit of a group takes back what its entry has done, also where it buys.
    """
    if view.account.places.is_exit and view.intent.spec.side == "Buy":
        return Exposure.LOWERS
    shape, before, wanted = shape_of(view.intent.spec), sent.terms_before(view), terms_of(view)
    if before is None or isinstance(wanted, Denial):
        return exposure(shape, free)
    changes = {exposure_of_change(shape, before, wanted, free)}
    recorded = sent.terms_recorded(view)
    if recorded is not None:
        changes.add(exposure_of_change(shape, before, recorded, free))
    worst = (Exposure.RAISES, Exposure.UNCOVERED)
    return next((each for each in worst if each in changes), Exposure.LOWERS)


def _denied(why: str) -> Stop:
    return deny(
        Reason.REDUCE_ONLY_ACCOUNT,
        f"the account takes only orders that reduce exposure (tradingState ReduceOnly), and {why}",
    )
