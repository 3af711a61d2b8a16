"""The AccountState: balances, open orders and how the operator keeps up, written when something changed."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from exchange_kernel.api.account_state import (
    MAX_POSITIONS,
    MAX_REASONS,
    MAX_UNMANAGED,
    AccountState,
    Balance,
    Health,
    Lag,
    Position,
    ReconciliationMetrics,
    UnmanagedOrder,
    UnmanagedOrders,
)
from exchange_kernel.api.enums import HealthStatus, OrderStream, PositionSide, PositionSource
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.meta import ObjectMeta
from exchange_kernel.api.scalars import bounded
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.controller.recent import RecentErrors, RecentLags
from exchange_kernel.core import venue
from exchange_kernel.core.account import SessionFacts
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.status import tidy
from exchange_kernel.core.venue import VenueOrder
from exchange_kernel.core.venue_rules import Market
from exchange_kernel.exchange.streams import StreamState


@dataclass(slots=True)
class AccountCounters:
    """Counted since the operator started; `lags` and `recent` in the last minutes."""

    placements: int = 0
    retries: int = 0
    resolved_unknown: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    lags: RecentLags = field(default_factory=RecentLags)
    recent: RecentErrors = field(default_factory=RecentErrors)

    def error(self, reason: str, now: float) -> None:
        """One more error of this kind, by the monotonic clock."""
        self.errors[reason] = self.errors.get(reason, 0) + 1
        self.recent.add(reason, now)


@dataclass(frozen=True, slots=True)
class AccountPicture:
    """Everything that an AccountState is made of.

    Attributes:
        balances: As last read; None before the first read.
        markets: The account's markets, by symbol.
        in_flight: Creates at the venue without an answer yet.
        queue_depth: Calls that wait for their turn at the venue.
        swept_at: When all open orders were last read.
        open_orders: Working orders that OrderIntents own.
        unmanaged: Open orders at the venue that none owns.
        unknown: Placements that are not proven either way.
        monotonic: The same moment as `at`, by the clock of the counters' windows.
    """

    account: ExchangeAccount
    session: SessionFacts
    problem: Problem | None
    balances: Iterable[venue.Balance] | None
    markets: Mapping[str, Market]
    open_orders: int
    unmanaged: tuple[VenueOrder, ...]
    unknown: int
    oldest_unknown_seconds: float | None
    counters: AccountCounters
    stream: StreamState
    in_flight: int
    queue_depth: int
    swept_at: datetime | None
    at: datetime
    monotonic: float


def unmanaged(snapshot: Iterable[VenueOrder], memos: Iterable[IntentMemo]) -> tuple[VenueOrder, ...]:
    """The open orders at the venue that none of the intents owns, by the venue's id or by ours."""
    ids, names = set(), set()
    for memo in memos:
        ids.add((memo.intent.spec.symbol, memo.exchange_order_id))
        names.add(memo.client_order_id)
    names.discard("")
    return tuple(
        order
        for order in snapshot
        if (order.symbol, order.exchange_order_id) not in ids and order.client_order_id not in names
    )


def render(picture: AccountPicture) -> AccountState:
    """The whole object."""
    meta = picture.account.metadata
    return AccountState(
        metadata=ObjectMeta(namespace=meta.namespace, name=meta.name),
        exchange=picture.account.spec.exchange,
        trading_state=picture.account.spec.trading_state,
        ready=picture.problem is None,
        balances=tuple(_balance(each) for each in picture.balances or ()),
        positions=_positions(picture),
        open_orders=picture.open_orders,
        unmanaged_orders=_unmanaged(picture.unmanaged),
        metrics=_metrics(picture),
        health=_health(picture),
        as_of=picture.at,
    )


def same_content(left: AccountState, right: AccountState) -> bool:
    """Whether two states say the same, times and what only grows old aside."""
    return _timeless(left) == _timeless(right)


def _timeless(state: AccountState) -> Mapping[str, object]:
    obj = state.to_object()
    for key in ("metadata", "asOf"):
        obj.pop(key, None)
    # What is different at every moment is written when something else is, or with the heartbeat.
    for key in ("asOf", "oldestUnknownSeconds", "lastSweepAt", "queueDepth", "inFlight", "lagSeconds"):
        obj.get("metrics", {}).pop(key, None)
    for key in ("operatorSeenAt", "exchangeLatencyMilliseconds", "clockSkewMilliseconds", "errors"):
        obj.get("health", {}).pop(key, None)
    return obj


def _balance(balance: venue.Balance) -> Balance:
    return Balance(asset=balance.asset, free=tidy(balance.free), locked=tidy(balance.locked), total=tidy(balance.total))


def _positions(picture: AccountPicture) -> tuple[Position, ...]:
    """On spot one position per base asset, by the first market that trades it, without an entry price.

    BTC/USDT and BTC/EUR must not show the same BTC twice.
    """
    first: dict[str, str] = {}
    for symbol in sorted(picture.markets):
        first.setdefault(picture.markets[symbol].base, symbol)
    held = sorted((each for each in picture.balances or () if each.total > 0), key=lambda each: each.asset)
    return tuple(
        Position(
            symbol=first[each.asset],
            asset=each.asset,
            side=PositionSide.LONG,
            quantity=tidy(each.total),
            source=PositionSource.BALANCE,
        )
        for each in held
        if each.asset in first
    )[:MAX_POSITIONS]


def _unmanaged(orders: tuple[VenueOrder, ...]) -> UnmanagedOrders:
    shown = sorted(orders, key=lambda order: order.exchange_order_id)[:MAX_UNMANAGED]
    return UnmanagedOrders(
        count=len(orders),
        orders=tuple(
            UnmanagedOrder(
                exchange_order_id=order.exchange_order_id,
                client_order_id=order.client_order_id or None,
                symbol=order.symbol,
                side=order.side,
                quantity=_tidy(order.quantity),
                filled_quantity=tidy(order.filled),
                price=_tidy(order.price),
                trigger_price=_tidy(order.trigger_price),
            )
            for order in shown
        ),
    )


def _tidy(value: Decimal | None) -> Decimal | None:
    return None if value is None else tidy(value)


def _metrics(picture: AccountPicture) -> ReconciliationMetrics:
    age = picture.oldest_unknown_seconds
    return ReconciliationMetrics(
        as_of=picture.at,
        lag_seconds=_lag(picture.counters.lags.within(picture.monotonic)),
        queue_depth=picture.queue_depth,
        in_flight=picture.in_flight,
        unknown_orders=picture.unknown,
        oldest_unknown_seconds=None if age is None else bounded(Decimal(str(round(age, 1)))),
        retries=picture.counters.retries,
        errors=_counts(picture.counters.errors),
        placements=picture.counters.placements,
        resolved_unknown=picture.counters.resolved_unknown,
        last_sweep_at=picture.swept_at,
    )


def _lag(lags: Iterable[float]) -> Lag | None:
    ordered = sorted(lags)
    return Lag(p50=_percentile(ordered, 50), p99=_percentile(ordered, 99)) if ordered else None


def _percentile(ordered: Sequence[float], percent: int) -> Decimal:
    """By the nearest rank, so that it is a lag that there was; to the millisecond."""
    rank = math.ceil(len(ordered) * percent / 100)
    return tidy(Decimal(str(round(max(0.0, ordered[rank - 1]), 3))))


def _counts(errors: Mapping[str, int]) -> Mapping[str, int]:
    return dict(sorted(errors.items())[:MAX_REASONS])


def _health(picture: AccountPicture) -> Health:
    problem, session = picture.problem, picture.session
    status = HealthStatus.HEALTHY if problem is None else HealthStatus.UNHEALTHY
    if problem is None and picture.unknown:
        status = HealthStatus.DEGRADED
    message = problem.message if problem else f"{picture.unknown} outcomes are unknown" if picture.unknown else ""
    took = session.round_trip_milliseconds
    return Health(
        status=status,
        message=message[:1024],
        connected=bool(session.connected),
        authenticated=bool(session.authenticated),
        order_stream=OrderStream(picture.stream.value),
        operator_seen_at=picture.at,
        exchange_latency_milliseconds=None if took is None else Decimal(took),
        clock_skew_milliseconds=session.skew_milliseconds,
        errors=_counts(picture.counters.recent.within(picture.monotonic)),
    )
