"""Reads the metadata of a record once, whether we, `langchain-upstage` or another loader wrote it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from upstage_docs.chunking.blocks import Block
from upstage_docs.chunking.units import UNKNOWN, ElementPlace, Run
from upstage_docs.errors import ConfigError
from upstage_docs.models import Box, Point, Record, bounding_box
from upstage_docs.records.metadata_text import metadata_text, shown
from upstage_docs.records.records import METADATA_KEYS, Span, coordinates_of, decode_spans, text_sha256, union_of

LAST_KEY = next(reversed(METADATA_KEYS))
_ELEMENTS = frozenset({"", "element", "word", "line"})
_encode = msgspec.json.Encoder().encode


class FlatElement(ElementPlace, frozen=True, gc=False, kw_only=True):
    """The metadata of an element as our own loaders write them, each of exactly this type."""

    coordinates: str = "[]"
    source: str
    file_sha256: str
    headings: str
    section_id: str
    record_type: str = ""
    spans: str = ""
    caption: str = ""
    header_rows: int = 0
    missing_pages: str = ""


class RecordMetadata(msgspec.Struct, frozen=True):
    """What the metadata of one record say, read once.

    Attributes:
        record_type: `element`, `page`, `document`, `chunk`, `section` or `word` where we wrote it; `""` for others.
        place: What the metadata says of an element, `coordinates` as JSON, whatever their shape was.
        page_end: The last page, 0 where it is not known.
        categories: Those of all elements in it.
        headings: Outermost first; None where the metadata says nothing of headings.
        spans: Where each element stands in the text; none unless they are those of this very text.
        is_stale: Whether spans came along that are not: another splitter cut the text, or it was changed.
        says_element: Whether it is an element that a loader describes with a category and an id.
        says_table: Whether the loader calls its text a table.
        extra: What stands beside our own keys, as scalars.
        caption: That of the table, chart or figure, `""` if none.
        header_rows: How many rows of the table are its header, 0 where that is not known.
        missing_pages: Pages of the file that did not come, `""` if none.
    """

    record_type: str
    source: str
    file_sha256: str
    model: str
    total_pages: int
    record_id: str
    section_id: str
    place: ElementPlace
    page_end: int
    categories: tuple[str, ...]
    headings: tuple[str, ...] | None
    spans: list[Span]
    is_stale: bool
    says_element: bool
    says_table: bool
    extra: dict[str, Any] | None
    caption: str = ""
    header_rows: int = 0
    missing_pages: str = ""

    def run(self, **further: Any) -> Run:
        """Return the run of units of the record's file; *further* are its fields that the metadata do not give."""
        return Run(**{name: getattr(self, name) for name in _OF_RUN}, **further)


_OF_RUN = frozenset(Run.__struct_fields__) & frozenset(RecordMetadata.__struct_fields__)


def flat_element(metadata: dict[str, Any]) -> FlatElement | None:
    """Read the *metadata* of an element that this package wrote; None for metadata of another origin."""
    try:
        found = msgspec.convert(metadata, FlatElement)
    except (msgspec.ValidationError, UnicodeEncodeError):  # half a character where a number should be
        return None
    is_element = found.record_type in _ELEMENTS and found.category not in {"page", "document"}
    return found if is_element and (found.record_type or not found.spans) else None


class _OwnMetadata(msgspec.Struct, frozen=True, gc=False):
    """The metadata of our own chunks and pages, of those types and no others."""

    source: str
    file_sha256: str
    record_id: str
    element_id: int
    section_id: str
    category: str
    sub_category: str
    page: int
    total_pages: int
    coordinates: str
    x0: float
    y0: float
    x1: float
    y1: float
    headings: str
    model: str
    page_end: int
    categories: str
    spans: str
    record_type: Literal["page", "document", "chunk", "section"]
    text_sha256: str
    caption: str = ""
    header_rows: int = 0
    missing_pages: str = ""


def read_metadata(record: Record) -> RecordMetadata:
    """Read the metadata of *record*, whoever wrote it; a value of an unexpected type counts as missing."""
    try:
        own = msgspec.convert(record.metadata, _OwnMetadata)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return _read_any(record)
    spans = _read_spans(own.spans, record.text, own.text_sha256)
    if not spans and own.record_type in {"chunk", "section"}:
        return _read_any(record)
    box = (own.x0, own.y0, own.x1, own.y1)
    return RecordMetadata(
        record_type=own.record_type,
        source=own.source,
        file_sha256=own.file_sha256,
        model=own.model,
        total_pages=own.total_pages,
        record_id=own.record_id,
        section_id=own.section_id,
        place=ElementPlace(own.element_id, own.page, own.category, own.sub_category, own.coordinates, *box),
        page_end=own.page_end,
        categories=tuple(own.categories.split(", ")),
        headings=_split(own.headings),
        spans=spans,
        is_stale=False,
        says_element=True,
        says_table=own.category == "table",
        extra=extra_metadata(record.metadata) if _has_extra(record.metadata) else None,
        caption=own.caption,
        header_rows=own.header_rows,
        missing_pages=own.missing_pages,
    )


def _read_any(record: Record) -> RecordMetadata:
    """Return what metadata of any make says."""
    given = record.metadata
    text = _texts(given)
    category = text["category"]
    record_type = text["record_type"] or (category if category in {"page", "document"} and text["file_sha256"] else "")
    record_type = record_type or ("chunk" if "spans" in given else "")
    spans = _read_spans(given.get("spans"), record.text, text["text_sha256"])
    element_id = whole_number_or(given.get("element_id", given.get("id")), UNKNOWN)
    coordinates, box = _coordinates_and_box(given)
    page, page_end = whole_number_or(given.get("page")), whole_number_or(given.get("page_end"))
    categories = tuple(text["categories"].split(", "))
    is_stale = record_type in {"chunk", "section"} and not spans
    if is_stale:
        # A piece of several elements may be any one's; what all of them share is still true.
        told = decode_spans(given.get("spans"))
        elements = {span[0] for span in told}
        element_id = next(iter(elements)) if len(elements) == 1 else UNKNOWN
        if page != page_end or any(span[1] != page for span in told):
            page, box = 0, (0.0, 0.0, 0.0, 0.0)
        elif len(elements) > 1:
            box = union_of([span[4:] for span in told if any(span[4:])])
        coordinates = coordinates if element_id != UNKNOWN else "[]"
        category = category if len(categories) == 1 else ""
    return RecordMetadata(
        record_type=record_type,
        source=text["source"],
        file_sha256=text["file_sha256"],
        model=text["model"],
        total_pages=whole_number_or(given.get("total_pages")),
        record_id=text["record_id"],
        section_id=text["section_id"],
        place=ElementPlace(element_id, page, category, text["sub_category"], coordinates, *box),
        page_end=page_end,
        categories=categories,
        headings=_split(text["headings"]) if "headings" in given else None,
        spans=spans,
        is_stale=is_stale,
        says_element=isinstance(given.get("category"), str) and ("element_id" in given or "id" in given),
        says_table=_says_table(given, category),
        extra=extra_metadata(given),
        caption=text["caption"],
        header_rows=whole_number_or(given.get("header_rows")),
        missing_pages=text["missing_pages"],
    )


def _has_extra(metadata: dict[str, Any]) -> bool:
    """Return whether *metadata* of ours may hold more than our own keys; an older version wrote fewer of them."""
    return len(metadata) > len(METADATA_KEYS) or LAST_KEY not in metadata


def extra_metadata(metadata: dict[str, Any]) -> dict[str, Any] | None:
    """Return what *metadata* holds beside our own keys, as scalars: stores refuse anything else."""
    extra = {
        key: _scalar(value)
        for key, value in metadata.items()
        if key not in METADATA_KEYS and key != "id" and value is not None
    }
    return extra or None


def scalar_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return what *metadata* holds under our own keys, as scalars."""
    return {key: _scalar(value) for key, value in metadata.items() if key in METADATA_KEYS}


def place_of_span(known: RecordMetadata, span: Span, block: Block, text: str) -> ElementPlace:
    """Return the place of a *span*, from its record's metadata (*known*) and the *block* of *text* it is in."""
    element_id, page, _, _, x0, y0, x1, y1 = span
    place = known.place
    category = place.category
    if text[block.start] == "<" or (category in {"mixed", "page"} and block.category != "paragraph"):
        category = block.category
    elif category == "page":
        category = "paragraph"
    coordinates: str | tuple[Point, ...]
    if element_id == place.element_id and page == place.page and known.record_type != "page":
        coordinates = place.coordinates
    elif x1 or y1:
        coordinates = _encode(((x0, y0), (x1, y0), (x1, y1), (x0, y1))).decode()
    else:
        coordinates = "[]"
    sub_category = place.sub_category if category == place.category else ""
    return ElementPlace(element_id, page, category, sub_category, coordinates, x0, y0, x1, y1)


_TEXTS = (
    *("record_type", "source", "file_sha256", "model", "record_id", "section_id"),
    *("category", "sub_category", "categories", "headings", "text_sha256", "caption", "missing_pages"),
)


def _texts(metadata: dict[str, Any]) -> dict[str, str]:
    """Return the values that are texts, `""` for one that is missing or no scalar."""
    found = {}
    for key in _TEXTS:
        value = metadata.get(key, "")
        found[key] = value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else ""
    return found


def whole_number_or(value: object, unknown: int = 0) -> int:
    """Return the whole number that a value of metadata says, *unknown* for a value of any other kind."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:18])
    return int(value) if isinstance(value, (int, float)) and abs(value) < 2**62 else unknown


def _split(headings: str) -> tuple[str, ...]:
    return tuple(headings.split(" > ")) if headings else ()


def _coordinates_and_box(metadata: dict[str, Any]) -> tuple[str, Box]:
    """Return the coordinates as JSON and their bounding box, flat or nested; none where they are something else."""
    coordinates = metadata.get("coordinates", "[]")
    box = tuple(metadata.get(key) for key in ("x0", "y0", "x1", "y1"))
    if "element_id" in metadata and isinstance(coordinates, str):
        known = all(isinstance(value, float) for value in box)
        return coordinates, box if known else (0.0, 0.0, 0.0, 0.0)  # type: ignore[return-value]
    points: tuple[Point, ...]
    try:
        points = tuple(coordinates_of(metadata))
    except ConfigError:  # another loader's word for something else
        points = ()
    return _encode(points).decode(), bounding_box(points)


def _says_table(metadata: dict[str, Any], category: str) -> bool:
    """Return whether a loader calls its text a table, in plain text too: unstructured's categories, docling's items."""
    if category.lower() in {"table", "tablechunk"}:
        return True
    docling = metadata.get("dl_meta", metadata)
    items = docling.get("doc_items") if isinstance(docling, dict) else None
    labels = [item.get("label") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return bool(labels) and all(label == "table" for label in labels)


def _scalar(value: object) -> object:
    if isinstance(value, (str, int, float)) or value is None:
        return value
    return metadata_text(value) if isinstance(value, (list, tuple, dict)) else shown(value)


def _read_spans(spans: object, text: str, digest: str) -> list[Span]:
    """Return the spans if they are those of *text*, else none: another splitter copies metadata to what it cuts."""
    found = decode_spans(spans)
    if not found or digest != text_sha256(text):
        return []
    position = 0
    for _, _, start, end, *_ in found:
        if not position <= start <= end <= len(text):  # a picture without words has an empty one
            return []
        position = end
    return found
