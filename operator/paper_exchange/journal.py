"""A venue that survives its process.

Each command is written to SQLite, with its time, before it is applied and answered; now and then the whole state is
written too and the commands before it are dropped. Opening the file again loads the state and replays what follows,
which gives the very same venue, because the engine depends on nothing but its commands.

The log is in WAL mode with synchronous=NORMAL: an answered command survives the death of the process at any moment; a
power cut may cost the last ones, never the consistency of the file. The file holds API secrets and is readable by its
owner only.
"""

import logging
import os
import sqlite3
import zlib
from pathlib import Path
from types import TracebackType
from typing import Self, get_args

import orjson
from pydantic import TypeAdapter

from paper_exchange import snapshot
from paper_exchange.commands import Command
from paper_exchange.engine import Engine
from paper_exchange.ledger import LedgerError
from paper_exchange.order_commands import PlaceOrder
from paper_exchange.reads import Reads
from paper_exchange.refusals import Refusal
from paper_exchange.replies import Outcome

_log = logging.getLogger(__name__)

FORMAT = 4
"""Counts up when the file, or what the engine makes of a command, changes: a replay must not guess."""
_APPLICATION_ID = 0x50584A4C
"""Marks the SQLite file as one of ours ("PXJL")."""
SNAPSHOT_EVERY = 50_000
"""Commands between snapshots, at least; a venue with more orders than that waits longer."""

_COMMANDS = {kind.__name__: TypeAdapter(kind) for kind in get_args(Command)}
_SCHEMA = f"""
CREATE TABLE command (seq INTEGER PRIMARY KEY, now INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE snapshot (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {FORMAT};
"""


class JournalError(RuntimeError):
    """The journal cannot be used; the message says which file and what to do."""


def encode(command: Command) -> tuple[str, bytes]:
    """A command as its name and JSON."""
    return type(command).__name__, orjson.dumps(command)


def decode(kind: str, body: bytes) -> Command:
    """The command that `encode` wrote.

    Raises:
        KeyError: The engine knows no such command.
        ValueError: The fields are not those of the command.
    """
    command: Command = _COMMANDS[kind].validate_json(body)
    return command


class DurableEngine:
    """An engine with a memory. Open it with `open`, close it or use it as a context manager."""

    def __init__(self, engine: Engine, journal: "Journal | None", snapshot_every: int = SNAPSHOT_EVERY) -> None:
        self._engine = engine
        self._journal = journal
        self._snapshot_every = snapshot_every
        self._next_snapshot = max(snapshot_every, journal.snapshot_weight if journal else 0)
        self._broken = False
        self.replayed = 0
        """Commands that were replayed when the venue was opened."""

    @classmethod
    def open(cls, path: Path | None, snapshot_every: int = SNAPSHOT_EVERY) -> Self:
        """Open a venue, or create it.

        Args:
            path: The journal's file; None keeps everything in memory and forgets it at the end.
            snapshot_every: Commands between snapshots, at least.

        Raises:
            JournalError: The file is damaged, foreign, of another version, in use, or cannot be written.
        """
        if path is None:
            return cls(Engine(), None, snapshot_every)
        journal = Journal(path)
        try:
            venue = cls(journal.restore(), journal, snapshot_every)
            venue.replayed = journal.pending
        except BaseException:
            journal.close()
            raise
        return venue

    @property
    def read(self) -> Reads:
        """Everything that can be asked."""
        return self._engine.read

    def digest(self) -> str:
        """SHA-256 of the state."""
        return snapshot.digest(self._engine.state)

    def check(self, order: PlaceOrder, now: int) -> Refusal | None:
        """Judge an order without placing it."""
        return self._engine.check(order, now)

    def apply(self, command: Command, now: int) -> Outcome:
        """Write a command down, then carry it out.

        Raises:
            JournalError: The command could not be written; nothing was done. Or an earlier command broke the engine.
        """
        if self._broken:
            raise JournalError("an earlier command broke the engine; restart the venue to continue from its journal")
        if self._journal is None:
            return self._engine.apply(command, now)
        self._journal.append(command, now)
        try:
            outcome = self._engine.apply(command, now)
        except BaseException:
            # The state may be half changed: it is given up, and the command with it, so that a restart does not fail.
            self._broken = True
            self._journal.drop_last()
            raise
        if self._journal.pending >= self._next_snapshot:
            self._snapshot(self._journal)
        return outcome

    def _snapshot(self, journal: "Journal") -> None:
        try:
            journal.snapshot(self._engine)
        except JournalError:
            # The command is written and done, so it is answered; the log merely stays longer until the next attempt.
            _log.exception("the venue goes on without a snapshot, its next start will take longer")
        self._next_snapshot = journal.pending + max(self._snapshot_every, journal.snapshot_weight)

    def close(self) -> None:
        """Close the file; the next start replays what no snapshot covers."""
        if self._journal:
            self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Journal:
    """The file: a log of commands, and the latest snapshot."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.pending = 0
        """Commands since the latest snapshot."""
        self.snapshot_weight = 0
        """Size of the latest snapshot in orders: writing it again sooner than after so many commands would cost more
        than replaying them."""
        self._seq = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, timeout=0)
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"cannot open the journal {path}: {error}; choose a file that can be written") from error
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        path, db = self._path, self._db
        try:
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("BEGIN EXCLUSIVE")
            db.execute("COMMIT")
            (application,), (version,) = db.execute("PRAGMA application_id"), db.execute("PRAGMA user_version")
            is_empty = not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        except sqlite3.OperationalError as error:
            raise JournalError(
                f"the journal {path} cannot be used: {error}; is another venue running on it? Stop that one first"
            ) from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error
        if is_empty and application[0] == version[0] == 0:
            db.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
        elif application[0] != _APPLICATION_ID:
            raise JournalError(f"{path} is a database of another program; choose another file for the journal")
        elif version[0] != FORMAT:
            raise JournalError(
                f"the journal {path} has format {version[0]}, this venue reads format {FORMAT}; "
                "start it with the version that wrote it, or move the file away to begin anew"
            )

    def _damaged(self, error: Exception) -> JournalError:
        return JournalError(
            f"the journal {self._path} is damaged ({error}); restore it from a copy, or move it away to begin anew"
        )

    def restore(self) -> Engine:
        """The engine as it was when the last command had been answered.

        Raises:
            JournalError: The file is damaged, or a command cannot be replayed.
        """
        try:
            row = self._db.execute("SELECT seq, body FROM snapshot ORDER BY seq DESC LIMIT 1").fetchone()
            engine = Engine(snapshot.load(zlib.decompress(row[1]).decode())) if row else Engine()
            self._seq = row[0] if row else 0
            self.snapshot_weight = _weight(engine)
            log = self._db.execute("SELECT seq, now, kind, body FROM command WHERE seq > ? ORDER BY seq", (self._seq,))
            for seq, now, kind, body in log:
                self._replay(engine, seq, now, decode(kind, body))
        except (sqlite3.DatabaseError, zlib.error, LedgerError, LookupError, TypeError, ValueError) as error:
            raise self._damaged(error) from error
        return engine

    def _replay(self, engine: Engine, seq: int, now: int, command: Command) -> None:
        if seq != self._seq + 1:
            raise ValueError(f"command {self._seq + 1} is missing")
        engine.apply(command, now)
        self._seq = seq
        self.pending += 1

    def append(self, command: Command, now: int) -> None:
        """Write a command to the end of the log.

        Raises:
            JournalError: It could not be written.
        """
        kind, body = encode(command)
        try:
            self._db.execute("INSERT INTO command VALUES (?, ?, ?, ?)", (self._seq + 1, now, kind, body))
        except sqlite3.Error as error:
            raise JournalError(f"cannot write to the journal {self._path}: {error}; is the disk full?") from error
        self._seq += 1
        self.pending += 1

    def drop_last(self) -> None:
        """Take back the last command: it could not be carried out."""
        self._db.execute("DELETE FROM command WHERE seq = ?", (self._seq,))
        self._seq -= 1
        self.pending -= 1

    def snapshot(self, engine: Engine) -> None:
        """Write the state and drop the commands that led to it, in one transaction.

        Raises:
            JournalError: It could not be written; the log is as it was.
        """
        body = zlib.compress(snapshot.dump(engine.state).encode(), level=1)
        try:
            with self._transaction():
                self._db.execute("DELETE FROM snapshot")
                self._db.execute("INSERT INTO snapshot VALUES (?, ?)", (self._seq, body))
                self._db.execute("DELETE FROM command WHERE seq <= ?", (self._seq,))
        except sqlite3.Error as error:
            raise JournalError(f"cannot write a snapshot to {self._path}: {error}; is the disk full?") from error
        self.pending = 0
        self.snapshot_weight = _weight(engine)

    def _transaction(self) -> sqlite3.Connection:
        """A transaction that commits at the end of the block, or rolls back on an error."""
        self._db.execute("BEGIN")
        return self._db

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _weight(engine: Engine) -> int:
    return sum(len(holding.orders) for held in engine.state.holdings.values() for holding in held.values())
