"""The operations of a client, one flow each: read documents, follow a job, create one, estimate the price."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar, cast

from upstage_docs.api.joining import join
from upstage_docs.errors import AuthenticationError, ConfigError, SourceError, UpstageDocsError
from upstage_docs.files.source import DocumentInput, Named, is_document
from upstage_docs.flows import plan
from upstage_docs.flows.context import ClientContext
from upstage_docs.flows.document import Request, next_result, open_reading, read, read_batches
from upstage_docs.flows.job import JobWatch, PageAnswer
from upstage_docs.flows.reports import Failure, Report, drop_frames, traced
from upstage_docs.flows.schedule import DONE, Schedule
from upstage_docs.flows.slices import Deliverer, Slices
from upstage_docs.flows.steps import Deliver, Flow, work
from upstage_docs.models import Job
from upstage_docs.options import ManyOptions, OCROptions, ParseOptions, SendOptions
from upstage_docs.store.values import Pages
from upstage_docs.store.waiting import WaitingPieces

AskedOptions = TypeVar("AskedOptions", ParseOptions, OCROptions)


def read_one(context: ClientContext, request: Request, *, deliver: Deliverer | None = None) -> Flow[Any]:
    """Read one document; return it whole, or deliver what *deliver* gives for each slice."""
    reading = yield from open_reading(context, request, Slices(deliver=deliver))
    yield from read(reading, at_once=context.at_once)
    return None if deliver else join(list(reading.slices.kept))


def read_many(
    context: ClientContext,
    documents: DocumentInput | Named | Iterable[DocumentInput | Named],
    options: ParseOptions | OCROptions,
    many: ManyOptions,
    *,
    whole: bool,
    report: Report | None = None,
    convert: Callable[[], Callable[[Any], Any]] | None = None,
) -> Flow[None]:
    """Read documents, several at once, and deliver what they hold.

    Args:
        context: Of the client.
        documents: One or many, taken as they are needed.
        options: What to ask of each.
        many: How each is sent, in which order they come, and what becomes of one that fails: no page of it is
            delivered before its last one has come, unless failures are raised.
        whole: Deliver each document whole. Else deliver `(item, slice)` for each slice and `(item, None)` after the
            last one: where there is one document only, and its failure is raised, each slice as soon as it is answered.
        report: Filled with what succeeded and what failed, and why.
        convert: Gives, for each document, what turns its slices, and None after the last, into what is delivered.
    """
    report = report or Report()
    supply = several_requests(documents, options, many)
    first = list(islice(supply, 2))

    def outcome_of(request: Request, only: Report | None = None) -> Flow[tuple[Request, Slices] | Failure]:
        """Read one of the documents and return its outcome: an error does not end the others."""
        streamed = only is not None and not whole and many.on_error == "raise"
        slices = Slices(
            deliver=(lambda piece, _: ((request.item, piece),)) if streamed else None,
            convert=convert and convert(),
            kept=[] if whole or streamed else WaitingPieces(),
            partial=many.on_error == "partial",
            on_taken=None if only is None or only.on_progress is None else partial(_tell, only),
        )
        try:
            reading = yield from open_reading(context, request, slices)
            yield from read(reading, at_once=1 if only is None else context.at_once)
        except UpstageDocsError as error:
            slices.close()
            return Failure(slices.source or request.name, error, error.pages_paid)
        return request, slices

    if len(first) == 1:
        schedule = Schedule(iter([outcome_of(first[0], report)]), 1)
    else:
        schedule = Schedule(map(outcome_of, chain(first, supply)), context.at_once, ordered=many.ordered)
    while (outcome := (yield from next_result(schedule))) is not DONE:
        if isinstance(outcome, Failure):
            report.failed(outcome)
            if many.on_error == "raise" or isinstance(outcome.error, (AuthenticationError, ConfigError)):
                raise outcome.error
            drop_frames(outcome.error)
            continue
        request, slices = outcome
        try:
            for index in range(0 if whole else len(slices.kept)):
                yield Deliver((request.item, (yield from slices.result(index))))
        finally:
            if slices.kept:
                slices.close()
        pages = slices.pages
        if missing := slices.missing_pages:
            drop_frames(slices.errors[0])
            report.failed(Failure(slices.source, slices.errors[0], pages, missing), pages, slices.warnings)
        else:
            report.read(slices.source, pages, slices.warnings)
        yield Deliver(join(list(slices.kept)) if whole else (request.item, None))


def _tell(report: Report, slices: Slices) -> None:
    """Report the progress of the only document."""
    report.tell(slices.pages, slices.total or slices.pages)


def read_job(context: ClientContext, job: Job | str, *, deliver: Deliverer | None = None) -> Flow[Any]:
    """Wait for *job*, a Job or a request id; return its document whole, or deliver it as `read_one` does."""
    request_id = job if isinstance(job, str) else job.request_id
    known = yield from work(context.store.jobs)
    stored = next((one for one in known if one.request_id == request_id), None)
    source = (job.source if isinstance(job, Job) else "") or (stored.source if stored else "")
    sha256 = (job.file_sha256 if isinstance(job, Job) else "") or (stored.key.file_sha256 if stored else "")
    held: set[Pages] = set()
    if stored is not None:
        held = set((yield from work(partial(context.store.look, stored.key))).came_since(stored))
    watch = JobWatch(context, request_id, stored=stored, held=held, source=source, file_sha256=sha256)
    slices = Slices(source, sha256, next_page=watch.first_page, deliver=deliver)
    following = read_batches(watch, slices, at_once=context.at_once)
    yield from traced("job", following, request_id=request_id, source=source, pages=watch.sent_pages)
    return None if deliver else join(list(slices.kept))


def ocr_raw(context: ClientContext, request: Request) -> Flow[bytes]:
    """Recognise the text of a document and return the body as it was answered.

    Raises:
        SourceError: The document needs more than one request.
    """
    reading = yield from open_reading(context, request)
    with closing(reading.source):
        while True:
            parts = yield from reading.parts()
            if len(parts) > 1:
                raise SourceError(
                    f"{reading.source.name!r} needs {len(parts)} requests, whose answers cannot be joined; cut it "
                    "yourself, or use ocr()."
                )
            answers = yield from parts[0]
            if answers is not None and isinstance(answers[0], PageAnswer):
                return bytes(answers[0].raw)


def submit(context: ClientContext, request: Request) -> Flow[Job]:
    """Create the job of a document, or return the one that is running for it.

    Raises:
        ConfigError: The document needs more than one job, or is answered already.
    """
    reading = yield from open_reading(context, request)
    with closing(reading.source):
        while True:
            state = yield from reading.stored_state()
            runs = reading.planned(state)
            if all(run.state == "stored" for run in runs):
                raise ConfigError(
                    f"{reading.source.name!r} was answered before: parse() reads the stored answer at no cost; "
                    "with refresh=True, it is sent, and paid for, again."
                )
            if len(runs) != 1:
                raise ConfigError(
                    f"{reading.source.name!r} does not make one job, but {len(runs)} parts, some of them stored or "
                    "running. Use parse() or stream(), which join them."
                )
            begun = yield from reading.begin(runs[0], state)
            if begun is not None and isinstance(begun[0], JobWatch):
                return Job(begun[0].request_id, source=reading.source.name, file_sha256=reading.source.sha256)


def estimate(context: ClientContext, requests: Iterable[Request]) -> Flow[plan.Estimate]:
    """Add up what the documents would cost now; nothing is sent."""
    total = plan.Estimate()
    for request in requests:
        reading = yield from open_reading(context, request)
        with closing(reading.source):
            runs = reading.planned((yield from reading.stored_state()))
            total += plan.estimate(runs, request.options, context.account.spending.prices)
    return total


def several_requests(
    documents: DocumentInput | Named | Iterable[DocumentInput | Named],
    options: ParseOptions | OCROptions,
    send: SendOptions,
) -> Iterator[Request]:
    """Yield a request for each of *documents*, one or many, which are taken as they are needed.

    Raises:
        ConfigError: They are no documents.
    """
    one = isinstance(documents, Named) or is_document(documents)
    if not one and not isinstance(documents, Iterable):
        raise ConfigError(f"A document is a path, bytes or a binary file object, not {type(documents).__name__}.")
    for document in cast("Iterable[DocumentInput | Named]", [documents] if one else documents):
        item = document if isinstance(document, Named) else Named(document, None)
        yield Request(item.document, options, item.source, send, item)


def require_options(options: AskedOptions | None, kind: type[AskedOptions]) -> AskedOptions:
    """Return *options*, or `kind()` where None was given; refuse options of another kind.

    Raises:
        ConfigError: They are of another kind: what is sent would be paid for, and be another thing.
    """
    if options is not None and not isinstance(options, kind):
        raise ConfigError(f"options= is of type {type(options).__name__!r}; this takes {kind.__name__}(...).")
    return options or kind()


def require_plain_ocr(options: OCROptions | None) -> OCROptions:
    """Return *options* of OCR; refuse a `schema`, with which the API answers in another shape.

    Raises:
        ConfigError: They are no options of OCR, or another schema is asked for.
    """
    options = require_options(options, OCROptions)
    if options.schema is not None:
        raise ConfigError(f"schema={options.schema!r} is answered in another shape, which only ocr_raw() returns.")
    return options
