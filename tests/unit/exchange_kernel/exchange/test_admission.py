"""Who goes next."""

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.exchange.admission import Admission, Lane, Priority, Ticket
from exchange_kernel.exchange.budget import AnswerSeen, WeightBudget


def queue(per_minute: int = 6000) -> Admission:
    return Admission(WeightBudget(per_minute))


def fill_orders_lane(admission: Admission) -> list[Ticket]:
    for _ in range(8):
        admission.enter(Priority.CREATE, Lane.ORDERS, 1)
    return admission.pop_ready(0.0).tickets


def test_the_most_urgent_class_goes_first_and_within_it_the_first_come() -> None:
    admission = queue()
    running = fill_orders_lane(admission)
    entered = [
        admission.enter(priority, Lane.ORDERS, 1)
        for priority in (Priority.CREATE, Priority.RESOLVE, Priority.CREATE, Priority.PROTECTIVE_CREATE)
    ]
    order = list[Ticket]()
    for ticket in running:
        admission.ended(ticket)
        order += admission.pop_ready(0.0).tickets

    assert order == [entered[3], entered[1], entered[0], entered[2]]


def test_a_cancel_goes_out_while_all_places_are_taken_by_creates() -> None:
    admission = queue()
    fill_orders_lane(admission)
    admission.enter(Priority.CREATE, Lane.ORDERS, 1)
    cancel = admission.enter(Priority.CANCEL, Lane.ORDERS, 1)

    assert admission.pop_ready(0.0).tickets == [cancel]


def test_only_one_bulk_read_runs_and_it_delays_nothing_else() -> None:
    admission = queue()
    bulk = [admission.enter(Priority.POLL, Lane.BULK_READS, 80) for _ in range(2)]
    create = admission.enter(Priority.CREATE, Lane.ORDERS, 1)

    assert admission.pop_ready(0.0).tickets == [create, bulk[0]]
    assert admission.pop_ready(0.0).tickets == []
    admission.ended(bulk[0])
    assert admission.pop_ready(0.0).tickets == [bulk[1]]


def test_a_class_that_waits_for_weight_holds_back_those_below_it() -> None:
    admission = queue(per_minute=100)
    admission.budget.spend(0.0, 75)
    create = admission.enter(Priority.CREATE, Lane.ORDERS, 10)
    poll = admission.enter(Priority.POLL, Lane.SINGLE_READS, 1)

    ready = admission.pop_ready(10.0)
    assert ready.tickets == []
    assert ready.wake_in == 50.0

    assert admission.pop_ready(60.0).tickets == [create, poll]


def test_a_cancel_passes_a_create_that_waits_for_weight() -> None:
    admission = queue(per_minute=100)
    admission.budget.spend(0.0, 80)
    admission.enter(Priority.CREATE, Lane.ORDERS, 1)
    cancel = admission.enter(Priority.CANCEL, Lane.ORDERS, 1)

    assert admission.pop_ready(0.0).tickets == [cancel]


def test_nothing_leaves_during_a_pause_of_the_venue() -> None:
    admission = queue()
    admission.budget.answered(0.0, AnswerSeen(418, retry_after=30.0))
    cancel = admission.enter(Priority.CANCEL, Lane.ORDERS, 1)

    assert admission.pop_ready(0.0) == ([], 30.0)
    assert admission.pop_ready(30.0).tickets == [cancel]


def test_a_caller_that_has_gone_leaves_no_trace() -> None:
    admission = queue()
    fill_orders_lane(admission)
    gone = admission.enter(Priority.CREATE, Lane.ORDERS, 1)
    admission.withdraw(gone)

    assert admission.depth == 0


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Priority), st.sampled_from(Lane), st.integers(1, 80)), max_size=40))
def test_every_call_gets_its_turn_exactly_once(calls: list[tuple[Priority, Lane, int]]) -> None:
    admission, now, left = queue(per_minute=200), 0.0, list[Ticket]()
    entered = [admission.enter(*call) for call in calls]
    for _ in range(len(calls) + 1):
        while ready := admission.pop_ready(now).tickets:
            left += ready
            for ticket in ready:
                admission.ended(ticket)
        now += 60.0

    assert sorted(left, key=lambda t: t.number) == entered
    assert admission.depth == 0
