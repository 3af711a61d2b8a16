"""Every refusal of the dialect: Kraken's text, and which refusal of the engine it stands for.

A text is `E<category>:<what>`, some with a detail behind a second colon. Clients match on it word by word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from paper_exchange import refusals
from paper_exchange.refusals import Refusal


@dataclass(frozen=True)
class KrakenError(Exception):
    """A request that is answered with `{"error": [text]}`."""

    text: str


def invalid_argument(name: str) -> KrakenError:
    """A parameter is absent or cannot be read."""
    return KrakenError(f"EGeneral:Invalid arguments:{name}")


def too_many_decimals(pair: str, decimals: int) -> KrakenError:
    """A price is finer than the pair allows."""
    return KrakenError(f"EOrder:Invalid price:{pair} price can only be specified up to {decimals} decimals.")


INVALID_KEY: Final = KrakenError("EAPI:Invalid key")
INVALID_SIGNATURE: Final = KrakenError("EAPI:Invalid signature")
INVALID_NONCE: Final = KrakenError("EAPI:Invalid nonce")
TOO_MANY_CALLS: Final = KrakenError("EAPI:Rate limit exceeded")
PERMISSION_DENIED: Final = KrakenError("EGeneral:Permission denied")
UNKNOWN_METHOD: Final = KrakenError("EGeneral:Unknown method")
INTERNAL: Final = KrakenError("EGeneral:Internal error")
UNAVAILABLE: Final = KrakenError("EService:Unavailable")
CANCEL_ONLY: Final = KrakenError("EService:Market in cancel_only mode")
DEADLINE_ELAPSED: Final = KrakenError("EService:Deadline elapsed")
UNKNOWN_PAIR: Final = KrakenError("EQuery:Unknown asset pair")
UNKNOWN_ASSET: Final = KrakenError("EQuery:Unknown asset")
INSUFFICIENT_FUNDS: Final = KrakenError("EOrder:Insufficient funds")
INVALID_ORDER: Final = KrakenError("EOrder:Invalid order")
"""The txid is none that the venue ever gave out."""
UNKNOWN_ORDER: Final = KrakenError("EOrder:Unknown order")
"""There is no such order, or it has ended."""
INVALID_PRICE: Final = KrakenError("EOrder:Invalid price")
TICK_SIZE: Final = KrakenError("EOrder:Tick size check failed")
POST_ONLY: Final = KrakenError("EOrder:Post only order")
ORDER_MINIMUM: Final = KrakenError("EOrder:Order minimum not met")
COST_MINIMUM: Final = KrakenError("EOrder:Cost minimum not met")
TOO_MANY_ORDERS: Final = KrakenError("EOrder:Orders limit exceeded")
TOO_FAST_ORDERS: Final = KrakenError("EOrder:Rate limit exceeded")
TAKEN_CLIENT_ID: Final = KrakenError("EGeneral:Invalid arguments:cl_ord_id not unique")
USER_LOCKED: Final = KrakenError("ETrade:User Locked")

_BY_REFUSAL: Final[Mapping[Refusal, KrakenError]] = {
    refusals.INVALID_SYMBOL: UNKNOWN_PAIR,
    refusals.MARKET_CLOSED: CANCEL_ONLY,
    refusals.DUPLICATE_ORDER: TAKEN_CLIENT_ID,
    refusals.INSUFFICIENT_BALANCE: INSUFFICIENT_FUNDS,
    refusals.WOULD_TAKE: POST_ONLY,
    refusals.WOULD_TRIGGER: INVALID_PRICE,
    refusals.ACTION_DISABLED: USER_LOCKED,
    refusals.NO_QUOTE_LIQUIDITY: INVALID_ORDER,
    refusals.UNKNOWN_ORDER: UNKNOWN_ORDER,
    refusals.NO_SUCH_ORDER: UNKNOWN_ORDER,
    refusals.ORDER_ARCHIVED: UNKNOWN_ORDER,
    refusals.NOTHING_TO_AMEND: invalid_argument("price"),
    refusals.filter_failure("PRICE_FILTER"): TICK_SIZE,
    refusals.filter_failure("LOT_SIZE"): invalid_argument("volume"),
    refusals.filter_failure("MARKET_LOT_SIZE"): invalid_argument("volume"),
    refusals.filter_failure("PERCENT_PRICE_BY_SIDE"): INVALID_PRICE,
    refusals.filter_failure("NOTIONAL"): COST_MINIMUM,
    refusals.filter_failure("MIN_NOTIONAL"): COST_MINIMUM,
    refusals.filter_failure("TRAILING_DELTA"): INVALID_PRICE,
    refusals.filter_failure("MAX_NUM_ORDERS"): TOO_MANY_ORDERS,
    refusals.filter_failure("MAX_NUM_ALGO_ORDERS"): TOO_MANY_ORDERS,
    refusals.filter_failure("MAX_POSITION"): TOO_MANY_ORDERS,
}


def refused(refusal: Refusal) -> KrakenError:
    """The engine's refusal in this dialect."""
    return _BY_REFUSAL.get(refusal, INVALID_ORDER)
