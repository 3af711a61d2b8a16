"""Whose requests count together, and against how much."""

from exchange_kernel.exchange.account import Credentials, Venue
from exchange_kernel.exchange.budget import Budgets
from exchange_kernel.exchange.connect import open_exchange


class Noted(Budgets):
    """Notes what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[object, int, float]] = []

    def of(self, key, per_minute, window=60.0):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201 - as the base's
        self.asked.append((key, per_minute, window))
        return super().of(key, per_minute, window)


def asked(exchange: str, *keys: str, factor: float = 1.0) -> list[tuple[object, int, float]]:
    budgets = Noted()
    for key in keys:
        open_exchange(Venue(exchange, limit_factor=factor), Credentials(key, "secret"), budgets=budgets)
    return budgets.asked


async def test_accounts_behind_one_address_share_its_limit() -> None:
    first, second = asked("binance", "key one", "key two")

    assert first == second


async def test_a_venue_that_counts_accounts_gives_each_its_own_limit_and_no_key_is_told() -> None:
    first, second = asked("kraken", "key one", "key two")

    assert first[0] != second[0]
    assert first[1:] == second[1:] == (15, 45.0)
    assert "key one" not in repr(first)


async def test_an_account_of_a_higher_tier_may_ask_more() -> None:
    ((_, per_window, _),) = asked("kraken", "key", factor=3)

    assert per_window == 45
