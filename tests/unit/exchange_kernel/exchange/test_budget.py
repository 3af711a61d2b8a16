"""The weight budget: never over the limit, a reserve for cancels, and the venue's own word."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.exchange.budget import WINDOW, AnswerSeen, Budgets, Use, WeightBudget

steps = st.lists(
    st.tuples(
        st.floats(min_value=0.0, max_value=30.0),
        st.integers(min_value=1, max_value=60),
        st.sampled_from(Use),
    ),
    max_size=60,
)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(steps)
def test_no_minute_ever_holds_more_than_the_limit_and_others_leave_the_reserve(
    steps: list[tuple[float, int, Use]],
) -> None:
    budget, now, sent = WeightBudget(100), 0.0, list[tuple[float, int, Use]]()
    for pause, weight, use in steps:
        now += pause
        if budget.wait(now, weight, use) == 0.0:
            budget.spend(now, weight, use)
            sent.append((now, weight, use))
            window = [(w, kind) for moment, w, kind in sent if moment + WINDOW > now]
            assert sum(w for w, _ in window) <= (100 if use is Use.CANCELS else 80)
            polls = [w for w, kind in window if kind is Use.POLLS]
            assert sum(polls) <= 50 or len(polls) == 1


@settings(max_examples=100, derandomize=True, deadline=None)
@given(steps, st.integers(min_value=1, max_value=200))
def test_after_the_wait_that_is_told_the_request_may_leave(steps: list[tuple[float, int, Use]], weight: int) -> None:
    budget, now = WeightBudget(100), 0.0
    for pause, spent, _ in steps:
        now += pause
        budget.spend(now, spent)

    wait = budget.wait(now, weight, Use.ORDERS)

    assert wait <= WINDOW + 1e-6
    assert budget.wait(now + wait + 1e-6, weight, Use.ORDERS) == 0.0


def test_a_cancel_may_use_what_others_may_not() -> None:
    budget = WeightBudget(100)
    budget.spend(0.0, 80)

    assert budget.wait(1.0, 1, Use.ORDERS) == pytest.approx(59.0)
    assert budget.wait(1.0, 1, Use.CANCELS) == 0.0


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
    assert budget.wait(10.0, 1, Use.CANCELS) == pause


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

    assert budget.wait(1.0, 1, Use.ORDERS) > 0
    assert budget.wait(1.0, 0, Use.ORDERS) == 0.0
    budget.answered(1.0, AnswerSeen(429, retry_after=5.0))
    assert budget.wait(2.0, 0, Use.ORDERS) == pytest.approx(4.0)


def test_polls_of_many_accounts_stretch_to_fit_in_their_share() -> None:
    budget = WeightBudget(6000)
    assert budget.claim("first", 80, 2.0) == 1.0
    assert budget.claim("first", 80, 2.0) == 1.0

    factors = [budget.claim(number, 80, 2.0) for number in range(7)]
    assert factors[-1] == pytest.approx(8 * 80 * 30 / 3000)

    for number in range(7):
        budget.waive(number)
    assert budget.claim("first", 80, 2.0) == 1.0


def test_idle_accounts_hardly_stretch_the_polls_of_a_busy_one() -> None:
    budget = WeightBudget(6000)
    for number in range(4):
        budget.claim(number, 80, 60.0)
    assert budget.claim("busy", 80, 2.0) == 1.0


def test_polls_never_take_what_orders_need_and_orders_leave_something_to_polls() -> None:
    polled = WeightBudget(1000)
    polled.spend(0.0, 500, Use.POLLS)
    assert polled.wait(0.0, 1, Use.POLLS) == WINDOW
    assert polled.wait(0.0, 300, Use.ORDERS) == 0.0

    ordered = WeightBudget(1000)
    ordered.claim("an account", 80, 60.0)
    assert ordered.wait(0.0, 700, Use.ORDERS) == 0.0
    ordered.spend(0.0, 700, Use.ORDERS)
    assert ordered.wait(0.0, 1, Use.ORDERS) == WINDOW
    assert ordered.wait(0.0, 100, Use.POLLS) == 0.0


def test_there_is_room_for_an_extra_poll_only_beside_those_that_are_due_anyway() -> None:
    budget = WeightBudget(6000)
    budget.claim("an account", 80, 2.0)
    assert budget.spare(0.0) == 600
    budget.spend(0.0, 2960, Use.POLLS)
    assert budget.spare(0.0) == 40


def test_another_limit_counts_what_was_spent_under_the_former_one() -> None:
    budget = WeightBudget(100)
    budget.spend(0.0, 80)

    assert budget.wait(20.0, 1) == 40.0
    assert budget.limit_to(100, 30.0)
    assert budget.wait(20.0, 1) == 10.0
    assert budget.limit_to(200, 30.0)
    assert budget.wait(20.0, 1) == 0.0
    assert not budget.limit_to(200, 30.0)
