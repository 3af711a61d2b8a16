"""What keeps a group from beginning, and what it is told then. Nothing is created before everything is in order."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.api.enums import TradingState
from exchange_kernel.api.meta import ANNOTATION_PAUSED
from exchange_kernel.core.account_facts import AccountFacts, Problem
from support.builders import RULES, account, limits, market
from support.group_builders import ENTRY, STOP, TARGET, Stage, bracket, group, oco_entries, ouo_exits

LIMIT_ENTRY = {**ENTRY, "type": "Limit", "price": "59000"}

DENIED: dict[str, tuple[Any, AccountFacts, str, str]] = {
    "native": (bracket(execution="Native"), account(), "NotSupported", "write execution Auto or Emulated"),
    "grid": (
        group(ENTRY, TARGET, {**STOP, "triggerPrice": "54000.001"}, type="Bracket"),
        account(),
        "NotOnGrid",
        "leg stop: triggerPrice 54000.001 is not a multiple",
    ),
    "small exits": (
        group({**ENTRY, "quantity": "0.00009"}, TARGET, STOP, type="Bracket"),
        account(markets={"BTC/USDT": market(min_quantity=Decimal("0.00009"))}),
        "BelowMinimum",
        "leg target: quantity 0.00008 is below the minimum 0.00009",
    ),
    "unknown symbol": (
        group(ENTRY, TARGET, STOP, type="Bracket", symbol="ABC/USDT"),
        account(),
        "UnknownSymbol",
        "leg entry: the account has no market ABC/USDT",
    ),
    "stop type": (
        bracket(),
        account(rules=replace(RULES, supported=frozenset({("Market", "GTC", False, False)}))),
        "NotSupported",
        "leg target: binance has no Limit orders",
    ),
    "IOC for the touch": (
        bracket(),
        account(rules=replace(RULES, supported=RULES.supported - {("Limit", "IOC", False, False)})),
        "NotSupported",
        "leg target: binance does not take Limit IOC",
    ),
    "limits": (
        bracket(),
        account(limits=limits(allowedSymbols=["ETH/USDT"])),
        "LimitExceeded",
        "leg entry: the account's limits do not allow BTC/USDT",
    ),
    "stop above the market": (
        group(ENTRY, TARGET, {**STOP, "triggerPrice": "61000"}, type="Bracket"),
        account(),
        "TriggerAlreadyCrossed",
        "leg stop: the last trade of BTC/USDT was at 60000, beyond 61000",
    ),
    "target below the market": (
        group({**TARGET, "price": "59000"}, STOP, type="OUO", quantity="0.01"),
        account(),
        "TriggerAlreadyCrossed",
        "leg target: the last trade",
    ),
}


@pytest.mark.parametrize("case", DENIED.values(), ids=list(DENIED))
def test_a_group_that_cannot_work_is_denied_with_its_legs_name(case: tuple[Any, AccountFacts, str, str]) -> None:
    wish, facts, reason, message = case
    stage = Stage(wish, account=facts)
    decision = stage.rest()
    assert (stage.state, stage.names) == ("Denied", set())
    assert stage.condition("Accepted") == ("False", reason)
    assert message in (stage.group.status.message or "")
    assert stage.condition("Stalled")[0] == "True"
    assert not decision.hold
    assert stage.group.metadata.finalizers == ()


def test_a_denied_group_is_judged_again_when_it_is_edited_and_not_before() -> None:
    stage = Stage(group(ENTRY, TARGET, {**STOP, "triggerPrice": "61000"}, type="Bracket"))
    stage.rest()
    stage.price = Decimal(65000)
    stage.rest()
    assert stage.state == "Denied"
    stage.price = Decimal(60000)
    stage.reprice("stop", trigger_price=Decimal(54000)).rest()
    assert stage.names == {"entry"}


WAITS: dict[str, tuple[AccountFacts, str]] = {
    "no account": (AccountFacts(exists=False), "AccountNotFound"),
    "not ready": (account(problem=Problem("Connecting", "soon")), "AccountNotReady"),
    "markets": (AccountFacts(problem=Problem("Connecting", "soon")), "AccountNotReady"),
    "halted": (account(trading_state=TradingState.HALTED), "Halted"),
    "paused": (account(paused=True), "Paused"),
    "journal": (account(journal_problem=Problem("JournalForeign", "theirs")), "JournalForeign"),
}


@pytest.mark.parametrize("case", WAITS.values(), ids=list(WAITS))
def test_a_group_waits_for_its_account(case: tuple[AccountFacts, str]) -> None:
    facts, reason = case
    stage = Stage(bracket(), account=facts)
    stage.rest()
    assert (stage.state, stage.names, stage.condition("Ready")[1]) == ("Pending", set(), reason)
    stage.account = account()
    stage.rest()
    assert stage.names == {"entry"}


def test_a_group_that_waits_too_long_expires() -> None:
    stage = Stage(bracket(), account=AccountFacts(exists=False))
    assert stage.rest().requeue_after is not None
    stage.later(51).rest()
    assert (stage.state, stage.condition("Ready")[1]) == ("Expired", "DeadlinePassed")
    stage.account = account()
    stage.rest()
    assert stage.names == set()


def test_exits_of_what_is_held_already_have_no_deadline() -> None:
    stage = Stage(ouo_exits(), account=AccountFacts(exists=False))
    stage.later(5000).rest()
    stage.account = account()
    stage.rest()
    assert stage.names == {"stop"}
    assert stage.leg("stop").spec.placement.starting_deadline_seconds is None


def test_the_orders_that_begin_a_group_have_its_deadlines_and_the_exits_none() -> None:
    stage = Stage(group(LIMIT_ENTRY, TARGET, STOP, type="Bracket", placement={"startingDeadlineSeconds": 900}))
    stage.rest()
    assert stage.leg("entry").spec.placement.starting_deadline_seconds == 900
    assert Stage(oco_entries()).rest().status.state is not None
    plain = Stage(oco_entries())
    plain.rest()
    assert plain.leg("dip").spec.placement.starting_deadline_seconds == 60


def test_a_suspended_or_paused_group_waits() -> None:
    suspended = Stage(bracket(suspend=True))
    suspended.rest()
    assert (suspended.state, suspended.condition("Ready")[1]) == ("Pending", "Suspended")
    paused = Stage(bracket())
    meta = paused.group.metadata.model_copy(update={"annotations": {ANNOTATION_PAUSED: "true"}})
    paused.group = paused.group.model_copy(update={"metadata": meta})
    paused.rest()
    assert (paused.state, paused.condition("Ready")[1]) == ("Pending", "Paused")


def test_a_name_that_somebody_else_has_denies_the_group() -> None:
    stage = Stage(bracket(), taken=frozenset({"trade-stop"}))
    stage.rest()
    assert stage.condition("Accepted") == ("False", "NameConflict")
    assert "OrderIntent trade-stop exists" in (stage.group.status.message or "")


def test_an_entry_by_quote_is_protected_by_what_it_bought() -> None:
    stage = Stage(group({**ENTRY, "quantity": None, "quoteQuantity": "600"}, TARGET, STOP, type="Bracket"))
    stage.rest()
    spec = stage.leg("entry").spec
    assert (spec.quantity, spec.quote_quantity) == (None, Decimal(600))


def test_a_price_that_cannot_be_read_is_waited_for() -> None:
    stage = Stage(bracket())
    stage.price = None
    decision = stage.rest()
    assert decision.read_price
    assert stage.names == set()


def test_a_leg_carries_its_owner_and_no_label_of_the_user() -> None:
    stage = Stage(bracket())
    meta = stage.group.metadata.model_copy(update={"labels": {"argocd.argoproj.io/instance": "app"}})
    stage.group = stage.group.model_copy(update={"metadata": meta})
    stage.rest()
    child = stage.leg("entry").metadata
    assert [(owner.kind, owner.name, owner.uid, owner.controller) for owner in child.owner_references] == [
        ("OrderGroup", "trade", "uid-group", True)
    ]
    assert set(child.labels) == {"exchangekernel.dev/group-uid", "exchangekernel.dev/leg"}
