"""What an exchange in memory is made of: its rules, its market, and the faults that a test can queue."""

from dataclasses import dataclass
from decimal import Decimal

from exchange_kernel.core.outcomes import Refused
from exchange_kernel.core.requests import AmendChange, AmendRequest
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.exchange.port import ExchangeError

MEMORY_RULES = VenueRules(
    name="memory",
    supported=frozenset(
        {
            ("Market", "GTC", False, False),
            ("Limit", "GTC", False, False),
            ("Limit", "IOC", False, False),
            ("Limit", "FOK", False, False),
            ("Limit", "GTC", True, False),
        }
    ),
    quote_market_buy=True,
    request_expiry=5.0,
    settle_margin=1.0,
    amends={"Limit": frozenset({AmendChange.QUANTITY_DOWN})},
)

BTC_USDT = Market(
    symbol="BTC/USDT",
    base="BTC",
    quote="USDT",
    active=True,
    price_tick=Decimal("0.01"),
    quantity_step=Decimal("0.00001"),
    min_quantity=Decimal("0.00001"),
    min_notional=Decimal(5),
    order_types=frozenset({"Market", "Limit"}),
)


@dataclass(frozen=True, slots=True)
class LostAnswer:
    """The order reaches the venue, its answer does not come back."""


@dataclass(frozen=True, slots=True)
class LostRequest:
    """The request was sent and never arrives."""


@dataclass(frozen=True, slots=True)
class Raises:
    """The read or the cancel fails with this error."""

    error: ExchangeError


Fault = LostAnswer | LostRequest | Raises | Refused


def changes_of(request: AmendRequest, quantity: Decimal | None) -> frozenset[AmendChange]:
    """What a request would change on an order of this quantity (None: not known)."""
    more = request.quantity is not None and quantity is not None and request.quantity > quantity
    asked = {
        AmendChange.QUANTITY_UP if more else AmendChange.QUANTITY_DOWN: request.quantity,
        AmendChange.PRICE: request.price,
        AmendChange.TRIGGER_PRICE: request.trigger_price,
    }
    return frozenset(change for change, value in asked.items() if value is not None)
