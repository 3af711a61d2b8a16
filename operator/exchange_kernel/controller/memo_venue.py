"""What this process remembers of an order at the venue: what it was last seen to be, and what was asked when."""

from dataclasses import dataclass, field, replace

from exchange_kernel.controller.memo_object import ObjectMemory
from exchange_kernel.core import fills
from exchange_kernel.core.outcomes import AmendOutcome
from exchange_kernel.core.requests import AmendRequest
from exchange_kernel.core.venue import Absent, Found, Observed, Trade, Unknown, VenueOrder
from exchange_kernel.core.view import (
    Adoption,
    AdoptionFacts,
    AmendTry,
    Asked,
    NotAsked,
    Reread,
)


@dataclass(slots=True)
class VenueMemory(ObjectMemory):
    """A memory of an object, with what the venue has said of its order.

    Attributes:
        amended: The last request of this process to change the order in place.
        former: The orders that were replaced, as read again, by the venue's id.
    """

    observed: Observed = field(default_factory=Unknown)
    observed_at: float = 0.0
    recheck: bool = False
    looked: Asked = field(default_factory=Asked)
    canceled: Asked = field(default_factory=Asked)
    traded: Asked = field(default_factory=Asked)
    final_at: float | None = None
    adoption: Adoption = field(default_factory=NotAsked)
    answered_at: float = -1.0
    amended: AmendTry | None = None
    former: dict[str, Reread] = field(default_factory=dict)
    reread: Asked = field(default_factory=Asked)

    @property
    def order(self) -> VenueOrder | None:
        """The venue's order as last observed."""
        return self.observed.order if isinstance(self.observed, Found) else None

    def see_former(self, exchange_order_id: str, order: VenueOrder | None, started_at: float) -> None:
        """A replaced order was read again."""
        self.former[exchange_order_id] = Reread(order, started_at)

    def tried_to_amend(self, request: AmendRequest, outcome: AmendOutcome, monotonic: float) -> None:
        """A request to change the order in place has an answer, or none."""
        before = self.amended
        times = before.times + 1 if before is not None and before.request == request else 1
        self.amended = AmendTry(request, outcome, monotonic, times)

    def see_absent(self, absent: Absent) -> None:
        """A look-up found nothing. What was found once is not forgotten for it."""
        if self.order is None:
            self.observed, self.observed_at = absent, absent.started_at

    def see_adoption(self, facts: AdoptionFacts) -> None:
        """What is known of the order to adopt has been read."""
        self.adoption, self.looked = facts, Asked()

    def see_trades(self, trades: tuple[Trade, ...]) -> None:
        """The order's fills were read."""
        if self.order is not None:
            merged = fills.merge_trades(self.order.trades, trades)
            self.observed = Found(replace(self.order, trades=merged))

    def asked(self, before: Asked, monotonic: float) -> Asked:
        """One more question was asked."""
        return Asked(monotonic, before.times + 1)
