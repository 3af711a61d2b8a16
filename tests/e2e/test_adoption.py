"""Orders that somebody has placed at the venue by hand, and that an OrderIntent takes over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import ccxt.async_support

from exchange_kernel.api.meta import ANNOTATION_ADOPT
from exchange_kernel.kube.resources import INTENTS
from paper_exchange.ccxt_config import ccxt_config
from support.stack import Stack, condition

Json = Any


@asynccontextmanager
async def _by_hand(stack: Stack) -> AsyncIterator[Any]:
    """Another program that trades on the account with a key of its own."""
    key = await stack.control.create_key(stack.named("main"))
    client = ccxt.async_support.binance(ccxt_config(stack.venue.url, api_key=key.key, secret=key.secret))
    try:
        yield client
    finally:
        await client.close()


async def _order_by_hand(stack: Stack) -> str:
    async with _by_hand(stack) as client:
        placed = await client.create_order("BTC/USDT", "limit", "buy", "0.01", "20000")
    return str(placed["id"])


async def _adopt(stack: Stack, name: str, order_id: str, **spec: object) -> Json:
    body = stack.intent_manifest(name, **spec)
    body["metadata"]["annotations"] = {ANNOTATION_ADOPT: order_id}
    return await stack.api.create(INTENTS, stack.namespace, body)


async def test_an_order_by_hand_is_adopted_and_canceled_by_delete(shared: Stack) -> None:
    order_id = await _order_by_hand(shared)
    await _adopt(shared, "mine", order_id)
    obj = await shared.until_state("mine", "Open")
    assert obj["status"]["exchangeOrderId"] == order_id
    await shared.delete("mine")
    await shared.until_gone("mine")
    order = await shared.exactly_one_order()
    assert order["status"] == "CANCELED"


async def test_an_order_is_refused_to_a_second_object_and_with_other_values(shared: Stack) -> None:
    order_id = await _order_by_hand(shared)
    await _adopt(shared, "larger", order_id, quantity="0.02")
    obj = await shared.until_state("larger", "Denied")
    assert condition(obj, "Stalled") == ("True", "AdoptionRefused")
    assert "quantity is 0.01, not 0.02" in obj["status"]["message"]
    await shared.delete("larger")
    await shared.until_gone("larger")
    await _adopt(shared, "mine", order_id)
    await shared.until_state("mine", "Open")
    await _adopt(shared, "second", order_id)
    obj = await shared.until_state("second", "Denied")
    assert f"{shared.namespace}/{shared.named('mine')}" in obj["status"]["message"]
    await shared.exactly_one_order()


async def test_an_order_that_the_venue_does_not_have_is_refused_and_nothing_is_placed(shared: Stack) -> None:
    await _adopt(shared, "mine", "987654321")
    obj = await shared.until_state("mine", "Denied")
    assert condition(obj, "Ready")[1] == "AdoptionRefused"
    await shared.no_order()
