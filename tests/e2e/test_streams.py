"""Order streams that die, lie and lag: fills are known within a poll interval, and the stream is taken up again."""

import itertools
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from local_cluster.control_plane import ControlPlane
from paper_exchange.config import Config
from support.stack import Stack, eventually

Json = Any
POLL = 4.0
# What a loaded machine may add to a poll interval.
SLACK = 8.0
REPORTS = {"method": "WS", "path": "executionReport"}
SUBSCRIBE = "userDataStream.subscribe.signature"
_numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def _streaming_stack(kinds: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    unlimited = Config(accounts=(), weight_per_minute=0, orders_per_10s=0)
    async with Stack(kinds, tmp_path_factory.mktemp("streams"), unlimited) as made:
        await made.start_operator(poll_interval=POLL, idle_interval=POLL)
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def desk(_streaming_stack: Stack) -> AsyncIterator[Stack]:
    """An account of its own whose stream lives; polls are four seconds apart."""
    view = _streaming_stack.view()
    await view.open_account()
    await view.account_ready()
    await until_live(view)
    before = len(view.operators[0].log)
    yield view
    await view.control.clear_faults()
    await view.clear()
    assert "Traceback" not in view.operators[0].log[before:]


async def metric(desk: Stack, name: str) -> float:
    for sample in await desk.operators[0].samples(f"exchange_kernel_stream_{name}"):
        if sample.labels["account"] == desk.named("main"):
            return sample.value
    return 0.0


async def until_live(desk: Stack, ends: float = 0.0) -> None:
    """Wait until the stream lives, having ended so often."""

    async def live() -> bool:
        return await metric(desk, "live") == 1.0 and await metric(desk, "ends_total") >= ends

    await eventually(live, what=f"the stream lives, having ended {ends:g} times", seconds=60)


async def resting(desk: Stack) -> str:
    """An order that rests; its name."""
    name = f"o{next(_numbers)}"
    await desk.control.move_price("ETHUSDT", "3000")
    await desk.order(name, symbol="ETH/USDT", quantity="0.05", price="2900")
    await desk.until_state(name, "Open")
    return name


async def fill(desk: Stack) -> float:
    await desk.control.move_price("ETHUSDT", "2850")
    return time.monotonic()


async def test_a_fill_is_known_before_any_poll(desk: Stack) -> None:
    await until_hints_work(desk)
    state = await eventually(lambda: _health(desk), what="the AccountState says that the stream lives", seconds=30)
    assert state["orderStream"] == "Live"


async def _health(desk: Stack) -> Json:
    health = (await desk.state_of_account()).get("health", {})
    return health if health.get("orderStream") == "Live" else None


async def until_hints_work(desk: Stack) -> None:
    """Assert that fills are read because of hints: by a read of one order, with no bulk read before it."""
    seen: list[tuple[str, str]] = []
    for _ in range(4):
        name = await resting(desk)
        before = (await desk.control.requests()).last_sequence
        await fill(desk)
        await desk.until_state(name, "Filled", seconds=POLL + SLACK)
        seen = [
            (entry["method"], entry["path"])
            for entry in (await desk.control.requests(before)).entries
            if entry["account"] == desk.named("main")
        ]
        if ("GET", "/api/v3/openOrders") not in seen and ("GET", "/api/v3/order") in seen:
            return
        # A poll may have come in between; not every time.
    pytest.fail(f"fills are found by polls only: {seen}")


@pytest.mark.parametrize("how", ["reset", "close", "expire", "server_shutdown", "terminate"])
async def test_a_stream_that_ends_costs_a_poll_interval_at_most(desk: Stack, how: str) -> None:
    name, ends = await resting(desk), await metric(desk, "ends_total")
    assert await desk.control.strike_streams(how, on="user", account=desk.named("main")) == 1
    began = await fill(desk)
    await desk.until_state(name, "Filled", seconds=POLL + SLACK)
    assert time.monotonic() - began < POLL + SLACK
    await until_live(desk, ends + 1)
    await until_hints_work(desk)


@pytest.mark.slow
async def test_a_half_open_stream_costs_a_poll_interval_and_is_found_out(desk: Stack) -> None:
    name, ends = await resting(desk), await metric(desk, "ends_total")
    assert await desk.control.strike_streams("stall", on="user", account=desk.named("main")) == 1
    await fill(desk)
    await desk.until_state(name, "Filled", seconds=POLL + SLACK)
    await until_live(desk, ends + 1)
    await until_hints_work(desk)


async def test_a_silent_stream_is_found_out_by_what_polls_show(desk: Stack) -> None:
    rule = {"match": {**REPORTS, "account": desk.named("main")}, "at": "event", "do": "drop_event"}
    name, ends = await resting(desk), await metric(desk, "ends_total")
    fault = await desk.control.add_fault(rule)
    await fill(desk)
    await desk.until_state(name, "Filled", seconds=POLL + SLACK)
    await until_live(desk, ends + 1)
    assert await metric(desk, "missed_total") >= 1
    await desk.control.remove_fault(fault)
    await until_hints_work(desk)


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "delay", "delay_ms": 2500},
        {"do": "duplicate_event"},
        {"do": "reorder_event"},
    ],
    ids=lambda fault: str(fault["do"]),
)
async def test_events_that_come_late_twice_or_in_disorder_change_nothing(desk: Stack, fault: Json) -> None:
    ends = await metric(desk, "ends_total")
    await desk.control.add_fault({"match": {**REPORTS, "account": desk.named("main")}, "at": "event", **fault})
    for _ in range(2):
        name = await resting(desk)
        await fill(desk)
        status = (await desk.until_state(name, "Filled", seconds=POLL + SLACK))["status"]
        assert status["filledQuantity"] == "0.05"
    await desk.control.clear_faults()
    assert await metric(desk, "ends_total") == ends
    await until_hints_work(desk)


async def test_a_malformed_event_ends_the_stream_at_once_and_not_the_operator(desk: Stack) -> None:
    name, ends = await resting(desk), await metric(desk, "ends_total")
    match = {**REPORTS, "account": desk.named("main")}
    await desk.control.add_fault({"match": match, "at": "event", "do": "malform_event", "count": 1})
    await fill(desk)
    await desk.until_state(name, "Filled", seconds=POLL + SLACK)
    await until_live(desk, ends + 1)
    await until_hints_work(desk)


async def test_a_refused_subscription_is_tried_again(desk: Stack) -> None:
    body = '{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}'
    refusal = {"match": {"path": SUBSCRIBE}, "at": "before_engine", "do": "respond", "status": 401, "body": body}
    ends = await metric(desk, "ends_total")
    await desk.control.add_fault({**refusal, "count": 2})
    await desk.control.strike_streams("reset", on="user", account=desk.named("main"))
    name = await resting(desk)
    await fill(desk)
    await desk.until_state(name, "Filled", seconds=POLL + SLACK)
    # The connection was lost once, and the subscription refused twice; the account is not blamed for it.
    await until_live(desk, ends + 3)
    await desk.account_ready()
    await until_hints_work(desk)


async def test_streams_can_be_switched_off(stack: Stack) -> None:
    await stack.start_operator(streams="off")
    await stack.open_account()
    await stack.account_ready()
    name = await resting(stack)
    await fill(stack)
    await stack.until_state(name, "Filled")
    seen = (await stack.control.requests()).entries
    assert not [entry for entry in seen if entry["path"] == SUBSCRIBE]
