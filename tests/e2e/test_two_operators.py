"""Two operators that are active at once, on the same orders and the same journal."""

import asyncio

import pytest

from paper_exchange.config import Config
from support.stack import Stack, eventually

ORDERS = 100


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0, orders_per_10s=0)


async def _states(stack: Stack) -> list[str]:
    listed = await stack.intents()
    return [obj["status"].get("state", "") for obj in listed]


@pytest.mark.slow
async def test_two_active_operators_place_each_of_100_orders_once(stack: Stack) -> None:
    first, second = stack.operator(send_window=5), stack.operator(send_window=5)
    first.launch()
    second.launch()
    await first.until_ready()
    await second.until_ready()
    await stack.open_account()
    await stack.account_ready()
    orders = [
        stack.order(f"o{number}", quantity="0.001", placement={"startingDeadlineSeconds": 600})
        for number in range(ORDERS)
    ]
    await asyncio.gather(*orders)

    async def all_open() -> bool:
        return await _states(stack) == ["Open"] * ORDERS

    await eventually(all_open, what="all orders open", seconds=90, every=0.5)
    truth = await stack.truth()
    assert len(truth.orders) == ORDERS
    assert len({order["clientOrderId"] for order in truth.orders}) == ORDERS
    assert sum(entry["reached_engine"] for entry in await stack.order_requests()) == ORDERS
    nameless = [obj for obj in await stack.intents() if not obj["status"].get("exchangeOrderId")]
    assert nameless == []
    known = {str(order["orderId"]) for order in truth.orders}
    assert {obj["status"]["exchangeOrderId"] for obj in await stack.intents()} == known

    # Both agree: no status is written to and fro.
    await asyncio.sleep(3)
    before = {obj["metadata"]["name"]: obj["metadata"]["resourceVersion"] for obj in await stack.intents()}
    await asyncio.sleep(5)
    after = {obj["metadata"]["name"]: obj["metadata"]["resourceVersion"] for obj in await stack.intents()}
    assert before == after


@pytest.mark.slow
async def test_a_frozen_operator_that_wakes_up_sends_nothing_that_another_has_sent(stack: Stack) -> None:
    """The first is stopped with its record written and its request not yet sent; the second goes on after the fence."""
    venue = await stack.venue_proxy()
    first = await stack.start_operator(allowed_endpoints=f"{venue.url},{stack.venue.url}")
    await stack.open_account(endpoint=venue.url, defaults={"startingDeadlineSeconds": 600})
    await stack.account_ready()
    frozen = asyncio.Event()

    async def freeze(request):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - a hook of the proxy
        if request.method == "GET" and request.path == "/api/v3/order" and not frozen.is_set():
            frozen.set()
            first.freeze()

    venue.before(freeze)
    await stack.order("buy")
    await asyncio.wait_for(frozen.wait(), 20)
    await stack.start_operator(allowed_endpoints=f"{venue.url},{stack.venue.url}")
    await stack.until_state("buy", "Open", seconds=80)
    order = await stack.exactly_one_order()
    first.thaw()
    await asyncio.sleep(4)
    assert (await stack.exactly_one_order())["orderId"] == order["orderId"]
    assert (await stack.intent("buy"))["status"]["state"] == "Open"
