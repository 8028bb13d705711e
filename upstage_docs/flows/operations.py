"""Whole documents, one flow each: parsed, recognised, submitted, estimated."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, Generic, Literal, TypeVar, cast

import msgspec

from upstage_docs.api.decode import decode_ocr, join
from upstage_docs.api.limits import Limits
from upstage_docs.errors import AuthenticationError, ConfigError, SourceError, UpstageDocsError
from upstage_docs.files.source import DocumentInput, Named
from upstage_docs.flows import billing
from upstage_docs.flows.document import Reading, Request, open_reading
from upstage_docs.flows.job import JobWatch, PageAnswer
from upstage_docs.flows.reports import Failure, Report
from upstage_docs.flows.steps import ClientContext, Flow, work
from upstage_docs.models import Job, OcrPage, OcrResult, ParsedDocument
from upstage_docs.options import OCROptions, ParseOptions

__all__ = [
    "Outcome",
    "Whole",
    "asked",
    "estimate",
    "ocr",
    "ocr_each",
    "ocr_raw",
    "parse",
    "parse_each",
    "plain",
    "several",
    "submit",
]

Whole = TypeVar("Whole", ParsedDocument, OcrResult)
Options = TypeVar("Options", ParseOptions, OCROptions)
Input = TypeVar("Input", bound=DocumentInput | Named)


@dataclass(frozen=True)
class Outcome(Generic[Whole]):
    """What became of one of many documents: the document, or the failure."""

    document: Whole | None
    failure: Failure | None = None

    def settle(self, on_error: Literal["raise", "skip"], report: Report | None) -> Whole | None:
        """Note it in *report* and return the document; raise the failure unless it is skipped.

        What is wrong for every document, such as a refused key, is raised in any case.
        """
        if report is not None:
            if self.document is not None:
                parsed = self.document if isinstance(self.document, ParsedDocument) else None
                pages = len(self.document.pages) if parsed is None else parsed.total_pages
                report.read(self.document.source, pages)
            elif self.failure is not None:
                report.failed(self.failure)
        if self.failure is not None and (
            on_error == "raise" or isinstance(self.failure.error, (AuthenticationError, ConfigError))
        ):
            raise self.failure.error
        return self.document


def parse(context: ClientContext, request: Request, limits: Limits) -> Flow[ParsedDocument]:
    """Read a document from its first page to its last, one part after the other."""
    reading = yield from open_reading(context, request, limits)
    return (yield from _counting(reading, _read(reading)))


def parse_each(
    context: ClientContext, requests: Iterable[Request], limits: Limits
) -> Iterator[Flow[Outcome[ParsedDocument]]]:
    """Yield a flow for each request, which ends in an outcome even where it fails."""
    return (_outcome(context, request, limits, _read) for request in requests)


def ocr_each(context: ClientContext, requests: Iterable[Request], limits: Limits) -> Iterator[Flow[Outcome[OcrResult]]]:
    """Yield a flow for each request, which ends in an outcome even where it fails."""
    return (_outcome(context, request, limits, _recognised) for request in requests)


def ocr(context: ClientContext, request: Request, limits: Limits) -> Flow[OcrResult]:
    """Recognise the text of a document, in several requests where it is long."""
    reading = yield from open_reading(context, request, limits)
    return (yield from _counting(reading, _recognised(reading)))


def ocr_raw(context: ClientContext, request: Request, limits: Limits) -> Flow[bytes]:
    """Recognise the text of a document and return the body as it was answered.

    Raises:
        SourceError: The document needs more than one request.
    """
    reading = yield from open_reading(context, request, limits)
    return bytes((yield from _recognise(reading, most=1))[0])


def submit(context: ClientContext, request: Request, limits: Limits) -> Flow[Job]:
    """Create the job of a document, or return the one that is running for it.

    Raises:
        ConfigError: The document needs more than one job, or is answered already.
    """
    reading = yield from open_reading(context, request, limits)
    try:
        while True:
            holding = yield from work(partial(context.store.look, reading.key))
            parts = reading.planned(holding)
            if all(part.state == "stored" for part in parts):
                raise ConfigError(
                    f"{reading.source.name!r} is answered already: parse() reads that at no cost, refresh=True asks "
                    "anew."
                )
            if len(parts) != 1:
                raise ConfigError(
                    f"{reading.source.name!r} does not make one job, but {len(parts)} parts, some of them stored or "
                    "running. Use parse() or stream(), which join them."
                )
            outcome = yield from reading.begin(parts[0], holding)
            if outcome is not None and isinstance(outcome[0], JobWatch):
                return Job(outcome[0].request_id, source=reading.source.name, file_sha256=reading.source.sha256)
    finally:
        reading.source.close()


def estimate(context: ClientContext, requests: Iterable[Request], limits: Limits) -> Flow[billing.Estimate]:
    """Add up what the documents would cost now; nothing is sent."""
    total = billing.Estimate()
    for request in requests:
        reading = yield from open_reading(context, request, limits)
        try:
            total += yield from reading.estimate()
        finally:
            reading.source.close()
    return total


def asked(options: Options | None, kind: type[Options]) -> Options:
    """Return *options*, or those of *kind* that ask for nothing else.

    Raises:
        ConfigError: They are of another kind: what is sent would be paid for, and be another thing.
    """
    if options is not None and not isinstance(options, kind):
        raise ConfigError(f"options= is of type {type(options).__name__!r}; this takes {kind.__name__}(...).")
    return options or kind()


def plain(options: OCROptions | None) -> OCROptions:
    """Return *options* for `ocr`, which reads the API's own schema only.

    Raises:
        ConfigError: They are no options of OCR, or another schema is asked for.
    """
    options = asked(options, OCROptions)
    if options.schema is not None:
        raise ConfigError(f"schema={options.schema!r} answers in another shape; ocr_raw() hands it through.")
    return options


def several(documents: Input | Iterable[Input]) -> Iterator[Input]:
    """Yield the documents of one or many."""
    one = isinstance(documents, (str, os.PathLike, bytes, bytearray, memoryview, Named)) or hasattr(documents, "read")
    if one:
        yield cast("Input", documents)
        return
    if not isinstance(documents, Iterable):
        raise ConfigError(f"A document is a path, bytes or a binary file object, not {type(documents).__name__}.")
    yield from cast("Iterable[Input]", documents)


def _read(reading: Reading) -> Flow[ParsedDocument]:
    slices = []
    try:
        while not reading.done:
            for part in (yield from reading.parts()):
                outcome = yield from part
                if outcome is None:
                    break
                for one in outcome:
                    if isinstance(one, PageAnswer):
                        slices.append((yield from reading.decode(one)))
                        continue
                    for index in count():
                        got = yield from one.batch(index)
                        if got is None:
                            break
                        if got.pages[1] >= reading.next_page:
                            slices.append((yield from reading.decode(got)))
                    yield from one.finish(reading.next_page - 1)
            else:
                reading.complete()
    finally:
        reading.source.close()
    return join(slices)


def _counting(reading: Reading, flow: Flow[Whole]) -> Flow[Whole]:
    """Note in an error what was paid for before it."""
    try:
        return (yield from flow)
    except UpstageDocsError as error:
        error.pages_paid = yield from reading.paid()
        raise


def _outcome(
    context: ClientContext, request: Request, limits: Limits, read: Callable[[Reading], Flow[Whole]]
) -> Flow[Outcome[Whole]]:
    reading: Reading | None = None
    try:
        reading = yield from open_reading(context, request, limits)
        return Outcome((yield from _counting(reading, read(reading))))
    except UpstageDocsError as error:
        name = request.source or (reading.source.name if reading else _name(request.document))
        return Outcome(None, Failure(name, error, error.pages_paid))


def _name(document: Any) -> str:
    if isinstance(document, (str, os.PathLike)):
        return str(document)
    return str(getattr(document, "name", "") or f"<{type(document).__name__}>")


def _recognise(reading: Reading, *, most: int | None = None) -> Flow[list[bytes]]:
    bodies: list[bytes] = []
    try:
        while not reading.done:
            parts = yield from reading.parts()
            if most is not None and len(parts) > most:
                raise SourceError(
                    f"{reading.source.name!r} needs {len(parts)} requests, whose answers cannot be joined; cut it "
                    "yourself, or use ocr()."
                )
            for part in parts:
                outcome = yield from part
                if outcome is None:
                    break
                for one in outcome:
                    if isinstance(one, PageAnswer):
                        bodies.append(one.raw)
                        reading.advance(one)
            else:
                reading.complete()
    finally:
        reading.source.close()
    return bodies


def _recognised(reading: Reading) -> Flow[OcrResult]:
    bodies = yield from _recognise(reading)

    def understand() -> OcrResult:
        source = reading.source
        return _joined([decode_ocr(body, source=source.name, file_sha256=source.sha256) for body in bodies])

    return (yield from work(understand))


def _joined(results: list[OcrResult]) -> OcrResult:
    if len(results) == 1:
        return results[0]
    pages: list[OcrPage] = []
    words = 0
    for result in results:
        first = len(pages)
        next_word = words
        for page in result.pages:
            moved = tuple(msgspec.structs.replace(word, id=word.id + words) for word in page.words)
            next_word = max([next_word, *(word.id + 1 for word in moved)])
            pages.append(msgspec.structs.replace(page, number=page.number + first, words=moved))
        words = next_word
    return OcrResult(
        source=results[0].source,
        file_sha256=results[0].file_sha256,
        model=results[0].model,
        pages=tuple(pages),
        text="\n".join(page.text for page in pages),
        confidence=min(result.confidence for result in results),
        billed_pages=sum(result.billed_pages for result in results),
        raw=b"[" + b",".join(result.raw for result in results) + b"]",
    )
