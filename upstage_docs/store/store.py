"""Defines `Store`, which keeps paid answers, running jobs and requests of unknown outcome in one SQLite file.

Each answer has a *key* (which document, under which options, asked of whom) and *pages* `(first, last)`, 1-based and
inclusive. The route is no part of it, so what one route paid for serves every other. `None` as pages is a whole file
whose page count is not known.

The life of one paid send, each step one transaction:

    look(key)                           answers to read, jobs to resume: only the rest is sent
    claim(key, pages, ...)              Claim: you may send, once · AlreadyStored: it came in meanwhile, look again
                                        · Busy: another flow is at it, wait and claim again · Intent: outcome unknown
      submitted(claim, request_id)      the job is known: its intent is closed
      answered(claim, raw, pages, ...)  the answer is stored: its intent is closed
      keep_unread(claim, raw, ...)      what came is no answer that we understand: it is stored, its intent is closed
      withdraw(claim)                   nothing was paid (not sent, or refused): its intent is closed
      abandon(claim)                    the outcome is not known: the intent stays, open
    batch(job, ...), finished(job, ...), failed(job)

If the process is killed after `claim` and before one of the five, the claim becomes an open intent. The next `claim` of
any of its pages returns this intent, unless it is told to `resend`. If the disk refuses, that is one warning and never
an error after a payment: the call goes on as if there was no store. A damaged file that cannot be mended is a
`ConfigError` before anything is sent.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

from upstage_docs.errors import ConfigError, UnknownOutcomeError
from upstage_docs.store import processes, sql
from upstage_docs.store.database import Database, NewerFormatError, describe_intruder
from upstage_docs.store.healing import heal, is_damage, remains_of
from upstage_docs.store.values import (
    AlreadyStored,
    Busy,
    Claim,
    Entry,
    Intent,
    Pages,
    ResultKey,
    StoredAnswer,
    StoredJob,
    StoredState,
)

_Result = TypeVar("_Result")
_log = logging.getLogger("upstage_docs")
_EVICT_STEP = 60.0  # seconds: weighing fifty thousand answers takes longer than keeping one
_MOST_MENDED = 5  # times in one call: other processes may be at it too
_NEWER_SECONDS = 5.0  # to wait for a newer version that is just writing
_USE_STEP = 3600.0  # a read marks its answer as used at most this often: reading should not mean writing

# Claims that a flow of this process still holds, each with its end as `steady` counts. One in the file under this
# process's name that is not here was abandoned. A forked child has another name: what it inherits here says nothing.
_held_here: dict[str, float] = {}


class Store:
    """The store in one SQLite file; any number of processes, threads and forks may use it at once.

    Its one connection is opened when first used and closed by `close`, or with the last reference.

    Args:
        path: The file, made when first used (mode 0600, a new folder 0700), or None: no store, `claim` always grants.
        max_bytes: Answers above this go within a minute of use, the least recently used first, never those of an
            unfinished document.
        max_age: Answers that were not used for this many seconds are deleted.
        busy_seconds: How long to wait for another process that writes.
        clock: Gives Unix seconds.
        steady: Gives seconds that go on evenly when the clock is set.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        max_bytes: int = 10 * 2**30,
        max_age: float = 365 * 86400.0,
        busy_seconds: float = 30.0,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self._database = None if path is None else Database(path, sql.SCHEMA, sql.VERSION, busy_seconds=busy_seconds)
        self.max_bytes = max_bytes
        self.max_age = max_age
        self._clock = clock
        self._steady = steady
        self._warned = False
        self._newer: Path | None = None  # a file of a newer version, beside which this one's lies
        self._evicted = float("-inf")
        self._later: deque[Callable[[sqlite3.Connection], Any]] = deque()  # what is written after this transaction

    @classmethod
    def at(cls, cache: bool | str | os.PathLike[str] = True) -> Store:  # noqa: FBT001 - what a user writes
        """Open the store that an option `cache=` names: a folder, True for the usual one, False for none.

        True is the folder that `UPSTAGE_DOCS_CACHE` names, or else the platform's cache folder.
        """
        if cache is False:
            return NO_STORE
        if cache is True:
            if named := os.environ.get("UPSTAGE_DOCS_CACHE"):
                return cls(Path(named) / "store.sqlite3")
            import platformdirs

            return cls(platformdirs.user_cache_path("upstage-docs") / "store.sqlite3")
        path = Path(cache) / "store.sqlite3"
        folder = Path(os.path.realpath(cache))
        nearest = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), folder)
        if not nearest.is_dir():
            raise ConfigError(f"cache={os.fspath(cache)!r} cannot hold answers: {nearest} is not a folder.")
        if intruder := describe_intruder(path):
            raise ConfigError(f"cache={os.fspath(cache)!r} cannot hold answers: {intruder}.")
        return cls(path)

    def look(self, key: ResultKey) -> StoredState:
        """Return what is stored under *key*."""
        return self._try(lambda db: sql.stored_state(db, key), StoredState())

    def read(self, key: ResultKey, pages: Pages) -> StoredAnswer | None:
        """Give back the answer for exactly *pages*, or None. A damaged one is deleted and is no answer.

        Raises:
            ConfigError: It is damaged, and cannot be deleted.
        """
        found = self._try(lambda db: sql.read(db, key, pages), None)
        if found is None:
            return None
        answer, checksum, used = found
        if sql.checksum(key, pages, answer.raw) != checksum:
            _log.warning("A stored answer (pages %d-%d) is damaged; it is dropped and asked again.", *pages)

            def drop(db: sqlite3.Connection) -> bool:
                sql.drop(db, key, pages, checksum)
                return True

            if not self._try(drop, False, write=True):
                raise _unmended_error(self.path, "an answer in it cannot be read", "it cannot be written to")
            return None
        now = self._clock()
        if now - used > _USE_STEP:
            self._try(lambda db: sql.touch(db, key, pages, now), None, write=True)
        return answer

    def claim(
        self,
        key: ResultKey,
        pages: Pages | None,
        *,
        seconds: float,
        route: str,
        source: str = "",
        resend: bool = False,
        refresh: bool = False,
        busy: Busy | None = None,
    ) -> Claim | Busy | AlreadyStored | Intent:
        """Ask for leave to send *pages*, once; no kill loses the intent when this returns a Claim.

        A loss of power may, for the milliseconds in which the intent is still brought to the disk.

        Args:
            key: The document and what is asked of it.
            pages: Pages of this send.
            seconds: How long the send may take at most, its deadline: after that, nobody waits for it any more.
            route: `sync` or `async`, for the report.
            source: Path or name, for listings and reports.
            resend: Send although the outcome of an earlier send is unknown; `Claim.sends` then counts both.
            refresh: Send although there is an answer; the new one will replace it.
            busy: What was answered before: a claim is waited for as long as it lasts, however the clock is set.

        Raises:
            UnknownOutcomeError: A newer version of this program keeps something of the document, which this one cannot
                read.
        """
        now, steady = self._clock(), self._steady()
        token = uuid.uuid4().hex

        def why_not(db: sqlite3.Connection) -> Busy | AlreadyStored | Intent | None:
            if sql.is_running(db, key, pages) or (not refresh and sql.is_answered(db, key, pages)):
                return AlreadyStored()
            others = sql.overlapping_intents(db, key, pages)
            ends = [(intent.token, expires) for intent, expires, _ in others]
            seen = {end: steady if busy is None else busy.seen.get(end, steady) for end in ends}
            for intent, expires, owner in others:
                waited = steady - seen[intent.token, expires]
                left = expires - intent.created - waited  # below 0 where nobody works on it any more
                if left > 0 and owner == processes.name():
                    left = _held_here.get(intent.token, steady) - steady
                if left > 0 and processes.may_live(owner, in_time=expires > now):
                    return Busy(expires, seen)
            return others[0][0] if others and not resend else None

        def ask(db: sqlite3.Connection) -> Claim | Busy | AlreadyStored | Intent:
            sql.insert_document(db, key, source)  # first: without it nothing else of this document would be seen
            if (reason := why_not(db)) is not None:
                return reason
            others = sql.overlapping_intents(db, key, pages)
            sends = 1 + max((intent.sends for intent, _, _ in others), default=0)
            for intent, _, _ in others:
                sql.split_intent(db, intent, pages)
            intent = Intent(token, key, pages, route, source, now, sends)
            sql.insert_intent(db, intent, now + seconds, processes.name())
            return intent.claim

        claim = Claim(token, key, pages, source)
        without_store: Claim | Busy | AlreadyStored | Intent = claim
        _held_here[token] = steady + seconds
        try:
            outcome = self._try(ask, without_store, write=True)
            if outcome is without_store:  # it cannot be written, and what it holds is heeded all the same
                outcome = self._try(why_not, None) or without_store
            if not isinstance(outcome, Claim):
                _held_here.pop(token, None)
            elif self._database is not None:
                # After it is kept: of two versions that do so, one at least sees the other's.
                if self._newer is not None and not resend and not refresh:
                    self._refuse_what_is_known_to(self._newer, key, source)
                self._database.flush_soon()
            return outcome  # noqa: TRY300 - until the caller has it
        except BaseException:  # interrupted: nobody will ever know of this claim
            self.withdraw(claim)
            raise

    def renew(self, claim: Claim, seconds: float) -> None:
        """Give *claim* another *seconds* from now, before its send is tried again."""
        _held_here[claim.token] = self._steady() + seconds
        now = self._clock()
        self._try(lambda db: sql.renew(db, claim.token, now, now + seconds), None, write=True)

    def withdraw(self, claim: Claim) -> None:
        """Close the intent of *claim*: nothing was paid, since nothing was sent or the API refused."""
        _held_here.pop(claim.token, None)
        self._try(lambda db: sql.withdraw(db, claim), None, write=True)

    def abandon(self, claim: Claim) -> None:
        """Leave the intent of *claim* open: the outcome of its send is not known."""
        _held_here.pop(claim.token, None)
        self._try(lambda db: sql.release(db, claim.token), None, write=True)  # other processes learn it, too

    def submitted(self, claim: Claim, request_id: str) -> StoredJob:
        """Keep the job that the API made of *claim*, and close its intent."""
        job = StoredJob(request_id, claim.key, claim.pages, claim.source, self._clock(), claim.sends)

        def keep(db: sqlite3.Connection) -> StoredJob:
            sql.insert_document(db, claim.key, claim.source)
            kept = sql.insert_job(db, job)
            sql.drop_unread(db, claim.key, claim.pages)
            sql.close_intent(db, claim.token)
            return kept

        job = self._try(keep, job, write=True)
        _held_here.pop(claim.token, None)
        self._flush()
        return job

    def answered(self, claim: Claim, raw: bytes, pages: Pages, *, model: str, total_pages: int = 0) -> StoredAnswer:
        """Keep the answer to *claim* and close its intent.

        Args:
            claim: The claim under which it was sent.
            raw: The body, every byte.
            pages: The pages that were really answered, which may be fewer than asked.
            model: The model that answered.
            total_pages: Pages of the file, 0 where not known.
        """
        answer = StoredAnswer(raw, pages, model, claim.sends)

        def keep(db: sqlite3.Connection) -> bool:
            sql.insert_document(db, claim.key, claim.source)
            sql.put(db, claim.key, answer, self._clock(), total_pages)
            sql.close_intent(db, claim.token)
            self._evict(db)
            return True

        if not self._try(keep, False, write=True):
            self.withdraw(claim)  # a full disk may still have room to say that the outcome is known
        _held_here.pop(claim.token, None)
        self._flush()
        return answer

    def keep_unread(self, claim: Claim, raw: bytes, *, route: str) -> None:
        """Keep the answer to *claim* although it cannot be decoded, and close its intent: it was paid for.

        The next look finds an answer to these pages, so that nothing is sent, and a newer version may understand it.

        Args:
            claim: The claim under which it was sent.
            raw: The body, every byte.
            route: `sync` or `async`: what it should have been, an answer or the id of a job.
        """

        def keep(db: sqlite3.Connection) -> bool:
            sql.insert_document(db, claim.key, claim.source)
            sql.put_unread(db, claim.key, claim.pages, raw, route, claim.sends, self._clock())
            sql.close_intent(db, claim.token)
            return True

        if not self._try(keep, False, write=True):
            self.abandon(claim)
        _held_here.pop(claim.token, None)
        self._flush()

    def batch(self, job: StoredJob, raw: bytes, pages: Pages, *, model: str) -> StoredAnswer:
        """Keep the answer for one batch of *job*, *pages* absolute in the file; the last one closes the job."""
        answer = StoredAnswer(raw, pages, model, job.sends)

        def keep(db: sqlite3.Connection) -> None:
            sql.insert_document(db, job.key, job.source)
            sql.put(db, job.key, answer, self._clock())
            sql.close_covered(db, job)

        self._try(keep, None, write=True)
        self._flush()
        return answer

    def finished(self, job: StoredJob, total_pages: int = 0) -> None:
        """Close *job*, every batch is stored: for a job on uncounted pages. *total_pages* counts the whole file."""

        def close(db: sqlite3.Connection) -> None:
            sql.close_job(db, job, total_pages)
            self._evict(db)

        self._try(close, None, write=True)

    def failed(self, job: StoredJob) -> None:
        """Close *job*: it failed or is gone. Its stored batches stay, so that only the rest is sent again."""
        self._try(lambda db: sql.close_job(db, job), None, write=True)

    def jobs(self) -> tuple[StoredJob, ...]:
        """List the jobs that are not finished, the oldest first."""
        return self._try(sql.jobs, ())

    def intents(self) -> tuple[Intent, ...]:
        """List the sends under way and those whose outcome is unknown, the oldest first."""
        return self._try(sql.intents, ())

    def resolve(self, intent: Intent, request_id: str = "") -> None:
        """Close an open *intent* because its user knows: it became the job *request_id*, or (`""`) was never paid."""
        if request_id:
            self.submitted(intent.claim, request_id)
        else:
            self.withdraw(intent.claim)

    def entries(self) -> tuple[Entry, ...]:
        """List the documents of which something is stored, the most recently used first."""
        return self._try(sql.entries, ())

    def remove(self, name: str = "", *, everything: bool = False) -> int:
        """Delete answers and say how many.

        Args:
            name: A document's source as listed, or the beginning (8 characters at least) of its file's SHA-256; `""`
                means every document.
            everything: Also forget running jobs and open intents; what they paid for may then be paid for again.
        """
        deleted = self._try(lambda db: sql.remove(db, name, everything=everything), 0, write=True)
        database = self._database
        if database is not None:
            with suppress(sqlite3.Error, OSError):
                if not database.checkpoint():
                    _log.warning("%s-wal still holds what was deleted: another process reads it.", database.path)
        if self._newer is not None:
            _log.warning("%s, of a newer version of upstage-docs, may hold more of it.", self._newer)
        return deleted

    def remains(self) -> list[Path]:
        """Return the files of damaged stores that were moved aside; they may hold what is deleted here."""
        database = self._database
        return [] if database is None else remains_of(database.path)

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        database = self._database
        if database is not None:
            database.close()

    def _evict(self, db: sqlite3.Connection) -> None:
        now = self._clock()
        if now - self._evicted >= _EVICT_STEP:
            sql.evict(db, self.max_bytes, now - self.max_age)
            self._evicted = now

    def _flush(self) -> None:
        database = self._database
        if database is not None:
            try:
                database.flush()
            except OSError as error:
                self._warn(error)

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            _log.warning("Results are not stored and may have to be paid for again: %s: %s", self.path, error)

    def _try(
        self, action: Callable[[sqlite3.Connection], _Result], otherwise: _Result, *, write: bool = False
    ) -> _Result:
        """Do *action* in one transaction; if the disk refuses, warn once and return *otherwise*.

        In a transaction of the same thread, in which the garbage collector closes a flow, it is done after that.

        Raises:
            ConfigError: See `_mend`.
        """
        if self._database is not None and self._database.is_held_here:
            if write:
                self._later.append(action)
            return otherwise
        own, result = action, otherwise
        mended = 0
        while (database := self._database) is not None:
            try:
                done = database.transact(action, write=write)
            except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
                if mended < _MOST_MENDED and self._mend(database, error, write=write):
                    mended += 1
                    continue
                self._warn(error)
                if not write:  # go on without a store: what is listed and not read is looked for without end
                    self.close()
                    self._database = None
                break
            if action is own:
                result = done
            try:
                action, write, mended = self._later.popleft(), True, 0
            except IndexError:
                break
        return result

    def _mend(self, database: Database, error: Exception, *, write: bool) -> bool:
        """Heal a damaged file, or leave that of a newer version for another; say whether *error* was one of these.

        Raises:
            ConfigError: The file cannot be healed, and nothing was to be written to it, which may be paid for.
        """
        if isinstance(error, NewerFormatError):
            self._newer = database.path
            self.path = database.path.with_name(f"{database.path.stem}.v{sql.VERSION}{database.path.suffix}")
            _log.warning(
                "%s was made by a newer version of upstage-docs and stays as it is. This version keeps what it pays "
                "for in %s, and sends no document that the newer one knows.",
                self._newer,
                self.path,
            )
            self._database = Database(self.path, sql.SCHEMA, sql.VERSION)
            database.close()
            return True
        damaged = False
        try:
            if not (damaged := is_damage(error, database.path)):
                return False
            healed = heal(database)
        except (sqlite3.Error, OSError) as refusal:
            if write or not damaged:
                return False
            raise _unmended_error(database.path, str(error), str(refusal)) from None
        if healed is not None:
            _log.warning(
                "The store %s was damaged (%s): %s. What else it held is lost, and would be paid for again.",
                database.path,
                error,
                healed,
            )
        return True

    def _refuse_what_is_known_to(self, newer: Path, key: ResultKey, source: str) -> None:
        try:
            address = f"{newer.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, timeout=_NEWER_SECONDS)) as db:
                reason = "this version cannot read" if sql.knows(db, key) else ""
        except sqlite3.Error as error:
            reason = f"cannot be asked ({error})"
        if reason:
            raise UnknownOutcomeError(
                f"{source!r} may have been sent by a newer version of upstage-docs, whose store {newer} {reason}: "
                'sending it may pay twice. Use that version, or allow it with on_unknown="resend" or refresh=True.'
            )


def _unmended_error(path: Path | None, damage: str, refusal: str) -> ConfigError:
    return ConfigError(
        f"The store {path} is damaged ({damage}) and cannot be mended ({refusal}), so that nobody knows what is paid "
        "for already; nothing more is sent. Make room on its disk, or let it be written to; cache=FOLDER keeps answers "
        "elsewhere, and cache=False keeps none."
    )


NO_STORE = Store(None)  # keeps nothing; what asks it gets nothing
