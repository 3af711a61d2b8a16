"""A verdict finds each broken promise: a check that cannot fail would prove nothing."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from chaos.findings import VenueSays
from chaos.plan import Cancel, Create, Delete, Script
from chaos.verdict import Picture, Verdict, judge
from exchange_kernel.api.enums import IdentityKind
from exchange_kernel.core.identity import Identity, client_order_id

Json = dict[str, Any]
IDENTITY = Identity("desk", "a0", "desk", IdentityKind.NAME, "o0000")
SPEC = {"symbol": "BTC/USDT", "side": "Buy", "type": "Limit", "quantity": "2", "price": "10"}


def _order(revision: int = 0, attempt: int = 1, **changes: object) -> VenueSays:
    values: Json = {
        "order_id": f"{revision}{attempt}",
        "client_id": client_order_id(IDENTITY, revision, attempt),
        "state": "Open",
        "filled": Decimal(0),
        "quantity": Decimal(2),
        "price": Decimal(10),
        "began": 100,
        "ended": None,
        **changes,
    }
    return VenueSays(**values)


def _intent(
    state: str = "Open", filled: str = "0", *, synced: str = "True", reason: str = "InSync", **spec: str
) -> Json:
    conditions = [{"type": "Synced", "status": synced, "reason": reason}]
    status = {"state": state, "filledQuantity": filled, "observedGeneration": 1, "conditions": conditions}
    return {"metadata": {"generation": 1}, "spec": {**SPEC, **spec}, "status": status}


def _receipt(*orders: VenueSays, outcome: str = "Resolved", placed: str = "Placed", **changes: object) -> Json:
    placements = [{"clientOrderId": order.client_id, "outcome": placed} for order in orders]
    return {"placements": placements, "outcome": outcome, **changes}


def _judge(orders: Sequence[VenueSays], intent: Json | None, receipt: Json | None, *acts: Cancel | Delete) -> Verdict:
    script = Script(0, 0, ((0.0, Create(SPEC)), *((1.0, act) for act in acts)))
    intents = {} if intent is None else {"o0000": intent}
    receipts = {} if receipt is None else {IDENTITY.receipt_name: receipt}
    return judge([script], Picture(intents, receipts, orders, {"o0000": IDENTITY}))


def test_an_order_that_both_sides_know_is_good() -> None:
    order = _order()
    assert _judge([order], _intent(), _receipt(order)).good


def test_a_replaced_order_is_good_when_the_first_ended_before_the_second_began() -> None:
    first = _order(state="Canceled", filled=Decimal(1), ended=200)
    second = _order(1, quantity=Decimal(1), began=200)
    assert _judge([first, second], _intent("PartiallyFilled", "1"), _receipt(first, second)).good


@pytest.mark.parametrize(
    ("orders", "placed", "found"),
    [
        ((_order(), _order(0, 2, began=150)), "Placed", "two live orders"),
        ((_order(state="Canceled", ended=300), _order(1, began=200)), "Placed", "two live orders"),
        ((_order(),), "NotPlaced", "recorded as NotPlaced"),
        ((_order(),), "Absent", "recorded as Absent"),
    ],
)
def test_a_broken_promise_hurts(orders: tuple[VenueSays, ...], placed: str, found: str) -> None:
    verdict = _judge(orders, _intent(), _receipt(*orders, placed=placed))
    assert [found in hurt.what for hurt in verdict.hurts] == [True]


def test_an_order_without_a_receipt_hurts() -> None:
    assert "no receipt" in _judge([_order()], _intent(), None).hurts[0].what


def test_an_order_that_its_receipt_does_not_name_hurts() -> None:
    first, second = _order(state="Canceled", ended=150), _order(0, 2, began=150)
    assert "without a record" in _judge([first, second], _intent(), _receipt(second)).hurts[0].what
    assert not _judge([first, second], _intent(), _receipt(second, foldedPlacements=1)).hurts


def test_an_order_of_nobody_hurts() -> None:
    order, stray = _order(), _order(client_id="f" * 32)
    assert "nobody's" in _judge([order, stray], _intent(), _receipt(order)).hurts[0].what


@pytest.mark.parametrize(
    ("order", "intent", "found"),
    [
        (_order(filled=Decimal(1)), _intent(), "0 filled in the status, 1 at the venue"),
        (_order(state="Canceled", ended=9), _intent(), "the venue says Canceled"),
        (_order(), _intent("Unknown"), "state Unknown"),
        (_order(), _intent("Denied"), "state Denied"),
        (_order(), _intent(quantity="3"), "in sync with quantity 3"),
        (_order(), _intent(price="11"), "in sync with price 11"),
        (_order(), _intent(synced="False", reason="Amending"), "not in sync"),
        (_order(), _intent(desiredState="Canceled"), "to be canceled"),
        (_order(), None, "nobody deleted it"),
    ],
)
def test_what_has_not_converged_is_unsettled(order: VenueSays, intent: Json | None, found: str) -> None:
    verdict = _judge([order], intent, _receipt(order))
    assert any(found in finding.what for finding in verdict.unsettled), verdict


def test_a_status_of_an_earlier_generation_is_unsettled() -> None:
    intent = _intent()
    intent["metadata"]["generation"] = 2
    assert not _judge([_order()], intent, _receipt(_order())).good


def test_a_receipt_without_an_explanation_is_unsettled() -> None:
    order = _order()
    assert "unproven" in _judge([order], _intent(), _receipt(order, outcome="Pending")).unsettled[0].what
    assert "amend" in _judge([order], _intent(), _receipt(order, amend={"phase": "Canceling"})).unsettled[0].what


def test_a_deleted_order_has_ended_and_its_receipt_says_how() -> None:
    ended = _order(state="Canceled", filled=Decimal(1), ended=200)
    final = {"state": "Canceled", "filledQuantity": "1"}
    assert _judge([ended], None, _receipt(ended, final=final), Delete()).good
    wrong = _judge([ended], None, _receipt(ended, final={**final, "filledQuantity": "0"}), Delete())
    assert "the venue 1" in wrong.unsettled[0].what
    assert "how it ended" in _judge([ended], None, _receipt(ended), Delete()).unsettled[0].what
    assert "works" in _judge([_order()], None, _receipt(_order(), final=final), Delete()).unsettled[0].what
    assert "still there" in _judge([ended], _intent("Canceled", "1"), _receipt(ended), Delete()).unsettled[0].what
