"""Lists are taken page by page: what is told stays in order, nothing is told twice, and nothing is forgotten early."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from exchange_kernel.client.cluster import Cluster
from exchange_kernel.client.events import BaseEvent, EventType
from exchange_kernel.client.live import Live
from exchange_kernel.client.manifests import Desk
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.resources import INTENTS
from exchange_kernel.kube.transport import Answer, Request
from support.kube_fakes import answer, intent_object, refusal, stored

Json = dict[str, Any]
TOO_OLD: Json = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "old"}}


class Wire:
    """An API server that gives these pages of orders, and these watches; after them it is silent, and says so."""

    def __init__(self, pages: list[Answer], watches: list[list[Json]]) -> None:
        self.log: list[str] = []
        self.queries: list[Json] = []
        self.silent = asyncio.Event()
        self._pages, self._watches = pages, watches

    async def send(self, request: Request, *, renew_login: bool = False) -> Answer:
        assert not renew_login
        if request.method == "POST":
            return answer(201, {"status": {"allowed": True}})
        if request.path != INTENTS.path("desk"):
            return page()
        self.log.append("page")
        self.queries.append(dict(request.query))
        return self._pages.pop(0)

    async def lines(self, request: Request, *, silence: float) -> AsyncGenerator[bytes, None]:
        assert silence > 0
        if request.path == INTENTS.path("desk"):
            for event in self._watches.pop(0) if self._watches else ():
                yield orjson.dumps(event)
                if event is TOO_OLD:
                    return
            self.silent.set()
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


def order(name: str, version: int, uid: str = "") -> Json:
    status = {"state": "Open", "clientOrderId": name}
    return stored(intent_object(name), uid=uid or name, resourceVersion=str(version)) | {"status": status}


def page(*items: Json, more: str = "") -> Answer:
    return answer(200, {"items": items, "metadata": {"resourceVersion": "50", "continue": more}})


@asynccontextmanager
async def started(wire: Wire) -> AsyncIterator[None]:
    """A started Live, which writes what it tells into the log."""

    def tell(event: BaseEvent) -> None:
        wire.log.append(f"{event.event_type}/{event.event_id.split('/')[0]}")

    live = Live(Cluster(Desk("desk", "trading-accounts", "paper"), ApiClient(wire), wire, 1.0), tell)
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


async def test_a_page_is_told_before_the_next_is_asked_for() -> None:
    wire = Wire([page(order("a", 1), more="x"), page(order("b", 2))], [])
    async with started(wire):
        submitted, opened = EventType.ORDER_SUBMITTED, EventType.ORDER_OPEN
        assert wire.log == [
            "page", f"{submitted}/a", f"{opened}/a",
            "page", f"{submitted}/b", f"{opened}/b",
            f"{EventType.SNAPSHOT_COMPLETE}/trading-accounts",
        ]  # fmt: skip
    assert "continue" not in wire.queries[0]
    assert wire.queries[1]["continue"] == "x"


async def test_what_a_whole_list_does_not_have_is_gone_and_the_rest_is_told_once() -> None:
    first, second = [order("a", 1), order("b", 2)], [order("b", 2), order("c", 60)]
    wire = Wire([page(*first), page(second[0], more="x"), page(second[1])], [[TOO_OLD]])
    log = await log_after_start(wire)
    assert log == [
        "page", "page", f"{EventType.ORDER_SUBMITTED}/c", f"{EventType.ORDER_OPEN}/c", f"{EventType.INTENT_DELETED}/a"
    ]  # fmt: skip


async def test_a_list_that_ends_too_old_between_pages_begins_anew_and_forgets_nothing() -> None:
    a, b, c = order("a", 1), order("b", 2), order("c", 60)
    again = [page(c, more="x"), refusal(410, "Expired"), page(a, more="y"), page(b, c)]
    wire = Wire([page(a, b), *again], [[TOO_OLD], [TOO_OLD]])
    log = await log_after_start(wire)
    told = [said for said in log if said != "page"]
    assert told == [f"{EventType.ORDER_SUBMITTED}/c", f"{EventType.ORDER_OPEN}/c"]


async def test_the_end_of_an_object_is_told_before_another_of_its_name() -> None:
    wire = Wire([page(order("a", 1, "old")), page(order("a", 60, "new"))], [[TOO_OLD]])
    log = await log_after_start(wire)
    expected = [f"{EventType.INTENT_DELETED}/old", f"{EventType.ORDER_SUBMITTED}/new", f"{EventType.ORDER_OPEN}/new"]
    assert log == ["page", *expected]


async def test_a_late_word_of_the_object_before_changes_nothing() -> None:
    late = [{"type": "MODIFIED", "object": order("a", 5, "old")}, {"type": "DELETED", "object": order("a", 6, "old")}]
    wire = Wire([page(order("a", 60, "new"))], [late])
    log = await log_after_start(wire)
    assert log == []
