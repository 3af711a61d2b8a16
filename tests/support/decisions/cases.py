"""Decisions beside the table: whose order it is, what a lost receipt allows, and what was said before.

Written like the table's rows, each with its own view.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.meta import ANNOTATION_CLAIMED, ANNOTATION_CONFIRM
from exchange_kernel.core import receipts
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.decide import decide
from exchange_kernel.core.outcomes import NotPlaced, OutcomeUnknown, Placed, Refused
from exchange_kernel.core.venue import Absent, Found, VenueStatus
from exchange_kernel.core.view import Asked, NoReceipt, View
from support import builders
from support.builders import FENCE, MONOTONIC, OTHER, M, account, held, intent, order, permit, placement, said, view
from support.decisions.rows import does, says

ID = placement().client_order_id
SECOND = placement(attempt=2).client_order_id
LOST = placement(Outcome.ABSENT, reason=receipts.RECEIPT_LOST)
FOREIGN = held(placement(Outcome.PLACED), of=intent(uid="uid-0"))
GONE = held(placement(Outcome.PLACED), of=intent(uid="uid-0"), gone=True)
BEHIND = MONOTONIC - FENCE


@dataclass(frozen=True, slots=True)
class Case:
    """One sentence, one view, one decision."""

    name: str
    view: Callable[[], View]
    does: str
    says: str = "-"


def check_case(case: Case) -> None:
    """Judge the view, and compare what is done and said."""
    judged = case.view()
    decision = decide(judged)
    assert (does(decision), says(judged, decision)) == (case.does, case.says), f"{case.name}: {decision.why}"


def _confirmed(value: str) -> View:
    wished = intent(held=True, status=said(State.UNKNOWN, client_order_id=ID), annotations={ANNOTATION_CONFIRM: value})
    return view(wished, journal=held(LOST, of=wished))


def _late(early: View) -> View:
    return replace(early, now=replace(early.now, wall=builders.WALL.replace(year=2031)))


def _lost(**changes: Any) -> View:  # noqa: ANN401 - fields of View or status
    wished = intent(held=True, status=said(State.OPEN, client_order_id=ID))
    return view(wished, journal=NoReceipt(), **changes)


def _interrupted(**changes: Any) -> View:  # noqa: ANN401 - fields of View or status
    return view(intent(held=True), journal=NoReceipt(), observed=Absent(MONOTONIC, complete=False), **changes)


def _restored() -> View:
    wished = intent(held=True, uid="uid-2", annotations={ANNOTATION_CLAIMED: "uid-1"})
    return view(wished, observed=Absent(MONOTONIC, complete=True))


def _pending(**changes: Any) -> View:  # noqa: ANN401 - fields of View or status
    wished = intent(held=True, status=said(State.SUBMITTING, client_order_id=ID))
    return view(wished, **{"journal": held(placement()), **changes})


def _working(status: str, filled: str = "0", before: State = State.OPEN, **fields: Any) -> View:  # noqa: ANN401 - fields of View or status
    known = said(before, client_order_id=ID, exchange_order_id="1001", **fields)
    return view(
        intent(held=True, status=known),
        journal=held(placement(Outcome.PLACED)),
        observed=Found(order(VenueStatus(status), filled)),
    )


def _vanishing(asked_at: float, times: int = 9) -> View:
    known = said(State.OPEN, client_order_id=ID, exchange_order_id="1001")
    return view(
        intent(held=True, deleting=True, status=known),
        journal=held(placement(Outcome.PLACED), seen_at=MONOTONIC - M),
        observed=Absent(asked_at, complete=False),
        looked=Asked(asked_at, times),
        monotonic=MONOTONIC + 20,
    )


CASES: tuple[Case, ...] = (
    # Whose order it is.
    Case("the claimant is asked for before anything is said", lambda: view(journal=FOREIGN), "ReadClaimant"),
    Case(
        "a second live object with the identity is denied",
        lambda: view(journal=held(placement(Outcome.PLACED), of=intent(uid="uid-0"), gone=False)),
        "rest",
        "Denied DuplicateIntentId",
    ),
    Case("a re-created object claims its order", lambda: view(journal=GONE), "write Placed/1"),
    Case(
        "a used name with another side is denied",
        lambda: view(intent(side="Sell"), journal=GONE),
        "rest",
        "Denied IdentityReused",
    ),
    Case(
        "a used name with another quantity is denied",
        lambda: view(intent(quantity="0.6"), journal=GONE),
        "rest",
        "Denied IdentityReused",
    ),
    Case(
        "a denial stays when the other object goes",
        lambda: view(intent(status=said(State.DENIED)), journal=GONE),
        "rest",
    ),
    Case(
        "another account at the venue stops everything",
        lambda: view(
            intent(held=True, status=said(State.UNKNOWN, client_order_id=ID)),
            journal=held(placement(), seen_at=BEHIND),
            observed=Absent(MONOTONIC, complete=True),
            account=account(venue_account_id="another"),
        ),
        "rest",
        "Unknown AccountChanged",
    ),
    # Lost receipts.
    Case("an interrupted start is guarded, not placed", _interrupted, "create Pending/1"),
    Case("a restored copy is guarded, whatever is absent", _restored, "create Pending/1"),
    Case("a lost receipt's order is adopted", lambda: _lost(observed=Found(order())), "create Placed/1"),
    Case(
        "an object without a receipt waits while the journal is another installation's",
        lambda: _lost(
            observed=Absent(MONOTONIC, complete=True),
            looked=Asked(MONOTONIC, 1),
            account=account(journal_problem=Problem("JournalForeign", "take it over")),
        ),
        "rest",
        "Open JournalForeign",
    ),
    Case(
        "after the proof a loss waits for a human",
        lambda: _confirmed("something else"),
        "rest",
        "Pending ConfirmationRequired",
    ),
    Case(
        "an approval of the attempt that was lost permits nothing",
        lambda: _confirmed(f"{ID}/1"),
        "rest",
        "Pending ConfirmationRequired",
    ),
    Case(
        "a human permits exactly the next attempt, however old the object is",
        lambda: _late(_confirmed(f"{SECOND}/2")),
        "write Pending/2 permit, beside LookUp",
    ),
    Case(
        "an interrupted start goes on without a human",
        lambda: view(
            intent(held=True, status=said(State.UNKNOWN, client_order_id=ID)),
            journal=held(placement(Outcome.ABSENT, reason=receipts.INTERRUPTED_START)),
        ),
        "write Pending/2 permit, beside LookUp",
    ),
    Case(
        "the object speaks of its first attempt before there is a second",
        lambda: view(
            intent(held=True),
            journal=held(placement(Outcome.NOT_PLACED)),
            observed=Absent(MONOTONIC, complete=False),
        ),
        "rest",
        "Pending NotPlaced",
    ),
    # Outcomes.
    Case("an acknowledgement is recorded", lambda: _pending(outcome=Placed(order())), "write Placed/1", "Open Working"),
    Case("a refusal is recorded", lambda: _pending(outcome=Refused("-2010", "no funds")), "write Refused/1"),
    Case("the sender's proof is recorded", lambda: _pending(outcome=NotPlaced("RateLimited", "")), "write NotPlaced/1"),
    Case(
        "no answer proves nothing",
        lambda: _pending(outcome=OutcomeUnknown("time-out")),
        "LookUp",
        "Unknown OutcomeUnknown",
    ),
    Case(
        "an outcome is not recorded for an attempt of somebody else",
        lambda: _pending(journal=held(placement(holder=OTHER)), outcome=NotPlaced("RateLimited", "")),
        "LookUp",
        "Submitting Submitting",
    ),
    Case(
        "a request under way is waited for",
        lambda: _pending(sending=True, outcome=None),
        "rest",
        "Submitting Submitting",
    ),
    Case("a window that has closed is a proof", lambda: _pending(permit=permit(age=5.0)), "write NotPlaced/1"),
    Case(
        "a permit for another attempt opens nothing",
        lambda: _pending(permit=permit(2), observed=Absent(MONOTONIC, complete=False)),
        "LookUp",
        "Unknown OutcomeUnknown",
    ),
    Case(
        "a look-up from before the permit does not count",
        lambda: _pending(permit=permit(), observed=Absent(MONOTONIC - 1, complete=True), looked=Asked()),
        "LookUp",
    ),
    Case(
        "the object must be held before the request",
        lambda: view(journal=held(placement()), permit=permit(), observed=Absent(MONOTONIC, complete=False)),
        "write NotPlaced/1",
    ),
    Case(
        "an absence from a moment before the fence is none",
        lambda: _pending(journal=held(placement(), seen_at=BEHIND + 0.1), observed=Absent(MONOTONIC, complete=True)),
        "LookUp",
        "Unknown OutcomeUnknown",
    ),
    Case(
        "where requests never expire a human decides",
        lambda: _pending(
            journal=held(placement(expiry=None), seen_at=BEHIND - 3600),
            observed=Absent(MONOTONIC, complete=True),
            looked=Asked(MONOTONIC, 9),
        ),
        "rest",
        "Unknown OutcomeUnknown",
    ),
    # What was said before.
    Case(
        "nothing follows from what is older than the end that another process has read",
        lambda: _working("Open", before=State.CANCELED),
        "FetchOrder",
    ),
    Case(
        "a stale answer does not bring an order back",
        lambda: replace(_working("Open", before=State.CANCELED), observed_at=MONOTONIC),
        "rest",
        "Canceled Working",
    ),
    Case(
        "a late fill completes a canceled order",
        lambda: _working("Filled", "0.5", State.CANCELED),
        "rest",
        "Filled Filled",
    ),
    # The end.
    Case(
        "M after the receipt an order that no read finds has vanished",
        lambda: _vanishing(MONOTONIC),
        "write Placed/1 final Canceled gone",
    ),
    Case("before that it is only late", lambda: _vanishing(MONOTONIC - 0.1), "FetchOrder"),
)
