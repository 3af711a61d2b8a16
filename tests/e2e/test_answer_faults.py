"""Answers to the order's POST that are lost, late or senseless.

Each case has an account of its own at one venue, so that all of them can wait out the same fence. What the venue does
is known from its own books: exactly one order, whatever the operator was told, and what the operator has recorded about
each attempt is what really happened to it.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from paper_exchange.config import Config
from support.dialects import Dialect, on_both_venues
from support.stack import HUMAN_SECONDS, Stack, condition

Json = Any
pytestmark = on_both_venues
PATIENT = {"placement": {"startingDeadlineSeconds": 600}}
EXISTS, LOST, NEVER_SENT = ["Placed"], ["Absent", "Placed"], ["NotPlaced", "Placed"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the first request; `recorded` is what the receipt says of each attempt in the end.

    `recorded_unexpiring` is that on a venue whose requests never expire, where it differs.
    """

    name: str
    recorded: list[str]
    at: str
    do: str
    more: dict[str, Json] = field(default_factory=dict)
    doubted: bool = False  # whether the user must have been told that the outcome is unknown
    recorded_unexpiring: list[str] | None = None

    def outcomes(self, dialect: Dialect) -> list[str]:
        """What is recorded in the end."""
        if dialect.requests_expire or self.recorded_unexpiring is None:
            return self.recorded
        return self.recorded_unexpiring


def _binance(code: int, words: str) -> str:
    return f'{{"code":{code},"msg":"{words}"}}'


def _kraken(text: str) -> dict[str, Json]:
    return {"status": 200, "body": f'{{"error":["{text}"]}}'}


COMMON = (
    Fault("dropped-before", LOST, "before_engine", "drop", doubted=True),
    Fault("closed-before", LOST, "before_engine", "drop", {"how": "fin"}, doubted=True),
    Fault("dropped-after", EXISTS, "after_engine", "drop"),
    Fault("closed-after", EXISTS, "after_engine", "drop", {"how": "fin"}),
    Fault("late", EXISTS, "after_engine", "delay", {"delay_ms": 12_000}),
    # Held up on its way for longer than a request of Binance lives; one of Kraken's places its order all the same.
    Fault("late-and-expired", LOST, "before_engine", "delay", {"delay_ms": 12_000}, doubted=True,
          recorded_unexpiring=EXISTS),
    Fault("500-before", LOST, "before_engine", "respond", {"status": 500}, doubted=True),
    Fault("502-before", LOST, "before_engine", "respond", {"status": 502, "body": "<html>bad gateway"}, doubted=True),
    Fault("503-after", EXISTS, "after_engine", "respond", {"status": 503, "body": "Unknown error, please check"}),
    Fault("empty-before", LOST, "before_engine", "empty", doubted=True),
    Fault("empty-after", EXISTS, "after_engine", "empty"),
    Fault("garbled-after", EXISTS, "after_engine", "garble"),
    Fault("truncated", EXISTS, "in_body", "truncate"),
)  # fmt: skip
IN_ITS_WORDS = {
    "binance": (
        Fault("500-after", EXISTS, "after_engine", "respond", {"status": 500, "body": _binance(-1000, "unknown")}),
        Fault("504-after", EXISTS, "after_engine", "respond", {"status": 504, "body": _binance(-1007, "Timeout")}),
        Fault(
            "clock", NEVER_SENT, "before_engine", "respond",
            {"status": 400, "body": _binance(-1021, "Timestamp for this request is outside of the recvWindow.")},
        ),
    ),
    "kraken": (
        Fault("internal-after", EXISTS, "after_engine", "respond", _kraken("EGeneral:Internal error")),
        Fault("unavailable-after", EXISTS, "after_engine", "respond", _kraken("EService:Unavailable")),
        Fault("busy-before", LOST, "before_engine", "respond", _kraken("EService:Busy"), doubted=True),
        Fault("nonce", NEVER_SENT, "before_engine", "respond", _kraken("EAPI:Invalid nonce")),
        Fault("cancel-only", NEVER_SENT, "before_engine", "respond", _kraken("EService:Market in cancel_only mode")),
    ),
}  # fmt: skip


async def _prepare(stack: Stack, names: list[str]) -> None:
    # Many accounts share one address' request weight; bulk reads play no part here. A wide window: nine orders at once.
    await stack.start_operator(poll_interval=15, send_window=3)
    for name in names:
        await stack.open_account(name)
    for name in names:
        await stack.account_ready(name)


async def _break(stack: Stack, account: str, fault: Fault) -> None:
    match = {**stack.dialect.create._asdict(), "account": account}
    rule = {"match": match, "at": fault.at, "do": fault.do, "count": 1, **fault.more}
    await stack.control.add_fault(rule, fault.name)


def _sent(receipt: Json) -> list[str]:
    """The outcomes of the attempts whose turn came in time: with few questions left, one may wait beyond its window."""
    return [entry["outcome"] for entry in receipt["placements"] if entry.get("reason") != "SendWindowMissed"]


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0, orders_per_10s=0)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("turn", [0, 1])
async def test_whatever_the_answer_there_is_exactly_one_order(stack: Stack, turn: int) -> None:
    everything = COMMON + IN_ITS_WORDS[stack.dialect.exchange]
    faults = [fault for number, fault in enumerate(everything) if number % 2 == turn]
    await _prepare(stack, [fault.name for fault in faults])
    for fault in faults:
        await _break(stack, fault.name, fault)
        await stack.order(fault.name, account=fault.name, **PATIENT)
    said: dict[str, set[tuple[str, ...]]] = {fault.name: set() for fault in faults}

    def seen(name: str, obj: Json) -> None:
        said[name].add((obj.get("status", {}).get("state", ""), *condition(obj, "Placed")))

    vouched = await stack.until_open(said, seconds=2.5 * stack.dialect.patience, seen=seen)
    recorded = {receipt["identity"]["key"]: receipt for receipt in await stack.receipts()}
    for fault in faults:
        await stack.exactly_one_order(fault.name)
        outcomes = _sent(recorded[fault.name])
        assert outcomes == fault.outcomes(stack.dialect), f"{fault.name}: {outcomes}"
        if fault.doubted:
            assert ("Unknown", "Unknown", "OutcomeUnknown") in said[fault.name], f"{fault.name}: {said[fault.name]}"
    if not stack.dialect.requests_expire:
        # No attempt of its own follows one that got lost, however long ago: a human has to say that it is not there.
        assert vouched == {fault.name for fault in faults if fault.outcomes(stack.dialect) == LOST}
    struck = {entry["rule_id"] for entry in await stack.control.injections()}
    assert struck == {fault.name for fault in faults}


@pytest.mark.slow
async def test_a_rate_limit_is_kept_to_and_the_order_is_sent_after_it(stack: Stack) -> None:
    """It is answered in place of the request: nothing was placed, and the next attempt may follow at once after it."""
    await _prepare(stack, ["main"])
    answers = {
        "binance": {"status": 429, "headers": {"Retry-After": "3"}, "body": _binance(-1003, "Too many requests.")},
        "kraken": _kraken("EAPI:Rate limit exceeded"),  # it does not say for how long
    }
    match, answer = stack.dialect.create._asdict(), answers[stack.dialect.exchange]
    rule = {"match": match, "at": "before_auth", "do": "respond", "count": 1, **answer}
    await stack.control.add_fault(rule)
    await stack.order("buy", **PATIENT)
    await stack.until_state("buy", "Open")
    await stack.exactly_one_order()
    first, second = await stack.order_requests()
    assert (first["status"], second["status"]) == (answer["status"], 200)
    assert second["time_ms"] - first["time_ms"] >= 3000
    (receipt,) = await stack.receipts()
    *before, last = [entry["outcome"] for entry in receipt["placements"]]
    assert (set(before), last) == ({"NotPlaced"}, "Placed"), receipt["placements"]


@pytest.mark.slow
async def test_an_order_that_is_canceled_while_its_outcome_is_unknown_is_proven_absent_first(stack: Stack) -> None:
    await _prepare(stack, ["main"])
    await _break(stack, "main", COMMON[0])
    await stack.order("buy", **PATIENT)
    await stack.until_state("buy", "Unknown")
    await stack.cancel("buy")
    await asyncio.sleep(3)
    obj = await stack.intent("buy")
    assert obj["status"]["state"] == "Unknown"
    if not stack.dialect.requests_expire:
        await asyncio.sleep(HUMAN_SECONDS)
        assert (await stack.intent("buy"))["status"]["state"] == "Unknown", "no wait proves an absence here"
        await stack.vouch("buy", obj)
    obj = await stack.until_state("buy", "Canceled", seconds=1.5 * stack.dialect.patience)
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
    await stack.until_gone("buy", seconds=2 * stack.dialect.patience)
    assert (await stack.exactly_one_order())["status"] == "CANCELED"
