"""Reads from metadata where a text stands: one place (page and box) for each element and page."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate, groupby
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from upstage_docs.chunking.blocks import blocks
from upstage_docs.errors import ConfigError
from upstage_docs.evidence.keys import Keyed, keyed, keyed_markup, keyed_piece
from upstage_docs.evidence.things import Thing, element_things
from upstage_docs.models import Box, Element, OcrResult, ParsedDocument, Point, bounding_box
from upstage_docs.options import OutputFormat
from upstage_docs.records.records import Span, coordinates_of, decode_spans, text_sha256, union_of
from upstage_docs.records.render import element_text

Precision = Literal["words", "rows", "element", "elements", "page", "unknown"]

_FORMATS: tuple[OutputFormat, ...] = ("html", "markdown", "text")
"""What a text without metadata was made in is not told; they differ in cells that span, and in equations."""
_ONE_PLACE = frozenset({"element", "page", "line", "word", "row"})
"""Types of records that stand in one place: another splitter's piece of it does, too."""
_FARTHEST = 1.5
"""Relative coordinates may exceed the page slightly (1.06 was answered); what lies beyond this is no part of a page."""
_FROM_ZERO = frozenset({"page_label", "creationdate"})
"""Keys that LangChain's loaders of PDFs write beside a page that is counted from 0, and we never do. `producer` is not
one of them: PyMuPDF4LLM's reader for LlamaIndex writes it, and counts from 1."""
BY_BREAKS = (
    "A Word file has no pages of its own: these are counted by its page breaks, and may be others when laid out."
)
_NO_BOX = "It has no coordinates: only the page is known."


class Place(msgspec.Struct, frozen=True):
    """Where a text, or a part of it, stands.

    Attributes:
        source: Path, URI or name of the file, `""` if not told.
        file_sha256: SHA-256 of the file's bytes, hexadecimal; `""` if not known.
        page: 1-based, 0 if unknown.
        total_pages: Pages of the file, 0 if not told.
        element_id: The id of the layout element, -1 if it is none.
        category: The category of the element, or `page`, `word`, `line` or `""`.
        boxes: `(x0, y0, x1, y1)` relative to the page 0-1: one for an element, one for each line of a quote, none
            where only the page is known.
        corners: The element's corner points, relative, which may be a turned rectangle; empty if not told.
        start: Where the text that stands here begins.
        end: Where the text that stands here ends.
        precision: `words` (a quote's own), `rows` (of its table), `element`, `elements` (a piece of a chunk of several:
            it stands in one or more of them), `page`, or `unknown`.
        note: What could not be told, in a sentence; `""` if all was.
    """

    source: str = ""
    file_sha256: str = ""
    page: int = 0
    total_pages: int = 0
    element_id: int = -1
    category: str = ""
    boxes: tuple[Box, ...] = ()
    corners: tuple[Point, ...] = ()
    start: int = 0
    end: int = 0
    precision: Precision = "unknown"
    note: str = ""

    @property
    def box(self) -> Box | None:
        """The bounding box of all *boxes*, None where there are none."""
        return union_of(self.boxes) if self.boxes else None

    @property
    def known(self) -> bool:
        """Whether at least the page is known."""
        return self.page > 0


def string(metadata: Mapping[str, Any], key: str) -> str:
    """Return the text under *key* in *metadata*, `""` where it is missing or something else."""
    value = metadata.get(key, "")
    return value if isinstance(value, str) else ""


def whole_number(metadata: Mapping[str, Any], key: str, unknown: int = 0) -> int:
    """Return a whole number, *unknown* if there is none; some stores give it back as a float or a text."""
    try:
        value = float(metadata.get(key, unknown))
    except (TypeError, ValueError):
        return unknown
    return int(value) if value.is_integer() and abs(value) < 2**53 else unknown


def source_of(metadata: Mapping[str, Any]) -> str:
    """Return the file that *metadata* names, `""` if it names none."""
    for key in ("source", "file_path", "file_name"):
        if found := string(metadata, key):
            return found
    return ""


def pages_in_words(pages: Iterable[int]) -> str:
    """Return page numbers, which are in order, in words: `3–5, 8`."""
    runs = [[page for _, page in run] for _, run in groupby(enumerate(pages), key=lambda one: one[1] - one[0])]
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def places_of(thing: Thing, parsed: ParsedDocument | OcrResult | None = None) -> list[Place]:
    """Return the places of *thing*, at least one; those of a whole document need the *parsed* document.

    A chunk, or the JSON of a document, has one for each element and page. A piece that another splitter cut from an
    element has the place of that element. One that it cut from a chunk has the places of the chunk's elements, only
    those in the piece if the splitter says where it cut. A page that the file does not have is unknown; LangChain's
    loaders of PDFs count pages from 0.
    """
    metadata = thing.metadata
    if "page" in metadata and not string(metadata, "file_sha256") and not _FROM_ZERO.isdisjoint(metadata):
        if "spans" in metadata:  # a chunk that we made of it
            return [replace(one, page=one.page + 1) if one.known else one for one in _read_places(thing, parsed)]
        thing = replace(thing, metadata={**metadata, "page": whole_number(metadata, "page", -1) + 1})
    found = _read_places(thing, parsed)
    beyond = "The metadata names page {0.page}, but the file has {0.total_pages}."
    return [_unknown(place, beyond.format(place)) if 0 < place.total_pages < place.page else place for place in found]


def _read_places(thing: Thing, parsed: ParsedDocument | OcrResult | None) -> list[Place]:
    metadata = dict(thing.metadata)
    whole = Place(
        source_of(metadata) or (parsed.source if parsed else ""),
        string(metadata, "file_sha256") or (parsed.file_sha256 if parsed else ""),
        total_pages=max(0, whole_number(metadata, "total_pages")) or _count_pages(parsed),
        category=string(metadata, "category"),
        end=len(thing.text or ""),
    )
    if (elements := element_things(thing)) is not None:
        found = [replace(_of_metadata(dict(one.metadata), whole), end=0) for one in elements]
        return found or [_unknown(whole, "The document has no elements.")]
    of_page = string(metadata, "category") == "page"
    if (of_page and not _is_cut_out(thing)) or (not of_page and string(metadata, "record_type") in _ONE_PLACE):
        return [_of_metadata(metadata, whole)]
    if spans := _of_spans(thing, metadata, whole):
        found = _with_pages(spans, parsed)
        if parsed is not None and thing.text and not any(place.precision == "element" for place in found):
            # Chunks of a whole document's Markdown or text; what another splitter cut from a chunk.
            aligned = _aligned(thing.text, parsed, whole)
            return aligned if aligned[0].known or not found[0].known else found
        return found
    if _is_document(metadata):
        if parsed is not None and thing.text:
            return _aligned(thing.text, parsed, whole)
        if whole.total_pages == 1:
            return [replace(whole, page=1, precision="page", note="Only the page is known.")]
        return [_unknown(whole, "The text of a whole document does not say where it stands: pass what was parsed.")]
    return [_of_metadata(metadata, whole)]


def _aligned(text: str, parsed: ParsedDocument | OcrResult, whole: Place) -> list[Place]:
    stretches = _align(text, parsed)
    if stretches is None:
        return [_unknown(whole, "The text stands nowhere in what was parsed, or more than once.")]
    found = []
    for one in stretches:
        place = replace(whole, page=one.page, start=one.start, end=one.end, precision="page", category="page")
        place = _in_element(place, one.element)
        found.append(place)
    return found


def _of_metadata(metadata: dict[str, Any], whole: Place) -> Place:
    page = whole_number(metadata, "page")
    if page < 1:
        return _unknown(whole, "The metadata names no page.")
    category = string(metadata, "category")
    corners = _corner_points(metadata)
    box = _box([metadata.get(key) for key in ("x0", "y0", "x1", "y1")]) or (
        _box(bounding_box(corners)) if corners else None
    )
    element = whole_number(metadata, "element_id" if "element_id" in metadata else "id") if category else -1
    found = replace(whole, page=page, category=category, element_id=element, precision="page")
    if category == "page":
        return replace(found, element_id=-1)
    if category == "section":
        return replace(
            found, element_id=-1, note="A section that begins on this page; its metadata names no place of its parts."
        )
    if box is None:
        return replace(found, note=_without_box(metadata, whole))
    return replace(found, boxes=(box,), corners=corners, precision="element")


def _without_box(metadata: Mapping[str, Any], whole: Place) -> str:
    """Return what to say of a place of which only the page is known."""
    by_breaks = whole.source.lower().endswith(".docx") and string(metadata, "model").startswith("local-")
    return BY_BREAKS if by_breaks else _NO_BOX


def _of_spans(thing: Thing, metadata: dict[str, Any], whole: Place) -> list[Place]:
    """Return a place for each element and page of a chunk, none where the metadata holds no spans."""
    told = metadata.get("spans")
    if thing.text is None:
        spans, precision = decode_spans(told), "element"
    elif _are_of(spans := decode_spans(told), thing.text, string(metadata, "text_sha256")):
        precision = "element"
    elif thing.start is None and _is_document(metadata):
        return []
    elif thing.start is not None and _is_cut_out(thing):
        spans, precision = _spans_between(spans, thing.start, thing.start + len(thing.text)), "element"
    else:
        precision = "element" if len({span[:2] for span in spans}) == 1 else "elements"
        spans = [(*span[:2], 0, len(thing.text), *span[4:8]) for span in spans]
    note = "Cut from a chunk of several elements: it stands in one or more of them." if precision == "elements" else ""
    kinds = set(string(metadata, "categories").split(", "))
    single = kinds.pop() if len(kinds) == 1 else ""
    found: dict[tuple[int, int], Place] = {}
    last = (-1, 0)
    for element, page, start, end, *sides in spans:
        if page < 1:
            place = replace(
                _unknown(whole, "The text of a whole document does not say where its pages end."), element_id=element
            )
        else:
            box = _box(sides)
            place = replace(
                whole,
                page=page,
                element_id=element,
                boxes=(box,) if box else (),
                precision=precision if box else "page",
                note=note if box else _without_box(metadata, whole),
            )
        category = single or _category_at(thing.text or "", start)
        if (element, page) not in found:
            found[element, page] = replace(place, start=start, end=end, category=category)
        elif last == (element, page):
            found[last] = replace(found[last], end=end)
        last = (element, page)
    return list(found.values())


def _category_at(text: str, offset: int) -> str:
    """Return the category that the markup of *text* tells at *offset*, `""` if it tells none."""
    return next((block.category for block in blocks(text) if block.start <= offset < block.end), "")


def _with_pages(found: list[Place], parsed: ParsedDocument | OcrResult | None) -> list[Place]:
    """Return places with what *parsed* says of their elements where they name no page."""
    if not isinstance(parsed, ParsedDocument) or all(place.page for place in found):
        return found
    known = {element.id: element for element in parsed.elements}
    return [place if place.page else _in_element(place, known.get(place.element_id)) for place in found]


def _in_element(place: Place, element: Element | None) -> Place:
    if element is None:
        return place
    box = _box(element.box)
    return replace(
        place,
        page=element.page,
        element_id=element.id,
        category=element.category,
        boxes=(box,) if box else (),
        corners=element.coordinates,
        precision="element" if box else "page",
        note="" if box else _NO_BOX,
    )


def _is_cut_out(thing: Thing) -> bool:
    """Return whether *thing* says where it was cut out of a text whose elements its metadata name."""
    spans = decode_spans(thing.metadata.get("spans"))
    if thing.text is None or thing.start is None or _are_of(spans, thing.text, string(thing.metadata, "text_sha256")):
        return False
    return bool(spans) and thing.start + len(thing.text) <= spans[-1][3]


def _is_document(metadata: dict[str, Any]) -> bool:
    """Return whether metadata is that of a whole document: flat, or nested as langchain-upstage's."""
    return metadata.get("category") == "document" or ("page" not in metadata and "total_pages" in metadata)


def _unknown(whole: Place, note: str) -> Place:
    return replace(whole, page=0, element_id=-1, boxes=(), corners=(), precision="unknown", note=note)


def _count_pages(parsed: ParsedDocument | OcrResult | None) -> int:
    """Return how many pages the file of *parsed* has, 0 if that is not known."""
    if parsed is None:
        return 0
    if isinstance(parsed, OcrResult):
        return parsed.total_pages or max((page.number for page in parsed.pages), default=0)
    return parsed.total_pages


def _are_of(spans: list[Span], text: str, digest: str) -> bool:
    """Return whether *spans* are those of *text*: other splitters copy metadata to what they cut."""
    if digest:
        return bool(spans) and digest == text_sha256(text)
    return bool(spans) and spans[-1][3] == len(text)  # metadata of an older version has no hash of its text


def _spans_between(spans: list[Span], first: int, last: int) -> list[Span]:
    """Return the spans of the run from *first* to *last* of a text, counted from its beginning."""
    return [
        (*span[:2], max(span[2], first) - first, min(span[3], last) - first, *span[4:8])
        for span in spans
        if span[2] < last and span[3] > first
    ]


def _corner_points(metadata: dict[str, Any]) -> tuple[Point, ...]:
    try:
        found = tuple(coordinates_of(metadata))
    except ConfigError:  # another loader's word for something else
        return ()
    sides = [side for point in found for side in point]
    return found if all(map(math.isfinite, sides)) and all(abs(side) <= _FARTHEST for side in sides) else ()


def _box(sides: Any) -> Box | None:
    """Return four sides as a box on the page, None where they are none."""
    try:
        x0, y0, x1, y1 = map(float, sides)
    except (TypeError, ValueError):
        return None
    if not all(0.0 <= side <= 1.0 for side in (x0, y0, x1, y1)) or x0 >= x1 or y0 >= y1:
        return None
    return (x0, y0, x1, y1)


class _Stretch(msgspec.Struct, frozen=True):
    """A range of a text and where it stands: the page, and the element, None for OCR."""

    start: int
    end: int
    page: int
    element: Element | None = None


def _align(text: str, parsed: ParsedDocument | OcrResult) -> list[_Stretch] | None:
    """Find *text* in a parsed document, and return where its parts stand; None unless it stands there exactly once."""
    mine = keyed_piece(text)
    for form in _FORMATS if mine.key else ():
        if found := _find_once(mine, _parts(parsed, form)):
            return found
    return None


def _find_once(mine: Keyed, parts: list[tuple[_Stretch, Keyed]]) -> list[_Stretch] | None:
    whole = "".join(one.key for _, one in parts)
    first = whole.find(mine.key)
    if first < 0 or whole.find(mine.key, first + 1) >= 0:
        return None
    ends = list(accumulate(len(one.key) for _, one in parts))
    found: list[_Stretch] = []
    position = first
    last = first + len(mine.key)
    index = bisect_right(ends, position)
    while position < last:
        until = min(ends[index], last)
        if until > position:
            start, end = mine.at[position - first], mine.at[until - first - 1] + 1
            found.append(replace(parts[index][0], start=start, end=end))
        position, index = until, index + 1
    return found


def _parts(parsed: ParsedDocument | OcrResult, form: OutputFormat) -> list[tuple[_Stretch, Keyed]]:
    if isinstance(parsed, OcrResult):
        return [(_Stretch(0, 0, page.number), keyed(page.text)) for page in parsed.pages]
    return [
        (_Stretch(0, 0, element.page, element), keyed_markup(element_text(element, form)))
        for element in parsed.elements
    ]
