"""Changing an order that works, on the real stack: in place, or canceled and the rest placed anew.

The venue's own books are the truth: never two live orders of one intent, and the fills of all of them are the status'.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.identity import identity_of
from exchange_kernel.kube.objects import read_object
from paper_exchange.config import Config
from support.amending import LIVE, all_orders, change, one_live, until_synced, working
from support.dialects import on_both_venues
from support.proxy import Action, Drop, Request, Response
from support.stack import Stack, condition, eventually

Json = Any
# Each request of an amend: the side that sees it, its method, a part of its path, and a text in its body.
STEPS = {
    "record": ("api", "PUT", "/orderreceipts/", '"Canceling"'),
    "cancel": ("venue", "DELETE", "/api/v3/order", ""),
    "second-record": ("api", "PUT", "/orderreceipts/", '"Creating"'),
    "create": ("venue", "POST", "/api/v3/order", ""),
}
PATIENT = {"placement": {"startingDeadlineSeconds": 900}}
# S + R + M + 1 of this set-up is 22 s; the rest is for a machine that has much to do.
WAIT = 100.0


@pytest.fixture
def venue_config() -> Config:
    return Config(accounts=(), weight_per_minute=0)


async def test_a_price_is_changed_by_canceling_and_placing_anew(shared: Stack) -> None:
    before = await working(shared)
    await change(shared, price="21000")
    obj = await until_synced(shared, "buy", "21000", "0.01")
    orders = await one_live(shared, "21000", "0.01")
    assert [order["status"] for order in orders] == ["CANCELED", "NEW"]
    assert obj["status"]["previousOrderIds"] == [before["status"]["exchangeOrderId"]]
    assert obj["status"]["state"] == "Open"


async def test_a_quantity_is_raised_by_canceling_and_placing_anew(shared: Stack) -> None:
    await working(shared)
    await change(shared, quantity="0.02")
    await until_synced(shared, "buy", "20000", "0.02")
    assert len(await one_live(shared, "20000", "0.02")) == 2


async def test_a_quantity_is_lowered_in_place(shared: Stack) -> None:
    before = await working(shared)
    await change(shared, quantity="0.005")
    obj = await until_synced(shared, "buy", "20000", "0.005")
    assert len(await one_live(shared, "20000", "0.005")) == 1
    assert obj["status"]["exchangeOrderId"] == before["status"]["exchangeOrderId"]


async def test_two_amends_in_a_row_end_in_the_newest_wish(shared: Stack) -> None:
    await working(shared)
    await change(shared, price="21000")
    await change(shared, price="22000", quantity="0.02")
    await until_synced(shared, "buy", "22000", "0.02")
    await one_live(shared, "22000", "0.02")


async def test_a_policy_that_forbids_it_leaves_the_order_alone(shared: Stack) -> None:
    await working(shared, amendPolicy="Never")
    await change(shared, price="21000")
    await shared.until_condition("buy", "Synced", "False", "AmendNotAllowed")
    assert len(await one_live(shared, "20000", "0.01")) == 1
    await change(shared, price="20000")
    await shared.until_condition("buy", "Synced", "True")


async def test_in_place_only_where_the_venue_cannot_leaves_the_order_alone(shared: Stack) -> None:
    await working(shared, amendPolicy="InPlaceOnly")
    await change(shared, price="21000")
    await shared.until_condition("buy", "Synced", "False", "AmendNotAllowed")
    assert len(await one_live(shared, "20000", "0.01")) == 1


async def test_a_wish_that_the_market_denies_leaves_the_order_alone(shared: Stack) -> None:
    await working(shared)
    await change(shared, price="20000.001")
    await shared.until_condition("buy", "Synced", "False", "NotOnGrid")
    assert len(await one_live(shared, "20000", "0.01")) == 1


async def _partly(stack: Stack) -> Decimal:
    """An order of 2 ETH, of which a part was filled at once."""
    await stack.order("buy", symbol="ETH/USDT", quantity="2", price="3000.30")
    obj = await stack.until_state("buy", "PartiallyFilled")
    return Decimal(obj["status"]["filledQuantity"])


async def test_fills_count_towards_the_quantity_of_a_replaced_order(shared: Stack) -> None:
    filled = await _partly(shared)
    await change(shared, price="2900")
    obj = await until_synced(shared, "buy", "2900", "2")
    old, new = await one_live(shared, "2900", str(2 - filled))
    assert (old["status"], Decimal(old["executedQty"])) == ("CANCELED", filled)
    assert Decimal(new["executedQty"]) == 0
    status = obj["status"]
    assert (status["state"], Decimal(status["filledQuantity"])) == ("PartiallyFilled", filled)
    assert Decimal(status["remainingQuantity"]) == 2 - filled
    assert Decimal(status["cost"]) == Decimal(old["cummulativeQuoteQty"])


async def test_less_than_was_filled_cancels_the_rest_and_is_filled(shared: Stack) -> None:
    filled = await _partly(shared)
    assert filled > Decimal("0.1")
    await change(shared, quantity="0.1")
    obj = await shared.until_state("buy", "Filled")
    assert Decimal(obj["status"]["filledQuantity"]) == filled
    assert [order["status"] for order in await all_orders(shared)] == ["CANCELED"]


async def test_a_refused_replacement_is_canceled_and_stalled(shared: Stack) -> None:
    await working(shared)
    await change(shared, quantity="100", price="40000")  # more than the account can pay
    await shared.until_condition("buy", "Stalled", "True", "AmendFailed")
    obj = await shared.until_state("buy", "Canceled")
    assert condition(obj, "Ready")[1] == "AmendFailed"
    assert not [order for order in await all_orders(shared) if order["status"] in LIVE]


# --- what the venue's nature decides ---------------------------------------------------------------------------------


@on_both_venues
async def test_a_price_is_changed_in_place_where_the_venue_can(shared: Stack) -> None:
    before = await working(shared)
    await change(shared, price="21000")
    obj = await until_synced(shared, "buy", "21000", "0.01")
    orders = await one_live(shared, "21000", "0.01")
    kept = obj["status"]["exchangeOrderId"] == before["status"]["exchangeOrderId"]
    assert (len(orders), kept) == ((1, True) if shared.dialect.reprices_in_place else (2, False))
    await shared.cancel("buy")
    await shared.until_state("buy", "Canceled")
    assert not [order for order in await all_orders(shared) if order["status"] in LIVE]


# --- triggers --------------------------------------------------------------------------------------------------------

STOP = {"side": "Sell", "type": "StopLimit", "price": "57000", "triggerPrice": "58000"}


async def _waiting_stop(stack: Stack) -> None:
    await stack.order("buy", quantity="0.01", **STOP)
    await stack.until_state("buy", "Untriggered")


def _waits_for(trigger: str) -> Callable[[Json], bool]:
    def holds(obj: Json) -> bool:
        sent = obj["status"].get("normalized", {}).get("triggerPrice")
        return (obj["status"]["state"], sent, condition(obj, "Synced")[0]) == ("Untriggered", trigger, "True")

    return holds


def _triggers(orders: list[Json]) -> list[tuple[str, Decimal]]:
    return [(order["status"], Decimal(order["stopPrice"])) for order in orders]


async def test_the_trigger_of_a_stop_limit_is_changed_by_canceling_and_placing_anew(shared: Stack) -> None:
    await _waiting_stop(shared)
    await change(shared, triggerPrice="57500")
    await shared.until("buy", _waits_for("57500"), what="the new trigger")
    assert _triggers(await all_orders(shared)) == [("CANCELED", 58000), ("NEW", 57500)]
    await shared.control.move_price("BTCUSDT", "57800")
    await shared.control.move_price("BTCUSDT", "57500")
    await shared.until_state("buy", "Filled")


async def test_a_trigger_that_the_market_has_crossed_leaves_the_stop_where_it_is(shared: Stack) -> None:
    await _waiting_stop(shared)
    await change(shared, triggerPrice="61000")
    obj = await shared.until_condition("buy", "Synced", "False", "TriggerAlreadyCrossed")
    (message,) = (each["message"] for each in obj["status"]["conditions"] if each["type"] == "Synced")
    assert "60000" in message
    assert obj["status"]["state"] == "Untriggered"
    assert _triggers(await all_orders(shared)) == [("NEW", 58000)]
    await change(shared, triggerPrice="58000")
    await shared.until_condition("buy", "Synced", "True")
    assert _triggers(await all_orders(shared)) == [("NEW", 58000)]


# --- crashes ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_crash_at_any_step_of_an_amend_neither_loses_nor_doubles(stack: Stack, step: str, moment: str) -> None:
    side, method, path, text = STEPS[step]
    api, venue = await stack.api_proxy(), await stack.venue_proxy()
    config = api.write_kubeconfig(stack.folder / "proxied.kubeconfig")
    operator = await stack.start_operator(kubeconfig=config, allowed_endpoints=venue.url)
    await stack.open_account(endpoint=venue.url)
    await stack.account_ready()
    await working(stack, **PATIENT)
    hook = _killer(operator.kill, method, path, text)
    proxy = api if side == "api" else venue
    (proxy.before if moment == "before" else proxy.after)(hook)
    await change(stack, price="21000")
    assert await operator.ended(60) == -9
    await operator.start()
    await until_synced(stack, "buy", "21000", "0.01", seconds=WAIT)
    assert len(await one_live(stack, "21000", "0.01")) == 2


def _killer(kill: Callable[[], None], method: str, path: str, text: str) -> Callable[..., Awaitable[Action | None]]:
    """Kills once, at the first request that is meant, and loses it, or its answer."""
    done: list[Request] = []

    async def hook(request: Request, _: Response | None = None) -> Action | None:
        if done or request.method != method or path not in request.path or text.encode() not in request.body:
            return None
        done.append(request)
        kill()
        return Drop()

    return hook


# --- the account's controls -------------------------------------------------------------------------------------------


async def test_on_an_account_that_only_reduces_a_buy_shrinks_and_does_not_grow(shared: Stack) -> None:
    """Shrunk in place, then together with a lower price, which takes another order."""
    await working(shared)
    await shared.patch_account({"spec": {"tradingState": "ReduceOnly"}})
    await change(shared, quantity="0.02")
    obj = await shared.until_condition("buy", "Synced", "False", "ReduceOnlyAccount")
    assert obj["status"]["state"] == "Open"
    await change(shared, quantity="0.008")
    await until_synced(shared, "buy", "20000", "0.008")
    assert len(await one_live(shared, "20000", "0.008")) == 1
    await change(shared, price="19000", quantity="0.006")
    await until_synced(shared, "buy", "19000", "0.006")
    assert len(await one_live(shared, "19000", "0.006")) == 2
    await change(shared, price="19500")
    await shared.until_condition("buy", "Synced", "False", "ReduceOnlyAccount")
    assert len(await one_live(shared, "19000", "0.006")) == 2


async def test_on_a_halted_account_no_order_is_changed_not_even_to_less(shared: Stack) -> None:
    await shared.order("buy", side="Sell", quantity="0.01", price="95000", **PATIENT)
    await shared.until_state("buy", "Open")
    await shared.patch_account({"spec": {"tradingState": "Halted"}})
    await change(shared, quantity="0.005")
    await shared.until_condition("buy", "Synced", "False", "Halted")
    await change(shared, quantity="0.01", price="96000")
    await shared.until_condition("buy", "Synced", "False", "Halted")
    assert len(await one_live(shared, "95000", "0.01")) == 1
    await shared.patch_account({"spec": {"tradingState": "Enabled"}})
    await until_synced(shared, "buy", "96000", "0.01")
    await one_live(shared, "96000", "0.01")


async def _amend_of(stack: Stack, obj: Json) -> str:
    """The phase of the amend in the receipt of an intent; empty when none is recorded."""
    wanted = identity_of(read_object(OrderIntent, obj)).receipt_name
    (receipt,) = [each for each in await stack.receipts() if each["metadata"]["name"] == wanted]
    return str((receipt.get("amend") or {}).get("phase", ""))


async def test_a_halt_in_the_middle_of_an_amend_ends_it_and_nothing_is_placed(shared: Stack) -> None:
    obj = await working(shared)
    match = {"method": "DELETE", "path": "/api/v3/order"}
    away = {"match": match, "at": "before_engine", "do": "respond", "status": 503, "body": "try later"}
    fault = await shared.control.add_fault(away)
    await change(shared, price="21000")

    async def canceling() -> bool:
        return await _amend_of(shared, obj) == "Canceling"

    await eventually(canceling, what="the amend is recorded")
    await shared.patch_account({"spec": {"tradingState": "Halted"}})
    await shared.until("buy", lambda o: o["status"].get("pendingCommand") == "Cancel", what="the halt has reached it")
    await shared.control.remove_fault(fault)
    obj = await shared.until_condition("buy", "Stalled", "True", "Halted")
    assert obj["status"]["state"] == "Canceled"
    assert await _amend_of(shared, obj) == ""
    await shared.patch_account({"spec": {"tradingState": "Enabled"}})
    await shared.account_ready()
    await shared.until("buy", lambda o: o["status"].get("settled"), what="settled")
    assert (await shared.exactly_one_order())["status"] == "CANCELED"
