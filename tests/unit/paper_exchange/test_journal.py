import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from paper_exchange.commands import (
    Command,
    CreateAccount,
    Deposit,
    ListSymbol,
    MakerConfig,
    MakerKind,
    PutApiKey,
    SetFees,
    SetMaker,
    SetSymbolStatus,
    StepMarket,
    SweepTo,
)
from paper_exchange.engine import Engine
from paper_exchange.journal import DurableEngine, JournalError, decode, encode
from paper_exchange.model import Fees, Order, OrderType, Side
from paper_exchange.order_commands import CancelList, PlaceOco, PlacePending
from paper_exchange.symbols import SymbolStatus
from support.paper_engine import BTCUSDT, ETHBTC, START, amount, market, order

WALK = MakerConfig(kind=MakerKind.WALK, mid=amount("50000"), sigma=100_000, seed=7)
ABOVE = order(side=Side.SELL, type=OrderType.LIMIT_MAKER, price="53000", time_in_force=None)
BELOW = order(side=Side.SELL, type=OrderType.STOP_LOSS, stop_price="45000", price=None, time_in_force=None)
COMMANDS: list[Command] = [
    ListSymbol(symbol=BTCUSDT),
    ListSymbol(symbol=ETHBTC),
    CreateAccount(account="alice"),
    PutApiKey(key="k", account="alice", secret="hush"),
    Deposit(account="alice", asset="USDT", amount=amount("100000")),
    Deposit(account="alice", asset="BTC", amount=amount("10")),
    SetFees(account="alice", fees=Fees(1, 2), symbol="BTCUSDT"),
    SetMaker(symbol="BTCUSDT", maker=WALK),
    order(client_order_id="low", price="49000"),
    order(client_order_id="high", side=Side.SELL, price="51000"),
    order(client_order_id="low", price="48000"),  # refused: the id is taken
    market(quantity="0.05"),
    StepMarket(symbol="BTCUSDT"),
    SweepTo(symbol="BTCUSDT", price=amount("48990")),
    order(client_order_id="low", price="48000"),
    StepMarket(symbol="BTCUSDT"),
    market(quantity=None, quote_quantity="500"),
    PlacePending(
        working=order(client_order_id="entry", price="47000"),
        pending=(replace(ABOVE, quantity=None), replace(BELOW, quantity=None)),
        pays=True,
        list_client_order_id="opoco",
    ),
    PlacePending(working=order(client_order_id="oto", price="47000"), pending=(ABOVE,)),
    PlaceOco(above=ABOVE, below=BELOW),
    SweepTo(symbol="BTCUSDT", price=amount("47000")),
    CancelList(account="alice", symbol="BTCUSDT", list_client_order_id="opoco"),
    SetSymbolStatus(symbol="ETHBTC", status=SymbolStatus.HALT),
]


def run(venue: DurableEngine, commands: list[Command] = COMMANDS, start: int = START) -> None:
    for number, command in enumerate(commands):
        venue.apply(command, start + number * 700)


def in_memory() -> str:
    with DurableEngine.open(None) as venue:
        run(venue)
        return venue.digest()


@pytest.mark.parametrize("snapshot_every", [1, 5, len(COMMANDS), 1000])
def test_a_reopened_venue_is_the_same_venue(tmp_path: Path, snapshot_every: int) -> None:
    path = tmp_path / "venue.db"
    with DurableEngine.open(path, snapshot_every) as venue:
        run(venue)
        digest = venue.digest()
    with DurableEngine.open(path, snapshot_every) as again:
        assert again.digest() == digest == in_memory()


@pytest.mark.parametrize("split", range(1, len(COMMANDS), 4))
def test_a_venue_goes_on_after_a_restart_as_if_there_had_been_none(tmp_path: Path, split: int) -> None:
    path = tmp_path / "venue.db"
    with DurableEngine.open(path, 3) as venue:
        run(venue, COMMANDS[:split])
    with DurableEngine.open(path, 3) as venue:
        run(venue, COMMANDS[split:], START + split * 700)

        assert venue.digest() == in_memory()


def test_an_answered_command_is_in_the_file_before_the_file_is_closed(tmp_path: Path) -> None:
    """What a killed process leaves behind: the file as it is while the venue is still open."""
    path, copy = tmp_path / "venue.db", tmp_path / "copy.db"
    with DurableEngine.open(path) as venue:
        run(venue)
        for suffix in ("", "-wal"):
            Path(f"{copy}{suffix}").write_bytes(Path(f"{path}{suffix}").read_bytes())
        with DurableEngine.open(copy) as survivor:
            assert survivor.digest() == venue.digest()
            assert survivor.replayed == len(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_command_survives_its_encoding(command: Command) -> None:
    assert decode(*encode(command)) == command


def test_snapshots_replace_the_commands_before_them(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    with DurableEngine.open(path, 10) as venue:
        run(venue)
    with sqlite3.connect(path) as db:
        ((commands,),) = db.execute("SELECT count(*) FROM command")
        ((snapshots,),) = db.execute("SELECT count(*) FROM snapshot")
    db.close()

    assert (commands, snapshots) == (len(COMMANDS) % 10, 1)


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "venue.db"
    DurableEngine.open(path).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_venues_do_not_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    with DurableEngine.open(path), pytest.raises(JournalError, match="another venue"):
        DurableEngine.open(path)


def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE diary (entry TEXT)")
    db.close()

    with pytest.raises(JournalError, match="another program"):
        DurableEngine.open(path)


def test_a_file_of_another_version_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    DurableEngine.open(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()

    with pytest.raises(JournalError, match="format 99"):
        DurableEngine.open(path)


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    path.write_bytes(b"not a database, by far" * 100)

    with pytest.raises(JournalError, match="damaged"):
        DurableEngine.open(path)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM command WHERE seq = 3",
        "UPDATE command SET kind = 'Nonsense' WHERE seq = 3",
        "UPDATE command SET body = x'00' WHERE seq = 3",
        "INSERT INTO snapshot VALUES (3, x'00')",
    ],
)
def test_a_damaged_log_is_not_replayed_halfway(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "venue.db"
    with DurableEngine.open(path) as venue:
        run(venue)
    with sqlite3.connect(path) as db:
        db.execute(damage)
    db.close()

    with pytest.raises(JournalError, match="damaged"):
        DurableEngine.open(path)


def test_a_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(JournalError, match="choose a file"):
        DurableEngine.open(tmp_path / "file" / "venue.db")


class Breaking(Engine):
    """An engine with a defect that shows at the second command."""

    def apply(self, command: Command, now: int):  # type: ignore[no-untyped-def]  # noqa: ANN201
        if isinstance(command, CreateAccount):
            raise ZeroDivisionError
        return super().apply(command, now)


def test_a_command_that_breaks_the_engine_is_taken_back_and_nothing_follows_it(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    with DurableEngine.open(path) as venue:
        venue._engine = Breaking()
        venue.apply(COMMANDS[0], START)
        with pytest.raises(ZeroDivisionError):
            venue.apply(CreateAccount(account="alice"), START)
        with pytest.raises(JournalError, match="restart"):
            venue.apply(COMMANDS[1], START)
    with DurableEngine.open(path) as again:
        assert again.replayed == 1


def test_a_snapshot_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "venue.db"
    refuse = "CREATE TRIGGER full BEFORE INSERT ON snapshot BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
    with DurableEngine.open(path, 5) as venue:
        assert venue._journal
        venue._journal._db.execute(refuse)
        run(venue)
        digest = venue.digest()
    with DurableEngine.open(path) as again:
        assert again.digest() == digest
        assert again.replayed == len(COMMANDS)

    assert [record.exc_text is not None for record in caplog.records] == [True] * (len(COMMANDS) // 5)


def test_reads_of_a_reopened_venue_give_whole_orders(tmp_path: Path) -> None:
    path = tmp_path / "venue.db"
    with DurableEngine.open(path, 1) as venue:
        run(venue)
        before = venue.read.order("alice", "BTCUSDT", client_order_id="low", now=START)
    with DurableEngine.open(path) as again:
        after = again.read.order("alice", "BTCUSDT", client_order_id="low", now=START)

    assert isinstance(after, Order)
    assert after == before
    assert type(after.side) is Side
