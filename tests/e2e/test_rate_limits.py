"""Rate limits: who has to wait when a venue wants a pause, for how long, and what is never starved."""

import asyncio
from typing import Any

import pytest

from paper_exchange.config import Config
from paper_exchange.control_client import ControlClient
from paper_exchange.server import PaperExchange
from support.stack import FUNDS, Stack, eventually

Json = Any
PATIENT = {"placement": {"startingDeadlineSeconds": 600}}
ORDER, OPEN_ORDERS = "/api/v3/order", "/api/v3/openOrders"
# The venue's log has whole milliseconds, and its clock may step between two readings.
TICK_MS = 50
# Far from the market, and within the venue's limits.
PRICES = {"ETH/USDT": "2000", "BTC/USDT": "30000"}


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0, orders_per_10s=0)


def limit(status: int, code: int, words: str, seconds: int, **match: str) -> Json:
    """A fault: one answer that wants a pause."""
    return {
        "match": match, "at": "before_engine", "do": "respond", "count": 1, "status": status,
        "headers": {"Retry-After": str(seconds)}, "body": f'{{"code":{code},"msg":"{words}"}}',
    }  # fmt: skip


async def requests(stack: Stack) -> list[Json]:
    return sorted((await stack.control.requests()).entries, key=lambda entry: entry["time_ms"])


async def silence_after(stack: Stack, status: int, accounts: set[str]) -> float:
    """Seconds from the first answer of this status to the next request of one of the accounts."""
    ours = [entry for entry in await requests(stack) if entry["account"] in accounts | {""}]
    index = next(number for number, entry in enumerate(ours) if entry["status"] == status)
    return (ours[index + 1]["time_ms"] - ours[index]["time_ms"]) / 1000


async def open_elsewhere(stack: Stack, venue: PaperExchange, name: str) -> None:
    """An account at another venue."""
    async with ControlClient(venue.control_url, venue.token) as control:
        key = (await control.create_account(name, FUNDS))[0]
    await stack.put_secret(name, key.key, key.secret)
    await stack.put_account(name, endpoint=venue.url)
    await stack.account_ready(name)


@pytest.mark.parametrize(
    ("status", "seconds"), [(429, 3), (418, 5)], ids=["a pause with Retry-After", "a ban of the address"]
)
async def test_a_pause_of_an_address_stops_every_call_from_it_for_so_long_and_none_elsewhere(
    stack: Stack, status: int, seconds: int
) -> None:
    async with PaperExchange(Config(accounts=())) as elsewhere:
        # No stream: its events come without being asked for, and its connection says nothing about the pause.
        await stack.start_operator(allowed_endpoints=f"{stack.venue.url},{elsewhere.url}", streams="off")
        await stack.open_account("main")
        await stack.open_account("neighbour")
        await open_elsewhere(stack, elsewhere, "abroad")
        await stack.account_ready("main")
        await stack.account_ready("neighbour")
        await stack.order("working", "neighbour")
        await stack.until_state("working", "Open")

        fault = limit(status, -1003, "Too much request weight used.", seconds, method="POST", path=ORDER)
        await stack.control.add_fault(fault)
        await stack.order("limited", **PATIENT)

        async def hit() -> bool:
            return any(entry["status"] == status for entry in await requests(stack))

        await eventually(hit, what="the limit was hit")
        await stack.order("abroad", "abroad")
        await stack.until_state("abroad", "Open", seconds=20)
        await stack.until_state("limited", "Open", seconds=40)
        await stack.exactly_one_order()
    assert await silence_after(stack, status, {"main", "neighbour"}) >= seconds - TICK_MS / 1000
    assert sum(entry["status"] == status for entry in await requests(stack)) == 1


async def test_a_limit_of_one_account_never_slows_another(stack: Stack) -> None:
    await stack.start_operator()
    for name in ("main", "other"):
        await stack.open_account(name)
        await stack.account_ready(name)
    words = "Too many new orders; current limit is 100 orders per 10 SECOND."
    await stack.control.add_fault(limit(429, -1015, words, 15, method="POST", path=ORDER, account="main"))
    await stack.order("limited", "main", **PATIENT)

    async def hit() -> bool:
        return any(entry["status"] == 429 for entry in await requests(stack))

    await eventually(hit, what="the limit was hit")
    for number in range(5):
        await stack.order(f"free-{number}", "other")
    for number in range(5):
        await stack.until_state(f"free-{number}", "Open", seconds=10)
    assert (await stack.intent("limited"))["status"]["state"] != "Open"
    # Its own orders that work are watched all the time: only creates have to wait.
    await stack.until_state("limited", "Open", seconds=40)
    await stack.exactly_one_order()
    posts = [entry for entry in await requests(stack) if (entry["path"], entry["account"]) == (ORDER, "main")]
    sent = [entry["time_ms"] for entry in posts if entry["method"] == "POST"]
    assert len(sent) == 2
    assert sent[1] - sent[0] >= 15_000 - TICK_MS


@pytest.mark.slow
async def test_polls_of_many_accounts_behind_one_address_starve_no_order(stack: Stack) -> None:
    """Eight accounts that poll every second want six times what the address may ask."""
    names = [f"a{number}" for number in range(8)]
    await stack.control.set_limits(weight_per_minute=6000)
    await stack.start_operator(poll_interval=1)
    for name in names:
        await stack.open_account(name)
    for name in names:
        await stack.account_ready(name)
        await stack.order(f"{name}-works", name)
    for name in names:
        await stack.until_state(f"{name}-works", "Open")
    # At a poll per second and account the budget of the address would be spent in eight seconds.
    await asyncio.sleep(15)
    for name in names:
        await stack.order(f"{name}-late", name)
    for name in names:
        await stack.until_state(f"{name}-late", "Open", seconds=10)
    seen = await requests(stack)
    assert not {429, 418} & {entry["status"] for entry in seen}
    errors = await stack.operators[0].samples("exchange_kernel_venue_errors_total")
    assert [sample for sample in errors if sample.labels["reason"] == "RateLimited"] == []
    polled = {entry["account"] for entry in seen if entry["path"] == OPEN_ORDERS}
    assert polled == set(names)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_venue_calls_per_minute_do_not_grow_with_the_number_of_working_orders(stack: Stack) -> None:
    await stack.start_operator(log_level="INFO", poll_interval=2)
    await stack.open_account()
    await stack.account_ready()

    async def calls_while(count: int, symbols: tuple[str, ...]) -> int:
        """Have so many more orders work; the calls of ten quiet seconds."""
        names = [f"o{count}-{number}" for number in range(count)]
        for start in range(0, count, 50):
            batch = names[start : start + 50]
            chosen = [symbols[number % len(symbols)] for number in range(len(batch))]
            await asyncio.gather(
                *(
                    stack.order(
                        name, symbol=symbol, quantity="0.01", price=PRICES[symbol], placement=PATIENT["placement"]
                    )
                    for name, symbol in zip(batch, chosen, strict=True)
                )
            )

        async def all_open() -> bool:
            listed = {obj["metadata"]["name"]: obj["status"].get("state") for obj in await stack.intents()}
            return all(listed[name] == "Open" for name in names)

        await eventually(all_open, what=f"{count} orders work", seconds=90, every=0.5)
        # Whatever the placing has left to do (balances, a poll) is done.
        await asyncio.sleep(4)
        before = (await stack.control.requests()).last_sequence
        await asyncio.sleep(10)
        return (await stack.control.requests()).last_sequence - before

    few = await calls_while(10, ("ETH/USDT",))
    many = await calls_while(290, ("ETH/USDT", "BTC/USDT"))
    assert 4 <= few <= 9
    # One clock reading a minute may fall into either.
    assert many <= few + 2


async def test_a_maintenance_changes_no_order_and_says_so(stack: Stack) -> None:
    """Edge case 69, shortened: the loss of contact is shown, and what is known of the orders stays."""
    await stack.start_operator()
    await stack.open_account()
    await stack.account_ready()
    await stack.order("working")
    before = await stack.until_state("working", "Open")
    await stack.control.set_modes(maintenance=True)
    await stack.until_account("main", "Ready", "False")
    await stack.until_condition("working", "Synced", "Unknown", "VenueUnreachable", seconds=30)
    during = await stack.intent("working")
    assert during["status"]["state"] == "Open"
    assert during["status"]["exchangeOrderId"] == before["status"]["exchangeOrderId"]
    await stack.control.set_modes(maintenance=False)
    await stack.account_ready(seconds=60)
    await stack.until_condition("working", "Synced", "True", seconds=30)
    await stack.exactly_one_order()


async def test_an_order_without_funds_is_refused_once_and_not_tried_again(stack: Stack) -> None:
    """Edge case 49: no storm of attempts."""
    await stack.start_operator()
    await stack.open_account(funds={"USDT": "5"})
    await stack.account_ready()
    await stack.order("dear")
    await stack.until_state("dear", "Rejected")
    await asyncio.sleep(5)
    assert len(await stack.order_requests()) == 1
