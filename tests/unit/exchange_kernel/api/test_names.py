"""Conditions, reasons and receipts: the words that the status speaks in."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from exchange_kernel.api.conditions import Condition, ConditionStatus, ConditionType, find_condition
from exchange_kernel.api.enums import OrderStateName, PlacementOutcome, ReceiptOutcome
from exchange_kernel.api.order_receipt import ReceiptPlacement, receipt_outcome
from exchange_kernel.api.reasons import Reason
from exchange_kernel.api.receipt_parts import FinalRecord

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
FINAL = FinalRecord(state=OrderStateName.CANCELED, filled_quantity=Decimal(0), at=NOON)


def placement(outcome: PlacementOutcome, client_order_id: str = "a1") -> ReceiptPlacement:
    return ReceiptPlacement(
        client_order_id=client_order_id,
        revision=0,
        attempt=1,
        holder="host-1",
        send_window_seconds=Decimal(5),
        outcome=outcome,
        recorded_at=NOON,
    )


@pytest.mark.parametrize("reason", list(Reason))
def test_each_reason_is_explained_and_fits_a_condition(reason: Reason) -> None:
    condition = Condition(
        type=ConditionType.READY, status=ConditionStatus.FALSE, reason=reason, last_transition_time=NOON
    )

    assert condition.to_object()["reason"] == reason.value
    assert re.fullmatch(r"[A-Z].+[.]", reason.meaning)
    assert reason.remedy == "" or reason.remedy.endswith(".")


@pytest.mark.parametrize("kind", list(ConditionType))
def test_each_condition_is_explained(kind: ConditionType) -> None:
    assert kind.meaning.endswith(".")


def test_a_condition_is_found_by_its_type() -> None:
    ready = Condition(
        type=ConditionType.READY, status=ConditionStatus.TRUE, reason=Reason.WORKING, last_transition_time=NOON
    )

    assert find_condition((ready,), ConditionType.READY) == ready
    assert find_condition((ready,), ConditionType.STALLED) is None


@pytest.mark.parametrize(
    ("outcomes", "final", "expected"),
    [
        ([PlacementOutcome.PENDING], None, ReceiptOutcome.PENDING),
        ([PlacementOutcome.NOT_PLACED, PlacementOutcome.PENDING], FINAL, ReceiptOutcome.PENDING),
        ([PlacementOutcome.PLACED], None, ReceiptOutcome.RESOLVED),
        ([PlacementOutcome.ABSENT], None, ReceiptOutcome.RESOLVED),
        ([PlacementOutcome.REFUSED], FINAL, ReceiptOutcome.FINAL),
    ],
)
def test_a_receipt_is_pending_while_anything_in_it_is(
    outcomes: list[PlacementOutcome], final: FinalRecord | None, expected: ReceiptOutcome
) -> None:
    placements = tuple(placement(outcome, f"a{index}") for index, outcome in enumerate(outcomes))

    assert receipt_outcome(placements, final) is expected


def test_the_frozen_states_are_those_in_which_an_order_has_ended() -> None:
    final = {state for state in OrderStateName if state.is_final}

    assert final == {
        OrderStateName.FILLED,
        OrderStateName.CANCELED,
        OrderStateName.EXPIRED,
        OrderStateName.REJECTED,
    }
    assert not any(state.is_live for state in final)
