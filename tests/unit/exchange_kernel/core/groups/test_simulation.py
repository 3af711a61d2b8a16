"""Groups in worlds with two operators, crashes and lagging caches; and the same with one rule broken, which shows."""

import pytest

from support.group_simulation.mutations import LIST_MUTATIONS, MUTATIONS, TOGETHER_MUTATIONS, mutated
from support.group_simulation.run import World
from unit.exchange_kernel.core.groups import test_listed as listed
from unit.exchange_kernel.core.groups import test_lives as lives
from unit.exchange_kernel.core.groups import test_together as together

WORLDS = 40
# Where a rule is broken and the worlds show it late or never, the life that shows it.
SHOWN_BY = {
    "a leg's next order asks for all again": lives.test_what_the_target_could_not_sell_gets_its_stop_back,
    "an order that ended is never followed by another": lives.test_what_the_target_could_not_sell_gets_its_stop_back,
    "a stop that is too late is placed as it is written": lives.test_a_stop_that_comes_too_late_trades_at_once,
    "the end of a leg is not asked for": lives.test_a_touched_target_waits_until_the_stop_has_ended,
    "an overfill is not noticed": lives.test_both_filled_at_the_same_moment_are_an_overfill,
    "nothing is ever too small": lives.test_a_fill_too_small_to_protect_is_called_dust,
    "everything is too small": lives.test_what_the_entry_brought_in_net_of_its_fee_is_protected,
    "earlier rounds are forgotten": lives.test_what_the_target_could_not_sell_gets_its_stop_back,
}

LISTS_SHOWN_BY = {
    "the next list asks for all again": listed.test_the_rest_after_a_part_of_the_target_is_canceled_and_listed_anew,
    "what the venue has ended counts as canceled by hand": (
        listed.test_the_rest_after_a_part_of_the_target_is_canceled_and_listed_anew
    ),
}

TOGETHER_SHOWN_BY = {
    "a fill of an exit does not prove the entry's": (
        together.test_a_fill_of_an_exit_proves_the_entry_before_anything_is_known_of_it
    ),
    "the exits are judged before their entry has ended": (
        together.test_before_the_entry_has_ended_its_exits_are_left_alone
    ),
    "exits that the venue did not begin count as fired": (
        together.test_exits_that_the_venue_refused_to_begin_are_listed_again
    ),
    "the three are not sent together": (together.test_the_entry_and_both_exits_are_given_one_list_named_by_the_entry),
    "what is missing of the three is not created": together.test_the_three_are_completed_after_a_crash_between_them,
    "an entry goes without an exit that was refused": together.test_an_exit_that_is_denied_keeps_the_entry_back,
}


@pytest.mark.parametrize("start", range(0, WORLDS, 10))
def test_what_must_hold_of_a_group_holds_in_every_world(start: int) -> None:
    ended = [World(seed).run() for seed in range(start, start + 10)]
    assert sum(world.api.writes for world in ended) > 100, "the worlds do something"


@pytest.mark.parametrize("start", range(0, WORLDS, 10))
def test_the_same_holds_where_the_venue_ties_orders_together(start: int) -> None:
    ended = [World(seed, native=True).run() for seed in range(start, start + 10)]
    assert sum(world.api.writes for world in ended) > 100, "the worlds do something"


@pytest.mark.parametrize("start", range(0, WORLDS, 10))
def test_the_same_holds_where_the_venue_takes_the_entry_with_its_exits(start: int) -> None:
    ended = [World(seed, short=True).run() for seed in range(start, start + 10)]
    assert sum(world.api.writes for world in ended) > 100, "the worlds do something"
    exits = [world.api.children.get(name) for world in ended for name in ("trade-stop", "trade-target")]
    assert any(child is not None and child.status.filled_quantity for child in exits), "exits of such lists trade"


@pytest.mark.parametrize(
    ("seed", "how"),
    [
        (1110, "short"),  # exits filled before the entry was said to be, and the markets not read after a restart
        (1351, "short"),  # a stop alone after a list had ended, and a price that touches the target
        (1228, "native"),  # the same
        (7341, ""),  # a target that was created while its group was suspended
        (7541, ""),  # a leg that was created after its group was gone
    ],
)
def test_worlds_that_were_broken_once_hold(seed: int, how: str) -> None:
    World(seed, native=how == "native", short=how == "short").run()


@pytest.mark.parametrize("name", TOGETHER_MUTATIONS)
def test_a_broken_rule_of_entries_with_exits_turns_a_life_red(name: str) -> None:
    with mutated(name), pytest.raises(AssertionError):
        TOGETHER_SHOWN_BY[name]()


@pytest.mark.parametrize("name", LIST_MUTATIONS)
def test_a_broken_rule_of_lists_turns_the_worlds_red(name: str) -> None:
    with mutated(name), pytest.raises(AssertionError):
        _judge_lists(name)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_rule_turns_the_worlds_or_a_life_red(name: str) -> None:
    with mutated(name), pytest.raises(AssertionError):
        _judge(name)


def _judge_lists(name: str) -> None:
    if name in LISTS_SHOWN_BY:
        LISTS_SHOWN_BY[name]()
    for seed in range(WORLDS):
        World(seed, native=True).run()


def _judge(name: str) -> None:
    if name in SHOWN_BY:
        SHOWN_BY[name]()
    for seed in range(WORLDS):
        World(seed).run()
