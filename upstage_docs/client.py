"""Client: the synchronous face of the flows; what happens, and in which order, is not decided here."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterable
from contextlib import ExitStack, closing
from itertools import count
from typing import TYPE_CHECKING, Literal, TypeVar

from upstage_docs import documents as whole, drive, flows, reading, sending
from upstage_docs.answers import join
from upstage_docs.face import Face
from upstage_docs.models import Element, Job, OcrResult, ParsedDocument
from upstage_docs.options import OCROptions, ParseOptions, choice
from upstage_docs.plan import Estimate, Route
from upstage_docs.reading import Request
from upstage_docs.reports import Report
from upstage_docs.setting import Settings, transport_of
from upstage_docs.sources import DocumentInput, Named
from upstage_docs.steps import Flow
from upstage_docs.watching import Got, Watch

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

__all__ = ["Client"]

T = TypeVar("T")


class Client(Face):
    """Document Parse and Document OCR, synchronously; it works inside a running event loop too, which it blocks.

    Iterators that it returns stop their work when they are closed: use `contextlib.closing` where they may end early.
    """

    _http: httpx.Client | None

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
                    document,
                    options,
                    source=source,
                    route=route,
                    pages_per_request=pages_per_request,
                    refresh=refresh,
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
        request = Request(document, options or ParseOptions(), source, route, pages_per_request, refresh)
        book = self._run(reading.open_reading(self._setup, request, self._settings.limits))
        try:
            while not book.done:
                with closing(self._run_many(self._run(book.parts()))) as parts:
                    for outcome in parts:
                        if outcome is None:
                            break
                        for one in outcome:
                            if isinstance(one, Got):
                                yield self._run(book.decode(one))
                            else:
                                yield from self._batches(book, one)
                    else:
                        book.complete()
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
        documents: Iterable[DocumentInput | Named],
        options: ParseOptions | None = None,
        *,
        route: Route = "auto",
        pages_per_request: int | None = None,
        refresh: bool = False,
        on_error: Literal["raise", "skip"] = "raise",
        report: Report | None = None,
    ) -> Generator[ParsedDocument, None, None]:
        """Parse many documents, `max_concurrency` requests at once, and yield them in the order given.

        Args:
            documents: Taken as they are needed; `Named` gives one a name.
            options: What to ask of each.
            route: See `parse`.
            pages_per_request: See `parse`.
            refresh: See `parse`.
            on_error: `skip` leaves out a document that fails and goes on.
            report: Filled with what succeeded and what failed, and why.

        Raises:
            UpstageDocsError: As `parse`, unless skipped.
        """
        asked = options or ParseOptions()
        wanted = (
            Request.of(one, asked, route=route, pages_per_request=pages_per_request, refresh=refresh)
            for one in documents
        )
        choice("on_error", on_error, ("raise", "skip"))
        with closing(self._run_many(whole.parse_each(self._setup, wanted, self._settings.limits))) as outcomes:
            for outcome in outcomes:
                document = outcome.settle(on_error, report)
                if document is not None:
                    yield document

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
        request = Request(document, options or ParseOptions(), source, "async", None, refresh)
        return self._run(whole.submit(self._setup, request, self._settings.limits))

    def result(self, job: Job | str) -> ParsedDocument:
        """Wait for *job*, or for the one with this request id (also from another machine), and return its document.

        Raises:
            JobFailedError, JobTimeoutError: It failed, or was not done by the deadline of the poll policy.
            JobError: The API does not know it.
        """
        return join(list(self.stream_result(job)))

    def stream_result(self, job: Job | str) -> Generator[ParsedDocument, None, None]:
        """Wait for *job* and yield its document in slices, in order, as batches complete; errors as `result`."""
        book = self._run(reading.open_job(self._setup, job))
        yield from self._batches(book, book.watch)

    def job(self, request_id: str) -> Job:
        """Return the state of one job now.

        Raises:
            JobError: The API does not know it.
        """
        return self._run(flows.look(self._setup, request_id))

    def jobs(self) -> tuple[Job, ...]:
        """Return the account's jobs, in the API's order; they name no document."""
        return self._run(flows.jobs(self._setup))

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
        return self._run(whole.ocr(self._setup, request, self._settings.limits))

    def ocr_many(
        self,
        documents: Iterable[DocumentInput | Named],
        options: OCROptions | None = None,
        *,
        refresh: bool = False,
        on_error: Literal["raise", "skip"] = "raise",
        report: Report | None = None,
    ) -> Generator[OcrResult, None, None]:
        """Recognise the words of many documents, `max_concurrency` requests at once, and yield them in the order given.

        Arguments and errors are those of `parse_many`.
        """
        asked = whole.plain(options)
        wanted = (Request.of(one, asked, refresh=refresh) for one in documents)
        choice("on_error", on_error, ("raise", "skip"))
        with closing(self._run_many(whole.ocr_each(self._setup, wanted, self._settings.limits))) as outcomes:
            for outcome in outcomes:
                result = outcome.settle(on_error, report)
                if result is not None:
                    yield result

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
        request = Request(document, options or OCROptions(), source, "auto", None, refresh)
        return self._run(whole.ocr_raw(self._setup, request, self._settings.limits))

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
        return self._run(whole.estimate(self._setup, wanted, self._settings.limits))

    def close(self) -> None:
        """Close connections, the transport and the store's file."""
        # What other threads do with this client ends at its next wait, with `drive.Stopped`; what is being sent is
        # answered first, since it may be paid, and a job is resumed by the next call.
        with self._lock:
            http, self._http = self._http, None
            busy = self._stops.set() and self._pid == os.getpid()
        if busy:
            with ExitStack() as sends:
                for _ in range(self._settings.max_concurrency):
                    sends.enter_context(self._gate)
        self._setup.store.close()
        if http is not None:
            http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, settings: Settings) -> None:
        super()._open(settings)
        self._gate = threading.BoundedSemaphore(settings.max_concurrency)
        self._lock = threading.Lock()
        self._stops = drive.Stops()
        self._http = None
        self._pid = os.getpid()

    def _batches(
        self, book: reading.Reading | reading.JobReading, watch: Watch
    ) -> Generator[ParsedDocument, None, None]:
        with closing(self._run_many(watch.batch(index) for index in count())) as batches:
            for got in batches:
                if got is None:
                    break
                if got.pages[1] >= book.next_page:
                    yield self._run(book.decode(got))
        self._run(watch.finish(book.next_page - 1))

    def _connection(self) -> httpx.Client:
        with self._lock:
            if self._http is None or self._pid != os.getpid():  # sockets are not shared with a forked child
                self._http, self._pid = sending.connect(transport_of(self._settings)), os.getpid()
            return self._http

    def _run(self, flow: Flow[T]) -> T:
        with self._stops.one() as stop:
            return drive.run(flow, self._connection(), gate=self._gate, stop=stop)

    def _run_many(self, many: Iterable[Flow[T]]) -> Generator[T, None, None]:
        with self._stops.one() as stop:
            http, at_once = self._connection(), self._settings.at_once
            with closing(drive.run_many(many, http, at_once=at_once, gate=self._gate, stop=stop)) as results:
                yield from results
