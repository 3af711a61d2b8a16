"""The annotation that asks for a read of the venue: one read for one value, and no word before it is answered."""

from typing import Any

import pytest

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.meta import ANNOTATION_RECONCILE
from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import FetchOrder
from exchange_kernel.core.venue import Found
from exchange_kernel.core.view import View
from support.builders import MONOTONIC, account, held, intent, order, placement, said, view

ID = placement().client_order_id


def asked(state: State = State.OPEN, handled: str | None = None, **changes: Any) -> View:  # noqa: ANN401 - fields of View
    known = said(state, client_order_id=ID, exchange_order_id="1001", last_handled_reconcile_at=handled)
    return view(
        intent(held=True, status=known, annotations={ANNOTATION_RECONCILE: "now"}),
        journal=held(placement(Outcome.PLACED)),
        observed=Found(order()),
        **{"requested_at": MONOTONIC, **changes},
    )


@pytest.mark.parametrize("state", [State.OPEN, State.FILLED])
def test_an_order_is_read_when_somebody_asks(state: State) -> None:
    assert decide(asked(state)).actions == (FetchOrder("BTC/USDT", "1001"),)


def test_a_read_from_before_the_request_does_not_answer_it() -> None:
    assert decide(asked(answered_at=MONOTONIC - 1)).actions
    answered = decide(asked(answered_at=MONOTONIC))
    assert not answered.actions
    assert answered.status.last_handled_reconcile_at == "now"


def test_what_was_handled_is_not_read_again() -> None:
    decision = decide(asked(handled="now"))
    assert decision.is_rest
    assert decision.status.last_handled_reconcile_at == "now"


def test_without_a_session_nothing_is_said() -> None:
    decision = decide(asked(account=account(venue_account_id="")))
    assert decision.is_rest
    assert decision.status.last_handled_reconcile_at is None


def test_a_wish_that_was_never_sent_has_nothing_to_read() -> None:
    wished = intent(annotations={ANNOTATION_RECONCILE: "now"}, suspend=True)
    decision = decide(view(wished, requested_at=MONOTONIC))
    assert decision.is_rest
    assert decision.status.last_handled_reconcile_at == "now"
