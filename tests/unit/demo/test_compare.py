"""The verdict of the demo: what makes the two sides the same, and what does not."""

from typing import Any

import pytest

from demo.compare import compare


def intent(name: str = "a", *, uid: str = "u1", state: str = "Open", filled: str = "0") -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": uid}, "status": {"state": state, "filledQuantity": filled}}


def receipt(name: str = "a", *, uid: str = "u1", ids: tuple[str, ...] = ("c1",), **more: object) -> dict[str, Any]:
    placements = [{"clientOrderId": ident} for ident in ids]
    return {"claimant": {"name": name, "uid": uid}, "placements": placements, **more}


def order(
    ident: str = "c1", status: str = "NEW", filled: str = "0.00000000", *, working: bool = True
) -> dict[str, Any]:
    return {"clientOrderId": ident, "status": status, "executedQty": filled, "isWorking": working}


def verdicts(*parts: list[dict[str, Any]]) -> list[bool]:
    return [line.same for line in compare(*parts)]


@pytest.mark.parametrize(
    ("claimed", "told"),
    [
        (intent(), order()),
        (intent(state="Filled", filled="0.5"), order(status="FILLED", filled="0.50000000")),
        (intent(state="Untriggered"), order(working=False)),
        (intent(state="Expired", filled="0.1"), order(status="EXPIRED", filled="0.1")),
    ],
)
def test_the_same_state_and_fill_are_the_same(claimed: dict[str, Any], told: dict[str, Any]) -> None:
    assert verdicts([claimed], [receipt()], [told]) == [True]


@pytest.mark.parametrize(
    ("claimed", "told"),
    [
        (intent(), [order(status="CANCELED")]),
        (intent(state="Filled", filled="0.5"), [order(status="FILLED", filled="0.4")]),
        (intent(), []),
        (intent(), [order(working=False)]),
        (intent(state="Untriggered"), [order()]),
        (intent(), [order(), order()]),
    ],
)
def test_another_state_another_fill_no_order_or_two_differ(claimed: dict[str, Any], told: list[dict[str, Any]]) -> None:
    assert verdicts([claimed], [receipt()], told) == [False]


def test_two_attempts_of_one_receipt_must_still_be_one_order() -> None:
    twice = receipt(ids=("c1", "c2"))
    assert verdicts([intent()], [twice], [order("c2")]) == [True]
    assert verdicts([intent()], [twice], [order("c1"), order("c2")]) == [False]


def test_a_deleted_intent_is_judged_by_the_journal() -> None:
    ended = receipt(final={"state": "Canceled", "filledQuantity": "0"})
    assert verdicts([], [ended], [order(status="CANCELED")]) == [True]
    assert verdicts([], [ended], [order()]) == [False]
    assert verdicts([], [receipt()], [order()]) == [False]


def test_only_a_denied_intent_may_be_without_a_receipt() -> None:
    assert verdicts([intent(state="Denied")], [], []) == [True]
    assert verdicts([intent(state="Open")], [], []) == [False]


def test_an_order_that_nobody_knows_differs() -> None:
    lines = compare([intent()], [receipt()], [order(), order("x")])
    assert [(line.name, line.same) for line in lines] == [("(nobody's)", False), ("a", True)]
