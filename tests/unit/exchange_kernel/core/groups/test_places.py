"""The places that a group's exits need at once are those of the orders that rest at the same time."""

from dataclasses import replace
from typing import Any

import pytest

from exchange_kernel.api.enums import GroupState
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.core.groups.decide import decide
from exchange_kernel.core.groups.facts import GroupView, gather
from exchange_kernel.core.groups.places import exits_need, is_entry
from exchange_kernel.core.places import Need
from exchange_kernel.core.view import Now
from exchange_kernel.exchange.profiles import binance_lists
from support.builders import MONOTONIC, RULES, WALL, account, limits, price
from support.group_builders import bracket, oto


def seen(group: OrderGroup, **facts: Any) -> GroupView:  # noqa: ANN401 - fields of AccountFacts
    known = price("60000", age=0.1)["BTC/USDT"]
    return GroupView(group, {}, account(**facts), Now(WALL, MONOTONIC), price=known)


@pytest.mark.parametrize(
    ("group", "lists", "need"),
    [
        (bracket(execution="Emulated"), True, Need(1, 1)),
        (bracket(), False, Need(1, 1)),
        (bracket(), True, Need(2, 1)),
        (oto(), True, Need(1, 1)),
    ],
    ids=["a-stop-or-its-target", "a-venue-without-lists", "a-list-rests-both", "the-only-exit"],
)
def test_only_what_rests_at_the_same_time_counts(group: OrderGroup, lists: bool, need: Need) -> None:
    rules = replace(RULES, oco=binance_lists.OCO if lists else None)
    assert exits_need(gather(seen(group, rules=rules))) == need


def test_the_entry_is_known_by_the_name_of_its_one_order() -> None:
    facts = gather(seen(bracket()))
    assert is_entry(facts, "trade-entry")
    assert not is_entry(facts, "trade-stop")


@pytest.mark.parametrize(("most", "denied"), [(1, True), (2, False)])
def test_a_group_that_can_never_have_its_places_is_denied(most: int, denied: bool) -> None:
    decision = decide(seen(bracket(execution="Emulated"), limits=limits(maxOpenOrders=most)))
    assert (decision.status.state is GroupState.DENIED) is denied
