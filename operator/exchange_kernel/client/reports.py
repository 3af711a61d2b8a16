"""Health and metrics, from what the operator writes into the AccountState. Pure."""

from datetime import datetime
from typing import Any

from exchange_kernel.api.account_state import AccountState, Lag

Report = dict[str, Any]


def health(  # noqa: PLR0913 - everything that is reported, by name
    stored: AccountState | None,
    *,
    now: datetime,
    watch_age: float | None,
    api_errors: int,
    callback_errors: int,
    problem: str = "",
) -> Report:
    """See `ExchangeKernel.health_check`: Healthy, Degraded or Unhealthy, and why.

    Args:
        stored: The AccountState; None where it could not be read.
        now: This process' time.
        watch_age: Seconds since the API server was last heard of; None before start.
        api_errors: Watches that failed.
        callback_errors: Callbacks that raised.
        problem: Why the AccountState could not be read.
    """
    said = stored.health if stored is not None else None
    seen = said.operator_seen_at if said is not None else None
    status = "Unhealthy" if stored is None or said is None else said.status.value
    return {
        "status": status,
        "message": problem or (said.message if said is not None else ""),
        "api_server": not problem,
        "watch_age_seconds": watch_age,
        "account": {
            "ready": stored.ready if stored is not None else False,
            "connected": said.connected if said is not None else False,
            "authenticated": said.authenticated if said is not None else False,
            "trading_state": stored.trading_state.value if stored is not None else None,
        },
        "operator_seen_seconds": None if seen is None else max(0.0, (now - seen).total_seconds()),
        "exchange_latency_ms": said.exchange_latency_milliseconds if said is not None else None,
        "clock_skew_ms": said.clock_skew_milliseconds if said is not None else None,
        "errors": {
            "api": api_errors,
            "callback": callback_errors,
            "exchange": dict(said.errors) if said is not None else {},
        },
    }


def metrics(stored: AccountState | None) -> Report:
    """See `ExchangeKernel.get_reconciliation_metrics`: as last seen by the watch; as_of None before the first."""
    said = stored.metrics if stored is not None else None
    if said is None:
        return {"as_of": None, **dict.fromkeys(_METRICS)}
    return {
        "as_of": said.as_of,
        "lag_seconds": _lag(said.lag_seconds),
        "queue_depth": said.queue_depth,
        "in_flight": said.in_flight,
        "unknown_orders": said.unknown_orders,
        "oldest_unknown_seconds": said.oldest_unknown_seconds,
        "retries": said.retries,
        "errors": dict(said.errors),
        "placements": said.placements,
        "resolved_unknown": said.resolved_unknown,
        "last_sweep_at": said.last_sweep_at,
    }


_METRICS = (
    "lag_seconds",
    "queue_depth",
    "in_flight",
    "unknown_orders",
    "oldest_unknown_seconds",
    "retries",
    "errors",
    "placements",
    "resolved_unknown",
    "last_sweep_at",
)


def _lag(lag: Lag | None) -> Report | None:
    return None if lag is None else {"p50": lag.p50, "p99": lag.p99}
