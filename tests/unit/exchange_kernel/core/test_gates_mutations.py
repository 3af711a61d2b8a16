"""Rules of price and limits, left out or turned round: a handful of orders must be judged otherwise.

That every rule of the list stops something is asked in `test_gates`; here it is what the rules are made of.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.core.gates import first_stop, limits, prices
from exchange_kernel.core.view import View
from support.builders import account, intent, price, view
from support.builders import limits as limited

STOP = {"type": "StopMarket", "side": "Sell", "price": None, "triggerPrice": "49000"}
TRAILING = {"type": "TrailingStopMarket", "price": None, "trailing": {"offset": "1", "offsetType": "Percent"}}
LARGEST = limited(maxNotional=[{"currency": "USDT", "perOrder": "25000"}])
COLLAR = limited(priceCollarPercent="1")

# An order, and the reason for which it is not sent; empty: it is.
JUDGEMENTS: list[tuple[View, str]] = [
    (view(intent(**STOP), account=account(prices=price("50000"))), ""),
    (view(intent(**STOP), account=account(prices=price("49000"))), "TriggerAlreadyCrossed"),
    (view(intent(**STOP), account=account(prices=price("50000", age=3))), "NoReferencePrice"),
    (view(intent(**STOP), account=account(prices=price("50000", age=6)), sending=True), "NoReferencePrice"),
    (view(account=account(limits=LARGEST)), ""),
    (view(intent(quantity="0.50001"), account=account(limits=LARGEST)), "LimitExceeded"),
    (view(intent(quantity="9", side="Sell"), account=account(limits=LARGEST)), ""),
    (view(intent(**TRAILING), account=account(limits=LARGEST, prices=price("50000"))), "LimitExceeded"),
    (view(intent(price="49000"), account=account(limits=COLLAR, prices=price("49000"))), ""),
    (view(account=account(limits=COLLAR, prices=price("49000"))), "LimitExceeded"),
]


def is_red() -> bool:
    found = [first_stop(one) for one, _ in JUDGEMENTS]
    return [stop.reason if stop else "" for stop in found] != [reason for _, reason in JUDGEMENTS]


MUTATIONS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "a crossed trigger passes": (prices, "is_crossed", lambda *_: False),
    "the direction is turned round": (
        prices,
        "waits_for_rise",
        lambda side, kind: (side == "Sell") == kind.startswith("Stop"),
    ),
    "any price is fresh": (prices, "_oldest", lambda _: float("inf")),
    "a price to record by may be as old as one to send by": (prices, "_oldest", lambda _: 5.0),
    "a price to send by may be older": (prices, "_oldest", lambda one: 60.0 if one.sending else 2.0),
    "limits bind exits": (limits, "_bound", lambda _: True),
    "limits bind nothing": (limits, "_bound", lambda _: False),
    "orders are worth nothing": (limits, "_worth", lambda *_: Decimal(0)),
    "a trailing buy is worth its start": (limits, "_start", lambda one, _: prices.reference(one)),
}


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=[name.replace(" ", "-") for name in MUTATIONS])
def test_the_judgements_turn_red_when(
    mutation: tuple[Any, str, Callable[..., Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, name, replacement = mutation
    monkeypatch.setattr(module, name, replacement)

    assert is_red()


def test_without_a_mutation_they_are_green() -> None:
    assert not is_red()
