"""What the account's tradingState permits: the kill switch, and the way out of positions."""

from datetime import timedelta
from decimal import Decimal

from exchange_kernel.api.enums import TradingState
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.exposure import Exposure, exposure, shape_of
from exchange_kernel.core.gates.stop import Stop, deny, wait
from exchange_kernel.core.market_rules import shown
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
    shape, holdings = shape_of(view.intent.spec), view.account.holdings
    asset = view.account.markets[shape.symbol].base
    free = holdings.free.get(asset, Decimal(0)) if holdings is not None else None
    match exposure(shape, free):
        case Exposure.LOWERS:
            return None
        case Exposure.RAISES:
            return _denied("this one raises it")
        case Exposure.UNCOVERED:
            created = view.intent.metadata.creation_timestamp
            if holdings is None or created is None or holdings.read_at <= created + BALANCES_LAG:
                return wait(Reason.REDUCE_ONLY_ACCOUNT, "the account's balances are being read", 1.0)
            return _denied(f"the account has only {shown(free or Decimal(0))} {asset} free to sell")


def _denied(why: str) -> Stop:
    return deny(
        Reason.REDUCE_ONLY_ACCOUNT,
        f"the account takes only orders that reduce exposure (tradingState ReduceOnly), and {why}",
    )
