"""Health and metrics as the client tells them, from an AccountState."""

from datetime import UTC, datetime
from decimal import Decimal

from exchange_kernel.api.account_state import AccountState
from exchange_kernel.client import reports

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
STORED = AccountState.from_object(
    {
        "metadata": {"namespace": "desk", "name": "main"},
        "ready": True,
        "metrics": {"asOf": "2030-01-01T11:59:00Z", "lagSeconds": {"p50": "0.012", "p99": "1.5"}},
        "health": {"status": "Healthy", "errors": {"RateLimited": 3}},
    }
)


def test_the_lag_is_told_as_decimals() -> None:
    assert reports.metrics(STORED)["lag_seconds"] == {"p50": Decimal("0.012"), "p99": Decimal("1.5")}


def test_a_lag_that_is_not_there_is_told_as_none() -> None:
    silent = STORED.model_copy(update={"metrics": None})
    assert reports.metrics(silent)["lag_seconds"] is None
    assert reports.metrics(None)["lag_seconds"] is None


def test_recent_errors_of_the_venue_are_told_beside_those_of_this_process() -> None:
    told = reports.health(STORED, now=NOW, watch_age=1.0, api_errors=1, callback_errors=2)
    assert told["errors"] == {"api": 1, "callback": 2, "exchange": {"RateLimited": 3}}


def test_without_a_state_there_are_no_errors_of_the_venue() -> None:
    told = reports.health(None, now=NOW, watch_age=None, api_errors=0, callback_errors=0, problem="away")
    assert told["errors"]["exchange"] == {}
