import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.kube.errors import Conflict, KubeError, NotFound, TooManyRequests, Unavailable
from exchange_kernel.kube.retry import Patience, pause_before_retry

PATIENCE = Patience(first_seconds=0.1, longest_seconds=2.0, total_seconds=10.0)


def pause(error: KubeError, *, is_read: bool = True, tries: int = 1, elapsed: float = 0.0) -> float | None:
    return pause_before_retry(error, is_read=is_read, tries=tries, elapsed=elapsed, jitter=1.0, patience=PATIENCE)


def test_a_read_is_repeated_when_no_answer_came() -> None:
    assert pause(Unavailable("x")) == 0.1


def test_a_write_is_never_repeated_when_no_answer_came() -> None:
    assert pause(Unavailable("x"), is_read=False) is None


def test_a_write_is_not_even_repeated_when_no_connection_came_about() -> None:
    assert pause(Unavailable("x", maybe_done=False), is_read=False) is None


@pytest.mark.parametrize("is_read", [True, False])
def test_an_answered_429_is_repeated_after_the_pause_that_the_server_asks_for(is_read: bool) -> None:
    assert pause(TooManyRequests("x", 3.0), is_read=is_read) == 3.0


def test_a_429_without_a_pause_backs_off() -> None:
    assert pause(TooManyRequests("x"), is_read=False, tries=3) == pytest.approx(0.4)


@pytest.mark.parametrize("error", [NotFound("x"), Conflict("x")])
def test_an_answer_that_proves_something_is_never_repeated(error: KubeError) -> None:
    assert pause(error) is None


def test_patience_ends() -> None:
    assert pause(Unavailable("x"), tries=9, elapsed=8.1) is None


def test_a_pause_that_is_longer_than_patience_is_not_begun() -> None:
    assert pause(TooManyRequests("x", 11.0), is_read=False) is None


@settings(derandomize=True, max_examples=200)
@given(
    tries=st.integers(1, 10_000),
    elapsed=st.floats(0, 20),
    jitter=st.floats(0, 1),
    asked=st.none() | st.integers(0, 100).map(float),
)
def test_no_try_starts_after_patience_has_ended_and_no_pause_is_zero(
    tries: int, elapsed: float, jitter: float, asked: float | None
) -> None:
    waited = pause_before_retry(
        TooManyRequests("x", asked), is_read=False, tries=tries, elapsed=elapsed, jitter=jitter, patience=PATIENCE
    )

    assert waited is None or (waited >= 0.05 and elapsed + waited <= PATIENCE.total_seconds)
