"""The tables of the store, and every SQL statement on them."""

# ruff: noqa: S608 - statements are put together from this module's own constants only

from __future__ import annotations

import hashlib
import math
import re
import sqlite3
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import Any

from upstage_docs.errors.redaction import Body
from upstage_docs.store.values import (
    WHOLE_FILE,
    Claim,
    Entry,
    Intent,
    Pages,
    ResultKey,
    StoredAnswer,
    StoredJob,
    StoredState,
    covers,
)

VERSION = 1
SCHEMA = """
CREATE TABLE document (digest TEXT PRIMARY KEY, file_sha256 TEXT NOT NULL, model TEXT NOT NULL, root TEXT NOT NULL,
    options TEXT NOT NULL, source TEXT NOT NULL, pages INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE answer (digest TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, size INTEGER NOT NULL,
    checksum BLOB NOT NULL, model TEXT NOT NULL, sends INTEGER NOT NULL, created REAL NOT NULL, used REAL NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (digest, first, last));
CREATE INDEX answer_by_use ON answer (used, size);
CREATE TABLE job (digest TEXT NOT NULL, request_id TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    sends INTEGER NOT NULL, created REAL NOT NULL, PRIMARY KEY (digest, request_id)) WITHOUT ROWID;
CREATE TABLE intent (token TEXT PRIMARY KEY, digest TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    route TEXT NOT NULL, sends INTEGER NOT NULL, created REAL NOT NULL, expires REAL NOT NULL, owner TEXT NOT NULL
    ) WITHOUT ROWID;
"""
TABLES = tuple(re.findall(r"CREATE TABLE (\w+)", SCHEMA))
# What is taken over from a damaged file has to be what the schema says it is.
_TYPES = {"TEXT": str, "INTEGER": int, "REAL": float, "BLOB": bytes}
_END = WHOLE_FILE[1]
# First bytes of pages: https://sqlite.org/fileformat2.html#b_tree_pages. An inner page of a table holds no line, one of
# an index, which a table WITHOUT ROWID is, does.
_LEAF = 0x0D
PAGES_WITH_LINES = (0x02, 0x0A, _LEAF)
_MOST_BOUND = 1 << 20  # bytes of a body that are handed to SQLite at once
# In the place of an answer's model: what came by this route was understood by nobody yet. A version before this one
# reads such an answer as any other, and says then that it cannot be understood.
_UNREAD = "unread:"
_OVERLAP = "digest = :digest AND first <= :last AND last >= :first"
_EXACTLY = "digest = :digest AND first = :first AND last = :last"
_KEY = "document.file_sha256, document.model, document.root, document.options"


def _span(key: ResultKey, pages: Pages | None) -> dict[str, Any]:
    first, last = pages or (1, _END)
    return {"digest": key.digest, "first": first, "last": last}


def _pages_between(first: int, last: int) -> Pages | None:
    return None if last == _END else (first, last)


def stored_state(db: sqlite3.Connection, key: ResultKey) -> StoredState:
    """Return what is stored under *key*."""
    document = db.execute("SELECT pages FROM document WHERE digest = ?", (key.digest,)).fetchone()
    answers = db.execute("SELECT first, last, created FROM answer WHERE digest = ? ORDER BY 1, 2", (key.digest,))
    found = answers.fetchall()
    pages, created = tuple(row[:2] for row in found), tuple(row[2] for row in found)
    total = document[0] if document else 0
    return StoredState(total, pages, jobs(db, key.digest), intents(db, key.digest), created)


def jobs(db: sqlite3.Connection, digest: str = "") -> tuple[StoredJob, ...]:
    """List the jobs of one document, or of all, the oldest first."""
    rows = db.execute(
        f"SELECT request_id, first, last, source, created, sends, {_KEY} FROM job JOIN document USING (digest) "
        "WHERE ? IN ('', digest) ORDER BY created",
        (digest,),
    )
    return tuple(StoredJob(row[0], ResultKey(*row[6:]), _pages_between(row[1], row[2]), *row[3:6]) for row in rows)


def intents(db: sqlite3.Connection, digest: str = "") -> tuple[Intent, ...]:
    """List the intents of one document, or of all, the oldest first."""
    rows = db.execute(
        f"SELECT token, first, last, route, source, created, sends, {_KEY} FROM intent JOIN document USING (digest) "
        "WHERE ? IN ('', digest) ORDER BY created",
        (digest,),
    )
    return tuple(Intent(row[0], ResultKey(*row[7:]), _pages_between(row[1], row[2]), *row[3:7]) for row in rows)


def is_running(db: sqlite3.Connection, key: ResultKey, pages: Pages | None) -> bool:
    """Say whether a job holds any of *pages*."""
    return db.execute(f"SELECT 1 FROM job WHERE {_OVERLAP}", _span(key, pages)).fetchone() is not None


def is_answered(db: sqlite3.Connection, key: ResultKey, pages: Pages | None) -> bool:
    """Say whether any of *pages* has an answer."""
    return db.execute(f"SELECT 1 FROM answer WHERE {_OVERLAP}", _span(key, pages)).fetchone() is not None


def overlapping_intents(
    db: sqlite3.Connection, key: ResultKey, pages: Pages | None
) -> tuple[tuple[Intent, float, str], ...]:
    """List the intents on any of *pages*, each with its time of expiry and its owner."""
    rows = db.execute(f"SELECT token, expires, owner FROM intent WHERE {_OVERLAP}", _span(key, pages)).fetchall()
    known = {intent.token: intent for intent in intents(db, key.digest)}
    return tuple((known[token], expires, owner) for token, expires, owner in rows if token in known)


def insert_document(db: sqlite3.Connection, key: ResultKey, source: str) -> None:
    """Insert the document and options of *key*, with the document's latest name."""
    db.execute(
        "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET source = excluded.source "
        "WHERE excluded.source != ''",
        (key.digest, key.file_sha256, key.model, key.root, key.options, source),
    )


def insert_intent(db: sqlite3.Connection, intent: Intent, expires: float, owner: str) -> None:
    """Insert *intent*."""
    span = _span(intent.key, intent.pages)
    db.execute(
        "INSERT INTO intent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (intent.token, *span.values(), intent.route, intent.sends, intent.created, expires, owner),
    )


def split_intent(db: sqlite3.Connection, intent: Intent, pages: Pages | None) -> None:
    """Remove *pages*, which are sent again, from *intent*; its other pages keep their unknown outcome."""
    close_intent(db, intent.token)
    old, new = _span(intent.key, intent.pages), _span(intent.key, pages)
    for first, last in ((old["first"], new["first"] - 1), (new["last"] + 1, old["last"])):
        if first <= last:
            db.execute(
                "INSERT INTO intent VALUES (?, ?, ?, ?, ?, ?, ?, 0, '')",
                (uuid.uuid4().hex, intent.key.digest, first, last, intent.route, intent.sends, intent.created),
            )


def close_intent(db: sqlite3.Connection, token: str) -> None:
    """Delete an intent: its outcome is known."""
    db.execute("DELETE FROM intent WHERE token = ?", (token,))


def withdraw(db: sqlite3.Connection, claim: Claim) -> None:
    """Delete the intent of *claim*, and its document where nothing else is stored of it."""
    close_intent(db, claim.token)
    db.execute(
        """DELETE FROM document WHERE digest = :digest AND NOT EXISTS (SELECT 1 FROM answer WHERE digest = :digest
        UNION ALL SELECT 1 FROM job WHERE digest = :digest UNION ALL SELECT 1 FROM intent WHERE digest = :digest)""",
        {"digest": claim.key.digest},
    )


def release(db: sqlite3.Connection, token: str) -> None:
    """Mark an intent as one that no process works on."""
    db.execute("UPDATE intent SET expires = 0 WHERE token = ?", (token,))


def renew(db: sqlite3.Connection, token: str, now: float, expires: float) -> None:
    """Let an intent last from *now* until it *expires*."""
    db.execute("UPDATE intent SET created = ?, expires = ? WHERE token = ?", (now, expires, token))


def _moment_after_all(db: sqlite3.Connection, key: ResultKey, now: float) -> float:
    """Return *now*, or a moment after all that is stored under *key*, where the clock was set back since."""
    last = db.execute(
        "SELECT MAX(created) FROM (SELECT digest, created FROM answer UNION ALL SELECT digest, created FROM job) "
        "WHERE digest = ?",
        (key.digest,),
    ).fetchone()[0]
    return now if last is None else max(now, math.nextafter(last, math.inf))


def insert_job(db: sqlite3.Connection, job: StoredJob) -> StoredJob:
    """Insert a job and return it, newer than what is stored of its document."""
    job = replace(job, created=_moment_after_all(db, job.key, job.created))
    row = (job.key.digest, job.request_id, *list(_span(job.key, job.pages).values())[1:], job.sends, job.created)
    db.execute("INSERT OR REPLACE INTO job VALUES (?, ?, ?, ?, ?, ?)", row)
    return job


def close_job(db: sqlite3.Connection, job: StoredJob, total_pages: int = 0) -> None:
    """Delete a job; *total_pages* is what it said of its file, if anything."""
    db.execute("DELETE FROM job WHERE digest = ? AND request_id = ?", (job.key.digest, job.request_id))
    _count(db, job.key, total_pages)


def close_covered(db: sqlite3.Connection, job: StoredJob) -> None:
    """Delete a job whose pages are counted if all of them are stored; a job of unknown length stays.

    It is asked for with each batch that is stored: killed after the last one, no process would delete the job.
    """
    if job.pages is None:
        return
    came = db.execute(
        "SELECT first, last FROM answer WHERE digest = :digest AND first >= :first AND last <= :last "
        "AND created >= :submitted ORDER BY 1, 2",  # under refresh, an older answer does not count
        {**_span(job.key, job.pages), "submitted": job.created},
    )
    if covers(came, job.pages):
        close_job(db, job)


def checksum(key: ResultKey, pages: Pages, raw: bytes) -> bytes:
    """Return the SHA-256 of an answer and its pages, to notice damage and an answer stored for other pages."""
    return _checksum(key.digest, pages, raw)


def _checksum(key_digest: str, pages: Pages, raw: bytes) -> bytes:
    digest = hashlib.sha256(f"{key_digest} {pages[0]}-{pages[1]} ".encode())
    digest.update(raw)
    return digest.digest()


def salvage(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> int:
    """Copy the lines of *table* that can be read and are whole into *target*; return how many.

    Lines are read forwards from the first and backwards from the last, each way until one cannot be read. The answers
    in between are read one by one, as far as their index lists them.
    """
    order = "rowid" if table == "answer" else "1"
    copied = 0
    for direction in ("ASC", "DESC"):
        copied += _copy(source, target, table, f"ORDER BY {order} {direction}")
    if table == "answer":
        numbers: set[int] = set()
        for direction in ("ASC", "DESC"):
            with suppress(sqlite3.Error):
                listed = f"SELECT rowid FROM answer INDEXED BY answer_by_use ORDER BY used {direction}"
                numbers.update(row[0] for row in source.execute(listed))
        for number in numbers:
            copied += _copy(source, target, table, f"WHERE rowid = {number:d}")
    return copied


def salvage_page(source: sqlite3.Connection, target: sqlite3.Connection, page: int, kind: int) -> Counter[str]:
    """Copy what *salvage* cannot reach, since what leads to it is destroyed: the lines on one *page* and below it.

    The page is taken for the first one of each table that it may be of. A line of another table is not whole in this.

    Args:
        source: A damaged file that nobody else uses, in no transaction: what is written to it is rolled back, and after
            an error SQLite would not write before that.
        target: A new file.
        page: Its number, 1-based.
        kind: The first byte of the page, one of `PAGES_WITH_LINES`.
    """
    copied: Counter[str] = Counter()
    for table in ("answer",) if kind == _LEAF else ("document", "job", "intent"):
        with suppress(sqlite3.Error):
            source.execute("PRAGMA writable_schema = ON")
            source.execute("BEGIN")
            source.execute("UPDATE sqlite_master SET rootpage = ? WHERE type = 'table' AND name = ?", (page, table))
            source.execute("PRAGMA writable_schema = RESET")  # reads the schema anew
            copied[table] += _copy(source, target, table, "")
        with suppress(sqlite3.Error):
            source.execute("ROLLBACK")
    return copied


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str, which: str) -> int:
    columns = {row[1]: _TYPES[row[2]] for row in target.execute(f"PRAGMA table_info({table})")}
    copied = 0
    with suppress(sqlite3.Error, UnicodeDecodeError):
        for row in source.execute(f"SELECT {', '.join(columns)} FROM {table} {which}"):
            if all(map(isinstance, row, columns.values())) and _is_whole(dict(zip(columns, row, strict=True))):
                places = ", ".join("?" * len(columns))
                copied += target.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", row).rowcount
    return copied


def _is_whole(row: dict[str, Any]) -> bool:
    return "body" not in row or _checksum(row["digest"], (row["first"], row["last"]), row["body"]) == row["checksum"]


def knows(db: sqlite3.Connection, key: ResultKey) -> bool:
    """Say whether anything is stored under *key*; newer versions keep this table and column for older ones to ask.

    They look into the file beside theirs, too, in which an older one keeps what it pays for meanwhile.
    """
    return db.execute("SELECT 1 FROM document WHERE digest = ?", (key.digest,)).fetchone() is not None


def put(db: sqlite3.Connection, key: ResultKey, answer: StoredAnswer, now: float, total_pages: int = 0) -> None:
    """Store an answer; an older one is deleted once newer ones cover all of its pages."""
    check = checksum(key, answer.pages, answer.raw)
    span = _span(key, answer.pages)
    _count(db, key, total_pages)
    held = db.execute(
        f"SELECT first, last, checksum, created, model FROM answer WHERE {_OVERLAP} ORDER BY 1, 2", span
    ).fetchall()
    if [row[:3] for row in held] == [(*answer.pages, check)]:
        return
    moment = _moment_after_all(db, key, now)
    for first, last, _, created, model in held:
        newer = db.execute(
            f"SELECT first, last FROM answer WHERE {_OVERLAP} AND created >= :created AND NOT (first = :first AND "
            "last = :last) ORDER BY 1, 2",
            {"digest": key.digest, "first": first, "last": last, "created": created},
        )
        if last == _END or model.startswith(_UNREAD) or covers([*newer, answer.pages], (first, last)):
            db.execute(f"DELETE FROM answer WHERE {_EXACTLY}", {"digest": key.digest, "first": first, "last": last})
    row = (*span.values(), len(answer.raw), check, answer.model, answer.sends, moment, now)
    _insert_answer(db, row, answer.raw)


def _insert_answer(db: sqlite3.Connection, row: tuple[Any, ...], body: bytes) -> None:
    """Insert *row* with *body*, which SQLite would copy twice, and keep one of the copies: a large one is written."""
    open_blob = getattr(db, "blobopen", None)  # from Python 3.11 on
    whole = len(body) <= _MOST_BOUND or open_blob is None
    place = "?" if whole else "zeroblob(?)"
    inserted = db.execute(
        f"INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, {place})", (*row, body if whole else len(body))
    )
    if not whole and open_blob is not None:
        with open_blob("answer", "body", inserted.lastrowid) as blob:
            blob.write(body)


def put_unread(
    db: sqlite3.Connection, key: ResultKey, pages: Pages | None, raw: bytes, route: str, sends: int, now: float
) -> None:
    """Insert an answer to *pages* that cannot be decoded, unless an older answer to any of them is there."""
    if not is_answered(db, key, pages):
        put(db, key, StoredAnswer(raw, pages or WHOLE_FILE, _UNREAD + route, sends), now)


def drop_unread(db: sqlite3.Connection, key: ResultKey, pages: Pages | None) -> None:
    """Delete the answer to *pages* that could not be decoded before, and was decoded now."""
    db.execute(f"DELETE FROM answer WHERE {_OVERLAP} AND model LIKE '{_UNREAD}%'", _span(key, pages))


def _count(db: sqlite3.Connection, key: ResultKey, total_pages: int) -> None:
    if total_pages:
        db.execute("UPDATE document SET pages = ? WHERE digest = ?", (total_pages, key.digest))


def read(db: sqlite3.Connection, key: ResultKey, pages: Pages) -> tuple[StoredAnswer, bytes, float] | None:
    """Fetch the answer for exactly *pages*, its checksum as stored, and when it was last used."""
    row = db.execute(
        f"SELECT body, model, sends, checksum, used FROM answer WHERE {_EXACTLY}", _span(key, pages)
    ).fetchone()
    if row is None:
        return None
    unread = row[1].removeprefix(_UNREAD) if row[1].startswith(_UNREAD) else ""
    model = "" if unread else row[1]
    return StoredAnswer(Body(row[0]), pages, model, row[2], unread), row[3], row[4]


def touch(db: sqlite3.Connection, key: ResultKey, pages: Pages, now: float) -> None:
    """Mark an answer as used."""
    db.execute(f"UPDATE answer SET used = :now WHERE {_EXACTLY}", {**_span(key, pages), "now": now})


def drop(db: sqlite3.Connection, key: ResultKey, pages: Pages, checksum: bytes) -> None:
    """Delete one answer, unless another has taken its place."""
    where = {**_span(key, pages), "checksum": checksum}
    db.execute(f"DELETE FROM answer WHERE {_EXACTLY} AND checksum = :checksum", where)


def evict(db: sqlite3.Connection, max_bytes: int, unused_since: float) -> None:
    """Delete answers not used since a time, and the least recently used above *max_bytes*."""
    settled = "digest NOT IN (SELECT digest FROM job UNION SELECT digest FROM intent)"
    gone = db.execute(f"DELETE FROM answer WHERE used < ? AND {settled}", (unused_since,)).rowcount
    if (db.execute("SELECT SUM(size) FROM answer").fetchone()[0] or 0) > max_bytes:
        gone += db.execute(
            f"""DELETE FROM answer WHERE rowid IN (SELECT rowid FROM (SELECT rowid, digest,
            SUM(size) OVER (ORDER BY used DESC, rowid DESC) AS running FROM answer) WHERE running > ? AND {settled})""",
            (max_bytes,),
        ).rowcount
    if gone:
        _sweep(db)


def entries(db: sqlite3.Connection) -> tuple[Entry, ...]:
    """List the documents of which something is stored, the most recently used first."""
    rows = db.execute(
        f"""SELECT {_KEY}, source, COALESCE(SUM(CASE last WHEN {_END} THEN 0 ELSE last - first + 1 END), 0),
        COALESCE(SUM(size), 0),
        (SELECT COUNT(*) FROM job WHERE job.digest = document.digest),
        (SELECT COUNT(*) FROM intent WHERE intent.digest = document.digest),
        COALESCE(MIN(created), 0.0), COALESCE(MAX(used), 0.0) AS latest
        FROM document LEFT JOIN answer USING (digest) GROUP BY digest ORDER BY latest DESC"""
    )
    return tuple(Entry(ResultKey(*row[:4]), *row[4:]) for row in rows)


def remove(db: sqlite3.Connection, name: str, *, everything: bool) -> int:
    """Delete the answers of the documents that *name* fits, with *everything* their jobs and intents too."""
    fits = """digest IN (SELECT digest FROM document WHERE :name IN ('', source)
        OR (LENGTH(:name) >= 8 AND SUBSTR(file_sha256, 1, LENGTH(:name)) = LOWER(:name)))"""
    count = db.execute(f"DELETE FROM answer WHERE {fits}", {"name": name}).rowcount
    for table in ("job", "intent") if everything else ():
        db.execute(f"DELETE FROM {table} WHERE {fits}", {"name": name})
    _sweep(db)
    return count


def _sweep(db: sqlite3.Connection) -> None:
    """Delete documents of which nothing is stored any more."""
    db.execute(
        """DELETE FROM document WHERE digest NOT IN
        (SELECT digest FROM answer UNION SELECT digest FROM job UNION SELECT digest FROM intent)"""
    )
