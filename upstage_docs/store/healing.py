"""Moves a damaged store aside, and takes over what can be read of it into a new one.

A file is damaged where SQLite says so: bytes of it are gone or are others. A disk that is full, a file that is locked
or a table that somebody changed is no damage, and is left as it is.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from upstage_docs.store import sql
from upstage_docs.store.database import Database, identity, make_file

__all__ = ["Healed", "heal", "is_damage", "remains_of"]

# https://sqlite.org/rescode.html: SQLITE_CORRUPT and SQLITE_NOTADB. Python tells the code from 3.11 on.
_CODES = {11, 26}
_MESSAGES = ("malformed", "not a database", "no tables")
_LOCK_SECONDS = 60.0  # that another process may take to heal the same file


@dataclass(frozen=True)
class Healed:
    """What became of a damaged store: where it lies now, and how many lines of each table were taken over."""

    aside: Path
    taken: Counter[str]

    def __str__(self) -> str:
        kept = ", ".join(f"{self.taken[table]} {table}s" for table in ("answer", "job", "intent"))
        return f"it lies now at {self.aside}; {kept} were taken over"


def is_damage(error: Exception) -> bool:
    """Say whether *error* means that the file itself is damaged."""
    if isinstance(error, UnicodeDecodeError):  # a name in an error of SQLite's own
        return True
    if not isinstance(error, sqlite3.DatabaseError):
        return False
    code = getattr(error, "sqlite_errorcode", None)
    return any(message in str(error) for message in _MESSAGES) if code is None else code & 0xFF in _CODES


def remains_of(path: Path) -> list[Path]:
    """Return the files of damaged stores that were moved aside from *path*."""
    return sorted(path.parent.glob(f"{path.name}.damaged-*"))


def heal(database: Database) -> Healed | None:
    """Put a new file with what can be read in the place of *database*'s; None where another process just did.

    Raises:
        sqlite3.Error, OSError: The folder refuses.
    """
    path = database.path
    database.pause()
    try:
        with _lock(path):
            if identity(path) != database.opened:  # that of whom the error came is not there any more
                return None
            new = make_file(path, sql.SCHEMA, sql.VERSION)
            try:
                with _only_writer(path) as source:
                    taken = _salvage(source, new)
                    if os.name == "nt":  # no open file can be moved there
                        source.close()
                    aside = _move_aside(path)
                    new.replace(path)
            finally:
                new.unlink(missing_ok=True)
            return Healed(aside, taken)
    finally:
        database.resume()


@contextmanager
def _only_writer(damaged: Path) -> Iterator[sqlite3.Connection]:
    """Open a damaged file and, where that can still be done, let nobody write to it before another is in its place."""
    address = f"{damaged.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=_LOCK_SECONDS)) as source:
        source.text_factory = lambda text: text.decode(errors="replace")
        with suppress(sqlite3.Error, UnicodeDecodeError):
            source.execute("PRAGMA writable_schema = ON")  # one broken line of the schema costs no other
            source.execute("BEGIN IMMEDIATE")
        yield source


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Be the only process that heals *path*. SQLite locks on every system, and a killed process lets go."""
    lock = path.with_name(f"{path.name}.lock")
    os.close(os.open(lock, os.O_CREAT | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(lock, timeout=_LOCK_SECONDS, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield


def _move_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}-{time.time_ns() % 1000:03d}")
    for suffix in ("-wal", "-shm"):  # first: in the log of another file SQLite would look for what the new one holds
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    try:
        os.link(path, aside)  # at no moment is there no file: another process would make an empty one
    except OSError:  # no hard links here
        path.replace(aside)
    return aside


def _salvage(source: sqlite3.Connection, new: Path) -> Counter[str]:
    """Copy every line that can be read, and is whole, from *source* to *new*."""
    with closing(sqlite3.connect(new, isolation_level=None)) as target:
        target.execute("BEGIN")
        taken = Counter({table: sql.salvage(source, target, table) for table in sql.TABLES})
        target.execute("COMMIT")
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return taken
