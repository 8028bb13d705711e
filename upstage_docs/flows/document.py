"""One document, read in order: which parts are held, in a job, or to be sent; each becomes a slice of the document.

The sequences are flows; which of them run at once is the client's to say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from upstage_docs.api.decode import decode_document, decode_job, decode_ocr
from upstage_docs.api.limits import Limits
from upstage_docs.api.responses import Reply
from upstage_docs.errors import BadRequestError, ConfigError, InvalidResponseError
from upstage_docs.files.source import DocumentInput, Named, Source, cut, inspect
from upstage_docs.flows import billing, plan
from upstage_docs.flows.exchange import pay
from upstage_docs.flows.job import JobWatch, PageAnswer, placed
from upstage_docs.flows.steps import ClientContext, Flow, Sleep, work
from upstage_docs.models import Job, ParsedDocument
from upstage_docs.options import OCROptions, ParseOptions, SendOptions
from upstage_docs.store.values import Claim, Holding, Pages, ResultKey, StoredJob

__all__ = ["JobReading", "Reading", "Request", "open_job", "open_reading"]

_AGAIN = 0.2  # seconds before looking again at what another flow is changing


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

    Raises:
        ConfigError: The options are neither.
    """

    document: DocumentInput
    options: ParseOptions | OCROptions
    source: str | None = None
    route: plan.Route = "auto"
    pages_per_request: int | None = None
    refresh: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.options, (ParseOptions, OCROptions)):
            raise ConfigError(
                f"options= is of type {type(self.options).__name__!r}; a parse takes ParseOptions(...), OCR takes "
                "OCROptions(...)."
            )
        if self.source is not None and not isinstance(self.source, str):
            raise ConfigError(f"source= is of type {type(self.source).__name__!r}; give the document's name as str.")
        SendOptions(self.route, self.pages_per_request, self.refresh)  # checks them

    @classmethod
    def of(
        cls,
        document: DocumentInput | Named,
        options: ParseOptions | OCROptions,
        *,
        route: plan.Route = "auto",
        pages_per_request: int | None = None,
        refresh: bool = False,
    ) -> Request:
        """Return what is asked of one of many documents."""
        document, source = document if isinstance(document, Named) else (document, None)
        return cls(document, options, source, route, pages_per_request, refresh)


class Reading:
    """One document while it is read; `next_page` and `next_id` are the first that no slice has held yet."""

    def __init__(self, context: ClientContext, request: Request, source: Source, limits: Limits) -> None:
        self.context = context
        self.request = request
        self.source = source
        self.limits = limits
        self.key = ResultKey.of(source.sha256, request.options, context.api.root, engine_version=context.engine_version)
        self.next_page = 1
        self.next_id = 0
        self.total = source.pages or 0
        self.done = False

    def parts(self) -> Flow[list[Flow[tuple[PageAnswer | JobWatch, ...] | None]]]:
        """Look at what is held, plan the rest, and return one flow for each part that is still to come."""
        holding = yield from work(partial(self.context.store.look, self.key))
        self.total = self.total or holding.total_pages
        planned = self.planned(holding)
        return [self.begin(part, holding) for part in planned if part.pages is None or part.pages[1] >= self.next_page]

    def paid(self) -> Flow[int]:
        """Say how many pages of it have been answered."""
        holding = yield from work(partial(self.context.store.look, self.key))
        return max(self.next_page - 1, sum(last - first + 1 for first, last in holding.answers))

    def estimate(self) -> Flow[billing.Estimate]:
        """Say what reading it would cost now."""
        holding = yield from work(partial(self.context.store.look, self.key))
        return billing.estimate(self.planned(holding), self.request.options, self.context.account.spending.prices)

    def decode(self, got: PageAnswer) -> Flow[ParsedDocument]:
        """Understand *got*, the next answer in order, as a slice with final pages and ids."""
        document = yield from work(partial(self._decoded, got))
        self.next_id = max((element.id + 1 for element in document.elements), default=self.next_id)
        self.advance(got)
        return document

    def advance(self, got: PageAnswer) -> None:
        """Note that the pages of *got* have been delivered.

        Raises:
            InvalidResponseError: Some were delivered before, out of what is stored no more, or some are missing.
        """
        if got.pages[0] > self.next_page:
            raise InvalidResponseError(
                f"{self.source.name!r}: after page {self.next_page - 1} comes page {got.pages[0]}. What came is kept; "
                "read it again from the beginning.",
                raw=got.raw,
            )
        if got.pages[0] < self.next_page:
            raise InvalidResponseError(
                f"What is stored of {self.source.name!r} was replaced while it was read, up to page "
                f"{self.next_page - 1}. Read it again from the beginning; that costs nothing.",
                raw=got.raw,
            )
        self.next_page = got.pages[1] + 1
        self.total = self.total or got.total_pages

    def complete(self) -> None:
        """Note that every part has been delivered.

        Raises:
            InvalidResponseError: The last pages are missing.
        """
        if self.next_page <= self.total:
            raise InvalidResponseError(
                f"{self.source.name!r} has {self.total} pages, and the answers end at page {self.next_page - 1}."
            )
        self.done = True

    def planned(self, holding: Holding) -> tuple[plan.PageRun, ...]:
        """Plan every page of the document, given what is held; what was delivered is not wanted again."""
        delivered = ((1, self.next_page - 1),) if self.next_page > 1 else ()
        return plan.parts_of(
            self.source,
            self.request.options,
            route=self.request.route,
            pages_per_request=self.request.pages_per_request,
            stored=delivered + (() if self.request.refresh else holding.answers),
            running=[job.pages for job in holding.jobs],
            total_pages=holding.total_pages,
            limits=self.limits,
        )

    def begin(self, part: plan.PageRun, holding: Holding) -> Flow[tuple[PageAnswer | JobWatch, ...] | None]:
        """Get *part*, or what will give it; None: the plan no longer holds, make another."""
        if part.state == "stored" and part.pages is not None:
            stored = yield from work(partial(self.context.store.read, self.key, part.pages))
            return None if stored is None else (PageAnswer(stored.raw, stored.pages),)
        if part.state == "running":
            job = next(one for one in holding.jobs if one.pages == part.pages or one.pages is None)
            return (self.watch(job, holding),)
        if part.whole:
            result = yield from self._whole(part)
        else:
            piece = yield from work(partial(cut, self.source, *(part.pages or (1, 1))))
            try:
                most = self.limits.sync_bytes if part.route == "sync" else self.limits.async_bytes
                if isinstance(self.request.options, OCROptions):
                    most = self.limits.ocr_bytes
                if piece.size > most:
                    first, second = plan.halves(part)
                    before = yield from self.begin(first, holding)
                    after = yield from self.begin(second, holding)
                    return None if before is None or after is None else before + after
                result = yield from self._sent(part, piece)
            finally:
                piece.close()
        if result is None:
            yield Sleep(_AGAIN)
            return None
        return (result if isinstance(result, PageAnswer) else self.watch(result),)

    def watch(self, job: StoredJob, holding: Holding | None = None) -> JobWatch:
        """Return what waits for *job*, a part of this document."""
        return JobWatch(
            self.context,
            job.request_id,
            stored=job,
            held=holding.answers if holding is not None and not self.request.refresh else (),
            source=self.source.name,
            file_sha256=self.source.sha256,
            options=self.request.options if isinstance(self.request.options, ParseOptions) else None,
        )

    def _whole(self, part: plan.PageRun) -> Flow[PageAnswer | StoredJob | None]:
        """Send the document as it is; one whose pages cannot be counted here may turn out to need a job."""
        try:
            return (yield from self._sent(part, self.source))
        except BadRequestError as error:
            parse = isinstance(self.request.options, ParseOptions) and self.request.route == "auto"
            if error.status_code != 413 or part.pages is not None or part.route == "async" or not parse:
                raise
        return (yield from self._sent(replace(part, route="async"), self.source))

    def _sent(self, part: plan.PageRun, piece: Source) -> Flow[PageAnswer | StoredJob | None]:
        job = part.route == "async"
        return pay(
            self.context,
            self.key,
            piece,
            part.pages,
            self.request.options,
            partial(self._submitted if job else self._answered, part, piece),
            job=job,
            refresh=self.request.refresh or part.replaces,
        )

    def _submitted(self, _part: plan.PageRun, piece: Source, claim: Claim, reply: Reply) -> PageAnswer | StoredJob:
        job = decode_job(reply.body, source=piece.name)
        return self.context.store.submitted(claim, job.request_id)

    def _answered(self, part: plan.PageRun, piece: Source, claim: Claim, reply: Reply) -> PageAnswer | StoredJob:
        model, answered = self._counted(reply.body, piece.pages or 0)
        if answered < 1:
            raise InvalidResponseError(
                f"{self.source.name!r}: the answer holds no page and no element. Check that base_url= leads to the "
                "API itself.",
                raw=reply.body,
            )
        first = part.pages[0] if part.pages else 1
        kept = min(answered, piece.pages or answered)  # what was not sent is not of this document
        pages = (first, first + kept - 1)
        total = self.source.pages or (answered if part.whole else 0)
        self.context.store.answered(claim, reply.body, pages, model=model, total_pages=total)
        if piece.pages is not None and answered != piece.pages:
            raise InvalidResponseError(
                f"{piece.name!r}: {piece.pages} pages were sent, {answered} came back. What came is kept. An older "
                'server cuts silently: lower Limits(sync_pages=...) or take route="async".',
                raw=reply.body,
            )
        return PageAnswer(reply.body, pages)

    def _counted(self, raw: bytes, sent: int) -> tuple[str, int]:
        """Return the model that answered and the pages it answered, and add them to the account."""
        options = self.request.options
        if isinstance(options, ParseOptions):
            document = decode_document(raw, source=self.source.name)
            if not document.elements and not document.usage.pages:
                return document.model, 0
            self.context.account.add_parse(document.usage, sent, options)
            return document.model, document.usage.pages or sent or document.total_pages
        if options.schema is not None:  # the shape of another service, which is handed through
            self.context.account.add_ocr(sent)
            return options.model, sent
        result = decode_ocr(raw, source=self.source.name)
        self.context.account.add_ocr(result.billed_pages)
        return result.model, len(result.pages)

    def _decoded(self, got: PageAnswer) -> ParsedDocument:
        return placed(
            got,
            source=self.source.name,
            file_sha256=self.source.sha256,
            first_id=self.next_id,
            total_pages=self.total or got.total_pages,
        )


def open_reading(context: ClientContext, request: Request, limits: Limits) -> Flow[Reading]:
    """Look at the document of *request* and refuse what the API would refuse; nothing is sent yet.

    Raises:
        SourceError: See `sources.inspect` and `plan.check`.
        ConfigError: The options contradict each other.
    """
    source = yield from work(partial(inspect, request.document, source=request.source))
    plan.check(source, request.options, route=request.route, limits=limits)
    return Reading(context, request, source, limits)


class JobReading:
    """The document of a job that may have been made elsewhere: its batches, in order."""

    def __init__(self, watch: JobWatch, source: str, file_sha256: str) -> None:
        self.watch = watch
        self._source = source
        self._file_sha256 = file_sha256
        self._next_id = 0
        self.next_page = 1

    def decode(self, got: PageAnswer) -> Flow[ParsedDocument]:
        """Understand *got*, the next batch in order."""
        document = yield from work(
            partial(
                placed,
                got,
                source=self._source,
                file_sha256=self._file_sha256,
                first_id=self._next_id,
                total_pages=got.total_pages,
            )
        )
        self._next_id = max((element.id + 1 for element in document.elements), default=self._next_id)
        self.next_page = got.pages[1] + 1
        return document


def open_job(context: ClientContext, job: Job | str) -> Flow[JobReading]:
    """Find what the store knows of *job*, a Job or a request id; the API is not asked yet."""
    request_id = job if isinstance(job, str) else job.request_id
    known = yield from work(context.store.jobs)
    stored = next((one for one in known if one.request_id == request_id), None)
    source = (job.source if isinstance(job, Job) else "") or (stored.source if stored else "")
    sha256 = (job.file_sha256 if isinstance(job, Job) else "") or (stored.key.file_sha256 if stored else "")
    held: tuple[Pages, ...] = ()
    if stored is not None:
        held = (yield from work(partial(context.store.look, stored.key))).answers
    watch = JobWatch(context, request_id, stored=stored, held=held, source=source, file_sha256=sha256)
    return JobReading(watch, source, sha256)
