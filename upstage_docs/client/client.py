"""`Client`: Document Parse and Document OCR as blocking calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from upstage_docs.client.session import Session
from upstage_docs.client.settings import ClientBase
from upstage_docs.client.threads import close_later, is_collecting
from upstage_docs.files.source import DocumentInput, Named
from upstage_docs.flows import exchange, operations
from upstage_docs.flows.document import Request
from upstage_docs.flows.operations import require_options, require_plain_ocr
from upstage_docs.flows.plan import Estimate
from upstage_docs.flows.reports import Report
from upstage_docs.flows.slices import Slice, Slices
from upstage_docs.models import Element, Job, OcrResult, ParsedDocument
from upstage_docs.options import ManyOptions, OCROptions, ParseOptions, SendOptions
from upstage_docs.options.definitions import with_keywords

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from upstage_docs.options.parse import ManyKeywords, RefreshKeywords, SendKeywords

_replacing = threading.Lock()  # held while a client gets another session


class Client(ClientBase, AbstractContextManager["Client", None]):
    """Document Parse and Document OCR, synchronously. Where an event loop runs, it works too, but blocks it.

    Iterators that it returns stop their work when they are closed: use `contextlib.closing` where they may end early.
    """

    _session: Session
    _session_kind = Session

    @with_keywords(SendOptions)
    def parse(
        self,
        document: DocumentInput,
        options: ParseOptions | None = None,
        *,
        source: str | None = None,
        **sending: Unpack[SendKeywords],
    ) -> ParsedDocument:
        """Parse one document.

        Args:
            document: A path, bytes, or a binary file object.
            options: What to ask; by default all three formats.
            source: Names a document that has no path.

        Raises:
            SourceError: The document cannot be sent; nothing was.
            APIStatusError: The API refused.
            APIConnectionError: No answer came.
            InvalidResponseError: The answer is not what the API promises; `.raw` holds it.
            JobFailedError, JobTimeoutError: Its job failed, or was not done in time.
            UnknownOutcomeError: It was sent and nobody knows whether it was billed.
        """
        wanted = Request(document, require_options(options, ParseOptions), source, SendOptions(**sending))
        parsed: ParsedDocument = self._session.run(operations.read_one(self._context, wanted))
        return parsed

    @with_keywords(SendOptions)
    def stream(
        self,
        document: DocumentInput,
        options: ParseOptions | None = None,
        *,
        source: str | None = None,
        **sending: Unpack[SendKeywords],
    ) -> Generator[ParsedDocument, None, None]:
        """Parse one document and yield it in slices of pages, in order, each as soon as it is answered.

        Arguments and errors are those of `parse`. Each slice has final pages and element ids. Closing the iterator
        ends the work: sends under way end first, and a job goes on to be resumed by the next call.
        """
        wanted = Request(document, require_options(options, ParseOptions), source, SendOptions(**sending))
        return self._session.stream(operations.read_one(self._context, wanted, deliver=_slice))

    @with_keywords(SendOptions)
    def iter_elements(
        self,
        document: DocumentInput,
        options: ParseOptions | None = None,
        *,
        source: str | None = None,
        **sending: Unpack[SendKeywords],
    ) -> Generator[Element, None, None]:
        """Parse one document and yield its elements in order, as they are answered; see `stream`."""
        wanted = Request(document, require_options(options, ParseOptions), source, SendOptions(**sending))
        return self._session.stream(operations.read_one(self._context, wanted, deliver=_elements))

    @with_keywords(ManyOptions)
    def parse_many(
        self,
        documents: DocumentInput | Named | Iterable[DocumentInput | Named],
        options: ParseOptions | None = None,
        *,
        report: Report | None = None,
        **many: Unpack[ManyKeywords],
    ) -> Generator[ParsedDocument, None, None]:
        """Parse many documents, `max_concurrency` requests at once, and yield each whole.

        Args:
            documents: One or many, taken as they are needed; `Named` gives one a name.
            options: What to ask of each.
            report: Filled with what succeeded and what failed, and why.

        Raises:
            UpstageDocsError: As `parse`, unless skipped.
        """
        wanted = require_options(options, ParseOptions)
        return self._session.stream(
            operations.read_many(self._context, documents, wanted, ManyOptions(**many), whole=True, report=report)
        )

    @with_keywords(ManyOptions)
    def stream_many(
        self,
        documents: DocumentInput | Named | Iterable[DocumentInput | Named],
        options: ParseOptions | OCROptions | None = None,
        *,
        report: Report | None = None,
        convert: Callable[[], Callable[[Any], Any]] | None = None,
        **many: Unpack[ManyKeywords],
    ) -> Generator[tuple[Named, Any], None, None]:
        """Read many documents, several at once, and yield `(document, slice)` for each slice of their pages.

        After the last slice of a document comes `(document, None)`. A document that is the only one is yielded as it
        is answered; of many, the slices of one document come together, once it is there whole.

        Args:
            documents: See `parse_many`; each is yielded as a `Named`.
            options: ParseOptions, whose slices are ParsedDocuments, or OCROptions, whose slices are OcrResults.
            report: See `parse_many`.
            convert: Gives, for each document, a function that turns its slices, and None after the last one, into what
                is yielded in their place. An UpstageDocsError of it is a failure of that document.

        Raises:
            UpstageDocsError: As `parse` and `ocr`, unless skipped.
        """
        wanted = (
            require_plain_ocr(options) if isinstance(options, OCROptions) else require_options(options, ParseOptions)
        )
        return self._session.stream(
            operations.read_many(
                self._context, documents, wanted, ManyOptions(**many), whole=False, report=report, convert=convert
            )
        )

    @with_keywords(SendOptions, "refresh")
    def submit(
        self,
        document: DocumentInput,
        options: ParseOptions | None = None,
        *,
        source: str | None = None,
        **sending: Unpack[RefreshKeywords],
    ) -> Job:
        """Create the asynchronous job of one document and return it at once; a running job for it is returned as it is.

        Raises:
            ConfigError: The document is answered already, or needs more than one job.
            SourceError, APIStatusError, APIConnectionError, UnknownOutcomeError: As `parse`.
        """
        wanted = Request(document, require_options(options, ParseOptions), source, SendOptions("async", **sending))
        return self._session.run(operations.submit(self._context, wanted))

    def result(self, job: Job | str) -> ParsedDocument:
        """Wait for *job*, or for the one with this request id (also from another machine), and return its document.

        Raises:
            JobFailedError, JobTimeoutError: It failed, or was not done by the deadline of the poll policy.
            JobError: The API does not know it.
        """
        document: ParsedDocument = self._session.run(operations.read_job(self._context, job))
        return document

    def stream_result(self, job: Job | str) -> Generator[ParsedDocument, None, None]:
        """Wait for *job* and yield its document in slices, in order, as batches complete; errors as `result`."""
        return self._session.stream(operations.read_job(self._context, job, deliver=_slice))

    def job(self, request_id: str) -> Job:
        """Return the state of one job now.

        Raises:
            JobError: The API does not know it.
        """
        return self._session.run(exchange.job_state(self._context, request_id))

    def jobs(self) -> tuple[Job, ...]:
        """Return the account's jobs, in the API's order; they name no document."""
        return self._session.run(exchange.jobs(self._context))

    @with_keywords(SendOptions)
    def ocr(
        self,
        document: DocumentInput,
        options: OCROptions | None = None,
        *,
        source: str | None = None,
        **sending: Unpack[SendKeywords],
    ) -> OcrResult:
        """Recognise the words of one document, with confidences and boxes in pixels.

        Arguments and errors are those of `parse`.
        """
        wanted = Request(document, require_plain_ocr(options), source, SendOptions(**sending))
        recognised: OcrResult = self._session.run(operations.read_one(self._context, wanted))
        return recognised

    @with_keywords(ManyOptions)
    def ocr_many(
        self,
        documents: DocumentInput | Named | Iterable[DocumentInput | Named],
        options: OCROptions | None = None,
        *,
        report: Report | None = None,
        **many: Unpack[ManyKeywords],
    ) -> Generator[OcrResult, None, None]:
        """Recognise the words of many documents, `max_concurrency` requests at once, and yield each whole.

        Arguments and errors are those of `parse_many`.
        """
        wanted = require_plain_ocr(options)
        return self._session.stream(
            operations.read_many(self._context, documents, wanted, ManyOptions(**many), whole=True, report=report)
        )

    @with_keywords(SendOptions, "refresh")
    def ocr_raw(
        self,
        document: DocumentInput,
        options: OCROptions | None = None,
        *,
        source: str | None = None,
        **sending: Unpack[RefreshKeywords],
    ) -> bytes:
        """Return what Document OCR answers, byte for byte: the way to `OCROptions(schema=...)`.

        Raises:
            SourceError: The document needs more than one request, whose answers cannot be joined here.
        """
        wanted = Request(document, require_options(options, OCROptions), source, SendOptions(**sending))
        return self._session.run(operations.ocr_raw(self._context, wanted))

    @with_keywords(SendOptions)
    def estimate(
        self,
        documents: DocumentInput | Named | Iterable[DocumentInput | Named],
        options: ParseOptions | OCROptions | None = None,
        **sending: Unpack[SendKeywords],
    ) -> Estimate:
        """Say how many pages *documents*, one or many, would be billed for now, and at which list price; sends nothing.

        Raises:
            SourceError: One of them could not be sent.
        """
        wanted = options if isinstance(options, OCROptions) else require_options(options, ParseOptions)
        requests = operations.several_requests(documents, wanted, SendOptions(**sending))
        return self._session.run(operations.estimate(self._context, requests))

    def close(self) -> None:
        """Close connections, the transport and the store's file.

        Calls that still run in other threads raise `session.Stopped`, but first the answers of requests under way are
        waited for and kept, since they may be billed. A job goes on at the API. The next call opens everything again.
        """
        if is_collecting():  # that of a loader, which was left half way
            return close_later(self.close)
        with _replacing:
            session, self._session = self._session, Session(self._settings)
        try:
            session.close()
        finally:
            if self._context.store.path is not None:
                self._context.store.close()

    def __exit__(self, *_: object) -> None:
        return self.close()  # also what `AsyncClient` awaits


def _slice(piece: Slice, _: Slices) -> tuple[Slice]:
    return (piece,)


def _elements(piece: ParsedDocument, _: Slices) -> tuple[Element, ...]:
    return piece.elements
