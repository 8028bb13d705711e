"""One asynchronous job, watched: looks are shared by all who wait for its batches; batches come in their order."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import partial

from upstage_docs.api import responses as replies
from upstage_docs.api.decode import decode_shape, usage_of
from upstage_docs.api.json_shapes import DocumentShape
from upstage_docs.api.responses import Reply
from upstage_docs.errors import InvalidResponseError, JobError, JobFailedError, JobTimeoutError
from upstage_docs.flows.exchange import download, job_state
from upstage_docs.flows.steps import ClientContext, Flow, Now, Sleep, Work, work
from upstage_docs.models import Batch, Job, OcrResult
from upstage_docs.options import ParseOptions
from upstage_docs.store.values import Pages, StoredJob

__all__ = ["JobWatch", "PageAnswer"]

# A signed address lives 15 minutes: https://console.upstage.ai/api/parse/document-parsing/async
_ADDRESS_SECONDS = 14 * 60.0
# Results are kept for 30 days: https://console.upstage.ai/docs/capabilities/parse/data-handling
_KEPT_SECONDS = 30 * 86400.0
# https://console.upstage.ai/api/parse/document-parsing/async
_BATCH_PAGES = 10
_MOST_BATCH_PAGES = 100  # that a job is believed to have in one batch, where memory is set aside for its answer
_FAILED = {"failed"}


@dataclass(frozen=True)
class PageAnswer:
    """One answer about a document.

    Attributes:
        raw: The body.
        pages: First and last page in the document, 1-based and inclusive.
        total_pages: Of the document, 0 if not known.
        content: What was decoded of it already.
    """

    raw: bytes
    pages: Pages
    total_pages: int = 0
    content: DocumentShape | OcrResult | None = field(default=None, repr=False, compare=False)


class JobWatch:
    """A job and what is known of it; any number of flows may wait for its batches at once.

    Args:
        context: Of the client.
        request_id: Of the job.
        stored: The store's record of it, None where the store does not know it.
        held: Page ranges of the document that have an answer in the store already.
        source: Names the document in messages and results.
        file_sha256: Of the document, `""` if unknown.
        options: What was asked, where it is known.
    """

    def __init__(
        self,
        context: ClientContext,
        request_id: str,
        *,
        stored: StoredJob | None = None,
        held: tuple[Pages, ...] = (),
        source: str = "",
        file_sha256: str = "",
        options: ParseOptions | None = None,
    ) -> None:
        self.context = context
        self.request_id = request_id
        self.job: Job | None = None
        self._ordered: tuple[Job, list[Batch]] | None = None  # a state of the job, and its batches in order
        self._stored = stored
        self._held = set(held)
        self._source = source
        self._file_sha256 = file_sha256
        self._options = options
        self._offset = stored.pages[0] - 1 if stored is not None and stored.pages else 0
        self._lock = threading.Lock()
        self._interval = context.poll.initial
        self._next_look = 0.0
        self._looked = 0.0
        self._began: float | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self._source!r} (job {self.request_id})" if self._source else f"job {self.request_id}"

    @property
    def first_page(self) -> int:
        """The first page of the document that the job was sent."""
        return self._offset + 1

    @property
    def last_page(self) -> int:
        """The last page of the document that the job was sent; 0 while it is not known."""
        if self._stored is not None and self._stored.pages is not None:
            return self._stored.pages[1]
        return self.job.total_pages if self.job is not None else 0

    def refresh(self) -> Flow[Job]:
        """Ask for the job's state now."""
        try:
            job = yield from job_state(
                self.context, self.request_id, source=self._source, file_sha256=self._file_sha256
            )
        except JobError as error:
            if self._stored is None:
                raise
            if (yield from self._gone(self._stored)):
                yield Work(partial(self.context.store.failed, self._stored))
                raise
            raise JobError(
                f"{error.message} Where it is lost for good, `upstage-docs cache rm {self._source} --everything` "
                "forgets it; its document is then sent, and paid for, again."
            ) from None
        self._looked = yield Now()
        self.job = job
        return job

    def batch(self, index: int) -> Flow[PageAnswer | None]:
        """Wait for batch *index* (0-based) and return its answer; None where the job has no such batch.

        Raises:
            JobFailedError: It failed. The answers of the other batches are stored first.
            JobTimeoutError: Not done by the deadline of the poll policy; the job goes on.
        """
        refused = 0
        while True:
            job = self.job
            batches = self._in_order(job) if job is not None else []
            if job is not None and index < len(batches):
                batch = batches[index]
                pages = self._pages(batch)
                if pages in self._held and self._stored is not None:
                    answer = yield from work(partial(self.context.store.read, self._stored.key, pages))
                    if answer is not None:
                        return PageAnswer(answer.raw, pages, self.last_page)
                    self._held.discard(pages)
                now: float = yield Now()
                if batch.status == "completed" and batch.download_url and now - self._looked < _ADDRESS_SECONDS:
                    try:
                        return (yield from self._download(batch))
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
                if len({self._pages(batch) for batch in job.batches}) > len(batches):
                    raise InvalidResponseError(self._gap(job))
                return None
            yield from self._turn()

    def finish(self, last_page: int) -> Flow[None]:
        """Close the job in the store: every batch has been delivered, up to *last_page* of the document.

        Raises:
            InvalidResponseError: Fewer pages came than were sent.
        """
        wanted = self.last_page
        if self._stored is not None:
            total = wanted if self._stored.pages is None else 0
            yield Work(partial(self.context.store.finished, self._stored, total))
        if last_page < wanted:
            raise InvalidResponseError(
                f"{self.name}: pages up to {wanted} were sent, the answer ends at page {last_page}. What came is kept; "
                "an older server may cut silently: lower Limits(async_pages=...)."
            )

    def _gone(self, stored: StoredJob) -> Flow[bool]:
        """Say whether a job that is not known there can be given up: another account's key does not know it either."""
        now: float = yield Work(time.time)
        return bool(self.context.engine_version) or now - stored.created > _KEPT_SECONDS

    def _turn(self) -> Flow[None]:
        """Look, or wait until the next look, by whoever makes it."""
        now: float = yield Now()
        with self._lock:
            if self._began is None:
                self._began = now
            deadline = self.context.poll.deadline
            if deadline is not None and now - self._began > deadline:
                raise JobTimeoutError(
                    f"{self.name} was not done after {deadline:g} s. It goes on: ask again later, at no cost.",
                    job=self.job,
                )
            wait = self._next_look - now
            if wait <= 0:
                self._next_look = now + self._interval
                self._interval = min(self._interval * 1.5, self.context.poll.maximum)
        if wait > 0:
            yield Sleep(wait)
        else:
            yield from self.refresh()

    def _download(self, batch: Batch) -> Flow[PageAnswer]:
        first, last = self._pages(batch)
        outcome = yield from download(self.context, batch.download_url, min(last - first + 1, _MOST_BATCH_PAGES))
        if isinstance(outcome, Reply) and outcome.status in {400, 401, 403, 404, 410}:
            raise _AskAgainError(
                JobError(f"{self.name}: batch {batch.id} cannot be fetched ({outcome.status}).", job=self.job)
            )
        try:
            what = f"{self.name}, batch {batch.id}"
            reply = replies.settle(outcome, self.context.api, what)
            shape = yield from work(partial(decode_shape, reply.body, source=what))
        except InvalidResponseError as error:
            raise _AskAgainError(error) from error
        usage = usage_of(shape)
        if not shape.elements and not usage.pages:
            raise _AskAgainError(InvalidResponseError(f"{what} holds no page and no element.", raw=reply.body))
        pages = self._pages(batch)
        count = pages[1] - pages[0] + 1
        if usage.pages and usage.pages != count:
            raise InvalidResponseError(
                f"{self.name}: batch {batch.id} should hold {count} pages and holds {usage.pages}.",
                raw=reply.body,
            )
        if self._stored is not None:
            yield Work(
                partial(self.context.store.batch, self._stored, reply.body, pages, model=shape.model or batch.model)
            )
            self._held.add(pages)
        asked_for = "" if self._stored is not None else f"{self.request_id} {batch.id}"
        self.context.account.add_parse(usage, count, self._options, batch=asked_for)
        return PageAnswer(reply.body, pages, self.last_page, shape)

    def _fail(self, batch: Batch | None) -> Flow[None]:
        job = self.job
        reason = (batch.failure_message if batch else "") or (job.failure_message if job else "") or "no reason given"
        where = f"pages {'-'.join(map(str, self._pages(batch)))}" if batch else "the job"
        kept = ""
        if job is not None and self._stored is not None and self.context.store.path is not None:
            kept = " What came is kept; running again sends what is missing, of a PDF only that."
            for other in job.batches:
                if other.status == "completed" and other.download_url and self._pages(other) not in self._held:
                    try:
                        yield from self._download(other)
                    except (_AskAgainError, ValueError):
                        continue  # it stays in the job, which is not forgotten before its end
            if job.done:
                yield Work(partial(self.context.store.failed, self._stored))
        raise JobFailedError(f"{self.name} failed at {where}: {reason}.{kept}", job=job)

    def _in_order(self, job: Job) -> list[Batch]:
        """Return the batches that follow each other from the first page on: others may not be listed yet.

        Worked out once for each state of the job, which all who wait for a batch look at.
        """
        if (ordered := self._ordered) is not None and ordered[0] is job:
            return ordered[1]
        found: list[Batch] = []
        following = self._offset + 1
        for batch in sorted(job.batches, key=self._pages):
            first, last = self._pages(batch)
            if first == following <= last:
                found.append(batch)
                following = last + 1
        self._ordered = job, found
        return found

    def _gap(self, job: Job) -> str:
        listed = ", ".join(f"{first}-{last}" for first, last in sorted(map(self._pages, job.batches)))
        forget = f" `upstage-docs cache rm {self._source} --everything` gives the job up." if self._source else ""
        return (
            f"{self.name} is done, and its batches do not follow each other (pages {listed}). What came is kept; "
            f"asking again costs nothing.{forget}"
        )

    def _pages(self, batch: Batch) -> Pages:
        first = batch.start_page or batch.id * _BATCH_PAGES + 1
        last = batch.end_page or first + _BATCH_PAGES - 1
        if not batch.end_page and self.job is not None and self.job.total_pages:
            last = min(last, self.job.total_pages)
        return (first + self._offset, last + self._offset)


class _AskAgainError(Exception):
    """The address did not serve: a new one may."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason
