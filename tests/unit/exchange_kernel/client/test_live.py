"""Lists are taken page by page: what is told stays in order, nothing is told twice, and nothing is forgotten early."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from exchange_kernel.client.events import EventType
from exchange_kernel.client.live import Live
from exchange_kernel.kube.resources import ACCOUNT_STATES, GROUPS, INTENTS
from support.client_wire import LISTED, TOO_OLD, Wire, account, group, order, page
from support.kube_fakes import refusal

ORDERS = LISTED[INTENTS]


@asynccontextmanager
async def started(wire: Wire) -> AsyncIterator[None]:
    """A started Live, which writes what it tells into the log."""
    live = Live(wire.cluster(), wire.tell)
    await live.start()
    try:
        yield
    finally:
        await live.stop()


async def log_after_start(wire: Wire) -> list[str]:
    async with started(wire):
        wire.log.clear()
        await asyncio.wait_for(wire.silent.wait(), 5)
    return wire.log


async def test_the_snapshot_is_told_when_the_last_list_has_come() -> None:
    orders = [page(order("a", 1), more="x"), page(order("b", 2))]
    wire = Wire({INTENTS: orders, GROUPS: [page(group("g"))], ACCOUNT_STATES: [page(account())]})
    async with started(wire):
        submitted, opened = EventType.ORDER_SUBMITTED, EventType.ORDER_OPEN
        assert wire.log == [
            ORDERS, ORDERS, LISTED[GROUPS], LISTED[ACCOUNT_STATES],
            f"{submitted}/a", f"{opened}/a", f"{submitted}/b", f"{opened}/b",
            f"{EventType.GROUP_CHANGED}/g",
            f"{EventType.ACCOUNT_CHANGED}/paper",
            f"{EventType.SNAPSHOT_COMPLETE}/trading-accounts",
        ]  # fmt: skip
    assert "continue" not in wire.queries[0]
    assert wire.queries[1]["continue"] == "x"


async def test_after_a_gap_a_page_is_told_before_the_next_is_asked_for() -> None:
    again = [page(order("a", 60), more="x"), page(order("b", 61))]
    log = await log_after_start(Wire({INTENTS: [page(), *again]}, [[TOO_OLD]]))
    submitted, opened = EventType.ORDER_SUBMITTED, EventType.ORDER_OPEN
    assert log == [ORDERS, f"{submitted}/a", f"{opened}/a", ORDERS, f"{submitted}/b", f"{opened}/b"]


async def test_what_a_whole_list_does_not_have_is_gone_and_the_rest_is_told_once() -> None:
    first, second = [order("a", 1), order("b", 2)], [order("b", 2), order("c", 60)]
    wire = Wire({INTENTS: [page(*first), page(second[0], more="x"), page(second[1])]}, [[TOO_OLD]])
    log = await log_after_start(wire)
    assert log == [
        ORDERS, ORDERS, f"{EventType.ORDER_SUBMITTED}/c", f"{EventType.ORDER_OPEN}/c", f"{EventType.INTENT_DELETED}/a"
    ]  # fmt: skip


async def test_a_list_that_ends_too_old_between_pages_begins_anew_and_forgets_nothing() -> None:
    a, b, c = order("a", 1), order("b", 2), order("c", 60)
    again = [page(c, more="x"), refusal(410, "Expired"), page(a, more="y"), page(b, c)]
    wire = Wire({INTENTS: [page(a, b), *again]}, [[TOO_OLD], [TOO_OLD]])
    await log_after_start(wire)
    assert wire.told == [f"{EventType.ORDER_SUBMITTED}/c", f"{EventType.ORDER_OPEN}/c"]


async def test_the_end_of_an_object_is_told_before_another_of_its_name() -> None:
    wire = Wire({INTENTS: [page(order("a", 1, "old")), page(order("a", 60, "new"))]}, [[TOO_OLD]])
    log = await log_after_start(wire)
    expected = [f"{EventType.INTENT_DELETED}/old", f"{EventType.ORDER_SUBMITTED}/new", f"{EventType.ORDER_OPEN}/new"]
    assert log == [ORDERS, *expected]


async def test_a_late_word_of_the_object_before_changes_nothing() -> None:
    late = [{"type": "MODIFIED", "object": order("a", 5, "old")}, {"type": "DELETED", "object": order("a", 6, "old")}]
    wire = Wire({INTENTS: [page(order("a", 60, "new"))]}, [late])
    log = await log_after_start(wire)
    assert log == []
