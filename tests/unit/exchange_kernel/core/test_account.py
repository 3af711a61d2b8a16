"""What is said about an account, and whether orders may be created on it."""

from dataclasses import replace
from typing import Any

import pytest

from exchange_kernel.api.account_status import JournalRef
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.meta import ANNOTATION_TAKE_OVER
from exchange_kernel.core import account as core
from exchange_kernel.core.account import AccountDecision, AccountView, SessionFacts
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.view import Now
from support.builders import MONOTONIC, RULES, WALL

ROOT = JournalRef(namespace="exchange-kernel", uid="mine")
OPEN = SessionFacts(
    connected=True, authenticated=True, venue_account_id="v1", skew_milliseconds=40, rules=RULES, markets=3
)


def account(
    status: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
    **spec: Any,  # noqa: ANN401 - fields of the spec
) -> ExchangeAccount:
    """An account as it is stored."""
    metadata = {"namespace": "trading", "name": "main", "uid": "a1", "generation": 3, **(meta or {})}
    wish = {"exchange": "binance", "credentialsSecretRef": {"name": "keys"}, **spec}
    return ExchangeAccount.from_object({"metadata": metadata, "spec": wish, "status": status or {}})


def decide(of: ExchangeAccount, session: SessionFacts = OPEN) -> AccountDecision:
    """The judgement."""
    return core.decide(AccountView(of, ROOT, session, Now(WALL, MONOTONIC)))


def condition(decision: AccountDecision, kind: str) -> tuple[str, str]:
    """Status and reason of one condition."""
    return next((str(c.status), str(c.reason)) for c in decision.status.conditions if c.type == kind)


def test_an_account_with_a_session_claims_the_journal_and_trades() -> None:
    decision = decide(account())
    assert decision.claims
    assert (decision.problem, decision.journal_problem) == (None, None)
    assert decision.status.journal == ROOT
    assert decision.status.venue_account_id == "v1"
    assert decision.status.observed_generation == 3
    assert condition(decision, "Ready") == ("True", "Trading")


def test_deciding_again_on_what_was_written_changes_nothing() -> None:
    first = decide(account())
    stored = account().model_copy(update={"status": first.status})
    again = decide(stored)
    assert again.status == first.status
    assert not again.claims


def test_the_journal_of_another_installation_is_respected() -> None:
    decision = decide(account(status={"journal": {"namespace": "elsewhere", "uid": "theirs"}}))
    assert not decision.claims
    assert decision.status.journal == JournalRef(namespace="elsewhere", uid="theirs")
    assert decision.journal_problem is not None
    assert f"{ANNOTATION_TAKE_OVER}=theirs" in decision.journal_problem.message
    # Orders can still be observed and canceled.
    assert decision.problem is None
    assert condition(decision, "Ready") == ("False", "JournalForeign")


@pytest.mark.parametrize(("handed", "taken"), [("theirs", True), ("mine", False), ("something else", False)])
def test_only_naming_the_journal_that_holds_the_account_hands_it_over(handed: str, taken: bool) -> None:
    of = account(
        status={"journal": {"namespace": "elsewhere", "uid": "theirs"}},
        meta={"annotations": {ANNOTATION_TAKE_OVER: handed}},
    )
    decision = decide(of)
    assert decision.claims is taken
    assert (decision.journal_problem is None) is taken


def test_an_account_that_goes_only_cancels() -> None:
    decision = decide(account(meta={"deletionTimestamp": "2030-01-01T12:00:00Z"}))
    assert decision.problem is not None
    assert decision.problem.reason == "Terminating"


def test_an_account_that_publishes_markets_trades() -> None:
    assert decide(account(markets={"mode": "All"})).problem is None


def test_the_sessions_problem_is_the_accounts() -> None:
    trouble = Problem("VenueUnreachable", "no route to the venue")
    decision = decide(account(), SessionFacts(connected=False, problem=trouble))
    assert decision.problem == trouble
    assert decision.status.message == "no route to the venue"
    assert condition(decision, "Connected") == ("False", "VenueUnreachable")
    assert condition(decision, "Authenticated") == ("Unknown", "VenueUnreachable")
    assert condition(decision, "Reconciling") == ("True", "VenueUnreachable")


def test_a_wrong_key_needs_a_human() -> None:
    trouble = Problem("AuthenticationFailed", "wrong key")
    decision = decide(account(), replace(OPEN, authenticated=False, problem=trouble))
    assert condition(decision, "Stalled") == ("True", "AuthenticationFailed")
    assert condition(decision, "Connected") == ("True", "Connected")


def test_before_the_session_is_open_nothing_is_sent() -> None:
    for session in (SessionFacts(), replace(OPEN, rules=None), replace(OPEN, markets=0)):
        problem = decide(account(), session).problem
        assert problem is not None
        assert problem.reason == "Connecting"


def test_the_key_of_another_account_at_the_venue_is_refused_and_the_first_stays_known() -> None:
    decision = decide(account(status={"venueAccountId": "v0"}))
    assert decision.problem is not None
    assert decision.problem.reason == "AccountChanged"
    assert decision.status.venue_account_id == "v0"


def test_a_key_without_the_right_to_trade_is_refused() -> None:
    problem = decide(account(), replace(OPEN, can_trade=False)).problem
    assert problem is not None
    assert problem.reason == "PermissionMissing"


@pytest.mark.parametrize(("skew", "words"), [(300_001, "300 s ahead of"), (-400_000, "400 s behind")])
def test_a_clock_that_is_far_off_sends_nothing(skew: int, words: str) -> None:
    problem = decide(account(), replace(OPEN, skew_milliseconds=skew)).problem
    assert problem is not None
    assert problem.reason == "ClockSkew"
    assert words in problem.message


@pytest.mark.parametrize("skew", [-300_000, -1500, 0, 2000, 300_000])
def test_a_clock_that_is_a_little_off_does_no_harm(skew: int) -> None:
    assert decide(account(), replace(OPEN, skew_milliseconds=skew)).problem is None


def test_the_skew_is_said_in_steps_so_that_it_is_not_written_all_the_time() -> None:
    said = decide(account(), replace(OPEN, skew_milliseconds=149)).status
    assert said.clock_skew_milliseconds == 100
    stored = account().model_copy(update={"status": said})
    assert decide(stored, replace(OPEN, skew_milliseconds=180)).status == said
    assert decide(stored, replace(OPEN, skew_milliseconds=260)).status.clock_skew_milliseconds == 300


@pytest.mark.parametrize(
    ("allowed", "namespace", "may"),
    [
        ({}, "trading", True),
        ({}, "desk", False),
        ({"from": "Names", "names": ["desk"]}, "desk", True),
        ({"from": "Names", "names": ["desk"]}, "trading", True),
        ({"from": "Names", "names": ["desk"]}, "other", False),
    ],
)
def test_only_the_namespaces_that_the_owner_names_may_use_the_account(
    allowed: dict[str, Any],
    namespace: str,
    may: bool,
) -> None:
    assert core.allows(account(**({"allowedNamespaces": allowed} if allowed else {})), namespace) is may
