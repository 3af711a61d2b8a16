"""Observations of one order put together, and orders summed."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.core import fills
from exchange_kernel.core.venue import Trade, VenueOrder, VenueStatus
from support.builders import order

HALF = Decimal("0.5")


def trade(trade_id: str, quantity: str = "0.1", fee: str = "0.01", currency: str = "USDT") -> Trade:
    amount = Decimal(quantity)
    return Trade(trade_id, amount, Decimal(50000), amount * 50000, Decimal(fee), currency)


observed = st.builds(
    lambda status, filled: order(VenueStatus.FILLED, "0.5") if filled == "0.5" else order(status, filled),
    st.sampled_from([s for s in VenueStatus if s is not VenueStatus.FILLED]),
    st.sampled_from(["0", "0.1", "0.3", "0.5"]),
)


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(st.lists(observed, min_size=1, max_size=5))
def test_filled_never_falls_and_a_final_order_never_works_again(seen: list[VenueOrder]) -> None:
    known: VenueOrder | None = None
    for one in seen:
        merged = fills.merge(known, one)
        assert merged.filled >= (known.filled if known else 0)
        assert not (known and known.status.is_final and not merged.status.is_final)
        assert fills.merge(merged, one) == fills.merge(fills.merge(merged, one), one)
        known = merged


def test_a_late_fill_turns_canceled_into_filled() -> None:
    merged = fills.merge(order(VenueStatus.CANCELED, "0.2"), order(VenueStatus.OPEN, "0.5"))

    assert (merged.status, merged.filled) == (VenueStatus.FILLED, HALF)


def test_a_late_partial_fill_leaves_an_order_canceled() -> None:
    merged = fills.merge(order(VenueStatus.CANCELED, "0.2"), order(VenueStatus.CANCELED, "0.3"))

    assert (merged.status, merged.filled) == (VenueStatus.CANCELED, Decimal("0.3"))


def test_a_stale_answer_takes_nothing_back() -> None:
    known = order(VenueStatus.FILLED, "0.5")

    assert fills.merge(known, order(VenueStatus.OPEN, "0.1")).filled == HALF
    assert fills.merge(known, order(VenueStatus.OPEN, "0.1")).cost == known.cost


def test_an_answer_without_fills_keeps_those_that_are_known() -> None:
    known = order(VenueStatus.OPEN, "0.2")

    assert fills.merge(known, replace(known, trades=None)).trades == known.trades


def test_fills_are_united_by_their_id() -> None:
    united = fills.merge_trades((trade("a"), trade("b")), (trade("b"), trade("c")))

    assert [one.trade_id for one in united or ()] == ["a", "b", "c"]
    assert fills.merge_trades(None, None) is None


def test_an_intent_sums_over_its_orders() -> None:
    one = order(VenueStatus.CANCELED, "0.2", trades=(trade("a", "0.2", "0.01"),))
    other = order(VenueStatus.OPEN, "0.1", trades=(trade("b", "0.1", "0.0001", "BNB"),))
    totals = fills.total((one, other))

    assert totals.filled == Decimal("0.3")
    assert totals.cost == Decimal("15000.0")
    assert totals.average_price == Decimal(50000)
    assert totals.fees == {"USDT": Decimal("0.01"), "BNB": Decimal("0.0001")}


def test_what_is_not_known_is_not_made_up() -> None:
    blind = order(VenueStatus.OPEN, "0.2", cost=None, trades=None)
    totals = fills.total((blind,))

    assert (totals.cost, totals.fees, totals.average_price) == (None, None, None)
    assert not fills.accounted(blind)
    assert fills.total((order(cost=None, trades=None),)).cost == 0


def test_the_cost_comes_from_the_fills_where_the_venue_does_not_tell() -> None:
    assert fills.total((order(VenueStatus.OPEN, "0.2", cost=None),)).cost == Decimal(10000)


def test_an_average_of_large_numbers_does_not_raise() -> None:
    huge = Decimal(99999999999999999999)
    one = order(VenueStatus.OPEN, "3", cost=huge, trades=())

    assert fills.total((one,)).average_price == Decimal(33333333333333333333)
