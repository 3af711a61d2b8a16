import time

import pytest

from paper_exchange.clock import ManualClock, RealClock, SkewedClock


def test_the_real_clock_is_the_machines() -> None:
    before = time.time_ns() // 1_000_000
    now = RealClock().now_ms()

    assert before <= now <= time.time_ns() // 1_000_000


def test_a_skewed_clock_follows_its_base_at_a_distance() -> None:
    base = ManualClock(10_000)
    clock = SkewedClock(base, -3_000)
    base.advance(500)

    assert clock.now_ms() == 7_500


def test_the_skew_can_change_while_the_clock_runs() -> None:
    clock = SkewedClock(ManualClock(10_000))
    clock.offset_ms = 5_000

    assert clock.now_ms() == 15_000


def test_a_manual_clock_does_not_advance_backwards() -> None:
    with pytest.raises(ValueError, match="set at_ms"):
        ManualClock().advance(-1)
