"""Orders are asked for, and canceled, by the ids in their receipt: another version may compute other ones."""

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import Cancel, LookUp
from exchange_kernel.core.venue import Found
from exchange_kernel.core.view import View
from support.builders import FENCE, MONOTONIC, held, intent, order, placement, said, view

FORMER = "0" * 32  # nothing that this version computes


def _recorded(outcome: Outcome, state: State, **changes: object) -> View:
    wished = intent(held=True, status=said(state, client_order_id=FORMER), desiredState="Canceled")
    journal = held(placement(outcome, client_order_id=FORMER), seen_at=MONOTONIC - FENCE)
    return view(wished, journal=journal, **changes)


def test_an_unproven_placement_is_looked_up_by_the_id_that_was_recorded() -> None:
    asked = decide(_recorded(Outcome.PENDING, State.UNKNOWN)).actions

    assert [act.client_order_id for act in asked if isinstance(act, LookUp)] == [FORMER]


def test_an_order_is_canceled_by_the_id_that_was_recorded() -> None:
    seen = Found(order(client_order_id=FORMER))
    asked = decide(_recorded(Outcome.PLACED, State.OPEN, observed=seen)).actions

    assert [act.client_order_id for act in asked if isinstance(act, Cancel)] == [FORMER]
