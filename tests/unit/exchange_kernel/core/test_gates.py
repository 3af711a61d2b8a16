"""Each rule that must hold before an order is sent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from exchange_kernel.api.conditions import Condition, ConditionStatus
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome, TradingState
from exchange_kernel.api.meta import (
    ANNOTATION_ADOPT,
    ANNOTATION_CONFIRM,
    ANNOTATION_ORDER_LIST,
    ANNOTATION_PAUSED,
    API_VERSION,
    OwnerReference,
)
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core import receipts
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.decide import decide
from exchange_kernel.core.gates import GATES, first_stop
from exchange_kernel.core.identity import identity_of
from exchange_kernel.core.places import Need, Places
from exchange_kernel.core.venue_rules import OcoRules, VenueWait
from exchange_kernel.core.view import View
from support.builders import (
    CREATED,
    MONOTONIC,
    RULES,
    SYMBOL,
    WALL,
    S,
    account,
    held,
    intent,
    limits,
    market,
    placement,
    price,
    said,
    view,
)

LATE = CREATED + timedelta(seconds=61)
TRAILING = {
    "type": "TrailingStopMarket",
    "side": "Sell",
    "price": None,
    "trailing": {"offset": "1", "offsetType": "Percent"},
}
ACTIVATED = TRAILING | {"trailing": {"offset": "1", "offsetType": "Percent", "activationPrice": "60000"}}
LIMITED = {"type": "StopLimit", "side": "Sell", "triggerPrice": "49000", "price": "48900"}
STOP = {"type": "StopMarket", "side": "Sell", "price": None, "triggerPrice": "49000"}
BLIND = replace(RULES, look_up=False)


TIES = OcoRules(stops=frozenset({"StopMarket"}), targets=frozenset({"Limit"}))
BY_GROUP = OwnerReference(api_version=API_VERSION, kind="OrderGroup", name="trade", uid="uid-group", controller=True)


def of_list(names: str, **spec: Any) -> OrderIntent:  # noqa: ANN401 - fields of the spec
    """`dip`, as one of a group's list."""
    made = intent(annotations={ANNOTATION_ORDER_LIST: names}, **spec)
    return made.model_copy(update={"metadata": made.metadata.model_copy(update={"owner_references": (BY_GROUP,)})})


def denied_before(**fields: Any) -> Any:  # noqa: ANN401
    refused = Condition(type="Accepted", status=ConditionStatus.FALSE, reason="NotOnGrid", last_transition_time=WALL)
    return said(conditions=(refused,), **fields)


ROWS: list[tuple[str, View, State, str]] = [
    ("deletion outranks everything", view(intent(deleting=True, suspend=True)), State.CANCELED, Reason.CANCELED),
    ("a canceled wish is not sent", view(intent(desiredState="Canceled")), State.CANCELED, Reason.CANCELED),
    ("a spec that breaks a rule is denied", view(intent(price=None)), State.DENIED, Reason.INVALID_SPEC),
    (
        "nothing is sent from submitBefore on",
        view(intent(placement={"submitBefore": "2030-01-01T12:00:10Z"})),
        State.EXPIRED,
        Reason.DEADLINE_PASSED,
    ),
    ("an object that is too old is not sent", view(wall=LATE), State.EXPIRED, Reason.DEADLINE_PASSED),
    ("an account that is missing is waited for", view(account=account(exists=False)), State.PENDING, "AccountNotFound"),
    ("a terminating account only cancels", view(account=account(terminating=True)), State.PENDING, Reason.TERMINATING),
    ("other namespaces are denied", view(account=account(allowed=False)), State.DENIED, Reason.NAMESPACE_NOT_ALLOWED),
    ("unread markets are waited for", view(account=account(markets={})), State.PENDING, Reason.ACCOUNT_NOT_READY),
    ("an unknown symbol is denied", view(intent(symbol="BTC/EUR")), State.DENIED, Reason.UNKNOWN_SYMBOL),
    ("an unlisted combination is denied", view(intent(timeInForce="FOK")), State.DENIED, Reason.NOT_SUPPORTED),
    (
        "a leg whose group is not there waits for it",
        view(account=account(groupless=True)),
        State.PENDING,
        Reason.GROUP_MISSING,
    ),
    (
        "an order of a list that is nobody's group is denied",
        view(intent(annotations={ANNOTATION_ORDER_LIST: "dip,other"})),
        State.DENIED,
        Reason.INVALID_SPEC,
    ),
    (
        "an entry that the venue does not take with its exits is denied",
        view(of_list("dip,stop,target"), account=account(rules=replace(RULES, oco=TIES))),
        State.DENIED,
        Reason.NOT_SUPPORTED,
    ),
    (
        "an exit of a type that the venue does not tie is denied",
        view(of_list("entry,dip,target", **LIMITED), account=account(rules=replace(RULES, oco=TIES))),
        State.DENIED,
        Reason.NOT_SUPPORTED,
    ),
    (
        "a quote quantity needs a venue that takes it",
        view(
            intent(type="Market", quantity=None, price=None, quoteQuantity="100"),
            account=account(rules=replace(RULES, quote_market_buy=False)),
        ),
        State.DENIED,
        Reason.NOT_SUPPORTED,
    ),
    (
        "an offset type that the venue does not know is denied",
        view(intent(**TRAILING | {"trailing": {"offset": "100", "offsetType": "Amount"}})),
        State.DENIED,
        Reason.NOT_SUPPORTED,
    ),
    (
        "an order whose time is over is not sent",
        view(intent(timeInForce="GTD", expireAt="2030-01-01T12:00:10Z")),
        State.EXPIRED,
        Reason.DEADLINE_PASSED,
    ),
    ("without a look-up only CreateOnly", view(account=account(rules=BLIND)), State.DENIED, Reason.NO_SAFE_LOOK_UP),
    ("the market's rules deny", view(intent(quantity="0.000001")), State.DENIED, Reason.NOT_ON_GRID),
    (
        "whoever names an order does not want another",
        view(intent(annotations={ANNOTATION_ADOPT: "1001"})),
        State.PENDING,
        Reason.ADOPTION_REFUSED,
    ),
    ("suspend holds back", view(intent(suspend=True)), State.PENDING, Reason.SUSPENDED),
    ("pause holds back", view(intent(annotations={ANNOTATION_PAUSED: "true"})), State.PENDING, Reason.PAUSED),
    (
        "an account that is not ready is waited for",
        view(account=account(problem=Problem("VenueUnreachable", "no answer"))),
        State.PENDING,
        Reason.ACCOUNT_NOT_READY,
    ),
    (
        "another account at the venue is named",
        view(account=account(problem=Problem("AccountChanged", "another"))),
        State.PENDING,
        Reason.ACCOUNT_CHANGED,
    ),
    (
        "an order that the venue's limits would hold up is not recorded",
        view(account=account(venue_wait=VenueWait(0.0, S))),
        State.PENDING,
        Reason.RATE_LIMITED,
    ),
    ("a halt holds back", view(account=account(trading_state=TradingState.HALTED)), State.PENDING, Reason.HALTED),
    (
        "a foreign journal holds back",
        view(account=account(journal_problem=Problem("JournalForeign", "foreign"))),
        State.PENDING,
        Reason.JOURNAL_FOREIGN,
    ),
    (
        "a symbol that the limits do not list is denied",
        view(account=account(limits=limits(allowedSymbols=["ETH/USDT"]))),
        State.DENIED,
        Reason.LIMIT_EXCEEDED,
    ),
    (
        "a quote currency that the limits do not list is denied",
        view(account=account(limits=limits(maxNotional=[{"currency": "EUR", "perOrder": "100"}]))),
        State.DENIED,
        Reason.LIMIT_EXCEEDED,
    ),
    (
        "a trigger that the market has crossed is denied",
        view(intent(**STOP), account=account(prices=price("49000"))),
        State.DENIED,
        Reason.TRIGGER_ALREADY_CROSSED,
    ),
    (
        "an activation price that the market has crossed is denied",
        view(intent(**ACTIVATED), account=account(prices=price("60000"))),
        State.DENIED,
        Reason.TRIGGER_ALREADY_CROSSED,
    ),
    (
        "an order above the largest is denied",
        view(account=account(limits=limits(maxNotional=[{"currency": "USDT", "perOrder": "24999"}]))),
        State.DENIED,
        Reason.LIMIT_EXCEEDED,
    ),
    (
        "a price far from the market is denied",
        view(account=account(limits=limits(priceCollarPercent="1"), prices=price("49000"))),
        State.DENIED,
        Reason.LIMIT_EXCEEDED,
    ),
    (
        "without a free place an order waits",
        view(account=account(limits=limits(maxOpenOrders=2), places=Places(others=2))),
        State.PENDING,
        Reason.OPEN_ORDERS_LIMIT,
    ),
    (
        "an entry waits until the venue has places for its exits",
        view(
            account=account(
                markets={SYMBOL: market(max_waiting_orders=5)}, places=Places(waiting_here=5, exits=Need(1, 1))
            )
        ),
        State.PENDING,
        Reason.OPEN_ORDERS_LIMIT,
    ),
    ("a pause after a failed attempt is kept", view(hold_until=1001.0), State.PENDING, Reason.NOT_PLACED),
]


@pytest.mark.parametrize(("why", "one", "state", "reason"), ROWS, ids=[row[0].replace(" ", "-") for row in ROWS])
def test_each_rule_stops(why: str, one: View, state: State, reason: str) -> None:
    stop = first_stop(one)

    assert stop is not None, why
    assert (stop.state, stop.reason) == (state, reason), why
    assert stop.message


def test_every_rule_has_a_row() -> None:
    stopping = {rule for rule in GATES for _, one, _, _ in ROWS if rule is next((r for r in GATES if r(one)), None)}

    assert stopping == set(GATES)


def test_the_default_order_may_be_sent() -> None:
    assert first_stop(view()) is None
    assert first_stop(view(intent(annotations={ANNOTATION_PAUSED: "false"}))) is None
    blind = intent(placement={"policy": "CreateOnly", "submitBefore": "2030-01-01T12:01:00Z"})
    assert first_stop(view(blind, account=account(rules=BLIND))) is None


@pytest.mark.parametrize(
    ("spec", "advice"),
    [
        ({"reduceOnly": True}, "remove reduceOnly"),
        ({"timeInForce": "FOK"}, "of this type it takes: Limit GTC, Limit GTC postOnly"),
        (
            {"timeInForce": "GTD", "type": "StopLimit", "triggerPrice": "49000", "expireAt": "2031-01-01T00:00:00Z"},
            "GTC",
        ),
    ],
)
def test_a_denied_combination_comes_with_what_to_write(spec: dict[str, Any], advice: str) -> None:
    stop = first_stop(view(intent(**spec)))

    assert stop is not None
    assert (stop.state, stop.reason) == (State.DENIED, Reason.NOT_SUPPORTED)
    assert advice in stop.message


def test_without_a_native_end_gtd_is_denied_and_never_sent_as_gtc() -> None:
    endless = replace(RULES, supported=frozenset(row for row in RULES.supported if row[1] != "GTD"))
    wished = intent(timeInForce="GTD", expireAt="2031-01-01T00:00:00Z")
    stop = first_stop(view(wished, account=account(rules=endless)))

    assert stop is not None
    assert stop.reason == Reason.NOT_SUPPORTED
    assert "desiredState: Canceled" in stop.message
    assert first_stop(view(wished)) is None


def test_an_activation_price_needs_a_venue_that_takes_it() -> None:
    stop = first_stop(view(intent(**ACTIVATED), account=account(rules=replace(RULES, trailing_activation=False))))

    assert stop is not None
    assert "remove trailing.activationPrice" in stop.message


def test_the_symbols_of_the_same_base_are_suggested() -> None:
    stop = first_stop(view(intent(symbol="BTC/EUR")))

    assert stop is not None
    assert "BTC/USDT" in stop.message


@pytest.mark.parametrize("before", [said(State.DENIED), denied_before(state=State.PENDING)], ids=["denied", "waiting"])
def test_a_correction_starts_the_deadline_anew(before: Any) -> None:  # noqa: ANN401
    corrected = view(intent(status=before, generation=2), wall=LATE, spec_changed_at=LATE - timedelta(seconds=5))

    assert first_stop(corrected) is None


def test_an_edit_of_a_spec_that_was_not_denied_does_not() -> None:
    edited = view(intent(status=said(State.PENDING), generation=2), wall=LATE, spec_changed_at=LATE)

    assert first_stop(edited) is not None


def test_a_humans_confirmation_outlasts_the_deadline_for_its_attempt_only() -> None:
    lost = placement(PlacementOutcome.ABSENT, reason=receipts.RECEIPT_LOST)
    for attempt, passes in ((1, False), (2, True), (3, False)):
        value = receipts.confirmation(identity_of(intent()), attempt)
        wished = intent(held=True, annotations={ANNOTATION_CONFIRM: value})
        assert (first_stop(view(wished, wall=LATE, journal=held(lost, of=wished))) is None) == passes


def test_a_longer_deadline_of_the_spec_or_the_account_counts() -> None:
    patient = account().defaults.model_copy(update={"starting_deadline_seconds": 120})

    assert first_stop(view(wall=LATE, account=account(defaults=patient))) is None
    assert first_stop(view(intent(placement={"startingDeadlineSeconds": 120}), wall=LATE)) is None


def test_rounding_follows_the_spec_then_the_account() -> None:
    odd = {"quantity": "0.123456"}
    assert first_stop(view(intent(**odd))) is not None
    assert first_stop(view(intent(**odd, roundingPolicy="Conservative"))) is None
    assert market().quantity_step


def test_an_order_that_waits_is_judged_again_when_a_deadline_of_its_own_passes() -> None:
    """Else a suspended order would say Pending for ever after the time when it could have been sent."""
    ends = {"submitBefore": "2030-01-01T12:00:13Z"}
    for wished, seconds in (
        (intent(suspend=True), 50.0),
        (intent(suspend=True, placement=ends), 3.0),
        (intent(suspend=True, timeInForce="GTD", expireAt="2030-01-01T12:00:40Z"), 30.0),
    ):
        assert decide(view(wished)).requeue_after == seconds
    early = view(account=account(problem=Problem("VenueUnreachable", "no answer")))
    assert decide(early).requeue_after == 10.0


def test_a_wait_that_is_all_but_over_is_no_loop_without_a_pause() -> None:
    assert decide(view(hold_until=MONOTONIC + 1e-12)).requeue_after == pytest.approx(0.01)
