"""Turns OCR results into records: one for each page, line or word, or one for the whole file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from upstage_docs.models import OcrLine, OcrPage, OcrResult, Point, Record, bounding_box
from upstage_docs.options import Ids, OCRSplit
from upstage_docs.records.ocr_lines import ocr_lines, word_ranges
from upstage_docs.records.options import OCRRecordOptions
from upstage_docs.records.records import OcrMetadata, file_id, record_id, source_in_ids, text_sha256

_encode = msgspec.json.Encoder().encode


def ocr_records(
    result: OcrResult, *, split: OCRSplit = "page", skip_empty: bool = False, ids: Ids = "source"
) -> Iterator[Record]:
    """Yield the records of an OCR result: a page, the whole document, a line in writing order, or a word each.

    The metadata has the keys of METADATA_KEYS, `confidence` (float 0-1), `page_width` and `page_height` (pixels) and
    `words`: of a line, JSON `[[start, end, x0, y0, x1, y1, confidence], ...]` with offsets into its text, else `[]`.
    Coordinates are made relative 0-1 from the page's pixels. *ids* is that of `RecordOptions`.
    """
    OCRRecordOptions(split, skip_empty, ids)
    found = _all_records(result, split, ids)
    yield from (record for record in found if record.text.strip()) if skip_empty else found


class _Unit(NamedTuple):
    """What one record is made of; *number* tells it from others of its kind."""

    category: Literal["page", "document", "word", "line"]
    number: int
    page: int
    text: str
    confidence: float
    vertices: tuple[Point, ...] = ()
    words: str = "[]"


def _all_records(result: OcrResult, split: OCRSplit, ids: Ids) -> Iterator[Record]:
    if split == "none":
        whole = _Unit("document", 0, 1, result.text, result.confidence)
        yield _ocr_record(result, whole, result.pages[0] if len(result.pages) == 1 else None, ids)
        return
    count = 0
    for index, page in enumerate(result.pages):
        if split == "page":
            yield _ocr_record(result, _Unit("page", index, page.number, page.text, page.confidence), page, ids)
        elif split == "line":
            for line in ocr_lines(page):
                unit = _Unit("line", count, page.number, line.text, line.confidence, line.vertices, _words(line, page))
                yield _ocr_record(result, unit, page, ids)
                count += 1
        else:
            for word in page.words:
                unit = _Unit("word", word.id, page.number, word.text, word.confidence, word.vertices)
                yield _ocr_record(result, unit, page, ids)


def _ocr_record(result: OcrResult, unit: _Unit, page: OcrPage | None, ids: Ids) -> Record:
    category, number, text = unit.category, unit.number, unit.text
    digest = text_sha256(text)
    if category == "document":
        identity = file_id(result.source, result.file_sha256, ids)
    else:
        named = source_in_ids(result.source, result.file_sha256, ids)
        identity = record_id(named, result.file_sha256, "ocr", category, number, 0, digest)
    coordinates = _relative(unit.vertices, page) if page else ()
    is_part = category in {"word", "line"}
    box = bounding_box(coordinates) if coordinates or is_part else (0.0, 0.0, 1.0, 1.0)
    whole = category == "document"
    flat = OcrMetadata(
        source=result.source,
        file_sha256=result.file_sha256,
        record_id=identity,
        element_id=number,
        category=category,
        page=unit.page,
        total_pages=result.total_pages or len(result.pages),
        coordinates=_encode(coordinates).decode(),
        x0=box[0],
        y0=box[1],
        x1=box[2],
        y1=box[3],
        model=result.model,
        page_end=max((one.number for one in result.pages), default=1) if whole else unit.page,
        categories=category,
        spans=_encode([(number, unit.page, 0, len(text), *box)]).decode() if text and not whole else "[]",
        record_type=category,
        text_sha256="" if whole else digest,
        missing_pages=result.missing_pages,
        confidence=float(unit.confidence),
        page_width=page.width if page else 0,
        page_height=page.height if page else 0,
        words=unit.words,
    )
    return Record(identity, text, vars(flat))


def _words(line: OcrLine, page: OcrPage) -> str:
    """Return where each word of a line stands, in its text and on its page, as JSON."""
    found = [
        (*place, *bounding_box(_relative(word.vertices, page)), float(word.confidence))
        for place, word in zip(word_ranges(line), line.words, strict=True)
        if place is not None
    ]
    return _encode(found).decode()


def _relative(vertices: tuple[Point, ...], page: OcrPage) -> tuple[Point, ...]:
    if page.width <= 0 or page.height <= 0:
        return ()
    return tuple((round(x / page.width, 6), round(y / page.height, 6)) for x, y in vertices)
