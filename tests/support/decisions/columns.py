"""The three columns of the decision table, as changes of the default view."""

import functools
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exchange_kernel.api.enums import DesiredState
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.receipt_parts import FinalRecord
from exchange_kernel.core.venue import Absent, Found, Observed, Unknown, VenueStatus
from exchange_kernel.core.view import Asked, Journal, NoReceipt, NotRead, View
from support import builders
from support.builders import FENCE, MONOTONIC, OTHER, held, intent, order, permit, placement, said

LONG_AGO = MONOTONIC - FENCE


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the journal and the status say, and whether this process holds a permit."""

    journal: Journal
    state: State | None
    traces: bool = True
    permit: bool = False


RECORDED: Mapping[str, Recorded] = {
    "not-read": Recorded(NotRead(), State.UNKNOWN),
    "none": Recorded(NoReceipt(), None, traces=False),
    "lost": Recorded(NoReceipt(), State.UNKNOWN),
    "pending-permit": Recorded(held(placement()), State.SUBMITTING, permit=True),
    "pending-mine": Recorded(held(placement(), seen_at=LONG_AGO), State.UNKNOWN),
    "pending-other": Recorded(held(placement(holder=OTHER), seen_at=LONG_AGO), State.UNKNOWN),
    "placed": Recorded(held(placement(Outcome.PLACED)), State.OPEN),
    "closed": Recorded(held(placement(Outcome.PLACED, closed=True)), State.OPEN),
    "not-placed": Recorded(held(placement(Outcome.NOT_PLACED, reason="RateLimited")), State.PENDING),
    "absent": Recorded(held(placement(Outcome.ABSENT, reason="AbsenceProven")), State.UNKNOWN),
    "refused": Recorded(held(placement(Outcome.REFUSED, reason="-2010")), State.REJECTED),
    "final": Recorded(
        held(
            placement(Outcome.NOT_PLACED),
            final=FinalRecord(state=State.EXPIRED, filled_quantity=builders.Decimal(0), at=builders.WALL),
        ),
        State.EXPIRED,
    ),
}

OBSERVED: Mapping[str, Observed] = {
    "unknown": Unknown("ReadError", "time-out"),
    "absent": Absent(MONOTONIC, complete=False),
    "proven-absent": Absent(MONOTONIC, complete=True),
    "working": Found(order()),
    "partly": Found(order(filled="0.2")),
    "ended": Found(order(VenueStatus.CANCELED, filled="0.2")),
}

WISHES: Mapping[str, dict[str, Any]] = {
    "working": {},
    "canceled": {"desiredState": DesiredState.CANCELED.value},
    "deleting": {},
    "suspended": {"suspend": True},
}


def product() -> Iterator[tuple[str, str, str]]:
    """Every combination."""
    return itertools.product(RECORDED, OBSERVED, WISHES)


@functools.cache
def view_of(recorded: str, observed: str, wish: str) -> View:
    """The view of one combination."""
    known = RECORDED[recorded]
    status = said(
        known.state,
        client_order_id=placement().client_order_id if known.traces else None,
        exchange_order_id="1001" if recorded in {"placed", "closed"} else None,
    )
    spec = WISHES[wish]
    wished = intent(held=known.traces, deleting=wish == "deleting", status=status, **spec)
    return builders.view(
        wished,
        journal=known.journal,
        permit=permit() if known.permit else None,
        observed=OBSERVED[observed],
        observed_at=MONOTONIC,
        looked=Asked(),
        account=builders.account(polled_at=MONOTONIC),
    )
