"""The venue as a process of its own: starting, being killed, ending."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import ccxt
import ccxt.async_support
import pytest

from paper_exchange.ccxt_config import ccxt_config
from paper_exchange.control_client import ControlClient
from support.paper_ccxt import Ccxt, until

OPERATOR = Path(__file__).parents[3] / "operator"
PATIENCE_S = 20
BTC = "BTC/USDT"


OCO = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "quantity": "0.01",
    "listClientOrderId": "oco",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "63000",
    "aboveClientOrderId": "a1",
    "belowType": "STOP_LOSS",
    "belowStopPrice": "55000",
    "belowClientOrderId": "b1",
}
OPOCO = {
    "symbol": "BTCUSDT",
    "listClientOrderId": "opoco",
    "workingType": "LIMIT_MAKER",
    "workingSide": "BUY",
    "workingPrice": "59500",
    "workingQuantity": "0.01",
    "workingClientOrderId": "entry",
    "pendingSide": "SELL",
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "63000",
    "pendingAboveClientOrderId": "a2",
    "pendingBelowType": "STOP_LOSS",
    "pendingBelowStopPrice": "55000",
    "pendingBelowClientOrderId": "b2",
}


def start(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(OPERATOR)}
    command = [sys.executable, "-m", "paper_exchange", *arguments]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )


async def ready(process: subprocess.Popen[str], file: Path) -> dict[str, Any]:
    await until(lambda: file.exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    return read(file)


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def end(process: subprocess.Popen[str], how: signal.Signals) -> tuple[int, str, str]:
    process.send_signal(how)
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def connect(info: dict[str, Any]) -> Ccxt:
    key = info["keys"][0]
    config = ccxt_config(info["url"], api_key=key["key"], secret=key["secret"])
    return ccxt.async_support.binance(config | {"enableRateLimit": False})


async def test_every_acknowledged_order_survives_a_kill_in_the_middle_of_traffic(tmp_path: Path) -> None:
    file, data = tmp_path / "ready.json", tmp_path / "data"
    process = start("serve", "--data", str(data), "--ready-file", str(file), "--orders-per-10s", "0")
    acknowledged: dict[str, str] = {}
    try:
        info = await ready(process, file)
        exchange = connect(info)
        try:
            await exchange.load_markets()

            async def trade(worker: int) -> None:
                for number in range(10_000):
                    order = await exchange.create_order(
                        BTC, "limit", "buy", "0.001", "59000", {"clientOrderId": f"w{worker}-{number}"}
                    )
                    acknowledged[order["clientOrderId"]] = order["id"]
                    await exchange.cancel_order(order["id"], BTC)

            workers = [asyncio.create_task(trade(worker)) for worker in range(4)]
            await until(lambda: len(acknowledged) >= 60)
            end(process, signal.SIGKILL)
            outcomes = await asyncio.gather(*workers, return_exceptions=True)
            assert all(isinstance(outcome, ccxt.NetworkError) for outcome in outcomes)
        finally:
            await exchange.close()
        file.unlink()
        process = start("serve", "--data", str(data), "--ready-file", str(file))
        again = await ready(process, file)
        assert again["keys"] == info["keys"]
        async with ControlClient(again["control_url"], again["token"]) as control:
            truth = (await control.dump())["default"]
        known = {order["clientOrderId"]: str(order["orderId"]) for order in truth.orders}
        assert acknowledged.items() <= known.items()
        assert len(known) - len(acknowledged) <= len(workers)
    finally:
        process.kill()
        process.communicate()


async def test_lists_go_on_after_a_kill_as_if_there_had_been_none(tmp_path: Path) -> None:
    file, data = tmp_path / "ready.json", tmp_path / "data"
    process = start("serve", "--data", str(data), "--ready-file", str(file))
    try:
        exchange = connect(await ready(process, file))
        await exchange.load_markets()
        await exchange.private_post_orderlist_oco(OCO)
        await exchange.private_post_orderlist_opoco(OPOCO)
        await exchange.close()
        end(process, signal.SIGKILL)
        file.unlink()

        process = start("serve", "--data", str(data), "--ready-file", str(file))
        info = await ready(process, file)
        exchange = connect(info)
        async with ControlClient(info["control_url"], info["token"]) as control:
            await control.move_price("BTCUSDT", "59000")
            truth = (await control.dump())["default"]
            assert {order["clientOrderId"]: order["status"] for order in truth.orders} == {
                "a1": "NEW", "b1": "NEW", "entry": "FILLED", "a2": "NEW", "b2": "NEW",
            }  # fmt: skip
            await exchange.cancel_order(None, BTC, {"clientOrderId": "a1"})
            await exchange.private_delete_orderlist({"symbol": "BTCUSDT", "listClientOrderId": "opoco"})
            truth = (await control.dump())["default"]
        await exchange.close()
        assert [each["listOrderStatus"] for each in truth.lists] == ["ALL_DONE", "ALL_DONE"]
        assert {held["locked"] for held in truth.balances.values()} == {"0.00000000"}
    finally:
        process.kill()
        process.communicate()


async def test_sigterm_ends_it_in_order_and_nothing_secret_is_logged(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    process = start("serve", "--ready-file", str(file), "--log-format", "json", "--account", "alice:USDT=100")
    try:
        info = await ready(process, file)
        assert file.stat().st_mode & 0o077 == 0
        exchange = connect(info)
        try:
            assert (await exchange.fetch_balance())["USDT"]["free"] == 100.0
        finally:
            await exchange.close()
        code, out, err = end(process, signal.SIGTERM)
    finally:
        process.kill()
        process.communicate()
    assert (code, file.exists()) == (0, False)
    assert [json.loads(line)["level"] for line in err.splitlines()] == ["info"] * len(err.splitlines())
    assert info["url"] in out
    assert "ccxt_config(" in out
    for secret in (info["token"], info["keys"][0]["secret"], info["keys"][0]["key"]):
        assert secret not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["serve", "--symbols", "DOGEUSDT"], "write one of BTCUSDT"),
        (["serve", "--account", "bob:USDT"], "write ASSET=AMOUNT"),
        (["serve", "--market", "replay"], "belong together"),
        (["serve", "--market", "replay", "--replay", "/nonexistent.csv"], "cannot replay"),
        (["serve", "--step-ms", "0"], "above 0"),
    ],
)
def test_a_wrong_argument_is_explained_and_starts_nothing(arguments: list[str], message: str) -> None:
    process = start(*arguments)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert message in err
    assert (out, err.count("\n")) == ("", 1)


def test_help_shows_how_to_start_it() -> None:
    process = start("--help")
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert "python -m paper_exchange serve --port 8080 --control-port 8081 --data ./venue" in out
