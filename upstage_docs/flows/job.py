"""Watches one asynchronous job, and fetches its batches in their order."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import partial
from shlex import quote
from typing import Any

from upstage_docs.api.decode import check_pages, decode_shape, usage_of
from upstage_docs.api.json_shapes import DocumentShape
from upstage_docs.api.messages import Reply, settle
from upstage_docs.errors import InvalidResponseError, JobError, JobFailedError, JobTimeoutError, UpstageDocsError
from upstage_docs.flows.context import ClientContext
from upstage_docs.flows.deadline import OutOfTimeError, within
from upstage_docs.flows.exchange import download, job_state
from upstage_docs.flows.reports import note, traced
from upstage_docs.flows.steps import Flow, Now, Sleep, Work, work
from upstage_docs.models import Batch, Job, OcrResult
from upstage_docs.options import ParseOptions
from upstage_docs.store.values import Pages, StoredJob

# A signed address lives 15 minutes: https://console.upstage.ai/api/parse/document-parsing/async
_ADDRESS_SECONDS = 14 * 60.0
# Results are kept for 30 days: https://console.upstage.ai/docs/capabilities/parse/data-handling
_KEPT_SECONDS = 30 * 86400.0
# https://console.upstage.ai/api/parse/document-parsing/async
_BATCH_PAGES = 10
_MOST_BATCH_PAGES = 100  # that a job is believed to have in one batch, where memory is set aside for its answer
_GROWTH = 1.5  # of the pause between two looks at a job, as PollPolicy says
_FAILED = {"failed"}
# https://console.upstage.ai/api/parse/document-parsing/async: of a job, and of a batch.
_RUNNING = {"submitted", "scheduled", "started", "retrying"}
# Looks at a job that is done, for an address that is not there: the server may struggle to sign many at once. That is
# a minute with the default policy, where the pauses grow by half up to 15 s.
_ADDRESS_LOOKS = 10


@dataclass(frozen=True)
class PageAnswer:
    """One answer of the API, and which pages of the document it is for.

    Attributes:
        raw: The body.
        pages: First and last page in the document, 1-based and inclusive.
        total_pages: Of the document, 0 if not known.
        content: What was decoded of it already.
        shortfall: What is wrong where it holds fewer pages than were sent.
    """

    raw: bytes
    pages: Pages
    total_pages: int = 0
    content: DocumentShape | OcrResult | None = field(default=None, repr=False, compare=False)
    shortfall: InvalidResponseError | None = field(default=None, compare=False)


@dataclass(eq=False)
class JobWatch:
    """An asynchronous job and what is known of it; any number of flows may wait for its batches at once.

    Attributes:
        context: Of the client.
        request_id: Of the job.
        stored: The store's record of it, None where the store does not know it.
        held: Page ranges of the document that have an answer in the store already.
        source: Names the document in messages and results.
        file_sha256: Of the document, `""` if unknown.
        options: What was asked, where it is known.
        job: Its state when it was last looked at.
    """

    context: ClientContext
    request_id: str
    stored: StoredJob | None = None
    held: set[Pages] = field(default_factory=set)
    source: str = ""
    file_sha256: str = ""
    options: ParseOptions | None = None
    job: Job | None = field(default=None, init=False)
    _ordered: tuple[Job, list[Batch]] | None = field(default=None, init=False)  # a state of it, its batches in order
    _vain: int = field(default=0, init=False)  # looks since the last answer at one that gives nothing any more
    _lock: Any = field(default_factory=threading.RLock, init=False)  # the collector may end a flow in its thread
    _offset: int = field(init=False)  # pages of the document before those that were sent
    _interval: float = field(init=False)
    _next_look: float = field(default=0.0, init=False)
    _looked: float = field(default=0.0, init=False)
    _began: float = field(default=0.0, init=False)  # when the wait for it began, the time apart in which nobody waited
    _idle_since: float = field(default=0.0, init=False)
    _waiting: int = field(default=0, init=False)  # flows that wait for a batch

    def __post_init__(self) -> None:
        self._offset = self.sent_pages[0] - 1 if self.sent_pages else 0
        self._interval = self.context.poll.initial

    @property
    def name(self) -> str:
        """The name of the job in messages."""
        return f"{self.source!r} (job {self.request_id})" if self.source else f"job {self.request_id}"

    @property
    def first_page(self) -> int:
        """The first page of the document that the job was sent."""
        return self._offset + 1

    @property
    def last_page(self) -> int:
        """The last page of the document that the job was sent; 0 while it is not known."""
        if self.sent_pages is not None:
            return self.sent_pages[1]
        return self.job.total_pages if self.job is not None else 0

    @property
    def sent_pages(self) -> Pages | None:
        """The pages that the job was sent, None where they are not counted or not known."""
        return self.stored.pages if self.stored is not None else None

    def refresh(self) -> Flow[Job]:
        """Ask for the job's state now."""
        try:
            job = yield from job_state(self.context, self.request_id, source=self.source, file_sha256=self.file_sha256)
        except JobError as error:
            if self.stored is None:
                raise
            if (yield from self._gone(self.stored)):
                yield Work(partial(self.context.store.failed, self.stored))
                raise
            raise JobError(
                f"{error.message} If it is lost for good, give it up: its document is then sent, and paid for, again."
                f"{self._how_to_forget()}"
            ) from None
        self._looked = yield Now()
        self._vain = 0 if job.status in _RUNNING else self._vain + 1
        self.job = job
        return job

    def batch(self, index: int) -> Flow[PageAnswer | None]:
        """Wait for batch *index* (0-based) and return its answer; None where the job has no such batch.

        Raises:
            JobFailedError: It failed. The answers of the other batches are stored first.
            JobTimeoutError: Not done by the deadline of the poll policy; the job goes on.
            JobError: It is in a state that is not known, and stays in it.
            InvalidResponseError: It is done, and does not list the batches of all its pages.
        """
        deadline = self.context.poll.deadline
        if deadline is None:
            return (yield from self._batch(index))
        now: float = yield Now()
        with self._lock:
            if self._waiting == 0:  # the time in which nobody waited is not the job's
                self._began += now - self._idle_since
            self._waiting += 1
            until = self._began + deadline
        try:
            answer = yield from within(self._batch(index), until)
        except OutOfTimeError:
            raise JobTimeoutError(
                f"{self.name} was not done after {deadline:g} s. The job continues: ask again later, at no cost.",
                job=self.job,
            ) from None
        finally:
            with self._lock:
                self._waiting -= 1
        self._idle_since = yield Now()
        return answer

    def _batch(self, index: int) -> Flow[PageAnswer | None]:
        refused = 0
        while True:
            job = self.job
            batches = self._in_order(job) if job is not None else []
            if job is not None and index < len(batches):
                batch = batches[index]
                pages = self._pages_of(batch)
                if (sent := self.sent_pages) is not None and pages[1] > sent[1]:
                    raise InvalidResponseError(
                        f"{self.name} lists pages {pages[0]}-{pages[1]}, and pages {sent[0]}-{sent[1]} were sent: what "
                        f"it holds is not used.{self._how_to_forget()}"
                    )
                if (held := (yield from self._held_answer(pages))) is not None:
                    return held
                now: float = yield Now()
                if batch.status == "completed" and batch.download_url and now - self._looked < _ADDRESS_SECONDS:
                    try:
                        return (yield from traced("batch", self._download(batch), batch=batch.id, pages=pages))
                    except _AskAgainError as again:
                        refused += 1
                        if refused >= self.context.retry.attempts:
                            raise again.reason from None
                        if self.job is job:  # nobody has looked since: these addresses are of no use
                            self._looked = -_ADDRESS_SECONDS
                elif batch.status in _FAILED or (job.status in _FAILED and batch.status != "completed"):
                    yield from self._fail(batch)
            elif job is not None and job.done:
                if job.status in _FAILED:
                    yield from self._fail(None)
                if self._lists_everything(job, batches):
                    return None
            if job is not None and self._vain >= self._most_vain(batches, index):
                raise self._vain_error(job, batches, index)
            yield from self._turn()

    def done_batches(self) -> list[Batch]:
        """Return the batches that are done, as the job was last seen, in order; none where they are not its own."""
        job = self.job
        if job is None or (
            (sent := self.sent_pages) and any(self._pages_of(batch)[1] > sent[1] for batch in job.batches)
        ):
            return []
        return sorted((one for one in job.batches if one.status == "completed"), key=self._pages_of)

    def done_batch(self, batch: Batch) -> Flow[PageAnswer | None]:
        """Return the answer of *batch*, which is done; None where it cannot be had now."""
        pages = self._pages_of(batch)
        if (held := (yield from self._held_answer(pages))) is not None:
            return held
        try:
            return (yield from self._download(batch)) if batch.download_url else None
        except (_AskAgainError, UpstageDocsError):
            return None

    def finish(self, last_page: int) -> Flow[None]:
        """Close the job in the store: every batch has been delivered, up to *last_page* of the document.

        Raises:
            InvalidResponseError: Fewer pages came than were sent.
        """
        wanted = self.last_page
        # Fewer pages than were sent, and the job counts no more: then it will never give them, and is closed as well.
        counted = self._offset + self.job.total_pages if self.job is not None and self.job.total_pages else wanted
        if self.stored is not None and last_page >= min(wanted, counted):
            total = wanted if self.stored.pages is None else 0
            yield Work(partial(self.context.store.finished, self.stored, total))
        if last_page < wanted:
            raise InvalidResponseError(
                f"{self.name}: pages up to {wanted} were sent, the answer ends at page {last_page}. What came is kept; "
                "an older server may cut silently: lower ApiLimits(async_pages=...)."
            )

    def _held_answer(self, pages: Pages) -> Flow[PageAnswer | None]:
        """Return the answer for *pages* that is in the store, None if there is none."""
        if pages not in self.held or self.stored is None:
            return None
        answer = yield from work(partial(self.context.store.read, self.stored.key, pages))
        if answer is None:
            self.held.discard(pages)
            return None
        return PageAnswer(answer.raw, pages, self.last_page)

    def _gone(self, stored: StoredJob) -> Flow[bool]:
        """Return whether a job that the API does not know is given up: it may be another account's."""
        now: float = yield Work(time.time)
        return bool(self.context.engine_version) or now - stored.created > _KEPT_SECONDS

    def _turn(self) -> Flow[None]:
        """Ask for the state of the job, or wait until another flow has asked."""
        now: float = yield Now()
        with self._lock:
            wait = self._next_look - now
            if wait <= 0:
                self._next_look = now + self._interval
                self._interval = min(self._interval * _GROWTH, self.context.poll.maximum)
        if wait > 0:
            yield Sleep(wait)
        else:
            yield from self.refresh()

    def _download(self, batch: Batch) -> Flow[PageAnswer]:
        first, last = self._pages_of(batch)
        outcome = yield from download(self.context, batch.download_url, min(last - first + 1, _MOST_BATCH_PAGES))
        if isinstance(outcome, Reply) and outcome.status in {400, 401, 403, 404, 410}:
            raise _AskAgainError(
                JobError(f"{self.name}: batch {batch.id} cannot be fetched ({outcome.status}).", job=self.job)
            )
        pages, what = self._pages_of(batch), f"{self.name}, batch {batch.id}"
        try:
            reply = settle(outcome, self.context.api, what)
            shape = yield from work(partial(decode_shape, reply.body, source=what))
            usage = usage_of(shape)
            if not shape.elements and not usage.pages:
                raise InvalidResponseError(f"{what} holds no page and no element.", raw=reply.body)  # noqa: TRY301
            check_pages(shape, pages, reply.body, what)  # before the job, which could give it again, is forgotten
        except InvalidResponseError as error:
            raise _AskAgainError(error) from error
        count = pages[1] - pages[0] + 1
        if usage.pages and usage.pages != count:
            raise InvalidResponseError(
                f"{self.name}: batch {batch.id} should hold {count} pages and holds {usage.pages}.", raw=reply.body
            )
        if self.stored is not None:
            yield Work(
                partial(self.context.store.batch, self.stored, reply.body, pages, model=shape.model or batch.model)
            )
            self.held.add(pages)
        asked_for = "" if self.stored is not None else f"{self.request_id} {batch.id}"
        note(self.context.account.add_parse(usage, count, self.options, batch=asked_for))
        return PageAnswer(reply.body, pages, self.last_page, shape)

    def _fail(self, batch: Batch | None) -> Flow[None]:
        job = self.job
        reason = (batch.failure_message if batch else "") or (job.failure_message if job else "") or "no reason given"
        where = f"pages {'-'.join(map(str, self._pages_of(batch)))}" if batch else "the job"
        kept = ""
        if job is not None and self.stored is not None and self.context.store.path is not None:
            kept = " What came is kept; running again sends what is missing, of a PDF only that."
            left = 0
            for other in job.batches:
                if other.status != "completed" or self._pages_of(other) in self.held:
                    continue
                try:
                    if not other.download_url:
                        raise _AskAgainError(JobError(f"Batch {other.id} has no address."))  # noqa: TRY301
                    yield from traced("batch", self._download(other), batch=other.id, pages=self._pages_of(other))
                except (_AskAgainError, ValueError):
                    left += 1
            if left:  # they are paid for, and the job is the only way to them
                kept = (
                    f" {left} of its batches are done and could not be fetched now; ask again later, at no cost."
                    f"{self._how_to_forget()}"
                )
            elif job.done:
                yield Work(partial(self.context.store.failed, self.stored))
        raise JobFailedError(f"{self.name} failed at {where}: {reason}.{kept}", job=job)

    def _in_order(self, job: Job) -> list[Batch]:
        """Return the batches that follow each other from the first page on: others may not be listed yet.

        Worked out once for each state of the job, which all who wait for a batch look at.
        """
        if (ordered := self._ordered) is not None and ordered[0] is job:
            return ordered[1]
        found: list[Batch] = []
        following = self.first_page
        for batch in sorted(job.batches, key=self._pages_of):
            first, last = self._pages_of(batch)
            if first == following <= last:
                found.append(batch)
                following = last + 1
        self._ordered = job, found
        return found

    def _lists_everything(self, job: Job, batches: list[Batch]) -> bool:
        """Say whether *job*, which is done, lists batches for all that was sent; *batches* are those in order.

        Raises:
            InvalidResponseError: Pages are missing between those it lists.
        """
        if len({self._pages_of(batch) for batch in job.batches}) > len(batches):
            raise self._gap_error(job)
        if not batches:
            return False
        last = self._pages_of(batches[-1])[1]
        sent = self.sent_pages
        if job.total_pages:
            return last >= self._offset + job.total_pages
        return sent is None or last >= sent[1]

    def _vain_error(self, job: Job, batches: list[Batch], index: int) -> JobError | InvalidResponseError:
        """Return the error for a job that gave no pages and will not give any."""
        keeps = f"It is kept: asking again costs nothing.{self._how_to_forget()}"
        if not job.done:
            return JobError(f"{self.name} is in a state that is not known here: {job.status!r}. {keeps}", job=job)
        if index < len(batches):
            batch = batches[index]
            missing = "has no address" if batch.status == "completed" else f"is {batch.status!r}"
            return JobError(f"{self.name} is done, and its batch {batch.id} {missing}. {keeps}", job=job)
        if not job.batches:
            return InvalidResponseError(f"{self.name} is done, and lists no batch. {keeps}")
        return self._gap_error(job)

    def _most_vain(self, batches: list[Batch], index: int) -> int:
        """Return how often a job is asked for what it does not have yet, such as its list of batches."""
        listed = index < len(batches) and batches[index].status == "completed"
        return max(self.context.retry.attempts, _ADDRESS_LOOKS) if listed else self.context.retry.attempts

    def _gap_error(self, job: Job) -> InvalidResponseError:
        listed = ", ".join(f"{first}-{last}" for first, last in sorted(map(self._pages_of, job.batches)))
        return InvalidResponseError(
            f"{self.name} is done, and its batches do not follow each other from the first page to the last (pages "
            f"{listed}). What came is kept; asking again costs nothing.{self._how_to_forget()}"
        )

    def _how_to_forget(self) -> str:
        end_of_options = "-- " if self.source.startswith("-") else ""
        return f" `upstage-docs cache rm {end_of_options}{quote(self.source)}` gives the job up." if self.source else ""

    def _pages_of(self, batch: Batch) -> Pages:
        first = batch.start_page or batch.id * _BATCH_PAGES + 1
        last = batch.end_page or first + _BATCH_PAGES - 1
        if not batch.end_page and self.job is not None and self.job.total_pages:
            last = min(last, self.job.total_pages)
        return (first + self._offset, last + self._offset)


class _AskAgainError(Exception):
    """A batch could not be fetched from its address; a new address may work."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason
