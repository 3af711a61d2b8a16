"""What happened lately: windows that forget, and are bounded."""

from exchange_kernel.controller.recent import MAX_LAGS, SLICE_SECONDS, WINDOW_SECONDS, RecentErrors, RecentLags


def test_a_lag_is_shown_for_the_window_and_then_forgotten() -> None:
    lags = RecentLags()
    lags.add(0.5, 1000.0)
    lags.add(0.25, 1100.0)
    assert lags.within(1000.0 + WINDOW_SECONDS - 1) == (0.5, 0.25)
    assert lags.within(1000.0 + WINDOW_SECONDS) == (0.25,)
    assert lags.within(1100.0 + WINDOW_SECONDS) == ()


def test_of_very_many_lags_the_newest_are_kept() -> None:
    lags = RecentLags()
    for number in range(MAX_LAGS + 10):
        lags.add(float(number), 1000.0)
    kept = lags.within(1000.0)
    assert (len(kept), kept[0], kept[-1]) == (MAX_LAGS, 10.0, MAX_LAGS + 9.0)


def test_errors_are_counted_by_reason_until_they_are_old() -> None:
    errors = RecentErrors()
    errors.add("RateLimited", 1000.0)
    errors.add("RateLimited", 1001.0)
    errors.add("VenueUnavailable", 1100.0)
    assert errors.within(1000.0 + WINDOW_SECONDS - 1) == {"RateLimited": 2, "VenueUnavailable": 1}
    assert errors.within(1000.0 + WINDOW_SECONDS) == {"VenueUnavailable": 1}
    assert errors.within(1100.0 + WINDOW_SECONDS) == {}


def test_errors_without_end_are_counted_in_full_and_cost_bounded_memory() -> None:
    errors, seconds = RecentErrors(), int(2 * WINDOW_SECONDS)
    for second in range(seconds):
        for _ in range(100):
            errors.add("VenueUnavailable", 1000.0 + second)
    counted = errors.within(1000.0 + seconds)["VenueUnavailable"]
    assert 100 * (WINDOW_SECONDS - SLICE_SECONDS) <= counted <= 100 * WINDOW_SECONDS
    assert len(errors._slices) <= WINDOW_SECONDS / SLICE_SECONDS
