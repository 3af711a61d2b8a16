"""Each type of order on the real stack: accepted, waiting, triggered, refused; and what is denied before the wire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from exchange_kernel.kube.resources import INTENTS
from support.amending import until_synced
from support.dialects import KRAKEN
from support.stack import Stack, condition

Json = Any
BTC = "BTCUSDT"
on_kraken = pytest.mark.parametrize("dialect", [KRAKEN], ids=str, indirect=True)
FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES: Mapping[str, Json] = {
    path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("[12]*.yaml"))
}
AMEND = yaml.safe_load((FOLDER / "50-amend-limit.yaml").read_text())


@dataclass(frozen=True)
class Way:
    """How one order is triggered: prices that leave it waiting, and the one that fires it (the market is at 60000)."""

    wire: str
    spec: Mapping[str, Json]
    nearly: tuple[str, ...]
    fires: str
    on_the_wire: Mapping[str, str] = field(default_factory=dict)


WAYS = {
    "stop that sells": Way(
        "STOP_LOSS",
        {"side": "Sell", "type": "StopMarket", "price": None, "triggerPrice": "58000"},
        ("62000", "58000.01"),
        "58000",
        {"stopPrice": "58000"},
    ),
    "stop that buys": Way(
        "STOP_LOSS",
        {"side": "Buy", "type": "StopMarket", "price": None, "triggerPrice": "62000"},
        ("58000", "61999.99"),
        "62000",
        {"stopPrice": "62000"},
    ),
    "stop-limit that sells": Way(
        "STOP_LOSS_LIMIT",
        {"side": "Sell", "type": "StopLimit", "price": "57000", "triggerPrice": "58000"},
        ("58000.01",),
        "58000",
        {"stopPrice": "58000", "price": "57000", "timeInForce": "GTC"},
    ),
    "take-profit that sells": Way(
        "TAKE_PROFIT",
        {"side": "Sell", "type": "TakeProfitMarket", "price": None, "triggerPrice": "62000"},
        ("58000", "61999.99"),
        "62000",
        {"stopPrice": "62000"},
    ),
    "take-profit-limit that buys": Way(
        "TAKE_PROFIT_LIMIT",
        {"side": "Buy", "type": "TakeProfitLimit", "price": "58500", "triggerPrice": "58000"},
        ("62000", "58000.01"),
        "58000",
        {"stopPrice": "58000", "price": "58500"},
    ),
    "trailing stop that sells": Way(
        "STOP_LOSS",
        {
            "side": "Sell",
            "type": "TrailingStopMarket",
            "price": None,
            "trailing": {"offset": "1", "offsetType": "Percent"},
        },
        ("62000", "61380.01"),
        "61380",  # one percent below the best
        {"trailingDelta": "100"},
    ),
    "trailing stop that starts later": Way(
        "TAKE_PROFIT",
        {
            "side": "Sell",
            "type": "TrailingStopMarket",
            "price": None,
            "trailing": {"offset": "1.5", "offsetType": "Percent", "activationPrice": "61000"},
        },
        ("58000", "60999", "61000", "60085.01"),
        "60085",
        {"trailingDelta": "150", "stopPrice": "61000"},
    ),
}


async def at(stack: Stack, price: str) -> None:
    await stack.control.move_price(BTC, price)


@pytest.mark.parametrize("way", WAYS.values(), ids=[name.replace(" ", "-") for name in WAYS])
async def test_an_order_waits_for_its_trigger_and_is_filled_when_it_fires(shared: Stack, way: Way) -> None:
    await at(shared, "60000")
    await shared.order("order", **way.spec)
    waiting = await shared.until_state("order", "Untriggered")
    assert condition(waiting, "Placed")[0] == "True"
    order = await shared.exactly_one_order()
    assert (order["type"], order["side"]) == (way.wire, str(way.spec["side"]).upper())
    for name, value in way.on_the_wire.items():
        assert str(order[name]) == value if name == "timeInForce" else Decimal(order[name]) == Decimal(value), name
    for price in way.nearly:
        await at(shared, price)
    assert (await shared.exactly_one_order())["status"] == "NEW"
    await at(shared, way.fires)
    done = (await shared.until_condition("order", "Completed", "True"))["status"]
    assert (done["state"], Decimal(done["filledQuantity"])) == ("Filled", Decimal("0.01"))
    await shared.exactly_one_order()


async def test_a_stop_limit_that_the_market_jumps_over_rests(shared: Stack) -> None:
    await at(shared, "60000")
    await shared.order("order", side="Sell", type="StopLimit", price="57900", triggerPrice="58000")
    await shared.until_state("order", "Untriggered")
    await at(shared, "55000")
    resting = await shared.until_state("order", "Open")
    assert condition(resting, "Ready") == ("True", "Working")
    assert Decimal(resting["status"]["filledQuantity"]) == 0


async def test_an_untriggered_order_is_canceled(shared: Stack) -> None:
    await at(shared, "60000")
    await shared.order("order", side="Sell", type="StopMarket", price=None, triggerPrice="58000")
    await shared.until_state("order", "Untriggered")
    await shared.cancel("order")
    await shared.until_state("order", "Canceled")
    assert (await shared.exactly_one_order())["status"] == "CANCELED"


# --- crossed triggers ---------------------------------------------------------------------------------------------


CROSSED: dict[str, tuple[dict[str, Json], str]] = {
    "stop": ({"side": "Sell", "type": "StopMarket", "price": None, "triggerPrice": "61000"}, "58000"),
    "stop-limit": ({"side": "Buy", "type": "StopLimit", "price": "59500", "triggerPrice": "59000"}, "62000"),
    "profit": ({"side": "Sell", "type": "TakeProfitMarket", "price": None, "triggerPrice": "59000"}, "62000"),
    "profit-limit": ({"side": "Buy", "type": "TakeProfitLimit", "price": "61500", "triggerPrice": "61000"}, "58000"),
}


async def test_a_crossed_trigger_is_denied_with_the_price_and_placed_once_it_is_corrected(shared: Stack) -> None:
    await at(shared, "60000")
    for name, (spec, _) in CROSSED.items():
        await shared.order(name, **spec)
    for name in CROSSED:
        denied = await shared.until_state(name, "Denied")
        assert condition(denied, "Accepted") == ("False", "TriggerAlreadyCrossed")
        assert "was at 60000" in denied["status"]["message"]
    await shared.no_order()
    for name, (_, correction) in CROSSED.items():
        await shared.patch_intent(name, {"spec": {"triggerPrice": correction}})
    for name in CROSSED:
        await shared.until_state(name, "Untriggered")
    orders = (await shared.truth()).orders
    sent = sorted((order["side"], Decimal(order["stopPrice"])) for order in orders)
    assert sent == sorted((str(spec["side"]).upper(), Decimal(trigger)) for spec, trigger in CROSSED.values())


async def test_an_activation_price_that_was_passed_is_denied(shared: Stack) -> None:
    await at(shared, "60000")
    trailing = {"offset": "1", "offsetType": "Percent", "activationPrice": "59000"}
    await shared.order("order", side="Sell", type="TrailingStopMarket", price=None, trailing=trailing)
    denied = await shared.until_state("order", "Denied")
    assert condition(denied, "Accepted") == ("False", "TriggerAlreadyCrossed")
    await shared.no_order()


async def test_without_a_price_a_stop_waits_and_is_sent_when_there_is_one(shared: Stack) -> None:
    await at(shared, "60000")
    match = {"method": "GET", "path": "/api/v3/ticker/price"}
    rule = await shared.control.add_fault({"match": match, "at": "before_auth", "do": "drop", "how": "rst"})
    await shared.order("order", side="Sell", type="StopMarket", price=None, triggerPrice="58000")
    await shared.until_condition("order", "Ready", "False", "NoReferencePrice")
    await shared.no_order()
    await shared.control.remove_fault(rule)
    await shared.until_state("order", "Untriggered")
    await shared.exactly_one_order()


# --- what one venue has and the other has not ------------------------------------------------------------------------


@on_kraken
async def test_the_venue_itself_ends_an_order_at_its_time(shared: Stack) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=12)).strftime("%Y-%m-%dT%H:%M:%SZ")
    await shared.order("order", timeInForce="GTD", expireAt=soon)
    await shared.until_state("order", "Open")
    ended = await shared.until_state("order", "Expired")
    assert condition(ended, "Ready") == ("False", "Expired")
    assert (await shared.exactly_one_order())["status"] in {"EXPIRED", "CANCELED"}


@on_kraken
async def test_a_trailing_stop_follows_by_an_amount(shared: Stack) -> None:
    await at(shared, "60000")
    trail = {"offset": "500", "offsetType": "Amount"}
    await shared.order("order", side="Sell", type="TrailingStopMarket", price=None, trailing=trail)
    await shared.until_state("order", "Untriggered")
    await at(shared, "62000")
    await at(shared, "61501")
    assert (await shared.exactly_one_order())["status"] == "NEW"
    await at(shared, "61500")
    done = await shared.until_condition("order", "Completed", "True")
    assert (done["status"]["state"], Decimal(done["status"]["filledQuantity"])) == ("Filled", Decimal("0.01"))


# --- what is denied before the wire -------------------------------------------------------------------------------


def trailing(offset: str, kind: str = "Percent") -> dict[str, Json]:
    return {"type": "TrailingStopMarket", "price": None, "trailing": {"offset": offset, "offsetType": kind}}


TOMORROW = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


DENIED: dict[str, tuple[dict[str, Json], str, str]] = {
    "gtd": ({"timeInForce": "GTD", "expireAt": TOMORROW}, "NotSupported", "desiredState: Canceled"),
    "reduce-only": ({"reduceOnly": True, "side": "Sell", "price": "70000"}, "NotSupported", "remove reduceOnly"),
    "amount": (trailing("100", "Amount"), "NotSupported", "it takes: Percent"),
    "too-near": (trailing("0.05"), "BelowMinimum", "minimum 0.1 %"),
    "half-a-point": (trailing("1.005"), "NotOnGrid", "write 1 or 1.01"),
    "tick": ({"price": "20000.001"}, "NotOnGrid", "write 20000 or 20000.01"),
    "eighteen-decimals": ({"quantity": "0.000000000000000001"}, "NotOnGrid", "write 0.00001"),
    "worth-little": ({"quantity": "0.0002"}, "BelowMinimum", "is worth 4 USDT"),
    "much": ({"quantity": "10000000"}, "AboveMaximum", "above the maximum"),
}


async def test_what_the_venue_does_not_take_is_denied_with_what_to_write(shared: Stack) -> None:
    for name, (spec, _, _) in DENIED.items():
        await shared.order(name, **spec)
    for name, (_, reason, says) in DENIED.items():
        denied = await shared.until_state(name, "Denied")
        assert condition(denied, "Accepted") == ("False", reason), name
        assert says in denied["status"]["message"], name
    await shared.no_order()


async def test_values_are_rounded_to_the_safe_side_and_shown_as_sent(shared: Stack) -> None:
    await at(shared, "60000")
    await shared.order(
        "order",
        side="Sell",
        type="StopLimit",
        quantity="0.010009",
        triggerPrice="58000.019",
        price="57000.019",
        roundingPolicy="Conservative",
    )
    normalized = (await shared.until_state("order", "Untriggered"))["status"]["normalized"]
    order = await shared.exactly_one_order()
    sent = (Decimal("0.01"), Decimal("58000.01"), Decimal("57000.01"))
    assert tuple(Decimal(order[name]) for name in ("origQty", "stopPrice", "price")) == sent
    assert tuple(Decimal(normalized[name]) for name in ("quantity", "triggerPrice", "price")) == sent


async def test_a_sum_of_decimals_stays_exact(shared: Stack) -> None:
    """0.1 + 0.2 is 0.3; a float would not be on the market's step."""
    await shared.order("order", quantity=str(Decimal("0.1") + Decimal("0.2")), price="20000.30")
    await shared.until_state("order", "Open")
    order = await shared.exactly_one_order()
    assert (Decimal(order["origQty"]), Decimal(order["price"])) == (Decimal("0.3"), Decimal("20000.3"))


async def test_a_post_only_order_that_would_take_is_refused_once_and_says_why(shared: Stack) -> None:
    await at(shared, "60000")
    await shared.order("order", postOnly=True, price="61000")
    refused = await shared.until_state("order", "Rejected")
    assert condition(refused, "Stalled") == ("True", "PostOnlyWouldTake")
    assert (await shared.truth()).orders == ()
    assert len(await shared.order_requests()) == 1


async def test_submit_before_ends_an_order_that_had_to_wait_for_it(shared: Stack) -> None:
    before = (datetime.now(UTC) + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    await shared.order("order", suspend=True, placement={"submitBefore": before, "startingDeadlineSeconds": 600})
    await shared.until_condition("order", "Ready", "False", "Suspended")
    await shared.until_condition("order", "Ready", "False", "DeadlinePassed")
    await shared.no_order()


# --- examples/ ----------------------------------------------------------------------------------------------------

ENDS = {
    "11-market-buy-by-quote": "Filled",
    "12-market-sell": "Filled",
    "14-limit-ioc": "Filled Expired",
    "27-not-after": "Filled",
}


def _in_state(*wanted: str) -> Callable[[Json], bool]:
    return lambda obj: obj.get("status", {}).get("state") in wanted


async def test_every_example_is_accepted_and_works(shared: Stack) -> None:
    """As they are written, but for the names of account and namespace. Binance takes five untriggered at a time."""
    await at(shared, "60000")
    for stem, manifest in EXAMPLES.items():
        manifest["metadata"] = {"name": shared.named(stem), "namespace": shared.namespace}
        manifest["spec"]["accountRef"] = {"name": shared.named("main")}
        await shared.api.create(INTENTS, shared.namespace, manifest)
        triggered = manifest["spec"]["type"] not in {"Market", "Limit"}
        wanted = ENDS.get(stem, "Untriggered" if triggered else "Open").split()
        await shared.until(stem, _in_state(*wanted), what=f"is {wanted}")
        if "Untriggered" in wanted:
            await shared.cancel(stem)
            await shared.until_state(stem, "Canceled")
    assert len((await shared.truth()).orders) == len(EXAMPLES)
    await _apply_the_amend(shared)


async def _apply_the_amend(shared: Stack) -> None:
    """Applied over the order that it names, it changes the price of the one that works."""
    first = EXAMPLES["10-limit-buy"]
    assert AMEND["metadata"]["name"] == yaml.safe_load((FOLDER / "10-limit-buy.yaml").read_text())["metadata"]["name"]
    spec = {**AMEND["spec"], "accountRef": first["spec"]["accountRef"]}
    before = await shared.intent("10-limit-buy")
    await shared.patch_intent("10-limit-buy", {"spec": spec})
    obj = await until_synced(shared, "10-limit-buy", spec["price"], spec["quantity"])
    assert before["spec"]["price"] != spec["price"]
    assert obj["status"]["previousOrderIds"] == [before["status"]["exchangeOrderId"]]
