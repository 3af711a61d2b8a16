"""An order is recorded when its requests can leave, and once recorded it does not wait for room of its own."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from exchange_kernel.api.enums import AmendPhase, PlacementOutcome
from exchange_kernel.api.reasons import Reason
from exchange_kernel.api.receipt_parts import AmendRecord, AmendTarget
from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import CreateReceipt
from exchange_kernel.core.gates import first_stop, requests
from exchange_kernel.core.venue_rules import VenueWait
from exchange_kernel.core.view import NoReceipt, NotRead, Permit, View
from support.builders import MONOTONIC, RULES, WALL, S, account, held, intent, placement, view

SPENT = VenueWait(create=S, with_look_up=S)
# Creates are free, look-ups are not: Kraken's counter.
LOOK_UPS_SPENT = VenueWait(create=0.0, with_look_up=S)
CREATE_ONLY = {"placement": {"policy": "CreateOnly", "submitBefore": "2031-01-01T00:00:00Z"}}
IDEMPOTENT = replace(RULES, idempotent_create=True)
NOT_PLACED = placement(PlacementOutcome.NOT_PLACED)
PLACED = placement(PlacementOutcome.PLACED, exchange_order_id="1001")
AMEND = AmendRecord(revision=1, phase=AmendPhase.CANCELING, target=AmendTarget(), started_at=WALL)


def waits(wait: VenueWait, of: Any = None, rules: Any = RULES, **changes: Any) -> View:  # noqa: ANN401
    return view(of, account=account(venue_wait=wait, rules=rules), **changes)


# A view, and whether it has to wait for room.
JUDGEMENTS: list[tuple[str, View, bool]] = [
    ("the limits are free", waits(VenueWait()), False),
    ("the limits are spent", waits(SPENT), True),
    ("a wait that the send window has room for", waits(VenueWait(S * 0.4, S * 0.4)), False),
    ("a wait of a little more", waits(VenueWait(0.0, S * 0.4 + 0.01)), True),
    ("the look-up has to wait", waits(LOOK_UPS_SPENT), True),
    ("nothing is looked up for a first try under a new name", waits(LOOK_UPS_SPENT, intent(**CREATE_ONLY)), False),
    ("its create has to wait all the same", waits(SPENT, intent(**CREATE_ONLY)), True),
    ("its second try is looked up", waits(LOOK_UPS_SPENT, intent(**CREATE_ONLY), journal=held(NOT_PLACED)), True),
    ("no look-up where the venue returns the first order", waits(LOOK_UPS_SPENT, rules=IDEMPOTENT), False),
    ("another try waits as the first one", waits(SPENT, journal=held(NOT_PLACED)), True),
    ("the request is under way", waits(SPENT, sending=True), False),
    ("it is recorded, and may be sent", waits(SPENT, permit=Permit("1", MONOTONIC, S)), False),
    ("a change of an order that works", waits(SPENT, journal=held(PLACED)), False),
]  # fmt: skip


@pytest.mark.parametrize(("one", "stops"), [row[1:] for row in JUDGEMENTS], ids=[row[0] for row in JUDGEMENTS])
def test_an_order_waits_for_room_before_it_is_recorded_and_never_after(one: View, stops: bool) -> None:
    stop = first_stop(one)

    assert (stop is not None and stop.reason == Reason.RATE_LIMITED) is stops


def test_what_replaces_a_canceled_order_waits_for_room_too() -> None:
    journal = held(PLACED)
    amending = replace(journal, receipt=journal.receipt.model_copy(update={"amend": AMEND}))

    stop = first_stop(waits(SPENT, journal=amending))

    assert stop is not None
    assert stop.reason == Reason.RATE_LIMITED


def test_without_room_nothing_is_written_but_the_words_and_those_only_once() -> None:
    decision = decide(waits(VenueWait(9.0, 9.0), journal=NoReceipt()))

    assert decision.is_rest
    assert decision.status.message is not None
    assert "rateLimitFactor" in decision.status.message
    # Said before, and less time to wait: no other words, so that no status is written.
    later = decide(waits(VenueWait(4.0, 4.0), intent(status=decision.status), journal=NoReceipt()))
    assert later.status == decision.status


@pytest.mark.parametrize(("seconds", "again"), [(S, S * 0.6), (45.0, 10.0)])
def test_it_is_judged_again_when_there_may_be_room(seconds: float, again: float) -> None:
    decision = decide(waits(VenueWait(seconds, seconds), journal=NoReceipt()))

    assert decision.requeue_after == pytest.approx(again)


def test_with_room_an_order_is_recorded_without_a_read_before_it() -> None:
    assert isinstance(decide(waits(VenueWait(), journal=NotRead())).record, CreateReceipt)


MUTATIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "nobody waits for room": ("has_room", lambda _: None),
    "who is recorded waits again": ("_is_recorded", lambda _: False),
    "changes wait for the room of a placement": ("_works", lambda _: False),
    "every attempt counts as the first": ("_next_attempt", lambda _: 1),
    "every attempt is looked up": ("needs_look_up", lambda *_: True),
    "no attempt is looked up": ("needs_look_up", lambda *_: False),
    "any wait is short enough": ("SHARE_TO_WAIT", lambda: 1),
}


def is_red() -> bool:
    found = [requests.has_room(one) is not None for _, one, _ in JUDGEMENTS]
    return found != [stops for _, _, stops in JUDGEMENTS]


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=[name.replace(" ", "-") for name in MUTATIONS])
def test_the_judgements_turn_red_when(
    mutation: tuple[str, Callable[..., Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, replacement = mutation
    monkeypatch.setattr(requests, name, 1.0 if name == "SHARE_TO_WAIT" else replacement)

    assert is_red()


def test_without_a_mutation_they_are_green() -> None:
    assert not is_red()
