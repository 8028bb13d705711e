"""The values that users hold: documents, elements, words and jobs as answered (frozen), records and chunks of them.

Units: coordinates of Document Parse are relative 0-1 (they may exceed 1 slightly, as answered), those of Document OCR
are pixels; pages are 1-based and absolute in the file; confidences are 0-1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape
from itertools import groupby, islice
from typing import Any

import msgspec

from upstage_docs.errors.redaction import Unshown
from upstage_docs.options import OutputFormat

__all__ = [
    "Answer",
    "Batch",
    "Chunk",
    "Element",
    "Job",
    "OcrLine",
    "OcrPage",
    "OcrResult",
    "OcrWord",
    "Page",
    "PageWarning",
    "ParsedDocument",
    "Record",
    "Usage",
]

_MOST_ROWS = 30
"""Elements of a document that a notebook shows."""
_MOST_TEXT = 3_000
"""Characters of a text that a notebook shows."""

Point = tuple[float, float]
Box = tuple[float, float, float, float]


def bounding_box(coordinates: tuple[Point, ...]) -> Box:
    """Return `(x0, y0, x1, y1)` of relative *coordinates*, clamped to 0-1; four 0.0 if there are none."""
    if not coordinates:
        return (0.0, 0.0, 0.0, 0.0)
    if len(coordinates) == 4:
        (x0, y0), (right, top), (x1, y1), (left, bottom) = coordinates
        if 0.0 <= x0 == left <= x1 == right <= 1.0 and 0.0 <= y0 == top <= y1 == bottom <= 1.0:
            return (float(x0), float(y0), float(x1), float(y1))  # upright and on the page, as nearly all are
    xs = [point[0] for point in coordinates]
    ys = [point[1] for point in coordinates]
    return (_clamp(min(xs)), _clamp(min(ys)), _clamp(max(xs)), _clamp(max(ys)))


def _clamp(value: float) -> float:
    return 0.0 if value < 0.0 else 1.0 if value > 1.0 else float(value)


class Element(msgspec.Struct, frozen=True, gc=False):
    """One layout element of a document.

    Attributes:
        id: Unique in the document, in the API's order, also where batches count from 0 again.
        page: 1-based, absolute in the file.
        category: As answered; the set is open (`paragraph`, `table`, `chart`, `heading1`, ...).
        html: The content as HTML, `""` if that format was not asked for.
        markdown: The content as Markdown, `""` likewise.
        text: The content as plain text, `""` likewise.
        coordinates: Corner points `(x, y)` relative to the page 0-1, as answered; empty if not answered.
        sub_category: As answered (`bar`, `h2`, `signature`, ...), `""` if none.
        base64_encoding: A JPEG crop in base64, `""` unless asked for.
    """

    id: int
    page: int
    category: str
    html: str = ""
    markdown: str = ""
    text: str = ""
    coordinates: tuple[Point, ...] = ()
    sub_category: str = ""
    base64_encoding: str = ""

    @property
    def box(self) -> Box:
        """The bounding box `(x0, y0, x1, y1)`, relative and clamped to 0-1."""
        return bounding_box(self.coordinates)

    def content(self, output_format: OutputFormat) -> str:
        """Return the content in *output_format*, as answered."""
        return str(getattr(self, output_format))


class Usage(msgspec.Struct, frozen=True):
    """What a parse was billed for: a page count, and which pages ran in which mode (1-based), where the API says so."""

    pages: int = 0
    standard: tuple[int, ...] = ()
    enhanced: tuple[int, ...] = ()


class Answer(Unshown, msgspec.Struct, frozen=True):
    """One body that the API answered, byte for byte, and where its pages and ids begin.

    Attributes:
        raw: The body.
        first_page: Its first page in the file that was sent, 1-based (a batch's `start_page`).
        first_id: The first element id that was free.
        page_offset: Pages of the whole document before the file that was sent (a part of a long PDF).
    """

    raw: bytes
    first_page: int = 1
    first_id: int = 0
    page_offset: int = 0

    def __repr__(self) -> str:
        return f"Answer({len(self.raw)} bytes, first_page={self.first_page}, first_id={self.first_id})"


class Page(msgspec.Struct, frozen=True):
    """The elements of one page; `number` is 1-based."""

    number: int
    elements: tuple[Element, ...]


class PageWarning(msgspec.Struct, frozen=True):
    """A sentence on what could not be read of a page; `page` is 1-based, absolute in the file."""

    page: int
    message: str

    def __str__(self) -> str:
        return f"page {self.page}: {self.message}"


class ParsedDocument(Unshown, msgspec.Struct, frozen=True):
    """A document, or a run of its pages, as Document Parse understood it.

    Attributes:
        source: Path, URI or name of the file, as given.
        file_sha256: SHA-256 of the file's bytes, hexadecimal; `""` if unknown.
        model: The model that answered (`document-parse-260930`, `local-...`).
        elements: Layout elements in the API's order.
        html: The whole content as HTML, as the API joined it (captions may have moved into their table).
        markdown: The whole content as Markdown, joined likewise.
        text: The whole content as plain text, joined likewise.
        total_pages: Pages of the file.
        usage: What was billed.
        ocr: Whether OCR was used, None if the API did not say.
        answers: The bodies this was decoded from.
        warnings: What the local engine could not read of single pages, and which elements have page 0, because the
            answer puts them on a page that the document does not have; empty where all was read.
        missing_pages: Pages of the file of which no answer came, such as `3-4, 9`, where `on_error="partial"` handed
            out the others; `13-` where it is not known how many pages there are. `""` where none is missing.
    """

    source: str
    file_sha256: str
    model: str
    elements: tuple[Element, ...]
    html: str = ""
    markdown: str = ""
    text: str = ""
    total_pages: int = 0
    usage: Usage = Usage()
    ocr: bool | None = None
    answers: tuple[Answer, ...] = ()
    warnings: tuple[PageWarning, ...] = ()
    missing_pages: str = ""

    @property
    def raw(self) -> bytes:
        """Every byte that was answered: the body itself, or, where there were several, a JSON array of them."""
        if len(self.answers) == 1:
            return bytes(self.answers[0].raw)  # a plain one, which shows itself
        return b"[" + b",".join(answer.raw for answer in self.answers) + b"]"

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages that hold elements, in order."""
        ordered = sorted(self.elements, key=lambda element: element.page)
        return tuple(Page(number, tuple(run)) for number, run in groupby(ordered, key=lambda element: element.page))

    def __repr__(self) -> str:
        return (
            f"ParsedDocument({self.source!r}, {len(self.elements)} elements, {self.total_pages} pages, "
            f"model={self.model!r})"
        )

    def _repr_html_(self) -> str:
        """Return the document as HTML for a notebook: what it holds, and its first elements; all of it text."""
        counts = Counter(element.category for element in self.elements)
        kinds = ", ".join(f"{_as_text(category)} {count}" for category, count in counts.most_common(20))
        rows = "".join(
            f"<tr><td>{element.page}</td><td>{_as_text(element.category, 40)}</td>"
            f'<td style="text-align: left">{_as_text(element.text or element.markdown, 200)}</td></tr>'
            for element in islice(self.elements, _MOST_ROWS)
        )
        more = len(self.elements) - _MOST_ROWS
        return (
            f"<div><p><b>{_as_text(self.source)}</b><br>{self.total_pages} pages, {len(self.elements)} elements, "
            f"answered by {_as_text(self.model)}<br>{kinds}</p><details><summary>Elements</summary><table><thead><tr>"
            f"<th>page</th><th>category</th><th>text</th></tr></thead><tbody>{rows}</tbody></table>"
            f"{f'<p>and {more} more</p>' if more > 0 else ''}</details></div>"
        )


class Batch(Unshown, msgspec.Struct, frozen=True):
    """One batch of an asynchronous job: up to ten pages.

    Attributes:
        id: 0-based position in the job.
        status: `scheduled`, `started`, `completed`, `failed` or `retrying`; unknown ones count as running.
        download_url: A signed address that lives 15 minutes, `""` until completed. Never shown in a repr.
        start_page: The first page, 1-based.
        end_page: The last page, 1-based and inclusive.
        requested_at: RFC 3339 with nanoseconds, as answered.
        updated_at: RFC 3339 with nanoseconds, as answered.
    """

    id: int
    status: str
    start_page: int = 0
    end_page: int = 0
    model: str = ""
    failure_message: str = ""
    download_url: str = ""
    requested_at: str = ""
    updated_at: str = ""

    def __repr__(self) -> str:
        return f"Batch({self.id}, {self.status!r}, pages {self.start_page}-{self.end_page})"


class Job(msgspec.Struct, frozen=True):
    """An asynchronous parse; `source` and `file_sha256` are `""` if only its request id is known.

    Attributes:
        request_id: The API's id; enough to ask for the job from another machine.
        status: `submitted`, `started`, `completed` or `failed`; `unknown` if an answer about the job names none; any
            other state as the API names it.
    """

    request_id: str
    status: str = "submitted"
    source: str = ""
    file_sha256: str = ""
    model: str = ""
    failure_message: str = ""
    total_pages: int = 0
    completed_pages: int = 0
    batches: tuple[Batch, ...] = ()
    requested_at: str = ""
    completed_at: str = ""

    @property
    def done(self) -> bool:
        """Whether the job has ended, in success or failure."""
        return self.status in {"completed", "failed"}


class OcrWord(msgspec.Struct, frozen=True):
    """One recognised word; `vertices` are pixels and may be a rotated quad, `confidence` is 0-1."""

    id: int
    text: str
    confidence: float
    vertices: tuple[Point, ...]


class OcrLine(msgspec.Struct, frozen=True):
    """One line of recognised words.

    Attributes:
        page: 1-based.
        text: As it stands in the page's text.
        confidence: The mean confidence of its words, 0-1.
        vertices: Pixels: the rectangle around its words, turned as they are; empty if they have none.
        words: In writing order.
        start: Where it begins in the page's text, -1 if its words do not stand there.
        end: Where it ends in the page's text, -1 likewise.
    """

    page: int
    text: str
    confidence: float
    vertices: tuple[Point, ...]
    words: tuple[OcrWord, ...]
    start: int
    end: int


class OcrPage(msgspec.Struct, frozen=True):
    """One page of an OCR result; `number` is 1-based, `width` and `height` are pixels."""

    number: int
    width: int
    height: int
    confidence: float
    text: str
    words: tuple[OcrWord, ...]


class OcrResult(Unshown, msgspec.Struct, frozen=True):
    """What Document OCR answered.

    Attributes:
        text: The page texts joined by newlines (the API's own top-level text glues pages together).
        confidence: The lowest page confidence, as answered, 0-1.
        billed_pages: What was billed.
        total_pages: Pages of the file; 0 if `pages` holds all of them.
        missing_pages: As those of a ParsedDocument.
    """

    source: str
    file_sha256: str
    model: str
    pages: tuple[OcrPage, ...]
    text: str
    confidence: float
    billed_pages: int
    raw: bytes = b""
    total_pages: int = 0
    missing_pages: str = ""

    def low_confidence(self, below: float = 0.8) -> Iterator[tuple[OcrPage, OcrWord]]:
        """Yield each word whose confidence is under *below* (0-1), with its page."""
        for page in self.pages:
            for word in page.words:
                if word.confidence < below:
                    yield page, word

    def __repr__(self) -> str:
        return f"OcrResult({self.source!r}, {len(self.pages)} pages, model={self.model!r})"


class Record(msgspec.Struct):
    """What becomes one Document of LangChain or one node of LlamaIndex.

    Attributes:
        id: A deterministic UUIDv5, also `metadata["record_id"]`.
        text: The content in the format chosen.
        metadata: Flat, complete, always the same keys and types.
    """

    id: str
    text: str
    metadata: dict[str, Any]

    def _repr_html_(self) -> str:
        """Return the record as HTML for a notebook: where it stands, its size, and its text as it is."""
        metadata = self.metadata
        headings = _as_text(str(metadata.get("headings") or ""))
        place = _as_text(f"{metadata.get('source', '')}, p. {metadata.get('page', '?')}")
        kinds = _as_text(str(metadata.get("categories") or metadata.get("category") or ""))
        return (
            f"<div><p>{f'<b>{headings}</b><br>' if headings else ''}{place}<br>{len(self.text)} characters, {kinds}</p>"
            f'<pre style="white-space: pre-wrap; text-align: left">{_as_text(self.text, _MOST_TEXT)}</pre></div>'
        )


class Chunk(Record):
    """One chunk of the table-aware splitter.

    Attributes:
        headings: The headings that govern the chunk, outermost first.
        caption: The caption of the table or figure in it, `""` if none.
        oversize: Whether it is larger than `chunk_size`, because its table, chart or figure is kept whole.
        begins_in: The id of the record that it begins in, `""` if it was made of elements.
        start: The offset in the text of that record at which it begins; what is repeated (a header, a caption) is not
            counted. -1 if that is not known, as in a JSON text.
        end: The offset at which it ends, -1 likewise, and if it ends in another record.
    """

    headings: tuple[str, ...] = ()
    caption: str = ""
    oversize: bool = False
    begins_in: str = ""
    start: int = -1
    end: int = -1

    def __eq__(self, other: object) -> bool:
        """Compare what they say; of which record they were made is no part of that."""
        if not isinstance(other, Chunk):
            return NotImplemented
        said = [name for name in self.__struct_fields__ if name not in {"begins_in", "start", "end"}]
        return all(getattr(self, name) == getattr(other, name) for name in said)

    __hash__ = None  # type: ignore[assignment]


def _as_text(text: str, most: int = 200) -> str:
    """Return at most so many characters of *text* as HTML that is text alone, and turns no direction of writing."""
    if not text:
        return ""
    cut = text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} characters more)"
    return f"<bdi>{escape(cut.encode(errors='replace').decode())}</bdi>"
