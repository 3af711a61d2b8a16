"""Who works on an account: taken when it is free or has not changed for its duration, by our own clock alone."""

import pytest

from exchange_kernel.core.lease import LeaseSeen, Step, look_again, next_step, seen

SEEN = LeaseSeen("other", "7", 15.0, seen_at=100.0)


@pytest.mark.parametrize(
    ("lease", "now", "step"),
    [
        (None, 100.0, Step.CREATE),
        (SEEN, 114.9, Step.WAIT),
        (SEEN, 115.0, Step.TAKE),
        (LeaseSeen("", "7", 15.0, 100.0), 100.0, Step.TAKE),
        (LeaseSeen("me", "7", 15.0, 100.0), 100.0, Step.RENEW),
        (LeaseSeen("me", "7", 15.0, 100.0), 500.0, Step.RENEW),
    ],
)
def test_a_lease_is_taken_when_nobody_has_touched_it_for_its_duration(
    lease: LeaseSeen | None, now: float, step: Step
) -> None:
    assert next_step(lease, "me", now) is step


def test_what_has_not_changed_grows_old_and_what_has_changed_is_new() -> None:
    first = seen(None, "other", "7", 15.0, 100.0)
    assert seen(first, "other", "7", 15.0, 110.0).seen_at == 100.0
    assert seen(first, "other", "8", 15.0, 110.0).seen_at == 110.0


def test_whoever_waits_looks_when_the_lease_may_have_run_out() -> None:
    assert look_again(SEEN, "me", 101.0, 15.0) == 5.0
    assert look_again(SEEN, "me", 113.0, 15.0) == 2.0
    assert look_again(SEEN, "me", 200.0, 15.0) == 0.1
    assert look_again(LeaseSeen("me", "7", 15.0, 100.0), "me", 200.0, 15.0) == 5.0
