"""Two operators with a Lease per account: one works, the other takes over."""

import time
from typing import Any

from exchange_kernel.kube.resources import LEASES
from support.dialects import on_both_venues
from support.operator_process import OperatorProcess
from support.stack import Stack, eventually

pytestmark = on_both_venues

Json = Any
SECONDS = 4.0


async def two(stack: Stack) -> tuple[OperatorProcess, OperatorProcess]:
    """The operator that works on the account, and the one that stands by."""
    operators = [await stack.start_operator(lease_duration=SECONDS, streams="off") for _ in range(2)]
    await stack.open_account()
    await stack.account_ready()
    holder = (await the_lease(stack))["spec"]["holderIdentity"]
    operators.sort(key=lambda each: each.holder != holder)
    assert operators[0].holder == holder
    return operators[0], operators[1]


async def the_lease(stack: Stack) -> Json:
    (lease,) = await stack.api.list(LEASES, stack.journal)
    return lease


async def until_held_by(stack: Stack, operator: OperatorProcess) -> None:
    async def held() -> bool:
        return bool((await the_lease(stack))["spec"]["holderIdentity"] == operator.holder)

    await eventually(held, what="the lease has changed hands")


async def test_an_operator_that_stops_hands_over_at_once_and_nothing_is_placed_twice(stack: Stack) -> None:
    first, second = await two(stack)
    await stack.order("before")
    await stack.until_state("before", "Open")
    assert "is Open" not in second.log
    began = time.monotonic()
    assert await first.stop() == 0
    await until_held_by(stack, second)
    await stack.order("after", price="21000")
    await stack.until_state("after", "Open")
    await stack.cancel("before")
    await stack.until_state("before", "Canceled")
    assert time.monotonic() - began < 60
    assert len((await stack.truth()).orders) == 2


async def test_an_operator_that_dies_is_replaced_and_its_orders_are_followed(stack: Stack) -> None:
    first, second = await two(stack)
    await stack.order("buy", symbol="ETH/USDT", quantity="0.05", price="2900")
    await stack.until_state("buy", "Open")
    first.kill()
    await stack.control.move_price("ETHUSDT", "2850")
    await stack.until_state("buy", "Filled")
    await until_held_by(stack, second)
    await stack.exactly_one_order()


async def test_a_frozen_holder_that_wakes_up_finds_itself_replaced_and_stands_by(stack: Stack) -> None:
    first, second = await two(stack)
    await stack.order("one")
    await stack.until_state("one", "Open")
    first.freeze()
    await until_held_by(stack, second)
    await stack.order("two", price="21000")
    await stack.until_state("two", "Open")
    first.thaw()

    async def stands_by() -> bool:
        return "standing by" in first.log

    await eventually(stands_by, what="the former holder stands by")
    await stack.order("three", price="22000")
    await stack.until_state("three", "Open")
    assert len((await stack.truth()).orders) == 3
    assert (await the_lease(stack))["spec"]["holderIdentity"] == second.holder
