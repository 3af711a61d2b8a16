"""What an account's owner does to all orders at once, on the real stack: halt, ReduceOnly, cancel-all and others."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import ccxt.async_support
import pytest

from exchange_kernel.api.meta import ANNOTATION_ADOPT, ANNOTATION_PAUSED, ANNOTATION_RECONCILE
from exchange_kernel.kube.errors import NotFound
from exchange_kernel.kube.resources import ACCOUNTS, INTENTS, NAMESPACES
from paper_exchange.ccxt_config import ccxt_config
from support.stack import Stack, condition, eventually

Json = Any
PATIENT = {"placement": {"startingDeadlineSeconds": 600}}
SELL = {"side": "Sell", "price": "95000"}


async def until_account_says(
    stack: Stack, holds: Callable[[Json], object], *, what: str, seconds: float = 40.0
) -> Json:
    """Wait until something holds of the account's status; returns the status."""

    async def probe() -> Json:
        status = (await stack.api.get(ACCOUNTS, stack.namespace, stack.named("main"))).get("status", {})
        return status if holds(status) else None

    return await eventually(probe, what=what, seconds=seconds)


def away(method: str, path: str) -> Json:
    """A fault: such requests do not reach the venue's engine."""
    match = {"method": method, "path": path}
    return {"match": match, "at": "before_engine", "do": "respond", "status": 503, "body": "try later"}


async def halt(stack: Stack, **spec: str) -> None:
    await stack.patch_account({"spec": {"tradingState": "Halted", **spec}})


async def halt_completes(stack: Stack) -> Json:
    status = await until_account_says(
        stack, lambda s: s.get("halt", {}).get("phase") == "Complete", what="the halt is complete"
    )
    return status["halt"]


async def live_sides(stack: Stack) -> list[str]:
    return sorted(order["side"] for order in (await stack.truth()).orders if order["status"] == "NEW")


async def test_a_halt_cancels_entries_keeps_exits_and_says_how_long_it_took(shared: Stack) -> None:
    for number in range(5):
        await shared.order(f"entry-{number}", **PATIENT)
    await shared.order("exit", **SELL, **PATIENT)
    for number in range(5):
        await shared.until_state(f"entry-{number}", "Open")
    await shared.until_state("exit", "Open")
    await halt(shared)
    told = await halt_completes(shared)
    assert await live_sides(shared) == ["SELL"]
    assert datetime.fromisoformat(told["completedAt"]) >= datetime.fromisoformat(told["startedAt"])
    assert told.get("pending", 0) == 0
    for number in range(5):
        obj = await shared.until_condition(f"entry-{number}", "Stalled", "True", "Halted")
        assert obj["status"]["state"] == "Canceled"
    # Nothing comes back after it.
    await shared.patch_account({"spec": {"tradingState": "Enabled"}})
    await shared.account_ready()
    await shared.order("later", **PATIENT)
    await shared.until_state("later", "Open")
    assert await live_sides(shared) == ["BUY", "SELL"]
    assert (await shared.intent("entry-0"))["status"]["state"] == "Canceled"


async def test_a_halt_of_all_goes_on_in_another_process(stack: Stack) -> None:
    operator = await stack.start_operator()
    await stack.open_account()
    await stack.account_ready()
    for number in range(8):
        await stack.order(f"order-{number}", **(SELL if number % 2 else {}), **PATIENT)
    for number in range(8):
        await stack.until_state(f"order-{number}", "Open")
    fault = await stack.control.add_fault(away("DELETE", "/api/v3/order"))
    await halt(stack, haltScope="All")
    await until_account_says(stack, lambda s: s.get("halt", {}).get("phase") == "Draining", what="the halt has begun")
    operator.kill()
    await stack.control.remove_fault(fault)
    await operator.start()
    await halt_completes(stack)
    assert await live_sides(stack) == []


async def test_cancel_all_ends_what_was_there_and_not_what_comes(shared: Stack) -> None:
    await shared.order("works", **PATIENT)
    await shared.order("waits", suspend=True, **PATIENT)
    await shared.until_state("works", "Open")
    await shared.until_state("waits", "Pending")
    await shared.patch_account({"spec": {"cancelAllToken": "ticket-1"}})
    status = await until_account_says(
        shared, lambda s: s.get("cancelAll", {}).get("token") == "ticket-1", what="the token is noted"
    )
    assert not status["cancelAll"].get("baseline", False)
    # Times of objects are whole seconds: what is created in the token's own second counts as earlier.
    await asyncio.sleep(1.1)
    await shared.order("later", **PATIENT)
    for name in ("works", "waits"):
        obj = await shared.until_state(name, "Canceled")
        assert condition(obj, "Ready")[1] == "CancelAll"
    await shared.until_state("later", "Open")
    await until_account_says(shared, lambda s: s["cancelAll"].get("pending", 0) == 0, what="nothing is pending")
    assert len([o for o in (await shared.truth()).orders if o["status"] == "NEW"]) == 1


async def test_the_token_that_an_account_is_created_with_cancels_nothing(stack: Stack) -> None:
    await stack.open_account(cancelAllToken="from-git")
    await stack.order("buy", **PATIENT)
    operator = await stack.start_operator()
    await stack.until_state("buy", "Open")
    status = await until_account_says(stack, lambda s: s.get("cancelAll"), what="the token is noted")
    assert status["cancelAll"]["baseline"] is True
    assert await operator.stop() == 0
    await operator.start()
    await stack.account_ready()
    await asyncio.sleep(2)
    assert (await stack.exactly_one_order())["status"] == "NEW"


async def test_a_reduce_only_account_takes_exits_alone(shared: Stack) -> None:
    await shared.patch_account({"spec": {"tradingState": "ReduceOnly"}})
    await shared.order("entry", **PATIENT)
    await shared.order("exit", **SELL, **PATIENT)
    obj = await shared.until_state("entry", "Denied")
    assert condition(obj, "Stalled") == ("True", "ReduceOnlyAccount")
    await shared.until_state("exit", "Open")
    assert await live_sides(shared) == ["SELL"]


@pytest.mark.timeout(180)
async def test_a_selector_lets_namespaces_trade_by_their_labels(alone: Stack) -> None:
    stack = alone
    await stack.start_operator(watch_namespace="")
    selector = {"from": "Selector", "selector": {"matchLabels": {"team": stack.namespace}}}
    await stack.open_account(allowedNamespaces=selector)
    await stack.account_ready()
    desk, other = (
        await stack.new_namespace(f"{stack.namespace}-desk"),
        await stack.new_namespace(f"{stack.namespace}-other"),
    )
    labels = {"metadata": {"labels": {"team": stack.namespace}}}
    await stack.api.merge_patch(NAMESPACES, None, desk, labels)
    for namespace in (desk, other):
        body = stack.intent_manifest("buy", **PATIENT)
        body["metadata"]["namespace"] = namespace
        body["spec"]["accountRef"]["namespace"] = stack.namespace
        await stack.api.create(INTENTS, namespace, body)

    async def state(namespace: str) -> str:
        return str((await stack.api.get(INTENTS, namespace, stack.named("buy")))["status"].get("state"))

    async def judged() -> bool:
        return (await state(desk), await state(other)) == ("Open", "Denied")

    await eventually(judged, what="one namespace trades, the other does not")
    await stack.exactly_one_order()


async def test_a_paused_account_sends_nothing_and_still_cancels(shared: Stack) -> None:
    await shared.order("works", **PATIENT)
    await shared.until_state("works", "Open")
    await shared.annotate(ACCOUNTS, "main", ANNOTATION_PAUSED, "true")
    await asyncio.sleep(1)
    await shared.order("waits", **PATIENT)
    await shared.until_condition("waits", "Ready", "False", "Paused")
    await shared.cancel("works")
    await shared.until_state("works", "Canceled")
    assert len((await shared.truth()).orders) == 1


async def test_orders_that_nobody_owns_are_listed_adoptable_and_never_touched(shared: Stack) -> None:
    key = await shared.control.create_key(shared.named("main"))
    client = ccxt.async_support.binance(ccxt_config(shared.venue.url, api_key=key.key, secret=key.secret))
    try:
        ids = [str((await client.create_order("BTC/USDT", "limit", "buy", "0.01", "20000"))["id"]) for _ in range(2)]
    finally:
        await client.close()

    async def listed() -> Json:
        try:
            found = (await shared.state_of_account()).get("unmanagedOrders", {})
        except NotFound:
            return None
        return found if found.get("count") == len(ids) else None

    found = await eventually(listed, what="both orders are listed")
    assert sorted(order["exchangeOrderId"] for order in found["orders"]) == sorted(ids)
    # Neither a halt of everything nor cancel-all touches what is not managed.
    await halt(shared, haltScope="All", cancelAllToken="ticket-1")
    await halt_completes(shared)
    assert await live_sides(shared) == ["BUY", "BUY"]
    await shared.patch_account({"spec": {"tradingState": "Enabled"}})
    await shared.account_ready()
    await asyncio.sleep(1.1)
    body = shared.intent_manifest("mine")
    body["metadata"]["annotations"] = {ANNOTATION_ADOPT: ids[0]}
    await shared.api.create(INTENTS, shared.namespace, body)
    await shared.until_state("mine", "Open")

    async def one_left() -> bool:
        unmanaged = (await shared.state_of_account())["unmanagedOrders"]
        return [order["exchangeOrderId"] for order in unmanaged.get("orders", ())] == [ids[1]]

    await eventually(one_left, what="the adopted order is not listed any more")


async def test_a_requested_read_shows_the_venue_now_and_says_when_it_was_handled(stack: Stack) -> None:
    # So long between two polls that only the request can have shown it.
    await stack.start_operator(poll_interval=300, idle_interval=300, balance_interval=300, streams="off")
    await stack.open_account()
    await stack.account_ready()
    await stack.order("buy", **PATIENT)
    obj = await stack.until_state("buy", "Open")
    key = await stack.control.create_key(stack.named("main"))
    client = ccxt.async_support.binance(ccxt_config(stack.venue.url, api_key=key.key, secret=key.secret))
    try:
        await client.cancel_order(obj["status"]["exchangeOrderId"], "BTC/USDT")
    finally:
        await client.close()
    await stack.annotate(INTENTS, "buy", ANNOTATION_RECONCILE, "2030-01-01T00:00:00Z")
    obj = await stack.until_state("buy", "Canceled")
    assert condition(obj, "Ready")[1] == "CanceledExternally"
    await stack.until(
        "buy",
        lambda o: o["status"].get("lastHandledReconcileAt") == "2030-01-01T00:00:00Z",
        what="the request is said to be handled",
    )
    # An order that has ended is read as well when somebody asks.
    await stack.annotate(INTENTS, "buy", ANNOTATION_RECONCILE, "again")
    await stack.until(
        "buy", lambda o: o["status"].get("lastHandledReconcileAt") == "again", what="the second one is handled"
    )
    await stack.annotate(ACCOUNTS, "main", ANNOTATION_RECONCILE, "now")
    await until_account_says(
        stack, lambda s: s.get("lastHandledReconcileAt") == "now", what="the account's request is handled"
    )


async def test_a_requested_read_that_fails_is_not_said_to_be_handled(stack: Stack) -> None:
    await stack.start_operator()
    await stack.open_account()
    await stack.account_ready()
    await stack.order("buy", **PATIENT)
    await stack.until_state("buy", "Open")
    await stack.control.add_fault(away("GET", "/api/v3/openOrders"), "polls")
    await stack.control.add_fault(away("GET", "/api/v3/order"), "reads")
    await stack.annotate(INTENTS, "buy", ANNOTATION_RECONCILE, "one")
    await stack.annotate(ACCOUNTS, "main", ANNOTATION_RECONCILE, "one")
    await asyncio.sleep(3)
    assert "lastHandledReconcileAt" not in (await stack.intent("buy"))["status"]
    account = await stack.api.get(ACCOUNTS, stack.namespace, stack.named("main"))
    assert "lastHandledReconcileAt" not in account["status"]
    await stack.control.clear_faults()
    await stack.until("buy", lambda o: o["status"].get("lastHandledReconcileAt") == "one", what="it is handled")
    await until_account_says(stack, lambda s: s.get("lastHandledReconcileAt") == "one", what="it is handled")
