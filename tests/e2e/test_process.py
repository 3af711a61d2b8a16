"""The operator as a process: probes, metrics, Events, the end by SIGTERM, what it writes, and what it never shows."""

import asyncio
import re
from typing import Any

import pytest

from exchange_kernel.kube.resources import ACCOUNTS, EVENTS, INTENTS
from paper_exchange.config import Config
from support.proxy import Proxy
from support.stack import Stack, eventually

Json = Any
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), orders_per_10s=0)


def _writes(proxy: Proxy) -> list[str]:
    """The operator's writes to the API server, Events aside, as "METHOD path"."""
    requests = [exchange.request for exchange in proxy.exchanges if exchange.request.method in WRITES]
    return [f"{r.method} {r.path}" for r in requests if not re.search(r"/(events|selfsubjectaccessreviews)", r.path)]


async def _behind_proxy(stack: Stack, **flags: object) -> Proxy:
    proxy = await stack.api_proxy()
    await stack.start_operator(kubeconfig=proxy.write_kubeconfig(stack.folder / "proxied.kubeconfig"), **flags)
    await stack.open_account()
    await stack.account_ready()
    return proxy


async def test_a_shutdown_waits_for_the_request_that_is_under_way_and_records_it(stack: Stack) -> None:
    operator = await stack.start_operator(send_window=5)
    await stack.open_account()
    await stack.account_ready()
    match = {"method": "POST", "path": "/api/v3/order"}
    await stack.control.add_fault({"match": match, "at": "before_engine", "do": "delay", "delay_ms": 3000})
    await stack.order("buy")
    await stack.until_state("buy", "Submitting")
    operator.ask_to_stop()
    assert await operator.ended() == 0
    order = await stack.exactly_one_order()
    (receipt,) = await stack.receipts()
    (placement,) = receipt["placements"]
    assert (placement["outcome"], placement["exchangeOrderId"]) == ("Placed", str(order["orderId"]))
    assert " is Unknown" not in operator.log
    await stack.control.clear_faults()
    await operator.start()
    await stack.until_state("buy", "Open")
    assert " is Unknown" not in operator.log
    await stack.exactly_one_order()


async def test_an_operator_that_is_told_to_stop_sends_no_new_order(stack: Stack) -> None:
    operator = await stack.start_operator()
    await stack.open_account()
    await stack.account_ready()
    await stack.order("first")
    await stack.until_state("first", "Open")
    operator.ask_to_stop()
    assert await operator.ended() == 0
    await stack.order("second", placement={"startingDeadlineSeconds": 600})
    await asyncio.sleep(1)
    await stack.exactly_one_order()
    await operator.start()
    await stack.until_state("second", "Open")


async def test_probes_and_metrics_answer(shared: Stack) -> None:
    operator = shared.operators[0]
    assert await operator.ask("/healthz") == (200, "ok\n")
    assert await operator.ask("/readyz") == (200, "ok\n")
    await shared.order("buy")
    await shared.until_state("buy", "Open")
    placed = {s.labels["account"]: s.value for s in await operator.samples("exchange_kernel_placements_total")}
    assert placed[shared.named("main")] == 1
    states = {s.labels["state"]: s.value for s in await operator.samples("exchange_kernel_orders")}
    assert states["Open"] >= 1
    ready = {s.labels["account"]: s.value for s in await operator.samples("exchange_kernel_account_ready")}
    assert ready[shared.named("main")] == 1
    assert (await operator.ask("/nothing"))[0] == 404


async def test_users_see_what_happened_as_events(shared: Stack) -> None:
    await shared.order("good", type="Market", quantity="0.001")
    await shared.order("bad", quantity="0.0000001")
    await shared.until_state("good", "Filled")
    await shared.until_state("bad", "Denied")

    async def seen() -> bool:
        good = {(event["type"], event["reason"]) for event in await shared.events("good")}
        bad = {(event["type"], event["reason"]) for event in await shared.events("bad")}
        return ("Normal", "OrderFilled") in good and ("Warning", "OrderDenied") in bad

    await eventually(seen, what="events on both")
    assert "multiple of" in await shared.kubectl("describe", "oi", shared.named("bad"))


async def test_what_repeats_is_one_event_with_a_count(shared: Stack) -> None:
    for _ in range(3):
        await shared.patch_account({"spec": {"tradingState": "Halted"}})
        await shared.until_account("main", "Ready", "False", "Halted")
        await shared.patch_account({"spec": {"tradingState": "Enabled"}})
        await shared.account_ready()

    async def counts() -> list[int]:
        events = [event for event in await shared.events("main") if event["reason"] == "Halted"]
        return [event["count"] for event in events]

    async def counted() -> bool:
        return await counts() == [3]

    await eventually(counted, what=f"one event, three times; it is {await counts()} at first")


async def test_nothing_but_a_sign_of_life_is_written_while_nothing_changes(stack: Stack) -> None:
    proxy = await _behind_proxy(stack)
    for number in range(20):
        await stack.order(f"o{number}", quantity="0.001")
    for number in range(20):
        await stack.until_state(f"o{number}", "Open")
    await asyncio.sleep(4)  # the account's state follows within seconds
    proxy.exchanges.clear()
    before = (await stack.control.requests()).last_sequence
    await asyncio.sleep(10)
    beats = [line for line in _writes(proxy) if "/accountstates/" in line]
    assert _writes(proxy) == beats
    assert len(beats) <= 1, "a sign of life every 30 s"
    asked = await stack.control.requests(before)
    assert asked.to("GET", "/api/v3/openOrders"), "the orders are followed all the while"
    assert not asked.to("GET", "/api/v3/order"), "by one bulk read, never by one read per order"


async def test_a_filled_market_order_costs_four_writes_and_a_resting_one_five(stack: Stack) -> None:
    proxy = await _behind_proxy(stack)

    def of_orders() -> list[str]:
        return [line for line in _writes(proxy) if "/orderintents" in line or "/orderreceipts" in line]

    await asyncio.sleep(3)
    proxy.exchanges.clear()
    await stack.order("now", type="Market", quantity="0.001")
    await stack.until_condition("now", "Completed", "True")
    await asyncio.sleep(1)
    market = of_orders()
    assert len(market) <= 4, market
    await asyncio.sleep(2)
    proxy.exchanges.clear()
    await stack.order("rest", price="59000", quantity="0.001")
    await stack.until_state("rest", "Open")
    await stack.control.move_price("BTCUSDT", "58000")
    await stack.until_condition("rest", "Completed", "True")
    await asyncio.sleep(1)
    # POST receipt, PATCH finalizer, PUT receipt and PATCH status (Open), then Filled and its trades.
    resting = of_orders()
    assert len(resting) <= 6, resting


async def test_key_and_secret_are_never_shown(stack: Stack) -> None:
    key, secret = "canaryKEY" + "a1" * 20, "canarySECRET" + "b2" * 20
    operator = await stack.start_operator(log_format="json", log_level="DEBUG")
    await stack.control.create_account("main", {"USDT": "100000"}, ({"key": key, "secret": secret},))
    await stack.put_secret("main", key, secret)
    await stack.put_account("main")
    await stack.account_ready()
    await stack.order("good")
    await stack.until_state("good", "Open")
    await stack.order("poor", price="59000", quantity="100")
    await stack.until_state("poor", "Rejected")
    for number, do in enumerate(("drop", "garble", "empty")):
        match = {"method": "POST", "path": "/api/v3/order"}
        await stack.control.add_fault({"match": match, "at": "after_engine", "do": do, "count": 1})
        await stack.order(f"odd{number}", quantity="0.001")
        await stack.until_state(f"odd{number}", "Open")
    await stack.control.set_modes(maintenance=True)
    await asyncio.sleep(2)
    await stack.control.set_modes(maintenance=False)
    await stack.control.revoke_key(key)
    await stack.until_account("main", "Authenticated", "False")
    shown = [operator.log, (await operator.ask("/metrics"))[1]]
    shown += [str(await stack.api.list(resource, stack.namespace)) for resource in (INTENTS, ACCOUNTS, EVENTS)]
    shown.append(str(await stack.receipts()))
    for text in shown:
        assert "canaryKEY" not in text
        assert "canarySECRET" not in text
        assert "signature=" not in text


async def test_an_attempt_to_leave_the_machine_is_refused_and_noted(stack: Stack) -> None:
    """The guard of this suite itself: the operator may be told any endpoint, and reaches only this machine."""
    operator = await stack.start_operator(allowed_endpoints="http://192.0.2.1:8080")
    await stack.open_account("away", endpoint="http://192.0.2.1:8080")
    account = await stack.until_account("away", "Ready", "False", "VenueUnreachable")
    assert account["status"]["message"]
    operator.kill()
    log = stack.folder / "left-the-machine.log"
    assert "192.0.2.1" in log.read_text()
    log.unlink()
