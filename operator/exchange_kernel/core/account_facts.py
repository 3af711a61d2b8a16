"""What is known of an account, for the orders on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from exchange_kernel.api.account_status import CancelAllStatus
from exchange_kernel.api.enums import HaltScope, TradingState
from exchange_kernel.api.exchange_account import Limits, OrderDefaults
from exchange_kernel.core.places import Places
from exchange_kernel.core.venue import VenueOrder
from exchange_kernel.core.venue_rules import Market, VenueRules, VenueWait


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something cannot go on: CamelCase reason, and a message that says what to do."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class ReferencePrice:
    """What the venue last said of a market's price.

    Attributes:
        value: The last trade's price, quote per base; None when the read failed.
        at: Monotonic clock before the read began.
        problem: Why it failed.
        answered: The venue did answer, and its answer has no price: repeating the question is of no use.
        failures: Reads that failed in a row.
    """

    value: Decimal | None
    at: float
    problem: str = ""
    answered: bool = False
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the account has free, by asset, in units of the asset.

    Attributes:
        read_at: Wall clock before the read began.
    """

    free: Mapping[str, Decimal]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What is known of the account that an intent names.

    Attributes:
        problem: Why nothing can be sent at present; None when the account is ready.
        journal_problem: Why this installation may not create orders on the account (the journal is not its own).
        venue_account_id: Who the venue says we are; empty before it was asked.
        journal_uid: The uid of this installation's journal root; empty before it was read.
        contact: Whether the venue answered lately.
        terminating: A terminating account only cancels.
        allowed: Whether the intent's namespace may use the account; None while its labels are not known.
        paused: Whether the account's annotation holds the operator back.
        trading_state: As the spec says; what it means for an order is in `controls`.
        halt_scope: What a halt cancels.
        cancel_all: The last cancelAllToken, as it was noted in the account's status; None before the first.
        holdings: What can be sold; None while balances are not read.
        polled_at: Monotonic clock before the last complete bulk read of open orders; None before the first.
        send_window: S, in seconds.
        limits: The account's limits.
        prices: By symbol, what was last read of the market's price; only for orders that need it.
        places: What the orders of the account take of its places.
        venue_wait: How long the venue's request limits would hold up an order that is recorded now.
        groupless: The intent is a leg of an OrderGroup that is not there.
        unclaimed: Open orders of the last bulk read that bear our tag and that no intent is known to have, by client
            order id.
    """

    exists: bool = True
    problem: Problem | None = None
    journal_problem: Problem | None = None
    venue_account_id: str = ""
    journal_uid: str = ""
    contact: bool = True
    terminating: bool = False
    allowed: bool | None = True
    paused: bool = False
    trading_state: TradingState = TradingState.ENABLED
    halt_scope: HaltScope = HaltScope.EXPOSURE_INCREASING
    cancel_all: CancelAllStatus | None = None
    holdings: Holdings | None = None
    markets: Mapping[str, Market] = field(default_factory=dict)
    rules: VenueRules | None = None
    defaults: OrderDefaults = field(default_factory=OrderDefaults)
    polled_at: float | None = None
    send_window: float = 5.0
    limits: Limits = field(default_factory=Limits)
    prices: Mapping[str, ReferencePrice] = field(default_factory=dict)
    places: Places = field(default_factory=Places)
    venue_wait: VenueWait = field(default_factory=VenueWait)
    groupless: bool = False
    unclaimed: Mapping[str, VenueOrder] = field(default_factory=dict)
