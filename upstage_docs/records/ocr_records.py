"""OCR results → records: a page, the whole text, or a word each; knows no framework."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from upstage_docs.models import OcrPage, OcrResult, Point, Record, bounding_box
from upstage_docs.options import Ids
from upstage_docs.records.ids import file_id, record_id, source_in_ids, text_sha256
from upstage_docs.records.metadata import metadata
from upstage_docs.records.options import OCRRecordOptions

__all__ = ["ocr_records"]


def ocr_records(
    result: OcrResult,
    *,
    split: Literal["page", "none", "word"] = "page",
    skip_empty: bool = False,
    ids: Ids = "source",
) -> Iterator[Record]:
    """Yield the records of an OCR result: a page, the whole document, or a word each.

    The metadata has the keys of METADATA_KEYS and `confidence` (float 0-1); coordinates are made relative 0-1 from the
    page's pixels. *ids* is that of `RecordOptions`.
    """
    OCRRecordOptions(split, skip_empty, ids)
    found = _all_records(result, split, ids)
    yield from (record for record in found if record.text.strip()) if skip_empty else found


def _all_records(result: OcrResult, split: str, ids: Ids) -> Iterator[Record]:
    if split == "none":
        yield _ocr_record(result, "document", 0, 1, result.text, result.confidence, (), ids)
        return
    for index, page in enumerate(result.pages):
        if split == "page":
            yield _ocr_record(result, "page", index, page.number, page.text, page.confidence, (), ids)
            continue
        for word in page.words:
            relative = _relative(word.vertices, page)
            yield _ocr_record(result, "word", word.id, page.number, word.text, word.confidence, relative, ids)


def _ocr_record(
    result: OcrResult,
    category: Literal["page", "document", "word"],
    number: int,
    page: int,
    text: str,
    confidence: float,
    coordinates: tuple[Point, ...],
    ids: Ids,
) -> Record:
    digest = text_sha256(text)
    if category == "document":
        identity = file_id(result.source, result.file_sha256, ids)
    else:
        named = source_in_ids(result.source, result.file_sha256, ids)
        identity = record_id(named, result.file_sha256, "ocr", category, number, 0, digest)
    box = bounding_box(coordinates) if coordinates or category == "word" else (0.0, 0.0, 1.0, 1.0)
    flat = metadata(
        result,
        identity=identity,
        record_type=category,
        digest="" if category == "document" else digest,
        element_id=number,
        category=category,
        page=page,
        page_end=max((one.number for one in result.pages), default=page) if category == "document" else page,
        coordinates=coordinates,
        box=box,
        spans=[(number, page, 0, len(text), *box)] if text and category != "document" else [],
    )
    flat["confidence"] = float(confidence)
    return Record(identity, text, flat)


def _relative(vertices: tuple[Point, ...], page: OcrPage) -> tuple[Point, ...]:
    if page.width <= 0 or page.height <= 0:
        return ()
    return tuple((round(x / page.width, 6), round(y / page.height, 6)) for x, y in vertices)
