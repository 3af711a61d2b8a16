import pytest

from paper_exchange.commands import SweepTo
from paper_exchange.market.replay import Recorded, ReplayError, read_recording
from support.paper_engine import amount


def test_each_row_is_a_sweep_at_its_time() -> None:
    rows = read_recording(["ts,symbol,price,qty", "1000,BTCUSDT,50000,0.5", "2000,ETHUSDT,3000.5,"])

    assert list(rows) == [
        Recorded(1000, SweepTo(symbol="BTCUSDT", price=amount("50000"), quantity=amount("0.5"))),
        Recorded(2000, SweepTo(symbol="ETHUSDT", price=amount("3000.5"))),
    ]


def test_the_quantity_may_be_left_out() -> None:
    (row,) = read_recording(["ts,symbol,price", "1000,BTCUSDT,50000"])

    assert row.command.quantity is None


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["ts,price", "1,2"], "missing: symbol"),
        (["ts,symbol,price", "soon,BTCUSDT,1"], "line 2"),
        (["ts,symbol,price", "1,BTCUSDT,1", "2,BTCUSDT,-5"], "line 3"),
        (["ts,symbol,price", "2,BTCUSDT,1", "1,BTCUSDT,1"], "time runs backwards"),
        (["ts,symbol,price", "2,BTCUSDT"], "line 2"),
        ([], "header line"),
    ],
)
def test_a_bad_recording_names_the_line(lines: list[str], message: str) -> None:
    with pytest.raises(ReplayError, match=message):
        list(read_recording(lines))
