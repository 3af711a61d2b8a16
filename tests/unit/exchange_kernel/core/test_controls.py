"""Which orders the account's owner has withdrawn, and what is said of it."""

from datetime import timedelta
from typing import Any

import pytest

from exchange_kernel.api.account_status import CancelAllStatus
from exchange_kernel.api.conditions import ConditionType, find_condition
from exchange_kernel.api.enums import HaltPhase, HaltScope, PendingCommand, TradingState
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.core import controls, draining
from exchange_kernel.core.account_facts import AccountFacts
from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import Cancel
from exchange_kernel.core.draining import Drain
from exchange_kernel.core.places import Places
from exchange_kernel.core.venue import Found, VenueStatus
from exchange_kernel.core.view import View
from support.builders import CREATED, WALL, account, held, intent, order, placement, said, view

EXIT = Places(is_exit=True)
HALTED = account(trading_state=TradingState.HALTED)
HALTED_ALL = account(trading_state=TradingState.HALTED, halt_scope=HaltScope.ALL)


def token(**changes: Any) -> AccountFacts:  # noqa: ANN401 - fields of CancelAllStatus
    """An account whose token was set when the default intent was a second old."""
    facts: dict[str, Any] = {"token": "t", "observed_at": CREATED + timedelta(seconds=1), "generation": 2, **changes}
    return account(cancel_all=CancelAllStatus(**facts))


@pytest.mark.parametrize(
    ("spec", "facts", "reason"),
    [
        ({}, account(), None),
        ({}, HALTED, "Halted"),
        ({"side": "Sell"}, HALTED, None),
        ({"side": "Sell"}, HALTED_ALL, "Halted"),
        ({"side": "Sell", "type": "StopMarket", "price": None, "triggerPrice": "40000"}, HALTED, None),
        ({"side": "Buy", "type": "StopMarket", "price": None, "triggerPrice": "60000"}, HALTED, "Halted"),
        ({}, account(trading_state=TradingState.HALTED, places=EXIT), None),
        ({}, account(trading_state=TradingState.HALTED, halt_scope=HaltScope.ALL, places=EXIT), "Halted"),
        ({}, account(trading_state=TradingState.REDUCE_ONLY), None),
        ({}, token(), "CancelAll"),
        ({"side": "Sell"}, token(), "CancelAll"),
        ({}, token(baseline=True), None),
        ({}, token(observed_at=CREATED), "CancelAll"),
        ({}, token(observed_at=CREATED - timedelta(seconds=1)), None),
    ],
)
def test_what_is_withdrawn(spec: dict[str, Any], facts: AccountFacts, reason: str | None) -> None:
    problem = controls.withdrawn(intent(**spec), facts)
    assert (problem.reason if problem else None) == reason


def working(facts: AccountFacts, status: VenueStatus = VenueStatus.OPEN, **fields: Any) -> View:  # noqa: ANN401 - of the status
    known = said(fields.pop("state", State.OPEN), client_order_id=placement().client_order_id, **fields)
    return view(
        intent(held=True, status=known),
        journal=held(placement(Outcome.PLACED, closed=status is VenueStatus.CANCELED)),
        observed=Found(order(status)),
        account=facts,
    )


@pytest.mark.parametrize("facts", [HALTED, token()])
def test_a_withdrawn_order_that_works_is_canceled(facts: AccountFacts) -> None:
    assert any(isinstance(action, Cancel) for action in decide(working(facts)).actions)


@pytest.mark.parametrize(("facts", "reason"), [(HALTED, "Halted"), (token(), "CancelAll")])
def test_the_end_of_a_withdrawn_order_says_who_wanted_it_and_is_no_success(facts: AccountFacts, reason: str) -> None:
    status = decide(working(facts, VenueStatus.CANCELED)).status
    ready, stalled = (find_condition(status.conditions, kind) for kind in (ConditionType.READY, ConditionType.STALLED))
    assert ready is not None
    assert stalled is not None
    assert (status.state, ready.reason, str(stalled.status)) == (State.CANCELED, reason, "True")


def test_an_end_that_is_read_after_the_halt_is_still_the_halts() -> None:
    canceling = working(account(), VenueStatus.CANCELED, pending_command=PendingCommand.CANCEL)
    ready = find_condition(decide(canceling).status.conditions, ConditionType.READY)
    assert ready is not None
    assert ready.reason == "Halted"


def test_a_wish_that_was_never_sent_ends_by_the_token_and_waits_in_a_halt() -> None:
    assert decide(view(account=token())).status.state is State.CANCELED
    waiting = decide(view(account=HALTED)).status
    assert waiting.state is State.PENDING


# --- what the account says -------------------------------------------------------------------------------------------


def owner(status: dict[str, Any] | None = None, **spec: Any) -> ExchangeAccount:  # noqa: ANN401 - fields of the spec
    wish = {"exchange": "binance", "credentialsSecretRef": {"name": "keys"}, **spec}
    meta = {"namespace": "trading", "name": "main", "uid": "a1", "generation": 3}
    return ExchangeAccount.from_object({"metadata": meta, "spec": wish, "status": status or {}})


def test_a_halt_is_complete_only_when_all_intents_are_known_and_none_works() -> None:
    spec = owner(tradingState="Halted").spec
    for drain in (Drain(), Drain(halting=1), Drain(halting=1, complete=True)):
        told = draining.halt(spec, None, drain, WALL)
        assert told is not None
        assert told.phase is HaltPhase.DRAINING
        assert told.completed_at is None
    told = draining.halt(spec, None, Drain(complete=True), WALL)
    assert told is not None
    assert (told.phase, told.completed_at) == (HaltPhase.COMPLETE, WALL)


def test_a_complete_halt_drains_again_when_an_order_turns_up() -> None:
    spec = owner(tradingState="Halted").spec
    before = draining.halt(spec, None, Drain(complete=True), WALL)
    later = WALL + timedelta(seconds=9)
    assert draining.halt(spec, before, Drain(complete=True), later) == before
    told = draining.halt(spec, before, Drain(halting=1, complete=True), later)
    assert told is not None
    assert (told.phase, told.started_at, told.pending) == (HaltPhase.DRAINING, WALL, 1)


def test_the_progress_of_a_halt_ends_with_it() -> None:
    assert (
        draining.halt(
            owner().spec, draining.halt(owner(tradingState="Halted").spec, None, Drain(), WALL), Drain(), WALL
        )
        is None
    )


def test_the_first_token_of_a_new_account_is_where_counting_begins() -> None:
    noted = draining.cancel_all(owner(cancelAllToken="t"), Drain(), WALL)
    assert noted is not None
    assert noted.baseline


def test_a_new_token_is_noted_only_together_with_its_time() -> None:
    seen = owner({"observedGeneration": 2}, cancelAllToken="t")
    assert draining.cancel_all(seen, Drain(), WALL) is None
    assert draining.cancel_all(seen, Drain(token="another", token_at=WALL), WALL) is None
    noted = draining.cancel_all(seen, Drain(token="t", token_at=WALL), WALL + timedelta(seconds=5))
    assert noted is not None
    assert (noted.observed_at, noted.generation, noted.baseline) == (WALL, 3, False)


def test_what_is_noted_of_a_token_stays_but_for_the_count() -> None:
    noted = {"token": "t", "observedAt": WALL.isoformat(), "generation": 2, "pending": 3}
    seen = owner({"observedGeneration": 2, "cancelAll": noted}, cancelAllToken="t")
    assert draining.cancel_all(seen, Drain(canceling=1), WALL) == seen.status.cancel_all
    told = draining.cancel_all(seen, Drain(canceling=1, complete=True), WALL + timedelta(days=1))
    assert told is not None
    assert (told.pending, told.observed_at) == (1, WALL)
    removed = owner({"observedGeneration": 2, "cancelAll": noted})
    assert draining.cancel_all(removed, Drain(), WALL) == removed.status.cancel_all
