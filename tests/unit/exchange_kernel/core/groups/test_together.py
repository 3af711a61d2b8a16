"""An entry that the venue takes together with its exits: three orders, one request, and what follows from each end."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.api.enums import DesiredState
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.meta import ANNOTATION_ORDER_LIST
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.account_facts import AccountFacts
from exchange_kernel.core.venue_rules import OcoRules
from support.builders import RULES, account
from support.group_builders import Stage, group

OCO = OcoRules(
    stops=frozenset({"StopMarket"}), targets=frozenset({"Limit"}), entries=frozenset({("Sell", "Limit", "FOK")})
)
SHORT = {"name": "entry", "role": "Entry", "side": "Sell", "type": "Limit", "price": "59000", "quantity": "1"}
ENTRY = {**SHORT, "timeInForce": "FOK"}
TARGET = {"name": "target", "role": "TakeProfit", "side": "Buy", "type": "Limit", "price": "54000"}
STOP = {"name": "stop", "role": "StopLoss", "side": "Buy", "type": "StopMarket", "triggerPrice": "66000"}
ALL = {"entry", "stop", "target"}
NAMES = "trade-entry,trade-stop,trade-target"


def ties() -> AccountFacts:
    entries = frozenset({("Limit", kind, False, False) for kind in ("FOK", "IOC")})
    return account(rules=replace(RULES, oco=OCO, supported=RULES.supported | entries))


def short(entry: dict[str, Any] = ENTRY, **spec: Any) -> OrderGroup:  # noqa: ANN401 - fields of the spec
    return group(entry, TARGET, STOP, type="Bracket", **spec)


def begun(**spec: Any) -> Stage:  # noqa: ANN401 - fields of the spec
    stage = Stage(short(**spec), ties())
    stage.rest()
    return stage


def placed() -> Stage:
    """All three are at the venue; nobody knows yet what became of the entry."""
    stage = begun()
    stage.says("entry", State.OPEN)
    for name in ("stop", "target"):
        stage.says(name, State.UNTRIGGERED, reason=Reason.UNTRIGGERED)
    stage.rest()
    return stage


def filled(stage: Stage) -> Stage:
    stage.says("entry", State.FILLED, filled="1", settled=True, reason=Reason.FILLED).rest()
    return stage


def listed(stage: Stage, name: str) -> str:
    return stage.leg(name).metadata.annotations.get(ANNOTATION_ORDER_LIST, "")


def wishes(stage: Stage, *names: str) -> list[str]:
    return [stage.wants(name)[0] for name in names]


def test_the_entry_and_both_exits_are_given_one_list_named_by_the_entry() -> None:
    stage = begun()
    assert stage.names == ALL
    assert {listed(stage, name) for name in ALL} == {NAMES}
    assert {stage.wants(name)[2] for name in ALL} == {"1"}
    assert stage.group.status.execution == "Native"


@pytest.mark.parametrize(
    "entry",
    [
        SHORT,  # GTC: a part that is filled would stay without a stop
        {**SHORT, "timeInForce": "IOC"},
        {**ENTRY, "quantity": "1.000001", "roundingPolicy": "Conservative"},  # what is sent is not what is written
    ],
)
def test_any_other_entry_goes_alone(entry: dict[str, Any]) -> None:
    stage = Stage(short(entry), ties())
    stage.rest()
    assert (stage.names, listed(stage, "entry")) == ({"entry"}, "")


def test_a_buying_entry_goes_alone_because_of_its_fee() -> None:
    bought = {**ENTRY, "side": "Buy", "price": "61000"}
    exits = ({**TARGET, "side": "Sell", "price": "66000"}, {**STOP, "side": "Sell", "triggerPrice": "54000"})
    stage = Stage(group(bought, *exits, type="Bracket"), ties())
    stage.rest()
    assert stage.names == {"entry"}


def test_an_emulated_group_sends_its_entry_alone() -> None:
    assert begun(execution="Emulated").names == {"entry"}


def test_before_the_entry_has_ended_its_exits_are_left_alone() -> None:
    stage = placed()
    assert wishes(stage, "entry", "stop", "target") == ["Working"] * 3
    assert (stage.state, str(stage.group.status.target_quantity)) == ("Entering", "0")


def test_a_filled_entry_has_its_exits_at_the_venue_already() -> None:
    stage = filled(placed())
    assert (stage.names, wishes(stage, "stop", "target")) == (ALL, ["Working", "Working"])
    assert (stage.state, stage.condition("Protected")) == ("Working", ("True", "Covered"))


def test_what_follows_is_a_list_like_any_other() -> None:
    stage = filled(placed())
    stage.says("target", State.PARTIALLY_FILLED, filled="0.4")
    stage.says("stop", State.EXPIRED, reason=Reason.EXPIRED, settled=True).rest()
    stage.says("target", State.CANCELED, filled="0.4", reason=Reason.CANCELED).rest()
    assert (stage.wants("stop-2")[2], listed(stage, "stop-2")) == ("0.6", "trade-stop-2,trade-target-2")


def test_an_entry_that_was_not_filled_ends_the_group() -> None:
    stage = placed()
    stage.says("entry", State.EXPIRED, reason=Reason.EXPIRED, settled=True).rest()
    for name in ("stop", "target"):
        stage.says(name, State.EXPIRED, reason=Reason.EXPIRED, settled=True)
    stage.rest()
    assert (stage.state, stage.names) == ("Expired", ALL)


def test_a_fill_of_an_exit_proves_the_entry_before_anything_is_known_of_it() -> None:
    stage = begun()
    stage.says("entry", State.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN, placed=False)
    stage.says("stop", State.EXPIRED, reason=Reason.EXPIRED, settled=True)
    stage.says("target", State.FILLED, filled="1", reason=Reason.FILLED, settled=True).rest()
    assert str(stage.group.status.target_quantity) == "1"
    assert (stage.group.status.overfill_quantity, stage.wants("entry")[0]) == (None, "Working")
    filled(stage)
    assert stage.state == "Completed"


def test_exits_that_the_venue_refused_to_begin_are_listed_again() -> None:
    stage = placed()
    for name in ("stop", "target"):
        stage.says(name, State.EXPIRED, reason=Reason.EXPIRED, settled=True)
    filled(stage)
    assert stage.wants("stop-2") == ("Working", "StopMarket", "1")
    assert listed(stage, "target-2") == "trade-stop-2,trade-target-2"


def test_a_refused_list_ends_the_group_with_the_venues_words() -> None:
    stage = begun()
    for name in ALL:
        stage.says(name, State.REJECTED, reason=Reason.REJECTED, placed=False, settled=True)
    stage.rest()
    assert (stage.state, stage.names) == ("Rejected", ALL)
    assert "Rejected it is" in (stage.group.status.message or "")


def test_an_exit_that_is_denied_keeps_the_entry_back() -> None:
    stage = begun()
    stage.says("stop", State.DENIED, reason=Reason.TRIGGER_ALREADY_CROSSED, placed=False, denied=True).rest()
    assert stage.wants("entry")[0] == "Canceled"
    stage.says("entry", State.CANCELED, reason=Reason.CANCELED, placed=False, settled=True).rest()
    for name in ("target", "stop"):
        assert stage.wants(name)[0] == "Canceled"
        stage.says(name, State.CANCELED, reason=Reason.CANCELED, placed=False, settled=True).rest()
    assert stage.state == "Rejected"
    assert "leg stop" in (stage.group.status.message or "")


def test_the_three_are_completed_after_a_crash_between_them() -> None:
    stage = begun()
    for name in ("trade-entry", "trade-target"):
        del stage.children[name]
    stage.rest()
    assert {listed(stage, name) for name in ALL} == {NAMES}


def test_a_group_that_is_canceled_before_it_is_sent_ends_all_three() -> None:
    stage = begun()
    stage.edit(desired_state=DesiredState.CANCELED).rest()
    assert wishes(stage, "entry", "stop", "target") == ["Canceled", "Working", "Working"]
    for name in ("entry", "target", "stop"):
        stage.says(name, State.CANCELED, reason=Reason.CANCELED, placed=False, settled=True).rest()
    assert stage.state == "Canceled"


def test_what_is_not_sent_yet_follows_an_edit_of_the_group() -> None:
    stage = begun()
    stage.reprice("entry", quantity=Decimal(2)).reprice("stop", trigger_price=Decimal(67000)).rest()
    assert {stage.wants(name)[2] for name in ALL} == {"2"}
    assert stage.leg("stop").spec.trigger_price == Decimal(67000)


def test_what_was_sent_is_not_edited_before_the_entry_has_ended() -> None:
    stage = placed()
    stage.reprice("stop", trigger_price=Decimal(67000)).rest()
    assert stage.leg("stop").spec.trigger_price == Decimal(66000)
    filled(stage)
    assert wishes(stage, "stop", "target") == ["Canceled", "Canceled"]


def test_what_was_sold_is_known_before_the_markets_are_read_after_a_restart() -> None:
    stage = placed()
    stage.account = replace(ties(), markets={})
    stage.says("stop", State.EXPIRED, reason=Reason.EXPIRED, settled=True)
    stage.says("target", State.FILLED, filled="1", reason=Reason.FILLED, settled=True)
    filled(stage)
    assert stage.group.status.overfill_quantity is None
    stage.account = ties()
    stage.rest()
    assert (stage.state, stage.group.status.overfill_quantity) == ("Completed", None)
    assert str(stage.group.status.target_quantity) == "1"
