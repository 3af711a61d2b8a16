"""What a venue can tell us, as values.

The vocabulary is shared by the core, which judges, and the exchange adapters, which report. Two rules shape it:

* An observation is a value. `Unknown` is one of the three, never an exception, and nothing is ever placed on it.
* The outcome of sending an order (`outcomes`) is named after what it *proves* (order-placing rules 5 and 6 in
  `docs/guarantees.md`), not after the error that was seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class VenueStatus(StrEnum):
    """Where a venue says that an order stands, derived from the raw status and the fills, never from ccxt's alone."""

    UNTRIGGERED = "Untriggered"  # accepted, waits for its trigger
    OPEN = "Open"  # working, with or without fills
    FILLED = "Filled"
    CANCELED = "Canceled"  # by us, by hand or by the venue; may carry fills
    EXPIRED = "Expired"  # IOC or FOK remainder, GTD, no liquidity; may carry fills
    REJECTED = "Rejected"  # refused after it was accepted for processing

    @property
    def is_final(self) -> bool:
        """Whether the venue will not work the order any more (a late fill may still arrive)."""
        return self not in _WORKING


_WORKING = frozenset({VenueStatus.UNTRIGGERED, VenueStatus.OPEN})


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill. `quantity` is in base currency, `cost` in quote currency, `fee` in `fee_currency`."""

    trade_id: str
    quantity: Decimal
    price: Decimal
    cost: Decimal
    fee: Decimal = Decimal(0)
    fee_currency: str = ""
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """One order as the venue reports it.

    Attributes:
        exchange_order_id: The venue's id; never empty (an answer without one is `OutcomeUnknown`).
        client_order_id: Our id in the venue's wire form; empty for an order that was placed without one.
        symbol: ccxt unified symbol.
        side: `Buy` or `Sell`.
        status: See `VenueStatus`.
        raw_status: The venue's own word, for messages.
        quantity: Ordered base quantity; None for an order by quote quantity that the venue does not convert.
        price: Limit price in quote per base; None for market orders.
        trigger_price: Trigger price; None where there is none.
        filled: Filled base quantity, never invented: 0 only where the venue says 0.
        cost: Filled quote amount; None where the venue did not tell (ask for the trades).
        trades: The fills, where the answer contained all of them; None where they were not part of it.
        updated_at: The venue's time of the last change, if told.
    """

    exchange_order_id: str
    client_order_id: str
    symbol: str
    side: str
    status: VenueStatus
    raw_status: str
    filled: Decimal
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    cost: Decimal | None = None
    trades: tuple[Trade, ...] | None = None
    updated_at: datetime | None = None


# --- observations -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """The venue has the order."""

    order: VenueOrder


@dataclass(frozen=True, slots=True)
class Absent:
    """Every query of the set succeeded and none had the order.

    Attributes:
        started_at: The observer's monotonic clock, in seconds, before the first query began. An absence counts as a
            proof only when this lies behind the fence.
        complete: Whether the whole set of queries that the venue profile demands for a proof was asked (open orders,
            history, trades, conditional orders), or only the quick look-up by client order id.
    """

    started_at: float
    complete: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """A query failed or was not made: nothing can be concluded."""

    reason: str = "NotObserved"
    message: str = ""


Observed = Found | Absent | Unknown


# --- markets and accounts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Balance:
    """Amounts of one asset on the account."""

    asset: str
    free: Decimal
    locked: Decimal

    @property
    def total(self) -> Decimal:
        """Free plus locked."""
        return self.free + self.locked


@dataclass(frozen=True, slots=True)
class OpenOrders:
    """A bulk read of the account's open orders.

    It says nothing about an order that was acknowledged after `started_at`.
    """

    started_at: float  # the reader's monotonic clock before the request
    orders: tuple[VenueOrder, ...] = ()
    by_client_id: Mapping[str, VenueOrder] = field(default_factory=dict)
