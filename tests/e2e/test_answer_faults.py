"""Answers to the order's POST that are lost, late or senseless.

Each case has an account of its own at one venue, so that all of them can wait out the same fence. What the venue does
is known from its own books: exactly one order, whatever the operator was told, and what the operator has recorded about
each attempt is what really happened to it.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from paper_exchange.config import Config
from support.stack import Stack, condition

Json = Any
PATIENT = {"placement": {"startingDeadlineSeconds": 600}}
EXISTS, LOST, NEVER_SENT = ["Placed"], ["Absent", "Placed"], ["NotPlaced", "Placed"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the first request; `recorded` is what the receipt says of each attempt in the end."""

    name: str
    recorded: list[str]
    at: str
    do: str
    more: dict[str, Json] = field(default_factory=dict)
    doubted: bool = False  # whether the user must have been told that the outcome is unknown


def _error(code: int, words: str) -> str:
    return f'{{"code":{code},"msg":"{words}"}}'


FAULTS = (
    Fault("dropped-before", LOST, "before_engine", "drop", doubted=True),
    Fault("closed-before", LOST, "before_engine", "drop", {"how": "fin"}, doubted=True),
    Fault("dropped-after", EXISTS, "after_engine", "drop"),
    Fault("closed-after", EXISTS, "after_engine", "drop", {"how": "fin"}),
    Fault("late", EXISTS, "after_engine", "delay", {"delay_ms": 12_000}),
    Fault("late-and-expired", LOST, "before_engine", "delay", {"delay_ms": 12_000}, doubted=True),
    Fault("500-before", LOST, "before_engine", "respond", {"status": 500}, doubted=True),
    Fault("502-before", LOST, "before_engine", "respond", {"status": 502, "body": "<html>bad gateway"}, doubted=True),
    Fault("500-after", EXISTS, "after_engine", "respond", {"status": 500, "body": _error(-1000, "unknown error")}),
    Fault("503-after", EXISTS, "after_engine", "respond", {"status": 503, "body": "Unknown error, please check"}),
    Fault("504-after", EXISTS, "after_engine", "respond", {"status": 504, "body": _error(-1007, "Timeout waiting")}),
    Fault("empty-before", LOST, "before_engine", "empty", doubted=True),
    Fault("empty-after", EXISTS, "after_engine", "empty"),
    Fault("garbled-after", EXISTS, "after_engine", "garble"),
    Fault("truncated", EXISTS, "in_body", "truncate"),
    Fault(
        "clock", NEVER_SENT, "before_engine", "respond",
        {"status": 400, "body": _error(-1021, "Timestamp for this request is outside of the recvWindow.")},
    ),
)  # fmt: skip


async def _prepare(stack: Stack, names: list[str]) -> None:
    # Many accounts share one address' request weight; bulk reads play no part here. A wide window: nine orders at once.
    await stack.start_operator(poll_interval=15, send_window=3)
    for name in names:
        await stack.open_account(name)
    for name in names:
        await stack.account_ready(name)


async def _break(stack: Stack, account: str, fault: Fault) -> None:
    match = {"method": "POST", "path": "/api/v3/order", "account": account}
    rule = {"match": match, "at": fault.at, "do": fault.do, "count": 1, **fault.more}
    await stack.control.add_fault(rule, fault.name)


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0, orders_per_10s=0)


@pytest.mark.slow
@pytest.mark.parametrize("turn", [0, 1])
async def test_whatever_the_answer_there_is_exactly_one_order(stack: Stack, turn: int) -> None:
    faults = [fault for number, fault in enumerate(FAULTS) if number % 2 == turn]
    await _prepare(stack, [fault.name for fault in faults])
    for fault in faults:
        await _break(stack, fault.name, fault)
        await stack.order(fault.name, account=fault.name, **PATIENT)
    said = await _follow_until_open(stack, [fault.name for fault in faults], seconds=100)
    recorded = {receipt["identity"]["key"]: receipt for receipt in await stack.receipts()}
    for fault in faults:
        await stack.exactly_one_order(fault.name)
        outcomes = [entry["outcome"] for entry in recorded[fault.name]["placements"]]
        assert outcomes == fault.recorded, f"{fault.name}: {outcomes}"
        if fault.doubted:
            assert ("Unknown", "Unknown", "OutcomeUnknown") in said[fault.name], f"{fault.name}: {said[fault.name]}"
    struck = {entry["rule_id"] for entry in await stack.control.injections()}
    assert struck == {fault.name for fault in faults}


async def _follow_until_open(stack: Stack, names: list[str], seconds: float) -> dict[str, set[tuple[str, str, str]]]:
    """Collects what is said, as (state, status and reason of Placed), until all are Open."""
    said: dict[str, set[tuple[str, str, str]]] = {name: set() for name in names}
    deadline, waiting = time.monotonic() + seconds, set(names)
    while waiting:
        assert time.monotonic() < deadline, f"not open: {waiting}\n{stack.operators[0].log[-6000:]}"
        for name in tuple(waiting):
            obj = await stack.intent(name)
            state = obj["status"].get("state", "")
            said[name].add((state, *condition(obj, "Placed")))
            if state == "Open":
                waiting.discard(name)
        await asyncio.sleep(0.3)
    return said


async def test_a_rate_limit_is_kept_to_and_the_order_is_sent_after_it(stack: Stack) -> None:
    """429 is answered in place of the request: nothing was placed, and the next attempt may follow at once after it."""
    await _prepare(stack, ["main"])
    body = _error(-1003, "Too many requests.")
    answer = {"status": 429, "headers": {"Retry-After": "3"}, "body": body}
    match = {"method": "POST", "path": "/api/v3/order"}
    rule = {"match": match, "at": "before_auth", "do": "respond", "count": 1, **answer}
    await stack.control.add_fault(rule)
    await stack.order("buy", **PATIENT)
    await stack.until_state("buy", "Open")
    await stack.exactly_one_order()
    first, second = await stack.order_requests()
    assert (first["status"], second["status"]) == (429, 200)
    assert second["time_ms"] - first["time_ms"] >= 3000
    (receipt,) = await stack.receipts()
    assert [entry["outcome"] for entry in receipt["placements"]] == NEVER_SENT


@pytest.mark.slow
async def test_an_order_that_is_canceled_while_its_outcome_is_unknown_is_proven_absent_first(stack: Stack) -> None:
    await _prepare(stack, ["main"])
    await _break(stack, "main", FAULTS[0])
    await stack.order("buy", **PATIENT)
    await stack.until_state("buy", "Unknown")
    await stack.cancel("buy")
    await asyncio.sleep(3)
    assert (await stack.intent("buy"))["status"]["state"] == "Unknown"
    obj = await stack.until_state("buy", "Canceled", seconds=60)
    assert obj["status"]["filledQuantity"] == "0"
    assert condition(obj, "Completed")[0] == "True"
    assert (await stack.truth()).orders == ()
    (receipt,) = await stack.receipts()
    assert [entry["outcome"] for entry in receipt["placements"]] == ["Absent"]


@pytest.mark.slow
async def test_an_order_that_is_deleted_while_its_outcome_is_unknown_is_found_and_canceled(stack: Stack) -> None:
    await _prepare(stack, ["main"])
    await stack.control.set_modes(lookup_lag_ms=8_000)
    await _break(stack, "main", Fault("dropped", EXISTS, "after_engine", "drop"))
    await stack.order("buy", **PATIENT)
    await stack.until_state("buy", "Unknown")
    await stack.delete("buy")
    await stack.until_gone("buy", seconds=80)
    assert (await stack.exactly_one_order())["status"] == "CANCELED"
