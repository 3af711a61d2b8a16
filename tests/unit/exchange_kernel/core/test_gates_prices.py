"""Triggers lie ahead of the market, judged by a price that is fresh."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.account_facts import ReferencePrice
from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import CreateReceipt, ReadPrice, Send
from exchange_kernel.core.gates import Stop, first_stop
from exchange_kernel.core.gates.prices import is_crossed, reference
from exchange_kernel.core.timing import PRICE_READS, PRICE_TO_RECORD, PRICE_TO_SEND
from exchange_kernel.core.venue import Absent
from exchange_kernel.core.view import NoReceipt, View
from support.builders import (
    MONOTONIC,
    RULES,
    SYMBOL,
    account,
    held,
    intent,
    limits,
    permit,
    placement,
    price,
    said,
    view,
)

D = Decimal
STOP = {"type": "StopMarket", "side": "Sell", "price": None, "triggerPrice": "49000"}


def trigger(side: str, kind: str, at: str) -> dict[str, Any]:
    limit = at if kind.endswith("Limit") else None
    return {"side": side, "type": kind, "triggerPrice": at, "price": limit}


@pytest.mark.parametrize(
    ("side", "kind", "at", "market", "denied", "direction"),
    [
        ("Sell", "StopMarket", "49000", "49000.01", False, ""),
        ("Sell", "StopMarket", "49000", "49000", True, "below 49000"),
        ("Sell", "StopLimit", "49000", "48000", True, "below 48000"),
        ("Buy", "StopMarket", "51000", "50999.99", False, ""),
        ("Buy", "StopLimit", "51000", "51000", True, "above 51000"),
        ("Sell", "TakeProfitMarket", "51000", "50999.99", False, ""),
        ("Sell", "TakeProfitLimit", "51000", "52000", True, "above 52000"),
        ("Buy", "TakeProfitMarket", "49000", "49000.01", False, ""),
        ("Buy", "TakeProfitLimit", "49000", "49000", True, "below 49000"),
    ],
)
def test_a_crossed_trigger_is_denied_with_the_price(  # noqa: PLR0917 - a row of the table
    side: str,
    kind: str,
    at: str,
    market: str,
    denied: bool,
    direction: str,
) -> None:
    stop = first_stop(view(intent(**trigger(side, kind, at)), account=account(prices=price(market))))

    assert (stop is not None) == denied
    if stop is not None:
        assert (stop.state, stop.reason) == (State.DENIED, Reason.TRIGGER_ALREADY_CROSSED)
        assert f"the last trade of {SYMBOL} was at {market}" in stop.message
        assert direction in stop.message


def test_a_trigger_is_judged_as_it_would_be_sent() -> None:
    """Rounded away from the market it may be ahead again."""
    wished = intent(**STOP | {"triggerPrice": "48999.999", "roundingPolicy": "Conservative"})

    assert first_stop(view(wished, account=account(prices=price("48999.995")))) is None


@settings(max_examples=200, derandomize=True)
@given(
    side=st.sampled_from(["Buy", "Sell"]),
    kind=st.sampled_from(["StopMarket", "StopLimit", "TakeProfitMarket", "TakeProfitLimit"]),
    at=st.decimals(min_value=1, max_value=10**6, places=2),
    market=st.decimals(min_value=1, max_value=10**6, places=2),
)
def test_of_a_stop_and_a_take_profit_at_one_price_exactly_one_is_ahead(
    side: str, kind: str, at: Decimal, market: Decimal
) -> None:
    other = kind.replace("Stop", "TakeProfit") if kind.startswith("Stop") else kind.replace("TakeProfit", "Stop")
    crossed = (is_crossed(side, kind, at, market), is_crossed(side, other, at, market))

    assert crossed == (True, True) if at == market else crossed[0] != crossed[1]


@pytest.mark.parametrize(
    ("side", "trailing", "market", "reason"),
    [
        ("Sell", {"offset": "1", "offsetType": "Percent", "activationPrice": "51000"}, "50000", None),
        (
            "Sell",
            {"offset": "1", "offsetType": "Percent", "activationPrice": "51000"},
            "51000",
            "TriggerAlreadyCrossed",
        ),
        ("Buy", {"offset": "1", "offsetType": "Percent", "activationPrice": "49000"}, "50000", None),
        ("Buy", {"offset": "1", "offsetType": "Percent", "activationPrice": "49000"}, "48000", "TriggerAlreadyCrossed"),
        ("Sell", {"offset": "100", "offsetType": "Amount"}, "100.01", None),
        ("Sell", {"offset": "100", "offsetType": "Amount"}, "100", "AboveMaximum"),
        ("Buy", {"offset": "100", "offsetType": "Amount"}, "100", None),
    ],
)
def test_a_trailing_stop_starts_ahead_of_the_market(
    side: str, trailing: dict[str, str], market: str, reason: str | None
) -> None:
    wished = intent(type="TrailingStopMarket", side=side, price=None, trailing=trailing)
    rules = replace(RULES, trailing_offsets=frozenset({"Percent", "Amount"}))
    stop = first_stop(view(wished, account=account(prices=price(market), rules=rules)))

    assert (stop.reason if stop else None) == reason


# --- freshness ----------------------------------------------------------------------------------------------------


def asks(stop: Stop | None) -> bool:
    return stop is not None and stop.ask == ReadPrice(SYMBOL)


def test_a_price_is_read_only_for_orders_that_need_it() -> None:
    plain = intent(
        type="TrailingStopMarket", side="Sell", price=None, trailing={"offset": "1", "offsetType": "Percent"}
    )

    assert first_stop(view()) is None
    assert first_stop(view(plain)) is None
    assert asks(first_stop(view(intent(**STOP))))
    assert not asks(first_stop(view(intent(**STOP, suspend=True))))


def test_an_old_price_is_read_again_and_never_used() -> None:
    stop = intent(**STOP)
    for age, fresh in ((PRICE_TO_RECORD - 0.01, True), (PRICE_TO_RECORD, False)):
        known = account(prices=price("48000", age=age))
        assert asks(first_stop(view(stop, account=known))) != fresh


def test_what_was_recorded_by_a_fresh_price_may_be_sent_by_one_a_little_older() -> None:
    wished = intent(**STOP)
    for age, fresh in ((PRICE_TO_SEND - 0.01, True), (PRICE_TO_SEND, False)):
        known = account(prices=price("50000", age=age))
        assert (first_stop(view(wished, account=known, sending=True)) is None) == fresh
        assert (first_stop(view(wished, account=known, permit=permit())) is None) == fresh


def failed(*, answered: bool, failures: int = 1, ago: float = 0.0) -> View:
    known = ReferencePrice(None, MONOTONIC - ago, "no answer", answered, failures)
    return view(intent(**STOP), account=account(prices={SYMBOL: known}))


def test_a_read_that_failed_is_repeated_at_growing_intervals() -> None:
    for failures in (1, 2, 3):
        pause = PRICE_READS.after(failures)
        waiting = first_stop(failed(answered=False, failures=failures, ago=pause - 0.1))
        assert waiting is not None
        assert (waiting.state, waiting.reason, waiting.ask) == (State.PENDING, Reason.NO_REFERENCE_PRICE, None)
        assert waiting.wait == pytest.approx(0.1)
        assert asks(first_stop(failed(answered=False, failures=failures, ago=pause)))


def test_a_market_without_a_price_denies_the_order() -> None:
    stop = first_stop(failed(answered=True))

    assert stop is not None
    assert (stop.state, stop.reason) == (State.DENIED, Reason.NO_REFERENCE_PRICE)
    assert isinstance(reference(failed(answered=True)), Stop)


# --- the way of an order --------------------------------------------------------------------------------------------


def test_the_price_is_read_before_the_order_is_recorded() -> None:
    unread, read = view(intent(**STOP)), view(intent(**STOP), account=account(prices=price("50000")))

    assert decide(unread).actions == (ReadPrice(SYMBOL),)
    assert decide(unread).record is None
    assert isinstance(decide(read).record, CreateReceipt)


def test_before_the_request_a_price_that_has_aged_is_read_again() -> None:
    wished = intent(held=True, **STOP)
    under_way = view(
        wished,
        journal=held(placement(), of=wished),
        permit=permit(),
        observed=Absent(MONOTONIC, complete=False),
    )

    assert decide(under_way).actions == (ReadPrice(SYMBOL),)
    (send,) = decide(replace(under_way, account=account(prices=price("50000", age=4)))).actions
    assert isinstance(send, Send)


def test_a_trigger_that_was_crossed_after_the_record_gives_the_permit_back() -> None:
    wished = intent(held=True, **STOP)
    crossed = view(
        wished,
        journal=held(placement(), of=wished),
        permit=permit(),
        observed=Absent(MONOTONIC, complete=False),
        account=account(prices=price("48000")),
    )
    decision = decide(crossed)

    assert decision.actions == ()
    assert decision.record is not None
    assert decision.record.receipt.placements[0].outcome == "NotPlaced"
    assert "was at 48000" in (decision.record.receipt.placements[0].message or "")


def test_a_next_attempt_reads_the_price_as_well() -> None:
    wished = intent(held=True, status=said(State.PENDING, client_order_id="x"), **STOP)
    again = view(
        wished,
        journal=held(placement().model_copy(update={"outcome": "NotPlaced"}), of=wished),
        observed=Absent(MONOTONIC, complete=False),
    )

    assert decide(again).actions == (ReadPrice(SYMBOL),)


def test_a_limit_judged_by_the_market_reads_it_too() -> None:
    wished = intent(type="Market", price=None)
    limited = account(limits=limits(maxNotional=[{"currency": "USDT", "perOrder": "1000"}]))

    assert decide(view(wished, account=limited, journal=NoReceipt())).actions == (ReadPrice(SYMBOL),)
