"""Whose requests count together, and against how much."""

from collections.abc import Hashable
from decimal import Decimal

import pytest

from exchange_kernel.exchange.account import Credentials, Venue
from exchange_kernel.exchange.budget import Budgets, WeightBudget
from exchange_kernel.exchange.connect import open_exchange


class Noted(Budgets):
    """Notes what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[object, int, float]] = []

    def of(self, key: Hashable, per_minute: int, window: float = 60.0) -> WeightBudget:
        self.asked.append((key, per_minute, window))
        return super().of(key, per_minute, window)


def asked(exchange: str, *keys: str) -> list[tuple[object, int, float]]:
    budgets = Noted()
    for key in keys:
        open_exchange(Venue(exchange), Credentials(key, "secret"), budgets=budgets)
    return budgets.asked


def limits(exchange: str, *factors: str) -> list[tuple[int, float]]:
    """What the accounts of so many keys, each with a factor of its own, may ask in the end: so much in such a time."""
    budgets = Noted()
    for number, factor in enumerate(factors):
        venue = Venue(exchange, limit_factor=Decimal(factor))
        open_exchange(venue, Credentials(f"key {number}", "secret"), budgets=budgets)
    return [(one.per_minute, one.window) for one in (budgets.of(*asked) for asked in tuple(budgets.asked))]


async def test_accounts_behind_one_address_share_its_limit() -> None:
    first, second = asked("binance", "key one", "key two")

    assert first == second


async def test_a_venue_that_counts_accounts_gives_each_its_own_limit_and_no_key_is_told() -> None:
    first, second = asked("kraken", "key one", "key two")

    assert first[0] != second[0]
    assert first[1:] == second[1:] == (15, 45.0)
    assert "key one" not in repr(first)


@pytest.mark.parametrize(
    ("factor", "limit"),
    [("1", (15, 45.0)), ("3", (15, 15.0)), ("1.5", (15, 30.0)), ("0.5", (7, 45.0)), ("0.0001", (1, 45.0))],
)
async def test_an_account_of_a_higher_tier_may_ask_more_often_and_one_that_shares_its_limit_less(
    factor: str, limit: tuple[int, float]
) -> None:
    assert limits("kraken", factor) == [limit]


async def test_each_account_has_its_own_factor() -> None:
    assert limits("kraken", "3", "1") == [(15, 15.0), (15, 45.0)]


@pytest.mark.parametrize("exchange", ["binance", "bybit"])
async def test_no_account_raises_or_lowers_the_limit_of_an_address(exchange: str) -> None:
    (usual,) = limits(exchange, "1")

    assert limits(exchange, "100", "0.01") == [usual, usual]


async def test_a_session_of_the_same_key_with_another_factor_changes_the_limit_that_both_have() -> None:
    budgets = Noted()
    for factor in ("3", "1.5"):
        open_exchange(Venue("kraken", limit_factor=Decimal(factor)), Credentials("key", "secret"), budgets=budgets)

    assert budgets.of(*budgets.asked[0]).window == 30.0
