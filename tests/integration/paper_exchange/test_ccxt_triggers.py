"""Orders that wait for a price, through real ccxt: what it sends, what the venue shows, what is refused."""

from typing import Any

import ccxt
import pytest

from paper_exchange.control_client import ControlClient
from support.paper_ccxt import Ccxt

BTC = "BTC/USDT"
TRIGGERS: list[tuple[str, str, str, str, str]] = [
    ("STOP_LOSS", "sell", "stopLossPrice", "59000", "0.01"),
    ("STOP_LOSS", "buy", "stopLossPrice", "61000", "610"),
    ("STOP_LOSS_LIMIT", "sell", "stopLossPrice", "59000", "0.01"),
    ("TAKE_PROFIT", "sell", "takeProfitPrice", "61000", "0.01"),
    ("TAKE_PROFIT_LIMIT", "buy", "takeProfitPrice", "59000", "620"),
]
"""What the venue calls it, side, ccxt's parameter and its value, what is locked meanwhile."""


async def wait_for_price(pro: Ccxt, side: str, kind: str, params: dict[str, Any]) -> Ccxt:
    price = {"buy": "62000", "sell": "58000"}[side] if kind == "limit" else None
    return await pro.create_order(BTC, kind, side, "0.01", price, {"newOrderRespType": "RESULT", **params})


@pytest.mark.parametrize("case", TRIGGERS, ids="-".join)
async def test_a_trigger_waits_locks_and_fires(
    pro: Ccxt, control: ControlClient, case: tuple[str, str, str, str, str]
) -> None:
    raw, side, name, stop, locked = case
    placed = await wait_for_price(pro, side, "limit" if raw.endswith("LIMIT") else "market", {name: stop})
    waiting = (await pro.fetch_order(placed["id"], BTC))["info"]
    assert (waiting["type"], waiting["stopPrice"], waiting["status"]) == (raw, f"{stop}.00000000", "NEW")
    assert (waiting["isWorking"], waiting["workingTime"]) == (False, -1)
    assert "workingTime" not in placed["info"]
    used = (await pro.fetch_balance())["USDT" if side == "buy" else "BTC"]["used"]
    assert used == float(locked)

    await control.move_price("BTCUSDT", stop)
    done = (await pro.fetch_order(placed["id"], BTC))["info"]
    assert (done["status"], done["isWorking"]) == ("FILLED", True)
    assert int(done["workingTime"]) >= int(done["time"])
    balance = await pro.fetch_balance()
    assert balance["USDT"]["used"] == balance["BTC"]["used"] == 0


async def test_a_trigger_that_the_market_has_passed_is_refused(pro: Ccxt) -> None:
    with pytest.raises(ccxt.OrderImmediatelyFillable, match="Stop price would trigger immediately"):
        await wait_for_price(pro, "sell", "market", {"stopLossPrice": "60000"})
    assert await pro.fetch_open_orders(BTC) == []


async def test_exchange_info_offers_trailing_stops(pro: Ccxt) -> None:
    market = (await pro.load_markets())[BTC]["info"]
    assert market["allowTrailingStop"] is True
    (trailing,) = [entry for entry in market["filters"] if entry["filterType"] == "TRAILING_DELTA"]
    assert (trailing["minTrailingAboveDelta"], trailing["maxTrailingBelowDelta"]) == (10, 2000)


async def test_a_trailing_stop_follows_the_price_up_and_sells_when_it_turns(pro: Ccxt, control: ControlClient) -> None:
    placed = await wait_for_price(pro, "sell", "market", {"trailingPercent": "1", "stopLossOrTakeProfit": "stopLoss"})
    assert placed["info"]["trailingDelta"] in {100, "100"}
    for price in ("60600", "66000", "65340.01"):
        await control.move_price("BTCUSDT", price)
        assert (await pro.fetch_order(placed["id"], BTC))["status"] == "open", price
    await control.move_price("BTCUSDT", "65340")
    assert (await pro.fetch_order(placed["id"], BTC))["status"] == "closed"


async def test_a_trailing_limit_with_a_stop_price_begins_there(pro: Ccxt, control: ControlClient) -> None:
    params = {"trailingPercent": "1", "stopLossOrTakeProfit": "takeProfit", "trailingTriggerPrice": "63000"}
    placed = await wait_for_price(pro, "sell", "limit", params)
    for price in ("59000", "62999.99", "62000"):
        await control.move_price("BTCUSDT", price)
    assert (await pro.fetch_order(placed["id"], BTC))["info"]["trailingTime"] == -1
    await control.move_price("BTCUSDT", "64000")
    following = (await pro.fetch_order(placed["id"], BTC))["info"]
    assert following["trailingTime"] > 0
    assert following["isWorking"] is False
    await control.move_price("BTCUSDT", "63360")
    assert (await pro.fetch_order(placed["id"], BTC))["status"] == "closed"


async def test_a_trailing_distance_outside_the_filter_is_refused(pro: Ccxt) -> None:
    with pytest.raises(ccxt.BadRequest, match="Filter failure: TRAILING_DELTA"):
        await wait_for_price(pro, "sell", "market", {"trailingPercent": "0.01", "stopLossOrTakeProfit": "stopLoss"})
