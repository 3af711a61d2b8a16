"""Hints: how far an order has come by the stream's word, and when REST has caught up with it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.core.venue import VenueOrder, VenueStatus
from exchange_kernel.exchange.hints import ASKED_FOR, Allowance, Hint, HintBook, caught_up, further

HINT = Hint("BTC/USDT", "7", "0" * 32, Decimal(0), final=False)
ORDER = VenueOrder("7", "0" * 32, "BTC/USDT", "Buy", VenueStatus.OPEN, "NEW", Decimal(0))


def hint(filled: str = "0", *, final: bool = False, order_id: str = "7") -> Hint:
    return replace(HINT, exchange_order_id=order_id, filled=Decimal(filled), final=final)


@pytest.mark.parametrize(
    ("filled", "status", "told", "behind"),
    [
        ("0", VenueStatus.OPEN, hint(), False),
        ("0.5", VenueStatus.OPEN, hint("0.4"), False),
        ("0.4", VenueStatus.OPEN, hint("0.5"), True),
        ("0.5", VenueStatus.OPEN, hint("0.5", final=True), True),
        ("0.5", VenueStatus.CANCELED, hint("0.5", final=True), False),
        ("0.5", VenueStatus.CANCELED, hint("0.6", final=True), True),
        ("1", VenueStatus.FILLED, hint("0.5"), False),
    ],
)
def test_rest_has_caught_up_when_it_shows_as_much(filled: str, status: VenueStatus, told: Hint, behind: bool) -> None:
    assert caught_up(replace(ORDER, filled=Decimal(filled), status=status), told) is not behind


def test_an_order_that_was_never_read_is_behind_every_hint() -> None:
    assert not caught_up(None, hint())


_HINTS = st.builds(lambda filled, final: hint(str(filled), final=final), st.integers(0, 9), st.booleans())


@settings(max_examples=60, derandomize=True)
@given(st.lists(_HINTS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_order_and_repetition_of_events_make_no_difference(events: list[Hint], chance: object) -> None:
    shuffled = [*events, *events]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = HintBook(), HintBook()
    for event in events:
        one.add(event, 0.0)
    for event in shuffled:
        other.add(event, 0.0)
    (left,), (right,) = one.due(0.0), other.due(0.0)
    assert left.hint == right.hint
    assert left.hint.filled == max(event.filled for event in events)
    assert left.hint.final is any(event.final for event in events)


def test_a_hint_is_asked_about_again_at_growing_intervals_and_given_up_after_ten_seconds() -> None:
    book, asked, now = HintBook(), [], 100.0
    book.add(hint("0.5"), now)
    while (due := book.next_due()) is not None:
        now = max(now, due)
        for pending in book.due(now):
            asked.append(now - 100.0)
            book.later(pending, now, asked=True)
    assert asked[:4] == [0.0, 0.25, 0.75, 1.75]
    assert asked[-1] <= ASKED_FOR
    assert len(asked) <= 9
    assert (book.given_up, now) == (1, 100.0 + ASKED_FOR)


def test_an_event_that_says_nothing_new_asks_nothing_earlier() -> None:
    book = HintBook()
    book.add(hint("0.5"), 0.0)
    (pending,) = book.due(0.0)
    book.later(pending, 0.0, asked=True)
    book.add(hint("0.5"), 0.1)
    assert book.due(0.1) == []
    book.add(hint("0.6"), 0.2)
    assert [pending.hint.filled for pending in book.due(0.2)] == [Decimal("0.6")]


def test_a_hint_that_rest_has_caught_up_with_is_forgotten_but_what_was_told_is_not() -> None:
    book = HintBook()
    book.add(hint("0.5"), 0.0)
    book.done(HINT.key)
    assert book.next_due() is None
    assert book.told(HINT.key, filled=Decimal("0.5"), final=False)
    assert not book.told(HINT.key, filled=Decimal("0.6"), final=False)
    assert not book.told(HINT.key, filled=Decimal("0.5"), final=True)
    assert not book.told(("BTC/USDT", "8"), filled=Decimal(0), final=False)


def test_what_was_told_is_remembered_of_so_many_orders_only() -> None:
    book = HintBook()
    for number in range(5000):
        book.add(hint(order_id=str(number)), 0.0)
    assert not book.told(("BTC/USDT", "0"), filled=Decimal(0), final=False)
    assert book.told(("BTC/USDT", "4999"), filled=Decimal(0), final=False)


def test_two_hints_of_one_order_make_the_further_one() -> None:
    assert further(hint("0.5"), hint("0.2", final=True)) == hint("0.5", final=True)


def test_single_reads_are_allowed_at_a_modest_rate() -> None:
    allowance = Allowance(most=3, per_second=1, _left=3)
    assert [allowance.take(0.0) for _ in range(5)] == [True, True, True, False, False]
    assert [allowance.take(1.0) for _ in range(2)] == [True, False]
    assert [allowance.take(60.0) for _ in range(4)] == [True, True, True, False]
