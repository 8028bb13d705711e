"""Reads one document in order: plans which pages are stored, in a job, or to be sent, and gets them."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any, TypeAlias

from upstage_docs.api.decode import decode_job, decode_ocr, decode_shape, last_page_of, usage_of
from upstage_docs.api.json_shapes import DocumentShape
from upstage_docs.api.lenient import is_object
from upstage_docs.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigError,
    InvalidResponseError,
    UpstageDocsError,
)
from upstage_docs.files.source import DocumentInput, Named, Source, cut, inspect
from upstage_docs.flows import plan
from upstage_docs.flows.context import ClientContext
from upstage_docs.flows.deadline import OutOfTimeError, within
from upstage_docs.flows.exchange import pay
from upstage_docs.flows.job import JobWatch, PageAnswer
from upstage_docs.flows.reports import continued, current_context, is_passing, note, traced
from upstage_docs.flows.schedule import DONE, Schedule
from upstage_docs.flows.slices import MissingPages, Slices
from upstage_docs.flows.steps import End, Flow, Next, Now, Sleep, Work, work
from upstage_docs.models import OcrResult
from upstage_docs.options import OCROptions, ParseOptions, SendOptions
from upstage_docs.store.values import WHOLE_FILE, Claim, ResultKey, StoredAnswer, StoredJob, StoredState, merged

_KEPT = (
    " What came is kept: the next call reads it and sends nothing; refresh=True asks, and pays, again. A newer version "
    "of this package may understand it."
)
_SPANS = {"stored": "cache_hit", "running": "resume", "send": "request"}
_AGAIN = 0.2  # seconds before looking again at what another flow is changing
# Parts in a row that fail as an outage lets them fail; after them nothing more of the document is sent.
_MOST_OUTAGES = 3
_GATHERING = 60.0  # seconds in which what has come of a job that fails is fetched

# Of one run of pages: its answers, the job that gives them, or that there are none; None: make another plan.
RunResult: TypeAlias = "tuple[PageAnswer | JobWatch | MissingPages, ...] | None"


@dataclass(frozen=True)
class Request:
    """What is asked of one document, and how it is sent.

    Attributes:
        document: Path, bytes or binary file object.
        options: A parse, or OCR.
        source: Names what has no path.
        send: How it is sent.
        item: The one of many documents that it is.
    """

    document: DocumentInput = field(repr=False)
    options: ParseOptions | OCROptions
    source: str | None = None
    send: SendOptions = field(default_factory=SendOptions)
    item: Named | None = None

    @property
    def name(self) -> str:
        """The name of the document before its file was inspected."""
        given = self.source or self.document
        if not isinstance(given, (str, os.PathLike)):
            given = str(getattr(given, "name", "") or f"<{type(given).__name__}>")
        return os.fsdecode(given).encode(errors="backslashreplace").decode()  # as its records would say


@dataclass(frozen=True)
class Reading:
    """The state of reading one document: what of it is stored, what is to be sent, and what was answered."""

    context: ClientContext
    request: Request
    source: Source
    slices: Slices
    outages: list[UpstageDocsError] = field(default_factory=list)  # of the last parts, in a row

    def parts(self) -> Flow[list[Flow[RunResult]]]:
        """Look up what is stored, plan the rest, and return a flow for each part that is still to come."""
        state = StoredState()
        if self.context.store.path is not None:
            state = yield from self.stored_state()
        self.slices.total = self.slices.total or state.total_pages
        runs = self.planned(state)
        wanted = [run for run in runs if run.pages is None or run.pages[1] >= self.slices.next_page]
        get = self._begin_or_miss if self.slices.partial else self.begin
        return [
            traced(
                _SPANS[run.state],
                get(run, state),
                model=self.request.options.model,
                route=run.route,
                pages=run.pages or (1, self.source.pages or 0),
            )
            for run in wanted
        ]

    @property
    def key(self) -> ResultKey:
        """The key of what is asked of the document."""
        return self.context.result_key(self.source.sha256, self.request.options)

    def stored_state(self) -> Flow[StoredState]:
        """Look up what the store has of the document."""
        return (yield from work(partial(self.context.store.look, self.key)))

    def paid(self) -> Flow[int]:
        """Return how many pages of the document have been answered."""
        state = yield from self.stored_state()
        answers = merged(pages for pages in state.answers if pages != WHOLE_FILE)
        answered = sum(last - first + 1 for first, last in answers)
        return max(self.slices.next_page - 1, answered)

    def planned(self, state: StoredState) -> tuple[plan.PageRun, ...]:
        """Plan how to get each page of the document that is neither stored nor delivered."""
        delivered = ((1, self.slices.next_page - 1),) if self.slices.next_page > 1 else ()
        return plan.parts_of(
            self.source,
            self.request.options,
            route=self.request.send.route,
            pages_per_request=self.request.send.pages_per_request,
            stored=delivered + (() if self.request.send.refresh else state.answers),
            running=[job.pages for job in state.jobs],
            total_pages=state.total_pages,
            limits=self.context.limits,
        )

    def _begin_or_miss(self, run: plan.PageRun, state: StoredState) -> Flow[RunResult]:
        """Get the pages of *run* as `begin` does; if they do not come, return why."""
        if run.state == "send" and len(self.outages) >= _MOST_OUTAGES:
            return (MissingPages(run.pages, self.outages[-1]),)
        try:
            result = yield from self.begin(run, state)
        except (AuthenticationError, ConfigError):  # of every part
            raise
        except UpstageDocsError as error:
            if is_passing(error):
                self.outages.append(error)
            return (MissingPages(run.pages, error),)
        if run.state == "send":
            self.outages.clear()
        return result

    def begin(self, run: plan.PageRun, state: StoredState) -> Flow[RunResult]:
        """Get the pages of *run*, or the job that will give them; None where the plan is out of date."""
        if run.state == "stored" and run.pages is not None:
            stored = yield from work(partial(self.context.store.read, self.key, run.pages))
            if stored is not None and stored.unread_route:
                answer = yield from work(partial(self._read_again, run, stored))
                return (answer if isinstance(answer, PageAnswer) else self._watch(answer, StoredState()),)
            return None if stored is None else (PageAnswer(stored.raw, stored.pages),)
        if run.state == "running":
            job = next(one for one in state.jobs if one.pages == run.pages or one.pages is None)
            return (self._watch(job, state),)
        piece = self.source
        if not run.whole:
            piece = yield from work(partial(cut, self.source, *(run.pages or (1, 1))))
        try:
            if not run.whole and piece.size > self._most_bytes(run):
                first, second = plan.halves(run)
                get = self._begin_or_miss if self.slices.partial else self.begin
                before = yield from get(first, state)
                after = yield from get(second, state)
                return None if before is None or after is None else before + after
            for way in (run, replace(run, route="async")):
                try:
                    result = yield from pay(
                        self.context,
                        self.source.sha256,
                        piece,
                        run.pages,
                        self.request.options,
                        partial(self._settle, way, piece, self.context.account),
                        job=way.route == "async",
                        refresh=self.request.send.refresh or run.replaces,
                    )
                    break
                except BadRequestError as error:
                    if error.status_code != 413 or not self._may_need_a_job(way):
                        raise
        finally:
            if piece is not self.source:
                piece.close()
        if result is None:
            yield Sleep(_AGAIN)
            return None
        return (result if isinstance(result, PageAnswer) else self._watch(result, StoredState()),)

    def _most_bytes(self, run: plan.PageRun) -> int:
        """Return how large the request of *run* may be."""
        ocr = isinstance(self.request.options, OCROptions)
        return plan.request_limits(ocr=ocr, route=run.route, limits=self.context.limits)[0]

    def _may_need_a_job(self, run: plan.PageRun) -> bool:
        """Return whether *run*, a file whose pages cannot be counted here, may be too long for one request."""
        parse = isinstance(self.request.options, ParseOptions)
        return parse and run.pages is None and run.route == "sync" and self.request.send.route == "auto"

    def _watch(self, job: StoredJob, state: StoredState) -> JobWatch:
        return JobWatch(
            self.context,
            job.request_id,
            stored=job,
            held=set() if self.request.send.refresh else set(state.came_since(job)),
            source=self.source.name,
            file_sha256=self.source.sha256,
            options=self.request.options if isinstance(self.request.options, ParseOptions) else None,
        )

    def _read_again(self, run: plan.PageRun, stored: StoredAnswer) -> PageAnswer | StoredJob:
        """Decode a stored answer that could not be decoded when it came. It was counted as billed then."""
        pages = None if run.pages == WHOLE_FILE else run.pages
        count = None if pages is None else pages[1] - pages[0] + 1
        claim = Claim("", self.key, pages, self.source.name, stored.sends)
        run = replace(run, pages=pages, route="async" if stored.unread_route == "async" else "sync")
        return self._settle(run, replace(self.source, pages=count), plan.Account(), claim, stored.raw)

    def _settle(
        self, run: plan.PageRun, piece: Source, account: plan.Account, claim: Claim | None, raw: bytes
    ) -> PageAnswer | StoredJob:
        """Decode an answer, count the pages that it bills, and store it."""
        try:
            if run.route == "async" and claim is not None:
                return self.context.store.submitted(claim, decode_job(raw, source=piece.name).request_id)
            content, model, answered = self._counted(raw, piece.pages or 0, account)
            if answered < 1:
                raise InvalidResponseError(  # noqa: TRY301 - it is told as what cannot be decoded is
                    f"{self.source.name!r}: the answer holds no page and no element. Check that base_url= leads to the "
                    "API itself.",
                    raw=raw,
                )
        except InvalidResponseError as error:
            if claim is None or self.context.store.path is None or not is_object(raw):
                raise
            raise InvalidResponseError(error.message + _KEPT, raw=raw) from error
        first = run.pages[0] if run.pages else 1
        kept = min(answered, piece.pages or answered)  # what was not sent is not of this document
        pages = (first, first + kept - 1)
        if claim is not None:
            total = self.source.pages or (answered if run.whole else 0)
            self.context.store.answered(claim, raw, pages, model=model, total_pages=total)
        shortfall = None
        if piece.pages is not None and answered != piece.pages:
            shortfall = InvalidResponseError(
                f"{piece.name!r}: {piece.pages} pages were sent, {answered} came back. What came is kept. An older "
                'server cuts silently: lower ApiLimits(sync_pages=...) or take route="async".',
                raw=raw,
            )
        return PageAnswer(raw, pages, content=content, shortfall=shortfall)

    def _counted(
        self, raw: bytes, sent: int, account: plan.Account
    ) -> tuple[DocumentShape | OcrResult | None, str, int]:
        """Decode an answer, count the pages that it bills, and return it with its model and its pages."""
        options = self.request.options
        if isinstance(options, ParseOptions):
            shape = decode_shape(raw, source=self.source.name)
            usage = usage_of(shape)
            model = shape.model or ""
            if not shape.elements and not usage.pages:
                return shape, model, 0
            note(account.add_parse(usage, sent, options))
            if 0 < usage.pages < sent and usage.pages < (last := last_page_of(shape)) <= sent:
                return shape, model, last  # elements are on pages that it does not count
            return shape, model, usage.pages or sent or last_page_of(shape)
        if options.schema is not None:  # the shape of another service, which is handed through
            note(account.add_ocr(sent))
            return None, options.model, sent
        result = decode_ocr(raw, source=self.source.name, file_sha256=self.source.sha256, sent=sent)
        note(account.add_ocr(result.billed_pages))
        return result, result.model, len(result.pages)


def open_reading(context: ClientContext, request: Request, slices: Slices | None = None) -> Flow[Reading]:
    """Inspect the document of *request* and refuse what the API would refuse; nothing is sent yet.

    *slices* says what becomes of its answers; it learns which document it is of.

    Raises:
        SourceError: See `inspect` and `plan.check`.
        ConfigError: The options contradict each other.
    """
    source: Source = yield Work(partial(inspect, request.document, source=request.source))
    try:
        plan.check(source, request.options, route=request.send.route, limits=context.limits)
    except BaseException:
        source.close()
        raise
    slices = slices or Slices()
    slices.source, slices.file_sha256, slices.total = source.name, source.sha256, source.pages or 0
    slices.ocr = isinstance(request.options, OCROptions)
    return Reading(context, request, source, slices)


def read(reading: Reading, *, at_once: int) -> Flow[None]:
    """Read one document from its first page to its last, and close it; its slices hold what was not delivered.

    Up to *at_once* of its parts, or batches of its job, are read at the same time.

    Raises:
        UpstageDocsError: A page did not come; where pages may be missing, only if none came.
    """
    kind = "ocr" if reading.slices.ocr else "parse"
    return traced("document", _read_parts(reading, at_once), source=reading.source.name, operation=kind)


def _read_parts(reading: Reading, at_once: int) -> Flow[None]:
    slices = reading.slices
    schedule: Schedule[Any] | None = None
    try:
        result: RunResult = None
        while result is not DONE:  # the plan no longer holds: make another
            parts = yield from reading.parts()
            schedule = Schedule(iter(parts), min(at_once, len(parts)))
            while (result := (yield from next_result(schedule))) is not DONE and result is not None:
                for answer in result:
                    if isinstance(answer, JobWatch):
                        following = read_batches(answer, slices, at_once=at_once)
                        told = {"model": reading.request.options.model, "pages": answer.sent_pages}
                        yield from traced("job", following, request_id=answer.request_id, **told)
                    elif isinstance(answer, MissingPages):
                        slices.miss(answer)
                    else:
                        yield from slices.take(answer)
            yield End(schedule)
        yield from slices.complete()
        note(pages=slices.next_page - 1)
    except Exception as error:
        if schedule is not None:
            yield End(schedule)
        if isinstance(error, UpstageDocsError):
            with suppress(ConfigError):  # of a store that is damaged now, which would take the place of this one
                error.pages_paid = yield from reading.paid()
        raise
    finally:
        reading.source.close()


def next_result(schedule: Schedule[Flow[Any]]) -> Flow[Any]:
    """Return a flow that returns the next result of the scheduled flows, `DONE` after the last.

    Where they run one after the other, it is the next of them itself, so that an error passes no frame more.
    """
    flow = None if schedule.at_once > 1 else next(schedule.supply, None)
    return flow or _awaited_result(schedule)


def _awaited_result(schedule: Schedule[Flow[Any]]) -> Flow[Any]:
    handle = (yield Next(schedule)) if schedule.at_once > 1 else None
    return DONE if handle is None else handle.result()


def read_batches(watch: JobWatch, slices: Slices, *, at_once: int) -> Flow[None]:
    """Wait for the batches of a job, and take them in order. If the job fails, take the batches that are done."""
    around = current_context()
    schedule = Schedule((continued(watch.batch(index), around) for index in count()), at_once)
    try:
        while (batch := (yield from next_result(schedule))) is not None:
            if batch.pages[1] >= slices.next_page:
                yield from slices.take(batch)
        yield End(schedule)
        yield from watch.finish(slices.next_page - 1)
    except Exception as error:
        yield End(schedule)
        if not isinstance(error, UpstageDocsError) or isinstance(error, (AuthenticationError, ConfigError)):
            raise
        slices.fail(error)
        yield from _gather(watch, slices)


def _gather(watch: JobWatch, slices: Slices) -> Flow[None]:
    """Take the batches of a job that are done without waiting for others, and continue behind its last page."""
    until: float = (yield Now()) + min(_GATHERING, watch.context.timeout)
    for batch in watch.done_batches():
        with suppress(OutOfTimeError):
            answer = yield from within(watch.done_batch(batch), until)
            if answer is not None and answer.pages[0] >= slices.next_page:
                yield from slices.take(answer)
    slices.total = slices.total or watch.last_page
    slices.next_page = max(slices.next_page, watch.last_page + 1)
