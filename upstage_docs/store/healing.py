"""Moves a damaged store aside, and takes over what can be read of it into a new one.

A file is damaged if SQLite says so: bytes are missing or changed. A full disk, a locked file or a table that somebody
changed is no damage, and the file is left as it is.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from upstage_docs.store import sql
from upstage_docs.store.database import Database, as_text, delete_file, identity, make_file

# https://sqlite.org/rescode.html: SQLITE_CORRUPT and SQLITE_NOTADB. Python tells the code from 3.11 on.
_CODES = {11, 26}
_MESSAGES = ("malformed", "not a database", "no tables", "unsupported file format")
_SIZE = slice(28, 32)  # in pages: https://sqlite.org/fileformat2.html#the_database_header
# SQLite says so, too, where it follows a number that is none to a page beyond the end of the file.
_FULL = "disk is full"
_READ_ONLY = "readonly database"  # and where the head says that a newer SQLite wrote the file
_ROOM = 64 * 2**20  # bytes: a disk with so much of it is not full
_PAGES_AT_ONCE = 1024  # 4 MB, read while pages are looked for
_CHECK_SECONDS = 30.0  # for looking at a whole file: one that takes longer is taken for sound
_CHECK_STEP = 100_000  # SQLite's own steps between two looks at the clock
_LONGEST_MAKING = 3600.0  # seconds that a new file may be in the making
_LOCK_SECONDS = 60.0  # that another process may take to heal the same file


@dataclass(frozen=True)
class Healed:
    """The result of healing a damaged store: where it lies now, and how many lines of each table were taken over."""

    aside: Path
    taken: Counter[str]

    def __str__(self) -> str:
        kept = ", ".join(f"{self.taken[table]} {table}s" for table in ("answer", "job", "intent"))
        return f"it lies now at {self.aside}; {kept} were taken over"


def is_damage(error: Exception, path: Path) -> bool:
    """Say whether *error* means that the file at *path* itself is damaged."""
    # A name in an error of SQLite's own is no text; Python 3.10 then leaves out all that the error says.
    if isinstance(error, UnicodeDecodeError) or (type(error) is sqlite3.DatabaseError and not str(error)):
        return True
    if not isinstance(error, sqlite3.DatabaseError):
        return False
    code = getattr(error, "sqlite_errorcode", None)
    if any(message in str(error) for message in _MESSAGES) or (code is not None and code & 0xFF in _CODES):
        return True
    if _READ_ONLY in str(error):
        return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    return _FULL in str(error) and shutil.disk_usage(path.parent).free > _ROOM and not _is_sound(path)


def _is_sound(path: Path) -> bool:
    until = time.monotonic() + _CHECK_SECONDS
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)) as db:
            db.text_factory = as_text
            db.set_progress_handler(lambda: time.monotonic() > until, _CHECK_STEP)
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return not any(message in str(error) for message in _MESSAGES)


def remains_of(path: Path) -> list[Path]:
    """Return the files of damaged stores that were moved aside from *path*, and those that a killed process left."""
    return sorted([*path.parent.glob(f"{path.name}.damaged-*"), *_left_by_a_kill(path)])


def _left_by_a_kill(path: Path) -> Iterator[Path]:
    oldest = time.time() - _LONGEST_MAKING
    for new in path.parent.glob(f"{path.name}.*.new*"):
        with suppress(OSError):
            if new.stat().st_mtime < oldest:
                yield new


def heal(database: Database) -> Healed | None:
    """Replace *database*'s file by a new one with all that can be read of it; None if another process just did.

    Raises:
        sqlite3.Error, OSError: The folder refuses.
    """
    return database.closed_during(partial(_replaced, database))


def _replaced(database: Database) -> Healed | None:
    path = database.path
    with _lock(path):
        if identity(path) != database.opened:  # that of whom the error came is not there any more
            return None
        for left in _left_by_a_kill(path):
            left.unlink(missing_ok=True)
        new = make_file(path, sql.SCHEMA, sql.VERSION)
        try:
            with _only_writer(path) as source:
                taken = _salvage(source, path, new)
                if os.name == "nt":  # no open file can be moved there
                    source.close()
                aside = _move_aside(path)
                new.replace(path)
        finally:
            delete_file(new)
        return Healed(aside, taken)


@contextmanager
def _only_writer(damaged: Path) -> Iterator[sqlite3.Connection]:
    """Open a damaged file and, if that is still possible, let nobody write to it until a new file is in its place."""
    address = f"{damaged.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=_LOCK_SECONDS)) as source:
        source.text_factory = as_text
        with suppress(sqlite3.Error, UnicodeDecodeError):
            source.execute("PRAGMA writable_schema = ON")  # one broken line of the schema costs no other
            source.execute("BEGIN IMMEDIATE")
        yield source


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Let no other process heal *path* meanwhile, by a lock of SQLite's, which ends with its process."""
    lock = path.with_name(f"{path.name}.lock")
    os.close(os.open(lock, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600))  # it holds nothing, whatever was written there
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


def _salvage(source: sqlite3.Connection, damaged: Path, new: Path) -> Counter[str]:
    """Copy every line that can be read, and is whole, from *source*, which is *damaged*, to *new*."""
    first_page = _first_page(new, _page_size(new))
    with closing(sqlite3.connect(new, isolation_level=None)) as target:
        target.execute("BEGIN")
        taken = Counter({table: sql.salvage(source, target, table) for table in sql.TABLES})
        with suppress(sqlite3.Error, OSError), _with_first_page(damaged, first_page) as (mended, copy):
            taken.update({table: sql.salvage(mended, target, table) for table in sql.TABLES})
            for number, kind in _pages_with_lines(copy, len(first_page)):
                taken += sql.salvage_page(mended, target, number, kind)
        target.execute("COMMIT")
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return taken


def _pages_with_lines(path: Path, page_size: int) -> Iterator[tuple[int, int]]:
    """Yield the number, 1-based, and the first byte of each page that may hold lines of a table."""
    with path.open("rb") as file:
        for start in count(1, _PAGES_AT_ONCE):
            if not (block := file.read(page_size * _PAGES_AT_ONCE)):
                return
            for number, kind in enumerate(block[::page_size], start):
                if kind in sql.PAGES_WITH_LINES:
                    yield number, kind


def _page_size(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA page_size").fetchone()[0])


def _first_page(path: Path, size: int) -> bytes:
    """Return the page that holds the head of the file and the names of its tables.

    Reading a file that SQLite has open releases the locks of this process on it
    (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_). So only a
    file that was just made, or is about to be moved away, may be read this way.
    """
    with path.open("rb") as file:
        return file.read(size)


@contextmanager
def _with_first_page(damaged: Path, first_page: bytes) -> Iterator[tuple[sqlite3.Connection, Path]]:
    """Open a copy of *damaged* that begins with *first_page*; give it and where it is.

    Raises:
        sqlite3.Error, OSError: The disk has no room for it, or it cannot be opened with that page either.
    """
    copy = damaged.with_name(f"{damaged.name}.{uuid.uuid4().hex}.new")
    try:
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        shutil.copyfile(damaged, copy)
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{damaged}-wal", f"{copy}-wal")
        page = bytearray(first_page)
        page[_SIZE] = (copy.stat().st_size // len(page)).to_bytes(4, "big")
        with copy.open("rb+") as file:
            file.write(page)
        with closing(sqlite3.connect(copy, isolation_level=None)) as db:
            db.text_factory = as_text
            with suppress(sqlite3.Error):
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # pages are looked for in the file itself
            yield db, copy
    finally:
        delete_file(copy)
