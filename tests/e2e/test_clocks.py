"""Clocks that differ and jump: of the venue, of the operator, of two operators. They change nothing."""

import asyncio
from typing import Any

import pytest

from paper_exchange.config import Config
from support.stack import Stack, eventually

Json = Any
PATIENT = {"placement": {"startingDeadlineSeconds": 600}}


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0, orders_per_10s=0)


async def place_fill_and_cancel(stack: Stack, prefix: str) -> None:
    """A whole life of orders: one is placed and filled, one is placed and canceled, each of them once."""
    before = len((await stack.truth()).orders)
    await stack.control.move_price("ETHUSDT", "3000")
    await stack.order(f"{prefix}-buy", symbol="ETH/USDT", quantity="0.05", price="2900", **PATIENT)
    await stack.order(f"{prefix}-rest", **PATIENT)
    await stack.until_state(f"{prefix}-buy", "Open")
    await stack.until_state(f"{prefix}-rest", "Open")
    await stack.control.move_price("ETHUSDT", "2850")
    await stack.until_state(f"{prefix}-buy", "Filled")
    await stack.cancel(f"{prefix}-rest")
    await stack.until_state(f"{prefix}-rest", "Canceled")
    assert len((await stack.truth()).orders) == before + 2


@pytest.mark.parametrize("seconds", [5, -5], ids=["the venue is ahead", "the venue is behind"])
async def test_a_venue_whose_clock_is_five_seconds_off_makes_no_difference(stack: Stack, seconds: int) -> None:
    await stack.control.skew_clock(seconds * 1000)
    await stack.start_operator()
    await stack.open_account()
    shown = (await stack.account_ready())["status"]["clockSkewMilliseconds"]
    assert abs(shown + seconds * 1000) < 1000
    await place_fill_and_cancel(stack, "skewed")
    assert {entry["code"] for entry in (await stack.control.requests()).entries} <= {0, -2013}


@pytest.mark.parametrize("seconds", [5, -5], ids=["the venue jumps ahead", "the venue jumps back"])
async def test_a_venue_whose_clock_jumps_refuses_and_is_asked_for_its_time_again(stack: Stack, seconds: int) -> None:
    """Edge case 50: nothing was placed by a request that was refused for its time stamp, and the next one is right."""
    await stack.start_operator()
    await stack.open_account()
    await stack.account_ready()
    await stack.control.skew_clock(seconds * 1000)
    await place_fill_and_cancel(stack, "jumped")
    await stack.account_ready()


@pytest.mark.parametrize("seconds", [5, -5, 3600, -3600])
async def test_an_operator_whose_clock_jumps_goes_on_as_if_nothing_had_happened(stack: Stack, seconds: int) -> None:
    operator = await stack.start_operator(clock_offset=0.0)
    await stack.open_account()
    await stack.account_ready()
    await stack.order("before", **PATIENT)
    placed = (await stack.until_state("before", "Open"))["status"]
    operator.set_clock(seconds)
    if abs(seconds) < 300:
        await place_fill_and_cancel(stack, "jumped")
    else:
        # Beyond five minutes nothing new is sent, and it is said why; what works is followed and can be canceled.
        await asyncio.sleep(3)
    await stack.cancel("before")
    after = (await stack.until_state("before", "Canceled"))["status"]
    assert after["exchangeOrderId"] == placed["exchangeOrderId"]
    assert {entry["code"] for entry in (await stack.control.requests()).entries} <= {0, -2013}


async def test_an_unknown_outcome_is_cleared_up_although_the_operators_clock_jumps_meanwhile(stack: Stack) -> None:
    """The fence is counted on a clock that does not jump: the order that exists is found, and no second one sent."""
    operator = await stack.start_operator(clock_offset=0.0)
    await stack.open_account()
    await stack.account_ready()
    await stack.control.set_modes(lookup_lag_ms=4000)
    lost = {"match": {"method": "POST", "path": "/api/v3/order"}, "at": "after_engine", "do": "drop", "count": 1}
    await stack.control.add_fault(lost)
    await stack.order("buy", **PATIENT)

    async def sent() -> bool:
        return bool((await stack.truth()).orders)

    await eventually(sent, what="the order is at the venue")
    operator.set_clock(7200)
    await asyncio.sleep(1)
    operator.set_clock(-7200)
    await asyncio.sleep(1)
    operator.set_clock(0)
    await stack.until_state("buy", "Open", seconds=80)
    await stack.exactly_one_order()


@pytest.mark.slow
async def test_two_operators_whose_clocks_differ_by_ten_seconds_place_each_order_once(stack: Stack) -> None:
    """Both act at once, without leases."""
    ahead, behind = stack.operator(clock_offset=5.0, send_window=5), stack.operator(clock_offset=-5.0, send_window=5)
    ahead.launch()
    behind.launch()
    await ahead.until_ready()
    await behind.until_ready()
    await stack.open_account()
    await stack.account_ready()
    names = [f"o{number}" for number in range(20)]
    await asyncio.gather(*(stack.order(name, quantity="0.001", **PATIENT) for name in names))
    for name in names:
        await stack.until_state(name, "Open", seconds=90)
    truth = await stack.truth()
    assert len(truth.orders) == len({order["clientOrderId"] for order in truth.orders}) == len(names)


async def test_a_lease_is_handed_over_between_operators_whose_clocks_differ(stack: Stack) -> None:
    """A Lease that is written by a clock in the future, or in the past, lasts as long as any other."""
    first = await stack.start_operator(clock_offset=600.0, lease_duration=4)
    second = await stack.start_operator(clock_offset=-600.0, lease_duration=4)
    await stack.open_account()

    async def working() -> bool:
        return any("held: working" in each.log for each in (first, second))

    await eventually(working, what="one of them works")
    holder, other = (first, second) if "held: working" in first.log else (second, first)
    holder.kill()
    await eventually(working_of(other), what="the other one takes over")


def working_of(operator: Any) -> Any:  # noqa: ANN401 - a probe
    async def works() -> bool:
        return "held: working" in operator.log

    return works
