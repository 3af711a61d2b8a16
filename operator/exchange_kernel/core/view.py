"""What a decision is made from: desired, recorded, observed and the time, gathered as one immutable value.

The shell fills a `View`, the core judges it. Memory that a restart may lose without harm is in here too (a permit to
send, when something was last asked); whatever must survive is in the receipt and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.core.account_facts import AccountFacts
from exchange_kernel.core.identity import Identity
from exchange_kernel.core.outcomes import AmendOutcome, CreateOutcome
from exchange_kernel.core.requests import AmendRequest
from exchange_kernel.core.venue import Observed, Unknown, VenueOrder


@dataclass(frozen=True, slots=True)
class Now:
    """Two clocks: the wall's for deadlines that users wrote, this process' monotonic one for fences and intervals."""

    wall: datetime
    monotonic: float


@dataclass(frozen=True, slots=True)
class NotRead:
    """The receipt has not been read, or must be read again.

    Attributes:
        required: There may be one: a write was not answered, or was answered that it exists or has changed.
    """

    required: bool = False


@dataclass(frozen=True, slots=True)
class NoReceipt:
    """The API server said that there is no receipt."""


@dataclass(frozen=True, slots=True)
class Held:
    """A receipt as the API server holds it.

    Attributes:
        receipt: The object, with its resourceVersion.
        seen_at: This process' monotonic clock when it first saw this resourceVersion, taken after the answer: taken
            before the request it could lie before the write that the answer shows. The fence of an unknown outcome
            counts from here: another host's timestamp proves nothing.
        claimant_gone: Whether the claimant that the receipt names no longer exists; None while that was not asked.
    """

    receipt: OrderReceipt
    seen_at: float
    claimant_gone: bool | None = None


Journal = NotRead | NoReceipt | Held


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Nothing is known of an order to adopt."""


@dataclass(frozen=True, slots=True)
class AdoptionFacts:
    """What is known of the order that an object is to take over.

    Attributes:
        order_id: The venue's id that was asked for.
        read_at: Monotonic clock after the last answer; paces repetitions.
        order: The order; None when the venue does not know it.
        taken_by: The OrderIntent (namespace/name) whose receipt has it; empty for none.
        named_by: Another OrderIntent (namespace/name) that names it as well; empty for none.
    """

    order_id: str
    read_at: float
    order: VenueOrder | None
    taken_by: str = ""
    named_by: str = ""


Adoption = NotAsked | AdoptionFacts


@dataclass(frozen=True, slots=True)
class AmendTry:
    """The last request of this process to change the order in place.

    Attributes:
        request: What was asked for.
        outcome: What the answer proved.
        ended_at: Monotonic clock after the answer, or after it was given up.
        times: How often the very same was asked for.
    """

    request: AmendRequest
    outcome: AmendOutcome
    ended_at: float
    times: int = 1


@dataclass(frozen=True, slots=True)
class Reread:
    """A replaced order, read again for late fills, with its fills.

    Attributes:
        order: The order; None when the venue does not know it any more.
        started_at: Monotonic clock before the read.
    """

    order: VenueOrder | None
    started_at: float


@dataclass(frozen=True, slots=True)
class Permit:
    """The right of this process to write one recorded placement to the socket, once.

    Attributes:
        client_order_id: The placement that it is for.
        noted_at: Monotonic clock before the receipt was written; sending is allowed for `window` seconds from here.
        window: S, in seconds.
    """

    client_order_id: str
    noted_at: float
    window: float

    def is_open(self, monotonic: float) -> bool:
        """Whether the request may still be written to the socket."""
        return monotonic - self.noted_at < self.window


@dataclass(frozen=True, slots=True)
class Asked:
    """When and how often something was asked of the venue; paces repetitions."""

    at: float | None = None
    times: int = 0

    def due_at(self, interval: "Backoff") -> float:
        """Monotonic time from which it may be asked again."""
        return 0.0 if self.at is None else self.at + interval.after(self.times)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Growing intervals: `first * 2**(n-1)`, at most `ceiling`, in seconds."""

    first: float
    ceiling: float

    def after(self, times: int) -> float:
        """The wait after the n-th try."""
        return 0.0 if times < 1 else min(self.ceiling, self.first * 2.0 ** min(times - 1, 32))


@dataclass(frozen=True, slots=True)
class View:
    """One intent, whole.

    Attributes:
        spec_changed_at: When the spec was last written, by the API server's record.
        holder: Unique per process.
        sending: A create request of this process is under way.
        outcome: What this process' last create request proved, not recorded yet.
        outcome_of: The client order id of that request.
        observed: The present placement's order at the venue.
        observed_at: Monotonic clock before the observation began.
        recheck: A bulk read of the open orders began after the last observation and does not have the order.
        looked: Look-ups while an outcome is unknown.
        canceled: Cancel requests.
        traded: Reads of the order's trades.
        hold_until: No new attempt before this monotonic time (the venue or the back-off asked for a pause).
        final_at: Monotonic clock when the venue's order was first seen final by this process.
        adoption: The order that the object is to take over, as asked for by its annotation.
        requested_at: Monotonic clock when this process first saw the present `reconcile-requested-at`.
        answered_at: Monotonic clock before the last read of this order that the venue has answered.
        amended: The last request of this process to change the order in place.
        former: The orders that were replaced, read again, by the venue's id.
        reread: Reads of those.
        lead_waits: Of an order of a list: whether the list's first order waits for it in this process, or it is that
            one itself.
    """

    intent: OrderIntent
    identity: Identity
    journal: Journal
    account: AccountFacts
    now: Now
    holder: str
    spec_changed_at: datetime | None = None
    permit: Permit | None = None
    sending: bool = False
    outcome: CreateOutcome | None = None
    outcome_of: str = ""
    observed: Observed = field(default_factory=Unknown)
    observed_at: float = 0.0
    recheck: bool = False
    looked: Asked = field(default_factory=Asked)
    canceled: Asked = field(default_factory=Asked)
    traded: Asked = field(default_factory=Asked)
    hold_until: float = 0.0
    final_at: float | None = None
    adoption: Adoption = field(default_factory=NotAsked)
    requested_at: float = 0.0
    answered_at: float = -1.0
    amended: AmendTry | None = None
    former: Mapping[str, Reread] = field(default_factory=dict)
    reread: Asked = field(default_factory=Asked)
    lead_waits: bool = True
