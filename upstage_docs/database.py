"""One SQLite file, opened anew for every use; knows when it is safe, not what is in it.

A connection lives for one transaction, so that nothing stays open, threads share nothing, and a fork inherits nothing.
Write-ahead logging (https://sqlite.org/wal.html) lets several processes read while one writes; it needs a local disk.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

__all__ = ["transaction"]

_BUSY_SECONDS = 30.0


@contextmanager
def transaction(path: Path, schema: str, version: int, *, write: bool) -> Iterator[sqlite3.Connection]:
    """Run the block in one transaction on *path*, which is made with *schema* first if there is none.

    A writing transaction holds the file's one write lock from its beginning, so that what it reads cannot change under
    it. It is committed, to the disk, at the end of the block; an exception rolls it back.

    Raises:
        sqlite3.Error, OSError: The disk refuses, the file is no database, or a newer program made it.
    """
    if not path.exists():
        _create(path, schema, version)
    address = f"{path.absolute().as_uri()}?mode=rw"  # a file deleted just now is an error, not an empty database
    with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten: documents may be private
        db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        try:
            _check(db, version)
            yield db
        except BaseException:
            with suppress(sqlite3.Error):  # a full disk has rolled back already
                db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def _check(db: sqlite3.Connection, version: int) -> None:
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found != version:
        raise sqlite3.DatabaseError(f"its format is {found}, this program knows {version}")


def _create(path: Path, schema: str, version: int) -> None:
    """Make the file aside and then give it its name at once: no process ever sees half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with closing(sqlite3.connect(new, isolation_level=None)) as db:
            db.execute("PRAGMA auto_vacuum = FULL")  # what is deleted gives its space back to the disk at once
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(f"BEGIN; {schema} PRAGMA user_version = {version}; COMMIT;")
        try:
            os.link(new, path)
        except FileExistsError:
            return  # another process was first
        except OSError:  # no hard links here
            if not path.exists():
                new.rename(path)
    finally:
        new.unlink(missing_ok=True)
