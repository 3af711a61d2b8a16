"""Exits that the venue ties together, step by step: what is listed, what follows, what is left to the operator."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.api.enums import AmendPolicy, DesiredState, GroupDeletionPolicy
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.meta import ANNOTATION_ORDER_LIST
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.account_facts import AccountFacts
from exchange_kernel.core.venue_rules import OcoRules
from support.builders import RULES, account
from support.group_builders import (
    BREAKOUT,
    DIP,
    ENTRY,
    STOP,
    TARGET,
    Stage,
    bracket,
    group,
    oco_entries,
    oto,
    ouo_exits,
)

OCO = OcoRules(stops=frozenset({"StopMarket", "StopLimit"}), targets=frozenset({"Limit", "TakeProfitMarket"}))


def ties() -> AccountFacts:
    """An account at a venue that ties orders together."""
    return account(rules=replace(RULES, oco=OCO))


def entered(stage: Stage) -> Stage:
    """The entry is filled, and the list of both exits rests for 0.999."""
    stage.rest()
    stage.says("entry", State.FILLED, filled="1", fee="0.001", settled=True, reason=Reason.FILLED).rest()
    return working(stage)


def working(stage: Stage, number: str = "") -> Stage:
    stage.says(f"stop{number}", State.UNTRIGGERED, reason=Reason.UNTRIGGERED)
    stage.says(f"target{number}", State.OPEN).rest()
    return stage


def listed(stage: Stage, name: str) -> str:
    return stage.leg(name).metadata.annotations.get(ANNOTATION_ORDER_LIST, "")


def execution(stage: Stage) -> str:
    found = stage.group.status.execution
    return "" if found is None else found.value


def test_both_exits_are_given_one_list_for_what_the_entry_brought_in() -> None:
    stage = entered(Stage(bracket(), ties()))
    assert stage.names == {"entry", "stop", "target"}
    assert listed(stage, "stop") == listed(stage, "target") == "trade-stop,trade-target"
    assert stage.wants("stop") == ("Working", "StopMarket", "0.999")
    assert stage.wants("target") == ("Working", "Limit", "0.999")
    assert stage.leg("target").spec.amend_policy is AmendPolicy.NEVER
    assert (execution(stage), stage.condition("Protected")) == ("Native", ("True", "Covered"))
    assert not stage.rest().read_price


def test_a_filled_target_ends_the_group() -> None:
    stage = entered(Stage(bracket(), ties()))
    stage.says("target", State.FILLED, filled="0.999", reason=Reason.FILLED, settled=True)
    stage.says("stop", State.EXPIRED, reason=Reason.EXPIRED, settled=True).rest()
    assert (stage.state, stage.names) == ("Completed", {"entry", "stop", "target"})


def test_a_stop_that_has_fired_is_let_go_on() -> None:
    stage = entered(Stage(bracket(), ties()))
    stage.says("target", State.EXPIRED, reason=Reason.EXPIRED)
    stage.says("stop", State.PARTIALLY_FILLED, filled="0.5").rest()
    assert stage.wants("stop")[0] == "Working"
    stage.says("stop", State.FILLED, filled="0.999", reason=Reason.FILLED, settled=True).rest()
    assert stage.state == "Completed"


def test_what_a_fired_stop_has_left_trades_at_once_and_alone() -> None:
    stage = entered(Stage(bracket(), ties()))
    stage.says("target", State.EXPIRED, reason=Reason.EXPIRED, settled=True)
    stage.says("stop", State.EXPIRED, filled="0.5", reason=Reason.EXPIRED, settled=True).later(2).rest()
    assert stage.wants("stop-2") == ("Working", "Market", "0.499")
    assert (listed(stage, "stop-2"), "target-2" in stage.names) == ("", False)


def test_the_rest_after_a_part_of_the_target_is_canceled_and_listed_anew() -> None:
    stage = entered(Stage(bracket(), ties()))
    stage.says("target", State.PARTIALLY_FILLED, filled="0.4")
    stage.says("stop", State.EXPIRED, reason=Reason.EXPIRED, settled=True).rest()
    assert stage.wants("target")[0] == "Canceled"
    assert "stop-2" not in stage.names
    stage.says("target", State.CANCELED, filled="0.4", reason=Reason.CANCELED).rest()
    assert stage.wants("stop-2") == ("Working", "StopMarket", "0.599")
    assert stage.wants("target-2") == ("Working", "Limit", "0.599")
    assert listed(stage, "target-2") == "trade-stop-2,trade-target-2"


def test_in_an_oco_the_rest_of_the_order_that_filled_works_on() -> None:
    stage = Stage(ouo_exits(type="OCO"), ties())
    stage.rest()
    working(stage)
    stage.says("target", State.PARTIALLY_FILLED, filled="0.004")
    stage.says("stop", State.EXPIRED, reason=Reason.EXPIRED, settled=True).rest()
    assert (stage.wants("target")[0], stage.names) == ("Working", {"stop", "target"})
    stage.says("target", State.FILLED, filled="0.01", reason=Reason.FILLED, settled=True).rest()
    assert stage.state == "Completed"


def test_a_growing_entry_gets_another_list_after_the_first_has_ended() -> None:
    stage = Stage(bracket(), ties())
    stage.rest()
    stage.says("entry", State.PARTIALLY_FILLED, filled="0.5").rest()
    working(stage)
    assert stage.wants("stop")[2] == "0.495"
    stage.says("entry", State.FILLED, filled="1", fee="0.001", settled=True, reason=Reason.FILLED).rest()
    assert (stage.wants("stop")[0], stage.wants("target")[0]) == ("Canceled", "Canceled")
    stage.says("target", State.CANCELED, reason=Reason.CANCELED).rest()
    assert "stop-2" not in stage.names
    stage.says("stop", State.CANCELED, reason=Reason.CANCELED).rest()
    assert (stage.wants("stop-2")[2], stage.wants("target-2")[2]) == ("0.999", "0.999")


def test_another_price_is_another_list_and_a_forbidden_one_is_none() -> None:
    stage = entered(Stage(bracket(), ties()))
    stage.reprice("stop", trigger_price=Decimal(55000)).rest()
    assert (stage.wants("stop")[0], stage.wants("target")[0]) == ("Canceled", "Canceled")
    for name in ("stop", "target"):
        stage.says(name, State.CANCELED, reason=Reason.CANCELED)
    stage.rest()
    assert stage.leg("stop-2").spec.trigger_price == Decimal(55000)

    kept = entered(Stage(bracket(), ties()))
    kept.reprice("stop", trigger_price=Decimal(55000), amend_policy=AmendPolicy.NEVER).rest()
    assert kept.wants("stop")[0] == "Working"


def test_a_list_that_somebody_canceled_at_the_venue_is_reported_and_not_placed_again() -> None:
    stage = entered(Stage(bracket(), ties()))
    for name in ("stop", "target"):
        stage.says(name, State.CANCELED, reason=Reason.CANCELED_EXTERNALLY, settled=True)
    stage.rest()
    assert stage.names == {"entry", "stop", "target"}
    assert stage.condition("Protected") == ("False", "StopFailed")


def test_a_stop_that_comes_too_late_trades_at_once_without_its_target() -> None:
    stage = Stage(bracket(), ties())
    stage.rest()
    stage.says("entry", State.FILLED, filled="1", fee="0.001", settled=True, reason=Reason.FILLED).rest()
    stage.says("stop", State.DENIED, reason=Reason.TRIGGER_ALREADY_CROSSED, placed=False, denied=True).rest()
    assert (stage.wants("stop")[0], stage.wants("target")[0]) == ("Canceled", "Canceled")
    for name in ("stop", "target"):
        stage.says(name, State.CANCELED, reason=Reason.CANCELED, placed=False, settled=True)
    stage.later(2).rest()
    assert stage.wants("stop-2") == ("Working", "Market", "0.999")
    assert "target-2" not in stage.names


@pytest.mark.parametrize("wanted", ["Auto", "Native"])
def test_a_refused_list_makes_the_operator_tie_the_exits(wanted: str) -> None:
    stage = Stage(bracket(execution=wanted), ties())
    stage.rest()
    stage.says("entry", State.FILLED, filled="1", fee="0.001", settled=True, reason=Reason.FILLED).rest()
    for name in ("stop", "target"):
        stage.says(name, State.REJECTED, reason=Reason.REJECTED, placed=False, settled=True)
    stage.later(2).rest()
    assert (execution(stage), listed(stage, "stop-2")) == ("Emulated", "")
    assert "target-2" not in stage.names


def test_an_order_of_a_list_that_is_recorded_and_missing_is_created_for_its_partners_quantity() -> None:
    stage = entered(Stage(bracket(), ties()))
    del stage.children["trade-target"]
    stage.children["trade-stop"] = stage.leg("stop").model_copy(
        update={"status": stage.leg("entry").status.__class__()}
    )
    stage.rest()
    assert stage.wants("target") == ("Working", "Limit", "0.999")
    assert listed(stage, "target") == "trade-stop,trade-target"


def test_a_canceled_group_ends_both_orders() -> None:
    stage = entered(Stage(bracket(), ties()))
    stage.edit(desired_state=DesiredState.CANCELED).rest()
    assert stage.wants("target")[0] == "Canceled"
    stage.says("target", State.CANCELED, reason=Reason.CANCELED, settled=True)
    stage.says("stop", State.CANCELED, reason=Reason.CANCELED_EXTERNALLY, settled=True).rest()
    assert stage.state == "Canceled"


def test_a_deleted_group_keeps_its_list_at_the_venue() -> None:
    stage = entered(Stage(bracket(), ties()))
    assert stage.group.spec.deletion_policy is GroupDeletionPolicy.KEEP_PROTECTION
    decision = stage.delete().rest()
    assert decision.release
    assert {stage.leg(name).spec.deletion_policy.value for name in ("stop", "target")} == {"Orphan"}


def test_plain_orders_are_listed_from_the_start_and_changed_as_a_list() -> None:
    stage = Stage(oco_entries(), ties())
    stage.rest()
    assert listed(stage, "dip") == "trade-breakout,trade-dip"
    stage.says("breakout", State.UNTRIGGERED, reason=Reason.UNTRIGGERED).says("dip", State.OPEN).rest()
    stage.edit(quantity=Decimal(2)).rest()
    for name in ("breakout", "dip"):
        assert stage.wants(name)[0] == "Canceled"
        stage.says(name, State.CANCELED, reason=Reason.CANCELED)
    stage.rest()
    assert (stage.wants("dip-2"), stage.wants("breakout-2")[2]) == (("Working", "Limit", "2"), "2")


NATIVE: dict[str, Any] = {"execution": "Native"}
LIMITED = {**TARGET, "type": "TakeProfitLimit", "triggerPrice": "65000"}
UNSURE = {**BREAKOUT, "type": "StopLimit", "price": "65100"}


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (oto(**NATIVE), "ties two exits together"),
        (group(ENTRY, LIMITED, STOP, type="Bracket", **NATIVE), "does not tie a StopMarket to a TakeProfitLimit"),
        (group(DIP, UNSURE, type="OCO", quantity="1", **NATIVE), "write a StopMarket"),
        (group(DIP, {**DIP, "name": "lower"}, type="OCO", quantity="1", **NATIVE), "ties two exits together"),
    ],
)
def test_what_does_not_mean_the_same_is_denied_as_native(wanted: OrderGroup, why: str) -> None:
    stage = Stage(wanted, ties())
    stage.rest()
    assert (stage.state, stage.names) == ("Denied", set())
    assert why in (stage.group.status.message or "")


def test_a_venue_that_ties_nothing_denies_native_and_emulates_auto() -> None:
    denied = Stage(bracket(execution="Native"))
    denied.rest()
    assert (denied.state, "ties no orders together" in (denied.group.status.message or "")) == ("Denied", True)
    emulated = Stage(bracket())
    emulated.rest()
    assert execution(emulated) == "Emulated"


def test_a_group_that_asks_for_emulation_gets_it() -> None:
    stage = Stage(bracket(execution="Emulated"), ties())
    stage.rest()
    stage.says("entry", State.FILLED, filled="1", fee="0.001", settled=True, reason=Reason.FILLED).rest()
    assert (execution(stage), stage.names) == ("Emulated", {"entry", "stop"})


def test_a_target_that_is_touched_takes_the_place_of_a_stop_that_rests_alone() -> None:
    """Somebody has canceled the list: its stop was placed again alone, and its target is watched."""
    stage = entered(Stage(bracket(), ties()))
    stage.says("stop", State.CANCELED, reason=Reason.HALTED, settled=True)
    stage.says("target", State.CANCELED, reason=Reason.CANCELED_EXTERNALLY, settled=True).later(2).rest()
    stage.says("stop-2", State.UNTRIGGERED, reason=Reason.UNTRIGGERED).rest()
    assert (listed(stage, "stop-2"), "target-2" in stage.names) == ("", False)
    stage.price = Decimal(66000)
    stage.later(2).rest()
    assert stage.wants("stop-2")[0] == "Canceled"
    stage.says("stop-2", State.CANCELED, reason=Reason.CANCELED).rest()
    assert stage.wants("target-2") == ("Working", "Limit", "0.999")
    assert stage.leg("target-2").spec.time_in_force == "IOC"
