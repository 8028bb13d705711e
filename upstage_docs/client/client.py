"""Client: the synchronous face of the flows; what happens, and in which order, is not decided here."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING, Literal

from upstage_docs.api.decode import join
from upstage_docs.client.session import Session
from upstage_docs.client.settings import ClientBase, Settings
from upstage_docs.errors import UpstageDocsError
from upstage_docs.files.source import DocumentInput, Named
from upstage_docs.flows import document as reading, exchange as flows, operations as whole
from upstage_docs.flows.billing import Estimate
from upstage_docs.flows.document import Request
from upstage_docs.flows.job import JobWatch, PageAnswer
from upstage_docs.flows.plan import Route
from upstage_docs.flows.reports import Report
from upstage_docs.flows.steps import Flow
from upstage_docs.models import Element, Job, OcrResult, ParsedDocument
from upstage_docs.options import OCROptions, ParseOptions, choice

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Client"]


class Client(ClientBase):
    """Document Parse and Document OCR, synchronously; it works inside a running event loop too, which it blocks.

    Iterators that it returns stop their work when they are closed: use `contextlib.closing` where they may end early.
    """

    _calls: Session

    def parse(
        self,
        document: DocumentInput,
        options: ParseOptions | None = None,
        *,
        source: str | None = None,
        route: Route = "auto",
        pages_per_request: int | None = None,
        refresh: bool = False,
    ) -> ParsedDocument:
        """Parse one document.

        Args:
            document: A path, bytes, or a binary file object.
            options: What to ask; by default all three formats.
            source: Names a document that has no path.
            route: `sync`, `async` (a job), or `auto`, which makes a job of what is long.
            pages_per_request: Cut a PDF into parts of this many pages, sent at once: less waiting, same price.
            refresh: Ask (and pay) again although the answer is stored.

        Raises:
            SourceError: The document cannot be sent; nothing was.
            APIStatusError: The API refused.
            APIConnectionError: No answer came.
            InvalidResponseError: The answer is not what the API promises; `.raw` holds it.
            JobFailedError, JobTimeoutError: Its job failed, or was not done in time.
            UnknownOutcomeError: It was sent and nobody knows whether it was billed.
        """
        return join(
            list(
                self.stream(
                    document, options, source=source, route=route, pages_per_request=pages_per_request, refresh=refresh
                )
            )
        )

    def stream(
        self,
        document: DocumentInput,
        options: ParseOptions | None = None,
        *,
        source: str | None = None,
        route: Route = "auto",
        pages_per_request: int | None = None,
        refresh: bool = False,
    ) -> Generator[ParsedDocument, None, None]:
        """Parse one document and yield it in slices of pages, in order, each as soon as it is answered.

        Arguments and errors are those of `parse`. Each slice has final pages and element ids. Closing the iterator
        ends the work: sends under way end first, and a job goes on to be resumed by the next call.
        """
        request = Request(document, whole.asked(options, ParseOptions), source, route, pages_per_request, refresh)
        calls = self._calls
        book = calls.run(reading.open_reading(self._context, request, self._settings.limits))
        try:
            while not book.done:
                with closing(calls.run_many(calls.run(book.parts()))) as parts:
                    for outcome in parts:
                        if outcome is None:
                            break
                        for one in outcome:
                            if isinstance(one, PageAnswer):
                                yield calls.run(book.decode(one))
                            else:
                                yield from _batches(calls, book, one)
                    else:
                        book.complete()
        except UpstageDocsError as error:
            error.pages_paid = calls.run(book.paid())
            raise
        finally:
            book.source.close()

    def iter_elements(
        self,
        document: DocumentInput,
        options: ParseOptions | None = None,
        *,
        source: str | None = None,
        route: Route = "auto",
        pages_per_request: int | None = None,
        refresh: bool = False,
    ) -> Generator[Element, None, None]:
        """Parse one document and yield its elements in order, as they are answered; see `stream`."""
        slices = self.stream(
            document, options, source=source, route=route, pages_per_request=pages_per_request, refresh=refresh
        )
        with closing(slices):
            for part in slices:
                yield from part.elements

    def parse_many(
        self,
        documents: DocumentInput | Named | Iterable[DocumentInput | Named],
        options: ParseOptions | None = None,
        *,
        route: Route = "auto",
        pages_per_request: int | None = None,
        refresh: bool = False,
        ordered: bool = True,
        on_error: Literal["raise", "skip"] = "raise",
        report: Report | None = None,
    ) -> Generator[ParsedDocument, None, None]:
        """Parse many documents, `max_concurrency` requests at once, and yield each whole.

        Args:
            documents: One or many, taken as they are needed; `Named` gives one a name.
            options: What to ask of each.
            route: See `parse`.
            pages_per_request: See `parse`.
            refresh: See `parse`.
            ordered: False yields each document as soon as it is there. In the order given, one that takes long holds up
                those behind it, once twice `max_concurrency` of them are in work.
            on_error: `skip` leaves out a document that fails and goes on.
            report: Filled with what succeeded and what failed, and why.

        Raises:
            UpstageDocsError: As `parse`, unless skipped.
        """
        asked = whole.asked(options, ParseOptions)
        wanted = (
            Request.of(one, asked, route=route, pages_per_request=pages_per_request, refresh=refresh)
            for one in whole.several(documents)
        )
        each = whole.parse_each(self._context, wanted, self._settings.limits)
        return self._settled(each, ordered, on_error, report)

    def submit(
        self,
        document: DocumentInput,
        options: ParseOptions | None = None,
        *,
        source: str | None = None,
        refresh: bool = False,
    ) -> Job:
        """Create the asynchronous job of one document and return it at once; a running job for it is returned as it is.

        Raises:
            ConfigError: The document is answered already, or needs more than one job.
            SourceError, APIStatusError, APIConnectionError, UnknownOutcomeError: As `parse`.
        """
        request = Request(document, whole.asked(options, ParseOptions), source, "async", None, refresh)
        return self._calls.run(whole.submit(self._context, request, self._settings.limits))

    def result(self, job: Job | str) -> ParsedDocument:
        """Wait for *job*, or for the one with this request id (also from another machine), and return its document.

        Raises:
            JobFailedError, JobTimeoutError: It failed, or was not done by the deadline of the poll policy.
            JobError: The API does not know it.
        """
        return join(list(self.stream_result(job)))

    def stream_result(self, job: Job | str) -> Generator[ParsedDocument, None, None]:
        """Wait for *job* and yield its document in slices, in order, as batches complete; errors as `result`."""
        calls = self._calls
        book = calls.run(reading.open_job(self._context, job))
        yield from _batches(calls, book, book.watch)

    def job(self, request_id: str) -> Job:
        """Return the state of one job now.

        Raises:
            JobError: The API does not know it.
        """
        return self._calls.run(flows.look(self._context, request_id))

    def jobs(self) -> tuple[Job, ...]:
        """Return the account's jobs, in the API's order; they name no document."""
        return self._calls.run(flows.jobs(self._context))

    def ocr(
        self,
        document: DocumentInput,
        options: OCROptions | None = None,
        *,
        source: str | None = None,
        refresh: bool = False,
    ) -> OcrResult:
        """Recognise the words of one document, with confidences and boxes in pixels.

        Arguments and errors are those of `parse`.
        """
        request = Request(document, whole.plain(options), source, "auto", None, refresh)
        return self._calls.run(whole.ocr(self._context, request, self._settings.limits))

    def ocr_many(
        self,
        documents: DocumentInput | Named | Iterable[DocumentInput | Named],
        options: OCROptions | None = None,
        *,
        refresh: bool = False,
        ordered: bool = True,
        on_error: Literal["raise", "skip"] = "raise",
        report: Report | None = None,
    ) -> Generator[OcrResult, None, None]:
        """Recognise the words of many documents, `max_concurrency` requests at once, and yield each whole.

        Arguments and errors are those of `parse_many`.
        """
        asked = whole.plain(options)
        wanted = (Request.of(one, asked, refresh=refresh) for one in whole.several(documents))
        each = whole.ocr_each(self._context, wanted, self._settings.limits)
        return self._settled(each, ordered, on_error, report)

    def ocr_raw(
        self,
        document: DocumentInput,
        options: OCROptions | None = None,
        *,
        source: str | None = None,
        refresh: bool = False,
    ) -> bytes:
        """Return what Document OCR answers, byte for byte: the way to `OCROptions(schema=...)`.

        Raises:
            SourceError: The document needs more than one request, whose answers cannot be joined here.
        """
        request = Request(document, whole.asked(options, OCROptions), source, "auto", None, refresh)
        return self._calls.run(whole.ocr_raw(self._context, request, self._settings.limits))

    def estimate(
        self,
        documents: DocumentInput | Iterable[DocumentInput],
        options: ParseOptions | OCROptions | None = None,
        *,
        refresh: bool = False,
    ) -> Estimate:
        """Say how many pages *documents*, one or many, would be billed for now, and at which list price; sends nothing.

        Raises:
            SourceError: One of them could not be sent.
        """
        wanted = [Request(one, options or ParseOptions(), refresh=refresh) for one in whole.several(documents)]
        return self._calls.run(whole.estimate(self._context, wanted, self._settings.limits))

    def close(self) -> None:
        """Close connections, the transport and the store's file.

        Session under way elsewhere are ended: what they are sending is answered first, since it may be paid, and kept;
        then they raise `drive.Stopped`. A job goes on, and is resumed by the next call, which opens everything again.
        """
        with self._lock:
            calls, self._calls = self._calls, Session(self._settings)
        try:
            calls.close()
        finally:
            self._context.store.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, settings: Settings) -> None:
        super()._open(settings)
        self._lock = threading.Lock()
        self._calls = Session(settings)

    def _settled(
        self,
        flows: Iterable[Flow[whole.Outcome[whole.Whole]]],
        ordered: bool,  # noqa: FBT001
        on_error: Literal["raise", "skip"],
        report: Report | None,
    ) -> Generator[whole.Whole, None, None]:
        choice("on_error", on_error, ("raise", "skip"))
        with closing(self._calls.run_many(flows, ordered=ordered)) as outcomes:
            for outcome in outcomes:
                document = outcome.settle(on_error, report)
                if document is not None:
                    yield document


def _batches(
    calls: Session, book: reading.Reading | reading.JobReading, watch: JobWatch
) -> Generator[ParsedDocument, None, None]:
    with closing(calls.run_many(watch.batch(index) for index in count())) as batches:
        for got in batches:
            if got is None:
                break
            if got.pages[1] >= book.next_page:
                yield calls.run(book.decode(got))
    calls.run(watch.finish(book.next_page - 1))
