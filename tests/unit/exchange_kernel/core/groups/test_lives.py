"""The lives of groups, step by step: what is decided when the orders say this or that. The market is at 60000."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from exchange_kernel.api.enums import (
    DesiredState,
    GroupDeletionPolicy,
    OnOverfill,
    OnProtectionFailure,
    TradingState,
)
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.account_facts import AccountFacts, Problem
from support.group_builders import DIP, ENTRY, STOP, TARGET, Stage, bracket, group, oco_entries, oto, ouo_exits


def entered(stage: Stage, quantity: str = "1", fee: str = "0.001") -> Stage:
    """The entry is filled, its fee is known, the stop rests."""
    stage.rest()
    stage.says("entry", State.FILLED, filled=quantity, fee=fee, settled=True, reason=Reason.FILLED).rest()
    stage.says("stop", State.UNTRIGGERED, reason=Reason.UNTRIGGERED).rest()
    return stage


# --- a bracket --------------------------------------------------------------------------------------------------------


def test_a_bracket_begins_with_its_entry_alone() -> None:
    stage = Stage(bracket())
    stage.rest()
    assert stage.names == {"entry"}
    assert stage.state == "Pending"
    stage.says("entry", State.OPEN).rest()
    assert stage.state == "Entering"
    assert stage.condition("Protected") == ("", "")


def test_what_the_entry_brought_in_net_of_its_fee_is_protected() -> None:
    stage = entered(Stage(bracket()))
    assert stage.names == {"entry", "stop"}
    assert stage.wants("stop") == ("Working", "StopMarket", "0.999")
    assert stage.condition("Protected") == ("True", "Covered")
    assert stage.group.status.protected_quantity == Decimal("0.999")


def test_before_the_fees_are_known_the_worst_is_assumed() -> None:
    stage = Stage(bracket())
    stage.rest()
    stage.says("entry", State.PARTIALLY_FILLED, filled="0.5").rest()
    assert stage.wants("stop") == ("Working", "StopMarket", "0.495")


def test_fees_that_are_on_their_way_are_waited_for_but_not_for_long() -> None:
    stage = Stage(bracket())
    stage.rest()
    stage.says("entry", State.FILLED, filled="1", reason=Reason.FILLED)
    assert stage.rest().requeue_after is not None
    assert stage.names == {"entry"}
    assert stage.condition("Protected") == ("False", "Arming")
    stage.later(3.5).rest()
    assert stage.wants("stop") == ("Working", "StopMarket", "0.99")


def test_a_process_that_finds_an_entry_filled_long_ago_asks_for_its_fees_first() -> None:
    stage = Stage(bracket())
    stage.rest()
    stage.says("entry", State.FILLED, filled="1", reason=Reason.FILLED).later(600).rest()
    assert stage.names == {"entry"}
    stage.says("entry", State.FILLED, filled="1", fee="0.001", settled=True, reason=Reason.FILLED).rest()
    assert stage.wants("stop") == ("Working", "StopMarket", "0.999")


def test_the_stop_grows_with_the_entry() -> None:
    stage = Stage(bracket())
    stage.rest()
    stage.says("entry", State.PARTIALLY_FILLED, filled="0.5").rest()
    stage.says("stop", State.UNTRIGGERED).rest()
    stage.says("entry", State.FILLED, filled="1", fee="0.001", settled=True, reason=Reason.FILLED).rest()
    assert stage.wants("stop") == ("Working", "StopMarket", "0.999")


def test_a_growth_that_is_no_order_of_its_own_waits_for_the_entrys_end() -> None:
    stage = Stage(bracket())
    stage.rest()
    stage.says("entry", State.PARTIALLY_FILLED, filled="0.5").rest()
    stage.says("stop", State.UNTRIGGERED).rest()
    stage.says("entry", State.PARTIALLY_FILLED, filled="0.50005").rest()
    assert stage.wants("stop") == ("Working", "StopMarket", "0.495")
    stage.says("entry", State.CANCELED, filled="0.50005", fee="0.0005", settled=True).rest()
    assert stage.wants("stop") == ("Working", "StopMarket", "0.49955")


def test_a_fill_too_small_to_protect_is_called_dust() -> None:
    stage = Stage(bracket())
    stage.rest()
    stage.says("entry", State.CANCELED, filled="0.00005", settled=True).rest()
    assert stage.names == {"entry"}
    assert (stage.state, stage.condition("Ready")[1], stage.condition("Protected")) == (
        "Completed",
        "Dust",
        ("False", "Dust"),
    )


def test_an_entry_that_ends_without_a_fill_ends_the_group() -> None:
    for state, reason in ((State.EXPIRED, Reason.EXPIRED), (State.REJECTED, Reason.REJECTED)):
        stage = Stage(bracket())
        stage.rest()
        stage.says("entry", state, filled="0", reason=reason, settled=True).rest()
        assert (stage.state, stage.names) == (state.value, {"entry"})
        assert stage.condition("Stalled")[0] == "True"


def test_a_fill_that_shows_up_after_the_cancel_is_protected() -> None:
    stage = Stage(bracket())
    stage.rest()
    stage.says("entry", State.CANCELED, filled="0", reason=Reason.CANCELED_EXTERNALLY).rest()
    assert stage.state == "Canceled"
    stage.says("entry", State.CANCELED, filled="0.5", fee="0.0005", settled=True).rest()
    assert stage.wants("stop") == ("Working", "StopMarket", "0.4995")
    assert stage.state == "Working"


# --- the target is touched --------------------------------------------------------------------------------------------


def touched(stage: Stage) -> Stage:
    """The price is beyond the target, and the stop is asked to end."""
    stage.price = Decimal(66100)
    stage.later(1).rest()
    return stage


def test_a_touched_target_waits_until_the_stop_has_ended() -> None:
    stage = touched(entered(Stage(bracket())))
    assert stage.names == {"entry", "stop"}
    assert stage.wants("stop")[0] == "Canceled"
    stage.says("stop", State.CANCELED, filled="0", reason=Reason.CANCELED).rest()
    assert stage.wants("target") == ("Working", "Limit", "0.999")
    assert stage.leg("target").spec.time_in_force.value == "IOC"
    assert stage.condition("Protected") == ("False", "Switching")
    stage.says("target", State.FILLED, filled="0.999", reason=Reason.FILLED, settled=True).rest()
    assert (stage.state, stage.condition("Protected")) == ("Completed", ("", ""))


def test_the_target_takes_only_what_the_stop_has_left() -> None:
    stage = touched(entered(Stage(bracket())))
    stage.says("stop", State.CANCELED, filled="0.4", reason=Reason.CANCELED).rest()
    assert stage.wants("target") == ("Working", "Limit", "0.599")


def test_what_the_target_could_not_sell_gets_its_stop_back() -> None:
    stage = touched(entered(Stage(bracket())))
    stage.says("stop", State.CANCELED, filled="0", reason=Reason.CANCELED).rest()
    stage.says("target", State.EXPIRED, filled="0.3", reason=Reason.IMMEDIATE_PART_DONE).rest()
    assert stage.wants("stop-2") == ("Working", "StopMarket", "0.699")
    assert stage.leg("stop-2").spec.trigger_price == Decimal(54000)
    recorded = next(leg for leg in stage.group.status.legs if leg.name == "stop")
    assert (recorded.round, recorded.planned_quantity) == (2, Decimal("0.699")), "recorded before it was created"


def test_a_touch_that_is_over_when_the_stop_has_ended_is_still_tried() -> None:
    """It was promised before the stop was canceled; at its price nothing is lost by asking."""
    stage = touched(entered(Stage(bracket())))
    stage.price = Decimal(60000)
    stage.says("stop", State.CANCELED, filled="0", reason=Reason.CANCELED).rest()
    assert stage.wants("target") == ("Working", "Limit", "0.999")


def test_a_target_that_found_nothing_is_left_alone_for_a_while() -> None:
    stage = touched(entered(Stage(bracket())))
    stage.says("stop", State.CANCELED, filled="0", reason=Reason.CANCELED).rest()
    stage.says("target", State.EXPIRED, filled="0", reason=Reason.IMMEDIATE_PART_DONE).rest()
    stage.says("stop-2", State.UNTRIGGERED).rest()
    assert stage.wants("stop-2")[0] == "Working"
    stage.later(3).rest()
    assert stage.wants("stop-2")[0] == "Canceled"


def test_a_stop_that_has_fired_is_not_canceled_for_the_target() -> None:
    stage = entered(Stage(bracket()))
    stage.says("stop", State.PARTIALLY_FILLED, filled="0.2").rest()
    touched(stage)
    assert stage.wants("stop")[0] == "Working"


def test_a_price_that_is_old_is_read_before_anything_is_switched() -> None:
    stage = entered(Stage(bracket()))
    stage.price = None
    assert stage.rest().read_price


def test_an_expired_target_is_not_watched() -> None:
    stage = entered(Stage(bracket()))
    stage.reprice("target", expire_at=stage.wall + timedelta(seconds=1))
    stage.later(2)
    touched(stage)
    assert stage.wants("stop")[0] == "Working"


# --- stops that fail --------------------------------------------------------------------------------------------------


def test_a_stop_that_comes_too_late_trades_at_once() -> None:
    stage = Stage(bracket())
    stage.rest()
    stage.says("entry", State.FILLED, filled="1", fee="0.001", settled=True, reason=Reason.FILLED).rest()
    crossed = Reason.TRIGGER_ALREADY_CROSSED
    stage.says("stop", State.DENIED, reason=crossed, placed=False, denied=True).rest()
    stage.says("stop", State.CANCELED, reason=Reason.CANCELED, placed=False).rest()
    assert stage.wants("stop-2") == ("Working", "Market", "0.999")
    stage.says("stop-2", State.EXPIRED, filled="0.5", reason=Reason.EXPIRED).later(5).rest()
    assert stage.wants("stop-3") == ("Working", "Market", "0.499")


def test_a_stop_that_is_refused_is_tried_again_at_growing_intervals() -> None:
    stage = Stage(bracket())
    stage.rest()
    stage.says("entry", State.FILLED, filled="1", fee="0.001", settled=True, reason=Reason.FILLED).rest()
    stage.says("stop", State.REJECTED, reason=Reason.REJECTED, placed=False).rest()
    assert "stop-2" not in stage.names
    assert stage.condition("Protected") == ("False", "StopFailed")
    stage.later(1.1).rest()
    assert stage.wants("stop-2") == ("Working", "StopMarket", "0.999")
    stage.says("stop-2", State.REJECTED, reason=Reason.REJECTED, placed=False).later(1.1).rest()
    assert "stop-3" not in stage.names
    stage.later(1).rest()
    assert "stop-3" in stage.names


def test_a_stop_that_was_canceled_by_hand_is_not_placed_again() -> None:
    stage = entered(Stage(bracket(onProtectionFailure="Hold")))
    stage.says("stop", State.CANCELED, filled="0", reason=Reason.CANCELED_EXTERNALLY).later(100).rest()
    assert stage.names == {"entry", "stop"}
    assert stage.condition("Protected") == ("False", "StopFailed")
    assert (stage.state, stage.condition("Stalled")[0]) == ("Working", "True")
    assert stage.group.status.unprotected_since is not None


def exposed(policy: OnProtectionFailure) -> Stage:
    stage = entered(Stage(bracket(onProtectionFailure=policy.value, maxUnprotectedSeconds=10)))
    stage.says("stop", State.CANCELED, filled="0", reason=Reason.CANCELED_EXTERNALLY).rest()
    stage.later(9).rest()
    assert stage.group.status.protection_failure is None
    stage.later(1).rest()
    return stage


def test_a_position_without_a_stop_for_too_long_is_closed() -> None:
    stage = exposed(OnProtectionFailure.CLOSE_POSITION)
    assert stage.wants("close") == ("Working", "Market", "0.999")
    assert stage.leg("close").spec.side.value == "Sell"
    assert stage.state == "Closing"
    stage.says("close", State.FILLED, filled="0.999", reason=Reason.FILLED).rest()
    assert (stage.state, stage.condition("Ready")[1]) == ("Completed", "ProtectionFailed")


def test_what_could_not_be_closed_is_closed_in_another_round() -> None:
    stage = exposed(OnProtectionFailure.CLOSE_POSITION)
    stage.says("close", State.EXPIRED, filled="0.5", reason=Reason.EXPIRED).later(2).rest()
    assert stage.wants("close-2") == ("Working", "Market", "0.499")


def test_a_group_without_a_stop_for_too_long_is_canceled() -> None:
    stage = exposed(OnProtectionFailure.CANCEL_GROUP)
    assert stage.names == {"entry", "stop"}
    assert (stage.state, stage.condition("Ready")[1]) == ("Canceled", "ProtectionFailed")


def test_while_the_account_is_halted_no_time_runs_and_after_it_the_stop_comes_back() -> None:
    stage = entered(Stage(bracket(maxUnprotectedSeconds=5)))
    stage.account = replace(stage.account, trading_state=TradingState.HALTED)
    stage.says("stop", State.CANCELED, filled="0", reason=Reason.HALTED).rest()
    stage.later(60).rest()
    assert stage.condition("Protected") == ("False", "HeldBack")
    assert stage.names == {"entry", "stop"}
    stage.account = replace(stage.account, trading_state=TradingState.ENABLED)
    stage.rest()
    assert stage.wants("stop-2") == ("Working", "StopMarket", "0.999")


def test_what_the_accounts_owner_has_canceled_stays_so_for_the_whole_group() -> None:
    stage = entered(Stage(bracket()))
    stage.says("stop", State.CANCELED, filled="0", reason=Reason.CANCEL_ALL).later(100).rest()
    assert stage.names == {"entry", "stop"}
    assert (stage.state, stage.condition("Ready")[1]) == ("Canceled", "CancelAll")


# --- edits ------------------------------------------------------------------------------------------------------------


def test_prices_of_the_group_are_those_of_its_orders() -> None:
    stage = entered(Stage(bracket()))
    stage.reprice("stop", trigger_price=Decimal(55000)).rest()
    assert stage.leg("stop").spec.trigger_price == Decimal(55000)
    assert stage.group.status.observed_generation == 2


def test_the_quantity_of_exits_follows_the_groups() -> None:
    stage = Stage(ouo_exits())
    stage.rest()
    stage.says("stop", State.UNTRIGGERED).rest()
    stage.edit(quantity=Decimal("0.02")).rest()
    assert stage.wants("stop") == ("Working", "StopMarket", "0.02")


def test_a_quantity_lowered_below_what_was_filled_is_reached_and_not_exceeded() -> None:
    stage = Stage(ouo_exits())
    stage.rest()
    stage.says("stop", State.PARTIALLY_FILLED, filled="0.008").rest()
    stage.edit(quantity=Decimal("0.005")).rest()
    assert stage.group.status.overfill_quantity is None
    assert stage.wants("stop")[0] == "Canceled"
    stage.says("stop", State.CANCELED, filled="0.008", reason=Reason.CANCELED).rest()
    assert stage.state == "Completed"


def test_a_suspended_group_sends_nothing_new_and_tells_its_orders() -> None:
    stage = entered(Stage(bracket()))
    stage.edit(suspend=True).rest()
    assert stage.leg("stop").spec.suspend
    touched(stage)
    assert stage.wants("stop")[0] == "Working"
    stage.edit(suspend=False).rest()
    assert not stage.leg("stop").spec.suspend


# --- two legs that rest -----------------------------------------------------------------------------------------------


def both(**spec: object) -> Stage:
    stage = Stage(oco_entries(**spec))
    stage.rest()
    stage.says("dip", State.OPEN).says("breakout", State.UNTRIGGERED).rest()
    return stage


def test_plain_legs_begin_together() -> None:
    stage = both()
    assert stage.names == {"dip", "breakout"}
    assert stage.condition("Placed") == ("True", "Placed")
    assert stage.condition("Protected") == ("", "")


def test_the_first_fill_of_one_cancels_the_other() -> None:
    stage = both()
    stage.says("dip", State.PARTIALLY_FILLED, filled="0.1").rest()
    assert (stage.wants("breakout")[0], stage.wants("dip")[0]) == ("Canceled", "Working")
    stage.says("breakout", State.CANCELED, filled="0", reason=Reason.CANCELED)
    stage.says("dip", State.FILLED, filled="1", reason=Reason.FILLED).rest()
    assert stage.state == "Completed"


def test_a_fill_of_one_makes_the_other_smaller() -> None:
    stage = Stage(group(DIP, {**DIP, "name": "deeper", "price": "50000"}, type="OUO", quantity="1"))
    stage.rest()
    stage.says("dip", State.OPEN).says("deeper", State.OPEN).rest()
    stage.says("dip", State.PARTIALLY_FILLED, filled="0.4").rest()
    assert (stage.wants("dip")[2], stage.wants("deeper")[2]) == ("1", "0.6")
    stage.says("deeper", State.PARTIALLY_FILLED, filled="0.1").rest()
    assert (stage.wants("dip")[2], stage.wants("deeper")[2]) == ("0.9", "0.6")


def test_a_rest_below_the_markets_smallest_order_cancels_the_sibling() -> None:
    stage = Stage(group(DIP, {**DIP, "name": "deeper", "price": "50000"}, type="OUO", quantity="1"))
    stage.rest()
    stage.says("dip", State.OPEN).says("deeper", State.OPEN).rest()
    stage.says("dip", State.PARTIALLY_FILLED, filled="0.99995").rest()
    assert stage.wants("deeper")[0] == "Canceled"


def test_a_leg_that_is_refused_takes_the_others_with_it() -> None:
    stage = Stage(oco_entries())
    stage.rest()
    stage.says("dip", State.OPEN).says("breakout", State.REJECTED, reason=Reason.REJECTED, placed=False).rest()
    assert stage.wants("dip")[0] == "Canceled"
    stage.says("dip", State.CANCELED, filled="0", reason=Reason.CANCELED).rest()
    assert (stage.state, stage.condition("Ready")[1]) == ("Rejected", "LegRefused")


def test_a_leg_canceled_by_hand_leaves_the_other_at_work() -> None:
    stage = both()
    stage.says("dip", State.CANCELED, filled="0", reason=Reason.CANCELED_EXTERNALLY).rest()
    assert stage.names == {"dip", "breakout"}
    assert (stage.wants("breakout")[0], stage.state) == ("Working", "Working")


def test_both_filled_at_the_same_moment_are_an_overfill() -> None:
    stage = both()
    stage.says("dip", State.FILLED, filled="1", reason=Reason.FILLED)
    stage.says("breakout", State.PARTIALLY_FILLED, filled="0.2").rest()
    assert stage.group.status.overfill_quantity == Decimal("0.2")
    assert stage.wants("breakout")[0] == "Canceled"
    stage.says("breakout", State.CANCELED, filled="0.3", reason=Reason.CANCELED).rest()
    assert (stage.state, stage.condition("Ready")[1]) == ("Completed", "Overfilled")
    assert stage.names == {"dip", "breakout"}


def test_an_overfill_is_traded_back_where_that_is_asked_for() -> None:
    stage = both(onOverfill=OnOverfill.FLATTEN.value)
    stage.says("dip", State.FILLED, filled="1", reason=Reason.FILLED)
    stage.says("breakout", State.FILLED, filled="1", reason=Reason.FILLED).rest()
    assert stage.wants("flatten") == ("Working", "Market", "1")
    assert stage.leg("flatten").spec.side.value == "Sell"
    stage.says("flatten", State.FILLED, filled="1", reason=Reason.FILLED).rest()
    assert (stage.state, stage.group.status.overfill_quantity) == ("Completed", None)


# --- a pair of exits as OCO -------------------------------------------------------------------------------------------


def test_the_first_fill_of_a_target_ends_the_stop_for_good_where_one_cancels_the_other() -> None:
    stage = Stage(ouo_exits(type="OCO"))
    stage.rest()
    stage.says("stop", State.UNTRIGGERED).rest()
    touched(stage)
    stage.says("stop", State.CANCELED, filled="0", reason=Reason.CANCELED).rest()
    stage.says("target", State.EXPIRED, filled="0.004", reason=Reason.IMMEDIATE_PART_DONE).later(5).rest()
    assert "stop-2" not in stage.names
    assert stage.wants("target-2") == ("Working", "Limit", "0.006")
    assert stage.leg("target-2").spec.time_in_force.value == "GTC"


# --- one triggers the other -------------------------------------------------------------------------------------------


def test_the_other_leg_waits_for_the_end_of_the_entry_or_follows_each_part() -> None:
    waits, follows = Stage(oto()), Stage(oto(partialTrigger=True))
    for stage in (waits, follows):
        stage.rest()
        stage.says("entry", State.PARTIALLY_FILLED, filled="0.5").rest()
    assert waits.names == {"entry"}
    assert follows.wants("stop") == ("Working", "StopMarket", "0.495")
    waits.says("entry", State.CANCELED, filled="0.5", fee="0.0005", settled=True).rest()
    assert waits.wants("stop") == ("Working", "StopMarket", "0.4995")


def test_a_part_that_is_sold_already_is_not_bought_again() -> None:
    stage = Stage(oto(partialTrigger=True))
    stage.rest()
    stage.says("entry", State.PARTIALLY_FILLED, filled="0.5").rest()
    stage.says("stop", State.PARTIALLY_FILLED, filled="0.2").rest()
    assert stage.wants("entry")[0] == "Canceled"


# --- endings ----------------------------------------------------------------------------------------------------------


def test_a_canceled_group_ends_its_entry_first_and_its_stop_last() -> None:
    stage = Stage(bracket())
    stage.rest()
    stage.says("entry", State.PARTIALLY_FILLED, filled="0.5").rest()
    stage.says("stop", State.UNTRIGGERED).rest()
    stage.edit(desired_state=DesiredState.CANCELED).rest()
    assert (stage.wants("entry")[0], stage.wants("stop")[0]) == ("Canceled", "Working")
    stage.says("entry", State.CANCELED, filled="0.5", fee="0.0005", settled=True).rest()
    assert stage.wants("stop")[0] == "Canceled"
    stage.says("stop", State.CANCELED, filled="0", reason=Reason.CANCELED).rest()
    assert stage.state == "Canceled"
    assert "0.4995 is held" in (stage.group.status.message or "")


def test_a_round_that_was_given_away_is_taken_by_an_order_that_is_never_sent() -> None:
    """Another operator may be about to create it: the name must be taken when it does."""
    stage = touched(entered(Stage(bracket())))
    stage.says("stop", State.CANCELED, filled="0", reason=Reason.CANCELED)
    stage.edit(desired_state=DesiredState.CANCELED).rest()
    assert stage.wants("target")[0] == "Canceled"
    stage.says("target", State.CANCELED, reason=Reason.CANCELED, placed=False).rest()
    assert stage.state == "Canceled"


def test_a_deleted_group_leaves_the_stop_of_what_is_held_at_the_venue() -> None:
    stage = Stage(bracket())
    stage.rest()
    stage.says("entry", State.PARTIALLY_FILLED, filled="0.5").rest()
    stage.says("stop", State.UNTRIGGERED).rest()
    assert not stage.delete().rest().release
    stage.says("entry", State.CANCELED, filled="0.5", fee="0.0005", settled=True).rest()
    assert stage.leg("stop").spec.deletion_policy.value == "Orphan"
    assert stage.wants("stop") == ("Working", "StopMarket", "0.4995")
    assert stage.rest().release


def test_a_deletion_in_the_middle_of_a_touch_brings_the_stop_back_first() -> None:
    stage = touched(entered(Stage(bracket())))
    stage.delete().rest()
    stage.says("stop", State.CANCELED, filled="0", reason=Reason.CANCELED).rest()
    stage.says("target", State.CANCELED, reason=Reason.CANCELED, placed=False)
    assert not stage.rest().release
    assert stage.wants("stop-2") == ("Working", "StopMarket", "0.999")
    stage.says("stop-2", State.UNTRIGGERED)
    assert stage.rest().release


def test_a_deleted_group_ends_everything_or_nothing_as_its_policy_says() -> None:
    ends = entered(Stage(bracket(deletionPolicy=GroupDeletionPolicy.CANCEL.value)))
    assert not ends.delete().rest().release
    assert ends.wants("stop")[0] == "Canceled"
    ends.says("stop", State.CANCELED, filled="0", reason=Reason.CANCELED)
    assert ends.rest().release
    stays = entered(Stage(bracket(deletionPolicy=GroupDeletionPolicy.ORPHAN.value)))
    assert stays.delete().rest().release
    assert stays.wants("stop")[0] == "Working"
    assert stays.leg("stop").spec.deletion_policy.value == "Orphan"


def test_a_group_that_is_deleted_before_it_began_goes_at_once() -> None:
    assert Stage(bracket()).delete().rest().release


# --- restarts ---------------------------------------------------------------------------------------------------------


def test_a_round_that_is_recorded_and_not_there_is_created_with_what_is_right_now() -> None:
    stage = touched(entered(Stage(bracket())))
    stage.says("stop", State.CANCELED, filled="0.1", reason=Reason.CANCELED)
    del stage.children["trade-stop"]
    again = Stage(stage.group, children={"trade-entry": stage.leg("entry")})
    again.rest()
    assert again.wants("stop")[0] == "Canceled", "the end of the stop was never written down: it may still work"


def test_nothing_is_sized_while_the_markets_rules_are_not_known() -> None:
    stage = entered(Stage(bracket()))
    known, stage.account = stage.account, AccountFacts(problem=Problem("Connecting", "soon"))
    stage.rest()
    assert stage.wants("stop") == ("Working", "StopMarket", "0.999")
    assert stage.group.status.target_quantity == Decimal("0.999")
    stage.account = known
    stage.rest()
    assert stage.wants("stop") == ("Working", "StopMarket", "0.999")


def test_a_finished_group_does_not_create_what_was_deleted_after_its_end() -> None:
    stage = entered(Stage(bracket()))
    stage.says("stop", State.FILLED, filled="0.999", reason=Reason.FILLED, settled=True).rest()
    assert stage.state == "Completed"
    stage.children.clear()
    assert not stage.rest().creates
    assert (stage.state, stage.group.status.filled_quantity) == ("Completed", Decimal("0.999"))


def test_legs_whose_status_was_lost_are_found_by_their_names() -> None:
    stage = entered(Stage(bracket()))
    bare = Stage(bracket(held=True), children=dict(stage.children))
    bare.rest()
    assert bare.names == {"entry", "stop"}
    assert bare.condition("Protected") == ("True", "Covered")


def test_the_sides_are_turned_for_a_group_that_sells_first() -> None:
    entry = {**ENTRY, "side": "Sell"}
    target = {**TARGET, "side": "Buy", "price": "54000"}
    stop = {**STOP, "side": "Buy", "triggerPrice": "66000"}
    stage = Stage(group(entry, target, stop, type="Bracket"))
    stage.rest()
    stage.says("entry", State.FILLED, filled="1", settled=True, reason=Reason.FILLED).rest()
    stage.says("stop", State.UNTRIGGERED).rest()
    assert stage.wants("stop") == ("Working", "StopMarket", "1")
    stage.price = Decimal(53900)
    stage.later(1).rest()
    assert stage.wants("stop")[0] == "Canceled"
