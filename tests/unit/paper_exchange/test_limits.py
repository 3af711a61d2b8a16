import pytest

from paper_exchange.events import ExecutionType, OrderUpdate
from paper_exchange.limits import GO_ON, Limits, RateLimiter
from paper_exchange.model import OrderType, Side
from support.paper_engine import Bench, market

MINUTE = 60_000
NOON = 1_700_000_000_000 // (24 * 60 * MINUTE) * (24 * 60 * MINUTE) + 12 * 60 * MINUTE


def limiter(**changes: int) -> RateLimiter:
    return RateLimiter(
        Limits(**{"weight_per_minute": 100, "orders_per_10s": 5, "orders_per_day": 8, "forgiven": 2} | changes)
    )


def test_requests_within_the_budget_go_on_and_are_counted() -> None:
    limits = limiter()

    assert limits.charge("a", 60, NOON) == limits.charge("a", 40, NOON) == GO_ON
    assert limits.used_weight("a", NOON) == 100


def test_beyond_the_budget_the_answer_is_429_until_the_minute_ends() -> None:
    limits = limiter()
    verdict = limits.charge("a", 101, NOON + 15_500)

    assert (verdict.status, verdict.retry_after_s) == (429, 45)
    assert verdict.refusal is not None
    assert verdict.refusal.code == -1003
    assert "current limit is 100 request weight per 1 MINUTE" in verdict.refusal.message
    assert limits.charge("a", 1, NOON + MINUTE) == GO_ON


def test_addresses_have_budgets_of_their_own() -> None:
    limits = limiter()
    limits.charge("a", 101, NOON)

    assert limits.charge("b", 1, NOON) == GO_ON


def exhaust(limits: RateLimiter, now: int) -> int:
    """Go on until the ban; returns its length in seconds."""
    for _ in range(10):
        verdict = limits.charge("a", 101, now)
        if verdict.status == 418:
            return verdict.retry_after_s
    raise AssertionError("never banned")


def test_who_goes_on_after_429_is_banned_for_two_minutes() -> None:
    limits = limiter()

    assert [limits.charge("a", 101, NOON).status for _ in range(3)] == [429, 429, 418]
    banned = limits.charge("a", 1, NOON + MINUTE)
    assert (banned.status, banned.retry_after_s) == (418, 60)
    assert banned.refusal is not None
    assert f"IP banned until {NOON + 2 * MINUTE}" in banned.refusal.message
    assert limits.charge("a", 1, NOON + 2 * MINUTE) == GO_ON


def test_each_further_ban_is_twice_as_long_up_to_three_days() -> None:
    limits, now, lengths = limiter(), NOON, []
    for _ in range(13):
        lengths.append(exhaust(limits, now))
        now += lengths[-1] * 1000

    assert lengths[:4] == [120, 240, 480, 960]
    assert lengths[-1] == 3 * 24 * 3600


def test_a_long_good_conduct_is_rewarded() -> None:
    limits = limiter()
    first = exhaust(limits, NOON)

    assert exhaust(limits, NOON + 5 * 24 * 60 * MINUTE) == first


def test_a_pardon_lifts_the_ban() -> None:
    limits = limiter()
    exhaust(limits, NOON)
    limits.pardon("a")

    assert limits.charge("a", 1, NOON) == GO_ON


@pytest.mark.parametrize(
    ("placed", "text", "retry_after"), [(5, "5 orders per 10 SECOND", 10), (8, "8 orders per 1 DAY", 12 * 3600)]
)
def test_too_many_orders_are_refused_until_the_window_ends(placed: int, text: str, retry_after: int) -> None:
    limits = limiter(orders_per_10s=5 if placed == 5 else 0)
    for _ in range(placed):
        limits.count_order("alice", NOON)
    verdict = limits.admit_order("alice", NOON)

    assert (verdict.status, verdict.retry_after_s) == (429, retry_after)
    assert verdict.refusal is not None
    assert verdict.refusal.code == -1015
    assert text in verdict.refusal.message
    assert limits.admit_order("bob", NOON) == GO_ON


def first_fill(account: str, bench: Bench) -> OrderUpdate:
    found = [update for update in bench.events(OrderUpdate) if update.execution is ExecutionType.TRADE]
    return next(update for update in found if update.account == account)


def test_a_first_fill_gives_back_one_to_a_taker_and_five_to_a_maker() -> None:
    bench, limits = Bench(), limiter()
    bench.placed(account="bob", side=Side.SELL, quantity="1")
    bench.do(market())
    for account in ("alice", "bob"):
        for _ in range(6):
            limits.count_order(account, NOON)
        limits.give_back(first_fill(account, bench), NOON)

    assert limits.order_counts("alice", NOON) == (5, 5)
    assert limits.order_counts("bob", NOON) == (1, 1)


def test_a_second_fill_gives_nothing_back() -> None:
    bench, limits = Bench(), limiter()
    bench.placed(account="bob", side=Side.SELL, quantity="1")
    bench.do(market())
    bench.do(market())
    limits.count_order("bob", NOON)
    limits.give_back(first_fill("bob", bench), NOON)

    assert limits.order_counts("bob", NOON) == (1, 1)


def test_there_is_no_credit_below_zero() -> None:
    bench, limits = Bench(), limiter()
    bench.placed(account="bob", type=OrderType.LIMIT, side=Side.SELL)
    bench.do(market())
    limits.give_back(first_fill("bob", bench), NOON)
    limits.count_order("bob", NOON)

    assert limits.order_counts("bob", NOON) == (1, 1)
