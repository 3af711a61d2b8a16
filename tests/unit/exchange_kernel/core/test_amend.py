"""Changes of a working order that the market, or a lost answer, stands against."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from exchange_kernel.api.enums import AmendPhase
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.reasons import Reason
from exchange_kernel.api.receipt_parts import AmendRecord, AmendTarget, FillSum
from exchange_kernel.core import amend
from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import AmendOrder, Cancel, Decision, FetchOrder, ReadPrice, ReplaceReceipt
from exchange_kernel.core.requests import AmendChange
from exchange_kernel.core.venue import Found, VenueStatus
from exchange_kernel.core.view import Asked, View
from support import builders
from support.builders import MONOTONIC, M, account, held, intent, order, placement, price, said, view

ID = placement().client_order_id
# A stop that sells at 48000, and waits; the spec has another trigger by now.
STOP = {"side": "Sell", "type": "StopMarket", "price": None}


def stop(trigger: str, *, market: str = "50000", in_place: bool = False, **changes: Any) -> View:  # noqa: ANN401
    """An untriggered stop whose trigger is to become another one, the market being at `market`."""
    wished = intent(
        held=True,
        status=said(State.UNTRIGGERED, client_order_id=ID, exchange_order_id="1001"),
        triggerPrice=trigger,
        **STOP,
    )
    sent = placement(Outcome.PLACED, price=None, trigger_price=Decimal(48000))
    works = order(VenueStatus.UNTRIGGERED, side="Sell", price=None, trigger_price=Decimal(48000))
    able = frozenset({AmendChange.TRIGGER_PRICE}) if in_place else frozenset[AmendChange]()
    facts = account(
        prices=price(market),
        polled_at=MONOTONIC,
        rules=replace(builders.RULES, amends={"StopMarket": able}),
    )
    record = changes.pop("amend", None)
    made = {"account": facts, "journal": held(sent, of=wished, amend=record), **changes}
    return view(wished, observed=Found(works), observed_at=MONOTONIC, **made)


def synced(decision: Decision) -> tuple[str, str]:
    (found,) = (each for each in decision.status.conditions if each.type == "Synced")
    return found.reason, found.message


def acts(decision: Decision) -> list[type]:
    return [type(action) for action in decision.actions]


def test_a_trigger_ahead_of_the_market_is_reached_by_canceling_and_placing_anew() -> None:
    decision = decide(stop("49000"))
    assert isinstance(decision.record, ReplaceReceipt)
    assert decision.record.receipt.amend is not None
    assert decision.record.receipt.amend.phase is AmendPhase.CANCELING


def test_a_replacement_is_not_begun_when_the_market_has_crossed_the_new_trigger() -> None:
    decision = decide(stop("51000"))
    assert (decision.record, decision.actions) == (None, ())
    assert decision.status.state is State.UNTRIGGERED
    reason, message = synced(decision)
    assert reason == Reason.TRIGGER_ALREADY_CROSSED
    assert "50000" in message
    assert "51000" in message
    assert "keeps its values" in message


def test_a_trigger_that_the_market_has_just_reached_counts_as_crossed() -> None:
    assert synced(decide(stop("50000")))[0] == Reason.TRIGGER_ALREADY_CROSSED


def test_a_crossed_trigger_is_not_asked_for_in_place_either() -> None:
    assert synced(decide(stop("51000", in_place=True)))[0] == Reason.TRIGGER_ALREADY_CROSSED
    assert acts(decide(stop("49000", in_place=True))) == [AmendOrder, FetchOrder]


def test_the_price_that_decides_is_fresh() -> None:
    stale = account(prices=price("50000", age=60.0), polled_at=MONOTONIC)
    for trigger in ("49000", "51000"):
        decision = decide(stop(trigger, account=stale))
        assert (decision.record, acts(decision)) == (None, [ReadPrice])


def test_a_change_in_place_whose_trigger_was_crossed_in_the_queue_is_not_sent() -> None:
    (request,) = (a.request for a in decide(stop("49000", in_place=True)).actions if isinstance(a, AmendOrder))
    assert amend.gate(stop("49000", in_place=True), request) is None
    closed = amend.gate(stop("49000", market="48500", in_place=True), request)
    assert closed is not None
    assert "48500" in closed


RECORD = AmendRecord(
    revision=1,
    phase=AmendPhase.CANCELING,
    target=AmendTarget(quantity=Decimal("0.5"), trigger_price=Decimal(49000)),
    started_at=builders.WALL,
)


def test_a_recorded_amend_cancels_nothing_once_the_market_has_crossed_its_trigger() -> None:
    decision = decide(stop("49000", market="48500", amend=RECORD))
    assert decision.actions == ()
    assert decision.record is not None
    assert decision.record.receipt.amend is None


def test_a_process_that_takes_a_recorded_amend_over_reads_the_price_before_it_cancels() -> None:
    unread = account(polled_at=MONOTONIC)
    assert acts(decide(stop("49000", amend=RECORD, account=unread))) == [ReadPrice]
    # A cancel that this process has sent is repeated, whatever the market does meanwhile.
    asked = stop("49000", amend=RECORD, account=unread, canceled=Asked(MONOTONIC - 60, 1))
    assert acts(decide(asked)) == [Cancel, FetchOrder]


# --- an order that was replaced ---------------------------------------------------------------------------------------


def test_the_end_of_a_replaced_order_is_not_the_end_of_the_one_that_follows_it() -> None:
    """A read of the old order can end after the new one was recorded."""
    wished = intent(held=True, status=said(State.OPEN, client_order_id=ID, exchange_order_id="1001"))
    old = placement(Outcome.PLACED, closed=True, filled=FillSum(quantity=Decimal(0), cost=Decimal(0)))
    new = placement(Outcome.PLACED, revision=1, exchange_order_id="1002")
    decision = decide(view(wished, journal=held(old, new, of=wished), observed=Found(order(VenueStatus.CANCELED))))
    assert decision.record is None
    assert not (decision.status.state or State.PENDING).is_final


# --- an order that is not found --------------------------------------------------------------------------------------


def missing(answered_at: float) -> View:
    """Not among the open orders, and asked for often; the last answer was asked for at `answered_at`."""
    wished = intent(held=True, status=said(State.OPEN, client_order_id=ID, exchange_order_id="1001"))
    return view(
        wished,
        journal=held(placement(Outcome.PLACED), of=wished, seen_at=MONOTONIC - 100),
        account=account(polled_at=MONOTONIC),
        observed=Found(order()),
        observed_at=MONOTONIC - 90,
        recheck=True,
        looked=Asked(MONOTONIC - 60, 9),
        answered_at=answered_at,
    )


def test_reads_that_failed_do_not_make_an_order_vanish() -> None:
    decision = decide(missing(answered_at=MONOTONIC - 90))
    assert acts(decision) == [FetchOrder]


def test_an_order_that_the_venue_did_not_show_m_later_has_vanished() -> None:
    assert synced(decide(missing(answered_at=MONOTONIC - 90 + M)))[0] == Reason.ORDER_VANISHED
    assert acts(decide(missing(answered_at=MONOTONIC - 90 + M - 0.1))) == [FetchOrder]
