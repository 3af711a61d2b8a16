"""The weight budget: never over the limit, a reserve for cancels, and the venue's own word."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.exchange.budget import WINDOW, AnswerSeen, Budgets, WeightBudget

steps = st.lists(
    st.tuples(
        st.floats(min_value=0.0, max_value=30.0),
        st.integers(min_value=1, max_value=60),
        st.booleans(),
    ),
    max_size=60,
)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(steps)
def test_no_minute_ever_holds_more_than_the_limit_and_others_leave_the_reserve(
    steps: list[tuple[float, int, bool]],
) -> None:
    budget, now, sent = WeightBudget(100), 0.0, list[tuple[float, int]]()
    for pause, weight, reserve in steps:
        now += pause
        if budget.wait(now, weight, reserve=reserve) == 0.0:
            budget.spend(now, weight)
            sent.append((now, weight))
            window = sum(w for moment, w in sent if moment + WINDOW > now)
            assert window <= (100 if reserve else 80)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(steps, st.integers(min_value=1, max_value=200))
def test_after_the_wait_that_is_told_the_request_may_leave(steps: list[tuple[float, int, bool]], weight: int) -> None:
    budget, now = WeightBudget(100), 0.0
    for pause, spent, _ in steps:
        now += pause
        budget.spend(now, spent)

    wait = budget.wait(now, weight, reserve=False)

    assert wait <= WINDOW + 1e-6
    assert budget.wait(now + wait + 1e-6, weight, reserve=False) == 0.0


def test_a_cancel_may_use_what_others_may_not() -> None:
    budget = WeightBudget(100)
    budget.spend(0.0, 80)

    assert budget.wait(1.0, 1, reserve=False) == pytest.approx(59.0)
    assert budget.wait(1.0, 1, reserve=True) == 0.0


def test_the_venues_higher_count_is_believed_and_its_lower_one_is_not() -> None:
    budget = WeightBudget(100)
    budget.spend(0.0, 10)
    budget.answered(1.0, AnswerSeen(200, used_weight=70))
    assert budget.used(1.0) == 70

    budget.answered(2.0, AnswerSeen(200, used_weight=3))
    assert budget.used(2.0) == 70


@pytest.mark.parametrize(
    ("seen", "pause"),
    [
        (AnswerSeen(429, retry_after=7.0), 7.0),
        (AnswerSeen(429), 60.0),
        (AnswerSeen(418, retry_after=300.0), 300.0),
        (AnswerSeen(418), 120.0),
        (AnswerSeen(429, retry_after=7.0, account_only=True), 0.0),
        (AnswerSeen(500, retry_after=7.0), 0.0),
        (AnswerSeen(200), 0.0),
    ],
)
def test_only_a_limit_of_the_address_stops_everyone(seen: AnswerSeen, pause: float) -> None:
    budget = WeightBudget(100)
    budget.answered(10.0, seen)

    assert budget.stopped_for(10.0) == pause
    assert budget.wait(10.0, 1, reserve=True) == pause


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    budget = WeightBudget(100)
    budget.answered(0.0, AnswerSeen(418, retry_after=100.0))
    budget.answered(1.0, AnswerSeen(429, retry_after=2.0))

    assert budget.stopped_for(1.0) == 99.0


def test_sessions_share_a_budget_only_behind_the_same_address_at_the_same_venue() -> None:
    budgets = Budgets()

    assert budgets.of(("binance", "a"), 100) is budgets.of(("binance", "a"), 100)
    assert budgets.of(("binance", "a"), 100) is not budgets.of(("binance", "b"), 100)
    assert budgets.of(("binance", "a"), 100) is not budgets.of(("kraken", "a"), 100)


def test_a_call_that_the_venue_does_not_count_is_held_back_by_a_pause_alone() -> None:
    budget = WeightBudget(per_minute=10)
    budget.spend(0.0, 10)

    assert budget.wait(1.0, 1, reserve=False) > 0
    assert budget.wait(1.0, 0, reserve=False) == 0.0
    budget.answered(1.0, AnswerSeen(429, retry_after=5.0))
    assert budget.wait(2.0, 0, reserve=False) == pytest.approx(4.0)
