"""One document, read in order: which of its pages are stored, in a job, or to be sent; each answer becomes a slice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any, TypeAlias

from upstage_docs.api.decode import (
    decode_document,
    decode_job,
    decode_ocr,
    decode_shape,
    last_page_of,
    usage_of,
    with_document_words,
)
from upstage_docs.api.json_shapes import DocumentShape
from upstage_docs.api.lenient import is_object
from upstage_docs.api.responses import Reply
from upstage_docs.errors import BadRequestError, ConfigError, InvalidResponseError, UpstageDocsError
from upstage_docs.files.source import DocumentInput, Named, Source, cut, inspect
from upstage_docs.flows import plan
from upstage_docs.flows.billing import Account
from upstage_docs.flows.exchange import pay
from upstage_docs.flows.job import JobWatch, PageAnswer
from upstage_docs.flows.schedule import DONE, Schedule
from upstage_docs.flows.steps import ClientContext, Deliver, End, Flow, Sleep, Work, next_result, work
from upstage_docs.models import OcrResult, PageWarning, ParsedDocument
from upstage_docs.options import OCROptions, ParseOptions, SendOptions
from upstage_docs.store.values import WHOLE_FILE, Claim, Holding, StoredAnswer, StoredJob

__all__ = ["Deliverer", "Reading", "Request", "Slice", "Slices", "open_reading", "read", "read_batches"]

_KEPT = (
    " What came is kept: the next call reads it and sends nothing; refresh=True asks, and pays, again. A newer version "
    "of this package may understand it."
)
_AGAIN = 0.2  # seconds before looking again at what another flow is changing

Slice: TypeAlias = ParsedDocument | OcrResult
# Gives what is delivered of a slice; the slices say how far the document is read.
Deliverer: TypeAlias = "Callable[[Any, Slices], Iterable[object]]"


@dataclass(frozen=True)
class Request:
    """What is asked of one document.

    Attributes:
        document: Path, bytes or binary file object.
        options: A parse, or OCR.
        source: Names what has no path.
        route: `auto`, `sync` or `async`.
        pages_per_request: Cut a PDF into parts of this many pages.
        refresh: Ask again although there is an answer.
        item: The one of many documents that it is.

    Raises:
        ConfigError: The options are neither.
    """

    document: DocumentInput = field(repr=False)
    options: ParseOptions | OCROptions
    source: str | None = None
    route: plan.Route = "auto"
    pages_per_request: int | None = None
    refresh: bool = False
    item: Named | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.options, (ParseOptions, OCROptions)):
            raise ConfigError(
                f"options= is of type {type(self.options).__name__!r}; a parse takes ParseOptions(...), OCR takes "
                "OCROptions(...)."
            )
        if self.source is not None and not isinstance(self.source, str):
            raise ConfigError(f"source= is of type {type(self.source).__name__!r}; give the document's name as str.")
        SendOptions(self.route, self.pages_per_request, self.refresh)  # checks them

    @property
    def name(self) -> str:
        """What the document is called before anybody has looked at it."""
        if self.source or isinstance(self.document, (str, os.PathLike)):
            return self.source or str(self.document)
        return str(getattr(self.document, "name", "") or f"<{type(self.document).__name__}>")


@dataclass
class Slices:
    """The answers about one document, in order, as slices of it: pages and ids are the document's own.

    Attributes:
        source, file_sha256: Of the document.
        ocr: Whether Document OCR answers.
        total: Pages of the document, 0 if unknown.
        next_page: The page that the first answer begins with.
        deliver: Gives what is delivered of each slice before the next answer is waited for. Without it, slices are
            kept in `kept`.
        convert: Gives what a slice becomes first, and what None becomes, after the last one.
        kept: The slices that were not delivered.
        warnings: Of all slices so far.
    """

    source: str
    file_sha256: str
    ocr: bool = False
    total: int = 0
    next_page: int = 1
    deliver: Deliverer | None = None
    convert: Callable[[Any], Any] | None = None
    kept: list[Any] = field(default_factory=list)
    warnings: list[PageWarning] = field(default_factory=list)
    _next_id: int = 0

    def take(self, answer: PageAnswer) -> Flow[None]:
        """Understand *answer*, the next one, and deliver it.

        Raises:
            InvalidResponseError: Pages of it were delivered before, out of what is stored no more, or some before it
                are missing.
        """
        first, last = answer.pages
        if first > self.next_page:
            raise InvalidResponseError(
                f"{self.source!r}: after page {self.next_page - 1} comes page {first}. What came is kept; read it "
                "again from the beginning.",
                raw=answer.raw,
            )
        if first < self.next_page:
            raise InvalidResponseError(
                f"What is stored of {self.source!r} was replaced while it was read, up to page {self.next_page - 1}. "
                "Read it again from the beginning; that costs nothing.",
                raw=answer.raw,
            )
        piece = yield Work(partial(self._understood, answer))
        self.next_page = last + 1
        self.total = self.total or answer.total_pages
        yield from self._hand_over(piece)

    def complete(self) -> Flow[None]:
        """Note that nothing more comes.

        Raises:
            InvalidResponseError: The last pages are missing.
        """
        if self.next_page <= self.total:
            raise InvalidResponseError(
                f"{self.source!r} has {self.total} pages, and the answers end at page {self.next_page - 1}."
            )
        if self.convert is not None:
            yield from self._hand_over((yield Work(partial(self.convert, None))))

    def _hand_over(self, piece: object) -> Flow[None]:
        if self.deliver is None:
            self.kept.append(piece)
            return
        for value in self.deliver(piece, self):
            yield Deliver(value)

    def _understood(self, answer: PageAnswer) -> object:
        piece = self._recognised(answer) if self.ocr else self._parsed(answer)
        return piece if self.convert is None else self.convert(piece)

    def _parsed(self, answer: PageAnswer) -> ParsedDocument:
        try:
            document = decode_document(
                answer.raw,
                source=self.source,
                file_sha256=self.file_sha256,
                first_id=self._next_id,
                total_pages=self.total or answer.total_pages,
                pages=answer.pages,
                shape=answer.content if isinstance(answer.content, DocumentShape) else None,
            )
        except InvalidResponseError as error:
            again = " It is kept where there is a store; refresh=True asks, and pays, again."
            raise InvalidResponseError(error.message + again, raw=answer.raw) from error
        self._next_id = max((element.id + 1 for element in document.elements), default=self._next_id)
        self.warnings += document.warnings
        return document

    def _recognised(self, answer: PageAnswer) -> OcrResult:
        result = answer.content
        if not isinstance(result, OcrResult):
            result = decode_ocr(answer.raw, source=self.source, file_sha256=self.file_sha256)
        result = with_document_words(result, self.next_page - 1, self._next_id)
        self._next_id = max([self._next_id, *(word.id + 1 for page in result.pages for word in page.words)])
        return result


@dataclass(frozen=True)
class Reading:
    """One document while it is read: what of it is held, what is to be sent, and what was answered."""

    context: ClientContext
    request: Request
    source: Source
    slices: Slices

    def parts(self) -> Flow[list[Flow[tuple[PageAnswer | JobWatch, ...] | None]]]:
        """Look at what is held, plan the rest, and return one flow for each part that is still to come."""
        holding = Holding()
        if self.context.store.path is not None:
            holding = yield from self.holding()
        self.slices.total = self.slices.total or holding.total_pages
        runs = self.planned(holding)
        return [self.begin(run, holding) for run in runs if run.pages is None or run.pages[1] >= self.slices.next_page]

    def holding(self) -> Flow[Holding]:
        """Look at what the store holds of it."""
        key = self.context.result_key(self.source.sha256, self.request.options)
        return (yield from work(partial(self.context.store.look, key)))

    def paid(self) -> Flow[int]:
        """Return how many pages of it have been answered."""
        holding = yield from self.holding()
        answered = sum(pages[1] - pages[0] + 1 for pages in holding.answers if pages != WHOLE_FILE)
        return max(self.slices.next_page - 1, answered)

    def planned(self, holding: Holding) -> tuple[plan.PageRun, ...]:
        """Plan every page of the document, given what is held; what was delivered is not wanted again."""
        delivered = ((1, self.slices.next_page - 1),) if self.slices.next_page > 1 else ()
        return plan.parts_of(
            self.source,
            self.request.options,
            route=self.request.route,
            pages_per_request=self.request.pages_per_request,
            stored=delivered + (() if self.request.refresh else holding.answers),
            running=[job.pages for job in holding.jobs],
            total_pages=holding.total_pages,
            limits=self.context.limits,
        )

    def begin(self, run: plan.PageRun, holding: Holding) -> Flow[tuple[PageAnswer | JobWatch, ...] | None]:
        """Get the pages of *run*, or the job that will give them; None: the plan no longer holds, make another."""
        if run.state == "stored" and run.pages is not None:
            key = self.context.result_key(self.source.sha256, self.request.options)
            stored = yield from work(partial(self.context.store.read, key, run.pages))
            if stored is not None and stored.unread_route:
                answer = yield from work(partial(self._read_again, run, stored))
                return (answer if isinstance(answer, PageAnswer) else self._watch(answer, Holding()),)
            return None if stored is None else (PageAnswer(stored.raw, stored.pages),)
        if run.state == "running":
            job = next(one for one in holding.jobs if one.pages == run.pages or one.pages is None)
            return (self._watch(job, holding),)
        piece = self.source
        if not run.whole:
            piece = yield from work(partial(cut, self.source, *(run.pages or (1, 1))))
        try:
            if not run.whole and piece.size > self._most_bytes(run):
                first, second = plan.halves(run)
                before = yield from self.begin(first, holding)
                after = yield from self.begin(second, holding)
                return None if before is None or after is None else before + after
            try:
                result = yield from self._pay(run, piece)
            except BadRequestError as error:
                if error.status_code != 413 or not self._may_need_a_job(run):
                    raise
                result = yield from self._pay(replace(run, route="async"), piece)
        finally:
            if piece is not self.source:
                piece.close()
        if result is None:
            yield Sleep(_AGAIN)
            return None
        return (result if isinstance(result, PageAnswer) else self._watch(result, Holding()),)

    def _most_bytes(self, run: plan.PageRun) -> int:
        """Return how large the request of *run* may be."""
        ocr = isinstance(self.request.options, OCROptions)
        return plan.request_limits(ocr=ocr, route=run.route, limits=self.context.limits)[0]

    def _may_need_a_job(self, run: plan.PageRun) -> bool:
        """Return whether *run*, a file whose pages cannot be counted here, may be too long for one request."""
        parse = isinstance(self.request.options, ParseOptions)
        return parse and run.pages is None and run.route == "sync" and self.request.route == "auto"

    def _watch(self, job: StoredJob, holding: Holding) -> JobWatch:
        return JobWatch(
            self.context,
            job.request_id,
            stored=job,
            held=() if self.request.refresh else holding.came_since(job),
            source=self.source.name,
            file_sha256=self.source.sha256,
            options=self.request.options if isinstance(self.request.options, ParseOptions) else None,
        )

    def _pay(self, run: plan.PageRun, piece: Source) -> Flow[PageAnswer | StoredJob | None]:
        return pay(
            self.context,
            self.source.sha256,
            piece,
            run.pages,
            self.request.options,
            partial(self._keep, run, piece),
            job=run.route == "async",
            refresh=self.request.refresh or run.replaces,
        )

    def _keep(self, run: plan.PageRun, piece: Source, claim: Claim | None, reply: Reply) -> PageAnswer | StoredJob:
        """Read what came, put it on the bill and keep it."""
        return self._settle(run, piece, claim, reply.body, self.context.account)

    def _read_again(self, run: plan.PageRun, stored: StoredAnswer) -> PageAnswer | StoredJob:
        """Read what nobody understood when it came; this version may. It is on the bill already."""
        pages = None if run.pages == WHOLE_FILE else run.pages
        count = None if pages is None else pages[1] - pages[0] + 1
        key = self.context.result_key(self.source.sha256, self.request.options)
        claim = Claim("", key, pages, self.source.name, stored.sends)
        run = replace(run, pages=pages, route="async" if stored.unread_route == "async" else "sync")
        return self._settle(run, replace(self.source, pages=count), claim, stored.raw, Account())

    def _settle(
        self, run: plan.PageRun, piece: Source, claim: Claim | None, raw: bytes, account: Account
    ) -> PageAnswer | StoredJob:
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
        if piece.pages is not None and answered != piece.pages:
            raise InvalidResponseError(
                f"{piece.name!r}: {piece.pages} pages were sent, {answered} came back. What came is kept. An older "
                'server cuts silently: lower ApiLimits(sync_pages=...) or take route="async".',
                raw=raw,
            )
        return PageAnswer(raw, pages, content=content)

    def _counted(self, raw: bytes, sent: int, account: Account) -> tuple[DocumentShape | OcrResult | None, str, int]:
        """Decode an answer, put it on the bill, and return it with its model and the pages that it holds."""
        options = self.request.options
        if isinstance(options, ParseOptions):
            shape = decode_shape(raw, source=self.source.name)
            usage = usage_of(shape)
            model = shape.model or ""
            if not shape.elements and not usage.pages:
                return shape, model, 0
            account.add_parse(usage, sent, options)
            return shape, model, usage.pages or sent or last_page_of(shape)
        if options.schema is not None:  # the shape of another service, which is handed through
            account.add_ocr(sent)
            return None, options.model, sent
        result = decode_ocr(raw, source=self.source.name, file_sha256=self.source.sha256)
        account.add_ocr(result.billed_pages)
        return result, result.model, len(result.pages)


def open_reading(
    context: ClientContext,
    request: Request,
    deliver: Deliverer | None = None,
    convert: Callable[[Any], Any] | None = None,
) -> Flow[Reading]:
    """Look at the document of *request* and refuse what the API would refuse; nothing is sent yet.

    Raises:
        SourceError: See `inspect` and `plan.check`.
        ConfigError: The options contradict each other.
    """
    source: Source = yield Work(partial(inspect, request.document, source=request.source))
    try:
        plan.check(source, request.options, route=request.route, limits=context.limits)
    except BaseException:
        source.close()
        raise
    ocr = isinstance(request.options, OCROptions)
    slices = Slices(source.name, source.sha256, ocr=ocr, total=source.pages or 0, deliver=deliver, convert=convert)
    return Reading(context, request, source, slices)


def read(reading: Reading, *, at_once: int) -> Flow[list[Any]]:
    """Read one document from its first page to its last, close it, and return its slices that were not delivered.

    Up to *at_once* of its parts, or batches of its job, are in work at the same time.
    """
    slices = reading.slices
    schedule: Schedule[Any] | None = None
    try:
        part: tuple[PageAnswer | JobWatch, ...] | None = None
        while part is not DONE:  # the plan no longer holds: make another
            parts = yield from reading.parts()
            schedule = Schedule(iter(parts), min(at_once, len(parts)))
            while (part := (yield from next_result(schedule))) is not DONE and part is not None:
                for answer in part:
                    if isinstance(answer, JobWatch):
                        yield from read_batches(answer, slices, at_once=at_once)
                    else:
                        yield from slices.take(answer)
            yield End(schedule)
        yield from slices.complete()
    except Exception as error:
        if schedule is not None:
            yield End(schedule)
        if isinstance(error, UpstageDocsError):
            error.pages_paid = yield from reading.paid()
        raise
    finally:
        reading.source.close()
    return slices.kept


def read_batches(watch: JobWatch, slices: Slices, *, at_once: int) -> Flow[None]:
    """Wait for the batches of a job, and take them in their order."""
    schedule = Schedule((watch.batch(index) for index in count()), at_once)
    try:
        while (batch := (yield from next_result(schedule))) is not None:
            if batch.pages[1] >= slices.next_page:
                yield from slices.take(batch)
    except Exception:
        yield End(schedule)
        raise
    yield End(schedule)
    yield from watch.finish(slices.next_page - 1)
