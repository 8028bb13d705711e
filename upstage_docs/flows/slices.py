"""Turns the answers about one document into slices (runs of pages), handed out as they come or after the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from msgspec.structs import replace

from upstage_docs.api.decode import decode_document, decode_ocr, with_document_words
from upstage_docs.api.json_shapes import DocumentShape
from upstage_docs.api.lenient import UNREADABLE_PAGE
from upstage_docs.errors import InvalidResponseError, UpstageDocsError
from upstage_docs.flows.job import PageAnswer
from upstage_docs.flows.steps import Deliver, Flow, Work
from upstage_docs.models import OcrResult, PageWarning, ParsedDocument
from upstage_docs.store.values import Pages
from upstage_docs.store.waiting import WaitingPieces

Slice: TypeAlias = ParsedDocument | OcrResult
# Gives what is delivered of a slice; the slices say how far the document is read.
Deliverer: TypeAlias = "Callable[[Any, Slices], Iterable[object]]"


@dataclass(frozen=True)
class MissingPages:
    """Pages of a document for which no answer came, None if they are not counted, and the reason."""

    pages: Pages | None
    error: UpstageDocsError


@dataclass
class Slices:
    """The answers about one document, in order, as slices with the page numbers and ids of the whole document.

    Attributes:
        source, file_sha256: Of the document.
        ocr: Whether Document OCR answers.
        total: Pages of the document, 0 if unknown.
        next_page: The page that the next answer begins with.
        deliver: Gives what is delivered of each slice before the next answer is waited for. Without it, slices are
            kept in `kept`.
        convert: Gives what a slice becomes first, and what None becomes, after the last one. Slices that are kept
            become it once all have come.
        kept: The slices that were not delivered, in memory or on disk.
        partial: Whether pages may be missing: the others are then handed out, if there are any.
        on_taken: Called whenever a slice was delivered or kept.
        pages: How many came.
        came: The first and last page of each answer so far.
        errors: Why pages are missing.
        missing_pages: Once it is complete, the pages that did not come, such as `3-4, 9`; `13-` where nobody knows how
            many there are.
        warnings: Of all slices so far.
    """

    source: str = ""
    file_sha256: str = ""
    ocr: bool = False
    total: int = 0
    next_page: int = 1
    deliver: Deliverer | None = None
    convert: Callable[[Any], Any] | None = None
    kept: list[Any] | WaitingPieces = field(default_factory=list)
    partial: bool = False
    on_taken: Callable[[Slices], None] | None = None
    pages: int = 0
    came: list[Pages] = field(default_factory=list)
    errors: list[UpstageDocsError] = field(default_factory=list)
    missing_pages: str = ""
    warnings: list[PageWarning] = field(default_factory=list)
    _next_id: int = 0

    def take(self, answer: PageAnswer) -> Flow[None]:
        """Decode *answer*, the next one, and deliver or keep its slice.

        Raises:
            InvalidResponseError: Pages of it were delivered before, out of what is stored no more, or, unless pages
                may be missing, some before it or of it are, or it cannot be understood.
        """
        first, last = answer.pages
        if first > self.next_page and not self.partial:
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
        if answer.shortfall is not None:
            self.fail(answer.shortfall)
        self.next_page = first
        try:
            piece = yield Work(partial(self._take_in, answer))
        except InvalidResponseError as error:
            self.miss(MissingPages(answer.pages, error))
            return
        self.next_page = last + 1
        self.total = self.total or answer.total_pages
        self.came.append(answer.pages)
        self.pages += last - first + 1
        if self.deliver is not None:
            for value in self.deliver(piece, self):
                yield Deliver(value)
        if self.on_taken is not None:
            self.on_taken(self)

    def fail(self, error: UpstageDocsError) -> None:
        """Note that pages are missing; raise *error* where none may be."""
        if not self.partial:
            raise error
        self.errors.append(error)

    def miss(self, missing: MissingPages) -> None:
        """Continue after pages that did not come, or raise their error if no page may be missing."""
        self.fail(missing.error)
        if missing.pages is not None:
            self.next_page = max(self.next_page, missing.pages[1] + 1)

    def _missing(self) -> str:
        found: list[str] = []
        following = 1
        for first, last in [*self.came, (self.total + 1, self.total)]:
            if following < first:
                found.append(f"{following}-{first - 1}" if following < first - 1 else f"{following}")
            following = max(following, last + 1)
        return ", ".join(found if self.total or not self.errors else [*found, f"{following}-"])

    def complete(self) -> Flow[None]:
        """Note that the last answer has come, and convert the slices that are kept.

        Raises:
            InvalidResponseError: The last pages are missing.
            UpstageDocsError: Pages may be missing, and nothing came.
        """
        if self.next_page <= self.total and not self.errors:
            end = f"{self.source!r} has {self.total} pages, and the answers end at page {self.next_page - 1}."
            self.fail(InvalidResponseError(end))
        if self.errors and (missing := self._missing()):
            if not self.came:
                raise self.errors[0]
            self.missing_pages = missing
            yield Work(partial(self._change_kept, partial(_with_missing, missing=missing, total=self.total)))
        if self.convert is not None and self.deliver is None:
            yield Work(partial(self._change_kept, self.convert, at_end=True))
        elif self.convert is not None and self.deliver is not None:
            for value in self.deliver((yield Work(partial(self.convert, None))), self):
                yield Deliver(value)

    def result(self, index: int) -> Flow[Any]:
        """Return the slice *index* of those that are kept, converted."""
        if isinstance(self.kept, list) or self.kept.is_in_memory(index):
            return self.kept[index]
        return (yield Work(partial(self.kept.__getitem__, index)))

    def close(self) -> None:
        """Drop the slices that are kept."""
        if isinstance(self.kept, WaitingPieces):
            self.kept.close()

    def _change_kept(self, change: Callable[[Any], Any], *, at_end: bool = False) -> None:
        """Put in place of each slice that is kept what *change* makes of it, *at_end* of None too."""
        before = self.kept
        after: list[Any] | WaitingPieces = [] if isinstance(before, list) else WaitingPieces()
        for piece in before:
            after.append(change(piece))
        if at_end:
            after.append(change(None))
        self.close()
        self.kept = after

    def _take_in(self, answer: PageAnswer) -> object:
        """Return what *answer* becomes, or keep it."""
        piece = self._recognised(answer) if self.ocr else self._parsed(answer)
        if self.deliver is None:
            self.kept.append(piece)
            return None
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
        sent, came = answer.pages[1] - answer.pages[0] + 1, len(result.pages)
        if came > sent:
            told = f"{sent} pages were sent, {came} came back: the others keep their text and have page 0."
            self.warnings.append(PageWarning(UNREADABLE_PAGE, told))
            pages = [page if page.number <= sent else replace(page, number=UNREADABLE_PAGE) for page in result.pages]
            result = replace(result, pages=tuple(pages))
        result = with_document_words(result, self.next_page - 1, self._next_id)
        self._next_id = max([self._next_id, *(word.id + 1 for page in result.pages for word in page.words)])
        return result


def _with_missing(piece: Slice, missing: str, total: int) -> Slice:
    """Return *piece* with the note that pages of its document are *missing*."""
    return replace(piece, missing_pages=missing, total_pages=total or piece.total_pages)
