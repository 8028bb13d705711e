"""One SQLite file and this process's connection to it, which survives forks and threads.

Write-ahead logging (https://sqlite.org/wal.html) lets several processes read while one writes; it needs a local disk.
Threads of this process take turns by a lock of ours: SQLite's own way of waiting is meant for other processes, and is
neither fair nor quick. The connection stays open between uses, because the last one to close has to write the log back.
It is closed before a fork, which SQLite does not survive
(https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_across_a_fork_).

What is committed outlives a kill of the process, since the operating system has it. Until `flush`, a loss of power
could still take it. SQLite's own flush would come at each commit, and keep everybody else from writing and, here, from
reading.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import uuid
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_BUSY_AGAIN_SECONDS = 0.5  # where it was locked for so long before: a process that hangs costs each document little
_SEALED = "mode=ro&immutable=1"  # SQLite makes nothing beside the file, and takes it for one that nobody writes to
_NO_ROOM = ("disk I/O error", "disk is full", "unable to open")
_NO_VERSION = 10_000  # formats are counted one by one
_known: weakref.WeakSet[Database] = weakref.WeakSet()
_known_lock = threading.Lock()


class NewerFormatError(sqlite3.DatabaseError):
    """A newer version of this program made the file."""


class Database:
    """A file that any number of processes, threads and forks may use at once.

    Args:
        path: The file, made when first used: mode 0600, a new folder 0700.
        schema: Statements that make its tables.
        version: Of the schema; a file with another one is refused.
        busy_seconds: How long to wait for another process that writes.

    Attributes:
        opened: The identity of the file that was opened last.
    """

    def __init__(self, path: Path, schema: str, version: int, *, busy_seconds: float = 30.0) -> None:
        # The same after a change of folder; the log lies beside what a link means.
        self.path = Path(os.path.realpath(path))
        self._schema = schema
        self._version = version
        self._lock = threading.Lock()
        self._holder = 0  # the thread that has the lock
        self._flushing = threading.RLock()  # the collector may end a flow that flushes in the thread that holds it
        self._busy_seconds = self._patience = busy_seconds
        self._commits = 0
        self._flushed = 0  # so many of the commits are on the disk
        self._flusher = _one_thread()
        self._connections: list[sqlite3.Connection] = []  # none or one
        self._for_once = False  # whether that is opened in a way that may hinder others
        self.opened: tuple[int, int] | None = None
        weakref.finalize(self, _close, self._connections)
        with _known_lock:
            _known.add(self)

    @property
    def is_held_here(self) -> bool:
        """Whether this thread is using the file now, so that the garbage collector in it would wait for itself."""
        return self._holder == threading.get_ident()

    def transact(self, action: Callable[[sqlite3.Connection], T], *, write: bool) -> T:
        """Do *action* in one transaction and return its result.

        A writing transaction holds the file's one write lock from its beginning, so that what it reads cannot change
        under it. It is committed at the end of the action; an exception rolls it back.

        Raises:
            sqlite3.Error, OSError: The disk refuses, the file is no database, or a newer program made it.
        """
        return self._alone(partial(self._transact, action, write))

    def _transact(self, action: Callable[[sqlite3.Connection], T], write: bool) -> T:  # noqa: FBT001 - as it is handed over
        try:
            db = self._connect(write=write)
            db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            if write and self.opened != identity(self.path):  # replaced while others held the write lock
                db = self._connect(write=write)
                db.execute("BEGIN IMMEDIATE")
            self._check_format(db)  # a newer program may have changed it since it was opened
            result = action(db)
            db.execute("COMMIT")
        except BaseException as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                self._patience = _BUSY_AGAIN_SECONDS
            _close(self._connections)  # rolls back; whatever was wrong is not carried on
            raise
        self._commits += write
        if self._for_once:
            _close(self._connections)
        elif write and self._patience != self._busy_seconds:
            self._patience = self._busy_seconds
            db.execute(f"PRAGMA busy_timeout = {self._busy_seconds * 1000:.0f}")
        return result

    def _alone(self, action: Callable[[], T]) -> T:
        """Do *action* while no other thread of this process uses the file.

        No context manager of Python code does this: interrupted at its end, it would hold the lock for as long as
        somebody keeps the error, as a notebook does.
        """
        this = threading.get_ident()  # from 3.12 on the collector may come after any call, a call of this, too
        with self._lock:
            try:
                self._holder = this
                return action()
            finally:
                self._holder = 0

    def checkpoint(self) -> bool:
        """Write the log back and empty it; return False if another process is reading it.

        What was deleted stays in the log until then.

        Raises:
            sqlite3.Error, OSError: The disk refuses.
        """
        return self._alone(self._checkpoint)

    def _checkpoint(self) -> bool:
        try:
            return not self._connect().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            if self._for_once:
                _close(self._connections)

    def flush_soon(self) -> None:
        """Start to bring to the disk what was committed, without waiting for it."""

        def flush() -> None:
            with suppress(OSError):  # who waits for the disk will hear of it
                self.flush()

        with suppress(RuntimeError):  # the program, or this connection, is just ending, which does it too
            self._flusher.submit(flush)

    def flush(self) -> None:
        """Wait until all that was committed is on the disk; others read and write meanwhile.

        Raises:
            OSError: The disk refuses.
        """
        wanted = self._commits
        with self._flushing:
            if self._flushed >= wanted:
                return  # another thread's flush, begun since, took it along
            reached = self._commits
            with suppress(FileNotFoundError):  # the last one to close the file wrote its log back, to the disk
                log = os.open(f"{self.path}-wal", os.O_RDWR)
                try:
                    os.fsync(log)
                finally:
                    os.close(log)
            self._flushed = reached

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        self._alone(self._let_go)

    def closed_during(self, action: Callable[[], T]) -> T:
        """Close the connection, do *action*, and let nobody open another meanwhile."""

        def close_first() -> T:
            self._let_go()
            with self._flushing:
                return action()

        return self._alone(close_first)

    def pause(self) -> None:
        """Close the connection and let nobody open another until `resume`: around a fork."""
        self._lock.acquire()
        self._holder = threading.get_ident()
        self._let_go()
        self._flushing.acquire()

    def resume(self) -> None:
        """End a `pause`."""
        self._flushing.release()
        self._holder = 0
        self._lock.release()

    def _let_go(self) -> None:
        flusher, self._flusher = self._flusher, _one_thread()
        flusher.shutdown()
        _close(self._connections)

    def _connect(self, *, write: bool = False) -> sqlite3.Connection:
        if self.opened != identity(self.path):
            _close(self._connections)  # the file was deleted or replaced
        if self._connections:
            return self._connections[0]
        if intruder := describe_intruder(self.path):
            raise PermissionError(intruder)
        if not self.path.exists():
            _create(self.path, self._schema, self._version)
        if self.path.exists() and not self.path.is_file():
            kind = "folder" if self.path.is_dir() else "pipe or device"  # SQLite would wait for what comes through it
            raise FileExistsError(f"a {kind} has its name; delete or rename that")
        self.opened = identity(self.path)
        self._for_once = False
        if not os.access(self.path.parent, os.W_OK):
            return self._open_file(_SEALED)
        try:
            return self._open_file("mode=rw")  # a file deleted just now is not to be made anew, empty
        except sqlite3.OperationalError as error:
            if write or not any(words in str(error) for words in _NO_ROOM):
                raise
            # A full disk has no room for what SQLite makes beside a file to read it; what is paid for is to be seen.
            _close(self._connections)
            self._for_once = True
            log = Path(f"{self.path}-wal")
            has_log = log.exists() and log.stat().st_size > 0
            return self._open_file("mode=rw", alone=True) if has_log else self._open_file(_SEALED)

    def _open_file(self, mode: str, *, alone: bool = False) -> sqlite3.Connection:
        """Open the file; where nothing can be made beside it, *alone* or told (`_SEALED`) that nobody writes to it."""
        db = sqlite3.connect(
            f"{self.path.as_uri()}?{mode}",
            uri=True,
            timeout=self._patience,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connections.append(db)
        db.text_factory = as_text
        if alone:  # https://sqlite.org/wal.html#use_of_wal_without_shared_memory
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA synchronous = NORMAL")  # no power cut damages the file
        db.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten: documents may be private
        self._check_format(db)
        return db

    def _check_format(self, db: sqlite3.Connection) -> None:
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found == self._version:
            return
        if self._version < found < _NO_VERSION:
            raise NewerFormatError(f"its format is {found}, this program knows {self._version}")
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        if not tables:
            raise sqlite3.DatabaseError("it holds no tables: it was cut off")
        if all(f"CREATE TABLE {table} " in self._schema for table in tables):
            raise sqlite3.DatabaseError(f"its head is malformed: it names the format {found}")
        raise sqlite3.DatabaseError(f"its format is {found}, this program knows {self._version}")


def as_text(stored: bytes) -> str:
    """Decode a text of the file; each damaged byte becomes U+FFFD."""
    return stored.decode(errors="replace")


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="upstage-docs-flush")


def _close(connections: list[sqlite3.Connection]) -> None:
    while connections:
        with suppress(sqlite3.Error):
            connections.pop().close()


def identity(path: Path) -> tuple[int, int] | None:
    """Return the device and inode of the file at *path*, to notice that it was replaced; None if there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def describe_intruder(path: Path) -> str:
    """Return a message if another user owns or can write to the file at *path* or its folder, `""` otherwise.

    What that user puts there would be taken for answers, and what is kept there could be read by that user.
    """
    if not hasattr(os, "geteuid"):
        return ""  # on Windows a user's folders are the user's by their lists of access
    for place in (path.parent, path):
        try:
            found = place.stat()
        except OSError:
            continue  # it is made when first used, and then it is ours
        if found.st_uid != os.geteuid():
            return f"{place} belongs to another user; take a folder of your own, or chown it"
        group = found.st_mode & stat.S_IWGRP and found.st_gid != os.getegid()
        if group or found.st_mode & stat.S_IWOTH:
            return f"{place} can be written by others (mode {found.st_mode & 0o777:o}); run: chmod go-w {place}"
    return ""


def make_file(path: Path, schema: str, version: int) -> Path:
    """Make an empty database beside *path*, under a temporary name, and return where it is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with closing(sqlite3.connect(new, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = OFF")  # it has no name yet: one flush at the end will do
            db.execute("PRAGMA auto_vacuum = FULL")  # what is deleted gives its space back to the disk at once
            db.executescript(f"BEGIN; {schema} PRAGMA user_version = {version}; COMMIT;")
            db.execute("PRAGMA journal_mode = WAL")  # last: no full disk keeps a part of the tables in the log
        with new.open("rb+") as file:
            os.fsync(file.fileno())
    except BaseException:
        delete_file(new)
        raise
    return new


def delete_file(path: Path) -> None:
    """Delete the database at *path*, if there is one, with what SQLite made beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _create(path: Path, schema: str, version: int) -> None:
    """Make the file aside and then give it its name at once: no process ever sees half of it."""
    new = make_file(path, schema, version)
    try:
        os.link(new, path)
    except FileExistsError:
        return  # another process was first
    except OSError:  # no hard links here
        if not path.exists():
            new.rename(path)
    finally:
        delete_file(new)


_forking: list[Database] = []


def _before_fork() -> None:
    _known_lock.acquire()
    _forking.extend(_known)
    for database in _forking:
        database.pause()


def _after_fork() -> None:
    while _forking:
        _forking.pop().resume()
    _known_lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
