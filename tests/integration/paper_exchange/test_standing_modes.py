"""Wrong clocks, lagging look-ups, rate limits, halts, outages: the venue as it is on a bad day."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import ccxt
import pytest
import pytest_asyncio

from paper_exchange.control_client import ControlClient, ControlRefusedError
from paper_exchange.server import PaperExchange
from support.paper_ccxt import Ccxt

BTC = "BTC/USDT"


async def create(pro: Ccxt, client_order_id: str = "mine") -> Ccxt:
    return await pro.create_order(BTC, "limit", "buy", "0.01", "59000", {"clientOrderId": client_order_id})


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize(
    ("skew_ms", "text"), [(20_000, "outside of the recvWindow"), (-5_000, "ahead of the server's time")]
)
async def test_a_skewed_clock_refuses_what_it_takes_for_late_or_early(
    pro: Ccxt, control: ControlClient, skew_ms: int, text: str
) -> None:
    await pro.load_markets()
    await control.skew_clock(skew_ms)
    with pytest.raises(ccxt.InvalidNonce, match=text):
        await create(pro)
    await pro.load_time_difference()
    pro.options["adjustForTimeDifference"] = True
    pro.nonce = lambda: pro.milliseconds() - pro.options["timeDifference"]
    assert (await create(pro))["status"] == "open"


async def test_lagging_look_ups_miss_a_new_order_until_the_lag_has_passed(pro: Ccxt, control: ControlClient) -> None:
    await pro.load_markets()
    await control.set_modes(lookup_lag_ms=5_000)
    order = await create(pro)
    with pytest.raises(ccxt.OrderNotFound):
        await pro.fetch_order(order["id"], BTC)
    assert await pro.fetch_open_orders(BTC) == await pro.fetch_orders(BTC) == []
    assert len((await control.dump())["default"].orders) == 1
    pro.options["recvWindow"] = 60_000
    await control.advance_clock(5_001)
    assert (await pro.fetch_order(order["id"], BTC))["status"] == "open"
    await pro.cancel_order(order["id"], BTC)
    assert (await pro.fetch_order(order["id"], BTC))["status"] == "open"
    assert len(await pro.fetch_open_orders(BTC)) == 1
    await control.advance_clock(5_001)
    assert (await pro.fetch_order(order["id"], BTC))["status"] == "canceled"


async def test_used_weight_is_told_and_its_end_is_429_and_then_a_ban(
    venue: PaperExchange, control: ControlClient, http: aiohttp.ClientSession
) -> None:
    venue.clock.stop_at(60_000 * 29_000_000 + 10_000)
    await control.set_limits(weight_per_minute=10, forgiven=1)
    seen = []
    for _ in range(8):
        async with http.get(f"{venue.url}/api/v3/ticker/price") as response:
            seen.append(
                (response.status, response.headers.get("Retry-After"), response.headers["X-MBX-USED-WEIGHT-1M"])
            )
    assert seen[0] == (200, None, "4")
    assert [status for status, _, _ in seen[:4]] == [200, 200, 429, 418]
    assert seen[2][1] == "50"
    assert int(str(seen[3][1])) == 120
    await control.pardon("127.0.0.1")
    async with http.get(f"{venue.url}/api/v3/ping") as response:
        assert response.status == 200


async def test_too_many_unfilled_orders_are_refused_and_fills_give_back(
    pro: Ccxt, venue: PaperExchange, control: ControlClient
) -> None:
    await pro.load_markets()
    venue.clock.stop_at(venue.clock.now_ms() // 10_000 * 10_000 + 500)
    pro.nonce = venue.clock.now_ms
    await control.set_limits(orders_per_10s=3)
    for _ in range(5):
        await pro.create_order(BTC, "market", "buy", "0.001")
    for number in range(3):
        await create(pro, f"resting-{number}")
    with pytest.raises(ccxt.DDoSProtection, match="-1015"):
        await create(pro, "one-too-many")
    counts = await pro.private_get_ratelimit_order()
    assert [int(count["count"]) for count in counts] == [3, 3]


async def test_a_halted_symbol_takes_no_orders_but_cancels(pro: Ccxt, control: ControlClient) -> None:
    order = await create(pro)
    await control.set_symbol_status("BTCUSDT", "HALT")
    with pytest.raises(ccxt.MarketClosed):
        await create(pro, "other")
    assert (await pro.cancel_order(order["id"], BTC))["status"] == "canceled"
    assert (await pro.load_markets(True))[BTC]["active"] is False


async def test_maintenance_answers_503_and_ends(pro: Ccxt, control: ControlClient) -> None:
    await pro.load_markets()
    await control.set_modes(maintenance=True)
    with pytest.raises(ccxt.BaseError, match="-1016"):
        await pro.fetch_balance()
    await control.set_modes(maintenance=False)
    assert (await pro.fetch_balance())["BTC"]["free"] == 10.0


async def test_the_venue_cancels_freezes_and_moves_the_price(pro: Ccxt, control: ControlClient) -> None:
    await create(pro, "taken-away")
    await control.cancel("default", "BTCUSDT", client_order_id="taken-away")
    assert (await pro.fetch_order(None, BTC, {"clientOrderId": "taken-away"}))["status"] == "canceled"
    frozen = await control.freeze("default", "USDT")
    with pytest.raises(ccxt.InsufficientFunds):
        await create(pro, "poor")
    await control.deposit("default", "USDT", frozen)
    await create(pro, "reached")
    await control.move_price("BTCUSDT", "58000")
    filled = await pro.fetch_order(None, BTC, {"clientOrderId": "reached"})
    assert (filled["status"], filled["average"]) == ("closed", 59000.0)


async def test_keys_may_look_trade_or_nothing_at_all(pro: Ccxt, control: ControlClient) -> None:
    reader = await control.create_key("default", can_trade=False)
    pro.apiKey, pro.secret = reader.key, reader.secret
    assert (await pro.fetch_balance())["info"]["canTrade"] is False
    # Once a key has worked, ccxt takes -2015 for a ban (DDoSProtection): only the code in the text tells.
    with pytest.raises(ccxt.BaseError, match="-2015"):
        await create(pro)
    pro.secret = "f" * 64
    with pytest.raises(ccxt.AuthenticationError, match="-1022"):
        await pro.fetch_balance()
    await control.revoke_key(reader.key)
    with pytest.raises(ccxt.BaseError, match="-2015"):
        await pro.fetch_balance()
    pro.apiKey = "no key"
    with pytest.raises(ccxt.AuthenticationError, match="-2014"):
        await pro.fetch_balance()


@pytest.mark.parametrize("forget", [False, True])
async def test_an_outage_ends_with_or_without_what_was_there(
    pro: Ccxt, venue: PaperExchange, control: ControlClient, forget: bool
) -> None:
    await create(pro)
    outage = asyncio.create_task(control.restart(down_ms=500, forget=forget))
    async with asyncio.timeout(10):
        while True:
            try:
                await pro.fetch_time()
            except ccxt.NetworkError:
                break
    await outage
    assert len(await pro.fetch_open_orders(BTC)) == (0 if forget else 1)


async def test_the_control_port_asks_for_its_token_and_says_what_is_wrong(
    venue: PaperExchange, control: ControlClient, http: aiohttp.ClientSession
) -> None:
    for headers in ({}, {"Authorization": "Bearer guess"}):
        async with http.get(f"{venue.control_url}/dump", headers=headers) as response:
            assert response.status == 401
    async with http.get(f"{venue.url}/dump", headers={"Authorization": f"Bearer {venue.token}"}) as response:
        assert response.status == 404
    with pytest.raises(ControlRefusedError, match="cannot happen at event"):
        await control.add_fault({"at": "event", "do": "respond"})
    with pytest.raises(ControlRefusedError, match="decimal strings"):
        await control.deposit("default", "USDT", 5)  # type: ignore[arg-type]
    with pytest.raises(ControlRefusedError, match="no such account"):
        await control.deposit("nobody", "USDT", "5")
