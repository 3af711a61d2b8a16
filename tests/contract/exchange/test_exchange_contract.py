"""What every adapter owes the operator. Run against each of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from contract.exchange.conftest import RULES_OF, Subject
from exchange_kernel.core.outcomes import (
    Amended,
    AmendNotSent,
    AmendRefused,
    AmendTooLate,
    CancelOutcome,
    DuplicateId,
    NotPlaced,
    Placed,
    Refused,
)
from exchange_kernel.core.requests import AmendChange, AmendRequest, ListRequest, OrderRequest
from exchange_kernel.core.venue import Absent, Found, VenueOrder, VenueStatus
from exchange_kernel.exchange.port import ReadError

SYMBOL = "BTC/USDT"
# Those of the adapters whose rules list it; the others refuse it, which is tested of all.
AMENDING = [
    name for name, rules in RULES_OF.items() if AmendChange.QUANTITY_DOWN in rules.amends.get("Limit", frozenset())
]
LISTING = [name for name, rules in RULES_OF.items() if rules.oco is not None]
_numbers = count(1)


def order(**changes: Any) -> OrderRequest:  # noqa: ANN401 - fields of OrderRequest
    resting = OrderRequest(
        f"{next(_numbers):032x}", SYMBOL, "Buy", "Limit", quantity=Decimal("0.01"), price=Decimal(50000)
    )
    return replace(resting, **changes)


def open_gate() -> None:
    return None


async def placed(subject: Subject, request: OrderRequest) -> VenueOrder:
    outcome = await subject.exchange.create_order(request, open_gate)
    assert isinstance(outcome, Placed), outcome
    return outcome.order


async def settled(subject: Subject, request: OrderRequest) -> VenueOrder:
    """An order as it is read back: some venues acknowledge an id and no fills."""
    return await seen(subject, (await placed(subject, request)).exchange_order_id)


async def seen(subject: Subject, exchange_order_id: str) -> VenueOrder:
    found = await subject.exchange.fetch_order(SYMBOL, exchange_order_id)
    assert found is not None
    return found


async def test_a_market_tells_its_rules_in_exact_decimals(subject: Subject) -> None:
    market = (await subject.exchange.load_markets())[SYMBOL]

    assert (market.base, market.quote, market.active) == ("BTC", "USDT", True)
    assert (market.price_tick, market.quantity_step) == (Decimal("0.01"), Decimal("0.00001"))
    assert market.min_notional == Decimal(5)
    assert market.order_types >= {"Market", "Limit"}


async def test_the_account_says_who_it_is_and_the_same_each_time(subject: Subject) -> None:
    first, second = await subject.exchange.identify(), await subject.exchange.identify()

    assert first == second
    assert first.venue_account_id
    assert first.can_trade


async def test_balances_without_money_are_left_out(subject: Subject) -> None:
    balances = {balance.asset: balance.total for balance in await subject.exchange.fetch_balances()}

    assert balances["USDT"] == Decimal(1_000_000)
    assert all(total > 0 for total in balances.values())


async def test_the_clock_and_the_last_price_can_be_read(subject: Subject) -> None:
    assert abs((await subject.exchange.read_clock()).skew_seconds) < 5
    assert await subject.exchange.reference_price(SYMBOL) == Decimal(60000)


async def test_a_resting_order_is_open_and_found_everywhere(subject: Subject) -> None:
    request = order()
    acknowledged = await placed(subject, request)

    assert acknowledged.status is VenueStatus.OPEN
    assert (acknowledged.client_order_id, acknowledged.symbol, acknowledged.side) == (
        request.client_order_id,
        SYMBOL,
        "Buy",
    )
    assert (acknowledged.quantity, acknowledged.price, acknowledged.filled) == (request.quantity, request.price, 0)
    looked_up = await subject.exchange.look_up(SYMBOL, request.client_order_id)
    assert isinstance(looked_up, Found)
    assert looked_up.order.exchange_order_id == acknowledged.exchange_order_id
    everything = await subject.exchange.fetch_open_orders()
    assert everything.by_client_id[request.client_order_id].exchange_order_id == acknowledged.exchange_order_id
    assert (await seen(subject, acknowledged.exchange_order_id)).status is VenueStatus.OPEN


async def test_a_market_order_is_filled_with_its_trades(subject: Subject) -> None:
    filled = await settled(subject, order(type="Market", price=None))

    assert filled.status is VenueStatus.FILLED
    assert filled.filled == Decimal("0.01")
    trades = await subject.exchange.fetch_trades(SYMBOL, filled.exchange_order_id)
    assert sum(t.quantity for t in trades) == filled.filled
    assert filled.cost in {None, sum(t.cost for t in trades)}


async def test_a_market_buy_by_quote_spends_no_more_than_that(subject: Subject) -> None:
    filled = await settled(subject, order(type="Market", price=None, quantity=None, quote_quantity=Decimal("100.125")))

    assert filled.status is VenueStatus.FILLED
    trades = await subject.exchange.fetch_trades(SYMBOL, filled.exchange_order_id)
    assert sum(t.quantity for t in trades) == filled.filled
    assert Decimal(99) < sum(t.cost for t in trades) <= Decimal("100.125")


async def test_a_fill_at_the_venue_is_seen(subject: Subject) -> None:
    resting = await placed(subject, order())

    await subject.fill(resting.exchange_order_id)

    after = await seen(subject, resting.exchange_order_id)
    assert (after.status, after.filled) == (VenueStatus.FILLED, Decimal("0.01"))
    assert (await subject.exchange.fetch_open_orders()).orders == ()


@pytest.mark.parametrize("time_in_force", ["IOC", "FOK"])
async def test_an_order_that_cannot_fill_at_once_expires_with_nothing_filled(
    subject: Subject, time_in_force: str
) -> None:
    if ("Limit", time_in_force, False, False) not in subject.exchange.rules.supported:
        refused = await subject.exchange.create_order(order(time_in_force=time_in_force), open_gate)
        assert isinstance(refused, Refused)
        return
    expired = await settled(subject, order(time_in_force=time_in_force))

    assert (expired.status, expired.filled) == (VenueStatus.EXPIRED, 0)


async def test_a_post_only_order_that_would_take_is_refused(subject: Subject) -> None:
    outcome = await subject.exchange.create_order(order(post_only=True, price=Decimal(61000)), open_gate)

    assert isinstance(outcome, Refused)
    assert outcome.code == "PostOnlyWouldTake"


async def test_a_post_only_order_that_would_rest_rests(subject: Subject) -> None:
    assert (await placed(subject, order(post_only=True))).status is VenueStatus.OPEN


async def test_a_closed_gate_sends_nothing(subject: Subject) -> None:
    request = order()

    outcome = await subject.exchange.create_order(request, lambda: "SendWindowMissed: too late")

    assert outcome == NotPlaced("SendWindowMissed", "too late")
    assert isinstance(await subject.exchange.look_up(SYMBOL, request.client_order_id), Absent)


async def test_the_same_client_id_is_a_duplicate_while_the_first_order_works(subject: Subject) -> None:
    request = order()
    await placed(subject, request)

    assert isinstance(await subject.exchange.create_order(request, open_gate), DuplicateId)
    assert len((await subject.exchange.fetch_open_orders()).orders) == 1


async def test_a_cancel_by_either_id_ends_the_order(subject: Subject) -> None:
    first, second = order(), order()
    ids = [(await placed(subject, first)).exchange_order_id, (await placed(subject, second)).exchange_order_id]

    by_venue_id = await subject.exchange.cancel_order(SYMBOL, ids[0], first.client_order_id)
    by_client_id = await subject.exchange.cancel_order(SYMBOL, None, second.client_order_id)

    assert by_venue_id is by_client_id is CancelOutcome.ACCEPTED
    for request, exchange_order_id in zip((first, second), ids, strict=True):
        after = await seen(subject, exchange_order_id)
        assert (after.status, after.client_order_id) == (VenueStatus.CANCELED, request.client_order_id)


async def test_a_cancel_of_an_order_that_has_ended_or_never_was_finds_nothing(subject: Subject) -> None:
    request = order(type="Market", price=None)
    filled = await settled(subject, request)

    ended = await subject.exchange.cancel_order(SYMBOL, filled.exchange_order_id, request.client_order_id)
    unheard_of = await subject.exchange.cancel_order(SYMBOL, None, order().client_order_id)

    assert ended is unheard_of is CancelOutcome.NOT_FOUND


async def test_an_order_that_never_was_is_absent(subject: Subject) -> None:
    never = order().client_order_id

    looked_up = await subject.exchange.look_up(SYMBOL, never)
    proven = await subject.exchange.prove_absence(SYMBOL, never, datetime.now(UTC))

    assert isinstance(looked_up, Absent)
    assert not looked_up.complete
    assert isinstance(proven, Absent)
    assert proven.complete
    assert proven.started_at >= looked_up.started_at
    assert await subject.exchange.fetch_order(SYMBOL, "987654321") is None


@pytest.mark.parametrize("kind", ["Limit", "Market"])
async def test_an_absence_is_not_proven_of_an_order_that_was_placed(subject: Subject, kind: str) -> None:
    request = order(type=kind, price=Decimal(50000) if kind == "Limit" else None)
    await placed(subject, request)

    since = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(minutes=1)
    proven = await subject.exchange.prove_absence(SYMBOL, request.client_order_id, since)

    assert isinstance(proven, Found)
    assert proven.order.client_order_id == request.client_order_id


def amend(order: VenueOrder, **changes: Any) -> AmendRequest:  # noqa: ANN401 - fields of AmendRequest
    unchanged = AmendRequest(order.exchange_order_id, order.client_order_id, SYMBOL, order.side, "Limit")
    return replace(unchanged, **changes)


async def test_a_change_that_the_rules_do_not_list_is_refused_and_changes_nothing(subject: Subject) -> None:
    listed = subject.exchange.rules.amends.get("Limit", frozenset())
    changes = {AmendChange.QUANTITY_DOWN: {"quantity": Decimal("0.005")}, AmendChange.PRICE: {"price": Decimal(49000)}}
    resting = await placed(subject, order())

    for change, values in changes.items():
        if change not in listed:
            assert isinstance(await subject.exchange.amend_order(amend(resting, **values), open_gate), AmendRefused)

    after = await seen(subject, resting.exchange_order_id)
    assert (after.status, after.quantity, after.price) == (VenueStatus.OPEN, resting.quantity, resting.price)


@pytest.mark.parametrize("subject", AMENDING, indirect=True)
async def test_an_order_that_is_amended_keeps_both_its_ids(subject: Subject) -> None:
    resting = await placed(subject, order())

    outcome = await subject.exchange.amend_order(amend(resting, quantity=Decimal("0.005")), open_gate)

    assert isinstance(outcome, Amended), outcome
    after = await seen(subject, resting.exchange_order_id)
    assert (after.client_order_id, after.quantity, after.price) == (
        resting.client_order_id,
        Decimal("0.005"),
        Decimal(50000),
    )
    assert len((await subject.exchange.fetch_open_orders()).orders) == 1


@pytest.mark.parametrize("subject", AMENDING, indirect=True)
async def test_an_amend_behind_a_closed_gate_changes_nothing(subject: Subject) -> None:
    resting = await placed(subject, order())

    outcome = await subject.exchange.amend_order(
        amend(resting, quantity=Decimal("0.005")), lambda: "GateClosed: halted"
    )

    assert outcome == AmendNotSent("GateClosed", "halted")
    assert (await seen(subject, resting.exchange_order_id)).quantity == resting.quantity


@pytest.mark.parametrize("subject", AMENDING, indirect=True)
async def test_an_amend_of_an_order_that_has_ended_is_too_late(subject: Subject) -> None:
    resting = await placed(subject, order())
    await subject.fill(resting.exchange_order_id)

    outcome = await subject.exchange.amend_order(amend(resting, quantity=Decimal("0.005")), open_gate)

    assert isinstance(outcome, AmendTooLate), outcome
    assert (await seen(subject, resting.exchange_order_id)).filled == resting.quantity


def exits(**changes: Any) -> ListRequest:  # noqa: ANN401 - fields of the target
    """Sell 0.01 BTC at 70000, or at the market once 50000 is reached."""
    stop, target = (
        OrderRequest(f"{next(_numbers):032x}", SYMBOL, "Sell", kind, quantity=Decimal("0.01"))
        for kind in ("StopMarket", "Limit")
    )
    return ListRequest(
        f"{next(_numbers):032x}",
        replace(stop, trigger_price=Decimal(50000)),
        replace(target, **{"price": Decimal(70000), **changes}),
    )


@pytest.mark.parametrize("subject", LISTING, indirect=True)
async def test_a_list_places_two_orders_under_our_ids(subject: Subject) -> None:
    request = exits()
    outcomes = await subject.exchange.create_list(request, open_gate)

    for outcome, sent in zip(outcomes, (request.stop, request.target), strict=True):
        assert isinstance(outcome, Placed), outcome
        found = await seen(subject, outcome.order.exchange_order_id)
        assert (found.client_order_id, found.quantity, found.side) == (sent.client_order_id, sent.quantity, "Sell")
    states = [(await subject.exchange.look_up(SYMBOL, r.client_order_id)) for r in (request.stop, request.target)]
    found_states = [state.order.status for state in states if isinstance(state, Found)]
    assert found_states == [VenueStatus.UNTRIGGERED, VenueStatus.OPEN]


@pytest.mark.parametrize("subject", LISTING, indirect=True)
async def test_the_cancel_of_one_order_of_a_list_ends_both(subject: Subject) -> None:
    request = exits()
    stop, target = await subject.exchange.create_list(request, open_gate)
    assert isinstance(stop, Placed)
    assert isinstance(target, Placed)

    canceled = await subject.exchange.cancel_order(SYMBOL, stop.order.exchange_order_id, request.stop.client_order_id)

    assert canceled is CancelOutcome.ACCEPTED
    for each in (stop, target):
        assert (await seen(subject, each.order.exchange_order_id)).status is VenueStatus.CANCELED


@pytest.mark.parametrize("subject", LISTING, indirect=True)
async def test_a_list_behind_a_closed_gate_is_not_sent(subject: Subject) -> None:
    outcomes = await subject.exchange.create_list(exits(), lambda: "GateClosed: halted")

    assert outcomes == (NotPlaced("GateClosed", "halted"), NotPlaced("GateClosed", "halted"))
    assert (await subject.exchange.fetch_open_orders()).orders == ()


@pytest.mark.parametrize("subject", LISTING, indirect=True)
async def test_a_list_is_refused_whole_where_its_target_would_trade_at_once(subject: Subject) -> None:
    outcomes = await subject.exchange.create_list(exits(price=Decimal(55000)), open_gate)

    assert [type(outcome) for outcome in outcomes] == [Refused, Refused]
    assert (await subject.exchange.fetch_open_orders()).orders == ()


def with_entry(price: int, **changes: Any) -> ListRequest:  # noqa: ANN401 - fields of the entry
    """Sell 0.01 BTC at this price, all of it now or nothing; then buy it back at 55000, or at the market at 70000."""
    sold = OrderRequest(
        f"{next(_numbers):032x}", SYMBOL, "Sell", "Limit", Decimal("0.01"), price=Decimal(price), time_in_force="FOK"
    )
    request = exits(side="Buy", price=Decimal(55000))
    stop = replace(request.stop, side="Buy", trigger_price=Decimal(70000))
    return replace(request, stop=stop, entry=replace(sold, **changes))


async def statuses(subject: Subject, request: ListRequest) -> list[VenueStatus]:
    found = [await subject.exchange.look_up(SYMBOL, each.client_order_id) for each in request.orders]
    return [each.order.status for each in found if isinstance(each, Found)]


@pytest.mark.parametrize("subject", LISTING, indirect=True)
async def test_an_entry_that_is_filled_begins_both_of_its_exits(subject: Subject) -> None:
    request = with_entry(59000)
    outcomes = await subject.exchange.create_list(request, open_gate)

    for outcome, sent in zip(outcomes, request.orders, strict=True):
        assert isinstance(outcome, Placed), outcome
        assert (outcome.order.client_order_id, outcome.order.quantity) == (sent.client_order_id, sent.quantity)
    assert await statuses(subject, request) == [VenueStatus.UNTRIGGERED, VenueStatus.OPEN, VenueStatus.FILLED]


@pytest.mark.parametrize("subject", LISTING, indirect=True)
async def test_an_entry_that_is_not_filled_ends_its_exits(subject: Subject) -> None:
    request = with_entry(61000)
    outcomes = await subject.exchange.create_list(request, open_gate)

    assert [type(outcome) for outcome in outcomes] == [Placed, Placed, Placed]
    assert await statuses(subject, request) == [VenueStatus.EXPIRED] * 3
    assert (await subject.exchange.fetch_open_orders()).orders == ()


@pytest.mark.parametrize("subject", LISTING, indirect=True)
async def test_an_entry_that_may_rest_is_not_sent_with_its_exits(subject: Subject) -> None:
    outcomes = await subject.exchange.create_list(with_entry(61000, time_in_force="GTC"), open_gate)

    assert [type(outcome) for outcome in outcomes] == [Refused] * 3
    assert (await subject.exchange.fetch_open_orders()).orders == ()


@pytest.mark.parametrize("subject", LISTING, indirect=True)
async def test_a_list_with_its_entry_behind_a_closed_gate_is_not_sent(subject: Subject) -> None:
    outcomes = await subject.exchange.create_list(with_entry(59000), lambda: "GateClosed: halted")

    assert outcomes == (NotPlaced("GateClosed", "halted"),) * 3
    assert (await subject.exchange.fetch_open_orders()).orders == ()


async def test_a_list_that_the_rules_do_not_know_is_refused_unsent(subject: Subject) -> None:
    request = exits()
    unknown = replace(request, target=replace(request.target, type="TakeProfitLimit", trigger_price=Decimal(70000)))
    if subject.exchange.rules.oco is not None:
        assert "TakeProfitLimit" not in subject.exchange.rules.oco.targets
    outcomes = await subject.exchange.create_list(unknown, open_gate)

    assert [type(outcome) for outcome in outcomes] == [Refused, Refused]
    assert (await subject.exchange.fetch_open_orders()).orders == ()


@pytest.mark.parametrize("subject", LISTING, indirect=True)
async def test_an_order_is_found_by_its_list_and_absent_without_one(subject: Subject) -> None:
    request, since = exits(), datetime.now(UTC) - timedelta(minutes=1)
    ids = (SYMBOL, request.stop.client_order_id, since, request.client_order_id)
    absent = await subject.exchange.prove_absence(*ids)
    await subject.exchange.create_list(request, open_gate)
    found = await subject.exchange.prove_absence(*ids)

    assert isinstance(absent, Absent)
    assert absent.complete
    assert isinstance(found, Found)
    assert found.order.client_order_id == request.stop.client_order_id


async def test_a_market_that_does_not_exist_is_an_error_with_its_name(subject: Subject) -> None:
    with pytest.raises(ReadError, match="NOPE/USDT"):
        await subject.exchange.reference_price("NOPE/USDT")


async def test_closing_twice_is_fine(subject: Subject) -> None:
    await subject.exchange.close()
    await subject.exchange.close()
