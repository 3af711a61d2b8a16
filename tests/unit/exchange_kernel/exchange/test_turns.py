"""Callers that give up: no place stays taken, and nobody is given one twice."""

import asyncio

import pytest

from exchange_kernel.exchange.admission import Lane, Priority
from exchange_kernel.exchange.budget import WeightBudget
from exchange_kernel.exchange.port import VenueUnavailable
from exchange_kernel.exchange.profiles.parts import Weights
from exchange_kernel.exchange.turns import Turns
from support.virtual_time import in_virtual_time


@in_virtual_time
async def test_a_caller_who_gives_up_while_its_turn_comes_leaves_no_place_taken() -> None:
    turns = Turns(Weights(6000), WeightBudget(6000), asyncio.get_running_loop().time)
    first = await turns.take("fetch_open_orders", Priority.POLL, Lane.BULK_READS)
    second = asyncio.create_task(turns.take("fetch_open_orders", Priority.POLL, Lane.BULK_READS))
    await asyncio.sleep(0)
    # The lane has one place. It becomes free when the one who waits for it has been told to stop, and does not know.
    second.cancel()
    turns.end(first)
    with pytest.raises(asyncio.CancelledError):
        await second
    third = await asyncio.wait_for(turns.take("fetch_open_orders", Priority.POLL, Lane.BULK_READS), 1.0)
    turns.end(third)
    assert turns.depth == 0


@in_virtual_time
async def test_whoever_waits_when_the_session_is_closed_is_told_so() -> None:
    turns = Turns(Weights(6000), WeightBudget(6000), asyncio.get_running_loop().time)
    running = await turns.take("fetch_open_orders", Priority.POLL, Lane.BULK_READS)
    waiting = asyncio.create_task(turns.take("fetch_open_orders", Priority.POLL, Lane.BULK_READS))
    gives_up = asyncio.create_task(turns.take("fetch_open_orders", Priority.POLL, Lane.BULK_READS))
    await asyncio.sleep(0)

    turns.close()
    gives_up.cancel()

    with pytest.raises(VenueUnavailable, match="closed by the operator"):
        await asyncio.wait_for(waiting, 1.0)
    with pytest.raises(asyncio.CancelledError):
        await gives_up
    turns.end(running)
    with pytest.raises(VenueUnavailable, match="closed by the operator"):
        await asyncio.wait_for(turns.take("look_up", Priority.RESOLVE, Lane.LOOK_UPS), 1.0)
    assert turns.depth == 0
