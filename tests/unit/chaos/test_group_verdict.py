"""The verdict about the groups of a campaign finds what is wrong about them."""

from decimal import Decimal
from typing import Any

from chaos import group_plan, group_verdict
from chaos.findings import VenueSays
from chaos.group_plan import GroupScript

Json = Any


def order(name: str, filled: str = "0", **changes: Any) -> VenueSays:  # noqa: ANN401 - fields of what the venue says
    fields = {"state": "Untriggered", "began": 0, "ended": None, **changes}
    return VenueSays(name, name, filled=Decimal(filled), quantity=Decimal("0.01"), price=Decimal(0), **fields)


def script(**changes: Any) -> GroupScript:  # noqa: ANN401 - fields of a script
    (made,) = group_plan.make(1, groups=1, seconds=10.0, accounts=[0])
    fields = {"number": 0, "account": 0, "at": 0.0, "spec": {**made.spec, "deletionPolicy": "Cancel"}} | changes
    return GroupScript(**fields)


def group(state: str, **status: Any) -> Json:  # noqa: ANN401 - fields of a status
    said = {"state": state, "observedGeneration": 1, **status}
    return {"metadata": {"generation": 1}, "spec": {}, "status": said}


BOUGHT = {"g000-entry": [order("e", "0.01", ended=1, state="Filled")]}


def hurts(orders: Json, said: Json = None) -> list[str]:
    return [str(each) for each in group_verdict.hurts("g000", orders, said)]


def unsettled(orders: Json, said: Json = None, legs: Json = None, **changes: Any) -> list[str]:  # noqa: ANN401
    return [str(each) for each in group_verdict.unsettled(script(**changes), orders, said, legs or {})]


def test_a_seed_gives_the_same_groups_again() -> None:
    first = group_plan.make(7, groups=20, seconds=60.0, accounts=range(4))
    assert first == group_plan.make(7, groups=20, seconds=60.0, accounts=range(4))
    assert {each.account for each in first} <= {0, 1, 2, 3}
    assert any(each.deleted for each in first)


def test_two_exits_at_once_hurt_and_one_after_the_other_does_not() -> None:
    first, second = order("s", began=1, ended=5, state="Canceled"), order("t", began=4)
    assert "two exits live at once" in hurts({**BOUGHT, "g000-stop": [first], "g000-target": [second]})[0]
    after = order("t", began=6)
    assert hurts({**BOUGHT, "g000-stop": [first], "g000-target": [after]}) == []


def test_two_exits_that_the_venue_ties_together_are_one() -> None:
    tied = {
        **BOUGHT,
        "g000-stop": [order("s", began=1, order_list="7")],
        "g000-target": [order("t", began=1, order_list="7", state="Open")],
    }
    assert hurts(tied) == []
    other = {**tied, "g000-stop-2": [order("u", began=2, order_list="8")]}
    assert "two exits live at once" in hurts(other)[0]
    kept = {**script().spec, "deletionPolicy": "KeepProtection"}
    assert unsettled(tied, end=(5.0, "delete"), spec=kept) == []
    assert "deleted, and orders work" in unsettled(other, end=(5.0, "delete"), spec=kept)[0]


def test_more_sold_than_bought_hurts_unless_the_group_says_so() -> None:
    sold = {**BOUGHT, "g000-stop": [order("s", "0.01", began=2, ended=3, state="Filled")]}
    assert "0.01 exited of 0.01 entered" in hurts(sold)[0]
    assert hurts(sold, group("Completed", overfillQuantity="0.00001")) == []


def test_a_second_entry_hurts() -> None:
    twice = [order("e", "0.01", ended=1), order("f", "0.01", began=2, ended=3)]
    assert "more than one entry" in hurts({"g000-entry": twice})[0]


def test_a_position_without_a_stop_is_not_settled_unless_nobody_can_help() -> None:
    held = group("Working", targetQuantity="0.00999", filledQuantity="0")
    assert "0.00999 is held and 0 covered" in unsettled(BOUGHT, held)[0]
    stalled = group("Working", targetQuantity="0.00999", conditions=[{"type": "Stalled", "status": "True"}])
    assert unsettled(BOUGHT, stalled) == []
    assert unsettled({**BOUGHT, "g000-stop": [order("s", began=2)]}, held) == []


def test_a_group_that_has_ended_or_is_gone_leaves_no_order() -> None:
    resting = {**BOUGHT, "g000-stop": [order("s", began=2)]}
    assert "Completed, and orders work" in unsettled(resting, group("Completed"))[0]
    gone = {"end": (5.0, "delete")}
    assert "deleted, and orders work" in unsettled(resting, **gone)[0]
    assert unsettled(resting, **gone, spec={**script().spec, "deletionPolicy": "KeepProtection"}) == []
    assert "its legs are still there" in unsettled(BOUGHT, legs={"g000-stop": {}}, **gone)[0]
    assert "deleted, and it is still there" in unsettled(BOUGHT, group("Working"), **gone)[0]


def test_a_group_in_the_middle_of_something_is_not_settled() -> None:
    assert "state Closing" in unsettled({}, group("Closing"))[0]
    assert "nobody deleted it" in unsettled({})[0]
    wanted = group("Entering")
    wanted["spec"]["desiredState"] = "Canceled"
    assert "to be canceled" in unsettled({}, wanted)[0]


def test_what_was_sold_may_be_bought_back_whole_and_not_beyond() -> None:
    sold = [order("e", "0.01", ended=1, state="Filled")]
    whole = {"g000-entry": sold, "g000-stop": [order("s", "0.01", began=2, ended=3, state="Filled")]}
    assert list(group_verdict.hurts("g000", whole, None, sells=True)) == []
    more = {**whole, "g000-close": [order("c", "0.001", began=4, ended=5, state="Filled")]}
    assert "0.011 exited of 0.01 entered" in str(next(group_verdict.hurts("g000", more, None, sells=True)))


def test_a_campaign_has_groups_that_sell_first() -> None:
    made = group_plan.make(3, groups=20, seconds=60.0, accounts=range(4))
    assert {each.sells for each in made} == {True, False}
    assert {leg["side"] for each in made if each.sells for leg in each.spec["legs"][1:]} == {"Buy"}
