"""Cancel-replace: four outcomes of two halves, and what is judged before anything is canceled."""

from dataclasses import replace

import pytest

from paper_exchange.events import AccountPosition, ExecutionType, OrderUpdate
from paper_exchange.journal import decode, encode
from paper_exchange.model import OrderType, Side
from paper_exchange.order_commands import CancelOrder, CancelRestriction, ReplaceMode, ReplaceOrder
from paper_exchange.refusals import (
    CANCEL_REPLACE_UNSUPPORTED,
    CANCEL_RESTRICTED,
    INSUFFICIENT_BALANCE,
    UNKNOWN_ORDER,
    WOULD_TAKE,
    Refusal,
)
from paper_exchange.replies import OrderCanceled, OrderPlaced, OrderReplaced, Reply
from support.paper_engine import BTCUSDT, Bench, amount, order

STOP, ALLOW = ReplaceMode.STOP_ON_FAILURE, ReplaceMode.ALLOW_FAILURE
GOOD: dict[str, object] = {"price": "49000", "client_order_id": "new"}
BAD: dict[str, object] = {"price": "50001", "type": OrderType.LIMIT_MAKER, "time_in_force": None}


def ready() -> Bench:
    """Alice has order 1 resting, and there is an offer above it."""
    bench = Bench()
    bench.placed(client_order_id="old")
    bench.placed(account="bob", side=Side.SELL, price="50001", quantity="1")
    return bench


def command(order_id: int, mode: ReplaceMode, **changes: object) -> ReplaceOrder:
    return ReplaceOrder(
        cancel=CancelOrder(account="alice", symbol="BTCUSDT", order_id=order_id), order=order(**changes), mode=mode
    )


def outcome(reply: Reply) -> tuple[object, object]:
    """Each half: its kind, or the refusal itself."""
    assert isinstance(reply, OrderReplaced), reply
    first = reply.canceled if isinstance(reply.canceled, Refusal) else type(reply.canceled)
    second = type(reply.placed) if isinstance(reply.placed, OrderPlaced) else reply.placed
    return first, second


OUTCOMES = [
    (1, STOP, GOOD, (OrderCanceled, OrderPlaced), ["new"]),
    (1, STOP, BAD, (OrderCanceled, WOULD_TAKE), []),
    (9, STOP, GOOD, (UNKNOWN_ORDER, None), ["old"]),
    (1, ALLOW, GOOD, (OrderCanceled, OrderPlaced), ["new"]),
    (1, ALLOW, BAD, (OrderCanceled, WOULD_TAKE), []),
    (9, ALLOW, GOOD, (UNKNOWN_ORDER, OrderPlaced), ["old", "new"]),
    (9, ALLOW, BAD, (UNKNOWN_ORDER, WOULD_TAKE), ["old"]),
]


@pytest.mark.parametrize(("order_id", "mode", "wanted", "halves", "open_after"), OUTCOMES)
def test_each_half_answers_for_itself(
    order_id: int, mode: ReplaceMode, wanted: dict[str, object], *, halves: tuple[object, object], open_after: list[str]
) -> None:
    bench = ready()
    reply = bench.do(command(order_id, mode, **wanted))

    assert outcome(reply) == halves
    assert [found.client_order_id for found in bench.engine.read.open_orders("alice")] == open_after


def test_a_rule_of_the_symbol_is_judged_before_anything_is_canceled() -> None:
    bench = ready()
    reply = bench.do(command(1, STOP, price="49000.001"))

    assert reply == Refusal(-1013, "Filter failure: PRICE_FILTER")
    assert [found.client_order_id for found in bench.engine.read.open_orders("alice")] == ["old"]


def test_the_new_order_may_use_the_money_and_the_name_of_the_old_one() -> None:
    bench = Bench()
    bench.placed(quantity="20", client_order_id="same")
    reply = bench.do(command(1, STOP, price="49999", quantity="20", client_order_id="same"))

    assert outcome(reply) == (OrderCanceled, OrderPlaced)


def test_a_new_order_that_is_too_dear_leaves_nothing() -> None:
    bench = ready()
    reply = bench.do(command(1, STOP, price="50000", quantity="21"))

    assert outcome(reply) == (OrderCanceled, INSUFFICIENT_BALANCE)
    assert bench.free("alice", "USDT") == amount("1000000")


def test_the_cancel_may_be_restricted() -> None:
    bench = ready()
    wanted = command(1, STOP, **GOOD)
    restricted = replace(wanted, cancel=replace(wanted.cancel, restriction=CancelRestriction.ONLY_PARTIALLY_FILLED))

    assert outcome(bench.do(restricted)) == (CANCEL_RESTRICTED, None)


def test_the_cancel_is_reported_first_then_the_new_order_then_the_balance() -> None:
    bench = ready()
    bench.do(command(1, STOP, price="50001", quantity="0.02", client_order_id="new"))
    own = [update for update in bench.events(OrderUpdate) if update.account == "alice"]

    assert [update.execution for update in own] == [ExecutionType.CANCELED, ExecutionType.NEW, ExecutionType.TRADE]
    assert own[0].orig_client_order_id == "old"
    kinds = [type(event) for event in bench.last.events]
    assert kinds.index(AccountPosition) > max(index for index, kind in enumerate(kinds) if kind is OrderUpdate)


def test_a_symbol_can_do_without_cancel_replace() -> None:
    bench = Bench(replace(BTCUSDT, allow_cancel_replace=False))
    bench.placed()

    assert bench.do(command(1, STOP, **GOOD)) == CANCEL_REPLACE_UNSUPPORTED


def test_the_journal_keeps_both_halves() -> None:
    wanted = command(1, ALLOW, **GOOD)

    assert decode(*encode(wanted)) == wanted
