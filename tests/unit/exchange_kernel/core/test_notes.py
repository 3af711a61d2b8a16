"""Which changes of an order become Kubernetes Events."""

from decimal import Decimal

import pytest

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.core.notes import Note, note


def test_a_new_state_is_worth_an_event_and_its_repetition_is_not() -> None:
    before, after = OrderIntentStatus(), OrderIntentStatus(state=State.OPEN, exchange_order_id="7")
    assert note(before, after) == Note("OrderPlaced", "order 7")
    assert note(after, after.model_copy(update={"message": "other words"})) is None


@pytest.mark.parametrize("state", [State.PENDING, State.SUBMITTING])
def test_what_only_passes_through_is_not_worth_an_event(state: State) -> None:
    assert note(OrderIntentStatus(), OrderIntentStatus(state=state)) is None


@pytest.mark.parametrize("state", list(State))
def test_somebody_is_warned_only_where_somebody_may_have_to_act(state: State) -> None:
    said = note(OrderIntentStatus(), OrderIntentStatus(state=state))
    warned = said is not None and said.warning
    assert warned == (state in {State.DENIED, State.REJECTED, State.UNKNOWN})


def test_the_message_has_the_words_the_order_and_what_was_filled() -> None:
    after = OrderIntentStatus(
        state=State.CANCELED,
        message="canceled as asked",
        exchange_order_id="7",
        filled_quantity=Decimal("0.2"),
        average_price=Decimal("50000.5"),
    )
    said = note(OrderIntentStatus(state=State.OPEN), after)
    assert said == Note("OrderCanceled", "canceled as asked; order 7; 0.2 filled at 50000.5")


def test_a_state_without_any_words_is_its_own_message() -> None:
    assert note(OrderIntentStatus(), OrderIntentStatus(state=State.EXPIRED)) == Note("OrderExpired", "Expired")
