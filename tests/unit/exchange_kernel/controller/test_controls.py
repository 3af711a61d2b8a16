"""Halt, ReduceOnly, cancel-all, and who may use an account: the whole operator in virtual time."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.api.meta import ANNOTATION_PAUSED
from exchange_kernel.core.venue import Balance
from exchange_kernel.exchange.memory_setup import Raises
from exchange_kernel.exchange.port import VenueUnavailable
from support.memory_api import Obj
from support.virtual_time import in_virtual_time
from support.world import DESK, World

SELL: dict[str, Any] = {"side": "Sell", "price": "90000"}


def account(world: World) -> Obj:
    return world.api.get("exchangeaccounts", DESK, "main")


def halt_phase(world: World) -> str | None:
    return account(world)["status"].get("halt", {}).get("phase")


def reason(world: World, name: str = "dip") -> str | None:
    return world.condition("orderintents", name, "Ready", "reason")


def live(world: World) -> set[str]:
    return {order.side for order in world.orders if order.status == "Open"}


# --- halt ------------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_halt_cancels_what_raises_exposure_and_keeps_exits() -> None:
    world = World()
    await world.ready()
    world.apply()
    world.apply("exit", **SELL)
    await world.until_state("Open")
    await world.until_state("Open", "exit")
    world.account_spec(tradingState="Halted")
    await world.until(lambda: halt_phase(world) == "Complete")
    assert world.state() == "Canceled"
    assert live(world) == {"Sell"}
    assert world.state("exit") == "Open"
    halt = account(world)["status"]["halt"]
    assert halt.get("pending", 0) == 0
    assert datetime.fromisoformat(halt["completedAt"]) >= datetime.fromisoformat(halt["startedAt"])


@in_virtual_time
async def test_a_halt_of_all_cancels_exits_too() -> None:
    world = World()
    await world.ready()
    world.apply()
    world.apply("exit", **SELL)
    await world.until_state("Open")
    await world.until_state("Open", "exit")
    world.account_spec(tradingState="Halted", haltScope="All")
    await world.until(lambda: halt_phase(world) == "Complete")
    assert live(world) == set()


@in_virtual_time
async def test_an_order_that_a_halt_has_canceled_stays_so_after_it() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    world.account_spec(tradingState="Halted")
    await world.until(lambda: halt_phase(world) == "Complete")
    # The end is not settled yet: a fill that crossed the cancel could still show.
    world.account_spec(tradingState="Enabled")
    await world.pass_time(120)
    assert world.state() == "Canceled"
    assert world.status()["settled"] is True
    assert reason(world) == "Halted"
    assert world.condition("orderintents", "dip", "Stalled") == "True"
    assert len(world.orders) == 1
    assert halt_phase(world) is None


@in_virtual_time
async def test_what_was_never_sent_waits_for_the_end_of_the_halt() -> None:
    world = World()
    await world.ready()
    world.account_spec(tradingState="Halted")
    world.apply()
    await world.until(lambda: reason(world) == "Halted")
    assert world.state() == "Pending"
    assert world.orders == ()
    world.account_spec(tradingState="Enabled")
    await world.until_state("Open")


@in_virtual_time
async def test_a_halt_waits_for_a_request_that_is_under_way_and_cancels_what_becomes_of_it() -> None:
    world = World()
    await world.ready()
    world.venue.late["create_order"] = 4.0
    world.apply()
    await world.until(lambda: len(world.orders) == 1)
    world.account_spec(tradingState="Halted")
    await world.until(lambda: halt_phase(world) == "Draining")
    await world.pass_time(2)
    assert halt_phase(world) == "Draining"
    assert account(world)["status"]["halt"]["pending"] == 1
    await world.until(lambda: halt_phase(world) == "Complete")
    assert [order.status for order in world.orders] == ["Canceled"]


@in_virtual_time
async def test_a_halt_goes_on_after_a_crash_in_the_middle() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    for _ in range(500):
        world.venue.fail_next("cancel_order", Raises(VenueUnavailable("away")))
    world.account_spec(tradingState="Halted")
    await world.until(lambda: halt_phase(world) == "Draining")
    started = account(world)["status"]["halt"]["startedAt"]
    await world.pass_time(5)
    world.venue._faults.clear()
    await world.restart()
    await world.until(lambda: halt_phase(world) == "Complete")
    assert [order.status for order in world.orders] == ["Canceled"]
    assert account(world)["status"]["halt"]["startedAt"] == started


@in_virtual_time
async def test_a_halt_with_nothing_to_cancel_is_complete_at_once() -> None:
    world = World()
    await world.ready()
    world.account_spec(tradingState="Halted")
    await world.until(lambda: halt_phase(world) == "Complete", seconds=5)
    assert world.condition("exchangeaccounts", "main", "Ready", "reason") == "Halted"
    assert not world.account.ready


@in_virtual_time
async def test_a_cancel_that_is_asked_for_does_not_wait_behind_those_of_a_halt() -> None:
    world = World()
    await world.ready()
    for number in range(200):
        world.apply(f"order-{number}")
    world.apply("exit", **SELL)
    await world.until(lambda: all(world.state(f"order-{n}") == "Open" for n in range(200)))
    await world.until_state("Open", "exit")
    world.venue.slow["cancel_order"] = 1.0
    world.account_spec(tradingState="Halted")
    await world.pass_time(2)
    world.spec("exit", desiredState="Canceled")
    asked = world.monotonic()
    await world.until_state("Canceled", "exit")
    # 200 cancels, twelve at a time: the whole halt takes more than 16 s.
    assert world.monotonic() - asked < 8.0
    assert halt_phase(world) == "Draining"


# --- ReduceOnly ------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_reduce_only_denies_what_raises_exposure_and_sends_exits() -> None:
    world = World()
    world.venue.balances = (Balance("BTC", Decimal(1), Decimal(0)),)
    await world.ready()
    world.account_spec(tradingState="ReduceOnly")
    world.apply()
    world.apply("exit", **SELL)
    await world.until_state("Denied")
    assert reason(world) == "ReduceOnlyAccount"
    await world.until_state("Open", "exit")


@in_virtual_time
async def test_reduce_only_denies_a_sell_of_more_than_is_free_once_the_balances_are_fresh() -> None:
    world = World()
    world.venue.balances = (Balance("BTC", Decimal("0.1"), Decimal(0)),)
    await world.ready()
    world.account_spec(tradingState="ReduceOnly")
    await world.pass_time(10)
    world.apply("exit", **SELL)
    await world.until_state("Denied", "exit", seconds=15)
    assert "0.1 BTC free" in world.status("exit")["message"]
    assert world.orders == ()


@in_virtual_time
async def test_reduce_only_leaves_working_orders_alone() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    world.account_spec(tradingState="ReduceOnly")
    await world.pass_time(30)
    assert world.state() == "Open"


# --- cancel all ------------------------------------------------------------------------------------------------------


async def _with_two_orders() -> World:
    world = World()
    await world.ready()
    world.apply()
    world.apply("waits", suspend=True)
    await world.until_state("Open")
    await world.until_state("Pending", "waits")
    await world.pass_time(3)
    return world


def noted(world: World) -> Obj:
    found: Obj = account(world)["status"].get("cancelAll", {})
    return found


@in_virtual_time
async def test_a_new_token_cancels_all_earlier_orders_and_no_later_ones() -> None:
    world = await _with_two_orders()
    world.account_spec(cancelAllToken="ticket-1")
    await world.until(lambda: noted(world).get("token") == "ticket-1")
    await world.pass_time(2)
    world.apply("later")
    await world.until_state("Canceled")
    await world.until_state("Canceled", "waits")
    await world.until_state("Open", "later")
    await world.until(lambda: noted(world).get("pending", 0) == 0)
    assert (reason(world), reason(world, "waits")) == ("CancelAll", "CancelAll")
    await world.pass_time(60)
    assert world.state("later") == "Open"
    assert len(world.orders) == 2


@in_virtual_time
async def test_a_new_token_is_noted_before_anything_is_canceled() -> None:
    world = await _with_two_orders()
    world.api.fail("PATCH", "exchangeaccounts/status", status=503, times=20)
    world.account_spec(cancelAllToken="ticket-1")
    await world.pass_time(3)
    assert "cancel_order" not in world.venue.calls
    await world.until_state("Canceled")
    assert noted(world)["token"] == "ticket-1"


@in_virtual_time
async def test_the_token_of_a_new_account_cancels_nothing() -> None:
    world = World()
    world.add_secret()
    world.apply()
    world.add_account(cancelAllToken="ticket-1")
    world.start()
    await world.until_state("Open")
    await world.pass_time(30)
    assert noted(world)["baseline"] is True
    assert world.state() == "Open"
    world.account_spec(cancelAllToken="ticket-2")
    await world.until_state("Canceled")


@in_virtual_time
async def test_cancel_all_goes_on_after_a_crash_and_keeps_to_its_line() -> None:
    world = await _with_two_orders()
    for _ in range(500):
        world.venue.fail_next("cancel_order", Raises(VenueUnavailable("away")))
    world.account_spec(cancelAllToken="ticket-1")
    await world.until(lambda: noted(world).get("pending") == 1)
    await world.pass_time(2)
    world.apply("later")
    await world.until_state("Open", "later")
    world.venue._faults.clear()
    await world.restart()
    await world.until_state("Canceled")
    await world.until(lambda: noted(world).get("pending", 0) == 0)
    assert world.state("later") == "Open"


@in_virtual_time
async def test_the_operators_clock_does_not_move_the_line_between_earlier_and_later() -> None:
    world = await _with_two_orders()
    stamp = (world.wall() - timedelta(seconds=1)).isoformat()

    def with_record(obj: Obj) -> None:
        obj["spec"]["cancelAllToken"] = "ticket-1"
        obj["metadata"]["managedFields"] = [{"manager": "kubectl", "time": stamp}]

    world.jump = 3600.0
    world.api.edit("exchangeaccounts", DESK, "main", with_record)
    await world.until_state("Canceled")
    world.jump = 0.0
    world.apply("later")
    await world.until_state("Open", "later")
    await world.pass_time(30)
    assert world.state("later") == "Open"


# --- who may use it --------------------------------------------------------------------------------------------------


def _namespace(world: World, name: str, **labels: str) -> None:
    world.api.put("namespaces", {"metadata": {"namespace": "", "name": name, "labels": labels}})


def _from_elsewhere(world: World, namespace: str) -> None:
    spec = {
        "accountRef": {"namespace": DESK, "name": "main"},
        "symbol": "BTC/USDT",
        "side": "Buy",
        "type": "Limit",
        "quantity": "0.5",
        "price": "40000",
    }
    meta = {"namespace": namespace, "name": "dip", "creationTimestamp": world.wall().isoformat()}
    world.api.put("orderintents", {"metadata": meta, "spec": spec})


def _state(world: World, namespace: str) -> str | None:
    return world.api.get("orderintents", namespace, "dip").get("status", {}).get("state")


@in_virtual_time
async def test_a_selector_allows_namespaces_by_their_labels() -> None:
    world = World()
    await world.ready()
    selector = {"from": "Selector", "selector": {"matchLabels": {"team": "alpha"}}}
    world.account_spec(allowedNamespaces=selector)
    _namespace(world, "alpha", team="alpha")
    _namespace(world, "beta", team="beta")
    _from_elsewhere(world, "alpha")
    _from_elsewhere(world, "beta")
    _from_elsewhere(world, "nowhere")
    world.apply()
    await world.until(lambda: _state(world, "alpha") == "Open")
    await world.until(lambda: _state(world, "beta") == "Denied")
    await world.until(lambda: _state(world, "nowhere") == "Denied")
    await world.until_state("Open")
    assert len(world.orders) == 2


@in_virtual_time
async def test_labels_that_cannot_be_read_allow_nothing_and_deny_nothing() -> None:
    world = World()
    await world.ready()
    selector = {"from": "Selector", "selector": {"matchLabels": {"team": "alpha"}}}
    world.account_spec(allowedNamespaces=selector)
    _namespace(world, "alpha", team="alpha")
    world.api.fail("GET", "namespaces", status=403, times=1)
    _from_elsewhere(world, "alpha")
    await world.pass_time(10)
    assert _state(world, "alpha") == "Pending"
    await world.until(lambda: _state(world, "alpha") == "Open")


@in_virtual_time
@pytest.mark.parametrize("where", ["order", "account"])
async def test_what_is_paused_is_not_sent_and_can_be_canceled(where: str) -> None:
    world = World()
    await world.ready()
    world.apply("works")
    await world.until_state("Open", "works")

    def pause(obj: Obj) -> None:
        obj["metadata"].setdefault("annotations", {})[ANNOTATION_PAUSED] = "true"

    if where == "account":
        world.api.edit("exchangeaccounts", DESK, "main", pause)
        world.apply()
    else:
        world.api.edit("orderintents", DESK, "works", pause)
        world.apply(annotations={ANNOTATION_PAUSED: "true"})
    await world.until(lambda: reason(world) == "Paused")
    world.spec("works", desiredState="Canceled")
    await world.until_state("Canceled", "works")
    assert len(world.orders) == 1
