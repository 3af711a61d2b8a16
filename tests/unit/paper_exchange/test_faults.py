"""Rules strike where they say, as often as they say, and the same way for the same seed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paper_exchange.fault_rules import ALLOWED_AT, Action, FaultRule, FaultRuleError, Hook, Match, Subject
from paper_exchange.faults import FaultBook

CREATE = Subject("POST", "/api/v3/order", "mine-1", "alice")


def rule(**changes: Any) -> FaultRule:  # noqa: ANN401 - the fields of FaultRule
    return FaultRule(**({"at": Hook.AFTER_ENGINE, "do": Action.DROP} | changes))


def strikes_of(book: FaultBook, times: int, subject: Subject = CREATE, hook: Hook = Hook.AFTER_ENGINE) -> list[bool]:
    return [book.strike(hook, subject, 0) is not None for _ in range(times)]


@pytest.mark.parametrize(
    ("match", "covered"),
    [
        (Match(), True),
        (Match(method="POST", path="/api/v3/order"), True),
        (Match(method="DELETE"), False),
        (Match(path="/api/v3/*"), True),
        (Match(path="/api/v3/order/test"), False),
        (Match(client_order_id="mine-*"), True),
        (Match(client_order_id="other-?"), False),
        (Match(account="alice"), True),
        (Match(account="Alice"), False),
    ],
)
def test_a_match_covers_what_all_of_its_globs_cover(match: Match, covered: bool) -> None:
    assert match.covers(CREATE) is covered


def test_nth_strikes_once_and_count_limits_the_strikes() -> None:
    book = FaultBook()
    book.add(rule(nth=2))
    assert strikes_of(book, 4) == [False, True, False, False]
    other = FaultBook()
    other.add(rule(count=2))
    assert strikes_of(other, 4) == [True, True, False, False]


def test_a_rule_strikes_at_its_hook_only() -> None:
    book = FaultBook()
    book.add(rule())
    assert strikes_of(book, 1, hook=Hook.BEFORE_ENGINE) == [False]
    assert (book.listens(Hook.AFTER_ENGINE), book.listens(Hook.BEFORE_ENGINE)) == (True, False)


def test_only_the_first_of_several_rules_strikes_but_each_counts_its_matches() -> None:
    book = FaultBook()
    first, second = book.add(rule(count=1)), book.add(rule(do=Action.EMPTY, nth=2))
    struck = [book.strike(Hook.AFTER_ENGINE, CREATE, 0) for _ in range(3)]
    assert [found.do if found else None for found in struck] == [Action.DROP, Action.EMPTY, None]
    assert {rule_id: (matches, strikes) for rule_id, (_, matches, strikes) in book.rules().items()} == {
        first: (3, 1),
        second: (3, 1),
    }


def test_each_injection_is_recorded_with_its_number_and_subject() -> None:
    book = FaultBook()
    rule_id = book.add(rule())
    book.strike(Hook.AFTER_ENGINE, CREATE, 1_000)
    book.strike(Hook.AFTER_ENGINE, CREATE, 2_000)
    assert [(entry.sequence, entry.rule_id, entry.time_ms, entry.subject) for entry in book.injections] == [
        (1, rule_id, 1_000, CREATE),
        (2, rule_id, 2_000, CREATE),
    ]
    assert book.remove(rule_id)
    assert not book.remove(rule_id)
    assert strikes_of(book, 1) == [False]
    assert len(book.injections) == 2


@given(seed=st.integers(0, 2**32))
@settings(max_examples=30, derandomize=True)
def test_the_same_seed_injects_the_same_faults_whatever_other_rules_do(seed: int) -> None:
    alone, crowded = FaultBook(seed), FaultBook(seed)
    alone.add(rule(probability=0.5), "chosen")
    crowded.add(rule(at=Hook.BEFORE_ENGINE, probability=0.5), "noise")
    crowded.add(rule(probability=0.5), "chosen")
    expected = strikes_of(alone, 40)
    seen = []
    for _ in range(40):
        strikes_of(crowded, 3, hook=Hook.BEFORE_ENGINE)
        seen += strikes_of(crowded, 1)
    assert seen == expected


def test_a_probability_strikes_about_as_often_as_it_says() -> None:
    book = FaultBook(seed=1)
    book.add(rule(probability=0.25))
    assert 400 < sum(strikes_of(book, 2000)) < 600


@pytest.mark.parametrize("action", list(Action))
def test_an_action_is_refused_at_a_hook_where_it_cannot_happen(action: Action) -> None:
    for hook in Hook:
        changes = {"at": hook, "do": action, "delay_ms": 5}
        if hook in ALLOWED_AT[action]:
            assert rule(**changes).at is hook
        else:
            with pytest.raises(FaultRuleError, match="write one of"):
                rule(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"do": Action.DELAY}, "delay_ms above 0"),
        ({"probability": 0.0}, "outside 0 to 1"),
        ({"probability": 1.5}, "outside 0 to 1"),
        ({"how": "politely"}, "rst or fin"),
        ({"answer": "third"}, "first or second"),
        ({"status": 99}, "200 to 599"),
        ({"nth": 0}, "write 1 or more"),
        ({"count": 0}, "write 1 or more"),
        ({"delay_ms": -1}, "write 0 or more"),
    ],
)
def test_a_rule_that_contradicts_itself_says_what_to_write(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(FaultRuleError, match=message):
        rule(**changes)
