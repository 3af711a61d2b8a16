"""The venue's process is killed; what it had answered is there afterwards."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from paper_exchange.journal import DurableEngine

_OPERATOR = Path(__file__).parents[3] / "operator"
_TRADER = """
import sys
from pathlib import Path
from paper_exchange.commands import CreateAccount, Deposit, ListSymbol, PlaceOrder
from paper_exchange.journal import DurableEngine
from paper_exchange.model import OrderType, Side, TimeInForce
from paper_exchange.symbols import DEFAULT_SYMBOLS

venue = DurableEngine.open(Path(sys.argv[1]), snapshot_every=40)
venue.apply(ListSymbol(symbol=DEFAULT_SYMBOLS[0]), 1)
venue.apply(CreateAccount(account="alice"), 1)
venue.apply(Deposit(account="alice", asset="USDT", amount=10**17), 1)
number = 0
while True:
    number += 1
    order = PlaceOrder(
        account="alice", symbol="BTCUSDT", side=Side.BUY, type=OrderType.LIMIT, time_in_force=TimeInForce.IOC,
        quantity=10**6, price=5 * 10**12, client_order_id=f"c{number}",
    )
    venue.apply(order, number)
    print(f"c{number}", flush=True)
"""


def test_every_answered_order_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    environment = {**os.environ, "PYTHONPATH": str(_OPERATOR)}
    answered: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", _TRADER, str(path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as trader:
        assert trader.stdout is not None
        for line in trader.stdout:
            answered.append(line.strip())
            if len(answered) == 150:
                trader.send_signal(signal.SIGKILL)
                break
        answered.extend(trader.stdout.read().split())

    with DurableEngine.open(path) as venue:
        found = [order.client_order_id for order in venue.read.all_orders("alice", "BTCUSDT", now=1)]

    assert found[: len(answered)] == answered
    assert len(found) <= len(answered) + 1, "at most the order that was being answered"
    assert venue.replayed < len(answered), "the snapshots were used"
