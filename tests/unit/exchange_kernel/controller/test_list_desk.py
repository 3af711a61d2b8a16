"""The orders of a list meet, or provably nothing was sent."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest

from exchange_kernel.api.meta import ANNOTATION_ORDER_LIST, API_VERSION
from exchange_kernel.controller.groups import Groups
from exchange_kernel.controller.list_desk import PARTNER_MISSING, ListDesk, Part
from exchange_kernel.core.order_lists import ListTicket, list_id
from exchange_kernel.core.outcomes import CreateOutcome, NotPlaced, OutcomeUnknown, Placed, Refused
from exchange_kernel.core.requests import ListRequest, OrderRequest
from exchange_kernel.core.venue_rules import OcoRules
from exchange_kernel.exchange.memory import MemoryExchange
from exchange_kernel.exchange.memory_setup import BTC_USDT, MEMORY_RULES, LostAnswer
from exchange_kernel.exchange.port import ListOutcome, SendGate
from support.memory_api import Obj
from support.virtual_time import in_virtual_time
from support.world import DESK, PacedExchange, World

NAMES = ("trade-stop", "trade-target")
OCO = OcoRules(
    stops=frozenset({"StopMarket"}), targets=frozenset({"Limit"}), entries=frozenset({("Sell", "Limit", "FOK")})
)
STOP = OrderRequest("ec0d" + "1" * 28, "BTC/USDT", "Sell", "StopMarket", Decimal("0.01"), trigger_price=Decimal(40000))
TARGET = OrderRequest("ec0d" + "2" * 28, "BTC/USDT", "Sell", "Limit", Decimal("0.01"), price=Decimal(60000))


class Recording(MemoryExchange):
    """Remembers the lists that it was asked for."""

    def __init__(self) -> None:
        super().__init__(rules=replace(MEMORY_RULES, oco=OCO))
        self.asked: list[ListRequest] = []

    async def create_list(self, request: ListRequest, gate: SendGate) -> ListOutcome:
        self.asked.append(request)
        return await super().create_list(request, gate)


def part(request: OrderRequest, own: str, closed: str | None = None) -> Part:
    return Part(ListTicket("trading", NAMES, own), request, lambda: closed)


async def both(
    exchange: MemoryExchange, first: Part, second: Part, desk: ListDesk | None = None
) -> tuple[CreateOutcome, CreateOutcome]:
    desk = desk or ListDesk()
    one = asyncio.create_task(desk.send(exchange, first, 5))
    await asyncio.sleep(0)
    return await asyncio.gather(one, desk.send(exchange, second, 5))


@pytest.mark.parametrize("target_first", [False, True])
async def test_both_orders_go_out_in_one_request_whichever_comes_first(target_first: bool) -> None:
    exchange = Recording()
    parts = [part(STOP, NAMES[0]), part(TARGET, NAMES[1])]
    outcomes = await both(exchange, *reversed(parts) if target_first else parts)

    (request,) = exchange.asked
    assert (request.stop, request.target) == (STOP, TARGET)
    assert request.client_order_id not in {STOP.client_order_id, TARGET.client_order_id}
    ids = [outcome.order.client_order_id for outcome in outcomes if isinstance(outcome, Placed)]
    assert ids == [p.request.client_order_id for p in (reversed(parts) if target_first else parts)]


async def test_the_list_has_the_same_id_whoever_comes_first() -> None:
    one, other = Recording(), Recording()
    await both(one, part(STOP, NAMES[0]), part(TARGET, NAMES[1]))
    await both(other, part(TARGET, NAMES[1]), part(STOP, NAMES[0]))
    assert one.asked[0].client_order_id == other.asked[0].client_order_id


async def test_an_order_whose_partner_does_not_come_was_provably_not_sent() -> None:
    exchange, desk = Recording(), ListDesk()
    assert await desk.send(exchange, part(STOP, NAMES[0]), 0.01) == PARTNER_MISSING
    assert exchange.asked == []
    # The next one waits anew: nothing of the first attempt is left behind.
    assert await desk.send(exchange, part(TARGET, NAMES[1]), 0.01) == PARTNER_MISSING


@pytest.mark.parametrize("closed", [0, 1])
async def test_one_closed_gate_keeps_both_back(closed: int) -> None:
    exchange = Recording()
    stop_closed, target_closed = ("halted", None) if closed == 0 else (None, "halted")
    parts = [part(STOP, NAMES[0], stop_closed), part(TARGET, NAMES[1], target_closed)]
    outcomes = await both(exchange, *parts)

    assert [type(outcome) for outcome in outcomes] == [NotPlaced, NotPlaced]
    assert exchange.orders == ()


async def test_a_lost_answer_is_unknown_for_both() -> None:
    exchange = Recording()
    exchange.fail_next("create_list", LostAnswer())
    outcomes = await both(exchange, part(STOP, NAMES[0]), part(TARGET, NAMES[1]))
    assert [type(outcome) for outcome in outcomes] == [OutcomeUnknown, OutcomeUnknown]


async def test_an_adapter_that_fails_leaves_both_unknown() -> None:
    class Failing(Recording):
        async def create_list(self, request: ListRequest, gate: SendGate) -> ListOutcome:
            raise RuntimeError(request.client_order_id)

    desk, exchange = ListDesk(), Failing()
    waiting = asyncio.create_task(desk.send(exchange, part(STOP, NAMES[0]), 5))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError):
        await desk.send(exchange, part(TARGET, NAMES[1]), 5)
    assert isinstance(await waiting, OutcomeUnknown)


async def test_two_orders_that_are_no_pair_are_refused_unsent() -> None:
    exchange = Recording()
    other = replace(STOP, client_order_id="ec0d" + "3" * 28)
    outcomes = await both(exchange, part(STOP, NAMES[0]), part(other, NAMES[1]))
    assert [type(outcome) for outcome in outcomes] == [Refused, Refused]
    assert exchange.asked == []


async def test_an_object_of_the_same_name_takes_the_place_of_the_one_before() -> None:
    exchange, desk = Recording(), ListDesk()
    before = asyncio.create_task(desk.send(exchange, part(STOP, NAMES[0]), 5))
    await asyncio.sleep(0)
    after = asyncio.create_task(desk.send(exchange, part(STOP, NAMES[0]), 5))
    await asyncio.sleep(0)
    assert await before == PARTNER_MISSING
    assert isinstance(await desk.send(exchange, part(TARGET, NAMES[1]), 5), Placed)
    assert isinstance(await after, Placed)


async def test_a_closed_desk_sends_nothing_and_keeps_nobody_waiting() -> None:
    exchange, desk = Recording(), ListDesk()
    waiting = asyncio.create_task(desk.send(exchange, part(STOP, NAMES[0]), 60))
    await asyncio.sleep(0)
    desk.close()
    assert [type(await waiting), type(await desk.send(exchange, part(TARGET, NAMES[1]), 5))] == [NotPlaced, NotPlaced]
    assert exchange.asked == []


# --- an entry with its exits ------------------------------------------------------------------------------------------

THREE = ("trade-entry", *NAMES)
ENTRY = OrderRequest(
    "ec0d" + "4" * 28, "BTC/USDT", "Sell", "Limit", Decimal("0.01"), price=Decimal(49000), time_in_force="FOK"
)
BUY_STOP = replace(STOP, side="Buy", trigger_price=Decimal(60000))
BUY_TARGET = replace(TARGET, side="Buy", price=Decimal(40000))


def of_three(name: str, closed: str | None = None) -> Part:
    request = dict(zip(THREE, (ENTRY, BUY_STOP, BUY_TARGET), strict=True))[name]
    return Part(ListTicket("trading", THREE, name), request, lambda: closed)


@pytest.mark.parametrize("order", list(permutations(THREE)))
async def test_three_orders_go_out_in_one_request_whoever_comes_last(order: tuple[str, ...]) -> None:
    exchange, desk = Recording(), ListDesk()
    sent = [asyncio.create_task(desk.send(exchange, of_three(name), 5)) for name in order]
    outcomes = dict(zip(order, await asyncio.gather(*sent), strict=True))

    (request,) = exchange.asked
    assert request.orders == (BUY_STOP, BUY_TARGET, ENTRY)
    assert request.client_order_id == list_id(ENTRY.client_order_id)
    for name in THREE:
        outcome = outcomes[name]
        assert isinstance(outcome, Placed)
        assert outcome.order.client_order_id == of_three(name).request.client_order_id


async def test_two_of_three_are_not_sent() -> None:
    exchange, desk = Recording(), ListDesk()
    sent = (desk.send(exchange, of_three(name), 0.01) for name in THREE[:2])
    assert await asyncio.gather(*sent) == [PARTNER_MISSING, PARTNER_MISSING]
    assert exchange.asked == []
    assert not desk.has_lead(of_three(NAMES[0]).ticket)


@pytest.mark.parametrize("closed", THREE)
async def test_one_closed_gate_of_three_keeps_all_back(closed: str) -> None:
    exchange, desk = Recording(), ListDesk()
    parts = [of_three(name, "halted" if name == closed else None) for name in THREE]
    outcomes = await asyncio.gather(*(desk.send(exchange, each, 5) for each in parts))
    assert [type(outcome) for outcome in outcomes] == [NotPlaced] * 3
    assert exchange.orders == ()


async def test_only_the_first_order_waiting_lets_the_others_follow() -> None:
    exchange, desk = Recording(), ListDesk()
    stop, target = (of_three(name).ticket for name in NAMES)
    waiting = asyncio.create_task(desk.send(exchange, of_three(NAMES[0]), 5))
    await asyncio.sleep(0)
    assert not desk.has_lead(target)
    entry = asyncio.create_task(desk.send(exchange, of_three(THREE[0]), 5))
    await asyncio.sleep(0)
    assert desk.has_lead(target)
    assert desk.has_lead(stop)
    desk.close()
    assert [type(outcome) for outcome in await asyncio.gather(waiting, entry)] == [NotPlaced, NotPlaced]


# --- two processes that both act -----------------------------------------------------------------------------------


def listed(world: World, name: str, **spec: str) -> Obj:
    """An OrderIntent of a list, as a group makes it."""
    owner = {"apiVersion": API_VERSION, "kind": "OrderGroup", "name": "trade", "uid": "group-1", "controller": True}
    wish = {"accountRef": {"name": "main"}, "symbol": "BTC/USDT", "side": "Sell", "quantity": "0.5", **spec}
    meta = {
        "namespace": DESK,
        "name": name,
        "creationTimestamp": world.wall().isoformat(),
        "annotations": {ANNOTATION_ORDER_LIST: ",".join(NAMES)},
        "ownerReferences": [owner],
    }
    return {"apiVersion": API_VERSION, "metadata": meta, "spec": wish | {"placement": {"startingDeadlineSeconds": 900}}}


@pytest.mark.parametrize("leads", [0, 1])
@in_virtual_time
async def test_two_processes_that_hold_one_order_of_a_list_each_do_not_wait_for_ever(
    leads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Groups, "lacks", lambda *_: False)  # the group is not what this is about
    world = World()
    stops = frozenset({("StopMarket", "GTC", False, False)})
    rules = replace(MEMORY_RULES, oco=OCO, supported=MEMORY_RULES.supported | stops)
    market = replace(BTC_USDT, order_types=BTC_USDT.order_types | {"StopMarket"})
    world.venue = PacedExchange(markets={market.symbol: market}, rules=rules, monotonic=world.monotonic, now=world.wall)
    await world.ready()
    other = world.process("other")
    world.start(other)
    await world.until(lambda: (DESK, "main") in other.accounts and other.accounts[DESK, "main"].ready)
    # Each sees one of the orders first, and records it: a watch may be that slow.
    watchers = world.api.watchers[:]
    world.api.watchers.clear()
    stop = world.api.put("orderintents", listed(world, NAMES[0], type="StopMarket", triggerPrice="40000"))
    target = world.api.put("orderintents", listed(world, NAMES[1], type="Limit", price="60000"))
    for watcher, obj in zip(watchers[::-1] if leads else watchers, (stop, target), strict=True):
        watcher("orderintents", "ADDED", obj)
    await world.until(lambda: len(world.api.all("orderreceipts")) == len(NAMES))
    world.api.watchers[:] = watchers
    for watcher in watchers:
        for name in NAMES:
            watcher("orderintents", "ADDED", world.api.get("orderintents", DESK, name))

    for name in NAMES:
        await world.until_state({NAMES[0]: "Untriggered", NAMES[1]: "Open"}[name], name, seconds=240)
    assert len(world.orders) == len(NAMES)
